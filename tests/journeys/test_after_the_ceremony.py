"""Over HTTP alone: what becomes of a star after the ceremony, and what anybody is told of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from app.core.clock import now, today
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.accounts.rules import SYSTEM
from app.domain.credentials.actions import seal_certificates
from app.domain.credentials.rules import Issuer
from app.domain.producers.enums import ProducerKind
from tests.factories.dossiers import pdf_bytes
from tests.factories.people import HOME
from tests.factories.recognition import SIGNATURE
from tests.factories.register import producer_data
from tests.factories.stamps import ensure_key
from tests.journeys.certified import CertifiedProduct, recognised_product
from tests.journeys.program import Program

AGENCY, SIGNER, OFFICER = "canbotinh", "lanhdaotinh", f"canbo{HOME}"
LAW = "26/2026/QĐ-TTg"


@pytest.fixture
def certified(engine: Engine, settings: Settings) -> CertifiedProduct:
    """Return a product of three stars, recognised through this system, its certificate sealed."""
    product = recognised_product(engine)
    with transaction(engine) as session:
        ensure_key(session, settings.private_key_dir, at=now())
        session.flush()
        seal_certificates(
            session,
            actor=SYSTEM,
            at=now(),
            issuer=Issuer.of(settings),
            key_dir=settings.private_key_dir,
        )
    return product


@pytest.fixture
def anybody(server: str) -> Iterator[httpx.Client]:
    """Return a program without a token."""
    with httpx.Client(base_url=f"{server}/api/v1", timeout=60) as client:
        yield client


@pytest.fixture
def program(anybody: httpx.Client, engine: Engine) -> Program:
    """Return a program that may call for everybody."""
    return Program(anybody, engine)


def told(anybody: httpx.Client, code: str) -> dict[str, Any]:
    """Return what the public register says of a certificate."""
    answer = anybody.get(f"/register/{code}")
    assert answer.status_code == 200, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


def draft(program: Program, kind: str, number: str, **line: object) -> dict[str, Any]:
    """Draft a decision of today on one certificate."""
    said = {"kind": kind, "number": number, "decided_on": today().isoformat(), "items": [line]}
    decision: dict[str, Any] = program.post(AGENCY, "/certificate-decisions", said)
    assert decision["state"] == "draft"
    return decision


def sign(program: Program, decision: dict[str, Any]) -> dict[str, Any]:
    """Let the province's leader sign."""
    signed: dict[str, Any] = program.post(
        SIGNER, f"/decisions/{decision['code']}/sign", SIGNATURE | {"version": decision["version"]}
    )
    assert (signed["state"], signed["signed_by"]) == ("signed", SIGNATURE["signed_by"])
    return signed


def changes(anybody: httpx.Client, code: str) -> list[str]:
    """Return the lines of the public feed about a certificate."""
    lines = anybody.get("/register/changes", params={"limit": 100}).json()["items"]
    return [one["kind"] for one in lines if one["certificate"] == code]


def test_a_star_is_extended_by_a_named_person_and_ends_with_the_extension(
    program: Program, anybody: httpx.Client, certified: CertifiedProduct, engine: Engine
) -> None:
    certified.ends_in(engine, -20)
    assert told(anybody, certified.certificate)["standing"] == "expired"
    line = {"certificate": certified.certificate, "reason": "Đường lở, xã gửi hồ sơ chậm."}
    too_far = line | {"until": (today() + timedelta(days=161)).isoformat()}
    problem = program.refused(
        AGENCY,
        "/certificate-decisions",
        {
            "kind": "extension",
            "number": "1500/QĐ-UBND",
            "decided_on": today().isoformat(),
            "items": [too_far],
        },
    )
    assert problem["code"] == "decision.extended_too_far"
    until = (today() + timedelta(days=160)).isoformat()
    sign(program, draft(program, "extension", "1500/QĐ-UBND", **line, until=until))
    entry = told(anybody, certified.certificate)
    assert (entry["standing"], entry["in_force"]) == ("extended", True)
    assert (entry["extended_from"], entry["extended_until"]) == (today().isoformat(), until)
    assert entry["standing_basis"] == f"{LAW}, Điều 12.3"
    assert changes(anybody, certified.certificate)[-1] == "extended"


