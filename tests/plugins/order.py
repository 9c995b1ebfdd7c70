"""What takes long is begun first: a file that comes last keeps one core busy and the others idle.

Files are handed to the workers whole and in this order (`--dist loadfile --no-loadscope-reorder`).
"""

from pathlib import Path

import pytest

# Few tests a file, and minutes each; by their numbers they would come last.
_LONG = (
    "journeys",
    "authorisation",
    "security/test_links.py",
    "security/test_openapi_fuzz.py",
    "demonstration",
    "print",
    "api/test_contract.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long files in front; within them, and behind them, everything keeps its order."""
    tests = Path(config.rootpath, "tests")
    long = tuple(tests / name for name in _LONG)
    items.sort(key=lambda item: not any(item.path.is_relative_to(place) for place in long))
