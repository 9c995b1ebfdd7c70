"""Codes of the second factor: six digits of an authenticator app (RFC 6238), or one of a printed list."""

import hmac
import re
import secrets
from datetime import datetime

import pyotp

from app.core.codes import ALPHABET, LETTERS

RECOVERY_CODES = 10
STEP_SECONDS = 30
_STEPS_EITHER_WAY = 1  # a clock may be half a minute wrong, and typing takes a while
_DIGITS = 6
_LETTERS_IN_HALF = 5
ISSUER = "OCOP Lai Chau"  # some apps show no other letters
# Read off paper: what looks like a digit of ours is that digit.
_LOOKALIKES = str.maketrans("ILO", "110")


def totp_address(secret: str, username: str) -> str:
    """Return what the QR symbol says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def matching_step(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """Return the step of thirty seconds whose code this is, None when it is none that may be taken.

    One step before and one after the present are taken as well; none up to `after`, the last one
    that was taken, so that no code works twice.
    """
    totp = pyotp.TOTP(secret, digits=_DIGITS, interval=STEP_SECONDS)
    now = totp.timecode(at)
    found = None
    for step in range(now - _STEPS_EITHER_WAY, now + _STEPS_EITHER_WAY + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > after and found is None:
            found = step
    return found


def totp_code_typed(text: str) -> str | None:
    """Return the six digits somebody typed, None when it is no code of an app."""
    digits = re.sub(r"[\s.-]", "", text)
    return digits if re.fullmatch(rf"[0-9]{{{_DIGITS}}}", digits) else None


def new_recovery_code() -> str:
    """Return a fresh code such as K7M2Q-0XW4D: nearly fifty random bits, nothing to mistake."""
    letters = [secrets.choice(LETTERS) for _ in range(2 * _LETTERS_IN_HALF)]
    return "".join((*letters[:_LETTERS_IN_HALF], "-", *letters[_LETTERS_IN_HALF:]))


def recovery_code_typed(text: str) -> str | None:
    """Return a code of the printed list as it was printed, None when it cannot be one."""
    letters = re.sub(r"[\s.-]", "", text).upper().translate(_LOOKALIKES)
    if len(letters) != 2 * _LETTERS_IN_HALF or any(one not in ALPHABET for one in letters):
        return None
    return f"{letters[:_LETTERS_IN_HALF]}-{letters[_LETTERS_IN_HALF:]}"
