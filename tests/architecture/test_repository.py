"""What is committed: nothing of one machine, no package address, and locks that fit pyproject."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT

PACKAGE_ADDRESS = re.compile(
    r"https?://[^\s\"'<>/]*(?:pypi|pythonhosted|npmjs|registry\.|artifactory|nexus|devpi)"
    r"|https?://\S+\.(?:whl|tar\.gz|tgz|deb)\b"
    r"|^\s*--(?:extra-)?(?:index-url|find-links|trusted-host)\b"
    r'|"resolved"\s*:',
    re.IGNORECASE | re.MULTILINE,
)
HOME_FOLDER = re.compile(r"(?<![\w.:/-])/(?:root|Users|home)/[\w.-]+")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
ASKED_BY_PROJECT = "ocop-lai-chau (pyproject.toml"


def committed_files() -> list[Path]:
    """Return the files git knows, as far as they are still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def committed_texts() -> Iterator[tuple[str, str]]:
    """Return every committed text with its place."""
    for path in committed_files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT).as_posix(), content.decode("utf-8")


def test_no_committed_file_names_a_package_address() -> None:
    found = [
        f"{place}: {match.group()}"
        for place, text in committed_texts()
        for match in PACKAGE_ADDRESS.finditer(text)
    ]
    assert not found, "\n".join(found)


def test_no_committed_file_names_a_folder_of_one_machine() -> None:
    here = (str(ROOT), str(ROOT.parent / "shared"))
    found = [
        place
        for place, text in committed_texts()
        if HOME_FOLDER.search(text) or any(f"{folder}/" in text for folder in here)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "https://" + "mirror.pypi" + ".example/simple",
        "https://somewhere.example/" + "a-1.0.tar" + ".gz",
        "--extra-" + "index-url x",
    ],
)
def test_a_package_address_is_recognised(text: str) -> None:
    assert PACKAGE_ADDRESS.search(text)


def test_what_is_made_is_not_committed() -> None:
    made = {".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"}
    found = [path for path in committed_files() if made & set(path.relative_to(ROOT).parts)]
    assert not found
    assert not (ROOT / "uv.lock").exists()


def asked(group: str | None = None) -> list[Requirement]:
    """Return what pyproject.toml asks for: the program's own needs, or those of a group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = project["dependency-groups"][group] if group else project["project"]["dependencies"]
    return [Requirement(line) for line in lines]


def pins(lock: str) -> dict[str, list[str]]:
    """Return the versions a lock names; a package may have one for each kind of machine."""
    found: dict[str, list[str]] = {}
    for name, version in PIN.findall((ROOT / lock).read_text(encoding="utf-8")):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", [None]), ("requirements-dev.lock", [None, "dev"])]
)
def test_the_lock_answers_everything_pyproject_asks(lock: str, groups: list[str | None]) -> None:
    locked = pins(lock)
    for requirement in (line for group in groups for line in asked(group)):
        versions = locked.get(canonicalize_name(requirement.name), [])
        assert versions, f"{lock} lacks {requirement.name}: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), (
            f"{lock} holds {requirement.name} {versions}, asked: {requirement.specifier}: make lock"
        )


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", [None]), ("requirements-dev.lock", [None, "dev"])]
)
def test_the_lock_holds_nothing_pyproject_stopped_asking_for(
    lock: str, groups: list[str | None]
) -> None:
    wanted = {canonicalize_name(line.name) for group in groups for line in asked(group)}
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8"))
    for entry in entries:
        if ASKED_BY_PROJECT in entry and (pin := PIN.match(entry)):
            assert canonicalize_name(pin[1]) in wanted, f"{lock} still holds {pin[1]}: make lock"


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"]
)
def test_every_pin_carries_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8"))
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries if PIN.match(entry))


def test_developers_run_the_same_versions_as_servers() -> None:
    server, developer = pins("requirements.lock"), pins("requirements-dev.lock")
    assert all(developer.get(name) == versions for name, versions in server.items())
