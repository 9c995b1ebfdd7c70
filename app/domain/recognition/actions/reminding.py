"""What the calendar does to certificates: people are told before an end, the register at it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.notices.actions import notify_each
from app.domain.notices.rules import (
    Draft,
    Recipients,
    agency,
    commune,
    commune_officers,
    producer_account,
)
from app.domain.products.models import Product
from app.domain.recognition.actions.changing import tell_change
from app.domain.recognition.enums import ChangeKind, Milestone
from app.domain.recognition.letters import MILESTONES
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import (
    ALWAYS_TOLD,
    expired_untold,
    expiry_told_since,
    to_tell,
)
from app.domain.recognition.rules import (
    DaysLeft,
    RenewalWindow,
    last_day_in_force,
    milestones,
    renewal_window,
)
from app.rulebooks.loader import in_force


def remind_of_renewal(session: WriteSession, *, at: datetime) -> int:
    """Tell producer, commune and agency 210, 180, 120, 30 and 0 days before a certificate ends.

    And once more, to those who file, thirty days before the window closes. Once each, whatever day
    the job runs on; late, only the newest milestone. Where a dossier is under way only the last
    two. What ended gets its line in the public register. Returns how many notices are new. Basis:
    26/2026/QĐ-TTg art. 4.3, 7.6.a.
    """
    on = local_day(at)
    tell_expired(session, on=on, at=at)
    law = in_force(on)
    if law.stated_procedure is None:
        return 0
    return sum(
        _told(session, milestone, days, on=on, at=at) for milestone, days in milestones(law).items()
    )


def tell_expired(session: WriteSession, *, on: date, at: datetime) -> int:
    """Write one line of the public register for each term or extension that ended; return how many."""
    count, after = 0, 0
    while found := expired_untold(session, on=on, after=after):
        after = found[-1].id or 0
        # Asked again now that the rows are locked: another job may have told meanwhile.
        told = expiry_told_since(session, found)
        for certificate in found:
            since = last_day_in_force(certificate) + timedelta(days=1)
            if (certificate.id, since) not in told:
                tell_change(session, certificate, ChangeKind.EXPIRED, since=since, at=at)
                count += 1
        session.flush()
    return count


def _told(
    session: WriteSession, milestone: Milestone, days: DaysLeft, *, on: date, at: datetime
) -> int:
    letter = MILESTONES[milestone]
    count, after = 0, 0
    while rows := to_tell(session, milestone, days, letter.kind, on=on, after=after):
        after = rows[-1][0].id or 0
        drafts = [
            draft
            for certificate, product in rows
            for draft in _drafts(milestone, certificate, product, on)
        ]
        count += notify_each(session, drafts, at=at)
    return count


def _drafts(
    milestone: Milestone, certificate: Certificate, product: Product, on: date
) -> Iterator[Draft]:
    window = renewal_window(certificate.expires_on, in_force(on))
    if window is None:
        return
    end = last_day_in_force(certificate)
    yield Draft(
        letter=MILESTONES[milestone],
        to=_recipients(milestone, certificate, product),
        subject_code=certificate.code,
        # An extension ends after the term did: two ends, two letters.
        occasion=end.isoformat() if milestone in ALWAYS_TOLD else "",
        due_on=_due_on(milestone, window, end),
        said={
            "product": certificate.product_name,
            "first": window.first,
            "last": window.last,
            "last_day": end,
        },
    )


def _due_on(milestone: Milestone, window: RenewalWindow, end: date) -> date:
    return end if milestone in ALWAYS_TOLD else window.last


def _recipients(milestone: Milestone, certificate: Certificate, product: Product) -> Recipients:
    owner = producer_account(certificate.producer_id)
    if milestone is Milestone.CLOSES:
        return owner | commune_officers(product.commune_code)
    return owner | commune(product.commune_code) | agency()
