"""Pages of a producer's papers: the list, one paper with everywhere it is used, renewing it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal, StaleVersion
from app.core.files import StoredFile
from app.core.paging import LARGEST_KEY
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.queries import events_of
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.rules import EVIDENCE_LABELS
from app.domain.dossiers.rules import STATE_LABELS as DOSSIER_LABELS
from app.domain.producers.models import Producer
from app.domain.producers.queries import get_producer, producers_page
from app.domain.wallet.actions import (
    add_paper,
    change_paper,
    remove_paper,
    replace_paper,
    restore_paper,
    withdraw_paper,
)
from app.domain.wallet.enums import PaperState
from app.domain.wallet.policy import why_not_add, why_not_change, why_not_remove, why_not_restore
from app.domain.wallet.queries import (
    PaperRow,
    get_paper,
    history_of,
    papers_page,
    uses_of,
)
from app.domain.wallet.rules import NOTICE_DAYS, STATE_LABELS
from app.domain.wallet.schemas import (
    AddPaper,
    ChangePaper,
    RemovePaper,
    ReplacePaper,
    RestorePaper,
    WithdrawPaper,
)
from app.http.attachments import file_answer
from app.rulebooks import loader
from app.web.audit_text import event_sentence
from app.web.deps import Page, SignedInPage, page_router
from app.web.evidence import Upload, kept_file
from app.web.forms import Form, PostedForm, empty_form
from app.web.paper_marks import mark_of
from app.web.privacy import note_paper_of

router = page_router()

STATE_TONES: dict[PaperState, str] = {
    PaperState.VALID: "good",
    PaperState.EXPIRING: "warn",
    PaperState.EXPIRED: "bad",
    PaperState.REPLACED: "",
    PaperState.WITHDRAWN: "",
}
FIELD_LABELS: dict[str, str] = {
    "kind": "Loại",
    "title": "Tên giấy tờ",
    "number": "Số",
    "issuer": "Nơi cấp",
    "issued_on": "Ngày cấp",
    "expires_on": "Ngày hết hạn",
}
MOST_EVENTS = 15
Described = TypeVar("Described", AddPaper, ReplacePaper)
_NOTHING = empty_form()


class Search(BaseModel):
    """What a list of papers is asked for; a word it does not know asks for everything."""

    q: str = ""
    kind: str = ""
    state: str = ""
    after: int = Field(default=0, ge=0, le=LARGEST_KEY)


Asked = Annotated[Search, Query()]


def kept_for_producer(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the file of somebody who may add to this producer's papers."""
    return kept_file(
        request,
        form,
        lambda session, actor: why_not_add(actor, get_producer(session, code, actor=actor)),
    )


