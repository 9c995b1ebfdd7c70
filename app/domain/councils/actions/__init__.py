"""Everything that happens in councils: setting up, meetings, sheets, settling and locking."""

from app.domain.councils.actions.agendas import add_to_agenda, arrange_agenda, take_off
from app.domain.councils.actions.amending import amend_council, delegate_chair
from app.domain.councils.actions.conflicts import declare_conflicts
from app.domain.councils.actions.meetings import (
    close_meeting,
    open_meeting,
    record_survey,
    schedule_meeting,
)
from app.domain.councils.actions.opinions import (
    end_collection,
    extend_opinion,
    open_opinion,
    put_to_meeting,
    remind_members,
    tell_of_the_day,
    wish_for_meeting,
)
from app.domain.councils.actions.putting_off import put_off_item
from app.domain.councils.actions.reopening import decide_reopening, request_reopening
from app.domain.councils.actions.setting_up import open_round, set_up_council
from app.domain.councils.actions.settling import (
    certify_item,
    confirm_minimum,
    decide_gate,
    is_certified_now,
    lock_item,
    raise_gate,
    rescore_item,
    why_not_certify_now,
    why_not_lock,
)
from app.domain.councils.actions.sheets import (
    recuse_sheet,
    save_marks,
    submit_sheet,
    withdraw_sheet,
)

__all__ = [
    "add_to_agenda",
    "amend_council",
    "arrange_agenda",
    "certify_item",
    "close_meeting",
    "confirm_minimum",
    "decide_gate",
    "decide_reopening",
    "declare_conflicts",
    "delegate_chair",
    "end_collection",
    "extend_opinion",
    "is_certified_now",
    "lock_item",
    "open_meeting",
    "open_opinion",
    "open_round",
    "put_off_item",
    "put_to_meeting",
    "raise_gate",
    "record_survey",
    "recuse_sheet",
    "remind_members",
    "request_reopening",
    "rescore_item",
    "save_marks",
    "schedule_meeting",
    "set_up_council",
    "submit_sheet",
    "take_off",
    "tell_of_the_day",
    "why_not_certify_now",
    "why_not_lock",
    "wish_for_meeting",
    "withdraw_sheet",
]
