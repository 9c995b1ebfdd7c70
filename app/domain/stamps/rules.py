"""The stamp token bit by bit, its serial, its links, the order of indexes, what may be ordered: pure.

A token is a 16-byte header and a 64-byte signature, printed as one 80-byte big-endian number of 193
decimal digits. Bits of the header, most significant first: version 4, specimen 1, scratch PIN 1,
level 2, key 8, last valid day 16, stars 2, certificate 22, index 32, random 40.
"""

import dataclasses
import hashlib
import hmac
import random
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from app.core.codes import ALPHABET
from app.core.errors import Refused
from app.domain.stamps.enums import RollState, StampLevel, StampState, StampStatus

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

# So many labels are set, or drawn for a print house, in some three seconds; more are made by a job.
LABELS_AT_ONCE = 1_000

PIN_CHARACTERS = 8
_PIN_PREFIX = b"OCOP-PIN-v1\0"
_PIN_BYTES = PIN_CHARACTERS * 5 // 8

_LOWEST_STAR = 3
_STARS = (3, 4, 5)
_CRC_POLYNOMIAL = 0x07
_TEN_BITS = [first + second for first in ALPHABET for second in ALPHABET]
_LOOK_ALIKES = str.maketrans("OIL", "011")
_LEVELS = frozenset(int(level) for level in StampLevel)
_PRODUCT = int(StampLevel.PRODUCT)
_INDEX_AT = (
    7  # the byte of a header in which its index begins, and with it what its serial is made of
)
_NO_RANDOM = bytes(RANDOM_BYTES)
_DAYS_AHEAD = 365  # stamps for the sales of a year: more of them lie about


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte << 1 ^ (0x100 | _CRC_POLYNOMIAL if byte & 0x80 else 0)
    return byte


_CRC = [_crc_of_byte(byte) for byte in range(256)]


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


class InvalidNumbers(Refused):
    """What was typed is no list of numbers of rolls."""

    code = "roll.numbers"
    message = "«{typed}» không phải số cuộn. Ghi như: 1–3, 5."


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
        number = int.from_bytes(body, "big") << 8 | crc8(body)
        return "".join([_TEN_BITS[number >> place & 1023] for place in range(70, -1, -10)])


@dataclass(frozen=True, slots=True)
class Block:
    """The indexes of one roll: that of its label, and those of its stamps in the order of printing."""

    number: int
    first: int
    label: int
    stamps: list[int]

    @property
    def last(self) -> int:
        """The highest of its indexes."""
        return self.first + len(self.stamps)


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


def is_header(raw: bytes) -> bool:
    """Tell quickly whether `decode_header` would read sixteen bytes; a property test compares them."""
    flags, level = raw[0], raw[0] & 3
    if flags >> 4 != TOKEN_VERSION or level not in _LEVELS or raw[4] >> 6 == 3:
        return False
    return level != _PRODUCT or not any(raw[_INDEX_AT:])


def raw_token(text: str) -> bytes | None:
    """Return the eighty bytes of well-shaped digits (`parse_digits` reads them), None for others."""
    number = int(text)
    if number >> 8 * (HEADER_BYTES + SIGNATURE_BYTES):
        return None
    raw = number.to_bytes(HEADER_BYTES + SIGNATURE_BYTES, "big")
    return raw if is_header(raw[:HEADER_BYTES]) else None


def raw_serial(raw: bytes) -> str:
    """Return the serial in sixteen bytes of a header that stands for a stamp: as `serial_of`, quicker."""
    body = raw[_INDEX_AT:]
    number = int.from_bytes(body, "big") << 8 | crc8(body)
    return "".join([_TEN_BITS[number >> place & 1023] for place in range(70, -1, -10)])


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
        remainder = _CRC[remainder ^ byte]
    return remainder


def serial_of(header: StampHeader) -> str:
    """Return the serial of a stamp, sixteen characters; artwork on packaging has none."""
    if header.level is StampLevel.PRODUCT:
        raise ValueError("product-level artwork has no serial")
    return Serial(header.index, header.random).text


def format_serial(serial: str) -> str:
    """Return a serial as printed: four groups of four."""
    return f"{serial[:4]}-{serial[4:8]}-{serial[8:12]}-{serial[12:]}"


def as_printed_letters(text: str) -> str:
    """Return typed letters as they are printed: no spaces, no hyphens, upper case, O is 0, I and L are 1."""
    kept = "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Pd")
    return kept.upper().translate(_LOOK_ALIKES)


def parse_serial(text: str) -> Serial:
    """Read a typed serial, whatever its case, spaces and hyphens; O is 0, I and L are 1."""
    typed = as_printed_letters(text)
    if len(typed) != SERIAL_CHARACTERS or not typed.isascii():
        raise SerialTypo
    number = 0
    for character in typed:
        value = ALPHABET.find(character)
        if value < 0:
            raise SerialTypo
        number = number << 5 | value
    *body, check = number.to_bytes(10, "big")
    if crc8(bytes(body)) != check:
        raise SerialTypo
    return Serial(int.from_bytes(body[:4], "big"), bytes(body[4:]))


def pin_of(pepper: bytes, header: bytes) -> str:
    """Return the scratch code of a stamp: the first 40 bits of an HMAC-SHA256 over its header.

    Eight Crockford characters, without hyphen. Nothing is stored: whoever has no pepper can neither
    tell nor guess the code of a stamp whose link is known to everybody.
    """
    mac = hmac.new(pepper, _PIN_PREFIX + header, hashlib.sha256).digest()
    number = int.from_bytes(mac[:_PIN_BYTES], "big")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(PIN_CHARACTERS)))


def stamp_prefix(host: str) -> str:
    """Return the part of a printed link before the digits or the serial."""
    return f"https://{host}/"


