"""Imports over JSON: check, report by cell, apply once, wrong files, strangers."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.recognition.models import Certificate
from tests.conftest import AT
from tests.factories.people import HOME, People, token_for
from tests.factories.workbooks import certificate_row, history, producer_row, product_row, workbook


class Office:
    """A caller for each account."""

    def __init__(self, client: TestClient, engine: Engine) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            for known in (people.agency, people.officer, people.auditor):
                known()
        self.client, self.engine = client, engine
        self.tokens = {
            "agency": token_for(engine, "canbotinh"),
            "officer": token_for(engine, f"canbo{HOME}"),
            "auditor": token_for(engine, "kiemtoan"),
            "reader": token_for(engine, "canbotinh", Scope.REGISTER_READ),
        }

    def headers(self, who: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[who]}", "idempotency-key": str(uuid4())}

    def send(self, who: str, content: bytes) -> Any:
        return self.client.post(
            "/api/v1/imports", files={"file": ("a.xlsx", content)}, headers=self.headers(who)
        )

    def apply(self, who: str, code: str, version: int = 1) -> Any:
        return self.client.post(
            f"/api/v1/imports/{code}/apply", json={"version": version}, headers=self.headers(who)
        )

    def get(self, who: str, path: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers(who))

    def certificates(self) -> int:
        with reading(self.engine) as session:
            return session.exec(select(func.count()).select_from(Certificate)).one()


@pytest.fixture
def office(client: TestClient, engine: Engine) -> Office:
    return Office(client, engine)


def test_a_file_is_checked_and_brought_in_once(office: Office) -> None:
    checked = office.send("agency", history())
    assert checked.status_code == 201, checked.text
    told = checked.json()
    assert told["state"] == "dry_run"
    assert told["counts"]["certificates"] == {"new": 1, "changed": 0, "same": 0, "refused": 0}
    assert office.certificates() == 0
    applied = office.apply("agency", told["code"])
    assert (applied.status_code, applied.json()["state"]) == (200, "applied")
    assert office.certificates() == 1
    again = office.apply("agency", told["code"], version=2)
    assert (again.status_code, again.json()["code"]) == (409, "import.already_tried")
    second = office.send("agency", history()).json()
    assert second["counts"]["certificates"]["same"] == 1
    assert [one["code"] for one in office.get("agency", "/imports").json()["items"]] == [
        second["code"],
        told["code"],
    ]


def test_errors_name_sheet_row_column_and_sentence(office: Office) -> None:
    content = workbook([producer_row()], [product_row()], [certificate_row(star=2)])
    told = office.send("agency", content).json()
    assert told["found_errors"] == [
        {
            "sheet": "Giấy chứng nhận",
            "row": 2,
            "column": "Hạng sao",
            "cell": "F2",
            "sentence": "Không được nhỏ hơn 3.",
        }
    ]
    refused = office.apply("agency", told["code"])
    assert (refused.status_code, refused.json()["code"]) == (409, "import.faulty")
    marked = office.get("agency", f"/imports/{told['code']}/errors.xlsx")
    assert marked.content.startswith(b"PK")


def test_wrong_files_are_refused(office: Office) -> None:
    answer = office.send("agency", b"%PDF-1.7")
    assert answer.status_code == 422
    assert answer.json()["code"] == "workbook.not_excel"
    other = office.send("agency", workbook(other=[{"a": "b"}]))
    assert other.status_code == 201  # the template's sheets are there, and empty


def test_strangers_stay_outside(office: Office) -> None:
    code = office.send("agency", history()).json()["code"]
    assert office.get("officer", "/imports").status_code == 403
    assert office.get("officer", "/imports/template.xlsx").status_code == 403
    assert office.send("officer", history()).status_code == 403
    assert office.send("reader", history()).status_code == 403
    assert office.send("auditor", history()).status_code == 403
    assert office.get("auditor", f"/imports/{code}").status_code == 200
    assert office.apply("auditor", code).json()["code"] == "import.not_yours"
    assert office.certificates() == 0
