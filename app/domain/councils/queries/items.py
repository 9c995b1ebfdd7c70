"""One dossier before the council, with what must be settled before its lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import GateState, SheetState
from app.domain.councils.models import (
    AgendaItem,
    Council,
    GateFinding,
    Mark,
    Meeting,
    MinimumConfirmation,
    Round,
)
from app.domain.councils.policy import sees_settling
from app.domain.councils.queries.meetings import (
    ItemRow,
    MeetingRow,
    councils_of,
    meeting_quorum,
    meeting_row,
    quorum_out,
)
from app.domain.councils.rules import (
    QuorumCount,
)
from app.domain.councils.schemas import (
    GateOut,
    ItemDetailOut,
    MinimumOut,
    ReasonOut,
    SettlingOut,
)
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import DossierRow
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks import scoring as arithmetic
from app.rulebooks.model import GateEffect


@dataclass(frozen=True)
class ItemDetail:
    """One dossier before the council with everything that must be settled before its lock."""

    meeting: MeetingRow
    row: ItemRow
    gates: tuple[GateFinding, ...]
    confirmations: tuple[MinimumConfirmation, ...]
    marks: dict[int, dict[str, Mark]]

    @property
    def dossier(self) -> DossierRow:
        """The dossier with what it is about."""
        return DossierRow(self.row.dossier, self.row.product, self.row.producer, "")

    @property
    def recused_ids(self) -> frozenset[int]:
        """The seats that do not judge this dossier."""
        return frozenset(
            sheet.member_id for sheet in self.row.sheets if sheet.state is SheetState.RECUSED
        )

    @property
    def quorum(self) -> QuorumCount:
        """The quorum for this dossier: recused members leave numerator and denominator."""
        return self.quorum_without()

    def quorum_without(self, *member_ids: int) -> QuorumCount:
        """Return what the quorum for this dossier would be if these members did not judge it."""
        return meeting_quorum(
            self.meeting.rules,
            [seat.member for seat in self.meeting.seats],
            present_ids=self.meeting.present_ids,
            presiding_id=self.meeting.meeting.presiding_id,
            without=self.recused_ids | frozenset(member_ids),
        )

    @property
    def counted_sheets(self) -> list[dict[str, str]]:
        """The answers of every submitted sheet, as the arithmetic reads them."""
        return [
            chosen(self.marks.get(sheet.id or 0, {}))
            for sheet in self.row.sheets
            if sheet.state is SheetState.SUBMITTED
        ]

    @property
    def upheld(self) -> list[arithmetic.GateUpheld]:
        """The gates that the council's vote upheld."""
        return [
            arithmetic.GateUpheld(
                gate.criterion_code,
                GateEffect(gate.kind.value),
                gate.reason,
                gate.votes_for,
                gate.votes_against,
            )
            for gate in self.gates
            if gate.state is GateState.UPHELD
        ]

    @cached_property
    def computed(self) -> arithmetic.Result | None:
        """What the sheets add up to; None while a sheet is missing."""
        if not self.row.is_complete:
            return None
        return arithmetic.council_result(
            self.dossier.rubric,
            self.dossier.regime,
            self.meeting.rules,
            self.counted_sheets,
            gates_upheld=self.upheld,
            chair_confirmations={
                (one.criterion_code, one.star): one.met for one in self.confirmations
            },
        )

    @property
    def settling(self) -> arithmetic.Result | None:
        """The same, for those who may know it before the lock."""
        if not sees_settling(self.meeting.meeting, self.meeting.seat):
            return None
        return self.computed

    @property
    def gates_to_vote(self) -> tuple[str, ...]:
        """Criteria where some sheets close a gate by their points and the council has not voted."""
        if self.computed is None:
            return ()
        voted = {
            (gate.criterion_code, gate.kind.value)
            for gate in self.gates
            if gate.state is not GateState.RAISED
        }
        return tuple(
            gate.criterion_code
            for gate in self.computed.gates_suggested
            if (gate.criterion_code, gate.effect.value) not in voted
        )

    def out(self) -> ItemDetailOut:
        """Return what the API answers."""
        settling = self.settling
        return ItemDetailOut(
            **self.row.out().model_dump(),
            meeting=self.meeting.meeting.code,
            quorum=quorum_out(self.quorum),
            gates=[
                GateOut.model_validate(gate.model_dump(include=set(GateOut.model_fields)))
                for gate in self.gates
            ],
            divergence_note=self.row.item.divergence_note,
            settling=None if settling is None else self._settling_out(settling),
        )

    def _settling_out(self, settling: arithmetic.Result) -> SettlingOut:
        return SettlingOut(
            average=settling.average_text,
            spread=settling.spread,
            is_divergent=settling.is_divergent,
            star=settling.star,
            minima_awaiting_chair=[
                MinimumOut(
                    criterion_code=one.criterion_code,
                    criterion_name=one.criterion_name,
                    star=one.star,
                    reached_by=one.reached_by,
                    counted=one.counted,
                    met=one.met,
                    confirmed=one.confirmed,
                    needs_chair=one.needs_chair,
                )
                for one in settling.awaiting_chair
            ],
            gates_suggested=list(self.gates_to_vote),
            reasons=[
                ReasonOut(code=one.code, text=one.text, basis=one.basis) for one in settling.reasons
            ],
        )


