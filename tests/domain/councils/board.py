"""A council in the middle of its work, as the tests of councils start from it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Refusal
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.councils.actions import (
    confirm_minimum,
    lock_item,
    submit_sheet,
    withdraw_sheet,
)
from app.domain.councils.models import AgendaItem, Meeting, Result, ScoreSheet
from app.domain.councils.queries import get_item
from app.domain.councils.schemas import ConfirmMinimum, LockItem, SubmitSheet, WithdrawSheet
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from app.rulebooks.scoring import sheet_score
from tests.conftest import AT, commit
from tests.factories.councils import CHAIR, certify, convene, items_of, make_meeting
from tests.factories.dossiers import complete_answers
from tests.factories.people import People
from tests.factories.register import make_producer, make_product

HONEY = 4  # the set of the usual product of the tests
LAW = "26/2026/QĐ-TTg"
DEFAULT_RULES = Path(loader.__file__).parent / "data" / "councils" / "lai-chau-default.yaml"


def by(actor: Actor, /, **changes: Any) -> dict[str, Any]:
    """Return who acts and when, unless a test says otherwise."""
    return {"actor": actor, "at": AT} | changes


def honey() -> Rubric:
    """Return the rubric of the usual product."""
    return loader.rubric_in_force(HONEY, AT.date())


def best() -> dict[str, str]:
    """Return the answers with most points for the usual product."""
    return complete_answers(honey())


def with_total(total: int) -> dict[str, str]:
    """Return complete answers of the usual product that add up to exactly this many points."""
    rubric = honey()
    chosen = complete_answers(rubric)
    too_many = sheet_score(rubric, chosen).total - total
    for criterion in rubric.criteria:
        if criterion.code in {"5.1", "5.2"}:  # one decides whether the other counts
            continue
        top = max(option.points for option in criterion.options)
        lower = min(
            (option for option in criterion.options if top - option.points <= too_many),
            key=lambda option: option.points,
        )
        chosen[criterion.code] = lower.code
        too_many -= top - lower.points
    assert sheet_score(rubric, chosen).total == total
    return chosen


def opened(
    session: WriteSession,
    people: People,
    *,
    members: int = 4,
    set_number: int = HONEY,
    products: Sequence[Product] = (),
) -> AgendaItem:
    """Open a meeting with everybody present and return its first dossier."""
    products = products or [make_product(session, people, set_number=set_number)]
    meeting = make_meeting(session, people, products=products, members=members)
    return items_of(session, convene(session, people, meeting))[0]


def several_products(session: WriteSession, people: People, count: int) -> list[Product]:
    """Register products of one producer."""
    producer = make_producer(session, people)
    return [make_product(session, people, producer, f"Mật ong số {n}") for n in range(count)]


def meeting_of(session: WriteSession, item: AgendaItem) -> Meeting:
    """Return the meeting of an agenda item."""
    return session.exec(select(Meeting).where(col(Meeting.id) == item.meeting_id)).one()


def hand_in(session: WriteSession, people: People, sheet: ScoreSheet, number: int) -> ScoreSheet:
    """Submit a filled sheet of hoidong<number>."""
    return submit_sheet(
        session,
        sheet.code,
        SubmitSheet(version=sheet.version),
        actor=people.council_member(number),
        at=people.at,
    )


def take_back(session: WriteSession, people: People, sheet: ScoreSheet, number: int) -> ScoreSheet:
    """Withdraw a submitted sheet of hoidong<number>."""
    return withdraw_sheet(
        session,
        sheet.code,
        WithdrawSheet(version=sheet.version),
        actor=people.council_member(number),
        at=people.at,
    )


def confirm_all(session: WriteSession, people: People, item: AgendaItem) -> None:
    """Let the chair confirm, as met, every minimum that the sheets do not see alike."""
    chair = people.council_member(CHAIR)
    detail = get_item(session, item.code, actor=chair)
    assert detail.settling is not None
    for finding in detail.settling.awaiting_chair:
        data = ConfirmMinimum(
            criterion_code=finding.criterion_code, star=finding.star, met=True, reason="Đạt."
        )
        confirm_minimum(session, item.code, data, **by(chair))


def lock_with(session: WriteSession, people: People, item: AgendaItem, note: str = "") -> Result:
    """Let the secretary certify and lock as the chair, with a note on the divergence."""
    certify(session, people, item)
    return lock_item(
        session,
        item.code,
        LockItem(divergence_note=note, version=item.version),
        actor=people.council_member(CHAIR),
        at=people.at,
    )


@contextmanager
def refused(
    kind: type[Refusal], *, code: str, says: str = "", basis: str | None = None
) -> Iterator[None]:
    """Expect a refusal with this code, a sentence that holds these words, and this basis."""
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.reason_code == code
    assert says in caught.value.text
    assert "{" not in caught.value.text
    if basis is not None:
        assert basis in (caught.value.legal_basis or "")


def events(session: WriteSession, *kinds: str) -> list[AuditEvent]:
    """Commit, and return the events of these kinds in their order."""
    commit(session)
    return list(
        session.exec(
            select(AuditEvent)
            .where(col(AuditEvent.kind).in_(kinds))
            .order_by(col(AuditEvent.sequence))
        ).all()
    )


def own_rules(directory: Path, changes: Mapping[str, str] | None = None) -> Path:
    """Write council rules of the province's own beside the default: the default with changes."""
    text = DEFAULT_RULES.read_text(encoding="utf-8")
    replaced = {
        "code: lai-chau-default": "code: lai-chau-2026",
        "is_default: true": "is_default: false",
        **(changes or {}),
    }
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    directory.mkdir(exist_ok=True)
    (directory / "lai-chau-2026.yaml").write_text(text, encoding="utf-8")
    return directory
