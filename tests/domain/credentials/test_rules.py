"""A credential as bytes: read strictly, and no changed letter keeps its signature."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from app.core.signing import EcdsaKey
from app.domain.credentials.rules import (
    LONGEST_JWS,
    Issuer,
    UnreadableCredential,
    Words,
    claims_of,
    digest_of,
    read_jws,
    sealed_jws,
)

WORDS = Words(
    certificate="CN-4M7P2Q8",
    record_number=12,
    name="Miến dong Bình Lư",
    producer="Hợp tác xã Bình Lư",
    commune="Xã Bình Lư",
    star=4,
    product_code="12-03390-01-2026",
    decision="1268/QĐ-UBND",
    authority="Ủy ban nhân dân tỉnh Lai Châu",
    issued_on=date(2026, 11, 24),
    last_day=date(2029, 11, 24),
)
KEY = EcdsaKey(1, ec.generate_private_key(ec.SECP256R1()))
SEALED = sealed_jws(
    claims_of(WORDS, Issuer("https://ocop.example")),
    kid=1,
    at=datetime(2026, 11, 24, tzinfo=UTC),
    sign=KEY.sign,
)
LETTERS = "ABCxyz019-_."


@given(place=st.integers(0, len(SEALED) - 1), letter=st.sampled_from(LETTERS))
def test_no_changed_letter_keeps_the_signature(place: int, letter: str) -> None:
    changed = SEALED[:place] + letter + SEALED[place + 1 :]
    try:
        jws = read_jws(changed)
    except UnreadableCredential:
        assert changed != SEALED
        return
    holds = KEY.verifying_key.verifies(jws.signed, jws.signature)
    assert holds is (changed == SEALED)


@given(st.one_of(st.text(max_size=200), st.from_regex(r"[\w-]{1,40}\.[\w-]{1,40}\.[\w-]{1,40}")))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    with suppress(UnreadableCredential):
        assert isinstance(read_jws(text).header, dict)


def test_a_deep_header_or_a_long_text_is_refused() -> None:
    for text in (f"{'W1tb' * 120}.e30.AAAA", "A" * (LONGEST_JWS + 1), "e30.e30", "W10.e30.AAAA"):
        with pytest.raises(UnreadableCredential):
            read_jws(text)


def test_the_same_words_have_the_same_digest_and_another_address_has_another() -> None:
    here = claims_of(WORDS, Issuer("https://ocop.example/"))
    assert digest_of(here) == digest_of(claims_of(WORDS, Issuer("https://ocop.example")))
    assert digest_of(here) != digest_of(claims_of(WORDS, Issuer("https://khac.example")))
    invented = claims_of(WORDS, Issuer("https://ocop.example", invented=True))
    assert "KHÔNG CÓ GIÁ TRỊ" in invented["description"]
