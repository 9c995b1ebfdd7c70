"""The whole house keeps every source rule, and every rule notices what it is there for."""

import pytest

from tests.architecture.source import RULES, Rule, Source, python_files

BROKEN: dict[str, list[tuple[str, str]]] = {
    "only_one_place_commits": [("app/domain/stamps/actions.py", "session.commit()")],
    "only_one_place_reads_the_clock": [
        ("app/web/work.py", "import datetime\ndatetime.datetime.now()"),
        ("app/domain/stamps/rules.py", "date.today()"),
        ("app/core/files.py", "time.time()"),
    ],
    "only_the_last_door_catches_everything": [
        ("app/web/work.py", "try:\n    go()\nexcept Exception:\n    pass"),
        ("app/core/files.py", "try:\n    go()\nexcept:\n    pass"),
    ],
    "every_suppression_says_why": [
        ("app/core/files.py", "import os  # noqa: F401"),
        ("tests/test_a.py", "a = b  # type: ignore[x]"),
    ],
    "no_comment_postpones": [("app/core/files.py", "# " + "TO" + "DO: later")],
    "no_junk_drawers": [
        ("app/core/utils.py", ""),
        ("app/domain/managers/rules.py", ""),
        ("app/web/base.py", ""),
    ],
    "every_module_says_what_it_holds": [("app/core/files.py", "import os")],
    "no_buffering_middleware": [
        ("app/main.py", "class Slow(BaseHTTPMiddleware): ..."),
        ("app/main.py", "@app.middleware('http')\ndef slow(): ..."),
    ],
    "doors_hold_no_sql": [
        ("app/web/work.py", "from sqlmodel import select"),
        ("app/api/deps.py", "import sqlalchemy.orm"),
    ],
    "tests_use_real_parts": [
        ("tests/test_a.py", "from unittest.mock import patch"),
        ("tests/test_a.py", "time.sleep(1)"),
        ("tests/test_a.py", "pytest.skip('later')"),
        ("tests/test_a.py", "@pytest.mark.skipif(True)\ndef test_a(): ..."),
    ],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    found = [
        fault for source in python_files("app", "tests", "migrations") for fault in rule(source)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_notices_what_breaks_it(rule: Rule) -> None:
    for place, text in BROKEN[rule.__name__]:
        assert list(rule(Source(place, text))), f"{rule.__name__} let pass: {text}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_lets_an_innocent_module_pass(rule: Rule) -> None:
    innocent = '"""Says what it holds."""\n\nimport os  # noqa: F401 -- shown to a test\n\nnow = clock.now()\n'
    assert not list(rule(Source("app/core/innocent.py", innocent)))
