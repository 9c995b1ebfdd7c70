"""A dossier as it is told, and its acceptance into a round."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from app.domain.dossiers.enums import DossierKind, DossierPart, DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import STATE_LABELS
from app.domain.dossiers.schemas.input import VERSION, Input


class AcceptDossier(Input):
    """Take the dossier into a round; which one is said beside."""

    version: int = VERSION


class AcceptIntoRound(AcceptDossier):
    """Take the dossier into the round with this code; a renewal goes into none (art. 7.6)."""

    round: str | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        examples=["DO-7K2M9Q4"],
        description="Bỏ trống với hồ sơ đánh giá lại, bắt buộc với hồ sơ khác.",
    )


@dataclass(frozen=True, slots=True)
class RoundChoice:
    """A round as far as accepting needs to know it; rounds themselves live with the councils."""

    id: int
    code: str
    proposals_before: date
    results_before: date


class ReturnItemOut(BaseModel):
    """One part the commune asked to complete."""

    part: DossierPart
    reason: str


class ReturnOut(BaseModel):
    """One time the dossier was given back, and when it came in again."""

    returned_at: datetime
    returned_by: str
    items: list[ReturnItemOut]
    filed_again_at: datetime | None


class ComponentCheckOut(BaseModel):
    """One part of the dossier as the commune's officer found it."""

    part: DossierPart
    complete: bool
    note: str


class DossierOut(BaseModel):
    """A dossier as officials and its producer see it."""

    code: str = Field(examples=["HS-7K2M9Q4"])
    version: int
    kind: DossierKind
    state: DossierState = Field(examples=["filed"])
    state_label: str = Field(examples=["Đã nộp tại xã"])
    product_code: str
    product_name: str
    set_number: int
    producer_code: str
    producer_name: str
    commune_code: str
    commune_name: str
    regime_code: str = Field(examples=["qd26-2026"])
    rubric_code: str = Field(examples=["qd26-2026-04"])
    council_rules_code: str
    regime_hash: str
    rubric_hash: str
    council_rules_hash: str
    business_results: str
    stated_revenue: int | None = Field(description="Đồng, của năm bên cạnh")
    stated_revenue_year: int | None
    business_plan: str
    sample_count: int
    opened_at: datetime
    opened_by_helper: bool
    filed_at: datetime | None
    slip_number: str | None = Field(examples=["01/PĐK-12-03390-2026"])
    commune_due_on: date | None
    commune_days_left: int | None = Field(
        description="Số ngày làm việc còn lại của xã; âm khi đã quá hạn; null khi hạn không chạy"
    )
    return_items: list[ReturnItemOut]
    returns: list[ReturnOut] = Field(description="Các lần trả lại, lần đầu trước")
    received_at: datetime | None
    received_by: str
    received_samples: int | None
    component_checks: list[ComponentCheckOut]
    components_complete: bool
    checked_at: datetime | None
    checked_by: str
    assessed_at: datetime | None
    proposed_at: datetime | None
    proposal_number: str
    asked_parts: list[DossierPart]
    completion_due_on: date | None
    accepted_at: datetime | None
    province_slip_number: str | None
    province_due_on: date | None = Field(
        description="Hạn của tỉnh khi đánh giá lại: 45 ngày từ ngày nhận đủ hồ sơ"
    )
    certificate_code: str = Field(
        description="Giấy chứng nhận mà hồ sơ nâng hạng, đánh giá lại dựa vào"
    )
    previous_star: int | None
    closed_at: datetime | None

    @classmethod
    def of(
        cls,
        dossier: Dossier,
        *,
        product_code: str,
        product_name: str,
        set_number: int,
        producer_code: str,
        producer_name: str,
        commune_name: str,
        commune_days_left: int | None,
    ) -> Self:
        """Make the answer from a row and the names beside it."""
        return cls.model_validate(
            dossier.model_dump(include=set(cls.model_fields))
            | {
                "state_label": STATE_LABELS[dossier.state],
                "product_code": product_code,
                "product_name": product_name,
                "set_number": set_number,
                "producer_code": producer_code,
                "producer_name": producer_name,
                "commune_name": commune_name,
                "commune_days_left": commune_days_left,
            }
        )
