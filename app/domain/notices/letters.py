"""What people are told of their own account, sent as it stands here."""

from app.domain.notices.rules import Letter

NEW_DEVICE = Letter(
    kind="account.new_device",
    title="Đăng nhập từ thiết bị mới: {device}",
    todo="Nếu không phải bạn, hãy đổi mật khẩu và đăng xuất nơi đó ngay.",
    route_name="account.show",
)
MANY_FAILURES = Letter(
    kind="account.many_failures",
    title="Có nhiều lần đăng nhập sai vào tài khoản của bạn",
    todo="Nếu không phải bạn, hãy xem các nơi đang đăng nhập và bật bảo vệ hai lớp.",
    route_name="account.show",
)
TOKEN_EXPIRES = Letter(
    kind="token.expires",
    title="Khóa kết nối «{name}» sắp hết hạn",
    todo="Đổi khóa và đưa khóa mới cho phần mềm đang dùng.",
    route_name="account.show",
)
