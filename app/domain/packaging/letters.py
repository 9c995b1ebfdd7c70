"""What producers are told of their artwork, sent as it stands here."""

from app.domain.notices.rules import Letter
from app.domain.packaging.rules import MARK, MISUSE

GRANTED = Letter(
    kind="packaging.granted",
    title="Mẫu bao bì «{package}» của «{product}» được chấp thuận, phiếu số {number}",
    todo="Tải phiếu chấp thuận và in đúng mẫu đã gửi. Dùng được đến hết ngày {last_day}, cùng giấy "
    "chứng nhận.",
    route_name="packaging.show",
    basis=MARK,
)
RETURNED = Letter(
    kind="packaging.returned",
    title="Mẫu bao bì «{package}» của «{product}» cần sửa",
    todo="Mở đề nghị, xem từng lý do, thay tệp mẫu rồi gửi lại.",
    route_name="packaging.show",
    basis=MARK,
)
DECLINED = Letter(
    kind="packaging.declined",
    title="Mẫu bao bì «{package}» của «{product}» không được chấp thuận: {reason}",
    todo="Không in mẫu này. Muốn in mẫu khác thì lập đề nghị mới.",
    route_name="packaging.show",
    basis=MISUSE,
)
WITHDRAWN = Letter(
    kind="packaging.withdrawn",
    title="Chấp thuận số {number} cho mẫu bao bì «{package}» của «{product}» bị thu hồi: {reason}",
    todo="Ngừng in mẫu này từ hôm nay và liên hệ cơ quan OCOP cấp tỉnh về bao bì đã in.",
    route_name="packaging.show",
    basis=MISUSE,
)
