"""A program upgrades and renews products over HTTP alone, from certificate to acceptance."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from app.core.clock import today
from app.rulebooks import loader
from tests.factories.dossiers import complete_answers, passing_gates, pdf_bytes
from tests.factories.people import HOME
from tests.journeys.certified import CertifiedProduct, recognised_product
from tests.journeys.program import Program, next_round, through_commune

OFFICER, LEADER, AGENCY = f"canbo{HOME}", f"lanhdao{HOME}", "canbotinh"
GATES = {"gate_answers": [one.model_dump(mode="json") for one in passing_gates()]}
FIRST_GATE = GATES["gate_answers"][0]


@pytest.fixture
def certified(engine: Engine) -> CertifiedProduct:
    """Return a product of three stars, recognised through this system."""
    return recognised_product(engine)


@pytest.fixture
def program(server: str, engine: Engine) -> Iterator[Program]:
    """Return a program that may call for everybody."""
    with httpx.Client(base_url=f"{server}/api/v1", timeout=60) as client:
        yield Program(client, engine)


def _parts(program: Program, owner: str, path: str) -> None:
    """Write parts II and IV, and count the samples."""
    program.put(
        owner,
        f"{path}/parts",
        {
            "business_results": "Bán ổn định, thêm hai cửa hàng.",
            "business_plan": "Giữ sản lượng.",
            "sample_count": 5,
            "version": program.get(owner, path).json()["version"],
        },
    )


def _filed(program: Program, owner: str, path: str) -> None:
    """Find nothing missing and hand in; the commune counts the samples."""
    assert program.get(owner, f"{path}/missing").json() == []
    version = program.get(owner, path).json()["version"]
    filed = program.post(owner, f"{path}/file", {"version": version})
    assert filed["slip_number"].endswith(f"-{today().year}")
    received = program.post(
        OFFICER, f"{path}/receive", {"samples_received": 5, "version": filed["version"]}
    )
    assert received["state"] == "filed"


def _accepted(program: Program, path: str, **said: str) -> dict[str, Any]:
    version = program.get(AGENCY, path).json()["version"]
    accepted: dict[str, Any] = program.post(AGENCY, f"{path}/accept", said | {"version": version})
    assert accepted["state"] == "accepted"
    return accepted


def test_a_program_upgrades_a_product_and_shows_what_changed(
    program: Program, certified: CertifiedProduct
) -> None:
    owner, start = certified.owner, f"/certificates/{certified.certificate}"
    again = program.refused(owner, "/dossiers", {"product_code": certified.product} | GATES)
    assert again["code"] == "certificate.recognition_runs"
    assert certified.certificate in again["detail"]
    holds = {"gate_answers": [FIRST_GATE | {"applies": True}]}
    assert program.refused(owner, f"{start}/upgrade", holds)["code"] == "dossier.gate_holds"
    made = program.post(owner, f"{start}/upgrade", GATES)
    path = f"/dossiers/{made['code']}"
    assert (made["kind"], made["previous_star"]) == ("upgrade", 3)
    assert program.get(owner, f"{path}/comparison").json()["changed"] == []

    rubric = loader.rubric(made["rubric_code"])
    section = rubric.parts[0].sections[0]
    least, best = complete_answers(rubric, best=False), complete_answers(rubric)
    chosen = {one.code: best[one.code] for one in section.criteria}
    first = section.criteria[0].code
    carried = program.get(owner, f"{path}/self-assessment").json()["criteria"]
    papers = next(one["evidence"] for one in carried if one["criterion_code"] == first)
    assert papers, "the paper of the recognised dossier is carried over"
    program.put(
        owner,
        f"{path}/self-assessment/{section.code}",
        {
            "version": program.get(owner, path).json()["version"],
            "answers": [
                {
                    "criterion_code": code,
                    "option_code": least[code] if code == first else option,
                    "evidence": papers if code == first else [],
                }
                for code, option in chosen.items()
            ],
        },
    )
    (change,) = program.get(owner, f"{path}/comparison").json()["changed"]
    assert change["criterion_code"] == first
    assert change["before"] != change["after"]
    _parts(program, owner, path)
    missing = program.get(owner, f"{path}/missing").json()
    assert [one["basis"] for one in missing] == ["26/2026/QĐ-TTg, Điều 6.1.b"]
    version = program.get(owner, path).json()["version"]
    program.put(owner, f"{path}/changes", {"changes": "Bao bì mới.", "version": version})

    _filed(program, owner, path)
    through_commune(program, made["code"], OFFICER, LEADER)
    accepted = _accepted(program, path, round=next_round(program, AGENCY))
    assert accepted["certificate_code"] == certified.certificate


def test_a_program_renews_a_product_in_its_window(
    program: Program, certified: CertifiedProduct, engine: Engine
) -> None:
    owner, start = certified.owner, f"/certificates/{certified.certificate}"
    for days, code in (
        (181, "certificate.renewal_too_early"),
        (119, "certificate.renewal_too_late"),
    ):
        certified.ends_in(engine, days)
        problem = program.refused(owner, f"{start}/renewal", GATES)
        assert problem["code"] == code
        assert "Điều 7.6.a" in problem["basis"]

    certified.ends_in(engine, 120)
    assert program.get(owner, start).json()["days_to_file"] == 0
    made = program.post(owner, f"{start}/renewal", GATES)
    path = f"/dossiers/{made['code']}"
    compared = program.get(owner, f"{path}/comparison").json()
    assert len(compared["to_replace"]) == 1, "the paper that ended stays behind"
    program.upload(
        owner,
        f"{path}/evidence",
        {"kind": "test_report", "title": "Phiếu định kỳ", "criterion_code": "1.1"},
        pdf_bytes("Phiếu định kỳ"),
    )
    _parts(program, owner, path)
    missing = program.get(owner, f"{path}/missing").json()
    assert {one["basis"] for one in missing} == {"26/2026/QĐ-TTg, Điều 6.1.c"}
    told = program.put(
        owner,
        f"{path}/changes",
        {
            "tests": "Kiểm nghiệm tháng 3 hằng năm, đều đạt.",
            "tests_done": 3,
            "market": "Hai cửa hàng ở Hà Nội.",
            "output_amount": 3600,
            "output_unit": "lít",
            "revenue": 1_440_000_000,
            "version": program.get(owner, path).json()["version"],
        },
    )
    assert told["revenue"] == 1_440_000_000

    _filed(program, owner, path)
    through_commune(program, made["code"], OFFICER, LEADER)
    accepted = _accepted(program, path)  # a renewal waits for no round
    assert accepted["province_due_on"] == (today() + timedelta(days=45)).isoformat()
