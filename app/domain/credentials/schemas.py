"""What is asked of credentials and what is answered: only what anybody may know."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.domain.credentials.enums import Finding
from app.domain.credentials.rules import LONGEST_JWS
from app.domain.recognition.enums import Standing

_SHORT = "eyJhbGciOiJFUzI1NiIsImN0eSI6InZjIiwia2lkIjoiMSIsInR5cCI6InZjK2p3dCJ9.e30.AAAA"


class CheckCredential(BaseModel):
    """A credential somebody asks about, as it was received."""

    jws: str = Field(
        min_length=1,
        max_length=LONGEST_JWS,
        description="Ba đoạn base64url cách bằng dấu chấm.",
        examples=[_SHORT],
    )


class CredentialOut(BaseModel):
    """The newest credential of a certificate, signed and read out."""

    certificate: str = Field(examples=["CN-4M7P2Q8"])
    jws: str = Field(description="Bản ký, JWS dạng gọn (RFC 7515), application/vc+jwt.")
    kid: str = Field(description="Số của khóa trong bộ khóa công khai.", examples=["1"])
    jwks: str = Field(
        description="Địa chỉ bộ khóa công khai.",
        examples=["https://ocop.laichau.gov.vn/.well-known/jwks.json"],
    )
    payload: dict[str, Any] = Field(description="Nội dung đã giải mã (W3C VC 2.0).")
    sealed_at: datetime
    is_current: bool = Field(
        description="Sổ đăng ký hôm nay vẫn nói đúng như bản này (kéo dài, đính chính thì không)."
    )
    standing: Standing = Field(description="Hiệu lực hôm nay; bản ký không tự biết điều này.")


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ProducerSaid(_Said):
    """The producer in a credential."""

    name: str


class DecisionSaid(_Said):
    """The decision in a credential."""

    number: str
    date: date
    authority: str


class SubjectSaid(_Said):
    """The product in a credential."""

    name: str
    producer: ProducerSaid
    commune: str
    star: int
    certificate: str
    recordNumber: int  # noqa: N815 -- as it stands in the credential
    productCode: str = ""  # noqa: N815 -- as it stands in the credential
    source: str = ""
    decision: DecisionSaid


class ClaimsSaid(_Said):
    """The payload of a credential that carries our signature."""

    validUntil: datetime  # noqa: N815 -- as it stands in the credential
    credentialSubject: SubjectSaid  # noqa: N815 -- as it stands in the credential


class FieldTold(BaseModel):
    """One thing a credential says, and what the register says of it today."""

    field: str = Field(examples=["last_day"])
    label: str = Field(examples=["Có giá trị đến hết ngày"])
    told: str = Field(description="Bản ký ghi.", examples=["24/11/2029"])
    today: str | None = Field(default=None, description="Sổ đăng ký ghi hôm nay.")
    differs: bool = False


class RegisterToday(BaseModel):
    """What the register says of the certificate today."""

    standing: Standing
    label: str = Field(examples=["Còn hiệu lực"])
    basis: str = Field(examples=["26/2026/QĐ-TTg, Điều 4.3"])
    since: date | None = Field(default=None, description="Từ ngày này không còn hiệu lực.")
    reason: str = Field(default="", description="Trường hợp thu hồi, theo lời của quy định.")
    newer: str | None = Field(default=None, description="Giấy chứng nhận thay thế.")


class CheckedCredential(BaseModel):
    """The answer to a check; `valid` means: signed here, and the product carries its star today."""

    finding: Finding
    valid: bool
    message: str = Field(description="Câu trả lời bằng lời, tiếng Việt.")
    known_at: datetime = Field(description="Theo dữ liệu vào thời điểm này.")
    kid: str | None = None
    sealed_at: datetime | None = None
    certificate: str | None = Field(default=None, examples=["CN-4M7P2Q8"])
    says: list[FieldTold] = []
    register_today: RegisterToday | None = None
