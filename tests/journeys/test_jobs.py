"""Jobs from a page to the worker and back: files of printings, reports, imports, what is done each day.

The worker is the real one: here in the test's process, and as a process of its own that is told to end
in the middle of a job, killed without a word, and kept beside a server.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, func, select, update

from app import worker
from app.core.clock import now
from app.core.db import ReadSession, reading, transaction
from app.core.settings import Settings
from app.core.signing import create_pepper
from app.core.stocktaking import named_files
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import actor_of, find_user
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.exports.models import ExportFile, RegisterSnapshot
from app.domain.imports.actions import check_import, read_sent
from app.domain.imports.enums import ImportState
from app.domain.imports.models import ImportRun
from app.domain.jobs.actions import claim_next, put_down
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job
from app.domain.jobs.rules import SCHEDULE
from app.domain.producers.models import Producer
from app.domain.stamps.actions import ask_print_files, open_printing
from app.domain.stamps.enums import BatchState, PrintForm
from app.domain.stamps.schemas import OpenPrinting
from app.worker import LeaseLost, Task, Worker
from tests.architecture.source import ROOT
from tests.factories.large_register import fill_register
from tests.factories.people import People, signed_in, token_for
from tests.factories.processes import children_of
from tests.factories.served import served, wait_for
from tests.factories.stamps import make_batch
from tests.factories.workbooks import producer_row, workbook
from tests.web.page_checks import check_page

OCOP = "from app.cli import main; main()"
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def printing_of(
    engine: Engine,
    settings: Settings,
    *,
    quantity: int,
    roll_size: int,
    form: PrintForm = PrintForm.PRINT_HOUSE,
    with_pin: bool = False,
) -> tuple[str, str]:
    """Issue a batch and give all its rolls to a printer today; return both codes."""
    with transaction(engine) as session:
        people = People(session, now())
        people.administrator()
        people.inspector()
        batch = make_batch(
            session,
            people,
            settings.private_key_dir,
            state=BatchState.ISSUED,
            quantity=quantity,
            roll_size=roll_size,
            with_pin=with_pin,
        )
        wanted = OpenPrinting(version=batch.version, form=form, printer="Nhà in Thử Nghiệm")
        printing = open_printing(session, batch.code, wanted, actor=people.agency(), at=people.at)
        return batch.code, printing.code


def agency_of(session: ReadSession) -> Actor:
    """Return the officer of the agency who gave the rolls to the printer."""
    user = find_user(session, "canbotinh")
    assert user is not None
    return actor_of(session, user, at=now())


def at_work(engine: Engine, settings: Settings) -> int:
    """Do what waits, as a worker does it; return how many jobs that was."""
    return Worker(engine, settings, print).work_through(Event())


def job_now(engine: Engine) -> Job:
    """Return the only job there is, as the database has it."""
    with reading(engine) as session:
        job = session.exec(select(Job).order_by(col(Job.id))).first()
        assert job is not None
        session.expunge_all()
        return job


def key_of(page: str, address: str) -> str:
    """Return the key of the form of a page that is sent there."""
    found = re.search(
        rf'action="{address}"[^>]*><input type="hidden" name="_key" value="([^"]+)"', page
    )
    assert found is not None, page
    return found[1]


def press(client: TestClient, on: str, address: str, **typed: str) -> None:
    """Press the button of a page that posts to an address."""
    answer = client.post(address, data={"_key": key_of(client.get(on).text, address), **typed})
    assert answer.status_code == 303, answer.text


def test_files_of_a_large_printing_are_made_by_a_worker_and_go_with_the_printing(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    batch, printing = printing_of(engine, settings, quantity=1_002, roll_size=501)
    agency = signed_in(client, "canbotinh")
    page, files = f"/batches/{batch}/printings", f"/batches/{batch}/printings/{printing}/files"
    early = agency.get(f"{files}.zip")
    assert early.status_code == 409
    assert "Soạn tệp" in early.text

    press(agency, page, files)
    (code,) = set(re.findall(r"VN-[0-9A-Z]{7}", agency.get(page).text))
    waiting = agency.get(f"/jobs/{code}/progress").text
    assert "đang chờ đến lượt" in waiting
    assert f'hx-get="/jobs/{code}/progress"' in waiting
    shown = agency.get(f"/jobs/{code}").text
    check_page(shown)
    assert 'http-equiv="refresh"' in shown

    assert at_work(engine, settings) == 1
    done = agency.get(f"/jobs/{code}/progress").text
    assert f'href="{files}.zip"' in done
    assert "hx-get" not in done
    check_page(agency.get(page).text)
    archive = agency.get(f"{files}.zip")
    with ZipFile(BytesIO(archive.content)) as opened:
        assert len([name for name in opened.namelist() if name.endswith(".svg")]) == 1_004
    rest = agency.get(f"{files}.zip", headers={"range": "bytes=100-199"})
    assert (rest.status_code, rest.content) == (206, archive.content[100:200])

    token = {"authorization": f"Bearer {token_for(engine, 'canbotinh', Scope.STAMPS_READ)}"}
    told = client.get(f"/api/v1/jobs/{code}", headers=token).json()
    assert (told["state"], told["steps_done"], told["steps_of"]) == ("done", 2, 2)
    stranger = {"authorization": f"Bearer {token_for(engine, 'quanlythitruong')}"}
    assert client.get(f"/api/v1/jobs/{code}", headers=stranger).status_code == 404

    sha256 = told["result"]["sha256"]
    with reading(engine) as session:
        assert sha256 in named_files(session), "no sweep takes it away"
    press(agency, page, f"/batches/{batch}/printings/{printing}/close", version="1")
    assert agency.get(f"{files}.zip").status_code == 409
    assert at_work(engine, settings) == 1
    assert settings.files.find(sha256) is None
    check_page(agency.get(page).text)


def test_label_sheets_of_many_rolls_are_one_archive(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    batch, printing = printing_of(
        engine, settings, quantity=1_005, roll_size=1_001, form=PrintForm.SHEETS_25
    )
    agency = signed_in(client, "canbotinh")
    page = f"/batches/{batch}/printings"
    assert agency.get(f"{page}/{printing}/1.pdf").status_code == 409
    press(agency, page, f"{page}/{printing}/files")
    assert at_work(engine, settings) == 1
    with ZipFile(BytesIO(agency.get(f"{page}/{printing}/files.zip").content)) as archive:
        sizes = [(one.filename[-14:], one.file_size > 1000) for one in archive.infolist()]
    assert sizes == [("/cuon-0001.pdf", True), ("/cuon-0002.pdf", True)]


def test_a_job_that_cannot_be_done_is_shown_with_its_reason_and_done_once_that_is_mended(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    batch, printing = printing_of(engine, settings, quantity=50, roll_size=50, with_pin=True)
    with transaction(engine) as session:
        ask_print_files(session, batch, printing, actor=agency_of(session), at=now())
    assert at_work(engine, settings) == 1
    code = job_now(engine).code
    admin = signed_in(client, "quantri")
    listed = admin.get("/jobs")
    check_page(listed.text)
    assert "chưa có khóa mã cào" in listed.text
    assert "Traceback" not in listed.text
    assert [one["code"] for one in _jobs(client, engine, "quantri", "dead")] == [code]
    create_pepper(settings.answer_key_dir)
    press(admin, "/jobs", f"/jobs/{code}/retry")
    again = admin.post(f"/jobs/{code}/retry", data={"_key": "lam-lai-lan-nua"})
    assert again.status_code == 409
    assert at_work(engine, settings) == 1
    assert job_now(engine).state is JobState.DONE
    check_page(admin.get(f"/jobs/{code}").text)
    signed_in(client, "canbotinh")
    assert client.get(f"/batches/{batch}/printings/{printing}/files.zip").status_code == 200


def _jobs(client: TestClient, engine: Engine, who: str, state: str) -> list[dict[str, str]]:
    token = {"authorization": f"Bearer {token_for(engine, who)}"}
    found: list[dict[str, str]] = client.get(
        "/api/v1/jobs", params={"state": state}, headers=token
    ).json()["items"]
    return found


@only_sqlite
def test_reports_on_a_large_register_are_made_by_a_worker(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        People(session, now()).agency()
        fill_register(session, 1_001)
    agency = signed_in(client, "canbotinh")
    hidden = re.search(r'name="_key" value="([^"]+)"', agency.get("/reports").text)
    assert hidden is not None
    today = now().date().isoformat()
    asked = agency.post("/reports/province", data={"_key": hidden[1], "on": today})
    assert asked.headers["location"] == "/reports"
    page = agency.get("/reports").text
    check_page(page)
    assert "Đang lập" in page
    token = {
        "authorization": f"Bearer {token_for(engine, 'canbotinh')}",
        "idempotency-key": "bang-du-lieu-1",
    }
    later = client.post("/api/v1/reports/master-table", json={"year": 2026}, headers=token)
    assert later.status_code == 202
    assert at_work(engine, settings) == 2
    made = client.get(f"/api/v1/jobs/{later.json()['code']}", headers=token).json()
    assert made["state"] == "done", made
    assert client.get(f"/api/v1/reports/{made['result']['export']}", headers=token).json()["lines"]
    page = agency.get("/reports").text
    assert "Đang lập" not in page
    assert len(set(re.findall(r'href="/reports/(XB-[^/]+)/file"', page))) == 2


@only_sqlite
def test_a_long_file_of_old_data_is_brought_in_by_a_worker_once(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        agency = People(session, now()).agency()
        rows = [producer_row(f"Hợp tác xã số {number}") for number in range(201)]
        told = read_sent(settings.files, workbook(rows), file_name="dai.xlsx")
        run = check_import(session, told, actor=agency, at=now()).code
    page = f"/imports/{run}"
    press(signed_in(client, "canbotinh"), page, f"{page}/apply", version="1")
    waiting = client.get(page).text
    check_page(waiting)
    assert "đang chờ đến lượt" in waiting
    assert f'action="{page}/apply"' not in waiting
    assert at_work(engine, settings) == 1
    check_page(client.get(page).text)
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Producer)).one() == 201
        assert session.exec(select(ImportRun.state)).one() is ImportState.APPLIED


def test_a_worker_that_lost_its_job_leaves_nothing_of_what_it_did(
    engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        agency = People(session, now()).agency()
        told = {"on": now().date().isoformat()}
        put_down(session, JobKind.PROVINCE_REPORT, told, actor=agency, at=now())
    with transaction(engine) as session:
        lost = claim_next(session, worker="máy chậm", at=now())
    assert lost is not None
    _let_leases_end(engine)
    assert at_work(engine, settings) == 1
    with pytest.raises(LeaseLost):
        worker.RUNS[JobKind.PROVINCE_REPORT](Task(engine, settings, lost, Event()))
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(ExportFile)).one() == 1


def _let_leases_end(engine: Engine) -> None:
    """Do what five minutes do."""
    with transaction(engine) as session:
        session.exec(update(Job).values(leased_until=now()))


@contextmanager
def working(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a worker as a process of its own until the block ends."""
    environment = os.environ | {
        "OCOP_DATA_DIR": str(settings.data_dir),
        "OCOP_DATABASE_URL": settings.database_url,
        "OCOP_STAMP_HOST": settings.stamp_host,
    }
    command = [sys.executable, "-c", OCOP, "work", "--watch", "0.05"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_job_outlives_a_worker_told_to_end_and_one_that_is_killed(
    engine: Engine, settings: Settings
) -> None:
    batch, printing = printing_of(engine, settings, quantity=6_000, roll_size=100)
    with transaction(engine) as session:
        ask_print_files(session, batch, printing, actor=agency_of(session), at=now())

    def is_half_done() -> bool:
        return job_now(engine).steps_done > 0

    with working(settings) as first:
        wait_for(is_half_done)
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
    given_back = job_now(engine)
    assert (given_back.state, given_back.attempts) == (JobState.WAITING, 0)

    with transaction(engine) as session:
        session.exec(update(Job).values(steps_done=0))
    with working(settings) as second:
        wait_for(is_half_done)
        second.kill()
        second.wait(60)
    held = job_now(engine)
    assert (held.state, held.attempts) == (JobState.RUNNING, 1)
    with transaction(
        engine
    ) as session:  # what the killed one put down for the day is no matter here
        session.exec(sa.delete(Job).where(col(Job.id) != held.id))
    assert at_work(engine, settings) == 0
    _let_leases_end(engine)
    assert at_work(engine, settings) == 1
    done = job_now(engine)
    assert (done.state, done.attempts, done.steps_done) == (JobState.DONE, 2, 60)
    place = BytesIO(b"".join(settings.files.chunks(done.result["sha256"])))
    with ZipFile(place) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 6_000 + 60 + 2
    large = [one.sha256 for one in settings.files.kept() if one.size > 1_000_000]
    assert large == [done.result["sha256"]], "what the day's own jobs keep is small"


def test_what_is_daily_is_done_once_however_many_workers_there_are(
    engine: Engine, settings: Settings
) -> None:
    done: list[int] = []

    def day() -> None:
        one = Worker(engine, settings, print)
        one.put_down_what_is_due(all_day=True)
        done.append(one.work_through(Event()))

    threads = [Thread(target=day) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as session:
        jobs = session.exec(select(Job)).all()
        assert sorted(job.kind for job in jobs) == sorted(one.kind.value for one in SCHEDULE)
        assert {(job.state, job.attempts, job.problem) for job in jobs} == {(JobState.DONE, 1, "")}
        assert session.exec(select(func.count()).select_from(RegisterSnapshot)).one() == 1
    assert sum(done) == len(SCHEDULE)


@only_sqlite
def test_a_server_works_beside_itself_and_its_worker_ends_with_it(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    with transaction(engine) as session:
        put_down(session, JobKind.FORGET_KEYS, {}, actor=SYSTEM, at=now())

    def is_done() -> bool:
        return job_now(engine).state is JobState.DONE

    with served(settings, tmp_path / "server.log", OCOP_JOBS_BESIDE="true") as server:
        wait_for(is_done)
        (child,) = children_of(server.process.pid)
        assert server.end() == 0
        wait_for(lambda: not Path(f"/proc/{child}").exists())
