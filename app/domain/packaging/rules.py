"""Pure rules: what the program finds on artwork by itself, what the agency asks, when a permission holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.core.artwork_reading import ArtworkReading
from app.core.errors import Worded
from app.domain.packaging.enums import (
    ArtworkItem,
    AutomaticCheck,
    CheckDecision,
    CheckOutcome,
    PermissionStanding,
    PermissionState,
    SymbolKind,
)
from app.domain.recognition.rules import Certified, is_in_force, last_day_in_force
from app.domain.stamps.enums import StampLevel
from app.domain.stamps.rules import (
    MalformedToken,
    SerialTypo,
    is_signed,
    parse_digits,
    parse_serial,
    stamp_prefix,
)
from app.rulebooks.model import Regime

# The mark may be used while the star runs (regulation of the mark, art. 4); its use is managed.
MARK: Final = "1162/QĐ-VPĐP-OCOP, Điều 4, Điều 12; 26/2026/QĐ-TTg, Điều 9.3.b"
MISUSE: Final = "26/2026/QĐ-TTg, Điều 8.1.d, Điều 9.3.b"
TERM: Final = "26/2026/QĐ-TTg, Điều 4.3"

MOST_ARTWORKS: Final = 6
# A print run outlives the star where less is left: half a year is one season on the shelf.
WARN_BELOW_DAYS: Final = 180
# Below this, quiet zone included, common phones begin to miss the symbol.
SMALLEST_SYMBOL_MM: Final = 22.0
SYMBOL_SIZES_MM: Final = (25, 22)
_MEASURED_WITHIN_MM: Final = 0.3  # a measured side is right to a few pixels
LEAST_DPI: Final = 300

INITIAL: Final = PermissionState.DRAFT
FINAL: Final = frozenset(
    {
        PermissionState.GRANTED,
        PermissionState.DECLINED,
        PermissionState.WITHDRAWN,
        PermissionState.CANCELLED,
    }
)
# What the producer's side may still write.
OPEN: Final = frozenset({PermissionState.DRAFT, PermissionState.RETURNED})

STATE_LABELS: dict[PermissionState, str] = {
    PermissionState.DRAFT: "Đang soạn",
    PermissionState.SENT: "Chờ kiểm tra",
    PermissionState.RETURNED: "Cần sửa mẫu",
    PermissionState.GRANTED: "Đã chấp thuận",
    PermissionState.DECLINED: "Không chấp thuận",
    PermissionState.WITHDRAWN: "Đã thu hồi chấp thuận",
    PermissionState.CANCELLED: "Chủ thể đã rút",
}
STANDING_LABELS: dict[PermissionStanding, str] = {
    PermissionStanding.NOT_GRANTED: "Chưa được in",
    PermissionStanding.IN_FORCE: "Được in",
    PermissionStanding.CERTIFICATE_ENDED: "Hết hiệu lực cùng giấy chứng nhận",
    PermissionStanding.WITHDRAWN: "Đã thu hồi chấp thuận",
}
CHECK_LABELS: dict[AutomaticCheck, str] = {
    AutomaticCheck.CERTIFICATE: "Giấy chứng nhận còn hiệu lực",
    AutomaticCheck.DAYS_LEFT: "Thời gian còn lại của giấy chứng nhận",
    AutomaticCheck.STAR: "Số sao in trên bao bì",
    AutomaticCheck.SYMBOL: "Mã QR trên mẫu",
    AutomaticCheck.SYMBOL_SIZE: "Cỡ in của mã QR",
    AutomaticCheck.RESOLUTION: "Độ phân giải",
    AutomaticCheck.SIBLINGS: "Tệp mẫu dùng cho sản phẩm khác",
}
CHECK_BASIS: dict[AutomaticCheck, str] = {
    AutomaticCheck.CERTIFICATE: TERM,
    AutomaticCheck.DAYS_LEFT: TERM,
    AutomaticCheck.STAR: MISUSE,
    AutomaticCheck.SYMBOL: MISUSE,
    AutomaticCheck.SIBLINGS: MISUSE,
}
OUTCOME_LABELS: dict[CheckOutcome, str] = {
    CheckOutcome.PASSED: "Đạt",
    CheckOutcome.WARNING: "Cần chú ý",
    CheckOutcome.FAILED: "Không đạt",
    CheckOutcome.UNKNOWN: "Không xác định được",
}
DECISION_LABELS: dict[CheckDecision, str] = {
    CheckDecision.GRANT: "Chấp thuận",
    CheckDecision.RETURN: "Trả lại để sửa mẫu",
    CheckDecision.DECLINE: "Không chấp thuận",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a request: where from, where to."""

    step: str
    before: PermissionState
    after: PermissionState


