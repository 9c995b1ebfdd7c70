"""Agendas and written opinions over JSON: the whole way, the refusals, the stranger."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import local_day, now
from app.core.db import transaction
from app.domain.dossiers.enums import DossierState
from app.rulebooks import loader
from tests.api.test_councils import Door
from tests.factories.councils import make_council
from tests.factories.dossiers import four_star_answers, make_dossier, make_round
from tests.factories.opinions import make_renewal
from tests.factories.people import People

AGENCY, CHAIR, SECRETARY, MEMBER, STRANGER = (
    "canbotinh",
    "hoidong1",
    "hoidong2",
    "hoidong3",
    "hoidong9",
)
REASON = "Quy mô sản xuất thay đổi lớn."


@pytest.fixture
def door(client: TestClient, engine: Engine) -> Door:
    return Door(client, engine)


@pytest.fixture
def renewal(engine: Engine) -> tuple[str, str, str]:
    """Return a renewal, its rubric, and the council that may be asked about it."""
    with transaction(engine) as session:
        people = People(session, now())
        people.agency()
        people.council_member(9)
        dossier, council = make_renewal(session, people), make_council(session, people, members=2)
        return dossier.code, dossier.rubric_code, council.code


def ask(door: Door, renewal: tuple[str, str, str]) -> dict[str, object]:
    """Ask the council in writing."""
    code, _, council = renewal
    due = local_day(now()) + timedelta(days=10)
    told: dict[str, object] = door.post(
        "/opinions",
        AGENCY,
        {"council": council, "dossiers": [code], "due_on": f"{due:%Y-%m-%d}"},
        status=201,
    )
    return told


def test_a_program_takes_a_renewal_through_a_written_opinion(
    door: Door, renewal: tuple[str, str, str]
) -> None:
    code, rubric, _ = renewal
    assert [one["code"] for one in door.get("/renewals/waiting")] == [code]
    told = ask(door, renewal)
    assert (told["form"], told["state"], told["round"]) == ("written", "open", None)
    meeting = f"/meetings/{told['code']}"
    answers = four_star_answers(loader.rubric(rubric))
    for who in (CHAIR, MEMBER, "hoidong4"):
        (item,) = door.get(meeting, who)["items"]
        sheet = f"/score-sheets/{item['my_sheet']}"
        marks = [{"criterion_code": k, "option_code": v} for k, v in answers.items()]
        saved = door.call("PUT", f"{sheet}/marks", who, {"marks": marks, "version": 1})
        assert saved.status_code == 200, saved.text
        door.post(f"{sheet}/submit", who, {"version": saved.json()["version"]})
    (item,) = door.get(meeting, SECRETARY)["items"]
    path = f"/items/{item['code']}"
    detail = door.get(path, SECRETARY)
    assert (detail["why_meet"], detail["settling"]["star"]) == ([], 4)
    certified = door.post(f"{path}/certify", SECRETARY, {"version": detail["version"]})
    result = door.post(f"{path}/lock", CHAIR, {"version": certified["version"]})
    assert result["star"] == 4
    closed = door.post(
        f"{meeting}/close",
        SECRETARY,
        {
            "minutes_number": "03/BB-HĐ",
            "conclusion": "Các ý kiến thống nhất.",
            "version": door.get(meeting, SECRETARY)["version"],
        },
    )
    assert closed["state"] == "closed"


def test_a_wish_and_a_switch_are_told_and_refused_in_problems(
    door: Door, renewal: tuple[str, str, str]
) -> None:
    told = ask(door, renewal)
    meeting = f"/meetings/{told['code']}"
    (item,) = door.get(meeting, MEMBER)["items"]
    path = f"/items/{item['code']}"
    assert door.call("GET", path, STRANGER).status_code == 404
    assert door.call("POST", f"{path}/wish", SECRETARY, {"reason": REASON}).status_code == 403
    wished = door.post(f"{path}/wish", MEMBER, {"reason": REASON}, status=201)
    assert [one["reason"] for one in wished["wishes"]] == [REASON]
    assert wished["why_meet"] == ["1 thành viên đề nghị họp trực tiếp."]
    again = door.call("POST", f"{path}/wish", MEMBER, {"reason": REASON})
    assert (again.status_code, again.json()["code"]) == (409, "opinion.wished_already")
    early = door.call("POST", f"{meeting}/end-collection", SECRETARY, {"version": told["version"]})
    assert (early.status_code, early.json()["code"]) == (422, "opinion.still_collecting")
    assert door.post(f"{meeting}/remind", SECRETARY, {})["reminded"] == 3
    assert door.post(f"{meeting}/remind", AGENCY, {})["reminded"] == 0
    later = local_day(now()) + timedelta(days=20)
    current = door.get(meeting, SECRETARY)
    extended = door.post(
        f"{meeting}/extend",
        AGENCY,
        {"due_on": f"{later:%Y-%m-%d}", "reason": REASON, "version": current["version"]},
    )
    assert extended["opinions_due_on"] == f"{later:%Y-%m-%d}"
    moved = door.post(
        f"{path}/to-meeting",
        SECRETARY,
        {"reason": REASON, "version": door.get(path, SECRETARY)["version"]},
    )
    assert (moved["state"], moved["taken_off_reason"]) == ("taken_off", REASON)
    assert [one["code"] for one in door.get("/renewals/waiting")] == [renewal[0]]


def test_a_program_arranges_adds_and_takes_off(door: Door, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        round_ = make_round(session, people)
        dossiers = [
            make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_).code
            for _ in range(3)
        ]
        waiting = make_dossier(session, people, state=DossierState.PROPOSED).code
        council = make_council(session, people, members=2).code
    assert [one["code"] for one in door.get(f"/rounds/{round_.code}/proposals")] == [waiting]
    told = door.post(
        "/meetings",
        AGENCY,
        {
            "council": council,
            "round": round_.code,
            "place": "Phòng họp số 2",
            "starts_at": (now() + timedelta(days=9)).isoformat(),
            "dossiers": dossiers[:2],
        },
        status=201,
    )
    agenda = f"/meetings/{told['code']}/agenda"
    one, two = (item["code"] for item in told["items"])
    day, next_day = told["days"][0]["day"], local_day(now() + timedelta(days=10))
    answer = door.call(
        "PUT",
        agenda,
        AGENCY,
        {
            "items": [{"item": two, "day": day}, {"item": one, "day": f"{next_day:%Y-%m-%d}"}],
            "version": told["version"],
        },
    )
    assert answer.status_code == 200, answer.text
    arranged = answer.json()
    assert [item["code"] for item in arranged["items"]] == [two, one]
    assert [load["products"] for load in arranged["days"]] == [1, 1]
    body = {"dossiers": dossiers[2:], "reason": REASON, "version": arranged["version"]}
    assert door.call("POST", agenda, MEMBER, body).status_code == 403
    added = door.post(agenda, AGENCY, body)
    assert [item["dossier"] for item in added["items"]][-1] == dossiers[2]
    off = door.post(
        f"/items/{one}/take-off",
        AGENCY,
        {"reason": REASON, "version": door.get(f"/items/{one}")["version"]},
    )
    assert [item["code"] for item in off["taken_off"]] == [one]
