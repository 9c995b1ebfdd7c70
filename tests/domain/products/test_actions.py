"""Registering and changing products, and on whose behalf."""

import pytest
from pydantic import ValidationError

from app.core.db import WriteSession
from app.core.errors import NotFound, NotPermitted, StaleVersion
from app.domain.products.actions import ProductKnown, change_product, create_product
from app.domain.products.queries import get_product, products_page
from app.domain.products.schemas import ChangeProduct, CreateProduct
from tests.factories.people import ELSEWHERE, People
from tests.factories.register import make_producer, make_product


def test_a_producer_registers_its_own_product(session: WriteSession, people: People) -> None:
    product = make_product(session, people)
    assert product.code.startswith("SP-")
    assert product.set_number == 4


def test_a_stranger_cannot_add_a_product_to_a_producer(
    session: WriteSession, people: People
) -> None:
    own = make_producer(session, people, name="Hợp tác xã Một")
    other = make_producer(session, people, name="Hợp tác xã Hai")
    data = CreateProduct(producer_code=other.code, name="Gạo", set_number=3)
    with pytest.raises(NotFound):
        create_product(session, data, actor=people.producer(own.id or 0), at=people.at)


def test_the_agency_sees_a_product_but_does_not_write_it(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    assert get_product(session, product.code, actor=people.agency())[0].id == product.id
    data = ChangeProduct(name="Khác", set_number=3, version=1)
    with pytest.raises(NotPermitted):
        change_product(session, product.code, data, actor=people.agency(), at=people.at)


def test_an_officer_of_another_commune_does_not_even_see_it(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    with pytest.raises(NotFound):
        get_product(session, product.code, actor=people.officer(ELSEWHERE))
    assert products_page(session, actor=people.officer(ELSEWHERE)).items == []


def test_one_producer_has_a_name_once(session: WriteSession, people: People) -> None:
    producer = make_producer(session, people)
    make_product(session, people, producer, "Mật ong rừng")
    with pytest.raises(ProductKnown):
        make_product(session, people, producer, "MẬT ONG  RUNG")


def test_an_old_version_is_refused(session: WriteSession, people: People) -> None:
    product = make_product(session, people)
    actor = people.officer()
    data = ChangeProduct(name="Mật ong hoa nhãn", set_number=4, version=1)
    change_product(session, product.code, data, actor=actor, at=people.at)
    with pytest.raises(StaleVersion):
        change_product(session, product.code, data, actor=actor, at=people.at)


@pytest.mark.parametrize("number", [0, 27, -1])
def test_there_are_twenty_six_sets(number: int) -> None:
    with pytest.raises(ValidationError):
        CreateProduct(producer_code="CT-0000000", name="Gạo", set_number=number)
