"""Pages about personal data: what is kept and why, one's own data, requests and their answers."""

from collections.abc import Callable, Iterator
from itertools import groupby

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Conflict, Invalid, Refusal
from app.domain.accounts.queries import get_user
from app.domain.dossiers.models import Evidence
from app.domain.privacy.actions import (
    answer_request,
    ask,
    copy_for_request,
    copy_own,
    noting_later,
    withdraw_request,
    write_down,
)
from app.domain.privacy.enums import Care, RequestKind, RequestState, Whose
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.papers import COPY_MEDIA_TYPE, COPY_NAME, zipped_copy
from app.domain.privacy.policy import (
    needs_recording,
    why_not_answer,
    why_not_read,
    why_not_write_down,
)
from app.domain.privacy.queries import (
    get_request,
    kept_by_law,
    own_requests,
    person_asked_about,
    requests_page,
)
from app.domain.privacy.rules import (
    ANSWERS,
    BY_KEY,
    DEADLINES,
    HOLDINGS,
    KIND_BASIS,
    KIND_LABELS,
    RIGHTS,
    SENSITIVE_LIST,
    SENSITIVE_PAPERS,
    STATE_LABELS,
    STEP_LABELS,
    WHOSE_LABELS,
    WITHOUT_CONSENT,
    Holding,
    due_on,
    said_here,
)
from app.domain.privacy.schemas import (
    AnswerRequest,
    AskAboutData,
    PersonalDataOut,
    WithdrawRequest,
    WriteDownRequest,
)
from app.domain.producers.models import Producer
from app.domain.producers.queries import get_producer
from app.web.deps import After, Page, PublicPage, SignedInPage, VisitorPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.render import translated
from app.web.tones import DATA_REQUEST_TONES

router = page_router()


def note_reading_of(page: SignedInPage, producer: Producer, what: str) -> None:
    """Let it be recorded, once the page is shown, that an office read what is personal."""
    if needs_recording(page.actor, producer):
        page.unit.later.append(noting_later(producer.id or 0, what, actor=page.actor, at=page.at))


def note_paper_of(page: SignedInPage, producer: Producer, paper: Evidence) -> None:
    """Let it be recorded that an office opened a paper of the kinds that hold sensitive data."""
    if paper.kind in SENSITIVE_PAPERS:
        note_reading_of(page, producer, f"giấy tờ {paper.code}")


# --- for anybody ------------------------------------------------------------------------------


@router.get("/privacy", name="privacy.notice")
def notice(page: PublicPage) -> Response:
    """Say in plain words what is kept of whom, why, how long, and what people may ask."""
    day = local_day(page.at)
    return page.render(
        "privacy/notice.html",
        groups=_groups(page, set(Whose)),
        days={kind: (due_on(kind, day) - day).days for kind in RequestKind},
        kinds=KIND_LABELS,
        kind_basis=KIND_BASIS,
        keeper=page.settings.agency_name,
        contact=page.settings.privacy_contact,
        rights=RIGHTS,
        deadlines=DEADLINES,
        without_consent=WITHOUT_CONSENT,
        sensitive_list=SENSITIVE_LIST,
    )


# --- one's own --------------------------------------------------------------------------------


@router.get("/account/data", name="privacy.mine")
def mine(page: Page) -> Response:
    """Show what is kept about this person, what was asked, and the ways to ask."""
    return _mine(page, empty_form())


@router.post("/account/data/copy", name="privacy.copy")
def copy(_key: PostedForm, page: Page) -> Response:
    """Give all that is kept about this person as one archive; recorded."""
    return _archive(page, lambda: copy_own(page.session, actor=page.actor, at=page.at))


