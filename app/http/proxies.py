"""Whose word about the caller is believed: a proxy of ours says for whom it asks, nobody else.

The address of a request is the sender's own unless that is a trusted proxy; then it is the last one of
X-Forwarded-For that is no trusted proxy, which that proxy wrote. What a sender puts before it is never read.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from starlette.types import Scope

FROM_PROXY = "ocop.proxy"  # in the scope of a request that a trusted proxy handed over
_LONGEST = 200


class Proxies:
    """The networks of an installation's own proxies."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._networks = tuple(networks)
        self._known = lru_cache(maxsize=4096)(self._looked_up)

    def settle(self, scope: Scope) -> None:
        """Write down who asks, and over http or https, where a trusted proxy tells."""
        if not self._networks or not scope.get("client") or not self._known(scope["client"][0]):
            return
        scope[FROM_PROXY] = True
        told: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                told += value.split(b",")
            elif name == b"x-forwarded-proto" and value in {b"http", b"https"}:
                scope["scheme"] = value.decode()
        for one in reversed(told):
            host = one.decode("latin-1").strip()
            if not self._known(host):
                if _is_address(host):
                    scope["client"] = (host, 0)
                return

    def _looked_up(self, host: str) -> bool:
        if not _is_address(host):
            return False
        address = ip_address(host)
        return any(address in network for network in self._networks)


def _is_address(host: str) -> bool:
    try:
        ip_address(host[:_LONGEST])
    except ValueError:
        return False
    return True
