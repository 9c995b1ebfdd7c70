"""A register as a province may have it one day: many thousands of products, by bulk inserts.

The rows are what the actions would have written; names are put together from words of real ones, so
that pages weigh what real pages weigh. The same number gives the same register.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import sqlalchemy as sa

from app.core.clock import today
from app.core.codes import LETTERS, check_character
from app.core.db import WriteSession
from app.core.text import fold
from app.domain.photos.models import ProductPhoto
from app.domain.places.queries import communes_on
from app.domain.producers.enums import ProducerKind
from app.domain.producers.models import Producer
from app.domain.products.models import SETS, Product
from app.domain.recognition.enums import ChangeKind, Replacement, RevocationGround
from app.domain.recognition.models import Certificate, RegisterChange

AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
PRODUCTS_OF_ONE = 4
_BATCH = 5000
_GOODS = ("Miến dong", "Trà Shan tuyết", "Mật ong hoa ban", "Thịt trâu gác bếp", "Gạo séng cù")
_MORE = ("Rượu ngô", "Thổ cẩm", "Hạt mắc ca", "Sâm Lai Châu", "Cá hồi hun khói", "Măng khô")
_HOW = ("truyền thống", "hữu cơ", "thượng hạng", "đặc sản", "loại một", "sấy lạnh", "bản địa")
_WHO = ("Bình Lư", "Hoàng Liên", "Sìn Hồ", "Mường Than", "Nậm Na", "Pu Ta Leng", "Tà Mít")
_KINDS = ("Hợp tác xã", "Hộ kinh doanh", "Công ty TNHH", "Tổ hợp tác")


@cache
def _folded(words: str) -> str:
    return fold(words)


def _plain(text: str) -> str:
    """Return the text folded, word by word: few words make many names."""
    return " ".join(_folded(word) for word in text.split())


def fill_register(session: WriteSession, count: int, *, with_photos: bool = False) -> None:
    """Enter so many recognised products; one in ten has ended, one in twenty replaced another."""
    chance = Random(8)  # noqa: S311 -- the same register in every run
    communes = [unit.code for unit in communes_on(session, today())]
    producers = [
        _producer(number, chance, communes) for number in range(1, count // PRODUCTS_OF_ONE + 2)
    ]
    products, certificates, changes, photos = [], [], [], []
    for number in range(1, count + 1):
        producer = producers[(number - 1) // PRODUCTS_OF_ONE]
        product = _product(number, chance, producer)
        certificate = _certificate(number, chance, product, producer)
        products.append(product)
        certificates.append(certificate)
        changes.append(
            {
                "certificate_id": number,
                "kind": ChangeKind.ISSUED,
                "since": certificate["issued_on"],
                "told_at": AT,
            }
        )
        if with_photos:
            photos.append(_photo(number))
    tables: Any = (Producer, Product, Certificate, RegisterChange, ProductPhoto)
    for table, rows in zip(
        tables, (producers, products, certificates, changes, photos), strict=True
    ):
        for start in range(0, len(rows), _BATCH):
            session.connection().execute(sa.insert(table.__table__), rows[start : start + _BATCH])
    if session.get_bind().dialect.name == "postgresql":
        for name in ("producers", "products", "certificates", "product_photos"):
            last = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"  # noqa: S608 -- names of our own
            session.execute(sa.text(last))


def _code(prefix: str, number: int) -> str:
    body = ""
    for _ in range(6):
        number, place = divmod(number * 7919 + 13, len(LETTERS))
        body += LETTERS[place]
    return f"{prefix}-{body}{check_character(body)}"


def _producer(number: int, chance: Random, communes: list[str]) -> dict[str, Any]:
    name = f"{chance.choice(_KINDS)} {chance.choice(_WHO)} {chance.choice(_HOW)} {number}"
    return {
        "id": number,
        "code": f"CT-{number:07}",
        "version": 1,
        "name": name,
        "name_folded": _plain(name),
        "kind": ProducerKind.COOPERATIVE,
        "commune_code": chance.choice(communes),
        "address": f"Bản {chance.choice(_WHO)} {chance.randrange(1, 90)}",
        "representative": "Lò Thị Mẫu (nhân vật minh họa)",
        "phone": "0912 345 678",
        "created_at": AT,
        "updated_at": AT,
    }


def _product(number: int, chance: Random, producer: dict[str, Any]) -> dict[str, Any]:
    name = f"{chance.choice(_GOODS + _MORE)} {chance.choice(_WHO)} {chance.choice(_HOW)} {number}"
    return {
        "id": number,
        "code": f"SP-{number:07}",
        "version": 1,
        "producer_id": producer["id"],
        "commune_code": producer["commune_code"],
        "name": name,
        "name_folded": _plain(name),
        "set_number": chance.randrange(1, SETS + 1),
        "description": "Sản phẩm làm thủ công từ nguyên liệu của bản.",
        "packaging": "Túi giấy 500 g",
        "story": "Bà con trong bản giữ cách làm từ nhiều đời nay. " * 12,
        "created_at": AT,
        "updated_at": AT,
    }


def _certificate(
    number: int, chance: Random, product: dict[str, Any], producer: dict[str, Any]
) -> dict[str, Any]:
    day = today()
    issued = day - timedelta(days=chance.randrange(1, 900))
    expires = issued + timedelta(days=3 * 365)
    product_code = f"12-{producer['commune_code']}-{number}-{issued.year}"
    ended: dict[str, Any] = {}
    if number % 10 == 0:
        expires = max(issued + timedelta(days=1), day - timedelta(days=chance.randrange(1, 300)))
        issued = expires - timedelta(days=3 * 365)
    elif number % 37 == 0:
        ended = {
            "revoked_on": day - timedelta(days=3),
            "revocation_ground": RevocationGround.LAW_BROKEN,
        }
    elif number % 20 == 7:
        ended = {
            "superseded_by_id": number - 1,
            "superseded_on": day - timedelta(days=30),
            "superseded_how": Replacement.RENEWAL,
        }
    return {
        "id": number,
        "code": _code("CN", number),
        "record_number": number,
        "product_code": product_code,
        "product_id": number,
        "producer_id": producer["id"],
        "regime_code": "qd148-2023",
        "star": chance.choice((3, 3, 3, 4, 4, 5)),
        "decision_number": f"{chance.randrange(100, 2000)}/QĐ-UBND",
        "authority": "Ủy ban nhân dân tỉnh Lai Châu",
        "issued_on": issued,
        "expires_on": expires,
        "product_name": product["name"],
        "producer_name": producer["name"],
        "producer_address": producer["address"],
        "search_folded": " ".join(
            (product["name_folded"], producer["name_folded"], product_code.replace("-", " "))
        ),
        "extended_by": "",
        "extension_reason": "",
        "revocation_reason": "Lò Thị Mẫu khai không đúng" if ended else "",
        "source_note": "",
        "revoked_on": None,
        "revocation_ground": None,
        "superseded_by_id": None,
        "superseded_on": None,
        "superseded_how": None,
        **ended,
    }


def _photo(number: int) -> dict[str, Any]:
    mark = hashlib.sha256(str(number).encode()).hexdigest()
    return {
        "code": f"HA-{number:07}",
        "product_id": number,
        "caption": f"Sản phẩm nhìn từ phía trước, {number}",
        "sha256": mark,
        "media_type": "image/jpeg",
        "size": 100_000,
        "copy_sha256": mark[::-1],
        "copy_width": 1280,
        "copy_height": 960,
        "thumbnail_sha256": hashlib.sha256(mark.encode()).hexdigest(),
        "thumbnail_width": 320,
        "thumbnail_height": 240,
        "added_at": AT,
        "added_by_helper": False,
    }
