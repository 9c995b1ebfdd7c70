"""The first screen: what waits for me, oldest deadline first."""

from fastapi import Response

from app.core.clock import local_day
from app.domain.councils.queries import work_for as council_work
from app.domain.dossiers.queries import work_for as dossier_work
from app.domain.ideas.queries import work_for as idea_work
from app.domain.notices.queries import MOST_UNREAD, unread_of
from app.domain.recognition.queries import work_for as recognition_work
from app.domain.stamps.queries import work_for as stamp_work
from app.domain.wallet.queries import work_for as wallet_work
from app.web.deps import Page, page_router
from app.web.notices import line_of

router = page_router()
MOST_ITEMS = 50


@router.get("/work", name="work.list")
def index(page: Page) -> Response:
    """Show the work of this person from every part of the programme, and what they were told."""
    day = local_day(page.at)
    waiting = [
        item
        for source in (
            idea_work,
            dossier_work,
            council_work,
            recognition_work,
            stamp_work,
            wallet_work,
        )
        for item in source(page.session, page.actor, on=day)
    ]
    waiting.sort(key=lambda item: (item.due_on is None, item.due_on or day, item.title))
    unread = unread_of(page.session, page.actor)
    return page.render(
        "work/list.html",
        items=waiting[:MOST_ITEMS],
        more=len(waiting) > MOST_ITEMS,
        unread=[line_of(page, notice) for notice in unread[:MOST_UNREAD]],
        more_unread=len(unread) > MOST_UNREAD,
    )
