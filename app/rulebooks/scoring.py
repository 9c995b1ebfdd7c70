"""Pure, exact arithmetic: from what members ticked to points, minima, star and reasons.

Nothing here reads a clock, a file or a database, and nothing is a float: totals are integers,
averages are fractions, and the band is read on the exact fraction (26/2026/QĐ-TTg art. 3.3). A
sheet is a mapping from criterion code to option code, or to `NOT_MET` where the product reaches no
option and the table prints none with 0 points. A blank is not a zero: a sheet with missing answers
has a running total but cannot be counted by a council.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Any

from app.core.errors import Invalid, Refused
from app.rulebooks.model import (
    DOSSIER_GATE,
    CouncilRules,
    Criterion,
    Gate,
    GateEffect,
    Option,
    Regime,
    Rubric,
    StarBand,
    UnknownAnswer,
)

NOT_MET = "none"
"""An explicit "không đạt": worth 0, and not the same as a criterion nobody has judged yet."""

LOWEST_RECOGNISED = 3
HIGHEST = 5

Answers = Mapping[str, str]


class IncompleteSheet(Refused):
    """A council counts only complete sheets: a blank is not a zero."""

    code = "scoring.incomplete_sheet"
    message = "Phiếu số {position} còn {count} tiêu chí chưa chấm: {criteria}."


class NoSheets(Refused):
    """There is nothing to average."""

    code = "scoring.no_sheets"
    message = "Chưa có phiếu đánh giá nào được tính."


class UnknownFinding(Invalid):
    """A finding names a gate or a starred minimum that the sheet does not print."""

    code = "scoring.unknown_finding"
    message = "Kết luận không khớp với bộ tiêu chí này."


# --- one sheet --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SheetScore:
    """Points of one sheet; `missing` and `not_applicable` are criterion codes."""

    total: int
    by_part: dict[str, int]
    by_section: dict[str, int]
    by_criterion: dict[str, int]
    missing: tuple[str, ...]
    not_applicable: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every criterion that applies has an answer."""
        return not self.missing


def check_answers(rubric: Rubric, answers: Answers) -> None:
    """Refuse codes the rubric does not have, naming each; a subset of criteria is fine."""
    wrong = {}
    for code, answer in answers.items():
        criterion = rubric.find_criterion(code)
        if criterion is None:
            wrong[code] = "Không có tiêu chí này."
        elif answer == NOT_MET:
            if not criterion.allows_not_met:
                wrong[code] = "Tiêu chí này có phương án 0 điểm; hãy chọn phương án đó."
        elif criterion.find_option(answer) is None:
            wrong[code] = "Không có phương án này."
    if wrong:
        raise UnknownAnswer(wrong)


def _points(criterion: Criterion, answer: str | None) -> int:
    option = criterion.find_option(answer) if answer and answer != NOT_MET else None
    return option.points if option else 0


def applies(rubric: Rubric, criterion: Criterion, answers: Answers) -> bool:
    """Whether the criterion counts on this sheet: 5.2 only when 5.1 has at least one point."""
    rule = criterion.applies_when
    if rule is None:
        return True
    other = rubric.criterion(rule.criterion)
    return _points(other, answers.get(other.code)) >= rule.min_points


def sheet_score(rubric: Rubric, answers: Answers) -> SheetScore:
    """Add up one sheet, complete or not (26/2026/QĐ-TTg Phụ lục II).

    A criterion that does not apply counts 0 and is not missing, whatever was ticked there.
    """
    check_answers(rubric, answers)
    by_part: dict[str, int] = {}
    by_section: dict[str, int] = {}
    by_criterion: dict[str, int] = {}
    missing = []
    not_applicable = []
    for part, section, criterion in rubric.walk():
        points = 0
        if not applies(rubric, criterion, answers):
            not_applicable.append(criterion.code)
        elif criterion.code not in answers:
            missing.append(criterion.code)
        else:
            points = _points(criterion, answers[criterion.code])
        by_criterion[criterion.code] = points
        by_section[section.code] = by_section.get(section.code, 0) + points
        by_part[part.code] = by_part.get(part.code, 0) + points
    return SheetScore(
        total=sum(by_part.values()),
        by_part=by_part,
        by_section=by_section,
        by_criterion=by_criterion,
        missing=tuple(missing),
        not_applicable=tuple(not_applicable),
    )


