"""Locked results, their sheets, and the dossiers that wait for an agenda."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import defer
from sqlmodel import and_, col, func, select

from app.core.clock import VIET_NAM
from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, MeetingForm
from app.domain.councils.models import (
    AgendaItem,
    CouncilMember,
    Meeting,
    Reopening,
    Result,
    Round,
    ScoreSheet,
    SupersededResult,
)
from app.domain.councils.policy import why_not_read_file
from app.domain.councils.queries.rounds import MOST_ITEMS, rules_of
from app.domain.councils.queries.sheets import dossier_ids_on_agenda
from app.domain.councils.schemas import (
    ReasonOut,
    ResultOut,
)
from app.domain.dossiers.enums import DossierKind, DossierState, Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import DossierRow, dossiers_visible_to, get_dossier
from app.domain.dossiers.rules import states_before
from app.domain.products.models import Product
from app.rulebooks.model import CouncilRules
from app.rulebooks.recomputation import Record, result_file
from app.rulebooks.scoring import canonical_json

_NOT_TAKEN_IN = (DossierState.PROPOSED, DossierState.COMPLETION_REQUESTED)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A locked result with its dossier, and the item where members read the sheets."""

    result: Result
    dossier: DossierRow
    item: AgendaItem
    rules: CouncilRules
    sees_sheets: bool
    tells_averages: bool = True

    @property
    def file(self) -> str:
        """The result file in its one form: with the sheets for those who see them after the lock."""
        return canonical_json(
            result_file(
                Record(self.result.document, self.result.sealed),
                self.dossier.rubric,
                self.dossier.regime,
                self.rules,
                with_sheets=self.sees_sheets,
            )
        )

    def out(self) -> ResultOut:
        """Return what the API answers: averages and reasons, no names.

        Where the council rules tell the producer nothing more, the star and the outcome are left.
        """
        if not self.tells_averages:
            return self._outcome_only()
        said = self.result.document
        return ResultOut(
            **self.result.model_dump(
                include={
                    "code",
                    "star",
                    "band_star",
                    "outcome",
                    "average_text",
                    "sheets_counted",
                    "document_hash",
                    "locked_at",
                }
            ),
            dossier=self.dossier.dossier.code,
            rubric_code=self.dossier.dossier.rubric_code,
            average=said["average"],
            median=said["median"],
            spread=self.result.spread,
            criterion_means=said["criterion_means"],
            minima=said["minima"],
            gates_upheld=said["gates_upheld"],
            reasons=[ReasonOut(**reason) for reason in said["reasons"]],
        )

    def _outcome_only(self) -> ResultOut:
        shown = {"code", "star", "outcome", "document_hash", "locked_at"}
        return ResultOut(
            **self.result.model_dump(include=shown),
            band_star=self.result.star,
            dossier=self.dossier.dossier.code,
            rubric_code=self.dossier.dossier.rubric_code,
            average="",
            average_text="",
            median="",
            spread=0,
            sheets_counted=self.result.sheets_counted,
            criterion_means={},
            minima=[],
            gates_upheld=[],
            reasons=[],
        )


def get_result(session: ReadSession, dossier_code: str, *, actor: Actor) -> ResultRow:
    """Return the locked result of a dossier this actor may see; none before the lock."""
    on_agenda = dossier_ids_on_agenda(session, actor, on=date.max)  # a result closes no papers
    row = get_dossier(session, dossier_code, actor=actor, extra_ids=on_agenda)
    found = session.exec(
        select(Result, AgendaItem, Meeting)
        .join(AgendaItem, col(AgendaItem.id) == col(Result.item_id))
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
        .where(col(Result.dossier_id) == row.dossier.id)
    ).one_or_none()
    if found is None:
        raise NotFound
    result, item, meeting = found
    sees_sheets = actor.sees_province or row.dossier.id in on_agenda
    # The copy kept with the pin answers where the province's own file is not at hand.
    rules = rules_of(session, meeting, None)
    tells = sees_sheets or rules.sheets_visible.producer == "averages_and_reasons"
    return ResultRow(result, row, item, rules, sees_sheets=sees_sheets, tells_averages=tells)


