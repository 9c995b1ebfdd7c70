"""What both doors say of a refusal over HTTP: its number, and its shape for a program (RFC 9457)."""

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    StaleVersion,
    Unreachable,
)

MEDIA_TYPE = "application/problem+json"
STATUS: dict[type[Refusal], int] = {
    NotFound: 404,
    NotPermitted: 403,
    Unreachable: 503,  # before the kind that it is one of
    Conflict: 409,
    Invalid: 422,
    Refused: 422,
}
TITLES = {
    400: "Yêu cầu chưa đúng",
    401: "Cần khóa kết nối",
    403: "Không được phép",
    404: "Không tìm thấy",
    405: "Không có thao tác này",
    409: "Trạng thái đã khác",
    413: "Nội dung quá lớn",
    415: "Kiểu nội dung không được nhận",
    422: "Quy định không cho phép hoặc dữ liệu chưa đúng",
    429: "Quá nhiều yêu cầu",
    500: "Lỗi hệ thống",
    503: "Hệ thống đang bận",
}


class ProblemDetails(BaseModel):
    """What every refused call answers."""

    type: str = Field(examples=["urn:ocop:problem:dossier.state"])
    title: str = Field(examples=["Trạng thái đã khác"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["Hồ sơ đã nộp, không sửa được nữa."])
    code: str = Field(examples=["dossier.state"])
    instance: str = Field(examples=["/api/v1/dossiers/HS-7K2M9Q4/file"])
    request_id: str = ""
    basis: str | None = Field(default=None, examples=["26/2026/QĐ-TTg, Điều 7.1"])
    errors: dict[str, str] | None = None
    sent_version: int | None = None
    current_version: int | None = None


def status_of(refusal: Refusal) -> int:
    """Return the HTTP number of a refusal's kind."""
    return next((number for kind, number in STATUS.items() if isinstance(refusal, kind)), 422)


def problem_answer(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """Return the one JSON shape of errors."""
    problem = ProblemDetails(
        type=f"urn:ocop:problem:{code}",
        title=TITLES.get(status, "Không thực hiện được"),
        status=status,
        detail=detail,
        code=code,
        instance=request.url.path,
        request_id=request.scope.get("state", {}).get("request_id", ""),
        **more,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"cache-control": "no-store", **(headers or {})},
    )


def refusal_problem(request: Request, refusal: Refusal, status: int | None = None) -> JSONResponse:
    """Return a refusal of the domain as a problem."""
    more: dict[str, Any] = {}
    if isinstance(refusal, Invalid):
        more["errors"] = refusal.fields
    if isinstance(refusal, StaleVersion):
        more["sent_version"] = refusal.params["sent"]
        more["current_version"] = refusal.params["current"]
    return problem_answer(
        request,
        status=status or status_of(refusal),
        code=refusal.reason_code,
        detail=refusal.text,
        basis=refusal.legal_basis,
        **more,
    )
