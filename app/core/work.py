"""One thing that waits for a person, as every part of the programme tells it to the work list."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that waits for a person: what, until when, on which basis, and where to do it."""

    kind: str
    code: str
    title: str
    subtitle: str
    due_on: date | None
    overdue: bool
    basis: str
    route_name: str