@router.post("/account/data/requests", name="privacy.ask")
def ask_about_data(form: PostedForm, page: Page) -> Response:
    """Ask for correction, erasure or less use."""
    try:
        ask(page.session, form.read(AskAboutData), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _mine(page, form.showing(problem), status=422)
    except Conflict as conflict:
        return _mine(page, form, status=409, refused=conflict)
    return page.go("privacy.mine", said="Đã nhận yêu cầu. Cơ quan OCOP tỉnh sẽ trả lời trước hạn.")


@router.post("/account/data/requests/{code}/withdraw", name="privacy.withdraw")
def withdraw(form: PostedForm, page: Page, code: str) -> Response:
    """Take a request back."""
    try:
        withdraw_request(
            page.session, code, form.read(WithdrawRequest), actor=page.actor, at=page.at
        )
    except Conflict as conflict:
        return _mine(page, empty_form(), status=409, refused=conflict)
    return page.go("privacy.mine", said="Đã rút yêu cầu.")


# --- at work ----------------------------------------------------------------------------------


@router.get("/privacy-requests", name="privacy.requests")
def index(page: Page, state: str = "", after: After = 0) -> Response:
    """List the requests this person may see, newest first."""
    if refusal := why_not_read(page.actor):
        raise refusal
    wanted = RequestState(state) if state in set(RequestState) else None
    return page.render(
        "privacy/_table.html" if page.is_fragment else "privacy/list.html",
        found=requests_page(page.session, actor=page.actor, state=wanted, after=after),
        labels=STATE_LABELS,
        kinds=KIND_LABELS,
        tones=DATA_REQUEST_TONES,
        state=wanted,
        after=after,
        why_not_write=why_not_write_down(page.actor),
        basis=RIGHTS,
        deadlines=DEADLINES,
    )


@router.get("/privacy-requests/new", name="privacy.new")
def new(page: Page, producer: str = "") -> Response:
    """Ask what somebody without an account wants."""
    if refusal := why_not_write_down(page.actor):
        raise refusal
    values = {"producer": producer[:20]}
    if producer:
        known = get_producer(page.session, producer[:20], actor=page.actor)
        values |= {"producer": known.code, "subject_name": known.representative}
    return _new(page, empty_form(values))


@router.post("/privacy-requests", name="privacy.write_down")
def write(form: PostedForm, page: Page) -> Response:
    """Write a request down."""
    try:
        made = write_down(page.session, form.read(WriteDownRequest), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _new(page, form.showing(problem), status=422)
    except Conflict as conflict:
        return _new(page, form, status=409, refused=conflict)
    return page.go("privacy.request", code=made.code, said="Đã ghi yêu cầu.")


@router.get("/privacy-requests/{code}", name="privacy.request")
def show(page: Page, code: str) -> Response:
    """Show a request, what an erasure would leave, and how it may be answered."""
    return _show(page, get_request(page.session, code, actor=page.actor), empty_form())


@router.post("/privacy-requests/{code}/answer", name="privacy.answer")
def answer(form: PostedForm, page: Page, code: str) -> Response:
    """Answer a request and do what the answer says."""
    try:
        answer_request(page.session, code, form.read(AnswerRequest), actor=page.actor, at=page.at)
    except Invalid as problem:
        request = get_request(page.session, code, actor=page.actor)
        return _show(page, request, form.showing(problem), status=422)
    except Conflict as conflict:
        request = get_request(page.session, code, actor=page.actor)
        return _show(page, request, form, status=409, refused=conflict)
    return page.go("privacy.request", code=code, said="Đã trả lời yêu cầu.")


@router.post("/privacy-requests/{code}/copy", name="privacy.copy_for")
def copy_for(_key: PostedForm, page: Page, code: str) -> Response:
    """Give what is kept about whom a request is about, to be handed over; recorded."""
    return _archive(
        page, lambda: copy_for_request(page.session, code, actor=page.actor, at=page.at)
    )


def _archive(page: SignedInPage, made: Callable[[], PersonalDataOut]) -> Response:
    packed = zipped_copy(made())
    page.unit.keep_no_answer()
    return Response(
        packed,
        media_type=COPY_MEDIA_TYPE,
        headers={
            "content-disposition": f'attachment; filename="{COPY_NAME}"',
            "cache-control": "no-store",
        },
    )


def _groups(page: VisitorPage, whose: set[Whose]) -> list[tuple[str, list[dict[str, object]]]]:
    """Return the inventory as a page shows it: whose, and its lines in the reader's language."""
    order = list(Whose)
    wanted = sorted(
        (holding for holding in HOLDINGS if holding.whose in whose),
        key=lambda holding: order.index(holding.whose),
    )
    return [
        (WHOSE_LABELS[of], [dict(_line(page, holding)) for holding in holdings])
        for of, holdings in groupby(wanted, key=lambda holding: holding.whose)
    ]


def _line(page: VisitorPage, holding: Holding) -> Iterator[tuple[str, object]]:
    days = page.settings.reporters_kept_days
    kept = said_here(holding.period, days)
    for name, said in (
        ("what", holding.what),
        ("purpose", holding.purpose),
        ("kept", kept),
        ("readers", holding.readers),
        ("shared", holding.shared),
    ):
        yield name, translated(page.language, said.template, said.params) if said else ""
    yield "basis", holding.basis
    yield "is_sensitive", holding.care is Care.SENSITIVE
    yield "is_public", holding.public


def _mine(
    page: SignedInPage, form: Form, *, status: int = 200, refused: Refusal | None = None
) -> Response:
    whose = {Whose.OFFICIALS, Whose.EVERYBODY}
    if page.actor.producer_ids:
        whose.add(Whose.PRODUCERS)
    return page.render(
        "privacy/mine.html",
        status=status,
        form=form,
        refused=refused,
        user=get_user(page.session, page.actor.user_id or 0),
        requests=own_requests(page.session, page.actor),
        groups=_groups(page, whose),
        kinds={kind: word for kind, word in KIND_LABELS.items() if kind is not RequestKind.EXPORT},
        kind_labels=KIND_LABELS,
        labels=STATE_LABELS,
        tones=DATA_REQUEST_TONES,
        open_state=RequestState.RECEIVED,
        reads_others=not why_not_read(page.actor),
        rights=RIGHTS,
    )


def _new(
    page: SignedInPage, form: Form, *, status: int = 200, refused: Refusal | None = None
) -> Response:
    return page.render(
        "privacy/new.html",
        status=status,
        form=form,
        refused=refused,
        kinds=KIND_LABELS,
        basis=RIGHTS,
    )


def _show(
    page: SignedInPage,
    request: PersonalDataRequest,
    form: Form,
    *,
    status: int = 200,
    refused: Refusal | None = None,
) -> Response:
    is_open = request.state is RequestState.RECEIVED
    kept: tuple[str, ...] = tuple(request.outcome.get("kept", ()))
    if is_open and request.kind is RequestKind.ERASURE:
        kept = kept_by_law(page.session, person_asked_about(request), on=local_day(page.at))
    return page.render(
        "privacy/show.html",
        status=status,
        request=request,
        form=form,
        refused=refused,
        is_open=is_open,
        is_late=is_open and request.due_on < local_day(page.at),
        kept=[BY_KEY[key] for key in kept],
        steps={step: STEP_LABELS[step] for step in ANSWERS},
        corrects_name=request.kind is RequestKind.CORRECTION and request.user_id is not None,
        erases=request.kind is RequestKind.ERASURE,
        why_not_answer=why_not_answer(page.actor, request),
        kinds=KIND_LABELS,
        kind_basis=KIND_BASIS,
        labels=STATE_LABELS,
        tones=DATA_REQUEST_TONES,
        deadlines=DEADLINES,
    )
