"""What people are told about posts that change hands."""

from app.domain.notices.rules import Letter

POST_HANDED_TO_YOU = Letter(
    kind="handover.received",
    title="Bạn nhận bàn giao vai từ {giver}, từ ngày {day}",
    todo="Xem vai được giao và những việc còn đang làm dở.",
    route_name="handovers.show",
)
POST_HANDED_ON = Letter(
    kind="handover.given",
    title="Vai của bạn được giao cho {receiver} từ ngày {day}",
    todo="Bàn giao những việc còn đang làm dở.",
    route_name="handovers.show",
)
YOU_STAND_IN = Letter(
    kind="leave.deputy",
    title="Bạn làm thay {absent} từ {first_day} đến hết {last_day}",
    todo="Xem những vai bạn giữ thay trong những ngày này.",
    route_name="absences.show",
)
YOUR_LEAVE = Letter(
    kind="leave.entered",
    title="Bạn nghỉ từ {first_day} đến hết {last_day}, {deputy} làm thay",
    todo="Xem lại ngày nghỉ và người làm thay.",
    route_name="absences.show",
)
LEAVE_ENDED = Letter(
    kind="leave.ended",
    title="Đợt nghỉ của {absent} kết thúc sớm; {deputy} thôi làm thay",
    todo="Xem các ngày đã làm thay.",
    route_name="absences.show",
)
