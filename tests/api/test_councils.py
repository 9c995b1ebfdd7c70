"""Councils over JSON: the whole way from a round to a result, blind, once, and told in problems."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.councils.models import Result
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.rulebooks import loader
from app.rulebooks.result_files import read_result_file, verified
from app.rulebooks.scoring import canonical_json
from tests.conftest import AT
from tests.factories.councils import (
    convene,
    items_of,
    make_meeting,
    score_all,
    sheets_of,
    the_round,
)
from tests.factories.dossiers import complete_answers, make_dossier, make_round
from tests.factories.people import People, token_for

API = "/api/v1"
MEMBERS = 3  # beside the chair
SCORERS = ("hoidong1", "hoidong3", "hoidong4", "hoidong5")


class Door:
    """The JSON door with a token for each person who comes through it."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        self.client = client
        self.engine = engine
        self._tokens: dict[tuple[str, tuple[Scope, ...]], str] = {}

    def call(
        self,
        method: str,
        path: str,
        who: str,
        body: Any = None,
        *,
        key: str | None = None,
        scopes: tuple[Scope, ...] = (Scope.COUNCILS_READ, Scope.COUNCILS_WRITE),
    ) -> Any:
        if (who, scopes) not in self._tokens:
            self._tokens[who, scopes] = token_for(self.engine, who, *scopes)
        headers = {"authorization": f"Bearer {self._tokens[who, scopes]}"}
        if method != "GET":
            headers["idempotency-key"] = key or str(uuid4())
        return self.client.request(method, f"{API}{path}", json=body, headers=headers)

    def get(self, path: str, who: str = "canbotinh") -> Any:
        answer = self.call("GET", path, who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, who: str, body: Any, *, status: int = 200) -> Any:
        answer = self.call("POST", path, who, body)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def door(client: TestClient, engine: Engine) -> Door:
    return Door(client, engine)


@pytest.fixture
def accepted(engine: Engine) -> dict[str, str]:
    """Return an accepted dossier of a round that is open today: the door takes the clock's time."""
    with transaction(engine) as session:
        people = People(session, now())
        round_ = make_round(session, people)
        dossier = make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_)
        for number in (1, 2, 3, 4, 5, 9):
            people.council_member(number)
        for person in (people.auditor, people.administrator):
            person()
        return {
            "dossier": dossier.code,
            "round": round_.code,
            "producer": f"chuthe{dossier.producer_id}",
            "rubric": dossier.rubric_code,
        }


def council_body(**changes: Any) -> dict[str, Any]:
    return {
        "decision_number": "812/QĐ-UBND",
        "decided_on": "2026-09-01",
        "seats": [
            {"username": "hoidong1", "seat": "chair"},
            {"username": "hoidong2", "seat": "secretary"},
            *({"username": f"hoidong{number}", "seat": "member"} for number in (3, 4, 5)),
        ],
    } | changes


def scoring(engine: Engine, *, submitted: bool) -> dict[str, Any]:
    """Open a meeting with one dossier and four sheets, handed in or blank."""
    with transaction(engine) as session:
        people = People(session, AT)
        meeting = convene(session, people, make_meeting(session, people, members=MEMBERS))
        (item,) = items_of(session, meeting)
        if submitted:
            score_all(session, people, item)
        dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
        for person in (people.auditor, people.administrator):
            person()
        people.council_member(9)
        return {
            "meeting": meeting.code,
            "item": item.code,
            "dossier": dossier.code,
            "producer": f"chuthe{dossier.producer_id}",
            "sheets": [sheet.code for sheet in sheets_of(session, item)],
        }


@pytest.fixture
def in_scoring(engine: Engine) -> dict[str, Any]:
    """Return an open meeting whose sheets are blank."""
    return scoring(engine, submitted=False)


@pytest.fixture
def all_in(engine: Engine) -> dict[str, Any]:
    """Return an open meeting whose sheets are all handed in."""
    return scoring(engine, submitted=True)


def assert_problem(answer: Any, status: int, code: str, basis: str = "") -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert basis in problem.get("basis", "")
    return problem


