"""What comes in and goes out of recognition: decisions, certificates, the public register."""

import re
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from app.core.text import normal
from app.domain.dossiers.enums import DossierState
from app.domain.recognition.enums import (
    Conclusion,
    Decider,
    DecisionKind,
    DecisionState,
    RevocationGround,
    RevocationState,
    Standing,
    SubmissionState,
)
from app.domain.recognition.rules import ON_CERTIFICATES
from app.rulebooks.model import FULL_MARKS

MOST_DOSSIERS = 200
# A form without script sends every line: a hundred certificates, forty with all that is corrected.
MOST_CERTIFICATES = 100
MOST_CORRECTED = 40
PROVINCIAL_COMMITTEE = "Ủy ban nhân dân tỉnh Lai Châu"
MINISTRY = "Bộ Nông nghiệp và Môi trường"
AUTHORITIES = {Decider.PROVINCE: PROVINCIAL_COMMITTEE, Decider.MINISTRY: MINISTRY}
DECIDER_LABELS = {
    Decider.PROVINCE: "UBND tỉnh quyết định (3 sao, 4 sao)",
    Decider.MINISTRY: "Ghi quyết định của Bộ (5 sao)",
}
MOST_SAMPLES = 100
LONGEST_NOTE = 2000

_POINTS = re.compile(r"[0-9]{1,3}([.,][0-9]{1,6})?")

