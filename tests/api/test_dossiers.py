"""Dossiers over JSON: the whole way by HTTP alone, refusals as problems, and who sees what."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.clock import now, today
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import actor_of, find_user
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.enums import DossierPart, DossierState
from app.domain.dossiers.models import Dossier, Evidence, SelfAssessmentAnswer
from app.rulebooks import loader
from tests.api.test_producers import assert_problem
from tests.factories.dossiers import (
    complete_answers,
    filled_report,
    make_dossier,
    opening,
    pdf_bytes,
    put_round,
)
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.register import make_producer, make_product

RUBRIC = loader.rubric("qd26-2026-04")
API = "/api/v1/dossiers"


@dataclass
class World:
    """Two communes with their people, a product, a round, and a caller for each account."""

    client: TestClient
    engine: Engine
    product: str
    round: str
    producer_id: int
    tokens: dict[str, str]

    def send(self, who: str, method: str, path: str, *, key: str | None = None, **more: Any) -> Any:
        """Call as this account."""
        if who not in self.tokens:
            self.tokens[who] = token_for(self.engine, who)
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": key or str(uuid4()),
        }
        return self.client.request(method, path, headers=headers, **more)

    @property
    def owner(self) -> str:
        """The account of the product's producer."""
        return f"chuthe{self.producer_id}"

    def make(self, state: DossierState) -> str:
        """Build another dossier in this state, of another producer, and return its code."""
        with transaction(self.engine) as session:
            dossier = make_dossier(session, KnownPeople(session, now()), state=state)
            self.producer_id = dossier.producer_id
            return dossier.code


class KnownPeople(People):
    """People of which some were made before, by an earlier session."""

    def _person(self, username: str, *roles: Any, **where: Any) -> Any:
        user = find_user(self._session, username)
        if user is not None:
            return actor_of(self._session, user, at=self.at)
        return super()._person(username, *roles, **where)


@pytest.fixture
def world(client: TestClient, engine: Engine) -> World:
    at = now()
    with transaction(engine) as session:
        people = People(session, at)
        producer = make_producer(session, people)
        made = make_product(session, people, producer)
        other = make_producer(session, people, "Hợp tác xã khác", commune_code=ELSEWHERE)
        people.producer(other.id or 0)
        for make in (people.leader, people.agency, people.auditor):
            make()
        people.leader(ELSEWHERE)
        people.council_member(1)
        round_ = put_round(
            session,
            people,
            proposals_before=today() + timedelta(days=60),
            results_before=today() + timedelta(days=120),
        )
        return World(client, engine, made.code, round_.code, producer.id or 0, {})


def opened(world: World) -> dict[str, Any]:
    answer = world.send(world.owner, "POST", API, json=opening(world.product))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def paper(**changes: Any) -> dict[str, Any]:
    return {"kind": "test_report", "title": "Phiếu kiểm nghiệm", "criterion_code": "10"} | changes


def upload(
    world: World,
    path: str,
    content: bytes | None = None,
    *,
    name: str = "phiếu kiểm nghiệm.pdf",
    key: str | None = None,
    who: str = "",
    **fields: Any,
) -> Any:
    return world.send(
        who or world.owner,
        "POST",
        f"{path}/evidence",
        key=key,
        data={name: value for name, value in paper(**fields).items() if value is not None},
        files={"file": (name, content if content is not None else pdf_bytes(), "text/plain")},
    )


def count(engine: Engine, table: type[Any]) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


# --- the whole way ------------------------------------------------------------------------------


