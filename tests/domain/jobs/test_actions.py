"""Jobs are put down once, claimed once, put off, given up, mended by people, and forgotten."""

from collections import Counter
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import WriteSession, transaction
from app.core.errors import NotFound
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import waiting_kinds
from app.domain.jobs.actions import (
    Claim,
    cancel_job,
    claim_next,
    fail_job,
    finish_job,
    forget_old_jobs,
    give_back,
    hold_on,
    put_down,
    put_down_scheduled,
    tell_progress,
    try_again,
)
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job
from app.domain.jobs.policy import NotCaretaker, NotDead, NotWaiting, why_not_see_all
from app.domain.jobs.queries import (
    get_job,
    is_anything_due,
    jobs_about,
    jobs_page,
    queue_state,
    state_counts,
    unfinished_of,
)
from app.domain.jobs.rules import (
    DEAD_KEPT_DAYS,
    HEAVY,
    KEPT_DAYS,
    LEASE,
    PROBLEM_MESSAGES,
    SCHEDULE,
    most_attempts,
    wait_after,
)
from app.domain.jobs.schemas import MadeFile
from tests.conftest import AT, commit
from tests.factories.people import People

KIND = JobKind.PROVINCE_REPORT


def put(
    session: WriteSession,
    kind: JobKind = KIND,
    *,
    actor: Actor = SYSTEM,
    occasion: str | None = None,
    about: str = "",
) -> Job:
    return put_down(
        session, kind, {"on": "x"}, subject_code=about, actor=actor, at=AT, occasion=occasion
    )


def claimed(session: WriteSession, at: object = AT, worker: str = "một") -> Claim:
    found = claim_next(session, worker=worker, at=at)  # type: ignore[arg-type]  # -- AT and later
    assert found is not None
    return found


def test_a_job_with_an_occasion_is_one_of_its_kind(session: WriteSession) -> None:
    first, again = (put(session, occasion="2026-09-14") for _ in range(2))
    assert first.id == again.id
    assert put(session, JobKind.REMIND, occasion="2026-09-14").id != first.id
    assert put(session).id != put(session).id


def test_a_job_of_an_undone_transaction_was_never_there(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), transaction(engine) as session:
        put(session)
        _ = 1 / 0
    with transaction(engine) as session:
        assert claim_next(session, worker="một", at=AT) is None


def test_a_job_is_taken_told_on_and_done(session: WriteSession) -> None:
    job = put(session, occasion="một")
    claim = claimed(session)
    assert (claim.code, claim.attempt, claim.params) == (job.code, 1, {"on": "x"})
    assert claim_next(session, worker="hai", at=AT) is None
    assert tell_progress(session, claim, 3, 7, at=AT)
    assert finish_job(session, claim, {"export": "XB-1"}, at=AT)
    session.refresh(job)
    assert (job.state, job.steps_done, job.steps_of) == (JobState.DONE, 3, 7)
    assert job.result == {"export": "XB-1"}
    assert MadeFile.of(job) is None
    assert not finish_job(session, claim, {}, at=AT)


def test_the_oldest_is_taken_first_and_heavy_ones_are_left_to_others(session: WriteSession) -> None:
    heavy = put(session, JobKind.PRINT_BUNDLE)
    light = put(session)
    assert not is_anything_due(session, at=AT - timedelta(seconds=1))
    found = claim_next(session, worker="một", at=AT, besides=HEAVY)
    assert found is not None
    assert found.code == light.code
    assert not is_anything_due(session, at=AT, besides=HEAVY)
    assert is_anything_due(session, at=AT)
    assert claimed(session).code == heavy.code


def test_a_failed_job_waits_longer_each_time_and_is_given_up_in_the_end(
    session: WriteSession,
) -> None:
    job, at = put(session), AT
    for attempt in range(1, most_attempts(KIND) + 1):
        claim = claimed(session, at)
        assert claim.attempt == attempt
        assert fail_job(session, claim, "Đĩa đầy.", at=at)
        session.refresh(job)
        if attempt < most_attempts(KIND):
            assert (job.state, job.due_at) == (JobState.WAITING, at + wait_after(attempt))
            assert claim_next(session, worker="một", at=at) is None
            at = job.due_at
    assert (job.state, job.problem, job.finished_at) == (JobState.DEAD, "Đĩa đầy.", at)
    assert claim_next(session, worker="một", at=at + timedelta(days=9)) is None


