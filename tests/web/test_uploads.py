"""Each rule of tus 1.0 over a real HTTP server, and the page to go on from another device."""

import hashlib
import socket
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.files import path_of
from app.core.parts import Part, codes_in, size_of
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier, Evidence
from app.domain.producers.models import Producer
from app.domain.uploads.models import Upload
from app.domain.uploads.rules import KEPT_FOR, MOST_UNFINISHED
from tests.factories.dossiers import make_dossier
from tests.factories.people import ELSEWHERE, PASSWORD, People, token_for
from tests.factories.uploads import metadata, photo
from tests.web.page_checks import check_page

TUS = {"tus-resumable": "1.0.0"}
PIECE = {"content-type": "application/offset+octet-stream"}
FILE = photo(7)


@dataclass
class Program:
    """A program that speaks tus by hand, so that each rule can be broken on its own."""

    client: httpx.Client
    dossier: str
    owner: str
    parts: Path
    producer: str = ""
    said: dict[str, str] = field(default_factory=dict)

    def create(
        self, length: int | str = len(FILE), *, body: bytes = b"", **headers: str
    ) -> httpx.Response:
        said = {
            "filename": "Phiếu kiểm nghiệm.jpg",
            "dossier": self.dossier,
            "kind": "test_report",
            "title": "Phiếu kiểm nghiệm mật ong",
        } | self.said
        sent = {"upload-length": str(length), "upload-metadata": metadata(said)}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/uploads", headers=TUS | sent | named, content=body)

    def begun(self, length: int = len(FILE)) -> str:
        answer = self.create(length)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    def patch(self, path: str, offset: int | str, body: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = TUS | PIECE | {"upload-offset": str(offset)} | named
        return self.client.patch(path, headers=sent, content=body)

    def head(self, path: str) -> httpx.Response:
        return self.client.head(path, headers=TUS)

    def offset(self, path: str) -> int:
        answer = self.head(path)
        assert answer.status_code == 200
        return int(answer.headers["upload-offset"])


@pytest.fixture
def program(server: str, engine: Engine, settings: Settings) -> Iterator[Program]:
    """Return the program of a producer with a dossier that is being written."""
    with transaction(engine) as session:
        people = People(session, now())
        dossier = make_dossier(session, people)
        owner = f"chuthe{dossier.producer_id}"
        code = dossier.code
        producer = session.exec(select(Producer)).one().code
        people.officer(ELSEWHERE)
        people.leader()
    headers = {"authorization": f"Bearer {token_for(engine, owner, Scope.DOSSIERS_WRITE)}"}
    with httpx.Client(base_url=server, headers=headers, timeout=30) as client:
        yield Program(client, code, owner, settings.parts_dir, producer)


def problem(answer: httpx.Response, status: int, code: str) -> str:
    """Return the sentence of a refusal that is the expected one, in the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (said["status"], said["code"]) == (status, code)
    return str(said["detail"])


def papers(engine: Engine) -> list[Evidence]:
    with reading(engine) as session:
        found = list(session.exec(select(Evidence).order_by(col(Evidence.id))))
        session.expunge_all()
        return found


def test_a_file_is_created_sent_in_two_pieces_and_becomes_evidence(
    program: Program, engine: Engine, settings: Settings
) -> None:
    created = program.create()
    assert created.status_code == 201
    path, half = created.headers["location"], len(FILE) // 2
    assert path.startswith("/uploads/TL-")
    assert now() < parsedate_to_datetime(created.headers["upload-expires"]) <= now() + KEPT_FOR
    assert program.offset(path) == 0

    first = program.patch(path, 0, FILE[:half])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(half))
    assert "upload-expires" in first.headers
    told = program.head(path)
    assert told.headers["upload-offset"] == str(half)
    assert told.headers["upload-length"] == str(len(FILE))
    assert told.headers["cache-control"] == "no-store"
    assert "filename UGhp4bq/dSBraeG7g20gbmdoaeG7h20uanBn" in told.headers["upload-metadata"]

    last = program.patch(path, half, FILE[half:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(FILE)))
    [paper] = papers(engine)
    assert last.headers["upload-evidence"] == paper.code
    assert (paper.title, paper.size) == ("Phiếu kiểm nghiệm mật ong", len(FILE))
    assert path_of(settings.files_dir, paper.sha256).read_bytes() == FILE
    assert codes_in(program.parts) == set()
    # Asked again after the answer was lost, it is still finished, and still one paper.
    assert program.head(path).headers["upload-evidence"] == paper.code
    assert program.patch(path, len(FILE), b"").status_code == 204
    assert program.patch(path, 0, FILE).status_code == 409
    assert len(papers(engine)) == 1


def test_a_file_comes_whole_with_its_creation(program: Program, engine: Engine) -> None:
    answer = program.create(body=FILE, **PIECE_NAMED)
    assert answer.status_code == 201
    assert answer.headers["upload-offset"] == str(len(FILE))
    assert answer.headers["upload-evidence"] == papers(engine)[0].code
    part = program.create(body=FILE[:100], **PIECE_NAMED)
    assert (part.status_code, part.headers["upload-offset"]) == (201, "100")
    program.said["title"] = ""
    program.said["kind"] = ""
    other = program.create(len(photo(8)), body=photo(8), **PIECE_NAMED)
    assert other.status_code == 201
    assert {paper.title for paper in papers(engine)} >= {"Phiếu kiểm nghiệm"}


PIECE_NAMED = {"content_type": "application/offset+octet-stream"}


def test_what_is_offered_is_told_to_anybody(server: str, settings: Settings) -> None:
    answer = httpx.options(f"{server}/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "expiration",
        "checksum",
        "termination",
    }
    assert answer.headers["tus-max-size"] == str(settings.largest_upload_bytes)
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"


def test_strangers_are_refused_before_a_byte_is_taken(
    program: Program, server: str, engine: Engine
) -> None:
    path = program.begun()
    for headers in ({}, {"authorization": "Bearer ocop_khong-co"}, {"cookie": "ocop=x"}):
        with httpx.Client(base_url=server, headers=headers, timeout=60) as nobody:
            stranger = Program(nobody, program.dossier, "", program.parts)
            answer = stranger.create()
            problem(answer, 401, "upload.not_signed_in")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            problem(stranger.patch(path, 0, FILE), 401, "upload.not_signed_in")
            assert stranger.head(path).status_code == 401
    reader = {"authorization": f"Bearer {token_for(engine, program.owner, Scope.DOSSIERS_READ)}"}
    with httpx.Client(base_url=server, headers=reader, timeout=60) as client:
        problem(
            Program(client, program.dossier, "", program.parts).create(),
            401,
            "upload.not_signed_in",
        )
    for username, status in ((f"canbo{ELSEWHERE}", 404), ("lanhdao03390", 403)):
        token = {"authorization": f"Bearer {token_for(engine, username)}"}
        with httpx.Client(base_url=server, headers=token, timeout=60) as client:
            other = Program(client, program.dossier, "", program.parts)
            assert other.create().status_code == status
            assert other.patch(path, 0, FILE).status_code == status
            assert other.client.delete(path, headers=TUS).status_code == status
    assert program.offset(path) == 0
    assert codes_in(program.parts) == set()


def test_another_version_is_refused_whatever_else_is_asked(program: Program) -> None:
    path = program.begun()
    for method, where in (("POST", "/uploads"), ("PATCH", path), ("HEAD", path), ("DELETE", path)):
        for headers in ({}, {"tus-resumable": "0.2.2"}):
            answer = program.client.request(method, where, headers=headers)
            assert answer.status_code == 412
            assert answer.headers["tus-version"] == "1.0.0"
    assert program.offset(path) == 0


def test_a_creation_must_tell_a_length_that_is_accepted(
    program: Program, settings: Settings
) -> None:
    for length in ("", "0", "-1", "abc", "1e3", "9" * 30):
        problem(program.create(length), 400, "tus.length")
    deferred = program.client.post("/uploads", headers=TUS | {"upload-defer-length": "1"})
    problem(deferred, 400, "tus.length")
    said = problem(program.create(settings.largest_upload_bytes + 1), 413, "tus.too_large")
    assert "20 MB" in said


def test_a_creation_must_say_readably_what_the_file_is(program: Program) -> None:
    for wrong in ("filename !!!", "filename YQ==,filename YQ==", "filename /w==", "a" * 9000):
        problem(program.create(upload_metadata=wrong), 400, "tus.metadata")
    program.said = {"kind": "khong-co", "issued_on": "hôm qua"}
    answer = program.create()
    problem(answer, 422, "invalid")
    assert set(answer.json()["errors"]) >= {"kind", "issued_on"}
    program.said = {"criterion_code": "99.9"}
    answer = program.create()
    problem(answer, 422, "dossier.unknown_criterion")
    program.said = {"dossier": "HS-0000000"}
    assert program.create().status_code == 404
    program.said = {"filename": ""}
    problem(program.create(), 422, "invalid")


def test_bytes_come_under_one_type_and_not_beyond_the_length(program: Program) -> None:
    path = program.begun(1000)
    problem(program.patch(path, 0, b"abc", content_type="text/plain"), 415, "tus.content_type")
    problem(program.create(body=b"abc", content_type="image/jpeg"), 415, "tus.content_type")
    problem(program.patch(path, 0, b"x" * 1001), 413, "tus.more_than_told")
    problem(program.create(10, body=b"x" * 11, **PIECE_NAMED), 413, "tus.more_than_told")
    assert program.offset(path) == 0


def test_a_body_of_untold_length_is_cut_off_where_the_file_ends(program: Program) -> None:
    path = program.begun(100_000)

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 10_000

    sent = TUS | PIECE | {"upload-offset": "0"}
    answer = program.client.patch(path, headers=sent, content=endless())
    problem(answer, 413, "tus.more_than_told")
    assert program.offset(path) == 0


def test_a_piece_begins_exactly_where_the_file_ends(program: Program) -> None:
    path = program.begun()
    assert program.patch(path, 0, FILE[:500]).status_code == 204
    for offset in (0, 499, 501, len(FILE), len(FILE) + 1):
        assert program.patch(path, offset, b"").status_code == 409
    for unread in ("", "-1", "abc"):
        problem(program.patch(path, unread, b"x"), 400, "tus.offset")
    assert program.offset(path) == 500


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_that_came_damaged_leaves_nothing_behind(program: Program, algorithm: str) -> None:
    def sums(content: bytes) -> str:
        return f"{algorithm} {b64encode(hashlib.new(algorithm, content).digest()).decode()}"

    path, half = program.begun(), len(FILE) // 2
    sound = program.patch(path, 0, FILE[:half], upload_checksum=sums(FILE[:half]))
    assert sound.status_code == 204
    damaged = program.patch(path, half, FILE[half:], upload_checksum=sums(FILE[half:] + b"x"))
    problem(damaged, 460, "tus.checksum_differs")
    assert program.offset(path) == half
    for wrong in ("md5 AAAA", algorithm, f"{algorithm} ???", f"{algorithm} AAAA"):
        problem(program.patch(path, half, FILE[half:], upload_checksum=wrong), 400, "tus.checksum")
    sound = program.patch(path, half, FILE[half:], upload_checksum=sums(FILE[half:]))
    assert "upload-evidence" in sound.headers


def test_one_person_cannot_fill_the_disk_with_halves(program: Program) -> None:
    begun = [program.begun() for _ in range(MOST_UNFINISHED)]
    said = problem(program.create(), 429, "upload.too_much_unfinished")
    assert "20 tệp" in said
    assert program.client.delete(begun[0], headers=TUS).status_code == 204
    program.begun()


def test_a_start_whose_answer_was_lost_is_the_same_upload(program: Program) -> None:
    key = "khoa-cua-lan-gui-nay"
    first = program.create(idempotency_key=key)
    assert first.status_code == 201
    assert program.create(idempotency_key=key).headers["location"] == first.headers["location"]


def test_an_ended_upload_is_gone_with_its_bytes(program: Program) -> None:
    path = program.begun()
    program.patch(path, 0, FILE[:100])
    assert program.client.delete(path, headers=TUS).status_code == 204
    assert codes_in(program.parts) == set()
    assert program.head(path).status_code == 404
    problem(program.patch(path, 100, b"x"), 404, "upload.unknown")


def test_the_method_may_come_in_a_header(program: Program) -> None:
    path = program.begun()
    sent = TUS | PIECE | {"upload-offset": "0", "x-http-method-override": "PATCH"}
    assert program.client.post(path, headers=sent, content=FILE[:9]).status_code == 204
    assert program.offset(path) == 9
    assert program.client.post(path, headers=TUS).status_code == 405


def test_a_forged_host_is_not_repeated(program: Program) -> None:
    answer = program.create(
        x_forwarded_host="ke-gian.example",
        x_forwarded_proto="https",
        host="ke-gian.example",
        forwarded="host=ke-gian.example",
    )
    assert answer.status_code == 201
    assert not urlsplit(answer.headers["location"]).netloc
    assert "ke-gian" not in str(answer.headers)


def test_who_comes_second_is_told_at_once_and_takes_over_from_a_dead_line(
    program: Program, server: str
) -> None:
    path = program.begun()
    place = urlsplit(server)
    head = (
        f"PATCH {path} HTTP/1.1\r\nhost: x\r\ntus-resumable: 1.0.0\r\n"
        f"authorization: {program.client.headers['authorization']}\r\n"
        f"content-type: {PIECE['content-type']}\r\nupload-offset: 0\r\n"
        f"content-length: {len(FILE)}\r\nexpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=15) as dead:
        dead.sendall(head.encode())
        # The server asks for bytes once it has taken the file: from here on it is the first one's.
        assert dead.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        dead.sendall(FILE[:5000])
        second = program.patch(path, 0, FILE)
        problem(second, 423, "upload.busy")
        assert second.elapsed.total_seconds() < 20  # a silent sender alone is waited for 30 s
        ended = HTTPResponse(dead)
        ended.begin()
        assert ended.status == 204
        came = int(ended.headers["upload-offset"])
    assert program.offset(path) == came <= 5000
    assert "upload-evidence" in program.patch(path, came, FILE[came:]).headers


def test_a_file_that_waited_too_long_is_gone(program: Program, engine: Engine) -> None:
    path = program.begun()
    with transaction(engine) as session:
        session.exec(select(Upload)).one().expires_at = now()
    assert program.head(path).status_code == 410
    problem(program.patch(path, 0, FILE), 410, "upload.gone")


def test_content_that_is_no_evidence_is_refused_with_its_sentence_and_removed(
    program: Program, engine: Engine
) -> None:
    poison = b"MZ" + b"\0" * 5000
    path = program.begun(len(poison))
    said = problem(program.patch(path, 0, poison), 422, "upload.content_refused")
    assert "PDF" in said
    assert papers(engine) == []
    assert codes_in(program.parts) == set()
    # Who lost that answer reads the same sentence when asking where to go on.
    again = program.head(path)
    assert again.status_code == 422
    assert unquote(again.headers["upload-refusal"]) == said


def test_a_file_other_than_the_promised_one_is_refused(program: Program) -> None:
    program.said = {"sha256": hashlib.sha256(photo(9)).hexdigest()}
    path = program.begun()
    said = problem(program.patch(path, 0, FILE), 422, "upload.content_refused")
    assert "khác tệp đã chọn" in said


def test_all_bytes_came_and_then_something_stopped(program: Program, engine: Engine) -> None:
    path = program.begun()
    with Part(program.parts, path.rsplit("/", 1)[1]) as part:
        part.append(FILE)
        assert program.head(path).status_code == 423
    told = program.head(path)
    assert (told.status_code, told.headers["upload-offset"]) == (200, str(len(FILE)))
    assert told.headers["upload-evidence"] == papers(engine)[0].code
    assert codes_in(program.parts) == set()


def test_a_dossier_that_was_filed_meanwhile_takes_no_more(program: Program, engine: Engine) -> None:
    path = program.begun()
    program.patch(path, 0, FILE[:100])
    with transaction(engine) as session:
        session.exec(select(Dossier)).one().state = DossierState.FILED
    problem(program.patch(path, 100, FILE[100:]), 403, "dossier.not_editable")
    assert size_of(program.parts, path.rsplit("/", 1)[1]) == 100


def test_the_page_goes_on_with_a_file_from_another_device(program: Program, server: str) -> None:
    created = program.create()
    program.patch(created.headers["location"], 0, FILE[: len(FILE) // 2])
    with httpx.Client(base_url=server, timeout=60) as browser:
        assert browser.get("/uploads/continue").headers["location"].startswith("/sign-in")
        browser.post("/sign-in", data={"username": program.owner, "password": PASSWORD})
        empty = browser.get("/uploads/continue")
        check_page(empty.text)
        code = created.headers["upload-resume-code"].lower().replace("-", " ")
        found = browser.get("/uploads/continue", params={"code": code})
        assert found.status_code == 200
        check_page(found.text)
        assert f'data-resume="{created.headers["location"]}"' in found.text
        assert "50 %" in found.text
        assert 'name="title" value="Phiếu kiểm nghiệm mật ong"' in found.text
        wrong = browser.get("/uploads/continue", params={"code": "7K2M-9Q4T"})
        assert wrong.status_code == 404
        check_page(wrong.text)
        evidence = browser.get(f"/dossiers/{program.dossier}/evidence")
        check_page(evidence.text)
        assert 'data-upload="/uploads"' in evidence.text
        # A session of a browser sends as a token does, and is told where it ends.
        path = created.headers["location"]
        last = browser.patch(
            path,
            headers=TUS | PIECE | {"upload-offset": str(len(FILE) // 2)},
            content=FILE[len(FILE) // 2 :],
        )
        assert "upload-evidence" in last.headers
        page = browser.get(f"/dossiers/{program.dossier}/evidence")
        assert "Đã thêm minh chứng." in page.text


# --- papers of a wallet -------------------------------------------------------------------------


def whole(program: Program, content: bytes, **said: str) -> httpx.Response:
    """Send a whole file for something other than the dossier."""
    program.said = {"dossier": ""} | said
    return program.create(len(content), body=content, **PIECE_NAMED)


def test_a_file_becomes_a_paper_of_the_wallet_and_another_one_renews_it(
    program: Program, engine: Engine
) -> None:
    first = whole(program, FILE, producer=program.producer, expires_on="2027-03-01")
    assert first.status_code == 201, first.text
    [paper] = papers(engine)
    assert first.headers["upload-evidence"] == paper.code
    assert (paper.title, str(paper.expires_on)) == ("Phiếu kiểm nghiệm mật ong", "2027-03-01")
    renewal = {"paper": paper.code, "title": "Phiếu kiểm nghiệm mới"}
    answer = whole(program, photo(8), **renewal)
    problem(answer, 422, "invalid")
    assert set(answer.json()["errors"]) == {"version"}
    problem(whole(program, photo(8), version="7", **renewal), 403, "stale_version")
    second = whole(program, photo(8), version=str(paper.version), **renewal)
    assert second.status_code == 201, second.text
    old, newer = papers(engine)
    assert old.replaced_by_id == newer.id
    assert second.headers["upload-evidence"] == newer.code
    told = program.head(second.headers["location"])
    assert told.headers["upload-evidence"] == newer.code
    assert metadata({"paper": paper.code}) in told.headers["upload-metadata"].split(",")
    problem(whole(program, photo(9), version="2", **renewal), 403, "paper.closed")


def test_the_old_papers_own_file_renews_nothing(program: Program, engine: Engine) -> None:
    whole(program, FILE, producer=program.producer)
    [paper] = papers(engine)
    answer = whole(program, FILE, paper=paper.code, version="1")
    assert "tệp của giấy tờ cũ" in problem(answer, 422, "upload.content_refused")
    assert codes_in(program.parts) == set()


def test_a_file_is_for_one_thing(program: Program) -> None:
    program.said = {"producer": program.producer}
    problem(program.create(), 400, "tus.metadata")
    assert whole(program, FILE, producer="CT-0000000").status_code == 404
    assert whole(program, FILE, paper="MC-0000000", version="1").status_code == 404
    problem(whole(program, FILE), 422, "invalid")


def test_strangers_send_nothing_into_a_wallet(
    program: Program, server: str, engine: Engine
) -> None:
    whole(program, FILE, producer=program.producer)
    [paper] = papers(engine)
    begun = []
    for said in ({"producer": program.producer}, {"paper": paper.code, "version": "1"}):
        program.said = {"dossier": ""} | said
        begun.append(program.begun())
    for username, status in ((f"canbo{ELSEWHERE}", 404), ("lanhdao03390", 403)):
        token = {"authorization": f"Bearer {token_for(engine, username)}"}
        with httpx.Client(base_url=server, headers=token, timeout=60) as client:
            other = Program(client, program.dossier, "", program.parts)
            for path in begun:
                assert other.patch(path, 0, FILE).status_code == status
                assert other.client.delete(path, headers=TUS).status_code == status
            for said in ({"producer": program.producer}, {"paper": paper.code, "version": "1"}):
                assert whole(other, FILE, **said).status_code == status
    assert codes_in(program.parts) == set()
    assert len(papers(engine)) == 1


def test_papers_of_a_wallet_go_on_from_another_device(
    program: Program, server: str, engine: Engine
) -> None:
    whole(program, FILE, producer=program.producer)
    [paper] = papers(engine)
    with httpx.Client(base_url=server, timeout=60) as browser:
        browser.post("/sign-in", data={"username": program.owner, "password": PASSWORD})
        for said, action, after in (
            (
                {"producer": program.producer},
                f"/producers/{program.producer}/papers",
                f"/producers/{program.producer}/papers",
            ),
            (
                {"paper": paper.code, "version": "1"},
                f"/papers/{paper.code}/replace",
                "/papers/[paper]",
            ),
        ):
            program.said = {"dossier": ""} | said
            created = program.create()
            found = browser.get(
                "/uploads/continue", params={"code": created.headers["upload-resume-code"]}
            )
            assert found.status_code == 200
            check_page(found.text)
            assert f'action="{action}"' in found.text
            assert f'data-after="{after}"' in found.text
            assert f'data-resume="{created.headers["location"]}"' in found.text
        for path in (f"/producers/{program.producer}/papers/new", f"/papers/{paper.code}/replace"):
            page = browser.get(path)
            check_page(page.text)
            assert 'data-upload="/uploads"' in page.text