Line = Annotated[str, AfterValidator(normal)]
DecisionNumber = Annotated[
    Line,
    Field(
        min_length=1,
        max_length=60,
        pattern=r"^\d+[0-9A-Za-zĐđ/.\-]*$",
        description="Số, ký hiệu quyết định.",
        examples=["1268/QĐ-UBND"],
    ),
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class DraftDecision(_Input):
    """A decision as the agency prepares it for signature (26/2026/QĐ-TTg art. 7.3.đ)."""

    kind: DecisionKind = Field(
        default=DecisionKind.RECOGNITION,
        description="Công nhận 3 sao, 4 sao; hoặc phê duyệt kết quả từ 90 điểm để trình Trung ương.",
        examples=["recognition"],
    )
    number: DecisionNumber
    decided_on: date = Field(description="Ngày ban hành.", examples=["2026-11-24"])
    authority: Line = Field(
        default=PROVINCIAL_COMMITTEE,
        min_length=3,
        max_length=200,
        description="Cơ quan ban hành.",
        examples=[PROVINCIAL_COMMITTEE],
    )
    dossiers: list[Annotated[str, Field(min_length=4, max_length=20)]] = Field(
        min_length=1,
        max_length=MOST_DOSSIERS,
        description="Mã các hồ sơ đã chốt kết quả; mọi hồ sơ thuộc cùng loại quyết định.",
        examples=[["HS-7K2M9Q4"]],
    )

    @field_validator("kind")
    @classmethod
    def _over_results(cls, kind: DecisionKind) -> DecisionKind:
        if kind in ON_CERTIFICATES:
            message = "Quyết định về giấy chứng nhận đã cấp được soạn ở mục riêng."
            raise ValueError(message)
        return kind

    @model_validator(mode="after")
    def _each_once(self) -> "DraftDecision":
        if len(set(self.dossiers)) != len(self.dossiers):
            message = "Mỗi hồ sơ chỉ được chọn một lần."
            raise ValueError(message)
        return self


class ReviseDecision(DraftDecision):
    """A draft written anew; a signed decision is never edited."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


_ELSEWHERE_SENTENCES = {
    "star": "Hạng sao không đính chính: thay đổi qua hồ sơ nâng hạng hoặc đánh giá lại.",
    "issued_on": "Ngày cấp không đính chính: đó là ngày của quyết định công nhận.",
    "expires_on": "Thời hạn không đính chính: thay đổi qua quyết định kéo dài hoặc đánh giá lại.",
    "producer": "Chủ thể không đính chính: thay đổi qua quyết định ghi nhận chủ thể kế thừa.",
}
_Code = Annotated[str, Field(max_length=20)]


class DecidedCertificate(_Input):
    """One line of a decision on certificates; which fields it needs depends on the kind.

    Revocation: `case`. Extension: `certificate`, `until`, `reason`. Correction: `certificate`, what
    it shall say instead, `reason`. Holder change: `certificate`, `new_producer`, `reason`.
    """

    certificate: _Code = Field(
        default="", description="Mã giấy chứng nhận.", examples=["CN-4M7P2Q8"]
    )
    case: _Code = Field(
        default="", description="Mã hồ sơ thu hồi đã trình.", examples=["TH-7K2M9Q4"]
    )
    until: date | None = Field(
        default=None, description="Kéo dài đến hết ngày.", examples=["2027-01-29"]
    )
    reason: Line = Field(
        default="", max_length=LONGEST_NOTE, description="Lý do.", examples=["Đang đánh giá lại."]
    )
    new_producer: _Code = Field(
        default="", description="Mã chủ thể kế thừa.", examples=["CT-5N7Q2R4"]
    )
    product_name: Line = Field(
        default="", max_length=200, description="Tên sản phẩm đúng; bỏ trống: giữ nguyên."
    )
    producer_name: Line = Field(
        default="", max_length=200, description="Tên chủ thể đúng; bỏ trống: giữ nguyên."
    )
    producer_address: Line = Field(
        default="", max_length=300, description="Địa chỉ đúng; bỏ trống: giữ nguyên."
    )
    product_code: Line = Field(
        default="",
        max_length=40,
        pattern=r"^([0-9A-Za-z][0-9A-Za-z./\-]*)?$",
        description="Mã sản phẩm đúng; bỏ trống: giữ nguyên.",
        examples=["12-03390-01-2026"],
    )

    @model_validator(mode="before")
    @classmethod
    def _only_what_was_misprinted(cls, given: object) -> object:
        if isinstance(given, dict):
            for field, said in _ELSEWHERE_SENTENCES.items():
                if field in given:
                    raise ValueError(said)
        return given


class DraftOnCertificates(_Input):
    """A decision on certificates that were issued, as the agency prepares it (art. 8, 12.3)."""

    kind: DecisionKind = Field(
        description="Thu hồi, kéo dài, đính chính, hoặc ghi nhận chủ thể kế thừa.",
        examples=["extension"],
    )
    decider: Decider = Field(
        default=Decider.PROVINCE,
        description="UBND tỉnh quyết định về 3 sao, 4 sao; Bộ quyết định về 5 sao.",
        examples=["province"],
    )
    number: DecisionNumber
    decided_on: date = Field(description="Ngày ban hành.", examples=["2026-11-24"])
    items: list[DecidedCertificate] = Field(
        min_length=1,
        max_length=MOST_CERTIFICATES,
        description="Các giấy chứng nhận; đính chính thì nhiều nhất 40.",
        examples=[
            [{"certificate": "CN-4M7P2Q8", "until": "2027-01-29", "reason": "Đang đánh giá lại."}]
        ],
    )

    @field_validator("kind")
    @classmethod
    def _over_certificates(cls, kind: DecisionKind) -> DecisionKind:
        if kind not in ON_CERTIFICATES:
            message = "Quyết định về kết quả đánh giá được soạn ở mục riêng."
            raise ValueError(message)
        return kind

    @property
    def authority(self) -> str:
        """Whose decision it is, in full."""
        return AUTHORITIES[self.decider]


class ReviseOnCertificates(DraftOnCertificates):
    """A draft on certificates written anew; a signed decision is never edited."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class AttachDecisionScan(_Input):
    """The scan of the signed paper, beside its decision."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[2])


class PublishDecision(_Input):
    """Let anybody read a signed decision with its scan."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[3])


class AttachAnswerScan(_Input):
    """The scan of the ministry's answer."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[2])


class SignDecision(_Input):
    """Who signs, with which title, on whose behalf; it cannot be undone."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])
    signed_by: Line = Field(
        min_length=3, max_length=120, description="Họ tên người ký.", examples=["Nguyễn Văn Mẫu"]
    )
    signed_title: Line = Field(
        min_length=2, max_length=120, description="Chức vụ người ký.", examples=["Phó Chủ tịch"]
    )
    on_behalf: Line = Field(
        min_length=2,
        max_length=200,
        description="Quyền hạn khi ký.",
        examples=["TM. ỦY BAN NHÂN DÂN, KT. CHỦ TỊCH"],
    )


def _points(typed: str) -> str:
    if not _POINTS.fullmatch(typed) or _exact(typed) > FULL_MARKS:
        message = "Điểm là số từ 0 đến 100, phần thập phân sau dấu phẩy, ví dụ 86,75."
        raise ValueError(message)
    return typed


def _exact(typed: str) -> Fraction:
    return Fraction(typed.replace(",", "."))


class ForwardToCentre(_Input):
    """The letter with which the province hands a product to the ministry (art. 6.3, 7.3.e)."""

    letter_number: Line = Field(
        min_length=1, max_length=60, description="Số, ký hiệu văn bản.", examples=["2104/UBND-KTN"]
    )
    sent_on: date = Field(description="Ngày gửi.", examples=["2026-12-01"])
    samples: int = Field(
        default=0, ge=0, le=MOST_SAMPLES, description="Số sản phẩm mẫu gửi kèm.", examples=[5]
    )
    version: int = Field(ge=1, description="Phiên bản hồ sơ đã xem.", examples=[9])


class RecordAnswer(_Input):
    """What the ministry answered: five stars by its decision, or an average below ninety."""

    conclusion: Conclusion = Field(
        description="Bộ công nhận 5 sao, hoặc đánh giá dưới 90 điểm.", examples=["not_reached"]
    )
    answer_number: Line = Field(
        min_length=1,
        max_length=60,
        description="Số, ký hiệu quyết định hoặc văn bản của Bộ.",
        examples=["6120/BNNMT-VPĐP"],
    )
    answered_on: date = Field(description="Ngày của văn bản.", examples=["2027-02-10"])
    average: Annotated[str, AfterValidator(_points)] | None = Field(
        default=None,
        max_length=10,
        description="Điểm của Hội đồng cấp trung ương; bắt buộc khi không công nhận.",
        examples=["86,75"],
    )
    star: int | None = Field(
        default=None,
        ge=0,
        le=4,
        description="Hạng theo kết quả của Trung ương, khi thấp hơn khoảng điểm; bỏ trống: theo điểm.",
        examples=[4],
    )
    note: Line = Field(default="", max_length=LONGEST_NOTE, examples=["Chưa đạt tiêu chí 5.4."])
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])

    @property
    def recognised(self) -> bool:
        """Whether the ministry gave five stars."""
        return self.conclusion is Conclusion.RECOGNISED

    @property
    def points(self) -> Fraction | None:
        """The average as an exact number."""
        return None if self.average is None else _exact(self.average)


