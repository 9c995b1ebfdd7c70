"""One product of the register: by any of its codes, with everything that happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.text import fold
from app.domain.photos.schemas import photo_path
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.products.queries import MOST_OLD_CODES
from app.domain.products.rules import as_printed, gtin14, is_gtin
from app.domain.recognition.enums import DecisionKind, DecisionState, Standing
from app.domain.recognition.models import Certificate, CertificateItem, RecognitionDecision
from app.domain.recognition.queries import CertifiedProduct, certified_products
from app.domain.recognition.rules import IN_FORCE, STANDING_BASIS, renewal_window, standing
from app.domain.register.queries.listing import Entry, Picture, product_sets_on
from app.domain.register.rules import ended_on, public_ground
from app.rulebooks.loader import in_force

MOST_CERTIFICATES = 100


class NobodysGtin(NotFound):
    """No product of the register has this GTIN."""

    code = "gs1.nobody"
    message = (
        "Danh bạ OCOP của tỉnh không có sản phẩm nào mang mã GTIN {gtin}. Sản phẩm có thể chưa khai "
        "mã này, hoặc chưa được công nhận."
    )


class NotOfThisStamp(NotFound):
    """The address puts a serial and a GTIN together that do not belong together."""

    code = "gs1.not_of_this_stamp"
    message = (
        "Mã GTIN {gtin} không phải của con tem này: tem được cấp cho sản phẩm khác. Hãy tra cứu riêng "
        "số sê-ri rồi so với món hàng."
    )


def get_register_entry(session: ReadSession, code: str, *, on: date) -> CertifiedProduct:
    """Return any certificate by its code, ended ones too: the register does not hide an end.

    A product code, today's or an old one, or a GTIN leads to the product's newest certificate.
    """
    typed = code.strip()
    # One index each: joined by OR they would read the whole register.
    ways = [
        select(Certificate.id).where(col(Certificate.code) == typed.upper()),
        select(Certificate.id).where(col(Certificate.product_code) == typed),
        select(Certificate.id)
        .join(ProductCodeAlias, col(ProductCodeAlias.product_id) == col(Certificate.product_id))
        .where(col(ProductCodeAlias.code_folded) == fold(typed)),
    ]
    if is_gtin(typed):
        ways.append(
            select(Certificate.id)
            .join(Product, col(Product.id) == col(Certificate.product_id))
            .where(col(Product.gtin) == gtin14(typed))
        )
    bearers: sa.CompoundSelect[int] = sa.union_all(*ways)
    found = session.exec(
        certified_products(on)
        .where(col(Certificate.id).in_(bearers))
        .order_by(
            (col(Certificate.code) == typed.upper()).desc(),
            col(Certificate.issued_on).desc(),
            col(Certificate.id).desc(),
        )
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CertifiedProduct(*found, on=on)


def get_entry_of_gtin(session: ReadSession, gtin: str, *, on: date) -> CertifiedProduct:
    """Return the newest certificate that has begun of the product with these fourteen digits.

    An ended one too; one that begins later only where there is no other.
    """
    found = session.exec(
        certified_products(on)
        .where(col(Product.gtin) == gtin)
        .order_by(
            (col(Certificate.issued_on) <= on).desc(),
            col(Certificate.issued_on).desc(),
            col(Certificate.id).desc(),
        )
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NobodysGtin(gtin=as_printed(gtin))
    return CertifiedProduct(*found, on=on)


def check_gtin_of(session: ReadSession, certificate_code: str, gtin: str) -> None:
    """Refuse fourteen digits that are not those of the product of a certificate."""
    borne = session.exec(
        select(Product.gtin)
        .join(Certificate, col(Certificate.product_id) == col(Product.id))
        .where(col(Certificate.code) == certificate_code)
    ).one_or_none()
    if borne != gtin:
        raise NotOfThisStamp(gtin=as_printed(gtin))


def certificates_of_product(session: ReadSession, product_id: int) -> Sequence[Certificate]:
    """Return every certificate a product ever had, the oldest first."""
    return session.exec(
        select(Certificate)
        .where(col(Certificate.product_id) == product_id)
        .order_by(col(Certificate.issued_on), col(Certificate.id))
        .limit(MOST_CERTIFICATES)
    ).all()


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision behind something that happened to a certificate; its code once it is published."""

    certificate_id: int
    kind: DecisionKind
    number: str
    decided_on: date
    code: str | None


