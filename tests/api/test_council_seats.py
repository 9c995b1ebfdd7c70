"""Seats, delegations, interests, council rules and advisory teams over JSON."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import transaction
from app.domain.accounts.enums import Role
from tests.api.test_councils import Door
from tests.conftest import AT
from tests.factories.councils import items_of, make_meeting
from tests.factories.people import HOME, People, make_person

AGENCY = "canbotinh"


@pytest.fixture
def door(client: TestClient, engine: Engine) -> Door:
    return Door(client, engine)


@pytest.fixture
def scheduled(engine: Engine) -> dict[str, str]:
    """Return a meeting that is scheduled for today, with its council and its one product."""
    with transaction(engine) as session:
        people = People(session, AT)
        for number in (1, 2, 3, 9):
            people.council_member(number)
        for person in (people.agency, people.advisor, people.officer):
            person()
        make_person(session, "totuvan2", Role.ADVISORY_MEMBER, at=people.at)
        meeting = make_meeting(session, people, members=3)
        return {"meeting": meeting.code, "item": items_of(session, meeting)[0].code}


def council_of(door: Door) -> dict[str, Any]:
    (council,) = door.get("/councils")
    return dict(council)


def today() -> str:
    return f"{now():%Y-%m-%d}"


def test_seats_change_by_a_later_decision_and_the_past_is_told(
    door: Door, scheduled: dict[str, str]
) -> None:
    council = council_of(door)
    address = f"/councils/{council['code']}/amendments"
    body = {
        "decision_number": "1034/QĐ-UBND",
        "decided_on": f"{now() - timedelta(days=1):%Y-%m-%d}",
        "leaves": ["hoidong3"],
        "joins": [{"username": "hoidong9", "seat": "member", "title": "Phó Giám đốc"}],
        "version": council["version"],
    }
    told = door.post(address, AGENCY, body, status=201)
    assert {seat["username"]: bool(seat["left_on"]) for seat in told["seats"]}["hoidong3"]
    assert told["amendments"][0]["changes"][1]["joined"] == "member"
    stale = door.call("POST", address, AGENCY, body | {"decision_number": "1035/QĐ-UBND"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    forbidden = door.call("POST", address, "hoidong1", body | {"version": 2})
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "council.agency_prepares")
    assert door.call("GET", f"/councils/{council['code']}", "totuvan").status_code == 404
    assert scheduled["meeting"]


def test_a_delegation_is_recorded(door: Door, scheduled: dict[str, str]) -> None:
    council = council_of(door)
    body = {
        "delegate": "hoidong3",
        "number": "15/GUQ-HĐ",
        "signed_on": f"{now() - timedelta(days=1):%Y-%m-%d}",
        "scope": "Chủ trì phiên họp.",
        "first_day": today(),
        "last_day": today(),
    }
    address = f"/councils/{council['code']}/delegations"
    told = door.post(address, "hoidong1", body, status=201)
    assert told["delegations"][0]["delegate"] == "hoidong3"
    wrong = door.call("POST", address, "hoidong1", body | {"last_day": "2020-01-01"})
    assert wrong.status_code == 422
    refused = door.call("POST", address, "hoidong3", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "meeting.not_conducting")
    assert scheduled["item"]


def test_interests_are_declared_and_told_to_whom_they_concern(
    door: Door, scheduled: dict[str, str]
) -> None:
    address = f"/meetings/{scheduled['meeting']}/conflicts"
    said = {"item": scheduled["item"], "has_conflict": True}
    missing = door.call("PUT", address, "hoidong3", {"declarations": [said]})
    assert (missing.status_code, missing.json()["code"]) == (422, "conflict.reason_missing")
    assert "declarations.0.reason" in missing.json()["errors"]
    body = {"declarations": [said | {"reason": "Là anh trai của chủ thể."}]}
    declared = door.call("PUT", address, "hoidong3", body)
    assert declared.status_code == 200, declared.text
    assert declared.json()["own"][0]["has_conflict"] is True
    assert declared.json()["council"] == []
    for_chair = door.get(address, "hoidong1")
    assert for_chair["council"][0]["reason"] == "Là anh trai của chủ thể."
    assert (for_chair["unanswered"], for_chair["own"][0]["has_conflict"]) == (0, None)
    outsider = door.call("PUT", address, "hoidong2", body)
    assert (outsider.status_code, outsider.json()["code"]) == (403, "conflict.not_voting")
    assert door.call("GET", address, "hoidong9").status_code == 404


def test_a_product_is_put_off_only_without_its_quorum(
    door: Door, scheduled: dict[str, str]
) -> None:
    opening = {"present": ["hoidong1", "hoidong2", "hoidong3", "hoidong4"], "version": 1}
    door.post(f"/meetings/{scheduled['meeting']}/open", "hoidong2", opening)
    address = f"/items/{scheduled['item']}"
    body = {"reason": "Không đủ người chấm.", "version": 2}
    enough = door.call("POST", f"{address}/put-off", "hoidong1", body)
    assert (enough.status_code, enough.json()["code"]) == (422, "item.quorum_is_met")
    said = {"item": scheduled["item"], "has_conflict": True, "reason": "Là người nhà."}
    declared = door.call(
        "PUT",
        f"/meetings/{scheduled['meeting']}/conflicts",
        "hoidong3",
        {"declarations": [said]},
    )
    assert declared.status_code == 200, declared.text
    item = door.get(address, "hoidong1")
    assert (item["sheets_recused"], item["quorum"]["is_met"]) == (1, False)
    told = door.post(f"{address}/put-off", "hoidong1", body | {"version": item["version"]})
    assert told["state"] == "taken_off"


def test_council_rules_are_told_value_by_value(door: Door, scheduled: dict[str, str]) -> None:
    (rules,) = door.get("/council-rules", "hoidong1")
    assert (rules["code"], rules["is_in_force"], rules["is_default"]) == (
        "lai-chau-default",
        True,
        True,
    )
    values = {one["name"]: one for one in rules["values"]}
    assert (values["quorum.share"]["value"], values["quorum.share"]["differs"]) == ("3/4", False)
    assert values["quorum.share"]["basis"]
    assert door.get("/council-rules/lai-chau-default")["sha256"] == rules["sha256"]
    assert door.call("GET", "/council-rules/khong-co", AGENCY).status_code == 404
    assert scheduled["meeting"]


def test_an_advisory_team_is_recorded_and_changed(door: Door, scheduled: dict[str, str]) -> None:
    body = {
        "decision_number": "815/QĐ-UBND",
        "decided_on": f"{now() - timedelta(days=2):%Y-%m-%d}",
        "places": [{"username": "totuvan", "duty": "head"}],
    }
    team = door.post("/advisory-teams", AGENCY, body, status=201)
    again = door.call("POST", "/advisory-teams", AGENCY, body)
    assert (again.status_code, again.json()["code"]) == (409, "advisory.decision_known")
    change = {
        "decision_number": "1035/QĐ-UBND",
        "decided_on": f"{now() - timedelta(days=1):%Y-%m-%d}",
        "joins": [{"username": "totuvan2"}],
        "version": team["version"],
    }
    address = f"/advisory-teams/{team['code']}"
    told = door.post(f"{address}/amendments", AGENCY, change, status=201)
    assert [one["duty"] for one in told["places"]] == ["head", "member"]
    assert [one["code"] for one in door.get("/advisory-teams", "totuvan2")] == [team["code"]]
    assert door.get(address, "totuvan")["amendments"][0]["decision_number"] == "1035/QĐ-UBND"
    refused = door.call("POST", "/advisory-teams", "totuvan", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "advisory.agency_sets_up")
    assert door.call("GET", address, f"canbo{HOME}").status_code == 404
    assert scheduled["meeting"]
