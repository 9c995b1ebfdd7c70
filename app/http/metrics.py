"""Measures for Prometheus: first of all they answer whether a commune is waiting.

What each process counts (requests, places, connections) is counted as it happens; what waits in the
database is counted when somebody looks, see waiting.py. Labels are bounded: names of routes, never
addresses. With several workers their counts meet in files of one folder, which the first process
names in PROMETHEUS_MULTIPROC_DIR before this module is read.
"""

import logging
import os
import platform
from collections.abc import Iterator
from hmac import compare_digest
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.core.settings import Settings
from app.http.waiting import Lookout, Waiting

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_OURS = CollectorRegistry()
_REQUESTS = Histogram(
    "ocop_request_seconds",
    "Requests by route, from the first byte asked to the last byte sent.",
    ("method", "route", "status"),
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    registry=_OURS,
)
_INSIDE = Gauge(
    "ocop_gate_inside", "Requests inside the gate.", registry=_OURS, multiprocess_mode="livesum"
)
_BEFORE = Gauge(
    "ocop_gate_waiting", "Requests before the gate.", registry=_OURS, multiprocess_mode="livesum"
)
_REFUSED = Counter("ocop_gate_refused", "Requests the gate sent away (503).", registry=_OURS)
_CONNECTIONS = Gauge(
    "ocop_database_connections_in_use",
    "Connections of the pools that are lent out.",
    registry=_OURS,
    multiprocess_mode="livesum",
)
_PREPARED = Counter(
    "ocop_prepared_answers", "Answers given again as they were kept.", registry=_OURS
)
_LINES = Counter(
    "ocop_log_lines",
    "Lines of the log that tell of trouble, by who wrote them.",
    ("logger", "level"),
    registry=_OURS,
)
_SCANS = {way: _REQUESTS.labels("GET", f"quick scan, {way}", "2xx") for way in ("page", "program")}


class _CountingLines(logging.Handler):
    """Counts warnings and worse: a scanner, a mail server, a disk that fails says so in the log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        _LINES.labels(record.name, record.levelname.lower()).inc()


logging.getLogger("ocop").addHandler(_CountingLines(logging.WARNING))


def measure(state: Any, method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request and what it left behind: places and connections in use."""
    known = method if method in _METHODS else "OTHER"
    _REQUESTS.labels(known, route, f"{status // 100}xx" if status else "gone").observe(seconds)
    gate = state.gate
    _INSIDE.set(gate.inside)
    _BEFORE.set(gate.waiting)
    if gate.refused != getattr(state, "refused_told", 0):
        _REFUSED.inc(gate.refused - getattr(state, "refused_told", 0))
        state.refused_told = gate.refused
    _CONNECTIONS.set(state.engine.pool.checkedout())


def measure_prepared() -> None:
    """Count an answer that was given again as it was kept."""
    _PREPARED.inc()


def measure_scan(way: str, seconds: float) -> None:
    """Count a scan that took the quick way."""
    _SCANS[way].observe(seconds)


class _Look:
    """What waits, as a collector of one scrape."""

    def __init__(self, seen: Waiting | None, settings: Settings) -> None:
        self._seen = seen
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        """Tell of the database and the journals of this machine."""
        yield InfoMetricFamily(
            "ocop_build",
            "What runs here.",
            {"release": self._settings.release, "python": platform.python_version()},
        )
        seen = self._seen
        yield _one("ocop_database_up", "Whether the database answered this look.", seen is not None)
        if seen is not None:
            yield from _told(seen)


def _one(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, float(value))


def _each(name: str, about: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), float(value))
    return family


def _told(seen: Waiting) -> Iterator[Metric]:
    by = ("commune", "state")
    count = GaugeMetricFamily(
        "ocop_dossiers_waiting", "Dossiers that wait for an office.", labels=by
    )
    oldest = GaugeMetricFamily(
        "ocop_dossiers_oldest_seconds", "How long the first of them has waited.", labels=by
    )
    late = GaugeMetricFamily(
        "ocop_dossiers_overdue", "Those past the commune's last day (art. 7.2).", labels=by
    )
    for stage in seen.dossiers:
        where = (stage.commune, stage.state.value)
        count.add_metric(where, stage.count)
        oldest.add_metric(where, stage.oldest_seconds)
        late.add_metric(where, stage.overdue)
    yield from (count, oldest, late)
    yield _each("ocop_jobs", "Jobs that are not over, and dead ones.", "state", seen.jobs)
    yield _one("ocop_jobs_late_seconds", "How long the first job is due.", seen.jobs_late_seconds)
    yield _one("ocop_notices_unplanned", "Notices nobody sent yet.", seen.notices_unplanned)
    yield _one(
        "ocop_notices_oldest_seconds", "Age of the first of them.", seen.notices_oldest_seconds
    )
    yield _each("ocop_deliveries", "Letters and messages not sent.", "state", seen.deliveries)
    yield _one(
        "ocop_deliveries_late_seconds", "How long the first is due.", seen.deliveries_late_seconds
    )
    yield _each("ocop_delivery_troubles", "Why they are not sent.", "trouble", seen.troubles)
    yield _each("ocop_stamp_batches", "Batches that wait.", "state", seen.batches)
    yield _one(
        "ocop_stamp_batches_oldest_seconds",
        "How long the first approved batch waits for its stamps.",
        seen.batches_oldest_seconds,
    )
    if seen.list_expires_in_seconds is not None:
        yield _one(
            "ocop_status_list_expires_in_seconds",
            "When the first published list of states runs out.",
            seen.list_expires_in_seconds,
        )
    yield _one("ocop_scan_journals", "Journals of scans on this machine.", seen.journal_files)
    yield _one("ocop_scan_journal_unread_bytes", "Scans not yet read in.", seen.journal_bytes)


def scrape(lookout: Lookout, settings: Settings) -> bytes:
    """Return all measures in Prometheus' text format."""
    registry = _OURS
    if folder := os.environ.get(FOLDER):
        _forget_the_dead(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # -- the library's own
    waiting = CollectorRegistry()
    waiting.register(_Look(lookout.look(), settings))
    return generate_latest(registry) + generate_latest(waiting)


def _forget_the_dead(folder: Path) -> None:
    """Take away what workers that are gone said of the present."""
    for kept in folder.glob("gauge_live*_*.db"):
        pid = int(kept.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # -- the library's own
        except PermissionError:
            continue  # somebody else's process now; its number will be free again


def metrics(request: Request) -> Response:
    """Answer whoever bears the token of OCOP_METRICS_TOKEN; without one set there is nothing here."""
    settings: Settings = request.app.state.settings
    wanted = settings.metrics_token.get_secret_value()
    if not wanted:
        raise HTTPException(404)
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not compare_digest(given.strip().encode(), wanted.encode()):
        return PlainTextResponse("", 401, headers={"www-authenticate": "Bearer"})
    return Response(
        scrape(request.app.state.lookout, settings),
        media_type=CONTENT_TYPE_LATEST,
        headers={"cache-control": "no-store"},
    )
