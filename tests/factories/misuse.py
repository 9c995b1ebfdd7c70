"""Builders of reports from the public, through the real actions."""

from datetime import date
from typing import Any

from app.core.db import WriteSession
from app.domain.misuse.actions import send_report, take_report
from app.domain.misuse.enums import Concern, ReportState
from app.domain.misuse.models import MisuseReport
from app.domain.misuse.schemas import SendReport, TakeReport
from tests.factories.people import People

REPORTER: dict[str, Any] = {
    "reporter_name": "Nguyễn Thị Mẫu",
    "reporter_phone": "0912 000 111",
    "reporter_email": "nguoimua@example.com",
}


def report_texts(**typed: Any) -> dict[str, Any]:
    """Return what is typed into the form of a report."""
    return {
        "concern": Concern.STAR_ENDED.value,
        "product_seen": "Miến dong Bình Lư, in 4 sao",
        "place": "Quầy số 3, chợ trung tâm",
        "seen_on": date(2026, 9, 12).isoformat(),
        **typed,
    }


def make_report(
    session: WriteSession,
    people: People,
    *,
    state: ReportState = ReportState.RECEIVED,
    **typed: Any,
) -> MisuseReport:
    """Send a report as anybody would; one that is being checked is taken by the agency."""
    report = send_report(session, SendReport.model_validate(report_texts(**typed)), at=people.at)
    session.flush()
    if state is ReportState.CHECKING:
        take_report(
            session,
            report.code,
            TakeReport(version=report.version),
            actor=people.agency(),
            at=people.at,
        )
    return report
