"""What comes in and goes out about reports; forms and the API share it."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.core.mail import MAILBOX
from app.core.text import normal
from app.domain.accounts.schemas import FORMAT_MESSAGES
from app.domain.misuse.enums import Concern, ReportOutcome, ReportState, ReportStep
from app.domain.misuse.models import MisuseContact, MisusePhoto, MisuseReport, MisuseStep
from app.domain.misuse.rules import CONCERN_LABELS, OUTCOME_LABELS, STATE_LABELS, STEP_LABELS
from app.domain.recognition.models import Certificate
from app.domain.stamps.enums import Verdict

LONGEST_TEXT = 2000
SHORTEST_NOTE = 5
_TELEPHONE = re.compile(r"\+?\d{8,15}")
_VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
)
_CERTIFICATE = Field(
    default="",
    max_length=20,
    pattern=r"^[\w.-]*$",
    examples=["CN-4M7P2Q8"],
    description="Mã giấy chứng nhận trong danh bạ, nếu biết.",
)


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_stored(cls, sent: object) -> object:
        return normal(sent) if isinstance(sent, str) else sent


class SendReport(_Input):
    """What somebody saw; who they are is theirs to tell or not."""

    concern: Concern = Field(examples=["star_ended"], description="Việc nhìn thấy.")
    product_seen: str = Field(
        min_length=2, max_length=200, examples=["Miến dong Bình Lư, túi 500 g, in 4 sao"]
    )
    place: str = Field(
        min_length=3,
        max_length=300,
        examples=["Cửa hàng số 12 đường Trần Phú, phường Tân Phong"],
        description="Nơi bán, địa chỉ, hoặc địa chỉ trang mạng.",
    )
    commune_code: str = Field(default="", pattern=r"^(\d{5})?$", examples=["03390"])
    seen_on: date = Field(examples=["2026-09-12"])
    description: str = Field(
        default="", max_length=LONGEST_TEXT, examples=["Bao gói ghi 4 sao, năm công nhận 2021."]
    )
    certificate: str = _CERTIFICATE
    stamp: str = Field(
        default="",
        max_length=300,
        examples=["009D-D1X1-PB1X-9SDW"],
        description="193 chữ số của mã QR, hoặc số sê-ri.",
    )
    reporter_name: str = Field(default="", max_length=120, examples=["Nguyễn Thị Mẫu"])
    reporter_phone: str = Field(default="", max_length=20, examples=["0912 345 678"])
    reporter_email: str = Field(default="", max_length=200, examples=["nguoimua@example.com"])

    @field_validator("reporter_email")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        if value and not MAILBOX.fullmatch(value):
            raise ValueError(FORMAT_MESSAGES["email"])
        return value

    @field_validator("reporter_phone")
    @classmethod
    def _telephone(cls, value: str) -> str:
        if value and not _TELEPHONE.fullmatch(re.sub(r"[\s.()-]", "", value)):
            message = "Số điện thoại chưa đúng. Ví dụ: 0912 345 678."
            raise ValueError(message)
        return value


class TakeReport(_Input):
    """Take a report, or go on with a colleague's."""

    version: int = _VERSION


class GiveBackReport(_Input):
    """Give a report back, with the reason."""

    note: str = Field(min_length=SHORTEST_NOTE, max_length=LONGEST_TEXT, examples=["Tôi đi học."])
    version: int = _VERSION


class NameCertificate(_Input):
    """Which certificate a report turned out to be about."""

    certificate: str = Field(
        min_length=3, max_length=20, pattern=r"^[\w.-]+$", examples=["CN-4M7P2Q8"]
    )
    version: int = _VERSION


class CloseReport(_Input):
    """What was found, in facts, and where the matter goes on when it does."""

    outcome: ReportOutcome = Field(examples=["handed_over"])
    note: str = Field(
        min_length=SHORTEST_NOTE,
        max_length=LONGEST_TEXT,
        examples=["Đã đến nơi ngày 15/9: còn 12 túi in 4 sao; giấy chứng nhận hết hạn ngày 1/8."],
    )
    reference: str = Field(
        default="",
        max_length=60,
        examples=["145/SNNMT-OCOP"],
        description="Số văn bản chuyển, mã cuộc kiểm tra hoặc mã hồ sơ xem xét thu hồi.",
    )
    authority: str = Field(
        default="", max_length=200, examples=["Chi cục Quản lý thị trường tỉnh Lai Châu"]
    )
    letter_on: date | None = Field(default=None, examples=["2026-09-15"])
    version: int = _VERSION


