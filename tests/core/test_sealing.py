"""What is sealed in the database opens with the key of the server alone, for whom it was sealed."""

from pathlib import Path

import pytest

from app.core.sealing import make_sealing_key, opened, sealed, sealing_key
from app.core.signing import KeyFileError


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "keys"
    with pytest.raises(KeyFileError, match=r"no readable second-factors\.key"):
        sealing_key(place)
    key = make_sealing_key(place)
    assert make_sealing_key(place) == sealing_key(place) == key
    assert (place / "second-factors.key").stat().st_mode & 0o777 == 0o600
    (place / "second-factors.key").chmod(0o640)
    with pytest.raises(KeyFileError, match="read by others"):
        sealing_key(place)


def test_a_sealed_secret_says_nothing_and_opens_for_whom_it_was_sealed(tmp_path: Path) -> None:
    key = make_sealing_key(tmp_path)
    shut = sealed(key, b"secret", about="1")
    assert b"secret" not in shut
    assert sealed(key, b"secret", about="1") != shut
    assert opened(key, shut, about="1") == b"secret"
    for other, about, content in (
        (key, "2", shut),
        (bytes(32), "1", shut),
        (key, "1", shut[:-1] + bytes([shut[-1] ^ 1])),
    ):
        with pytest.raises(KeyFileError, match="another key"):
            opened(other, content, about=about)
