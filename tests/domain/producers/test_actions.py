"""Registering and changing producers, and who may."""

import pytest
from pydantic import ValidationError
from sqlmodel import select

from app.core.db import WriteSession
from app.core.errors import Invalid, NotFound, NotPermitted, StaleVersion
from app.domain.audit.actions import waiting_kinds
from app.domain.producers.actions import ProducerKnown, change_producer, create_producer
from app.domain.producers.models import Producer
from app.domain.producers.queries import get_producer, producers_page
from app.domain.producers.schemas import ChangeProducer, CreateProducer
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.register import make_producer, producer_data


def test_an_officer_registers_a_producer_of_the_own_commune(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    assert producer.code.startswith("CT-")
    assert producer.version == 1
    assert "producer.created" in waiting_kinds(session)


def test_an_officer_of_another_commune_is_refused_with_the_basis(
    session: WriteSession, people: People
) -> None:
    with pytest.raises(NotPermitted) as refusal:
        create_producer(
            session, producer_data(commune_code=HOME), actor=people.officer(ELSEWHERE), at=people.at
        )
    assert refusal.value.reason_code == "producer.other_commune"
    assert "26/2026" in str(refusal.value.legal_basis)
    assert session.exec(select(Producer)).all() == []


def test_a_commune_of_2022_is_no_commune_of_today(session: WriteSession, people: People) -> None:
    gone = "03386"  # phường Quyết Thắng, until 30/06/2025
    with pytest.raises(Invalid) as refusal:
        create_producer(
            session, producer_data(commune_code=gone), actor=people.officer(gone), at=people.at
        )
    assert "commune_code" in refusal.value.fields


def test_the_same_name_in_other_letters_is_refused(session: WriteSession, people: People) -> None:
    make_producer(session, people, name="Hợp tác xã Bình Minh")
    with pytest.raises(ProducerKnown):
        make_producer(session, people, name="HOP TAC XA  BÌNH-MINH")


def test_a_change_on_an_old_version_is_refused_and_tells_both(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    data = producer_data().model_dump(exclude={"commune_code"})
    new = ChangeProducer(**data | {"address": "Bản mới"}, version=1)
    change_producer(session, producer.code, new, actor=people.officer(), at=people.at)
    with pytest.raises(StaleVersion) as refusal:
        change_producer(session, producer.code, new, actor=people.officer(), at=people.at)
    assert refusal.value.params == {"sent": 1, "current": 2}


def test_a_producer_sees_itself_and_nobody_else(session: WriteSession, people: People) -> None:
    own = make_producer(session, people, name="Hợp tác xã Một")
    other = make_producer(session, people, name="Hợp tác xã Hai")
    actor = people.producer(own.id or 0)
    assert [p.code for p in producers_page(session, actor=actor).items] == [own.code]
    with pytest.raises(NotFound):
        get_producer(session, other.code, actor=actor)


def test_the_search_needs_no_accents(session: WriteSession, people: People) -> None:
    wanted = make_producer(session, people, name="Hợp tác xã Đắk Ử")
    make_producer(session, people, name="Hợp tác xã Khác")
    found = producers_page(session, actor=people.agency(), search="dak u")
    assert [p.code for p in found.items] == [wanted.code]


def test_pages_are_bounded_and_go_on_where_they_stopped(
    session: WriteSession, people: People
) -> None:
    for number in range(5):
        make_producer(session, people, name=f"Hợp tác xã {number}")
    first = producers_page(session, actor=people.agency(), limit=3)
    rest = producers_page(session, actor=people.agency(), limit=3, after=first.next_after or 0)
    assert (len(first.items), len(rest.items), rest.next_after) == (3, 2, None)
    assert {p.id for p in first.items}.isdisjoint({p.id for p in rest.items})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"kind": "kingdom"},
        {"tax_code": "12"},
        {"phone": "gọi tôi"},
        {"email": "không phải"},
        {"history": "x" * 8001},
        {"commune_code": "3390"},
        {"role": "administrator"},
    ],
)
def test_malformed_data_does_not_become_a_schema(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CreateProducer.model_validate(producer_data().model_dump() | wrong)
