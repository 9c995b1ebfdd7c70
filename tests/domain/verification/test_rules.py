"""One verdict out of the stamp, its certificate and the day."""

import pytest

from app.domain.recognition.enums import Standing
from app.domain.stamps.enums import StampState, Verdict
from app.domain.verification.rules import CARRIES_STAR, MESSAGES, verdict_of


@pytest.mark.parametrize(
    ("state", "worth", "said"),
    [
        (StampState.ACTIVATED, Standing.VALID, Verdict.VALID),
        (StampState.ACTIVATED, Standing.RENEWAL_WINDOW, Verdict.VALID),
        (StampState.ACTIVATED, Standing.LATE, Verdict.LATE),
        (StampState.ACTIVATED, Standing.EXPIRED, Verdict.EXPIRED),
        (StampState.ACTIVATED, Standing.SUPERSEDED, Verdict.SUPERSEDED),
        (StampState.ACTIVATED, Standing.REVOKED, Verdict.REVOKED),
        (StampState.ISSUED, Standing.VALID, Verdict.NOT_ACTIVATED),
        (StampState.ISSUED, Standing.LATE, Verdict.NOT_ACTIVATED),
        (StampState.ISSUED, Standing.EXPIRED, Verdict.EXPIRED),
        (StampState.SUSPENDED, Standing.VALID, Verdict.SUSPENDED),
        (StampState.VOID, Standing.REVOKED, Verdict.VOID),
        (StampState.VOID, Standing.VALID, Verdict.VOID),
        (None, Standing.VALID, Verdict.VALID),
        (None, Standing.EXPIRED, Verdict.EXPIRED),
    ],
)
def test_the_stamp_speaks_before_its_certificate_and_that_before_the_calendar(
    state: StampState | None, worth: Standing, said: Verdict
) -> None:
    assert verdict_of(state, worth) is said


@pytest.mark.parametrize("state", list(StampState))
@pytest.mark.parametrize("worth", list(Standing))
def test_a_specimen_is_never_anything_else(state: StampState, worth: Standing) -> None:
    assert verdict_of(state, worth, specimen=True) is Verdict.SPECIMEN


def test_only_an_active_stamp_with_a_certificate_in_force_carries_the_star() -> None:
    good = {
        (state, worth)
        for state in StampState
        for worth in Standing
        if verdict_of(state, worth) in CARRIES_STAR
    }
    assert good == {
        (StampState.ACTIVATED, Standing.VALID),
        (StampState.ACTIVATED, Standing.RENEWAL_WINDOW),
        (StampState.ACTIVATED, Standing.EXTENDED),
        (StampState.ACTIVATED, Standing.LATE),
    }


def test_every_verdict_has_a_sentence_and_none_says_genuine() -> None:
    assert set(MESSAGES) == set(Verdict)
    assert not any("hàng thật" in sentence.casefold() for sentence in MESSAGES.values())