def test_a_job_that_no_second_try_can_mend_is_given_up_at_once(session: WriteSession) -> None:
    job = put(session)
    fail_job(session, claimed(session), "Cuộn 3 đã rút.", at=AT, for_good=True)
    session.refresh(job)
    assert (job.state, job.attempts) == (JobState.DEAD, 1)


def test_a_worker_that_is_heard_no_more_loses_its_job_and_is_not_heard_later(
    session: WriteSession,
) -> None:
    job = put(session)
    dead = claimed(session, worker="một")
    assert hold_on(session, dead, at=AT + timedelta(minutes=1))
    assert claim_next(session, worker="hai", at=AT + LEASE) is None
    later = AT + timedelta(minutes=1) + LEASE
    alive = claimed(session, later, worker="hai")
    assert (alive.code, alive.attempt) == (dead.code, 2)
    assert not tell_progress(session, dead, 1, 2, at=later)
    assert not hold_on(session, dead, at=later)
    assert not fail_job(session, dead, "muộn", at=later)
    assert not finish_job(session, dead, {}, at=later)
    assert finish_job(session, alive, {}, at=later)
    session.refresh(job)
    assert (job.state, job.problem) == (JobState.DONE, "")


def test_a_job_that_kills_its_workers_is_given_up(session: WriteSession) -> None:
    job, at = put(session), AT
    for _ in range(most_attempts(KIND)):
        claimed(session, at)
        at += LEASE
    assert claim_next(session, worker="một", at=at) is None
    session.refresh(job)
    assert (job.state, job.problem) == (JobState.DEAD, PROBLEM_MESSAGES["died"])


def test_a_job_given_back_is_begun_at_once_and_has_lost_no_attempt(session: WriteSession) -> None:
    put(session)
    give_back(session, claimed(session), at=AT)
    assert claimed(session, worker="hai").attempt == 1


def test_a_dead_job_is_tried_again_and_a_waiting_one_cancelled_by_who_may(
    session: WriteSession, people: People
) -> None:
    owner, other = people.signer(), people.auditor()
    dead = put(session, actor=owner)
    fail_job(session, claimed(session), "Hỏng.", at=AT, for_good=True)
    session.refresh(dead)
    with pytest.raises(NotFound):
        try_again(session, dead.code, actor=other, at=AT)
    try_again(session, dead.code, actor=owner, at=AT)
    assert (dead.state, dead.attempts, dead.problem) == (JobState.WAITING, 0, "")
    with pytest.raises(NotDead):
        try_again(session, dead.code, actor=people.administrator(), at=AT)
    cancel_job(session, dead.code, actor=people.administrator(), at=AT)
    with pytest.raises(NotWaiting):
        cancel_job(session, dead.code, actor=owner, at=AT)
    assert claim_next(session, worker="một", at=AT) is None
    kinds = [kind for kind in waiting_kinds(session) if kind.startswith("job.")]
    assert kinds == ["job.asked", "job.retried", "job.cancelled"]


def test_a_cancelled_occasion_can_be_asked_for_again(session: WriteSession, people: People) -> None:
    job = put(session, occasion="một", actor=people.agency())
    cancel_job(session, job.code, actor=people.agency(), at=AT)
    assert put(session, occasion="một", actor=people.agency()).state is JobState.WAITING


def test_people_see_their_own_jobs_and_caretakers_all(
    session: WriteSession, people: People
) -> None:
    mine, scheduled = put(session, actor=people.signer(), about="IN-1"), put(session)
    assert get_job(session, mine.code, actor=people.signer()).id == mine.id
    with pytest.raises(NotFound):
        get_job(session, scheduled.code, actor=people.signer())
    assert isinstance(why_not_see_all(people.signer()), NotCaretaker)
    for caretaker in (people.agency(), people.head(), people.administrator()):
        assert why_not_see_all(caretaker) is None
        assert len(jobs_page(session, actor=caretaker).items) == 2
    assert [job.id for job in jobs_page(session, actor=people.signer()).items] == [mine.id]
    assert state_counts(session, actor=people.signer()) == {JobState.WAITING: 1}
    assert jobs_about(session, ["IN-1", "IN-2"], kinds=[KIND]).keys() == {"IN-1"}
    assert jobs_about(session, [], kinds=[KIND]) == {}
    assert [job.id for job in unfinished_of(session, people.signer(), kinds=[KIND])] == [mine.id]