def test_a_dossier_goes_from_draft_to_the_round_by_http_alone(  # noqa: PLR0915 -- one way, told from its start to its end
    world: World,
) -> None:
    made = opened(world)
    path = f"{API}/{made['code']}"
    assert (made["state"], made["version"], made["rubric_code"]) == ("draft", 1, RUBRIC.code)
    lacking = world.send(world.owner, "GET", f"{path}/missing").json()
    assert {one["part"] for one in lacking} >= {"self_assessment", "evidence", "samples"}
    assert all("26/2026" in one["basis"] for one in lacking)

    chosen, version = complete_answers(RUBRIC), 1
    for part in RUBRIC.parts:
        for section in part.sections:
            answers = [
                {"criterion_code": one.code, "option_code": chosen[one.code]}
                for one in section.criteria
            ]
            saved = world.send(
                world.owner,
                "PUT",
                f"{path}/self-assessment/{section.code}",
                json={"answers": answers, "version": version},
            )
            assert saved.status_code == 200, saved.text
            version = saved.json()["version"]
    assert saved.json()["total"] == 100
    assert saved.json()["missing"] == []
    kept = upload(world, path)
    assert kept.status_code == 201, kept.text
    assert kept.json()["criteria"] == ["10"]
    version = world.send(world.owner, "GET", path).json()["version"]
    parts = {
        "business_results": "Bán 1.200 lít.",
        "business_plan": "Mở thêm 50 đõ ong.",
        "sample_count": 5,
        "version": version,
    }
    told = world.send(world.owner, "PUT", f"{path}/parts", json=parts).json()
    assert world.send(world.owner, "GET", f"{path}/missing").json() == []
    told = world.send(world.owner, "POST", f"{path}/file", json={"version": told["version"]}).json()
    assert told["state"] == "filed"
    assert told["slip_number"] == f"01/PĐK-12-{HOME}-{today().year}"

    officer, leader = f"canbo{HOME}", f"lanhdao{HOME}"
    given_back = world.send(
        officer,
        "POST",
        f"{path}/return",
        json={
            "items": [{"part": "evidence", "reason": "Phiếu mờ."}],
            "version": told["version"],
        },
    ).json()
    assert given_back["return_items"] == [{"part": "evidence", "reason": "Phiếu mờ."}]
    told = world.send(
        world.owner, "POST", f"{path}/file", json={"version": given_back["version"]}
    ).json()
    assert told["state"] == "filed"

    assert_problem(
        world.send(officer, "GET", f"{path}/commune-report"), 404, "commune_report.unknown"
    )
    report = world.send(
        officer, "PUT", f"{path}/commune-report", json=filled_report().model_dump()
    ).json()
    assert (report["labour_local_percent"], report["version"]) == ("75", 1)
    signature = {"report_number": "27/BC-UBND", "signed_title": "Chủ tịch", "version": 1}
    assert_problem(
        world.send(leader, "POST", f"{path}/commune-report/sign", json=signature),
        409,
        "dossier.components_unchecked",
    )
    checks = {
        "items": [{"part": part, "complete": True} for part in DossierPart],
        "version": told["version"],
    }
    assert world.send(officer, "PUT", f"{path}/components", json=checks).status_code == 200
    signed = world.send(leader, "POST", f"{path}/commune-report/sign", json=signature).json()
    assert signed["signed_by"]
    assert world.send(officer, "GET", f"{path}/commune-report").json() == signed
    version = world.send(leader, "GET", path).json()["version"]
    letter = {"proposal_number": "58/UBND-KT", "version": version}
    told = world.send(leader, "POST", f"{path}/propose", json=letter).json()
    assert told["state"] == "proposed"
    into = {"round": world.round, "version": told["version"]}
    told = world.send("canbotinh", "POST", f"{path}/accept", json=into).json()
    assert told["state"] == "accepted"
    assert told["province_slip_number"].startswith("01/PĐK-12-")

    for form, words in (("mau-01", "PHIẾU ĐĂNG KÝ"), ("mau-03", "BÁO CÁO")):
        printed = world.send("canbotinh", "GET", f"{path}/{form}.pdf")
        assert printed.headers["content-type"] == "application/pdf"
        assert form in printed.headers["content-disposition"]
        text = PdfReader(BytesIO(printed.content)).pages[0].extract_text()
        assert words in text


def test_a_withdrawn_dossier_says_so(world: World) -> None:
    code = opened(world)["code"]
    told = world.send(
        world.owner,
        "POST",
        f"{API}/{code}/withdraw",
        json={"reason": "Chưa kịp đổi bao bì.", "version": 1},
    ).json()
    assert (told["state"], told["state_label"]) == ("withdrawn", "Đã rút")
    assert told["closed_at"]


# --- refusals -----------------------------------------------------------------------------------


def test_an_incomplete_dossier_is_refused_with_all_it_lacks(world: World) -> None:
    code = opened(world)["code"]
    answer = world.send(world.owner, "POST", f"{API}/{code}/file", json={"version": 1})
    problem = assert_problem(answer, 422, "dossier.incomplete")
    assert "26/2026" in problem["basis"]
    assert "minh chứng" in problem["detail"]


