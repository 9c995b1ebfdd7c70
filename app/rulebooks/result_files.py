"""Result files from anywhere: read with distrust, and computed again with the rulebooks we hold.

A file says what was found, by which rules, and (for those who may see them) from which sheets. Each
statement is checked for itself, so that a difference names its place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.errors import Refusal, Refused, Worded
from app.rulebooks import loader
from app.rulebooks.model import CouncilRules, Regime, Rubric, RulebookError, UnknownRulebook
from app.rulebooks.recomputation import plain_rules, ratio_text, recomputed
from app.rulebooks.scoring import (
    MinimumFinding,
    StarMinimum,
    decimal_text,
    document_hash,
    lowered_star,
    minima,
    outcome_of,
    split_is_met,
)

MOST_BYTES = 256 * 1024
MOST_SHEETS = 60
MOST_CRITERIA = 100

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Ratio = Annotated[str, Field(pattern=r"^\d{1,9}/[1-9]\d{0,5}$")]
Code = Annotated[str, Field(min_length=1, max_length=60)]
Text = Annotated[str, Field(max_length=4000)]
Count = Annotated[int, Field(ge=0, le=10_000)]


class UnreadableFile(Refused):
    """It is not a result file, or not one of this kind."""

    code = "result_file.unreadable"
    message = "Không đọc được tệp kết quả: {why}"


class OtherRulebook(Refused):
    """The file rests on a document that is not held here in the very same content."""

    code = "result_file.other_rulebook"
    message = (
        "Tệp dựa trên {document} với nội dung không có ở hệ thống này, nên không kết luận được."
    )


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _ChairWord(_Said):
    criterion: Code
    star: Annotated[int, Field(ge=3, le=5)]
    met: bool


class _GateSaid(_Said):
    criterion: Code
    effect: Literal["disqualify", "exclude", "stop"]
    reason: Text
    votes_for: Count | None
    votes_against: Count | None


class _MinimumSaid(_Said):
    criterion: Code
    star: Annotated[int, Field(ge=3, le=5)]
    option: Code
    reached_by: Count
    counted: Count
    met: bool
    confirmed: bool | None


class _ReasonSaid(_Said):
    code: Code
    text: Text
    basis: Text


class _DocumentSaid(_Said):
    version: Literal[1]
    dossier: Code
    regime: Code
    regime_hash: Hash
    rubric: Code
    rubric_hash: Hash
    council_rules: Code
    council_rules_hash: Hash
    rules_hash: Hash
    sealed_hash: Hash
    sheets_counted: Annotated[int, Field(ge=1, le=MOST_SHEETS)]
    chair_confirmations: list[_ChairWord] = Field(max_length=MOST_CRITERIA * 3)
    gates_upheld: list[_GateSaid] = Field(max_length=MOST_CRITERIA)
    average: Ratio
    average_text: Text
    median: Ratio
    lowest: Count
    highest: Count
    spread: Count
    criterion_means: dict[Code, Ratio] = Field(max_length=MOST_CRITERIA)
    minima: list[_MinimumSaid] = Field(max_length=MOST_CRITERIA * 3)
    band_star: Annotated[int, Field(ge=1, le=5)]
    star: Annotated[int, Field(ge=0, le=5)]
    outcome: Code
    reasons: list[_ReasonSaid] = Field(max_length=MOST_CRITERIA * 3)


class _SealedSaid(_Said):
    nonce: Annotated[str, Field(max_length=100)]
    sheets: list[Annotated[dict[Code, Code], Field(max_length=MOST_CRITERIA)]] = Field(
        min_length=1, max_length=MOST_SHEETS
    )
    totals: list[Count] = Field(max_length=MOST_SHEETS)


class _FileSaid(_Said):
    format: Literal["ocop-lai-chau/result"]
    version: Literal[1]
    document: _DocumentSaid
    document_hash: Hash
    rules: dict[str, Any]
    sealed: _SealedSaid | None = None


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A file that has the right shape; nothing in it is believed yet."""

    document: Mapping[str, Any]
    document_hash: str
    rules: Mapping[str, Any]
    sealed: Mapping[str, Any] | None