class ImportRecognised(_Input):
    """A recognition granted before this system existed, with where it is known from."""

    star: int = Field(ge=3, le=5, examples=[3])
    regime_code: str = Field(min_length=3, max_length=40, examples=["qd148-2023"])
    decision_number: Line = Field(default="", max_length=60, examples=["1268/QĐ-UBND"])
    authority: Line = Field(min_length=3, max_length=200, examples=["UBND huyện Mường Tè"])
    issued_on: date = Field(examples=["2024-06-28"])
    expires_on: date | None = Field(
        default=None, description="Để trống: 36 tháng kể từ ngày cấp.", examples=["2027-06-28"]
    )
    product_code: str | None = Field(default=None, max_length=40)
    source_note: Line = Field(
        min_length=3, max_length=500, description="Biết được từ đâu.", examples=["Báo Lai Châu"]
    )


class PublishedItemOut(BaseModel):
    """One product of a published decision."""

    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[4])
    certificate: str | None = Field(default=None, examples=["CN-4M7P2Q8"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])


class DecisionItemOut(PublishedItemOut):
    """One product of a decision; its certificate appears with the signature."""

    dossier: str = Field(examples=["HS-7K2M9Q4"])
    average: str = Field(examples=["74,33"])


class DecisionOut(BaseModel):
    """A recognition decision."""

    code: str = Field(examples=["QD-3N8R5T1"])
    version: int = Field(examples=[2])
    kind: DecisionKind
    state: DecisionState
    number: str = Field(examples=["1268/QĐ-UBND"])
    decided_on: date
    authority: str = Field(examples=[PROVINCIAL_COMMITTEE])
    signed_by: str | None = Field(default=None, examples=["Nguyễn Văn Mẫu"])
    signed_title: str = Field(default="", examples=["Phó Chủ tịch"])
    on_behalf: str = ""
    signed_at: datetime | None = None
    has_scan: bool = Field(default=False, description="Đã có bản chụp văn bản đã ký.")
    published_at: datetime | None = None
    products: int = Field(examples=[3])


class DecidedCertificateOut(BaseModel):
    """One certificate of a decision on certificates, and what the decision does with it."""

    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[4])
    reason: str = ""
    case: str | None = Field(default=None, description="Hồ sơ thu hồi.")
    ground: RevocationGround | None = None
    until: date | None = Field(default=None, description="Kéo dài đến hết ngày.")
    new_producer: str | None = Field(default=None, examples=["Công ty Dũng Long"])
    new_certificate: str | None = Field(
        default=None, description="Giấy cấp cho chủ thể kế thừa, có khi đã ký."
    )
    changes: dict[str, str] = Field(default_factory=dict, description="Nội dung đính chính.")
    before: dict[str, str] = Field(default_factory=dict, description="Nội dung đã ghi trước đó.")


