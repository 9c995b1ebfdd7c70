"""The electronic set of a dossier as one archive, in the order of the criteria.

Basis: 26/2026/QĐ-TTg art. 7.2.b sends one set on paper and one electronic; Mẫu số 02, part III asks
for the papers in the order of the criteria. The same state of a dossier is the same archive.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from app.core.archives import ArchivedFile, file_of
from app.core.clock import VIET_NAM
from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.layout import Paper
from app.core.storage import Storage
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.audit.queries import events_of
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.forms.commune_report import commune_report_blocks
from app.domain.dossiers.forms.printing import TITLES, DossierForm, pdf_of
from app.domain.dossiers.forms.registration_form import registration_form_blocks
from app.domain.dossiers.forms.self_assessment import paper_numbers, self_assessment_blocks
from app.domain.dossiers.models import Dossier, Evidence
from app.domain.dossiers.queries import (
    DossierRow,
    SelfAssessment,
    find_changes,
    find_report,
    get_dossier,
    self_assessment,
)
from app.domain.dossiers.rules import EVIDENCE_LABELS, KIND_LABELS

MANIFEST_VERSION = 1
_LONGEST_NAME = 60
_ENDINGS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
}


class EvidenceGone(Conflict):
    """Rows are there, files are not: a restore that forgot the files. Half a set is none."""

    code = "dossier.evidence_gone"
    message = "Không còn tệp của minh chứng: {papers}. Hãy báo quản trị hệ thống."


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as the manifest tells of it; a form has no criteria."""

    path: str
    sha256: str
    size: int
    media_type: str
    title: str
    number: str = ""
    code: str = ""
    kind: str = ""
    document_number: str = ""
    issuer: str = ""
    issued_on: str = ""
    expires_on: str = ""
    criteria: tuple[str, ...] = ()


def electronic_set(
    session: ReadSession,
    code: str,
    storage: Storage,
    *,
    actor: Actor,
    demonstration: bool,
    extra_ids: Collection[int] = (),
) -> tuple[ArchivedFile, ...]:
    """Return the files of the set: forms, the papers the dossier cites, and what lists them.

    Nothing of a paper is read yet, so the answer may go out after the transaction has ended.
    """
    row = get_dossier(session, code, actor=actor, extra_ids=extra_ids)
    assessment = self_assessment(session, row, actor=actor)
    as_of = _last_change(session, row.dossier)
    forms = tuple(_forms(session, row, assessment, as_of=as_of, demonstration=demonstration))
    papers = tuple(_papers(assessment))
    lost = [told.title for told in papers if storage.size_of(told.sha256) != told.size]
    if lost:
        raise EvidenceGone(papers="; ".join(lost))
    listed = tuple(
        Listed(file.path, file.sha256, file.size, "application/pdf", TITLES[form])
        for form, file in forms
    )
    return (
        *(file for _, file in forms),
        *(
            ArchivedFile(told.path, told.sha256, told.size, partial(storage.chunks, told.sha256))
            for told in papers
        ),
        file_of(
            "manifest.json",
            _manifest(row, (*listed, *papers), as_of=as_of, demonstration=demonstration),
            is_text=True,
        ),
        file_of(
            "manifest.txt",
            _readable(row, (*listed, *papers), as_of=as_of, demonstration=demonstration),
            is_text=True,
        ),
    )


def _last_change(session: ReadSession, dossier: Dossier) -> datetime:
    """Return when the dossier last changed: every change writes its event with it."""
    events = events_of(session, dossier, limit=1)
    return events[0].at if events else dossier.opened_at


def _forms(
    session: ReadSession,
    row: DossierRow,
    assessment: SelfAssessment,
    *,
    as_of: datetime,
    demonstration: bool,
) -> Iterator[tuple[DossierForm, ArchivedFile]]:
    found = {
        DossierForm.REGISTRATION: registration_form_blocks(row),
        DossierForm.SELF_ASSESSMENT: self_assessment_blocks(
            assessment, find_changes(session, row.dossier)
        ),
    }
    report = find_report(session, row.dossier)
    if report is not None:
        found[DossierForm.COMMUNE_REPORT] = commune_report_blocks(row, report, assessment.answers)
    for form, blocks in found.items():
        paper = Paper(TITLES[form], blocks, specimen=demonstration)
        yield form, file_of(f"{form}-mau-{form}.pdf", pdf_of(paper, at=as_of))