def triggered_gates(rubric: Rubric, answers: Answers) -> tuple[Gate, ...]:
    """Return the gates a sheet closes by its own points: set 16, a 0 in any of 6.1 to 6.4.

    `NOT_MET` is 0 points too; an unanswered criterion is not.
    """
    return tuple(
        gate
        for gate in rubric.gates
        if any(
            code in answers and _points(rubric.criterion(code), answers[code]) == 0
            for code in gate.any_zero_of
        )
    )


# --- starred minima ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StarMinimum:
    """The least option of a criterion for a star; with cases, `options` holds one of each."""

    criterion_code: str
    star: int
    option_code: str
    points: int
    label: str


def _marked(criterion: Criterion, star: int) -> Option | None:
    return next((option for option in criterion.options if option.star_min == star), None)


def minima(rubric: Rubric) -> tuple[StarMinimum, ...]:
    """Return every starred minimum of the sheet, lowest star first, then in the order of the table.

    Where a criterion has cases the first marked option stands for its counterparts; `reaches`
    compares within the case that was chosen.
    """
    return tuple(
        StarMinimum(criterion.code, star, option.code, option.points, option.label)
        for star in range(LOWEST_RECOGNISED, HIGHEST + 1)
        for criterion in rubric.criteria
        if (option := _marked(criterion, star)) is not None
    )


def reaches(criterion: Criterion, answer: str | None, star: int) -> bool:
    """Whether an answer is not lower than every marked option up to the star (Phụ lục II, legend).

    "Not lower" is the order of the table within the chosen case, not the points: two options may
    carry the same points (set 7: 3.1, set 23: 6.2) and still be two levels. A criterion without
    marks asks for nothing. "Không đạt" and a blank reach nothing that is asked.
    """
    if not any(option.star_min and option.star_min <= star for option in criterion.options):
        return True
    chosen = criterion.find_option(answer) if answer and answer != NOT_MET else None
    if chosen is None:
        return False
    ladder = criterion.options_of_case(chosen.case)
    return max(
        rank for rank, option in enumerate(ladder) if option.star_min and option.star_min <= star
    ) <= next(rank for rank, option in enumerate(ladder) if option is chosen)


def _reaches_mark(rubric: Rubric, minimum: StarMinimum, answers: Answers) -> bool:
    """Whether a sheet reaches this one mark; marks rise with the options, so lower ones follow."""
    criterion = rubric.criterion(minimum.criterion_code)
    return reaches(criterion, answers.get(criterion.code), minimum.star)


@dataclass(frozen=True, slots=True)
class Nearest:
    """What one sheet still lacks for a star."""

    star: int
    total: int
    points_needed: int
    points_short: int
    minima_missed: tuple[StarMinimum, ...]
    missing: tuple[str, ...]

    @property
    def is_reached(self) -> bool:
        """Whether nothing is lacking."""
        return not (self.points_short or self.minima_missed or self.missing)


def nearest_points(rubric: Rubric, regime: Regime, answers: Answers, star: int) -> Nearest:
    """Tell what a sheet or self-assessment lacks for a star: points, minima, blanks."""
    score = sheet_score(rubric, answers)
    needed = regime.band(star).low
    return Nearest(
        star=star,
        total=score.total,
        points_needed=int(needed),
        points_short=max(0, int(needed) - score.total),
        minima_missed=tuple(
            minimum
            for minimum in minima(rubric)
            if minimum.star <= star and not _reaches_mark(rubric, minimum, answers)
        ),
        missing=score.missing,
    )


def sheet_star(rubric: Rubric, regime: Regime, answers: Answers) -> int:
    """Return the star one sheet alone would give: its band lowered by the minima it misses."""
    star: int = regime.band_of(Fraction(sheet_score(rubric, answers).total)).star
    while star >= LOWEST_RECOGNISED and not all(
        _reaches_mark(rubric, minimum, answers)
        for minimum in minima(rubric)
        if minimum.star <= star
    ):
        star -= 1
    return star


