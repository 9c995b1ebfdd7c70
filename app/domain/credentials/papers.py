"""The certificate as a sheet worth framing, its code, and the credential inside the file.

Nobody's signature is drawn: the sheet says what was signed in the system. What others issued is
printed as an extract of the register, never as an original; what has ended says so across the sheet.
"""

from datetime import date, datetime

from sqlmodel import col, select

from app.core.clock import VIET_NAM, local_day
from app.core.db import ReadSession
from app.core.official_days import short_day, written_day
from app.core.qr import matrix_svg, qr_svg, stamp_symbol
from app.core.text import fold
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.councils.papers.customs import PLACE
from app.domain.credentials.queries import (
    SealedCertificate,
    ended_since,
    is_extract,
    newest_credential,
)
from app.domain.credentials.rules import Issuer
from app.domain.recognition.enums import DecisionKind, DecisionState, Standing
from app.domain.recognition.models import Certificate, CertificateItem, RecognitionDecision
from app.domain.recognition.papers import decider, signer
from app.domain.recognition.queries import CertifiedProduct, get_certificate
from app.domain.stamps.rules import stamp_prefix

HIGHEST_RANK = 5  # art. 3.3.a: «hạng 5 sao (quốc gia)»; 3 and 4 stars are «cấp tỉnh»
ENDED_WORDS: dict[Standing, str] = {
    Standing.REVOKED: "Đã thu hồi từ {day}",
    Standing.SUPERSEDED: "Đã có giấy mới từ {day}",
    Standing.HOLDER_CHANGED: "Đã đổi chủ thể từ {day}",
    Standing.PRODUCER_DISSOLVED: "Chủ thể đã ngừng hoạt động từ {day}",
    Standing.EXPIRED: "Đã hết hạn sau ngày {day}",
}


def certificate_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    issuer: Issuer,
    stamp_host: str,
) -> bytes:
    """Return a certificate this actor may see as a PDF/A.

    Its code holds the signed token once it is sealed (level 2), before that the address of its page
    of the register. The credential is attached while it
    says what the sheet says and the certificate is in force.
    """
    found = get_certificate(session, code, actor=actor, on=local_day(at))
    decision = session.exec(
        select(RecognitionDecision).where(
            col(RecognitionDecision.id) == found.certificate.decision_id
        )
    ).one_or_none()
    data = certificate_data(
        found,
        decision,
        newest_credential(session, found, issuer),
        extended_by=_extended_by(session, found.certificate),
        at=at,
        issuer=issuer,
        stamp_host=stamp_host,
    )
    return render_pdf("certificate", data, timestamp=at, standard="a-3b")


def certificate_data(
    found: CertifiedProduct,
    decision: RecognitionDecision | None,
    sealed: SealedCertificate | None,
    *,
    extended_by: str,
    at: datetime,
    issuer: Issuer,
    stamp_host: str,
) -> dict[str, object]:
    """Return what templates/print/certificate.typ reads of a certificate."""
    certificate = found.certificate
    link = f"{issuer.root}/register/{certificate.code}"
    issued = written_day(certificate.issued_on)
    extract = is_extract(certificate)
    return {
        "specimen": issuer.invented,
        "extract": extract,
        "authority": certificate.authority if extract else decider(certificate.authority).upper(),
        "product": certificate.product_name,
        "producer": certificate.producer_name,
        "address": _address(certificate.producer_address, found.commune),
        "stars": certificate.star,
        "level": _level(certificate),
        "product_code": certificate.product_code or "",
        "certificate": certificate.code,
        "decision": f"{certificate.decision_number} {issued}".strip(),
        "valid_from": f"{certificate.issued_on:%d/%m/%Y}",
        "valid_until": f"{certificate.expires_on:%d/%m/%Y}",
        "extended_until": short_day(certificate.extended_until),
        "extended_by": extended_by,
        "source": certificate.source_note if extract else "",
        "place_and_date": f"{PLACE}, {written_day(local_day(at)) if extract else issued}",
        "signer": signer(decision) if decision and not extract else _extracted(at),
        "state": _state(certificate, found.standing, found.on),
        "qr": matrix_svg(stamp_symbol(stamp_prefix(stamp_host), sealed.credential.digits))
        if sealed
        else qr_svg(link),
        "link": link.partition("://")[2],
        "credential": sealed.credential.jws
        if sealed and sealed.is_current and sealed.is_in_force
        else "",
    }


def _extended_by(session: ReadSession, certificate: Certificate) -> str:
    """Return number and day of the decision that extended a certificate, where it is kept here."""
    found = session.exec(
        select(RecognitionDecision)
        .join(CertificateItem, col(CertificateItem.decision_id) == col(RecognitionDecision.id))
        .where(
            col(CertificateItem.certificate_id) == certificate.id,
            col(CertificateItem.until) == certificate.extended_until,
            col(RecognitionDecision.kind) == DecisionKind.EXTENSION,
            col(RecognitionDecision.state) == DecisionState.SIGNED,
        )
        .order_by(col(RecognitionDecision.decided_on).desc(), col(RecognitionDecision.id).desc())
        .limit(1)
    ).one_or_none()
    return f"{found.number} {written_day(found.decided_on)}" if found else ""


def _level(certificate: Certificate) -> str:
    """Name the rank as art. 3.3 does; of what came from earlier regimes the star alone is known."""
    if certificate.dossier_id is None and is_extract(certificate):
        return ""
    return "quốc gia" if certificate.star == HIGHEST_RANK else "cấp tỉnh"


def _state(certificate: Certificate, worth: Standing, on: date) -> str:
    """Return the words across the sheet of a certificate that has ended, otherwise nothing."""
    if worth not in ENDED_WORDS:
        return ""
    since = ended_since(certificate, worth)
    until = certificate.extended_until
    day = since or (until if until and until < on else certificate.expires_on)
    return ENDED_WORDS[worth].format(day=f"{day:%d/%m/%Y}")


def _extracted(at: datetime) -> dict[str, object]:
    moment = at.astimezone(VIET_NAM)
    return {
        "on_behalf": [],
        "title": "Trích từ sổ đăng ký",
        "name": "",
        "note": f"Trích lúc {moment:%H:%M} ngày {moment:%d/%m/%Y}, không thay bản gốc",
    }


def _address(address: str, commune: str) -> str:
    """Return an address with its commune, told once."""
    if fold(commune) in fold(address):
        return address
    return ", ".join(part for part in (address, commune) if part)
