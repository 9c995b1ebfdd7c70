"""Old results computed again: under their own rules, which must agree, and under others."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import NotFound, Refusal
from app.domain.councils.models import AgendaItem, Council, Meeting, Result, SupersededResult
from app.domain.councils.queries.rounds import rules_of
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import CouncilRules, Rubric, RulebookError, UnknownRulebook
from app.rulebooks.recomputation import recomputed, result_under

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Other:
    """What other rules give for the same sheets; `why` instead where they cannot be applied."""

    star: int | None
    outcome: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One old result, what it says, whether it still follows, and what other rules would give."""

    dossier: str
    product: str
    set_number: int
    average: str
    star: int
    outcome: str
    is_superseded: bool
    agrees: bool
    why: str = ""
    other: Other | None = None


def replayed_results(
    session: ReadSession,
    *,
    meeting: str = "",
    rules: CouncilRules | None = None,
    rubric: Rubric | None = None,
    rules_dir: Path | None = None,
) -> Iterator[Replayed]:
    """Yield every result, superseded ones too, computed again; of one meeting if named.

    `rules` and `rubric` are the others to try; a rubric is tried only on results of its own set.
    """
    ids = _meeting_ids(session, meeting)
    pinned: dict[int, CouncilRules | Refusal] = {}
    for table in (Result, SupersededResult):
        for found, dossier, product, held, council in _kept(session, table, ids):
            meeting_id = held.id or 0
            if meeting_id not in pinned:
                pinned[meeting_id] = _pinned(session, held, council, rules_dir)
            yield _replayed(
                found,
                dossier,
                product,
                pinned[meeting_id],
                rules=rules,
                rubric=rubric if rubric and rubric.set_number == product.set_number else None,
            )


def _kept(
    session: ReadSession, table: type[Result | SupersededResult], meeting_ids: list[int]
) -> Iterator[tuple[Result | SupersededResult, str, Product, Meeting, Council]]:
    """Yield results in the order they were locked, a few at a time: each holds its whole record."""
    after = 0
    while True:
        query = (
            sa.select(table, Dossier.code, Product, Meeting, Council)  # type: ignore[call-overload]  # -- columns of SQLModel
            .join(AgendaItem, col(AgendaItem.id) == col(table.item_id))
            .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
            .join(Product, col(Product.id) == col(Dossier.product_id))
            .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
            .join(Council, col(Council.id) == col(Meeting.council_id))
            .where(col(table.id) > after)
            .order_by(col(table.id))
            .limit(AT_ONCE)
        )
        if meeting_ids:
            query = query.where(col(Meeting.id).in_(meeting_ids))
        rows = session.execute(query).all()
        yield from (tuple(row) for row in rows)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][0].id


def _meeting_ids(session: ReadSession, code: str) -> list[int]:
    if not code:
        return []
    found = session.exec(select(Meeting.id).where(col(Meeting.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    return [found]


def _pinned(
    session: ReadSession, meeting: Meeting, council: Council, rules_dir: Path | None
) -> CouncilRules | Refusal:
    try:
        return rules_of(session, meeting if meeting.council_rules_hash else council, rules_dir)
    except Refusal as gone:
        return gone


def _replayed(
    found: Result | SupersededResult,
    dossier: str,
    product: Product,
    own: CouncilRules | Refusal,
    *,
    rules: CouncilRules | None,
    rubric: Rubric | None,
) -> Replayed:
    said = found.document
    agrees, why, other = False, "", None
    try:
        if isinstance(own, Refusal):
            raise own
        regime, sheet = loader.regime(said["regime"]), loader.rubric(said["rubric"])
        again = recomputed(said, found.sealed, sheet, regime, own)
        agrees = (again.hash, again.document) == (found.document_hash, said)
        if rules or rubric:
            other = _other(found, rubric or sheet, rules or own)
    except (Refusal, RulebookError, UnknownRulebook) as wrong:
        why = wrong.text if isinstance(wrong, Refusal) else str(wrong)
    return Replayed(
        dossier=dossier,
        product=product.name,
        set_number=product.set_number,
        average=found.average_text,
        star=found.star,
        outcome=found.outcome,
        is_superseded=isinstance(found, SupersededResult),
        agrees=agrees,
        why=why,
        other=other,
    )


def _other(found: Result | SupersededResult, rubric: Rubric, rules: CouncilRules) -> Other:
    regime = loader.regime(found.document["regime"])
    try:
        result = result_under(found.document, found.sealed, rubric, regime, rules)
    except Refusal as wrong:
        return Other(None, "", why=wrong.text)
    return Other(result.star, result.outcome.value)
