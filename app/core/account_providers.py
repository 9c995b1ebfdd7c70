"""Which provider of accounts people may sign in at: settings alone, read by every command."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Which provider, and who we are there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    seconds: float

    @property
    def is_local(self) -> bool:
        """Whether the provider runs on this machine, so that plain http harms nobody."""
        return urlsplit(self.issuer).hostname in LOOPBACK


def is_safe(address: str, *, local: bool) -> bool:
    """Tell whether an address may be called: https, or a provider of this machine calling itself."""
    parts = urlsplit(address)
    if not parts.hostname or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (
        local and parts.scheme == "http" and parts.hostname in LOOPBACK
    )