def read_result_file(content: bytes) -> ResultFile:
    """Read a file, or say why it is none: too long, no JSON, a number that is not whole, a wrong shape."""
    if len(content) > MOST_BYTES:
        raise UnreadableFile(why=Worded("tệp quá lớn."))
    try:
        raw = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_each_key_once,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
        said = _FileSaid.model_validate(raw)
        # Half a surrogate is valid JSON and no text: it could not be hashed.
        json.dumps(raw, ensure_ascii=False).encode()
    except ValidationError as wrong:
        place = ".".join(str(one) for one in wrong.errors()[0]["loc"])[:80]
        raise UnreadableFile(why=f"«{place}»." if place else "…") from wrong
    except (ValueError, RecursionError) as wrong:
        raise UnreadableFile(why=Worded("không phải JSON của một tệp kết quả.")) from wrong
    return ResultFile(
        document=raw["document"],
        document_hash=said.document_hash,
        rules=raw["rules"],
        sealed=raw.get("sealed"),
    )


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return found


def _no_float(text: str) -> Any:
    message = f"{text} is not exact"
    raise ValueError(message)


# --- checking ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One statement of the file and what was computed instead, both empty where it is long."""

    label: str
    is_ok: bool
    stated: str = ""
    computed: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What of a file agrees with the law, the rules and its own hashes."""

    document: Mapping[str, Any]
    document_hash: str
    has_sheets: bool
    rules_held: bool
    checks: tuple[Check, ...]

    @property
    def agrees(self) -> bool:
        """Whether everything does."""
        return all(check.is_ok for check in self.checks)


LABELS: dict[str, str] = {
    "document_hash": "Mã băm của tài liệu kết quả",
    "rules_hash": "Mã băm của quy định kèm theo",
    "rules": "Quy định kèm theo đúng bản đã công bố",
    "sealed_hash": "Mã băm của các phiếu",
    "sealed": "Tính lại từ các phiếu",
    "sheets_counted": "Số phiếu được tính",
    "average": "Điểm trung bình",
    "average_text": "Điểm trung bình, như đã in",
    "median": "Trung vị",
    "lowest": "Phiếu thấp nhất",
    "highest": "Phiếu cao nhất",
    "spread": "Chênh lệch giữa các phiếu",
    "criterion_means": "Điểm trung bình từng tiêu chí",
    "minima": "Yêu cầu tối thiểu",
    "gates_upheld": "Điều kiện loại trừ",
    "band_star": "Khung điểm (sao)",
    "star": "Hạng sao",
    "outcome": "Kết luận",
    "reasons": "Lý do bằng lời",
}


def verified(file: ResultFile, extra_councils_dir: Path | None = None) -> Verification:
    """Compute a file again with the rulebooks held here and tell what agrees and what differs.

    Regime and criteria set must be held in the content the file names (`OtherRulebook`). Council
    rules that are not are taken from the file: the printed hash binds them too, and it is said.
    """
    document = file.document
    regime, rubric = _held(document)
    rules, rules_held = _council_rules(file, extra_councils_dir)
    checks = [
        _hash_check("document_hash", file.document_hash, document),
        _hash_check("rules_hash", document["rules_hash"], file.rules),
        Check(
            LABELS["rules"],
            file.rules == plain_rules(rubric, regime, rules),
        ),
    ]
    if file.sealed is not None:
        checks.append(_hash_check("sealed_hash", document["sealed_hash"], file.sealed))
    try:
        again = (
            _from_averages(document, rubric, regime, rules)
            if file.sealed is None
            else recomputed(document, file.sealed, rubric, regime, rules).document
        )
        checks += _compared(document, again)
    except Refusal as wrong:
        checks.append(Check(LABELS["sealed"], is_ok=False, computed=wrong.text))
    except (KeyError, ZeroDivisionError, StopIteration):
        checks.append(Check(LABELS["sealed"], is_ok=False))
    return Verification(
        document=document,
        document_hash=file.document_hash,
        has_sheets=file.sealed is not None,
        rules_held=rules_held,
        checks=tuple(checks),
    )


def _hash_check(name: str, stated: str, content: Mapping[str, Any]) -> Check:
    computed = document_hash(content)
    return Check(LABELS[name], stated == computed, stated[:16], computed[:16])


def _held(document: Mapping[str, Any]) -> tuple[Regime, Rubric]:
    regime = rubric = None
    try:
        regime, rubric = loader.regime(document["regime"]), loader.rubric(document["rubric"])
    except (UnknownRulebook, RulebookError) as unknown:
        raise OtherRulebook(document=document["rubric"]) from unknown
    for held, stated in ((regime, document["regime_hash"]), (rubric, document["rubric_hash"])):
        if held.sha256 != stated:
            raise OtherRulebook(document=held.code)
    return regime, rubric


def _council_rules(file: ResultFile, extra: Path | None) -> tuple[CouncilRules, bool]:
    code, stated = file.document["council_rules"], file.document["council_rules_hash"]
    try:
        held = loader.council_rules(code, extra)
    except (UnknownRulebook, RulebookError):
        held = None
    if held is not None and held.sha256 == stated:
        return held, True
    try:
        told = CouncilRules.model_validate({**file.rules["council_rules"], "sha256": stated})
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as wrong:
        raise UnreadableFile(why="«rules.council_rules».") from wrong
    return told, False


def _compared(document: Mapping[str, Any], again: Mapping[str, Any]) -> list[Check]:
    names = [name for name in LABELS if name in again and not name.endswith("_hash")]
    checks = [
        Check(
            LABELS[name],
            document[name] == again[name],
            _short(document[name], again[name]),
            _short(again[name], document[name]),
        )
        for name in names
    ]
    # Whatever has no label of its own: codes and hashes of the rulebooks.
    others = [n for n in again if n not in names and document.get(n) != again[n]]
    return [*checks, *(Check(LABELS.get(name, name), is_ok=False) for name in others)]


def _short(value: Any, other: Any) -> str:
    """Write a value in few words; of a mapping only where it differs."""
    if isinstance(value, dict) and isinstance(other, dict):
        apart = [f"{code} {told}" for code, told in value.items() if other.get(code) != told]
        return "; ".join(apart[:5])
    if isinstance(value, list) and isinstance(other, list):
        apart = [
            f"{one['criterion']} {one.get('star', '')}".strip()
            for one in value
            if isinstance(one, dict) and "criterion" in one and one not in other
        ]
        return "; ".join(apart[:5])
    return str(value)


def _from_averages(
    document: Mapping[str, Any], rubric: Rubric, regime: Regime, rules: CouncilRules
) -> dict[str, Any]:
    """Compute what a file without sheets allows: from criterion means and counts to the star.

    Which sheets gave these means and counts is bound by the hash and not seen here.
    """
    means = {criterion.code: Fraction(0) for criterion in rubric.criteria}
    means |= {code: Fraction(said) for code, said in document["criterion_means"].items()}
    average = sum(means.values(), Fraction())
    said = {(one["criterion"], one["star"]): one for one in document["minima"]}
    chair = {(one["criterion"], one["star"]): one["met"] for one in document["chair_confirmations"]}
    findings = tuple(
        _finding(
            rubric,
            rules,
            minimum,
            reached=said[minimum.criterion_code, minimum.star]["reached_by"],
            counted=document["sheets_counted"],
            means=means,
            chair=chair,
        )
        for minimum in minima(rubric)
    )
    band = regime.band_of(average)
    excluded = bool(document["gates_upheld"])
    star = 0 if excluded else lowered_star(band, findings)
    return {
        "average": ratio_text(average),
        "average_text": decimal_text(average, rules.averaging.shown_decimals),
        "spread": document["highest"] - document["lowest"],
        "minima": [
            {
                "criterion": finding.criterion_code,
                "star": finding.star,
                "option": finding.option_code,
                "reached_by": finding.reached_by,
                "counted": finding.counted,
                "met": finding.met,
                "confirmed": finding.confirmed,
            }
            for finding in findings
        ],
        "band_star": band.star,
        "star": star,
        "outcome": outcome_of(star, excluded=excluded).value,
    }


def _finding(
    rubric: Rubric,
    rules: CouncilRules,
    minimum: StarMinimum,
    *,
    reached: int,
    counted: int,
    means: Mapping[str, Fraction],
    chair: Mapping[tuple[str, int], bool],
) -> MinimumFinding:
    unanimous = reached in (0, counted)
    confirmed = None if unanimous else chair.get((minimum.criterion_code, minimum.star))
    if unanimous:
        met = reached > 0
    elif confirmed is None:
        met = split_is_met(rules, minimum, reached, counted, means)
    else:
        met = confirmed
    return MinimumFinding(
        criterion_code=minimum.criterion_code,
        criterion_name=rubric.criterion(minimum.criterion_code).name,
        star=minimum.star,
        option_code=minimum.option_code,
        option_label=minimum.label,
        reached_by=reached,
        counted=counted,
        met=met,
        unanimous=unanimous,
        confirmed=confirmed,
        needs_chair=False,
    )
