"""Limits on attempts: signing in is counted by account and by network."""

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.core.errors import Refused


class TooManyAttempts(Refused):
    """Too many attempts from here, or on this account."""

    code = "too_many_attempts"
    message = "Thử quá nhiều lần. Hãy đợi {minutes} phút rồi thử lại."
    retry_after_seconds = 300


class LoginLimit:
    """Counts failed sign-ins of an account and of a network address in this process."""

    def __init__(self, rate: str) -> None:
        self._rate = parse(rate)
        self._counter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, *, username: str, network: str) -> None:
        """Refuse when either has failed too often of late."""
        keys = (("account", username.casefold()[:60]), ("network", network))
        if not all(self._counter.test(self._rate, *key) for key in keys):
            raise TooManyAttempts(minutes=TooManyAttempts.retry_after_seconds // 60)

    def failed(self, *, username: str, network: str) -> None:
        """Count a failed attempt for both."""
        self._counter.hit(self._rate, "account", username.casefold()[:60])
        self._counter.hit(self._rate, "network", network)
