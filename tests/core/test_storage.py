"""Files on the disk and in a bucket: the same promises, held against a real folder and real S3."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.core.settings import Settings
from app.core.storage import (
    CHUNK_BYTES,
    DiskStorage,
    NotKept,
    Storage,
    StorageUnreachable,
    bucket_storage,
    hash_of,
    whole,
)
from tests.plugins.bucket import Bucket

Build = Callable[..., Settings]


@pytest.fixture(params=["disk", "bucket"])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Build:
    """Return a builder of settings that keep files here or there."""
    said = {}
    if request.param == "bucket":
        bucket: Bucket = request.getfixturevalue("bucket")
        said = bucket.settings()
    return lambda **more: Settings(data_dir=tmp_path, **(said | more))


@pytest.fixture
def storage(build: Build) -> Storage:
    return build().files


def kept(storage: Storage, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    storage.keep(digest, content)
    return digest


def test_what_was_kept_comes_back_byte_by_byte(storage: Storage) -> None:
    content = os.urandom(3 * CHUNK_BYTES + 17)
    digest = kept(storage, content)
    found = storage.find(digest)
    assert found is not None
    assert found.size == len(content)
    assert whole(storage, digest) == content
    assert hash_of(storage, digest) == digest


def test_another_process_with_the_same_settings_finds_it(build: Build) -> None:
    digest = kept(build().files, b"mot lan")
    assert whole(build().files, digest) == b"mot lan"


def test_a_file_is_read_in_bounded_pieces(storage: Storage) -> None:
    digest = kept(storage, os.urandom(8 * CHUNK_BYTES))
    pieces = [len(piece) for piece in storage.chunks(digest)]
    assert sum(pieces) == 8 * CHUNK_BYTES
    assert max(pieces) <= 4 * CHUNK_BYTES


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (0, 99), (10, 20), (99, 99), (50, None), (90, 500)]
)
def test_a_part_of_a_file_is_what_was_asked_for(
    storage: Storage, first: int, last: int | None
) -> None:
    content = bytes(range(100))
    digest = kept(storage, content)
    asked = content[first:] if last is None else content[first : last + 1]
    assert b"".join(storage.chunks(digest, first, last)) == asked


def test_keeping_again_changes_nothing(storage: Storage) -> None:
    digest = kept(storage, b"noi dung")
    kept(storage, b"noi dung")
    assert [one.sha256 for one in storage.kept()] == [digest]


def test_many_who_keep_the_same_file_at_once_all_succeed(storage: Storage) -> None:
    content = os.urandom(CHUNK_BYTES)
    with ThreadPoolExecutor(8) as crowd:
        digests = set(crowd.map(lambda _: kept(storage, content), range(16)))
    assert len(digests) == 1
    assert whole(storage, digests.pop()) == content


def test_a_file_that_is_not_kept_is_told_apart_from_an_empty_one(storage: Storage) -> None:
    absent = "0" * 64
    assert storage.find(absent) is None
    with pytest.raises(NotKept):
        list(storage.chunks(absent))
    storage.remove(absent)
    empty = kept(storage, b"")
    assert [one.size for one in storage.kept()] == [0]
    assert whole(storage, empty) == b""


def test_a_listing_tells_names_sizes_and_ages(storage: Storage) -> None:
    digests = {kept(storage, bytes([number]) * number): number for number in range(1, 30)}
    listed = {one.sha256: one for one in storage.kept()}
    assert {name: one.size for name, one in listed.items()} == digests
    now = datetime.now(tz=UTC)
    assert all(abs(now - one.kept_at) < timedelta(minutes=5) for one in listed.values())


def test_a_removed_file_is_gone(storage: Storage) -> None:
    digest, other = kept(storage, b"mot"), kept(storage, b"hai")
    storage.remove(digest)
    assert storage.find(digest) is None
    assert whole(storage, other) == b"hai"


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "0" * 63, "0" * 65, "A" * 64, "/"])
def test_only_a_hash_names_a_file(storage: Storage, name: str) -> None:
    for ask in (storage.find, storage.remove, lambda said: list(storage.chunks(said))):
        with pytest.raises(ValueError, match="SHA-256"):
            ask(name)


def test_a_half_written_file_on_the_disk_is_mended_by_keeping_it_again(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    digest = kept(storage, b"tron ven")
    storage.place_of(digest).write_bytes(b"tron")
    kept(storage, b"tron ven")
    assert whole(storage, digest) == b"tron ven"


def test_old_drafts_of_a_crash_are_cleared_and_young_ones_left(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    folder = storage.place_of(kept(storage, b"a")).parent
    old, young = folder / ".tmpold", folder / ".tmpyoung"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    assert storage.drop_drafts(before=datetime(2020, 1, 1, tzinfo=UTC)) == 1
    assert young.exists()
    assert not old.exists()
    assert len(list(storage.kept())) == 1


def test_a_prefix_keeps_two_installations_in_one_bucket_apart(bucket: Bucket) -> None:
    one = bucket_storage(**_said(bucket))
    other = bucket_storage(**(_said(bucket) | {"url": bucket.url + "-khac"}))
    digest = kept(one, b"cua mot")
    assert other.find(digest) is None
    assert list(other.kept()) == []


def test_a_bucket_that_is_not_there_is_told_in_a_sentence(bucket: Bucket) -> None:
    storage = bucket_storage(**(_said(bucket) | {"url": "s3://khong-co-thung-nay/x"}))
    with pytest.raises(StorageUnreachable) as refusal:
        kept(storage, b"x")
    assert refusal.value.reason_code == "files.unreachable"


def test_the_secret_key_may_come_from_a_file_and_is_never_shown(
    tmp_path: Path, bucket: Bucket
) -> None:
    (tmp_path / "khoa").write_text("rat-bi-mat\n", encoding="utf-8")
    settings = Settings(
        data_dir=tmp_path,
        **(bucket.settings() | {"files_secret_key_file": tmp_path / "khoa"}),
    )
    assert settings.files_secret_key.get_secret_value() == "rat-bi-mat"
    assert "rat-bi-mat" not in repr(settings)
    assert whole(settings.files, kept(settings.files, b"x")) == b"x"


@pytest.mark.parametrize("url", ["http://may-chu/x", "bucket", "file:///tmp/x"])
def test_another_address_than_a_bucket_is_refused_at_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError, match="OCOP_FILES_URL"):
        Settings(data_dir=tmp_path, files_url=url)


def _said(bucket: Bucket) -> dict[str, str]:
    return {
        "url": bucket.url,
        "endpoint": bucket.endpoint,
        "region": bucket.region,
        "access_key": bucket.access_key,
        "secret_key": bucket.secret_key,
    }
