"""Frozen types of the rulebooks, and the arithmetic a document must satisfy to be read at all.

Three kinds of document, because they change separately: `Regime` (process, levels, bands,
deadlines), `Rubric` (one of the 26 criteria sets) and `CouncilRules` (the province's own regulation
where the decision is silent). Points are whole numbers; shares are exact fractions; never floats.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from app.core.errors import Invalid, NotFound, Refused


class UnknownRulebook(NotFound):
    """No document carries this code."""

    code = "rulebook.unknown"
    message = "Không có tài liệu quy định mang mã {document}."


class NoRuleInForce(Refused):
    """The day asked for has no document that this system holds."""

    code = "rulebook.none_in_force"
    message = "Không có {kind} áp dụng cho ngày {day}."


class NotPinnable(Refused):
    """A document kept for reading only: history or draft."""

    code = "rulebook.not_pinnable"
    message = "Quy định {document} chỉ để tra cứu, không dùng cho hồ sơ mới."


class UnknownAnswer(Invalid):
    """A sheet names a criterion or an option that its rubric does not have."""

    code = "scoring.unknown_answer"
    message = "Phiếu có lựa chọn không thuộc bộ tiêu chí này."


class RulebookError(Exception):
    """A document that cannot be trusted: malformed, altered after publication, or uncited."""


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _fraction(value: object) -> object:
    """Accept "3/4" only: a float would carry a rounding nobody decided."""
    if isinstance(value, str):
        return Fraction(value)
    if isinstance(value, Fraction):
        return value
    raise ValueError("phải là phân số dạng chữ, ví dụ '3/4'")


Day = Annotated[date, BeforeValidator(_day)]
Share = Annotated[Fraction, BeforeValidator(_fraction), Field(ge=0, le=1)]
Points = Annotated[int, Field(strict=True, ge=0, le=100)]
Count = Annotated[int, Field(strict=True, ge=0)]
Text = Annotated[str, Field(min_length=1)]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Code = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Word = Annotated[str, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60)]
RecognisedStar = Literal[3, 4, 5]

FULL_MARKS = 100
TOURISM_SET = 26


class Frozen(BaseModel):
    """A value: never changed after reading, and no key is accepted that the type does not name."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, populate_by_name=True
    )


# --- what every stated value carries -----------------------------------------------------------


class Basis(Frozen):
    """Where a value comes from: a document of the register and the place in it."""

    source: Code
    article: str = ""
    document: str = ""
    note: str = ""

    @property
    def citation(self) -> str:
        """The citation as people write it: "Điều 4.3 Quyết định 26/2026/QĐ-TTg"."""
        return f"{self.article} {self.document}".strip()


class Source(Frozen):
    """One entry of the register of documents (`sources.yaml`)."""

    code: Code
    citation: Text
    title: Text
    number: str = ""
    issuer: str = ""
    issued: Day | None = None
    kind: Literal["decision", "practice", "default", "report"]
    confidence: Literal["high", "medium", "low"]
    link: str = ""
    note: str = ""


class Period(Frozen):
    """Days from and to, both included; an open end is None."""

    first: Day = Field(validation_alias="from")
    last: Day | None = Field(default=None, validation_alias="to")
    basis: Basis

    def covers(self, on: date) -> bool:
        """Whether the day lies within."""
        return self.first <= on and (self.last is None or on <= self.last)


class Stated(Frozen):
    """A number with its unit and its legal basis."""

    value: Count
    unit: Literal["months", "days", "working_days", "times", "items", "points"]
    basis: Basis


