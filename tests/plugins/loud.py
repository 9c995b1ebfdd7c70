"""What could not be run is named at the end, in capitals; in CI it fails the run."""

import os
from typing import NoReturn

import pytest

_MISSING: dict[str, str] = {}
_LEFT_OUT: list[str] = []


def not_run(part: str, why: str) -> NoReturn:
    """Note that a part of the suite has no ground to run on, and leave out the test that asked."""
    _MISSING[part] = why
    pytest.skip(f"{part}: {why}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember each test that was left out, for whatever reason."""
    if report.skipped:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        _LEFT_OUT.append(f"{report.nodeid}  {why}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that left something out."""
    if (_MISSING or _LEFT_OUT) and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was left out where nobody can miss it."""
    if not (_MISSING or _LEFT_OUT):
        return
    terminalreporter.section("KHÔNG CHẠY ĐƯỢC / NOT RUN", sep="!", red=True, bold=True)
    for part, why in sorted(_MISSING.items()):
        terminalreporter.line(f"{part}: {why}", red=True, bold=True)
    for test in _LEFT_OUT:
        terminalreporter.line(f"  {test}", red=True)
