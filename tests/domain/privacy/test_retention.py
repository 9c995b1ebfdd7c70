"""After its period a value is gone from the database, not a day before; run twice, nothing more goes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, select

from app.core.db import WriteSession
from app.core.rates import RateCounter
from app.domain.accounts.models import LoginSession, RecoveryCode, User
from app.domain.audit.models import AuditEvent
from app.domain.jobs.enums import JobState
from app.domain.jobs.models import Job
from app.domain.misuse.actions import close_report
from app.domain.misuse.enums import ReportOutcome, ReportState
from app.domain.misuse.schemas import CloseReport
from app.domain.notices.models import Notice
from app.domain.posts.models import Invitation
from app.domain.privacy.actions import apply_retention
from app.domain.privacy.actions.forgetting import MOST_AT_ONCE, SWEEPS
from app.domain.privacy.enums import RequestKind, RequestState
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.rules import PERIODS
from app.domain.scans.enums import Caller
from app.domain.scans.models import ScanEvent
from app.domain.stamps.enums import Verdict
from app.domain.uploads.enums import UploadPurpose, UploadState
from app.domain.uploads.models import Upload
from app.domain.uploads.rules import KEPT_FOR
from tests.conftest import AT, commit
from tests.factories.misuse import make_report
from tests.factories.people import People

MARKS = {period.key: f"dau-{period.key}" for period in SWEEPS}
DAYS = {period.key: period.days or 0 for period in PERIODS}


def login(user: int, _people: People, _session: WriteSession) -> SQLModel:
    return LoginSession(
        token_hash="a" * 64,
        user_id=user,
        created_at=AT,
        last_seen_at=AT,
        expires_at=AT + timedelta(hours=12),
        ended_at=AT,
        device=MARKS["logins"],
    )


def invitation(user: int, _people: People, _session: WriteSession) -> SQLModel:
    return Invitation(
        code="LM-0000001",
        token_hash="b" * 64,
        name=MARKS["invitations"],
        organisation=MARKS["invitations"],
        email=f"{MARKS['invitations']}@example.com",
        grants=[],
        invited_at=AT - timedelta(days=1),
        invited_by="quantri",
        expires_at=AT + timedelta(days=7),
        accepted_at=AT,
        user_id=user,
    )


def recovery_code(user: int, _people: People, _session: WriteSession) -> SQLModel:
    return RecoveryCode(user_id=user, code_hash=MARKS["recovery"], created_at=AT, used_at=AT)


def closed_account(user: int, _people: People, session: WriteSession) -> SQLModel:
    account = session.get_one(User, user)
    account.email, account.phone, account.disabled_at = f"{MARKS['closed']}@example.com", "0912", AT
    return account


def notice(user: int, _people: People, _session: WriteSession) -> SQLModel:
    return Notice(
        code="TB-0000001",
        user_id=user,
        kind="thu.nghiem",
        subject_code="X",
        title="Gửi {name}",
        todo=MARKS["notices"],
        params={"name": MARKS["notices"]},
        route_name="work.list",
        created_at=AT,
        read_at=AT,
    )


def rate(_user: int, _people: People, _session: WriteSession) -> SQLModel:
    return RateCounter(key=MARKS["rates"], hits=3, ends_at=(AT + timedelta(days=1)).timestamp())


def job(user: int, _people: People, _session: WriteSession) -> SQLModel:
    return Job(
        code="CV-0000001",
        kind="thu",
        state=JobState.DEAD,
        problem=MARKS["jobs"],
        user_id=user,
        due_at=AT,
        created_at=AT,
        finished_at=AT,
    )


def request(user: int, _people: People, _session: WriteSession) -> SQLModel:
    return PersonalDataRequest(
        code="DL-0000001",
        kind=RequestKind.ERASURE,
        state=RequestState.GRANTED,
        user_id=user,
        subject_name=MARKS["requests"],
        words_of_request=MARKS["requests"],
        answer=MARKS["requests"],
        outcome={"corrected": [MARKS["requests"]]},
        received_at=AT,
        due_on=AT.date(),
        decided_at=AT,
        decided_by="ai",
    )


def upload(user: int, _people: People, _session: WriteSession) -> SQLModel:
    return Upload(
        code="TG-0000001",
        resume_code="ABCDEFGH",
        owner_id=user,
        purpose=next(iter(UploadPurpose)),
        subject_code="X",
        state=UploadState.RECEIVING,
        file_name=MARKS["uploads"],
        length=5,
        begun_at=AT,
        expires_at=AT + KEPT_FOR,
    )


def scan(_user: int, _people: People, _session: WriteSession) -> SQLModel:
    return ScanEvent(
        at=AT,
        stamp_index=5,
        verdict=Verdict.VALID,
        caller=next(iter(Caller)),
        device=MARKS["scans"],
    )


def report(_user: int, people: People, session: WriteSession) -> SQLModel:
    made = make_report(
        session, people, state=ReportState.CHECKING, reporter_name=MARKS["reporters"]
    )
    close_report(
        session,
        made.code,
        CloseReport(outcome=ReportOutcome.NO_BREACH, note="Đã xem.", version=made.version),
        actor=people.agency(),
        at=AT,
    )
    return made


PLANTED: dict[str, Callable[[int, People, WriteSession], SQLModel]] = {
    "logins": login,
    "invitations": invitation,
    "recovery": recovery_code,
    "closed": closed_account,
    "notices": notice,
    "rates": rate,
    "jobs": job,
    "requests": request,
    "uploads": upload,
    "scans": scan,
    "reporters": report,
}


def places(session: WriteSession) -> dict[str, set[str]]:
    """Return for each mark every column of the database, the log included, that holds it."""
    found: dict[str, set[str]] = {}
    for table in SQLModel.metadata.tables.values():
        columns = [one for one in table.columns if not isinstance(one.type, sa.LargeBinary)]
        texts = [sa.cast(one, sa.Text).label(one.name) for one in columns]
        marked = sa.or_(*(text.contains("dau-") for text in texts))
        for row in session.execute(sa.select(*texts).select_from(table).where(marked)).mappings():
            for name, value in row.items():
                for key, mark in MARKS.items():
                    if mark in (value or ""):
                        found.setdefault(key, set()).add(f"{table.name}.{name}")
    return found


def run(session: WriteSession, at: datetime) -> dict[str, Any]:
    """Apply every period as the daily job does, until nothing more is found."""
    total: dict[str, Any] = {}
    while found := apply_retention(session, reporters_days=DAYS["reporters"], at=at):
        for key, count in found.items():
            total[key] = total.get(key, 0) + count
    commit(session)
    return total


def test_after_its_period_a_value_is_gone_from_the_database(
    session: WriteSession, people: People
) -> None:
    officer, others = people.officer(), people.agency()
    for key, plant in PLANTED.items():
        who = others if key == "closed" else officer
        session.add(plant(who.user_id or 0, people, session))
        session.flush()
    session.expire_all()
    assert set(places(session)) == set(PLANTED)
    for days in sorted(set(DAYS.values())):
        due = {key for key in PLANTED if DAYS[key] == days}
        if not due:
            continue
        run(session, AT + timedelta(days=days, hours=-1))
        assert due <= set(places(session)), "an hour before, it is still there"
        late = AT + timedelta(days=days + 1, hours=8)
        gone = run(session, late)
        assert {key: gone[key] for key in due} == dict.fromkeys(due, 1)
        assert not due & set(places(session)), days
        assert run(session, late) == {}
    told = session.exec(select(AuditEvent).where(AuditEvent.kind == "personal_data.outlived"))
    assert {key for event in told for key in event.data["gone"]} == set(PLANTED)


def test_every_period_has_its_planted_value() -> None:
    assert {period.key for period in SWEEPS} == set(PLANTED)


def test_one_run_takes_a_bounded_part(session: WriteSession, people: People) -> None:
    user = people.officer().user_id or 0
    session.add_all(
        LoginSession(
            token_hash=f"{number:064}",
            user_id=user,
            created_at=AT,
            last_seen_at=AT,
            expires_at=AT,
        )
        for number in range(MOST_AT_ONCE + 3)
    )
    session.flush()
    late = AT + timedelta(days=DAYS["logins"] + 1)
    first = apply_retention(session, reporters_days=365, at=late)
    second = apply_retention(session, reporters_days=365, at=late)
    assert (first["logins"], second["logins"]) == (MOST_AT_ONCE, 3)
    assert "logins" not in apply_retention(session, reporters_days=365, at=late)
