"""Tables of dossiers, their answers, evidence and commune reports."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, long_text, words
from app.domain.dossiers.enums import (
    DossierKind,
    DossierState,
    EvidenceKind,
    LabOutcome,
    Recommendation,
)

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
        sa.CheckConstraint("received_samples >= 0", name="received_samples_counted"),
        sa.CheckConstraint("(received_at IS NULL) = (received_by = '')", name="received_by_and_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    kind: DossierKind = words(DossierKind)
    previous_dossier_id: int | None = Field(default=None, foreign_key="dossiers.id", index=True)
    certificate_code: str = Field(default="", max_length=20)
    previous_star: int | None = None
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
    # The product's revenue of one year, in đồng, as part II states it; None is not zero.
    stated_revenue: int | None = Field(default=None, sa_type=sa.BigInteger)
    stated_revenue_year: int | None = None
    sample_count: int = 0
    opened_at: datetime
    opened_by_helper: bool = False
    filed_at: datetime | None = None
    slip_number: str | None = Field(default=None, unique=True, max_length=60)
    commune_due_on: date | None = Field(default=None, index=True)
    return_items: list[dict[str, str]] = document(default_factory=list)
    # Every return so far, oldest first: small, never asked for without its dossier.
    returns: list[dict[str, Any]] = document(default_factory=list)
    received_at: datetime | None = None
    received_by: str = ""
    received_samples: int | None = None
    component_checks: list[dict[str, Any]] = document(default_factory=list)
    # What the list of checks comes to, for queries: all parts checked, none lacking.
    components_complete: bool = False
    checked_at: datetime | None = None
    checked_by: str = ""
    assessed_at: datetime | None = None
    proposed_at: datetime | None = None
    proposal_number: str = ""
    asked_parts: list[str] = document(default_factory=list)
    completion_due_on: date | None = None
    accepted_at: datetime | None = None
    province_slip_number: str | None = Field(default=None, unique=True, max_length=60)
    round_id: int | None = Field(default=None, index=True)
    province_due_on: date | None = Field(default=None, index=True)
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
    __table_args__ = (
        sa.UniqueConstraint("producer_id", "sha256"),
        sa.Index("ix_evidence_expires_on", "expires_on"),
        sa.CheckConstraint("replaced_by_id <> id", name="not_replaced_by_itself"),
        sa.CheckConstraint(
            "(replaced_by_id IS NULL) = (replaced_at IS NULL)", name="replaced_by_and_at_together"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    producer_id: int = Field(foreign_key="producers.id", index=True)
    version: int = 1
    kind: EvidenceKind = words(EvidenceKind)
    title: str
    title_folded: str
    number: str = ""
    issuer: str = ""
    issued_on: date | None = None
    expires_on: date | None = None
    file_name: str
    media_type: str = Field(max_length=60)
    size: int
    pages: int | None = None
    sha256: str = Field(max_length=64)
    added_at: datetime
    added_by_helper: bool = False
    replaced_by_id: int | None = Field(default=None, foreign_key="evidence.id", index=True)
    replaced_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_reason: str = ""

    @property
    def is_offered(self) -> bool:
        """Whether it may still be cited: neither replaced by a newer paper nor put away."""
        return self.replaced_by_id is None and self.withdrawn_at is None


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
            "material_local_kg BETWEEN 0 AND material_total_kg", name="local_kg_within_total"
        ),
        sa.CheckConstraint(
            "(material_local_kg IS NULL) = (material_total_kg IS NULL)", name="kg_both_or_none"
        ),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL)", name="signed_by_and_at_together"
        ),
    )

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    version: int = 1
    material_finding: str = long_text(default="")
    material_local_percent: int = 0
    material_local_kg: int | None = None
    material_total_kg: int | None = None
    material_confirmed: bool = False
    labour_finding: str = long_text(default="")
    workers_total: int = 0
    workers_local: int = 0
    labour_confirmed: bool = False
    idea_finding: str = long_text(default="")
    idea_confirmed: bool = False
    identity_finding: str = long_text(default="")
    identity_confirmed: bool = False
    meeting_number: str = ""
    meeting_on: date | None = None
    meeting_conclusion: str = long_text(default="")
    report_number: str = ""
    prepared_by: str = ""
    prepared_at: datetime
    signed_by: str | None = None
    signed_title: str = ""
    signed_at: datetime | None = None


class GateAnswer(SQLModel, table=True):
    """One condition that had to hold before the dossier was opened, who answered it, and when."""

    __tablename__ = "gate_answers"

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    gate: str = Field(primary_key=True, max_length=40)
    position: int
    heading: str
    wording: str = long_text()
    basis: str
    by_system: bool
    answered_by: str
    answered_at: datetime


class ChangeReport(SQLModel, table=True):
    """What changed since the product was recognised (26/2026/QĐ-TTg art. 6.1.b, 6.1.c)."""

    __tablename__ = "change_reports"
    __table_args__ = (
        sa.CheckConstraint("revenue >= 0 AND output_amount >= 0", name="counted_from_zero"),
        sa.CheckConstraint("tests_done >= 0", name="tests_counted"),
    )

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    changes: str = long_text(default="")
    materials: str = long_text(default="")
    technology: str = long_text(default="")
    packaging: str = long_text(default="")
    quality_declaration: str = long_text(default="")
    tests: str = long_text(default="")
    tests_done: int | None = None
    market: str = long_text(default="")
    output_amount: int | None = Field(default=None, sa_type=sa.BigInteger)
    output_unit: str = Field(default="", max_length=40)
    revenue: int | None = Field(default=None, sa_type=sa.BigInteger)


class ProvinceCheck(SQLModel, table=True):
    """The agency's check of components and content, one before each request for completion.

    Basis: 26/2026/QĐ-TTg art. 7.3.a. `ordinal` is how many requests had been made before it.
    """

    __tablename__ = "province_checks"

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    ordinal: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: int = 1
    items: list[dict[str, str]] = document(default_factory=list)
    checked_by: str
    checked_at: datetime


class CompletionRequest(SQLModel, table=True):
    """One letter asking commune and producer to complete a dossier (art. 7.3.a, 7.3.c)."""

    __tablename__ = "completion_requests"
    __table_args__ = (
        sa.UniqueConstraint("dossier_id", "ordinal"),
        sa.CheckConstraint(
            "answered_at IS NULL OR recalled_at IS NULL", name="answered_or_recalled"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    dossier_id: int = Field(foreign_key="dossiers.id", index=True)
    ordinal: int
    letter_number: str = ""
    due_on: date
    items: list[dict[str, str]] = document(default_factory=list)
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None = None
    recalled_at: datetime | None = None
    recall_reason: str = long_text(default="")


class AdvisoryReport(SQLModel, table=True):
    """The advisory team's report to the chair of the council; it gives no points (art. 7.3.c)."""

    __tablename__ = "advisory_reports"
    __table_args__ = (
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL)", name="signed_by_and_at_together"
        ),
    )

    dossier_id: int = Field(foreign_key="dossiers.id", primary_key=True)
    version: int = 1
    parts: dict[str, str] = document(default_factory=dict)
    suggested: dict[str, int] = document(default_factory=dict)
    remarks: dict[str, str] = document(default_factory=dict)
    legal_papers: str = long_text(default="")
    legal_papers_in_order: bool = False
    recommendation: Recommendation = words(Recommendation)
    conclusion: str = long_text(default="")
    written_by_id: int | None = None
    written_by: str
    written_at: datetime
    signed_by: str | None = None
    signed_at: datetime | None = None


