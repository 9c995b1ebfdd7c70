"""Pure rules of verification: one verdict out of stamp, certificate and day, and what it says.

Never «genuine»: a photocopy of a stamp verifies too, so every good answer asks to compare the pack.
"""

from datetime import date, datetime
from typing import NamedTuple

from app.domain.recognition.enums import Standing
from app.domain.stamps.enums import RollState, StampState, Verdict

# The product carries its star on this day; what is printed may be compared with the pack.
CARRIES_STAR = frozenset({Verdict.VALID, Verdict.LATE, Verdict.EXTENDED})

_BY_STATE = {StampState.VOID: Verdict.VOID, StampState.SUSPENDED: Verdict.SUSPENDED}
_BY_STANDING = {
    Standing.REVOKED: Verdict.REVOKED,
    Standing.SUPERSEDED: Verdict.SUPERSEDED,
    Standing.HOLDER_CHANGED: Verdict.HOLDER_CHANGED,
    Standing.PRODUCER_DISSOLVED: Verdict.PRODUCER_DISSOLVED,
    Standing.EXPIRED: Verdict.EXPIRED,
}
_CARRYING = {Standing.LATE: Verdict.LATE, Standing.EXTENDED: Verdict.EXTENDED}

BASIS: dict[Verdict, str] = {
    Verdict.VALID: "26/2026/QĐ-TTg, Điều 4.3",
    Verdict.LATE: "26/2026/QĐ-TTg, Điều 4.3, Điều 7.6.a",
    Verdict.EXTENDED: "26/2026/QĐ-TTg, Điều 12.3",
    Verdict.EXPIRED: "26/2026/QĐ-TTg, Điều 4.3",
    Verdict.SUPERSEDED: "26/2026/QĐ-TTg, Điều 7.5, Điều 7.6",
    Verdict.HOLDER_CHANGED: "26/2026/QĐ-TTg, Điều 4.3, Điều 8.1.đ",
    Verdict.PRODUCER_DISSOLVED: "26/2026/QĐ-TTg, Điều 8.1.đ",
    Verdict.REVOKED: "26/2026/QĐ-TTg, Điều 8",
}

MESSAGES: dict[Verdict, str] = {
    Verdict.VALID: (
        "Tem do cơ quan có thẩm quyền phát hành. Giấy chứng nhận {star} sao còn hiệu lực "
        "đến hết ngày {until}. Hãy so tên sản phẩm, bao gói và nhà sản xuất với món hàng trên tay."
    ),
    Verdict.LATE: (
        "Giấy chứng nhận {star} sao còn hiệu lực đến hết ngày {until}, đã qua hạn nộp hồ sơ đánh giá "
        "lại. Hãy so tên sản phẩm, bao gói và nhà sản xuất với món hàng trên tay."
    ),
    Verdict.EXTENDED: (
        "Giấy chứng nhận {star} sao đã hết hạn ngày {until}, được kéo dài hiệu lực đến hết ngày "
        "{extended} trong khi chờ đánh giá lại."
    ),
    Verdict.NOT_ACTIVATED: (
        "Tem đã in nhưng chưa bàn giao cho nhà sản xuất. Không được bán hàng mang tem này."
    ),
    Verdict.EXPIRED: "Hạng {star} sao của sản phẩm đã hết hiệu lực sau ngày {until}.",
    Verdict.REVOKED: "Giấy chứng nhận đã bị thu hồi từ ngày {since}. {reason}",
    Verdict.VOID: "Con tem này đã bị hủy ngày {since}, không được dùng. {reason}",
    Verdict.SUSPENDED: "Con tem này đang bị tạm ngừng để kiểm tra.",
    Verdict.SUPERSEDED: (
        "Từ ngày {since} sản phẩm có giấy chứng nhận mới: {newer_star} sao, "
        "hiệu lực đến hết ngày {newer_until}."
    ),
    Verdict.HOLDER_CHANGED: (
        "Từ ngày {since} sản phẩm do {newer_producer} làm ra, theo giấy chứng nhận mới {newer_star} "
        "sao, hiệu lực đến hết ngày {newer_until}. Tem này của chủ thể cũ."
    ),
    Verdict.PRODUCER_DISSOLVED: (
        "Nhà sản xuất đã ngừng hoạt động từ ngày {since}; sản phẩm không còn được mang hạng {star} sao."
    ),
    Verdict.ROLL: (
        "Đây là nhãn của cả cuộn số {roll} trong {rolls} cuộn của lô, gồm {stamps} tem; không dán lên "
        "sản phẩm. Từng con tem trong cuộn có mã riêng."
    ),
    Verdict.SPECIMEN: "Đây là tem mẫu để tập huấn, không dùng cho hàng hóa.",
    Verdict.UNKNOWN: (
        "Không có con tem nào mang mã này trong sổ tem. Nếu mã in trên hàng hóa, hãy báo cơ quan "
        "quản lý thị trường hoặc cơ quan OCOP của tỉnh."
    ),
    Verdict.TAMPERED: (
        "Dãy số này không mang chữ ký của cơ quan phát hành: bị sửa, quét nhầm hoặc làm giả. "
        "Hãy quét lại; nếu vẫn vậy, hãy báo cơ quan quản lý thị trường."
    ),
}


def verdict_of(
    state: StampState | None, standing: Standing, *, specimen: bool = False, label: bool = False
) -> Verdict:
    """Return what a scan says: first the stamp itself, then its certificate, then the calendar.

    `state` is None for artwork printed on packaging, which has no life of its own. The label of a
    roll never says that a product is good: it may say that its stamps are not.
    Basis: 26/2026/QĐ-TTg art. 4.3, 7.5, 7.6, 8.
    """
    if specimen:
        return Verdict.SPECIMEN
    if state in _BY_STATE:
        return _BY_STATE[state]
    if standing in _BY_STANDING:
        return _BY_STANDING[standing]
    if label:
        return Verdict.ROLL
    if state is StampState.ISSUED:
        return Verdict.NOT_ACTIVATED
    return _CARRYING.get(standing, Verdict.VALID)


class Kind(NamedTuple):
    """What two scans must share to be told the same, but for serial, time and count.

    `roll_id` is 0 unless the roll itself is told of (its label, a suspension); `record` is the number
    in the register of artwork printed on packaging, 0 for a stamp, which has a certificate's id.
    """

    certificate_id: int
    state: RollState | None
    roll_id: int
    withdrawal_id: int
    label: bool
    specimen: bool
    pin: bool
    record: int


def kind_of_stamp(
    *,
    certificate_id: int,
    state: RollState,
    roll_id: int,
    withdrawal_id: int | None,
    label: bool,
    specimen: bool,
    pin: bool,
) -> Kind:
    """Return the kind of a stamp, or of the label of a roll, as it is stored."""
    own = roll_id if label or state is RollState.SUSPENDED else 0
    return Kind(certificate_id, state, own, withdrawal_id or 0, label, specimen, pin, 0)


def kind_of_artwork(*, record: int, specimen: bool) -> Kind:
    """Return the kind of artwork printed on packaging, by its number in the register."""
    return Kind(0, None, 0, 0, False, specimen, False, record)


def whole_minute(at: datetime) -> datetime:
    """Return the minute a moment lies in: an answer tells no finer when it was known."""
    return at.replace(second=0, microsecond=0)


def written(day: date | None) -> str:
    """Write a day as people do here: 24/11/2026."""
    return f"{day:%d/%m/%Y}" if day else ""
