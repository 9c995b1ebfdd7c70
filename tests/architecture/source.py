"""Python files of this repository as the rules see them, and the rules themselves.

A rule takes a file and returns what is wrong with it, so that a test can show each rule both the
whole house and a line that breaks it.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[2]

JUNK_DRAWERS = {"base", "common", "handler", "helper", "manager", "misc", "util"}
CLOCK_READERS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}
SQL = {"sqlmodel", "sqlalchemy"}
SUPPRESSION = re.compile(r"#\s*(noqa|ruff:|type:\s*ignore|mypy:|pragma:|fmt:|nosec)")
UNFINISHED = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")


@dataclass(frozen=True)
class Source:
    """One Python file: where it stands, from the root of the repository, and what it says."""

    place: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The file, parsed."""
        return ast.parse(self.text)

    @property
    def comments(self) -> Iterator[tuple[int, str]]:
        """Every comment with its line."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string

    def calls(self) -> Iterator[tuple[ast.Call, str, str]]:
        """Every call of an attribute, with the last name before the dot and the name after it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield node, _last_name(node.func.value), node.func.attr

    def imported(self) -> Iterator[tuple[int, str]]:
        """Every imported module with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.lineno, node.module


Rule: TypeAlias = Callable[[Source], Iterator[str]]


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def python_files(*folders: str) -> list[Source]:
    """Return every Python file below the given folders."""
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def in_app(source: Source) -> bool:
    """Whether the file is part of the program."""
    return source.place.startswith("app/")


def only_one_place_commits(source: Source) -> Iterator[str]:
    """Refuse a commit outside core/db.py: a change is true as a whole or not at all."""
    if in_app(source) and source.place != "app/core/db.py":
        for call, _owner, name in source.calls():
            if name == "commit":
                yield f"{source.place}:{call.lineno} commits"


def only_one_place_reads_the_clock(source: Source) -> Iterator[str]:
    """Refuse a look at the clock outside core/clock.py: time is handed in."""
    if in_app(source) and source.place != "app/core/clock.py":
        for call, owner, name in source.calls():
            if (owner, name) in CLOCK_READERS:
                yield f"{source.place}:{call.lineno} reads the clock ({owner}.{name})"


def only_the_last_door_catches_everything(source: Source) -> Iterator[str]:
    """Refuse `except Exception` before main, worker and what repeats beside: a fault is no answer.

    Whoever tidies up and raises the same fault again swallows nothing.
    """
    last = {"app/main.py", "app/worker.py", "app/commands/surroundings.py"}
    if not in_app(source) or source.place in last:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and (
            (node.type is None or _last_name(node.type) in {"Exception", "BaseException"})
            and not _raises_again(node)
        ):
            yield f"{source.place}:{node.lineno} catches everything"


def every_suppression_says_why(source: Source) -> Iterator[str]:
    """Refuse a silenced check without a reason after two dashes."""
    for line, comment in source.comments:
        if SUPPRESSION.search(comment) and not re.search(r" -- \S", comment):
            yield f"{source.place}:{line} silences a check without a reason after ' -- '"


def no_comment_postpones(source: Source) -> Iterator[str]:
    """Refuse a comment that promises work: it is done, or it is an issue."""
    for line, comment in source.comments:
        if UNFINISHED.search(comment):
            yield f"{source.place}:{line} postpones work in a comment"


def no_junk_drawers(source: Source) -> Iterator[str]:
    """Refuse module names that say nothing and collect everything."""
    for part in Path(source.place).with_suffix("").parts:
        if part.removesuffix("s") in JUNK_DRAWERS or part in JUNK_DRAWERS:
            yield f"{source.place}: «{part}» is no name for a thing"


def every_module_says_what_it_holds(source: Source) -> Iterator[str]:
    """Refuse a module without a docstring."""
    if not ast.get_docstring(source.tree):
        yield f"{source.place} does not say what the reader finds there"


def no_buffering_middleware(source: Source) -> Iterator[str]:
    """Refuse Starlette's function middleware: it breaks streaming, context and cancellation."""
    if not in_app(source):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute) and _last_name(node) == "BaseHTTPMiddleware":
            yield f"{source.place}:{node.lineno} uses BaseHTTPMiddleware"
    for call, _owner, name in source.calls():
        if name == "middleware":
            yield f"{source.place}:{call.lineno} adds a function as middleware"


def doors_hold_no_sql(source: Source) -> Iterator[str]:
    """Refuse a database library in a door."""
    if source.place.startswith(("app/web/", "app/api/")):
        for line, module in source.imported():
            if module.split(".")[0] in SQL:
                yield f"{source.place}:{line} imports {module}"


def tests_use_real_parts(source: Source) -> Iterator[str]:
    """Refuse mocks, waiting and silent skips in tests; only the plugins may say what is missing."""
    if not source.place.startswith("tests/"):
        return
    for line, module in source.imported():
        if module in {"unittest.mock", "mock", "pytest_mock"}:
            yield f"{source.place}:{line} replaces a part by a mock"
    for call, owner, name in source.calls():
        if (owner, name) == ("time", "sleep"):
            yield f"{source.place}:{call.lineno} waits instead of observing"
        if (
            owner in {"pytest", "mark"}
            and name in {"skip", "skipif", "xfail", "importorskip"}
            and source.place != "tests/plugins/loud.py"
        ):
            yield f"{source.place}:{call.lineno} skips in silence"


RULES: tuple[Rule, ...] = (
    only_one_place_commits,
    only_one_place_reads_the_clock,
    only_the_last_door_catches_everything,
    every_suppression_says_why,
    no_comment_postpones,
    no_junk_drawers,
    every_module_says_what_it_holds,
    no_buffering_middleware,
    doors_hold_no_sql,
    tests_use_real_parts,
)