def chosen(marks: dict[str, Mark]) -> dict[str, str]:
    """Return marks as the arithmetic reads them: criterion to option, blanks left out."""
    return {code: mark.option_code for code, mark in marks.items() if mark.option_code}


def get_item(
    session: ReadSession, code: str, *, actor: Actor, rules_dir: Path | None = None
) -> ItemDetail:
    """Return a dossier of an agenda this actor may see, in five statements."""
    return _item_detail(session, code, actor=actor, rules_dir=rules_dir, lock=False)


def item_for_update(
    session: WriteSession, code: str, *, actor: Actor, rules_dir: Path | None = None
) -> ItemDetail:
    """Return a dossier of an agenda, locked until the transaction ends."""
    return _item_detail(session, code, actor=actor, rules_dir=rules_dir, lock=True)


def _item_detail(
    session: ReadSession, code: str, *, actor: Actor, rules_dir: Path | None, lock: bool
) -> ItemDetail:
    query = (
        sa.select(AgendaItem, Meeting, Council, Round, Dossier, Product, Producer)
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
        .join(Council, col(Council.id) == col(Meeting.council_id))
        .join(Round, col(Round.id) == col(Meeting.round_id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .where(col(AgendaItem.code) == code)
    )
    if not actor.sees_province:
        query = query.where(col(Meeting.council_id).in_(councils_of(actor)))
    if lock:
        query = query.with_for_update(of=AgendaItem)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    item, meeting, council, round_, *about = found
    row = meeting_row(
        session,
        meeting,
        council,
        round_,
        actor=actor,
        rules_dir=rules_dir,
        only=(item, *about),
    )
    gates, confirmations = _findings_of(session, item)
    return ItemDetail(
        meeting=row,
        row=row.items[0],
        gates=gates,
        confirmations=confirmations,
        marks=marks_of(session, [sheet.id or 0 for sheet in row.items[0].sheets]),
    )


def _findings_of(
    session: ReadSession, item: AgendaItem
) -> tuple[tuple[GateFinding, ...], tuple[MinimumConfirmation, ...]]:
    """Return both kinds of findings in one statement: each is few, so their product stays small."""
    gates: dict[int, GateFinding] = {}
    confirmations: dict[tuple[str, int], MinimumConfirmation] = {}
    for gate, confirmation in session.exec(
        select(GateFinding, MinimumConfirmation)
        .select_from(AgendaItem)
        .join(GateFinding, col(GateFinding.item_id) == col(AgendaItem.id), isouter=True)
        .join(
            MinimumConfirmation,
            col(MinimumConfirmation.item_id) == col(AgendaItem.id),
            isouter=True,
        )
        .where(col(AgendaItem.id) == item.id)
        .order_by(col(GateFinding.id))
    ):
        if gate is not None:
            gates[gate.id or 0] = gate
        if confirmation is not None:
            confirmations[confirmation.criterion_code, confirmation.star] = confirmation
    return tuple(gates.values()), tuple(confirmations.values())


def marks_of(session: ReadSession, sheet_ids: Sequence[int]) -> dict[int, dict[str, Mark]]:
    """Return the marks of sheets, by sheet and criterion."""
    found: dict[int, dict[str, Mark]] = {one: {} for one in sheet_ids}
    for mark in session.exec(select(Mark).where(col(Mark.sheet_id).in_(list(found)))):
        found[mark.sheet_id][mark.criterion_code] = mark
    return found


def gate_item_code(session: ReadSession, code: str) -> str:
    """Return the agenda item a raised gate belongs to."""
    found = session.exec(
        select(AgendaItem.code)
        .join(GateFinding, col(GateFinding.item_id) == col(AgendaItem.id))
        .where(col(GateFinding.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found