def result_to_recompute(session: ReadSession, dossier_code: str, *, actor: Actor) -> ResultRow:
    """Return a locked result whose file this actor may have, with or without its sheets."""
    row = get_result(session, dossier_code, actor=actor)
    if refusal := why_not_read_file(tells_averages=row.tells_averages):
        raise refusal
    return row


def reopened_in(
    session: ReadSession, meeting_id: int
) -> dict[int, list[tuple[Reopening, SupersededResult]]]:
    """Return the results of a meeting that were taken up again, by item, without their records."""
    found: dict[int, list[tuple[Reopening, SupersededResult]]] = {}
    for reopening, superseded in session.exec(
        select(Reopening, SupersededResult)
        .join(SupersededResult, col(SupersededResult.reopening_id) == col(Reopening.id))
        .join(AgendaItem, col(AgendaItem.id) == col(Reopening.item_id))
        .options(
            defer(SupersededResult.document),  # type: ignore[arg-type]  # -- a mapped column
            defer(SupersededResult.sealed),  # type: ignore[arg-type]  # -- a mapped column
        )
        .where(col(AgendaItem.meeting_id) == meeting_id)
        .order_by(col(Reopening.id))
    ):
        found.setdefault(reopening.item_id, []).append((reopening, superseded))
    return found


def sheets_of_item(
    session: ReadSession, item_id: int
) -> Sequence[tuple[ScoreSheet, CouncilMember]]:
    """Return the sheets of a dossier with their members, for whoever may see them after the lock."""
    return [
        (sheet, member)
        for sheet, member in session.exec(
            select(ScoreSheet, CouncilMember)
            .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
            .where(col(ScoreSheet.item_id) == item_id)
            .order_by(col(CouncilMember.id))
        )
    ]


def schedulable(
    session: ReadSession, round_id: int | None, *, actor: Actor
) -> Sequence[DossierRow]:
    """Return the accepted dossiers of a round that are on no agenda yet (at most 100).

    Renewals are of no round: without one they are meant.
    """
    of_round = (
        col(Dossier.kind) == DossierKind.RENEWAL
        if round_id is None
        else col(Dossier.round_id) == round_id
    )
    return _waiting(session, of_round, states_before(Step.SCHEDULE), actor=actor)


def not_taken_in(session: ReadSession, round_: Round, *, actor: Actor) -> Sequence[DossierRow]:
    """Return what communes proposed in time for a round and the province has not accepted yet.

    A round takes what was proposed before its limit and came too late for the one before it.
    """
    earlier = session.exec(
        select(func.max(col(Round.proposals_before))).where(
            col(Round.proposals_before) < round_.proposals_before
        )
    ).one()
    proposed = col(Dossier.proposed_at)
    in_time = and_(
        col(Dossier.kind) != DossierKind.RENEWAL,
        proposed < _begin_of(round_.proposals_before),
        proposed >= _begin_of(earlier) if earlier else sa.true(),
    )
    return _waiting(session, in_time, _NOT_TAKEN_IN, actor=actor)


def to_meet(session: ReadSession, dossier_ids: Collection[int]) -> frozenset[int]:
    """Return those of these dossiers whose written opinion is to be followed by a meeting."""
    return frozenset(
        session.exec(
            select(col(AgendaItem.dossier_id))
            .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
            .where(
                col(AgendaItem.dossier_id).in_(dossier_ids),
                col(AgendaItem.state) == ItemState.TAKEN_OFF,
                col(Meeting.form) == MeetingForm.WRITTEN,
            )
        )
    )


def was_asked_in_writing(session: ReadSession, dossier: Dossier) -> bool:
    """Tell whether the council was asked in writing about a renewal, and is to meet."""
    return bool(to_meet(session, [dossier.id or 0]))


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=VIET_NAM)


def _waiting(
    session: ReadSession,
    condition: ColumnElement[bool],
    states: Collection[DossierState],
    *,
    actor: Actor,
) -> Sequence[DossierRow]:
    if not actor.sees_province:
        return []
    rows = session.exec(
        dossiers_visible_to(actor)
        .where(condition, col(Dossier.state).in_(states))
        .order_by(col(Dossier.province_due_on), col(Product.set_number), col(Dossier.id))
        .limit(MOST_ITEMS)
    ).all()
    return [DossierRow(*row) for row in rows]
