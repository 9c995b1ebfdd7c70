"""What is told of checks, sent as it stands here."""

from app.domain.inspections.rules import AGENCY_LEADS, CHECKING, FAIRNESS
from app.domain.notices.rules import Letter

ANNOUNCED = Letter(
    kind="inspection.announced",
    title="Kiểm tra định kỳ «{product}» ngày {day}",
    todo="Chuẩn bị hồ sơ, giấy tờ còn hạn và sản phẩm đang bán; cử người làm việc với đoàn.",
    route_name="inspections.show",
    basis=FAIRNESS,
)
ASSIGNED = Letter(
    kind="inspection.assigned",
    title="Tham gia đoàn kiểm tra «{product}» ngày {day}",
    todo="Mở cuộc kiểm tra, xem danh mục nội dung cần kiểm tra tại {place}.",
    route_name="inspections.show",
    basis=AGENCY_LEADS,
)
CANCELLED = Letter(
    kind="inspection.cancelled",
    title="Hủy cuộc kiểm tra «{product}» ngày {day}",
    todo="Không cần chuẩn bị nữa. Lý do: {reason}",
    route_name="inspections.show",
    basis=CHECKING,
)
CORRECTION_ASKED = Letter(
    kind="inspection.correction_asked",
    title="Khắc phục {count} nội dung sau kiểm tra «{product}», hạn {due}",
    todo="Mở trang khắc phục, trả lời từng nội dung kèm giấy tờ, ảnh chứng minh.",
    route_name="inspections.corrections",
    basis=CHECKING,
)
CORRECTION_DUE = Letter(
    kind="inspection.correction_due",
    title="Sắp hết hạn khắc phục sau kiểm tra «{product}»: {due}",
    todo="Trả lời các nội dung còn lại trước khi hết hạn; quá hạn, cơ quan kiểm tra sẽ kết luận.",
    route_name="inspections.corrections",
    basis=CHECKING,
)
CORRECTION_ANSWERED = Letter(
    kind="inspection.correction_answered",
    title="Có trả lời khắc phục sau kiểm tra «{product}»",
    todo="Xem trả lời và giấy tờ, chấp nhận hoặc yêu cầu làm lại từng nội dung.",
    route_name="inspections.corrections",
    basis=AGENCY_LEADS,
)
CORRECTION_REFUSED = Letter(
    kind="inspection.correction_refused",
    title="Nội dung khắc phục sau kiểm tra «{product}» chưa đạt, hạn mới {due}",
    todo="Đọc ý kiến của cơ quan kiểm tra và trả lời lại trước hạn mới.",
    route_name="inspections.corrections",
    basis=CHECKING,
)
CONCLUDED = Letter(
    kind="inspection.concluded",
    title="Kết luận kiểm tra «{product}» số {number}: {outcome}",
    todo="Xem kết luận, biên bản kiểm tra và việc tiếp theo.",
    route_name="inspections.show",
    basis=CHECKING,
)