def decisions_about(session: ReadSession, certificates: Sequence[Certificate]) -> list[Decided]:
    """Return the signed decisions that gave these certificates or changed them, in one statement."""
    ids = [one.id for one in certificates]
    decision = RecognitionDecision
    said = (
        col(decision.kind),
        col(decision.number),
        col(decision.decided_on),
        sa.case((col(decision.published_at).is_not(None), col(decision.code))).label("code"),
    )
    given = (
        sa.select(col(Certificate.id), *said)
        .join(decision, col(decision.id) == col(Certificate.decision_id))
        .where(col(Certificate.id).in_(ids))
    )
    changed = (
        sa.select(col(CertificateItem.certificate_id), *said)
        .join(decision, col(decision.id) == col(CertificateItem.decision_id))
        .where(
            col(CertificateItem.certificate_id).in_(ids),
            col(decision.state) == DecisionState.SIGNED,
        )
    )
    return [Decided(*row) for row in session.execute(sa.union_all(given, changed))]


def old_codes_of(session: ReadSession, product_id: int) -> Sequence[str]:
    """Return the codes a product bore before."""
    return session.exec(
        select(ProductCodeAlias.code)
        .where(col(ProductCodeAlias.product_id) == product_id)
        .order_by(col(ProductCodeAlias.id))
        .limit(MOST_OLD_CODES)
    ).all()


def code_of(session: ReadSession, certificate_id: int | None) -> str | None:
    """Return the code of a certificate by its number."""
    if certificate_id is None:
        return None
    return session.exec(
        select(Certificate.code).where(col(Certificate.id) == certificate_id)
    ).one_or_none()


class Telling:
    """Writes lines of the register as the JSON door answers them, all of one day."""

    def __init__(self, on: date, public_url: str) -> None:
        self.on = on
        self.law = in_force(on)
        self.sets = {one.set_number: one for one in product_sets_on(on)}
        self.address = f"{public_url.rstrip('/')}/register/"

    def told(self, entry: Entry, pictures: Sequence[Picture]) -> dict[str, Any]:
        """Return what `EntryOut` documents, ready to be written as JSON.

        Twenty lines are told a hundred times a minute: they are put together without being checked
        again. A test holds them against the schema.
        """
        now = standing(entry, self.on, self.law)
        window = renewal_window(entry.expires_on, self.law)
        ground = public_ground(entry.revocation_ground, self.law) if entry.revoked_on else None
        of_set = self.sets[entry.set_number]
        is_open = now is Standing.RENEWAL_WINDOW and window is not None
        return {
            "code": entry.code,
            "product_code": entry.product_code,
            "product": entry.product_name,
            "producer": entry.producer_name,
            "commune": entry.commune,
            "star": entry.star,
            "standing": now,
            "standing_basis": STANDING_BASIS[now],
            "issued_on": entry.issued_on,
            "expires_on": entry.expires_on,
            "renewal_from": window.first if window else None,
            "renewal_until": window.last if window else None,
            "days_to_file": (window.last - self.on).days if window and is_open else None,
            "decision_number": entry.decision_number,
            "authority": entry.authority,
            "source_note": entry.source_note,
            "url": self.address + entry.code,
            "in_force": now in IN_FORCE,
            "producer_address": entry.producer_address,
            "category": of_set.category_code,
            "category_name": of_set.category_name,
            "set_number": entry.set_number,
            "set_name": of_set.name,
            "gtin": entry.gtin,
            "extended_from": entry.extended_from,
            "extended_until": entry.extended_until,
            "ended_on": ended_on(entry, now),
            "revocation_ground": ground.code if ground else None,
            "revocation_ground_text": ground.text if ground else "",
            "replaced_by": entry.replaced_by,
            "pictures": [_picture(one) for one in pictures],
        }


def _picture(one: Picture) -> dict[str, Any]:
    return {
        "caption": one.caption,
        "picture": {
            "path": photo_path(one.copy_sha256),
            "width": one.copy_width,
            "height": one.copy_height,
        },
        "thumbnail": {
            "path": photo_path(one.thumbnail_sha256),
            "width": one.thumbnail_width,
            "height": one.thumbnail_height,
        },
    }
