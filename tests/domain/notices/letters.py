"""A letter of the tests and somebody to send it to."""

from dataclasses import dataclass

from app.core.db import WriteSession
from app.domain.accounts.actions import change_contact
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.accounts.schemas import ChangeContact
from app.domain.notices.actions import notify
from app.domain.notices.rules import Letter, persons
from tests.factories.people import People

LETTER = Letter(
    kind="test.happened",
    title="Việc {number} của {who} đã xảy ra",
    todo="Hãy xem trước ngày {day}.",
    route_name="work.list",
    basis="26/2026/QĐ-TTg, Điều 7",
)


@dataclass(frozen=True)
class Thing:
    """Something with a code."""

    code: str = "VV-1"


def reachable(session: WriteSession, people: People, actor: Actor, *, number: int = 1) -> None:
    """Let an account be told by e-mail and SMS."""
    change_contact(
        session,
        ChangeContact(
            email=f"nguoi{number}@example.com",
            phone=f"0912 345 6{number:02}",
            wants_email=True,
            wants_sms=True,
        ),
        actor=actor,
        at=people.at,
    )


def told(session: WriteSession, people: People, *actors: Actor, count: int = 1) -> None:
    """Tell these accounts so many things."""
    for number in range(count):
        notify(
            session,
            LETTER,
            to=persons(*(actor.user_id for actor in actors)),
            subject=Thing(f"VV-{number}"),
            actor=SYSTEM,
            at=people.at,
            number=number,
            who="Hợp tác xã Bình Lư",
            day="30/09/2026",
        )
