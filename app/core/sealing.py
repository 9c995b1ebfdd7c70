"""What is kept sealed in the database: AES-256-GCM under a key that lies in a file of the server.

Whoever copies the database alone reads nothing of it. The key is made at the first need; it is never
replaced by itself, as everything sealed before would stay shut.
"""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.signing import KeyFileError, load_secret, make_secret

_KEY_NAME = "second-factors.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12


def make_sealing_key(directory: Path) -> bytes:
    """Return the key of this installation, making it when there is none yet (mode 0600)."""
    return make_secret(directory, _KEY_NAME, _KEY_BYTES)


def sealing_key(directory: Path) -> bytes:
    """Return the key of this installation; a KeyFileError when it is gone, cut or open to others."""
    return load_secret(directory, _KEY_NAME, _KEY_BYTES)


def sealed(key: bytes, content: bytes, *, about: str) -> bytes:
    """Return a content shut under a key; `about` says whose it is: it opens only with that said again."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, about.encode())


def opened(key: bytes, shut: bytes, *, about: str) -> bytes:
    """Return a sealed content; a KeyFileError when it was shut under another key or is another's."""
    try:
        return AESGCM(key).decrypt(shut[:_NONCE_BYTES], shut[_NONCE_BYTES:], about.encode())
    except InvalidTag as wrong:
        raise KeyFileError("this was sealed under another key") from wrong
