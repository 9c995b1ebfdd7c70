"""What the program's own words promise: where chance comes from, where SQL is put together, who calls out."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT
from tests.architecture.test_repository import committed_texts

# Chance that is no secret: the order of stamps on a roll is shuffled by a generator that the system
# seeds anew each time; which bytes two zip members share is nobody's secret.
_CHANCE = {
    "app/domain/stamps/actions/issuing.py",
    "app/domain/stamps/rules.py",
    "app/core/stitched.py",
}
# Modules that open a line to somewhere else: where to is said by the settings of the installation
# alone (tests/security/test_outbound.py tries each).
CALLING_OUT = {
    "app/commands/machine_checks.py": "public_url and the services below, asked by `ocop doctor`",
    "app/core/mail.py": "smtp_host",
    "app/core/openid.py": "oidc_issuer",
    "app/core/sms.py": "sms",
    "app/core/storage.py": "files_url",
    "app/core/telemetry.py": "telemetry",
    "app/core/virus_scan.py": "clamav_url",
}
# Reads the name of its own machine, for the log.
_SILENT = {"app/worker.py"}
_LINES_OUT = {
    "aiohttp",
    "authlib",
    "boto3",
    "botocore",
    "ftplib",
    "http.client",
    "httpx",
    "httpx2",
    "minio",
    "obstore",
    "opentelemetry.exporter",
    "requests",
    "smtplib",
    "socket",
    "urllib.request",
    "urllib3",
    "xmlrpc",
}
# Statements put together from words of the program alone, never from a request.
_BUILT = {
    "app/commands/database_checks.py": "names of settings of PostgreSQL, listed there",
    "app/core/backups/tables.py": "names of our own tables",
    "app/core/partitions.py": "names of our own tables, and numbers of parts",
    "app/core/stocktaking.py": "one of two literals",
    "app/core/db.py": "names of our own tables and columns, in bulk inserts",
    "app/core/rates.py": "one literal used in two statements",
}
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\"d\"\s*:\s*\"[\w-]{40,}\"")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def test_chance_that_must_not_be_guessed_comes_from_the_system() -> None:
    using = {place for place, tree in modules() if {"random", "numpy.random"} & set(imported(tree))}
    assert using <= _CHANCE, f"random instead of secrets: {sorted(using - _CHANCE)}"
    shuffling = (ROOT / "app/domain/stamps/actions/issuing.py").read_text(encoding="utf-8")
    assert shuffling.count("random.Random(") == shuffling.count(
        "random.Random(secrets.randbits(256))"
    )


def test_no_statement_is_put_together_from_what_somebody_sent() -> None:
    loose = []
    for place, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            if _is_statement(node.func) and not isinstance(node.args[0], ast.Constant):
                loose.append(f"{place}:{node.lineno}")
    assert set(map(_module, loose)) <= set(_BUILT), "\n".join(loose)


def _is_statement(called: ast.expr) -> bool:
    """Tell whether a call takes SQL as a text."""
    if not isinstance(called, ast.Attribute):
        return False
    if called.attr in {"exec_driver_sql", "executescript"}:
        return True
    return called.attr == "text" and isinstance(called.value, ast.Name) and called.value.id == "sa"


def _module(place: str) -> str:
    return place.rpartition(":")[0]


def test_only_known_modules_open_a_line_to_somewhere_else() -> None:
    found = {
        place
        for place, tree in modules()
        if any(
            name == line or name.startswith(f"{line}.")
            for name in imported(tree)
            for line in _LINES_OUT
        )
    }
    assert found - _SILENT == set(CALLING_OUT)


def test_no_private_key_is_in_the_repository() -> None:
    found = [place for place, text in committed_texts() if _PRIVATE.search(text)]
    assert found == [] or all(place.startswith("tests/") for place in found), found
    kept = subprocess.run(
        ["git", "ls-files", "*.key", "*.pem", "*.p12", "*/keys/*"],
        cwd=Path(ROOT),
        check=True,
        capture_output=True,
        text=True,
    )
    assert kept.stdout == ""
