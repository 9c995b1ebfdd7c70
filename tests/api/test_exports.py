"""Snapshots and reports over JSON: listed for anybody, made for those who see the province."""

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.exports.actions import take_snapshot
from tests.conftest import AT
from tests.factories.exports import house, many_fates
from tests.factories.people import HOME, People, token_for


@pytest.fixture
def months(engine: Engine, settings: Settings) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        many_fates(session, people)
        people.agency()
        people.signer()
    take_snapshot(engine, settings.files, house=house(settings.scratch_dir), at=AT)


@pytest.mark.usefixtures("months")
def test_the_months_are_listed_with_addresses_that_answer(client: TestClient) -> None:
    answer = client.get("/api/v1/register/snapshots").json()
    assert answer["next_after"] is None
    [month] = answer["items"]
    assert (month["month"], month["count"], month["taken_on"]) == ("2026-09", 9, "2026-09-14")
    assert month["csv_url"].endswith("/register/data/2026-09.csv")
    file = client.get(urlsplit(month["json_url"]).path)
    assert len(file.content) == month["json_size"]


@pytest.mark.usefixtures("months")
def test_reports_are_made_fetched_and_refused(client: TestClient, engine: Engine) -> None:
    tokens = {
        name: token_for(engine, account)
        for name, account in {
            "agency": "canbotinh",
            "signer": "lanhdaotinh",
            "officer": f"canbo{HOME}",
        }.items()
    }

    def call(who: str, method: str, path: str, **body: Any) -> Any:
        headers = {
            "authorization": f"Bearer {tokens[who]}",
            "idempotency-key": str(uuid4()),
        }
        return client.request(method, f"/api/v1{path}", headers=headers, json=body or None)

    made = call("agency", "POST", "/reports/master-table", year=2026, format="xlsx")
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["kind"], told["about"], told["lines"]) == ("master_table", "2026", 9)
    path = f"/reports/{told['code']}"
    assert call("agency", "GET", path).json() == told
    assert call("agency", "GET", f"{path}/file").content.startswith(b"PK")
    report = call("signer", "POST", "/reports/province", on="2026-09-14").json()
    assert report["file_name"] == "bao-cao-ocop-lai-chau-2026-09-14.xlsx"
    assert [one["code"] for one in call("signer", "GET", "/reports").json()["items"]] == [
        report["code"]
    ]
    assert len(call("agency", "GET", "/reports").json()["items"]) == 2
    refused = call("signer", "POST", "/reports/master-table", year=2026)
    assert (refused.status_code, refused.json()["code"]) == (403, "export.revenue_is_business")
    assert refused.json()["basis"]
    assert call("signer", "GET", f"{path}/file").json()["code"] == "not_found"
    assert call("officer", "GET", "/reports").json()["code"] == "export.reports_of_province"
    late = call("agency", "POST", "/reports/province", on="2090-01-01")
    assert (late.status_code, late.json()["code"]) == (422, "export.day_to_come")
