"""What is found out of star, worth and stamp, and that every finding has its words in two languages."""

import string

import pytest

from app.domain.claims.enums import Finding, Reason
from app.domain.claims.rules import ENGLISH, FINDING_OF, MESSAGES, reason_of
from app.domain.recognition.enums import Standing
from app.domain.recognition.rules import IN_FORCE
from app.domain.stamps.enums import StampState


@pytest.mark.parametrize("worth", list(Standing))
@pytest.mark.parametrize("stamp", [None, *StampState])
@pytest.mark.parametrize("claimed", [3, 4, 5])
def test_only_the_registered_star_in_force_matches_and_never_on_a_stamp_that_must_not_be_used(
    worth: Standing, stamp: StampState | None, claimed: int
) -> None:
    found = FINDING_OF[reason_of(star=4, worth=worth, claimed=claimed, stamp=stamp)]
    good = worth in IN_FORCE and claimed == 4 and stamp in {None, StampState.ACTIVATED}
    assert (found is Finding.MATCH) is good
    assert found is not Finding.UNKNOWN


def test_every_reason_says_the_same_in_two_languages() -> None:
    assert set(MESSAGES) == set(ENGLISH) == set(FINDING_OF) == set(Reason)
    for reason in Reason:
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (MESSAGES[reason], ENGLISH[reason])
        ]
        assert names[0] == names[1], reason
        assert ENGLISH[reason].isascii()
        assert "hàng thật" not in MESSAGES[reason]
