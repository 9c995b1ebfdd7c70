"""The audit log: one transaction with the change, append-only, and provably whole."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import WriteSession, reading, transaction
from app.domain.accounts.models import User
from app.domain.audit.models import AuditEvent
from app.domain.audit.queries import verified_chain
from tests.conftest import commit
from tests.factories.people import People


def _three_events(session: WriteSession, people: People) -> None:
    people.agency()
    people.auditor()
    people.officer()
    commit(session)


def test_the_chain_of_every_recorded_event_is_whole(
    engine: Engine, session: WriteSession, people: People
) -> None:
    _three_events(session, people)
    with reading(engine) as fresh:
        report = verified_chain(fresh)
    assert report.is_whole
    assert report.events == 3


def test_a_change_that_fails_leaves_neither_row_nor_event(engine: Engine, at: datetime) -> None:
    with pytest.raises(RuntimeError), transaction(engine) as session:
        People(session, at).agency()
        raise RuntimeError
    with reading(engine) as fresh:
        assert fresh.exec(select(User)).all() == []
        assert verified_chain(fresh).events == 0


def test_an_event_that_cannot_be_written_takes_the_change_with_it(
    engine: Engine, session: WriteSession, people: People
) -> None:
    people.agency()
    session.execute(sa.text("UPDATE audit_head SET sequence = sequence"))
    session.execute(
        sa.text(
            "INSERT INTO audit_events (sequence, at, actor_name, office, kind, subject_type, "
            "data, previous_hash, hash) VALUES (1, '2026-01-01 00:00:00', '', '', 'x', 'X', "
            "'{}', '', 'x')"
        )
    )
    with pytest.raises(sa.exc.IntegrityError):
        commit(session)
    session.rollback()
    with reading(engine) as fresh:
        assert fresh.exec(select(User)).all() == []


@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE audit_events SET actor_name = 'kẻ khác' WHERE sequence = 2",
        "DELETE FROM audit_events WHERE sequence = 3",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete_an_event(
    engine: Engine, session: WriteSession, people: People, meddling: str
) -> None:
    _three_events(session, people)
    with (
        pytest.raises(sa.exc.DBAPIError, match="append-only"),
        transaction(engine) as meddler,
    ):
        meddler.execute(sa.text(meddling))


def _without_protection(engine: Engine, statement: str) -> None:
    with transaction(engine) as meddler:
        if engine.dialect.name == "sqlite":
            for name in ("update", "delete"):
                meddler.execute(sa.text(f"DROP TRIGGER audit_events_no_{name}"))
        else:
            meddler.execute(sa.text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
        meddler.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("meddling", "reason", "place"),
    [
        ("UPDATE audit_events SET actor_name = 'kẻ khác' WHERE sequence = 2", "changed", 2),
        ("UPDATE audit_events SET data = '{\"roles\": []}' WHERE sequence = 1", "changed", 1),
        ("DELETE FROM audit_events WHERE sequence = 2", "missing", 2),
        ("DELETE FROM audit_events WHERE sequence = 3", "cut", 3),
    ],
)
def test_meddling_behind_the_triggers_is_found_and_placed(
    engine: Engine, session: WriteSession, people: People, meddling: str, reason: str, place: int
) -> None:
    _three_events(session, people)
    _without_protection(engine, meddling)
    with reading(engine) as fresh:
        report = verified_chain(fresh)
    assert not report.is_whole
    assert (report.reason, report.first_broken) == (reason, place)


def test_no_event_holds_a_password(engine: Engine, session: WriteSession, people: People) -> None:
    _three_events(session, people)
    with reading(engine) as fresh:
        text = str(
            [e.data for e in fresh.exec(select(AuditEvent).order_by(col(AuditEvent.sequence)))]
        )
    assert "mat-khau" not in text
