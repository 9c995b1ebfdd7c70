"""Stamp batches over JSON: the whole way, refusals with code and basis, everything exactly once."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.stamps.models import Stamp, StampPrinting
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, token_for
from tests.factories.recognition import import_certificate
from tests.factories.stamps import ensure_key, sign_all


class Office:
    """A certificate, a key, and a caller for each account."""

    def __init__(self, client: TestClient, engine: Engine, keys: Path) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            self.certificate = import_certificate(session, people).code
            ensure_key(session, keys, at=AT)
            people.agency()
            people.head()
            people.officer(ELSEWHERE)
        self.client, self.engine, self.keys = client, engine, keys
        self.tokens = {
            name: token_for(engine, account)
            for name, account in {
                "officer": f"canbo{HOME}",
                "stranger": f"canbo{ELSEWHERE}",
                "agency": "canbotinh",
                "head": "truongcoquan",
            }.items()
        }

    def get(self, who: str, path: str) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, who: str, path: str, key: str | None = None, **body: Any) -> Any:
        headers = {
            "authorization": f"Bearer {self.tokens[who]}",
            "idempotency-key": key or str(uuid4()),
        }
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def done(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        """Take a step that must succeed, and return what is answered."""
        answer = self.post(who, path, **body)
        assert answer.status_code in {200, 201}, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def order(self, quantity: int = 100) -> str:
        told = self.done(
            "officer",
            "/batches",
            certificate=self.certificate,
            quantity=quantity,
            packs_a_year=6000,
            roll_size=50,
        )
        return str(told["code"])

    def issued(self, quantity: int = 100) -> tuple[str, int]:
        """Return the path and version of a batch whose stamps are signed."""
        path = f"/batches/{self.order(quantity)}"
        self.done("head", f"{path}/approve", version=1)
        self.done("agency", f"{path}/issue", version=2)
        with transaction(self.engine) as session:
            sign_all(session, self.keys, at=now())
        return path, int(self.get("agency", path).json()["version"])


@pytest.fixture
def office(client: TestClient, engine: Engine, settings: Settings) -> Office:
    return Office(client, engine, settings.private_key_dir)


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status)
    return problem


def test_a_batch_goes_its_way_and_its_counts_balance(office: Office) -> None:
    path = f"/batches/{office.order()}"
    left = office.get("officer", f"/certificates/{office.certificate}/stamp-balance").json()
    assert (left["packs_a_year"], left["earlier"], left["left"]) == (6000, 100, 5900)
    approved = office.done("head", f"{path}/approve", version=1, count=90)
    assert (approved["state"], approved["approved_count"]) == ("approved", 90)
    begun = office.done("agency", f"{path}/issue", version=2)
    assert (begun["state"], begun["issued_count"], begun["halt_reason"]) == ("issuing", 0, "")
    with transaction(office.engine) as session:
        sign_all(session, office.keys, at=now())
    issued = office.get("agency", path).json()
    assert (issued["state"], issued["issued_count"]) == ("issued", 90)
    assert (issued["counts"]["in_hand"], issued["version"]) == (90, 4)
    page = office.get("officer", f"{path}/rolls?limit=1").json()
    assert [(one["number"], one["size"], one["printed"]) for one in page["items"]] == [
        (1, 50, False)
    ]
    rest = office.get("officer", f"{path}/rolls?limit=1&after={page['next_after']}").json()
    assert (rest["items"][0]["size"], rest["next_after"]) == (40, None)
    printing = office.done(
        "agency", f"{path}/printings", version=4, form="sheets_25", printer="Nhà in Thử Nghiệm"
    )
    assert printing["is_open"]
    sheets = office.get("agency", f"{path}/printings/{printing['code']}/rolls/2/labels.pdf")
    assert "Cuộn 2/2" in PdfReader(BytesIO(sheets.content)).pages[0].extract_text()
    handed = office.done("agency", f"{path}/deliver", version=5, delivered_to="Bà Mẫu", rolls=[1])
    assert (handed["state"], handed["counts"]["delivered"]) == ("delivered", 50)
    (delivery,) = office.get("officer", f"{path}/deliveries").json()["items"]
    note = office.get("officer", f"{path}/deliveries/{delivery['code']}/note.pdf")
    assert note.content.startswith(b"%PDF")
    label = page["items"][0]["label_serial"]
    used = office.done("officer", f"{path}/activate", version=6, labels=[label])
    assert (used["state"], used["counts"]["activated"]) == ("in_use", 50)
    told = office.done(
        "officer", f"{path}/withdraw", version=7, kind="lost", rolls=[1], reason="Mất trên đường"
    )
    assert told["counts"] == {
        "issued": 90,
        "in_hand": 40,
        "delivered": 0,
        "activated": 0,
        "suspended": 0,
        "void": 50,
        "destroyed": 0,
        "lost": 50,
    }
    office.done(
        "agency", f"{path}/withdraw", version=8, kind="recalled", rolls=[2], reason="Thừa tem"
    )
    assert office.get("agency", path).json()["state"] == "closed"
    (waiting,) = office.get("agency", "/stamp-withdrawals").json()["items"]
    assert (waiting["stamps"], waiting["kind"]) == (40, "recalled")
    made = office.done(
        "agency",
        "/stamp-destructions",
        withdrawals=[waiting["code"]],
        place="Kho của Chi cục",
        method="Cắt vụn, đốt",
        witnesses="Giàng A Mẫu, Sở Công Thương",
    )
    assert made["stamps"] == 40
    minutes = office.get("head", f"/stamp-destructions/{made['code']}/minutes.pdf")
    assert minutes.content.startswith(b"%PDF")
    assert office.get("agency", "/stamp-withdrawals").json()["items"] == []
    assert [
        one["destruction"] for one in office.get("agency", f"{path}/withdrawals").json()["items"]
    ] == [
        made["code"],
        None,
    ]
    assert office.get("agency", "/stamp-destructions").json()["items"] == [made]


def test_a_print_house_gets_one_archive_while_its_printing_is_open(
    office: Office, engine: Engine
) -> None:
    path, version = office.issued(60)
    told = office.done(
        "agency", f"{path}/printings", version=version, form="print_house", printer="Nhà in Mẫu"
    )
    files = f"{path}/printings/{told['code']}/files.zip"
    answer = office.get("agency", files)
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".svg")]) == 62
    assert_problem(office.get("officer", files), 403, "batch.agency_issues")
    assert_problem(office.get("stranger", files), 404, "not_found")
    with transaction(engine) as session:
        session.exec(select(StampPrinting)).one().open_until = now() - timedelta(seconds=1)
    assert_problem(office.get("agency", files), 409, "printing.closed")
    again = office.post(
        "agency",
        f"{path}/printings",
        version=version + 1,
        form="sheets_25",
        printer="Nhà in Mẫu",
        first_roll=1,
        last_roll=1,
    )
    assert_problem(again, 409, "roll.printed")
    close = office.done("agency", f"{path}/printings/{told['code']}/close", version=1)
    assert (close["is_open"], close["closed_by"]) == (False, "Canbotinh Thử Nghiệm")


def test_rolls_are_suspended_and_released(office: Office) -> None:
    path, version = office.issued(60)
    body: dict[str, Any] = {"rolls": [1], "reason": "Quét ở nơi lạ"}
    assert_problem(
        office.post("head", f"{path}/suspend", version=version, **body), 409, "roll.state"
    )
    office.done(
        "agency", f"{path}/printings", version=version, form="sheets_25", printer="Nhà in Mẫu"
    )
    office.done("agency", f"{path}/deliver", version=version + 1, delivered_to="Bà Mẫu")
    told = office.done("head", f"{path}/suspend", version=version + 2, **body)
    assert told["counts"]["suspended"] == 50
    told = office.done("head", f"{path}/release", version=version + 3, **body)
    assert told["counts"]["delivered"] == 60


def test_an_issue_sent_again_has_no_second_effect(office: Office, engine: Engine) -> None:
    path = f"/batches/{office.order()}"
    office.post("head", f"{path}/approve", version=1)
    key = str(uuid4())
    first = office.post("agency", f"{path}/issue", key, version=2)
    again = office.post("agency", f"{path}/issue", key, version=2)
    assert first.json() == again.json()
    assert again.headers["idempotent-replay"] == "true"
    assert_problem(office.post("agency", f"{path}/issue", version=3), 409, "batch.state")
    stopped = office.done("agency", f"{path}/stop", version=3, reason="Đặt nhầm lô")
    assert stopped["state"] == "closed"
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Stamp)).one() == 0


def test_a_stale_version_is_answered_with_both(office: Office) -> None:
    path = f"/batches/{office.order()}"
    office.post("head", f"{path}/approve", version=1)
    problem = assert_problem(
        office.post("agency", f"{path}/issue", version=1), 409, "stale_version"
    )
    assert (problem["sent_version"], problem["current_version"]) == (1, 2)


def test_refusals_say_why_and_strangers_see_nothing(office: Office) -> None:
    path = f"/batches/{office.order()}"
    problem = assert_problem(
        office.post("agency", f"{path}/approve", version=1), 403, "batch.head_decides"
    )
    assert problem["basis"] == "26/2026/QĐ-TTg, Điều 9.3.b, Điều 9.4.a"
    for part in ("", "/rolls", "/printings", "/deliveries", "/withdrawals"):
        assert_problem(office.get("stranger", path + part), 404, "not_found")
    assert_problem(office.post("stranger", f"{path}/approve", version=1), 404, "not_found")
    balance = f"/certificates/{office.certificate}/stamp-balance"
    assert_problem(office.get("stranger", balance), 404, "not_found")
    assert office.get("stranger", "/batches").json()["items"] == []
    for place in ("/stamp-withdrawals", "/stamp-destructions"):
        assert_problem(office.get("officer", place), 403, "batch.agency_issues")
    over = office.post("officer", "/batches", certificate=office.certificate, quantity=6000)
    assert "Chỉ còn đặt được 5900 tem" in assert_problem(over, 422, "batch.over_balance")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"quantity": 0},
        {"quantity": 1_000_001},
        {"quantity": "x"},
        {"more": 1},
        {"roll_size": 49},
        {"markets": ["Hà Nội"]},
    ],
)
def test_bad_orders_are_told_field_by_field(office: Office, body: dict[str, Any]) -> None:
    full: dict[str, Any] = {"certificate": office.certificate, "quantity": 1} | body
    answer = office.post("officer", "/batches", **(full if body else {}))
    assert assert_problem(answer, 422, "invalid")["errors"]


@pytest.mark.parametrize("query", ["after=-1", f"after={2**40}", "limit=0", "limit=101", "after=x"])
def test_bad_pages_are_refused_never_a_fault(office: Office, query: str) -> None:
    assert office.get("agency", f"/batches?{query}").status_code == 422
