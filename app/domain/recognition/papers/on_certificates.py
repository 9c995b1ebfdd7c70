"""What the printed decision says of certificates: its bases, its duties and the list of its annex."""

from collections.abc import Sequence

from app.core.official_days import written_day
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.models import Certificate, RecognitionDecision, RevocationCase
from app.domain.recognition.queries import DecidedOnCertificate
from app.domain.recognition.rules import CORRECTED_LABELS, revocation_ground
from app.rulebooks.loader import in_force

MOST_BASES = 6
_AGENCY_DUTIES = {
    DecisionKind.REVOCATION: (
        "gửi Quyết định này cho chủ thể, Ủy ban nhân dân cấp xã và các cơ quan liên quan; cập nhật "
        "danh bạ sản phẩm OCOP; theo dõi việc ngừng sử dụng hạng sao và nhãn hiệu OCOP."
    ),
    DecisionKind.EXTENSION: (
        "thông báo cho chủ thể và Ủy ban nhân dân cấp xã; cập nhật danh bạ sản phẩm OCOP; tham mưu "
        "giải quyết hồ sơ đánh giá, phân hạng lại trong thời gian kéo dài."
    ),
    DecisionKind.CORRECTION: (
        "thông báo cho chủ thể và Ủy ban nhân dân cấp xã; cập nhật danh bạ sản phẩm OCOP và cấp lại "
        "bản in Giấy chứng nhận theo nội dung đã đính chính."
    ),
    DecisionKind.HOLDER_CHANGE: (
        "thông báo cho các chủ thể và Ủy ban nhân dân cấp xã; cập nhật danh bạ sản phẩm OCOP; theo "
        "dõi, kiểm tra, giám sát sản phẩm của chủ thể kế thừa."
    ),
}
_PRODUCER_DUTIES = {
    DecisionKind.REVOCATION: {
        "who": "Chủ thể có Giấy chứng nhận bị thu hồi",
        "what": "ngừng sử dụng hạng sao và nhãn hiệu OCOP trên bao bì, nhãn, tem và khi quảng bá "
        "sản phẩm.",
    },
    DecisionKind.EXTENSION: {
        "who": "Trong thời gian kéo dài, chủ thể",
        "what": "chịu trách nhiệm về sản phẩm OCOP theo đúng Bộ tiêu chí đánh giá, phân hạng sản "
        "phẩm OCOP và hồ sơ đăng ký đã được cơ quan có thẩm quyền xem xét, công nhận.",
    },
    DecisionKind.HOLDER_CHANGE: {
        "who": "Chủ thể kế thừa",
        "what": "duy trì chất lượng sản phẩm theo hồ sơ đã được công nhận và sử dụng nhãn hiệu OCOP "
        "đúng quy định.",
    },
}


def bases_of(rows: Sequence[DecidedOnCertificate]) -> list[str]:
    """Return the conclusions a revocation rests on, each once; more than six stand in the annex only."""
    found = list(dict.fromkeys(_conclusion(row.case) for row in rows if row.case))
    return [f"{one[0].upper()}{one[1:]}" for one in found] if len(found) <= MOST_BASES else []


def proposal_of(rows: Sequence[DecidedOnCertificate]) -> str:
    """Return where the agency proposed it, when all cases were submitted by one paper; else nothing."""
    papers = {(row.case.submission_number, row.case.submitted_on) for row in rows if row.case}
    if len(papers) != 1:
        return ""
    ((number, day),) = papers
    return f" tại Tờ trình số {number} {written_day(day)}" if number and day else ""


def duties_of(kind: DecisionKind, agency: str) -> list[dict[str, str]]:
    """Return who does what under article 2."""
    duties = [{"who": agency, "what": _AGENCY_DUTIES[kind]}]
    if kind in _PRODUCER_DUTIES:
        duties.append(_PRODUCER_DUTIES[kind])
    return duties


def annex_of(
    decision: RecognitionDecision, rows: Sequence[DecidedOnCertificate]
) -> list[dict[str, object]]:
    """Return the lines of the annex; their cells follow `annexes` of templates/print/decision.typ."""
    return [
        {
            "product": row.product_name,
            "stars": row.certificate.star,
            "cells": _cells(decision, row),
        }
        for row in rows
    ]


def _cells(decision: RecognitionDecision, row: DecidedOnCertificate) -> list[list[str]]:
    certificate, reason = row.certificate, [row.item.reason] if row.item.reason else []
    holder = [row.producer_name, row.producer_address]
    if decision.kind is DecisionKind.CORRECTION:
        code_before = next((was for name, was, _ in row.corrections if name == "product_code"), "")
        return [
            [*_issued(certificate, code_before), *_led(reason, "Lý do")],
            [f"{CORRECTED_LABELS[name]}: {was or '–'}" for name, was, _ in row.corrections],
            [f"{CORRECTED_LABELS[name]}: {said}" for name, _, said in row.corrections],
        ]
    if decision.kind is DecisionKind.HOLDER_CHANGE:
        return [holder, _successor(row), _handed(certificate, reason)]
    if decision.kind is DecisionKind.EXTENSION:
        until = f"{row.item.until:%d/%m/%Y}" if row.item.until else ""
        return [holder, [*_issued(certificate), *_term(certificate)], [until], reason]
    return [holder, _issued(certificate), [*_ground(row, decision), *reason]]


def _led(reason: list[str], word: str) -> list[str]:
    return [f"{word}: {said}" for said in reason]


def _handed(certificate: Certificate, reason: list[str]) -> list[str]:
    return [*_issued(certificate), *_term(certificate), *_led(reason, "Căn cứ")]


def _issued(certificate: Certificate, code_before: str = "") -> list[str]:
    number = f"Quyết định số {certificate.decision_number}" if certificate.decision_number else ""
    lines = [
        code_before or certificate.product_code or "",
        f"{number} ngày {certificate.issued_on:%d/%m/%Y}".strip(),
    ]
    return [line for line in lines if line]


def _term(certificate: Certificate) -> list[str]:
    return [f"Hết thời hạn ngày {certificate.expires_on:%d/%m/%Y}"]


def _successor(row: DecidedOnCertificate) -> list[str]:
    if row.new_certificate is not None:
        return [row.new_certificate.producer_name, row.new_certificate.producer_address]
    return [row.successor.name, row.successor.address] if row.successor else []


def _ground(row: DecidedOnCertificate, decision: RecognitionDecision) -> list[str]:
    if row.case is None:
        return []
    ground = revocation_ground(row.case.ground, in_force(decision.decided_on))
    point = ground.basis.article.rpartition(".")[2]
    said = _conclusion(row.case)
    return [
        f"{ground.text} (điểm {point} khoản 1 Điều 8).",
        f"{said[0].upper()}{said[1:]}.",
    ]


def _conclusion(case: RevocationCase) -> str:
    day = written_day(case.concluded_on)
    return f"văn bản số {case.conclusion_number} {day} của {case.conclusion_authority}"
