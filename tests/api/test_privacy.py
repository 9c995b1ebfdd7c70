"""Personal data over JSON: told openly what is kept, shown only on asking, asked about and answered."""

from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.audit.models import AuditEvent
from app.domain.privacy.rules import HOLDINGS
from app.http.idempotency import IdempotentRequest
from tests.api.test_producers import assert_problem
from tests.conftest import AT
from tests.factories.people import HOME, People, token_for
from tests.factories.register import make_producer

ETHNIC = "Hà Nhì (dấu vết)"


def headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}


def prepared(engine: Engine) -> tuple[str, int]:
    """Register a producer with something to hide; return its code and version."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.agency()
        people.auditor()
        producer = make_producer(session, people)
        producer.representative_ethnicity = ETHNIC
        producer.tax_code = "014085001234"
        return producer.code, producer.version


def test_anybody_is_told_what_is_kept(client: TestClient) -> None:
    told = client.get("/api/v1/privacy").json()
    assert [one["key"] for one in told["holdings"]] == [holding.key for holding in HOLDINGS]
    assert told["keeper"]


def test_a_request_goes_from_the_person_to_the_agency_and_back(
    client: TestClient, engine: Engine
) -> None:
    prepared(engine)
    officer, agency = token_for(engine, f"canbo{HOME}"), token_for(engine, "canbotinh")
    sent: dict[str, Any] = {"kind": "objection", "words": "Đừng gửi tin nhắn nữa."}
    made = client.post("/api/v1/my-data/requests", json=sent, headers=headers(officer))
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    path = f"/api/v1/privacy-requests/{code}"
    assert client.get(path, headers=headers(agency)).json()["words"] == sent["words"]
    listed = client.get("/api/v1/privacy-requests", headers=headers(agency)).json()
    assert [one["code"] for one in listed["items"]] == [code]
    wrong = {"step": "withdraw", "answer": "Không.", "version": 1}
    assert client.post(f"{path}/answer", json=wrong, headers=headers(agency)).status_code == 422
    answer = {"step": "grant", "answer": "Đã tắt tin nhắn.", "version": 1}
    assert_problem(
        client.post(f"{path}/answer", json=answer, headers=headers(officer)), 404, "not_found"
    )
    done = client.post(f"{path}/answer", json=answer, headers=headers(agency)).json()
    assert (done["state"], done["outcome"]) == ("granted", {"stopped": ["email", "sms"]})
    (own,) = client.get("/api/v1/my-data/requests", headers=headers(officer)).json()["items"]
    assert own["answer"] == answer["answer"]
    assert_problem(
        client.post(
            f"/api/v1/my-data/requests/{code}/withdraw",
            json={"version": 2},
            headers=headers(officer),
        ),
        409,
        "privacy.wrong_state",
    )


def test_a_copy_is_recorded_and_its_answer_kept_nowhere(client: TestClient, engine: Engine) -> None:
    code, _ = prepared(engine)
    officer, agency = token_for(engine, f"canbo{HOME}"), token_for(engine, "canbotinh")
    copied = client.post("/api/v1/my-data/copy", headers=headers(officer)).json()
    assert copied["tables"]["users"][0]["username"] == f"canbo{HOME}"
    said = {
        "kind": "export",
        "words": "Xin bản dữ liệu.",
        "producer": code,
        "subject_name": "Lò Thị Mẫu",
    }
    made = client.post("/api/v1/privacy-requests", json=said, headers=headers(officer)).json()
    given = client.post(
        f"/api/v1/privacy-requests/{made['code']}/copy", headers=headers(agency)
    ).json()
    assert given["tables"]["producers"][0]["representative_ethnicity"] == ETHNIC
    with reading(engine) as session:
        kept = session.exec(select(IdempotentRequest.answer)).all()
        copies = session.exec(
            select(AuditEvent).where(col(AuditEvent.kind) == "personal_data.copied")
        ).all()
    assert len(copies) == 2
    assert not any(ETHNIC.encode() in (answer or b"") for answer in kept)


def test_a_producer_is_told_without_what_is_personal_and_a_change_leaves_the_unseen_alone(
    client: TestClient, engine: Engine
) -> None:
    code, version = prepared(engine)
    officer = token_for(engine, f"canbo{HOME}")
    path = f"/api/v1/producers/{code}"
    seen = client.get(path, headers=headers(officer))
    listed = client.get("/api/v1/producers", headers=headers(officer))
    for answer in (seen.text, listed.text):
        for private in (ETHNIC, "0912", "01408500"):
            assert private not in answer
    assert seen.json()["tax_code"].endswith("1234")
    changed = {
        "name": "Hợp tác xã Thử Nghiệm",
        "kind": "cooperative",
        "address": "Bản khác",
        "representative": "Lò Thị Mẫu",
        "tax_code": "014085001234",
        "version": version,
    }
    assert client.put(path, json=changed, headers=headers(officer)).status_code == 200
    shown = client.post(f"{path}/personal", headers=headers(officer)).json()
    assert shown["representative_ethnicity"] == ETHNIC
    assert shown["phone"] == "0912 345 678"
    assert_problem(
        client.post(f"{path}/personal", headers=headers(token_for(engine, "kiemtoan"))),
        403,
        "privacy.not_needed",
    )
    reads_only = token_for(engine, f"canbo{HOME}", Scope.REGISTER_READ)
    assert_problem(
        client.post(f"{path}/personal", headers=headers(reads_only)), 403, "token.scope_missing"
    )
    with reading(engine) as session:
        read = session.exec(
            select(AuditEvent.subject_code).where(col(AuditEvent.kind) == "personal_data.read")
        ).all()
    assert read == [code]
