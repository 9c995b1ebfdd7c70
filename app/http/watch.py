"""What is noted of each request: a line of the log and a measure, with the name of its route only.

Neither an address nor its question nor who is behind a name is written: route, status, duration, the
number of the account with its roles and communes, and the request's own number. Quick scans are
not written here at all: their journal is their log (scan_desk.py).
"""

import logging
from time import perf_counter

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.logs import REQUEST_ID
from app.http.headers import request_id_of
from app.http.metrics import measure
from app.http.proxies import FROM_PROXY

_log = logging.getLogger("ocop.requests")
_PLAIN = frozenset({"/healthz", "/readyz", "/metrics", "/.well-known/security.txt"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/static"})  # asked all day long
_TRACES = frozenset({b"traceparent", b"tracestate", b"baggage"})
UNKNOWN = "unknown"
_FIRST_FAULT = 500
_ENDING = PlainTextResponse(
    "không\n", 503, headers={"cache-control": "no-store", "retry-after": "5", "connection": "close"}
)


class Watch:
    """Stands before all layers, and beside the quick lanes of scans."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix  # of the door whose routes are laid without it
        self.draining = False

    async def over(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; note how it ended."""
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if self.draining and scope["path"] == "/readyz":
            await _ENDING(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = request_id_of(scope)
        if FROM_PROXY not in scope:  # no stranger says of which trace this is, nor that it be kept
            scope["headers"] = [one for one in scope["headers"] if one[0] not in _TRACES]
        said = REQUEST_ID.set(state["request_id"])
        status, began = 0, perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self.draining:  # whoever asks again asks somebody else
                    message.setdefault("headers", [])
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            await app(scope, receive, noted)
        finally:
            seconds = perf_counter() - began
            route = route_of(scope, self._prefix)
            measure(scope["app"].state, scope["method"], route, status, seconds)
            if route not in _QUIET or status >= _FIRST_FAULT:
                _write(scope, route, status, seconds)
            REQUEST_ID.reset(said)


def route_of(scope: Scope, prefix: str) -> str:
    """Return the path of a request's route as it is laid, with names for what differs."""
    path = getattr(scope.get("route"), "path", None)
    asked: str = scope["path"]
    if isinstance(path, str):
        below = asked.startswith(f"{prefix}/") and not path.startswith(f"{prefix}/")
        return f"{prefix}{path}" if below else path
    if asked in _PLAIN or "question" in scope:  # routes that leave no trace; none has parameters
        return asked
    return "/static" if asked.startswith("/static/") else UNKNOWN


def _write(scope: Scope, route: str, status: int, seconds: float) -> None:
    actor = scope["state"].get("actor")
    fields = {
        "method": scope["method"] if len(scope["method"]) < len("PROPPATCH!") else UNKNOWN,
        "route": route,
        "status": status,  # 0: the caller went away before there was an answer
        "ms": round(seconds * 1000, 1),
        "request": scope["state"]["request_id"],
    }
    if actor is not None:
        fields["user"] = actor.user_id
        fields["roles"] = sorted({grant.role.value for grant in actor.grants})
        fields["communes"] = sorted(actor.units)
    _log.log(logging.WARNING if status >= _FIRST_FAULT else logging.INFO, "request", extra=fields)
