"""A result file is read with distrust and computed again, statement by statement."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Refusal
from app.rulebooks import loader, scoring
from app.rulebooks.result_files import MOST_BYTES, read_result_file, verified
from tests.domain.councils.board import own_rules
from tests.rulebooks.test_recompute_alone import file_of, one_file
from tests.rulebooks.test_spread import with_totals

HONEY = loader.rubric("qd26-2026-04")


def written(file: object) -> bytes:
    return scoring.canonical_json(file).encode()


def rehashed(file: dict[str, Any]) -> dict[str, Any]:
    """Let somebody who bent a file make its hashes fit again."""
    if "sealed" in file:
        file["document"]["sealed_hash"] = scoring.document_hash(file["sealed"])
    file["document"]["rules_hash"] = scoring.document_hash(file["rules"])
    file["document_hash"] = scoring.document_hash(file["document"])
    return file


def faults(file: dict[str, Any]) -> list[str]:
    found = verified(read_result_file(written(file)))
    assert found.agrees == (not [check for check in found.checks if not check.is_ok])
    return [check.label for check in found.checks if not check.is_ok]


@pytest.mark.parametrize("sheets", [True, False])
def test_an_honest_file_agrees_in_every_statement(*, sheets: bool) -> None:
    found = verified(read_result_file(written(one_file(sheets=sheets))))
    assert found.agrees
    assert (found.has_sheets, found.rules_held) == (sheets, True)
    assert len(found.checks) > (12 if sheets else 7)


def test_an_honest_file_in_another_layout_agrees() -> None:
    found = verified(read_result_file(json.dumps(one_file(), indent=3).encode()))
    assert found.agrees


BENT: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "star": (lambda f: f["document"].update(star=5), "Hạng sao"),
    "band": (lambda f: f["document"].update(band_star=5), "Khung điểm (sao)"),
    "average": (lambda f: f["document"].update(average="9999/100"), "Điểm trung bình"),
    "printed average": (
        lambda f: f["document"].update(average_text="99,99"),
        "Điểm trung bình, như đã in",
    ),
    "outcome": (lambda f: f["document"].update(outcome="awaiting_centre"), "Kết luận"),
    "spread": (lambda f: f["document"].update(spread=0), "Chênh lệch giữa các phiếu"),
    "a minimum": (
        lambda f: f["document"]["minima"][0].update(met=not f["document"]["minima"][0]["met"]),
        "Yêu cầu tối thiểu",
    ),
    "other points in the rules": (
        lambda f: f["rules"]["criteria"][0]["options"][0].update(points=9),
        "Quy định kèm theo đúng bản đã công bố",
    ),
}


@pytest.mark.parametrize("sheets", [True, False])
@pytest.mark.parametrize("bent", list(BENT))
def test_what_was_bent_is_named_even_when_the_hashes_fit(bent: str, *, sheets: bool) -> None:
    file = one_file(sheets=sheets)
    bend, label = BENT[bent]
    bend(file)
    assert label in faults(rehashed(file))


@pytest.mark.parametrize(
    ("bend", "label"),
    [
        (lambda f: f["document"].update(dossier="HS-OTHER00"), "Mã băm của tài liệu kết quả"),
        (lambda f: f["rules"].update(rubric="Khác"), "Mã băm của quy định kèm theo"),
        (lambda f: f["sealed"].update(nonce="other"), "Mã băm của các phiếu"),
    ],
)
def test_a_changed_file_no_longer_fits_its_hash(
    bend: Callable[[dict[str, Any]], object], label: str
) -> None:
    file = one_file()
    bend(file)
    assert label in faults(file)


def test_a_sheet_that_was_exchanged_with_all_hashes_gives_another_average() -> None:
    file = one_file()
    best = {c.code: max(c.options, key=lambda o: o.points).code for c in HONEY.criteria}
    file["sealed"]["sheets"][0] = best
    assert "Điểm trung bình" in faults(rehashed(file))


@pytest.mark.parametrize(
    "sheet", [{}, {"1.1": "a"}, {"9.9": "a"}, {"1.1": "zz"}, dict.fromkeys("abc", "a")]
)
def test_sheets_that_no_council_could_hand_in_are_told(sheet: dict[str, str]) -> None:
    file = one_file()
    file["sealed"]["sheets"][0] = sheet
    assert "Tính lại từ các phiếu" in faults(rehashed(file))


@pytest.mark.parametrize("means", [{}, {"1.1": "900/1"}])
def test_means_beyond_the_scale_are_told(means: dict[str, str]) -> None:
    file = one_file(sheets=False)
    file["document"]["criterion_means"] = means
    assert faults(rehashed(file))


def test_rulebooks_of_other_content_give_no_answer_at_all() -> None:
    file = one_file()
    file["document"]["rubric_hash"] = "0" * 64
    for code in ("qd26-2026-04", "qd99-2099-01", "../../lock"):
        file["document"]["rubric"] = code
        with pytest.raises(Refusal) as refused:
            verified(read_result_file(written(rehashed(file))))
        assert refused.value.reason_code == "result_file.other_rulebook"


def test_council_rules_that_are_not_held_are_taken_from_the_file_and_that_is_said(
    tmp_path: Path,
) -> None:
    own = own_rules(tmp_path / "own", {"limit: 10": "limit: 4"})
    rules = loader.council_rules("lai-chau-2026", own)
    result = scoring.council_result(
        HONEY, loader.regime("qd26-2026"), rules, with_totals(75, 80).answers
    )
    file = file_of(result, HONEY, rules)
    at_home = verified(read_result_file(written(file)), own)
    elsewhere = verified(read_result_file(written(file)))
    assert (at_home.agrees, at_home.rules_held) == (True, True)
    assert (elsewhere.agrees, elsewhere.rules_held) == (True, False)


NO_FILES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"<html>",
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "a number": b"1",
    "too deep": b"[" * 100_000,
    "too long": b'"' + b"a" * MOST_BYTES + b'"',
    "an endless number": b"9" * 5000,
    "another format": b'{"format": "x", "version": 1}',
}


@pytest.mark.parametrize("kind", list(NO_FILES))
def test_what_is_no_result_file_is_refused_with_a_sentence(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_result_file(NO_FILES[kind])
    assert refused.value.reason_code == "result_file.unreadable"
    assert "Không đọc được tệp kết quả" in refused.value.text


@pytest.mark.parametrize(
    "bend",
    [
        lambda f: f["document"].update(star=3.0),
        lambda f: f["document"].update(star=True),
        lambda f: f["document"].update(average="1/0"),
        lambda f: f["document"].update(average="nan"),
        lambda f: f["document"].pop("minima"),
        lambda f: f["document"].update(more=1),
        lambda f: f["sealed"].update(sheets=[]),
        lambda f: f["sealed"].update(sheets=[{"1.1": None}]),
        lambda f: f.update(version=2),
        lambda f: f["document"].update(dossier="\ud800"),
        lambda f: f["document"].update(sheets_counted=10**400),
    ],
)
def test_a_file_of_a_wrong_shape_is_refused(bend: Callable[[dict[str, Any]], object]) -> None:
    file = one_file()
    bend(file)
    with pytest.raises(Refusal) as refused:
        read_result_file(json.dumps(file).encode())
    assert refused.value.reason_code == "result_file.unreadable"


def test_a_key_that_stands_twice_is_refused() -> None:
    text = written(one_file()).decode().replace('{"document":', '{"version":1,"document":', 1)
    with pytest.raises(Refusal):
        read_result_file(text.encode())


@settings(max_examples=150)
@given(
    place=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just([]), st.just({})
    ),
)
def test_no_value_at_any_place_breaks_the_reading(place: list[int], value: object) -> None:
    file: Any = one_file()
    spot = file
    for step in place:
        keys = list(range(len(spot))) if isinstance(spot, list) else list(spot)
        if not keys:
            break
        key = keys[step % len(keys)]
        if step is place[-1] or not isinstance(spot[key], dict | list):
            spot[key] = value
            break
        spot = spot[key]
    with suppress(Refusal):
        verified(read_result_file(json.dumps(rehashed(file) if _is_whole(file) else file).encode()))


def _is_whole(file: Any) -> bool:
    return all(isinstance(file.get(name), dict) for name in ("document", "rules", "sealed"))