def test_the_whole_way_from_a_round_to_a_result(door: Door, accepted: dict[str, str]) -> None:
    assert [one["code"] for one in door.get("/rounds")] == [accepted["round"]]
    assert door.get(f"/rounds/{accepted['round']}")["code"] == accepted["round"]
    (waiting,) = door.get(f"/rounds/{accepted['round']}/dossiers")
    assert waiting["code"] == accepted["dossier"]

    council = door.post("/councils", "canbotinh", council_body(), status=201)
    assert [seat["voting"] for seat in council["seats"]] == [True, False, True, True, True]
    told = door.get(f"/councils/{council['code']}", "hoidong3")
    assert told == council | {"amendments": [], "delegations": []}
    assert door.get("/councils", "hoidong3") == [council]

    meeting = door.post(
        "/meetings",
        "canbotinh",
        {
            "council": council["code"],
            "round": accepted["round"],
            "place": "Phòng họp số 2",
            "starts_at": now().isoformat(),
            "dossiers": [accepted["dossier"]],
        },
        status=201,
    )
    assert (meeting["state"], meeting["quorum"]) == ("scheduled", None)
    assert door.get(f"/rounds/{accepted['round']}/dossiers") == []
    (brief,) = door.get(f"/meetings?round={accepted['round']}", "hoidong4")["items"]
    assert (brief["code"], brief["items"], brief["locked"]) == (meeting["code"], 1, 0)

    place = f"/meetings/{meeting['code']}"
    present = ["hoidong1", "hoidong2", "hoidong3", "hoidong4", "hoidong5"]
    meeting = door.post(f"{place}/open", "hoidong2", {"present": present, "version": 1})
    assert meeting["quorum"] == {"voting": 4, "present": 4, "needed": 3, "is_met": True}
    item = meeting["items"][0]["code"]

    best = complete_answers(loader.rubric(accepted["rubric"]))
    for member in SCORERS:
        own = door.get(f"/items/{item}", member)["my_sheet"]
        marks = [{"criterion_code": one, "option_code": two} for one, two in best.items()]
        saved = door.call(
            "PUT", f"/score-sheets/{own}/marks", member, {"marks": marks, "version": 1}
        )
        assert (saved.json()["total"], saved.json()["missing"]) == (100, [])
        sent = door.post(f"/score-sheets/{own}/submit", member, {"opinion": "Tốt", "version": 2})
        assert (sent["state"], sent["opinion"]) == ("submitted", "Tốt")

    detail = door.get(f"/items/{item}", "hoidong1")
    assert detail["settling"]["average"] == "100,00"
    assert door.get(f"/items/{item}", "hoidong3")["settling"] is None
    locked = door.post(f"/items/{item}/lock", "hoidong1", {"version": certified(door, item)})
    assert (locked["star"], locked["average"], locked["outcome"]) == (5, "100/1", "awaiting_centre")

    closed = door.post(
        f"{place}/close",
        "hoidong2",
        {"minutes_number": "02/BB-HĐ", "conclusion": "Thống nhất.", "version": 2},
    )
    assert (closed["state"], closed["items"][0]["star"]) == ("closed", 5)
    paper = door.call("GET", f"{place}/minutes.pdf", "canbotinh")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")

    told = door.get(f"/dossiers/{accepted['dossier']}/result", accepted["producer"])
    assert told == locked


def certified(door: Door, item: str) -> int:
    """Let the secretary certify the tally and return the version the chair locks."""
    version = door.get(f"/items/{item}")["version"]
    told = door.post(f"/items/{item}/certify", "hoidong2", {"version": version})
    assert told["certified_by"]
    return int(told["version"])


def test_the_file_proves_the_result_and_holds_sheets_only_for_the_council(
    door: Door, all_in: dict[str, Any]
) -> None:
    path = f"/dossiers/{all_in['dossier']}/result"
    assert_problem(door.call("GET", path, all_in["producer"]), 404, "not_found")
    version = certified(door, all_in["item"])
    told = door.post(f"/items/{all_in['item']}/lock", "hoidong1", {"version": version})
    answer = door.call("GET", f"{path}/file", "kiemtoan")
    assert answer.headers["etag"] == f'"{told["document_hash"]}"'
    file = json.loads(answer.content)
    document = canonical_json(file["document"]).encode()
    assert hashlib.sha256(document).hexdigest() == told["document_hash"] == file["document_hash"]
    assert len(file["sealed"]["sheets"]) == 4
    assert verified(read_result_file(answer.content)).agrees
    producers = door.call("GET", f"{path}/file", all_in["producer"])
    assert "sealed" not in producers.json()
    assert verified(read_result_file(producers.content)).agrees
    assert_problem(door.call("GET", f"{path}/file", "hoidong9"), 404, "not_found")


