"""Which posts may be given how, and for how long: pure, no database, no clock."""

from datetime import date, datetime, timedelta
from typing import Protocol

from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Grant
from app.domain.posts.enums import InvitationState

INVITATION_DAYS = 7
LONGEST_LEAVE_DAYS = 180
MOST_GRANTS = 10

OF_COMMUNE = frozenset({Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER})
OF_AGENCY = frozenset({Role.AGENCY_OFFICER, Role.AGENCY_HEAD})
# Seats are given by a decision of the province, and given up by another one.
BY_DECISION = frozenset({Role.COUNCIL_MEMBER, Role.ADVISORY_MEMBER})
# Whose work goes on in the same office while they are away. Nobody stands in for who keeps the
# accounts, sits by decision, or represents a producer.
DEPUTISED = (
    OF_COMMUNE | OF_AGENCY | {Role.PROVINCIAL_SIGNER, Role.INSPECTOR, Role.DEPARTMENT_OFFICER}
)

SHAPE_MESSAGES = {
    "unit_code": "Vai cấp xã cần chọn xã, phường.",
    "producer_id": "Vai chủ thể cần chọn chủ thể.",
    "agency_code": "Cán bộ sở, ngành cần chọn cơ quan.",
    "valid_to": "Ngày cuối không được trước ngày đầu.",
}

STATE_LABELS: dict[InvitationState, str] = {
    InvitationState.OPEN: "Đang chờ",
    InvitationState.ACCEPTED: "Đã nhận",
    InvitationState.REVOKED: "Đã hủy",
    InvitationState.EXPIRED: "Hết hạn",
}

House = tuple[str, str]


class Post(Protocol):
    """A post as it stands in the table of posts."""

    @property
    def role(self) -> Role:
        """The role."""

    @property
    def unit_code(self) -> str | None:
        """The commune of a post of a commune."""

    @property
    def agency_code(self) -> str | None:
        """The agency of a post of an agency other than the programme's own."""


def house_of(post: Post | Grant) -> House | None:
    """Return the office a post belongs to, within which people stand in for each other."""
    if post.role in OF_COMMUNE:
        return ("commune", post.unit_code or "")
    if post.role in OF_AGENCY:
        return ("agency", "")
    if post.role in DEPUTISED:
        return (post.role.value, post.agency_code or "")
    return None


def lacking(
    *,
    role: Role,
    unit_code: str | None,
    producer_id: int | None,
    agency_code: str | None,
    valid_from: date,
    valid_to: date | None,
) -> dict[str, str]:
    """Return what a post lacks to make sense, a sentence for each field."""
    missing = {
        "unit_code": role in OF_COMMUNE and not unit_code,
        "producer_id": role is Role.PRODUCER and producer_id is None,
        "agency_code": role is Role.DEPARTMENT_OFFICER and not agency_code,
        "valid_to": valid_to is not None and valid_to < valid_from,
    }
    return {name: SHAPE_MESSAGES[name] for name, is_missing in missing.items() if is_missing}


def invitation_ends(at: datetime) -> datetime:
    """Return until when a link that is made now may be used."""
    return at + timedelta(days=INVITATION_DAYS)


def last_day_before(day: date) -> date:
    """Return the day before: days of posts include both ends."""
    return day - timedelta(days=1)


def invitation_state(
    *,
    accepted_at: datetime | None,
    revoked_at: datetime | None,
    expires_at: datetime,
    at: datetime,
) -> InvitationState:
    """Return how an invitation stands at a moment."""
    if accepted_at is not None:
        return InvitationState.ACCEPTED
    if revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.EXPIRED if expires_at <= at else InvitationState.OPEN
