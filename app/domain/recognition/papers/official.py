"""The printed decision and the printed certificate, with what is stored of them.

Nobody's signature is drawn: a paper says what was signed in the system, and leaves room for the pen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.official_days import written_day
from app.core.qr import qr_svg
from app.core.text import fold
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.councils.models import AgendaItem, Meeting, Result, Round
from app.domain.councils.papers.customs import PLACE
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.models import Certificate, DecisionItem, RecognitionDecision
from app.domain.recognition.queries import (
    CertifiedProduct,
    DecidedProduct,
    decided_products,
    get_certificate,
    get_decision,
)
from app.domain.recognition.rules import last_valid_day
from app.rulebooks.loader import in_force, regime

PROVINCE = "tỉnh Lai Châu"
HIGHEST_RANK = 5  # art. 3.3.a: «hạng 5 sao (quốc gia)»; 3 and 4 stars are «cấp tỉnh»
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
    data = decision_data(
        decision,
        decided_products(session, decision),
        _meetings_of(session, decision),
        agency=agency,
    )
    return render_pdf("decision", data | {"specimen": demonstration}, timestamp=at)


def certificate_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    demonstration: bool,
    public_url: str,
) -> bytes:
    """Return a certificate this actor may see as a PDF; its QR opens its page of the register."""
    found = get_certificate(session, code, actor=actor, on=local_day(at))
    decision = session.exec(
        select(RecognitionDecision).where(
            col(RecognitionDecision.id) == found.certificate.decision_id
        )
    ).one_or_none()
    data = certificate_data(found, decision, public_url=public_url)
    return render_pdf("certificate", data | {"specimen": demonstration}, timestamp=at)


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
        "approval": approves,
        "authority": decision.authority.upper(),
        "decider": _decider(decision.authority).upper(),
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
                "product": one.product.name,
                "producer": one.producer.name,
                "address": one.producer.address,
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
        "signer": _signer(decision),
    }


def _address(address: str, commune: str) -> str:
    """Return an address with its commune, told once."""
    if fold(commune) in fold(address):
        return address
    return ", ".join(part for part in (address, commune) if part)


def certificate_data(
    found: CertifiedProduct, decision: RecognitionDecision | None, *, public_url: str
) -> dict[str, object]:
    """Return what templates/print/certificate.typ reads of a certificate.

    One of an earlier period is printed as an extract: its original bears the signature.
    """
    certificate = found.certificate
    link = f"{public_url.rstrip('/')}/register/{certificate.code}"
    issued = written_day(certificate.issued_on)
    return {
        "authority": _decider(certificate.authority).upper(),
        "product": found.product.name,
        "producer": found.producer.name,
        "address": _address(found.producer.address, found.commune),
        "stars": certificate.star,
        "level": "quốc gia" if certificate.star == HIGHEST_RANK else "cấp tỉnh",
        "product_code": certificate.product_code or "",
        "certificate": certificate.code,
        "decision": f"{certificate.decision_number} {issued}"
        if certificate.decision_number
        else issued,
        "valid_from": f"{certificate.issued_on:%d/%m/%Y}",
        "valid_until": f"{certificate.expires_on:%d/%m/%Y}",
        "place_and_date": f"{PLACE}, {issued}",
        "signer": _signer(decision) if decision else _extract(certificate),
        "qr": qr_svg(link),
        "link": link.partition("://")[2],
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


def _decider(authority: str) -> str:
    """Name who decides: a People's Committee does so through its chairperson (art. 7.3.e)."""
    if fold(authority).startswith(_COMMITTEES):
        return f"Chủ tịch {authority}"
    return authority


def _signer(decision: RecognitionDecision) -> dict[str, object]:
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


def _extract(certificate: Certificate) -> dict[str, object]:
    return {
        "on_behalf": [],
        "title": "Bản trích từ sổ đăng ký",
        "name": "",
        "note": f"Bản gốc do {certificate.authority} cấp",
    }
