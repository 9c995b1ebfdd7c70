"""What people were told by the day of building: reminders of the day, and what they read already."""

from datetime import datetime, timedelta

from app.demonstration.sources import people
from app.demonstration.stage import Stage
from app.domain.accounts.actions import change_contact
from app.domain.accounts.schemas import ChangeContact
from app.domain.councils.actions import tell_of_the_day
from app.domain.dossiers.actions import remind_of_overdue
from app.domain.notices.actions import mark_all_read
from app.domain.recognition.actions import remind_of_renewal
from app.domain.wallet.actions import remind_of_expiry

# Addresses that nobody can have (RFC 2606): whoever sets a mail server up sees letters, sends none.
REACHED_BY_EMAIL = ("chuthe", "canboxa", "canbotinh")
_UNREAD_FOR = timedelta(days=7)


def choose_ways(stage: Stage, at: datetime) -> None:
    """Let some people be told by e-mail as well."""
    for username in REACHED_BY_EMAIL:
        change_contact(
            stage.session,
            ChangeContact(email=f"{username}@minhhoa.example", wants_email=True),
            actor=stage.cast.actor(username, at),
            at=at,
        )


def tell_today(stage: Stage, at: datetime) -> None:
    """Send the reminders of the day; what is older than a week was read."""
    for person in people():
        mark_all_read(
            stage.session, actor=stage.cast.actor(person.username, at), at=at - _UNREAD_FOR
        )
    remind_of_expiry(stage.session, at=at)
    remind_of_renewal(stage.session, at=at)
    remind_of_overdue(stage.session, at=at)
    tell_of_the_day(stage.session, at=at)
