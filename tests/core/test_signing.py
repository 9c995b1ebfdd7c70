"""Keys and signatures: files nobody else may read, one form of a signature, nothing trusted twice."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from app.core.signing import (
    EcdsaKey,
    KeyFileError,
    KeyRing,
    VerifyingKey,
    create_key,
    create_pepper,
    kids_in,
    load_key,
    load_pepper,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
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


def test_the_pepper_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    directory = tmp_path / "answer-keys"
    with pytest.raises(KeyFileError):
        load_pepper(directory)
    pepper = create_pepper(directory)
    assert len(pepper) == 32
    assert create_pepper(directory) == load_pepper(directory) == pepper
    assert stat.S_IMODE((directory / "pin.pepper").stat().st_mode) == 0o600
    (directory / "pin.pepper").write_bytes(pepper[:-1])
    with pytest.raises(KeyFileError, match="32"):
        load_pepper(directory)
    (directory / "pin.pepper").chmod(0o640)
    with pytest.raises(KeyFileError, match="0600"):
        load_pepper(directory)


# --- signatures that are none, in the manner of the well-known collections ------------------------

MESSAGE = b"OCOP-STAMP-v1\0sixteen bytes..."
R, S = (int.from_bytes(half, "big") for half in (KEY.sign(MESSAGE)[:32], KEY.sign(MESSAGE)[32:]))
EDGES = {
    "0": 0,
    "1": 1,
    "2": 2,
    "n/2": ORDER // 2,
    "n-1": ORDER - 1,
    "n": ORDER,
    "n+1": ORDER + 1,
    "p-n": FIELD - ORDER,
    "p-1": FIELD - 1,
    "p": FIELD,
    "p+1": FIELD + 1,
    "all ones": 2**256 - 1,
}


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.mark.parametrize("name", EDGES)
def test_numbers_at_the_edge_of_the_curve_sign_nothing(name: str) -> None:
    edge = EDGES[name]
    key = KEY.verifying_key
    assert key.verifies(MESSAGE, raw(R, S))
    for signature in (raw(edge, S), raw(R, edge), *(raw(edge, other) for other in EDGES.values())):
        assert not key.verifies(MESSAGE, signature)
        assert not key.verifies(b"", signature)


def test_a_signature_put_together_otherwise_is_none() -> None:
    other = KEY.sign(MESSAGE + b"?")
    der = encode_dss_signature(R, S)
    whole = raw(R, S)
    for name, signature in {
        "halves swapped": raw(S, R),
        "the high s": raw(R, ORDER - S),
        "the negative r": raw(ORDER - R, S),
        "of another message": other,
        "r of another message": other[:32] + whole[32:],
        "s of another message": whole[:32] + other[32:],
        "DER": der,
        "DER cut to size": der[:64],
        "DER filled up": der[:62].ljust(64, b"\0"),
        "empty": b"",
        "one half": whole[:32],
        "a byte short": whole[:-1],
        "a byte before": b"\0" + whole,
        "a byte behind": whole + b"\0",
        "a byte moved": b"\0" + whole[:-1],
        "twice": whole * 2,
        "zeroes": bytes(64),
        "ones": b"\xff" * 64,
        "the other end first": whole[31::-1] + whole[:31:-1],
        "as hexadecimal digits": whole.hex().encode(),
    }.items():
        assert not KEY.verifying_key.verifies(MESSAGE, signature), name


def test_each_bit_of_a_signature_counts() -> None:
    number = int.from_bytes(raw(R, S), "big")
    assert not any(
        KEY.verifying_key.verifies(MESSAGE, (number ^ 1 << bit).to_bytes(64, "big"))
        for bit in range(512)
    )


def test_no_other_key_signed_it() -> None:
    stranger = EcdsaKey(7, ec.generate_private_key(ec.SECP256R1())).verifying_key
    assert not stranger.verifies(MESSAGE, raw(R, S))


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()])
def test_a_point_of_another_curve_is_no_key_whatever_it_calls_itself(
    curve: ec.EllipticCurve,
) -> None:
    numbers = ec.generate_private_key(curve).public_key().public_numbers()
    size = (curve.key_size + 7) // 8
    told = {
        name: base64.urlsafe_b64encode(value.to_bytes(size, "big")).rstrip(b"=").decode()
        for name, value in (("x", numbers.x), ("y", numbers.y))
    }
    with pytest.raises(KeyFileError):
        VerifyingKey.from_jwk(dict(KEY.verifying_key.jwk()) | told)


def test_the_point_at_infinity_is_no_key() -> None:
    nothing = base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()
    with pytest.raises(KeyFileError):
        VerifyingKey.from_jwk(dict(KEY.verifying_key.jwk()) | {"x": nothing, "y": nothing})