# --- the council ------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What the council's result leads to."""

    RECOGNISED_CANDIDATE = "recognised_candidate"
    AWAITING_CENTRE = "awaiting_centre"
    BELOW_THREE = "below_three"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class GateUpheld:
    """The council's finding that a gate holds; the vote is None when the sheets themselves tell."""

    criterion_code: str
    effect: GateEffect
    reason: str = ""
    votes_for: int | None = None
    votes_against: int | None = None


@dataclass(frozen=True, slots=True)
class MinimumFinding:
    """How the council stands to one starred minimum."""

    criterion_code: str
    criterion_name: str
    star: int
    option_code: str
    option_label: str
    reached_by: int
    counted: int
    met: bool
    unanimous: bool
    confirmed: bool | None
    needs_chair: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of the result, with its basis; `text` is `template` filled with `params`."""

    code: str
    template: str
    params: Mapping[str, str | int]
    basis: str

    @property
    def text(self) -> str:
        """The Vietnamese sentence."""
        return self.template.format(**self.params)


@dataclass(frozen=True, slots=True)
class Result:
    """What the counted sheets of one product add up to, and why."""

    rubric_code: str
    regime_code: str
    council_rules_code: str
    sheets: tuple[SheetScore, ...]
    average: Fraction
    average_text: str
    median: Fraction
    spread: int
    is_divergent: bool
    criterion_means: dict[str, Fraction]
    section_means: dict[str, Fraction]
    part_means: dict[str, Fraction]
    band_star: int
    star: int
    outcome: Outcome
    minima: tuple[MinimumFinding, ...]
    awaiting_chair: tuple[MinimumFinding, ...]
    gates_upheld: tuple[GateUpheld, ...]
    gates_suggested: tuple[Gate, ...]
    reasons: tuple[Reason, ...]
    answers: tuple[dict[str, str], ...] = field(repr=False)
    chair_confirmations: dict[tuple[str, int], bool] = field(repr=False)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do before the result can be locked."""
        return not (self.awaiting_chair or self.is_divergent)


def council_result(
    rubric: Rubric,
    regime: Regime,
    rules: CouncilRules,
    sheets: Sequence[Answers],
    *,
    gates_upheld: Sequence[GateUpheld] = (),
    chair_confirmations: Mapping[tuple[str, int], bool] | None = None,
) -> Result:
    """Return the result of the counted sheets (26/2026/QĐ-TTg art. 3.3, Phụ lục II).

    `sheets` are the submitted sheets of members who did not recuse themselves; each must be
    complete. The star is the highest whose band holds the exact average and whose minima, and those
    of every lower star, are met; one and two stars ask for no minimum.

    A gate that the council upholds ends the matter without a star. That holds for "sẽ không đánh giá
    các bước tiếp theo" too: in every set that prints such a stop a three-star minimum stands after
    it, so a product whose assessment ends there cannot reach three stars in any reading. Where the
    sheet itself says which points stop it (set 16), more than half of the sheets decide; fewer are
    told in `gates_suggested` for the council to vote on.

    A minimum about which the sheets are not unanimous is decided by the method of the council rules
    and waits for the chair (`awaiting_chair`) when it matters for a star within the band; a
    confirmation by the chair replaces the count.
    """
    if not sheets:
        raise NoSheets
    confirmations = dict(chair_confirmations or {})
    _check_findings(rubric, gates_upheld, confirmations)
    scores = tuple(sheet_score(rubric, answers) for answers in sheets)
    for position, score in enumerate(scores, start=1):
        if score.missing:
            raise IncompleteSheet(
                position=position,
                count=len(score.missing),
                criteria=", ".join(score.missing),
            )
    totals = [score.total for score in scores]
    average = Fraction(sum(totals), len(totals))
    spread = max(totals) - min(totals)
    band = regime.band_of(average)
    means = _means([score.by_criterion for score in scores])
    findings = tuple(
        _finding(rubric, rules, minimum, sheets=sheets, means=means, confirmations=confirmations)
        for minimum in minima(rubric)
    )
    upheld, suggested = _gates(rubric, rules, sheets, gates_upheld)
    star = 0 if upheld else lowered_star(band, findings)
    awaiting = (
        ()
        if upheld
        else tuple(
            finding for finding in findings if finding.needs_chair and finding.star <= band.star
        )
    )
    outcome = outcome_of(star, excluded=bool(upheld))
    average_text = decimal_text(average, rules.averaging.shown_decimals)
    is_divergent = spread > rules.divergence.limit
    return Result(
        rubric_code=rubric.code,
        regime_code=regime.code,
        council_rules_code=rules.code,
        sheets=scores,
        average=average,
        average_text=average_text,
        median=Fraction(median(Fraction(total) for total in totals)),
        spread=spread,
        is_divergent=is_divergent,
        criterion_means=means,
        section_means=_means([score.by_section for score in scores]),
        part_means=_means([score.by_part for score in scores]),
        band_star=band.star,
        star=star,
        outcome=outcome,
        minima=findings,
        awaiting_chair=awaiting,
        gates_upheld=upheld,
        gates_suggested=suggested,
        reasons=(
            _band_reason(band, average_text, len(totals)),
            *_gate_reasons(rubric, upheld),
            *(() if upheld else _minimum_reasons(rubric, band, star, findings)),
            *_open_reasons(rules, spread, is_divergent, awaiting),
            _outcome_reason(regime, star, outcome),
        ),
        answers=tuple(dict(answers) for answers in sheets),
        chair_confirmations=confirmations,
    )


