"""Before the lock a member's marks reach nobody else, by any door: whatever they are, answers are alike.

One member's sheet is changed behind the application's back: options, remarks, evidence, opinion and
total. Every page, every call of the JSON door and every refusal that the others get must stay the
same to the letter. Routes come from the application itself: a new door is tried without being named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.codes import new_secret
from app.core.db import ReadSession, reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.councils.enums import SheetState
from app.domain.councils.models import Council, Mark, Round, ScoreSheet
from app.domain.dossiers.models import Dossier, Evidence
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from app.rulebooks.scoring import sheet_score
from tests.factories.people import token_for
from tests.web.hall import (
    ADMINISTRATOR,
    AGENCY,
    AUDITOR,
    CHAIR,
    MEMBER,
    OTHER,
    SECRETARY,
    STRANGER,
    Hall,
    make_hall,
)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ONLY_HERS = "Điều chỉ thành viên này biết"
# Every printed form of a dossier is older than the first mark; the papers of councils are not.
_PRINTED = re.compile(r"\.(pdf|docx|xlsx|zip)$")
_COUNCIL = ("/rounds", "/councils", "/meetings", "/items", "/score-sheets", "/gates", "/boards")
# Where anything of a council may be told; the other pages know nothing of it.
_TOLD_THERE = (*_COUNCIL, "/work", "/audit", "/dossiers", "/products/{", "/producers/{")
# What differs from one answer to the next by itself: keys, signatures, the time of the day.
_FRESH = re.compile(
    r'name="_key" value="[^"]*"|"(request_id|instance)":"[^"]*"|[0-9a-f]{16}|[\w-]{40,}'
    r"|\d\d:\d\d(:\d\d)?|\d{4}-\d\d-\d\dT[\d:.+Z-]+"
)
_PARAMETER = re.compile(r"\{([^}:]+)[^}]*\}")


@dataclass(frozen=True)
class Doors:
    """Every address of the application that a code of this meeting fits into."""

    hall: Hall
    codes: dict[str, str]

    def get(self) -> Iterator[str]:
        """Yield the addresses of pages and of the JSON door, each once."""
        yield from dict.fromkeys(self._all())

    def _all(self) -> Iterator[str]:
        for route in self._pages("GET"):
            yield from self._filled(route)
        application: object = self.hall.client.app
        for path, calls in application.openapi()["paths"].items():  # type: ignore[attr-defined]  # -- FastAPI's
            if "get" in calls:
                yield from self._filled(path)

    def post(self) -> Iterator[str]:
        """Yield the addresses of the forms that lie in councils."""
        for route in self._pages("POST"):
            if route.startswith(_COUNCIL):
                yield from self._filled(route)

    def _pages(self, method: str) -> Iterator[str]:
        application: object = self.hall.client.app
        for route in application.state.pages.values():  # type: ignore[attr-defined]  # -- ours
            if method in route.methods and not route.path.startswith(("/static", "/v/")):
                yield route.path

    def _filled(self, path: str) -> Iterator[str]:
        kind = path.removeprefix("/api/v1").split("/")[1]
        if not path.removeprefix("/api/v1").startswith(_TOLD_THERE):
            return
        if _PRINTED.search(path) and not path.startswith(_COUNCIL):
            return
        known = self.codes.get(kind, "")
        if _PARAMETER.search(path) and not known:
            return

        def value(found: re.Match[str]) -> str:
            return {"evidence_code": self.codes["papers"], "scoring_round": "1"}.get(
                found[1], known
            )

        filled = _PARAMETER.sub(value, path)
        yield filled
        if kind == "score-sheets" and filled.endswith(known) and "/api/" not in filled:
            yield filled + "?section=1"
            yield filled + "?section=submit"


def doors_of(hall: Hall, engine: Engine) -> Doors:
    with reading(engine) as session:

        def first(column: object) -> str:
            return str(session.exec(select(column)).first())  # type: ignore[call-overload]  # -- any column

        codes = {
            "meetings": hall.meeting.rpartition("/")[2],
            "boards": hall.meeting.rpartition("/")[2],
            "items": hall.items[0],
            "dossiers": hall.dossiers[0],
            "score-sheets": hall.sheets[MEMBER],
            "councils": first(Council.code),
            "rounds": first(Round.code),
            "products": first(Product.code),
            "producers": first(Producer.code),
            "papers": first(Evidence.code),
        }
    return Doors(hall, codes)


def answers(doors: Doors, token: str) -> dict[str, str]:
    """Return what each door answers to who is signed in, without what is fresh in every answer."""
    found = {}
    client = doors.hall.client
    bearer = {"authorization": f"Bearer {token}"}
    for address in doors.get():
        by_program = address.startswith("/api/")
        answer = client.get(address, headers=bearer if by_program else {})
        found[f"GET {address}"] = f"{answer.status_code} {said(answer)}"
    for address in doors.post():
        answer = client.post(address, data={"_key": new_secret()})
        assert answer.status_code >= 400, f"{address} did something"
        found[f"POST {address}"] = f"{answer.status_code} {said(answer)}"
    return found


def said(answer: Response) -> str:
    """Return the words of an answer; of a printed paper, those on its pages."""
    if answer.headers.get("content-type") == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    return _FRESH.sub("", answer.text)


def set_marks(engine: Engine, sheet_code: str, *, best: bool) -> None:
    """Change a sheet behind the application's back: nothing else tells of it."""
    with transaction(engine) as session:
        sheet = session.exec(select(ScoreSheet).where(col(ScoreSheet.code) == sheet_code)).one()
        rubric = _rubric(session)
        paper = session.exec(select(Evidence.code)).first()
        chosen = {}
        for criterion in rubric.criteria:
            ladder = sorted(criterion.options, key=lambda option: option.points)
            mark = session.get(Mark, (sheet.id, criterion.code)) or Mark(
                sheet_id=sheet.id or 0, criterion_code=criterion.code
            )
            mark.option_code = chosen[criterion.code] = ladder[-1 if best else 0].code
            mark.remark = f"{ONLY_HERS} {criterion.code}" if best else ""
            mark.evidence_code, mark.evidence_page = (paper, 1) if best else (None, None)
            mark.without_evidence = not best
            session.add(mark)
        sheet.total = sheet_score(rubric, chosen).total
        sheet.opinion = ONLY_HERS if best else "Không có ý kiến."