MOVES = (
    Move("send", PermissionState.DRAFT, PermissionState.SENT),
    Move("send", PermissionState.RETURNED, PermissionState.SENT),
    Move("return", PermissionState.SENT, PermissionState.RETURNED),
    Move("grant", PermissionState.SENT, PermissionState.GRANTED),
    Move("decline", PermissionState.SENT, PermissionState.DECLINED),
    Move("withdraw", PermissionState.GRANTED, PermissionState.WITHDRAWN),
    Move("cancel", PermissionState.DRAFT, PermissionState.CANCELLED),
    Move("cancel", PermissionState.RETURNED, PermissionState.CANCELLED),
    Move("cancel", PermissionState.SENT, PermissionState.CANCELLED),
)
DECIDED: dict[CheckDecision, PermissionState] = {
    CheckDecision.GRANT: PermissionState.GRANTED,
    CheckDecision.RETURN: PermissionState.RETURNED,
    CheckDecision.DECLINE: PermissionState.DECLINED,
}


# What the agency looks at by hand, in the order in which it is asked.
ITEM_LABELS: dict[ArtworkItem, str] = {
    ArtworkItem.TEMPLATE: (
        "Nhãn hiệu OCOP đúng mẫu, đúng màu, không thêm bớt, đặt cùng nhãn hiệu riêng của chủ thể"
    ),
    ArtworkItem.STAR: "Số sao trên mẫu đúng hạng ghi trên giấy chứng nhận",
    ArtworkItem.NAMES: "Tên sản phẩm, tên và địa chỉ chủ thể đúng như trên giấy chứng nhận",
    ArtworkItem.CLAIMS: (
        "Không nói rộng hơn: sao chỉ cho sản phẩm này, không cho sản phẩm khác, cơ sở hay thương hiệu"
    ),
    ArtworkItem.LABEL: (
        "Nhãn hàng hóa có đủ nội dung bắt buộc: tên hàng, nơi chịu trách nhiệm, xuất xứ, định lượng, "
        "hạn sử dụng, thành phần"
    ),
}
ITEM_BASIS: dict[ArtworkItem, str] = {
    ArtworkItem.TEMPLATE: "1162/QĐ-VPĐP-OCOP, Điều 12",
    ArtworkItem.STAR: MISUSE,
    ArtworkItem.NAMES: "26/2026/QĐ-TTg, Điều 4.3, Điều 8.1.d",
    ArtworkItem.CLAIMS: MISUSE,
    ArtworkItem.LABEL: "43/2017/NĐ-CP, Điều 10, sửa đổi bởi 111/2021/NĐ-CP",
}


# --- when a permission holds ------------------------------------------------------------------


def permission_standing(
    granted_on: date | None,
    withdrawn_on: date | None,
    certificate: Certified,
    on: date,
    regime: Regime,
) -> PermissionStanding:
    """Return what a permission is worth on a day: it never outlives its certificate.

    It counts from the day it was granted until the day before it was withdrawn, and only on days on
    which the product may carry its star. Basis: 26/2026/QĐ-TTg art. 4.3, 9.3.b.
    """
    if granted_on is None or on < granted_on:
        return PermissionStanding.NOT_GRANTED
    if withdrawn_on is not None and on >= withdrawn_on:
        return PermissionStanding.WITHDRAWN
    if not is_in_force(certificate, on, regime):
        return PermissionStanding.CERTIFICATE_ENDED
    return PermissionStanding.IN_FORCE


# --- what a symbol says -----------------------------------------------------------------------

_REGISTER_PAGE = re.compile(r"/register/([A-Z]{2}-[0-9A-Z]{7})\b")
_SERIAL_LENGTH = 16
Verifies = Callable[[int, bytes, bytes], bool]


def symbol_kind(
    text: str, *, host: str, record_number: int, certificate_code: str, verifies: Verifies
) -> SymbolKind:
    """Tell where a symbol leads: this certificate, another one, a single stamp, or elsewhere.

    Only digits the authority signed count as a certificate's address; a stamp's serial is known by
    its check digits, under the host that stamps are printed with.
    """
    said = text.strip()
    if page := _REGISTER_PAGE.search(said):
        same = page[1] == certificate_code
        return SymbolKind.ELSEWHERE if same else SymbolKind.OTHER_CERTIFICATE
    last = re.split(r"[?#]", said, maxsplit=1)[0].rstrip("/").rpartition("/")[2]
    prefix = stamp_prefix(host)
    try:
        token = parse_digits(last)
    except MalformedToken:
        return _serial_or_elsewhere(said, last, prefix)
    if not is_signed(token, verifies):
        return SymbolKind.UNSIGNED
    if token.header.level is not StampLevel.PRODUCT:
        return SymbolKind.STAMP
    if token.header.certificate != record_number:
        return SymbolKind.OTHER_CERTIFICATE
    # The right digits behind a foreign address lead buyers astray.
    return SymbolKind.OWN if said.lower().startswith(prefix) else SymbolKind.UNSIGNED


