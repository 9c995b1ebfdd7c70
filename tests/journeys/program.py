"""A program that calls the API as several people, and the ways several journeys share."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import Engine

from app.core.clock import today
from app.core.settings import Settings
from app.domain.accounts.enums import Scope
from app.domain.dossiers.enums import DossierPart
from tests.factories.dossiers import filled_report
from tests.factories.people import token_for


class Program:
    """A real HTTP client with a token a person; every unsafe call carries a key of its own."""

    def __init__(self, client: httpx.Client, engine: Engine) -> None:
        self._engine = engine
        self._tokens: dict[str, str] = {}
        self._client = client

    def _headers(self, username: str) -> dict[str, str]:
        if username not in self._tokens:
            self._tokens[username] = token_for(self._engine, username, *Scope)
        return {"authorization": f"Bearer {self._tokens[username]}"}

    def get(self, username: str, path: str) -> httpx.Response:
        """Read something as this person."""
        answer = self._client.get(path, headers=self._headers(username))
        assert answer.status_code == 200, answer.text
        return answer

    def post(self, username: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Do something as this person and return what came of it."""
        return self._send("POST", username, path, json=body or {})

    def put(self, username: str, path: str, body: dict[str, Any]) -> Any:
        """Write something as this person and return what came of it."""
        return self._send("PUT", username, path, json=body)

    def upload(self, username: str, path: str, fields: dict[str, str], file: bytes) -> Any:
        """Send a file with its fields as this person."""
        return self._send(
            "POST",
            username,
            path,
            data=fields,
            files={"file": ("phieu-kiem-nghiem.pdf", file, "application/pdf")},
        )

    def refused(self, username: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Try something as this person; return the problem that comes back."""
        headers = self._headers(username) | {"idempotency-key": str(uuid4())}
        answer = self._client.post(path, headers=headers, json=body)
        assert answer.status_code in {403, 404, 409, 422}, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        problem: dict[str, Any] = answer.json()
        return problem

    def _send(self, method: str, username: str, path: str, **content: Any) -> Any:
        headers = self._headers(username) | {"idempotency-key": str(uuid4())}
        answer = self._client.request(method, path, headers=headers, **content)
        assert answer.status_code in {200, 201}, f"{method} {path}: {answer.text}"
        again = self._client.request(method, path, headers=headers, **content)
        assert again.headers.get("idempotent-replay") == "true", f"{method} {path}: {again.text}"
        assert again.json() == answer.json()
        return answer.json()


def through_commune(program: Program, code: str, officer: str, leader: str) -> None:
    """Take a filed dossier through its commune: check, report, signature, proposal."""
    version = program.get(officer, f"/dossiers/{code}").json()["version"]
    every = [{"part": part, "complete": True} for part in DossierPart]
    program.put(officer, f"/dossiers/{code}/components", {"items": every, "version": version})
    report = program.put(
        officer, f"/dossiers/{code}/commune-report", filled_report().model_dump(mode="json")
    )
    program.post(
        leader,
        f"/dossiers/{code}/commune-report/sign",
        {
            "report_number": "27/BC-UBND",
            "signed_title": "Phó Chủ tịch UBND xã",
            "version": report["version"],
        },
    )
    version = program.get(leader, f"/dossiers/{code}").json()["version"]
    program.post(
        leader,
        f"/dossiers/{code}/propose",
        {"proposal_number": "58/UBND-KT", "version": version},
    )


def next_round(program: Program, agency: str) -> str:
    """Open the next round that still takes proposals (26/2026/QĐ-TTg art. 5.1)."""
    day = today()
    year, ordinal = (day.year, 1) if (day.month, day.day) < (4, 29) else (day.year, 2)
    if (day.month, day.day) >= (10, 29):
        year, ordinal = day.year + 1, 1
    return str(program.post(agency, "/rounds", {"year": year, "ordinal": ordinal})["code"])


def sign_once(settings: Settings) -> None:
    """Let the signing process do what waits for it: a process of its own, which holds the keys."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ocop"), "sign", "--once"],
        env=os.environ
        | {
            "OCOP_DATA_DIR": str(settings.data_dir),
            "OCOP_DATABASE_URL": settings.database_url,
            "OCOP_KEY_DIR": str(settings.private_key_dir),
            "OCOP_PUBLIC_URL": settings.public_url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
