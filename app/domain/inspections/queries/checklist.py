"""The checklist of a check: what the dossier promised for each criterion, and what holds of the mark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlmodel import and_, col, func, or_, select

from app.core.db import ReadSession
from app.core.errors import NotFound, Worded
from app.domain.councils.models import Result
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.models import Evidence, SelfAssessmentAnswer
from app.domain.dossiers.rules import EVIDENCE_LABELS
from app.domain.inspections.enums import Finding, MarkItem
from app.domain.inspections.models import CheckedItem, CheckedSection, Inspection
from app.domain.inspections.queries.rows import InspectionRow, items_of
from app.domain.inspections.rules import (
    CRITERIA_KEPT,
    MARK_RULES,
    MARK_SECTION,
    SECTION_HEADINGS,
    needed_option,
    section_title,
)
from app.domain.inspections.schemas import (
    ChecklistItemOut,
    ChecklistOut,
    ChecklistSectionOut,
)
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import in_force_on
from app.domain.recognition.rules import STANDING_LABELS, last_day_in_force, standing
from app.domain.stamps.models import StampBatch
from app.rulebooks.loader import in_force, rubric
from app.rulebooks.model import Criterion, Rubric, Section

MARK_HEADING = SECTION_HEADINGS[MARK_SECTION]
MOST_SIBLINGS = 20
MOST_PAPERS = 20
# The papers of the producer whose days count on the shelf (Mẫu số 02, part III).
_DATED_PAPERS = (
    EvidenceKind.QUALITY_DECLARATION,
    EvidenceKind.PRODUCTION_CONDITIONS,
    EvidenceKind.TEST_REPORT,
    EvidenceKind.BARCODE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what is looked at, what must still hold, the star mark, what was found."""

    code: str
    wording: str
    basis: str
    expected: tuple[str, ...] = ()
    guide: tuple[str, ...] = ()
    is_starred: bool = False
    checked: CheckedItem | None = None

    @property
    def finding(self) -> Finding:
        """What was found; not looked at until somebody says so."""
        return self.checked.finding if self.checked else Finding.NOT_CHECKED

    @property
    def note(self) -> str:
        """What the team wrote."""
        return self.checked.note if self.checked else ""


@dataclass(frozen=True, slots=True)
class CheckedPart:
    """One section of a checklist, as far as it is filled in."""

    code: str
    name: str
    items: tuple[Item, ...]
    version: int = 0

    @property
    def looked_at(self) -> int:
        """How many items somebody looked at."""
        return sum(1 for one in self.items if one.finding is not Finding.NOT_CHECKED)

    @property
    def not_kept(self) -> int:
        """How many items are not kept."""
        return sum(1 for one in self.items if one.finding is Finding.NOT_KEPT)


def sections_of(found: Rubric) -> list[Section]:
    """Return the sections of a rubric in the order of its sheet."""
    return [section for part in found.parts for section in part.sections]


def section_names(inspection: Inspection) -> dict[str, str]:
    """Return the sections of a checklist by code: the rubric's, then the mark."""
    names = {one.code: section_title(one) for one in sections_of(rubric(inspection.rubric_code))}
    return names | {MARK_SECTION: MARK_HEADING}


def item_codes(inspection: Inspection, section: str) -> list[str]:
    """Return the items of a section; NotFound when the checklist has no such section."""
    if section == MARK_SECTION:
        return [rule.item.value for rule in MARK_RULES]
    for one in sections_of(rubric(inspection.rubric_code)):
        if one.code == section:
            return [criterion.code for criterion in one.criteria]
    raise NotFound


def all_items(inspection: Inspection) -> dict[str, str]:
    """Return every item of a checklist with its wording, in order."""
    named = {
        criterion.code: f"{criterion.code}. {criterion.name}"
        for section in sections_of(rubric(inspection.rubric_code))
        for criterion in section.criteria
    }
    return named | {rule.item.value: rule.wording for rule in MARK_RULES}


