"""The longest dossier there may be, on the wire: forty criteria and sixty papers, page by page.

The longest real sheet has thirty-four criteria. The one of these tests is that sheet, on a shelf of
its own with a lock of its own, with six criteria more in the words of another sheet.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import WriteSession, transaction
from app.core.settings import Settings
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier, Evidence
from app.domain.producers.models import Producer
from app.rulebooks import loader
from tests.conftest import AT
from tests.factories.councils import convene, items_of, lock, make_meeting, score_all, the_round
from tests.factories.dossiers import (
    four_star_answers,
    make_dossier,
    make_evidence,
    report_on,
    take_to,
)
from tests.factories.people import HOME, People, signed_in

HARD_CAP = 14 * 1024
CRITERIA, PAPERS, SHEET = 40, 60, "qd26-2026-13"
# Each gives a point to a new criterion of its section: the sums of the law stay.
SPLIT = ("1.2", "1.3", "1.4", "3.1", "3.3", "4.2")
LINK = re.compile(r'(?:href|hx-get)="?(/[^" >]+)')
SAVED = re.compile(r"/(file|read)$|\.\w+$")  # files: their own tests bound them
PACKED = {"accept-encoding": "br"}


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Weigh pages on one kind of database: they are the same on the other."""
    shutil.copy(sqlite_template, tmp_path / "ocop.db")
    return f"sqlite:///{tmp_path / 'ocop.db'}"


