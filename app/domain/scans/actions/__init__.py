"""What changes about scans: journals read in, events forgotten, flags raised and decided, codes tried."""

from app.domain.scans.actions.deciding import decide_flag
from app.domain.scans.actions.examining import Examined, examine
from app.domain.scans.actions.flagging import alarm_raised
from app.domain.scans.actions.forgetting import KEPT_DAYS, NO_STAMP, forget_scans
from app.domain.scans.actions.ingesting import Ingested, ingest_journals
from app.domain.scans.actions.months import prepare_months
from app.domain.scans.actions.scratching import (
    BLOCKED_FOR,
    MOST_FAILURES,
    Tried,
    pepper_in,
    try_pin,
)

__all__ = [
    "BLOCKED_FOR",
    "KEPT_DAYS",
    "MOST_FAILURES",
    "NO_STAMP",
    "Examined",
    "Ingested",
    "Tried",
    "alarm_raised",
    "decide_flag",
    "examine",
    "forget_scans",
    "ingest_journals",
    "pepper_in",
    "prepare_months",
    "try_pin",
]