def test_a_step_from_the_wrong_state_is_a_conflict_with_its_basis(world: World) -> None:
    code = opened(world)["code"]
    body = {"items": [{"part": "evidence", "reason": "Phiếu mờ."}], "version": 1}
    answer = world.send(f"canbo{HOME}", "POST", f"{API}/{code}/return", json=body)
    problem = assert_problem(answer, 409, "dossier.wrong_state")
    assert "Điều 7.2" in problem["basis"]
    assert "Đang soạn" in problem["detail"]


def test_a_second_dossier_of_a_product_is_a_conflict_that_names_the_first(world: World) -> None:
    code = opened(world)["code"]
    answer = world.send(world.owner, "POST", API, json=opening(world.product))
    problem = assert_problem(answer, 409, "dossier.open_already")
    assert code in problem["detail"]
    assert count(world.engine, Dossier) == 1


@pytest.mark.parametrize(
    ("who", "step", "body", "code"),
    [
        ("owner", "return", {"items": [{"part": "evidence", "reason": "Phiếu mờ."}]}, "officer"),
        (f"canbo{HOME}", "propose", {"proposal_number": "1"}, "leader"),
        (f"lanhdao{HOME}", "file", {}, "applicant"),
        (f"lanhdao{HOME}", "accept", {"round": "?"}, "agency"),
        ("kiemtoan", "withdraw", {"reason": "Không phải tôi."}, "applicant"),
    ],
)
def test_the_wrong_role_is_refused_with_the_basis(
    world: World, who: str, step: str, body: dict[str, Any], code: str
) -> None:
    dossier = opened(world)["code"]
    body = body | {"version": 1}
    if "round" in body:
        body["round"] = world.round
    sender = world.owner if who == "owner" else who
    answer = world.send(sender, "POST", f"{API}/{dossier}/{step}", json=body)
    expected = {
        "officer": "dossier.not_commune_officer",
        "leader": "dossier.not_commune_leader",
        "applicant": "dossier.not_applicant",
        "agency": "dossier.not_agency_officer",
    }[code]
    assert "26/2026" in assert_problem(answer, 403, expected)["basis"]


READS = [
    "",
    "/self-assessment",
    "/missing",
    "/evidence",
    "/evidence/MC-X/file",
    "/commune-report",
    "/mau-01.pdf",
    "/mau-03.pdf",
]


@pytest.mark.parametrize("read", READS)
def test_strangers_cannot_tell_a_dossier_from_none(world: World, read: str) -> None:
    code = opened(world)["code"]
    for who in (f"canbo{ELSEWHERE}", f"lanhdao{ELSEWHERE}", "hoidong1"):
        assert_problem(world.send(who, "GET", f"{API}/{code}{read}"), 404, "not_found")
    assert_problem(world.send(world.owner, "GET", f"{API}/HS-NONE{read}"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "step", "body"),
    [
        ("PUT", "/self-assessment/1", {"answers": [], "version": 1}),
        ("PUT", "/parts", {"business_results": "", "business_plan": "", "sample_count": 0}),
        ("POST", "/file", {}),
        ("POST", "/withdraw", {"reason": "Không phải tôi."}),
        ("PUT", "/commune-report", {}),
        ("POST", "/propose", {"proposal_number": "1"}),
        ("POST", "/evidence/cite", {"evidence_code": "MC-XXXX", "criterion_code": "1.1"}),
    ],
)
def test_strangers_change_nothing(
    world: World, method: str, step: str, body: dict[str, Any]
) -> None:
    code = opened(world)["code"]
    if "cite" not in step:
        body = {"version": 1} | body
    before = count(world.engine, AuditEvent)
    answer = world.send(f"canbo{ELSEWHERE}", method, f"{API}/{code}{step}", json=body)
    assert_problem(answer, 404, "not_found")
    assert count(world.engine, AuditEvent) == before + 1  # the token of the stranger


def test_scopes_are_asked_for(world: World) -> None:
    reader = token_for(world.engine, world.owner, Scope.DOSSIERS_READ)
    headers = {"authorization": f"Bearer {reader}", "idempotency-key": str(uuid4())}
    answer = world.client.post(API, json=opening(world.product), headers=headers)
    assert_problem(answer, 403, "token.scope_missing")
    writer = token_for(world.engine, world.owner, Scope.DOSSIERS_WRITE)
    answer = world.client.get(API, headers={"authorization": f"Bearer {writer}"})
    assert_problem(answer, 403, "token.scope_missing")
    assert_problem(world.client.get(API), 401, "token.needed")


