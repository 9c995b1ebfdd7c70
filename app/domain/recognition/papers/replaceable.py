"""Every paper whose words the province may replace, with the data of one closed meeting."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.core.own_templates import ReplaceablePaper
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import SheetState
from app.domain.councils.papers import (
    council_report_paper,
    minutes_paper,
    sheet_paper,
    summary_paper,
)
from app.domain.councils.queries import MeetingRow, get_meeting
from app.domain.dossiers.papers import advisory_report_paper
from app.domain.dossiers.queries import AdviceUnknown
from app.domain.recognition.papers.ministry import letter_of
from app.domain.recognition.papers.notice import result_notice_paper


def replaceable_papers(
    session: ReadSession,
    meeting_code: str,
    *,
    actor: Actor,
    agency: str,
    rules_dir: Path | None,
) -> list[ReplaceablePaper]:
    """Return one paper of each kind that a closed meeting gives, as this actor may read it."""
    row = get_meeting(session, meeting_code, actor=actor, rules_dir=rules_dir)
    of_meeting = [
        make(session, meeting_code, actor=actor, demonstration=False, rules_dir=rules_dir)
        for make in (minutes_paper, summary_paper, council_report_paper)
    ]
    return [*of_meeting, *_of_products(session, row, actor=actor, agency=agency)]


def _of_products(
    session: ReadSession, row: MeetingRow, *, actor: Actor, agency: str
) -> Iterator[ReplaceablePaper]:
    item = next((one for one in row.items if one.result), None)
    if item is None:
        return
    sheet = next((one for one in item.sheets if one.state is SheetState.SUBMITTED), None)
    if sheet is not None:
        yield sheet_paper(session, sheet.code, actor=actor, demonstration=False)
    code = item.dossier.code
    yield result_notice_paper(session, code, actor=actor, agency=agency, demonstration=False)
    with suppress(AdviceUnknown):
        yield advisory_report_paper(session, code, actor=actor, demonstration=False)
    with suppress(NotFound):
        yield letter_of(session, code, actor=actor)
