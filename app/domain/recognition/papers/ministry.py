"""The set of papers with which a product of ninety points and more goes to the ministry (art. 6.3).

Everything the decision lists, as far as this system holds it, in one archive with a manifest of
hashes. What has to be signed first (the letter) is there to be worked on.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlmodel import col, select

from app.core.archives import ArchivedFile, file_of
from app.core.db import ReadSession
from app.core.errors import NotFound, Refused
from app.core.layout import (
    Block,
    Letterhead,
    Paper,
    PaperFormat,
    Signature,
    Title,
    field,
    text,
    unbroken,
)
from app.core.official_days import place_and_date, short_day
from app.core.own_templates import ReplaceablePaper
from app.core.storage import Storage
from app.domain.accounts.rules import Actor
from app.domain.councils.models import AgendaItem, Meeting, Result
from app.domain.councils.papers import council_report_paper, minutes_paper
from app.domain.councils.papers.customs import PLACE
from app.domain.councils.queries import ResultRow, get_result
from app.domain.dossiers.forms.electronic_set import electronic_set
from app.domain.dossiers.models import AdvisoryReport, Attachment
from app.domain.dossiers.papers import advisory_report_paper
from app.domain.dossiers.queries import AgencyFile, agency_file
from app.domain.recognition.enums import DecisionKind, DecisionState
from app.domain.recognition.models import DecisionItem, RecognitionDecision
from app.domain.recognition.papers.official import decision_paper
from app.domain.recognition.policy import why_not_forward
from app.domain.recognition.queries import decided_by
from app.domain.recognition.rules import FORWARDING

LETTER = "ministry_letter"
MANIFEST_VERSION = 1
_TITLE = "Văn bản đề nghị đánh giá, phân hạng sản phẩm OCOP 5 sao"
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


_ADVICE = "báo cáo đánh giá đã ký của Tổ tư vấn"
_MINUTES = "biên bản, báo cáo của Hội đồng (phiên họp chưa kết thúc)"
_APPROVAL = "quyết định phê duyệt kết quả đã ký"


class SetIncomplete(Refused):
    """The set is put together once the result is approved and the meeting is over."""

    code = "centre.set_incomplete"
    message = "Chưa lập được bộ hồ sơ gửi Bộ, còn thiếu: {missing}."
    basis = FORWARDING


class Installation(Protocol):
    """What an installation says of itself on papers, and where its own rules and templates lie."""

    @property
    def agency_name(self) -> str:
        """The office that advises the province on OCOP."""

    @property
    def demonstration(self) -> bool:
        """Whether everything printed is a specimen."""

    @property
    def council_rules_dir(self) -> Path | None:
        """Where the province's own council rules lie."""

    @property
    def paper_templates_dir(self) -> Path | None:
        """Where the province's own templates lie."""


def ministry_set(
    session: ReadSession,
    dossier_code: str,
    storage: Storage,
    *,
    actor: Actor,
    at: datetime,
    here: Installation,
) -> tuple[ArchivedFile, ...]:
    """Return the files of the set for the ministry; for the agency, once a signed approval is there.

    Refused with what is missing: the advisory report, the end of the meeting, the approval.
    """
    if refusal := why_not_forward(actor):
        raise refusal
    row = get_result(session, dossier_code, actor=actor)
    dossier = row.dossier.dossier
    meeting = session.exec(
        select(Meeting)
        .join(AgendaItem, col(AgendaItem.meeting_id) == col(Meeting.id))
        .where(col(AgendaItem.id) == row.item.id)
    ).one()
    approval = decided_by(session, [dossier.id or 0], kind=DecisionKind.APPROVAL).get(
        dossier.id or 0
    )
    incomplete = why_not_set(session, dossier.id or 0)
    if incomplete or approval is None:
        raise incomplete or SetIncomplete(missing=_APPROVAL)
    work = agency_file(session, row.dossier, actor=actor)
    letter = _letter(row, approval, demonstration=here.demonstration)
    own: dict[str, Any] = {"own": here.paper_templates_dir, "at": at}
    common: dict[str, Any] = {"actor": actor, "at": at, "demonstration": here.demonstration}
    report = council_report_paper(
        session,
        meeting.code,
        actor=actor,
        demonstration=here.demonstration,
        rules_dir=here.council_rules_dir,
    )
    advice = advisory_report_paper(
        session, dossier_code, actor=actor, demonstration=here.demonstration
    )
    minutes = minutes_paper(
        session,
        meeting.code,
        actor=actor,
        demonstration=here.demonstration,
        rules_dir=here.council_rules_dir,
    )
    files = [
        file_of("1-van-ban-de-nghi.docx", letter.printed(PaperFormat.DOCX, **own)),
        file_of("1-van-ban-de-nghi.pdf", letter.printed(PaperFormat.PDF, **own)),
        file_of("2-bao-cao-to-tu-van.pdf", advice.printed(PaperFormat.PDF, **own)),
        file_of("3-bao-cao-hoi-dong.pdf", report.printed(PaperFormat.PDF, **own)),
        file_of(
            "3-bien-ban-hoi-dong.pdf",
            minutes.printed(PaperFormat.PDF, **own),
        ),
        file_of(
            "4-quyet-dinh-phe-duyet.pdf",
            decision_paper(session, approval.code, agency=here.agency_name, **common),
        ),
        *(
            replace(file, path=f"5-ho-so-san-pham/{file.path}")
            for file in electronic_set(
                session, dossier_code, storage, actor=actor, demonstration=here.demonstration
            )
        ),
        *_extra(work, storage),
    ]
    return (*files, file_of("manifest.json", _manifest(files, dossier_code, here), is_text=True))


