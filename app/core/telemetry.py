"""Traces for whoever looks for a slow place, sent by OTLP over HTTP where OCOP_TELEMETRY says so.

FastAPI opens the span of a request, with its route. We take out of it what names somebody (the address
that was asked, its question) and add its number and how many statements it asked of the database, for
how long; never their text, never a value. The libraries are read only where this is on. Where spans go,
how many of them and under which name are the standard variables: OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME.
"""

import os
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from app.core.logs import REQUEST_ID
from app.core.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_OFF: dict[str, Any] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
_BEGAN = "ocop_statement_began"
STATEMENTS, SECONDS, NUMBER = "ocop.db.statements", "ocop.db.seconds", "ocop.request_id"
_NAMES_SOMEBODY = ("url.path", "url.query", "client.address", "user_agent.original")


class Telemetry:
    """The traces of one application; nothing at all while they are off."""

    def __init__(self, settings: Settings) -> None:
        self._provider = _provider(settings) if settings.telemetry else None

    @property
    def for_fastapi(self) -> Any:
        """What FastAPI is told (its `TelemetryConfig`): spans of requests, without each step inside."""
        if self._provider is None:
            return dict(_OFF)
        return _OFF | {
            "tracing": True,
            "tracer_provider": self._provider,
            "operation_spans": False,
        }

    def watch(self, engine: Engine) -> None:
        """Let each span count the statements of this engine."""
        if self._provider is not None:
            event.listen(engine, "before_cursor_execute", _began)
            event.listen(engine, "after_cursor_execute", _ended)

    def close(self) -> None:
        """Send what is left, and end."""
        if self._provider is not None:
            self._provider.shutdown()


def _provider(settings: Settings) -> "TracerProvider":
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    class WithoutNames(SpanProcessor):
        """Takes out what names somebody before anything is sent."""

        def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 -- the library names it
            """Overwrite, and tell the request's number."""
            for name in _NAMES_SOMEBODY:
                if span.attributes and name in span.attributes:
                    span.set_attribute(name, "…")
            span.set_attribute(NUMBER, REQUEST_ID.get())

    named = {
        "service.name": os.environ.get("OTEL_SERVICE_NAME", "ocop"),
        "service.version": settings.release,
    }
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(WithoutNames())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _began(connection: Any, *_statement: object) -> None:
    connection.info[_BEGAN] = perf_counter()


def _ended(connection: Any, *_statement: object) -> None:
    from opentelemetry.sdk.trace import Span
    from opentelemetry.trace import get_current_span

    span = get_current_span()
    if isinstance(span, Span) and span.is_recording():
        seen: Any = span.attributes or {}
        took = perf_counter() - connection.info.get(_BEGAN, perf_counter())
        span.set_attribute(STATEMENTS, seen.get(STATEMENTS, 0) + 1)
        span.set_attribute(SECONDS, seen.get(SECONDS, 0.0) + took)
