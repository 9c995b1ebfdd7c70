"""The verdict over JSON: for anybody, kept for moments only, never a fault."""

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.stamps.enums import BatchState
from app.domain.stamps.rules import DIGITS
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.stamps import digits_of, make_batch, serial_text, stamps_of


@pytest.fixture
def stamp(engine: Engine, settings: Settings) -> tuple[str, str]:
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(session, people, settings.private_key_dir, state=BatchState.IN_USE)
        first, *_ = stamps_of(session, batch)
        return digits_of(first), serial_text(first)


def test_digits_and_serial_have_one_answer(client: TestClient, stamp: tuple[str, str]) -> None:
    digits, serial = stamp
    by_digits = client.get(f"/api/v1/verify/{digits}")
    assert by_digits.status_code == 200
    assert by_digits.headers["cache-control"].startswith("private, max-age=")
    assert by_digits.headers["referrer-policy"] == "no-referrer"
    answer = by_digits.json()
    assert (answer["verdict"], answer["valid"]) == ("valid", True)
    assert answer["certificate"]["star"] == 4
    assert answer["demonstration"] is False
    typed = quote(" ".join(serial[i : i + 4] for i in range(0, 16, 4)).lower())
    by_serial = client.get(f"/api/v1/verify/{typed}").json()
    assert {**by_serial, "known_at": ""} == {**answer, "known_at": ""}


def test_a_changed_code_is_tampered(client: TestClient, stamp: tuple[str, str]) -> None:
    digits = str(int(stamp[0]) ^ 1).zfill(DIGITS)
    answer = client.get(f"/api/v1/verify/{digits}").json()
    assert (answer["verdict"], answer["valid"], answer["product"]) == ("tampered", False, None)


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("abc", 422, "stamp.serial_typo"),
        ("009D-D1X1-PB1X-9SDX", 422, "stamp.serial_typo"),
        ("1" * 192, 422, "stamp.not_a_code"),
        ("x" * 301, 422, "invalid"),
        ("%00", 422, "stamp.serial_typo"),
    ],
)
def test_what_cannot_be_a_stamp_is_a_problem_with_a_sentence(
    client: TestClient, text: str, status: int, code: str
) -> None:
    answer = client.get(f"/api/v1/verify/{text}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]