def test_the_board_answers_nothing_new_while_nothing_changed(
    door: Door, all_in: dict[str, Any]
) -> None:
    path = f"/meetings/{all_in['meeting']}/board"
    first = door.call("GET", path, "hoidong2")
    (item,) = first.json()["items"]
    assert [one["state"] for one in item["cells"]] == ["submitted"] * 4
    assert (item["spread"], item["star"]) == (0, None)
    headers = {
        "authorization": f"Bearer {token_for(door.engine, 'hoidong2', Scope.COUNCILS_READ)}",
        "if-none-match": first.headers["etag"],
    }
    again = door.client.get(f"{API}{path}", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    certified(door, all_in["item"])
    anew = door.client.get(f"{API}{path}", headers=headers)
    assert anew.json()["items"][0]["certified_by"]
    for who in ("hoidong3", "canbotinh"):
        assert_problem(door.call("GET", path, who), 403, "meeting.not_conducting")


def test_a_locked_result_is_taken_up_again_through_the_door(
    door: Door, all_in: dict[str, Any]
) -> None:
    with transaction(door.engine) as session:
        People(session, now()).head()
    item = f"/items/{all_in['item']}"
    locked = door.post(f"{item}/lock", "hoidong1", {"version": certified(door, all_in["item"])})
    version = door.get(item)["version"]
    asked = door.post(
        f"{item}/reopenings",
        "hoidong1",
        {"reason": "Nhập nhầm phiếu giấy số 3.", "version": version},
        status=201,
    )
    (reopening,) = asked["reopenings"]
    decide = f"/reopenings/{reopening['code']}/decide"
    grant = {"grant": True, "decision_number": "15/QĐ", "answer": "Đồng ý.", "version": 1}
    assert_problem(door.call("POST", decide, "canbotinh", grant), 403, "reopening.not_head")
    told = door.post(decide, "truongcoquan", grant)
    assert told["state"] == "scoring"
    assert told["reopenings"][0]["superseded"]["document_hash"] == locked["document_hash"]
    path = f"/dossiers/{all_in['dossier']}/result"
    assert_problem(door.call("GET", path, "hoidong1"), 404, "not_found")
    found = door.get(f"/meetings/{all_in['meeting']}/agreement", "hoidong3")
    assert (found["products"], found["council"]) == (0, None)


def test_a_lock_sent_twice_has_one_effect_and_one_answer(
    door: Door, all_in: dict[str, Any], engine: Engine
) -> None:
    path, body = f"/items/{all_in['item']}/lock", {"version": certified(door, all_in["item"])}
    key = str(uuid4())
    first = door.call("POST", path, "hoidong1", body, key=key)
    again = door.call("POST", path, "hoidong1", body, key=key)
    assert first.status_code == again.status_code == 200, first.text
    assert first.json() == again.json()
    assert again.headers["idempotent-replay"] == "true"
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Result)).one() == 1
    other = door.call("POST", path, "hoidong1", body)
    assert_problem(other, 409, "item.state", "Điều 7.3.d")


def test_an_old_version_is_answered_with_both_versions(door: Door, all_in: dict[str, Any]) -> None:
    for path, who in (
        (f"/items/{all_in['item']}/lock", "hoidong1"),
        (f"/score-sheets/{all_in['sheets'][1]}/withdraw", "hoidong3"),
    ):
        problem = assert_problem(door.call("POST", path, who, {"version": 9}), 409, "stale_version")
        assert problem["sent_version"] == 9
        assert problem["current_version"] in {2, 3}