def lengthened(sheet: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the sheet with a criterion more for each split one, in the other sheet's words."""
    words = iter(
        [one for part in other["parts"] for s in part["sections"] for one in s["criteria"]]
    )
    for section in (section for part in sheet["parts"] for section in part["sections"]):
        for split in [one for one in section["criteria"] if one["code"] in SPLIT]:
            split["options"][-1]["points"] -= 1
            split["max"] -= 1
            said = next(words)
            last = len(said["options"]) - 1
            section["criteria"].append(
                {
                    "code": f"{section['code']}.{len(section['criteria']) + 1}",
                    "name_vi": said["name_vi"],
                    "max": 1,
                    "commune_assessed": False,
                    "options": [
                        {
                            "code": option["code"],
                            "points": int(number == last),
                            "label_vi": option["label_vi"],
                        }
                        for number, option in enumerate(said["options"])
                    ],
                }
            )
    return sheet


def forget() -> None:
    """Let the loader read its shelf anew."""
    for held in vars(loader).values():
        if isinstance(held, type(lru_cache(str))):
            held.cache_clear()


@pytest.fixture
def long_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a shelf of law in the place of ours on which one sheet has forty criteria."""
    shelf = tmp_path / "shelf"
    shutil.copytree(loader.HERE, shelf, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    folder = shelf / "data" / "rubrics" / "qd26-2026"
    [path], [other] = folder.glob("13-*.yaml"), folder.glob("26-*.yaml")
    sheet = lengthened(
        yaml.safe_load(path.read_text("utf-8")), yaml.safe_load(other.read_text("utf-8"))
    )
    path.write_text(yaml.safe_dump(sheet, allow_unicode=True, sort_keys=False), "utf-8")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    locked = (shelf / "lock.yaml").read_text("utf-8")
    locked = re.sub(rf"^{SHEET}: \w+$", f"{SHEET}: {digest}", locked, flags=re.MULTILINE)
    (shelf / "lock.yaml").write_text(locked, "utf-8")
    monkeypatch.setattr(loader, "HERE", shelf)
    monkeypatch.setattr(loader, "DATA", shelf / "data")
    forget()
    assert loader.check().errors == ()
    assert len(loader.rubric(SHEET).criteria) == CRITERIA
    yield
    monkeypatch.undo()
    forget()


def titles() -> list[str]:
    """Return names of papers that do not pack away to nothing."""
    kinds = (
        "Phiếu kết quả thử nghiệm",
        "Hợp đồng liên kết",
        "Giấy chứng nhận",
        "Biên bản kiểm tra",
    )
    return [
        f"{kinds[number % 4]} {hashlib.sha256(bytes([number])).hexdigest()[:24]}/{number}-SNNMT"
        for number in range(PAPERS)
    ]


def with_papers(
    session: WriteSession, people: People, settings: Settings, state: DossierState
) -> Dossier:
    """Fill a dossier of the long sheet: every paper cited, every criterion with one."""
    dossier = make_dossier(session, people, set_number=13)
    criteria = loader.rubric(SHEET).criteria
    for number, title in enumerate(titles()):
        make_evidence(
            session,
            people,
            dossier,
            title,
            criterion_code=criteria[number % CRITERIA].code,
            directory=settings.files_dir,
        )
    answers = four_star_answers(loader.rubric(SHEET))
    round_ = the_round(session, people) if state is DossierState.ACCEPTED else None
    return take_to(session, people, dossier, state, answers=answers, round_=round_)


def overweight(
    client: TestClient, starts: list[str], within: tuple[str, ...]
) -> tuple[list[str], int]:
    """Walk every page that these lead to below these addresses; return who is too heavy, and how many."""
    waiting, seen, faults = list(starts), set(starts), []
    while waiting:
        address = waiting.pop()
        answer = client.get(address, headers=PACKED)
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        if not is_page or "content-disposition" in answer.headers:
            continue
        assert answer.headers.get("content-encoding") == "br", address
        if answer.num_bytes_downloaded > HARD_CAP:
            faults.append(f"{address} weighs {answer.num_bytes_downloaded} bytes")
        for found in map(unescape, LINK.findall(answer.text)):
            path = urlsplit(found)._replace(fragment="").geturl()
            if path.startswith(within) and path not in seen and not SAVED.search(path):
                seen.add(path)
                waiting.append(path)
    return faults, len(seen)


@pytest.mark.usefixtures("long_sheet")
def test_no_page_of_the_longest_dossier_and_wallet_is_too_heavy(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        draft, filed, accepted = (
            with_papers(session, people, settings, state)
            for state in (DossierState.DRAFT, DossierState.FILED, DossierState.ACCEPTED)
        )
        report_on(session, people, filed)
        for office in (people.officer, people.leader, people.agency):
            office()
        producer = session.exec(select(Producer).where(Producer.id == draft.producer_id)).one()
        wallet = f"/producers/{producer.code}/papers"
        paper = session.exec(
            select(Evidence.code).where(Evidence.producer_id == draft.producer_id)
        ).first()
        owner = f"chuthe{draft.producer_id}"
        officer, leader, agency = f"canbo{HOME}", f"lanhdao{HOME}", "canbotinh"
        walks = [
            (username, f"/dossiers/{dossier.code}")
            for dossier, readers in (
                (draft, (owner, officer)),
                (filed, (officer, leader)),
                (accepted, (officer, agency)),
            )
            for username in readers
        ]
    faults: list[str] = []
    for username, start in [(owner, wallet), *walks]:
        signed_in(client, username)
        within = (wallet, f"/papers/{paper}") if start == wallet else (start,)
        found, many = overweight(client, [start], within)
        assert many > 4, (start, username)
        faults += [f"{username} {one}" for one in found]
    assert not faults, "\n".join(faults)


@pytest.mark.usefixtures("long_sheet")
def test_no_score_sheet_and_result_of_the_longest_dossier_is_too_heavy(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        people.agency()
        dossiers = [with_papers(session, people, settings, DossierState.ACCEPTED) for _ in range(2)]
        meeting = convene(session, people, make_meeting(session, people, dossiers=dossiers))
        _, judged = items_of(session, meeting)
        score_all(session, people, judged)
        lock(session, people, judged)
        starts = [f"/meetings/{meeting.code}", *(f"/dossiers/{one.code}" for one in dossiers)]
        within = (*starts, "/items/", "/score-sheets/")
    faults: list[str] = []
    for username in ("hoidong1", "hoidong2", "hoidong3", "canbotinh"):
        signed_in(client, username)
        found, many = overweight(client, starts, within)
        assert many > 4, username
        faults += [f"{username} {one}" for one in found]
    assert not faults, "\n".join(faults)
