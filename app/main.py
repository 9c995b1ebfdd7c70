"""create_app: the only place where everything meets."""

import gc
import logging
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from threading import Thread
from time import perf_counter
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from asgi_cross_origin_protection import CrossOriginProtection
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from app.api import fast_lanes
from app.api import routers as api_routers
from app.api import scan_lanes as program_scans
from app.api.deps import IDEMPOTENCY_PARAMETER, TokenNeeded
from app.core.db import (
    DATABASE_FAULTS,
    DatabaseUnreachable,
    is_only_reading,
    is_passing,
    make_engine,
    make_standby_engine,
)
from app.core.errors import Invalid, NotFound, Refusal, Unreachable
from app.core.logs import configure_logs
from app.core.rates import SharedCounts, counts_of
from app.core.replica import Replica
from app.core.sentences import fields_of
from app.core.settings import Settings, known_networks
from app.core.telemetry import Telemetry
from app.domain.accounts.rules import roles_named
from app.domain.status.rules import LIST_MEDIA_TYPE, MEDIA_TYPE
from app.http.arrivals import Arrivals
from app.http.assets import FingerprintedFiles
from app.http.bodies import BodyTooLarge
from app.http.codings import BROTLI_QUALITY
from app.http.draining import draining
from app.http.fast_lane import RefusedBefore, ScanLane
from app.http.gate import Gate
from app.http.headers import SecurityHeaders
from app.http.limits import FloodLimit, LoginLimit, TooManyAttempts
from app.http.metrics import measure_scan, metrics
from app.http.prepared import PreparedAnswers, PreparedLane
from app.http.problems import TITLES, ProblemDetails, problem_answer, refusal_problem
from app.http.proxies import Proxies
from app.http.pulse import Pulse
from app.http.scan_desk import ScanDesk
from app.http.security_txt import security_txt
from app.http.sessions import READING
from app.http.waiting import Lookout
from app.http.watch import Watch
from app.web import routers as page_routers
from app.web import scan_lanes as page_scans
from app.web.deps import SignInNeeded, StepNeeded
from app.web.refusals import refusal_page, sign_in_first, step_first

API_PREFIX = "/api/v1"
_THREADS_FOR_FILES = 8  # static ones, and those that are still arriving
_log = logging.getLogger("ocop")


class Unexpected(Refusal):
    """A fault of the program: not what was asked is wrong, and asking again may help."""

    code = "fault"
    message = (
        "Có lỗi ngoài dự kiến, việc này chưa được thực hiện. Hãy thử lại; nếu vẫn lỗi, hãy báo quản "
        "trị với mã {request_id}."
    )


