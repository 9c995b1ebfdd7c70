"""Limits on attempts: signing in is counted by account and network, what anybody may send by network."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from limits import RateLimitItem, parse, parse_many
from limits.storage import MemoryStorage

from app.core import clock
from app.core.errors import Refused
from app.core.rates import Counts

_A_HOUSE_OF_IPV6 = 64


class TooManyAttempts(Refused):
    """Too many attempts from here, or on this account."""

    code = "too_many_attempts"
    message = "Thử quá nhiều lần. Hãy đợi {minutes} phút rồi thử lại."
    retry_after_seconds = 300


@dataclass(frozen=True, slots=True)
class MovingWindow:
    """Counts in a window that moves with the time, wherever the counts are kept."""

    counts: Counts

    def hit(self, rate: RateLimitItem, *key: str) -> bool:
        """Count one more, if there is room for it; tell whether there was."""
        return self.counts.acquire_entry(rate.key_for(*key), rate.amount, rate.get_expiry())

    def wait(self, rate: RateLimitItem, *key: str) -> int:
        """Return after how many seconds there is room again, 0 when there is now."""
        expiry = rate.get_expiry()
        began, hits = self.counts.get_moving_window(rate.key_for(*key), rate.amount, expiry)
        if hits < rate.amount:
            return 0
        return max(1, ceil(began + expiry - clock.now().timestamp()))


class LoginLimit:
    """Counts failed sign-ins of an account, of a browser that is known there, and of a network.

    Several windows make the wait grow with the failures, never beyond the longest of them: nobody
    can lock an account up. And whoever signed in from a browser before is counted there alone, so
    that strangers who guess at the account elsewhere do not keep its owner out.
    """

    WRONG_CODES = "5/day"  # of one session: it ends with the last of them

    def __init__(self, rates: str, of_network: str, counts: Counts | None = None) -> None:
        self._rates = parse_many(rates)
        self._of_network = parse_many(of_network)
        self._wrong_codes = parse_many(self.WRONG_CODES)
        self._window = MovingWindow(counts or MemoryStorage())

    def check(self, *, username: str, network: str, device: str = "") -> None:
        """Refuse when there were too many failures of late, with the seconds until there is room."""
        wait = max(
            self._wait(self._rates, *self._whose(username, device)),
            self._wait(self._of_network, "network", network_of(network)),
        )
        if wait:
            refusal = TooManyAttempts(minutes=ceil(wait / 60))
            refusal.retry_after_seconds = wait
            raise refusal

    def failed(self, *, username: str, network: str, device: str = "") -> bool:
        """Count a failed attempt; tell whether this account or browser has to wait by now."""
        whose = self._whose(username, device)
        for rate in self._rates:
            self._window.hit(rate, *whose)
        for rate in self._of_network:
            self._window.hit(rate, "network", network_of(network))
        return self._wait(self._rates, *whose) > 0

    def wrong_code(self, login_id: int) -> bool:
        """Count a wrong second factor in one session; tell whether it was the last it may have."""
        for rate in self._wrong_codes:
            self._window.hit(rate, "code", str(login_id))
        return self._wait(self._wrong_codes, "code", str(login_id)) > 0

    @staticmethod
    def _whose(username: str, device: str) -> tuple[str, str]:
        return ("device", device) if device else ("account", username.strip().casefold()[:60])

    def _wait(self, rates: list[RateLimitItem], *key: str) -> int:
        """Return after how many seconds there is room again under every rate, 0 when there is now."""
        return max(self._window.wait(rate, *key) for rate in rates)


class FloodLimit:
    """Counts what came from one sender, whatever became of it.

    `name` keeps apart what is counted in the same place.
    """

    def __init__(self, rate: str, name: str = "", counts: Counts | None = None) -> None:
        self._rate = parse(rate)
        self._name = name
        self._window = MovingWindow(counts or MemoryStorage())

    def count(self, *sender: str) -> None:
        """Count one more; refuse when it is too much, with the seconds until there is room again."""
        if self._window.hit(self._rate, self._name, *sender):
            return
        wait = max(1, self._window.wait(self._rate, self._name, *sender))
        refusal = TooManyAttempts(minutes=ceil(wait / 60))
        refusal.retry_after_seconds = wait
        raise refusal


class TooManyScans(TooManyAttempts):
    """Too many codes were asked about from this network."""

    code = "too_many_scans"
    message = "Có quá nhiều lượt hỏi từ mạng này. Hãy đợi {seconds} giây rồi hỏi lại."


class ScanLimit:
    """Counts scans of a network in this process, before anything is looked at: a leaky bucket each.

    Cheap enough to stand before a signature check of a tenth of a millisecond. Forgets all at once
    when very many networks have asked: room is bounded, and so is what a flood gains by that.
    """

    MOST_NETWORKS = 20_000

    def __init__(self, rate: str, *, workers: int = 1) -> None:
        """Take the rate of the whole server; each worker lets its part of it through."""
        item = parse(rate)
        self._most = item.amount / workers
        self._seconds_each = item.get_expiry() / self._most
        self._full_until: dict[str, float] = {}

    def count(self, host: str, *, at: float) -> None:
        """Count one more from an address at a moment (in seconds); refuse when its bucket is full."""
        network = _network(host)
        begins = self._full_until.get(network, at)
        if not 0 < begins - at <= self._most * self._seconds_each:  # empty; or the clock was set
            begins = at
        ends = begins + self._seconds_each
        wait = ends - at - self._most * self._seconds_each
        if wait > 0:
            seconds = max(1, ceil(wait))
            refusal = TooManyScans(seconds=seconds)
            refusal.retry_after_seconds = seconds
            raise refusal
        if len(self._full_until) >= self.MOST_NETWORKS:
            self._full_until.clear()
        self._full_until[network] = ends


def network_of(host: str) -> str:
    """Return the network behind an address: itself, or the /64 that a house has with IPv6."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _A_HOUSE_OF_IPV6), strict=False))
    return host


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    return network_of(host)
