"""Registering and changing products, and on whose behalf."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import WriteSession, reading, transaction
from app.core.errors import NotFound, NotPermitted, StaleVersion
from app.domain.products.actions import GtinTaken, ProductKnown, change_product, create_product
from app.domain.products.models import Product
from app.domain.products.queries import get_product, products_page
from app.domain.products.rules import WrongGtin
from app.domain.products.schemas import ChangeProduct, CreateProduct
from tests.conftest import AT
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


# Invented numbers of the range 952, which GS1 keeps for examples.
HONEY, TEA = "9521234543213", "9521234543220"


def change(product: Product, **said: object) -> ChangeProduct:
    """Return a product as it is, but for what is said."""
    now = product.model_dump(include=set(ChangeProduct.model_fields))
    return ChangeProduct.model_validate(now | said)


def test_a_gtin_is_kept_as_fourteen_digits_found_again_and_given_up(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people, gtin="952 1234-54321 3")
    assert product.gtin == f"0{HONEY}"
    make_product(session, people, make_producer(session, people, name="Hợp tác xã Hai"))
    for typed in (HONEY, f"0{HONEY}", "952 1234 543213"):
        rows = products_page(session, actor=people.officer(), search=typed).items
        assert [found.code for found, _ in rows] == [product.code]
    change_product(session, product.code, change(product), actor=people.officer(), at=people.at)
    assert product.version == 1
    change_product(
        session, product.code, change(product, gtin=""), actor=people.officer(), at=people.at
    )
    assert (product.gtin, product.version) == ("", 2)


def test_a_wrong_gtin_changes_nothing_and_names_its_field(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people, gtin=HONEY)
    for wrong in ("9521234543214", "2012345678903", "95212345"):
        with pytest.raises(WrongGtin) as refused:
            change_product(
                session,
                product.code,
                change(product, gtin=wrong),
                actor=people.officer(),
                at=people.at,
            )
        assert "dưới mã vạch" in refused.value.fields["gtin"] or wrong.startswith("2")
    assert product.gtin == f"0{HONEY}"


def test_no_two_products_have_one_gtin_whoever_makes_them(
    session: WriteSession, people: People
) -> None:
    one = make_product(session, people, gtin=HONEY)
    other = make_product(session, people, make_producer(session, people, name="Hai"), "Trà")
    with pytest.raises(GtinTaken) as refused:
        make_product(session, people, make_producer(session, people, name="Ba"), gtin=f"0{HONEY}")
    assert one.code not in refused.value.text
    with pytest.raises(GtinTaken):
        change_product(
            session, other.code, change(other, gtin=HONEY), actor=people.officer(), at=people.at
        )
    # What was given up may be another's; products without one are many.
    change_product(session, one.code, change(one, gtin=TEA), actor=people.officer(), at=people.at)
    change_product(
        session, other.code, change(other, gtin=HONEY), actor=people.officer(), at=people.at
    )
    make_product(session, people, make_producer(session, people, name="Bốn"))


def test_of_products_registered_at_once_with_one_gtin_one_is_kept(engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        producers = [make_producer(session, people, name=f"Hợp tác xã {n}") for n in range(4)]
        officer = people.officer()
    start = Barrier(len(producers))

    def register(code: str) -> str:
        start.wait()
        try:
            with transaction(engine) as session:
                data = CreateProduct(producer_code=code, name="Mật ong", set_number=4, gtin=HONEY)
                create_product(session, data, actor=officer, at=AT)
        except GtinTaken as refusal:
            return refusal.reason_code
        return "kept"

    with ThreadPoolExecutor(len(producers)) as pool:
        outcomes = sorted(pool.map(register, [one.code for one in producers]))
    assert outcomes == ["kept", *["product.gtin_taken"] * 3]
    with reading(engine) as looking:
        kept = looking.exec(select(Product.gtin).where(col(Product.gtin) != "")).all()
    assert kept == [f"0{HONEY}"]
