"""The table of the forty-four points is whole, and names tests that are there."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.source import ROOT

POINTS: dict[int, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("points.yaml").read_text(encoding="utf-8")
)


@cache
def names_in(place: str) -> frozenset[str]:
    """Return the names of the tests of a file, without running it."""
    path = ROOT / place
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def test_all_forty_four_points_are_there() -> None:
    assert list(POINTS) == list(range(1, 45))


@pytest.mark.parametrize("number", POINTS)
def test_a_point_says_what_holds_and_names_tests_that_are_there(number: int) -> None:
    point = POINTS[number]
    assert set(point) <= {"holds", "tests", "why"}
    assert len(point["holds"]) > 20
    assert point.get("tests") or point.get("why"), "neither a test nor a reason"
    assert "why" not in point or len(point["why"]) > 40, "a reason that says nothing"
    named = point.get("tests", [])
    assert len(set(named)) == len(named)
    lost = [one for one in named if one.partition("::")[2] not in names_in(one.partition("::")[0])]
    assert not lost, "\n".join(lost)
