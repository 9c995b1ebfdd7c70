"""Requests are written down, answered in time by somebody else, and done; what a law keeps is kept."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, StaleVersion
from app.domain.accounts.actions import create_token
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.models import ApiToken, LoginSession, Membership, User
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import CreateToken
from app.domain.audit.models import AuditEvent
from app.domain.audit.queries import verified_chain
from app.domain.notices.models import Notice
from app.domain.privacy.actions import (
    TooManyOpen,
    answer_request,
    ask,
    copy_for_request,
    copy_own,
    note_reading,
    read_personal,
    withdraw_request,
    write_down,
)
from app.domain.privacy.enums import RequestKind, RequestState, RequestStep
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.papers import zipped_copy
from app.domain.privacy.policy import MustKeep, NotNeeded, OwnRequest
from app.domain.privacy.queries import (
    get_request,
    kept_by_law,
    own_requests,
    person_asked_about,
    work_for,
)
from app.domain.privacy.rules import MOST_OPEN
from app.domain.privacy.schemas import (
    AnswerRequest,
    AskAboutData,
    WithdrawRequest,
    WriteDownRequest,
)
from app.domain.producers.enums import Gender, ProducerKind
from app.domain.producers.models import Producer
from tests.conftest import AT, commit
from tests.factories.dossiers import make_dossier
from tests.factories.people import ELSEWHERE, People
from tests.factories.register import make_producer


def asked(
    session: WriteSession, actor: Actor, kind: RequestKind = RequestKind.ERASURE
) -> PersonalDataRequest:
    """Ask about one's own data."""
    return ask(session, AskAboutData(kind=kind, words="Xin hãy làm."), actor=actor, at=AT)


def answer(step: RequestStep, version: int = 1, **more: Any) -> AnswerRequest:
    """Return what an officer answers."""
    return AnswerRequest(step=step, answer="Đã xem và làm.", version=version, **more)


def household(session: WriteSession, people: People) -> Producer:
    """Register a household with everything Mẫu 02 asks of its representative."""
    producer = make_producer(session, people, "Hộ Lò Thị Mẫu", kind=ProducerKind.HOUSEHOLD)
    producer.email = "holo@example.com"
    producer.representative_ethnicity = "Thái"
    producer.representative_gender = Gender.FEMALE
    producer.representative_address = "Bản Nà Khan"
    session.flush()
    return producer


def user_of(session: WriteSession, actor: Actor) -> User:
    """Return the account behind an actor, with an address and a number."""
    user = session.get_one(User, actor.user_id)
    user.email, user.phone = "nguoinay@example.com", "0912345678"
    user.wants_email = user.wants_sms = True
    session.add(
        LoginSession(
            token_hash=f"{user.id}" * 8,
            user_id=user.id or 0,
            created_at=AT,
            last_seen_at=AT,
            expires_at=AT + timedelta(hours=12),
            device="Trình duyệt thử",
        )
    )
    session.flush()
    return user


def test_a_request_waits_for_the_agency_until_its_day(
    session: WriteSession, people: People
) -> None:
    officer, agency = people.officer(), people.agency()
    request = asked(session, officer)
    assert request.state is RequestState.RECEIVED
    assert (request.due_on - AT.date()).days == 20
    (item,) = work_for(session, agency, on=request.due_on + timedelta(days=1))
    assert (item.code, item.overdue) == (request.code, True)
    assert work_for(session, officer, on=AT.date()) == []
    told = session.exec(select(Notice).where(col(Notice.user_id) == agency.user_id)).one()
    assert officer.name not in str(told.params)
    assert [one.code for one in own_requests(session, officer)] == [request.code]


def test_nobody_answers_about_themselves_and_only_the_agency_answers(
    session: WriteSession, people: People
) -> None:
    agency = people.agency()
    own = asked(session, agency, RequestKind.OBJECTION)
    with pytest.raises(OwnRequest):
        answer_request(session, own.code, answer(RequestStep.GRANT), actor=agency, at=AT)
    assert work_for(session, agency, on=AT.date()) == []
    answer_request(session, own.code, answer(RequestStep.GRANT), actor=people.head(), at=AT)
    other = asked(session, people.officer(), RequestKind.OBJECTION)
    with pytest.raises(NotPermitted):
        answer_request(
            session, other.code, answer(RequestStep.GRANT), actor=people.auditor(), at=AT
        )
    with pytest.raises(StaleVersion):
        answer_request(session, other.code, answer(RequestStep.GRANT, 7), actor=agency, at=AT)
    answer_request(session, other.code, answer(RequestStep.REFUSE), actor=agency, at=AT)
    with pytest.raises(Conflict):
        answer_request(session, other.code, answer(RequestStep.GRANT, 2), actor=agency, at=AT)