class DecisionDetailOut(DecisionOut):
    """A decision with its products, or with the certificates it is about."""

    items: list[DecisionItemOut]
    certificates: list[DecidedCertificateOut] = []


class PublishedDecisionOut(BaseModel):
    """A published decision, as anybody may read it."""

    code: str = Field(examples=["QD-3N8R5T1"])
    kind: DecisionKind
    number: str = Field(examples=["1268/QĐ-UBND"])
    decided_on: date
    authority: str = Field(examples=[PROVINCIAL_COMMITTEE])
    signed_by: str = Field(examples=["Nguyễn Văn Mẫu"])
    signed_title: str = Field(examples=["Phó Chủ tịch"])
    published_at: datetime
    products: int = Field(examples=[3])


class PublishedDecisionDetailOut(PublishedDecisionOut):
    """A published decision with its products or certificates, and the hash of its scan."""

    scan_sha256: str
    items: list[PublishedItemOut]
    certificates: list[DecidedCertificateOut] = []


class DecidableOut(BaseModel):
    """A certificate that may go into a decision of the kind asked for."""

    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[4])
    expires_on: date
    case: str | None = None
    last_day: date | None = Field(default=None, description="Kéo dài được đến hết ngày.")


class SubmissionOut(BaseModel):
    """A product before the ministry, and what it answered."""

    code: str = Field(examples=["TW-7K2M9Q4"])
    version: int
    state: SubmissionState
    dossier: str = Field(examples=["HS-7K2M9Q4"])
    product: str
    producer: str
    provincial_average: str = Field(examples=["92,14"])
    approval: str = Field(description="Số quyết định phê duyệt kết quả.", examples=["1301/QĐ-UBND"])
    letter_number: str
    sent_on: date
    samples: int
    average: str | None = Field(description="Phân số chính xác", examples=["347/4"])
    star: int | None
    answer_number: str
    answered_on: date | None
    answer_note: str
    has_scan: bool = Field(default=False, description="Đã có bản chụp văn bản của Bộ.")


