"""A PostgreSQL server copied while it works, and brought to life again as it was at a moment.

Copied: its files by `pg_basebackup`, and from then on the log that it archives itself. Brought back: a data
directory of its own, which reads that log up to the moment asked for and then goes its own way.
"""

import hashlib
import json
import re
import shlex
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import TimeoutExpired
from threading import Event
from typing import cast

import psycopg
import psycopg.sql
from psycopg import errors as refused

from app.core.backups import wal
from app.core.backups.manifest import PostgresFacts
from app.core.backups.pieces import Tree
from app.core.backups.place import Place
from app.core.backups.programs import Address, ProgramFailed, Programs
from app.core.errors import Conflict

LIST = "backup_manifest"
SLOT = "ocop_backup"  # by which `ocop backup follow` receives the log
_TRIES = 40
# Less than the second after which PostgreSQL looks for deadlocks: whoever waits in a circle with us is not
# ended for it, we let go first.
_LOCK_WAIT = "500ms"
_BETWEEN_TRIES = 0.25
_ARCHIVED_WITHIN = 120.0
_LOOK_EVERY = 0.2
_STOPS_WITHIN = 120.0
_ENDED_EARLY = "recovery ended before configured recovery target was reached"
_LABEL = re.compile(r"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")


class NotArchiving(Conflict):
    """The server archives no log, so that a copy of its files would be of one moment only."""

    code = "backup.not_archiving"
    message = (
        "Nhật ký WAL của máy chủ PostgreSQL chưa được lưu ở đâu. Hãy chạy «ocop backup follow», hoặc đặt "
        "archive_mode và archive_command như trong app/OPERATIONS.md; hoặc dùng --portable để chỉ lấy "
        "bản của lúc này."
    )


class NotArchived(Conflict):
    """The log did not come to the place of backups in time."""

    code = "backup.not_archived"
    message = (
        "Đoạn WAL {segment} chưa tới {place} sau hai phút: «ocop backup follow» có đang chạy không, hoặc "
        "archive_command có lỗi không? Bản sao lưu này chưa dùng được nên không được ghi."
    )


class OtherLayout(Conflict):
    """The server is set up in a way that is not copied here."""

    code = "backup.other_layout"
    message = "Máy chủ PostgreSQL này {said}; lệnh này chưa sao lưu được cách bố trí đó."


class LogEnds(Conflict):
    """The archived log ends before the moment that was asked for."""

    code = "backup.log_ends"
    message = (
        "Nhật ký WAL lưu ở đây kết thúc trước mốc đã cho (đoạn cuối: {last}). "
        "Hãy chọn mốc sớm hơn, hoặc tìm các đoạn WAL còn thiếu."
    )


class ListDiffers(Conflict):
    """A copy of a server's files is not what PostgreSQL copied."""

    code = "backup.list_differs"
    message = "Bản sao máy chủ PostgreSQL khác danh sách mà chính nó đã ghi: {said}."


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself."""

    version: int
    system: str
    archives: bool  # by a command of its own, or to one who receives


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a running server: a snapshot to read it, and its name in the log."""

    at: datetime
    snapshot: str
    segment: str
    exact: bool
    let_go: Callable[[], None]


def _connected(
    address: Address, *, autocommit: bool = True
) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        address.url, password=address.password or None, autocommit=autocommit, connect_timeout=10
    )


def look(address: Address) -> Server:
    """Ask a server what it is; OtherLayout when it keeps tables elsewhere or writes other segments."""
    with _connected(address) as connection:
        version, archives, spaces, segment = connection.execute(
            "SELECT current_setting('server_version_num')::int / 10000,"
            " current_setting('archive_mode') <> 'off'"
            " OR EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %s AND active),"
            " (SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')),"
            " (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size')",
            (SLOT,),
        ).fetchone() or (0, False, 0, 0)
        system = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    if spaces:
        raise OtherLayout(said="có tablespace riêng")
    if segment != wal.SEGMENT_BYTES:
        raise OtherLayout(said="dùng đoạn WAL khác 16 MB")
    return Server(int(str(version)), str(system[0] if system else ""), bool(archives))


