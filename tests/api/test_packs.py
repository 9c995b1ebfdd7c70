"""Scoring without network over JSON: packs, answer files and paper, each once and with its refusals."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.domain.accounts.enums import Scope
from app.rulebooks import loader
from tests.conftest import AT
from tests.factories.councils import convene, items_of, make_meeting, sheets_of
from tests.factories.dossiers import complete_answers
from tests.factories.files import photo
from tests.factories.packs import carried, filled
from tests.factories.people import People, token_for

API = "/api/v1"
SCOPES = (Scope.COUNCILS_READ, Scope.COUNCILS_WRITE)
CHAIR, SECRETARY, MEMBER, OTHER, AGENCY = (
    "hoidong1",
    "hoidong2",
    "hoidong3",
    "hoidong4",
    "canbotinh",
)


class Door:
    """The JSON door to one open meeting, with a token for each person."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        self.client, self.engine = client, engine
        self.tokens: dict[str, str] = {}
        with transaction(engine) as session:
            people = People(session, AT)
            meeting = make_meeting(session, people, members=2)
            convene(session, people, meeting)
            item = items_of(session, meeting)[0]
            self.meeting, self.item = meeting.code, item.code
            self.sheet = sheets_of(session, item)[1].code

    def call(self, method: str, path: str, who: str, body: Any = None, **more: Any) -> Any:
        if who not in self.tokens:
            self.tokens[who] = token_for(self.engine, who, *SCOPES)
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        if method != "GET":
            headers["idempotency-key"] = str(uuid4())
        return self.client.request(method, f"{API}{path}", json=body, headers=headers, **more)

    def ok(self, method: str, path: str, who: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.call(method, path, who, body)
        assert answer.status_code == status, answer.text
        return answer

    def refused(self, path: str, who: str, body: Any) -> tuple[int, str]:
        answer = self.call("POST", path, who, body)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"]

    def pack(self) -> dict[str, Any]:
        return carried(self.ok("GET", f"/meetings/{self.meeting}/scoring-pack", MEMBER).text)

    def answers(self, pack: dict[str, Any]) -> dict[str, str]:
        return complete_answers(loader.rubric(pack["sheets"][0]["rubric"]))


@pytest.fixture
def door(client: TestClient, engine: Engine) -> Door:
    return Door(client, engine)


def test_a_pack_goes_out_and_its_file_comes_back(door: Door) -> None:
    pack = door.pack()
    file = filled(pack, door.answers(pack), opinion="Tốt.")
    path = f"/meetings/{door.meeting}/pack-returns"
    kept = door.ok("POST", path, MEMBER, file, status=201).json()
    assert kept["sheets"][0]["missing"] == []
    assert door.ok("POST", path, MEMBER, file, status=201).json()["code"] == kept["code"]
    done = door.ok(
        "POST",
        f"/pack-returns/{kept['code']}/apply",
        MEMBER,
        {"sheets": [{"sheet": door.sheet, "submit": True}]},
    ).json()
    assert done["sheets"][0]["state"] == "submitted"
    assert done["sheets"][0]["why_not"] is None
    sheet = door.ok("GET", f"/score-sheets/{door.sheet}", MEMBER).json()
    assert (sheet["origin"], sheet["total"], sheet["opinion"]) == ("pack", 100, "Tốt.")
    assert door.call("GET", f"/pack-returns/{kept['code']}", OTHER).status_code == 404


def test_files_that_are_not_the_members_are_refused(door: Door) -> None:
    pack = door.pack()
    path = f"/meetings/{door.meeting}/pack-returns"
    file = filled(pack, {"1.1": "a"})
    forged = filled(pack, {"1.1": "a"}) | {"seal": "0" * 64}
    assert door.refused(path, MEMBER, forged) == (422, "pack.seal_broken")
    assert door.refused(path, OTHER, file) == (403, "pack.others")
    assert door.refused(path, CHAIR, file) == (403, "pack.others")
    assert door.refused(path, MEMBER, filled(pack, {"1.1": "z"})) == (422, "pack.wrong_answer")
    assert door.refused("/meetings/PH-0000000/pack-returns", MEMBER, file) == (
        422,
        "pack.other_meeting",
    )
    assert door.refused(path, MEMBER, file | {"average": 99})[0] == 422


def test_paper_is_keyed_twice_settled_scanned_and_entered(door: Door) -> None:
    answers = door.answers(door.pack())
    path = f"/score-sheets/{door.sheet}/paper"

    def entry(number: int, **changed: str) -> dict[str, Any]:
        said = answers | {code.replace("_", "."): option for code, option in changed.items()}
        return {
            "entry": number,
            "marks": [
                {"criterion_code": code, "option_code": option} for code, option in said.items()
            ],
        }

    assert door.refused(path, CHAIR, entry(1)) == (403, "sheet.not_the_office")
    assert door.refused(path, SECRETARY, entry(2)) == (409, "paper_sheet.no_first_entry")
    first = door.ok("POST", path, SECRETARY, entry(1), status=201).json()
    assert (first["state"], first["differences"]) == ("keyed_once", [])
    second = door.ok("POST", path, AGENCY, entry(2, **{"1_1": "a"}), status=201).json()
    assert [one["criterion_code"] for one in second["differences"]] == ["1.1"]
    assert not second["same_person"]
    settled = door.ok(
        "POST",
        f"{path}/resolve",
        SECRETARY,
        {"choices": [{"criterion_code": "1.1", "take": "first"}], "version": second["version"]},
    ).json()
    scanned = door.client.post(
        f"{API}{path}/scan",
        data={"version": str(settled["version"])},
        files={"file": ("phieu.jpg", photo(), "image/jpeg")},
        headers={
            "authorization": f"Bearer {door.tokens[SECRETARY]}",
            "idempotency-key": str(uuid4()),
        },
    )
    assert scanned.status_code == 200, scanned.text
    done = door.ok(
        "POST", f"{path}/enter", SECRETARY, {"version": scanned.json()["version"]}
    ).json()
    assert (done["state"], done["has_scan"]) == ("entered", True)
    sheet = door.ok("GET", f"/score-sheets/{door.sheet}", MEMBER).json()
    assert (sheet["origin"], sheet["state"], sheet["total"]) == ("paper", "submitted", 100)
    scan = door.ok("GET", f"/paper-sheets/{done['code']}/scan", MEMBER)
    assert scan.content == photo()
    assert door.call("GET", f"/paper-sheets/{done['code']}/scan", OTHER).status_code == 403


def test_entries_are_thrown_away_with_a_reason(door: Door) -> None:
    path = f"/score-sheets/{door.sheet}/paper"
    kept = door.ok("POST", path, SECRETARY, {"entry": 1, "marks": []}, status=201).json()
    door.ok(
        "POST",
        f"{path}/discard",
        SECRETARY,
        {"reason": "Nhầm phiếu.", "version": kept["version"]},
        status=204,
    )
    assert door.call("GET", path, SECRETARY).status_code == 404


def test_grids_are_pdf(door: Door) -> None:
    for path in (f"/score-sheets/{door.sheet}/grid.pdf", f"/items/{door.item}/grids.pdf"):
        answer = door.ok("GET", path, SECRETARY)
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")
