"""The states of things, drawn from the tables that rule them: Mermaid diagrams for app/README.md.

A certificate's standing is not moved by anybody: it is computed for a day, and told as a table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.domain.councils.enums import ItemState, MeetingState, SheetState
from app.domain.councils.rules import (
    ITEM_LABELS,
    ITEM_MOVES,
    MEETING_LABELS,
    MEETING_MOVES,
    SHEET_LABELS,
    SHEET_MOVES,
)
from app.domain.dossiers import rules as dossiers
from app.domain.ideas import rules as ideas
from app.domain.inspections import rules as inspections
from app.domain.inspections.enums import CorrectionState, InspectionState, PlanState
from app.domain.jobs import rules as jobs
from app.domain.misuse import rules as misuse
from app.domain.packaging import rules as packaging
from app.domain.packs import rules as packs
from app.domain.privacy import rules as privacy
from app.domain.recognition.enums import Standing
from app.domain.recognition.rules import (
    IN_FORCE,
    REVOCATION_FINAL,
    REVOCATION_INITIAL,
    REVOCATION_LABELS,
    REVOCATION_MOVES,
    STANDING_BASIS,
    STANDING_LABELS,
)
from app.domain.stamps.enums import BatchState
from app.domain.stamps.policy import MOVES, STATE_LABELS

DOCUMENT = Path(__file__).with_name("README.md")
BEGIN = "<!-- states: begin -->\n"
END = "<!-- states: end -->"


class Row(Protocol):
    """A row of a transition table: a step from one state to another."""

    @property
    def step(self) -> str:
        """What is done."""

    @property
    def before(self) -> str:
        """The state in which it may be done."""

    @property
    def after(self) -> str:
        """The state it leads to."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A step from one state to another, whatever table it comes from."""

    step: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Life:
    """The states of one kind of thing: where it begins, what moves it, where it may end."""

    name: str
    first: str
    moves: tuple[Arrow, ...]
    final: frozenset[str]
    labels: dict[str, str]


def _arrows(rows: Iterable[Row]) -> tuple[Arrow, ...]:
    return tuple(Arrow(str(row.step), str(row.before), str(row.after)) for row in rows)


LIVES: tuple[Life, ...] = (
    Life(
        "Product idea",
        ideas.INITIAL,
        _arrows(ideas.MOVES),
        frozenset(state.value for state in ideas.FINAL),
        {state.value: label for state, label in ideas.STATE_LABELS.items()},
    ),
    Life(
        "Dossier",
        dossiers.INITIAL,
        tuple(
            Arrow(row.step.value, row.from_state.value, row.to_state.value)
            for row in dossiers.TRANSITIONS
        ),
        frozenset(state.value for state in dossiers.FINAL),
        {state.value: label for state, label in dossiers.STATE_LABELS.items()},
    ),
    Life(
        "Meeting",
        MeetingState.SCHEDULED,
        _arrows(MEETING_MOVES),
        frozenset({MeetingState.CLOSED.value}),
        {state.value: label for state, label in MEETING_LABELS.items()},
    ),
    Life(
        "Agenda item",
        ItemState.WAITING,
        _arrows(ITEM_MOVES),
        frozenset({ItemState.LOCKED.value}),
        {state.value: label for state, label in ITEM_LABELS.items()},
    ),
    Life(
        "Score sheet",
        SheetState.DRAFT,
        _arrows(SHEET_MOVES),
        frozenset({SheetState.SUBMITTED.value, SheetState.RECUSED.value}),
        {state.value: label for state, label in SHEET_LABELS.items()},
    ),
    Life(
        "Sheet on paper",
        packs.PAPER_INITIAL,
        _arrows(packs.PAPER_MOVES),
        frozenset(state.value for state in packs.PAPER_FINAL),
        {state.value: label for state, label in packs.PAPER_STATE_LABELS.items()},
    ),
    Life(
        "Revocation case",
        REVOCATION_INITIAL,
        _arrows(REVOCATION_MOVES),
        frozenset(state.value for state in REVOCATION_FINAL),
        {state.value: label for state, label in REVOCATION_LABELS.items()},
    ),
    Life(
        "Stamp batch",
        BatchState.ORDERED,
        _arrows(MOVES),
        frozenset({BatchState.REFUSED.value, BatchState.CLOSED.value}),
        {state.value: label for state, label in STATE_LABELS.items()},
    ),
    Life(
        "Permission to print the mark",
        packaging.INITIAL,
        _arrows(packaging.MOVES),
        frozenset(state.value for state in packaging.FINAL),
        {state.value: label for state, label in packaging.STATE_LABELS.items()},
    ),
    Life(
        "Report of misuse",
        misuse.INITIAL,
        _arrows(misuse.MOVES),
        frozenset(state.value for state in misuse.FINAL),
        {state.value: label for state, label in misuse.STATE_LABELS.items()},
    ),
    Life(
        "Request about personal data",
        privacy.INITIAL,
        _arrows(privacy.MOVES),
        frozenset(state.value for state in privacy.FINAL),
        {state.value: label for state, label in privacy.STATE_LABELS.items()},
    ),
    Life(
        "Inspection plan",
        PlanState.DRAFT,
        _arrows(inspections.PLAN_MOVES),
        frozenset({PlanState.APPROVED.value}),
        {state.value: label for state, label in inspections.PLAN_LABELS.items()},
    ),
    Life(
        "Inspection",
        InspectionState.PLANNED,
        _arrows(inspections.MOVES),
        frozenset(state.value for state in inspections.FINAL),
        {state.value: label for state, label in inspections.STATE_LABELS.items()},
    ),
    Life(
        "Correction after an inspection",
        CorrectionState.ASKED,
        _arrows(inspections.CORRECTION_MOVES),
        frozenset(state.value for state in inspections.CORRECTION_FINAL),
        {state.value: label for state, label in inspections.CORRECTION_LABELS.items()},
    ),
    Life(
        "Job",
        jobs.INITIAL,
        _arrows(jobs.MOVES),
        frozenset(state.value for state in jobs.FINAL),
        {state.value: label for state, label in jobs.STATE_LABELS.items()},
    ),
)

