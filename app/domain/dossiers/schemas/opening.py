"""Before a dossier is opened: its gates, what it starts from, the days it can still be filed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import GateAnswer
from app.domain.dossiers.rules import CUT_OFF, GateQuestion, RoundDays
from app.domain.dossiers.schemas.input import MOST_GATES, Input


class GateAnswerIn(Input):
    """The applicant's answer to one condition: whether the case described applies."""

    gate: str = Field(
        min_length=1,
        max_length=40,
        examples=["dossier.disqualify"],
        description="Mã điều kiện, xem /products/{code}/gate-questions",
    )
    applies: bool = Field(
        examples=[False], description="true: trường hợp này xảy ra, hồ sơ không mở được"
    )


class OpenFromCertificate(Input):
    """An upgrade or a renewal of a certified product: only its conditions have to be answered."""

    gate_answers: list[GateAnswerIn] = Field(
        default_factory=list,
        max_length=MOST_GATES,
        description="Trả lời từng điều kiện phải hỏi; thiếu điều kiện nào thì bị từ chối kèm danh sách",
    )


class OpenDossier(OpenFromCertificate):
    """A new dossier of a product; upgrade and renewal start from a certificate, not from here."""

    product_code: str = Field(min_length=4, max_length=20, examples=["SP-7K2M9Q4"])
    kind: Literal[DossierKind.FIRST] = DossierKind.FIRST


@dataclass(frozen=True, slots=True)
class Origin:
    """What a dossier starts from: a product alone, or the certificate it has (see recognition)."""

    kind: DossierKind
    product_code: str
    certificate_code: str = ""
    star: int | None = None
    previous_dossier_id: int | None = None


class GateQuestionOut(BaseModel):
    """One condition before a dossier is opened; `holds` is null when it has to be asked."""

    gate: str = Field(examples=["dossier.disqualify"])
    heading: str = Field(examples=["Hồ sơ bị loại khi"])
    wording: str
    basis: str = Field(examples=["26/2026/QĐ-TTg, Phụ lục II, bộ 4"])
    holds: bool | None

    @classmethod
    def of(cls, question: GateQuestion) -> Self:
        """Make the answer from a rule's question."""
        return cls(
            gate=question.code,
            heading=question.heading,
            wording=question.wording,
            basis=question.basis,
            holds=question.holds,
        )


class GateAnswerOut(BaseModel):
    """A condition as it was answered before the dossier was opened."""

    gate: str
    heading: str
    wording: str
    basis: str
    by_system: bool
    answered_by: str
    answered_at: datetime

    @classmethod
    def of(cls, answer: GateAnswer) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(answer.model_dump(include=set(cls.model_fields)))


class FilingWindowOut(BaseModel):
    """A round still ahead and the last day on which filing leaves the commune its whole limit."""

    name: str = Field(examples=["1/2027"])
    proposals_before: date
    results_before: date
    last_safe_day: date
    basis: str = CUT_OFF

    @classmethod
    def of(cls, days: RoundDays) -> Self:
        """Make the answer from a rule's finding."""
        return cls(
            name=days.name,
            proposals_before=days.proposals_before,
            results_before=days.results_before,
            last_safe_day=days.last_safe_day,
        )
