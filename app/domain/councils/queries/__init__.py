"""Reads about councils: rounds, seats, meetings with their agendas, sheets, results.

Before the lock a sheet is read by its own member only. What the sheets add up to is told, before
the lock, to whoever presides and to the secretary, and only when every sheet is in.
"""

from app.domain.councils.queries.agreement import Agreement, Drift, get_agreement
from app.domain.councils.queries.beside import Margin, margin
from app.domain.councils.queries.board import Board, BoardRow, board_head, get_board
from app.domain.councils.queries.conflicts import (
    ConflictBoard,
    ConflictLine,
    conflict_board,
)
from app.domain.councils.queries.items import (
    ItemDetail,
    chosen,
    gate_item_code,
    get_item,
    item_for_update,
    marks_of,
    reopening_item_code,
)
from app.domain.councils.queries.meetings import (
    ItemRow,
    MeetingBrief,
    MeetingRow,
    get_meeting,
    meeting_for_update,
    meeting_quorum,
    meetings_page,
    papers_opening,
)
from app.domain.councils.queries.own_order import OwnOrder, OwnSheet, own_sheets
from app.domain.councils.queries.replay import Replayed, replayed_results
from app.domain.councils.queries.results import (
    ResultRow,
    get_result,
    not_taken_in,
    result_to_recompute,
    schedulable,
    sheets_of_item,
    to_meet,
    was_asked_in_writing,
)
from app.domain.councils.queries.rounds import (
    CouncilFile,
    CouncilRow,
    DelegationRow,
    SeatRow,
    council_file,
    council_for_update,
    councils_list,
    delegations_of,
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
    papers_shown,
    sheet_for_update,
    sheet_item_code,
    sheet_to_enter_for,
)
from app.domain.councils.queries.standings import Standing, standings
from app.domain.councils.queries.superseded import (
    SupersededRow,
    earlier_rounds,
    superseded_sheet,
    superseded_sheets,
)
from app.domain.councils.queries.work import work_for

__all__ = [
    "Agreement",
    "Board",
    "BoardRow",
    "ConflictBoard",
    "ConflictLine",
    "CouncilFile",
    "CouncilRow",
    "DelegationRow",
    "Drift",
    "ItemDetail",
    "ItemRow",
    "Margin",
    "MeetingBrief",
    "MeetingRow",
    "OwnOrder",
    "OwnSheet",
    "Replayed",
    "ResultRow",
    "SeatRow",
    "SheetRow",
    "Standing",
    "SupersededRow",
    "board_head",
    "chosen",
    "conflict_board",
    "council_file",
    "council_for_update",
    "councils_list",
    "delegations_of",
    "dossier_ids_on_agenda",
    "earlier_rounds",
    "filing_windows",
    "gate_item_code",
    "get_agreement",
    "get_board",
    "get_council",
    "get_item",
    "get_meeting",
    "get_result",
    "get_round",
    "get_sheet",
    "item_for_update",
    "margin",
    "marks_of",
    "meeting_for_update",
    "meeting_quorum",
    "meetings_page",
    "not_taken_in",
    "open_round_choices",
    "own_sheets",
    "papers_opening",
    "papers_shown",
    "reopening_item_code",
    "replayed_results",
    "result_to_recompute",
    "round_choice",
    "round_out",
    "rounds_list",
    "rules_of",
    "schedulable",
    "sheet_for_update",
    "sheet_item_code",
    "sheet_to_enter_for",
    "sheets_of_item",
    "standings",
    "superseded_sheet",
    "superseded_sheets",
    "to_meet",
    "was_asked_in_writing",
    "work_for",
]
