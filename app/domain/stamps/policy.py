"""Who may do what with a batch of stamps, now.

Producers order, confirm and tell what was spoilt; the agency's head approves, its officers issue,
print, deliver, withdraw, destroy and close.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.core.errors import Conflict, NotPermitted, Refusal, Refused, Worded
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import is_in_force
from app.domain.stamps.enums import BatchState, PrintForm, RollState, WithdrawalKind
from app.domain.stamps.models import StampBatch, StampPrinting, StampRoll
from app.domain.stamps.rules import LABELS_AT_ONCE
from app.rulebooks.loader import in_force

# Managing the use of the mark is the province's, the commune's and the producer's business.
CUSTODY_BASIS = "26/2026/QĐ-TTg, Điều 9.3.b, Điều 9.4.a"

STATE_LABELS: dict[BatchState, str] = {
    BatchState.ORDERED: "Chờ duyệt",
    BatchState.APPROVED: "Đã duyệt",
    BatchState.REFUSED: "Không duyệt",
    BatchState.ISSUING: "Đang ký",
    BatchState.ISSUED: "Đã phát hành",
    BatchState.DELIVERED: "Đã giao",
    BatchState.IN_USE: "Đang dùng",
    BatchState.CLOSED: "Đã đóng",
}
WAY = (
    BatchState.ORDERED,
    BatchState.APPROVED,
    BatchState.ISSUING,
    BatchState.ISSUED,
    BatchState.DELIVERED,
    BatchState.IN_USE,
    BatchState.CLOSED,
)
ROLL_LABELS: dict[RollState, str] = {
    RollState.IN_STORE: "Trong kho",
    RollState.DELIVERED: "Đã giao",
    RollState.ACTIVATED: "Đang có hiệu lực",
    RollState.SUSPENDED: "Tạm ngừng",
    RollState.VOID: "Đã rút",
}
WITHDRAWAL_LABELS: dict[WithdrawalKind, str] = {
    WithdrawalKind.MISPRINTED: "In hỏng",
    WithdrawalKind.SPOILT: "Hỏng khi dùng",
    WithdrawalKind.RETURNED: "Trả lại",
    WithdrawalKind.LOST: "Mất",
    WithdrawalKind.RECALLED: "Thu hồi",
}
FORM_LABELS: dict[PrintForm, str] = {
    PrintForm.SHEETS_25: "Tờ nhãn A4, mã 25 mm (PDF)",
    PrintForm.SHEETS_22: "Tờ nhãn A4, mã 22 mm (PDF)",
    PrintForm.PRINT_HOUSE: "Gói cho nhà in (CSV và SVG)",
}
SUSPENDABLE = frozenset({RollState.DELIVERED, RollState.ACTIVATED})
WITHDRAWABLE = frozenset({BatchState.ISSUED, BatchState.DELIVERED, BatchState.IN_USE})
PRINTABLE = WITHDRAWABLE
# What the producer's side may say of stamps that it has; the agency may say all of it.
TOLD_BY_PRODUCER = frozenset({WithdrawalKind.SPOILT, WithdrawalKind.RETURNED, WithdrawalKind.LOST})


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a batch: where from, where to."""

    step: str
    before: BatchState
    after: BatchState


