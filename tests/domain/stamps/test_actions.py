"""Batches of stamps: each step by whom it is due, once, in its order, and counts that balance."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.clock import local_day
from app.core.db import WriteSession, reading, transaction
from app.core.errors import Invalid, NotFound, NotPermitted, Refusal, StaleVersion
from app.core.settings import Settings
from app.core.signing import KeyRing
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.stamps.actions import (
    NoLabelOfRoll,
    NoSuchRoll,
    NothingLeft,
    NothingToDestroy,
    NothingToWithdraw,
    NotPrinted,
    OverBalance,
    PrintingClosed,
    RollPrinted,
    RollsLeft,
    SerialNotInBatch,
    WrongRollState,
    activate_rolls,
    approve_batch,
    close_batch,
    close_printing,
    deliver_rolls,
    issue_next_roll,
    open_printing,
    order_batch,
    record_destruction,
    release_rolls,
    start_issue,
    stop_issue,
    suspend_rolls,
    withdraw_stamps,
)
from app.domain.stamps.enums import BatchState, PrintForm, RollState, WithdrawalKind
from app.domain.stamps.models import (
    OutputDeclaration,
    SigningRecord,
    Stamp,
    StampBatch,
    StampDestruction,
    StampWithdrawal,
)
from app.domain.stamps.policy import MOVES, CertificateNotInForce, StillInStore, WrongBatchState
from app.domain.stamps.queries import (
    Proof,
    balance,
    batch_counts,
    batches_page,
    get_batch,
    jwks,
    prove_balance,
    work_for,
)
from app.domain.stamps.rules import format_serial, is_signed, parse_digits
from app.domain.stamps.schemas import (
    ActivateRolls,
    ApproveBatch,
    CloseBatch,
    ClosePrinting,
    DeliverRolls,
    OpenPrinting,
    OrderBatch,
    RecordDestruction,
    ReleaseRolls,
    StartIssue,
    StopIssue,
    SuspendRolls,
    WithdrawStamps,
)
from tests.conftest import AT, commit
from tests.factories.people import ELSEWHERE, People
from tests.factories.recognition import import_certificate
from tests.factories.stamps import (
    KID,
    WAY,
    digits_of,
    ensure_key,
    make_batch,
    rolls_in,
    serial_text,
    sign_all,
    stamps_of,
    step,
)


@pytest.fixture
def keys(settings: Settings) -> Path:
    return settings.private_key_dir


class Custody:
    """One batch of five rolls, and everything that can be done with it by its agency."""

    def __init__(
        self, session: WriteSession, people: People, keys: Path, state: BatchState, **more: object
    ) -> None:
        self.session, self.people, self.keys = session, people, keys
        self.batch = make_batch(
            session,
            people,
            keys,
            state=state,
            quantity=300,
            roll_size=60,
            **more,  # type: ignore[arg-type]  # -- what make_batch takes
        )

    @property
    def version(self) -> int:
        return self.batch.version

    @property
    def producer(self) -> Actor:
        return self.people.producer(self.batch.producer_id)

    def states(self) -> str:
        """Return the first letter of the state of each roll."""
        return "".join(roll.state.value[0] for roll in rolls_in(self.session, self.batch))

    def printed(self, first: int | None = None, last: int | None = None) -> str:
        data = OpenPrinting(
            version=self.version,
            form=PrintForm.SHEETS_22,
            printer="Nhà in Thử Nghiệm",
            first_roll=first,
            last_roll=last,
        )
        who, at = self.people.agency(), self.people.at
        return open_printing(self.session, self.batch.code, data, actor=who, at=at).code

    def delivered(self, *rolls: int) -> None:
        data = DeliverRolls(version=self.version, delivered_to="Bà Lò Thị Mẫu", rolls=list(rolls))
        who, at = self.people.agency(), self.people.at
        deliver_rolls(self.session, self.batch.code, data, actor=who, at=at)

    def activated(self, *rolls: int, labels: Sequence[str] = ()) -> None:
        data = ActivateRolls(version=self.version, rolls=list(rolls), labels=list(labels))
        at = self.people.at
        activate_rolls(self.session, self.batch.code, data, actor=self.producer, at=at)

    def suspended(self, *rolls: int) -> None:
        data = SuspendRolls(version=self.version, rolls=list(rolls), reason="Quét ở nơi lạ")
        who, at = self.people.head(), self.people.at
        suspend_rolls(self.session, self.batch.code, data, actor=who, at=at)

    def released(self, *rolls: int) -> None:
        data = ReleaseRolls(version=self.version, rolls=list(rolls), reason="Đã xác minh")
        who, at = self.people.head(), self.people.at
        release_rolls(self.session, self.batch.code, data, actor=who, at=at)

    def withdrawn(
        self,
        *serials: str,
        rolls: Sequence[int] = (),
        whole: bool = False,
        kind: WithdrawalKind = WithdrawalKind.SPOILT,
        actor: Actor | None = None,
    ) -> StampWithdrawal:
        data = WithdrawStamps(
            version=self.version,
            kind=kind,
            serials=list(serials),
            rolls=list(rolls),
            whole_batch=whole,
            reason="Tem in hỏng",
        )
        who, at = actor or self.people.agency(), self.people.at
        return withdraw_stamps(self.session, self.batch.code, data, actor=who, at=at)

    def serials(self) -> list[str]:
        return [serial_text(stamp) for stamp in stamps_of(self.session, self.batch)]

    def assert_balanced(self) -> None:
        assert_balanced(self.session, self.batch)


def destroyed(session: WriteSession, people: People, *codes: str) -> StampDestruction:
    data = RecordDestruction(
        withdrawals=list(codes),
        place="Kho của Chi cục",
        method="Cắt vụn, đốt",
        witnesses="Giàng A Mẫu, Sở Công Thương",
    )
    return record_destruction(session, data, actor=people.agency(), at=people.at)


def assert_balanced(session: WriteSession, batch: StampBatch) -> None:
    counts = batch_counts(session, batch)
    assert counts.issued == counts.in_hand + counts.activated + counts.suspended + counts.void
    assert counts.issued == batch.issued_count <= batch.quantity
    session.flush()
    assert [found.said for found in prove_balance(session, Proof())] == []


# --- the way of a batch -----------------------------------------------------------------------


def test_a_batch_goes_its_way_and_is_told_in_the_audit_log(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.CLOSED)
    commit(session)
    kinds = session.exec(
        select(AuditEvent.kind)
        .where(col(AuditEvent.subject_type) == "StampBatch")
        .order_by(col(AuditEvent.sequence))
    ).all()
    assert list(kinds) == [
        "batch.ordered",
        "batch.approved",
        "batch.started",
        "batch.issued",
        "printing.opened",
        "batch.delivered",
        "batch.activated",
        "batch.closed",
    ]
    assert batch.version == len(kinds)
    assert_balanced(session, batch)


def test_issue_makes_exactly_the_approved_number_signed_shuffled_and_on_rolls(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(
        session, people, keys, state=BatchState.ISSUED, quantity=250, roll_size=100, with_pin=True
    )
    stamps = stamps_of(session, batch)
    rolls = rolls_in(session, batch)
    assert len(stamps) == batch.issued_count == 250
    assert [roll.size for roll in rolls] == [100, 100, 50]
    indexes = [stamp.index for stamp in stamps]
    labels = [roll.label_index for roll in rolls]
    assert sorted([*indexes, *(label or 0 for label in labels)]) == list(range(1, 254))
    assert indexes != sorted(indexes)
    assert len({serial_text(stamp) for stamp in stamps}) == 250
    ring = KeyRing.from_jwks({"keys": [key.model_dump() for key in jwks(session).keys]})
    certificate = get_batch(session, batch.code, actor=people.agency()).certificate
    for stamp in stamps[::40]:
        token = parse_digits(digits_of(stamp))
        assert is_signed(token, ring.verifies)
        header = token.header
        assert (header.stars, header.certificate) == (4, certificate.record_number)
        assert header.last_valid_day == certificate.expires_on
        assert (header.kid, header.index, header.specimen) == (KID, stamp.index, False)
        assert header.pin
    records = session.exec(select(SigningRecord).order_by(col(SigningRecord.id))).all()
    assert [one.count for one in records] == [101, 101, 51]
    assert_balanced(session, batch)


def test_no_step_is_skipped_or_repeated(session: WriteSession, people: People, keys: Path) -> None:
    certificate = import_certificate(session, people)
    for state in BatchState:
        batch = make_batch(session, people, keys, state=state, certificate=certificate)
        allowed = {move.after for move in MOVES if move.before is state}
        for after in (*WAY[1:], BatchState.REFUSED):
            if after in allowed or after is BatchState.ISSUED:
                continue  # what is signed next is chosen by the signer, not asked for
            with pytest.raises((WrongBatchState, NothingLeft)):
                step(session, people, keys, batch, after)
        assert batch.state is state
        if state is BatchState.ISSUING:
            sign_all(session, keys, at=people.at)
    assert_balanced(session, batch)


def test_each_step_belongs_to_its_office(session: WriteSession, people: People, keys: Path) -> None:
    certificate = import_certificate(session, people)
    batch = make_batch(session, people, keys, certificate=certificate)
    producer, agency, head = (
        people.producer(certificate.producer_id),
        people.agency(),
        people.head(),
    )
    code, version, at = batch.code, batch.version, people.at

    def order(actor: Actor) -> None:
        data = OrderBatch(certificate=certificate.code, quantity=1)
        order_batch(session, data, actor=actor, at=at)

    def withdraw(kind: WithdrawalKind) -> Callable[[Actor], object]:
        data = WithdrawStamps(version=version, kind=kind, whole_batch=True, reason="In hỏng")
        return lambda actor: withdraw_stamps(session, code, data, actor=actor, at=at)

    def suspend(actor: Actor) -> None:
        data = SuspendRolls(version=version, rolls=[1], reason="Quét ở nơi lạ")
        suspend_rolls(session, code, data, actor=actor, at=at)

    def release(actor: Actor) -> None:
        data = ReleaseRolls(version=version, rolls=[1], reason="Đã xác minh")
        release_rolls(session, code, data, actor=actor, at=at)

    def stop(actor: Actor) -> None:
        stop_issue(session, code, StopIssue(version=version, reason="Dừng lại"), actor=actor, at=at)

    def print_rolls(actor: Actor) -> None:
        data = OpenPrinting(version=version, form=PrintForm.SHEETS_25, printer="Nhà in")
        open_printing(session, code, data, actor=actor, at=at)

    def going(to: BatchState) -> Callable[[Actor], object]:
        return lambda actor: step(session, people, keys, batch, to, actor=actor)

    may: list[tuple[Callable[[Actor], object], set[Actor]]] = [
        (order, {producer, people.officer()}),
        (going(BatchState.APPROVED), {head}),
        (going(BatchState.REFUSED), {head}),
        (going(BatchState.ISSUING), {agency}),
        (stop, {agency}),
        (print_rolls, {agency, head}),
        (suspend, {agency, head}),
        (release, {agency, head}),
        (going(BatchState.IN_USE), {producer, people.officer()}),
        (going(BatchState.CLOSED), {agency}),
        (withdraw(WithdrawalKind.RECALLED), {agency}),
        (withdraw(WithdrawalKind.LOST), {agency, producer, people.officer()}),
    ]
    others = {people.leader(), people.signer(), people.auditor()}
    everybody = others | {producer, people.officer(), agency, head}
    for attempt, allowed in may:
        for other in everybody - allowed:
            with pytest.raises(NotPermitted) as told:
                attempt(other)
            assert told.value.legal_basis == "26/2026/QĐ-TTg, Điều 9.3.b, Điều 9.4.a"
        with pytest.raises(NotFound if attempt not in {suspend, release} else NotPermitted):
            attempt(people.officer(ELSEWHERE))
    assert batch.version == 1


def test_an_old_version_changes_nothing(session: WriteSession, people: People, keys: Path) -> None:
    batch = make_batch(session, people, keys, state=BatchState.APPROVED)
    with pytest.raises(StaleVersion):
        start_issue(session, batch.code, StartIssue(version=1), actor=people.agency(), at=people.at)
    assert batch.state is BatchState.APPROVED


# --- what may be ordered ----------------------------------------------------------------------


def test_a_helper_is_recorded_as_such(session: WriteSession, people: People) -> None:
    certificate = import_certificate(session, people)
    data = OrderBatch(certificate=certificate.code, quantity=3, packs_a_year=900)
    assert order_batch(session, data, actor=people.officer(), at=people.at).ordered_by_helper
    own = people.producer(certificate.producer_id)
    assert not order_batch(session, data, actor=own, at=people.at).ordered_by_helper
    assert [one.by_helper for one in session.exec(select(OutputDeclaration))] == [True]


def test_orders_stay_within_the_declared_output_and_say_what_is_left(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = import_certificate(session, people)
    own, day = people.producer(certificate.producer_id), local_day(people.at)

    def order(quantity: int, packs: int | None = None) -> StampBatch:
        data = OrderBatch(certificate=certificate.code, quantity=quantity, packs_a_year=packs)
        return order_batch(session, data, actor=own, at=people.at)

    with pytest.raises(Invalid, match="ô") as undeclared:
        order(1)
    assert "sản lượng" in undeclared.value.fields["packs_a_year"]
    first = order(600, 1000)
    with pytest.raises(OverBalance, match="Chỉ còn đặt được 400 tem") as over:
        order(401)
    assert over.value.legal_basis
    order(400)
    assert first.balance == {
        "packs_a_year": 1000,
        "counted_until": (day + timedelta(days=364)).isoformat(),
        "most": 1000,
        "earlier": 0,
        "left": 1000,
    }
    assert balance(session, certificate, on=day).left == 0
    step(session, people, keys, first, BatchState.REFUSED)
    session.flush()
    assert balance(session, certificate, on=day).left == 600


def test_the_head_may_approve_less_and_the_rest_may_be_ordered_again(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = import_certificate(session, people)
    batch = make_batch(session, people, keys, certificate=certificate, quantity=10)
    before = balance(session, certificate, on=local_day(people.at)).left

    def approve(count: int) -> StampBatch:
        data = ApproveBatch(version=1, count=count)
        return approve_batch(session, batch.code, data, actor=people.head(), at=people.at)

    with pytest.raises(Invalid) as more:
        approve(11)
    assert "count" in more.value.fields
    assert approve(4).approved_count == 4
    session.flush()
    assert balance(session, certificate, on=local_day(people.at)).left == before + 6
    step(session, people, keys, batch, BatchState.ISSUING)
    sign_all(session, keys, at=people.at)
    assert len(stamps_of(session, batch)) == 4
    assert_balanced(session, batch)


def test_an_unknown_province_is_no_market(session: WriteSession, people: People) -> None:
    certificate = import_certificate(session, people)
    data = OrderBatch(
        certificate=certificate.code, quantity=3, packs_a_year=900, markets=["12", "99"]
    )
    with pytest.raises(Invalid) as told:
        order_batch(session, data, actor=people.producer(certificate.producer_id), at=people.at)
    assert "markets" in told.value.fields


def test_no_stamps_for_a_star_that_has_ended(
    session: WriteSession, people: People, keys: Path
) -> None:
    ended = local_day(people.at) - timedelta(days=1)
    certificate = import_certificate(session, people, expires_on=ended)
    with pytest.raises(CertificateNotInForce) as told:
        make_batch(session, people, keys, certificate=certificate)
    assert told.value.legal_basis == "26/2026/QĐ-TTg, Điều 4.3"


# --- issue ------------------------------------------------------------------------------------


def test_an_approved_order_is_not_issued_after_the_certificate_ended(
    session: WriteSession, people: People, keys: Path
) -> None:
    today = local_day(people.at)
    certificate = import_certificate(session, people, expires_on=today + timedelta(days=90))
    batch = make_batch(session, people, keys, state=BatchState.APPROVED, certificate=certificate)
    certificate.revoked_on = today
    session.flush()
    with pytest.raises(CertificateNotInForce):
        step(session, people, keys, batch, BatchState.ISSUING)
    assert session.exec(select(func.count()).select_from(Stamp)).one() == 0


def test_an_issue_that_stands_says_why_and_is_ended_early_with_what_was_signed(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.ISSUING)
    batch = custody.batch
    for _ in range(2):
        issue_next_roll(session, at=people.at, key_dir=keys)
        session.flush()
    get_batch(session, batch.code, actor=people.agency()).certificate.revoked_on = local_day(
        people.at
    )
    session.flush()
    assert issue_next_roll(session, at=people.at, key_dir=keys) is None
    assert "không còn hiệu lực" in batch.halt_reason
    before = balance_left(session, batch, people)
    stop_issue(
        session,
        batch.code,
        StopIssue(version=batch.version, reason="Giấy đã thu hồi"),
        actor=people.agency(),
        at=people.at,
    )
    assert (batch.state, batch.issued_count, batch.approved_count) == (BatchState.ISSUED, 120, 120)
    session.flush()
    assert balance_left(session, batch, people) == before + 180
    custody.assert_balanced()


def balance_left(session: WriteSession, batch: StampBatch, people: People) -> int:
    certificate = get_batch(session, batch.code, actor=people.agency()).certificate
    return balance(session, certificate, on=local_day(people.at)).left


def test_an_issue_stopped_before_anything_was_signed_closes_the_batch(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.ISSUING)
    data = StopIssue(version=custody.version, reason="Đặt nhầm lô")
    stop_issue(session, custody.batch.code, data, actor=people.agency(), at=people.at)
    assert custody.batch.state is BatchState.CLOSED
    custody.assert_balanced()


# --- printing, handing over, activation -------------------------------------------------------


def test_a_roll_is_printed_once_and_never_again(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.ISSUED)
    with pytest.raises(Invalid):
        custody.printed(1)
    with pytest.raises(Invalid):
        custody.printed(3, 2)
    with pytest.raises(NoSuchRoll):
        custody.printed(5, 6)
    first = custody.printed(2, 3)
    with pytest.raises(RollPrinted, match=r"rút, rồi đặt tem mới") as told:
        custody.printed(1, 2)
    assert first in told.value.text
    custody.withdrawn(rolls=[4], kind=WithdrawalKind.RECALLED)
    with pytest.raises(WrongRollState):
        custody.printed(4, 5)
    custody.printed()
    assert [roll.printing_id is not None for roll in rolls_in(session, custody.batch)] == [
        *[True] * 3,
        False,
        True,
    ]
    with pytest.raises(NothingLeft):
        custody.printed()
    custody.assert_balanced()


def test_a_printing_is_closed_once_by_the_agency(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.ISSUED)
    code = custody.printed()

    def close(actor: Actor, version: int = 1) -> None:
        data = ClosePrinting(version=version)
        batch = custody.batch.code
        close_printing(session, batch, code, data, actor=actor, at=people.at)

    with pytest.raises(NotPermitted):
        close(custody.producer)
    with pytest.raises(StaleVersion):
        close(people.agency(), 9)
    close(people.agency())
    with pytest.raises(PrintingClosed):
        close(people.agency(), 2)
    with pytest.raises(NotFound):
        code = "IN-0000000"
        close(people.agency())


def test_rolls_are_handed_over_and_activated_one_by_one(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.ISSUED)
    with pytest.raises(NotPrinted):
        custody.delivered(1)
    custody.printed()
    custody.delivered(1, 2)
    with pytest.raises(WrongRollState):
        custody.delivered(2)
    assert (custody.batch.state, custody.states()) == (BatchState.DELIVERED, "ddiii")
    custody.activated(2)
    assert (custody.batch.state, custody.states()) == (BatchState.IN_USE, "daiii")
    with pytest.raises(WrongRollState):
        custody.activated(3)
    custody.delivered()
    custody.activated()
    assert custody.states() == "aaaaa"
    with pytest.raises(NothingLeft):
        custody.activated()
    custody.assert_balanced()


def test_rolls_are_activated_by_the_serials_of_their_labels(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.DELIVERED)
    labels = [roll.label_index for roll in rolls_in(session, custody.batch)]
    serials = [
        serial_text(session.exec(select(Stamp).where(col(Stamp.index) == label)).one())
        for label in labels
    ]
    custody.activated(labels=[format_serial(serials[3]).lower(), serials[0]])
    assert custody.states() == "addad"
    with pytest.raises(NoLabelOfRoll):
        custody.activated(labels=[custody.serials()[0]])
    with pytest.raises(Invalid) as typo:
        custody.activated(labels=["0000-0000-0000-0001"])
    assert "labels" in typo.value.fields
    custody.activated(5, labels=[serials[4]])
    assert custody.states() == "addaa"
    second = session.exec(select(Stamp).where(col(Stamp.index) == labels[1])).one()
    with pytest.raises(Invalid):
        custody.activated(labels=["https://tem.example/" + "9" * 193])
    custody.activated(labels=[f"https://tem.example/{digits_of(second)}"])
    assert custody.states() == "aadaa"
    custody.assert_balanced()


def test_activation_leaves_void_stamps_void(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.DELIVERED)
    custody.withdrawn(format_serial(custody.serials()[1]).lower())
    custody.activated()
    counts = batch_counts(session, custody.batch)
    assert (counts.activated, counts.void) == (299, 1)
    custody.assert_balanced()


def test_suspended_rolls_come_back_as_what_they_were(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.DELIVERED)
    custody.activated(1, 2)
    custody.suspended(2, 3)
    assert custody.states() == "assdd"
    custody.assert_balanced()
    with pytest.raises(WrongRollState):
        custody.suspended(3)
    with pytest.raises(WrongRollState):
        custody.released(1)
    custody.released(2, 3)
    assert custody.states() == "aaddd"
    custody.assert_balanced()


def test_a_batch_is_closed_when_no_roll_is_left_in_between(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.DELIVERED)
    custody.activated(1, 2)
    custody.suspended(2)

    def close() -> None:
        data = CloseBatch(version=custody.version)
        close_batch(session, custody.batch.code, data, actor=people.agency(), at=people.at)

    with pytest.raises(RollsLeft, match=r"2–5"):
        close()
    custody.released(2)
    custody.activated(3)
    custody.withdrawn(rolls=[4, 5], kind=WithdrawalKind.LOST)
    close()
    assert custody.batch.state is BatchState.CLOSED
    custody.assert_balanced()


# --- out of use -------------------------------------------------------------------------------


def test_stamps_are_withdrawn_by_serial_or_roll_with_a_reason(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.IN_USE)
    first, second, *_ = custody.serials()
    assert custody.withdrawn(first).stamps == 1
    with pytest.raises(NothingToWithdraw):
        custody.withdrawn()
    with pytest.raises(NothingToWithdraw):
        custody.withdrawn(first)
    with pytest.raises(Invalid, match="ô"):
        custody.withdrawn("0000-0000-0000-0001")
    with pytest.raises(NoSuchRoll):
        custody.withdrawn(rolls=[6])
    assert custody.withdrawn(second, rolls=[1]).stamps == 59, "the roll holds both stamps"
    assert custody.withdrawn(rolls=[1, 2]).stamps == 60
    assert custody.states() == "vvaaa"
    assert custody.batch.state is BatchState.IN_USE
    custody.assert_balanced()


def test_a_serial_of_another_batch_or_of_a_label_is_refused(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.ISSUED)
    certificate = get_batch(session, custody.batch.code, actor=people.agency()).certificate
    other = make_batch(session, people, keys, state=BatchState.ISSUED, certificate=certificate)
    with pytest.raises(SerialNotInBatch, match=custody.batch.code):
        custody.withdrawn(serial_text(stamps_of(session, other)[0]))
    label = rolls_in(session, custody.batch)[0].label_index
    stamp = session.exec(select(Stamp).where(col(Stamp.index) == label)).one()
    with pytest.raises(SerialNotInBatch):
        custody.withdrawn(serial_text(stamp))
    assert batch_counts(session, other).void == 0


def test_a_batch_of_which_nothing_is_left_is_closed(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.DELIVERED)
    before = balance_left(session, custody.batch, people)
    custody.withdrawn(rolls=[1, 2, 3, 4])
    assert custody.batch.closed_at is None
    custody.withdrawn(whole=True)
    assert custody.batch.state is BatchState.CLOSED
    session.flush()
    assert balance_left(session, custody.batch, people) == before + 300
    custody.assert_balanced()
    with pytest.raises(WrongBatchState):
        step(session, people, keys, custody.batch, BatchState.IN_USE)


def test_the_producer_tells_of_what_it_was_given_only(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.ISSUED)
    custody.printed()
    custody.delivered(1)
    first, *_, last = custody.serials()
    assert custody.withdrawn(first, actor=custody.producer).stamps == 1
    with pytest.raises(StillInStore, match="Cuộn 5"):
        custody.withdrawn(last, actor=custody.producer)
    with pytest.raises(StillInStore):
        custody.withdrawn(whole=True, actor=custody.producer)
    with pytest.raises(NotPermitted):
        custody.withdrawn(rolls=[1], kind=WithdrawalKind.RECALLED, actor=custody.producer)


def test_withdrawn_stamps_of_several_batches_are_destroyed_once_before_witnesses(
    session: WriteSession, people: People, keys: Path
) -> None:
    custody = Custody(session, people, keys, BatchState.IN_USE)
    certificate = get_batch(session, custody.batch.code, actor=people.agency()).certificate
    other = make_batch(session, people, keys, state=BatchState.ISSUED, certificate=certificate)
    data = WithdrawStamps(
        version=other.version,
        kind=WithdrawalKind.MISPRINTED,
        rolls=[1],
        reason="In lệch",
    )
    whole = withdraw_stamps(session, other.code, data, actor=people.agency(), at=people.at)
    some = custody.withdrawn(rolls=[2])
    lost = custody.withdrawn(rolls=[3], kind=WithdrawalKind.LOST)
    for codes in ([lost.code], [some.code, "RT-0000000"]):
        with pytest.raises(NothingToDestroy):
            destroyed(session, people, *codes)
    made = destroyed(session, people, some.code, whole.code)
    assert made.stamps == 65
    with pytest.raises(NothingToDestroy):
        destroyed(session, people, some.code)
    counts = batch_counts(session, custody.batch)
    assert (counts.void, counts.destroyed, counts.lost) == (120, 60, 60)
    with pytest.raises(NotPermitted):
        record_destruction(
            session,
            RecordDestruction(
                withdrawals=[some.code], place="Kho", method="Đốt", witnesses="Ông Mẫu"
            ),
            actor=people.head(),
            at=people.at,
        )
    custody.assert_balanced()


# --- who sees what, and what waits ------------------------------------------------------------


def test_batches_are_seen_by_the_producer_its_commune_and_the_province(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys)
    for who in (people.producer(batch.producer_id), people.officer(), people.agency()):
        assert [row.batch.code for row in batches_page(session, actor=who).items] == [batch.code]
    stranger = people.officer(ELSEWHERE)
    assert not batches_page(session, actor=stranger).items
    with pytest.raises(NotFound):
        get_batch(session, batch.code, actor=stranger)


def test_a_batch_waits_for_each_office_in_turn(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys)
    today = local_day(people.at)
    producer = people.producer(batch.producer_id)

    def waiting() -> dict[Actor, list[str]]:
        session.flush()
        everybody = (people.head(), people.agency(), producer, people.officer())
        found = {who: work_for(session, who, on=today) for who in everybody}
        return {who: [item.kind for item in items] for who, items in found.items() if items}

    assert waiting() == {people.head(): ["batch.ordered"]}
    step(session, people, keys, batch, BatchState.APPROVED)
    assert waiting() == {people.agency(): ["batch.approved"]}
    step(session, people, keys, batch, BatchState.ISSUING)
    assert waiting() == {}
    batch.halt_reason = "Khóa chưa có ở máy ký"
    assert waiting() == {people.agency(): ["batch.issuing"]}
    step(session, people, keys, batch, BatchState.ISSUED)
    assert waiting() == {people.agency(): ["batch.issued"]}
    step(session, people, keys, batch, BatchState.DELIVERED)
    assert waiting() == {producer: ["batch.delivered"], people.officer(): ["batch.delivered"]}
    (item,) = work_for(session, producer, on=today)
    assert item.title == "Xác nhận đã nhận tem: Mật ong thử nghiệm"
    assert (item.code, item.route_name) == (batch.code, "batches.deliveries")
    assert item.basis
    step(session, people, keys, batch, BatchState.IN_USE)
    assert waiting() == {}
    data = WithdrawStamps(
        version=batch.version,
        serials=[serial_text(stamps_of(session, batch)[0])],
        reason="Rách rồi",
    )
    withdraw_stamps(session, batch.code, data, actor=producer, at=people.at)
    assert waiting() == {people.agency(): ["withdrawal.waiting"]}
    assert work_for(session, people.officer(ELSEWHERE), on=today) == []


# --- side by side -----------------------------------------------------------------------------


def outcomes_of(count: int, attempt: Callable[[], object]) -> list[str]:
    """Let so many do the same at the same moment, and return what came of each."""
    together = Barrier(count)

    def one() -> str:
        together.wait()
        try:
            attempt()
        except Refusal as refusal:
            return refusal.reason_code
        return "done"

    with ThreadPoolExecutor(count) as pool:
        return sorted(future.result() for future in [pool.submit(one) for _ in range(count)])


def test_fifty_parallel_orders_never_exceed_one_quota_together(
    engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        certificate = import_certificate(session, people)
        ensure_key(session, settings.private_key_dir, at=AT)
        code, own = certificate.code, people.producer(certificate.producer_id)
    data = OrderBatch(certificate=code, quantity=100, packs_a_year=1250)

    def order() -> None:
        with transaction(engine) as session:
            order_batch(session, data, actor=own, at=AT)

    outcomes = outcomes_of(50, order)
    assert outcomes == ["batch.over_balance"] * 38 + ["done"] * 12
    with reading(engine) as looking:
        assert looking.exec(select(func.sum(StampBatch.quantity))).one() == 1200
        assert looking.exec(select(func.count()).select_from(OutputDeclaration)).one() == 1


def test_parallel_approvals_and_starts_happen_once(engine: Engine, settings: Settings) -> None:
    keys = settings.private_key_dir
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(session, people, keys, quantity=40)
        agency, head, code = people.agency(), people.head(), batch.code

    def approve() -> None:
        with transaction(engine) as session:
            approve_batch(session, code, ApproveBatch(version=1), actor=head, at=AT)

    def start() -> None:
        with transaction(engine) as session:
            start_issue(session, code, StartIssue(version=2), actor=agency, at=AT)

    assert outcomes_of(4, approve) == ["batch.state"] * 3 + ["done"]
    assert outcomes_of(4, start) == ["batch.state"] * 3 + ["done"]
    with transaction(engine) as session:
        sign_all(session, keys, at=AT)
    with reading(engine) as looking:
        assert looking.exec(select(func.count()).select_from(Stamp)).one() == 41
        assert looking.exec(select(func.count()).select_from(SigningRecord)).one() == 1


def test_two_batches_never_share_an_index(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = import_certificate(session, people)
    batches = [
        make_batch(session, people, keys, state=BatchState.ISSUED, certificate=certificate)
        for _ in range(3)
    ]
    assert session.exec(select(func.count()).select_from(Stamp)).one() == 18
    for batch in batches:
        assert_balanced(session, batch)
    assert {roll.state for batch in batches for roll in rolls_in(session, batch)} == {
        RollState.IN_STORE
    }


def test_a_certificate_that_ends_soon_has_stamps_for_its_days_only(
    session: WriteSession, people: People
) -> None:
    day = local_day(people.at)
    certificate = import_certificate(session, people, expires_on=day + timedelta(days=72))
    own = people.producer(certificate.producer_id)
    data = OrderBatch(certificate=certificate.code, quantity=201, packs_a_year=1000)
    with pytest.raises(OverBalance):
        order_batch(session, data, actor=own, at=people.at)
    assert order_batch(
        session, data.model_copy(update={"quantity": 200}), actor=own, at=people.at
    ).balance["counted_until"] == str(date.fromordinal(day.toordinal() + 72))
