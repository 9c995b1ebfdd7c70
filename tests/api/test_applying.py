"""Upgrade and renewal over JSON alone: from the certificate to the superseding decision."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now, today
from app.core.db import transaction
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import last_valid_day
from app.rulebooks import loader
from tests.api.test_dossiers import KnownPeople
from tests.api.test_producers import assert_problem
from tests.factories.dossiers import filled_report, passing_gates
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.recognition import (
    certificates_of,
    lock_result,
    locked_dossier,
    make_decision,
    sign,
)

GATES = {"gate_answers": [one.model_dump(mode="json") for one in passing_gates()]}
CHANGES = {
    "changes": "Bao bì thủy tinh; thêm máy lọc.",
    "tests": "Kiểm nghiệm tháng 3 hằng năm, đều đạt.",
    "tests_done": 3,
    "market": "Hai cửa hàng ở Hà Nội.",
    "output_amount": 3600,
    "output_unit": "lít",
    "revenue": 1_440_000_000,
}


@dataclass
class World:
    """A certificate with the people around it, each called by the name of its account."""

    client: TestClient
    engine: Engine
    certificate: str
    product: str
    owner: str
    tokens: dict[str, str]

    def send(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """Call as this account."""
        if who not in self.tokens:
            self.tokens[who] = token_for(self.engine, who)
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": str(uuid4()),
        }
        return self.client.request(method, f"/api/v1{path}", headers=headers, json=body)

    def ok(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """Call and return the answer, which must be a success."""
        answer = self.send(who, method, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    def ends_in(self, days: int) -> None:
        """Let the certificate end in so many days."""
        with transaction(self.engine) as session:
            certificate = session.exec(
                select(Certificate).where(col(Certificate.code) == self.certificate)
            ).one()
            certificate.expires_on = today() + timedelta(days=days)
            certificate.issued_on = last_valid_day(certificate.expires_on, -36)


@pytest.fixture
def world(client: TestClient, engine: Engine) -> World:
    """Return a product recognised with three stars, with everybody who takes part afterwards."""
    with transaction(engine) as session:
        people = People(session, now())
        dossier = locked_dossier(session, people, star=3)
        decision = sign(session, people, make_decision(session, people, dossier))
        (certificate,) = certificates_of(session, decision)
        for office in (people.officer, people.leader, people.agency, people.signer):
            office()
        product = session.exec(select(Product).where(col(Product.id) == dossier.product_id)).one()
        return World(
            client,
            engine,
            certificate.code,
            product.code,
            f"chuthe{dossier.producer_id}",
            {},
        )


def test_gates_are_listed_and_lacking_ones_refused_by_name(world: World) -> None:
    questions = world.ok(world.owner, "GET", f"/products/{world.product}/gate-questions")
    asked = [one["gate"] for one in questions if one["holds"] is None]
    assert asked == [one.gate for one in passing_gates()]
    assert all(one["basis"] for one in questions)
    path = f"/certificates/{world.certificate}/upgrade"
    problem = assert_problem(
        world.send(world.owner, "POST", path, {}), 422, "dossier.gates_unanswered"
    )
    assert {f"gate.{gate}" for gate in asked} == set(problem["errors"])
    holds = {"gate_answers": [{"gate": asked[0], "applies": True}]}
    problem = assert_problem(
        world.send(world.owner, "POST", path, holds), 422, "dossier.gate_holds"
    )
    assert "Phụ lục II" in problem["basis"]


def test_filing_windows_name_the_last_safe_day(world: World) -> None:
    found = world.ok(world.owner, "GET", "/filing-windows")
    assert found
    assert all(one["last_safe_day"] < one["proposals_before"] for one in found)


def test_an_upgrade_shows_what_changed(world: World) -> None:
    made = world.ok(world.owner, "POST", f"/certificates/{world.certificate}/upgrade", GATES)
    path = f"/dossiers/{made['code']}"
    assert (made["kind"], made["previous_star"]) == ("upgrade", 3)
    assert made["certificate_code"] == world.certificate
    kept = world.ok(world.owner, "GET", f"{path}/gate-answers")
    assert {one["by_system"] for one in kept} == {True, False}
    assert world.ok(world.owner, "GET", f"{path}/comparison")["changed"] == []
    rubric = loader.rubric(made["rubric_code"])
    criterion = rubric.criteria[0]
    worst = min(criterion.options, key=lambda one: one.points)
    world.ok(
        world.owner,
        "PUT",
        f"{path}/self-assessment/{rubric.parts[0].sections[0].code}",
        {
            "answers": [{"criterion_code": criterion.code, "option_code": worst.code}],
            "version": made["version"],
        },
    )
    found = world.ok(world.owner, "GET", f"{path}/comparison")
    (change,) = found["changed"]
    assert change["criterion_code"] == criterion.code
    assert change["after"] == f"{worst.points} – {worst.label}"
    assert change["before"] != change["after"]
    assert [code for code, differs in found["sections"].items() if differs] == [
        rubric.parts[0].sections[0].code
    ]
    missing = world.ok(world.owner, "GET", f"{path}/missing")
    assert "changes" in {one["part"] for one in missing}


@pytest.mark.parametrize(
    ("days", "code"),
    [(181, "certificate.renewal_too_early"), (119, "certificate.renewal_too_late")],
)
def test_a_renewal_outside_its_window_is_refused(world: World, days: int, code: str) -> None:
    world.ends_in(days)
    path = f"/certificates/{world.certificate}/renewal"
    problem = assert_problem(world.send(world.owner, "POST", path, GATES), 422, code)
    assert "Điều 7.6.a" in problem["basis"]


def test_a_stranger_does_not_see_the_certificate(world: World) -> None:
    with transaction(world.engine) as session:
        People(session, now()).officer(ELSEWHERE)
    path = f"/certificates/{world.certificate}/renewal"
    assert world.send(f"canbo{ELSEWHERE}", "POST", path, GATES).status_code == 404


def test_a_renewal_goes_from_the_certificate_to_the_superseding_decision(world: World) -> None:
    world.ends_in(150)
    assert world.ok(world.owner, "GET", f"/certificates/{world.certificate}")["days_to_file"] == 30
    made = world.ok(world.owner, "POST", f"/certificates/{world.certificate}/renewal", GATES)
    code, path = made["code"], f"/dossiers/{made['code']}"
    told = world.ok(world.owner, "PUT", f"{path}/changes", CHANGES | {"version": made["version"]})
    assert told["revenue"] == 1_440_000_000
    parts = world.ok(
        world.owner,
        "PUT",
        f"{path}/parts",
        {
            "business_results": "Bán ổn định.",
            "business_plan": "Giữ sản lượng.",
            "sample_count": 5,
            "version": told["version"],
        },
    )
    assert world.ok(world.owner, "GET", f"{path}/missing") == []
    filed = world.ok(world.owner, "POST", f"{path}/file", {"version": parts["version"]})
    assert filed["state"] == "filed"
    _to_the_province(world, code)
    version = world.ok("canbotinh", "GET", path)["version"]
    accepted = world.ok("canbotinh", "POST", f"{path}/accept", {"version": version})
    assert accepted["province_due_on"] == (today() + timedelta(days=45)).isoformat()
    with transaction(world.engine) as session:
        people = KnownPeople(session, now())
        dossier = session.exec(select(Dossier).where(col(Dossier.code) == code)).one()
        lock_result(session, people, dossier, star=4)
        old = session.exec(
            select(Certificate).where(col(Certificate.code) == world.certificate)
        ).one()
        decision = sign(
            session, people, make_decision(session, people, dossier, number="77/QĐ-UBND")
        )
        (new,) = certificates_of(session, decision)
        assert new.product_code == old.product_code is not None
        newest = new.code
    assert world.ok(world.owner, "GET", f"/certificates/{world.certificate}")["standing"] == (
        "superseded"
    )
    assert world.ok(world.owner, "GET", f"/certificates/{newest}")["standing"] == "valid"


def _to_the_province(world: World, code: str) -> None:
    """Let the commune check, report, sign and propose."""
    path, officer, leader = f"/dossiers/{code}", f"canbo{HOME}", f"lanhdao{HOME}"
    version = world.ok(officer, "GET", path)["version"]
    received = world.ok(
        officer, "POST", f"{path}/receive", {"version": version, "samples_received": 5}
    )
    world.ok(
        officer,
        "PUT",
        f"{path}/components",
        {
            "items": [{"part": part.value, "complete": True} for part in DossierPart],
            "version": received["version"],
        },
    )
    report = world.ok(
        officer, "PUT", f"{path}/commune-report", filled_report().model_dump(mode="json")
    )
    world.ok(
        leader,
        "POST",
        f"{path}/commune-report/sign",
        {
            "report_number": "27/BC-UBND",
            "signed_title": "Phó Chủ tịch UBND xã",
            "version": report["version"],
        },
    )
    version = world.ok(leader, "GET", path)["version"]
    world.ok(
        leader, "POST", f"{path}/propose", {"proposal_number": "58/UBND-KT", "version": version}
    )