MOVES = (
    Move("approve", BatchState.ORDERED, BatchState.APPROVED),
    Move("refuse", BatchState.ORDERED, BatchState.REFUSED),
    Move("start", BatchState.APPROVED, BatchState.ISSUING),
    Move("sign", BatchState.ISSUING, BatchState.ISSUED),
    Move("stop", BatchState.ISSUING, BatchState.ISSUED),
    Move("stop", BatchState.ISSUING, BatchState.CLOSED),
    # Rolls go one by one: the first that is handed over or activated moves the batch.
    Move("deliver", BatchState.ISSUED, BatchState.DELIVERED),
    Move("deliver", BatchState.DELIVERED, BatchState.DELIVERED),
    Move("deliver", BatchState.IN_USE, BatchState.IN_USE),
    Move("activate", BatchState.DELIVERED, BatchState.IN_USE),
    Move("activate", BatchState.IN_USE, BatchState.IN_USE),
    Move("close", BatchState.IN_USE, BatchState.CLOSED),
    # A batch withdrawn as a whole is closed.
    Move("withdraw", BatchState.ISSUED, BatchState.CLOSED),
    Move("withdraw", BatchState.DELIVERED, BatchState.CLOSED),
    Move("withdraw", BatchState.IN_USE, BatchState.CLOSED),
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
    message = "Chỉ cán bộ cơ quan OCOP cấp tỉnh được phát hành, in, giao, rút và đóng lô tem."
    basis = CUSTODY_BASIS


class WrongBatchState(Conflict):
    """A step cannot be skipped or repeated."""

    code = "batch.state"
    message = "Lô tem đang ở bước «{state}»; việc này chỉ làm được ở bước «{needed}»."
    basis = CUSTODY_BASIS


class CertificateNotInForce(Refused):
    """No stamps for a star that has ended."""

    code = "batch.certificate_not_in_force"
    message = (
        "Giấy chứng nhận {certificate} không còn hiệu lực vào ngày {day}, "
        "không đặt và không phát hành tem được."
    )
    basis = "26/2026/QĐ-TTg, Điều 4.3"


class BalanceDiffers(Refused):
    """Stamps were counted, and the sums are not what they should be."""

    code = "stamps.balance_differs"
    message = "Tem không cân: {count} chỗ lệch. Hãy chạy «ocop stamps balance» để xem từng chỗ."


class FilesNotMade(Conflict):
    """So many labels take longer than a line waits: they are made first, then fetched."""

    code = "printing.files_not_made"
    message = "Lần in {printing} có nhiều tem nên tệp được soạn trước. Hãy bấm «Soạn tệp», đợi xong rồi tải."


class PrintingClosed(Conflict):
    """The printer is done, or its time is up."""

    code = "printing.closed"
    message = (
        "Lần in {printing} đã kết thúc; tệp in không giao nữa. Tem chưa in được hoặc in hỏng thì rút, "
        "rồi đặt tem mới."
    )
    basis = CUSTODY_BASIS


class StillInStore(NotPermitted):
    """The producer's side tells of stamps that it was given, not of the agency's."""

    code = "roll.still_in_store"
    message = (
        "Cuộn {roll} còn trong kho của cơ quan phát hành; chỉ cơ quan ấy rút được tem của cuộn."
    )
    basis = CUSTODY_BASIS


def _not_in(batch: StampBatch, states: Collection[BatchState]) -> Refusal | None:
    if batch.state in states:
        return None
    needed = one_of([words for state, words in STATE_LABELS.items() if state in states])
    return WrongBatchState(state=STATE_LABELS[batch.state], needed=needed)


def one_of(words: Sequence[str]) -> Worded:
    """Return words that stand for each other, so that each can be said in another language."""
    names = {f"word{place}": word for place, word in enumerate(words)}
    return Worded(" / ".join(f"{{{name}}}" for name in names), **names)


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


def why_not_approve(
    actor: Actor, batch: StampBatch, certificate: Certificate, on: date
) -> Refusal | None:
    """Say why an order may not be approved: the agency's head, once, certificate in force."""
    if not actor.has(Role.AGENCY_HEAD):
        return HeadDecides()
    return _not_before(batch, "approve") or _not_in_force(certificate, on)


def why_not_refuse(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why an order may not be refused: the agency's head, before approval."""
    return _not_before(batch, "refuse") if actor.has(Role.AGENCY_HEAD) else HeadDecides()


def why_not_start(
    actor: Actor, batch: StampBatch, certificate: Certificate, on: date
) -> Refusal | None:
    """Say why stamps may not be made: an agency officer, after approval, certificate in force."""
    if not actor.has(Role.AGENCY_OFFICER):
        return AgencyIssues()
    return _not_before(batch, "start") or _not_in_force(certificate, on)


def why_not_stop(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why an issue may not be ended early: an agency officer, while it runs."""
    return _not_before(batch, "stop") if actor.has(Role.AGENCY_OFFICER) else AgencyIssues()


def why_not_sign(batch: StampBatch, certificate: Certificate, on: date) -> Refusal | None:
    """Say why the next roll may not be signed: the star ended since the issue was started."""
    return _not_before(batch, "sign") or _not_in_force(certificate, on)


def why_not_print(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why stamps may not be printed: an agency officer, once issued."""
    if not actor.has(Role.AGENCY_OFFICER, Role.AGENCY_HEAD):
        return AgencyIssues()
    return _not_in(batch, PRINTABLE)


def is_open(printing: StampPrinting, at: datetime) -> bool:
    """Tell whether the files of a printing are still given out."""
    return printing.closed_at is None and at < printing.open_until


def why_not_fetch(actor: Actor, printing: StampPrinting, at: datetime) -> Refusal | None:
    """Say why a printing's files are not given out: who may print, until it is closed or 72 h old."""
    if not actor.has(Role.AGENCY_OFFICER, Role.AGENCY_HEAD):
        return AgencyIssues()
    return None if is_open(printing, at) else PrintingClosed(printing=printing.code)


def is_made_first(printing: StampPrinting, roll_size: int) -> bool:
    """Tell whether the files of a printing are made by a job before they are fetched."""
    return (printing.last_roll - printing.first_roll + 1) * roll_size > LABELS_AT_ONCE


def why_not_see_destroyed(actor: Actor) -> Refusal | None:
    """Say why the withdrawals of all batches may not be seen: the province's offices only."""
    return None if actor.sees_province else AgencyIssues()


def why_not_deliver(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why rolls may not be handed over: an agency officer, after issue."""
    return _not_before(batch, "deliver") if actor.has(Role.AGENCY_OFFICER) else AgencyIssues()


def why_not_activate(actor: Actor, batch: StampBatch, product: Product) -> Refusal | None:
    """Say why receipt may not be confirmed: the producer's side, after delivery."""
    if not is_producer_side(actor, batch.producer_id, product):
        return OrderingByProducer()
    return _not_before(batch, "activate")


def sees_balance(actor: Actor, certificate: Certificate, product: Product) -> bool:
    """Tell whether somebody may know what is declared and ordered: who orders, who decides."""
    return actor.sees_province or is_producer_side(actor, certificate.producer_id, product)


def why_not_close(actor: Actor, batch: StampBatch) -> Refusal | None:
    """Say why a batch may not be closed: an agency officer, while it is in use."""
    return _not_before(batch, "close") if actor.has(Role.AGENCY_OFFICER) else AgencyIssues()


def why_not_withdraw(
    actor: Actor, batch: StampBatch, product: Product, kind: WithdrawalKind | None = None
) -> Refusal | None:
    """Say why stamps may not be withdrawn, from issue until closing.

    The producer's side tells what was spoilt, lost or given back; an agency officer anything.
    """
    if not actor.has(Role.AGENCY_OFFICER):
        if not is_producer_side(actor, batch.producer_id, product):
            return AgencyIssues()
        if kind is not None and kind not in kinds_told_by(actor):
            return AgencyIssues()
    return _not_in(batch, WITHDRAWABLE)


def kinds_told_by(actor: Actor) -> Collection[WithdrawalKind]:
    """Return why this person may withdraw stamps: an agency officer for anything, others for less."""
    return WITHDRAWAL_LABELS if actor.has(Role.AGENCY_OFFICER) else TOLD_BY_PRODUCER


def why_not_withdraw_from(actor: Actor, rolls: Iterable[StampRoll]) -> Refusal | None:
    """Say why stamps of these rolls may not be withdrawn: in the agency's store, only by its officers."""
    if actor.has(Role.AGENCY_OFFICER):
        return None
    stored = (roll.number for roll in rolls if roll.state is RollState.IN_STORE)
    number = next(stored, None)
    return None if number is None else StillInStore(roll=number)


def why_not_suspend(actor: Actor) -> Refusal | None:
    """Say why rolls may not be suspended or released: the agency's officers and head."""
    return None if actor.has(Role.AGENCY_OFFICER, Role.AGENCY_HEAD) else AgencyIssues()


def why_not_destroy(actor: Actor) -> Refusal | None:
    """Say why a destruction may not be recorded: an agency officer."""
    return None if actor.has(Role.AGENCY_OFFICER) else AgencyIssues()
