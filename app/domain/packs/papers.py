"""What is handed out for scoring without network: packs for a browser, grids for a pen."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.errors import Refused
from app.core.offline_page import self_contained
from app.core.qr import qr_svg
from app.core.signing import seal
from app.core.storage import NotKept, Storage, whole
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import SheetState
from app.domain.councils.models import CouncilMember, Meeting
from app.domain.councils.policy import why_not_enter_for
from app.domain.councils.queries import SheetRow, get_item, get_meeting, sheet_to_enter_for
from app.domain.councils.rules import SEAT_LABELS
from app.domain.dossiers.enums import Finding
from app.domain.dossiers.forms.commune_report import CLAIMED_AT
from app.domain.dossiers.queries import DossierRow
from app.domain.dossiers.rules import FINDING_LABELS, KIND_LABELS, TEST_LABELS
from app.domain.packs.policy import NothingToScore
from app.domain.packs.queries import (
    DossierTexts,
    sheets_being_scored,
    stored_answers,
    texts_of,
)
from app.domain.packs.rules import (
    FILE_FORMAT,
    FILE_KIND,
    KEYED_NOT_MET,
    LARGEST_PACK_BYTES,
    MOST_PICTURE_BYTES,
    MOST_PICTURES_OF_A_PRODUCT,
    OPINION,
    PACK_BASIS,
    PACK_LABELS,
    SEAL_PURPOSE,
    fingerprint,
)
from app.domain.packs.schemas import Binding, PackedSheet
from app.rulebooks.model import Criterion, Rubric, Section
from app.rulebooks.scoring import NOT_MET, canonical_json

Say = Callable[[str], str]
_FINDING_OF: dict[str, Finding] = {code: finding for finding, code in CLAIMED_AT.items()}


class PackTooLarge(Refused):
    """A pack must open on a phone."""

    code = "pack.too_large"
    message = (
        "Gói chấm của cả phiên họp quá lớn ({size_mb} MB, tối đa {most_mb} MB). Hãy tải gói từng sản "
        "phẩm."
    )
    basis = PACK_BASIS


def scoring_pack(
    session: ReadSession,
    meeting: str,
    *,
    actor: Actor,
    at: datetime,
    files: Storage,
    demonstration: bool,
    sheet: str = "",
    say: Say = str,
    language: str = "vi",
) -> bytes:
    """Return the member's own drafts of a meeting, or one of them, as one file that opens anywhere.

    It holds the rubrics in their official words, the dossiers' texts, small pictures within a common
    limit, and the member's own marks; of other members nothing. What binds its answers to member,
    meeting, rubric and state of the sheets is sealed.
    """
    rows = sheets_being_scored(session, meeting, actor=actor, sheet=sheet)
    if not rows:
        raise NothingToScore
    texts = texts_of(session, rows, actor=actor)
    pictures = _pictures(rows, texts, files)
    data = _pack_data(rows, texts, pictures, at=at, say=say) | {"specimen": demonstration}
    page = self_contained(
        "pack",
        data,
        title=f"{say(PACK_LABELS['title'])} · {meeting}",
        language=language,
        without_script=say(PACK_LABELS["no_script"]),
    )
    if len(page) > LARGEST_PACK_BYTES:
        raise PackTooLarge(
            size_mb=-(-len(page) // (1024 * 1024)), most_mb=LARGEST_PACK_BYTES // (1024 * 1024)
        )
    return page


def _pack_data(
    rows: Sequence[SheetRow],
    texts: Mapping[int, DossierTexts],
    pictures: Mapping[str, list[dict[str, Any]]],
    *,
    at: datetime,
    say: Say,
) -> dict[str, Any]:
    meeting, member = rows[0].meeting, rows[0].member
    binding = _binding(rows, meeting, member, at=at).model_dump()
    rubrics = {row.dossier.rubric.code: row.dossier.rubric for row in rows}
    left_out = sum(
        min(len(texts[row.item.dossier_id].photos), MOST_PICTURES_OF_A_PRODUCT)
        - len(pictures[row.sheet.code])
        for row in rows
    )
    return {
        "kind": FILE_KIND,
        "format": FILE_FORMAT,
        "pack": binding,
        "seal": seal(meeting.pack_secret, SEAL_PURPOSE, canonical_json(binding).encode()),
        "words": {name: say(words) for name, words in PACK_LABELS.items()},
        "notMet": NOT_MET,
        "meeting": {
            "code": meeting.code,
            "day": f"{local_day(meeting.starts_at):%d/%m/%Y}",
            "place": meeting.place,
        },
        "madeAt": f"{at.astimezone(VIET_NAM):%H:%M %d/%m/%Y}",
        "picturesLeftOut": left_out,
        "rubrics": {code: _rubric(rubric) for code, rubric in rubrics.items()},
        "sheets": [
            _sheet(row, texts[row.item.dossier_id], pictures[row.sheet.code], say=say)
            for row in rows
        ],
    }


def _binding(
    rows: Sequence[SheetRow], meeting: Meeting, member: CouncilMember, *, at: datetime
) -> Binding:
    return Binding(
        meeting=meeting.code,
        member_id=member.id or 0,
        member=member.name,
        made_at=at.isoformat(),
        sheets={
            row.sheet.code: PackedSheet(
                dossier=row.dossier.dossier.code,
                rubric=row.dossier.rubric.code,
                rubric_hash=row.dossier.rubric.sha256,
                scoring_round=row.item.scoring_round,
                version=row.sheet.version,
                base={code: fingerprint(said) for code, said in stored_answers(row).items()},
            )
            for row in rows
        },
    )


def _rubric(rubric: Rubric) -> dict[str, Any]:
    return {
        "name": rubric.name,
        "max": rubric.total_max,
        "disqualified": rubric.disqualified_when,
        "parts": [
            {
                "code": part.code,
                "name": part.name,
                "max": part.max,
                "sections": [_section(rubric, section) for section in part.sections],
            }
            for part in rubric.parts
        ],
    }


def _section(rubric: Rubric, section: Section) -> dict[str, Any]:
    return {
        "code": section.code,
        "name": section.name,
        "max": section.max,
        "groups": {group.code: group.name for group in section.groups},
        "criteria": [_criterion(rubric, criterion) for criterion in section.criteria],
    }


def _criterion(rubric: Rubric, criterion: Criterion) -> dict[str, Any]:
    rule = criterion.applies_when
    return {
        "code": criterion.code,
        "name": criterion.name,
        "max": criterion.max,
        "group": criterion.group_code,
        "guide": [text for text in (criterion.requirement, criterion.help, criterion.note) if text],
        "gates": [gate.text for gate in rubric.gates if gate.criterion_code == criterion.code],
        "choose": criterion.choose_case,
        "when": {"criterion": rule.criterion, "min": rule.min_points, "text": rule.text}
        if rule
        else None,
        "canFail": criterion.allows_not_met,
        "cases": [
            {
                "name": name,
                "options": [
                    {
                        "code": option.code,
                        "points": option.points,
                        "label": option.label,
                        "star": option.star_min,
                    }
                    for option in criterion.options_of_case(case)
                ],
            }
            for case, name in _cases(criterion)
        ],
    }


def _cases(criterion: Criterion) -> list[tuple[str | None, str]]:
    """Return the cases of a criterion; one without cases has a single one without a name."""
    if not criterion.cases:
        return [(None, "")]
    return [(one.code, one.name) for one in criterion.cases]


def _sheet(
    row: SheetRow, texts: DossierTexts, pictures: list[dict[str, Any]], *, say: Say
) -> dict[str, Any]:
    dossier, product = row.dossier.dossier, row.dossier.product
    return {
        "code": row.sheet.code,
        "rubric": row.dossier.rubric.code,
        "product": product.name,
        "producer": row.dossier.producer.name,
        "commune": row.dossier.commune,
        "dossier": dossier.code,
        "kind": say(KIND_LABELS[dossier.kind]),
        "marks": {
            code: {
                "option": said.option,
                "remark": said.remark,
                "evidence": said.evidence,
                "page": said.page,
                "without_evidence": said.without_evidence,
            }
            for code, said in stored_answers(row).items()
            if code != OPINION
        },
        "opinion": row.sheet.opinion,
        "texts": [
            [name, text]
            for name, text in (
                ("description", product.description),
                ("packaging", product.packaging),
                ("story", product.story),
                ("business_results", dossier.business_results),
                ("business_plan", dossier.business_plan),
            )
            if text
        ],
        "pictures": pictures,
        "claims": _claims(row.dossier.rubric, texts),
        "findings": _findings(row.dossier.rubric, texts, say=say),
        "advice": _advice(row.dossier.rubric, texts),
        "surveys": [[survey.told, survey.findings] for survey in texts.surveys],
        "tests": [
            [
                test.criterion_code,
                test.subject,
                say(TEST_LABELS[test.outcome]) if test.outcome else "",
                test.result,
            ]
            for test in texts.tests
        ],
    }


def _claims(rubric: Rubric, texts: DossierTexts) -> dict[str, Any]:
    claims = {}
    for criterion in rubric.criteria:
        answer = texts.answers.get(criterion.code)
        papers = texts.papers.get(criterion.code, [])
        if answer is None and not papers:
            continue
        option = criterion.find_option(answer.option_code or "") if answer else None
        claims[criterion.code] = {
            "points": option.points if option else None,
            "label": option.label if option else "",
            "isNotMet": answer is not None and answer.option_code == NOT_MET,
            "text": answer.description if answer else "",
            "papers": [[paper.code, paper.title, paper.pages] for paper in papers],
        }
    return claims


def _findings(rubric: Rubric, texts: DossierTexts, *, say: Say) -> dict[str, Any]:
    report = texts.report
    if report is None:
        return {}
    found = {}
    for criterion in rubric.criteria:
        finding = _FINDING_OF.get(criterion.code)
        if finding is None or not criterion.commune_assessed:
            continue
        found[criterion.code] = {
            "label": say(FINDING_LABELS[finding]),
            "text": getattr(report, f"{finding}_finding"),
            "isConfirmed": getattr(report, f"{finding}_confirmed"),
        }
    return found


def _advice(rubric: Rubric, texts: DossierTexts) -> list[dict[str, Any]]:
    report = texts.advice
    if report is None or report.signed_at is None:
        return []
    return [
        {
            "part": part.code,
            "text": report.parts.get(part.code, ""),
            "suggested": report.suggested.get(part.code),
            "max": part.max,
            "signed": f"{report.signed_by}, {report.signed_at.astimezone(VIET_NAM):%d/%m/%Y}",
        }
        for part in rubric.parts
    ]


def _pictures(
    rows: Sequence[SheetRow], texts: Mapping[int, DossierTexts], files: Storage
) -> dict[str, list[dict[str, Any]]]:
    """Return thumbnails as data addresses: every product its first, then the seconds, while they fit."""
    found: dict[str, list[dict[str, Any]]] = {row.sheet.code: [] for row in rows}
    left = MOST_PICTURE_BYTES
    for place in range(MOST_PICTURES_OF_A_PRODUCT):
        for row in rows:
            photos = texts[row.item.dossier_id].photos
            if place >= len(photos):
                continue
            photo = photos[place]
            try:
                content = whole(files, photo.thumbnail_sha256)
            except NotKept:
                continue  # a picture that is gone does not keep anybody from scoring
            if len(content) > left:
                continue
            left -= len(content)
            found[row.sheet.code].append(
                {
                    "caption": photo.caption,
                    "source": f"data:image/webp;base64,{base64.b64encode(content).decode()}",
                    "width": photo.thumbnail_width,
                    "height": photo.thumbnail_height,
                }
            )
    return found


# --- the grid on paper ------------------------------------------------------------------------


def sheet_grid(
    session: ReadSession, sheet: str, *, actor: Actor, at: datetime, demonstration: bool
) -> bytes:
    """Return the grid of one member's sheet as a PDF, for the member and for the council's office."""
    row = sheet_to_enter_for(session, sheet, actor=actor)
    if row.member.user_id != actor.user_id and (
        refusal := why_not_enter_for(actor, row.member, row.seat, None)
    ):
        raise refusal
    one = {"code": row.sheet.code, "member": row.member, "round": row.item.scoring_round}
    return _grids(row.dossier, row.meeting, [one], at=at, demonstration=demonstration)


def item_grids(
    session: ReadSession,
    item: str,
    *,
    actor: Actor,
    at: datetime,
    demonstration: bool,
    rules_dir: Path | None = None,
) -> bytes:
    """Return one grid for each member who still scores a product, or a blank one, as a PDF."""
    detail = get_item(session, item, actor=actor, rules_dir=rules_dir)
    meeting = get_meeting(session, detail.meeting.meeting.code, actor=actor, rules_dir=rules_dir)
    members = {seat.member.id: seat.member for seat in meeting.seats}
    sheets: list[dict[str, Any]] = [
        {
            "code": sheet.code,
            "member": members[sheet.member_id],
            "round": detail.row.item.scoring_round,
        }
        for sheet in detail.row.sheets
        if sheet.state is SheetState.DRAFT and sheet.member_id in members
    ]
    blank = {"code": "", "member": None, "round": detail.row.item.scoring_round}
    return _grids(
        detail.dossier,
        detail.meeting.meeting,
        sheets or [blank],
        at=at,
        demonstration=demonstration,
    )


def _grids(
    dossier: DossierRow,
    meeting: Meeting,
    sheets: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
    demonstration: bool,
) -> bytes:
    rubric = dossier.rubric
    data = {
        "specimen": demonstration,
        "annex": f"{rubric.annex} Quyết định số {rubric.decision}",
        "product": dossier.product.name,
        "producer": dossier.producer.name,
        "set": f"{rubric.set_number}. {rubric.name}",
        "meeting": f"{meeting.code}, {local_day(meeting.starts_at):%d/%m/%Y}",
        "dossier": dossier.dossier.code,
        "disqualified": rubric.disqualified_when,
        "max": str(rubric.total_max),
        "not_met_sign": KEYED_NOT_MET,
        "parts": [
            {
                "head": f"PHẦN {part.code}. {part.name}",
                "max": str(part.max),
                "sections": [_printed_section(section) for section in part.sections],
            }
            for part in rubric.parts
        ],
        "sheets": [
            {
                "code": sheet["code"],
                "qr": qr_svg(sheet["code"]) if sheet["code"] else "",
                "member": sheet["member"].name if sheet["member"] else "",
                "seat": SEAT_LABELS[sheet["member"].seat] if sheet["member"] else "",
                "organisation": sheet["member"].organisation if sheet["member"] else "",
                "round": str(sheet["round"]),
            }
            for sheet in sheets
        ],
    }
    return render_pdf("scoring_grid", data, timestamp=at)


def _printed_section(section: Section) -> dict[str, Any]:
    groups = {group.code: f"{group.code}. {group.name}" for group in section.groups}
    return {
        "head": f"{section.code}. {section.name}",
        "max": str(section.max),
        "is_single": section.single,
        "criteria": [
            {
                "group": groups.get(criterion.group_code or "", ""),
                "head": f"{criterion.code}. {criterion.name}",
                "max": str(criterion.max),
                "when": criterion.applies_when.text if criterion.applies_when else "",
                "choose": criterion.choose_case,
                "can_fail": criterion.allows_not_met,
                "cases": [
                    {
                        "name": name,
                        "options": [
                            {
                                "sign": option.code,
                                "label": option.label,
                                "points": str(option.points),
                                "star": str(option.star_min or ""),
                            }
                            for option in criterion.options_of_case(case)
                        ],
                    }
                    for case, name in _cases(criterion)
                ],
            }
            for criterion in section.criteria
        ],
    }
