"""Checks over JSON: from a plan to a conclusion; strangers see nothing, guests only their checks."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.domain.accounts.enums import Scope
from app.main import API_PREFIX
from tests.conftest import AT
from tests.factories.files import photo
from tests.factories.inspections import INSPECTOR, LEADER, MARKET_WATCH, inspector
from tests.factories.people import People, token_for
from tests.factories.recognition import import_certificate


class Desk:
    """A certificate in force, an officer and the head of the agency, two guests; each a token."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        self.client, self.engine, self.keys = client, engine, 0
        with transaction(engine) as session:
            people = People(session, AT)
            certificate = import_certificate(session, people)
            self.certificate = certificate.code
            people.agency()
            people.head()
            inspector(session, people)
            inspector(session, people, "qltt2")
        self.tokens = {
            name: token_for(engine, name) for name in (LEADER, "truongcoquan", INSPECTOR, "qltt2")
        }

    def call(self, who: str, method: str, path: str, status: int = 200, **how: Any) -> Any:
        """Call as somebody and return the answer's body."""
        self.keys += 1
        headers = {
            "Authorization": f"Bearer {self.tokens[who]}",
            "Idempotency-Key": f"kiem-tra-{self.keys}",
        }
        answer = self.client.request(method, API_PREFIX + path, headers=headers, **how)
        assert answer.status_code == status, answer.text
        kind = answer.headers.get("content-type", "")
        return answer.json() if "json" in kind else answer.content


@pytest.fixture
def desk(client: TestClient, engine: Engine) -> Desk:
    return Desk(client, engine)


def today() -> str:
    """Return the day on which the application's clock stands."""
    from app.core.clock import today as now

    return now().isoformat()


def planned(desk: Desk) -> str:
    """Plan a surprise check with a guest and return its code."""
    made = desk.call(
        LEADER,
        "POST",
        "/inspections",
        201,
        json={
            "certificate": desk.certificate,
            "kind": "surprise",
            "reason": "Người mua phản ánh số sao.",
            "planned_on": today(),
            "place": "Chợ trung tâm",
            "leader": LEADER,
            "team": [INSPECTOR],
        },
    )
    return str(made["code"])


