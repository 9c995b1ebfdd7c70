"""The papers that the end of a meeting makes possible, by their names."""

from enum import StrEnum
from pathlib import Path

from app.core.db import ReadSession
from app.core.own_templates import ReplaceablePaper
from app.domain.accounts.rules import Actor
from app.domain.councils.papers.minutes import minutes_paper
from app.domain.councils.papers.report import council_report_paper
from app.domain.councils.papers.summary import summary_paper


class MeetingPaper(StrEnum):
    """A paper of a closed meeting, by the word of its address."""

    MINUTES = "minutes"
    SUMMARY = "summary"
    REPORT = "report"


FILE_NAMES: dict[MeetingPaper, str] = {
    MeetingPaper.MINUTES: "bien-ban",
    MeetingPaper.SUMMARY: "tong-hop",
    MeetingPaper.REPORT: "bao-cao-hoi-dong",
}
_MAKE = {
    MeetingPaper.MINUTES: minutes_paper,
    MeetingPaper.SUMMARY: summary_paper,
    MeetingPaper.REPORT: council_report_paper,
}


def meeting_paper(
    session: ReadSession,
    code: str,
    which: MeetingPaper,
    *,
    actor: Actor,
    demonstration: bool,
    rules_dir: Path | None,
) -> ReplaceablePaper:
    """Return a paper of a closed meeting; each says itself who may print it."""
    make = _MAKE[which]
    return make(session, code, actor=actor, demonstration=demonstration, rules_dir=rules_dir)
