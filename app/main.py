"""create_app: the only place where everything meets."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgi_cross_origin_protection import CrossOriginProtection
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette_compress import CompressMiddleware

from app.api import routers as api_routers
from app.api.deps import IDEMPOTENCY_PARAMETER, TokenNeeded
from app.api.problems import TITLES, ProblemDetails, problem_answer, refusal_problem
from app.core.db import is_answering, make_engine
from app.core.errors import Invalid, NotFound, Refusal, Unreachable
from app.core.sentences import fields_of
from app.core.settings import Settings
from app.http.arrivals import Arrivals
from app.http.bodies import BodyTooLarge
from app.http.gate import Gate, Overloaded
from app.http.headers import SecurityHeaders
from app.http.limits import LoginLimit, TooManyAttempts
from app.http.sessions import READING
from app.web import routers as page_routers
from app.web.deps import SignInNeeded
from app.web.refusals import refusal_page, sign_in_first
from app.web.render import STATIC

API_PREFIX = "/api/v1"
_log = logging.getLogger("ocop")


class FingerprintedFiles(StaticFiles):
    """Static files; an address that carries the content's mark may be kept for ever."""

    async def get_response(self, path: str, scope: Any) -> Response:
        """Answer a file."""
        answer = await super().get_response(path, scope)
        marked = b"v=" in scope.get("query_string", b"")
        answer.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if marked else "public, max-age=300"
        )
        return answer


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the whole application for these settings."""
    settings = settings or Settings()
    app = FastAPI(
        title="OCOP Lai Châu",
        version="1",
        summary="Đánh giá, phân hạng, công nhận và tra cứu sản phẩm OCOP tỉnh Lai Châu",
        description=(
            "Ngày là `năm-tháng-ngày`; thời điểm là ISO 8601 kèm múi giờ; điểm trung bình là phân số "
            "chính xác kèm dạng chữ; mọi lỗi là `application/problem+json` (RFC 9457). Lời gọi không "
            "an toàn cần `Idempotency-Key`; sửa một mục cần `version` đã xem. Trên đường truyền yếu, "
            "tệp minh chứng gửi được từng đoạn theo tus 1.0 tại `/uploads` với cùng khóa kết nối "
            "(`dossiers:write`); `Upload-Metadata` gồm `filename`, các ô của giấy tờ, và một trong ba: `dossier`, "
            "`producer` (ví giấy tờ), `paper` kèm `version` (thay giấy mới)."
        ),
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API_PREFIX}/openapi.json",
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.engine = make_engine(settings)
    app.state.gate = Gate(settings.pool_size, settings.pool_wait_seconds)
    app.state.arrivals = Arrivals(settings.upload_idle_seconds)
    app.state.login_limit = LoginLimit(settings.login_attempts)
    for router in api_routers():
        app.include_router(router, prefix=API_PREFIX)
    app.mount("/static", FingerprintedFiles(directory=STATIC), name="static")
    app.router.routes.append(Route("/healthz", healthz, name="healthz"))
    app.router.routes.append(Route("/readyz", readyz, name="readyz"))
    app.state.pages = {}
    for router in page_routers():
        app.include_router(router)
        app.state.pages |= {page.name: page for page in router.routes if isinstance(page, Route)}
    _install_refusals(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # -- FastAPI's documented way
    app.add_middleware(CrossOriginProtection)
    app.add_middleware(CompressMiddleware, zstd=False, brotli_quality=5, minimum_size=600)
    app.add_middleware(SecurityHeaders, settings=settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.engine.dispose()


async def healthz(_request: Request) -> Response:
    """Answer that the process lives: no database, never behind the gate."""
    return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})


def readyz(request: Request) -> Response:
    """Answer whether the database answers."""
    ready = is_answering(request.app.state.engine)
    return PlainTextResponse("ok\n" if ready else "không\n", status_code=200 if ready else 503)


def is_api(request: Request) -> bool:
    """Tell whether a request came to the JSON door."""
    return request.url.path.startswith(("/api/", "/.well-known/"))


def _install_refusals(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def on_refusal(request: Request, refusal: Refusal) -> Response:
        status = 413 if isinstance(refusal, BodyTooLarge) else None
        headers = {}
        if isinstance(refusal, TooManyAttempts):
            status, headers = 429, {"retry-after": str(refusal.retry_after_seconds)}
        if isinstance(refusal, Unreachable):
            headers = {"retry-after": str(refusal.retry_after_seconds)}
        answer = (
            refusal_problem(request, refusal, status)
            if is_api(request)
            else refusal_page(request, refusal, status)
        )
        answer.headers.update(headers)
        return answer

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, wrong: RequestValidationError) -> Response:
        errors = wrong.errors()
        unreadable = any(error["type"] == "json_invalid" for error in errors)
        refusal = Invalid(fields_of(errors))
        status = 400 if unreadable else 422
        if is_api(request):
            return refusal_problem(request, refusal, status)
        return refusal_page(request, refusal, 404 if request.method in READING else status)

    @app.exception_handler(TokenNeeded)
    async def on_no_token(request: Request, _needed: TokenNeeded) -> Response:
        return problem_answer(
            request,
            status=401,
            code="token.needed",
            detail="Cần khóa kết nối còn hiệu lực: Authorization: Bearer ocop_…",
            headers={"www-authenticate": 'Bearer realm="ocop"'},
        )

    @app.exception_handler(SignInNeeded)
    async def on_visitor(request: Request, _needed: SignInNeeded) -> Response:
        return sign_in_first(request)

    @app.exception_handler(Overloaded)
    async def on_overload(request: Request, _waited: Overloaded) -> Response:
        headers = {"retry-after": str(Overloaded.retry_after_seconds)}
        detail = "Hệ thống đang có nhiều người dùng. Hãy thử lại sau vài giây."
        if is_api(request):
            return problem_answer(request, status=503, code="busy", detail=detail, headers=headers)
        return PlainTextResponse(detail, status_code=503, headers=headers)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        refusal = NotFound() if error.status_code == 404 else Refusal(TITLES.get(error.status_code))
        code = {400: "body.unreadable", 404: "not_found", 405: "method_not_allowed"}.get(
            error.status_code, "http"
        )
        if is_api(request):
            return problem_answer(
                request,
                status=error.status_code,
                code=code,
                detail=refusal.text,
                headers=dict(error.headers or {}),
            )
        return refusal_page(request, refusal, error.status_code)

    @app.exception_handler(Exception)
    async def on_fault(request: Request, fault: Exception) -> Response:
        request_id = request.scope.get("state", {}).get("request_id", "")
        _log.error("request %s failed", request_id, exc_info=fault)
        detail = f"Có lỗi ngoài dự kiến. Hãy báo quản trị với mã {request_id}."
        if is_api(request):
            return problem_answer(request, status=500, code="fault", detail=detail)
        return PlainTextResponse(detail, status_code=500)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for path in document["paths"].values():
        for method, operation in path.items():
            if method.upper() not in READING and operation.get("security"):
                operation.setdefault("parameters", []).append(IDEMPOTENCY_PARAMETER)
    app.openapi_schema = document
    return document
