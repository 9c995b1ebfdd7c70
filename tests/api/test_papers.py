"""A producer's papers over JSON: the whole life of one, who may, refusals as problems."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.clock import now, today
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.models import Evidence
from tests.api.test_producers import assert_problem
from tests.factories.dossiers import make_dossier, pdf_bytes
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.register import make_producer, make_product

API = "/api/v1"
OFFICER = f"canbo{HOME}"


@dataclass
class World:
    """A producer with a draft dossier, and a caller for each account."""

    client: TestClient
    engine: Engine
    producer: str
    dossier: str
    owner: str
    tokens: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, *, who: str = "", key: str = "", **more: Any) -> Any:
        who = who or self.owner
        if who not in self.tokens:
            self.tokens[who] = token_for(self.engine, who)
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": key or str(uuid4()),
        }
        return self.client.request(method, f"{API}{path}", headers=headers, **more)

    @property
    def wallet(self) -> str:
        return f"/producers/{self.producer}/papers"

    def add(self, title: str, *, path: str = "", **said: Any) -> Any:
        who, key = said.pop("who", ""), said.pop("key", "")
        return self.send(
            "POST",
            path or self.wallet,
            who=who,
            key=key,
            data={"kind": "test_report", "title": title} | said,
            files={"file": (f"{title}.pdf", pdf_bytes(title), "application/pdf")},
        )


@pytest.fixture
def world(client: TestClient, engine: Engine) -> World:
    with transaction(engine) as session:
        people = People(session, now())
        producer = make_producer(session, people)
        product = make_product(session, people, producer)
        dossier = make_dossier(session, people, product=product)
        for office in (people.leader, people.agency):
            office()
        people.officer(ELSEWHERE)
        people.council_member(1)
        return World(client, engine, producer.code, dossier.code, f"chuthe{producer.id}")


def papers(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(Evidence)).one()


def test_the_whole_life_of_a_paper(world: World) -> None:
    soon = (today() + timedelta(days=20)).isoformat()
    made = world.add("Phiếu 2026", number="KN-1", expires_on=soon)
    assert made.status_code == 201, made.text
    told = made.json()
    code = told["code"]
    assert (told["state"], told["days_left"], told["version"]) == ("expiring", 20, 1)
    assert told["kind_label"] == "Phiếu kiểm nghiệm"
    assert (told["uses"], told["replaced_by"]) == ([], None)
    changed = world.send(
        "PUT",
        f"/papers/{code}",
        json={"kind": "test_report", "title": "Phiếu 2026", "number": "KN-2", "version": 1},
    ).json()
    assert (changed["number"], changed["state"], changed["days_left"]) == ("KN-2", "valid", None)
    for criterion in ("1.1", "2.1", "4.1"):
        cited = world.send(
            "POST",
            f"/dossiers/{world.dossier}/evidence/cite",
            json={"evidence_code": code, "criterion_code": criterion},
        )
        assert cited.status_code == 200, cited.text
    (use,) = world.send("GET", f"/papers/{code}").json()["uses"]
    assert (use["dossier_code"], use["is_open"]) == (world.dossier, True)
    assert use["criteria"] == ["1.1", "2.1", "4.1"]
    renewed = world.add("Phiếu 2027", path=f"/papers/{code}/replace", version=2)
    assert renewed.status_code == 201, renewed.text
    newer = renewed.json()
    assert newer["use_count"] == 3
    assert [one["code"] for one in newer["history"]] == [code, newer["code"]]
    old = world.send("GET", f"/papers/{code}").json()
    assert (old["state"], old["replaced_by"], old["uses"]) == ("replaced", newer["code"], [])
    file = world.client.get(
        f"{API}/papers/{code}/file",
        headers={"authorization": f"Bearer {world.tokens[world.owner]}"},
    )
    assert file.content == pdf_bytes("Phiếu 2026")
    away = world.send(
        "POST", f"/papers/{newer['code']}/withdraw", json={"reason": "Cơ sở đổi tên", "version": 1}
    ).json()
    assert (away["state"], away["withdrawn_reason"]) == ("withdrawn", "Cơ sở đổi tên")
    back = world.send("POST", f"/papers/{newer['code']}/restore", json={"version": 2}).json()
    assert (back["state"], back["use_count"]) == ("valid", 0)


def test_the_list_is_filtered_and_searched(world: World) -> None:
    gone = (today() - timedelta(days=1)).isoformat()
    world.add("Phiếu kiểm nghiệm cũ", expires_on=gone)
    world.add("Câu chuyện", kind="story")

    def found(query: str) -> list[str]:
        answer = world.send("GET", f"{world.wallet}?{query}")
        return [one["title"] for one in answer.json()["items"]]

    assert found("") == ["Câu chuyện", "Phiếu kiểm nghiệm cũ"]
    assert found("kind=story") == ["Câu chuyện"]
    assert found("state=expired") == ["Phiếu kiểm nghiệm cũ"]
    assert found("q=kiem nghiem") == ["Phiếu kiểm nghiệm cũ"]
    assert_problem(world.send("GET", f"{world.wallet}?state=la"), 422, "invalid")


def test_a_paper_nobody_cites_is_removed_and_one_that_is_cited_is_not(world: World) -> None:
    code = world.add("Nhầm").json()["code"]
    said = {"reason": "Tải nhầm tệp", "version": 1}
    cite = {"evidence_code": code, "criterion_code": "1.1"}
    world.send("POST", f"/dossiers/{world.dossier}/evidence/cite", json=cite)
    refused = assert_problem(
        world.send("POST", f"/papers/{code}/remove", json=said), 409, "paper.cited"
    )
    assert world.dossier in refused["detail"]
    world.send("POST", f"/dossiers/{world.dossier}/evidence/uncite", json=cite)
    removed = world.send("POST", f"/papers/{code}/remove", json=said)
    assert removed.json()["title"] == "Nhầm"
    assert_problem(world.send("GET", f"/papers/{code}"), 404, "paper.unknown")


def test_refusals_are_problems_and_change_nothing(world: World) -> None:
    code = world.add("Phiếu").json()["code"]
    path = f"/papers/{code}/replace"
    assert_problem(world.add("Phiếu", path=path, version=1), 422, "paper.same_file")
    assert_problem(world.add("Mới", path=path, version=9), 409, "stale_version")
    late = world.add("Mới", path=path, version=1, issued_on="2026-05-02", expires_on="2026-05-01")
    assert_problem(late, 422, "invalid")
    world.add("Mới", path=path, version=1)
    assert_problem(world.add("Mới nữa", path=path, version=2), 409, "paper.closed")
    cite = {"evidence_code": code, "criterion_code": "1.1"}
    assert_problem(
        world.send("POST", f"/dossiers/{world.dossier}/evidence/cite", json=cite),
        409,
        "evidence.not_offered",
    )
    assert papers(world.engine) == 2


def test_the_same_key_adds_once(world: World) -> None:
    key = str(uuid4())
    first, second = (world.add("Một lần", key=key) for _ in range(2))
    assert first.json()["code"] == second.json()["code"]
    assert papers(world.engine) == 1


def test_a_helper_is_recorded_a_reader_is_refused_and_a_stranger_finds_nothing(
    world: World, settings: Settings
) -> None:
    helped = world.add("Làm hộ", who=OFFICER)
    assert helped.json()["added_by_helper"] is True
    code = helped.json()["code"]
    with reading(world.engine) as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.subject_code == code)).one()
        assert (event.kind, event.data["on_behalf"]) == ("evidence.added", True)
    for reader in (f"lanhdao{HOME}", "canbotinh"):
        assert world.send("GET", f"/papers/{code}", who=reader).status_code == 200
        assert_problem(world.add("Của ai", who=reader), 403, "dossier.not_applicant")
    for stranger in (f"canbo{ELSEWHERE}", "hoidong1"):
        for path in (f"/papers/{code}", f"/papers/{code}/file"):
            assert_problem(world.send("GET", path, who=stranger), 404, "paper.unknown")
        assert_problem(world.send("GET", world.wallet, who=stranger), 404, "not_found")
        lost = world.add("Lạ", path=f"/papers/{code}/replace", who=stranger, version=1)
        assert_problem(lost, 404, "paper.unknown")
    reader_token = token_for(world.engine, world.owner, Scope.DOSSIERS_READ)
    before = set(settings.files_dir.rglob("*"))
    answer = world.client.post(
        f"{API}{world.wallet}",
        headers={"authorization": f"Bearer {reader_token}", "idempotency-key": str(uuid4())},
        data={"kind": "other", "title": "Không được"},
        files={"file": ("a.pdf", pdf_bytes("Không được"), "application/pdf")},
    )
    assert_problem(answer, 403, "token.scope_missing")
    assert set(settings.files_dir.rglob("*")) == before