# Asked in this order: the first answer that fits the day is the standing.
_STANDINGS: tuple[tuple[Standing, str], ...] = (
    (Standing.REVOKED, "from the day of revocation"),
    (Standing.SUPERSEDED, "from the day a newer certificate replaces it"),
    (Standing.HOLDER_CHANGED, "from the day a certificate of the succeeding holder replaces it"),
    (Standing.PRODUCER_DISSOLVED, "from the day its producer ended, until it is revoked"),
    (Standing.EXTENDED, "after the last valid day, within an extension that was granted"),
    (Standing.EXPIRED, "after the last valid day"),
    (Standing.VALID, "before the renewal window opens"),
    (Standing.RENEWAL_WINDOW, "while a dossier for renewal may be filed"),
    (Standing.LATE, "after the window, until the last valid day"),
)


def drawn() -> str:
    """Return every diagram and the table of standings, as they belong into the document."""
    return "\n".join([*map(_diagram, LIVES), _standings()])


def in_document(document: Path = DOCUMENT) -> str:
    """Return what the document shows now between its two marks."""
    _, shown, _ = _parts(document)
    return shown


def readme_with(fresh: str, document: Path = DOCUMENT) -> None:
    """Write fresh drawings between the marks of the document and leave the rest alone."""
    above, _, below = _parts(document)
    document.write_text(f"{above}{fresh}{below}", encoding="utf-8")


def _parts(document: Path) -> tuple[str, str, str]:
    """Return what stands above, between and below the marks, marks kept outside."""
    above, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    shown, end, below = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document.name} has lost its marks {BEGIN.strip()} and {END}")
    return above + begin, shown, end + below


def _diagram(life: Life) -> str:
    lines = [f"### {life.name}", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"  {state}: {label}" for state, label in life.labels.items()]
    lines += [f"  [*] --> {life.first}"]
    lines += [f"  {arrow.before} --> {arrow.after}: {arrow.step}" for arrow in life.moves]
    lines += [f"  {state} --> [*]" for state in sorted(life.final)]
    return "\n".join([*lines, "```", ""])


def _standings() -> str:
    lines = [
        "### Certificate",
        "",
        "Nobody moves a certificate: its standing is computed for a day, the first line that fits.",
        "",
        "| standing | | when | may carry its star | basis |",
        "|---|---|---|---|---|",
    ]
    for standing, when in _STANDINGS:
        carries = "yes" if standing in IN_FORCE else "no"
        lines.append(
            f"| {standing} | {STANDING_LABELS[standing]} | {when} | {carries} "
            f"| {STANDING_BASIS[standing]} |"
        )
    return "\n".join([*lines, ""])


def reachable(life: Life) -> frozenset[str]:
    """Return the states in which a thing of this kind can ever be."""
    return _closure([life.first], lambda state: [a.after for a in life.moves if a.before == state])


def with_a_way_out(life: Life) -> frozenset[str]:
    """Return the states from which an end can still be reached, the ends among them."""
    return _closure(life.final, lambda state: [a.before for a in life.moves if a.after == state])


def _closure(start: Iterable[str], onward: Callable[[str], list[str]]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [str(state) for state in start]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting.extend(onward(state))
    return frozenset(seen)