def progress(inspection: Inspection, items: Mapping[str, CheckedItem]) -> list[CheckedPart]:
    """Return the sections with what was found, without what must hold: asks the database nothing."""
    found = rubric(inspection.rubric_code)
    parts = [
        CheckedPart(
            one.code,
            one.name,
            tuple(
                Item(c.code, c.name, CRITERIA_KEPT, checked=items.get(c.code)) for c in one.criteria
            ),
        )
        for one in sections_of(found)
    ]
    mark = tuple(
        Item(rule.item.value, rule.wording, rule.basis, checked=items.get(rule.item.value))
        for rule in MARK_RULES
    )
    return [*parts, CheckedPart(MARK_SECTION, MARK_HEADING, mark)]


def checked_part(
    session: ReadSession, row: InspectionRow, section: str, *, on: date
) -> CheckedPart:
    """Return one section to be filled in: at most five statements."""
    items, version = _saved(session, row.inspection, section)
    if section == MARK_SECTION:
        return _mark_part(session, row, items, version=version, on=on)
    for one in sections_of(rubric(row.inspection.rubric_code)):
        if one.code == section:
            return _criteria_part(one, row, promised(session, row), items, version=version)
    raise NotFound


def _saved(
    session: ReadSession, inspection: Inspection, section: str
) -> tuple[dict[str, CheckedItem], int]:
    """Return what was found so far and the version of one section: what was saved has items."""
    rows = session.exec(
        select(CheckedItem, CheckedSection.version)
        .join(
            CheckedSection,
            and_(
                col(CheckedSection.inspection_id) == col(CheckedItem.inspection_id),
                col(CheckedSection.section) == col(CheckedItem.section),
            ),
            isouter=True,
        )
        .where(col(CheckedItem.inspection_id) == inspection.id)
    ).all()
    version = next((number for one, number in rows if one.section == section and number), 0)
    return {one.item: one for one, _ in rows}, version


def checklist(session: ReadSession, row: InspectionRow, *, on: date) -> list[CheckedPart]:
    """Return the whole checklist: the rubric's sections, then the mark."""
    items = items_of(session, row.inspection)
    versions = versions_of(session, row.inspection)
    said = promised(session, row)
    parts = [
        _criteria_part(one, row, said, items, version=versions.get(one.code, 0))
        for one in sections_of(rubric(row.inspection.rubric_code))
    ]
    mark = _mark_part(session, row, items, version=versions.get(MARK_SECTION, 0), on=on)
    return [*parts, mark]


def versions_of(session: ReadSession, inspection: Inspection) -> dict[str, int]:
    """Return the version of each section that was saved."""
    return dict(
        session.exec(
            select(CheckedSection.section, CheckedSection.version).where(
                col(CheckedSection.inspection_id) == inspection.id
            )
        ).all()
    )


@dataclass(frozen=True, slots=True)
class Promised:
    """What the dossier said for each criterion: the producer's option, the council's mean points."""

    claims: Mapping[str, str]
    means: Mapping[str, str]


def promised(session: ReadSession, row: InspectionRow) -> Promised:
    """Return what the product was judged by; nothing for a certificate without a dossier here."""
    dossier_id = row.certificate.dossier_id
    if dossier_id is None or not row.inspection.is_judged_by_rubric:
        return Promised({}, {})
    claims = dict(
        session.exec(
            select(SelfAssessmentAnswer.criterion_code, SelfAssessmentAnswer.option_code).where(
                col(SelfAssessmentAnswer.dossier_id) == dossier_id
            )
        ).all()
    )
    document: Mapping[str, Any] = (
        session.exec(
            select(Result.document).where(col(Result.dossier_id) == dossier_id)
        ).one_or_none()
        or {}
    )
    return Promised(
        {code: option for code, option in claims.items() if option},
        document.get("criterion_means", {}),
    )


