"""How an answer may be packed on its way: what a caller takes, and the two codings that all of them know."""

import gzip
from functools import lru_cache

import brotli  # type: ignore[import-untyped]  # -- brings no types

Headers = list[tuple[bytes, bytes]]
BROTLI: Headers = [(b"content-encoding", b"br"), (b"vary", b"Accept-Encoding")]
GZIP: Headers = [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
PLAIN: Headers = [(b"vary", b"Accept-Encoding")]
BROTLI_QUALITY = 5
_GZIP_LEVEL = 6


@lru_cache(maxsize=256)
def accepted_codings(header: bytes) -> frozenset[str]:
    """Return the codings an Accept-Encoding takes (RFC 9110, 12.5.3); only those with a word of their own."""
    taken = set()
    for item in header.decode("latin-1").lower().split(","):
        coding, _, weight = item.partition(";")
        name, _, quality = weight.strip().partition("=")
        refused = name.strip() == "q" and not quality.strip().strip("0.")
        if not refused:
            taken.add(coding.strip())
    return frozenset(taken)


def gzipped(body: bytes) -> bytes:
    """Return a body packed as every caller understands it."""
    return gzip.compress(body, _GZIP_LEVEL)


def brotlied(body: bytes) -> bytes:
    """Return a body packed as every browser understands it."""
    packed: bytes = brotli.compress(body, quality=BROTLI_QUALITY)
    return packed