def _serial_or_elsewhere(said: str, last: str, prefix: str) -> SymbolKind:
    if not said.lower().startswith(prefix) or len(last.replace("-", "")) != _SERIAL_LENGTH:
        return SymbolKind.ELSEWHERE
    try:
        parse_serial(last)
    except SerialTypo:
        return SymbolKind.ELSEWHERE
    return SymbolKind.STAMP


# --- what the program looks at ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SymbolFound:
    """A symbol of an artwork with where it leads."""

    kind: SymbolKind
    file_name: str
    side_mm: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one look; one that `blocks` is in the way of sending and granting."""

    check: AutomaticCheck
    outcome: CheckOutcome
    said: Worded
    blocks: bool = False

    @property
    def basis(self) -> str:
        """What the look rests on; empty for matters of printing."""
        return CHECK_BASIS.get(self.check, "")


@dataclass(frozen=True, slots=True)
class Artworks:
    """What is known of the files of a request when it is looked at."""

    readings: Sequence[ArtworkReading]
    symbols: Sequence[SymbolFound]
    used_for: Sequence[str] = ()


def automatic_checks(
    certificate: Certified,
    files: Artworks,
    *,
    certified_star: int,
    star: int,
    on: date,
    regime: Regime,
) -> tuple[Finding, ...]:
    """Return what the program finds on a day, always all looks in their order.

    `used_for` names other products for which one of the files was handed in.
    """
    return (
        *_of_certificate(certificate, on, regime),
        _of_star(certified_star, star),
        _of_symbol(files),
        _of_size(files),
        _of_resolution(files),
        _of_siblings(files),
    )


def _found(
    check: AutomaticCheck,
    outcome: CheckOutcome,
    *,
    said: str,
    blocks: bool = False,
    **params: object,
) -> Finding:
    return Finding(check, outcome, Worded(said, **params), blocks)


def _of_certificate(certificate: Certified, on: date, regime: Regime) -> tuple[Finding, Finding]:
    last = last_day_in_force(certificate)
    days = (last - on).days
    if not is_in_force(certificate, on, regime):
        return (
            _found(
                AutomaticCheck.CERTIFICATE,
                CheckOutcome.FAILED,
                said="Ngày {day} giấy chứng nhận không còn hiệu lực: không được in sao.",
                blocks=True,
                day=f"{on:%d/%m/%Y}",
            ),
            _found(AutomaticCheck.DAYS_LEFT, CheckOutcome.FAILED, said="Không còn ngày nào."),
        )
    in_force = _found(
        AutomaticCheck.CERTIFICATE,
        CheckOutcome.PASSED,
        said="Còn hiệu lực đến hết ngày {last}.",
        last=f"{last:%d/%m/%Y}",
    )
    if days < WARN_BELOW_DAYS:
        return in_force, _found(
            AutomaticCheck.DAYS_LEFT,
            CheckOutcome.WARNING,
            said="Chỉ còn {days} ngày (dưới {least}). Bao bì in thừa sẽ không dùng được sau ngày {last}: "
            "hãy in vừa đủ.",
            days=days,
            least=WARN_BELOW_DAYS,
            last=f"{last:%d/%m/%Y}",
        )
    return in_force, _found(
        AutomaticCheck.DAYS_LEFT, CheckOutcome.PASSED, said="Còn {days} ngày.", days=days
    )


def _of_star(certified: int, star: int) -> Finding:
    if star == certified:
        return _found(
            AutomaticCheck.STAR,
            CheckOutcome.PASSED,
            said="{star} sao, đúng giấy chứng nhận.",
            star=star,
        )
    return _found(
        AutomaticCheck.STAR,
        CheckOutcome.FAILED,
        said="Mẫu in {star} sao, giấy chứng nhận là {certified} sao.",
        blocks=True,
        star=star,
        certified=certified,
    )


_WRONG_SYMBOL_MESSAGES: dict[SymbolKind, str] = {
    SymbolKind.OTHER_CERTIFICATE: (
        "Mã QR trong «{file}» là của giấy chứng nhận khác. Mỗi sản phẩm chỉ in mã của chính mình."
    ),
    SymbolKind.STAMP: (
        "Mã QR trong «{file}» là mã của một con tem. Mã tem chỉ cho một đơn vị hàng, không in hàng "
        "loạt lên bao bì."
    ),
    SymbolKind.UNSIGNED: (
        "Mã QR trong «{file}» giống mã của hệ thống nhưng không đúng: sai địa chỉ, hoặc dãy số không "
        "mang chữ ký của cơ quan. Hãy tải lại mã và thay vào mẫu."
    ),
}


def _of_symbol(files: Artworks) -> Finding:
    for kind, said in _WRONG_SYMBOL_MESSAGES.items():
        wrong = next((one for one in files.symbols if one.kind is kind), None)
        if wrong is not None:
            return _found(
                AutomaticCheck.SYMBOL,
                CheckOutcome.FAILED,
                said=said,
                blocks=True,
                file=wrong.file_name,
            )
    if any(one.kind is SymbolKind.OWN for one in files.symbols):
        return _found(
            AutomaticCheck.SYMBOL, CheckOutcome.PASSED, said="Đọc được mã của giấy chứng nhận này."
        )
    if not all(one.complete for one in files.readings) or not files.readings:
        return _found(
            AutomaticCheck.SYMBOL,
            CheckOutcome.UNKNOWN,
            said="Máy chưa đọc hết các tệp, hãy xem bằng mắt.",
        )
    if files.symbols:
        return _found(
            AutomaticCheck.SYMBOL,
            CheckOutcome.WARNING,
            said="Có mã QR khác, không có mã tra cứu của giấy chứng nhận. Mã này không bắt buộc, nên in để "
            "người mua kiểm tra được.",
        )
    return _found(
        AutomaticCheck.SYMBOL,
        CheckOutcome.WARNING,
        said="Không thấy mã QR nào. Mã tra cứu không bắt buộc, nên in để người mua kiểm tra được.",
    )


def _of_size(files: Artworks) -> Finding:
    own = [one for one in files.symbols if one.kind is SymbolKind.OWN]
    told = [one.side_mm for one in own if one.side_mm is not None]
    if not own:
        return _found(
            AutomaticCheck.SYMBOL_SIZE, CheckOutcome.UNKNOWN, said="Chưa có mã tra cứu để đo."
        )
    if told and min(told) < SMALLEST_SYMBOL_MM - _MEASURED_WITHIN_MM:
        return _found(
            AutomaticCheck.SYMBOL_SIZE,
            CheckOutcome.FAILED,
            said="Mã in {side} mm kể cả viền trắng; ít nhất {least} mm thì điện thoại mới đọc chắc.",
            side=_decimal(min(told)),
            least=round(SMALLEST_SYMBOL_MM),
        )
    if len(told) < len(own):
        return _found(
            AutomaticCheck.SYMBOL_SIZE,
            CheckOutcome.UNKNOWN,
            said="Ảnh không ghi cỡ in thật. Hãy gửi PDF đúng cỡ, hoặc đo trên bản in thử.",
        )
    return _found(
        AutomaticCheck.SYMBOL_SIZE,
        CheckOutcome.PASSED,
        said="Mã in {side} mm kể cả viền trắng.",
        side=_decimal(min(told)),
    )


def _of_resolution(files: Artworks) -> Finding:
    pages = [page for reading in files.readings for page in reading.pages]
    told = [page.dpi for page in pages if page.dpi is not None]
    if told and min(told) < LEAST_DPI:
        return _found(
            AutomaticCheck.RESOLUTION,
            CheckOutcome.WARNING,
            said="Ảnh thấp nhất {dpi} điểm/inch; nên từ {least} để nhãn hiệu và chữ in nét.",
            dpi=min(told),
            least=LEAST_DPI,
        )
    known = all(page.drawn or page.dpi is not None for page in pages)
    if not pages or not known or not all(one.complete for one in files.readings):
        return _found(
            AutomaticCheck.RESOLUTION,
            CheckOutcome.UNKNOWN,
            said="Tệp không ghi độ phân giải khi in.",
        )
    if not told:
        return _found(
            AutomaticCheck.RESOLUTION,
            CheckOutcome.PASSED,
            said="Mẫu vẽ bằng véc-tơ, in cỡ nào cũng nét.",
        )
    return _found(
        AutomaticCheck.RESOLUTION,
        CheckOutcome.PASSED,
        said="Ảnh thấp nhất {dpi} điểm/inch.",
        dpi=min(told),
    )


def _of_siblings(files: Artworks) -> Finding:
    if files.used_for:
        return _found(
            AutomaticCheck.SIBLINGS,
            CheckOutcome.WARNING,
            said="Cùng tệp này đã gửi cho sản phẩm khác: {products}. Hãy xem sao có đặt nhầm sản phẩm không.",
            products=", ".join(f"«{name}»" for name in files.used_for),
        )
    return _found(
        AutomaticCheck.SIBLINGS, CheckOutcome.PASSED, said="Chưa dùng cho sản phẩm nào khác."
    )


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