def test_a_sheet_is_found_by_its_member_alone_until_the_lock(
    door: Door, all_in: dict[str, Any]
) -> None:
    sheet = f"/score-sheets/{all_in['sheets'][1]}"
    onlookers = ["hoidong1", "hoidong2", "canbotinh", "kiemtoan", "quantri", all_in["producer"]]
    assert door.get(sheet, "hoidong3")["total"] == 100
    for who in onlookers:
        assert_problem(door.call("GET", sheet, who), 404, "not_found")
    lock = {"version": certified(door, all_in["item"])}
    door.post(f"/items/{all_in['item']}/lock", "hoidong1", lock)
    for who in onlookers[:4]:
        assert door.get(sheet, who)["total"] == 100
    for who in onlookers[4:]:
        assert_problem(door.call("GET", sheet, who), 404, "not_found")


def test_gates_recusals_rescoring_and_withdrawals_go_through_the_door(
    door: Door, all_in: dict[str, Any]
) -> None:
    item, sheet = f"/items/{all_in['item']}", f"/score-sheets/{all_in['sheets'][3]}"
    raised = door.post(
        f"{item}/gates",
        "hoidong3",
        {"criterion_code": "6.1", "kind": "stop", "reason": "Có tạp chất."},
        status=201,
    )
    (gate,) = raised["gates"]
    assert_problem(
        door.call("POST", f"{item}/lock", "hoidong1", {"version": 2}),
        422,
        "item.gates_open",
        "Điều 7.3.d",
    )
    decided = door.post(
        f"/gates/{gate['code']}/decide", "hoidong1", {"votes_for": 1, "votes_against": 3}
    )
    assert decided["gates"][0]["state"] == "dismissed"
    assert_problem(
        door.call(
            "POST",
            f"{item}/minima",
            "hoidong1",
            {"criterion_code": "4.1", "star": 5, "met": True, "reason": "Đã xem."},
        ),
        422,
        "minimum.nothing_to_confirm",
        "Điều 3.3",
    )
    anew = door.post(f"{item}/rescore", "hoidong1", {"reason": "Xem lại mẫu.", "version": 2})
    assert (anew["scoring_round"], anew["sheets_submitted"]) == (2, 0)
    version = door.get(sheet, "hoidong5")["version"]
    sent = door.post(f"{sheet}/submit", "hoidong5", {"version": version})
    back = door.post(f"{sheet}/withdraw", "hoidong5", {"version": sent["version"]})
    out = door.post(
        f"{sheet}/recuse",
        "hoidong5",
        {"reason": "Là thành viên hợp tác xã.", "version": back["version"]},
    )
    assert out["state"] == "recused"
    assert door.get(item)["quorum"] == {"voting": 3, "present": 3, "needed": 3, "is_met": True}


def test_a_split_minimum_is_confirmed_through_the_door(door: Door, all_in: dict[str, Any]) -> None:
    item, sheet = f"/items/{all_in['item']}", f"/score-sheets/{all_in['sheets'][3]}"
    back = door.post(f"{sheet}/withdraw", "hoidong5", {"version": 3})
    marked = door.call(
        "PUT",
        f"{sheet}/marks",
        "hoidong5",
        {"marks": [{"criterion_code": "4.1", "option_code": "c"}], "version": back["version"]},
    ).json()
    door.post(f"{sheet}/submit", "hoidong5", {"version": marked["version"]})
    detail = door.get(item, "hoidong1")
    (waiting,) = detail["settling"]["minima_awaiting_chair"]
    assert (waiting["criterion_code"], waiting["star"], waiting["reached_by"]) == ("4.1", 5, 3)
    body = {"criterion_code": "4.1", "star": 5, "met": False, "reason": "Thiếu giấy."}
    settled = door.post(f"{item}/minima", "hoidong1", body)
    assert settled["settling"]["minima_awaiting_chair"] == []
    lock = {"version": certified(door, all_in["item"])}
    result = door.post(f"{item}/lock", "hoidong1", lock)
    assert (result["star"], result["band_star"]) == (4, 5)


