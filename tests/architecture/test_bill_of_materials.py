"""`make sbom` tells every package a server runs, with its version and hashes."""

import json
import os
import subprocess
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT
from tests.architecture.test_repository import pins


def test_the_bill_lists_every_locked_package(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    command = ["make", "-s", "-o", ".venv/development", "sbom"]
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    subprocess.run(command, cwd=ROOT, env=environment | {"SBOM": str(bill)}, check=True)
    told = json.loads(bill.read_text(encoding="utf-8"))
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "ocop-lai-chau"
    found: dict[str, set[str]] = {}
    for component in told["components"]:
        found.setdefault(canonicalize_name(component["name"]), set()).add(component["version"])
    assert found == {name: set(versions) for name, versions in pins("requirements.lock").items()}
    hashed = [
        one
        for one in told["components"]
        if any(reference.get("hashes") for reference in one["externalReferences"])
    ]
    assert len(hashed) == len(told["components"])
