"""Lines of the log: one shape for whoever writes them, and nothing in them about a person.

A line is an event with its fields, JSON for machines or one line of text for people; what could break a
line is escaped. A fault is told by its kinds and by the places it went through, never by its text: that
may repeat what somebody typed. What looks like a token, an address, a telephone number or the
question of an address is taken out of every line, as the last net, not the first.
"""

import json
import linecache
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Literal

import structlog

REQUEST_ID: ContextVar[str] = ContextVar("ocop_request_id", default="")

_DEEPEST = 40  # places of one fault
_MOST_CAUSES = 8
_MOST_WORDS = 2000
_NET = (
    (re.compile(r"(?i)\bbearer\s+\S+"), "Bearer …"),
    (re.compile(r"\bocop_[\w-]{8,}"), "ocop_…"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
    (re.compile(r"(?<!\w)(?:\+?84|0)(?:[ .]?\d){9}(?!\w)"), "…"),
    (re.compile(r"(?<=[\w/])\?[^\s\"']+"), "?…"),
)
# What a line of the standard library's log may bring along; anything else is left where it was.
_FIELDS = ("request", "method", "route", "status", "ms", "user", "roles", "communes")
_MADE_HERE = frozenset({"timestamp", "level", "logger", "request", "route"})
_Event = MutableMapping[str, Any]


def without_secrets(words: str) -> str:
    """Return a text without what looks like a token, an address, a number of a telephone or a query."""
    for pattern, instead in _NET:
        words = pattern.sub(instead, words)
    return words[:_MOST_WORDS]


def told_fault(fault: BaseException) -> list[str]:
    """Return the kinds of a fault and of what caused it, with places in our code and others', no values."""
    return list(_told(fault))


def _told(fault: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    told: BaseException | None = fault
    while told is not None and id(told) not in seen and len(seen) < _MOST_CAUSES:
        seen.add(id(told))
        kind = type(told)
        state = getattr(getattr(told, "orig", told), "sqlstate", None)
        yield f"{kind.__module__}.{kind.__qualname__}" + (f" (SQLSTATE {state})" if state else "")
        yield from _places(told.__traceback__)
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        line = linecache.getline(code.co_filename, trace.tb_lineno).strip()
        places.append(f"  {code.co_filename}:{trace.tb_lineno} {code.co_name}: {line}")
        trace = trace.tb_next
    return places[-_DEEPEST:]


def _with_request(_logger: object, _method: str, event: _Event) -> _Event:
    if "request" not in event and (request_id := REQUEST_ID.get()):
        event["request"] = request_id
    return event


def _fault_told(_logger: object, _method: str, event: _Event) -> _Event:
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    fault = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(fault, BaseException):
        event["fault"] = told_fault(fault)
    return event


def _cleaned(_logger: object, _method: str, event: _Event) -> _Event:
    for key, value in event.items():
        if isinstance(value, str) and key not in _MADE_HERE:
            event[key] = without_secrets(value.strip())
    return event


def _as_json(_logger: object, _method: str, event: _Event) -> str:
    first = {key: event.pop(key) for key in ("timestamp", "level", "logger") if key in event}
    return json.dumps(
        first | dict(event), ensure_ascii=False, default=lambda value: type(value).__name__
    )


def _as_text(_logger: object, _method: str, event: _Event) -> str:
    at, level, said = (event.pop(key, "") for key in ("timestamp", "level", "event"))
    fault = event.pop("fault", [])
    event.pop("logger", None)
    fields = " ".join(f"{key}={_one_line(value)}" for key, value in event.items())
    return "\n".join([f"{at} {level} {_one_line(said)} {fields}".rstrip(), *fault])


def _one_line(value: object) -> str:
    """Return a value in which nothing ends the line or moves what is read."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(value))


class _StandardError(logging.Handler):
    """Writes to whatever standard error is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line at once, whole."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


def configure_logs(form: Literal["json", "text"]) -> None:
    """Let every line of this process, ours and of libraries, go to standard error in one shape."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_request,
    ]
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _fault_told,
        _cleaned,
        _as_json if form == "json" else _as_text,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    out = _StandardError()
    out.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(_FIELDS)],
            processors=last,
            keep_exc_info=False,
            keep_stack_info=False,
        )
    )
    root = logging.getLogger()
    root.handlers = [out]
    root.setLevel(logging.WARNING)
    for name in ("ocop", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.INFO)
    # Our own lines say what these would say, with the name of a route instead of an address.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = name != "uvicorn.access"
    logging.captureWarnings(capture=True)


def are_logs_configured() -> bool:
    """Tell whether this process keeps a log of that shape."""
    return any(isinstance(handler, _StandardError) for handler in logging.getLogger().handlers)
