"""Mẫu số 01, 02 and 03 of Annex III as papers of this actor's dossier, in either format."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from app.core.db import ReadSession
from app.core.errors import Conflict
from app.core.layout import Block, Paper, PaperFormat
from app.core.typesetting import render_pdf
from app.core.word import render_docx
from app.domain.accounts.rules import Actor
from app.domain.dossiers.forms.commune_report import commune_report_blocks
from app.domain.dossiers.forms.registration_form import registration_form_blocks
from app.domain.dossiers.forms.self_assessment import self_assessment_blocks
from app.domain.dossiers.queries import (
    DossierRow,
    answers_of,
    find_changes,
    find_report,
    get_dossier,
    self_assessment,
)
from app.domain.dossiers.rules import COMMUNE_REPORT_FORM


class NoReportYet(Conflict):
    """There is nothing to print before the commune has begun its report."""

    code = "dossier.no_report"
    message = "Xã chưa viết báo cáo đánh giá của hồ sơ này."
    basis = COMMUNE_REPORT_FORM


class DossierForm(StrEnum):
    """The three forms of a dossier, by the number the decision gives them."""

    REGISTRATION = "01"
    SELF_ASSESSMENT = "02"
    COMMUNE_REPORT = "03"


TITLES: dict[DossierForm, str] = {
    DossierForm.REGISTRATION: "Phiếu đăng ký đánh giá, phân hạng sản phẩm OCOP",
    DossierForm.SELF_ASSESSMENT: "Báo cáo tự đánh giá về sản phẩm",
    DossierForm.COMMUNE_REPORT: "Báo cáo đánh giá một số nội dung của hồ sơ sản phẩm OCOP",
}


FORM_LABELS: dict[DossierForm, str] = {
    DossierForm.REGISTRATION: "Phiếu đăng ký (Mẫu số 01)",
    DossierForm.SELF_ASSESSMENT: "Báo cáo tự đánh giá (Mẫu số 02)",
    DossierForm.COMMUNE_REPORT: "Báo cáo của xã (Mẫu số 03)",
}


def printed_form(
    session: ReadSession,
    code: str,
    form: DossierForm,
    kind: PaperFormat,
    *,
    actor: Actor,
    at: datetime,
    demonstration: bool,
    extra_ids: Collection[int] = (),
) -> bytes:
    """Return a form of a dossier this actor may see; Mẫu số 03 only once there is a report."""
    row = get_dossier(session, code, actor=actor, extra_ids=extra_ids)
    paper = form_of(session, row, form, actor=actor, demonstration=demonstration)
    return render_docx(paper, timestamp=at) if kind is PaperFormat.DOCX else pdf_of(paper, at=at)


def form_of(
    session: ReadSession, row: DossierRow, form: DossierForm, *, actor: Actor, demonstration: bool
) -> Paper:
    """Return what a form says of a dossier, laid out by nobody yet."""
    return Paper(TITLES[form], _blocks(session, row, form, actor), specimen=demonstration)


def pdf_of(paper: Paper, *, at: datetime) -> bytes:
    """Return a form as PDF."""
    return render_pdf("form", paper.plain(), timestamp=at)


def _blocks(
    session: ReadSession, row: DossierRow, form: DossierForm, actor: Actor
) -> tuple[Block, ...]:
    match form:
        case DossierForm.REGISTRATION:
            return registration_form_blocks(row)
        case DossierForm.SELF_ASSESSMENT:
            return self_assessment_blocks(
                self_assessment(session, row, actor=actor), find_changes(session, row.dossier)
            )
        case DossierForm.COMMUNE_REPORT:
            report = find_report(session, row.dossier)
            if report is None:
                raise NoReportYet
            return commune_report_blocks(row, report, answers_of(session, row.dossier))