# --- versions, keys, bodies ---------------------------------------------------------------------


def test_the_same_key_twice_opens_one_dossier(world: World) -> None:
    key = str(uuid4())
    body = opening(world.product)
    first, again = (world.send(world.owner, "POST", API, key=key, json=body) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotent-replay"] == "true"
    assert count(world.engine, Dossier) == 1


def test_an_old_version_is_answered_with_both(world: World) -> None:
    code = opened(world)["code"]
    answer = world.send(
        world.owner,
        "PUT",
        f"{API}/{code}/self-assessment/1",
        json={"answers": [{"criterion_code": "1.1", "option_code": "c"}], "version": 4},
    )
    problem = assert_problem(answer, 409, "stale_version")
    assert (problem["sent_version"], problem["current_version"]) == (4, 1)
    assert count(world.engine, SelfAssessmentAnswer) == 0


ANSWER = {"criterion_code": "1.1", "option_code": "c"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answers": [ANSWER]}, "version"),
        ({"answers": "c", "version": 1}, "answers"),
        ({"answers": [ANSWER | {"points": 3}], "version": 1}, "answers.0.points"),
        ({"answers": [ANSWER] * 61, "version": 1}, "answers"),
        ({"answers": [ANSWER | {"description": "x" * 4001}], "version": 1}, None),
        ({"answers": [ANSWER | {"evidence": ["MC"] * 41}], "version": 1}, "answers.0.evidence"),
        ({"answers": [ANSWER | {"criterion_code": "\x00"}], "version": 1}, None),
        ({"answers": [ANSWER, {"criterion_code": "1.2", "option_code": "z"}], "version": 1}, "1.2"),
        ({"answers": [ANSWER, ANSWER | {"criterion_code": "2.1"}], "version": 1}, "2.1"),
        ({"answers": [ANSWER | {"evidence": ["MC-\u0000"]}], "version": 1}, "1.1"),
        ({"answers": [ANSWER], "version": 1.5}, "version"),
        ({"answers": [ANSWER], "version": 10**30}, None),
        ([], None),
    ],
)
def test_a_bad_section_is_answered_field_by_field_and_stores_nothing(
    world: World, body: Any, field: str | None
) -> None:
    code = opened(world)["code"]
    answer = world.send(world.owner, "PUT", f"{API}/{code}/self-assessment/1", json=body)
    assert 400 <= answer.status_code < 500, answer.text
    problem = answer.json()
    assert problem["detail"]
    if field is not None:
        assert problem["errors"][field]
    assert count(world.engine, SelfAssessmentAnswer) == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"product_code": "x"}),
        ("POST", "", {"product_code": "SP-KHONG", "kind": "upgrade"}),
        ("POST", "", {}),
        ("PUT", "/{code}/parts", {"business_results": "", "business_plan": "", "version": 1}),
        ("POST", "/{code}/return", {"items": [], "version": 1}),
        ("POST", "/{code}/return", {"items": [{"part": "x", "reason": "abc"}], "version": 1}),
        ("POST", "/{code}/withdraw", {"reason": "\u200b" * 8, "version": 1}),
        ("POST", "/{code}/accept", {"round": "D2-2026"}),
        ("PUT", "/{code}/commune-report", {"workers_total": 1, "workers_local": 2}),
        ("PUT", "/{code}/commune-report", {"idea_confirmed": True}),
        ("POST", "/{code}/commune-report/sign", {"report_number": "1", "version": 0}),
        ("POST", "/{code}/evidence/cite", {"evidence_code": "MC-XXXX"}),
    ],
)
def test_malformed_bodies_are_each_answered_with_sentences(
    world: World, method: str, path: str, body: dict[str, Any]
) -> None:
    code = opened(world)["code"]
    answer = world.send(world.owner, method, API + path.format(code=code), json=body)
    problem = assert_problem(answer, 422, "invalid")
    assert problem["errors"]
    assert all(said.strip() for said in problem["errors"].values())


