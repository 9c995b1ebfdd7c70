"""Pure rules of products: the GTIN under a barcode, and the web addresses that GS1 makes of one.

Sources: GS1 General Specifications (GTIN, check digit in 7.9.1, prefixes in 1.4); GS1 Digital Link
Standard: URI Syntax (4.3 to 4.9); GS1-Conformant Resolver Standard (2.4, 2.5.9).
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from app.core.errors import Invalid, Refused, Worded

GTIN_LENGTHS = (8, 12, 13, 14)
LONGEST_GTIN_TEXT = 24  # as typed: 14 digits with room for spaces and hyphens between them
_WHOLE = 14
_DIGITS = re.compile(r"[0-9]+")
_BETWEEN = re.compile(r"[\s‐-―-]+")  # scanners and people part the groups with these

# Beginnings of a GTIN-13 that no retail item of the world can have: each country or shop gives them
# out anew (02, 04, 20-29), or they stand for coupons and refunds (05, 98, 99). Books and papers
# (977-979) are items like others.
_RESTRICTED = ("02", "04", "05", *(f"2{digit}" for digit in range(10)), "98", "99")
# Of a GTIN-8 the beginnings 0 and 2 are the shop's own.
_RESTRICTED_SHORT = ("0", "2")
_SHORT = "0" * 6  # what stands before a GTIN-8 of fourteen digits

GTIN_SENTENCES: dict[str, str] = {
    "characters": ("Mã GTIN chỉ gồm chữ số. Hãy xem lại dãy số in ngay dưới mã vạch trên bao bì."),
    "length": (
        "Mã GTIN có 8, 12, 13 hoặc 14 chữ số; dãy này có {count}. Hãy xem lại dãy số in ngay dưới "
        "mã vạch trên bao bì."
    ),
    "check_digit": (
        "Chữ số cuối ({found}) không khớp với các chữ số trước: có chữ số gõ nhầm, thiếu hoặc đổi "
        "chỗ. Hãy xem lại dãy số in ngay dưới mã vạch trên bao bì."
    ),
    "restricted": (
        "Dãy bắt đầu bằng {prefix} chỉ dùng trong cửa hàng hoặc cho phiếu mua hàng, không phải mã "
        "của một mặt hàng. Hãy dùng mã do tổ chức mã số mã vạch cấp cho sản phẩm."
    ),
    "not_an_item": (
        "Mã 14 chữ số bắt đầu bằng {prefix} là mã của thùng, kiện. Hãy dùng mã in trên một gói bán "
        "lẻ."
    ),
}


class WrongGtin(Invalid):
    """What was typed is not the GTIN of a retail item; `code` tells why, the field tells it to people."""

    code = "product.gtin"


class WrongDigitalLink(Refused):
    """An address that begins like one of GS1 and is none."""

    code = "gs1.address"
    message = "Địa chỉ này không đúng cách viết của GS1 Digital Link."


def check_digit(digits: str) -> str:
    """Return the digit that completes these digits: weights 3 and 1 from the right, modulo 10.

    It catches every single wrong digit and every swap of neighbours but of those that differ by 5.
    """
    weighed = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return str(-weighed % 10)


def gtin14(typed: str) -> str:
    """Return a GTIN-8, -12, -13 or -14 as fourteen digits; refuse what cannot be one.

    Spaces and hyphens between the digits are no matter. Whether the number can be that of a retail
    item is another question: `item_gtin`.
    """
    text = _BETWEEN.sub("", typed.strip())
    if not _DIGITS.fullmatch(text):
        raise _wrong("characters")
    if len(text) not in GTIN_LENGTHS:
        raise _wrong("length", count=len(text))
    if text[-1] != check_digit(text[:-1]):
        raise _wrong("check_digit", found=text[-1])
    return text.zfill(_WHOLE)


def item_gtin(typed: str) -> str:
    """Return the GTIN of a retail item as fourteen digits, empty for nothing typed.

    Refused besides what `gtin14` refuses: ranges that shops and countries give out themselves, and
    numbers of cartons and pallets (a first digit of 1 to 9 before thirteen).
    """
    if not typed.strip():
        return ""
    number = gtin14(typed)
    if number[0] != "0":
        raise _wrong("not_an_item", prefix=number[0])
    if prefix := _restricted_prefix(number):
        raise _wrong("restricted", prefix=prefix)
    return number


def as_printed(number: str) -> str:
    """Return fourteen digits as they stand under the barcode: 8, 12 or 13 of them."""
    if number.startswith(_SHORT):
        return number[len(_SHORT) :]
    return number.removeprefix("00") if number.startswith("00") else number.removeprefix("0")


def is_gtin(text: str) -> bool:
    """Tell whether a text is a whole GTIN, of whatever length."""
    return (
        len(text) in GTIN_LENGTHS
        and _DIGITS.fullmatch(text) is not None
        and text[-1] == check_digit(text[:-1])
    )


def _restricted_prefix(number: str) -> str:
    if number.startswith(_SHORT):
        return number[6] if number[6] in _RESTRICTED_SHORT else ""
    return next((one for one in _RESTRICTED if number.startswith(one, 1)), "")


def _wrong(why: str, **params: object) -> WrongGtin:
    said = Worded(GTIN_SENTENCES[why], **params)
    return WrongGtin({"gtin": said}, code=f"product.gtin_{why}")


# --- addresses ------------------------------------------------------------------------------------

Qualifiers: TypeAlias = dict[str, str]

SERIAL, LOT, VARIANT, TPX = "21", "10", "22", "235"
# What may stand behind a GTIN, and in which order; a third party's number stands alone.
_IN_ORDER = (VARIANT, LOT, SERIAL)
_LONGEST: dict[str, int] = {VARIANT: 20, LOT: 20, SERIAL: 20, TPX: 28}
# The 82 characters of GS1 element strings (General Specifications, figure 7.11-1).
_ELEMENT = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """What an address of GS1 names: a product, and a variant, a lot or one item of it."""

    gtin: str
    qualifiers: Qualifiers

    @property
    def serial(self) -> str:
        """The serial of one item, empty when the address names none."""
        return self.qualifiers.get(SERIAL, "")

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of the address in its one form: fourteen digits, qualifiers in order."""
        return ("01", self.gtin, *(part for pair in self.qualifiers.items() for part in pair))


def parse_digital_link(parts: list[str]) -> DigitalLink:
    """Read what stands behind `/01/`: a GTIN, then pairs of qualifier and value, each once.

    Parts come decoded. Short GTINs are filled up (URI Syntax 4.1 lets old ones live on). Refused: a
    GTIN that is none, unknown or repeated qualifiers, those in another order than 22, 10, 21, a
    value too long or with characters GS1 does not know.
    """
    gtin, *rest = parts or [""]
    names, values = rest[::2], rest[1::2]
    is_in_order = names in (
        [TPX],
        [one for one in _IN_ORDER if one in names],
    )
    if not is_gtin(gtin) or len(names) != len(values) or not is_in_order:
        raise WrongDigitalLink
    for name, value in zip(names, values, strict=True):
        if len(value) > _LONGEST[name] or not _ELEMENT.fullmatch(value):
            raise WrongDigitalLink
    return DigitalLink(gtin.zfill(_WHOLE), dict(zip(names, values, strict=True)))
