"""What the agency has to end: cases of revocation, extensions whose renewal failed."""

from datetime import date

from sqlalchemy import ColumnElement
from sqlalchemy import select as sa_select
from sqlmodel import and_, col, exists, or_

from app.core.db import ReadSession
from app.core.errors import Worded
from app.core.work import WorkItem
from app.domain.dossiers.enums import DossierKind, DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL
from app.domain.recognition.enums import RevocationState
from app.domain.recognition.models import Certificate, RevocationCase
from app.domain.recognition.queries.certificates import in_force_on
from app.domain.recognition.rules import OPEN_CASES, REVOCATION_CLOCK

FAILED_BASIS = "26/2026/QĐ-TTg, Điều 12.3, Điều 8.1.b"
_FAILED = frozenset({DossierState.BELOW_THREE, DossierState.EXCLUDED})
_CASE_SENTENCES: dict[RevocationState, str] = {
    RevocationState.OPENED: "Kiểm tra, xác minh để thu hồi: {product}",
    RevocationState.VERIFIED: "Trình thu hồi: {product}",
    RevocationState.SUBMITTED: "Chờ quyết định thu hồi: {product}",
}


def ending_work(session: ReadSession, *, on: date, limit: int) -> list[WorkItem]:
    """Return open cases, the one to decide first at the head, then extensions to end; one statement.

    An extension was granted for a renewal: when that renewal ends below three stars or excluded,
    nothing carries it any more (art. 12.3).
    """
    rows = session.execute(
        sa_select(Certificate, RevocationCase)
        .join(
            RevocationCase,
            and_(
                col(RevocationCase.certificate_id) == col(Certificate.id),
                col(RevocationCase.state).in_(OPEN_CASES),
            ),
            isouter=True,
        )
        .where(or_(col(RevocationCase.id).is_not(None), _extended_in_vain(on)))
        .order_by(
            col(RevocationCase.id).is_(None),
            col(RevocationCase.due_on),
            col(Certificate.extended_until),
            col(Certificate.id),
        )
        .limit(limit)
    ).all()
    return [
        _extension_item(certificate) if case is None else _case_item(certificate, case, on)
        for certificate, case in rows
    ]


def _extended_in_vain(on: date) -> ColumnElement[bool]:
    def dossier(condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(col(Dossier.product_id) == col(Certificate.product_id), condition)

    failed = and_(
        col(Dossier.certificate_code) == col(Certificate.code),
        col(Dossier.kind) == DossierKind.RENEWAL,
        col(Dossier.state).in_(_FAILED),
    )
    return and_(
        *in_force_on(on),
        col(Certificate.extended_until) >= on,
        dossier(failed),
        ~dossier(col(Dossier.state).not_in(FINAL)),
    )


def _case_item(certificate: Certificate, case: RevocationCase, on: date) -> WorkItem:
    return WorkItem(
        kind=f"revocation.{case.state}",
        code=case.code,
        title=Worded(_CASE_SENTENCES[case.state], product=certificate.product_name),
        subtitle=Worded(
            "{producer} · kết luận {number} ngày {day}",
            producer=certificate.producer_name,
            number=case.conclusion_number,
            day=f"{case.concluded_on:%d/%m/%Y}",
        ),
        due_on=case.due_on,
        overdue=case.due_on < on,
        basis=REVOCATION_CLOCK,
        route_name="revocations.show",
    )


def _extension_item(certificate: Certificate) -> WorkItem:
    return WorkItem(
        kind="certificate.end_extension",
        code=certificate.code,
        title=Worded("Chấm dứt kéo dài hoặc thu hồi: {product}", product=certificate.product_name),
        subtitle=Worded(
            "{producer} · đánh giá lại không đạt, đang kéo dài đến hết {day}",
            producer=certificate.producer_name,
            day=f"{certificate.extended_until:%d/%m/%Y}",
        ),
        due_on=certificate.extended_until,
        overdue=False,
        basis=FAILED_BASIS,
        route_name="certificates.show",
    )
