"""Keys and signatures: files nobody else may read, one form of a signature, nothing trusted twice."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from app.core.signing import (
    EcdsaKey,
    KeyFileError,
    KeyRing,
    VerifyingKey,
    create_key,
    kids_in,
    load_key,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEY = EcdsaKey(7, ec.generate_private_key(ec.SECP256R1()))


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    create_key(tmp_path / "keys", 7)
    place = tmp_path / "keys" / "es256-007.pem"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert kids_in(tmp_path / "keys") == (7,)
    assert [path.name for path in place.parent.iterdir()] == ["es256-007.pem"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    first = create_key(tmp_path, 7)
    with pytest.raises(KeyFileError):
        create_key(tmp_path, 7)
    assert load_key(tmp_path, 7).verifying_key.jwk() == first.verifying_key.jwk()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    create_key(tmp_path, 7)
    (tmp_path / "es256-007.pem").chmod(mode)
    with pytest.raises(KeyFileError, match="0600"):
        load_key(tmp_path, 7)


def test_a_process_without_the_file_cannot_sign(tmp_path: Path) -> None:
    assert kids_in(tmp_path / "nowhere") == ()
    with pytest.raises(KeyFileError):
        load_key(tmp_path, 7)


@pytest.mark.parametrize("kid", [-1, 256])
def test_a_key_number_fits_the_token(tmp_path: Path, kid: int) -> None:
    with pytest.raises(KeyFileError):
        create_key(tmp_path, kid)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "es256-007.pem"
    other = ec.generate_private_key(ec.SECP384R1())
    place.write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    place.chmod(0o600)
    with pytest.raises(KeyFileError, match="P-256"):
        load_key(tmp_path, 7)
    place.write_bytes(b"not a key")
    with pytest.raises(KeyFileError):
        load_key(tmp_path, 7)


@given(st.binary(max_size=200))
def test_signing_is_deterministic_and_the_s_is_low(message: bytes) -> None:
    signature = KEY.sign(message)
    assert signature == KEY.sign(message)
    assert len(signature) == 64
    assert int.from_bytes(signature[32:], "big") <= ORDER // 2
    assert KEY.verifying_key.verifies(message, signature)
    assert not KEY.verifying_key.verifies(message + b"x", signature)


@given(st.binary(max_size=40))
def test_the_other_form_of_a_signature_is_refused(message: bytes) -> None:
    signature = KEY.sign(message)
    high = ORDER - int.from_bytes(signature[32:], "big")
    other = signature[:32] + high.to_bytes(32, "big")
    assert not KEY.verifying_key.verifies(message, other)


@given(st.binary(max_size=80))
def test_nothing_else_is_a_signature(signature: bytes) -> None:
    assert not KEY.verifying_key.verifies(b"message", signature)


def test_the_text_of_a_key_shows_no_secret() -> None:
    assert repr(KEY) == "EcdsaKey(kid=7)"


def test_a_published_key_is_read_back() -> None:
    jwk = KEY.verifying_key.jwk()
    assert set(jwk) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    ring = KeyRing.from_jwks({"keys": [jwk]})
    assert ring.kids == (7,)
    assert ring.jwks() == {"keys": [jwk]}
    assert ring.verifies(7, b"m", KEY.sign(b"m"))
    assert not ring.verifies(8, b"m", KEY.sign(b"m"))


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"use": "enc"},
        {"kid": 7},
        {"kid": "007"},
        {"kid": "256"},
        {"x": "AAAA"},
        {"x": "!" * 43},
        {"y": None},
        {"d": "secret"},
    ],
)
def test_a_key_that_is_not_quite_one_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(KeyFileError):
        VerifyingKey.from_jwk(dict(KEY.verifying_key.jwk()) | change)


def test_a_point_beside_the_curve_is_refused() -> None:
    jwk = KEY.verifying_key.jwk()
    with pytest.raises(KeyFileError, match="curve"):
        VerifyingKey.from_jwk(jwk | {"x": jwk["y"]})


def test_two_keys_with_one_number_are_refused() -> None:
    jwk = KEY.verifying_key.jwk()
    with pytest.raises(KeyFileError):
        KeyRing.from_jwks({"keys": [jwk, jwk]})
    with pytest.raises(KeyFileError):
        KeyRing.from_jwks({"keys": "x"})
