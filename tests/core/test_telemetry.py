"""Traces: nothing without the setting; with it a real collector gets spans without names and values."""

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.core.settings import Settings
from app.main import create_app

Spans = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    """Collect spans as a collector of OTLP over HTTP does."""
    spans: Spans = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            sent = ExportTraceServiceRequest()
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            sent.ParseFromString(body)
            for resource in sent.resource_spans:
                whose = told(resource.resource)
                for scope in resource.scope_spans:
                    spans.extend((span.name, told(span) | whose) for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        yield spans
        server.shutdown()
        thread.join()


def told(one: Any) -> dict[str, Any]:
    """Return attributes by name."""
    return {
        attribute.key: getattr(attribute.value, str(attribute.value.WhichOneof("value")))
        for attribute in one.attributes
    }


def test_requests_become_spans_with_their_route_and_the_count_of_statements(
    settings: Settings, collected: Spans
) -> None:
    traced = settings.model_copy(update={"telemetry": True, "release": "r-7"})
    with TestClient(create_app(traced)) as client:
        forged = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-00"}  # «do not keep this one»
        answer = client.get("/register/XX-BIMAT?q=0912345678", headers=forged)
        assert answer.status_code == 404
        client.get("/api/v1/register?q=tra")
    names = [name for name, _ in collected]
    assert "GET /register/{code}" in names, "also though a stranger said not to keep it"
    span = dict(collected)["GET /register/{code}"]
    assert (span["service.name"], span["service.version"]) == ("ocop", "r-7")
    assert span["http.response.status_code"] == 404
    assert span["ocop.db.statements"] >= 1
    assert 0 < span["ocop.db.seconds"] < 60
    assert span["ocop.request_id"] == answer.headers["x-request-id"]
    said = repr(collected)
    assert "BIMAT" not in said
    assert "0912345678" not in said
    assert "SELECT" not in said


def test_without_the_setting_nothing_is_sent_and_its_libraries_are_not_read(
    settings: Settings, collected: Spans
) -> None:
    with TestClient(create_app(settings)) as client:
        client.get("/register")
    assert collected == []
    program = (
        "import sys; import app.main; from app.core.settings import Settings;"
        f"app.main.create_app(Settings(data_dir={str(settings.data_dir)!r}));"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')"
        " or name.startswith('opentelemetry.exporter')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
