"""A test that could not run is named at the end, and never makes a green CI run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LEFT_OUT = """
from tests.plugins.loud import not_run

def test_that_needs_a_missing_part():
    not_run("PostgreSQL", "invented for this test")

def test_that_runs():
    pass
"""


def run(folder: Path, text: str, *, ci: bool) -> subprocess.CompletedProcess[str]:
    """Run a file of tests by itself, with the plugin and nothing else of ours."""
    (folder / "test_alone.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "-p", "tests.plugins.loud", str(folder)],
        cwd=folder,
        env=os.environ | {"CI": "true" if ci else "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("ci", "code"), [(True, 1), (False, 0)])
def test_a_missing_part_is_named_and_fails_ci_only(tmp_path: Path, ci: bool, code: int) -> None:
    outcome = run(tmp_path, LEFT_OUT, ci=ci)
    assert "KHÔNG CHẠY ĐƯỢC / NOT RUN" in outcome.stdout
    assert "PostgreSQL: invented for this test" in outcome.stdout
    assert "test_that_needs_a_missing_part" in outcome.stdout
    assert outcome.returncode == code


def test_a_whole_run_says_nothing_about_missing_parts(tmp_path: Path) -> None:
    outcome = run(tmp_path, "def test_that_runs():\n    pass\n", ci=True)
    assert "NOT RUN" not in outcome.stdout
    assert outcome.returncode == 0