def test_a_survey_and_a_refused_opening_go_through_the_door(door: Door, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        dossier = make_dossier(
            session,
            people,
            state=DossierState.ACCEPTED,
            set_number=26,
            round_=the_round(session, people),
        )
        meeting = make_meeting(session, people, dossiers=[dossier])
        place, item = meeting.code, items_of(session, meeting)[0].code
    body = {"present": [f"hoidong{n}" for n in range(1, 7)], "version": 1}
    refused = door.call("POST", f"/meetings/{place}/open", "hoidong2", body)
    assert_problem(refused, 422, "meeting.survey_missing", "Quy chế")
    noted = door.post(
        f"/items/{item}/survey", "canbotinh", {"record": "Biên bản số 3", "version": 1}
    )
    assert (noted["survey_record"], noted["needs_survey"]) == ("Biên bản số 3", True)
    too_few = body | {"present": ["hoidong1", "hoidong3"]}
    problem = assert_problem(
        door.call("POST", f"/meetings/{place}/open", "hoidong2", too_few),
        422,
        "meeting.quorum_not_met",
        "Điều 7.3.d",
    )
    assert "2/5" in problem["detail"]
    assert door.get(f"/meetings/{place}")["version"] == 1
    assert door.post(f"/meetings/{place}/open", "hoidong2", body)["state"] == "open"
    paper = door.call("GET", f"/meetings/{place}/minutes.pdf", "hoidong3")
    assert_problem(paper, 409, "meeting.no_minutes", "Điều 7.3.d")


def test_a_round_is_opened_once(door: Door, accepted: dict[str, str]) -> None:
    assert accepted
    year = now().year + 1
    body = {"year": year, "ordinal": 1}
    made = door.post("/rounds", "canbotinh", body, status=201)
    assert (made["code"], made["proposals_before"]) == (f"D1-{year}", f"{year}-04-30")
    again = door.call("POST", "/rounds", "canbotinh", body)
    assert_problem(again, 409, "round.known", "Điều 5.1")
    other = door.call("POST", "/rounds", "hoidong1", body)
    assert_problem(other, 403, "council.agency_prepares", "Điều 5.1")


READ_PATHS = (
    "/rounds/{round}",
    "/rounds/{round}/dossiers",
    "/councils/HD-0000",
    "/meetings/{meeting}",
    "/meetings/{meeting}/minutes.pdf",
    "/meetings?round={round}",
    "/items/{item}",
    "/score-sheets/{sheet}",
    "/dossiers/{dossier}/result",
    "/dossiers/{dossier}/result/file",
    "/meetings/{meeting}/board",
    "/meetings/{meeting}/agreement",
)
WRITES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/meetings/{meeting}/open", {"present": ["hoidong1"], "version": 1}),
    (
        "POST",
        "/meetings/{meeting}/close",
        {"minutes_number": "1", "conclusion": "Xong cả.", "version": 2},
    ),
    ("POST", "/items/{item}/survey", {"record": "Biên bản 3", "version": 1}),
    (
        "POST",
        "/items/{item}/gates",
        {"criterion_code": "6.1", "kind": "stop", "reason": "Tạp chất."},
    ),
    (
        "POST",
        "/items/{item}/minima",
        {"criterion_code": "4.1", "star": 5, "met": True, "reason": "Đã xem."},
    ),
    ("POST", "/items/{item}/rescore", {"reason": "Xem lại.", "version": 2}),
    ("POST", "/items/{item}/certify", {"version": 2}),
    ("POST", "/items/{item}/lock", {"version": 2}),
    ("POST", "/items/{item}/reopenings", {"reason": "Nhập nhầm phiếu số 3.", "version": 2}),
    (
        "POST",
        "/reopenings/ML-0000/decide",
        {"grant": False, "answer": "Không đủ căn cứ.", "version": 1},
    ),
    ("POST", "/gates/DK-0000/decide", {"votes_for": 1, "votes_against": 0}),
    ("PUT", "/score-sheets/{sheet}/marks", {"marks": [], "version": 1}),
    ("POST", "/score-sheets/{sheet}/submit", {"version": 1}),
    ("POST", "/score-sheets/{sheet}/withdraw", {"version": 1}),
    ("POST", "/score-sheets/{sheet}/recuse", {"reason": "Người nhà.", "version": 1}),
)


def filled(path: str, found: dict[str, Any], round_: str) -> str:
    return path.format(
        round=round_,
        meeting=found["meeting"],
        item=found["item"],
        sheet=found["sheets"][0],
        dossier=found["dossier"],
    )


