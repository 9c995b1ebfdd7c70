"""Counts that balance whatever is done, and the proof that finds every count that does not."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlmodel import col, select
from typer.testing import CliRunner

from app.cli import cli
from app.core.db import WriteSession, steady_reading, transaction
from app.core.errors import Conflict, Invalid, Refused
from app.core.settings import Settings
from app.domain.stamps.actions import (
    activate_rolls,
    close_batch,
    deliver_rolls,
    issue_next_roll,
    open_printing,
    record_destruction,
    release_rolls,
    stop_issue,
    suspend_rolls,
    withdraw_stamps,
)
from app.domain.stamps.enums import BatchState, PrintForm, WithdrawalKind
from app.domain.stamps.models import StampBatch, StampWithdrawal
from app.domain.stamps.queries import Proof, batch_counts, prove_balance
from app.domain.stamps.schemas import (
    ActivateRolls,
    CloseBatch,
    DeliverRolls,
    OpenPrinting,
    RecordDestruction,
    ReleaseRolls,
    StopIssue,
    SuspendRolls,
    WithdrawStamps,
)
from tests.conftest import AT, commit
from tests.factories.people import People
from tests.factories.stamps import make_batch, serial_text, stamps_of

Step = tuple[str, tuple[int, ...]]
ROLLS, ROLL, STAMPS = 4, 50, 170
STEPS = (
    "sign",
    "stop",
    "print",
    "deliver",
    "activate",
    "suspend",
    "release",
    "spoil",
    "lose",
    "recall",
    "destroy",
    "close",
)


class Handler:
    """Does one random thing after another with a batch; what is refused changes nothing."""

    def __init__(
        self, session: WriteSession, people: People, keys: Path, batch: StampBatch
    ) -> None:
        self.session, self.people, self.keys, self.batch = session, people, keys, batch

    def take(self, step: str, rolls: tuple[int, ...]) -> None:
        with self.session.begin_nested() as savepoint:
            try:
                self._take(step, sorted(set(rolls)))
            except (Conflict, Refused, Invalid):
                savepoint.rollback()
        self.session.expire_all()

    def _take(self, step: str, rolls: Sequence[int]) -> None:  # noqa: C901, PLR0912 -- one branch a step
        session, code, version, at = self.session, self.batch.code, self.batch.version, AT
        agency, producer = self.people.agency(), self.people.producer(self.batch.producer_id)
        some, named = list(rolls), list(rolls) or [1]
        match step:
            case "sign":
                issue_next_roll(session, at=at, key_dir=self.keys)
            case "stop":
                stop = StopIssue(version=version, reason="Dừng lại")
                stop_issue(session, code, stop, actor=agency, at=at)
            case "print":
                printing = OpenPrinting(
                    version=version,
                    form=PrintForm.SHEETS_25,
                    printer="Nhà in",
                    first_roll=some[0] if some else None,
                    last_roll=some[0] if some else None,
                )
                open_printing(session, code, printing, actor=agency, at=at)
            case "deliver":
                handing = DeliverRolls(version=version, delivered_to="Bà Mẫu", rolls=some)
                deliver_rolls(session, code, handing, actor=agency, at=at)
            case "activate":
                arriving = ActivateRolls(version=version, rolls=some)
                activate_rolls(session, code, arriving, actor=producer, at=at)
            case "suspend":
                doubt = SuspendRolls(version=version, rolls=named, reason="Quét nơi lạ")
                suspend_rolls(session, code, doubt, actor=agency, at=at)
            case "release":
                trust = ReleaseRolls(version=version, rolls=named, reason="Đã xác minh")
                release_rolls(session, code, trust, actor=agency, at=at)
            case "spoil":
                stamps = stamps_of(session, self.batch)
                torn = [serial_text(stamps[number * 7 % len(stamps)]) for number in some if stamps]
                self._withdraw(WithdrawalKind.SPOILT, serials=torn)
            case "lose":
                self._withdraw(WithdrawalKind.LOST, rolls=some)
            case "recall":
                self._withdraw(WithdrawalKind.RECALLED, whole_batch=len(some) == ROLLS)
            case "destroy":
                waiting = session.exec(
                    select(StampWithdrawal.code).where(
                        col(StampWithdrawal.destruction_id).is_(None),
                        col(StampWithdrawal.kind) != WithdrawalKind.LOST,
                    )
                ).all()
                if waiting:
                    done = RecordDestruction(
                        withdrawals=list(waiting[:2]),
                        place="Kho",
                        method="Đốt",
                        witnesses="Ông Mẫu",
                    )
                    record_destruction(session, done, actor=agency, at=at)
            case _:
                close_batch(session, code, CloseBatch(version=version), actor=agency, at=at)

    def _withdraw(self, kind: WithdrawalKind, **what: object) -> None:
        data = WithdrawStamps.model_validate(
            {"version": self.batch.version, "kind": kind, "reason": "Tem hỏng"} | what
        )
        withdraw_stamps(self.session, self.batch.code, data, actor=self.people.agency(), at=AT)


def differences(session: WriteSession) -> list[str]:
    session.flush()
    return [f"{found.of}: {found.said}" for found in prove_balance(session, Proof())]


@pytest.fixture
def handler(session: WriteSession, people: People, settings: Settings) -> Handler:
    """Return somebody who handles a batch of four rolls, the last of them smaller; none is signed."""
    keys = settings.private_key_dir
    batch = make_batch(
        session, people, keys, state=BatchState.ISSUING, quantity=STAMPS, roll_size=ROLL
    )
    people.agency()
    people.producer(batch.producer_id)
    session.flush()
    return Handler(session, people, keys, batch)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@hypothesis_settings(
    max_examples=30,
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(STEPS), st.lists(st.integers(1, ROLLS), max_size=ROLLS).map(tuple)
        ),
        min_size=6,
        max_size=16,
    ),
    signed=st.integers(0, ROLLS),
)
def test_whatever_is_done_in_whatever_order_the_counts_balance(
    handler: Handler, steps: list[Step], signed: int
) -> None:
    session, batch = handler.session, handler.batch
    example = session.begin_nested()
    for step, rolls in [("sign", ())] * signed + steps:
        handler.take(step, rolls)
        counts = batch_counts(session, batch)
        assert counts.issued == counts.in_hand + counts.activated + counts.suspended + counts.void
        assert counts.issued == batch.issued_count <= batch.count
        assert counts.destroyed + counts.lost <= counts.void
    assert differences(session) == []
    example.rollback()
    session.expire_all()


# --- the proof --------------------------------------------------------------------------------


@pytest.fixture
def whole(session: WriteSession, handler: Handler) -> WriteSession:
    """Return a session in which one batch has gone through everything, and nothing is wrong."""
    for step, rolls in (
        *[("sign", ())] * ROLLS,
        ("print", ()),
        ("deliver", ()),
        ("activate", (1, 2, 3)),
        ("suspend", (2,)),
        ("spoil", (1, 2)),
        ("lose", (3,)),
        ("destroy", ()),
    ):
        handler.take(step, rolls)
    assert differences(session) == []
    return session


_CHANGE = (
    "INSERT INTO stamp_changes (id, first_index, count, status, changed_at) "
    "SELECT (SELECT max(id) FROM stamp_changes) + {jump}, {first}, {count}, 2, changed_at "
    "FROM stamp_changes WHERE id = 1"
)
TAMPERED = {
    "batch counts more": "UPDATE stamp_batches SET issued_count = issued_count - 1",
    "roll is larger": "UPDATE stamp_rolls SET size = size + 1 WHERE number = 4",
    "roll is smaller": "UPDATE stamp_rolls SET size = size - 1 WHERE number = 1",
    "roll has another place": "UPDATE stamp_rolls SET first_index = first_index + 1 WHERE number = 1",
    "roll is activated quietly": "UPDATE stamp_rolls SET state = 'activated' WHERE number = 4",
    "roll is released quietly": "UPDATE stamp_rolls SET state = 'activated' WHERE number = 2",
    "void counts less": "UPDATE stamp_rolls SET void_count = 0 WHERE number = 1",
    "numbers of rolls jump": "UPDATE stamp_rolls SET number = 9 WHERE number = 4",
    "label is another": "UPDATE stamp_rolls SET label_index = label_index + 1 WHERE number = 1",
    "roll was never handed over": "UPDATE stamp_rolls SET delivery_id = NULL WHERE number = 1",
    "stamp is gone": 'DELETE FROM stamps WHERE "index" = (SELECT max("index") FROM stamps)',
    "stamp is withdrawn quietly": (
        'UPDATE stamps SET withdrawal_id = (SELECT min(id) FROM stamp_withdrawals) WHERE "index" = '
        '(SELECT max("index") FROM stamps WHERE place > 0 AND withdrawal_id IS NULL)'
    ),
    "stamp is valid again": "UPDATE stamps SET withdrawal_id = NULL",
    "stamp beyond": (
        'UPDATE stamps SET "index" = 900000 WHERE "index" = (SELECT max("index") FROM stamps)'
    ),
    "place is given twice": (
        'UPDATE stamps SET place = 4000 WHERE "index" = (SELECT max("index") FROM stamps WHERE place > 0)'
    ),
    "withdrawal says more": "UPDATE stamp_withdrawals SET stamps = stamps + 1",
    "destruction says more": "UPDATE stamp_destructions SET stamps = stamps + 1",
    "delivery says more": "UPDATE stamp_deliveries SET rolls = rolls + 1",
    "log has a roll twice": (
        "INSERT INTO signing_records (batch_id, kid, first_index, last_index, count, signed_at) "
        "SELECT batch_id, kid, first_index, last_index, count, signed_at FROM signing_records "
        "WHERE id = (SELECT min(id) FROM signing_records)"
    ),
    "log has more than was made": (
        "INSERT INTO signing_records (batch_id, kid, first_index, last_index, count, signed_at) "
        "SELECT batch_id, kid, 900000, 900050, count, signed_at FROM signing_records "
        "WHERE id = (SELECT min(id) FROM signing_records)"
    ),
    "log lacks a roll": (
        "UPDATE stamp_rolls SET first_index = first_index + 500000 WHERE number = 2"
    ),
    "batch names another key": "UPDATE stamp_batches SET kid = 9",
    "key may not sign these": "UPDATE stamp_keys SET first_index = first_index + 1000",
    "change says another status": _CHANGE.format(jump=1, first="first_index", count="count"),
    "change reaches further": _CHANGE.format(jump=1, first="first_index + 3", count="count"),
    "change of nobody": _CHANGE.format(jump=1, first="900000", count="1"),
    "number of a change is left out": _CHANGE.format(jump=5, first="900000", count="1"),
}


def test_whatever_is_changed_behind_its_back_is_found(whole: WriteSession) -> None:
    unfound = []
    for what, statement in TAMPERED.items():
        one = whole.begin_nested()
        whole.connection().execute(text(statement))
        whole.expire_all()
        if not differences(whole):
            unfound.append(what)
        one.rollback()
        whole.expire_all()
    assert unfound == []
    assert differences(whole) == []


def test_the_command_says_that_all_balances_or_lists_what_does_not(
    whole: WriteSession, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(whole)
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    answer = CliRunner().invoke(cli, ["stamps", "balance"])
    assert answer.exit_code == 0, answer.output
    assert "1 lô, 4 cuộn, 170 tem" in answer.output
    assert answer.output.endswith("Cân.\n")
    with transaction(engine) as session:
        session.connection().execute(text(TAMPERED["void counts less"]))
    answer = CliRunner().invoke(cli, ["stamps", "balance"])
    assert answer.exit_code == 1
    assert "cuộn 1: rút từng con" in answer.output
    assert "KHÔNG CÂN" in answer.output


def test_the_proof_sees_one_moment_while_stamps_are_signed(
    handler: Handler, engine: Engine
) -> None:
    commit(handler.session)
    with steady_reading(engine) as before:
        assert differences(WriteSession(before)) == []
        with transaction(engine) as session:
            issue_next_roll(session, at=AT, key_dir=handler.keys)
        assert differences(WriteSession(before)) == []
        assert before.exec(select(StampBatch.issued_count)).one() == 0
