"""Everything that happens in councils: setting up, meetings, sheets, settling and locking."""

from app.domain.councils.actions.meetings import (
    close_meeting,
    open_meeting,
    record_survey,
    schedule_meeting,
)
from app.domain.councils.actions.setting_up import open_round, set_up_council
from app.domain.councils.actions.settling import (
    confirm_minimum,
    decide_gate,
    lock_item,
    raise_gate,
    rescore_item,
    why_not_lock,
)
from app.domain.councils.actions.sheets import (
    recuse_sheet,
    save_marks,
    submit_sheet,
    withdraw_sheet,
)

__all__ = [
    "close_meeting",
    "confirm_minimum",
    "decide_gate",
    "lock_item",
    "open_meeting",
    "open_round",
    "raise_gate",
    "record_survey",
    "recuse_sheet",
    "rescore_item",
    "save_marks",
    "schedule_meeting",
    "set_up_council",
    "submit_sheet",
    "why_not_lock",
    "withdraw_sheet",
]
