"""The agency's and the advisory team's steps over JSON, up to the council."""

from datetime import timedelta
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine

from app.core.clock import now, today
from app.core.db import transaction
from app.domain.dossiers.enums import CheckedPart, DossierState
from tests.api.test_dossiers import API, KnownPeople, World
from tests.api.test_producers import assert_problem
from tests.factories.dossiers import make_dossier

AGENCY, ADVISOR = "canbotinh", "totuvan"


@pytest.fixture
def world(client: TestClient, engine: Engine) -> World:
    """Return callers for the agency, the advisory team and whoever owns what is made."""
    with transaction(engine) as session:
        people = KnownPeople(session, now())
        for office in (people.agency, people.advisor, people.officer):
            office()
    return World(client=client, engine=engine, product="", round="", producer_id=0, tokens={})


def made(world: World, state: DossierState) -> str:
    with transaction(world.engine) as session:
        dossier = make_dossier(session, KnownPeople(session, now()), state=state)
        world.producer_id = dossier.producer_id
        return dossier.code


def test_check_request_answer_and_acceptance_by_json_alone(world: World) -> None:
    code = made(world, DossierState.PROPOSED)
    url = f"{API}/{code}"
    version = world.send(AGENCY, "GET", url).json()["version"]
    items = [
        {"part": part, "is_complete": part != "evidence", "note": "Phiếu hết hạn."}
        for part in CheckedPart
        if part != "changes"
    ]
    checked = world.send(
        AGENCY, "PUT", f"{url}/province-check", json={"items": items, "version": version}
    )
    assert checked.status_code == 200, checked.text
    asked = {
        "due_on": (today() + timedelta(days=7)).isoformat(),
        "items": [{"part": "evidence", "reason": "Phiếu hết hạn."}],
        "version": version + 1,
    }
    sent = world.send(AGENCY, "POST", f"{url}/completion-requests", json=asked)
    assert sent.status_code == 201, sent.text
    again = world.send(AGENCY, "POST", f"{url}/completion-requests", json=asked)
    assert_problem(again, 409, "dossier.wrong_state")
    shown = world.send(world.owner, "GET", url).json()
    assert (shown["state"], shown["asked_parts"]) == ("completion_requested", ["evidence"])
    answer = {
        "answers": [{"part": "evidence", "answer": "Đã thay phiếu."}],
        "send": True,
        "version": shown["version"],
    }
    done = world.send(world.owner, "POST", f"{url}/completion", json=answer)
    assert done.status_code == 200, done.text
    assert done.json()["state"] == "proposed"
    assert done.json()["proposed_at"] == shown["proposed_at"]
    told = world.send(world.owner, "GET", f"{url}/agency").json()
    assert told["requests"][0]["items"][0]["answer"] == "Đã thay phiếu."
    letter = world.send(world.owner, "GET", f"{url}/completion-requests/{sent.json()['code']}.pdf")
    assert letter.content.startswith(b"%PDF")


def test_report_survey_and_tests_by_json_alone(world: World) -> None:
    code = made(world, DossierState.ACCEPTED)
    url = f"{API}/{code}"
    report = {
        "parts": [{"part": part, "text": f"Nhận xét {part}.", "suggested": 10} for part in "ABC"],
        "recommendation": "evaluate",
        "version": 0,
    }
    refused = world.send(AGENCY, "PUT", f"{url}/advisory-report", json=report)
    assert_problem(refused, 403, "dossier.not_advisory_member")
    written = world.send(ADVISOR, "PUT", f"{url}/advisory-report", json=report)
    assert written.status_code == 200, written.text
    held = world.send(
        ADVISOR,
        "POST",
        f"{url}/surveys",
        json={
            "record_number": "05/BB-KS",
            "surveyed_on": today().isoformat(),
            "people": "Đoàn khảo sát.",
            "findings": "Đúng như hồ sơ.",
        },
    )
    assert held.status_code == 201, held.text
    image = BytesIO()
    Image.new("RGB", (30, 20), "green").save(image, "PNG")
    added = world.send(
        ADVISOR,
        "POST",
        f"{url}/attachments/{held.json()['code']}",
        data={"title": "Khu sơ chế"},
        files={"file": ("anh.png", image.getvalue(), "image/png")},
    )
    assert added.status_code == 201, added.text
    file = world.send(world.owner, "GET", f"{url}/attachments/{added.json()['code']}/file")
    assert file.content == image.getvalue()
    ordered = world.send(
        AGENCY,
        "POST",
        f"{url}/extra-tests",
        json={"subject": "Độ ẩm", "laboratory": "Trung tâm Mẫu", "sample_codes": "M1"},
    )
    result = {
        "outcome": "passed",
        "result_number": "KN-1",
        "result_on": today().isoformat(),
        "version": ordered.json()["version"],
    }
    step = f"{url}/extra-tests/{ordered.json()['code']}/result"
    assert world.send(AGENCY, "POST", step, json=result).status_code == 200
    assert_problem(world.send(AGENCY, "POST", step, json=result), 409, "dossier.test_result_known")
    signed = world.send(ADVISOR, "POST", f"{url}/advisory-report/sign", json={"version": 1})
    assert signed.status_code == 200, signed.text
    assert world.send(AGENCY, "GET", url).json()["state"] == "advised"
    assert world.send(world.owner, "GET", f"{url}/agency").json()["advice"] is None
    hidden = world.send(world.owner, "GET", f"{url}/advisory-report")
    assert_problem(hidden, 404, "advisory_report.unknown")
    printed = world.send(AGENCY, "GET", f"{url}/advisory-report.pdf")
    assert printed.content.startswith(b"%PDF")
