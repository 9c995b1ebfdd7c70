"""A telephone with an authenticator app: read off the set-up page what it would scan, tell its codes."""

import re
from datetime import timedelta

import pyotp
from fastapi.testclient import TestClient

from app.core.clock import now

_KEY = re.compile(r'class="mono key">([A-Z2-7 ]+)<')


class Telephone:
    """An app that holds one secret; each code it tells is a later one, as if half a minute went by."""

    def __init__(self, secret: str) -> None:
        self._totp = pyotp.TOTP(secret.replace(" ", ""))
        self._told = self._totp.timecode(now()) - 2

    def code(self) -> str:
        """Return the next code that the server has not been given; at most three within half a minute."""
        self._told = max(self._told + 1, self._totp.timecode(now()) - 1)
        return self._totp.generate_otp(self._told)

    def old_code(self) -> str:
        """Return the code of three minutes ago."""
        return self._totp.at(now() - timedelta(minutes=3))


def set_up(client: TestClient) -> tuple[Telephone, list[str]]:
    """Turn the second factor on for whoever is signed in; return their telephone and printed codes."""
    client.post("/account/second-factor", data={"_key": "bat-dau-1"})
    telephone = Telephone(key_shown(client.get("/account/second-factor").text))
    answer = client.post(
        "/account/second-factor/confirm", data={"_key": "xac-nhan-1", "code": telephone.code()}
    )
    assert answer.status_code == 200, answer.text
    return telephone, codes_shown(answer.text)


def key_shown(page: str) -> str:
    """Return the secret a set-up page tells to type."""
    found = _KEY.search(page)
    assert found is not None, page
    return found[1]


def codes_shown(page: str) -> list[str]:
    """Return the printed codes of a page."""
    return re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})", page)
