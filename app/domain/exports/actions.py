"""What happens with exports: the month's snapshot is taken, a report or table is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from sqlalchemy.exc import IntegrityError

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import Database, ReadSession, WriteSession, reading, transaction
from app.core.errors import Invalid, Refused
from app.core.settings import Settings
from app.core.storage import KeptFile, Storage, keep_made
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.exports.enums import ExportFormat, ExportKind
from app.domain.exports.models import ExportFile, RegisterSnapshot
from app.domain.exports.papers import (
    Report,
    write_master_csv,
    write_master_workbook,
    write_province_workbook,
    write_snapshot,
)
from app.domain.exports.policy import (
    check_day,
    is_made_first,
    why_not_master_table,
    why_not_report,
)
from app.domain.exports.queries import (
    case_lines,
    certificate_count,
    check_lines,
    find_snapshot,
    get_snapshot,
    master_lines,
    register_lines,
)
from app.domain.exports.rules import DICTIONARY_VERSION, is_month, month_of, month_told
from app.domain.exports.schemas import MakeMasterTable, MakeProvinceReport, SnapshotOut
from app.domain.jobs.actions import put_down
from app.domain.jobs.enums import JobKind
from app.domain.jobs.models import Job
from app.domain.places.queries import communes_on
from app.rulebooks import loader

CSV_TYPE = "text/csv"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MADE = "made"
_MEDIA_TYPES = {ExportFormat.CSV: CSV_TYPE, ExportFormat.XLSX: WORKBOOK_TYPE}


class MonthIsOver(Refused):
    """A snapshot tells the day on which it was taken: it is not made up afterwards."""

    code = "snapshot.month_is_over"
    message = (
        "Tháng {month} không phải tháng này ({now}): bản chụp cho biết trạng thái của ngày chụp, "
        "không dựng lại cho tháng khác được."
    )


@dataclass(frozen=True, slots=True)
class House:
    """What an export says of the installation that made it."""

    public_url: str
    agency: str
    demonstration: bool
    scratch: Path

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings say; files in the making lie on the disk, as /tmp may be memory."""
        return cls(
            public_url=settings.public_url,
            agency=settings.agency_name,
            demonstration=settings.demonstration,
            scratch=settings.scratch_dir,
        )

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Lend a folder on the disk for files in the making; it goes with the block."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.scratch) as name:
            yield Path(name)


@dataclass(frozen=True, slots=True)
class Taken:
    """The snapshot of a month, and whether this call took it."""

    snapshot: SnapshotOut
    is_fresh: bool


def take_snapshot(
    engine: Database, files: Storage, *, house: House, at: datetime, month: str = ""
) -> Taken:
    """Take this month's snapshot of the public register, unless it was taken; for a daily job.

    The register is read in one moment and written outside any writing transaction; then the files
    are kept, then the row is written with register_snapshot.taken. A month named must be this one.
    """
    today = local_day(at)
    _check_month(month, today)
    with reading(engine) as session:
        if found := find_snapshot(session, month_of(today)):
            return Taken(SnapshotOut.of(found, public_url=house.public_url), is_fresh=False)
        with house.folder() as folder:
            lines = register_lines(session, on=today, today=today, public_url=house.public_url)
            written = write_snapshot(
                (line for line, _person in lines),
                folder,
                at=at,
                public_url=house.public_url,
                demonstration=house.demonstration,
            )
            as_csv, as_json = keep_made(files, written.csv), keep_made(files, written.json)
    try:
        with transaction(engine) as session:
            return _entered(session, written.count, as_csv, as_json, house=house, at=at)
    except IntegrityError:  # another job entered it in between; what we kept is swept in a day
        with reading(engine) as session:
            found = get_snapshot(session, month_of(today))
            return Taken(SnapshotOut.of(found, public_url=house.public_url), is_fresh=False)


def _entered(
    session: WriteSession,
    count: int,
    as_csv: KeptFile,
    as_json: KeptFile,
    *,
    house: House,
    at: datetime,
) -> Taken:
    today = local_day(at)
    if found := find_snapshot(session, month_of(today)):
        return Taken(SnapshotOut.of(found, public_url=house.public_url), is_fresh=False)
    snapshot = RegisterSnapshot(
        code=month_of(today),
        taken_on=today,
        taken_at=at,
        count=count,
        dictionary_version=DICTIONARY_VERSION,
        csv_sha256=as_csv.sha256,
        csv_size=as_csv.size,
        json_sha256=as_json.sha256,
        json_size=as_json.size,
    )
    session.add(snapshot)
    session.flush()
    record(
        session,
        "register_snapshot.taken",
        subject=snapshot,
        actor=SYSTEM,
        at=at,
        month=month_told(snapshot.code),
        count=snapshot.count,
        csv_sha256=snapshot.csv_sha256,
        json_sha256=snapshot.json_sha256,
    )
    return Taken(SnapshotOut.of(snapshot, public_url=house.public_url), is_fresh=True)


def _check_month(month: str, today: date) -> None:
    if month and not is_month(month):
        raise Invalid({"month": "Tháng ghi theo dạng 2026-11."}, code="snapshot.month_unreadable")
    if month and month != month_of(today):
        raise MonthIsOver(month=month_told(month), now=month_told(month_of(today)))


@dataclass(frozen=True, slots=True)
class Written:
    """A report or table whose file is kept, and what is said of it when it is entered."""

    kept: KeptFile
    kind: ExportKind
    format: ExportFormat
    about: str
    name: str
    lines: int