def test_pages_of_jobs_are_bounded_and_go_on(session: WriteSession, people: People) -> None:
    for _ in range(3):
        put(session)
    first = jobs_page(session, actor=people.head(), limit=2)
    rest = jobs_page(session, actor=people.head(), after=first.next_after or 0, limit=2)
    assert (len(first.items), len(rest.items), rest.next_after) == (2, 1, None)
    assert not jobs_page(session, actor=people.head(), states=[JobState.DEAD]).items


def test_the_queue_tells_how_much_waits_and_for_how_long(session: WriteSession) -> None:
    empty = queue_state(session, AT)
    assert (empty.waiting, empty.due, empty.oldest_seconds) == (0, 0, 0.0)
    for _ in range(4):
        put(session)
    fail_job(session, claimed(session), "Hỏng.", at=AT)
    fail_job(session, claimed(session), "Hỏng.", at=AT, for_good=True)
    claimed(session)
    found = queue_state(session, AT + timedelta(seconds=90))
    assert (found.waiting, found.due, found.running, found.dead) == (2, 1, 1, 1)
    assert (found.oldest_seconds, found.lost) == (90.0, 0)
    assert queue_state(session, AT + LEASE).lost == 1


def test_what_is_over_for_long_is_forgotten(session: WriteSession) -> None:
    done, dead, waits = put(session), put(session), put(session)
    finish_job(session, claimed(session), {}, at=AT)
    fail_job(session, claimed(session), "Hỏng.", at=AT, for_good=True)
    assert forget_old_jobs(session, at=AT + timedelta(days=KEPT_DAYS)) == 0
    assert forget_old_jobs(session, at=AT + timedelta(days=KEPT_DAYS, seconds=1)) == 1
    assert forget_old_jobs(session, at=AT + timedelta(days=DEAD_KEPT_DAYS, seconds=1)) == 1
    left = session.exec(select(Job.code)).all()
    assert left == [waits.code]
    assert {done.code, dead.code}.isdisjoint(left)


def test_the_same_hour_looked_at_by_many_at_once_puts_each_thing_down_once(engine: Engine) -> None:
    found: list[int] = []

    def look() -> None:
        for _ in range(3):
            with transaction(engine) as session:
                found.append(put_down_scheduled(session, at=AT, all_day=True))

    threads = [Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction(engine) as session:
        assert len(session.exec(select(Job.id)).all()) == len(SCHEDULE)
        assert put_down_scheduled(session, at=AT, all_day=True) == 0
        assert put_down_scheduled(session, at=AT + timedelta(days=1), all_day=True) > 0
    assert len(found) == 9


def test_four_workers_claim_each_of_many_jobs_exactly_once(engine: Engine) -> None:
    count = 200
    with transaction(engine) as session:
        session.add_all(
            Job(code=f"VN-{n}", kind=KIND, due_at=AT, created_at=AT) for n in range(count)
        )
    done: list[str] = []

    def work(worker: str) -> None:
        while True:
            with transaction(engine) as session:
                claim = claim_next(session, worker=worker, at=AT)
                if claim is None:
                    return
                assert finish_job(session, claim, {}, at=AT)
            done.append(claim.code)

    threads = [Thread(target=work, args=(f"máy {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(Counter(done).values()) == {1}
    assert len(done) == count
    with transaction(engine) as session:
        states = session.exec(select(Job.state, Job.attempts).distinct()).all()
        assert states == [(JobState.DONE, 1)]
        assert session.exec(select(Job).where(col(Job.worker) == "")).first() is None


def test_an_end_is_kept_with_its_effect(engine: Engine, session: WriteSession) -> None:
    job = put(session)
    commit(session)
    with pytest.raises(ZeroDivisionError), transaction(engine) as effect:
        claim = claimed(effect)
        finish_job(effect, claim, {}, at=AT)
        _ = 1 / 0
    session.refresh(job)
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
