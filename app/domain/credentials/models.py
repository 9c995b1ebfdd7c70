"""The table of sealed credentials."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import long_text


class CertificateCredential(SQLModel, table=True):
    """What was signed about a certificate: append-only, and with that the signing log; newest counts.

    `digits` are the token of the printed code (level 2), `digest` the SHA-256 of what the credential
    says: where the register says otherwise by now, it is sealed anew.
    """

    __tablename__ = "certificate_credentials"
    __table_args__ = (sa.CheckConstraint("kid BETWEEN 0 AND 255", name="kid_range"),)

    id: int | None = Field(default=None, primary_key=True)
    certificate_id: int = Field(foreign_key="certificates.id", index=True)
    kid: int
    digits: str = Field(max_length=193)
    jws: str = long_text()
    digest: str = Field(max_length=64)
    sealed_at: datetime
