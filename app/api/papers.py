"""A producer's papers over JSON: list, one with everywhere it is used, adding, renewing, putting away."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import (
    Call,
    PageOut,
    Pages,
    Sent,
    WithFile,
    api_router,
    code_path,
    needs,
    only_with,
    page_out,
    sent,
)
from app.api.dossiers import FILE_ANSWER
from app.api.privacy import note_paper_of
from app.core.clock import local_day
from app.core.files import StoredFile
from app.core.text import normal
from app.domain.accounts.enums import Scope
from app.domain.dossiers.enums import EvidenceKind
from app.domain.producers.queries import get_producer
from app.domain.wallet.actions import (
    add_paper,
    change_paper,
    remove_paper,
    replace_paper,
    restore_paper,
    withdraw_paper,
)
from app.domain.wallet.enums import PaperState
from app.domain.wallet.queries import get_paper, history_of, papers_page, uses_of
from app.domain.wallet.schemas import (
    AddPaper,
    ChangePaper,
    PaperDetailOut,
    PaperOut,
    RemovePaper,
    ReplacePaper,
    RestorePaper,
    WithdrawPaper,
)
from app.http.attachments import file_answer

router = api_router(tags=["papers"])
Reading = Annotated[Call, needs(Scope.DOSSIERS_READ)]
Writing = Annotated[Call, needs(Scope.DOSSIERS_WRITE)]
Code = Annotated[str, code_path("MC-4T8XW20")]
ProducerCode = Annotated[str, code_path("CT-7K2M9Q4")]


class PaperForm(WithFile, AddPaper):
    """A paper with its file, as a multipart form sends it."""


class RenewedForm(WithFile, ReplacePaper):
    """A renewed paper with its file, as a multipart form sends it."""


SentPaper = Annotated[Sent[AddPaper, StoredFile], sent(PaperForm, AddPaper)]
SentRenewal = Annotated[Sent[ReplacePaper, StoredFile], sent(RenewedForm, ReplacePaper)]


@router.get("/producers/{code}/papers", summary="Giấy tờ của một chủ thể")
def index(
    call: Reading,
    pages: Pages,
    code: ProducerCode,
    *,
    q: Annotated[str, Query(max_length=80, description="Tên, số hoặc nơi cấp.")] = "",
    kind: EvidenceKind | None = None,
    state: Annotated[PaperState | None, Query(description="Tình trạng trong hôm nay.")] = None,
) -> PageOut[PaperOut]:
    """List the papers of a producer the token's owner may see, newest first."""
    producer = get_producer(call.session, code, actor=call.actor)
    day = local_day(call.at)
    found = papers_page(
        call.session,
        actor=call.actor,
        on=day,
        producer_id=producer.id,
        search=normal(q),
        kind=kind,
        state=state,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, lambda row: row.out(day))


@router.post(
    "/producers/{code}/papers",
    status_code=201,
    summary="Thêm giấy tờ",
    dependencies=[only_with(Scope.DOSSIERS_WRITE)],
)
def add(paper: SentPaper, call: Writing, code: ProducerCode) -> PaperDetailOut:
    """Keep a PDF or photo as a paper of the producer; the same file again is the same paper."""
    kept = add_paper(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    )
    return _told(call, kept.code)


@router.get("/papers/{code}", summary="Một giấy tờ")
def show(call: Reading, code: Code) -> PaperDetailOut:
    """Show a paper with everywhere it is used and the papers that replaced each other."""
    return _told(call, code)


@router.put("/papers/{code}", summary="Sửa phần ghi của giấy tờ")
def change(call: Writing, code: Code, data: ChangePaper) -> PaperDetailOut:
    """Correct what a paper says; its file never changes."""
    change_paper(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post(
    "/papers/{code}/replace",
    status_code=201,
    summary="Thay bằng giấy mới",
    dependencies=[only_with(Scope.DOSSIERS_WRITE)],
)
def replace(paper: SentRenewal, call: Writing, code: Code) -> PaperDetailOut:
    """Let a renewed paper take the old one's place in dossiers still open; answers the renewed one."""
    newer = replace_paper(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    )
    return _told(call, newer.code)


@router.post("/papers/{code}/withdraw", summary="Thôi dùng giấy tờ")
def withdraw(call: Writing, code: Code, data: WithdrawPaper) -> PaperDetailOut:
    """Put a paper away: where it was filed it stays, nowhere else is it cited."""
    withdraw_paper(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/papers/{code}/restore", summary="Dùng lại giấy tờ")
def restore(call: Writing, code: Code, data: RestorePaper) -> PaperDetailOut:
    """Take out again what was put away."""
    restore_paper(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/papers/{code}/remove", summary="Xóa giấy tờ khỏi ví")
def remove(call: Writing, code: Code, data: RemovePaper) -> PaperOut:
    """Take a paper that no dossier cites off the wallet for good; answers what was removed."""
    removed = remove_paper(call.session, code, data, actor=call.actor, at=call.at)
    return removed.out(local_day(call.at))


@router.get(
    "/papers/{code}/file",
    summary="Tải tệp giấy tờ",
    response_class=Response,
    responses=FILE_ANSWER,
)
def download(call: Reading, code: Code) -> Response:
    """Send the file of a paper, to be kept and not to be opened in the browser."""
    row = get_paper(call.session, code, actor=call.actor)
    note_paper_of(call, row.producer, row.paper)
    return file_answer(call.request, call.settings.files, row.paper)


def _told(call: Call, code: str) -> PaperDetailOut:
    row = get_paper(call.session, code, actor=call.actor)
    return row.detail_out(
        local_day(call.at), uses_of(call.session, row), history_of(call.session, row)
    )
