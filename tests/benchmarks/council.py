"""Goal G10: 200 products, 12 members, 34 criteria; the result from kept totals, and few statements.

The baseline adds the same rows up in Python. Both are measured in turn, the medians are compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import ReadSession, WriteSession, reading, transaction
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import SheetState
from app.domain.councils.models import (
    AgendaItem,
    Attendance,
    Council,
    CouncilMember,
    Mark,
    Meeting,
    Round,
    ScoreSheet,
)
from app.domain.councils.queries import standings
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from app.rulebooks.scoring import sheet_score
from tests.conftest import AT
from tests.factories.councils import CHAIR, convene, items_of, make_meeting
from tests.factories.people import People, signed_in
from tests.factories.register import make_product
from tests.factories.statements import counted

GRAPES_OF_34 = 13  # the product set with the most criteria
PRODUCTS, MEMBERS, MEETINGS = 200, 12, 2
PROFILES = 40
ROUNDS = 7
GOAL = Fraction(1, 10)
MOST_STATEMENTS = 8
COUNCIL_PAGES = ("rounds.", "councils.", "meetings.", "boards.", "items.", "sheets.")
_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Season:
    """A round of two meetings with every sheet handed in."""

    chair: Actor
    meetings: tuple[str, ...]
    rubric: Rubric


@pytest.fixture
def season(engine: Engine) -> Season:
    """Open one real meeting with one product, and copy its rows until there are 200 products."""
    with transaction(engine) as session:
        people = People(session, AT)
        product = make_product(session, people, set_number=GRAPES_OF_34)
        first = convene(
            session, people, make_meeting(session, people, products=[product], members=MEMBERS - 1)
        )
        item = items_of(session, first)[0]
        dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
        rubric = loader.rubric(dossier.rubric_code)
        session.flush()
        codes = _copied(session, product, dossier, first, item, rubric)
        return Season(people.council_member(CHAIR), codes, rubric)


def _copied(
    session: WriteSession,
    product: Product,
    dossier: Dossier,
    first: Meeting,
    item: AgendaItem,
    rubric: Rubric,
) -> tuple[str, ...]:
    sheets = session.exec(select(ScoreSheet).order_by(col(ScoreSheet.id))).all()
    chance = Random(10)  # noqa: S311 -- the same marks in every run
    profiles = [_profile(rubric, chance) for _ in range(PROFILES)]
    second = _row(first, id=(first.id or 0) + 1, code="PH-BENCH02")
    products, dossiers, items, papers, marks = [], [], [], [], []
    for number in range(PRODUCTS):
        own = {
            "product": (product.id or 0) + number,
            "dossier": (dossier.id or 0) + number,
            "item": (item.id or 0) + number,
        }
        in_first = number < PRODUCTS // MEETINGS
        if number:
            products.append(
                _row(
                    product,
                    id=own["product"],
                    code=f"SP-BENCH{number}",
                    name=f"{product.name} {number}",
                    name_folded=f"{product.name_folded} {number}",
                )
            )
            dossiers.append(
                _row(
                    dossier,
                    id=own["dossier"],
                    code=f"HS-BENCH{number}",
                    product_id=own["product"],
                    **_numbered(dossier, number),
                )
            )
            items.append(
                _row(
                    item,
                    id=own["item"],
                    code=f"MH-BENCH{number}",
                    dossier_id=own["dossier"],
                    meeting_id=first.id if in_first else second["id"],
                    position=number + 1,
                )
            )
        for position, sheet in enumerate(sheets):
            total, chosen = chance.choice(profiles)
            sheet_id = (sheets[0].id or 0) + number * MEMBERS + position
            state = {"state": SheetState.SUBMITTED, "total": total, "submitted_at": AT}
            if number:
                papers.append(
                    _row(
                        sheet,
                        id=sheet_id,
                        code=f"PD-BENCH{sheet_id}",
                        item_id=own["item"],
                        **state,
                    )
                )
            else:
                for name, value in state.items():
                    setattr(sheet, name, value)
                sheet_id = sheet.id or 0
            marks += [
                {"sheet_id": sheet_id, "criterion_code": code, "option_code": option, "remark": ""}
                for code, option in chosen.items()
            ]
    session.flush()
    attended = session.exec(select(Attendance)).all()
    for table, rows in (
        (Product, products),
        (Dossier, dossiers),
        (Meeting, [second]),
        (Attendance, [_row(one, meeting_id=second["id"]) for one in attended]),
        (AgendaItem, items),
        (ScoreSheet, papers),
        (Mark, [{"without_evidence": False} | mark for mark in marks]),
    ):
        for start in range(0, len(rows), _BATCH):
            session.execute(sa.insert(table), rows[start : start + _BATCH])
    return first.code, str(second["code"])


def _row(one: Any, **changes: Any) -> dict[str, Any]:
    return {**one.model_dump(), **changes}


def _numbered(dossier: Dossier, number: int) -> dict[str, str]:
    """Give the copy numbers of its own wherever they are kept once."""
    table = Dossier.__table__  # type: ignore[attr-defined]  # -- SQLModel types no tables
    once = {column.name for column in table.columns if column.unique} - {"code"}
    return {
        name: f"{value}-{number}"
        for name in once
        if isinstance(value := getattr(dossier, name), str) and value
    }


def _profile(rubric: Rubric, chance: Random) -> tuple[int, dict[str, str]]:
    chosen = {c.code: chance.choice(c.options).code for c in rubric.criteria}
    return sheet_score(rubric, chosen).total, chosen


def added_up_in_python(session: ReadSession, rubric: Rubric) -> dict[int, Fraction]:
    """Read every mark of the season and add them up row by row."""
    points = {
        (criterion.code, option.code): option.points
        for criterion in rubric.criteria
        for option in criterion.options
    }
    totals: dict[tuple[int, int], int] = {}
    idle = {criterion.code for criterion in rubric.criteria if criterion.applies_when}
    rules = {c.code: c.applies_when for c in rubric.criteria if c.applies_when}
    waiting: dict[tuple[int, int], dict[str, int]] = {}
    for item, sheet, criterion, option in session.exec(
        select(ScoreSheet.item_id, Mark.sheet_id, Mark.criterion_code, Mark.option_code)
        .join(ScoreSheet, col(ScoreSheet.id) == col(Mark.sheet_id))
        .where(col(ScoreSheet.state) == SheetState.SUBMITTED)
    ):
        worth = points[criterion, option or ""]
        if criterion in idle or any(rule.criterion == criterion for rule in rules.values()):
            waiting.setdefault((item, sheet), {})[criterion] = worth
        if criterion not in idle:
            totals[item, sheet] = totals.get((item, sheet), 0) + worth
    for key, worths in waiting.items():
        for code, rule in rules.items():
            if worths[rule.criterion] >= rule.min_points:
                totals[key] += worths[code]
    sums: dict[int, list[int]] = {}
    for (item, _), total in totals.items():
        sums.setdefault(item, []).append(total)
    return {item: Fraction(sum(own), len(own)) for item, own in sums.items()}


def from_kept_totals(session: ReadSession, season: Season) -> dict[str, Fraction]:
    """Return the same means as the application reads them."""
    return {
        one.item: one.average
        for meeting in season.meetings
        for one in standings(session, meeting, actor=season.chair)
    }


def in_turn(*jobs: Callable[[], object]) -> list[float]:
    """Run each job once in every round and return the median seconds of each."""
    taken: list[list[float]] = [[] for _ in jobs]
    for _ in range(ROUNDS):
        for position, job in enumerate(jobs):
            began = perf_counter()
            job()
            taken[position].append(perf_counter() - began)
    return [median(seconds) for seconds in taken]


def told(line: str) -> None:
    """Say a measured figure; `make benchmark` shows what is said."""
    print(line)  # noqa: T201 -- this is what a benchmark is for


def test_the_result_of_200_products_costs_a_tenth_of_adding_up_rows(
    season: Season, engine: Engine
) -> None:
    with reading(engine) as session:
        slow = added_up_in_python(session, season.rubric)
        quick = from_kept_totals(session, season)
        names = dict(session.exec(select(AgendaItem.id, AgendaItem.code)).all())
        count = session.exec(select(sa.func.count()).select_from(Mark)).one()
    assert count == PRODUCTS * MEMBERS * len(season.rubric.criteria)
    assert {names[item]: mean for item, mean in slow.items()} == quick

    def with_session(job: Callable[[ReadSession], object]) -> None:
        with reading(engine) as session:
            job(session)

    rows, totals = in_turn(
        lambda: with_session(lambda session: added_up_in_python(session, season.rubric)),
        lambda: with_session(lambda session: from_kept_totals(session, season)),
    )
    told(
        f"\n{engine.dialect.name}: {count:,} marks; rows in Python {rows * 1000:.0f} ms, kept "
        f"totals {totals * 1000:.1f} ms, ratio 1/{rows / totals:.0f} (goal 1/{1 / GOAL})"
    )
    assert totals <= rows * GOAL


def test_every_page_of_the_council_asks_little_at_any_size(
    season: Season, client: TestClient, engine: Engine
) -> None:
    with reading(engine) as session:
        sheet = session.exec(
            select(ScoreSheet.code).where(col(ScoreSheet.member_id) == _seat(session, season))
        ).first()
        item = session.exec(select(AgendaItem.code).order_by(col(AgendaItem.id))).first()
        council, round_ = (
            session.exec(select(Council.code)).one(),
            session.exec(select(Round.code)).one(),
        )
    codes = {
        "rounds": round_,
        "councils": council,
        "meetings": season.meetings[0],
        "items": item,
        "score-sheets": sheet,
    }
    signed_in(client, f"hoidong{CHAIR}")
    application: Any = client.app
    too_many = []
    for name, route in sorted(application.state.pages.items()):
        kind = route.path.split("/")[1]
        if not name.startswith(COUNCIL_PAGES) or "GET" not in route.methods:
            continue
        if route.path.count("{") != 1 or "{code}" not in route.path or not codes.get(kind):
            continue
        with counted(application.state.engine) as said:
            began = perf_counter()
            answer = client.get(route.path.replace("{code}", str(codes[kind])))
            seconds = perf_counter() - began
        if answer.status_code != 200:
            continue
        told(
            f"{name}: {len(said)} statements, {answer.num_bytes_downloaded / 1024:.1f} KB, "
            f"{seconds * 1000:.0f} ms"
        )
        if len(said) > MOST_STATEMENTS:
            too_many.append(name)
    assert not too_many


def _seat(session: ReadSession, season: Season) -> int | None:
    return session.exec(
        select(CouncilMember.id).where(col(CouncilMember.user_id) == season.chair.user_id)
    ).one()