class CertificateOut(BaseModel):
    """A certificate and what it is worth today."""

    code: str = Field(examples=["CN-4M7P2Q8"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    commune: str = Field(examples=["Xã Bình Lư"])
    star: int = Field(examples=[4])
    standing: Standing
    standing_basis: str = Field(examples=["26/2026/QĐ-TTg, Điều 4.3"])
    issued_on: date
    expires_on: date
    renewal_from: date | None = None
    renewal_until: date | None = None
    days_to_file: int | None = Field(
        default=None, description="Số ngày còn lại để nộp hồ sơ đánh giá lại, khi đang trong kỳ"
    )
    decision_number: str = Field(examples=["1268/QĐ-UBND"])
    authority: str = Field(examples=[PROVINCIAL_COMMITTEE])
    source_note: str = ""


class OpenCase(_Input):
    """The conclusion with which a revocation begins, or the commune's confirmation (art. 8.4)."""

    ground: RevocationGround = Field(
        description="Trường hợp thu hồi theo Điều 8.1.", examples=["mark_misused"]
    )
    description: Line = Field(
        default="",
        max_length=LONGEST_NOTE,
        description="Hành vi, sự việc cụ thể.",
        examples=["Dùng tem 4 sao cho sản phẩm chưa được công nhận."],
    )
    conclusion_number: Line = Field(
        min_length=1,
        max_length=60,
        description="Số, ký hiệu kết luận hoặc văn bản xác nhận.",
        examples=["45/KL-SNNMT"],
    )
    conclusion_authority: Line = Field(
        min_length=3,
        max_length=200,
        description="Cơ quan kết luận hoặc xác nhận.",
        examples=["Sở Nông nghiệp và Môi trường tỉnh Lai Châu"],
    )
    concluded_on: date = Field(description="Ngày của kết luận.", examples=["2026-11-20"])


class VerifyCase(_Input):
    """What the agency found when it checked the conclusion (art. 8.3.a)."""

    verified_on: date = Field(description="Ngày kiểm tra, xác minh.", examples=["2026-11-24"])
    verification: Line = Field(
        min_length=3,
        max_length=LONGEST_NOTE,
        description="Kết quả kiểm tra, xác minh.",
        examples=["Kiểm tra tại cơ sở: đúng như kết luận."],
    )
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class SubmitCase(_Input):
    """The letter that puts a revocation before who decides it (art. 8.3.a)."""

    submission_number: Line = Field(
        min_length=1,
        max_length=60,
        description="Số, ký hiệu tờ trình.",
        examples=["112/TTr-SNNMT"],
    )
    submitted_on: date = Field(description="Ngày trình.", examples=["2026-11-26"])
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[2])


class DropCase(_Input):
    """Why a certificate is not revoked after all."""

    reason: Line = Field(
        min_length=3,
        max_length=LONGEST_NOTE,
        description="Lý do không thu hồi.",
        examples=["Kết luận bị hủy."],
    )
    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class AttachConclusion(_Input):
    """Which version of the case the scan of the conclusion belongs to."""

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class CaseOut(BaseModel):
    """A revocation case: its ground, how far it came, until when it is to be decided."""

    code: str = Field(examples=["TH-7K2M9Q4"])
    version: int
    state: RevocationState
    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product: str
    producer: str
    commune: str
    star: int
    ground: RevocationGround
    ground_text: str
    ground_basis: str
    description: str
    conclusion_number: str
    conclusion_authority: str
    concluded_on: date
    has_scan: bool
    inspection_code: str
    due_on: date = Field(description="Hạn quyết định: 15 ngày kể từ ngày có kết luận (Điều 8.4).")
    is_overdue: bool
    to_ministry: bool = Field(description="5 sao: Bộ trưởng quyết định (Điều 8.2.b).")
    verified_on: date | None
    verification: str
    submission_number: str
    submitted_on: date | None
    drop_reason: str


class RecordDissolution(_Input):
    """That a producer ended: since when, and the paper that says so."""

    dissolved_on: date = Field(
        description="Ngày chủ thể giải thể hoặc ngừng toàn bộ sản xuất.", examples=["2026-11-01"]
    )
    number: Line = Field(
        min_length=1,
        max_length=60,
        description="Số, ký hiệu văn bản thông báo hoặc xác nhận.",
        examples=["38/UBND-KT"],
    )
    authority: Line = Field(
        min_length=3,
        max_length=200,
        description="Cơ quan thông báo hoặc xác nhận.",
        examples=["UBND xã Bình Lư"],
    )
    confirmed_on: date = Field(description="Ngày của văn bản.", examples=["2026-11-20"])
    version: int = Field(ge=1, description="Phiên bản chủ thể đã xem.", examples=[3])

    @property
    def source(self) -> str:
        """The paper in one line."""
        return f"{self.number} · {self.authority} · {self.confirmed_on:%d/%m/%Y}"


class UndoDissolution(_Input):
    """Why what was written about the end of a producer was wrong."""

    reason: Line = Field(
        min_length=3,
        max_length=LONGEST_NOTE,
        description="Lý do hủy việc ghi nhận.",
        examples=["Nhầm với hợp tác xã trùng tên."],
    )
    version: int = Field(ge=1, description="Phiên bản chủ thể đã xem.", examples=[4])


class DissolutionOut(BaseModel):
    """A producer and, where it ended, since when and from which paper."""

    producer: str = Field(examples=["CT-7K2M9Q4"])
    version: int
    dissolved_on: date | None
    dissolution_source: str


RADAR_MONTH = r"^(ended|2\d{3}-(0[1-9]|1[0-2]))?$"


class RadarCellOut(BaseModel):
    """How many certificates end in a month, and for how many a dossier is due and not filed."""

    month: str = Field(
        description="Tháng hết hạn, hoặc ended: đã hết hạn trong 180 ngày qua.",
        examples=["2027-03"],
    )
    count: int = Field(examples=[4])
    not_filed: int = Field(description="Đã đến kỳ mà chưa nộp hồ sơ đánh giá lại.", examples=[3])


class RadarCommuneOut(BaseModel):
    """What ends in one commune; months in which nothing ends are left out."""

    code: str = Field(examples=["03390"])
    name: str = Field(examples=["Xã Bình Lư"])
    ended: RadarCellOut
    months: list[RadarCellOut]


class RadarOut(BaseModel):
    """The renewal radar: eighteen months, commune by commune."""

    months: list[str] = Field(examples=[["2026-11", "2026-12"]])
    communes: list[RadarCommuneOut]


class RadarCertificateOut(BaseModel):
    """A certificate on the radar, its window and the dossier under way."""

    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product: str
    producer: str
    commune: str
    star: int
    standing: Standing
    ends_on: date = Field(description="Ngày hết hạn, kể cả thời gian được kéo dài.")
    days_left: int = Field(description="Số ngày còn lại; số âm: đã hết hạn.")
    renewal_from: date | None
    renewal_until: date | None
    dossier: str | None
    dossier_state: DossierState | None
    is_filed: bool
    is_due: bool = Field(description="Đã đến kỳ mà chưa nộp hồ sơ.")
