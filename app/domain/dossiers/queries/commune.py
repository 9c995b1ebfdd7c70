"""The commune's report."""

from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.dossiers.models import CommuneReport, Dossier
from app.domain.dossiers.rules import COMMUNE_REPORT


class ReportUnknown(NotFound):
    """The commune has not begun its report."""

    code = "commune_report.unknown"
    message = "Xã chưa viết báo cáo đánh giá của hồ sơ này."
    basis = COMMUNE_REPORT


def find_report(session: ReadSession, dossier: Dossier) -> CommuneReport | None:
    """Return the commune's report on a dossier, if one was begun."""
    return session.exec(
        select(CommuneReport).where(col(CommuneReport.dossier_id) == dossier.id)
    ).one_or_none()


def get_report(session: ReadSession, dossier: Dossier) -> CommuneReport:
    """Return the commune's report on a dossier that the actor may see."""
    report = find_report(session, dossier)
    if report is None:
        raise ReportUnknown
    return report
