"""A credential byte by byte: W3C Verifiable Credentials 2.0 secured as a JWS (core/jws.py): pure.

ES256 by a key of the JWKS, media type `application/vc+jwt`. The same words of the same day sealed by
the same key give the same bytes.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, Self

from app.core import jws
from app.core.errors import Refused
from app.core.jws import Jws
from app.domain.credentials.enums import Finding
from app.domain.stamps.enums import StampLevel
from app.domain.stamps.rules import RANDOM_BYTES, StampHeader

MEDIA_TYPE = "application/vc+jwt"
TYP = "vc+jwt"
TYPE = "OcopCertificate"
STATUS_TYPE = "OcopRegisterEntry"
CONTEXT = "https://www.w3.org/ns/credentials/v2"
LONGEST_JWS = jws.LONGEST_JWS
REGISTER = "Sổ đăng ký sản phẩm OCOP tỉnh Lai Châu"

DESCRIPTION = (
    "Trích từ sổ đăng ký vào lúc ký. Giấy chứng nhận có thể đã được kéo dài, thay thế hoặc thu hồi "
    "sau đó: hãy mở mục sổ ghi ở credentialStatus để biết hiệu lực hôm nay."
)
INVENTED = "BẢN MINH HỌA – KHÔNG CÓ GIÁ TRỊ. "

MESSAGES: dict[Finding, str] = {
    Finding.HOLDS: (
        "Chữ ký đúng. Sổ đăng ký hôm nay nói đúng như vậy: giấy chứng nhận {star} sao còn hiệu lực "
        "đến hết ngày {until}."
    ),
    Finding.CHANGED: (
        "Chữ ký đúng, nhưng từ lúc ký sổ đăng ký đã thay đổi. Giấy chứng nhận {star} sao còn hiệu lực "
        "đến hết ngày {until}; hãy tải bản mới."
    ),
    Finding.ENDED: (
        "Chữ ký đúng, nhưng hôm nay giấy chứng nhận {star} sao này không còn hiệu lực."
    ),
    Finding.ALTERED: (
        "Nội dung không mang chữ ký của sổ đăng ký: đã bị sửa, chép thiếu hoặc làm giả. Đừng tin "
        "những gì nó ghi."
    ),
    Finding.NOT_OURS: (
        "Không do sổ đăng ký này ký: chúng tôi không biết khóa hoặc loại chữ ký của nó."
    ),
    Finding.UNREADABLE: (
        "Đây không phải một giấy chứng nhận điện tử. Hãy dán trọn nội dung tệp .jwt: ba đoạn chữ liền "
        "nhau, cách bằng dấu chấm."
    ),
    Finding.UNRECORDED: (
        "Chữ ký đúng nhưng sổ đăng ký không ghi bản này. Đừng tin những gì nó ghi, và hãy báo cơ quan "
        "OCOP của tỉnh."
    ),
}
# What a credential says of a certificate, in the order in which it is told; also what is compared.
FIELD_LABELS: dict[str, str] = {
    "name": "Sản phẩm",
    "producer": "Chủ thể",
    "commune": "Xã, phường",
    "star": "Hạng sao",
    "product_code": "Mã sản phẩm",
    "certificate": "Mã giấy chứng nhận",
    "record_number": "Số sổ",
    "decision": "Quyết định",
    "authority": "Cơ quan công nhận",
    "issued_on": "Có giá trị từ ngày",
    "last_day": "Có giá trị đến hết ngày",
    "source": "Nguồn",
}

# The vocabulary of a credential, explained where its @vocab leads.
TERM_LABELS: dict[str, str] = {
    "OcopCertificate": "Giấy chứng nhận sản phẩm OCOP, trích từ sổ đăng ký.",
    "OcopRegisterEntry": "Mục sổ đăng ký: cho biết hiệu lực hôm nay, dạng JSON.",
    "Product": "Sản phẩm được công nhận.",
    "producer": "Chủ thể của sản phẩm, theo tên trên giấy chứng nhận.",
    "commune": "Xã, phường của sản phẩm.",
    "star": "Hạng sao: 3, 4 hoặc 5.",
    "productCode": "Mã sản phẩm trong danh mục của tỉnh.",
    "certificate": "Mã giấy chứng nhận trong sổ đăng ký.",
    "recordNumber": "Số thứ tự trong sổ; tem và mã QR cũng mang số này.",
    "decision": "Quyết định công nhận: số, ngày, cơ quan.",
    "source": "Có khi nơi khác cấp: bản này trích từ nguồn nào.",
}


class UnreadableCredential(Refused):
    """The text is no JWS at all."""

    code = "credential.unreadable"
    message = MESSAGES[Finding.UNREADABLE]


class Installation(Protocol):
    """What an installation says of itself."""

    @property
    def public_url(self) -> str:
        """Its address on the web."""

    @property
    def demonstration(self) -> bool:
        """Whether its world is invented."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who seals: the register under its public address; `invented` in the demonstration world."""

    url: str
    invented: bool = False

    @classmethod
    def of(cls, installation: Installation) -> Self:
        """Return the register of an installation."""
        return cls(installation.public_url, invented=installation.demonstration)

    @property
    def root(self) -> str:
        """The address without a slash at its end."""
        return self.url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said about a certificate: public, and no person but those a name of a firm names."""

    certificate: str
    record_number: int
    name: str
    producer: str
    commune: str
    star: int
    product_code: str
    decision: str
    authority: str
    issued_on: date
    last_day: date
    source: str = ""


def claims_of(words: Words, issuer: Issuer) -> dict[str, Any]:
    """Return the payload of a credential, without the moment of its signature.

    Days are those of Viet Nam: valid from the first second of the first to the last of the last.
    """
    kind = "Bản trích sổ đăng ký" if words.source else "Giấy chứng nhận"
    entry = f"{issuer.root}/register/{words.certificate}"
    subject: dict[str, Any] = {
        "id": entry,
        "type": "Product",
        "name": words.name,
        "producer": {"type": "Organization", "name": words.producer},
        "commune": words.commune,
        "star": words.star,
        "certificate": words.certificate,
        "recordNumber": words.record_number,
        "decision": {
            "number": words.decision,
            "date": words.issued_on.isoformat(),
            "authority": words.authority,
        },
    }
    if words.product_code:
        subject["productCode"] = words.product_code
    if words.source:
        subject["source"] = words.source
    return {
        # Terms of our own are explained on the page that checks credentials.
        "@context": [CONTEXT, {"@vocab": f"{issuer.root}/credentials/check#"}],
        "type": ["VerifiableCredential", TYPE],
        "name": f"{kind} sản phẩm OCOP {words.star} sao",
        "description": (INVENTED if issuer.invented else "") + DESCRIPTION,
        "issuer": {"id": issuer.root, "name": REGISTER},
        "validFrom": f"{words.issued_on.isoformat()}T00:00:00+07:00",
        "validUntil": f"{words.last_day.isoformat()}T23:59:59+07:00",
        "credentialStatus": {
            "id": f"{issuer.root}/api/v1/register/{words.certificate}",
            "type": STATUS_TYPE,
        },
        "credentialSubject": subject,
    }


def digest_of(claims: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a credential says, whenever and by whichever key it was sealed."""
    return hashlib.sha256(jws.canonical(claims)).hexdigest()


def sealed_jws(
    claims: Mapping[str, Any], *, kid: int, at: datetime, sign: Callable[[bytes], bytes]
) -> str:
    """Return the credential as it is given away: header, payload and signature in three parts."""
    return jws.sealed(claims, typ=TYP, kid=kid, at=at, sign=sign, cty="vc")


def read_jws(text: str) -> Jws:
    """Take a text apart, strictly; what comes back is well-formed, not yet known to be signed."""
    try:
        return jws.read(text)
    except jws.UnreadableJwsError as unreadable:
        raise UnreadableCredential from unreadable


def product_header(words: Words, kid: int) -> StampHeader:
    """Return what the code on a certificate and on packaging says (level 2: no index, no random)."""
    return StampHeader(
        specimen=False,
        pin=False,
        level=StampLevel.PRODUCT,
        kid=kid,
        last_valid_day=words.last_day,
        stars=words.star,
        certificate=words.record_number,
        index=0,
        random=bytes(RANDOM_BYTES),
    )
