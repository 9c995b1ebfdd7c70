"""Pages of open data and reports: for whom, in which form, and what a cache may keep."""

import io
import json
import re

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.exports.actions import take_snapshot
from app.domain.exports.rules import COLUMNS
from tests.conftest import AT
from tests.factories.exports import house, many_fates
from tests.factories.people import HOME, People, signed_in
from tests.web.page_checks import faults


@pytest.fixture
def months(engine: Engine, settings: Settings) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        many_fates(session, people)
        for known in (people.agency, people.signer, people.auditor):
            known()
    take_snapshot(engine, settings.files, house=house(settings.scratch_dir), at=AT)


def fields(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


@pytest.mark.usefixtures("months")
def test_anybody_reads_the_snapshots_and_what_their_columns_mean(client: TestClient) -> None:
    for language in ("vi", "en"):
        page = client.get(f"/register/data?lang={language}").text
        assert not faults(page)
        assert "09/2026" in page
        for one in COLUMNS:
            assert f"<code>{one.name}</code>" in page
    assert "Dữ liệu mở" in client.get("/register").text
    dictionary = client.get("/register/data/dictionary.json").json()
    assert [one["name"] for one in dictionary["columns"]] == [one.name for one in COLUMNS]
    assert client.get("/register/data/dictionary.csv").text.startswith("\ufeffname,type,")
    [resource] = client.get("/register/data/datapackage.json").json()["resources"]
    assert resource["path"].endswith("/register/data/2026-09.csv")


@pytest.mark.usefixtures("months")
def test_a_snapshot_is_fetched_once_and_kept_for_ever(client: TestClient) -> None:
    for ending, media_type in (("csv", "text/csv"), ("json", "application/json")):
        address = f"/register/data/2026-09.{ending}"
        whole = client.get(address)
        assert whole.status_code == 200
        assert whole.headers["content-type"].startswith(media_type)
        assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert f'filename="ocop-lai-chau-2026-09.{ending}"' in whole.headers["content-disposition"]
        head = client.head(address, headers={"accept-encoding": "identity"})
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(whole.content)
        again = client.get(address, headers={"if-none-match": whole.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert json.loads(client.get("/register/data/2026-09.json").text)["metadata"]["count"] == 9
    for wrong in ("2026-08.csv", "2026-13.json", "x.csv"):
        assert client.get(f"/register/data/{wrong}").status_code == 404


@pytest.mark.usefixtures("months")
def test_a_report_is_made_once_and_fetched_by_those_who_may(client: TestClient) -> None:
    agency = signed_in(client, "canbotinh")
    page = agency.get("/reports").text
    assert not faults(page)
    hidden = fields(page, "/reports/province")
    first, again = (
        agency.post("/reports/province", data={"on": "2026-09-14"} | hidden) for _ in range(2)
    )
    assert first.status_code == again.status_code == 303
    hidden = fields(page, "/reports/master-table")
    made = agency.post("/reports/master-table", data={"year": "2026", "format": "csv"} | hidden)
    assert made.status_code == 303
    listed = agency.get("/reports").text
    addresses = re.findall(r'href="(/reports/XB-[^"]+/file)"', listed)
    assert len(addresses) == 2
    table, report = (agency.get(address) for address in addresses)
    assert table.text.startswith("\ufeffMA_OCOP,Ma_DonViHanhChinh,")
    assert table.headers["cache-control"] == "private, no-store"
    with CalamineWorkbook.from_filelike(io.BytesIO(report.content)) as book:
        assert "Theo xã" in book.sheet_names
    future = agency.post(
        "/reports/province", data={"on": "2090-01-01"} | fields(listed, "/reports/province")
    )
    assert future.status_code == 422
    assert "Chưa đến thời gian này" in future.text
    assert not faults(future.text)
    signer = signed_in(client, "lanhdaotinh")
    page = signer.get("/reports").text
    assert "PTNT_OCOP-2026.csv" not in page
    assert "có doanh thu của từng chủ thể" in page
    assert signer.get(addresses[0]).status_code == 404
    assert signer.get(addresses[1]).status_code == 200
    officer = signed_in(client, f"canbo{HOME}")
    assert officer.get("/reports").status_code == 403
    assert officer.get(addresses[1]).status_code == 404
    assert "/reports" not in officer.get("/work").text