def decimal_text(value: Fraction, decimals: int = 2) -> str:
    """Write a fraction with a decimal comma, cut off and never rounded up: 69,996 reads "69,99"."""
    scaled = value.numerator * 10**decimals // value.denominator
    whole, rest = divmod(scaled, 10**decimals)
    return f"{whole},{rest:0{decimals}d}" if decimals else str(whole)


def _means(rows: Sequence[Mapping[str, int]]) -> dict[str, Fraction]:
    return {code: Fraction(sum(row[code] for row in rows), len(rows)) for code in rows[0]}


def _check_findings(
    rubric: Rubric,
    upheld: Sequence[GateUpheld],
    confirmations: Mapping[tuple[str, int], bool],
) -> None:
    wrong = {
        finding.criterion_code: "Phiếu không có điều kiện này."
        for finding in upheld
        if rubric.find_gate(finding.criterion_code, finding.effect) is None
    }
    printed = {(minimum.criterion_code, minimum.star) for minimum in minima(rubric)}
    wrong |= {
        code: f"Tiêu chí không có dấu {star} sao."
        for code, star in confirmations
        if (code, star) not in printed
    }
    if wrong:
        raise UnknownFinding(wrong)


def _gates(
    rubric: Rubric,
    rules: CouncilRules,
    sheets: Sequence[Answers],
    voted: Sequence[GateUpheld],
) -> tuple[tuple[GateUpheld, ...], tuple[Gate, ...]]:
    """Split the gates that sheets close by their points into upheld by majority and suggested."""
    upheld = {(finding.criterion_code, finding.effect): finding for finding in voted}
    suggested = []
    for gate in rubric.gates:
        closing = sum(1 for answers in sheets if gate in triggered_gates(rubric, answers))
        key = (gate.criterion_code, gate.effect)
        if 2 * closing > len(sheets) and rules.gates.decided_by == "majority":
            upheld.setdefault(
                key,
                GateUpheld(
                    gate.criterion_code,
                    gate.effect,
                    reason=f"{closing}/{len(sheets)} phiếu cho 0 điểm",
                ),
            )
        elif closing and key not in upheld:
            suggested.append(gate)
    order = [(gate.criterion_code, gate.effect) for gate in rubric.gates]
    return tuple(upheld[key] for key in sorted(upheld, key=order.index)), tuple(suggested)