def _criteria_part(
    section: Section,
    row: InspectionRow,
    said: Promised,
    items: Mapping[str, CheckedItem],
    *,
    version: int,
) -> CheckedPart:
    return CheckedPart(
        section.code,
        section.name,
        tuple(_criterion_item(one, row, said, items.get(one.code)) for one in section.criteria),
        version,
    )


def _criterion_item(
    criterion: Criterion, row: InspectionRow, said: Promised, checked: CheckedItem | None
) -> Item:
    expected: list[str] = []
    needed = needed_option(criterion, row.certificate.star)
    if needed is not None:
        expected.append(
            Worded(
                "Mức tối thiểu của hạng {star} sao: {label}",
                star=row.certificate.star,
                label=needed.label,
            )
        )
    claimed = criterion.find_option(said.claims.get(criterion.code, ""))
    if claimed is not None and claimed is not needed:
        expected.append(Worded("Hồ sơ tự đánh giá: {label}", label=claimed.label))
    if criterion.code in said.means:
        expected.append(
            Worded(
                "Hội đồng chấm trung bình {points}/{max} điểm",
                points=_decimal(said.means[criterion.code]),
                max=criterion.max,
            )
        )
    return Item(
        criterion.code,
        criterion.name,
        CRITERIA_KEPT,
        expected=tuple(expected),
        guide=tuple(
            text for text in (criterion.requirement, criterion.help, criterion.note) if text
        ),
        is_starred=needed is not None,
        checked=checked,
    )