def test_text_that_is_no_json_is_unreadable(world: World) -> None:
    token = token_for(world.engine, world.owner)
    answer = world.client.post(
        API,
        content=b'{"product_code": ',
        headers={
            "authorization": f"Bearer {token}",
            "idempotency-key": str(uuid4()),
            "content-type": "application/json",
        },
    )
    assert_problem(answer, 400, "invalid")


@pytest.mark.parametrize(
    "path",
    [
        "/HS-%00",
        "/" + "x" * 300,
        "/HS-1/evidence/%00/file",
        "/HS-1/evidence/" + "x" * 300 + "/file",
        "?commune_code=%00",
        "?q=%00&commune_code=123456",
        "?state=lost",
        "?limit=0",
        "?after=-1",
        "?after=99999999999999999999999",
    ],
)
def test_no_address_is_too_strange_for_an_answer(world: World, path: str) -> None:
    answer = world.send(world.owner, "GET", API + path)
    assert answer.status_code in {404, 422}, answer.text
    assert answer.json()["detail"]


# --- evidence -----------------------------------------------------------------------------------


def test_a_file_comes_back_byte_for_byte_to_be_kept_and_not_opened(
    world: World, settings: Settings
) -> None:
    path, content = f"{API}/{opened(world)['code']}", pdf_bytes("Bản gốc")
    kept = upload(world, path, content, name="C:\\hồ sơ\\phiếu 1.pdf", number="KN-1").json()
    assert kept["sha256"] == sha256(content).hexdigest()
    assert (kept["file_name"], kept["media_type"]) == ("phiếu 1.pdf", "application/pdf")
    sent = world.send(world.owner, "GET", f"{path}/evidence/{kept['code']}/file")
    assert sent.content == content
    assert sent.headers["content-type"] == "application/pdf"
    assert sent.headers["x-content-type-options"] == "nosniff"
    said = sent.headers["content-disposition"]
    assert said.startswith("attachment; filename=\"phieu 1.pdf\"; filename*=UTF-8''phi")
    assert "\n" not in said
    assert said.isascii()
    assert [one["code"] for one in world.send(world.owner, "GET", f"{path}/evidence").json()] == [
        kept["code"]
    ]
    digest = kept["sha256"]
    (settings.files_dir / digest[:2] / digest).unlink()
    gone = world.send(world.owner, "GET", f"{path}/evidence/{kept['code']}/file")
    assert_problem(gone, 404, "evidence.file_gone")


def test_a_photo_is_kept_as_what_it_is(world: World) -> None:
    photo = BytesIO()
    Image.new("RGB", (8, 8), "white").save(photo, "PNG")
    path = f"{API}/{opened(world)['code']}"
    kept = upload(world, path, photo.getvalue(), name="ảnh.exe").json()
    assert kept["media_type"] == "image/png"


def test_the_same_upload_again_is_replayed_and_the_same_file_is_one_paper(world: World) -> None:
    path, key = f"{API}/{opened(world)['code']}", str(uuid4())
    first = upload(world, path)
    again = upload(world, path, key=key, title="Tên khác")
    assert again.json()["code"] == first.json()["code"]
    assert count(world.engine, Evidence) == 1


@pytest.mark.parametrize(
    ("content", "fields", "code", "field"),
    [
        (b"", {}, "file.empty", "file"),
        (b"MZ\x90\x00" + b"\x00" * 200, {}, "file.type_not_accepted", "file"),
        (b"%PDF-1.7 half", {}, "file.broken", "file"),
        (None, {"criterion_code": "99"}, "dossier.unknown_criterion", "criterion_code"),
        (None, {"kind": "x"}, "invalid", "kind"),
        (None, {"title": None}, "invalid", "title"),
        (None, {"issued_on": "31/12/2026"}, "invalid", "issued_on"),
        (None, {"issued_on": "2026-02-02", "expires_on": "2026-02-01"}, "invalid", None),
        (None, {"points": "3"}, "invalid", "points"),
    ],
)
def test_a_paper_that_cannot_be_kept_leaves_nothing(
    world: World, content: bytes | None, fields: dict[str, Any], code: str, field: str | None
) -> None:
    path = f"{API}/{opened(world)['code']}"
    problem = assert_problem(upload(world, path, content, **fields), 422, code)
    assert problem["errors"]
    if field is not None:
        assert field in problem["errors"]
    assert count(world.engine, Evidence) == 0


