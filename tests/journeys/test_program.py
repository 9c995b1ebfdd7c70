"""A program walks the whole chain over HTTP alone, from a new producer to a scanned stamp."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import Engine

from app.core.clock import VIET_NAM, now, today
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Role
from app.domain.stamps.actions import create_stamp_key
from app.rulebooks import loader
from tests.factories.dossiers import four_star_answers, opening, pdf_bytes
from tests.factories.people import HOME, People, make_person
from tests.factories.register import producer_data
from tests.journeys.program import Program, next_round, sign_once, through_commune

QUANTITY = 40
RENDER_SCALE = 300 / 72  # the label sheet as a printer sees it


@pytest.fixture
def program(server: str, engine: Engine, settings: Settings) -> Iterator[Program]:
    """Return a program and the people it works for, with a key to sign stamps."""
    at = now()
    with transaction(engine) as session:
        people = People(session, at)
        people.officer()
        people.leader()
        people.agency()
        people.head()
        people.signer()
        for number in range(1, 7):
            people.council_member(number)
        make_person(session, "kiemsoat", Role.INSPECTOR, at=at)
        create_stamp_key(session, settings.private_key_dir, 1, at=at)
    with httpx.Client(base_url=f"{server}/api/v1", timeout=60) as client:
        yield Program(client, engine)


def _dossier(program: Program, officer: str) -> str:
    producer = program.post(officer, "/producers", producer_data().model_dump(mode="json"))
    product = program.post(
        officer,
        "/products",
        {
            "producer_code": producer["code"],
            "name": "Mật ong thử nghiệm",
            "set_number": 4,
            "description": "Mật ong khai thác thủ công.",
            "packaging": "Chai thủy tinh 500 ml",
        },
    )
    dossier = program.post(officer, "/dossiers", opening(product["code"]))
    code, rubric = dossier["code"], loader.rubric(dossier["rubric_code"])
    chosen = four_star_answers(rubric)
    paper = program.upload(
        officer,
        f"/dossiers/{code}/evidence",
        {"kind": "test_report", "title": "Phiếu kiểm nghiệm 2026"},
        pdf_bytes(),
    )
    version = program.get(officer, f"/dossiers/{code}").json()["version"]
    for part in rubric.parts:
        for section in part.sections:
            saved = program.put(
                officer,
                f"/dossiers/{code}/self-assessment/{section.code}",
                {
                    "version": version,
                    "answers": [
                        {
                            "criterion_code": one.code,
                            "option_code": chosen[one.code],
                            "description": f"Thuyết minh tiêu chí {one.code}.",
                            "evidence": [paper["code"]],
                        }
                        for one in section.criteria
                    ],
                },
            )
            version = saved["version"]
    parts = program.put(
        officer,
        f"/dossiers/{code}/parts",
        {
            "business_results": "Năm 2025 bán 1.200 lít.",
            "business_plan": "Mở thêm 50 đõ ong.",
            "sample_count": 5,
            "version": version,
        },
    )
    assert program.get(officer, f"/dossiers/{code}/missing").json() == []
    filed = program.post(officer, f"/dossiers/{code}/file", {"version": parts["version"]})
    assert filed["slip_number"].endswith(f"-{today().year}")
    return str(code)


def _through_council(program: Program, code: str, agency: str, round_code: str) -> dict[str, Any]:
    council = program.post(
        agency,
        "/councils",
        {
            "decision_number": "812/QĐ-UBND",
            "decided_on": today().isoformat(),
            "seats": [
                {"username": "hoidong1", "seat": "chair"},
                {"username": "hoidong2", "seat": "secretary"},
                *({"username": f"hoidong{n}", "seat": "member"} for n in range(3, 7)),
            ],
        },
    )
    meeting = program.post(
        agency,
        "/meetings",
        {
            "council": council["code"],
            "round": round_code,
            "place": "Phòng họp số 2",
            "starts_at": (now() + timedelta(seconds=1)).astimezone(VIET_NAM).isoformat(),
            "dossiers": [code],
        },
    )
    opened = program.post(
        "hoidong2",
        f"/meetings/{meeting['code']}/open",
        {"present": [f"hoidong{n}" for n in range(1, 7)], "version": meeting["version"]},
    )
    assert opened["quorum"]["is_met"]
    item = opened["items"][0]["code"]
    rubric = loader.rubric(program.get(agency, f"/dossiers/{code}").json()["rubric_code"])
    for member in ("hoidong1", *(f"hoidong{n}" for n in range(3, 7))):
        sheet = program.get(member, f"/items/{item}").json()["my_sheet"]
        saved = program.put(
            member,
            f"/score-sheets/{sheet}/marks",
            {
                "version": program.get(member, f"/score-sheets/{sheet}").json()["version"],
                "marks": [
                    {"criterion_code": key, "option_code": value}
                    for key, value in four_star_answers(rubric).items()
                ],
            },
        )
        assert saved["missing"] == []
        program.post(
            member,
            f"/score-sheets/{sheet}/submit",
            {"opinion": "Đồng ý.", "version": saved["version"]},
        )
    version = program.get("hoidong1", f"/items/{item}").json()["version"]
    certified = program.post("hoidong2", f"/items/{item}/certify", {"version": version})
    program.post("hoidong1", f"/items/{item}/lock", {"version": certified["version"]})
    version = program.get("hoidong2", f"/meetings/{meeting['code']}").json()["version"]
    program.post(
        "hoidong2",
        f"/meetings/{meeting['code']}/close",
        {
            "minutes_number": "02/BB-HĐ",
            "conclusion": "Hội đồng thống nhất kết quả nêu trên.",
            "version": version,
        },
    )
    minutes = program.get("hoidong2", f"/meetings/{meeting['code']}/minutes.pdf")
    assert minutes.content.startswith(b"%PDF")
    result: dict[str, Any] = program.get(agency, f"/dossiers/{code}/result").json()
    return result


def _certificate(program: Program, code: str, agency: str, signer: str) -> dict[str, Any]:
    decision = program.post(
        agency,
        "/decisions",
        {"number": "1268/QĐ-UBND", "decided_on": today().isoformat(), "dossiers": [code]},
    )
    signed = program.post(
        signer,
        f"/decisions/{decision['code']}/sign",
        {
            "version": decision["version"],
            "signed_by": "Nguyễn Văn Mẫu",
            "signed_title": "Chủ tịch",
            "on_behalf": "TM. ỦY BAN NHÂN DÂN",
        },
    )
    certificate: dict[str, Any] = program.get(
        agency, f"/certificates/{signed['items'][0]['certificate']}"
    ).json()
    return certificate


def _stamps(program: Program, settings: Settings, certificate: str, officer: str) -> list[str]:
    """Take stamps from their order to the producer; return what is printed in their codes."""
    batch = program.post(
        officer,
        "/batches",
        {
            "certificate": certificate,
            "quantity": QUANTITY,
            "packs_a_year": 3_000,
            "purpose": "Tết",
        },
    )
    path = f"/batches/{batch['code']}"

    def step(who: str, name: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
        version = program.get(who, path).json()["version"]
        told: dict[str, Any] = program.post(
            who, f"{path}/{name}", {"version": version, **(more or {})}
        )
        return told

    step("truongcoquan", "approve")
    assert step("canbotinh", "issue")["issued_count"] == 0
    sign_once(settings)
    assert program.get("canbotinh", path).json()["issued_count"] == QUANTITY
    printing = step("canbotinh", "printings", {"form": "sheets_25", "printer": "Nhà in Thử Nghiệm"})
    sheets = program.get(
        "canbotinh", f"{path}/printings/{printing['code']}/rolls/1/labels.pdf"
    ).content
    step("canbotinh", "deliver", {"delivered_to": "Lò Thị Mẫu"})
    counts = step(officer, "activate")["counts"]
    assert counts["issued"] == counts["activated"] == QUANTITY
    return scanned(sheets)


def scanned(pdf: bytes) -> list[str]:
    """Return what an independent reader finds on the printed sheets."""
    texts = []
    with closing(pypdfium2.PdfDocument(BytesIO(pdf))) as document:  # type: ignore[no-untyped-call]  # -- no types
        for page in document:
            image: Image.Image = page.render(scale=RENDER_SCALE).to_pil().convert("L")
            texts += [found.text for found in zxingcpp.read_barcodes(image)]
    return texts


def test_a_program_takes_a_product_from_its_registration_to_a_scanned_stamp(
    program: Program, server: str, settings: Settings
) -> None:
    officer, leader = f"canbo{HOME}", f"lanhdao{HOME}"
    code = _dossier(program, officer)
    through_commune(program, code, officer, leader)
    round_code = next_round(program, "canbotinh")
    version = program.get("canbotinh", f"/dossiers/{code}").json()["version"]
    program.post("canbotinh", f"/dossiers/{code}/accept", {"round": round_code, "version": version})
    result = _through_council(program, code, "canbotinh", round_code)
    assert (result["star"], result["outcome"]) == (4, "recognised_candidate")
    certificate = _certificate(program, code, "canbotinh", "lanhdaotinh")
    assert certificate["star"] == 4
    assert certificate["expires_on"][:4] == str(today().year + 3)
    urls = _stamps(program, settings, certificate["code"], officer)
    assert len(set(urls)) == QUANTITY + 1
    with httpx.Client(base_url=server, timeout=60) as buyer:
        levels = []
        for url in urls[:5]:
            digits = url.removeprefix(f"https://{settings.stamp_host}/")
            told = buyer.get(f"/api/v1/verify/{digits}").json()
            levels.append(told["verdict"])
            assert told["product"]["name"] == "Mật ong thử nghiệm"
            assert told["certificate"]["star"] == 4
            page = buyer.get(f"/{digits}")
            assert page.status_code == 200
            assert "Mật ong thử nghiệm" in page.text
        assert levels.count("valid") >= 4
        tampered = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        assert buyer.get(f"/api/v1/verify/{tampered}").json()["verdict"] == "tampered"