class Program(FastAPI):
    """The application, with the short way of scans before all its layers.

    A scan needs none of them: its lane writes its own headers, packs its own answer, and reads no
    cookie. What a lane refuses, or breaks on, goes on through them like anything else.
    """

    lanes: tuple[ScanLane, ...] = ()
    proxies: Proxies
    watch: Watch

    def build_middleware_stack(self) -> ASGIApp:
        """Dress every answer, that of a fault as well."""
        return SecurityHeaders(super().build_middleware_stack(), settings=self.state.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain scan at once, pass anything else on."""
        scope["app"] = self
        if scope["type"] == "http":
            self.proxies.settle(scope)
        for lane in () if self.watch.draining else self.lanes:  # they say nothing of the end
            asked = lane.asked(scope)
            if asked is not None:
                began = perf_counter()
                try:
                    answer = await lane.answer(scope, asked)
                except Exception as refused:
                    scope[RefusedBefore.KEY] = refused
                    break
                await send(
                    {
                        "type": "http.response.start",
                        "status": answer.status,
                        "headers": answer.headers,
                    }
                )
                await send({"type": "http.response.body", "body": answer.body})
                measure_scan(lane.way, perf_counter() - began)
                return
        await self.watch.over(super().__call__, scope, receive, send)


def create_app(settings: Settings | None = None) -> Program:
    """Return the whole application for these settings."""
    settings = settings or Settings()
    telemetry = Telemetry(settings)
    app = Program(
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
        telemetry=telemetry.for_fastapi,
    )
    app.state.settings = settings
    app.state.engine = make_engine(settings)
    app.state.telemetry = telemetry
    telemetry.watch(app.state.engine)
    app.state.gate = Gate(
        settings.pool_size, settings.admission_seconds, line=settings.admission_waiting
    )
    app.state.replica = replica = Replica(
        app.state.engine,
        make_standby_engine(settings),
        most_lag_seconds=settings.replica_most_lag_seconds,
    )
    app.state.prepared = PreparedAnswers(replica)
    app.state.pulse = Pulse(app.state.engine, otherwise=lambda: replica.is_readable_alone)
    app.state.arrivals = Arrivals(settings.upload_idle_seconds)
    app.state.counts = counts = counts_of(app.state.engine)
    app.state.login_limit = LoginLimit(
        settings.login_attempts, settings.login_attempts_of_network, counts
    )
    app.state.second_factor_roles = roles_named(settings.roles_with_second_factor)
    app.state.network_reports = FloodLimit(settings.reports_of_network, "network_reports", counts)
    app.state.desk = ScanDesk(settings, app.state.engine, replica=replica)
    app.state.program_reports = FloodLimit(settings.reports_of_program, "program_reports", counts)
    app.state.pin_tries = FloodLimit(settings.pins_of_network, "pin_tries", counts)
    app.state.network_claims = FloodLimit(settings.claims_of_network, "network_claims", counts)
    app.state.program_claims = FloodLimit(settings.claims_of_program, "program_claims", counts)
    app.state.lookout = Lookout(settings)
    app.proxies, app.watch = Proxies(known_networks(settings.trusted_proxies)), Watch(API_PREFIX)
    app.state.pages = dict(_pages())
    app.router.routes[:0] = [RefusedBefore(), PreparedLane(), *fast_lanes(API_PREFIX)]
    app.router.routes += _doors()
    app.lanes = (*page_scans(), *program_scans(API_PREFIX))
    _install_refusals(app)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # -- FastAPI's documented way
    app.add_middleware(CrossOriginProtection)
    for signed in (MEDIA_TYPE, LIST_MEDIA_TYPE):
        add_compress_type(signed)  # base64 of what was packed: a quarter of it is air
    app.add_middleware(
        CompressMiddleware, zstd=False, brotli_quality=BROTLI_QUALITY, minimum_size=600
    )
    return app


def create_worker() -> Program:
    """Return the application of one of several workers: made in its own process, from its environment."""
    settings = Settings()
    configure_logs(settings.log_form)
    app = create_app(settings)
    settle()
    Thread(target=_end_with_the_first, name="parent", daemon=True).start()
    return app


def _end_with_the_first() -> None:
    """End this worker when the process that began it is gone, killed even: nobody else would."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)


@cache
def _doors() -> tuple[BaseRoute, ...]:
    """Return the routes of both doors, laid once a process.

    They know nothing of settings: every application of the process stands behind the same ones, and
    what FastAPI builds of a route when it is first searched is built once (a third of a second).
    """
    doors = APIRouter()
    for router in api_routers():
        doors.include_router(router, prefix=API_PREFIX)
    doors.routes += [
        Mount("/static", FingerprintedFiles(), name="static"),
        Route("/healthz", healthz, name="healthz"),
        Route("/readyz", readyz, name="readyz"),
        Route("/metrics", metrics, name="metrics"),
        Route("/.well-known/security.txt", security_txt, name="security.txt"),
    ]
    for router in page_routers():
        doors.include_router(router)
    return tuple(doors.routes)


@cache
def _pages() -> dict[str, Route]:
    """Return the pages by name."""
    routes = (route for router in page_routers() for route in router.routes)
    return {route.name: route for route in routes if isinstance(route, Route)}


def settle() -> None:
    """Let the collector of garbage pass over what lives as long as the program; call once, before serving.

    Half a million objects of modules, routes and schemas are looked through otherwise each time one
    full round is due: a tenth of a second in which nobody is answered.
    """
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # A thread for each place behind the gate, and a few for files: nobody inside waits for a thread.
    current_default_thread_limiter().total_tokens = (
        app.state.settings.pool_size + _THREADS_FOR_FILES
    )
    with app.state.replica.watching(), draining(app):
        yield
    app.state.telemetry.close()
    app.state.lookout.close()
    app.state.desk.close()
    app.state.prepared.close()
    app.state.pulse.close()
    if isinstance(app.state.counts, SharedCounts):
        app.state.counts.close()
    app.state.engine.dispose()


async def healthz(_request: Request) -> Response:
    """Answer that the process lives: no database, never behind the gate."""
    return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})


async def readyz(request: Request) -> Response:
    """Answer whether the database answers; neither the gate nor the pool is waited for."""
    pulse: Pulse = request.app.state.pulse
    if await pulse.is_felt():
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})
    headers = {"cache-control": "no-store", "retry-after": "5"}
    return PlainTextResponse("không\n", status_code=503, headers=headers)


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

    @app.exception_handler(StepNeeded)
    async def on_half_signed_in(request: Request, needed: StepNeeded) -> Response:
        return step_first(request, needed.step)

    async def on_database_fault(request: Request, fault: Exception) -> Response:
        writes = request.method not in READING
        if not is_passing(fault) and not (writes and is_only_reading(fault)):
            raise fault
        request_id = request.scope.get("state", {}).get("request_id", "")
        # Only what kind: the text of a fault may repeat what was asked.
        _log.error("request %s: no database: %s", request_id, type(fault).__name__)
        return await on_refusal(request, DatabaseUnreachable())

    for kind in DATABASE_FAULTS:
        app.add_exception_handler(kind, on_database_fault)

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
        unexpected = Unexpected(request_id=request_id)
        if is_api(request):
            return refusal_problem(request, unexpected, 500)
        try:
            return refusal_page(request, unexpected, 500)
        except Exception:  # what broke the page may break this one
            return PlainTextResponse(unexpected.text, status_code=500)


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