def test_a_check_goes_from_its_plan_to_a_conclusion(desk: Desk) -> None:
    plan = desk.call(
        LEADER,
        "POST",
        "/inspection-plans",
        201,
        json={
            "year": int(today()[:4]),
            "title": "Kế hoạch kiểm tra",
            "number": "45/KH-SNNMT",
            "decided_on": today(),
            "period_from": today(),
            "period_to": f"{int(today()[:4]) + 1}-12-31",
            "agencies": ["CQTM_OCOP", MARKET_WATCH],
            "reasons": "Sản phẩm chưa kiểm tra lần nào.",
        },
    )
    there = f"/inspection-plans/{plan['code']}"
    offered = desk.call(LEADER, "GET", f"{there}/candidates?risk=never_checked")["items"]
    assert [one["certificate"] for one in offered] == [desk.certificate]
    choice = {"add": [desk.certificate], "reason": "Chưa kiểm tra", "version": plan["version"]}
    plan = desk.call(LEADER, "POST", f"{there}/choice", json=choice)
    plan = desk.call("truongcoquan", "POST", f"{there}/approve", json={"version": plan["version"]})
    made = desk.call(
        LEADER,
        "POST",
        "/inspections",
        201,
        json={
            "certificate": desk.certificate,
            "kind": "periodic",
            "plan": plan["code"],
            "planned_on": today(),
            "place": "Xưởng",
            "leader": LEADER,
            "team": [INSPECTOR],
        },
    )
    path = f"/inspections/{made['code']}"
    checklist = desk.call(INSPECTOR, "GET", f"{path}/checklist")
    assert not checklist["is_judged_by_rubric"]
    mark = checklist["sections"][-1]
    assert mark["items"][0]["expected"]
    items = [{"item": one["item"], "finding": "kept"} for one in mark["items"]]
    saved = desk.call(
        INSPECTOR,
        "PUT",
        f"{path}/checklist/{mark['code']}",
        json={"items": items, "version": mark["version"]},
    )
    assert saved["version"] == 1
    stale = desk.call(
        LEADER, "PUT", f"{path}/checklist/{mark['code']}", 409, json={"items": items, "version": 0}
    )
    assert stale["code"] == "stale_version"
    shot = desk.call(
        INSPECTOR,
        "POST",
        f"{path}/photos",
        201,
        data={"caption": "Nhãn mặt trước", "item": "label"},
        files={"file": ("anh.jpg", photo(), "image/jpeg")},
    )
    assert desk.call(LEADER, "GET", f"{path}/photos/{shot['code']}")[:4] == b"RIFF"
    now = desk.call(LEADER, "GET", path)
    closing = {"record_number": "07/BB-KT", "held_on": today(), "present": "Đoàn, chủ thể"}
    now = desk.call(LEADER, "POST", f"{path}/close", json=closing | {"version": now["version"]})
    assert (now["state"], now["kept"], now["not_kept"]) == ("recorded", len(items), 0)
    ending = {
        "outcome": "kept",
        "conclusion_number": "31/KL-SNNMT",
        "conclusion_authority": "Sở Nông nghiệp và Môi trường",
        "concluded_on": today(),
        "conclusion": "Sản phẩm duy trì các tiêu chí.",
        "version": now["version"],
    }
    now = desk.call(LEADER, "POST", f"{path}/conclude", json=ending)
    assert (now["state"], now["outcome"]) == ("concluded", "kept")
    assert desk.call(LEADER, "GET", f"{path}/record.pdf")[:5] == b"%PDF-"
    assert desk.call(LEADER, "GET", f"/inspection-counts?year={today()[:4]}")["kept"] == 1


def test_a_conclusion_says_what_the_minutes_say_and_mending_is_answered(desk: Desk) -> None:
    path = f"/inspections/{planned(desk)}"
    broken = [{"item": "star", "finding": "not_kept", "note": ""}]
    desk.call(LEADER, "PUT", f"{path}/checklist/nhan-hieu", json={"items": broken, "version": 0})
    now = desk.call(LEADER, "GET", path)
    closing = {"record_number": "07/BB-KT", "held_on": today(), "present": "Đoàn, chủ thể"}
    refused = desk.call(
        LEADER, "POST", f"{path}/close", 422, json=closing | {"version": now["version"]}
    )
    assert refused["code"] == "inspection.note_missing"
    broken[0]["note"] = "In năm sao."
    desk.call(LEADER, "PUT", f"{path}/checklist/nhan-hieu", json={"items": broken, "version": 1})
    now = desk.call(LEADER, "POST", f"{path}/close", json=closing | {"version": now["version"]})
    ending = {
        "outcome": "kept",
        "conclusion_number": "31/KL-SNNMT",
        "conclusion_authority": "Sở Nông nghiệp và Môi trường",
        "concluded_on": today(),
        "conclusion": "Sản phẩm duy trì các tiêu chí.",
        "version": now["version"],
    }
    refused = desk.call(LEADER, "POST", f"{path}/conclude", 422, json=ending)
    assert refused["code"] == "inspection.outcome_contradicts"


def test_a_guest_sees_only_the_checks_of_the_own_teams(desk: Desk) -> None:
    code = planned(desk)
    assert [one["code"] for one in desk.call(INSPECTOR, "GET", "/inspections")["items"]] == [code]
    assert desk.call("qltt2", "GET", "/inspections")["items"] == []
    desk.call("qltt2", "GET", f"/inspections/{code}", 404)
    desk.call(
        INSPECTOR,
        "POST",
        f"/inspections/{code}/cancel",
        403,
        json={"reason": "Không đi", "version": 1},
    )
    desk.tokens["other"] = token_for(desk.engine, LEADER, Scope.REGISTER_READ)
    desk.call("other", "GET", "/inspections", 403)