def _finding(
    rubric: Rubric,
    rules: CouncilRules,
    minimum: StarMinimum,
    *,
    sheets: Sequence[Answers],
    means: Mapping[str, Fraction],
    confirmations: Mapping[tuple[str, int], bool],
) -> MinimumFinding:
    reached = sum(1 for answers in sheets if _reaches_mark(rubric, minimum, answers))
    unanimous = reached in (0, len(sheets))
    confirmed = None
    if unanimous:
        met = reached > 0
    else:
        confirmed = confirmations.get((minimum.criterion_code, minimum.star))
        met = (
            split_is_met(rules, minimum, reached, len(sheets), means)
            if confirmed is None
            else confirmed
        )
    return MinimumFinding(
        criterion_code=minimum.criterion_code,
        criterion_name=rubric.criterion(minimum.criterion_code).name,
        star=minimum.star,
        option_code=minimum.option_code,
        option_label=minimum.label,
        reached_by=reached,
        counted=len(sheets),
        met=met,
        unanimous=unanimous,
        confirmed=confirmed,
        needs_chair=not unanimous and confirmed is None and _asks_chair(rules),
    )


def _asks_chair(rules: CouncilRules) -> bool:
    return rules.minimum_rule.chair_confirms_split or rules.minimum_rule.method == "chair"


def split_is_met(
    rules: CouncilRules,
    minimum: StarMinimum,
    reached: int,
    counted: int,
    means: Mapping[str, Fraction],
) -> bool:
    """Read a minimum that members see differently, before the chair's word."""
    match rules.minimum_rule.method:
        case "majority":
            return 2 * reached > counted
        case "mean":
            return means[minimum.criterion_code] >= minimum.points
        case "chair":
            return False


def lowered_star(band: StarBand, findings: Sequence[MinimumFinding]) -> int:
    """Lower the star of the band until every minimum of it and of the stars below is met."""
    star: int = band.star
    while star >= LOWEST_RECOGNISED and not all(
        finding.met for finding in findings if finding.star <= star
    ):
        star -= 1
    return star


def outcome_of(star: int, *, excluded: bool) -> Outcome:
    """Return what a star leads to (26/2026/QĐ-TTg art. 4.1, 7.3.đ, 7.3.e)."""
    if excluded:
        return Outcome.EXCLUDED
    if star == HIGHEST:
        return Outcome.AWAITING_CENTRE
    return Outcome.RECOGNISED_CANDIDATE if star >= LOWEST_RECOGNISED else Outcome.BELOW_THREE


# --- reasons ----------------------------------------------------------------------------------


def _band_reason(band: StarBand, average_text: str, counted: int) -> Reason:
    return Reason(
        code="band",
        template=(
            "Tổng điểm trung bình của {sheets} phiếu là {average} điểm, thuộc khung {star} sao "
            "(từ {low} đến {upper} điểm)."
        ),
        params={
            "sheets": counted,
            "average": average_text,
            "star": band.star,
            "low": decimal_text(band.low, 0),
            "upper": ("" if band.high_included else "dưới ") + decimal_text(band.high, 0),
        },
        basis=band.basis.citation,
    )


def _gate_reasons(rubric: Rubric, upheld: Sequence[GateUpheld]) -> list[Reason]:
    reasons = []
    for finding in upheld:
        gate = rubric.find_gate(finding.criterion_code, finding.effect)
        printed = gate.text.strip().rstrip(".") if gate else ""
        if finding.criterion_code == DOSSIER_GATE:
            template = "Hội đồng kết luận hồ sơ thuộc trường hợp bị loại: “{gate}”{vote}."
        else:
            template = "Hội đồng kết luận ở tiêu chí {criterion}: “{gate}”{vote}."
        if finding.votes_for is not None:
            vote = f" ({finding.votes_for} thuận, {finding.votes_against or 0} không thuận)"
        else:
            vote = f" ({finding.reason})" if finding.reason else ""
        reasons.append(
            Reason(
                code=f"gate_{finding.effect}",
                template=template,
                params={"criterion": finding.criterion_code, "gate": printed, "vote": vote},
                basis=f"{rubric.annex} Quyết định {rubric.decision}",
            )
        )
    return reasons


