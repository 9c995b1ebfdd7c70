"""What leaves the house: a message on its way, and why it could not be carried."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Trouble(StrEnum):
    """Why a message was not carried, in words that name no person."""

    UNREACHABLE = "unreachable"
    SETTINGS = "settings"
    REFUSED = "refused"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to one address; `code` names it, however often it is sent."""

    code: str
    address: str
    subject: str
    text: str
    short_text: str
    at: datetime


class NotCarried(Exception):  # noqa: N818 -- an answer of the network, told to people
    """The message did not go; `for_good`: it never will, `for_all`: nor would another one now."""

    def __init__(
        self,
        trouble: Trouble,
        *,
        answer: int | None = None,
        for_good: bool = False,
        for_all: bool = False,
    ) -> None:
        self.trouble = trouble
        self.answer = answer
        self.for_good = for_good
        self.for_all = for_all
        super().__init__(trouble.value)  # never the server's own words: they repeat the address


class Carrier(Protocol):
    """A way out of the house."""

    def carry(self, parcel: Parcel) -> None:
        """Hand a message over, or raise `NotCarried`."""

    def close(self) -> None:
        """End what is open."""