def test_strangers_find_nothing(door: Door, in_scoring: dict[str, Any]) -> None:
    round_ = door.get("/rounds")[0]["code"]
    for who in (in_scoring["producer"], "canbo03390", "quantri"):
        for path in READ_PATHS:
            answer = door.call("GET", filled(path, in_scoring, round_), who)
            assert_problem(answer, 404, "not_found")
        assert door.get("/rounds", who) == door.get("/councils", who) == []
        assert door.get("/meetings", who) == {"items": [], "next_after": None}
        for method, path, body in WRITES:
            answer = door.call(method, filled(path, in_scoring, round_), who, body)
            assert_problem(answer, 404, "not_found")


def test_a_token_reads_and_writes_only_within_its_scopes(
    door: Door, in_scoring: dict[str, Any]
) -> None:
    round_ = door.get("/rounds")[0]["code"]
    elsewhere = (Scope.DOSSIERS_READ, Scope.DOSSIERS_WRITE)
    for path in ("/rounds", "/councils", "/meetings", *READ_PATHS):
        answer = door.call("GET", filled(path, in_scoring, round_), "hoidong1", scopes=elsewhere)
        assert_problem(answer, 403, "token.scope_missing")
    starts: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("POST", "/rounds", {"year": 2027, "ordinal": 1}),
        ("POST", "/councils", council_body()),
    )
    for method, path, body in (*starts, *WRITES):
        answer = door.call(
            method,
            filled(path, in_scoring, round_),
            "hoidong1",
            body,
            scopes=(Scope.COUNCILS_READ,),
        )
        assert_problem(answer, 403, "token.scope_missing")
    assert_problem(door.client.get(f"{API}/meetings"), 401, "token.needed")


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/rounds", {"year": 1999, "ordinal": 1}, "year"),
        (
            "POST",
            "/rounds",
            {"year": 2027, "ordinal": 1, "results_before": "2027-01-01"},
            "results_before",
        ),
        ("POST", "/councils", council_body(seats=[]), "seats"),
        ("POST", "/councils", council_body(decided_on="hôm qua"), "decided_on"),
        ("POST", "/meetings", {"starts_at": "2026-11-12T08:00:00"}, "starts_at"),
        ("POST", "/meetings/PH-1/open", {"present": "hoidong1", "version": 1}, "present"),
        ("POST", "/meetings/PH-1/open", {"present": []}, "version"),
        ("POST", "/items/MH-1/gates", {"criterion_code": "6.1", "kind": "x"}, "kind"),
        ("POST", "/gates/DK-1/decide", {"votes_for": -1, "votes_against": 1}, "votes_for"),
        ("POST", "/items/MH-1/minima", {"criterion_code": "4.1", "star": 2}, "star"),
        ("PUT", "/score-sheets/PD-1/marks", {"marks": [{}] * 81, "version": 1}, "marks"),
        ("POST", "/score-sheets/PD-1/recuse", {"reason": "", "version": 1}, "reason"),
    ],
)
def test_malformed_bodies_are_answered_field_by_field(
    door: Door, accepted: dict[str, str], method: str, path: str, body: Any, field: str
) -> None:
    assert accepted
    problem = assert_problem(door.call(method, path, "canbotinh", body), 422, "invalid")
    assert any(one.startswith(field) for one in problem["errors"]), problem["errors"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe"])
def test_a_body_that_is_no_object_is_a_problem_not_a_fault(
    door: Door, accepted: dict[str, str], raw: bytes
) -> None:
    assert accepted
    token = token_for(door.engine, "canbotinh", Scope.COUNCILS_WRITE)
    answer = door.client.post(
        f"{API}/meetings",
        content=raw,
        headers={
            "authorization": f"Bearer {token}",
            "idempotency-key": str(uuid4()),
            "content-type": "application/json",
        },
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=-1", f"round={'x' * 21}"])
def test_the_list_of_meetings_is_bounded(door: Door, accepted: dict[str, str], query: str) -> None:
    assert accepted
    assert_problem(door.call("GET", f"/meetings?{query}", "canbotinh"), 422, "invalid")