def test_a_person_takes_a_request_back_and_nobody_elses(
    session: WriteSession, people: People
) -> None:
    request = asked(session, people.officer())
    with pytest.raises(NotFound):
        withdraw_request(
            session, request.code, WithdrawRequest(version=1), actor=people.agency(), at=AT
        )
    withdraw_request(
        session, request.code, WithdrawRequest(version=1), actor=people.officer(), at=AT
    )
    assert request.state is RequestState.WITHDRAWN
    for _ in range(MOST_OPEN):
        asked(session, people.officer())
    with pytest.raises(TooManyOpen):
        asked(session, people.officer())


def test_a_name_is_corrected_and_nothing_goes_out_any_more_when_somebody_objects(
    session: WriteSession, people: People
) -> None:
    officer, agency = people.officer(), people.agency()
    user = user_of(session, officer)
    wrong = asked(session, officer, RequestKind.CORRECTION)
    done = answer(RequestStep.GRANT, name="Lò Văn Đúng")
    answer_request(session, wrong.code, done, actor=agency, at=AT)
    assert (user.name, wrong.outcome) == ("Lò Văn Đúng", {"corrected": ["name"]})
    stop = asked(session, officer, RequestKind.RESTRICTION)
    answer_request(session, stop.code, answer(RequestStep.GRANT), actor=agency, at=AT)
    assert (user.wants_email, user.wants_sms, user.email != "") == (False, False, True)
    told = session.exec(select(Notice.kind).where(col(Notice.user_id) == officer.user_id)).all()
    assert told == ["privacy.answered"] * 2


def test_an_official_in_office_loses_what_is_private_and_keeps_the_account(
    session: WriteSession, people: People
) -> None:
    officer = people.officer()
    user = user_of(session, officer)
    request = asked(session, officer)
    with pytest.raises(MustKeep):
        answer_request(
            session, request.code, answer(RequestStep.GRANT), actor=people.agency(), at=AT
        )
    answer_request(
        session, request.code, answer(RequestStep.GRANT_PARTLY), actor=people.agency(), at=AT
    )
    assert (user.email, user.phone, user.disabled_at) == ("", "", None)
    assert request.outcome["kept"][0] == "account"
    assert request.outcome["erased"]["contact"] == 2
    assert session.exec(select(LoginSession)).all(), "the open session goes on"


def test_an_account_without_office_is_closed_renamed_and_emptied_and_the_log_stays_whole(
    session: WriteSession, people: People
) -> None:
    producer = household(session, people)
    owner = people.producer(producer.id or 0)
    user = user_of(session, owner)
    old_name = user.username
    create_token(
        session,
        CreateToken(name="Máy của tôi", scopes=[Scope.REGISTER_READ], days=5),
        actor=owner,
        at=AT,
    )
    request = asked(session, owner)
    assert request.producer_id == producer.id
    commit(session)
    agency = people.agency()
    answer_request(session, request.code, answer(RequestStep.GRANT_PARTLY), actor=agency, at=AT)
    commit(session)
    session.refresh(user)
    assert (user.email, user.phone, user.organisation) == ("", "", "")
    assert old_name not in (user.username, user.name)
    assert user.disabled_at is not None
    assert session.exec(select(LoginSession)).all() == []
    assert session.exec(select(Notice).where(col(Notice.user_id) == user.id)).all() == []
    token = session.exec(select(ApiToken)).one()
    assert token.name == ""
    assert token.revoked_at is not None
    held = session.exec(select(Membership).where(col(Membership.user_id) == user.id)).one()
    assert held.valid_to is not None
    session.refresh(producer)
    assert (producer.phone, producer.email, producer.representative_ethnicity) == ("", "", "")
    assert producer.representative_gender is Gender.UNSTATED
    assert producer.name == "Hộ Lò Thị Mẫu"
    assert "producers" in request.outcome["kept"]
    assert verified_chain(session).is_whole
    said = " ".join(str(event.data) for event in session.exec(select(AuditEvent)))
    for private in ("nguoinay@example.com", "0912345678", "Thái", "Xin hãy làm", "Đã xem và làm"):
        assert private not in said


