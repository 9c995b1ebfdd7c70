"""Where the tests keep their files: in memory, where the machine has room there.

Every test makes a database of its own and throws it away, some hundred files on PostgreSQL. On a
disk, making and removing them takes ten times as long as in memory, and SQLite waits for the disk at
every commit. Measurements stay on the disk: there, the wait is part of what is measured.
"""

import os
import shutil
from pathlib import Path

import pytest

PLACE = "PYTEST_DEBUG_TEMPROOT"  # what pytest reads; whoever sets it chooses the place
_MEMORY = Path("/dev/shm")  # noqa: S108 -- a place for a place: folders in it get names of their own
_LEAST_BYTES = 4 * 1024**3  # containers often have 64 MB there


def pytest_configure(config: pytest.Config) -> None:
    """Choose the place, for this process and the workers it starts."""
    measures = any("benchmarks" in argument for argument in config.args)
    if measures or not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _LEAST_BYTES:
        return
    os.environ.setdefault(PLACE, str(_MEMORY))
