"""Who may do what with a batch of stamps, now.

Producers order and confirm, the agency's head approves, its officers issue, deliver, void, close.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import is_in_force
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import StampBatch
from app.rulebooks.loader import in_force

# Managing the use of the mark is the province's, the commune's and the producer's business.
CUSTODY_BASIS = "26/2026/QĐ-TTg, Điều 9.3.b, Điều 9.4.a"

STATE_LABELS: dict[BatchState, str] = {
    BatchState.ORDERED: "Chờ duyệt",
    BatchState.APPROVED: "Đã duyệt",
    BatchState.REFUSED: "Không duyệt",
    BatchState.ISSUED: "Đã phát hành",
    BatchState.DELIVERED: "Đã giao",
    BatchState.IN_USE: "Đang dùng",
    BatchState.CLOSED: "Đã đóng",
}
WAY = (
    BatchState.ORDERED,
    BatchState.APPROVED,
    BatchState.ISSUED,
    BatchState.DELIVERED,
    BatchState.IN_USE,
    BatchState.CLOSED,
)
VOIDABLE = frozenset({BatchState.ISSUED, BatchState.DELIVERED, BatchState.IN_USE})
PRINTABLE = frozenset({BatchState.ISSUED, BatchState.DELIVERED, BatchState.IN_USE})


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a batch: where from, where to."""

    step: str
    before: BatchState
    after: BatchState


MOVES = (
    Move("approve", BatchState.ORDERED, BatchState.APPROVED),
    Move("refuse", BatchState.ORDERED, BatchState.REFUSED),
    Move("issue", BatchState.APPROVED, BatchState.ISSUED),
    Move("deliver", BatchState.ISSUED, BatchState.DELIVERED),
    Move("activate", BatchState.DELIVERED, BatchState.IN_USE),
    Move("close", BatchState.IN_USE, BatchState.CLOSED),
    # A batch voided as a whole is closed.
    Move("void", BatchState.ISSUED, BatchState.CLOSED),
    Move("void", BatchState.DELIVERED, BatchState.CLOSED),
    Move("void", BatchState.IN_USE, BatchState.CLOSED),
)


class OrderingByProducer(NotPermitted):
    """Stamps are ordered by the producer, or by the commune's officer on its behalf."""

    code = "batch.ordering_by_producer"
    message = "Chỉ chủ thể của giấy chứng nhận, hoặc cán bộ xã sở tại làm hộ, được làm việc này."
    basis = CUSTODY_BASIS


class HeadDecides(NotPermitted):
    """Quantities are approved by the head of the agency."""

    code = "batch.head_decides"
    message = "Chỉ thủ trưởng cơ quan OCOP cấp tỉnh duyệt hoặc từ chối lô tem."
    basis = CUSTODY_BASIS


class AgencyIssues(NotPermitted):
    """Stamps are made, handed over and withdrawn by the agency."""

    code = "batch.agency_issues"
    message = "Chỉ cán bộ cơ quan OCOP cấp tỉnh được phát hành, giao, hủy và đóng lô tem."
    basis = CUSTODY_BASIS


class WrongBatchState(Conflict):
    """A step cannot be skipped or repeated."""

    code = "batch.state"
    message = "Lô tem đang ở bước «{state}»; việc này chỉ làm được ở bước «{needed}»."


class CertificateNotInForce(Refused):
    """No stamps for a star that has ended."""

    code = "batch.certificate_not_in_force"
    message = (
        "Giấy chứng nhận {certificate} không còn hiệu lực vào ngày {day}, "
        "không đặt và không phát hành tem được."
    )
    basis = "26/2026/QĐ-TTg, Điều 4.3"


def _not_in(batch: StampBatch, states: Collection[BatchState]) -> Refusal | None:
    if batch.state in states:
        return None
    needed = " / ".join(words for state, words in STATE_LABELS.items() if state in states)
    return WrongBatchState(state=STATE_LABELS[batch.state], needed=needed)


def _not_before(batch: StampBatch, step: str) -> Refusal | None:
    return _not_in(batch, {move.before for move in MOVES if move.step == step})


def is_producer_side(actor: Actor, producer_id: int, product: Product) -> bool:
    """Tell whether the actor is the producer, or the officer of its commune who helps."""
    return actor.acts_for(producer_id) or actor.has_in_unit(
        product.commune_code, Role.COMMUNE_OFFICER
    )


def _not_in_force(certificate: Certificate, on: date) -> Refusal | None:
    if is_in_force(certificate, on, in_force(on)):
        return None
    return CertificateNotInForce(certificate=certificate.code, day=f"{on:%d/%m/%Y}")


def why_not_order(
    actor: Actor, certificate: Certificate, product: Product, on: date
) -> Refusal | None:
    """Say why no stamps may be ordered: the producer's side, while the certificate is in force."""
    if not is_producer_side(actor, certificate.producer_id, product):
        return OrderingByProducer()
    return _not_in_force(certificate, on)


def why_not_approve(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why an order may not be approved: the agency's head, once."""
    return _not_before(batch, "approve") if actor.has(Role.AGENCY_HEAD) else HeadDecides()


def why_not_refuse(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why an order may not be refused: the agency's head, before approval."""
    return _not_before(batch, "refuse") if actor.has(Role.AGENCY_HEAD) else HeadDecides()


def why_not_issue(
    actor: Actor, batch: StampBatch, certificate: Certificate, on: date
) -> Refusal | None:
    """Say why stamps may not be made: an agency officer, after approval, certificate in force."""
    if not actor.has(Role.AGENCY_OFFICER):
        return AgencyIssues()
    return _not_before(batch, "issue") or _not_in_force(certificate, on)


def why_not_print(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why the label sheets may not be printed: an agency officer, once issued."""
    if not actor.has(Role.AGENCY_OFFICER, Role.AGENCY_HEAD):
        return AgencyIssues()
    return _not_in(batch, PRINTABLE)


def why_not_deliver(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why a batch may not be handed over: an agency officer, after issue."""
    return _not_before(batch, "deliver") if actor.has(Role.AGENCY_OFFICER) else AgencyIssues()


def why_not_activate(actor: Actor, batch: StampBatch, product: Product) -> Refusal | None:
    """Say why receipt may not be confirmed: the producer's side, after delivery."""
    if not is_producer_side(actor, batch.producer_id, product):
        return OrderingByProducer()
    return _not_before(batch, "activate")


def why_not_close(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why a batch may not be closed: an agency officer, while it is in use."""
    return _not_before(batch, "close") if actor.has(Role.AGENCY_OFFICER) else AgencyIssues()


def why_not_void(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why stamps may not be withdrawn: an agency officer, from issue until closing."""
    return _not_in(batch, VOIDABLE) if actor.has(Role.AGENCY_OFFICER) else AgencyIssues()