def have_province_report(
    session: WriteSession,
    files: Storage,
    data: MakeProvinceReport,
    *,
    house: House,
    actor: Actor,
    at: datetime,
) -> ExportFile | Job:
    """Make the province's workbook for a day, or have it made by a job where the register is large."""
    if refusal := why_not_report(actor):
        raise refusal
    check_day(data.on, today=local_day(at), field="on")
    if is_made_first(certificate_count(session)):
        told = data.model_dump(mode="json")
        return put_down(session, JobKind.PROVINCE_REPORT, told, actor=actor, at=at)
    return make_province_report(session, files, data, house=house, actor=actor, at=at)


def have_master_table(
    session: WriteSession,
    files: Storage,
    data: MakeMasterTable,
    *,
    house: House,
    actor: Actor,
    at: datetime,
) -> ExportFile | Job:
    """Make the ministry's table of a year, or have it made by a job where the register is large."""
    if refusal := why_not_master_table(actor):
        raise refusal
    check_day(date(data.year, 1, 1), today=local_day(at), field="year")
    if is_made_first(certificate_count(session)):
        told = data.model_dump(mode="json")
        return put_down(session, JobKind.MASTER_TABLE, told, actor=actor, at=at)
    return make_master_table(session, files, data, house=house, actor=actor, at=at)


def make_province_report(
    session: WriteSession,
    files: Storage,
    data: MakeProvinceReport,
    *,
    house: House,
    actor: Actor,
    at: datetime,
) -> ExportFile:
    """Make the province's workbook for a day; records export.made with its number of lines."""
    written = write_province_report(session, files, data, house=house, actor=actor, at=at)
    return enter_export(session, written, actor=actor, at=at)


def make_master_table(
    session: WriteSession,
    files: Storage,
    data: MakeMasterTable,
    *,
    house: House,
    actor: Actor,
    at: datetime,
) -> ExportFile:
    """Make the ministry's table PTNT_OCOP of a year; records export.made with its number of lines."""
    written = write_master_table(session, files, data, house=house, actor=actor, at=at)
    return enter_export(session, written, actor=actor, at=at)


def write_province_report(
    session: ReadSession,
    files: Storage,
    data: MakeProvinceReport,
    *,
    house: House,
    actor: Actor,
    at: datetime,
) -> Written:
    """Write and keep the province's workbook for a day; it is nobody's until it is entered."""
    if refusal := why_not_report(actor):
        raise refusal
    today = local_day(at)
    check_day(data.on, today=today, field="on")
    report = _report(session, data.on, house=house, at=at)
    with house.folder() as folder:
        place = folder / _MADE
        count = write_province_workbook(
            register_lines(
                session, on=data.on, today=today, public_url=house.public_url, by_commune=True
            ),
            case_lines(session, first=report.first, on=data.on),
            check_lines(session, first=report.first, on=data.on),
            place,
            report=report,
        )
        kept = keep_made(files, place)
    return Written(
        kept,
        ExportKind.PROVINCE_REPORT,
        ExportFormat.XLSX,
        about=data.on.isoformat(),
        name=f"bao-cao-ocop-lai-chau-{data.on:%Y-%m-%d}",
        lines=count,
    )


def write_master_table(
    session: ReadSession,
    files: Storage,
    data: MakeMasterTable,
    *,
    house: House,
    actor: Actor,
    at: datetime,
) -> Written:
    """Write and keep the ministry's table of a year; it is nobody's until it is entered."""
    if refusal := why_not_master_table(actor):
        raise refusal
    today = local_day(at)
    check_day(date(data.year, 1, 1), today=today, field="year")
    on = min(date(data.year, 12, 31), today)
    lines = master_lines(session, data.year, on=on, today=today, public_url=house.public_url)
    with house.folder() as folder:
        place = folder / _MADE
        if data.format is ExportFormat.CSV:
            count = write_master_csv(lines, place)
        else:
            count = write_master_workbook(
                lines, place, year=data.year, at=at, demonstration=house.demonstration
            )
        kept = keep_made(files, place)
    return Written(
        kept,
        ExportKind.MASTER_TABLE,
        data.format,
        about=str(data.year),
        name=f"PTNT_OCOP-{data.year}",
        lines=count,
    )


def enter_export(
    session: WriteSession, written: Written, *, actor: Actor, at: datetime
) -> ExportFile:
    """Enter a file that was written; records export.made with its number of lines."""
    made = ExportFile(
        code=new_code("XB"),
        kind=written.kind,
        format=written.format,
        about=written.about,
        lines=written.lines,
        sha256=written.kept.sha256,
        size=written.kept.size,
        media_type=_MEDIA_TYPES[written.format],
        file_name=f"{written.name}.{written.format.value}",
        made_by=actor.name,
        made_at=at,
    )
    session.add(made)
    session.flush()
    record(
        session,
        "export.made",
        subject=made,
        actor=actor,
        at=at,
        kind_of=written.kind,
        file=made.file_name,
        lines=written.lines,
        sha256=written.kept.sha256,
    )
    return made


def _report(session: ReadSession, on: date, *, house: House, at: datetime) -> Report:
    return Report(
        on=on,
        at=at,
        law=loader.in_force(on),
        communes={one.code: one.full_name for one in communes_on(session, local_day(at))},
        agency=house.agency,
        demonstration=house.demonstration,
    )