def _minimum_reasons(
    rubric: Rubric, band: StarBand, star: int, findings: Sequence[MinimumFinding]
) -> list[Reason]:
    """Say which minima keep the product from the star of its points, lowest star first."""
    missed = [finding for finding in findings if finding.star <= band.star and not finding.met]
    basis = f"{rubric.annex} Quyết định {rubric.decision}"
    reasons = [
        Reason(
            code="minimum_missed",
            template=(
                "Chưa đạt yêu cầu tối thiểu của hạng {star} sao ở tiêu chí {criterion} {name}: "
                "{reached}/{counted} phiếu đạt mức “{label}” trở lên{chair}."
            ),
            params={
                "star": finding.star,
                "criterion": finding.criterion_code,
                "name": finding.criterion_name,
                "reached": finding.reached_by,
                "counted": finding.counted,
                "label": finding.option_label.strip().rstrip("."),
                "chair": "; chủ tịch hội đồng xác nhận không đạt"
                if finding.confirmed is False
                else "",
            },
            basis=basis,
        )
        for finding in missed
    ]
    if star < band.star:
        reasons.append(
            Reason(
                code="star_lowered",
                template=(
                    "Điểm đủ khung {band} sao nhưng thiếu yêu cầu tối thiểu, nên xếp hạng {star} "
                    "sao: hạng cao nhất có cả khung điểm và mọi yêu cầu tối thiểu đều đạt."
                ),
                params={"band": band.star, "star": star},
                basis=basis,
            )
        )
    return reasons


def _open_reasons(
    rules: CouncilRules,
    spread: int,
    is_divergent: bool,
    awaiting: Sequence[MinimumFinding],
) -> list[Reason]:
    reasons = []
    if is_divergent:
        reasons.append(
            Reason(
                code="divergence",
                template=(
                    "Phiếu cao nhất và thấp nhất chênh nhau {spread} điểm, quá giới hạn {limit} "
                    "điểm của quy chế."
                ),
                params={"spread": spread, "limit": rules.divergence.limit},
                basis=f"{rules.title} ({rules.divergence.basis.citation})",
            )
        )
    reasons += [
        Reason(
            code="awaiting_chair",
            template=(
                "Các phiếu chưa thống nhất về yêu cầu tối thiểu hạng {star} sao ở tiêu chí "
                "{criterion} {name} ({reached}/{counted} phiếu đạt): chờ chủ tịch hội đồng xác nhận."
            ),
            params={
                "star": finding.star,
                "criterion": finding.criterion_code,
                "name": finding.criterion_name,
                "reached": finding.reached_by,
                "counted": finding.counted,
            },
            basis=f"{rules.title} ({rules.minimum_rule.basis.citation})",
        )
        for finding in awaiting
    ]
    return reasons


def _outcome_reason(regime: Regime, star: int, outcome: Outcome) -> Reason:
    match outcome:
        case Outcome.EXCLUDED:
            template = "Sản phẩm bị loại, không xếp hạng."
            basis = f"Phụ lục II Quyết định {regime.decision}"
        case Outcome.BELOW_THREE:
            template = (
                "Xếp hạng {star} sao: không ban hành quyết định công nhận và không cấp giấy "
                "chứng nhận."
            )
            basis = f"Điều 4.1.a Quyết định {regime.decision}"
        case Outcome.AWAITING_CENTRE:
            template = (
                "Sản phẩm có tiềm năng 5 sao: phê duyệt kết quả và đề nghị trung ương đánh giá, "
                "phân hạng."
            )
            basis = f"Điều 7.3.e Quyết định {regime.decision}"
        case Outcome.RECOGNISED_CANDIDATE:
            template = "Đề nghị {signer} công nhận và cấp giấy chứng nhận {star} sao."
            basis = f"Điều 7.3.đ Quyết định {regime.decision}"
    return Reason(
        code=outcome.value,
        template=template,
        params={"star": star, "signer": regime.signer_of(star)},
        basis=basis,
    )


# --- the record -------------------------------------------------------------------------------


def canonical_json(document: object) -> str:
    """Write JSON in the one form that is hashed: sorted keys, no spaces, text as it is."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def document_hash(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document in its canonical form."""
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()
