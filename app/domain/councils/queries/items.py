"""One dossier before the council, with what must be settled before its lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import col, func, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import GateState, MeetingForm, ReopeningState, SheetState
from app.domain.councils.models import (
    AgendaItem,
    Council,
    GateFinding,
    Mark,
    Meeting,
    MeetingWish,
    MinimumConfirmation,
    Reopening,
    Result,
    Round,
    ScoreSheet,
    SupersededResult,
)
from app.domain.councils.policy import certifies, sees_settling
from app.domain.councils.queries.meetings import (
    ItemRow,
    MeetingRow,
    meeting_quorum,
    meeting_row,
    quorum_out,
    sits_in,
)
from app.domain.councils.rules import QuorumCount, Voices, why_meet
from app.domain.councils.schemas import (
    GateOut,
    ItemDetailOut,
    MinimumOut,
    ReasonOut,
    ReopeningOut,
    SettlingOut,
    SupersededResultOut,
    WishOut,
)
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import DossierRow
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks import scoring as arithmetic
from app.rulebooks.model import GateEffect
from app.rulebooks.recomputation import Record, ratio_text, record_of
from app.rulebooks.spread import criterion_spreads


@dataclass(frozen=True, slots=True)
class Earlier:
    """The written opinion on a renewal that was then put before a meeting; its sheets are kept."""

    item: AgendaItem
    meeting: Meeting
    submitted: int


@dataclass(frozen=True)
class ItemDetail:
    """One dossier before the council with everything that must be settled before its lock."""

    meeting: MeetingRow
    row: ItemRow
    gates: tuple[GateFinding, ...]
    confirmations: tuple[MinimumConfirmation, ...]
    reopenings: tuple[tuple[Reopening, SupersededResult | None], ...]
    marks: dict[int, dict[str, Mark]]
    answers: dict[int, dict[str, str]]
    wishes: tuple[MeetingWish, ...] = ()
    earlier: Earlier | None = None

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
        """The quorum for this dossier: recused members leave numerator and denominator.

        In a written opinion whoever gave it is present, nobody else.
        """
        if self.meeting.is_written:
            return self._quorum(self._in_state(SheetState.SUBMITTED) | self.recused_ids)
        return self.quorum_without()

    def quorum_without(self, *member_ids: int) -> QuorumCount:
        """Return what the quorum for this dossier would be if these members did not judge it."""
        present = self.meeting.present_ids - self._in_state(SheetState.LAPSED)
        return self._quorum(present, without=frozenset(member_ids))

    def _quorum(
        self, present_ids: frozenset[int], *, without: frozenset[int] = frozenset()
    ) -> QuorumCount:
        return meeting_quorum(
            self.meeting.rules,
            [seat.member for seat in self.meeting.seats],
            present_ids=present_ids,
            presiding_id=self.meeting.meeting.presiding_id,
            without=self.recused_ids | without,
        )

    def _in_state(self, state: SheetState) -> frozenset[int]:
        return frozenset(sheet.member_id for sheet in self.row.sheets if sheet.state is state)

    @property
    def counted_sheets(self) -> list[dict[str, str]]:
        """The answers of every submitted sheet, as the arithmetic reads them."""
        return [
            self.answers.get(sheet.id or 0, {})
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

    def record(self, nonce: str = "") -> Record:
        """Return the record of what the sheets add up to; only when every sheet is in."""
        if self.computed is None:
            message = f"item {self.row.item.code} still waits for sheets"
            raise ValueError(message)
        return record_of(
            self.computed,
            self.dossier.rubric,
            self.dossier.regime,
            self.meeting.rules,
            dossier=self.row.dossier.code,
            nonce=nonce,
        )

    @property
    def is_reopening_asked(self) -> bool:
        """Whether a request to take the result up again waits for its decision."""
        return any(one.state is ReopeningState.REQUESTED for one, _ in self.reopenings)

    @property
    def certifies(self) -> bool:
        """Whether whoever reads this certifies the tally of this meeting."""
        return certifies(
            self.meeting.meeting,
            self.meeting.seat,
            seats=[seat.member for seat in self.meeting.seats],
            present_ids=self.meeting.present_ids,
        )

    @property
    def settling(self) -> arithmetic.Result | None:
        """The same, for those who may know it before the lock."""
        if not (sees_settling(self.meeting.meeting, self.meeting.seat) or self.certifies):
            return None
        return self.computed

    @property
    def why_meet(self) -> tuple[Worded, ...]:
        """Why this renewal cannot be settled in writing; what the sheets say only when all are in."""
        if not self.meeting.is_written:
            return ()
        computed = self.computed
        return why_meet(
            Voices(
                stars=tuple(self.stars),
                spread=computed.spread if computed else 0,
                limit=self.meeting.rules.divergence.limit,
                gates=len({gate.criterion_code for gate in self.gates} | set(self.gates_to_vote)),
                split_minima=len(computed.awaiting_chair) if computed else 0,
                wishes=len(self.wishes),
            )
        )

    @property
    def stars(self) -> list[int]:
        """The star of each submitted sheet by itself, once all are in."""
        if self.computed is None:
            return []
        rubric, regime = self.dossier.rubric, self.dossier.regime
        return [arithmetic.sheet_star(rubric, regime, one) for one in self.counted_sheets]

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
            certified_at=self.row.item.certified_at,
            certified_by=self.row.item.certified_by,
            locked_at=self.row.item.locked_at,
            locked_by=self.row.item.locked_by,
            reopenings=[_reopening_out(*one) for one in self.reopenings],
            settling=None if settling is None else self._settling_out(settling),
            wishes=[WishOut(reason=one.reason, wished_at=one.wished_at) for one in self.wishes],
            why_meet=[str(one) for one in self.why_meet]
            if settling is not None or self.computed is None
            else [],
            written_opinion=self.earlier.item.code if self.earlier else None,
        )

    def _settling_out(self, settling: arithmetic.Result) -> SettlingOut:
        return SettlingOut(
            average=settling.average_text,
            median=ratio_text(settling.median),
            spread=settling.spread,
            criterion_spreads=criterion_spreads(settling),
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


def _reopening_out(reopening: Reopening, superseded: SupersededResult | None) -> ReopeningOut:
    return ReopeningOut(
        **reopening.model_dump(include=set(ReopeningOut.model_fields) - {"superseded"}),
        superseded=None
        if superseded is None
        else SupersededResultOut(
            **{name: getattr(superseded, name) for name in SupersededResultOut.model_fields}
        ),
    )


def reopening_item_code(session: ReadSession, code: str) -> str:
    """Return the agenda item a request to reopen is about."""
    found = session.exec(
        select(AgendaItem.code)
        .join(Reopening, col(Reopening.item_id) == col(AgendaItem.id))
        .where(col(Reopening.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


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
        sa.select(AgendaItem, Meeting, Council, Round, Dossier, Product, Producer, Result)
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
        .join(Council, col(Council.id) == col(Meeting.council_id))
        .join(Round, col(Round.id) == col(Meeting.round_id), isouter=True)
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(Result, col(Result.item_id) == col(AgendaItem.id), isouter=True)
        .where(col(AgendaItem.code) == code)
    )
    if not actor.sees_province:
        query = query.where(sits_in(actor))
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
    gates, confirmations, reopenings = _findings_of(session, item)
    its_row = (*row.items, *row.taken_off)[0]
    marks = marks_of(session, [sheet.id or 0 for sheet in its_row.sheets])
    return ItemDetail(
        meeting=row,
        row=its_row,
        gates=gates,
        confirmations=confirmations,
        reopenings=reopenings,
        marks=marks,
        answers={sheet_id: chosen(of_sheet) for sheet_id, of_sheet in marks.items()},
        wishes=_wishes_of(session, item) if row.is_written else (),
        earlier=None
        if row.is_written or its_row.dossier.kind is not DossierKind.RENEWAL
        else _earlier(session, item),
    )


def _wishes_of(session: ReadSession, item: AgendaItem) -> tuple[MeetingWish, ...]:
    return tuple(
        session.exec(
            select(MeetingWish)
            .where(col(MeetingWish.item_id) == item.id)
            .order_by(col(MeetingWish.wished_at), col(MeetingWish.member_id))
        )
    )


def _earlier(session: ReadSession, item: AgendaItem) -> Earlier | None:
    """Return the newest written opinion on the dossier of an agenda item, if there was one."""
    submitted = (
        select(func.count())
        .select_from(ScoreSheet)
        .where(
            col(ScoreSheet.item_id) == col(AgendaItem.id),
            col(ScoreSheet.state) == SheetState.SUBMITTED,
        )
        .correlate(AgendaItem)
        .scalar_subquery()
    )
    found = session.exec(
        select(AgendaItem, Meeting, submitted)
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
        .where(
            col(AgendaItem.dossier_id) == item.dossier_id,
            col(AgendaItem.id) != item.id,
            col(Meeting.form) == MeetingForm.WRITTEN,
        )
        .order_by(col(AgendaItem.id).desc())
    ).first()
    return Earlier(*found) if found else None


def _findings_of(
    session: ReadSession, item: AgendaItem
) -> tuple[
    tuple[GateFinding, ...],
    tuple[MinimumConfirmation, ...],
    tuple[tuple[Reopening, SupersededResult | None], ...],
]:
    """Return all kinds of findings in one statement: each is few, so their product stays small."""
    gates: dict[int, GateFinding] = {}
    confirmations: dict[tuple[str, int], MinimumConfirmation] = {}
    reopenings: dict[int, tuple[Reopening, SupersededResult | None]] = {}
    for gate, confirmation, reopening, superseded in session.exec(
        select(GateFinding, MinimumConfirmation, Reopening, SupersededResult)
        .select_from(AgendaItem)
        .join(GateFinding, col(GateFinding.item_id) == col(AgendaItem.id), isouter=True)
        .join(
            MinimumConfirmation,
            col(MinimumConfirmation.item_id) == col(AgendaItem.id),
            isouter=True,
        )
        .join(Reopening, col(Reopening.item_id) == col(AgendaItem.id), isouter=True)
        .join(
            SupersededResult,
            col(SupersededResult.reopening_id) == col(Reopening.id),
            isouter=True,
        )
        # Its record is long and read elsewhere.
        .options(
            defer(SupersededResult.document),  # type: ignore[arg-type]  # -- a mapped column
            defer(SupersededResult.sealed),  # type: ignore[arg-type]  # -- a mapped column
        )
        .where(col(AgendaItem.id) == item.id)
        .order_by(col(GateFinding.id), col(Reopening.id))
    ):
        if gate is not None:
            gates[gate.id or 0] = gate
        if confirmation is not None:
            confirmations[confirmation.criterion_code, confirmation.star] = confirmation
        if reopening is not None:
            reopenings[reopening.id or 0] = reopening, superseded
    return tuple(gates.values()), tuple(confirmations.values()), tuple(reopenings.values())


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
