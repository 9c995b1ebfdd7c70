"""What is told of certificates and their renewal, sent as it stands here."""

from app.domain.notices.rules import Letter
from app.domain.recognition.enums import Milestone
from app.domain.recognition.rules import (
    EXTENSION,
    ONE_HOLDER,
    RENEWAL_FILING,
    REVOCATION_CLOCK,
    REVOCATION_STEPS,
)

RECOGNISED = Letter(
    kind="certificate.issued",
    title="«{product}» được công nhận OCOP {star} sao theo quyết định {decision} ngày {day}",
    todo="Tải giấy chứng nhận và đặt tem. Giấy có giá trị đến hết ngày {last_day}.",
    route_name="certificates.show",
    basis="26/2026/QĐ-TTg, Điều 7.3.e, Điều 7.3.g",
)
# Sent as the end comes nearer; each names both days of the window (art. 7.6.a).
MILESTONES: dict[Milestone, Letter] = {
    Milestone.SOON: Letter(
        kind="certificate.renewal_soon",
        title="Sắp đến kỳ đánh giá lại «{product}»: nộp hồ sơ từ {first} đến hết {last}",
        todo="Chuẩn bị từ bây giờ: phiếu kiểm nghiệm, nhãn, giấy tờ còn hạn. "
        "Giấy hết hạn ngày {last_day}.",
        route_name="certificates.show",
        basis=RENEWAL_FILING,
    ),
    Milestone.OPENS: Letter(
        kind="certificate.renewal_opens",
        title="Đến kỳ nộp hồ sơ đánh giá lại «{product}»: từ {first} đến hết {last}",
        todo="Mở giấy chứng nhận, bấm «Đánh giá lại» và nộp hồ sơ tại xã trước khi hết kỳ.",
        route_name="certificates.show",
        basis=RENEWAL_FILING,
    ),
    Milestone.CLOSES: Letter(
        kind="certificate.renewal_closes",
        title="Sắp hết kỳ nộp hồ sơ đánh giá lại «{product}»: từ {first}, ngày cuối là {last}",
        todo="Nộp hồ sơ tại xã ngay. Sau ngày {last} xã không nhận; giấy hết hạn ngày {last_day}.",
        route_name="certificates.show",
        basis=RENEWAL_FILING,
    ),
    Milestone.CLOSED: Letter(
        kind="certificate.renewal_closed",
        title="Kỳ nộp hồ sơ đánh giá lại «{product}» (từ {first}) kết thúc ngày {last}",
        todo="Chưa nộp thì nộp tại xã trong ngày {last}. Sau ngày đó chỉ còn đề nghị cơ quan có thẩm "
        "quyền xem xét kéo dài; giấy hết hạn ngày {last_day}.",
        route_name="certificates.show",
        basis=f"{RENEWAL_FILING}; Điều 12.3",
    ),
    Milestone.ENDS_SOON: Letter(
        kind="certificate.ends_soon",
        title="Còn không quá 30 ngày: giấy chứng nhận «{product}» hết hạn ngày {last_day}",
        todo="Đã nộp hồ sơ trong kỳ từ {first} đến hết {last}: theo dõi kết quả. Chưa nộp: đề nghị "
        "xem xét kéo dài, và chuẩn bị bỏ hạng sao khỏi bao bì, tem sau ngày {last_day}.",
        route_name="certificates.show",
        basis="26/2026/QĐ-TTg, Điều 4.3, Điều 7.6.a, Điều 12.3",
    ),
    Milestone.ENDS: Letter(
        kind="certificate.ends",
        title="Giấy chứng nhận «{product}» có giá trị đến hết ngày {last_day}",
        todo="Sau ngày {last_day} không dùng hạng sao, nhãn hiệu OCOP cho đến khi có giấy mới hoặc "
        "quyết định kéo dài. Kỳ nộp hồ sơ đánh giá lại: từ {first} đến hết {last}.",
        route_name="certificates.show",
        basis="26/2026/QĐ-TTg, Điều 4.3, Điều 7.6.a",
    ),
}
CASE_OPENED = Letter(
    kind="revocation.opened",
    title="Mở hồ sơ thu hồi giấy chứng nhận «{product}» theo {conclusion} ngày {day}",
    todo="Đọc căn cứ trong hồ sơ; chủ thể gửi ý kiến, tài liệu cho cơ quan tham mưu OCOP cấp tỉnh. "
    "Thời hạn quyết định: {due}.",
    route_name="revocations.show",
    basis=REVOCATION_CLOCK,
)
CASE_DROPPED = Letter(
    kind="revocation.dropped",
    title="Dừng hồ sơ thu hồi giấy chứng nhận «{product}»",
    todo="Giấy chứng nhận không bị thu hồi theo hồ sơ này. Lý do: {reason}",
    route_name="revocations.show",
    basis=REVOCATION_STEPS,
)
REVOKED = Letter(
    kind="certificate.revoked",
    title="Giấy chứng nhận OCOP của «{product}» bị thu hồi theo quyết định {decision} ngày {day}",
    todo="Ngừng dùng hạng sao và nhãn hiệu OCOP trên bao bì, tem và quảng cáo từ ngày {day}. {reason}",
    route_name="certificates.show",
    basis="26/2026/QĐ-TTg, Điều 8.1, Điều 8.3.c",
)
EXTENDED = Letter(
    kind="certificate.extended",
    title="Giấy chứng nhận OCOP của «{product}» được kéo dài đến hết {last_day}",
    todo="Theo quyết định {decision} ngày {day}. Trong thời gian này chủ thể chịu trách nhiệm giữ "
    "đúng bộ tiêu chí và hồ sơ đã được công nhận.",
    route_name="certificates.show",
    basis=EXTENSION,
)
CORRECTED = Letter(
    kind="certificate.corrected",
    title="Giấy chứng nhận OCOP của «{product}» được đính chính theo quyết định {decision} ngày {day}",
    todo="Tải lại giấy chứng nhận và kiểm tra các nội dung đã đính chính.",
    route_name="certificates.show",
    basis="26/2026/QĐ-TTg, Điều 4.3",
)
HOLDER_CHANGED = Letter(
    kind="certificate.holder_changed",
    title="Giấy chứng nhận OCOP của «{product}» chuyển sang chủ thể kế thừa: {successor}",
    todo="Theo quyết định {decision} ngày {day}. Giấy mới giữ mã sản phẩm, hạng sao và thời hạn "
    "đến hết {last_day}; giấy cũ không còn dùng được.",
    route_name="register.show",
    basis=ONE_HOLDER,
)
