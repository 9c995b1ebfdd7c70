"""What the API's document says of refusals; their shape is the same for every call."""

from typing import Any

from app.http.problems import MEDIA_TYPE

_SAID = {
    400: "Nội dung gửi lên không đọc được.",
    401: "Thiếu hoặc sai khóa kết nối.",
    403: "Khóa kết nối hoặc vai trò không cho phép.",
    404: "Không có, hoặc không thuộc phạm vi của bạn.",
    409: "Trạng thái đã khác, phiên bản cũ, hoặc mã chống trùng đã dùng.",
    413: "Nội dung quá lớn.",
    422: "Dữ liệu chưa đúng hoặc quy định không cho phép.",
    429: "Quá nhiều yêu cầu; xem Retry-After.",
    503: "Hệ thống đang bận; xem Retry-After.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
    for status, said in _SAID.items()
}