def _rubric(session: ReadSession) -> Rubric:
    return loader.rubric(session.exec(select(Dossier.rubric_code)).first() or "")


def state_of(engine: Engine, sheet_code: str) -> SheetState:
    with reading(engine) as session:
        return SheetState(
            session.exec(select(ScoreSheet.state).where(col(ScoreSheet.code) == sheet_code)).one()
        )


def check_blind(hall: Hall, engine: Engine, people: tuple[str, ...]) -> None:
    doors = doors_of(hall, engine)
    for who in people:
        hall.by(who)
        token = token_for(engine, who, *Scope)
        set_marks(engine, hall.sheets[MEMBER], best=False)
        before = answers(doors, token)
        assert sum(address.startswith("GET") for address in before) > 60
        set_marks(engine, hall.sheets[MEMBER], best=True)
        after = answers(doors, token)
        told = [address for address in before if after.get(address) != before[address]]
        assert not told, f"{who}: {told}"
        assert ONLY_HERS not in "".join(after.values())


@on_sqlite
def test_a_draft_is_nobody_elses_business(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine)
    assert state_of(engine, hall.sheets[MEMBER]) is SheetState.DRAFT
    check_blind(hall, engine, (CHAIR, OTHER))


@on_sqlite
def test_a_sheet_handed_in_is_blind_while_another_is_missing(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(100, 90))
    assert state_of(engine, hall.sheets[MEMBER]) is SheetState.SUBMITTED
    check_blind(
        hall,
        engine,
        (CHAIR, SECRETARY, AGENCY, AUDITOR, ADMINISTRATOR, STRANGER, hall.owner),
    )


@on_sqlite
def test_when_all_are_in_only_who_conducts_is_told_what_they_add_up_to(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(100, 90, 95))
    check_blind(hall, engine, (OTHER, AUDITOR))
    doors = doors_of(hall, engine)
    for who in (CHAIR, SECRETARY):
        set_marks(engine, hall.sheets[MEMBER], best=True)
        hall.by(who)
        told = answers(doors, token_for(engine, who, *Scope))
        assert ONLY_HERS not in "".join(told.values())
        assert told[f"GET /score-sheets/{hall.sheets[MEMBER]}"].startswith("404")