class SiteSurvey(SQLModel, table=True):
    """What was found at the place of production, by whom, on which day (art. 7.3.c)."""

    __tablename__ = "site_surveys"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    dossier_id: int = Field(foreign_key="dossiers.id", index=True)
    record_number: str = Field(max_length=60)
    surveyed_on: date
    people: str = long_text()
    findings: str = long_text()
    notes: dict[str, str] = document(default_factory=dict)
    recorded_by: str
    recorded_at: datetime

    @property
    def told(self) -> str:
        """The record in one line, as agendas and minutes cite it."""
        return f"{self.record_number}, {self.surveyed_on:%d/%m/%Y}"


class ExtraTest(SQLModel, table=True):
    """A test the agency ordered beside those of the dossier, and its result (art. 7.3.c)."""

    __tablename__ = "extra_tests"
    __table_args__ = (
        sa.CheckConstraint(
            "(outcome IS NULL) = (recorded_at IS NULL)", name="outcome_and_time_together"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    dossier_id: int = Field(foreign_key="dossiers.id", index=True)
    criterion_code: str = Field(default="", max_length=12)
    subject: str
    laboratory: str
    sample_codes: str
    ordered_by: str
    ordered_at: datetime
    outcome: LabOutcome | None = words(LabOutcome, nullable=True, default=None)
    result: str = long_text(default="")
    result_number: str = ""
    result_on: date | None = None
    recorded_by: str = ""
    recorded_at: datetime | None = None


class Attachment(SQLModel, table=True):
    """A photo of a survey or the paper of a test, byte for byte as it was sent."""

    __tablename__ = "attachments"
    __table_args__ = (sa.UniqueConstraint("subject_code", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    dossier_id: int = Field(foreign_key="dossiers.id", index=True)
    subject_code: str = Field(max_length=20)
    criterion_code: str = Field(default="", max_length=12)
    title: str
    file_name: str
    media_type: str = Field(max_length=60)
    size: int
    sha256: str = Field(max_length=64)
    added_by: str
    added_at: datetime
