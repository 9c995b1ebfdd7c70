"""Public codes of rows: short, sayable, with a check character, and no hint of how many exist."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
# Codes leave out the last one: modulo 31, a Z would weigh as much as a 0.
LETTERS = ALPHABET[:31]


def check_character(body: str) -> str:
    """Return the weighted mod-31 check character: catches every typo and neighbour swap."""
    return LETTERS[sum((i + 1) * LETTERS.index(c) for i, c in enumerate(body)) % len(LETTERS)]


def new_code(prefix: str) -> str:
    """Return a fresh code such as HS-7K2M9Q4: prefix, six random characters, one check character."""
    body = "".join(secrets.choice(LETTERS) for _ in range(6))
    return f"{prefix}-{body}{check_character(body)}"


def new_secret() -> str:
    """Return 256 random bits for a session or a token, as URL-safe text."""
    return secrets.token_urlsafe(32)
