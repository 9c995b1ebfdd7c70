"""What a change of a certificate leaves behind for everybody: the words it is found by, the public line."""

from datetime import date, datetime

from app.core.db import WriteSession
from app.core.text import fold
from app.domain.recognition.enums import ChangeKind
from app.domain.recognition.models import Certificate, RegisterChange


def words_of(certificate: Certificate) -> str:
    """Return the words a certificate is found by: product, producer, code; folded."""
    return fold(
        f"{certificate.product_name} {certificate.producer_name} {certificate.product_code or ''}"
    )


def tell_change(
    session: WriteSession,
    certificate: Certificate,
    kind: ChangeKind,
    *,
    since: date,
    at: datetime,
) -> None:
    """Write the line of the public register about a certificate that was flushed before.

    `since` is the first day on which it holds, `at` when it became known.
    """
    session.add(
        RegisterChange(certificate_id=certificate.id or 0, kind=kind, since=since, told_at=at)
    )
