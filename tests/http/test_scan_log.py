"""The journal of scans: devices are counted for a month at one stamp, and followed nowhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.journal import Durability, Tail, pending
from app.http.codings import accepted_codings
from app.http.limits import ScanLimit, TooManyScans
from app.http.scan_log import ScanLog

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
HOST, AGENT = "203.0.113.9", b"Mozilla/5.0 (Linux; Android 14)"


def log_in(directory: Path, durability: Durability = Durability.PROCESS) -> ScanLog:
    return ScanLog(directory / "scans", durability)


def test_a_device_is_known_again_at_the_same_stamp_by_every_worker_until_the_secret_goes(
    tmp_path: Path,
) -> None:
    one, other = log_in(tmp_path), log_in(tmp_path)
    mark = one.device_mark(7, HOST, AGENT, at=AT)
    assert len(mark) == 16
    assert other.device_mark(7, "203.0.113.200", AGENT, at=AT) == mark  # the same network
    for different in (
        other.device_mark(8, HOST, AGENT, at=AT),
        other.device_mark(None, HOST, AGENT, at=AT),
        other.device_mark(7, "203.0.114.9", AGENT, at=AT),
        other.device_mark(7, "2001:db8::1", AGENT, at=AT),
        other.device_mark(7, HOST, AGENT + b"!", at=AT),
        other.device_mark(7, HOST, AGENT, at=AT + timedelta(days=30)),
        log_in(tmp_path / "elsewhere").device_mark(7, HOST, AGENT, at=AT),
    ):
        assert different != mark
    (secret,) = (tmp_path / "scans-marks").iterdir()  # that of the month before is gone
    assert secret.stat().st_mode & 0o077 == 0
    assert one.device_mark(7, "2001:db8:1:2::1", AGENT, at=AT) == one.device_mark(
        7, "2001:db8:1:3::1", AGENT, at=AT
    )


def test_where_no_secret_can_be_kept_devices_are_not_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "scans-marks").write_text("in the way")
    log = log_in(tmp_path)
    assert log.device_mark(7, HOST, AGENT, at=AT) == ""
    assert log.device_mark(7, HOST, AGENT, at=AT) == ""
    assert len(caplog.records) == 1


@pytest.mark.parametrize("durability", list(Durability))
def test_a_line_is_kept_before_anybody_is_answered(tmp_path: Path, durability: Durability) -> None:
    log = log_in(tmp_path, durability)
    assert log.waits is (durability is Durability.POWER)
    log.write(b"one", at=AT)
    (path,) = pending(tmp_path / "scans")
    with Tail(path) as tail:
        assert tail.read(0).lines == [b"one"]
    log.close()


def test_a_market_may_ask_at_once_a_flood_may_not() -> None:
    limit = ScanLimit("60/minute")
    for _ in range(60):
        limit.count(HOST, at=1000.0)
    with pytest.raises(TooManyScans) as refused:
        limit.count(HOST, at=1000.0)
    assert refused.value.retry_after_seconds == 1
    limit.count("198.51.100.1", at=1000.0)  # somebody else
    limit.count(HOST, at=1001.0)
    with pytest.raises(TooManyScans):
        limit.count(HOST, at=1001.0)
    limit.count("2001:db8:1:2::1", at=1000.0)
    for _ in range(60):
        limit.count(HOST, at=2000.0)


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    limit = ScanLimit("2/minute")
    limit.count(HOST, at=1_000_000.0)
    limit.count(HOST, at=1_000_000.0)
    limit.count(HOST, at=10.0)


def test_room_for_networks_is_bounded() -> None:
    limit = ScanLimit("1/minute")
    limit.MOST_NETWORKS = 10
    for number in range(25):
        limit.count(f"198.51.100.{number}", at=1.0)
    assert len(limit._full_until) <= 10


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (b"gzip, deflate, br", {"gzip", "deflate", "br"}),
        (b"br;q=0, gzip;q=0.5", {"gzip"}),
        (b"BR ; Q=0.000", set()),
        (b"br;q=0.001", {"br"}),
        (b"", {""}),
        (b"\xff;;q", {"ÿ"}),
    ],
)
def test_only_what_a_browser_takes_is_sent(header: bytes, taken: set[str]) -> None:
    assert accepted_codings(header) == taken
