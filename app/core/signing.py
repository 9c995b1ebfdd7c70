"""ES256 signatures for printed codes: key files, signing, and checking against published keys.

Signatures are raw r‖s, 64 bytes, with a deterministic nonce (RFC 6979) and the smaller of the two
possible s. A checker never takes an algorithm or a key from what it checks: the key number picks a
key of the ring, and every key of the ring is P-256 with SHA-256.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

SIGNATURE_BYTES = 64
HIGHEST_KID = 255

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF_BYTES = 32
_PEPPER_NAME = "pin.pepper"
_PEPPER_BYTES = 32
_FILE_NAME = re.compile(r"es256-(\d{3})\.pem")
_ALGORITHM = ec.ECDSA(hashes.SHA256())
_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class KeyFileError(Exception):
    """A key cannot be made, read or trusted: a matter for whoever runs the installation."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half of a key and its number."""

    kid: int
    public: ec.EllipticCurvePublicKey

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> Self:
        """Read a public key; refuse any other curve, algorithm or use, and any private part."""
        expected = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig"}
        if "d" in jwk or any(jwk.get(name) != value for name, value in expected.items()):
            raise KeyFileError("only public ES256 signature keys on P-256 are accepted")
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not re.fullmatch(r"0|[1-9]\d{0,2}", kid, re.ASCII):
            raise KeyFileError("a key number is a decimal string")
        numbers = ec.EllipticCurvePublicNumbers(
            x=_coordinate(jwk.get("x")), y=_coordinate(jwk.get("y")), curve=_CURVE
        )
        try:
            return cls(_checked_kid(int(kid)), numbers.public_key())
        except ValueError as off_curve:
            raise KeyFileError("the point of a key is not on the curve") from off_curve

    def jwk(self) -> dict[str, str]:
        """Return the key as published in a JWKS."""
        numbers = self.public.public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": _base64url(numbers.x),
            "y": _base64url(numbers.y),
            "kid": str(self.kid),
            "alg": "ES256",
            "use": "sig",
        }

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key signed the message; a second form of a signature is refused."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        r = int.from_bytes(signature[:_HALF_BYTES], "big")
        s = int.from_bytes(signature[_HALF_BYTES:], "big")
        if not (0 < r < _ORDER and 0 < s <= _ORDER // 2):
            return False
        try:
            self.public.verify(encode_dss_signature(r, s), message, _ALGORITHM)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class EcdsaKey:
    """A private key and its number; its text form never shows the secret."""

    kid: int
    _private: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        """Show the number only."""
        return f"EcdsaKey(kid={self.kid})"

    @property
    def verifying_key(self) -> VerifyingKey:
        """The public half."""
        return VerifyingKey(self.kid, self._private.public_key())

    def sign(self, message: bytes) -> bytes:
        """Return r‖s over the message; the same message always gets the same signature."""
        r, s = decode_dss_signature(self._private.sign(message, _DETERMINISTIC))
        s = min(s, _ORDER - s)
        return r.to_bytes(_HALF_BYTES, "big") + s.to_bytes(_HALF_BYTES, "big")


class KeyRing:
    """The public keys a checker trusts, by number; it cannot sign."""

    def __init__(self, keys: Iterable[VerifyingKey]) -> None:
        self._keys: dict[int, VerifyingKey] = {}
        for key in keys:
            if key.kid in self._keys:
                raise KeyFileError(f"two keys bear the number {key.kid}")
            self._keys[key.kid] = key

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, object]) -> Self:
        """Read a published key set."""
        keys = jwks.get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, Mapping) for key in keys):
            raise KeyFileError("a key set has a list of keys")
        return cls(VerifyingKey.from_jwk(key) for key in keys)

    @property
    def kids(self) -> tuple[int, ...]:
        """The numbers of the keys, ascending."""
        return tuple(sorted(self._keys))

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the key set to publish, ordered by number."""
        return {"keys": [self._keys[kid].jwk() for kid in self.kids]}

    def verifies(self, kid: int, message: bytes, signature: bytes) -> bool:
        """Tell whether the key of this number signed the message; an unknown number did not."""
        key = self._keys.get(kid)
        return key is not None and key.verifies(message, signature)


def create_key(directory: Path, kid: int) -> EcdsaKey:
    """Make a private key and keep it in a file only its owner may read; never overwrite one."""
    place = _path_of(directory, kid)
    private = ec.generate_private_key(_CURVE)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    if not _write_once(place, pem):
        raise KeyFileError(f"there is already a key {kid} in {directory}")
    return EcdsaKey(kid, private)


def load_key(directory: Path, kid: int) -> EcdsaKey:
    """Read a private key; refuse a file that others may read, or that holds another kind of key."""
    place = _path_of(directory, kid)
    try:
        private = serialization.load_pem_private_key(_read_own(place), password=None)
    except OSError as missing:
        raise KeyFileError(f"no readable key {kid} in {directory}") from missing
    except (ValueError, TypeError) as broken:
        raise KeyFileError(f"{place} does not hold a private key") from broken
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != _CURVE.name:
        raise KeyFileError(f"{place} does not hold a P-256 key")
    return EcdsaKey(kid, private)


def kids_in(directory: Path) -> tuple[int, ...]:
    """Return the numbers of the private keys that lie in a directory, ascending."""
    if not directory.is_dir():
        return ()
    names = (_FILE_NAME.fullmatch(path.name) for path in directory.iterdir())
    return tuple(sorted(int(name[1]) for name in names if name))


def create_pepper(directory: Path) -> bytes:
    """Make the secret that scratch PINs are hashed with, 32 random bytes, unless there is one.

    It is never replaced: every PIN printed before would stop matching.
    """
    return make_secret(directory, _PEPPER_NAME, _PEPPER_BYTES)


def load_pepper(directory: Path) -> bytes:
    """Read the secret of scratch PINs; refuse a file that others may read, or a cut one."""
    return load_secret(directory, _PEPPER_NAME, _PEPPER_BYTES)


def make_secret(directory: Path, name: str, length: int) -> bytes:
    """Make a secret of so many random bytes in a file of its own, unless there is one; return it."""
    _write_once(directory / name, secrets.token_bytes(length))
    return load_secret(directory, name, length)


def load_secret(directory: Path, name: str, length: int) -> bytes:
    """Read a secret of so many bytes; refuse a file that others may read, or a cut one."""
    place = directory / name
    try:
        content = _read_own(place)
    except OSError as missing:
        raise KeyFileError(f"no readable {name} in {directory}") from missing
    if len(content) != length:
        raise KeyFileError(f"{place} does not hold {length} bytes")
    return content


def _write_once(place: Path, content: bytes) -> bool:
    """Keep a secret in a file only its owner may read; tell whether there was none before."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written whole under another name first: a crash leaves either no secret or a complete one.
    handle, draft = tempfile.mkstemp(dir=place.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, place)
    except FileExistsError:
        return False
    finally:
        Path(draft).unlink()
    return True


