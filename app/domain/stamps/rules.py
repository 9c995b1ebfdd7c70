"""The stamp token bit by bit, its serial, its links, and the order of indexes: pure.

A token is a 16-byte header and a 64-byte signature, printed as one 80-byte big-endian number of 193
decimal digits. Bits of the header, most significant first: version 4, specimen 1, scratch PIN 1,
level 2, key 8, last valid day 16, stars 2, certificate 22, index 32, random 40.
"""

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from app.core.codes import ALPHABET
from app.core.errors import Refused
from app.domain.stamps.enums import StampLevel

TOKEN_VERSION = 1
DIGITS = 193
HEADER_BYTES = 16
SIGNATURE_BYTES = 64
RANDOM_BYTES = 5
SERIAL_CHARACTERS = 16
HIGHEST_KID = 2**8 - 1
HIGHEST_CERTIFICATE = 2**22 - 1
HIGHEST_INDEX = 2**32 - 1
FIRST_DAY = date(2025, 1, 1)
LAST_DAY = FIRST_DAY + timedelta(days=2**16 - 1)

# What is signed begins with its purpose, so that no signature made for anything else is a stamp.
SIGNED_PREFIX = b"OCOP-STAMP-v1\0"

_LOWEST_STAR = 3
_STARS = (3, 4, 5)
_CRC_POLYNOMIAL = 0x07
_LOOK_ALIKES = str.maketrans("OIL", "011")
_NO_RANDOM = bytes(RANDOM_BYTES)


class MalformedToken(Refused):
    """The digits are not a stamp token at all."""

    code = "stamp.malformed"
    message = "Dãy số này không phải mã của một con tem."


class TokenLength(MalformedToken):
    """Not 193 decimal digits, or a number too large for 80 bytes."""

    code = "stamp.token_length"
    message = "Mã tem có đúng {expected} chữ số; mã này bị thiếu, thừa hoặc quét nhầm."


class TokenVersion(MalformedToken):
    """A version this program does not know."""

    code = "stamp.token_version"
    message = "Mã tem thuộc phiên bản {version}, hệ thống này chưa biết đến."


class TokenFields(MalformedToken):
    """A field holds a value that no stamp has."""

    code = "stamp.token_fields"
    message = "Mã tem mang thông tin không con tem nào có; mã đã bị sửa hoặc quét nhầm."


class SerialTypo(Refused):
    """A typed serial that cannot be right."""

    code = "stamp.serial_typo"
    message = (
        "Số sê-ri chưa đúng. Hãy so lại từng ký tự in dưới mã QR: 16 chữ và số, chia bốn nhóm."
    )


@dataclass(frozen=True, slots=True)
class StampHeader:
    """What a stamp says about itself, before its signature."""

    specimen: bool
    pin: bool
    level: StampLevel
    kid: int
    last_valid_day: date
    stars: int
    certificate: int
    index: int
    random: bytes

    def __post_init__(self) -> None:
        """Make sure that every header is one a token can hold."""
        ranges_hold = (
            0 <= self.kid <= HIGHEST_KID
            and FIRST_DAY <= self.last_valid_day <= LAST_DAY
            and self.stars in _STARS
            and 0 <= self.certificate <= HIGHEST_CERTIFICATE
            and 0 <= self.index <= HIGHEST_INDEX
            and len(self.random) == RANDOM_BYTES
        )
        bare = self.index == 0 and self.random == _NO_RANDOM
        if not ranges_hold or (self.level is StampLevel.PRODUCT and not bare):
            raise ValueError(f"no stamp has these fields: {self!r}")


@dataclass(frozen=True, slots=True)
class Token:
    """A header with its signature."""

    header: StampHeader
    signature: bytes

    def __post_init__(self) -> None:
        """Make sure that the signature has its fixed length."""
        if len(self.signature) != SIGNATURE_BYTES:
            raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class Serial:
    """The public key of a stamp: what is typed when a code cannot be scanned."""

    index: int
    random: bytes

    @property
    def text(self) -> str:
        """The sixteen characters, without hyphens."""
        body = self.index.to_bytes(4, "big") + self.random
        number = int.from_bytes(body + bytes([crc8(body)]), "big")
        return "".join(
            ALPHABET[number >> 5 * place & 31] for place in reversed(range(SERIAL_CHARACTERS))
        )


def encode_header(header: StampHeader) -> bytes:
    """Return the sixteen bytes of a header."""
    number = 0
    for value, bits in (
        (TOKEN_VERSION, 4),
        (int(header.specimen), 1),
        (int(header.pin), 1),
        (int(header.level), 2),
        (header.kid, 8),
        ((header.last_valid_day - FIRST_DAY).days, 16),
        (header.stars - _LOWEST_STAR, 2),
        (header.certificate, 22),
        (header.index, 32),
        (int.from_bytes(header.random, "big"), 40),
    ):
        number = number << bits | value
    return number.to_bytes(HEADER_BYTES, "big")