def test_an_upload_without_a_file_or_as_json_says_what_is_missing(world: World) -> None:
    path = f"{API}/{opened(world)['code']}/evidence"
    bodies: list[dict[str, Any]] = [{"data": paper()}, {"json": paper()}]
    for more in bodies:
        problem = assert_problem(world.send(world.owner, "POST", path, **more), 422, "invalid")
        assert "file" in problem["errors"] or "body" in problem["errors"]


def test_an_empty_date_is_no_date(world: World) -> None:
    path = f"{API}/{opened(world)['code']}"
    kept = upload(world, path, issued_on="", expires_on="2027-03-01", number="")
    assert kept.status_code == 201, kept.text
    assert (kept.json()["issued_on"], kept.json()["expires_on"]) == (None, "2027-03-01")


def test_nothing_is_written_to_the_disk_for_a_stranger(world: World, settings: Settings) -> None:
    code = opened(world)["code"]
    for headers in ({}, {"authorization": "Bearer ocop_x"}):
        answer = world.client.post(
            f"{API}/{code}/evidence",
            data=paper(),
            files={"file": ("a.pdf", pdf_bytes(), "application/pdf")},
            headers={"idempotency-key": str(uuid4()), **headers},
        )
        assert_problem(answer, 401, "token.needed")
    assert not settings.files_dir.exists()


def test_a_paper_is_cited_and_let_go(world: World) -> None:
    path = f"{API}/{opened(world)['code']}"
    code = upload(world, path, criterion_code="").json()["code"]
    body = {"evidence_code": code, "criterion_code": "1.1"}

    def cited(step: str) -> list[str]:
        told = world.send(world.owner, "POST", f"{path}/evidence/{step}", json=body)
        assert told.status_code == 200, told.text
        first = told.json()["criteria"][0]
        assert first["criterion_code"] == "1.1"
        papers: list[str] = first["evidence"]
        return papers

    assert cited("cite") == [code]
    assert cited("uncite") == []
    unknown = body | {"evidence_code": "MC-KHONG"}
    answer = world.send(world.owner, "POST", f"{path}/evidence/cite", json=unknown)
    assert_problem(answer, 404, "evidence.unknown")


# --- lists --------------------------------------------------------------------------------------


def test_lists_are_searched_filtered_and_paged(world: World) -> None:
    codes = [opened(world)["code"], world.make(DossierState.FILED), world.make(DossierState.DRAFT)]
    officer = f"canbo{HOME}"

    def listed(query: str) -> list[str]:
        answer = world.send(officer, "GET", f"{API}?{query}").json()
        return [item["code"] for item in answer["items"]]

    assert listed("") == codes[::-1]
    assert listed("state=filed") == [codes[1]]
    assert listed("q=MAT ONG") == codes[::-1]
    assert listed("q=thu nghiem 3") == [codes[1]]
    assert listed(f"commune_code={ELSEWHERE}") == []
    first = world.send(officer, "GET", f"{API}?limit=2").json()
    assert [item["code"] for item in first["items"]] == codes[:0:-1]
    rest = world.send(officer, "GET", f"{API}?limit=2&after={first['next_after']}").json()
    assert [item["code"] for item in rest["items"]] == [codes[0]]
    assert rest["next_after"] is None


def test_each_sees_its_own_and_the_province_all(world: World) -> None:
    mine, first_owner = opened(world)["code"], world.owner
    other = world.make(DossierState.DRAFT)

    def seen(who: str) -> set[str]:
        return {item["code"] for item in world.send(who, "GET", API).json()["items"]}

    assert seen(first_owner) == {mine}
    assert seen(world.owner) == {other}
    assert seen(f"canbo{HOME}") == seen("canbotinh") == seen("kiemtoan") == {mine, other}
    assert seen(f"canbo{ELSEWHERE}") == seen("hoidong1") == set()


def test_every_operation_of_the_document_gives_an_example_of_its_body(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    ours = {path: item for path, item in document["paths"].items() if "/dossiers" in path}
    assert len(ours) >= 18
    for path, item in ours.items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            for media in operation.get("requestBody", {}).get("content", {}).values():
                name = media["schema"]["$ref"].rsplit("/", 1)[-1]
                assert any("examples" in one for one in schemas[name]["properties"].values()), name
    evidence = ours["/api/v1/dossiers/{code}/evidence"]["post"]
    assert list(evidence["requestBody"]["content"]) == ["multipart/form-data"]