def copy_files(address: Address, programs: Programs, *, version: int, to: Path) -> str:
    """Copy a running server's files; return the first segment of the log that they need."""
    programs.run(
        "pg_basebackup",
        f"--dbname={address.url}",
        f"--pgdata={to}",
        "--format=plain",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--no-sync",  # it is read once and then gone
        "--no-password",
        version=version,
        environment=address.environment,
    )
    found = _LABEL.search((to / "backup_label").read_text(encoding="utf-8"))
    if found is None:
        raise ProgramFailed(program="pg_basebackup", said="không ghi backup_label")
    return found[1]


@contextmanager
def moment(address: Address, name: str = "") -> Iterator[Moment]:
    """Hold a moment open; with a name, mark it in the log so that a copy can be brought to just there.

    To be the same moment in snapshot and log, no transaction may be about to end: so for an instant all
    tables are held against writers. Where they leave none, the mark is near the snapshot, and says so.
    """
    with _connected(address, autocommit=False) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        exact = not name or _holds_still(connection)
        [said] = connection.execute("SELECT pg_export_snapshot(), clock_timestamp()").fetchall()
        segment = ""
        if name:
            row = connection.execute(
                "SELECT pg_walfile_name(pg_create_restore_point(%s))", (name,)
            ).fetchone()
            segment = str(row[0]) if row else ""
        at = cast("datetime", said[1]).astimezone(UTC)
        yield Moment(at, str(said[0]), segment, exact, connection.rollback)
        connection.rollback()


def _holds_still(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    listed = [
        str(row[0])
        for row in connection.execute(
            "SELECT quote_ident(relname) FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND NOT relispartition AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
    ]
    connection.rollback()  # the snapshot is to be taken after the locks
    for _ in range(_TRIES):
        try:
            connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
            connection.execute(f"LOCK TABLE {', '.join(listed)} IN SHARE MODE")
        except (refused.LockNotAvailable, refused.DeadlockDetected):
            connection.rollback()
            Event().wait(_BETWEEN_TRIES)
        else:
            return True
    return False


def end_segment(address: Address) -> None:
    """Let the server begin a new segment of its log, unless it wrote nothing since it did."""
    with _connected(address) as connection:
        connection.execute("SELECT pg_switch_wal()")


def push_out(address: Address, place: Place, *, system: str, segment: str) -> None:
    """Let the server archive what it wrote, and return when the segment is in the place."""
    end_segment(address)
    for _ in range(int(_ARCHIVED_WITHIN / _LOOK_EVERY)):
        if wal.entry_of(place, system, segment) is not None:
            return
        Event().wait(_LOOK_EVERY)
    raise NotArchived(segment=segment, place=place.told)


@contextmanager
def brought_back(
    programs: Programs,
    data: Path,
    facts: PostgresFacts,
    *,
    log_from: Path | None,
    target: str = "",
    at: datetime | None = None,
) -> Iterator[str]:
    """Start a copied server by itself, read the log to the moment, and lend its address; then stop it.

    Nobody reaches it but over a socket in a folder of ours, and it archives nothing. `target` names a
    restore point, `at` a time; without both it reads everything there is.
    """
    programs.check_account()
    if not (data / "postgresql.conf").exists():  # Debian keeps it elsewhere: a bare one serves
        (data / "postgresql.conf").write_text("", encoding="utf-8")
    for name, content in (("pg_hba.conf", "local all all peer\n"), ("pg_ident.conf", "")):
        if not (data / name).exists():
            (data / name).write_text(content, encoding="utf-8")
    data.chmod(0o700)
    settings = {
        "listen_addresses": "",
        "port": "5432",
        "ssl": "off",
        "archive_mode": "off",
        "hot_standby": "off",
        "synchronous_standby_names": "",
        "primary_conninfo": "",
        "logging_collector": "off",
        "log_destination": "stderr",
    }
    if log_from is not None:
        (data / "recovery.signal").touch()
        place = shlex.quote(str(log_from)).replace("%", "%%")
        settings |= {
            "restore_command": f'cp {place}/"%f" "%p"',
            "recovery_target_action": "promote",
            "recovery_target_timeline": "latest",
        }
        settings |= {"recovery_target_name": target} if target else {}
        settings |= {"recovery_target_time": at.isoformat()} if at else {}
    with tempfile.TemporaryDirectory(prefix="ocop-pg-") as made:
        home = Path(made)
        (home / "hba").write_text("local all all trust\n", encoding="utf-8")
        settings |= {"unix_socket_directories": str(home), "hba_file": str(home / "hba")}
        log = home / "log"
        words = [word for item in settings.items() for word in ("-c", "=".join(item))]
        programs.hand_over(home)
        programs.hand_over(data)
        if log_from is not None:
            programs.hand_over(log_from)
        running = programs.start(
            "postgres", "-D", str(data), *words, version=facts.version, log=log, environment={}
        )
        try:
            address = f"postgresql://{facts.user}@/{facts.database}?host={home}"
            while not _answers(f"postgresql://{facts.user}@/postgres?host={home}"):
                if running.poll() is not None:
                    raise _why_not(log.read_text(encoding="utf-8", errors="replace"), log_from)
                Event().wait(_LOOK_EVERY)
            yield address
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGINT)  # its fast way to stop
                try:
                    running.wait(_STOPS_WITHIN)
                except TimeoutExpired:
                    running.kill()
                    running.wait()


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,)
    except psycopg.OperationalError:
        return False


