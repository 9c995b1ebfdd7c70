"""What is told of requests about personal data, sent as it stands here."""

from app.domain.notices.rules import Letter
from app.domain.privacy.rules import RIGHTS

# Neither who asks nor what about: a letter may be read on a screen in a hall.
REQUEST_CAME = Letter(
    kind="privacy.came",
    title="Yêu cầu về dữ liệu cá nhân {request}",
    todo="Mở yêu cầu, xem phần phải giữ, rồi trả lời trước hạn.",
    route_name="privacy.request",
    basis=RIGHTS,
)
REQUEST_ANSWERED = Letter(
    kind="privacy.answered",
    title="Yêu cầu về dữ liệu cá nhân {request} đã được trả lời",
    todo="Xem câu trả lời trong trang Dữ liệu của tôi.",
    route_name="privacy.mine",
    basis=RIGHTS,
)