def _read_own(place: Path) -> bytes:
    if place.stat().st_mode & 0o077:
        raise KeyFileError(f"{place} may be read by others; its mode must be 0600")
    return place.read_bytes()


def _path_of(directory: Path, kid: int) -> Path:
    return directory / f"es256-{_checked_kid(kid):03}.pem"


def _checked_kid(kid: int) -> int:
    if not 0 <= kid <= HIGHEST_KID:
        raise KeyFileError(f"a key number lies between 0 and {HIGHEST_KID}")
    return kid


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(_HALF_BYTES, "big")).rstrip(b"=").decode()


def _coordinate(text: object) -> int:
    if not isinstance(text, str):
        raise KeyFileError("a key needs both coordinates")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as broken:
        raise KeyFileError("a coordinate is not base64url") from broken
    if len(raw) != _HALF_BYTES:
        raise KeyFileError("a coordinate has 32 bytes")
    return int.from_bytes(raw, "big")


# --- seals: what only this server can make and check, under a secret it never gives away -------


def seal(secret: str, purpose: str, message: bytes) -> str:
    """Return the HMAC-SHA256 of a message for one purpose, as hexadecimal digits."""
    return hmac.new(secret.encode(), purpose.encode() + b"\0" + message, hashlib.sha256).hexdigest()


def is_sealed(secret: str, purpose: str, message: bytes, told: str) -> bool:
    """Tell whether this seal was made here for this message and purpose."""
    return hmac.compare_digest(seal(secret, purpose, message), told)
