"""A meeting as large as the province ever held: one product through the real actions, then copies."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import SQLModel, col, insert, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.text import fold
from app.domain.councils.enums import SheetState
from app.domain.councils.models import Mark, Meeting, ScoreSheet
from app.domain.dossiers.models import Dossier
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.scoring import sheet_score
from tests.factories.councils import convene, items_of, lower_answers, make_meeting, sheets_of
from tests.factories.people import People


def large_meeting(
    session: WriteSession,
    people: People,
    *,
    products: int = 60,
    members: int = 11,
    complete: int = 40,
) -> Meeting:
    """Open a meeting of so many products and scoring members beside the chair.

    On the first `complete` products every sheet is in, no two alike; on the others half are begun.
    """
    meeting = make_meeting(session, people, members=members)
    convene(session, people, meeting)
    (item,) = items_of(session, meeting)
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
    product = session.exec(select(Product).where(col(Product.id) == dossier.product_id)).one()
    sheets = list(sheets_of(session, item))
    for position in range(2, products + 1):
        name = f"Mật ong bạc hà rừng Lai Châu số {position}"
        named = _copy(product, "SP", name=name, name_folded=fold(name))
        session.add(named)
        session.flush()
        filed = _copy(
            dossier, "HS", product_id=named.id, slip_number=None, province_slip_number=None
        )
        session.add(filed)
        session.flush()
        entry = _copy(item, "MH", dossier_id=filed.id, position=position)
        session.add(entry)
        session.flush()
        for sheet in sheets_of(session, item):
            own = _copy(sheet, "PD", item_id=entry.id)
            session.add(own)
            sheets.append(own)
    session.flush()
    _score(session, people, sheets, dossier.rubric_code, complete * (members + 1))
    return meeting


def _score(
    session: WriteSession, people: People, sheets: list[ScoreSheet], rubric_code: str, complete: int
) -> None:
    rubric = loader.rubric(rubric_code)
    sets: dict[int, Mapping[str, str]] = {
        total: lower_answers(rubric_code, total) for total in range(60, 96)
    }
    marks: list[dict[str, Any]] = []
    for number, sheet in enumerate(sheets):
        is_in = number < complete
        if not is_in and number % 2:
            continue
        answers = sets[60 + number * 7 % 36]
        chosen = list(answers.items())[: None if is_in else 5 + number % 20]
        marks += [
            {"sheet_id": sheet.id, "criterion_code": code, "option_code": option, "remark": ""}
            for code, option in chosen
        ]
        sheet.total = sheet_score(rubric, dict(chosen)).total
        if is_in:
            sheet.state = SheetState.SUBMITTED
            sheet.submitted_at = people.at
    session.flush()
    session.execute(insert(Mark), marks)


def _copy(row: Any, prefix: str, **changes: Any) -> Any:
    kind: type[SQLModel] = type(row)
    return kind(
        **row.model_dump(exclude={"id", "code", *changes}), code=new_code(prefix), **changes
    )
