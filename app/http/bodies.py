"""Request bodies: read whole before a place in the gate is taken, and never beyond a limit."""

from starlette.requests import Request

from app.core.errors import Refused

FORM_OVERHEAD_BYTES = 64 * 1024


class BodyTooLarge(Refused):
    """The body is larger than anything this service accepts."""

    code = "body.too_large"
    message = "Nội dung gửi lên quá lớn (tối đa {most_mb} MB). Hãy giảm dung lượng tệp."


async def read_body(request: Request, *, most_bytes: int) -> bytes:
    """Read and keep the body; a slow or endless sender holds no database connection meanwhile."""
    limit = most_bytes + FORM_OVERHEAD_BYTES
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limit:
        raise BodyTooLarge(most_mb=most_bytes // (1024 * 1024))
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise BodyTooLarge(most_mb=most_bytes // (1024 * 1024))
        parts.append(part)
    body = b"".join(parts)
    request._body = body  # noqa: SLF001 -- Starlette's own cache: forms and JSON are read from it
    return body
