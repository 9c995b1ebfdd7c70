"""Reads, verifies, validates and caches the documents of `data/`; answers which one applies when.

Lazy: nothing is read before somebody asks, then one file at a time. A published file must match
its hash in `lock.yaml`; one changed byte and it is not used. Every basis
must name a document of `sources.yaml`. The province's own council rules may live in a second
directory (a setting, passed by the caller); there the hash is kept by the dossier that pins it.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import ValidationError

from app.core.sentences import fields_of
from app.rulebooks.model import (
    TOURISM_SET,
    Actor,
    CouncilRules,
    NoRuleInForce,
    NotPinnable,
    Pins,
    Regime,
    Rubric,
    RubricSummary,
    RulebookError,
    Source,
    Status,
    UnknownRulebook,
)

HERE = Path(__file__).parent
DATA = HERE / "data"

T = TypeVar("T", Regime, Rubric, CouncilRules)

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RUBRIC_CODE = re.compile(r"(?P<regime>[a-z0-9]+(-[a-z0-9]+)*)-(?P<number>\d{2})")


# --- files ------------------------------------------------------------------------------------


def _parsed(content: bytes, path: Path) -> Any:
    # CSafeLoader is ten times faster than the plain one, and equally safe.
    try:
        return yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise RulebookError(f"{path.name}: không đọc được YAML ({error})") from error


@lru_cache(maxsize=1)
def _lock() -> dict[str, str]:
    path = HERE / "lock.yaml"
    documents = _parsed(path.read_bytes(), path)
    return {str(code): str(digest) for code, digest in documents.items()}


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """Return the register of legal documents, by code."""
    path = HERE / "sources.yaml"
    entries = _parsed(path.read_bytes(), path)
    return {code: Source.model_validate({"code": code, **entry}) for code, entry in entries.items()}


def _register(raw: dict[str, Any], path: Path) -> dict[str, Source]:
    """Return the register of documents, with those that the province's own file brings along."""
    own = raw.get("documents") or {}
    if not isinstance(own, dict) or not all(isinstance(entry, dict) for entry in own.values()):
        raise RulebookError(f"{path.name}: documents phải là danh mục văn bản theo mã")
    known = set(own) & set(sources())
    if known:
        raise RulebookError(f"{path.name}: documents trùng mã đã có trong sổ: {sorted(known)}")
    return sources() | {
        code: Source.model_validate({**entry, "code": code}) for code, entry in own.items()
    }


def _cited(raw: Any, path: Path, register: dict[str, Source]) -> Any:
    """Give every basis the name of its document; refuse one that the register does not know."""
    if isinstance(raw, list):
        return [_cited(item, path, register) for item in raw]
    if not isinstance(raw, dict):
        return raw
    found = {key: _cited(value, path, register) for key, value in raw.items()}
    basis = found.get("basis")
    if isinstance(basis, dict):
        source = register.get(str(basis.get("source")))
        if source is None:
            raise RulebookError(f"{path.name}: nguồn '{basis.get('source')}' chưa có trong sổ")
        found["basis"] = {**basis, "document": source.citation}
    return found


class _Document(NamedTuple):
    raw: dict[str, Any]
    sha256: str


def _document(content: bytes, path: Path) -> _Document:
    digest = hashlib.sha256(content).hexdigest()
    raw = _parsed(content, path)
    if not isinstance(raw, dict):
        raise RulebookError(f"{path.name}: không phải một tài liệu")
    return _Document(raw, digest)


def _read(code: str, path: Path) -> _Document:
    """Read one file; of our own, everything but a draft must match its lock."""
    raw, digest = _document(path.read_bytes(), path)
    if path.is_relative_to(DATA) and raw.get("status") != Status.DRAFT:
        locked = _lock().get(code)
        if locked is None:
            raise RulebookError(f"{path.name}: chưa khóa; thêm vào lock.yaml '{code}: {digest}'")
        if locked != digest:
            raise RulebookError(f"{path.name}: nội dung khác bản đã công bố ({locked[:12]}…)")
    return _Document(raw, digest)


