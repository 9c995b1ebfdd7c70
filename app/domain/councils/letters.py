"""What is told to the members of a council, sent as it stands here; never anybody's marks."""

from app.domain.councils.rules import MEETING_BASIS, OPINION_BASIS, PAPERS_BASIS
from app.domain.notices.rules import Letter

MEETING_CALLED = Letter(
    kind="meeting.called",
    title="Phiên họp Hội đồng {meeting} ngày {day}, {count} sản phẩm",
    todo="Đọc hồ sơ, báo cáo của xã và tổ tư vấn trước phiên họp. Nơi họp: {place}.",
    route_name="meetings.show",
    basis=MEETING_BASIS,
)

PAPERS_OPENED = Letter(
    kind="meeting.papers_opened",
    title="Hồ sơ phiên họp {meeting} ngày {day} đã mở, {count} sản phẩm",
    todo="Đọc hồ sơ, báo cáo của xã và tổ tư vấn trước phiên họp.",
    route_name="meetings.show",
    basis=PAPERS_BASIS,
)
OPINION_ASKED = Letter(
    kind="opinion.asked",
    title="Hội đồng lấy ý kiến bằng văn bản về {count} sản phẩm đánh giá lại",
    todo="Đọc hồ sơ, chấm và nộp phiếu chậm nhất ngày {day}; có thể đề nghị họp trực tiếp.",
    route_name="meetings.show",
    basis=OPINION_BASIS,
)
OPINION_DUE = Letter(
    kind="opinion.due",
    title="Còn {count} phiếu ý kiến bằng văn bản chưa nộp, hạn {day}",
    todo="Chấm và nộp phiếu của bạn.",
    route_name="meetings.show",
    basis=OPINION_BASIS,
)
OPINION_EXTENDED = Letter(
    kind="opinion.extended",
    title="Hạn gửi ý kiến bằng văn bản được lùi đến {day}",
    todo="Chấm và nộp phiếu của bạn nếu chưa nộp.",
    route_name="meetings.show",
    basis=OPINION_BASIS,
)
PUT_TO_MEETING = Letter(
    kind="opinion.put_to_meeting",
    title="Sản phẩm «{product}» chuyển từ lấy ý kiến bằng văn bản sang họp",
    todo="Phiếu đã nộp được giữ; chờ lịch họp.",
    route_name="items.show",
    basis=OPINION_BASIS,
)
