"""What is told of a producer's papers, sent as it stands here."""

from app.domain.notices.rules import Letter
from app.domain.wallet.rules import WALLET

PAPER_EXPIRES = Letter(
    kind="paper.expires",
    title="Giấy tờ «{title}» hết hạn sau ngày {last_day}",
    todo="Xin cấp lại, rồi chọn «Thay giấy mới»; hồ sơ đang soạn sẽ dẫn giấy mới.",
    route_name="papers.show",
    basis=WALLET,
)
