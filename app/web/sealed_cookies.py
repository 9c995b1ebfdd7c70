"""Short-lived cookies that only this server reads and writes: a way to the provider and back."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response

from app.core.sealing import make_sealing_key, opened, sealed
from app.core.settings import Settings
from app.core.signing import KeyFileError
from app.domain.accounts.queries import secret_hash
from app.web.deps import VisitorPage

ATTEMPT = "attempt"
PROOF = "proof"
KEPT_SECONDS = 600
_ABOUT = "single sign-on"
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Proof:
    """Whom the provider showed to somebody who was invited, until they chose a name here."""

    issuer: str
    subject: str
    name: str


def shut(content: Mapping[str, object], settings: Settings, *, about: str, at: datetime) -> str:
    """Return a content that only this server opens, for one purpose, within ten minutes."""
    key = make_sealing_key(settings.answer_key_dir)
    text = json.dumps({**content, "at": at.timestamp()}).encode()
    return base64.urlsafe_b64encode(sealed(key, text, about=f"{_ABOUT} {about}")).decode()


def open_shut(text: str, settings: Settings, *, about: str, at: datetime) -> dict[str, str]:
    """Return what was shut for this purpose; empty when it was not, or too long ago."""
    if not text or len(text) > _LONGEST:
        return {}
    try:
        shut_bytes = base64.urlsafe_b64decode(text)
        key = make_sealing_key(settings.answer_key_dir)
        content = json.loads(opened(key, shut_bytes, about=f"{_ABOUT} {about}"))
    except (KeyFileError, ValueError):
        return {}
    age = at.timestamp() - float(content.pop("at"))
    return {name: str(said) for name, said in content.items()} if 0 <= age < KEPT_SECONDS else {}


def keep(answer: Response, name: str, text: str, settings: Settings) -> None:
    """Let the browser hold a shut content for ten minutes, hidden from scripts and other sites."""
    answer.set_cookie(
        _cookie(name, settings),
        text,
        max_age=KEPT_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def kept(request: Request, name: str, settings: Settings) -> str:
    """Return the shut content a browser holds."""
    return request.cookies.get(_cookie(name, settings), "")


def forget(answer: Response, name: str, settings: Settings) -> None:
    """Let the browser hold it no longer."""
    answer.delete_cookie(
        _cookie(name, settings), path="/", secure=settings.secure_cookies, httponly=True
    )


def keep_proof(
    answer: Response, proof: Proof, token: str, settings: Settings, *, at: datetime
) -> None:
    """Remember whom the provider showed, for the one invitation they came with."""
    content = {"issuer": proof.issuer, "subject": proof.subject, "name": proof.name}
    keep(answer, PROOF, shut(content, settings, about=_invitation(token), at=at), settings)


def proof_of(page: VisitorPage, token: str) -> Proof | None:
    """Return whom the provider showed to this browser for this invitation, if it did."""
    settings = page.settings
    text = kept(page.request, PROOF, settings)
    content = open_shut(text, settings, about=_invitation(token), at=page.at)
    return Proof(**content) if content else None


def forget_proof(answer: Response, settings: Settings) -> None:
    """Forget whom the provider showed."""
    forget(answer, PROOF, settings)


def _invitation(token: str) -> str:
    return f"{PROOF} {secret_hash(token)}"


def _cookie(name: str, settings: Settings) -> str:
    return f"{'__Host-' if settings.secure_cookies else ''}ocop_provider_{name}"
