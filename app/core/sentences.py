"""Vietnamese sentences for what the schemas refuse; both doors use the same ones."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.errors import Worded

SENTENCES: dict[str, str] = {
    "missing": "Chưa điền ô này.",
    "string_too_short": "Cần ít nhất {min_length} ký tự.",
    "string_too_long": "Dài quá {max_length} ký tự.",
    "string_type": "Cần là chữ.",
    "string_pattern_mismatch": "Không đúng mẫu yêu cầu.",
    "int_parsing": "Cần là số nguyên.",
    "int_type": "Cần là số nguyên.",
    "int_from_float": "Cần là số nguyên.",
    "bool_parsing": "Cần là có hoặc không.",
    "bool_type": "Cần là có hoặc không.",
    "greater_than": "Phải lớn hơn {gt}.",
    "greater_than_equal": "Không được nhỏ hơn {ge}.",
    "less_than": "Phải nhỏ hơn {lt}.",
    "less_than_equal": "Không được lớn hơn {le}.",
    "enum": "Không có trong danh sách lựa chọn.",
    "literal_error": "Không có trong danh sách lựa chọn.",
    "date_parsing": "Ngày chưa đúng. Hãy nhập dạng năm-tháng-ngày.",
    "date_from_datetime_parsing": "Ngày chưa đúng. Hãy nhập dạng năm-tháng-ngày.",
    "date_type": "Ngày chưa đúng.",
    "datetime_parsing": "Thời điểm chưa đúng.",
    "datetime_from_date_parsing": "Thời điểm chưa đúng.",
    "timezone_aware": "Thời điểm phải kèm múi giờ, ví dụ 2026-11-24T08:00:00+07:00.",
    "extra_forbidden": "Ô này không được nhận ở đây.",
    "json_invalid": "Nội dung gửi lên không phải JSON đúng.",
    "too_long": "Nhiều quá {max_length} mục.",
    "too_short": "Cần ít nhất {min_length} mục.",
    "list_type": "Cần là danh sách.",
    "dict_type": "Cần là một nhóm tên và giá trị.",
    "model_attributes_type": "Nội dung gửi lên chưa đúng dạng.",
}
OTHERWISE = "Giá trị chưa hợp lệ."


def sentence(error: Mapping[str, Any]) -> str:
    """Return the sentence for one error of the schema library."""
    context = error.get("ctx") or {}
    if error.get("type") == "value_error" and "error" in context:
        return str(context["error"])
    template = SENTENCES.get(str(error.get("type")), OTHERWISE)
    try:
        return Worded(template, **context)
    except KeyError:
        return OTHERWISE


def fields_of(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return one sentence a field, named by its path without «body» in front."""
    told: dict[str, str] = {}
    for error in errors:
        place = [str(part) for part in error.get("loc", ())]
        if place and place[0] in {"body", "query", "path", "header"}:
            place = place[1:]
        told.setdefault(".".join(place) or "body", sentence(error))
    return told
