"""Pages of notices: one's own, and for agency and administrator what did not arrive."""

from dataclasses import dataclass

from fastapi import Response
from fastapi.responses import RedirectResponse

from app.core.errors import Worded
from app.domain.notices.actions import mark_all_read, mark_read, retry_delivery
from app.domain.notices.models import Notice
from app.domain.notices.policy import why_not_retry, why_not_see_deliveries
from app.domain.notices.queries import get_notice, notices_page, undelivered_page
from app.domain.notices.rules import CHANNEL_LABELS, DELIVERY_LABELS, PROBLEM_LABELS, filled
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import PostedForm

router = page_router()


@dataclass(frozen=True, slots=True)
class Line:
    """A notice as it is shown: sentences that know their template, and where they lead."""

    notice: Notice
    title: Worded
    todo: Worded
    url: str


def line_of(page: SignedInPage, notice: Notice) -> Line:
    """Return a notice as a list shows it."""
    return Line(
        notice,
        filled(notice.title, notice.params),
        filled(notice.todo, notice.params),
        page.url(notice.route_name, code=notice.subject_code),
    )


@router.get("/notices", name="notices.list")
def index(page: Page, after: After = 0) -> Response:
    """List one's own notices, newest first."""
    found = notices_page(page.session, actor=page.actor, after=after)
    return page.render(
        "notices/list.html",
        found=found.map(lambda notice: line_of(page, notice)),
        after=after,
        sees_deliveries=why_not_see_deliveries(page.actor) is None,
    )


@router.post("/notices/read", name="notices.read_all")
def read_all(_key: PostedForm, page: Page) -> Response:
    """Mark everything as read."""
    mark_all_read(page.session, actor=page.actor, at=page.at)
    return page.go("notices.list", said="Đã đánh dấu mọi thông báo là đã đọc.")


@router.get("/notices/{code}", name="notices.open")
def follow(page: Page, code: str) -> Response:
    """Go to what a notice is about; letters and short messages lead here."""
    notice = get_notice(page.session, code, actor=page.actor)
    return RedirectResponse(line_of(page, notice).url, status_code=303)


@router.post("/notices/{code}/read", name="notices.read")
def read(_key: PostedForm, page: Page, code: str, back: str = "") -> Response:
    """Mark a notice as read and go back to where it stood."""
    mark_read(page.session, code, actor=page.actor, at=page.at)
    return page.go("notices.list" if back == "list" else "work.list")


@router.get("/deliveries", name="deliveries.list")
def deliveries(page: Page, after: After = 0) -> Response:
    """List what did not arrive by e-mail or SMS, with the reason."""
    if refusal := why_not_see_deliveries(page.actor):
        raise refusal
    found = undelivered_page(page.session, after=after)
    return page.render(
        "notices/deliveries.html",
        found=found,
        after=after,
        titles={
            row.delivery.code: filled(row.notice.title, row.notice.params) for row in found.items
        },
        may_retry={
            row.delivery.code: why_not_retry(page.actor, row.delivery) is None
            for row in found.items
        },
        channels=CHANNEL_LABELS,
        states=DELIVERY_LABELS,
        problems=PROBLEM_LABELS,
    )


@router.post("/deliveries/{code}/retry", name="deliveries.retry")
def retry(_key: PostedForm, page: Page, code: str) -> Response:
    """Let something that was given up be sent again."""
    retry_delivery(page.session, code, actor=page.actor, at=page.at)
    return page.go("deliveries.list", said="Sẽ gửi lại trong lần gửi tới.")
