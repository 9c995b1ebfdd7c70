"""JSON Web Signatures in their compact form (RFC 7515), ES256 by keys of our JWKS and nothing else.

`BASE64URL(header).BASE64URL(payload).BASE64URL(signature)`. The same words sealed by the same key at
the same moment give the same bytes. What a text is allowed to mean is never taken from the text: who
checks says which `typ` is expected and hands in the keys (RFC 8725, 3.1 and 3.11).
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ALGORITHM = "ES256"
LONGEST_JWS = 8_192
_LONGEST_HEADER = 512
_PARTS = 3


class UnreadableJwsError(Exception):
    """A text is no JWS in its one spelling."""


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS taken apart; nothing of it is trusted yet."""

    header: Mapping[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes

    @property
    def kid(self) -> int | None:
        """The number of the key it names, if it is shaped like one of ours."""
        kid = self.header.get("kid")
        if not isinstance(kid, str) or not (kid.isascii() and kid.isdecimal()):
            return None
        number = int(kid)
        return number if str(number) == kid else None

    def is_of(self, typ: str) -> bool:
        """Tell whether it claims our algorithm and this type, and asks for nothing we do not know."""
        header = self.header
        return (
            header.get("alg") == ALGORITHM
            and header.get("typ") == typ
            and "crit" not in header
            and "b64" not in header
        )


def sealed(
    payload: Mapping[str, Any],
    *,
    typ: str,
    kid: int,
    at: datetime,
    sign: Callable[[bytes], bytes],
    **header: str,
) -> str:
    """Return a payload with its moment (`iat`) as a signed text in three parts."""
    head = {"alg": ALGORITHM, "kid": str(kid), "typ": typ} | header
    body = {**payload, "iat": int(at.timestamp())}
    signed = f"{base64url(canonical(head))}.{base64url(canonical(body))}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def read(text: str, *, longest: int = LONGEST_JWS) -> Jws:
    """Take a text apart, strictly; what comes back is well-formed, not yet known to be signed.

    Refused (`UnreadableJwsError`): more than `longest` signs, another number of parts, anything but
    base64url in its one spelling (a signature must not have two), a header that is no small object.
    """
    parts = text.split(".")
    if len(text) > longest or len(parts) != _PARTS or len(parts[0]) > _LONGEST_HEADER:
        raise UnreadableJwsError
    header, payload, signature = (_bytes(part) for part in parts)
    try:
        head = json.loads(header)
    except (ValueError, RecursionError) as broken:
        raise UnreadableJwsError from broken
    if not isinstance(head, dict):
        raise UnreadableJwsError
    return Jws(head, payload, f"{parts[0]}.{parts[1]}".encode(), signature)


def canonical(value: Any) -> bytes:
    """Return JSON in one spelling: keys in order, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def base64url(raw: bytes) -> str:
    """Write bytes in base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(part: str) -> bytes:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as broken:
        raise UnreadableJwsError from broken
    if not raw or base64url(raw) != part:
        raise UnreadableJwsError
    return raw