def _validated(kind: type[T], code: str, path: Path) -> T:
    return _built(kind, code, path, _read(code, path))


def _faults(error: ValidationError) -> str:
    """Return every fault with its place, and what would be accepted where that is a short list."""
    told = []
    for one in error.errors():
        place, said = next(iter(fields_of([one]).items()))
        expected = one.get("ctx", {}).get("expected")
        told.append(f"{place}: {said}" + (f" ({expected})" if expected else ""))
    return "; ".join(told)


def _built(kind: type[T], code: str, path: Path, document: _Document) -> T:
    try:
        raw = _cited(document.raw, path, _register(document.raw, path))
        found = kind.model_validate({**raw, "sha256": document.sha256})
    except ValidationError as error:
        raise RulebookError(f"{path.name}: {_faults(error)}") from error
    if found.code != code:
        raise RulebookError(f"{path.name}: mã trong tệp là {found.code}, không phải {code}")
    return found


def _codes_in(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


# --- single documents -------------------------------------------------------------------------


@lru_cache(maxsize=16)
def regime(code: str) -> Regime:
    """Return a regime by code, past ones included."""
    path = DATA / "regimes" / f"{code}.yaml"
    if not _CODE.fullmatch(code) or not path.is_file():
        raise UnknownRulebook(document=code)
    return _validated(Regime, code, path)


@lru_cache(maxsize=64)
def rubric(code: str) -> Rubric:
    """Return one criteria set, by a code such as "qd26-2026-04"."""
    match = _RUBRIC_CODE.fullmatch(code)
    if match is None:
        raise UnknownRulebook(document=code)
    folder = DATA / "rubrics" / match["regime"]
    path = next(folder.glob(f"{match['number']}-*.yaml"), None)
    if path is None:
        raise UnknownRulebook(document=code)
    return _validated(Rubric, code, path)


@lru_cache(maxsize=16)
def council_rules(code: str, extra_councils_dir: Path | None = None) -> CouncilRules:
    """Return council rules by code; the province's own directory is looked up first."""
    if not _CODE.fullmatch(code):
        raise UnknownRulebook(document=code)
    return _validated(CouncilRules, code, _council_file(code, extra_councils_dir))


def council_rules_text(code: str, extra_councils_dir: Path | None = None) -> str:
    """Return the very text of council rules, as they were read; whoever pins them keeps it."""
    rules = council_rules(code, extra_councils_dir)
    content = _council_file(code, extra_councils_dir).read_bytes()
    if hashlib.sha256(content).hexdigest() != rules.sha256:
        raise RulebookError(f"{code}: tệp đã đổi từ khi được đọc; hãy khởi động lại")
    return content.decode()


@lru_cache(maxsize=16)
def council_rules_from(code: str, content: str) -> CouncilRules:
    """Return council rules from a kept copy of their text."""
    name = Path(f"{code}.yaml")
    return _built(CouncilRules, code, name, _document(content.encode(), name))


def _council_file(code: str, extra: Path | None) -> Path:
    for folder in _council_folders(extra):
        path = folder / f"{code}.yaml"
        if path.is_file():
            return path
    raise UnknownRulebook(document=code)


def _council_folders(extra: Path | None) -> tuple[Path, ...]:
    own = DATA / "councils"
    return (own,) if extra is None else (extra, own)


def document_hash(code: str, extra_councils_dir: Path | None = None) -> str:
    """Return the SHA-256 of the file of a regime, rubric or council rules, verified on reading."""
    if code in regime_codes():
        return regime(code).sha256
    if _RUBRIC_CODE.fullmatch(code) and code in _lock():
        return rubric(code).sha256
    return council_rules(code, extra_councils_dir).sha256


@lru_cache(maxsize=1)
def regime_codes() -> tuple[str, ...]:
    """Codes of every regime held, past ones included."""
    return _codes_in(DATA / "regimes")


def council_rules_codes(extra_councils_dir: Path | None = None) -> tuple[str, ...]:
    """Codes of every council regulation held, the province's own included."""
    folders = _council_folders(extra_councils_dir)
    return tuple(sorted({code for folder in folders for code in _codes_in(folder)}))


# --- what applies on a day --------------------------------------------------------------------


def in_force(on: date) -> Regime:
    """Return the regime for a dossier filed on this day (26/2026/QĐ-TTg art. 11, 12.2).

    Read from `dossiers_filed`, not from the days of legal force: the old decisions lapsed sixty
    days after the new one began, only so that dossiers already filed could be finished. Where two
    cover the day the newer one applies, so a published file need not be closed by hand.
    """
    candidates = [
        found
        for code in regime_codes()
        if (found := regime(code)).status is not Status.DRAFT and found.dossiers_filed.covers(on)
    ]
    if not candidates:
        raise NoRuleInForce(kind="quy định đánh giá, phân hạng", day=f"{on:%d/%m/%Y}")
    return max(candidates, key=lambda found: found.dossiers_filed.first)


def rubric_in_force(set_number: int, on: date) -> Rubric:
    """Return the criteria set with this number for a dossier filed on this day."""
    found = in_force(on)
    summary = next((s for s in found.product_sets if s.set_number == set_number), None)
    if summary is None:
        raise NoRuleInForce(kind=f"bộ tiêu chí số {set_number}", day=f"{on:%d/%m/%Y}")
    return rubric(summary.code)


def council_rules_in_force(on: date, extra_councils_dir: Path | None = None) -> CouncilRules:
    """Return the council rules of a day: the province's own before our default, newest first."""
    candidates = [
        rules
        for code in council_rules_codes(extra_councils_dir)
        if (rules := council_rules(code, extra_councils_dir)).status is not Status.DRAFT
        and rules.in_force.covers(on)
    ]
    if not candidates:
        raise NoRuleInForce(kind="quy chế hội đồng", day=f"{on:%d/%m/%Y}")
    return max(candidates, key=lambda rules: (not rules.is_default, rules.in_force.first))


def rubrics(regime_code: str) -> tuple[RubricSummary, ...]:
    """Return the catalogue of product sets of a regime, without opening any rubric."""
    return regime(regime_code).product_sets


def pins(set_number: int, on: date, extra_councils_dir: Path | None = None) -> Pins:
    """Return what a dossier opened on this day pins; refuses a regime kept for history."""
    law = in_force(on)
    if not law.is_pinnable:
        raise NotPinnable(document=law.decision)
    sheet = rubric_in_force(set_number, on)
    rules = council_rules_in_force(on, extra_councils_dir)
    return Pins(
        regime_code=law.code,
        regime_hash=law.sha256,
        rubric_code=sheet.code,
        rubric_hash=sheet.sha256,
        council_rules_code=rules.code,
        council_rules_hash=rules.sha256,
    )


# --- the whole shelf --------------------------------------------------------------------------


class CheckReport(NamedTuple):
    """Outcome of `check`: how many documents were read, and what is wrong with the shelf."""

    documents: int
    errors: tuple[str, ...]


def default_council_rules() -> CouncilRules:
    """Return our own answers, which a province's regulation replaces."""
    rules = (council_rules(code) for code in council_rules_codes())
    return max((one for one in rules if one.is_default), key=lambda one: one.in_force.first)


def council_file(path: Path) -> tuple[CouncilRules | None, tuple[str, ...]]:
    """Read a province's own file as it would be used, and tell all that is wrong with it."""
    try:
        rules = _validated(CouncilRules, path.stem, path)
    except (OSError, UnicodeDecodeError) as error:
        return None, (f"{path.name}: không đọc được tệp ({error})",)
    except RulebookError as error:
        return None, (str(error),)
    return rules, tuple(f"{path.name}: {fault}" for fault in _province_faults(rules))


def _province_faults(rules: CouncilRules) -> Iterator[str]:
    """Yield what the shape of a file cannot tell: what a province may not decide, or not so."""
    default = default_council_rules()
    if rules.code in council_rules_codes():
        yield f"code: mã '{rules.code}' trùng quy chế có sẵn, hãy đặt mã khác"
    if rules.is_default:
        yield "is_default: quy chế riêng của tỉnh phải ghi false"
    if rules.province != default.province:
        yield f"province: phải là '{default.province}'"
    if not rules.quorum.share:
        yield "quorum.share: phải lớn hơn 0"
    if set(rules.site_survey.sets) - set(range(1, TOURISM_SET + 1)):
        yield "site_survey.sets: chỉ có các bộ sản phẩm từ 1 đến 26"
    legal = {
        window.ordinal
        for window in in_force(rules.in_force.first).procedure.rounds_of(Actor.PROVINCE).windows
    }
    ordinals = [window.ordinal for window in rules.rounds]
    if len(set(ordinals)) != len(ordinals):
        yield "rounds: mỗi đợt chỉ nêu một lần"
    if legal & set(ordinals):
        yield "rounds: không nêu lại các đợt mà quyết định đã ấn định ngày"
    if any(window.proposals_before >= window.results_before for window in rules.rounds):
        yield "rounds: ngày nhận đề nghị phải trước ngày có kết quả"


def check(extra_councils_dir: Path | None = None) -> CheckReport:
    """Read every document and tell all that is wrong: structure, sums, lock, citations, sets."""
    read: dict[str, Regime | Rubric | CouncilRules] = {}
    errors: list[str] = []
    for code, load in _shelf(extra_councils_dir):
        try:
            read[code] = load(code)
        except (RulebookError, UnknownRulebook) as error:
            errors.append(str(error))
    if extra_councils_dir is not None:
        for path in sorted(extra_councils_dir.glob("*.yaml")):
            own, faults = council_file(path)
            errors += faults if own is not None else ()
    errors += [f"lock.yaml: '{code}' không có tệp" for code in sorted(_lock()) if code not in read]
    for document in read.values():
        if isinstance(document, Regime):
            errors += _catalogue_errors(document, read)
    return CheckReport(len(read), tuple(errors))


def _shelf(extra: Path | None) -> Iterator[tuple[str, Any]]:
    for code in regime_codes():
        yield code, regime
    for folder in sorted((DATA / "rubrics").iterdir()):
        for path in sorted(folder.glob("*.yaml")):
            yield f"{folder.name}-{path.name[:2]}", rubric
    for code in council_rules_codes(extra):
        yield code, lambda name: council_rules(name, extra)


def _catalogue_errors(
    law: Regime, read: dict[str, Regime | Rubric | CouncilRules]
) -> Iterator[str]:
    """Yield where the catalogue of a regime and its rubrics tell different things."""
    weights = {part.code: part.max for part in law.parts}
    for line in law.product_sets:
        sheet = read.get(line.code)
        if not isinstance(sheet, Rubric):
            yield f"{law.code}: thiếu bộ tiêu chí {line.code}"
            continue
        shown = {name: getattr(sheet, name) for name in RubricSummary.model_fields}
        if shown != dict(line):
            yield f"{law.code}: danh mục khác nội dung bộ {line.code}"
        if {part.code: part.max for part in sheet.parts} != weights:
            yield f"{line.code}: điểm các phần khác quy định {law.code}"
    listed = {line.code for line in law.product_sets}
    held = {
        code
        for code, sheet in read.items()
        if isinstance(sheet, Rubric) and code.rpartition("-")[0] == law.rubrics_code
    }
    if listed != held:
        yield f"{law.code}: danh mục và thư mục bộ tiêu chí không khớp"