def why_not_set(session: ReadSession, dossier_id: int) -> SetIncomplete | None:
    """Return what the set of a dossier still lacks, in one statement."""
    approved = (
        select(RecognitionDecision.id)
        .join(DecisionItem, col(DecisionItem.decision_id) == col(RecognitionDecision.id))
        .where(
            col(DecisionItem.dossier_id) == dossier_id,
            col(RecognitionDecision.kind) == DecisionKind.APPROVAL,
            col(RecognitionDecision.state) == DecisionState.SIGNED,
        )
    )
    found = session.exec(
        select(AdvisoryReport.signed_at, Meeting.closed_at, approved.exists())
        .select_from(Result)
        .join(AgendaItem, col(AgendaItem.id) == col(Result.item_id))
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
        .join(
            AdvisoryReport, col(AdvisoryReport.dossier_id) == col(Result.dossier_id), isouter=True
        )
        .where(col(Result.dossier_id) == dossier_id)
    ).one_or_none()
    advised, closed, is_approved = found or (None, None, False)
    missing = [
        name
        for name, is_there in ((_ADVICE, advised), (_MINUTES, closed), (_APPROVAL, is_approved))
        if not is_there
    ]
    return SetIncomplete(missing="; ".join(missing)) if missing else None


def _extra(work: AgencyFile, storage: Storage) -> Iterator[ArchivedFile]:
    """Give the papers of surveys and of extra tests ordered by the province."""
    subjects = [*(one.code for one in work.surveys), *(one.code for one in work.tests)]
    for subject in subjects:
        for paper in work.attachments.get(subject, ()):
            yield _attached(paper, storage)


def _attached(paper: Attachment, storage: Storage) -> ArchivedFile:
    ending = _ENDINGS.get(paper.media_type, "bin")
    path = f"6-kiem-tra-kiem-nghiem/{paper.subject_code}-{paper.code}.{ending}"
    return ArchivedFile(path, paper.sha256, paper.size, lambda: storage.chunks(paper.sha256))


def _manifest(files: Sequence[ArchivedFile], dossier_code: str, here: Installation) -> bytes:
    told = {
        "version": MANIFEST_VERSION,
        "specimen": here.demonstration,
        "dossier": dossier_code,
        "basis": FORWARDING,
        "files": [{"path": one.path, "size": one.size, "sha256": one.sha256} for one in files],
    }
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def letter_of(session: ReadSession, dossier_code: str, *, actor: Actor) -> ReplaceablePaper:
    """Return the letter for a product whose result is approved, to be worked on."""
    row = get_result(session, dossier_code, actor=actor)
    dossier_id = row.dossier.dossier.id or 0
    approval = decided_by(session, [dossier_id], kind=DecisionKind.APPROVAL).get(dossier_id)
    if approval is None:
        raise NotFound
    return _letter(row, approval, demonstration=False)


def _letter(
    row: ResultRow, approval: RecognitionDecision, *, demonstration: bool
) -> ReplaceablePaper:
    dossier = row.dossier
    needed = dossier.regime.procedure.samples_for(dossier.product.set_number)
    data = {
        "place_and_date": place_and_date(f"tỉnh {PLACE}", None),
        "product": dossier.product.name,
        "producer": dossier.producer.name,
        "commune": dossier.commune,
        "dossier": dossier.dossier.code,
        "rubric": dossier.rubric.name,
        "average": row.result.average_text,
        "approval": approval.number,
        "approved_on": short_day(approval.decided_on),
        "samples": needed,
    }
    return ReplaceablePaper(
        LETTER, data, Paper(_TITLE, tuple(_letter_blocks(data)), specimen=demonstration)
    )


def _letter_blocks(data: Mapping[str, Any]) -> Iterator[Block]:
    yield Letterhead("ỦY BAN NHÂN DÂN TỈNH LAI CHÂU", "", data["place_and_date"])
    yield Title("", (text("V/v đề nghị đánh giá, phân hạng sản phẩm OCOP 5 sao", italic=True),))
    yield text("Kính gửi: Bộ Nông nghiệp và Môi trường.", align="center")
    yield text(
        "Căn cứ Điều 6.3 và Điều 7.3.e Quyết định số 26/2026/QĐ-TTg; căn cứ Quyết định số "
        f"{data['approval']} ngày {data['approved_on']} phê duyệt kết quả đánh giá, Ủy ban nhân dân "
        "tỉnh Lai Châu đề nghị Bộ Nông nghiệp và Môi trường đánh giá, phân hạng sản phẩm sau:",
        indent=True,
    )
    yield field("Sản phẩm", data["product"])
    yield field("Chủ thể", data["producer"], ("Địa bàn", data["commune"]))
    yield field("Bộ sản phẩm", data["rubric"], ("Hồ sơ", unbroken(data["dossier"])))
    yield field("Điểm của Hội đồng cấp tỉnh", data["average"])
    samples = f"; {data['samples']} sản phẩm mẫu" if data["samples"] else ""
    yield text(
        "Gửi kèm: báo cáo đánh giá của Tổ tư vấn; báo cáo đánh giá của Hội đồng cấp tỉnh; quyết định "
        "phê duyệt kết quả; hồ sơ sản phẩm (01 bộ giấy, 01 bộ điện tử); văn bản kiểm tra, kiểm "
        f"nghiệm bổ sung (nếu có){samples}./.",
        indent=True,
    )
    yield Signature(
        recipients=("Như trên", "Lưu: VT, KT"),
        title=("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"),
        hint="(Ký, đóng dấu)",
    )