def _decimal(ratio: str) -> str:
    """Return a ratio with two decimals, cut."""
    value = Fraction(ratio)
    whole = int(value * 100)
    return f"{whole // 100},{whole % 100:02d}" if whole % 100 else str(whole // 100)


def _mark_part(
    session: ReadSession,
    row: InspectionRow,
    items: Mapping[str, CheckedItem],
    *,
    version: int,
    on: date,
) -> CheckedPart:
    holds = _known_of_the_mark(session, row, on=on)
    return CheckedPart(
        MARK_SECTION,
        MARK_HEADING,
        tuple(
            Item(
                rule.item.value,
                rule.wording,
                rule.basis,
                expected=tuple(holds.get(rule.item, ())),
                checked=items.get(rule.item.value),
            )
            for rule in MARK_RULES
        ),
        version,
    )


def _known_of_the_mark(
    session: ReadSession, row: InspectionRow, *, on: date
) -> dict[MarkItem, Sequence[str]]:
    """Return what the register, the wallet and the books of stamps know: three statements."""
    certificate = row.certificate
    worth = standing(certificate, on, in_force(on))
    return {
        MarkItem.PRODUCT: [
            Worded(
                "Giấy chứng nhận ghi: {product} ({code})",
                product=certificate.product_name,
                code=certificate.product_code or certificate.code,
            )
        ],
        MarkItem.PRODUCER: [
            Worded(
                "Giấy chứng nhận ghi: {producer}, {address}",
                producer=certificate.producer_name,
                address=certificate.producer_address,
            )
        ],
        MarkItem.STAR: [Worded("Được công nhận {star} sao", star=certificate.star)],
        MarkItem.IN_FORCE: [
            Worded(
                "Từ {first} đến hết {last}; hôm nay: {standing}",
                first=f"{certificate.issued_on:%d/%m/%Y}",
                last=f"{last_day_in_force(certificate):%d/%m/%Y}",
                standing=STANDING_LABELS[worth],
            )
        ],
        MarkItem.PAPERS: _papers(session, row, on=on),
        MarkItem.STAMPS: _stamps(session, certificate),
        MarkItem.SIBLINGS: _siblings(session, row, on=on),
    }


def _papers(session: ReadSession, row: InspectionRow, *, on: date) -> list[str]:
    papers = session.exec(
        select(Evidence)
        .where(
            col(Evidence.producer_id) == row.producer.id,
            col(Evidence.kind).in_(_DATED_PAPERS),
            col(Evidence.replaced_by_id).is_(None),
            col(Evidence.withdrawn_at).is_(None),
        )
        .order_by(col(Evidence.kind), col(Evidence.id).desc())
        .limit(MOST_PAPERS)
    ).all()
    if not papers:
        return [Worded("Trong ví giấy tờ của chủ thể chưa có bản nào.")]
    return [_paper_line(one, on) for one in papers]


def _paper_line(paper: Evidence, on: date) -> str:
    said = {"kind": EVIDENCE_LABELS[paper.kind], "title": paper.title}
    if paper.expires_on is None:
        return Worded("{kind}: {title}, không ghi hạn", **said)
    day = f"{paper.expires_on:%d/%m/%Y}"
    if paper.expires_on < on:
        return Worded("{kind}: {title}, ĐÃ HẾT HẠN ngày {day}", day=day, **said)
    return Worded("{kind}: {title}, còn hạn đến {day}", day=day, **said)


def _stamps(session: ReadSession, certificate: Certificate) -> list[str]:
    batches, stamps = session.exec(
        select(func.count(), func.coalesce(func.sum(StampBatch.issued_count), 0)).where(
            col(StampBatch.certificate_id) == certificate.id, col(StampBatch.issued_count) > 0
        )
    ).one()
    if not batches:
        return [Worded("Chưa phát hành tem nào cho giấy chứng nhận này.")]
    return [Worded("Đã phát hành {stamps} tem trong {batches} lô", stamps=stamps, batches=batches)]


def _siblings(session: ReadSession, row: InspectionRow, *, on: date) -> list[str]:
    certified = select(col(Certificate.product_id)).where(*in_force_on(on))
    names = session.exec(
        select(Product.name)
        .where(
            col(Product.producer_id) == row.producer.id,
            col(Product.id) != row.product.id,
            or_(col(Product.id).not_in(certified)),
        )
        .order_by(col(Product.id))
        .limit(MOST_SIBLINGS)
    ).all()
    if not names:
        return [Worded("Không có sản phẩm nào khác chưa được công nhận trong danh sách.")]
    return [Worded("Chưa được công nhận: {names}", names="; ".join(names))]


def checklist_out(session: ReadSession, row: InspectionRow, *, on: date) -> ChecklistOut:
    """Return a checklist as the JSON door tells it."""
    return ChecklistOut(
        inspection=row.inspection.code,
        rubric_code=row.inspection.rubric_code,
        is_judged_by_rubric=row.inspection.is_judged_by_rubric,
        sections=[part_out(part) for part in checklist(session, row, on=on)],
    )


def part_out(part: CheckedPart) -> ChecklistSectionOut:
    """Return a section as the JSON door tells it."""
    return ChecklistSectionOut(
        code=part.code,
        name=part.name,
        version=part.version,
        items=[
            ChecklistItemOut(
                item=one.code,
                wording=one.wording,
                basis=one.basis,
                expected=[str(said) for said in one.expected],
                starred=one.is_starred,
                finding=one.finding,
                note=one.note,
            )
            for one in part.items
        ],
    )


def sealed(parts: Sequence[CheckedPart]) -> dict[str, Any]:
    """Return a checklist as closed minutes keep it: words, star marks, findings and notes.

    The council's mean points stay out: the minutes go to the producer.
    """
    return {
        "sections": [
            {
                "code": part.code,
                "name": part.name,
                "items": [
                    {
                        "item": one.code,
                        "wording": f"{one.code}. {one.wording}"
                        if part.code != MARK_SECTION
                        else one.wording,
                        "basis": one.basis,
                        "starred": one.is_starred,
                        "finding": one.finding.value,
                        "note": one.note,
                    }
                    for one in part.items
                ],
            }
            for part in parts
        ]
    }