def decode_header(raw: bytes) -> StampHeader:
    """Read sixteen bytes; refuse another version, and a level or stars that no stamp has."""
    if len(raw) != HEADER_BYTES:
        raise TokenFields
    number = int.from_bytes(raw, "big")

    def field(first: int, last: int) -> int:
        return number >> (127 - last) & (1 << (last - first + 1)) - 1

    if field(0, 3) != TOKEN_VERSION:
        raise TokenVersion(version=field(0, 3))
    try:
        return StampHeader(
            specimen=bool(field(4, 4)),
            pin=bool(field(5, 5)),
            level=StampLevel(field(6, 7)),
            kid=field(8, 15),
            last_valid_day=FIRST_DAY + timedelta(days=field(16, 31)),
            stars=_LOWEST_STAR + field(32, 33),
            certificate=field(34, 55),
            index=field(56, 87),
            random=raw[-RANDOM_BYTES:],
        )
    except ValueError as out_of_range:
        raise TokenFields from out_of_range


def signed_bytes(header: StampHeader) -> bytes:
    """Return what the authority signs."""
    return SIGNED_PREFIX + encode_header(header)


def sign_token(header: StampHeader, sign: Callable[[bytes], bytes]) -> Token:
    """Return the signed token of a header."""
    return Token(header, sign(signed_bytes(header)))


def is_signed(token: Token, verifies: Callable[[int, bytes, bytes], bool]) -> bool:
    """Tell whether the key the header names signed it: `verifies(kid, message, signature)`."""
    return verifies(token.header.kid, signed_bytes(token.header), token.signature)


def token_digits(token: Token) -> str:
    """Return the 193 digits that are printed."""
    raw = encode_header(token.header) + token.signature
    return str(int.from_bytes(raw, "big")).zfill(DIGITS)


def parse_digits(text: str) -> Token:
    """Read printed digits; what comes back is well-formed, not yet known to be signed."""
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", text):
        raise TokenLength(expected=DIGITS)
    number = int(text)
    if number >> 8 * (HEADER_BYTES + SIGNATURE_BYTES):
        raise TokenLength(expected=DIGITS)
    raw = number.to_bytes(HEADER_BYTES + SIGNATURE_BYTES, "big")
    return Token(decode_header(raw[:HEADER_BYTES]), raw[HEADER_BYTES:])


def crc8(data: bytes) -> int:
    """Return the CRC-8 of the data (polynomial 0x07, start 0); any one wrong character shows."""
    remainder = 0
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            shifted = remainder << 1
            remainder = (shifted ^ _CRC_POLYNOMIAL) & 0xFF if remainder & 0x80 else shifted
    return remainder


def serial_of(header: StampHeader) -> str:
    """Return the serial of a stamp, sixteen characters; artwork on packaging has none."""
    if header.level is StampLevel.PRODUCT:
        raise ValueError("product-level artwork has no serial")
    return Serial(header.index, header.random).text


def format_serial(serial: str) -> str:
    """Return a serial as printed: four groups of four."""
    return "-".join(serial[start : start + 4] for start in range(0, SERIAL_CHARACTERS, 4))


def parse_serial(text: str) -> Serial:
    """Read a typed serial, whatever its case, spaces and hyphens; O is 0, I and L are 1."""
    typed = "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Pd")
    if len(typed) != SERIAL_CHARACTERS or not typed.isascii():
        raise SerialTypo
    number = 0
    for character in typed.upper().translate(_LOOK_ALIKES):
        value = ALPHABET.find(character)
        if value < 0:
            raise SerialTypo
        number = number << 5 | value
    *body, check = number.to_bytes(10, "big")
    if crc8(bytes(body)) != check:
        raise SerialTypo
    return Serial(int.from_bytes(body[:4], "big"), bytes(body[4:]))


def stamp_prefix(host: str) -> str:
    """Return the part of a printed link before the digits or the serial."""
    return f"https://{host}/"


def stamp_url(host: str, digits: str) -> str:
    """Return the link in the QR of a stamp: host in lower case, then the digits."""
    return stamp_prefix(host) + digits


def serial_url(host: str, serial: str) -> str:
    """Return the short link of a stamp, made of its serial."""
    return stamp_prefix(host) + serial


def issue_indexes(first: int, count: int, random_source: random.Random) -> list[int]:
    """Return the indexes of a batch in random order, so that numbers do not betray volumes."""
    if count < 1 or first < 0 or first + count - 1 > HIGHEST_INDEX:
        raise ValueError("a batch lies within the indexes a token can hold")
    indexes = list(range(first, first + count))
    random_source.shuffle(indexes)
    return indexes
