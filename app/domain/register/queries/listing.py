"""Finding products of the register: by words, place, set, stars and state, page by page.

Anybody may ask, as often as they like, so statements are made once for each set of questions and
read columns instead of objects. Words go through the index of the words (migration 0006): FTS5
hands out the newest first by itself, PostgreSQL asks its GIN index.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from typing import Any, Self, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, or_

from app.core.db import ReadSession
from app.core.paging import LARGEST_KEY, Page, page_of
from app.core.text import fold
from app.domain.photos.models import ProductPhoto
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit
from app.domain.places.queries import NamedPlace, named_place
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.recognition.enums import Replacement, RevocationGround
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import CertifiedProduct, in_force_on
from app.domain.register.enums import RegisterState
from app.domain.register.rules import last_day_of_renewal
from app.domain.register.schemas import Wanted
from app.rulebooks import loader
from app.rulebooks.model import RubricSummary

FEW_COMMUNES = 6
NEWEST = 400  # PostgreSQL reads as many letter by letter in less than half a millisecond
_WORDS = sa.table(
    "certificate_search", sa.column("rowid", sa.Integer), sa.column("certificate_search")
)
Statement: TypeAlias = sa.Select[*tuple[Any, ...]]
_NEWER = aliased(Certificate)
_ON = sa.bindparam("on", type_=sa.Date)


@dataclass(slots=True)
class Entry:
    """One line of the register: what a certificate says, its product's set, its commune of a day."""

    id: int
    code: str
    product_code: str | None
    product_id: int
    star: int
    issued_on: date
    expires_on: date
    extended_from: date | None
    extended_until: date | None
    holder_ended_on: date | None
    revoked_on: date | None
    revocation_ground: RevocationGround | None
    superseded_on: date | None
    superseded_how: Replacement | None
    decision_number: str
    authority: str
    product_name: str
    producer_name: str
    producer_address: str
    source_note: str
    set_number: int
    gtin: str | None
    commune: str
    replaced_by: str | None

    @classmethod
    def of(cls, found: CertifiedProduct, replaced_by: str | None) -> Self:
        """Make the line of a certificate that was read with its product."""
        said = {name: getattr(found.certificate, name) for name in _said()}
        return cls(
            **said,
            set_number=found.product.set_number,
            gtin=found.product.gtin,
            commune=found.commune,
            replaced_by=replaced_by,
        )


def _said() -> list[str]:
    """Return the fields of an entry that its certificate says itself."""
    return [field.name for field in fields(Entry) if hasattr(Certificate, field.name)]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a product in its two public sizes."""

    caption: str
    copy_sha256: str
    copy_width: int
    copy_height: int
    thumbnail_sha256: str
    thumbnail_width: int
    thumbnail_height: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the register, and what the typed place was taken for."""

    page: Page[Entry]
    place: NamedPlace | None


def product_sets_on(on: date) -> tuple[RubricSummary, ...]:
    """Return the product sets of a day; a regime that lists none takes those of the newest one."""
    own = loader.in_force(on).product_sets
    newest = reversed([loader.regime(code) for code in loader.regime_codes()])
    return own or next(regime.product_sets for regime in newest if regime.product_sets)


def register_page(
    session: ReadSession, wanted: Wanted, *, on: date, after: int = 0, limit: int = 20
) -> Found:
    """Return what the register holds on a day for a question, newest first."""
    typed = wanted.commune_code or wanted.commune.strip()
    place = named_place(session, typed, on=on) if typed else None
    asked = {wanted.state.value}
    values: dict[str, Any] = {"on": on, "most": limit + 1, "after": after or LARGEST_KEY}
    if wanted.state is RegisterState.RENEWAL:
        values["renewed_by"] = last_day_of_renewal(on, loader.in_force(on))
    if place is not None:
        asked.add("communes")
        values["communes"] = place.codes
    sets = _sets(wanted, on)
    if sets is not None:
        asked.add("sets")
        values["sets"] = sets
    if wanted.star is not None:
        asked.add("star")
        values["star"] = wanted.star
    if len(values.get("communes", ())) > FEW_COMMUNES or len(sets or ()) > 1:
        asked.add("wide")
    folded = fold(wanted.q)
    if folded:
        asked.add("words")
        values["words"] = _prefixes(session, folded)
        if not wanted.q.replace(" ", "").isalpha():  # a code holds a digit or a dash
            asked.add("code")
            values |= {"code": wanted.q.strip().upper(), "folded": folded}
    nothing = (place is not None and not place.communes) or sets == () or (wanted.q and not folded)
    if nothing:
        return Found(Page([], None), place)
    return Found(page_of(_read(session, asked, values, folded), limit=limit, key=_number), place)