def test_a_star_is_revoked_step_by_step_and_everybody_can_read_why(
    program: Program, anybody: httpx.Client, certified: CertifiedProduct
) -> None:
    code = certified.certificate
    jws = anybody.get(f"/register/{code}/credential").json()["jws"]
    assert anybody.post("/credentials/check", json={"jws": jws}).json()["valid"] is True
    case = program.post(
        AGENCY,
        f"/certificates/{code}/revocation-cases",
        {
            "ground": "mark_misused",
            "conclusion_number": "45/KL-SNNMT",
            "conclusion_authority": "Sở Nông nghiệp và Môi trường",
            "concluded_on": today().isoformat(),
        },
    )
    assert case["due_on"] == (today() + timedelta(days=15)).isoformat()
    path = f"/revocation-cases/{case['code']}"
    early = program.refused(
        AGENCY,
        f"{path}/submit",
        {"submission_number": "1/TTr", "submitted_on": today().isoformat(), "version": 1},
    )
    assert "Điều 8.3" in early["basis"]
    case = program.post(
        AGENCY,
        f"{path}/verify",
        {
            "verified_on": today().isoformat(),
            "verification": "Đúng như kết luận.",
            "version": case["version"],
        },
    )
    program.post(
        AGENCY,
        f"{path}/submit",
        {
            "submission_number": "112/TTr-SNNMT",
            "submitted_on": today().isoformat(),
            "version": case["version"],
        },
    )
    signed = sign(program, draft(program, "revocation", "1501/QĐ-UBND", case=case["code"]))
    entry = told(anybody, code)
    assert (entry["standing"], entry["in_force"]) == ("revoked", False)
    assert entry["revocation_ground"] == "mark_misused"
    assert entry["revocation_ground_text"].startswith("Sử dụng nhãn hiệu OCOP không đúng")

    # Published with its scan: before, strangers are told that there is no such page.
    shown = f"/register/decisions/{signed['code']}"
    assert anybody.get(shown).status_code == 404
    scan = pdf_bytes("Quyết định thu hồi")
    kept = program.upload(
        AGENCY, f"/decisions/{signed['code']}/scan", {"version": str(signed["version"])}, scan
    )
    program.post(AGENCY, f"/decisions/{signed['code']}/publish", {"version": kept["version"]})
    assert anybody.get(shown).json()["certificates"][0]["certificate"] == code
    assert anybody.get(f"{shown}/scan").content == scan

    # The credential still bears the signature; asked, the register tells that the star is gone.
    checked = anybody.post("/credentials/check", json={"jws": jws}).json()
    assert checked["valid"] is False
    assert checked["register_today"]["standing"] == "revoked"
    assert changes(anybody, code) == ["issued", "revoked"]


def test_a_successor_goes_on_under_a_certificate_of_its_own(
    program: Program, anybody: httpx.Client, certified: CertifiedProduct
) -> None:
    company = producer_data("Công ty Kế Thừa", kind=ProducerKind.ENTERPRISE)
    successor = program.post(OFFICER, "/producers", company.model_dump(mode="json"))["code"]
    before = told(anybody, certified.certificate)
    signed = sign(
        program,
        draft(
            program,
            "holder_change",
            "1502/QĐ-UBND",
            certificate=certified.certificate,
            new_producer=successor,
            reason="Hợp tác xã chuyển thành công ty.",
        ),
    )
    (line,) = program.get(AGENCY, f"/decisions/{signed['code']}").json()["certificates"]
    old, new = told(anybody, certified.certificate), told(anybody, line["new_certificate"])
    assert (old["standing"], old["replaced_by"]) == ("holder_changed", new["code"])
    assert (new["producer"], new["standing"]) == ("Công ty Kế Thừa", "valid")
    for kept in ("star", "product_code", "expires_on", "product"):
        assert new[kept] == before[kept]
    by_code = told(anybody, before["product_code"])
    assert by_code["code"] == new["code"]