def test_what_a_dossier_under_way_needs_is_kept_until_it_has_ended(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    producer = session.get_one(Producer, dossier.producer_id)
    producer.representative_ethnicity = "Mông"
    officer = people.officer()
    request = write_down(
        session,
        WriteDownRequest(
            kind=RequestKind.ERASURE,
            words="Xóa giúp tôi.",
            producer=producer.code,
            subject_name="Lò Thị Mẫu",
        ),
        actor=officer,
        at=AT,
    )
    kept = kept_by_law(session, person_asked_about(request), on=AT.date())
    assert {"producers", "dossiers", "representatives"} <= set(kept)
    answer_request(
        session, request.code, answer(RequestStep.GRANT_PARTLY), actor=people.agency(), at=AT
    )
    session.refresh(producer)
    assert (producer.phone, producer.representative_ethnicity) == ("", "Mông")


def test_an_officer_writes_down_for_the_own_commune_and_the_agency_for_anybody(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people, "Hộ ở xa", commune_code=ELSEWHERE)
    said: dict[str, Any] = {
        "kind": RequestKind.EXPORT,
        "words": "Xin bản dữ liệu.",
        "subject_name": "Giàng A Mẫu",
    }
    here, there = people.officer(), people.officer(ELSEWHERE)
    with pytest.raises(Invalid):
        write_down(session, WriteDownRequest(**said, producer=producer.code), actor=here, at=AT)
    with pytest.raises(Invalid):
        write_down(session, WriteDownRequest(**said), actor=here, at=AT)
    with pytest.raises(NotPermitted):
        write_down(session, WriteDownRequest(**said), actor=people.auditor(), at=AT)
    made = write_down(session, WriteDownRequest(**said, producer=producer.code), actor=there, at=AT)
    assert (made.received_by, made.user_id) == (there.name, None)
    assert get_request(session, made.code, actor=there).id == made.id
    with pytest.raises(NotFound):
        get_request(session, made.code, actor=here)
    without = write_down(session, WriteDownRequest(**said), actor=people.agency(), at=AT)
    answer_request(session, without.code, answer(RequestStep.GRANT), actor=people.head(), at=AT)
    copied = copy_for_request(session, made.code, actor=people.agency(), at=AT)
    assert copied.tables["producers"][0]["name"] == "Hộ ở xa"
    with pytest.raises(NotPermitted):
        copy_for_request(session, made.code, actor=there, at=AT)


def test_a_copy_holds_everything_of_one_person_nothing_of_others_and_no_secret(
    session: WriteSession, people: People
) -> None:
    producer = household(session, people)
    owner, other = people.producer(producer.id or 0), people.agency()
    user = user_of(session, owner)
    user_of(session, other)
    asked(session, owner, RequestKind.EXPORT)
    commit(session)
    copied = copy_own(session, actor=owner, at=AT)
    assert copied.tables["users"][0]["email"] == "nguoinay@example.com"
    assert copied.tables["users"][0]["password_hash"] is True
    assert copied.tables["producers"][0]["representative_ethnicity"] == "Thái"
    assert {"memberships", "login_sessions", "personal_data_requests"} <= set(copied.tables)
    packed = zipped_copy(copied)
    assert packed.startswith(b"PK")
    text = copied.model_dump_json()
    assert user.password_hash not in text
    assert other.name not in text
    assert copied.cut_off == []


def test_who_reads_what_is_personal_is_recorded_and_who_need_not_may_not(
    session: WriteSession, people: People
) -> None:
    producer = household(session, people)
    seen = read_personal(session, producer.code, actor=people.officer(), at=AT)
    assert (seen.representative_ethnicity, seen.phone) == ("Thái", "0912 345 678")
    read_personal(session, producer.code, actor=people.producer(producer.id or 0), at=AT)
    with pytest.raises(NotNeeded):
        read_personal(session, producer.code, actor=people.auditor(), at=AT)
    note_reading(session, producer, "giấy tờ", actor=people.agency(), at=AT)
    commit(session)
    events = session.exec(
        select(AuditEvent).where(col(AuditEvent.kind) == "personal_data.read")
    ).all()
    assert [event.actor_name for event in events] == [
        people.officer().name,
        people.agency().name,
    ]
    assert not any("0912" in str(event.data) for event in events)
    assert people.officer().has(Role.COMMUNE_OFFICER)
