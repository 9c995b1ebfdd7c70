"""How the products of a meeting stand by the totals that sheets keep: no mark is read.

A sheet's total is written with its marks in one transaction, so that a meeting of any size is added
up by the database. Minima and gates need the marks: they are read product by product, at the lock.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, SheetState
from app.domain.councils.models import AgendaItem, CouncilMember, Meeting, ScoreSheet
from app.domain.councils.policy import sees_settling
from app.domain.councils.queries.meetings import meetings_visible_to
from app.domain.councils.queries.rounds import rules_of
from app.domain.councils.schemas import StandingOut
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import CouncilRules
from app.rulebooks.scoring import decimal_text


@dataclass(frozen=True, slots=True)
class Standing:
    """One product whose sheets are all in: the exact mean of their totals, and how far they differ."""

    item: str
    position: int
    product: str
    sheets: int
    average: Fraction
    spread: int
    band_star: int
    is_divergent: bool
    average_text: str

    def out(self) -> StandingOut:
        """Return what the API answers."""
        return StandingOut(
            item=self.item,
            position=self.position,
            product=self.product,
            sheets=self.sheets,
            average=f"{self.average.numerator}/{self.average.denominator}",
            average_text=self.average_text,
            spread=self.spread,
            band_star=self.band_star,
            is_divergent=self.is_divergent,
        )


def standings(
    session: ReadSession, meeting_code: str, *, actor: Actor, rules_dir: Path | None = None
) -> list[Standing]:
    """Return how the products of a meeting stand, in three statements at any size.

    Before the lock only to whoever presides and to the secretary, and only where every sheet is in;
    what is locked to everybody who sees the meeting.
    """
    found = session.exec(
        meetings_visible_to(actor).where(col(Meeting.code) == meeting_code)
    ).one_or_none()
    if found is None:
        raise NotFound
    meeting, council, _ = found
    seat = session.exec(
        select(CouncilMember).where(
            col(CouncilMember.council_id) == council.id,
            col(CouncilMember.user_id) == actor.user_id,
            col(CouncilMember.left_on).is_(None),
        )
    ).one_or_none()
    # An open meeting works by the rules it pinned; before that, by those of its council.
    rules = rules_of(session, meeting if meeting.council_rules_hash else council, rules_dir)
    sees_all = sees_settling(meeting, seat)
    return [
        _standing(row, rules)
        for row in session.execute(_totals(meeting.id or 0))
        if row.submitted and not row.drafts and (sees_all or row.state is ItemState.LOCKED)
    ]


def _totals(meeting_id: int) -> Any:
    submitted = col(ScoreSheet.state) == SheetState.SUBMITTED
    counted = sa.case((submitted, col(ScoreSheet.total)))
    return (
        sa.select(
            col(AgendaItem.code),
            col(AgendaItem.state),
            col(AgendaItem.position),
            col(Product.name),
            col(Dossier.regime_code),
            sa.func.count(counted).label("submitted"),
            sa.func.count(
                sa.case((col(ScoreSheet.state) == SheetState.DRAFT, col(ScoreSheet.id)))
            ).label("drafts"),
            sa.func.sum(counted).label("points"),
            (sa.func.max(counted) - sa.func.min(counted)).label("spread"),
        )
        .join(ScoreSheet, col(ScoreSheet.item_id) == col(AgendaItem.id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(
            col(AgendaItem.meeting_id) == meeting_id, col(AgendaItem.state) != ItemState.TAKEN_OFF
        )
        .group_by(
            col(AgendaItem.id),
            col(AgendaItem.code),
            col(AgendaItem.state),
            col(AgendaItem.position),
            col(Product.name),
            col(Dossier.regime_code),
        )
        .order_by(col(AgendaItem.position))
    )


def _standing(row: Any, rules: CouncilRules) -> Standing:
    average = Fraction(row.points, row.submitted)
    return Standing(
        item=row.code,
        position=row.position,
        product=row.name,
        sheets=row.submitted,
        average=average,
        spread=row.spread,
        band_star=loader.regime(row.regime_code).band_of(average).star,
        is_divergent=row.spread > rules.divergence.limit,
        average_text=decimal_text(average, rules.averaging.shown_decimals),
    )
