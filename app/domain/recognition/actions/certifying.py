"""How a product gets its certificate: numbers given once, the code it keeps, the one replaced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Refused
from app.core.numbering import next_number
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.actions import recognise_dossier
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import Dossier
from app.domain.places.queries import PROVINCE_CODE
from app.domain.producers.models import Producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.recognition.actions.changing import tell_change, words_of
from app.domain.recognition.enums import ChangeKind, Replacement
from app.domain.recognition.models import LARGEST_RECORD_NUMBER, Certificate
from app.domain.recognition.rules import PRODUCTION_STOPPED, last_valid_day, product_code
from app.rulebooks.loader import regime

RECORD_SERIES = "certificates/record"
_REPLACED_BY: dict[DossierKind, Replacement] = {
    DossierKind.FIRST: Replacement.RECOGNITION,
    DossierKind.UPGRADE: Replacement.UPGRADE,
    DossierKind.RENEWAL: Replacement.RENEWAL,
}


class RegisterFull(Refused):
    """The stamp token holds 22 bits of record number."""

    code = "certificate.register_full"
    message = "Sổ giấy chứng nhận đã hết số ({most}). Cần phiên bản tem mới."


class ProductCodeTaken(Conflict):
    """A code is given to one product only; its certificates share it."""

    code = "certificate.product_code_taken"
    message = "Mã sản phẩm {product_code} đã cấp cho sản phẩm khác."
    basis = "26/2026/QĐ-TTg, Phụ lục II"


class HolderEnded(Refused):
    """Nobody is left to bear a star."""

    code = "certificate.holder_ended"
    message = (
        "Chủ thể của «{product}» đã ngừng hoạt động từ {day}: không công nhận được. "
        "Hãy đưa sản phẩm ra khỏi quyết định."
    )
    basis = PRODUCTION_STOPPED


@dataclass(frozen=True, slots=True)
class Ground:
    """The signed decision a certificate rests on: the province's, or the ministry's."""

    number: str
    authority: str
    decided_on: date
    decision_id: int | None = None


def certify(
    session: WriteSession,
    dossier: Dossier,
    star: int,
    ground: Ground,
    *,
    actor: Actor,
    at: datetime,
) -> Certificate:
    """Recognise a dossier and give its product a certificate; an older one is superseded.

    Refused for a producer that ended. Records dossier.recognised and certificate.issued.
    Basis: 26/2026/QĐ-TTg art. 4, 8.1.đ, Phụ lục II.
    """
    rules = regime(dossier.regime_code)
    product, producer = session.exec(
        select(Product, Producer)
        .join(Producer, col(Producer.id) == dossier.producer_id)
        .where(col(Product.id) == dossier.product_id)
    ).one()
    if producer.dissolved_on is not None:
        raise HolderEnded(product=product.name, day=f"{producer.dissolved_on:%d/%m/%Y}")
    recognise_dossier(session, dossier, actor=actor, at=at)
    others = certificates_of(session, product)
    certificate = Certificate(
        code=new_code("CN"),
        record_number=next_record(session),
        product_code=_kept_product_code(others)
        or _next_product_code(session, dossier, ground.decided_on),
        product_id=dossier.product_id,
        producer_id=dossier.producer_id,
        dossier_id=dossier.id,
        decision_id=ground.decision_id,
        regime_code=dossier.regime_code,
        star=star,
        decision_number=ground.number,
        authority=ground.authority,
        issued_on=ground.decided_on,
        expires_on=last_valid_day(ground.decided_on, rules.procedure.certificate_validity.value),
        product_name=product.name,
        producer_name=producer.name,
        producer_address=producer.address,
    )
    enter(session, certificate, others, how=_REPLACED_BY[dossier.kind], at=at)
    record(
        session,
        "certificate.issued",
        subject=certificate,
        actor=actor,
        at=at,
        dossier=dossier.code,
        product_code=certificate.product_code,
        star=star,
        expires_on=certificate.expires_on,
    )
    return certificate


def enter(
    session: WriteSession,
    certificate: Certificate,
    others: Sequence[Certificate],
    *,
    how: Replacement,
    at: datetime,
) -> None:
    """Put a certificate among those of its product, and tell the public register what changed.

    Each is replaced by the next younger one; `how` says why the new one takes another's place.
    """
    certificate.search_folded = words_of(certificate)
    session.add(certificate)
    session.flush()
    tell_change(session, certificate, ChangeKind.ISSUED, since=certificate.issued_on, at=at)
    ordered = sorted([*others, certificate], key=lambda one: (one.issued_on, one.id or 0))
    for older, younger in pairwise(ordered):
        if older.superseded_by_id == younger.id:
            continue
        older.superseded_by_id = younger.id
        older.superseded_on = younger.issued_on
        older.superseded_how = how if younger is certificate else Replacement.RECOGNITION
        moved = older.superseded_how is Replacement.HOLDER_CHANGE
        kind = ChangeKind.HOLDER_CHANGED if moved else ChangeKind.SUPERSEDED
        tell_change(session, older, kind, since=younger.issued_on, at=at)


def next_record(session: WriteSession) -> int:
    """Return the next record number; refused when the field of the stamp token is full."""
    number = next_number(session, RECORD_SERIES)
    if number > LARGEST_RECORD_NUMBER:
        raise RegisterFull(most=LARGEST_RECORD_NUMBER)
    return number


def check_product_code(session: WriteSession, product: Product, code: str | None) -> None:
    """Refuse a product code that another product bears, or bore before."""
    if code is not None and _is_borne(session, code, except_product_id=product.id):
        raise ProductCodeTaken(product_code=code)


def _kept_product_code(certificates: Sequence[Certificate]) -> str | None:
    """Return the code the product already has: a code is given once and stays with its product."""
    newest_first = sorted(certificates, key=lambda one: (one.issued_on, one.id or 0), reverse=True)
    return next((one.product_code for one in newest_first if one.product_code), None)


def _next_product_code(session: WriteSession, dossier: Dossier, decided_on: date) -> str:
    """Return the next code of the commune's list of that year; a number is given once.

    One that a product bears by a correction or from an earlier period is passed over.
    """
    commune, year = dossier.commune_code, decided_on.year
    while True:
        code = product_code(
            regime(dossier.regime_code),
            province=PROVINCE_CODE,
            commune=commune,
            ordinal=next_number(session, f"product-code/{commune}/{year}"),
            year=year,
        )
        if not _is_borne(session, code, except_product_id=dossier.product_id):
            return code


def _is_borne(session: WriteSession, code: str, *, except_product_id: int | None) -> bool:
    """Tell whether another product bears this code, or bore it before."""
    today = select(Certificate.id).where(
        col(Certificate.product_code) == code, col(Certificate.product_id) != except_product_id
    )
    before = select(ProductCodeAlias.id).where(
        col(ProductCodeAlias.code_folded) == fold(code),
        col(ProductCodeAlias.product_id) != except_product_id,
    )
    return any(session.exec(query.limit(1)).first() is not None for query in (today, before))


def certificates_of(session: WriteSession, product: Product) -> list[Certificate]:
    """Return all certificates of a product, locked until the transaction ends."""
    return list(
        session.exec(
            select(Certificate)
            .where(col(Certificate.product_id) == product.id)
            .order_by(col(Certificate.id))
            .with_for_update()
        ).all()
    )
