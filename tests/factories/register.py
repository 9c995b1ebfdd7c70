"""Builders of producers and products."""

from app.core.db import WriteSession
from app.domain.producers.actions import create_producer
from app.domain.producers.enums import ProducerKind
from app.domain.producers.models import Producer
from app.domain.producers.schemas import CreateProducer
from app.domain.products.actions import create_product
from app.domain.products.models import Product
from app.domain.products.schemas import CreateProduct
from tests.factories.people import HOME, People


def producer_data(
    name: str = "Hợp tác xã Thử Nghiệm",
    *,
    commune_code: str = HOME,
    kind: ProducerKind = ProducerKind.COOPERATIVE,
) -> CreateProducer:
    """Return what a form for a new producer holds."""
    return CreateProducer(
        name=name,
        kind=kind,
        commune_code=commune_code,
        address="Bản Thử Nghiệm",
        representative="Lò Thị Mẫu (nhân vật minh họa)",
        phone="0912 345 678",
        tax_code="6200012345",
    )


def make_producer(
    session: WriteSession,
    people: People,
    name: str = "Hợp tác xã Thử Nghiệm",
    *,
    commune_code: str = HOME,
    kind: ProducerKind = ProducerKind.COOPERATIVE,
) -> Producer:
    """Register a producer through the officer of its commune."""
    return create_producer(
        session,
        producer_data(name, commune_code=commune_code, kind=kind),
        actor=people.officer(commune_code),
        at=people.at,
    )


def make_product(
    session: WriteSession,
    people: People,
    producer: Producer | None = None,
    name: str = "Mật ong thử nghiệm",
    *,
    set_number: int = 4,
    gtin: str = "",
) -> Product:
    """Register a product through its producer's own account."""
    producer = producer or make_producer(session, people)
    return create_product(
        session,
        CreateProduct(
            producer_code=producer.code,
            name=name,
            set_number=set_number,
            description="Mật ong khai thác thủ công.",
            packaging="Chai thủy tinh 500 ml",
            gtin=gtin,
        ),
        actor=people.producer(producer.id or 0),
        at=people.at,
    )
