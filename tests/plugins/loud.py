"""What could not be run is named at the end, in capitals; in CI it fails the run."""

import os

import pytest

_MISSING: dict[str, str] = {}


def not_run(part: str, why: str) -> None:
    """Note that a part of the suite has no ground to run on, and skip the test that asked."""
    _MISSING[part] = why
    pytest.skip(f"{part}: {why}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that left something out."""
    if _MISSING and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was left out where nobody can miss it."""
    if not _MISSING:
        return
    terminalreporter.section("KHÔNG CHẠY ĐƯỢC / NOT RUN", sep="!", red=True, bold=True)
    for part, why in sorted(_MISSING.items()):
        terminalreporter.line(f"  {part}: {why}", red=True, bold=True)
