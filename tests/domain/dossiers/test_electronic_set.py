"""The electronic set: in the order of the criteria, each paper once, whole, and always the same."""

import json
import tracemalloc
from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest

from app.core.archives import AlteredFile, ArchivedFile, zipped
from app.core.db import WriteSession
from app.core.errors import NotFound
from app.core.storage import DiskStorage
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.forms.electronic_set import EvidenceGone, electronic_set
from app.domain.dossiers.models import Dossier
from tests.factories.dossiers import cite_evidence, make_dossier, make_evidence, report_on
from tests.factories.people import ELSEWHERE, People
from tests.print.reading import pdf_words


@pytest.fixture
def files(tmp_path: Path) -> DiskStorage:
    """Return where the papers of these tests lie."""
    return DiskStorage(tmp_path / "kept")


@pytest.fixture
def dossier(session: WriteSession, people: People, files: DiskStorage) -> Dossier:
    """Return a dossier with three cited papers, one of them twice, and one that is not cited."""
    dossier = make_dossier(session, people)
    place = files.directory

    def add(title: str, criterion: str = "") -> Any:
        return make_evidence(
            session, people, dossier, title, criterion_code=criterion, directory=place
        )

    add("Ảnh chế biến: «tổ ong» / 2026", "2.1")
    contract = add("Hợp đồng liên kết", "1.5")
    add("Phiếu kiểm nghiệm Đắk Lắk", "1.1")
    add("Giấy không dùng")
    cite_evidence(session, people, dossier, contract, "3.1")
    return dossier


def made(
    session: WriteSession,
    people: People,
    dossier: Dossier,
    files: DiskStorage,
    *,
    actor: Actor | None = None,
    extra_ids: Iterable[int] = (),
) -> bytes:
    """Return the archive as this person gets it."""
    parts = electronic_set(
        session,
        dossier.code,
        files,
        actor=actor or people.officer(),
        demonstration=False,
        extra_ids=set(extra_ids),
    )
    return b"".join(zipped(parts, files.directory.parent / "scratch"))


def opened(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive, in its order."""
    with ZipFile(BytesIO(archive)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_the_set_stands_in_the_order_of_the_criteria(
    session: WriteSession, people: People, dossier: Dossier, files: DiskStorage
) -> None:
    assert list(opened(made(session, people, dossier, files))) == [
        "01-mau-01.pdf",
        "02-mau-02.pdf",
        "III/1.1/MC01-phieu-kiem-nghiem-dak-lak.pdf",
        "III/1.5/MC02-hop-dong-lien-ket.pdf",
        "III/2.1/MC03-anh-che-bien-to-ong-2026.pdf",
        "manifest.json",
        "manifest.txt",
    ]
    dossier.state = DossierState.FILED  # the commune writes only on what was handed in
    report_on(session, people, dossier)
    assert list(opened(made(session, people, dossier, files)))[2] == "03-mau-03.pdf"


def test_the_manifest_names_every_file_with_its_hash(
    session: WriteSession, people: People, dossier: Dossier, files: DiskStorage
) -> None:
    found = opened(made(session, people, dossier, files))
    told = json.loads(found["manifest.json"])
    listed = {one["path"]: one for one in told["files"]}
    assert set(listed) == set(found) - {"manifest.json", "manifest.txt"}
    readable = found["manifest.txt"].decode()
    for path, one in listed.items():
        assert one["sha256"] == sha256(found[path]).hexdigest()
        assert one["size"] == len(found[path])
        assert one["media_type"] == "application/pdf"
        assert path in readable
        assert one["sha256"] in readable
    contract = listed["III/1.5/MC02-hop-dong-lien-ket.pdf"]
    assert contract["criteria"] == ["1.5", "3.1"]
    assert contract["title"] == "Hợp đồng liên kết"
    assert told["dossier"]["code"] == dossier.code
    assert told["pins"]["rubric"] == {
        "code": dossier.rubric_code,
        "sha256": dossier.rubric_hash,
    }
    assert "Sản phẩm: Mật ong thử nghiệm" in readable
    assert "tiêu chí 1.5, 3.1" in readable


def test_the_paper_report_numbers_the_papers_as_the_set_does(
    session: WriteSession, people: People, dossier: Dossier, files: DiskStorage
) -> None:
    said = pdf_words(opened(made(session, people, dossier, files))["02-mau-02.pdf"])
    for words in (
        "MC01. Phiếu kiểm nghiệm Đắk Lắk",
        "MC02. Hợp đồng liên kết",
        "MC03. Ảnh chế biến",
    ):
        assert words in said
    assert "Giấy không dùng" not in said


def test_the_same_state_is_the_same_archive(
    session: WriteSession, people: People, dossier: Dossier, files: DiskStorage
) -> None:
    once = made(session, people, dossier, files)
    assert made(session, people, dossier, files) == once
    make_evidence(session, people, dossier, "Thêm", criterion_code="4.1", directory=files.directory)
    assert made(session, people, dossier, files) != once
    with ZipFile(BytesIO(once)) as archive:
        for told in archive.infolist():
            assert told.date_time == (1980, 1, 1, 0, 0, 0)
            assert not told.flag_bits & 0x08  # no sizes behind the data: some readers refuse them
            assert told.filename.isascii()
            if told.filename.startswith("III/"):
                assert told.compress_type == ZIP_STORED


def test_a_set_with_a_lost_file_is_refused(
    session: WriteSession, people: People, dossier: Dossier, files: DiskStorage
) -> None:
    paper = make_evidence(
        session, people, dossier, "Bị mất", criterion_code="4.1", directory=files.directory
    )
    files.remove(paper.sha256)
    with pytest.raises(EvidenceGone, match="Bị mất"):
        made(session, people, dossier, files)


def test_an_altered_file_ends_no_archive(
    session: WriteSession, people: People, dossier: Dossier, files: DiskStorage
) -> None:
    paper = make_evidence(
        session, people, dossier, "Bị đổi", criterion_code="4.1", directory=files.directory
    )
    place = files.place_of(paper.sha256)
    content = place.read_bytes()
    place.write_bytes(content[:-1] + b"x")
    with pytest.raises(AlteredFile):
        made(session, people, dossier, files)


def test_a_council_member_gets_the_set_by_the_agenda_and_strangers_nothing(
    session: WriteSession, people: People, dossier: Dossier, files: DiskStorage
) -> None:
    member = people.council_member(1)
    for actor in (member, people.officer(ELSEWHERE)):
        with pytest.raises(NotFound):
            made(session, people, dossier, files, actor=actor)
    by_agenda = made(session, people, dossier, files, actor=member, extra_ids=[dossier.id or 0])
    assert by_agenda == made(session, people, dossier, files)


def test_an_archive_is_made_in_pieces_however_large_its_files(tmp_path: Path) -> None:
    piece, times = b"\x00\xff" * 128 * 1024, 64
    digest = sha256()
    for _ in range(times):
        digest.update(piece)
    large = ArchivedFile(
        "III/1.1/MC01.pdf", digest.hexdigest(), len(piece) * times, lambda: iter([piece] * times)
    )
    tracemalloc.start()
    sizes = [len(part) for part in zipped([large], tmp_path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(piece) + 1024 * 1024
    assert sum(sizes) > large.size
    assert max(sizes) <= 256 * 1024
    assert not list(tmp_path.iterdir())