def kept_for_paper(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the file of somebody who may renew this paper."""
    return kept_file(
        request,
        form,
        lambda session, actor: _why_not_change(actor, get_paper(session, code, actor=actor)),
    )


@router.get("/papers", name="papers.mine")
def mine(page: Page, asked: Asked) -> Response:
    """List the papers of every producer this person sees; of a single one, its wallet."""
    producers = producers_page(page.session, actor=page.actor, limit=2).items
    only = producers[0] if len(producers) == 1 else None
    return _list(page, only, asked, here=page.url("papers.mine"))


@router.get("/producers/{code}/papers", name="papers.list")
def index(page: Page, code: str, asked: Asked) -> Response:
    """List the papers of a producer."""
    producer = get_producer(page.session, code, actor=page.actor)
    return _list(page, producer, asked, here=page.url("papers.list", code=code))


@router.get("/producers/{code}/papers/new", name="papers.new")
def new(page: Page, code: str, kind: str = "") -> Response:
    """Ask for a new paper."""
    producer = get_producer(page.session, code, actor=page.actor)
    if refusal := why_not_add(page.actor, producer):
        raise refusal
    return _new(page, producer, empty_form({"kind": kind}))


# `upload` stands before `page`: dependencies run in this order, see evidence.kept_file.
@router.post("/producers/{code}/papers", name="papers.add")
def add(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_for_producer)], page: Page, code: str
) -> Response:
    """Add a paper to the wallet."""
    try:
        data, stored = _read_with_file(form, upload, AddPaper)
        paper = add_paper(
            page.session,
            code,
            data,
            stored,
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        producer = get_producer(page.session, code, actor=page.actor)
        return _new(page, producer, form.showing(problem), status=422)
    return page.go("papers.show", code=paper.code, said="Đã thêm giấy tờ.")


@router.get("/papers/{code}", name="papers.show")
def show(page: Page, code: str) -> Response:
    """Show a paper: what it says, where it is used, what it replaced."""
    return _show(page, code)


@router.get("/papers/{code}/edit", name="papers.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for corrections of what the paper says."""
    row = _changeable(page, code)
    return _edit(page, row, _filled(row))


@router.post("/papers/{code}", name="papers.change")
def change(form: PostedForm, page: Page, code: str) -> Response:
    """Store corrections."""
    try:
        change_paper(page.session, code, form.read(ChangePaper), actor=page.actor, at=page.at)
    except Invalid as problem:
        row = get_paper(page.session, code, actor=page.actor)
        return _edit(page, row, form.showing(problem), status=422)
    except StaleVersion as stale:
        row = get_paper(page.session, code, actor=page.actor)
        return _edit(page, row, form, status=409, stale=stale)
    return page.go("papers.show", code=code, said="Đã lưu giấy tờ.")


@router.get("/papers/{code}/replace", name="papers.replace")
def renew(page: Page, code: str) -> Response:
    """Ask for the renewed paper that takes the place of this one."""
    row = _changeable(page, code)
    values = _filled(row).raw
    kept = {name: str(values[name]) for name in ("kind", "title", "issuer")}
    return _replace(page, row, empty_form(kept))


@router.post("/papers/{code}/replace", name="papers.replaced")
def replaced(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_for_paper)], page: Page, code: str
) -> Response:
    """Let the renewed paper take the place of this one where dossiers are still open."""
    try:
        data, stored = _read_with_file(form, upload, ReplacePaper)
        newer = replace_paper(
            page.session,
            code,
            data,
            stored,
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        row = get_paper(page.session, code, actor=page.actor)
        return _replace(page, row, form.showing(problem), status=422)
    except StaleVersion as stale:
        row = get_paper(page.session, code, actor=page.actor)
        return _replace(page, row, form, status=409, stale=stale)
    return page.go("papers.show", code=newer.code, said="Đã thay bằng giấy tờ mới.")


@router.post("/papers/{code}/withdraw", name="papers.withdraw")
def withdraw(form: PostedForm, page: Page, code: str) -> Response:
    """Put a paper away."""
    return _step(
        page,
        form,
        code,
        step="withdraw",
        do=lambda: withdraw_paper(
            page.session, code, form.read(WithdrawPaper), actor=page.actor, at=page.at
        ),
        done=lambda: page.go("papers.show", code=code, said="Đã thôi dùng giấy tờ."),
    )


@router.post("/papers/{code}/restore", name="papers.restore")
def restore(form: PostedForm, page: Page, code: str) -> Response:
    """Take out again what was put away."""
    return _step(
        page,
        form,
        code,
        step="restore",
        do=lambda: restore_paper(
            page.session, code, form.read(RestorePaper), actor=page.actor, at=page.at
        ),
        done=lambda: page.go("papers.show", code=code, said="Giấy tờ được dùng lại."),
    )


@router.post("/papers/{code}/remove", name="papers.remove")
def remove(form: PostedForm, page: Page, code: str) -> Response:
    """Take a paper nobody cites off the wallet for good."""
    producer = get_paper(page.session, code, actor=page.actor).producer.code
    return _step(
        page,
        form,
        code,
        step="remove",
        do=lambda: remove_paper(
            page.session, code, form.read(RemovePaper), actor=page.actor, at=page.at
        ),
        done=lambda: page.go("papers.list", code=producer, said="Đã xóa giấy tờ khỏi ví."),
    )


@router.get("/papers/{code}/file", name="papers.file")
def download(page: Page, code: str) -> Response:
    """Give the file itself."""
    row = get_paper(page.session, code, actor=page.actor)
    note_paper_of(page, row.producer, row.paper)
    return file_answer(page.request, page.settings.files, row.paper)


def _list(
    page: SignedInPage,
    producer: Producer | None,
    asked: Search,
    *,
    here: str,
) -> Response:
    day = local_day(page.at)
    kind = EvidenceKind(asked.kind) if asked.kind in set(EvidenceKind) else None
    state = PaperState(asked.state) if asked.state in set(PaperState) else None
    found = papers_page(
        page.session,
        actor=page.actor,
        on=day,
        producer_id=producer.id if producer else None,
        search=normal(asked.q[:80]),
        kind=kind,
        state=state,
        after=asked.after,
    )
    return page.render(
        "papers/_table.html" if page.is_fragment else "papers/list.html",
        found=found,
        producer=producer,
        here=here,
        kinds=EVIDENCE_LABELS,
        states=STATE_LABELS,
        tones=STATE_TONES,
        q=asked.q,
        kind=kind,
        state=state,
        after=asked.after,
        mark_of=partial(mark_of, on=day),
        notice_days=NOTICE_DAYS,
        why_not_add=why_not_add(page.actor, producer) if producer else None,
    )


def _new(page: SignedInPage, producer: Producer, form: Form, *, status: int = 200) -> Response:
    return page.render(
        "papers/new.html",
        status=status,
        form=form,
        producer=producer,
        kinds=EVIDENCE_LABELS,
        guide=loader.in_force(local_day(page.at)).procedure.evidence,
        largest_mb=_largest_mb(page),
    )


def _edit(
    page: SignedInPage,
    row: PaperRow,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    return page.render(
        "papers/edit.html",
        status=status,
        form=form,
        row=row,
        paper=row.paper,
        kinds=EVIDENCE_LABELS,
        stale=stale,
        stored_now=_differing(row, form) if stale else [],
    )


def _replace(
    page: SignedInPage,
    row: PaperRow,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    uses = uses_of(page.session, row)
    return page.render(
        "papers/replace.html",
        status=status,
        form=form,
        row=row,
        paper=row.paper,
        kinds=EVIDENCE_LABELS,
        open_uses=[use for use in uses if use.is_open],
        kept_uses=[use for use in uses if not use.is_open],
        stale=stale,
        stored_now=_differing(row, form) if stale else [],
        largest_mb=_largest_mb(page),
    )


def _show(
    page: SignedInPage,
    code: str,
    *,
    form: Form = _NOTHING,
    step: str = "",
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    row = get_paper(page.session, code, actor=page.actor)
    day = local_day(page.at)
    uses = uses_of(page.session, row)
    history = history_of(page.session, row)
    state = row.state_on(day)
    return page.render(
        "papers/show.html",
        status=status,
        forms={one: form if one == step else _NOTHING for one in ("withdraw", "remove")},
        row=row,
        paper=row.paper,
        producer=row.producer,
        kinds=EVIDENCE_LABELS,
        state=state,
        states=STATE_LABELS,
        tone=STATE_TONES[state],
        uses=uses,
        dossier_labels=DOSSIER_LABELS,
        history=history,
        mark_of=partial(mark_of, on=day),
        stale=stale,
        events=events_of(page.session, row.paper, limit=MOST_EVENTS),
        event_sentence=event_sentence,
        why_not_change=_why_not_change(page.actor, row),
        why_not_restore=why_not_restore(page.actor, row.paper, row.producer),
        why_not_remove=why_not_remove(
            page.actor,
            row.paper,
            row.producer,
            cited_in=[use.dossier.code for use in uses],
            replaces=any(one.replaced_by_id == row.paper.id for one in history),
        ),
    )


def _step(
    page: SignedInPage,
    form: Form,
    code: str,
    *,
    step: str,
    do: Callable[[], object],
    done: Callable[[], Response],
) -> Response:
    """Take a step from the paper's page; a wrong or stale form is shown there again."""
    try:
        do()
    except Invalid as problem:
        return _show(page, code, form=form.showing(problem), step=step, status=422)
    except StaleVersion as stale:
        return _show(page, code, form=form, step=step, status=409, stale=stale)
    return done()


def _changeable(page: SignedInPage, code: str) -> PaperRow:
    row = get_paper(page.session, code, actor=page.actor)
    if refusal := _why_not_change(page.actor, row):
        raise refusal
    return row


def _why_not_change(actor: Actor, row: PaperRow) -> Refusal | None:
    return why_not_change(actor, row.paper, row.producer)


def _filled(row: PaperRow) -> Form:
    values = row.paper.model_dump(mode="json", include=set(FIELD_LABELS))
    return empty_form({name: "" if value is None else str(value) for name, value in values.items()})


def _differing(row: PaperRow, form: Form) -> list[tuple[str, str]]:
    """Return what is stored where it differs from what was typed."""
    stored = _filled(row)
    return [
        (label, stored.text(name) or "trống")
        for name, label in FIELD_LABELS.items()
        if stored.text(name) != form.text(name).strip()
    ]


def _read_with_file(
    form: Form, upload: Upload, schema: type[Described]
) -> tuple[Described, StoredFile]:
    """Read what the form says; what is wrong with the file is told together with the rest."""
    try:
        data = form.read(schema)
    except Invalid as problem:
        if upload.problem:
            problem.fields |= upload.problem.fields
        raise
    return data, upload.file()


def _largest_mb(page: SignedInPage) -> int:
    return page.settings.largest_upload_bytes // (1024 * 1024)
