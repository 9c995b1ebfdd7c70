"""Processes as the machine sees them: whom one has started, and by which words.

Whoever ends while it is looked at is not there: never a fault of the one who looks.
"""

from contextlib import suppress
from pathlib import Path


def children_of(process: int) -> list[int]:
    """Return the processes that a process has started and not buried yet."""
    found: list[int] = []
    with suppress(OSError):
        for told in Path(f"/proc/{process}/task").glob("*/children"):
            with suppress(OSError):  # a thread that ended; the others have theirs
                found += [int(child) for child in told.read_text(encoding="ascii").split()]
    return found


def words_of(process: int) -> list[str]:
    """Return the command line of a process; nothing when it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8").split("\0")
    return []


def workers_of(server: int) -> set[int]:
    """Return the processes of a server that answer questions."""
    return {
        child
        for child in children_of(server)
        if any("spawn_main" in word for word in words_of(child))
    }
