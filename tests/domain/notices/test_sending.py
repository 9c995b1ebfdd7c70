"""Notices go out by e-mail and SMS: at least once, by one sender at a time, until given up."""

import json
import stat
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.carriers import Carrier, NotCarried, Parcel, Trouble
from app.core.db import WriteSession, make_engine, transaction
from app.core.mail import MailCarrier
from app.core.settings import Settings
from app.core.sms import SmsFile
from app.domain.accounts.actions import disable_user
from app.domain.accounts.models import User
from app.domain.audit.models import AuditEvent
from app.domain.notices.actions import (
    House,
    Pass,
    claim_delivery,
    notify,
    plan_deliveries,
    retry_delivery,
    send_due,
    settle_delivery,
)
from app.domain.notices.enums import Channel, DeliveryState
from app.domain.notices.models import Delivery, Notice
from app.domain.notices.policy import NotGivenUp, NotPoster
from app.domain.notices.rules import (
    LEASE,
    LONGEST_SHORT_TEXT,
    MOST_ATTEMPTS,
    NEWS_FOR,
    in_words,
    next_attempt,
    persons,
)
from tests.conftest import commit
from tests.domain.notices.letters import LETTER, Thing, reachable, told
from tests.factories.people import People
from tests.plugins.mail import PostOffice, free_port

HOUSE = House("https://ocop.example")


