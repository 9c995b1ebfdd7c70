"""The papers of a council: minutes, sheets, summary, report."""

from app.domain.councils.papers.minutes import NoMinutesYet, minutes_data, minutes_paper
from app.domain.councils.papers.of_meetings import FILE_NAMES, MeetingPaper, meeting_paper
from app.domain.councils.papers.report import council_report_data, council_report_paper
from app.domain.councils.papers.sheet import SheetNotIn, sheet_data, sheet_paper
from app.domain.councils.papers.summary import (
    NoSummaryYet,
    SummaryOfCouncil,
    summary_data,
    summary_paper,
    summary_workbook,
)

__all__ = [
    "FILE_NAMES",
    "MeetingPaper",
    "NoMinutesYet",
    "NoSummaryYet",
    "SheetNotIn",
    "SummaryOfCouncil",
    "council_report_data",
    "council_report_paper",
    "meeting_paper",
    "minutes_data",
    "minutes_paper",
    "sheet_data",
    "sheet_paper",
    "summary_data",
    "summary_paper",
    "summary_workbook",
]
