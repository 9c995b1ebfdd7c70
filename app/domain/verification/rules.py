"""Pure rules of verification: one verdict out of stamp, certificate and day, and what it says.

Never «genuine»: a photocopy of a stamp verifies too, so every good answer asks to compare the pack.
"""

from datetime import date

from app.domain.recognition.enums import Standing
from app.domain.stamps.enums import StampState, Verdict

# The product carries its star on this day; what is printed may be compared with the pack.
CARRIES_STAR = frozenset({Verdict.VALID, Verdict.LATE, Verdict.EXTENDED})

_BY_STATE = {StampState.VOID: Verdict.VOID, StampState.SUSPENDED: Verdict.SUSPENDED}
_BY_STANDING = {
    Standing.REVOKED: Verdict.REVOKED,
    Standing.SUPERSEDED: Verdict.SUPERSEDED,
    Standing.EXPIRED: Verdict.EXPIRED,
}

BASIS: dict[Verdict, str] = {
    Verdict.VALID: "26/2026/QĐ-TTg, Điều 4.3",
    Verdict.LATE: "26/2026/QĐ-TTg, Điều 4.3, Điều 7.6.a",
    Verdict.EXTENDED: "26/2026/QĐ-TTg, Điều 12.3",
    Verdict.EXPIRED: "26/2026/QĐ-TTg, Điều 4.3",
    Verdict.SUPERSEDED: "26/2026/QĐ-TTg, Điều 7.5, Điều 7.6",
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
        "Giấy chứng nhận đã hết hạn ngày {until} và đang được kéo dài hiệu lực để đánh giá lại."
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


def verdict_of(state: StampState | None, standing: Standing, *, specimen: bool = False) -> Verdict:
    """Return what a scan says: first the stamp itself, then its certificate, then the calendar.

    `state` is None for artwork printed on packaging, which has no life of its own.
    Basis: 26/2026/QĐ-TTg art. 4.3, 7.5, 7.6, 8.
    """
    if specimen:
        return Verdict.SPECIMEN
    if state in _BY_STATE:
        return _BY_STATE[state]
    if standing in _BY_STANDING:
        return _BY_STANDING[standing]
    if state is StampState.ISSUED:
        return Verdict.NOT_ACTIVATED
    return Verdict.LATE if standing is Standing.LATE else Verdict.VALID


def written(day: date | None) -> str:
    """Write a day as people do here: 24/11/2026."""
    return f"{day:%d/%m/%Y}" if day else ""
