"""The hall in which tests of council pages take place: a meeting of chair, secretary and members."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.codes import new_secret
from app.core.db import WriteSession, transaction
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from tests.conftest import AT
from tests.factories.councils import (
    convene,
    items_of,
    lock,
    lower_answers,
    make_meeting,
    score,
    scorers,
    sheets_of,
    the_round,
)
from tests.factories.dossiers import complete_answers, make_dossier
from tests.factories.people import People, signed_in
from tests.web.typing import press

CHAIR, SECRETARY, MEMBER, OTHER = "hoidong1", "hoidong2", "hoidong3", "hoidong4"
AGENCY, AUDITOR, ADMINISTRATOR, STRANGER = "canbotinh", "kiemtoan", "quantri", "hoidong9"
HTMX = {"hx-request": "true"}


@dataclass
class Hall:
    """One meeting with its agenda, and the browser of whoever looks at it."""

    client: TestClient
    meeting: str
    items: list[str]
    dossiers: list[str]
    sheets: dict[str, str] = field(default_factory=dict)  # of the first item, by username
    rubric_code: str = ""
    owner: str = ""

    @property
    def rubric(self) -> Rubric:
        return loader.rubric(self.rubric_code)

    @property
    def item(self) -> str:
        return f"/items/{self.items[0]}"

    def sheet(self, username: str) -> str:
        return f"/score-sheets/{self.sheets[username]}"

    def by(self, username: str) -> Self:
        signed_in(self.client, username)
        return self

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **values: str | list[str]) -> Response:
        """Post what no form on a page was asked for."""
        return self.client.post(path, data={"_key": new_secret(), **values})

    def press(self, page: str, action: str, **typed: str | list[str]) -> Response:
        return press(self.client, self.page(page), action, **typed)

    def fill_in(self, username: str, answers: Mapping[str, str]) -> None:
        """Fill the own sheet in, section by section, as a browser without script does."""
        self.by(username)
        for part in self.rubric.parts:
            for section in part.sections:
                page = f"{self.sheet(username)}?section={section.code}"
                typed = {f"option.{c.code}": answers[c.code] for c in section.criteria}
                saved = self.press(page, page, **typed)
                assert saved.status_code == 303, saved.text

    def submit(self, username: str, **typed: str) -> Response:
        sheet = self.sheet(username)
        return self.by(username).press(f"{sheet}?section=submit", f"{sheet}/submit", **typed)


def make_hall(
    client: TestClient,
    engine: Engine,
    *,
    members: int = 2,
    products: int = 1,
    set_number: int = 4,
    is_open: bool = True,
    scored: Sequence[int] = (),
    locked: bool = False,
    before: Callable[[WriteSession, People, Dossier], object] | None = None,
) -> Hall:
    """Make a meeting: open unless told otherwise, with these totals scored on its first product.

    `before` does something to the first dossier between scheduling and opening.
    """
    with transaction(engine) as session:
        people = People(session, AT)
        for office in (people.agency, people.auditor, people.administrator):
            office()
        people.council_member(9)
        dossiers = None
        if products != 1 or set_number != 4:
            round_ = the_round(session, people)
            dossiers = [
                make_dossier(
                    session,
                    people,
                    state=DossierState.ACCEPTED,
                    round_=round_,
                    set_number=set_number,
                )
                for _ in range(products)
            ]
        meeting = make_meeting(session, people, members=members, dossiers=dossiers or ())
        if before is not None:
            scheduled = items_of(session, meeting)[0].dossier_id
            before(
                session,
                people,
                session.exec(select(Dossier).where(col(Dossier.id) == scheduled)).one(),
            )
        if is_open:
            convene(session, people, meeting)
        agenda = items_of(session, meeting)
        first = session.exec(select(Dossier).where(col(Dossier.id) == agenda[0].dossier_id)).one()
        sheets = sheets_of(session, agenda[0])
        for total, sheet, member in zip(scored, sheets, scorers(people, members), strict=False):
            answers = (
                complete_answers(loader.rubric(first.rubric_code))
                if total == 100
                else lower_answers(first.rubric_code, total)
            )
            score(session, people, sheet, member, answers=answers)
        if locked:
            lock(session, people, agenda[0])
        return Hall(
            client=client,
            meeting=f"/meetings/{meeting.code}",
            items=[item.code for item in agenda],
            dossiers=[
                session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one().code
                for item in agenda
            ],
            sheets=dict(
                zip(
                    [CHAIR, *(f"hoidong{number}" for number in range(3, 3 + members))],
                    [sheet.code for sheet in sheets],
                    strict=False,
                )
            ),
            rubric_code=first.rubric_code,
            owner=f"chuthe{first.producer_id}",
        )
