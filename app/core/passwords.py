"""Password hashing: Argon2id with the parameters OWASP names for small machines."""

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1),))
# Checked when the account does not exist, so that both answers take the same time.
_STAND_IN = _HASHER.hash("no account has this password")


def hash_password(password: str) -> str:
    """Return an Argon2id hash with its parameters and salt inside."""
    return _HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Tell whether the password is right; an unknown account costs the same time as a known one."""
    right = _HASHER.verify(password, hashed or _STAND_IN)
    return right and hashed is not None