def _read(
    session: ReadSession, asked: set[str], values: dict[str, Any], folded: str
) -> list[Entry]:
    """Return a page and one line more.

    PostgreSQL's index of words collects whatever holds a common word before it can hand out the
    newest. So the newest are looked through first: where they fill the page, nothing is collected.
    """
    connection, dialect = session.connection(), _dialect(session)
    if dialect == "postgresql" and "words" in asked and "code" not in asked:
        patterns = {"patterns": [f"% {word}%" for word in folded.split()]}
        near = connection.execute(_listing(frozenset(asked | {"near"}), dialect), values | patterns)
        entries = [Entry(*row) for row in near.all()]
        if len(entries) == values["most"]:
            return entries
    rows = connection.execute(_listing(frozenset(asked), dialect), values)
    return [Entry(*row) for row in rows.all()]


def _number(entry: Entry) -> int:
    return entry.id


def pictures_of(session: ReadSession, product_ids: Sequence[int]) -> dict[int, list[Picture]]:
    """Return the pictures of products, the first one first, in one statement."""
    if not product_ids:
        return {}
    found: dict[int, list[Picture]] = {}
    rows = session.connection().execute(_pictures(), {"products": list(product_ids)})
    for product_id, *picture in rows.all():
        found.setdefault(product_id, []).append(Picture(*picture))
    return found


def _dialect(session: ReadSession) -> str:
    return session.get_bind().dialect.name


def _sets(wanted: Wanted, on: date) -> tuple[int, ...] | None:
    """Return the sets that are asked for; None asks for all, an unknown category for none."""
    if not wanted.category and wanted.set_number is None:
        return None
    return tuple(
        one.set_number
        for one in product_sets_on(on)
        if wanted.category in {"", one.category_code}
        and wanted.set_number in {None, one.set_number}
    )


def _prefixes(session: ReadSession, folded: str) -> str:
    """Write folded words as the index asks for them: each is the beginning of a word."""
    if _dialect(session) == "sqlite":
        return " ".join(f'"{word}"*' for word in folded.split())
    return " & ".join(f"'{word}':*" for word in folded.split())


@cache
def _pictures() -> Statement:
    photo = ProductPhoto
    return (
        sa.select(
            col(photo.product_id),
            col(photo.caption),
            col(photo.copy_sha256),
            col(photo.copy_width),
            col(photo.copy_height),
            col(photo.thumbnail_sha256),
            col(photo.thumbnail_width),
            col(photo.thumbnail_height),
        )
        .where(col(photo.product_id).in_(sa.bindparam("products", expanding=True)))
        .order_by(col(photo.product_id), col(photo.id))
    )


