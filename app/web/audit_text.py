"""One Vietnamese sentence for each kind of event; a test holds it equal to what actions record."""

from typing import Any

SENTENCES: dict[str, str] = {
    "session.opened": "Đăng nhập",
    "session.ended": "Đăng xuất",
    "account.created": "Mở tài khoản",
    "account.disabled": "Khóa tài khoản",
    "token.created": "Tạo khóa kết nối",
    "token.revoked": "Thu hồi khóa kết nối",
    "producer.created": "Đăng ký chủ thể",
    "producer.changed": "Sửa thông tin chủ thể",
    "product.created": "Đăng ký sản phẩm",
    "product.changed": "Sửa thông tin sản phẩm",
}


def event_sentence(event: Any) -> str:
    """Return what happened, in words, and on whose behalf when somebody helped."""
    said = SENTENCES.get(event.kind, event.kind)
    return f"{said} (làm thay chủ thể)" if event.data.get("on_behalf") else said
