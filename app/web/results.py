"""The page of a locked result: the star, the exact average, and why, in the words of the law."""

from dataclasses import dataclass
from fractions import Fraction

from fastapi import Response

from app.domain.councils.queries import ResultRow, get_result, sheets_of_item
from app.domain.councils.rules import GATE_LABELS, OUTCOME_LABELS
from app.rulebooks.model import DOSSIER_GATE, Criterion, Gate, GateEffect, Option, Part
from app.web.agenda_items import SHEET_TONES
from app.web.deps import Page, page_router

router = page_router()


@dataclass(frozen=True, slots=True)
class MinimumLine:
    """A starred minimum in its official wording, and how many sheets reach it."""

    criterion: Criterion
    option: Option | None
    star: int
    reached_by: int
    counted: int
    is_met: bool
    confirmed: bool | None


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate that the council upheld, in its official wording."""

    effect: GateEffect
    gate: Gate | None
    criterion_code: str
    reason: str
    votes_for: int | None
    votes_against: int | None


@router.get("/dossiers/{code}/result", name="results.show")
def show(page: Page, code: str) -> Response:
    """Show the locked result of a dossier; the sheets only to those who may see them."""
    row = get_result(page.session, code, actor=page.actor)
    rubric, result = row.dossier.rubric, row.result
    return page.render(
        "councils/result.html",
        row=row,
        result=result,
        dossier=row.dossier,
        rubric=rubric,
        outcome=OUTCOME_LABELS[result.outcome],
        band=row.dossier.regime.band(result.band_star),
        average=Fraction(result.average_numerator, result.average_denominator),
        median=Fraction(result.median_numerator, result.median_denominator),
        reasons=result.document["reasons"],
        minima=_minima(row),
        gates=_gates(row),
        gate_labels={kind.value: label for kind, label in GATE_LABELS.items()},
        dossier_gate=DOSSIER_GATE,
        parts=_means(row),
        sheets=sheets_of_item(page.session, row.item.id or 0) if row.sees_sheets else (),
        sheet_tones=SHEET_TONES,
    )


def _minima(row: ResultRow) -> list[MinimumLine]:
    rubric = row.dossier.rubric
    found = []
    for said in row.result.document["minima"]:
        criterion = rubric.criterion(said["criterion"])
        found.append(
            MinimumLine(
                criterion=criterion,
                option=criterion.find_option(said["option"]),
                star=said["star"],
                reached_by=said["reached_by"],
                counted=said["counted"],
                is_met=said["met"],
                confirmed=said["confirmed"],
            )
        )
    return found


def _gates(row: ResultRow) -> list[GateLine]:
    found = []
    for said in row.result.document["gates_upheld"]:
        effect = GateEffect(said["effect"])
        found.append(
            GateLine(
                effect=effect,
                gate=row.dossier.rubric.find_gate(said["criterion"], effect),
                criterion_code=said["criterion"],
                reason=said["reason"],
                votes_for=said["votes_for"],
                votes_against=said["votes_against"],
            )
        )
    return found


def _means(row: ResultRow) -> list[tuple[Part, Fraction, list[tuple[Criterion, Fraction]]]]:
    """Return each part with its mean and those of its criteria, exact."""
    means = {
        code: Fraction(ratio) for code, ratio in row.result.document["criterion_means"].items()
    }
    found = []
    for part in row.dossier.rubric.parts:
        lines = [(c, means[c.code]) for section in part.sections for c in section.criteria]
        found.append((part, sum((mean for _, mean in lines), Fraction()), lines))
    return found