class Clock:
    """A moment that tests move on."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def later(self, span: timedelta) -> None:
        """Let time pass."""
        self.at += span


@pytest.fixture
def clock(at: datetime) -> Clock:
    """Return the clock of the sender."""
    return Clock(at)


def by_mail(office: PostOffice, **changes: object) -> Mapping[Channel, Carrier]:
    """Return the ways out: letters only."""
    return {Channel.EMAIL: MailCarrier(office.server(**changes))}


def deliveries(session: WriteSession) -> list[Delivery]:
    """Return the deliveries as the database has them, and hold no transaction open."""
    session.rollback()
    found = list(session.exec(select(Delivery).order_by(col(Delivery.id))).all())
    session.expunge_all()
    session.rollback()
    return found


@pytest.fixture
def waiting(session: WriteSession, people: People) -> None:
    """Let one officer be told one thing, and reachable by every way."""
    officer = people.officer()
    reachable(session, people, officer)
    told(session, people, officer)
    commit(session)


@pytest.mark.usefixtures("waiting")
def test_a_letter_says_what_happened_what_to_do_and_where(
    engine: Engine, session: WriteSession, post_office: PostOffice, clock: Clock
) -> None:
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(sent=1, failed=0)
    (letter,) = post_office.letters
    (delivery,) = deliveries(session)
    notice = session.exec(select(Notice)).one()
    assert letter["Subject"] == "Việc 0 của Hợp tác xã Bình Lư đã xảy ra"
    assert letter["Message-ID"] == f"<{delivery.code}@laichau.example>"
    assert post_office.recipients == ["nguoi1@example.com"]
    text = letter.get_content()
    for said in (
        "Kính gửi Canbo03390 Thử Nghiệm,",
        "Việc cần làm: Hãy xem trước ngày 30/09/2026.",
        f"Xem tại: https://ocop.example/notices/{notice.code}",
        "Căn cứ: 26/2026/QĐ-TTg, Điều 7",
        "https://ocop.example/account",
    ):
        assert said in text
    assert (delivery.state, delivery.sent_at, delivery.attempts) == (
        DeliveryState.SENT,
        clock.at,
        1,
    )


@pytest.mark.usefixtures("waiting")
def test_a_second_pass_sends_nothing(engine: Engine, post_office: PostOffice, clock: Clock) -> None:
    send_due(engine, by_mail(post_office), HOUSE, clock=clock)
    clock.later(timedelta(days=1))
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(0, 0)
    assert len(post_office.letters) == 1


def test_only_chosen_ways_of_open_accounts_are_taken(
    engine: Engine,
    session: WriteSession,
    people: People,
    post_office: PostOffice,
    clock: Clock,
) -> None:
    silent, closed, asked = people.leader(), people.partner(), people.officer()
    reachable(session, people, closed, number=2)
    reachable(session, people, asked, number=3)
    told(session, people, silent, closed, asked)
    disable_user(session, "doitac", actor=people.administrator(), at=people.at)
    commit(session)
    send_due(engine, by_mail(post_office), HOUSE, clock=clock)
    assert post_office.recipients == ["nguoi3@example.com"]
    assert [one.channel for one in deliveries(session)] == [Channel.EMAIL]


@pytest.mark.usefixtures("waiting")
def test_what_is_old_when_a_sender_first_sees_it_stays_on_the_work_list(
    engine: Engine, session: WriteSession, post_office: PostOffice, clock: Clock
) -> None:
    clock.later(NEWS_FOR + timedelta(minutes=1))
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(0, 0)
    assert not deliveries(session)
    assert session.exec(select(Notice)).one().planned_at == clock.at


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("mood", ["busy", "hang"])
def test_what_failed_is_tried_again_later_and_arrives_once(
    engine: Engine, session: WriteSession, post_office: PostOffice, clock: Clock, mood: str
) -> None:
    post_office.moods.append(mood)  # type: ignore[arg-type]  # -- one of the moods, as the table says
    ways = by_mail(post_office, seconds=0.5)
    assert send_due(engine, ways, HOUSE, clock=clock) == Pass(sent=0, failed=1)
    (delivery,) = deliveries(session)
    assert delivery.state is DeliveryState.WAITING
    assert delivery.due_at == clock.at + timedelta(minutes=1)
    assert delivery.problem is not None
    assert send_due(engine, ways, HOUSE, clock=clock) == Pass(0, 0)
    clock.later(timedelta(minutes=1))
    assert send_due(engine, ways, HOUSE, clock=clock) == Pass(sent=1, failed=0)
    (delivery,) = deliveries(session)
    assert (delivery.state, delivery.problem) == (DeliveryState.SENT, None)
    assert len(post_office.letters) == 1


@pytest.mark.usefixtures("waiting")
def test_a_server_that_accepts_and_dies_gets_it_again_under_the_same_name(
    engine: Engine, post_office: PostOffice, clock: Clock
) -> None:
    post_office.moods.append("die")
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(0, 1)
    clock.later(timedelta(minutes=1))
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(1, 0)
    first, second = (one["Message-ID"] for one in post_office.letters)
    assert first == second


@pytest.mark.usefixtures("waiting")
def test_a_sender_killed_after_sending_leaves_a_lease_that_runs_out(
    engine: Engine, session: WriteSession, post_office: PostOffice, clock: Clock
) -> None:
    ways = by_mail(post_office)
    with transaction(engine) as writing:
        plan_deliveries(writing, [Channel.EMAIL], at=clock())
    with transaction(engine) as writing:
        claimed = claim_delivery(writing, Channel.EMAIL, HOUSE, at=clock())
    assert claimed is not None
    ways[Channel.EMAIL].carry(claimed.parcel)
    ways[Channel.EMAIL].close()
    # Here it dies: nobody notes that the letter went.
    assert send_due(engine, ways, HOUSE, clock=clock) == Pass(0, 0)
    clock.later(LEASE)
    assert send_due(engine, ways, HOUSE, clock=clock) == Pass(1, 0)
    first, second = (one["Message-ID"] for one in post_office.letters)
    assert first == second
    assert deliveries(session)[0].attempts == 2


@pytest.mark.usefixtures("waiting")
def test_a_failure_that_comes_late_does_not_undo_what_another_sender_did(
    engine: Engine, session: WriteSession, post_office: PostOffice, clock: Clock
) -> None:
    with transaction(engine) as writing:
        plan_deliveries(writing, [Channel.EMAIL], at=clock())
    with transaction(engine) as writing:
        slow = claim_delivery(writing, Channel.EMAIL, HOUSE, at=clock())
    assert slow is not None
    clock.later(LEASE)
    with transaction(engine) as writing:
        quick = claim_delivery(writing, Channel.EMAIL, HOUSE, at=clock())
    assert quick is not None
    late = NotCarried(Trouble.REFUSED, answer=550, for_good=True)
    with transaction(engine) as writing:
        settle_delivery(writing, slow, late, at=clock())
    (delivery,) = deliveries(session)
    assert (delivery.state, delivery.leased_until) == (DeliveryState.WAITING, clock.at + LEASE)
    with transaction(engine) as writing:
        settle_delivery(writing, quick, None, at=clock())
    with transaction(engine) as writing:
        settle_delivery(writing, slow, late, at=clock())
    assert deliveries(session)[0].state is DeliveryState.SENT
    assert not post_office.letters


def test_four_senders_at_once_send_each_letter_once(
    session: WriteSession,
    settings: Settings,
    people: People,
    post_office: PostOffice,
    clock: Clock,
) -> None:
    officer = people.officer()
    reachable(session, people, officer)
    told(session, people, officer, count=30)
    commit(session)
    start, passes = threading.Barrier(4), []

    def send() -> None:
        own = make_engine(settings)  # as a process of its own would
        try:
            start.wait()
            passes.append(send_due(own, by_mail(post_office), HOUSE, clock=clock))
        finally:
            own.dispose()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    names = [one["Message-ID"] for one in post_office.letters]
    assert len(names) == len(set(names)) == sum(one.sent for one in passes) == 30
    assert {one.state for one in deliveries(session)} == {DeliveryState.SENT}


def test_a_dead_server_costs_one_attempt_a_pass_and_the_rest_waits_unharmed(
    engine: Engine, session: WriteSession, people: People, post_office: PostOffice, clock: Clock
) -> None:
    officer = people.officer()
    reachable(session, people, officer)
    told(session, people, officer, count=3)
    commit(session)
    dead = by_mail(post_office, port=free_port())
    assert send_due(engine, dead, HOUSE, clock=clock) == Pass(sent=0, failed=1)
    assert sorted(one.attempts for one in deliveries(session)) == [0, 0, 1]
    clock.later(timedelta(minutes=1))
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(3, 0)


@pytest.mark.usefixtures("waiting")
def test_after_days_without_a_server_it_is_given_up_and_may_be_sent_again_by_hand(
    engine: Engine,
    session: WriteSession,
    people: People,
    post_office: PostOffice,
    clock: Clock,
) -> None:
    dead = by_mail(post_office, port=free_port())
    for _ in range(MOST_ATTEMPTS):
        assert send_due(engine, dead, HOUSE, clock=clock) == Pass(0, 1)
        clock.at = max(clock.at, deliveries(session)[0].due_at)
    (delivery,) = deliveries(session)
    assert (delivery.state, delivery.problem) == (DeliveryState.GIVEN_UP, Trouble.UNREACHABLE)
    assert timedelta(days=2) < clock.at - people.at < timedelta(days=4)
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(0, 0)
    with pytest.raises(NotPoster):
        retry_delivery(session, delivery.code, actor=people.officer(), at=clock.at)
    session.rollback()
    agency = people.agency()
    retry_delivery(session, delivery.code, actor=agency, at=clock.at)
    commit(session)
    with pytest.raises(NotGivenUp):
        retry_delivery(session, delivery.code, actor=agency, at=clock.at)
    session.rollback()
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(1, 0)
    assert post_office.letters[0]["Message-ID"] == f"<{delivery.code}@laichau.example>"
    kinds = session.exec(select(AuditEvent.kind)).all()
    assert kinds.count("delivery.retried") == 1


@pytest.mark.usefixtures("waiting")
def test_a_refusal_for_good_is_given_up_at_once_with_its_answer(
    engine: Engine, session: WriteSession, post_office: PostOffice, clock: Clock
) -> None:
    post_office.moods.append("refuse_recipient")
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(0, 1)
    (delivery,) = deliveries(session)
    assert (delivery.state, delivery.problem, delivery.problem_answer) == (
        DeliveryState.GIVEN_UP,
        Trouble.REFUSED,
        550,
    )


@pytest.mark.usefixtures("waiting")
def test_an_address_taken_back_before_sending_is_not_used(
    engine: Engine, session: WriteSession, post_office: PostOffice, clock: Clock
) -> None:
    with transaction(engine) as writing:
        plan_deliveries(writing, [Channel.EMAIL], at=clock())
    for user in session.exec(select(User)):
        user.wants_email = False
    commit(session)
    assert send_due(engine, by_mail(post_office), HOUSE, clock=clock) == Pass(0, 0)
    (delivery,) = deliveries(session)
    assert (delivery.state, delivery.problem) == (DeliveryState.GIVEN_UP, Trouble.NO_ADDRESS)


@pytest.mark.usefixtures("waiting")
def test_a_sender_that_always_dies_gives_up_in_the_end(
    engine: Engine, session: WriteSession, clock: Clock
) -> None:
    class Fatal:
        """A way out on which every sender dies."""

        def carry(self, parcel: Parcel) -> None:
            """Die."""
            raise KeyboardInterrupt(parcel.code)

        def close(self) -> None:
            """Too late."""

    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            send_due(engine, {Channel.EMAIL: Fatal()}, HOUSE, clock=clock)
        clock.later(LEASE)
    assert send_due(engine, {Channel.EMAIL: Fatal()}, HOUSE, clock=clock) == Pass(0, 0)
    assert deliveries(session)[0].state is DeliveryState.GIVEN_UP


@pytest.mark.usefixtures("waiting")
def test_short_messages_are_lines_of_a_file_only_the_service_reads(
    engine: Engine, session: WriteSession, clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "out" / "sms.jsonl"
    assert send_due(engine, {Channel.SMS: SmsFile(file)}, HOUSE, clock=clock) == Pass(1, 0)
    (line,) = file.read_text(encoding="utf-8").splitlines()
    said = json.loads(line)
    (delivery,) = deliveries(session)
    notice = session.exec(select(Notice)).one()
    assert said == {
        "id": delivery.code,
        "to": "+84912345601",
        "text": "Việc 0 của Hợp tác xã Bình Lư đã xảy ra. "
        f"https://ocop.example/notices/{notice.code}",
        "at": "2026-09-14T02:00:00+00:00",
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.usefixtures("waiting")
def test_a_disk_that_takes_nothing_is_tried_again(
    engine: Engine, session: WriteSession, clock: Clock, tmp_path: Path
) -> None:
    ways = {Channel.SMS: SmsFile(tmp_path)}  # a folder is no file to write to
    assert send_due(engine, ways, HOUSE, clock=clock) == Pass(0, 1)
    assert deliveries(session)[0].problem is Trouble.UNREACHABLE


def test_short_messages_keep_their_accents_the_day_and_the_link_within_three_parts() -> None:
    words = in_words(
        title="Tỉnh yêu cầu hoàn thiện hồ sơ HS-1234567 của " + "«Gạo nếp tan Thẩm Dương» " * 10,
        todo="",
        due_on=date(2026, 10, 1),
        basis="",
        name="",
        link="https://ocop.laichau.gov.vn/notices/TB-7K2M9Q4",
        account_link="",
        invented=False,
    )
    assert len(words.short_text) == LONGEST_SHORT_TEXT
    assert words.short_text.startswith("Tỉnh yêu cầu hoàn thiện hồ sơ HS-1234567")
    assert words.short_text.endswith(
        "… Hạn 01/10/2026. https://ocop.laichau.gov.vn/notices/TB-7K2M9Q4"
    )


def test_the_invented_world_says_so_in_every_message() -> None:
    words = in_words(
        title="Việc",
        todo="",
        due_on=None,
        basis="",
        name="",
        link="",
        account_link="",
        invented=True,
    )
    assert words.subject.startswith("[Minh họa]")
    assert "[Minh họa]" in words.text
    assert words.short_text.startswith("[Minh họa]")


def test_pauses_grow_to_six_hours_and_end() -> None:
    at = datetime(2026, 9, 14, tzinfo=UTC)
    pauses = [next_attempt(n, at) for n in range(1, MOST_ATTEMPTS + 1)]
    minutes = [(one - at) / timedelta(minutes=1) for one in pauses if one]
    assert minutes[:4] == [1, 2, 4, 8]
    assert max(minutes) == 360
    assert pauses[-1] is None


@pytest.mark.usefixtures("waiting")
def test_no_address_is_ever_logged_or_audited(
    engine: Engine,
    session: WriteSession,
    post_office: PostOffice,
    clock: Clock,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(0)
    post_office.moods += ["refuse_recipient", "busy"]
    ways = {**by_mail(post_office), Channel.SMS: SmsFile(tmp_path / "sms.jsonl")}
    send_due(engine, ways, HOUSE, clock=clock)
    said = capfd.readouterr()
    audited = json.dumps([one.data for one in session.exec(select(AuditEvent)).all()])
    # The test's own mail server logs the talk; what is ours is everything else.
    own = [one.getMessage() for one in caplog.records if not one.name.startswith("mail.")]
    for text in (said.out, said.err, audited, "\n".join(own)):
        assert "nguoi1@example.com" not in text
        assert "912345601" not in text


def test_many_at_once_are_planned_whole(
    engine: Engine, session: WriteSession, people: People, post_office: PostOffice, clock: Clock
) -> None:
    officer = people.officer()
    told(session, people, officer, count=3)
    notify(
        session,
        LETTER,
        to=persons(people.leader().user_id),
        subject=Thing(),
        actor=officer,
        at=people.at,
        number=1,
        who="",
        day="",
    )
    commit(session)
    send_due(engine, by_mail(post_office), HOUSE, clock=clock)
    session.expire_all()
    assert all(one.planned_at for one in session.exec(select(Notice)))
