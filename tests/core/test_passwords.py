"""What a password costs whoever stole its hash: told by the product itself, in a process of its own."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.passwords import hash_code, is_in_hash_file, new_salt, salt_of
from tests.architecture.source import ROOT

_ASKED = "from app.core.passwords import hash_password; print(hash_password('hoa ban'))"


def test_the_product_hashes_with_argon2id_at_the_cost_owasp_names() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _ASKED], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def line_of(password: str, times: int) -> str:
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    return f"{digest}:{times}"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 500])
def test_a_breached_password_is_found_on_the_disk_wherever_it_lies(
    tmp_path: Path, ending: str, count: int
) -> None:
    place = tmp_path / "breached.txt"
    breached = [f"mat khau {number}" for number in range(count)]
    lines = sorted(line_of(password, 10 ** (len(password) % 8)) for password in breached)
    place.write_bytes(ending.join([*lines, ""] if count % 2 else lines).encode())
    assert all(is_in_hash_file(place, password) for password in breached)
    assert not any(is_in_hash_file(place, f"khong co {number}") for number in range(100))


def test_a_printed_code_is_hashed_as_slowly_as_a_password_and_with_its_salt() -> None:
    salt = new_salt()
    hashed = hash_code("K7M2Q-0XW4D", salt)
    assert len(hashed) == 64
    assert salt_of(hashed) == salt
    assert hash_code("K7M2Q-0XW4D", salt) == hashed
    assert hash_code("K7M2Q-0XW4D", new_salt()) != hashed
    assert hash_code("K7M2Q-0XW4E", salt) != hashed
