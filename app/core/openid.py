"""Signing in at a provider of accounts by OpenID Connect: what goes over the network, nothing else.

Authorization code with PKCE (S256), state and nonce. Only https is spoken, plain http with a provider
on this very machine; no redirect is followed; every answer is waited for so long and read so far. What
a provider says of itself (its metadata and keys) is asked once an hour; keys again when a token names
one that is not known, at most once a minute.
"""

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from app.core.account_providers import ProviderSettings, is_safe

SCOPE = "openid profile"
_METADATA_KEPT = timedelta(hours=1)
_KEYS_ASKED_AGAIN = timedelta(minutes=1)
_CLOCK_SKEW_SECONDS = 60
_LARGEST_ANSWER = 1024 * 1024
_LONGEST_SUBJECT = 255
# Only what a public key verifies: with a shared secret, whoever checks could also have signed.
_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
_SHORTEST_VERIFIER = 64


class ProviderSilent(Exception):  # noqa: N818 -- an answer of the network, told to people
    """The provider does not answer, or says that it cannot now."""


class ProviderWrong(Exception):  # noqa: N818 -- an answer of the network, told to people
    """The provider answered what no provider may: the reason is for the log, never for a page."""


class CodeRefused(Exception):  # noqa: N818 -- an answer of the provider, told to people
    """The provider does not take this code (any more)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to the provider and back: what must come back, and what only we know."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """Who a provider says somebody is; `means` are its words for how they showed it."""

    issuer: str
    subject: str
    name: str
    means: frozenset[str]


def new_attempt() -> Attempt:
    """Return fresh secrets for one way to the provider and back."""
    return Attempt(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(_SHORTEST_VERIFIER),
    )


class Provider:
    """One provider, as one process knows it."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._metadata: dict[str, Any] = {}
        self._metadata_at: datetime | None = None
        self._keys: KeySet | None = None
        self._keys_at: datetime | None = None

    async def address(self, attempt: Attempt, *, at: datetime) -> str:
        """Return where to send a browser to sign in."""
        metadata = await self._known(at)
        with _told(), self._client() as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address)

    async def shown(
        self, code: str, attempt: Attempt, *, said_issuer: str = "", at: datetime
    ) -> Shown:
        """Return who came back with a code; the identity token is checked against all we know.

        Signature by a key of the provider, issuer, audience, times (a minute of skew), nonce.
        """
        metadata = await self._known(at)
        is_named = bool(metadata.get("authorization_response_iss_parameter_supported"))
        if (said_issuer or is_named) and said_issuer != self.settings.issuer:
            raise ProviderWrong("the answer names another issuer")
        token = await self._token(metadata["token_endpoint"], code, attempt)
        claims = await self._claims(token, attempt, at=at)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise ProviderWrong("the subject is no text of up to 255 characters")
        return Shown(
            issuer=self.settings.issuer,
            subject=subject,
            name=_text(claims.get("name")) or _text(claims.get("preferred_username")),
            means=frozenset([_text(claims.get("acr")), *_texts(claims.get("amr"))]) - {""},
        )

    async def way_out(self, back: str, *, at: datetime) -> str | None:
        """Return where a browser ends its session at the provider; None where it offers no such way."""
        address = (await self._known(at)).get("end_session_endpoint")
        if not isinstance(address, str) or not is_safe(address, local=self.settings.is_local):
            return None
        query = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": back})
        return f"{address}{'&' if '?' in address else '?'}{query}"

    # --- what the provider says of itself -----------------------------------------------------

    async def _known(self, at: datetime) -> Mapping[str, Any]:
        if self._metadata_at is None or at - self._metadata_at >= _METADATA_KEPT:
            issuer = self.settings.issuer
            found = await self._fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            lacking = [name for name in _NEEDED if not isinstance(found.get(name), str)]
            if lacking:
                raise ProviderWrong(f"its metadata lacks {', '.join(lacking)}")
            if found["issuer"] != issuer:
                raise ProviderWrong("its metadata names another issuer")
            if not all(is_safe(found[name], local=self.settings.is_local) for name in _NEEDED):
                raise ProviderWrong("its metadata names an address that is not https")
            self._metadata, self._metadata_at = found, at
            self._keys = None
        return self._metadata

    async def _key_set(self, *, at: datetime, again: bool = False) -> KeySet:
        if self._keys is None or again:
            found = await self._fetched(self._metadata["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]  # -- checked by it
            except (JoseError, ValueError, KeyError, TypeError) as broken:
                raise ProviderWrong("its keys cannot be read") from broken
            self._keys_at = at
        return self._keys

    async def _fetched(self, address: str) -> dict[str, Any]:
        async def fetch() -> bytes:
            read = b""
            async with (
                httpx2.AsyncClient(**self._ways()) as client,
                client.stream("GET", address) as answer,
            ):
                if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
                    raise ProviderSilent
                if answer.status_code != httpx2.codes.OK:
                    raise ProviderWrong(f"{address} answered {answer.status_code}")
                async for part in answer.aiter_bytes():
                    read += part
                    if len(read) > _LARGEST_ANSWER:
                        raise ProviderWrong(f"{address} answered too much")
            return read

        with _told():
            async with asyncio.timeout(self.settings.seconds):
                found = json.loads(await fetch())
        if not isinstance(found, dict):
            raise ProviderWrong(f"{address} answered no object")
        return found

    # --- the token ----------------------------------------------------------------------------

    async def _token(self, address: str, code: str, attempt: Attempt) -> Mapping[str, Any]:
        with _told(), self._client() as client:
            async with asyncio.timeout(self.settings.seconds), client:
                token = await client.fetch_token(address, code=code, code_verifier=attempt.verifier)
        if not isinstance(token, Mapping) or not isinstance(token.get("id_token"), str):
            raise ProviderWrong("there is no identity token")
        return token

    async def _claims(
        self, token: Mapping[str, Any], attempt: Attempt, *, at: datetime
    ) -> Mapping[str, Any]:
        said = self._metadata.get("id_token_signing_alg_values_supported")
        offered = said if isinstance(said, list) else ["RS256"]
        registry = JWSRegistry(
            algorithms=[name for name in _ALGORITHMS if name in offered],
            strict_check_header=False,
        )
        try:
            keys = await self._key_set(at=at)
            try:
                read = jwt.decode(token["id_token"], key=keys, registry=registry)
            except InvalidKeyIdError:
                if self._keys_at is not None and at - self._keys_at < _KEYS_ASKED_AGAIN:
                    raise
                keys = await self._key_set(at=at, again=True)
                read = jwt.decode(token["id_token"], key=keys, registry=registry)
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "values": [self.settings.issuer]},
                    "aud": {"essential": True, "values": [self.settings.client_id]},
                },
                {
                    "nonce": attempt.nonce,
                    "client_id": self.settings.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(  # type: ignore[no-untyped-call]  # -- the library tells no types
                now=int(at.timestamp()), leeway=_CLOCK_SKEW_SECONDS
            )
        except (JoseError, ValueError, TypeError, KeyError) as wrong:
            raise ProviderWrong(f"its identity token does not hold: {wrong}") from wrong
        return dict(claims)

    # --- ways -----------------------------------------------------------------------------------

    def _ways(self) -> dict[str, Any]:
        return {
            "timeout": self.settings.seconds,
            "follow_redirects": False,
            "trust_env": not self.settings.is_local,
        }

    @contextmanager
    def _client(self) -> Iterator[Any]:
        settings = self.settings
        yield AsyncOAuth2Client(  # type: ignore[no-untyped-call]  # -- the library tells no types
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            token_endpoint_auth_method=self._auth_method(),
            scope=SCOPE,
            redirect_uri=settings.redirect_uri,
            code_challenge_method="S256",
            **self._ways(),
        )

    def _auth_method(self) -> str:
        offered = self._metadata.get("token_endpoint_auth_methods_supported")
        if isinstance(offered, list) and "client_secret_basic" not in offered:
            return "client_secret_post"
        return "client_secret_basic"


@contextmanager
def _told() -> Iterator[None]:
    """Tell what went wrong on the network in the three words of this module."""
    try:
        yield
    except OAuthError as refused:
        if refused.error == "invalid_grant":
            raise CodeRefused from refused
        raise ProviderWrong(f"it refuses our request: {refused.error}") from refused
    except (httpx2.HTTPStatusError, httpx2.TransportError, TimeoutError, OSError) as silent:
        raise ProviderSilent from silent
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TypeError) as broken:
        raise ProviderWrong("its answer cannot be read") from broken


def _text(said: object) -> str:
    return said[:200] if isinstance(said, str) else ""


def _texts(said: object) -> Sequence[str]:
    return [_text(one) for one in said] if isinstance(said, list) else []
