"""What is told of certificates and their renewal, sent as it stands here."""

from app.domain.notices.rules import Letter
from app.domain.recognition.rules import RENEWAL_FILING

RECOGNISED = Letter(
    kind="certificate.issued",
    title="«{product}» được công nhận OCOP {star} sao theo quyết định {decision} ngày {day}",
    todo="Tải giấy chứng nhận và đặt tem. Giấy có giá trị đến hết ngày {last_day}.",
    route_name="certificates.show",
    basis="26/2026/QĐ-TTg, Điều 7.3.e, Điều 7.3.g",
)
RENEWAL_OPENS = Letter(
    kind="certificate.renewal_opens",
    title="Đến kỳ nộp hồ sơ đánh giá lại «{product}»: từ {first} đến hết {last}",
    todo="Mở giấy chứng nhận, bấm «Đánh giá lại» và nộp hồ sơ tại xã trước khi hết kỳ.",
    route_name="certificates.show",
    basis=RENEWAL_FILING,
)
RENEWAL_CLOSES = Letter(
    kind="certificate.renewal_closes",
    title="Sắp hết kỳ nộp hồ sơ đánh giá lại «{product}»: ngày cuối là {last}",
    todo="Nộp hồ sơ tại xã ngay. Sau ngày {last} xã không nhận; giấy hết hạn ngày {last_day}.",
    route_name="certificates.show",
    basis=RENEWAL_FILING,
)