class Status(StrEnum):
    """Only documents in force can be pinned by a new dossier."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    EXPIRED = "expired"


# --- rubric -----------------------------------------------------------------------------------


class GateEffect(StrEnum):
    """What a gate of the sheet does (Phụ lục II 26/2026/QĐ-TTg)."""

    DISQUALIFY = "disqualify"
    EXCLUDE = "exclude"
    STOP = "stop"


DOSSIER_GATE = "dossier"
"""Stands where a criterion code would for the line "Hồ sơ bị loại khi…" at the head of a sheet."""


class Gate(Frozen):
    """A hard stop printed in the sheet; raised by a member, decided by the council."""

    effect: GateEffect = Field(validation_alias="type")
    text: Text = Field(validation_alias="text_vi")
    criterion_code: str = ""
    any_zero_of: tuple[str, ...] = ()


class Option(Frozen):
    """One line to tick, with its points; `star_min` marks the least needed for that star."""

    code: Text
    points: Points
    label: Text = Field(validation_alias="label_vi")
    star_min: RecognisedStar | None = None
    case: str | None = None
    gate: Gate | None = None
    inferred: StrictBool = False
    points_inferred: StrictBool = False
    points_corrected: StrictBool = False


class Case(Frozen):
    """One of the alternative situations of a criterion (set 26: 8, 9, 15)."""

    code: Text
    name: str = Field(default="", validation_alias="name_vi")


class AppliesWhen(Frozen):
    """The criterion counts only when another one has at least these points (5.2 on 5.1)."""

    criterion: Text
    min_points: Points
    text: Text = Field(validation_alias="text_vi")


class Criterion(Frozen):
    """One thing to judge: choose one option (within one case, where there are cases)."""

    code: Text
    name: Text = Field(validation_alias="name_vi")
    max: Points
    options: tuple[Option, ...] = Field(min_length=1)
    commune_assessed: StrictBool = False
    group_code: str | None = None
    cases: tuple[Case, ...] = ()
    choose_case: str = Field(default="", validation_alias="choose_case_vi")
    applies_when: AppliesWhen | None = None
    gates: tuple[Gate, ...] = ()
    help: str = Field(default="", validation_alias="help_vi")
    requirement: str = Field(default="", validation_alias="requirement_vi")
    note: str = Field(default="", validation_alias="note_vi")
    options_inferred: StrictBool = False

    @model_validator(mode="before")
    @classmethod
    def _gates_know_their_criterion(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        owned = {"criterion_code": raw.get("code", "")}
        return {
            **raw,
            "gates": [{**gate, **owned} for gate in raw.get("gates", ())],
            "options": [
                {**option, "gate": {**option["gate"], **owned}} if option.get("gate") else option
                for option in raw.get("options", ())
            ],
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({option.code for option in self.options}) != len(self.options):
            raise ValueError(f"{self.code}: trùng mã phương án")
        best = max(option.points for option in self.options)
        if best != self.max:
            raise ValueError(f"{self.code}: điểm tối đa {self.max} khác phương án cao nhất {best}")
        known_cases = {case.code for case in self.cases}
        used_cases = {option.case for option in self.options if option.case is not None}
        if used_cases != known_cases or (known_cases and None in self._by_case):
            raise ValueError(f"{self.code}: trường hợp và phương án không khớp")
        marks = {
            case: [option.star_min for option in options if option.star_min]
            for case, options in self._by_case.items()
        }
        for stars in marks.values():
            if stars != sorted(set(stars)):
                raise ValueError(f"{self.code}: dấu sao không tăng theo thứ tự phương án")
        if len({tuple(stars) for stars in marks.values()}) > 1:
            raise ValueError(f"{self.code}: dấu sao khác nhau giữa các trường hợp")
        return self

    @cached_property
    def _by_case(self) -> dict[str | None, tuple[Option, ...]]:
        cases = dict.fromkeys(option.case for option in self.options)
        return {
            case: tuple(option for option in self.options if option.case == case) for case in cases
        }

    @property
    def has_marks(self) -> bool:
        """Whether any option carries a star mark."""
        return any(option.star_min for option in self.options)

    @property
    def allows_not_met(self) -> bool:
        """Whether "không đạt" may be chosen: some case has no 0-point option of its own."""
        return any(
            all(option.points > 0 for option in options) for options in self._by_case.values()
        )

    def find_option(self, code: str) -> Option | None:
        """Return the option with this code, or None."""
        return next((option for option in self.options if option.code == code), None)

    def options_of_case(self, case: str | None) -> tuple[Option, ...]:
        """Return the options of one case, in the order of the table."""
        return self._by_case.get(case, ())


class Group(Frozen):
    """A middle level of the table that only adds up its criteria (sets 11 and 13)."""

    code: Text
    name: Text = Field(validation_alias="name_vi")
    max: Points


class Section(Frozen):
    """A numbered heading of a part; `single` when its options stand directly under it."""

    code: Text
    name: Text = Field(validation_alias="name_vi")
    max: Points
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = ()
    single: StrictBool = False

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(criterion.max for criterion in self.criteria)
        if total != self.max:
            raise ValueError(f"mục {self.code}: {self.max} khác tổng tiêu chí {total}")
        for group in self.groups:
            own = sum(c.max for c in self.criteria if c.group_code == group.code)
            if own != group.max:
                raise ValueError(f"nhóm {group.code}: {group.max} khác tổng tiêu chí {own}")
        return self


class Part(Frozen):
    """Phần A, B or C."""

    code: Text
    name: Text = Field(validation_alias="name_vi")
    max: Points
    sections: tuple[Section, ...] = Field(min_length=1)


class Anomaly(Frozen):
    """Something odd in the transcription, and what was done about it."""

    at: Text
    kind: Text
    reason: str = ""
    source: str | int = ""
    used: str | int = ""


class TranscriptSource(Frozen):
    """Where the text of a rubric was read."""

    what: Text
    where: Text
    commit: str = ""
    blob: str = ""


class Rubric(Frozen):
    """One criteria set, complete in itself; it is also the member's score sheet."""

    code: Code = Field(validation_alias="id")
    slug: Code
    decision: Text
    annex: Text
    issued: Day
    effective_from: Day
    effective_to: Day | None
    set_number: Annotated[int, Field(strict=True, ge=1, le=26)]
    name: Text = Field(validation_alias="name_vi")
    category_code: str = ""
    category_name: str = ""
    group_code: str = ""
    group_name: str = ""
    subgroup_name: str = ""
    ministries: tuple[Text, ...] = Field(validation_alias="managing_ministries")
    sample_count: Count = Field(validation_alias="sample_products_required")
    total_max: Points
    parts: tuple[Part, ...] = Field(min_length=1)
    disqualified_when: str = Field(default="", validation_alias="disqualified_when_vi")
    amended_by: str = ""
    superseded_by: str = ""
    anomalies: tuple[Anomaly, ...] = Field(default=(), validation_alias="source_anomalies")
    transcripts: tuple[TranscriptSource, ...] = Field(default=(), validation_alias="sources")
    completeness: Literal["full", "partial"]
    confidence: Literal["high", "medium-high", "medium", "low"]
    sha256: str = ""

    @model_validator(mode="before")
    @classmethod
    def _flatten_classification(cls, raw: Any) -> Any:
        """Turn the nested category, group and subgroup of the file into plain fields."""
        if not isinstance(raw, dict):
            return raw
        # part_maxima repeats the parts; source_used and sources_agree_on_points are the
        # transcriber's notes on the 2019 sets.
        dropped = {
            "category",
            "group",
            "subgroup",
            "part_maxima",
            "source_used",
            "sources_agree_on_points",
        }
        category, group = raw.get("category") or {}, raw.get("group") or {}
        return {
            **{key: value for key, value in raw.items() if key not in dropped},
            "category_code": category.get("code", ""),
            "category_name": category.get("name_vi", ""),
            "group_code": group.get("code", ""),
            "group_name": group.get("name_vi", ""),
            "subgroup_name": (raw.get("subgroup") or {}).get("name_vi", ""),
            "disqualified_when_vi": raw.get("disqualified_when_vi") or "",
            # The 2019 files do not repeat it: five units, none for services.
            "sample_products_required": raw.get(
                "sample_products_required", 0 if raw.get("set_number") == TOURISM_SET else 5
            ),
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        codes = [criterion.code for criterion in self.criteria]
        if len(set(codes)) != len(codes):
            raise ValueError("trùng mã tiêu chí")
        if {self.total_max, sum(part.max for part in self.parts)} != {FULL_MARKS}:
            raise ValueError("tổng điểm tối đa phải là 100")
        for part in self.parts:
            total = sum(section.max for section in part.sections)
            if total != part.max and self.completeness == "full":
                raise ValueError(f"phần {part.code}: {part.max} khác tổng mục {total}")
        for criterion in self.criteria:
            rule = criterion.applies_when
            if rule and (rule.criterion not in codes or criterion.has_marks):
                raise ValueError(f"{criterion.code}: điều kiện áp dụng không hợp lệ")
        for gate in self.gates:
            if not set(gate.any_zero_of) <= set(codes):
                raise ValueError(f"{gate.criterion_code}: điểm dừng nêu tiêu chí không có")
        return self

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion in the order of the table."""
        return tuple(criterion for _, _, criterion in self.walk())

    @cached_property
    def _by_code(self) -> dict[str, Criterion]:
        return {criterion.code: criterion for criterion in self.criteria}

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """Every gate of the sheet: the line at its head first, then in the order of the table."""
        head = (
            (
                Gate(
                    effect=GateEffect.DISQUALIFY,
                    text=self.disqualified_when,
                    criterion_code=DOSSIER_GATE,
                ),
            )
            if self.disqualified_when
            else ()
        )
        printed: list[Gate] = []
        for criterion in self.criteria:
            printed += criterion.gates
            printed += [option.gate for option in criterion.options if option.gate]
        return head + tuple(printed)

    def walk(self) -> Iterator[tuple[Part, Section, Criterion]]:
        """Part, section and criterion, in the order of the table."""
        for part in self.parts:
            for section in part.sections:
                for criterion in section.criteria:
                    yield part, section, criterion

    def find_criterion(self, code: str) -> Criterion | None:
        """Return the criterion with this code, or None."""
        return self._by_code.get(code)

    def criterion(self, code: str) -> Criterion:
        """Return the criterion with this code; refuse a code the set does not have."""
        found = self._by_code.get(code)
        if found is None:
            raise UnknownAnswer({code: "Không có tiêu chí này."})
        return found

    def find_gate(self, criterion_code: str, effect: GateEffect) -> Gate | None:
        """Return the gate printed at this criterion with this effect, or None."""
        return next(
            (g for g in self.gates if g.criterion_code == criterion_code and g.effect == effect),
            None,
        )


class RubricSummary(Frozen):
    """A line of the catalogue of product sets (Phụ lục I), cheap to list."""

    code: Code
    set_number: Annotated[int, Field(strict=True, ge=1, le=26)]
    name: Text
    category_code: str = ""
    category_name: str = ""
    group_name: str = ""
    subgroup_name: str = ""
    ministries: tuple[Text, ...]
    sample_count: Count


# --- regime -----------------------------------------------------------------------------------


class Actor(StrEnum):
    """Who does what in a regime."""

    COMMUNE = "commune"
    DISTRICT = "district"
    PROVINCE = "province"
    CENTRE = "centre"


class Level(Frozen):
    """What one level of government does in this regime."""

    level: Actor
    does: tuple[Text, ...] = Field(min_length=1)
    recognises: tuple[RecognisedStar, ...] = ()
    signer: str = ""
    basis: Basis


class PartWeight(Frozen):
    """The share of points of a part."""

    code: Text
    name: Text
    max: Points
    basis: Basis


class StarBand(Frozen):
    """Average total from `low` (included) to `high` (excluded unless `high_included`)."""

    star: Literal[1, 2, 3, 4, 5]
    low: Fraction = Field(validation_alias="from")
    high: Fraction = Field(validation_alias="below")
    high_included: StrictBool = False
    recognised: StrictBool
    name: Text
    basis: Basis

    @model_validator(mode="before")
    @classmethod
    def _exact(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        bounds = {key: raw.get(key) for key in ("from", "below")}
        if not all(isinstance(value, str) for value in bounds.values()):
            raise ValueError("cận của hạng sao phải viết dạng chữ, ví dụ '70'")
        return {**raw, **{key: Fraction(str(value)) for key, value in bounds.items()}}

    def covers(self, average: Fraction) -> bool:
        """Whether the exact average lies in this band."""
        return self.low <= average and (
            average < self.high or (self.high_included and average == self.high)
        )


class RoundWindow(Frozen):
    """One of the rounds of a year: proposals before a day, results before a later day."""

    ordinal: Annotated[int, Field(strict=True, ge=1)]
    proposals_before: MonthDay
    results_before: MonthDay


class Rounds(Frozen):
    """How often a level must evaluate."""

    level: Actor
    at_least_per_year: Count
    windows: tuple[RoundWindow, ...]
    more_allowed_when: Text
    basis: Basis


class CommuneAssessment(Frozen):
    """The commune's own step: components and four findings, no points."""

    working_days: Count
    findings: tuple[Text, ...]
    gives_points: StrictBool
    form: Text
    basis: Basis


class Renewal(Frozen):
    """Re-evaluation when a certificate ends."""

    file_from_days_before: Count
    file_until_days_before: Count
    finish_within_days: Count
    by_written_opinion: StrictBool
    meeting_when: Text
    site_check_when: Text
    basis: Basis


class Extension(Frozen):
    """How long a certificate may outlive its end while the authority decides."""

    max_days_after_expiry: Count
    granted_when: Text
    basis: Basis


class Ground(Frozen):
    """One ground of revocation."""

    code: Word
    text: Text
    basis: Basis


class Revocation(Frozen):
    """Who takes a certificate back, how fast, and why."""

    within_days: Count
    counted_from: Text
    grounds: tuple[Ground, ...]
    basis: Basis


class ProducerKindRule(Frozen):
    """A kind of producer and the product categories it may apply for; empty means all."""

    kind: Word
    name: Text
    only_categories: tuple[Text, ...] = ()
    needs_business_registration: StrictBool = False
    basis: Basis


class Samples(Frozen):
    """Sample products that go with a proposal."""

    count: Count
    except_sets: tuple[int, ...] = ()
    basis: Basis


class Copies(Frozen):
    """How many sets of the dossier are filed."""

    paper: Count
    electronic: Count
    software_equals_paper: StrictBool
    basis: Basis


class NumberFormat(Frozen):
    """A number the law prescribes, as a format string with named fields."""

    format: Text
    example: Text
    printed: Text
    basis: Basis

    def filled(self, *, province: str, commune: str, ordinal: int, year: int) -> str:
        """Return the number for these parts."""
        return self.format.format(province=province, commune=commune, ordinal=ordinal, year=year)


class DossierKindRule(Frozen):
    """One kind of dossier and what it holds."""

    kind: Literal["first", "upgrade", "renewal"]
    name: Text
    holds: tuple[Text, ...]
    extra: str = ""
    in_rounds: StrictBool
    basis: Basis


class Form(Frozen):
    """A form of the annex."""

    code: Code
    name: Text
    filled_by: Text
    basis: Basis


class EvidenceGuide(Frozen):
    """One row of the reference list of evidence (Mẫu số 02, Phần III)."""

    kind: Word
    topic: Text
    evidence: Text
    basis: Basis


class Transition(Frozen):
    """How cases that began under older rules end."""

    code: Word
    text: Text
    until: Day | None = None
    basis: Basis


class CouncilComposition(Frozen):
    """Who sits on the provincial council."""

    chair: Text
    members: tuple[Text, ...]
    invited: tuple[Text, ...]
    advisory_team: Text
    rules_in: Text
    basis: Basis


class StarMinimaRule(Frozen):
    """How the star marks of the sheets bind."""

    cumulative: StrictBool
    text: Text
    basis: Basis


class Procedure(Frozen):
    """Everything a running process needs to know; only a regime in force must state it."""

    certificate_validity: Stated
    commune_assessment: CommuneAssessment
    rounds: tuple[Rounds, ...]
    renewal: Renewal
    extension: Extension
    revocation: Revocation
    producer_kinds: tuple[ProducerKindRule, ...]
    samples: Samples
    copies: Copies
    product_code: NumberFormat
    slip_number: NumberFormat
    dossier_kinds: tuple[DossierKindRule, ...]
    forms: tuple[Form, ...]
    evidence: tuple[EvidenceGuide, ...]
    council: CouncilComposition
    transition: tuple[Transition, ...]

    def rounds_of(self, level: Actor) -> Rounds:
        """Return the rounds of a level."""
        return next(rounds for rounds in self.rounds if rounds.level == level)

    def kinds_for(self, category_code: str) -> tuple[ProducerKindRule, ...]:
        """Kinds of producer that may apply in a category (Điều 2.3)."""
        return tuple(
            rule
            for rule in self.producer_kinds
            if not rule.only_categories or category_code in rule.only_categories
        )

    def samples_for(self, set_number: int) -> int:
        """How many samples a set must send (Điều 6.2.d)."""
        return 0 if set_number in self.samples.except_sets else self.samples.count


class Fact(Frozen):
    """Something known about a past regime, told in words with its basis."""

    topic: Text
    text: Text
    basis: Basis


class Regime(Frozen):
    """A decision of the Prime Minister as a process: levels, bands, deadlines, transition."""

    code: Code
    status: Status
    decision: Text
    title: Text
    issued: Day
    in_force: Period
    dossiers_filed: Period
    replaces: tuple[Code, ...] = ()
    amended_by: str = ""
    rubrics_code: Code | None
    parts: tuple[PartWeight, ...]
    star_bands: tuple[StarBand, ...]
    star_minima: StarMinimaRule | None = None
    levels: tuple[Level, ...]
    stated_procedure: Procedure | None = Field(default=None, validation_alias="procedure")
    facts: tuple[Fact, ...] = ()
    product_sets: tuple[RubricSummary, ...] = ()
    sha256: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if [band.star for band in self.star_bands] != [5, 4, 3, 2, 1]:
            raise ValueError("phải có đủ năm hạng sao, từ 5 đến 1")
        if sum(part.max for part in self.parts) != FULL_MARKS:
            raise ValueError("tổng điểm các phần phải là 100")
        ordered = sorted(self.star_bands, key=lambda band: band.low)
        if ordered[0].low != 0 or ordered[-1].high != FULL_MARKS or not ordered[-1].high_included:
            raise ValueError("các hạng sao phải phủ từ 0 đến 100")
        for lower, upper in pairwise(ordered):
            if lower.high != upper.low or lower.high_included:
                raise ValueError(f"khoảng điểm hạng {lower.star} và {upper.star} không nối nhau")
        if self.status is Status.IN_FORCE and not (self.stated_procedure and self.star_minima):
            raise ValueError("quy định đang áp dụng phải nêu đủ trình tự và yêu cầu tối thiểu")
        return self

    @property
    def is_pinnable(self) -> bool:
        """Whether a new dossier may rest on it."""
        return self.status is Status.IN_FORCE

    @property
    def procedure(self) -> Procedure:
        """The process; a past regime, whose text is not held, refuses."""
        if self.stated_procedure is None:
            raise NotPinnable(document=self.decision)
        return self.stated_procedure

    def band_of(self, average: Fraction) -> StarBand:
        """Return the band that holds this exact average (26/2026/QĐ-TTg art. 3.3)."""
        return next(band for band in self.star_bands if band.covers(average))

    def band(self, star: int) -> StarBand:
        """Return the band of a star."""
        return next(band for band in self.star_bands if band.star == star)

    def signer_of(self, star: int) -> str:
        """Who signs the recognition of a star (26/2026/QĐ-TTg art. 4.1)."""
        return next((level.signer for level in self.levels if star in level.recognises), "")

    def level_of(self, star: int) -> Actor | None:
        """Which level recognises a star; None for one and two stars."""
        return next((level.level for level in self.levels if star in level.recognises), None)


# --- council rules ----------------------------------------------------------------------------


class Quorum(Frozen):
    """Who must be there before scoring starts."""

    share: Share
    chair_or_delegate: StrictBool
    basis: Basis

    def is_met(self, *, present: int, voting: int, chair_present: bool) -> bool:
        """Whether the present voting members are enough."""
        return (
            voting > 0
            and present >= self.share * voting
            and (chair_present or not self.chair_or_delegate)
        )

    def needed(self, voting: int) -> int:
        """Return the least number of voting members that makes a quorum."""
        return ceil(self.share * voting)


class Averaging(Frozen):
    """How sheets become one number; the band is always read on the exact value."""

    method: Literal["mean_of_totals"]
    shown_decimals: Annotated[int, Field(strict=True, ge=0, le=6)]
    shown_rounding: Literal["down"]
    counted: Literal["submitted_not_recused"]
    basis: Basis


class Divergence(Frozen):
    """Spread of totals beyond which the council discusses and scores again."""

    limit: Points
    basis: Basis


class MinimumRule(Frozen):
    """How a starred minimum is read when members ticked different options."""

    method: Literal["majority", "mean", "chair"]
    chair_confirms_split: StrictBool
    basis: Basis


class GateRule(Frozen):
    """Who decides that a gate holds."""

    decided_by: Literal["majority", "chair"]
    basis: Basis


class SheetVisibility(Frozen):
    """When members see the sheets of the others, and what the producer sees afterwards."""

    members: Literal["after_lock"]
    producer: Literal["averages_and_reasons", "nothing"]
    basis: Basis


class SiteSurvey(Frozen):
    """Sets that need a survey on the spot before scoring."""

    sets: tuple[int, ...]
    before_scoring: StrictBool
    basis: Basis


class NotMetRule(Frozen):
    """What an explicit "không đạt" is worth where the table prints no 0-point option."""

    points: Literal[0]
    basis: Basis


class CouncilRules(Frozen):
    """The province's own regulation (Quy chế hoạt động), or our answers until there is one."""

    code: Code
    status: Status
    title: Text
    province: Text
    is_default: StrictBool = False
    documents: dict[Code, dict[str, Any]] = Field(default_factory=dict)
    in_force: Period
    quorum: Quorum
    averaging: Averaging
    divergence: Divergence
    minimum_rule: MinimumRule
    gates: GateRule
    not_met: NotMetRule
    sheets_visible: SheetVisibility
    rounds_of_scoring: Stated
    days_before_meeting: Stated
    site_survey: SiteSurvey
    rounds: tuple[RoundWindow, ...] = ()
    sha256: str = ""


class Pins(Frozen):
    """What a dossier pins on the day it is opened: three codes and three hashes."""

    regime_code: Code
    regime_hash: str
    rubric_code: Code
    rubric_hash: str
    council_rules_code: Code
    council_rules_hash: str
