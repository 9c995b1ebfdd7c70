"""The scanner in front of the kept files, against a real clamd: over its socket and over TCP."""

import hashlib
import logging
import os
import socket
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from pydantic import ValidationError

from app.core.errors import Invalid
from app.core.settings import Settings
from app.core.storage import whole
from app.core.virus_scan import SENTENCES, ScannerUnreachable
from tests.factories.files import archive
from tests.plugins.scanner import EICAR, MOST_STREAM_BYTES, Clamd


def kept(settings: Settings, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    settings.files.keep(digest, content)
    return digest


def lying(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


@pytest.fixture(params=["unix", "tcp"])
def scanned(request: pytest.FixtureRequest, clamd: Clamd, tmp_path: Path) -> Settings:
    """Return settings that let every file be looked through, over either kind of line."""
    return Settings(data_dir=tmp_path, clamav_url=getattr(clamd, request.param))


def test_a_clean_file_is_kept_and_comes_back(scanned: Settings) -> None:
    content = os.urandom(900_000)
    digest = kept(scanned, content)
    assert whole(scanned.files, digest) == content
    assert scanned.files.size_of(digest) == len(content)
    assert [one.sha256 for one in scanned.files.kept()] == [digest]
    scanned.files.remove(digest)
    assert scanned.files.find(digest) is None


@pytest.mark.parametrize(
    "content",
    [EICAR, os.urandom(700_000) + EICAR + os.urandom(9), archive({"a/b.txt": EICAR * 3})],
    ids=["bare", "inside", "packed"],
)
def test_a_virus_is_refused_and_nothing_is_kept(
    scanned: Settings, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Invalid) as refusal, caplog.at_level(logging.WARNING, "ocop.files"):
        kept(scanned, content)
    assert refusal.value.reason_code == "file.virus"
    assert refusal.value.fields == {"file": SENTENCES["file.virus"]}
    assert lying(scanned.data_dir) == []
    [said] = caplog.messages
    assert hashlib.sha256(content).hexdigest() in said
    assert "Eicar-Test" in said


@pytest.mark.parametrize(
    "size", [MOST_STREAM_BYTES + 1, 10 * MOST_STREAM_BYTES, MOST_STREAM_BYTES - 1]
)
def test_a_file_the_scanner_does_not_look_through_whole_is_refused_as_that(
    scanned: Settings, size: int
) -> None:
    """Beyond the stream's limit clamd hangs up; beyond a file's limit it says so at the end."""
    with pytest.raises(Invalid) as refusal:
        kept(scanned, b"x" * size)
    assert refusal.value.reason_code == "file.too_large_to_scan"
    assert lying(scanned.data_dir) == []


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:9", "unix:/khong/co.sock"])
def test_without_an_answer_nothing_is_kept_unseen(tmp_path: Path, url: str) -> None:
    with pytest.raises(ScannerUnreachable):
        kept(Settings(data_dir=tmp_path, clamav_url=url), b"sach")
    assert lying(tmp_path) == []


def test_a_silent_scanner_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        settings = Settings(data_dir=tmp_path, clamav_url=url, clamav_seconds=0.2)
        begun = monotonic()
        with pytest.raises(ScannerUnreachable):
            kept(settings, b"sach")
        assert monotonic() - begun < 5
    assert lying(tmp_path) == []


def test_an_answer_that_is_no_verdict_lets_nothing_pass(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def answer() -> None:
            line, _ = odd.accept()
            with line:
                line.recv(4096)
                line.sendall(b"UNKNOWN COMMAND\0")

        speaking = Thread(target=answer)
        speaking.start()
        url = f"tcp://127.0.0.1:{odd.getsockname()[1]}"
        with pytest.raises(ScannerUnreachable):
            kept(Settings(data_dir=tmp_path, clamav_url=url), b"sach")
        speaking.join()
    assert lying(tmp_path) == []


@pytest.mark.parametrize("url", ["http://may/x", "tcp://may", "unix:ten.sock", "/duong/dan"])
def test_another_address_than_a_scanner_is_refused_at_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError, match="OCOP_CLAMAV_URL"):
        Settings(data_dir=tmp_path, clamav_url=url)