def _papers(assessment: SelfAssessment) -> Iterator[Listed]:
    """Tell of each cited paper once, in the folder of the first criterion it supports."""
    numbers = paper_numbers(assessment)
    seen = set()
    for criterion, papers in assessment.uses.items():
        for paper in papers:
            if paper.id in seen:
                continue
            seen.add(paper.id)
            number = numbers[paper.id or 0]
            yield Listed(
                path=f"III/{criterion}/{file_name(number, paper)}",
                sha256=paper.sha256,
                size=paper.size,
                media_type=paper.media_type,
                title=paper.title,
                number=number,
                code=paper.code,
                kind=paper.kind.value,
                document_number=paper.number,
                issuer=paper.issuer,
                issued_on=paper.issued_on.isoformat() if paper.issued_on else "",
                expires_on=paper.expires_on.isoformat() if paper.expires_on else "",
                criteria=tuple(assessment.criteria_of(paper)),
            )


def file_name(number: str, paper: Evidence) -> str:
    """Return a name every system can hold: "MC01-phieu-kiem-nghiem.pdf"."""
    words = "".join(sign if sign.isascii() else " " for sign in fold(paper.title)).split()
    name = "-".join(words)[:_LONGEST_NAME].strip("-")
    stem = f"{number}-{name}" if name else number
    return f"{stem}.{_ENDINGS.get(paper.media_type, 'bin')}"


def _manifest(
    row: DossierRow, listed: tuple[Listed, ...], *, as_of: datetime, demonstration: bool
) -> bytes:
    dossier = row.dossier
    told = {
        "version": MANIFEST_VERSION,
        "specimen": demonstration,
        "as_of": as_of.isoformat(timespec="seconds"),
        "dossier": {
            "code": dossier.code,
            "kind": dossier.kind.value,
            "state": dossier.state.value,
            "slip_number": dossier.slip_number,
            "province_slip_number": dossier.province_slip_number,
            "commune_code": dossier.commune_code,
        },
        "product": {
            "code": row.product.code,
            "name": row.product.name,
            "set_number": row.product.set_number,
        },
        "producer": {"code": row.producer.code, "name": row.producer.name},
        "pins": {
            "regime": {"code": dossier.regime_code, "sha256": dossier.regime_hash},
            "rubric": {"code": dossier.rubric_code, "sha256": dossier.rubric_hash},
            "council_rules": {
                "code": dossier.council_rules_code,
                "sha256": dossier.council_rules_hash,
            },
        },
        "files": [asdict(one) for one in listed],
    }
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def _readable(
    row: DossierRow, listed: tuple[Listed, ...], *, as_of: datetime, demonstration: bool
) -> bytes:
    dossier = row.dossier
    lines = [
        "BẢN MINH HỌA – KHÔNG CÓ GIÁ TRỊ\n" if demonstration else "",
        "BỘ HỒ SƠ ĐIỆN TỬ ĐĂNG KÝ ĐÁNH GIÁ, PHÂN HẠNG SẢN PHẨM OCOP",
        "",
        f"Mã hồ sơ: {dossier.code} ({KIND_LABELS[dossier.kind].lower()})",
        f"Sản phẩm: {row.product.name} ({row.product.code})",
        f"Chủ thể: {row.producer.name} ({row.producer.code})",
        f"Xã: {row.commune}",
        f"Số phiếu tại xã: {dossier.slip_number or 'chưa có'}",
        f"Số phiếu tại tỉnh: {dossier.province_slip_number or 'chưa có'}",
        f"Quy định: {row.regime.decision}, {row.rubric.annex}, bộ {row.rubric.set_number}",
        f"Theo lần thay đổi cuối: {as_of.astimezone(VIET_NAM):%H:%M ngày %d/%m/%Y}",
        "",
        f"Gồm {len(listed)} tệp; mỗi tệp kèm dung lượng (byte) và mã băm SHA-256:",
    ]
    for one in listed:
        lines += ["", one.path, f"  {one.title}"]
        if one.number:
            lines.append(
                f"  {EVIDENCE_LABELS[EvidenceKind(one.kind)]}; tiêu chí {', '.join(one.criteria)}"
            )
        lines += [f"  {one.size} byte", f"  SHA-256 {one.sha256}"]
    return ("\n".join(lines).lstrip("\n") + "\n").encode()
