"""Reads about councils: rounds, seats, meetings with their agendas, sheets, results.

Before the lock a sheet is read by its own member only. What the sheets add up to is told, before
the lock, to whoever presides and to the secretary, and only when every sheet is in.
"""

from app.domain.councils.queries.items import (
    ItemDetail,
    chosen,
    gate_item_code,
    get_item,
    item_for_update,
)
from app.domain.councils.queries.meetings import (
    ItemRow,
    MeetingBrief,
    MeetingRow,
    get_meeting,
    meeting_for_update,
    meeting_quorum,
    meetings_page,
)
from app.domain.councils.queries.results import (
    ResultRow,
    get_result,
    result_to_recompute,
    schedulable,
    sheets_of_item,
)
from app.domain.councils.queries.rounds import (
    CouncilRow,
    SeatRow,
    councils_list,
    filing_windows,
    get_council,
    get_round,
    open_round_choices,
    round_choice,
    round_out,
    rounds_list,
    rules_of,
)
from app.domain.councils.queries.sheets import (
    SheetRow,
    dossier_ids_on_agenda,
    get_sheet,
    sheet_for_update,
    sheet_item_code,
)
from app.domain.councils.queries.work import work_for

__all__ = [
    "CouncilRow",
    "ItemDetail",
    "ItemRow",
    "MeetingBrief",
    "MeetingRow",
    "ResultRow",
    "SeatRow",
    "SheetRow",
    "chosen",
    "councils_list",
    "dossier_ids_on_agenda",
    "filing_windows",
    "gate_item_code",
    "get_council",
    "get_item",
    "get_meeting",
    "get_result",
    "get_round",
    "get_sheet",
    "item_for_update",
    "meeting_for_update",
    "meeting_quorum",
    "meetings_page",
    "open_round_choices",
    "result_to_recompute",
    "round_choice",
    "round_out",
    "rounds_list",
    "rules_of",
    "schedulable",
    "sheet_for_update",
    "sheet_item_code",
    "sheets_of_item",
    "work_for",
]
