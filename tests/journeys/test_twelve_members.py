"""Twelve members score sixty products at the same time over HTTP: no mark lost, no answer of 500.

Each of the 720 sheets is saved in two halves, part A and the rest, and handed in: 2,160 writes with
some twenty thousand marks, as many as stays affordable on two cores. One save in ten is sent twice
with its key, as a phone on a bad line does. Half of the members come through the pages as htmx sends
them, half through the JSON door; each goes in the own order.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier, Event
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.audit.models import AuditEvent
from app.domain.audit.queries import verified_chain
from app.domain.councils.enums import SheetState
from app.domain.councils.models import Mark, ScoreSheet
from app.rulebooks import loader
from app.rulebooks.model import Criterion, Rubric
from app.rulebooks.scoring import NOT_MET, sheet_score
from tests.conftest import AT
from tests.domain.councils.board import HONEY, several_products
from tests.factories.councils import convene, make_meeting
from tests.factories.people import PASSWORD, People, token_for
from tests.journeys.test_uploads import installation

MEMBERS, PRODUCTS = 12, 60
MEMBERS_BY_PAGE = range(6)
_PATIENCE = 60  # tries of one request while the machine is busy
TWICE = 10  # one save in so many is sent twice
_VERSION = re.compile(r'name="version" value="(\d+)"')

HALVES = 2

Marks = Mapping[str, str]


def halves(rubric: Rubric) -> list[list[Criterion]]:
    """Return the criteria of part A, and those of the other parts."""
    first = rubric.parts[0]
    return [
        [criterion for part, _, criterion in rubric.walk() if (part is first) is is_first]
        for is_first in (True, False)
    ]


class Member:
    """One member at a device: scores every product, and remembers what the server acknowledged."""

    def __init__(self, address: str, username: str, *, token: str, by_page: bool) -> None:
        self.http = httpx.Client(base_url=address, timeout=120)
        self.username, self.by_page = username, by_page
        self.answers: Counter[int] = Counter()
        self.acknowledged: dict[str, dict[str, str]] = {}
        self.repeated = 0
        self._bearer = {"authorization": f"Bearer {token}"}
        self._chance = Random(username)  # noqa: S311 -- the same marks in every run
        if by_page:
            self._answer("POST", "/sign-in", data={"username": username, "password": PASSWORD})

    def scores(self, meeting: str, rubric: Rubric, start: Barrier) -> None:
        """Go through the own sheets in the own order."""
        order = self._answer("GET", f"/api/v1/meetings/{meeting}/own-sheets", headers=self._bearer)
        start.wait()
        for own in order.json():
            self._score(own["sheet"], rubric)

    def _score(self, sheet: str, rubric: Rubric) -> None:
        version = 1
        for half in halves(rubric):
            chosen = {
                criterion.code: self._chance.choice(
                    [option.code for option in criterion.options]
                    + ([NOT_MET] if criterion.allows_not_met else [])
                )
                for criterion in half
            }
            key = str(uuid4())
            saved = self._save(sheet, chosen, version, key)
            if self._chance.randrange(TWICE) == 0:
                self.repeated += 1
                assert self._save(sheet, chosen, version, key) == saved
            version = saved
            self.acknowledged.setdefault(sheet, {}).update(chosen)
        self._hand_in(sheet, version)

    def _save(self, sheet: str, chosen: Marks, version: int, key: str) -> int:
        if self.by_page:
            answer = self._answer(
                "POST",
                f"/score-sheets/{sheet}",
                headers={"hx-request": "true"},
                data={"version": str(version), "_key": key}
                | {f"option.{code}": option for code, option in chosen.items()},
            )
            told = _VERSION.search(answer.text)
            assert told is not None, answer.text
            return int(told[1])
        answer = self._answer(
            "PUT",
            f"/api/v1/score-sheets/{sheet}/marks",
            headers=self._bearer | {"idempotency-key": key},
            json={
                "version": version,
                "marks": [
                    {"criterion_code": code, "option_code": option}
                    for code, option in chosen.items()
                ],
            },
        )
        return int(answer.json()["version"])

    def _hand_in(self, sheet: str, version: int) -> None:
        key = str(uuid4())
        if self.by_page:
            data = {"version": str(version), "_key": key, "opinion": "Đồng ý."}
            self._answer("POST", f"/score-sheets/{sheet}/submit", data=data)
            return
        self._answer(
            "POST",
            f"/api/v1/score-sheets/{sheet}/submit",
            headers=self._bearer | {"idempotency-key": key},
            json={"version": version, "opinion": "Đồng ý."},
        )

    def _answer(self, method: str, path: str, **said: object) -> httpx.Response:
        """Ask, and come again with the same words when a busy machine says when."""
        for _ in range(_PATIENCE):
            answer = self.http.request(method, path, **said)  # type: ignore[arg-type]  # -- handed on
            if answer.status_code != 503:
                break
            Event().wait(float(answer.headers["retry-after"]))
        self.answers[answer.status_code] += 1
        assert answer.status_code in {200, 303}, f"{self.username} {path}: {answer.text[:500]}"
        return answer


@pytest.fixture
def meeting(engine: Engine) -> str:
    """Open a meeting of twelve scoring members on sixty products and return its code."""
    with transaction(engine) as session:
        people = People(session, AT)
        products = several_products(session, people, PRODUCTS)
        scheduled = make_meeting(session, people, products=products, members=MEMBERS - 1)
        return convene(session, people, scheduled).code


@pytest.fixture
def members(meeting: str, engine: Engine, settings: Settings) -> Iterator[list[Member]]:
    """Return the members, each signed in on a device of its own, before a server of its own."""
    assert meeting
    names = ["hoidong1", *(f"hoidong{number}" for number in range(3, MEMBERS + 2))]
    scopes = (Scope.COUNCILS_READ, Scope.COUNCILS_WRITE)
    with installation(settings) as running:
        found = [
            Member(
                running.address,
                name,
                token=token_for(engine, name, *scopes),
                by_page=position in MEMBERS_BY_PAGE,
            )
            for position, name in enumerate(names)
        ]
        yield found
        for member in found:
            member.http.close()


def test_twelve_members_score_sixty_products_at_once_and_nothing_is_lost(
    meeting: str, members: list[Member], engine: Engine
) -> None:
    rubric = loader.rubric_in_force(HONEY, AT.date())
    start = Barrier(MEMBERS)
    with ThreadPoolExecutor(MEMBERS) as devices:
        for done in [devices.submit(one.scores, meeting, rubric, start) for one in members]:
            done.result()
    answers = sum((member.answers for member in members), Counter[int]())
    assert set(answers) == {200, 303}

    acknowledged = {
        (sheet, criterion): option
        for member in members
        for sheet, chosen in member.acknowledged.items()
        for criterion, option in chosen.items()
    }
    assert len(acknowledged) == MEMBERS * PRODUCTS * len(rubric.criteria)
    with reading(engine) as session:
        stored = {
            (sheet, criterion): option
            for sheet, criterion, option in session.exec(
                select(ScoreSheet.code, Mark.criterion_code, Mark.option_code).join(
                    Mark, col(Mark.sheet_id) == col(ScoreSheet.id)
                )
            )
        }
        assert stored == acknowledged
        sheets = session.exec(select(ScoreSheet)).all()
        assert Counter(sheet.state for sheet in sheets) == {
            SheetState.SUBMITTED: MEMBERS * PRODUCTS
        }
        by_sheet = {sheet: chosen for one in members for sheet, chosen in one.acknowledged.items()}
        for sheet in sheets:
            assert sheet.total == sheet_score(rubric, by_sheet[sheet.code]).total
        told = dict(
            session.exec(
                select(AuditEvent.kind, func.count())
                .where(col(AuditEvent.kind).startswith("sheet."))
                .group_by(col(AuditEvent.kind))
            ).all()
        )
        # A save that was sent twice happened once.
        assert sum(member.repeated for member in members) > 0
        assert told == {
            "sheet.saved": MEMBERS * PRODUCTS * HALVES,
            "sheet.submitted": MEMBERS * PRODUCTS,
        }
        assert verified_chain(session).is_whole
