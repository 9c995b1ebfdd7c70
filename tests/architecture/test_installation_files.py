"""Image, composition and proxy: what they name exists, what must be closed is closed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from app.cli import cli
from app.core.settings import Settings
from tests.architecture.source import ROOT

OURS = ("app1", "app2", "worker", "signer", "migrate", "seed", "backup")


@pytest.fixture(scope="module")
def composition() -> dict[str, Any]:
    """Return compose.yaml."""
    told: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return told


def environment(service: dict[str, Any]) -> dict[str, str]:
    given: dict[str, str] = service.get("environment", {})
    return given


def test_every_setting_that_is_given_is_one(composition: dict[str, Any]) -> None:
    known = {f"OCOP_{name}".upper() for name in Settings.model_fields}
    for name in OURS:
        given = environment(composition["services"][name])
        assert given
        assert set(given) <= known, name


def test_commands_of_our_image_are_commands(composition: dict[str, Any]) -> None:
    for name in OURS:
        words = composition["services"][name].get("command", ["serve"])
        asked = CliRunner().invoke(cli, [*words, "--help"])
        assert asked.exit_code == 0, (name, asked.output)


def test_our_containers_may_do_nothing_they_need_not(composition: dict[str, Any]) -> None:
    for name in OURS:
        service = composition["services"][name]
        assert service["read_only"] is True
        assert service["user"] == "10001"
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert not service.get("ports"), "only the proxy is reached from outside"
        assert not service.get("privileged")


def test_only_the_proxy_has_ports_and_only_the_signer_the_keys(composition: dict[str, Any]) -> None:
    services = composition["services"]
    assert [name for name, one in services.items() if one.get("ports")] == ["proxy"]
    holding = [
        name
        for name, one in services.items()
        if any(str(volume).startswith("keys:") for volume in one.get("volumes", []))
    ]
    assert holding == ["signer"]
    for name in ("app1", "app2", "worker"):
        assert environment(services[name])["OCOP_SIGNER_BESIDE"] == "false"
        assert "answer-keys:/answer-keys" in services[name]["volumes"]


def test_no_secret_stands_in_the_composition(composition: dict[str, Any]) -> None:
    for name, service in composition["services"].items():
        for key, value in environment(service).items():
            secret = re.search("PASSWORD|SECRET|TOKEN|ACCESS_KEY|ROOT_USER", key)
            assert not secret or (
                key.endswith("_FILE") and str(value).startswith("/run/secrets/")
            ), f"{name} {key}"
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), f"{name} {key}: a password"
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "secrets/" in ignored
    for told in composition["secrets"].values():
        assert told["file"].startswith("./secrets/")


def test_what_a_service_names_is_declared(composition: dict[str, Any]) -> None:
    services = composition["services"]
    for name, service in services.items():
        assert set(service.get("secrets", [])) <= set(composition["secrets"]), name
        assert set(service.get("networks", [])) <= set(composition["networks"]), name
        assert set(service.get("depends_on", [])) <= set(services), name
        for volume in service.get("volumes", []):
            source = re.sub(r"\$\{.*?\}", "", volume).split(":")[0]
            if not source:
                continue  # where whoever installs says
            if source.startswith("."):
                assert (ROOT / source).is_file(), source
            else:
                assert source in composition["volumes"], source
        for value in environment(service).values():
            for secret in re.findall(r"/run/secrets/([\w.]+)", str(value)):
                assert secret in service["secrets"], f"{name}: {secret}"


def test_the_proxy_is_the_one_who_is_believed(composition: dict[str, Any]) -> None:
    proxy = composition["services"]["proxy"]
    address = proxy["networks"]["door"]["ipv4_address"]
    for name in ("app1", "app2"):
        assert environment(composition["services"][name])["OCOP_TRUSTED_PROXIES"] == f"{address}/32"
    config = (ROOT / "app/deploy/haproxy.cfg").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)\}", config))
    assert asked == set(environment(proxy))


def test_images_are_named_by_version(composition: dict[str, Any]) -> None:
    for name, service in composition["services"].items():
        image, _, version = service["image"].rpartition(":")
        assert image, name
        assert version != "latest", name


def test_the_image_is_small_unprivileged_and_says_how_it_is(
    composition: dict[str, Any],
) -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    steps = [
        line.strip() for line in lines.replace("\\\n", " ").splitlines() if line and line[0] != "#"
    ]
    bases = [step.split()[1] for step in steps if step.startswith("FROM ")]
    built, backup, runs = bases
    assert built == runs, "what is built and what runs stand on the same ground"
    assert all(":" in base for base in bases)
    assert backup == composition["services"]["primary"]["image"], "programs fit their server"
    last = steps[max(index for index, step in enumerate(steps) if step.startswith("FROM ")) :]
    words = [step.split()[0] for step in last]
    assert words.index("USER") > max(index for index, word in enumerate(words) if word == "RUN")
    assert "USER 10001" in last
    assert "STOPSIGNAL SIGTERM" in last
    assert any(step.startswith("HEALTHCHECK") and "/healthz" in step for step in last)
    assert 'ENTRYPOINT ["ocop"]' in last
    assert not any(step.startswith("ADD ") for step in steps)
    assert any("--require-hashes" in step and "requirements.lock" in step for step in steps)
    for step in steps:
        if step.startswith("COPY ") and "--from" not in step:
            for source in step.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in (ROOT / ".dockerignore").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "script", sorted((ROOT / "app/deploy").rglob("*.sh")), ids=lambda p: p.name
)
def test_scripts_can_be_run_and_stop_at_the_first_fault(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in text
    assert script.stat().st_mode & 0o111
