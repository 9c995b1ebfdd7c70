"""What is told of product ideas, sent as it stands here."""

from app.domain.ideas.rules import REGISTRATION
from app.domain.notices.rules import Letter

IDEA_CAME = Letter(
    kind="idea.came",
    title="Ý tưởng sản phẩm «{idea}» chờ xã xem xét",
    todo="Đọc ý tưởng, rồi chấp nhận, yêu cầu hoàn thiện hoặc không chấp nhận, kèm lý do.",
    route_name="ideas.show",
    basis=REGISTRATION,
)
IDEA_ANSWERED = Letter(
    kind="idea.answered",
    title="Xã đã trả lời ý tưởng «{idea}»: {answer}",
    todo="Mở ý tưởng để đọc ý kiến của xã và làm bước tiếp theo.",
    route_name="ideas.show",
    basis=REGISTRATION,
)
