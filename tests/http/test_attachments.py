"""Kept files leave as attachments under harmless names, whole or in the part that was asked for."""

import os
from collections.abc import Iterator
from email.message import Message
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import Settings
from app.core.storage import CHUNK_BYTES, Storage, bucket_storage
from app.http.attachments import attachment, disposition
from tests.plugins.bucket import Bucket

CONTENT = os.urandom(2 * CHUNK_BYTES + 100)
DIGEST = sha256(CONTENT).hexdigest()
SIZE = len(CONTENT)


@pytest.fixture(params=["disk", "bucket"])
def sent(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """Return a client of a door that gives one kept file, from here or from a bucket."""
    said = {}
    if request.param == "bucket":
        bucket: Bucket = request.getfixturevalue("bucket")
        said = bucket.settings()
    storage: Storage = Settings(data_dir=tmp_path, **said).files
    storage.keep(DIGEST, CONTENT)
    app = FastAPI()

    @app.get("/file")
    def file(request: Request) -> Response:
        return attachment(
            request, storage, sha256=DIGEST, media_type="application/pdf", file_name="Phiếu.pdf"
        )

    @app.get("/read/{kind}")
    def read(request: Request, kind: str) -> Response:
        return attachment(
            request,
            storage,
            sha256=DIGEST,
            media_type=f"{'image' if kind == 'png' else 'application'}/{kind}",
            file_name="Phiếu.pdf",
            to_read=True,
        )

    with TestClient(app) as client:
        yield client


def test_a_pdf_alone_may_be_shown_in_place_and_loads_nothing(sent: TestClient) -> None:
    answer = sent.get("/read/pdf")
    assert answer.content == CONTENT
    assert answer.headers["content-disposition"].startswith("inline;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    for kind in ("png", "html", "svg+xml"):
        saved = sent.get(f"/read/{kind}")
        assert saved.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in saved.headers["content-security-policy"]


def test_a_file_leaves_whole_to_be_saved_and_not_shown(sent: TestClient) -> None:
    answer = sent.get("/file")
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=500000-", 500_000, SIZE - 1),
        ("bytes=-20", SIZE - 20, SIZE - 1),
        (f"bytes=0-{10**14}", 0, SIZE - 1),
        (f"bytes=-{10**14}", 0, SIZE - 1),
    ],
)
def test_a_broken_line_goes_on_where_it_broke(
    sent: TestClient, asked: str, first: int, last: int
) -> None:
    answer = sent.get("/file", headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=9-3", "bytes=-0"])
def test_a_part_that_is_not_there_is_said_so(sent: TestClient, asked: str) -> None:
    answer = sent.get("/file", headers={"range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    assert not answer.content


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b", "x"])
def test_a_question_nobody_understands_gets_the_whole_file(sent: TestClient, asked: str) -> None:
    answer = sent.get("/file", headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_the_rest_of_another_file_is_not_sent(sent: TestClient) -> None:
    etag = sent.get("/file").headers["etag"]
    asked = {"range": "bytes=10-19"}
    assert sent.get("/file", headers=asked | {"if-range": etag}).status_code == 206
    assert sent.get("/file", headers=asked | {"if-range": '"khac"'}).status_code == 200


def read_names(header: str) -> tuple[str, str]:
    """Return the plain and the full name as a careful reader of headers understands them."""
    assert header.isascii()
    assert not set(header) & set("\r\n\0")
    message = Message()
    message["content-disposition"] = header.partition("; filename*=")[0]
    assert message.get_content_disposition() == "attachment"
    plain = message.get_filename()
    assert plain
    full = header.partition("; filename*=UTF-8''")[2]
    assert not set(full) & set(' "\\;,')
    return plain, unquote(full)


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("Phiếu kiểm nghiệm số 1.pdf", "Phiếu kiểm nghiệm số 1.pdf"),
        ('a"; filename="x.exe', 'a"; filename="x.exe'),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\a.pdf", "_.._a.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
        ("anh\u202egpj.exe", "anhgpj.exe"),
        ("a\u200bb\u2066c\ufeff.pdf", "abc.pdf"),
        ("\0", "tep"),
        ("", "tep"),
        ("...", "tep"),
        ("đơn đề nghị.pdf", "đơn đề nghị.pdf"),
        ("文件😀.pdf", "文件😀.pdf"),
    ],
)
def test_a_name_stays_a_name(name: str, full: str) -> None:
    plain, told = read_names(disposition(name))
    assert told == full
    assert '"' not in plain
    assert "/" not in plain


@given(st.text(max_size=60))
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    plain, told = read_names(
        disposition(name.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    )
    for said in (plain, told):
        assert said
        assert not said.startswith(".")
        assert not set(said) & set("/\\\r\n\0\u202e\u2066\u200f")


def test_a_bucket_is_never_told_to_be_public(bucket: Bucket) -> None:
    storage = bucket_storage(
        bucket.url,
        endpoint=bucket.endpoint,
        region=bucket.region,
        access_key=bucket.access_key,
        secret_key=bucket.secret_key,
    )
    storage.keep(DIGEST, CONTENT)
    import httpx

    key = f"{bucket.url.removeprefix('s3://')}/{DIGEST[:2]}/{DIGEST}"
    assert httpx.get(f"{bucket.endpoint}/{key}", timeout=60).status_code == 403
