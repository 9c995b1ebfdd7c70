"""Lines of the log: whole, in one shape, and without what somebody typed."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from app.core.logs import REQUEST_ID, configure_logs, told_fault, without_secrets


@pytest.fixture(params=["json", "text"])
def form(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """Write logs in one form, and as before afterwards."""
    assert not capsys.readouterr().err  # the log goes where the test reads
    root = logging.getLogger()
    kept = root.handlers, root.level
    names = ("ocop", "uvicorn", "uvicorn.error", "uvicorn.access")
    before = [
        (one := logging.getLogger(name), one.handlers, one.level, one.propagate) for name in names
    ]
    configure_logs(request.param)
    yield request.param
    root.handlers, root.level = kept
    for one, handlers, level, propagate in before:
        one.handlers, one.level, one.propagate = handlers, level, propagate
    logging.captureWarnings(capture=False)


def test_a_line_stays_one_line_whatever_is_in_it(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("ocop.files").warning("clamd said %s", "OK\r\n2026 critical forged\x1b[31m")
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "\r" not in said
    assert "\x1b" not in said
    if form == "json":
        line = json.loads(said)
        assert (line["level"], line["logger"]) == ("warning", "ocop.files")


@pytest.mark.usefixtures("form")
def test_lines_of_a_request_bear_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    before = REQUEST_ID.set("0123456789abcdef")
    logging.getLogger("sqlalchemy.pool").error("gone")
    REQUEST_ID.reset(before)
    assert "0123456789abcdef" in capsys.readouterr().err


@pytest.mark.usefixtures("form")
def test_a_fault_is_told_by_kinds_and_places_and_never_by_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        with create_engine("sqlite://").connect() as connection:
            connection.execute(text("SELECT * FROM nowhere WHERE phone = :a"), {"a": "so-bi-mat"})
    except Exception:
        logging.getLogger("ocop").exception("request failed")
    said = capsys.readouterr().err
    assert "sqlalchemy.exc.OperationalError" in said
    assert "sqlite3.OperationalError" in said
    assert "test_logs.py" in said
    assert "nowhere WHERE phone = :a" in said, "our own line of code is shown"
    assert "[parameters" not in said
    assert "('so-bi-mat'" not in said


def test_a_chain_of_faults_that_bites_its_tail_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert told_fault(first) == ["builtins.ValueError"] * 2
    assert sys.exc_info() == (None, None, None)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("token ocop_AbCdEfGh123456 used", "token ocop_… used"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("to lan.anh+x@laichau.gov.vn: refused", "to …@…: refused"),
        ("call 0912 345 678 or +84912345678", "call … or …"),
        ("GET /sign-in?next=/x&name=An HTTP", "GET /sign-in?… HTTP"),
        ("sha256=0123456789012345678901 size=5", "sha256=0123456789012345678901 size=5"),
        ("why? because", "why? because"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(typed: str, told: str) -> None:
    assert without_secrets(typed) == told