def stamp_url(host: str, digits: str) -> str:
    """Return the link in the QR of a stamp: host in lower case, then the digits."""
    return stamp_prefix(host) + digits


def serial_url(host: str, serial: str) -> str:
    """Return the short link of a stamp, made of its serial."""
    return stamp_prefix(host) + serial


def block_of(
    first: int, count: int, roll_size: int, taken: Collection[int], random_source: random.Random
) -> Block:
    """Return a stretch of a batch's indexes for its next roll, so that numbers do not betray volumes.

    A batch of `count` stamps in rolls of `roll_size` has the indexes from `first` on, one more for
    each roll than it has stamps. Its stretches are given out in random order, and inside a stretch
    the indexes are shuffled; `taken` are the first indexes of the stretches given already. Nothing
    but those must be remembered: whoever goes on after a crash chooses among what is left. A last
    roll that is smaller than the others has the last stretch.
    """
    number = len(taken)
    rolls = roll_count(count, roll_size)
    if not 0 <= number < rolls or first < 0 or first + count + rolls - 1 > HIGHEST_INDEX:
        raise ValueError("a batch lies within the indexes a token can hold")
    rest = count % roll_size
    whole = rolls - 1 if rest else rolls
    step = roll_size + 1
    if number == whole:
        start, size = first + whole * step, rest
    else:
        free = [at for at in range(first, first + whole * step, step) if at not in taken]
        start, size = random_source.choice(free), roll_size
    indexes = list(range(start, start + size + 1))
    random_source.shuffle(indexes)
    return Block(number + 1, start, indexes[0], indexes[1:])


def roll_count(count: int, roll_size: int) -> int:
    """Return how many rolls so many stamps are."""
    return -(-count // roll_size)


def common_bits(header: StampHeader) -> int:
    """Return a header as a number without index and random bits: what all stamps of a roll share."""
    bare = dataclasses.replace(header, index=0, random=_NO_RANDOM)
    return int.from_bytes(encode_header(bare), "big")


def header_of(common: int, index: int, random_bytes: bytes) -> bytes:
    """Return the sixteen bytes of a header from what its roll shares: as `encode_header` does, quicker."""
    own = index << 8 * RANDOM_BYTES | int.from_bytes(random_bytes, "big")
    return (common | own).to_bytes(HEADER_BYTES, "big")


def numbers_told(numbers: Collection[int]) -> str:
    """Write numbers of rolls as people do: «1–3, 5»."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}–{part[-1]}" for part in parts)


def numbers_typed(text: str, *, most: int) -> list[int]:
    """Read «1–3, 5» as numbers, in their order, each once; InvalidNumbers for anything else.

    A number above `most` is refused as well, so that nobody can ask for a list without end.
    """
    found: set[int] = set()
    for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–—]\s*", "-", text.strip())):
        if not part:
            continue
        typed = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", part)
        if typed is None:
            raise InvalidNumbers(typed=part[:20])
        first, last = int(typed[1]), int(typed[2] or typed[1])
        if not 1 <= first <= last <= most:
            raise InvalidNumbers(typed=part[:20])
        found.update(range(first, last + 1))
    return sorted(found)


# --- how many stamps a producer may have ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Balance:
    """What may still be ordered for a certificate on a day, and how that was found."""

    packs_a_year: int
    counted_until: date
    most: int
    earlier: int

    @property
    def left(self) -> int:
        """How many stamps may still be ordered."""
        return max(0, self.most - self.earlier)


def balance_of(
    declared: Sequence[tuple[date, int]], *, earlier: int, on: date, last_day: date
) -> Balance:
    """Return the balance of a certificate: declared output against stamps ordered earlier.

    `declared` are the packs a year with the days from which they were declared, oldest first. Stamps
    are allowed for the output from the first of these days to a year from now, and never beyond the
    last day of the certificate; stamps withdrawn are not counted as ordered. The law asks the
    province to manage the use of the mark and leaves the numbers to it (26/2026/QĐ-TTg art. 9.3.b).
    """
    until = min(on + timedelta(days=_DAYS_AHEAD), last_day + timedelta(days=1))
    ends = [*(day for day, _packs in declared[1:]), until][: len(declared)]
    output = sum(
        (
            Fraction(packs * max(0, (min(end, until) - day).days), _DAYS_AHEAD)
            for (day, packs), end in zip(declared, ends, strict=True)
        ),
        Fraction(0),
    )
    return Balance(
        packs_a_year=declared[-1][1] if declared else 0,
        counted_until=until - timedelta(days=1),
        most=ceil(output),
        earlier=earlier,
    )


# --- what a stamp of a roll is worth -------------------------------------------------------------


def state_of(roll: RollState, *, withdrawn: bool) -> StampState:
    """Return what a stamp of a roll in this state is worth."""
    if withdrawn or roll is RollState.VOID:
        return StampState.VOID
    return _OF_ROLL[roll]


def status_of(roll: RollState) -> StampStatus:
    """Return the two bits of the stamps of a roll that were not withdrawn one by one."""
    return _BITS[roll]


_OF_ROLL = {
    RollState.IN_STORE: StampState.ISSUED,
    RollState.DELIVERED: StampState.ISSUED,
    RollState.ACTIVATED: StampState.ACTIVATED,
    RollState.SUSPENDED: StampState.SUSPENDED,
}
_BITS = {
    RollState.IN_STORE: StampStatus.NOT_ACTIVATED,
    RollState.DELIVERED: StampStatus.NOT_ACTIVATED,
    RollState.ACTIVATED: StampStatus.VALID,
    RollState.SUSPENDED: StampStatus.SUSPENDED,
    RollState.VOID: StampStatus.VOID,
}
