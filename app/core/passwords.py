"""Passwords: Argon2id with the parameters OWASP names for small machines, and lists of known ones."""

import hashlib
import secrets
from pathlib import Path
from typing import BinaryIO

from argon2.low_level import Type, hash_secret_raw
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_TIME_COST, _MEMORY_KIB, _LANES = 2, 19456, 1
HASHER = PasswordHash(
    (Argon2Hasher(time_cost=_TIME_COST, memory_cost=_MEMORY_KIB, parallelism=_LANES),)
)
# Checked when the account does not exist, so that both answers take the same time.
_STAND_IN = HASHER.hash("no account has this password")

_SALT_BYTES = 16
_CODE_BYTES = 16
_SHA1_DIGITS = 40
_BLOCK_BYTES = 256  # longer than any line of such a file: forty digits, a colon, how often


def hash_password(password: str) -> str:
    """Return an Argon2id hash with its parameters and salt inside."""
    return HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Tell whether the password is right; an unknown account costs the same time as a known one."""
    right = HASHER.verify(password, hashed or _STAND_IN)
    return right and hashed is not None


def new_salt() -> bytes:
    """Return the salt of a new list of codes."""
    return secrets.token_bytes(_SALT_BYTES)


def salt_of(hashed: str) -> bytes:
    """Return the salt a stored code was hashed with."""
    return bytes.fromhex(hashed[: 2 * _SALT_BYTES])


def hash_code(code: str, salt: bytes) -> str:
    """Return salt and Argon2id hash of a printed code, 64 digits: too short to be hashed quickly."""
    digest = hash_secret_raw(
        code.encode(),
        salt,
        time_cost=_TIME_COST,
        memory_cost=_MEMORY_KIB,
        parallelism=_LANES,
        hash_len=_CODE_BYTES,
        type=Type.ID,
    )
    return salt.hex() + digest.hex()


def is_in_hash_file(place: Path, password: str) -> bool:
    """Tell whether a file of SHA-1 hashes in ascending order, one a line, holds this password's.

    Such files count hundreds of millions of breached passwords: it is halved on the disk, some
    thirty small reads, and never loaded. What stands behind the hash on its line does not matter.
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with place.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        while low < high:  # the line looked for begins in low..high
            middle = (low + high) // 2
            begins, line = _line_from(file, middle)
            digits = line[:_SHA1_DIGITS].upper()
            if digits == wanted:
                return True
            if not digits or digits > wanted:
                high = middle
            else:
                low = begins + len(line)
    return False


def _line_from(file: BinaryIO, place: int) -> tuple[int, bytes]:
    """Return where the first line that begins at a place or after it begins, and the line."""
    file.seek(max(0, place - 1))
    block = file.read(2 * _BLOCK_BYTES)
    begins = 0 if place == 0 else block.find(b"\n") + 1
    if place and not begins:
        return place, b""
    ends = block.find(b"\n", begins)
    line = block[begins:] if ends < 0 else block[begins : ends + 1]
    return max(0, place - 1) + begins if place else 0, line
