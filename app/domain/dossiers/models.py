"""Tables of dossiers, their answers, evidence and commune reports."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.dossiers.enums import DossierKind, DossierState, EvidenceKind

# One dossier of a product at a time: the database holds it even against two requests at once.
_IS_OPEN = sa.text("state NOT IN ('recognised', 'below_three', 'excluded', 'withdrawn')")


class Dossier(SQLModel, table=True):
    """One application of one product, pinned to the rulebooks in force on the day it was opened."""

    __tablename__ = "dossiers"
    __table_args__ = (
        sa.Index("ix_dossiers_commune_state", "commune_code", "state", "id"),
        sa.Index(
            "uq_dossiers_open_product",
            "product_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
        sa.CheckConstraint("sample_count >= 0", name="samples_counted"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    kind: DossierKind = words(DossierKind)
    state: DossierState = words(DossierState, index=True)
    product_id: int = Field(foreign_key="products.id", index=True)
    producer_id: int = Field(foreign_key="producers.id", index=True)
    commune_code: str = Field(max_length=5)
    regime_code: str = Field(max_length=40)
    rubric_code: str = Field(max_length=40)
    council_rules_code: str = Field(max_length=60)
    regime_hash: str = Field(max_length=64)
    rubric_hash: str = Field(max_length=64)
    council_rules_hash: str = Field(max_length=64)
    business_results: str = long_text(default="")
    business_plan: str = long_text(default="")
    sample_count: int = 0
    opened_at: datetime
    opened_by_helper: bool = False
    filed_at: datetime | None = None
    slip_number: str | None = Field(default=None, unique=True, max_length=60)
    commune_due_on: date | None = Field(default=None, index=True)
    return_items: list[dict[str, str]] = document(default_factory=list)
    assessed_at: datetime | None = None
    proposed_at: datetime | None = None
    proposal_number: str = ""
    accepted_at: datetime | None = None
    province_slip_number: str | None = Field(default=None, unique=True, max_length=60)
    round_id: int | None = Field(default=None, index=True)
    closed_at: datetime | None = None


class SelfAssessmentAnswer(SQLModel, table=True):
    """What the producer claims for one criterion, and why (Mẫu 02 part III)."""

    __tablename__ = "self_assessment_answers"

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    criterion_code: str = Field(primary_key=True, max_length=12)
    option_code: str | None = Field(default=None, max_length=12)
    description: str = long_text(default="")


class Evidence(SQLModel, table=True):
    """One paper of a producer; its file never changes and may serve many criteria and dossiers."""

    __tablename__ = "evidence"
    __table_args__ = (sa.UniqueConstraint("producer_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    producer_id: int = Field(foreign_key="producers.id", index=True)
    kind: EvidenceKind = words(EvidenceKind)
    title: str
    number: str = ""
    issuer: str = ""
    issued_on: date | None = None
    expires_on: date | None = None
    file_name: str
    media_type: str = Field(max_length=60)
    size: int
    sha256: str = Field(max_length=64)
    added_at: datetime
    added_by_helper: bool = False


class EvidenceUse(SQLModel, table=True):
    """This paper supports this criterion of this dossier."""

    __tablename__ = "evidence_uses"

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    criterion_code: str = Field(primary_key=True, max_length=12)
    evidence_id: int = Field(foreign_key="evidence.id", primary_key=True, index=True)


class CommuneReport(SQLModel, table=True):
    """The commune's report (Mẫu 03): four findings, each confirmed on its own; no points."""

    __tablename__ = "commune_reports"
    __table_args__ = (
        sa.CheckConstraint("workers_local <= workers_total", name="local_within_total"),
        sa.CheckConstraint("material_local_percent BETWEEN 0 AND 100", name="percent"),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL)", name="signed_by_and_at_together"
        ),
    )

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    version: int = 1
    material_finding: str = long_text(default="")
    material_local_percent: int = 0
    material_confirmed: bool = False
    labour_finding: str = long_text(default="")
    workers_total: int = 0
    workers_local: int = 0
    labour_confirmed: bool = False
    idea_finding: str = long_text(default="")
    idea_confirmed: bool = False
    identity_finding: str = long_text(default="")
    identity_confirmed: bool = False
    report_number: str = ""
    prepared_by: str = ""
    prepared_at: datetime
    signed_by: str | None = None
    signed_title: str = ""
    signed_at: datetime | None = None