def _why_not(log: str, log_from: Path | None) -> Conflict:
    if _ENDED_EARLY in log:
        names = [path.name for path in log_from.iterdir()] if log_from else []
        last = max((name for name in names if len(name) == wal.SEGMENT_LETTERS), default="–")
        return LogEnds(last=last)
    lines = [line for line in log.splitlines() if re.search(r"FATAL|PANIC|could not", line)]
    return ProgramFailed(program="postgres", said="; ".join(lines[-3:]) or log[-500:])


def load_dump(programs: Programs, dump: Path, data: Path, facts: PostgresFacts) -> None:
    """Make a new server in an empty folder and load a portable copy into it; leave it stopped."""
    programs.check_account()
    data.mkdir(mode=0o700)
    programs.hand_over(data)
    programs.run(
        "initdb",
        f"--pgdata={data}",
        "--username=postgres",
        "--auth-local=peer",
        "--auth-host=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        version=facts.version,
        as_account=True,
    )
    whole = facts.model_copy(update={"user": "postgres", "database": "postgres"})
    with brought_back(programs, data, whole, log_from=None) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            user = psycopg.sql.Identifier(facts.user)
            if facts.user != "postgres":
                connection.execute(psycopg.sql.SQL("CREATE ROLE {} LOGIN").format(user))
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    psycopg.sql.Identifier(facts.database), user
                )
            )
        programs.run(
            "pg_restore",
            f"--dbname={address.replace('//postgres@/postgres', f'//{facts.user}@/{facts.database}')}",
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            str(dump),
            version=facts.version,
        )


def dump(address: Address, programs: Programs, *, version: int, snapshot: str, to: Path) -> None:
    """Write the portable copy of what a snapshot sees."""
    programs.run(
        "pg_dump",
        f"--dbname={address.url}",
        f"--file={to}",
        "--format=custom",
        f"--snapshot={snapshot}",
        "--no-password",
        version=version,
        environment=address.environment,
    )


def check_files(tree: Tree, listed: bytes) -> None:
    """Hold a copy of a server's files against the list that PostgreSQL itself made of them.

    What `pg_verifybackup` does, without unpacking: each file is there with its size and SHA-256, none is
    there beside them, and the list bears its own hash. The log has hashes of its own.
    """
    head, mark, _last = listed.rpartition(b'"Manifest-Checksum"')
    try:
        said = json.loads(listed)
        own = str(said["Manifest-Checksum"])
        wanted = {_path_in(one): (int(one["Size"]), str(one["Checksum"])) for one in said["Files"]}
    except (ValueError, KeyError, TypeError) as broken:
        raise ListDiffers(said="danh sách không đọc được") from broken
    if not mark or hashlib.sha256(head).hexdigest() != own:
        raise ListDiffers(said="danh sách không còn đúng mã băm của nó")
    there = {
        entry.path: (entry.size, entry.sha256)
        for entry in tree.files
        if not entry.path.startswith("pg_wal/") and entry.path != LIST
    }
    for path in sorted(wanted.keys() | there.keys()):
        if wanted.get(path) != there.get(path):
            raise ListDiffers(said=path)


def _path_in(one: Mapping[str, str]) -> str:
    if "Path" in one:
        return one["Path"]
    return bytes.fromhex(one["Encoded-Path"]).decode("utf-8", "surrogateescape")