class JoinReport(_Input):
    """Which report tells of the same matter."""

    report: str = Field(min_length=3, max_length=20, pattern=r"^[\w.-]+$", examples=["BC-7K2M9Q4"])
    version: int = _VERSION


class ForgetReporter(_Input):
    """Why a reporter is forgotten before the time is over, as a rule because they asked."""

    reason: str = Field(
        min_length=SHORTEST_NOTE, max_length=500, examples=["Người phản ánh đề nghị xóa."]
    )
    version: int = _VERSION


# --- what goes out ----------------------------------------------------------------------------


class OpenStateOut(BaseModel):
    """What anybody who has the code may know: how far it is, and since when."""

    code: str = Field(examples=["BC-7K2M9Q4"])
    state: ReportState
    state_label: str
    since: date


class ReportStepOut(BaseModel):
    """One step with its note."""

    step: ReportStep
    label: str
    note: str
    at: datetime
    by: str

    @classmethod
    def of(cls, step: MisuseStep) -> Self:
        """Make the answer from a row."""
        return cls(
            step=step.step, label=STEP_LABELS[step.step], note=step.note, at=step.at, by=step.by
        )


class ReportPhotoOut(BaseModel):
    """A photo that is still kept; the position only where it was given, to whoever works on it."""

    code: str
    position: str = Field(examples=["22.39556, 103.45833"])
    has_original: bool

    @classmethod
    def of(cls, photo: MisusePhoto, *, shows_position: bool) -> Self:
        """Make the answer from a row and who reads."""
        return cls(
            code=photo.code,
            position=photo.position if shows_position else "",
            has_original=bool(photo.sha256) and shows_position,
        )


class ReportOut(BaseModel):
    """A report as officials see it; who sent it is told apart, and recorded."""

    code: str = Field(examples=["BC-7K2M9Q4"])
    version: int
    state: ReportState
    state_label: str
    concern: Concern
    concern_label: str
    product_seen: str
    place: str
    commune_code: str
    seen_on: date
    description: str
    certificate: str | None
    certified_product: str | None
    reports_on_certificate: int = Field(
        description="Số phản ánh về giấy chứng nhận này trong 30 ngày gần đây."
    )
    stamp: str
    verdict: Verdict | None
    stamp_said: str
    sent_by_program: str
    has_contact: bool
    received_at: datetime
    last_step_at: datetime
    taken_by: str
    outcome: ReportOutcome | None
    outcome_label: str
    outcome_reference: str
    outcome_authority: str
    outcome_on: date | None
    joined_to: str | None
    forgotten_at: datetime | None

    @classmethod
    def of(
        cls,
        report: MisuseReport,
        *,
        certificate: Certificate | None,
        joined_to: str | None,
        repeats: int,
    ) -> Self:
        """Make the answer from a row and what stands beside it."""
        return cls.model_validate(
            report.model_dump(include=set(cls.model_fields))
            | {
                "state_label": STATE_LABELS[report.state],
                "concern_label": CONCERN_LABELS[report.concern],
                "certificate": certificate.code if certificate else None,
                "certified_product": certificate.product_name if certificate else None,
                "reports_on_certificate": repeats,
                "outcome_label": OUTCOME_LABELS[report.outcome] if report.outcome else "",
                "joined_to": joined_to,
            }
        )


class ReportDetailOut(ReportOut):
    """A report with its photos and steps, the first step first."""

    photos: Sequence[ReportPhotoOut]
    steps: Sequence[ReportStepOut]


class ContactOut(BaseModel):
    """How to reach a reporter: kept nowhere else, and its reading recorded."""

    name: str
    phone: str
    email: str

    @classmethod
    def of(cls, contact: MisuseContact) -> Self:
        """Make the answer from a row."""
        return cls(name=contact.name, phone=contact.phone, email=contact.email)
