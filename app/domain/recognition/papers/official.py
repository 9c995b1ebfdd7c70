"""The printed decision, with what is stored of it.

Nobody's signature is drawn: a paper says what was signed in the system, and leaves room for the pen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.official_days import written_day
from app.core.text import fold
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.councils.models import AgendaItem, Meeting, Result, Round
from app.domain.councils.papers.customs import PLACE
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.models import DecisionItem, RecognitionDecision
from app.domain.recognition.papers.on_certificates import (
    annex_of,
    bases_of,
    duties_of,
    proposal_of,
)
from app.domain.recognition.policy import why_not_print
from app.domain.recognition.queries import (
    DecidedOnCertificate,
    DecidedProduct,
    decided_certificates,
    decided_products,
    get_decision,
)
from app.domain.recognition.rules import ON_CERTIFICATES, last_valid_day
from app.rulebooks.loader import in_force, regime

PROVINCE = "tỉnh Lai Châu"
_COMMITTEES = ("uy ban nhan dan", "ubnd")

_BASES = (
    "Luật Tổ chức chính quyền địa phương số 72/2025/QH15",
    (
        "Quyết định số 26/2026/QĐ-TTg ngày 22 tháng 5 năm 2026 của Thủ tướng Chính phủ ban hành "
        "Bộ tiêu chí và quy trình đánh giá, phân hạng sản phẩm Mỗi xã một sản phẩm"
    ),
)
_AGENCY_DUTY = (
    "thông báo kết quả cho Ủy ban nhân dân cấp xã và các chủ thể; theo dõi, kiểm tra, "
    "giám sát sản phẩm sau công nhận."
)
_FORWARDING_DUTY = (
    "tham mưu văn bản và hoàn chỉnh hồ sơ gửi Bộ Nông nghiệp và Môi trường đề nghị đánh giá, phân "
    "hạng; thông báo kết quả cho Ủy ban nhân dân cấp xã và các chủ thể."
)
_PRODUCER_DUTY = {
    "who": "Chủ thể có sản phẩm được công nhận",
    "what": "duy trì chất lượng sản phẩm và sử dụng nhãn hiệu OCOP đúng quy định.",
}
_EXECUTORS = (
    "Chánh Văn phòng Ủy ban nhân dân tỉnh, Giám đốc {agency}, Chủ tịch Ủy ban nhân dân các xã, "
    "phường và các chủ thể có tên tại Phụ lục"
)
_RECIPIENTS = ("Như Điều 3", "Bộ Nông nghiệp và Môi trường", "Lưu: VT, KT")


@dataclass(frozen=True, slots=True)
class MeetingTold:
    """The meeting a decision rests on, as its bases cite it."""

    minutes_number: str
    held_on: date
    round_name: str


def decision_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    agency: str,
    demonstration: bool,
) -> bytes:
    """Return a decision this actor may see, with its list of products, as a PDF.

    `agency` is the office that advises the province on OCOP and proposes the decision.
    """
    decision = get_decision(session, code, actor=actor)
    if refusal := why_not_print(decision):
        raise refusal
    data = (
        certificate_decision_data(decision, decided_certificates(session, decision), agency=agency)
        if decision.kind in ON_CERTIFICATES
        else decision_data(
            decision,
            decided_products(session, decision),
            _meetings_of(session, decision),
            agency=agency,
        )
    )
    return render_pdf("decision", data | {"specimen": demonstration}, timestamp=at)


def decision_data(
    decision: RecognitionDecision,
    products: Sequence[DecidedProduct],
    meetings: Sequence[MeetingTold],
    *,
    agency: str,
) -> dict[str, object]:
    """Return what templates/print/decision.typ reads of a decision."""
    rules = regime(products[0].dossier.regime_code) if products else in_force(decision.decided_on)
    months = rules.procedure.certificate_validity.value
    rounds = {told.round_name for told in meetings}
    minutes = {
        f"Biên bản số {told.minutes_number} {written_day(told.held_on)} của Hội đồng đánh giá, phân hạng "
        f"sản phẩm OCOP {PROVINCE}": None
        for told in meetings
        if told.minutes_number
    }
    approves = decision.kind is DecisionKind.APPROVAL
    return {
        "kind": decision.kind,
        "authority": decision.authority.upper(),
        "decider": decider(decision.authority).upper(),
        "number": decision.number,
        "place_and_date": f"{PLACE}, {written_day(decision.decided_on)}",
        "province": PROVINCE,
        "round": rounds.pop() if len(rounds) == 1 else "",
        "bases": [*_BASES, *minutes],
        "proposer": f"Giám đốc {agency}",
        "months": str(months),
        "valid_from": f"{decision.decided_on:%d/%m/%Y}",
        "valid_until": f"{last_valid_day(decision.decided_on, months):%d/%m/%Y}",
        "items": [
            {
                "product": one.product_name,
                "producer": one.producer_name,
                "address": one.producer_address,
                "code": (one.certificate.product_code or "") if one.certificate else "",
                "stars": one.item.star,
                "average": one.result.average_text if one.result else "",
            }
            for one in products
        ],
        "duties": (
            [{"who": agency, "what": _FORWARDING_DUTY}]
            if approves
            else [{"who": agency, "what": _AGENCY_DUTY}, _PRODUCER_DUTY]
        ),
        "executors": _EXECUTORS.format(agency=agency),
        "recipients": list(_RECIPIENTS),
        "signer": signer(decision),
    }


def certificate_decision_data(
    decision: RecognitionDecision, rows: Sequence[DecidedOnCertificate], *, agency: str
) -> dict[str, object]:
    """Return what templates/print/decision.typ reads of a decision on certificates."""
    return {
        "kind": decision.kind,
        "authority": decision.authority.upper(),
        "decider": decider(decision.authority).upper(),
        "number": decision.number,
        "place_and_date": f"{PLACE}, {written_day(decision.decided_on)}",
        "province": PROVINCE,
        "round": "",
        "bases": [*_BASES, *bases_of(rows)],
        "proposer": f"Giám đốc {agency}{proposal_of(rows)}",
        "months": "",
        "valid_from": f"{decision.decided_on:%d/%m/%Y}",
        "valid_until": "",
        "items": annex_of(decision, rows),
        "duties": duties_of(decision.kind, agency),
        "executors": _EXECUTORS.format(agency=agency),
        "recipients": [*_RECIPIENTS[:-1], "Các cơ quan liên quan", _RECIPIENTS[-1]],
        "signer": signer(decision),
    }


def _meetings_of(session: ReadSession, decision: RecognitionDecision) -> Sequence[MeetingTold]:
    """Return the meetings whose results a decision recognises, oldest first."""
    rows = session.exec(
        select(Meeting, Round)
        .join(Round, col(Round.id) == col(Meeting.round_id), isouter=True)
        .where(
            col(Meeting.id).in_(
                select(AgendaItem.meeting_id)
                .join(Result, col(Result.item_id) == col(AgendaItem.id))
                .join(DecisionItem, col(DecisionItem.dossier_id) == col(Result.dossier_id))
                .where(col(DecisionItem.decision_id) == decision.id)
            )
        )
        .order_by(col(Meeting.starts_at), col(Meeting.id))
    ).all()
    return [
        MeetingTold(
            minutes_number=meeting.minutes_number,
            held_on=local_day(meeting.starts_at),
            round_name=f"Đợt {held.ordinal} năm {held.year}" if held else "",
        )
        for meeting, held in rows
    ]


def decider(authority: str) -> str:
    """Name who decides: a People's Committee does so through its chairperson (art. 7.3.e)."""
    if fold(authority).startswith(_COMMITTEES):
        return f"Chủ tịch {authority}"
    return authority


def signer(decision: RecognitionDecision) -> dict[str, object]:
    """Return who signed a paper of this decision, as the foot of the paper tells it."""
    if decision.signed_at is None:
        return {
            "on_behalf": ["TM. Ủy ban nhân dân"],
            "title": "Chủ tịch",
            "name": "",
            "note": "Bản dự thảo, chưa ký",
        }
    signed = decision.signed_at.astimezone(VIET_NAM)
    lines = [line.strip() for line in decision.on_behalf.split(",") if line.strip()]
    return {
        # «TM. …, CHỦ TỊCH» typed together with the title «Chủ tịch» is printed once.
        "on_behalf": [line for line in lines if fold(line) != fold(decision.signed_title)],
        "title": decision.signed_title,
        "name": decision.signed_by or "",
        "note": f"Đã ký trên hệ thống lúc {signed:%H:%M} ngày {signed:%d/%m/%Y}",
    }
