"""The signing process and the server: who can read which key, who ends whom, what commands say."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import col, select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.core.signing import create_pepper, kids_in
from app.domain.recognition.models import Certificate
from app.domain.stamps.actions import create_stamp_key
from app.domain.stamps.enums import BatchState, KeyPurpose
from app.domain.stamps.models import Stamp, StampBatch
from tests.architecture.source import ROOT, python_files
from tests.factories.people import HOME, People
from tests.factories.processes import children_of
from tests.factories.recognition import (
    SIGNATURE,
    import_certificate,
    locked_dossier,
    make_decision,
)
from tests.factories.stamps import digits_of, make_batch
from tests.journeys.program import Program

OCOP = "from app.cli import main; main()"
NOBODY = 65_534
WAIT_SECONDS = 60.0
# A root without these two rights obeys the modes of files like anybody else.
UNPRIVILEGED = """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
        raise SystemExit("the right to open every file cannot be given up")
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""

Ocop = Callable[..., Result]
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    return lambda *words: CliRunner().invoke(cli, list(words))


class House:
    """An installation whose server and whose signing process are different people."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.environment = os.environ | {
            "OCOP_DATA_DIR": str(settings.data_dir),
            "OCOP_DATABASE_URL": settings.database_url,
            "OCOP_STAMP_HOST": settings.stamp_host,
            "OCOP_PORT": "0",
        }
        self.is_root = os.getuid() == 0

    def lock_keys(self) -> None:
        """Put the keys of stamps out of the reach of the server: another owner's, or nobody's."""
        directory = self.settings.private_key_dir
        if self.is_root:
            for place in (directory, *directory.iterdir()):
                os.chown(place, NOBODY, NOBODY)
            # The socket of the tests' own PostgreSQL lies in a folder that another user owns.
            for folder in parse_qs(urlsplit(self.settings.database_url).query).get("host", []):
                Path(folder).chmod(0o711)
        else:
            directory.chmod(0)

    def _command(self, *words: str, trusted: bool) -> list[str]:
        start = [sys.executable, "-c"]
        return [*start, *([] if trusted or not self.is_root else [UNPRIVILEGED]), OCOP, *words]

    def sign_once(self, *, trusted: bool = True) -> str:
        """Run the signing process; return all that it says."""
        if trusted and not self.is_root:
            self.settings.private_key_dir.chmod(0o700)
        try:
            ended = subprocess.run(
                self._command("sign", "--once", trusted=trusted),
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, ended.stdout
        finally:
            if trusted and not self.is_root:
                self.settings.private_key_dir.chmod(0)
        return ended.stdout

    @contextmanager
    def serving(
        self, *, trusted: bool = True, beside: bool = True
    ) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
        """Run the real server; lend its process and its address, and make an end of it."""
        log = self.settings.data_dir / "server.log"
        with (
            log.open("wb") as out,
            subprocess.Popen(
                self._command("serve", trusted=trusted),
                cwd=ROOT,
                env=self.environment | {"OCOP_SIGNER_BESIDE": str(beside).lower()},
                stdout=out,
                stderr=subprocess.STDOUT,
            ) as server,
        ):
            try:
                address = re.compile(r"running on (http://\S+)")
                until(lambda: server.poll() is not None or bool(address.search(log.read_text())))
                found = address.search(log.read_text())
                assert found, log.read_text()
                yield server, found[1]
            finally:
                server.kill()


def until(is_so: Callable[[], bool]) -> None:
    """Look again and again until something is so."""
    for _ in range(int(WAIT_SECONDS / 0.02)):
        if is_so():
            return
        Event().wait(0.02)
    raise AssertionError("nothing happened")


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_server_that_cannot_read_the_keys_does_all_its_work_and_the_signer_the_rest(
    engine: Engine, settings: Settings
) -> None:
    house = House(settings)
    with transaction(engine) as session:
        people = People(session, now())
        create_stamp_key(session, settings.private_key_dir, 7, at=now())
        create_stamp_key(session, settings.answer_key_dir, 8, at=now(), purpose=KeyPurpose.ANSWERS)
        certificate = import_certificate(session, people).code
        decision = make_decision(session, people, locked_dossier(session, people))
        people.officer()
        people.head()
        people.signer()
        code, version, decision_id = decision.code, decision.version, decision.id
    create_pepper(settings.answer_key_dir)
    house.lock_keys()
    assert "0 tem" in house.sign_once(trusted=False)

    with (
        house.serving(trusted=False, beside=False) as (_server, address),
        httpx.Client(base_url=f"{address}/api/v1", timeout=60) as client,
    ):
        program = Program(client, engine)
        officer = f"canbo{HOME}"
        batch = program.post(
            officer,
            "/batches",
            {
                "certificate": certificate,
                "quantity": 60,
                "packs_a_year": 3_000,
                "purpose": "Tết",
                "with_pin": True,
            },
        )
        path = f"/batches/{batch['code']}"
        for who, step in (("truongcoquan", "approve"), ("canbotinh", "issue")):
            seen = program.get(who, path).json()["version"]
            program.post(who, f"{path}/{step}", {"version": seen})
        program.post("lanhdaotinh", f"/decisions/{code}/sign", {"version": version, **SIGNATURE})

        refused = house.sign_once(trusted=False)
        assert "không có khóa ký tem" in refused
        assert "Đã ký 0 tem, 0 giấy chứng nhận" in refused
        assert program.get("canbotinh", path).json()["issued_count"] == 0

        assert "Đã ký 60 tem, 2 giấy chứng nhận" in house.sign_once()
        assert program.get("canbotinh", path).json()["issued_count"] == 60
        with reading(engine) as session:
            stamp = session.exec(select(Stamp).where(col(Stamp.place) == 1)).one()
            digits = digits_of(stamp)
            signed = session.exec(
                select(Certificate.code).where(col(Certificate.decision_id) == decision_id)
            ).one()
        told = client.get(f"/verify/{digits}").json()
        assert told["verdict"] == "not_activated"
        assert client.get(f"/register/{signed}/credential").status_code == 200


@only_sqlite
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_signs_beside_itself_and_its_signer_ends_with_it_however_it_ends(
    engine: Engine, settings: Settings, ending: signal.Signals
) -> None:
    with transaction(engine) as session:
        make_batch(
            session,
            People(session, now()),
            settings.private_key_dir,
            state=BatchState.ISSUING,
            quantity=70,
        )

    def is_issued() -> bool:
        with reading(engine) as seen:
            return seen.exec(select(StampBatch.state)).one() is BatchState.ISSUED

    with House(settings).serving() as (server, _address):
        until(is_issued)
        [signer] = children_of(server.pid)
        assert is_alive(signer)
        server.send_signal(ending)
        code = server.wait(WAIT_SECONDS)
        assert code == (0 if ending is signal.SIGTERM else -ending)
        until(lambda: not is_alive(signer))


@only_sqlite
def test_a_signer_that_dies_is_started_again(settings: Settings) -> None:
    with House(settings).serving() as (server, _address):
        [first] = children_of(server.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: children_of(server.pid) not in ([first], []))
    assert "Tiến trình ký đã dừng" in (settings.data_dir / "server.log").read_text()


@only_sqlite
def test_a_signer_told_to_end_ends_without_a_fault(settings: Settings) -> None:
    house = House(settings)
    with subprocess.Popen(
        [sys.executable, "-c", OCOP, "sign", "--watch", "0.05"],
        cwd=ROOT,
        env=house.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as signer:
        assert signer.stderr is not None
        assert "chưa có khóa ký câu trả lời" in signer.stderr.readline()
        signer.send_signal(signal.SIGTERM)
        assert signer.wait(WAIT_SECONDS) == 0
        assert signer.stderr.read() == "", "what cannot be done is told once"


@only_sqlite
def test_keys_are_made_rotated_listed_and_retired_by_command(
    ocop: Ocop, settings: Settings
) -> None:
    assert ocop("stamp-key", "create").exit_code == 0
    assert ocop("stamp-key", "create", "--purpose", "answers").exit_code == 0
    no_root = ocop("stamp-key", "export-root")
    assert no_root.exit_code == 1
    assert (
        ocop("stamp-key", "create", "20", "--purpose", "root", "--from", "2026-01-01").exit_code
        == 0
    )
    assert ocop("stamp-key", "create", "--purpose", "khac").exit_code == 2
    assert (kids_in(settings.private_key_dir), kids_in(settings.answer_key_dir)) == ((1, 20), (2,))
    rotated = ocop("stamp-key", "rotate")
    assert "Đã tạo khóa số 21 (stamps), ký từ ngày" in rotated.output
    assert ocop("stamp-key", "rotate").exit_code == 1
    last = ocop("stamp-key", "retire", "2")
    assert last.exit_code == 1
    assert "duy nhất" in last.output
    assert ocop("stamp-key", "retire", "2", "--force").exit_code == 0
    listed = ocop("stamp-key", "list").output.splitlines()
    assert [line.split()[:2] for line in listed] == [
        ["1", "stamps"],
        ["2", "answers"],
        ["20", "root"],
        ["21", "stamps"],
    ]
    assert "01/01/2026 – nay" in listed[2]
    assert "40000001–80000000" in listed[3]
    exported = json.loads(ocop("stamp-key", "export-root").output)
    assert exported["kid"] == "20"
    assert "d" not in exported
    assert ocop("stamp-key", "pepper").exit_code == 0
    assert (settings.answer_key_dir / "pin.pepper").stat().st_size == 32


def test_the_signing_log_is_summed_and_a_wrong_signature_fails_the_command(
    ocop: Ocop, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        batch = make_batch(
            session,
            People(session, now()),
            settings.private_key_dir,
            state=BatchState.ISSUED,
            quantity=60,
            roll_size=50,
        ).code
    answer = ocop("stamp-key", "log", "--verify")
    assert answer.exit_code == 0, answer.output
    assert re.search(rf"khóa +7 +{batch} +2 dòng +62 chữ ký +62 tem", answer.output)
    assert "62 con tem và nhãn cuộn. Mọi chữ ký đều đúng." in answer.output
    with transaction(engine) as session:
        one, other = session.exec(select(Stamp).limit(2)).all()
        one.signature = other.signature
    assert ocop("stamp-key", "log").exit_code == 0
    broken = ocop("stamp-key", "log", "--verify")
    assert broken.exit_code == 1
    assert "KHÔNG KHỚP: 1 chỗ khác" in broken.output


def test_no_door_names_a_private_key_of_stamps() -> None:
    for source in python_files("app/web", "app/api", "app/http"):
        for name in (
            "private_key_dir",
            "load_key",
            "signing_key",
            "create_key",
            "settings.key_dir",
        ):
            assert name not in source.text, f"{source.place} names {name}"