@cache
def _listing(asked: frozenset[str], dialect: str) -> Statement:
    """Return the statement for a set of questions; their answers are bound when it runs."""
    said: list[Any] = [getattr(Certificate, name) for name in _said()]
    said += [
        col(Product.set_number),
        col(Product.gtin),
        sa.func.coalesce(col(AdministrativeUnit.full_name), ""),
        col(_NEWER.code),
    ]
    query: Statement = (
        sa.select(*said)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(AdministrativeUnit, _is_its_commune(), isouter=True)
        .join(_NEWER, col(_NEWER.id) == col(Certificate.superseded_by_id), isouter=True)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    state = next(state for state in RegisterState if state.value in asked)
    conditions = list(_in_state(state))
    key = cast("ColumnElement[int]", col(Certificate.id))
    if "code" in asked:
        conditions.append(key.in_(_named_by_code(dialect)))
    elif "words" in asked and dialect == "sqlite":
        # The index is walked by itself, newest first: nothing is collected, nothing sorted.
        query = query.join(_WORDS, _WORDS.c.rowid == key)
        key = cast("ColumnElement[int]", _WORDS.c.rowid)
        conditions.append(_holds_words(dialect))
    elif "near" in asked:
        conditions += [key >= _newest_floor(), _begins_words()]
    elif "words" in asked:
        # Asked for a page only, PostgreSQL would walk the register and fold each row's words anew:
        # seconds where nothing matches. So the index is asked first, and its answer joined.
        holding = (
            sa.select(col(Certificate.id).label("id"))
            .where(_holds_words(dialect))
            .cte("holding")
            .prefix_with("MATERIALIZED")
        )
        query = query.join(holding, holding.c.id == key)
    conditions.append(key < sa.bindparam("after", type_=sa.Integer))
    if "communes" in asked:
        communes = sa.bindparam("communes", expanding=True, type_=sa.String)
        conditions.append(_read_along(col(Product.commune_code), asked, dialect).in_(communes))
    if "sets" in asked:
        sets = sa.bindparam("sets", expanding=True, type_=sa.Integer)
        conditions.append(_read_along(col(Product.set_number), asked, dialect).in_(sets))
    if "star" in asked:
        conditions.append(col(Certificate.star) == sa.bindparam("star", type_=sa.Integer))
    return query.where(*conditions).order_by(key.desc())


def _read_along(column: Any, asked: frozenset[str], dialect: str) -> ColumnElement[Any]:
    """Return the column as it is for a narrow question; for a wide one hide its index from SQLite.

    SQLite keeps no count of rows: it would collect half the register and sort it, where walking
    the newest certificates fills a page at once.
    """
    if "wide" not in asked or dialect != "sqlite":
        return cast("ColumnElement[Any]", column)
    return sa.sql.expression.UnaryExpression(
        column, operator=cast("Any", sa.sql.operators.custom_op("+")), type_=column.type
    )


def _is_its_commune() -> ColumnElement[bool]:
    unit = AdministrativeUnit
    return and_(
        col(unit.code) == col(Product.commune_code),
        col(unit.level) == UnitLevel.COMMUNE,
        col(unit.valid_from) <= _ON,
        or_(col(unit.valid_to).is_(None), col(unit.valid_to) >= _ON),
    )


def _holds_words(dialect: str) -> ColumnElement[bool]:
    typed = sa.bindparam("words", type_=sa.String)
    if dialect == "sqlite":
        return _WORDS.c.certificate_search.op("MATCH", is_comparison=True)(typed)
    simple: ColumnElement[str] = sa.literal_column("'simple'")
    kept = sa.func.to_tsvector(simple, col(Certificate.search_folded))
    return kept.op("@@", is_comparison=True)(sa.func.to_tsquery(simple, typed))


def _newest_floor() -> ColumnElement[int]:
    """Return the lowest key of the newest certificates below the page that was seen last."""
    number = col(Certificate.id)
    newest = (
        sa.select(number.label("id"))
        .where(number < sa.bindparam("after", type_=sa.Integer))
        .order_by(number.desc())
        .limit(NEWEST)
        .subquery()
    )
    return sa.select(sa.func.min(newest.c.id)).scalar_subquery()


def _begins_words() -> ColumnElement[bool]:
    """Tell whether each pattern fits: the same words as the index finds, read letter by letter."""
    patterns = sa.bindparam("patterns", type_=sa.ARRAY(sa.String))
    spaced = sa.literal_column("' '").concat(col(Certificate.search_folded))
    return spaced.like(sa.all_(patterns))


def _named_by_code(dialect: str) -> sa.CompoundSelect[Any]:
    """Return the certificates that hold the words, bear the code, or whose product once bore it."""
    holding = sa.select(_WORDS.c.rowid) if dialect == "sqlite" else sa.select(col(Certificate.id))
    return sa.union_all(
        holding.where(_holds_words(dialect)),
        sa.select(col(Certificate.id)).where(
            col(Certificate.code) == sa.bindparam("code", type_=sa.String)
        ),
        sa.select(col(Certificate.id))
        .join(ProductCodeAlias, col(ProductCodeAlias.product_id) == col(Certificate.product_id))
        .where(col(ProductCodeAlias.code_folded) == sa.bindparam("folded", type_=sa.String)),
    )


def _in_state(state: RegisterState) -> Sequence[ColumnElement[bool]]:
    one = Certificate
    in_force = in_force_on(cast("date", _ON))
    is_revoked = col(one.revoked_on) <= _ON
    # A newer certificate speaks for the product from its day on; a revocation is told for ever.
    speaks = or_(col(one.superseded_on).is_(None), col(one.superseded_on) > _ON)
    match state:
        case RegisterState.IN_FORCE:
            return in_force
        case RegisterState.RENEWAL:
            within = (
                col(one.expires_on) >= _ON,
                col(one.expires_on) <= sa.bindparam("renewed_by", type_=sa.Date),
            )
            return (*in_force, *within)
        case RegisterState.EXTENDED:
            return (*in_force, col(one.expires_on) < _ON)
        case RegisterState.ENDED:
            lapsed = and_(
                col(one.expires_on) < _ON,
                or_(
                    col(one.extended_until).is_(None),
                    col(one.extended_until) < _ON,
                    col(one.extended_from) > _ON,
                ),
            )
            ended = or_(lapsed, col(one.holder_ended_on) <= _ON)
            return (col(one.issued_on) <= _ON, or_(is_revoked, and_(speaks, ended)))
        case RegisterState.ALL:
            return (col(one.issued_on) <= _ON, or_(is_revoked, speaks))
