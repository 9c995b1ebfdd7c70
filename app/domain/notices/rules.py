"""Letters, who receives them, and how often a delivery is tried: pure, no database, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.core.carriers import Trouble
from app.core.errors import Worded
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Grant
from app.domain.notices.enums import Channel, DeliveryState

CHANNEL_LABELS: dict[Channel, str] = {Channel.EMAIL: "Thư điện tử", Channel.SMS: "Tin nhắn SMS"}
DELIVERY_LABELS: dict[DeliveryState, str] = {
    DeliveryState.WAITING: "Chờ gửi",
    DeliveryState.SENT: "Đã gửi",
    DeliveryState.GIVEN_UP: "Không gửi được",
}

PROBLEM_LABELS: dict[Trouble, str] = {
    Trouble.UNREACHABLE: "Không kết nối được tới nơi nhận gửi.",
    Trouble.SETTINGS: "Nơi nhận gửi không chấp nhận cấu hình của hệ thống.",
    Trouble.REFUSED: "Nơi nhận gửi từ chối thông báo này.",
    Trouble.NO_ADDRESS: "Tài khoản đã khóa, hoặc không còn địa chỉ để gửi.",
}

# What is older when a sender first sees it is no news: it stays on the work list and is not sent.
NEWS_FOR = timedelta(days=3)
# A sender that has not come back by then died: the delivery is anybody's again, with the same name.
LEASE = timedelta(minutes=10)
# 1, 2, 4 … minutes, then every six hours: a mail server may be away for three days.
MOST_ATTEMPTS = 20
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Letter:
    """The sentences of one kind of notice; both are templates with named parameters."""

    kind: str
    title: str
    todo: str
    route_name: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Accounts by the post they hold on the day, or by person; joined by `|`."""

    posts: frozenset[Grant] = frozenset()
    user_ids: frozenset[int] = frozenset()

    def __or__(self, other: "Recipients") -> "Recipients":
        return Recipients(self.posts | other.posts, self.user_ids | other.user_ids)


def producer_account(producer_id: int | None) -> Recipients:
    """Return the accounts that represent a producer; none for no producer."""
    if producer_id is None:
        return Recipients()
    return Recipients(frozenset({Grant(Role.PRODUCER, producer_id=producer_id)}))


def commune_officers(unit_code: str) -> Recipients:
    """Return the officers of a commune."""
    return Recipients(frozenset({Grant(Role.COMMUNE_OFFICER, unit_code=unit_code)}))


def commune_leaders(unit_code: str) -> Recipients:
    """Return the leaders of a commune."""
    return Recipients(frozenset({Grant(Role.COMMUNE_LEADER, unit_code=unit_code)}))


def commune(unit_code: str) -> Recipients:
    """Return officers and leaders of a commune."""
    return commune_officers(unit_code) | commune_leaders(unit_code)


def agency() -> Recipients:
    """Return officers and head of the provincial agency."""
    return Recipients(frozenset({Grant(Role.AGENCY_OFFICER), Grant(Role.AGENCY_HEAD)}))


def persons(*user_ids: int | None) -> Recipients:
    """Return these very accounts, whatever posts they hold."""
    return Recipients(user_ids=frozenset(one for one in user_ids if one is not None))


def is_held(held: Grant, asked: Grant) -> bool:
    """Tell whether a post somebody holds is one that was asked for."""
    return (
        held.role is asked.role
        and asked.unit_code in {None, held.unit_code}
        and asked.producer_id in {None, held.producer_id}
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """One letter with its data, before it is known who receives it."""

    letter: Letter
    to: Recipients
    subject_code: str
    occasion: str = ""
    due_on: date | None = None
    said: Mapping[str, object] = field(default_factory=dict)


def written(value: object) -> str | int:
    """Return a parameter as it is kept: days as people here write them, everything else as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"{value:%d/%m/%Y}"
    return str(value)


def filled(template: str, params: Mapping[str, object]) -> Worded:
    """Return a sentence of a letter with its data, still knowing its template."""
    return Worded(template, **params)


# A short message with accents holds 70 letters, 67 where it has several parts: three parts at most.
LONGEST_SHORT_TEXT = 3 * 67
_SIGNED = "Thư tự động của hệ thống OCOP tỉnh Lai Châu, xin không trả lời thư này."


@dataclass(frozen=True, slots=True)
class Words:
    """A notice as it is sent, in Vietnamese: subject, letter, short message."""

    subject: str
    text: str
    short_text: str


def in_words(
    *,
    title: str,
    todo: str,
    due_on: date | None,
    basis: str,
    name: str,
    link: str,
    account_link: str,
    invented: bool,
) -> Words:
    """Write a notice down for sending; what is invented says so first."""
    mark = "[Minh họa] " if invented else ""
    due = f"{due_on:%d/%m/%Y}" if due_on else ""
    lines = [
        f"Kính gửi {name},",
        "",
        f"{mark}{title}.",
        "",
        f"Việc cần làm: {todo}",
        *([f"Hạn: {due}"] if due else []),
        f"Xem tại: {link}",
        *([f"Căn cứ: {basis}"] if basis else []),
        "",
        _SIGNED,
        f"Đổi cách nhận thông báo: {account_link}",
        "",
    ]
    end = f" Hạn {due}. {link}" if due else f" {link}"
    room = LONGEST_SHORT_TEXT - len(end)
    said = f"{mark}{title}."
    short = said if len(said) <= room else f"{said[: room - 1]}…"
    return Words(subject=f"{mark}{title}", text="\n".join(lines), short_text=short + end)


def next_attempt(attempts: int, at: datetime) -> datetime | None:
    """Return when to try again after so many attempts, None when it is given up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    # Bounded before it is computed: two to the nineteenth minutes is a year.
    pause = _FIRST_PAUSE * (1 << min(attempts - 1, 9))
    return at + min(pause, _LONGEST_PAUSE)
