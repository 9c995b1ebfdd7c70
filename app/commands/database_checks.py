"""What `ocop doctor` asks of the database: schema, clock, standby, and what lies there undone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import col, select

from app.commands.findings import Finding, Standing, doubtful, right, wrong
from app.commands.schema import find_schema
from app.core.clock import now
from app.core.db import DATABASE_FAULTS, ReadSession, make_engine, make_standby_engine, reading
from app.core.settings import Settings
from app.core.signing import KeyFileError, load_key
from app.domain.audit.queries import verified_tail
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job
from app.domain.stamps.enums import KeyPurpose
from app.domain.stamps.models import StampBatch
from app.domain.stamps.queries import find_signing_key
from app.http.waiting import Waiting, count_waiting

_OLDEST_SERVER, _OLDEST_SQLITE = 150000, (3, 37)
_SKEW_DOUBTFUL, _SKEW_WRONG = 2.0, 30.0
_LAG_DOUBTFUL, _LAG_WRONG = 10.0, 300.0
_LATE_DOUBTFUL, _LATE_WRONG = 15 * 60.0, 4 * 3600.0
_LIST_DOUBTFUL = 24 * 3600.0
_JOURNAL_DOUBTFUL = 32 * 1024 * 1024
_BALANCE_OLD = timedelta(days=8)
_EVENTS = 1000


def database_findings(settings: Settings, *, at: datetime) -> Iterator[Finding]:
    """Look at everything that is asked of the database."""
    engine = make_engine(settings.model_copy(update={"pool_size": 2, "pool_wait_seconds": 5.0}))
    try:
        try:
            with engine.connect():
                pass
        except DATABASE_FAULTS as broken:
            yield wrong(
                "cơ sở dữ liệu",
                f"không nối được ({type(getattr(broken, 'orig', broken)).__name__})",
                "xem OCOP_DATABASE_URL, máy chủ cơ sở dữ liệu có chạy, tường lửa có mở",
            )
            return
        yield from _server(engine, settings)
        schema = _schema(engine)
        yield schema
        if schema.standing is Standing.WRONG:
            return  # the questions below need what is missing there
        with reading(engine) as session:
            yield from _undone(session, settings, at)
            yield from _keys(session, settings, at)
            yield _audit(session)
            yield from _balance(session, at)
    finally:
        engine.dispose()
    yield from _standby(settings)


def _server(engine: Engine, settings: Settings) -> Iterator[Finding]:
    if engine.dialect.name == "sqlite":
        version: tuple[int, ...] = engine.dialect.dbapi.sqlite_version_info  # type: ignore[union-attr]  # -- a driver is there
        told = f"SQLite {'.'.join(map(str, version))}"
        if version < _OLDEST_SQLITE:
            yield wrong("cơ sở dữ liệu", told, "cần SQLite 3.37 trở lên")
        elif settings.public_url.startswith("https://"):
            yield doubtful(
                "cơ sở dữ liệu",
                f"{told}: một máy, một tiến trình",
                "cả tỉnh dùng thì chuyển sang PostgreSQL",
            )
        else:
            yield right("cơ sở dữ liệu", told)
        return
    with engine.connect() as connection:
        before = now()
        there: Any = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        after = now()
        shown = {
            name: str(connection.exec_driver_sql(f"SHOW {name}").scalar_one())
            for name in (
                "server_version",
                "server_version_num",
                "fsync",
                "full_page_writes",
                "synchronous_commit",
                "max_connections",
            )
        }
    told = f"PostgreSQL {shown['server_version']}"
    if int(shown["server_version_num"]) < _OLDEST_SERVER:
        yield wrong("cơ sở dữ liệu", told, "cần PostgreSQL 15 trở lên")
    else:
        yield right("cơ sở dữ liệu", told)
    off = [
        name for name in ("fsync", "full_page_writes", "synchronous_commit") if shown[name] == "off"
    ]
    if off:
        yield wrong(
            "độ bền",
            f"{', '.join(off)} đang tắt: mất điện là mất điều đã ghi nhận",
            "bật lại trong postgresql.conf",
        )
    else:
        yield right("độ bền", "điều đã ghi nhận còn lại sau khi mất điện")
    # Each worker: its pool, the readers of scans, the connections beside it, its standby's as many.
    wanted = settings.workers * (settings.pool_size + 10)
    if int(shown["max_connections"]) < wanted:
        yield doubtful(
            "số kết nối",
            f"máy này có thể cần {wanted}, máy chủ cho {shown['max_connections']}",
            "tăng max_connections hoặc giảm OCOP_POOL_SIZE",
        )
    skew = max(0.0, (before - there).total_seconds(), (there - after).total_seconds())
    if skew > _SKEW_WRONG:
        yield wrong("đồng hồ", f"lệch {skew:.0f} giây với cơ sở dữ liệu", "chạy NTP ở cả hai máy")
    elif skew > _SKEW_DOUBTFUL:
        yield doubtful(
            "đồng hồ", f"lệch {skew:.1f} giây với cơ sở dữ liệu", "chạy NTP ở cả hai máy"
        )
    else:
        yield right("đồng hồ", "cùng giờ với cơ sở dữ liệu")


def _schema(engine: Engine) -> Finding:
    schema = find_schema(engine)
    if schema.is_newest:
        return right("cấu trúc", f"mới nhất ({schema.here})")
    if schema.is_ahead:
        return doubtful(
            "cấu trúc",
            f"đang ở {schema.here}, mới hơn chương trình này ({schema.newest})",
            "một bản mới hơn đã nâng cấu trúc: chạy tạm được, rồi thay chương trình này",
        )
    return wrong(
        "cấu trúc",
        f"đang ở {schema.here or 'chỗ trống'}, chương trình cần {schema.newest}",
        "«ocop migrate» trước khi phục vụ",
    )


def _undone(session: ReadSession, settings: Settings, at: datetime) -> Iterator[Finding]:
    seen = count_waiting(session, at=at, scans_dir=settings.scans_dir)
    yield _late(
        "việc nền",
        seen.jobs_late_seconds,
        f"{seen.jobs['waiting']} việc chờ, {seen.jobs['running']} đang làm",
        "xem «ocop work» có chạy",
    )
    if seen.jobs["dead"]:
        yield doubtful(
            "việc nền",
            f"{seen.jobs['dead']} việc đã thử hết lần mà không xong",
            "xem trang việc nền, cho làm lại",
        )
    yield from _told(seen, settings)
    yield _late(
        "ký tem",
        seen.batches_oldest_seconds,
        f"{seen.batches['approved'] + seen.batches['issuing']} lô đã duyệt chờ ký",
        "xem «ocop sign» có chạy ở nơi giữ khóa",
    )
    size = seen.journal_bytes
    if size > _JOURNAL_DOUBTFUL:
        yield doubtful(
            "lượt quét",
            f"{size // 1024**2} MiB trong {seen.journal_files} tệp chưa đọc vào",
            "xem OCOP_SCANS_EVERY_SECONDS, hoặc chạy «ocop scans ingest»",
        )
    else:
        yield right("lượt quét", f"{size} byte chưa đọc vào")
    left = seen.list_expires_in_seconds
    if left is None:
        yield doubtful(
            "danh sách tình trạng", "chưa ký danh sách nào", "«ocop sign» ở nơi giữ khóa"
        )
    elif left < 0:
        yield wrong(
            "danh sách tình trạng",
            f"hết hạn {-left / 3600:.0f} giờ trước",
            "«ocop sign» ở nơi giữ khóa",
        )
    elif left < _LIST_DOUBTFUL:
        yield doubtful(
            "danh sách tình trạng",
            f"còn {left / 3600:.0f} giờ là hết hạn",
            "xem «ocop sign» có chạy",
        )
    else:
        yield right("danh sách tình trạng", f"còn hạn {left / 3600:.0f} giờ")


def _told(seen: Waiting, settings: Settings) -> Iterator[Finding]:
    yield _late(
        "thông báo",
        max(
            seen.deliveries_late_seconds,
            seen.notices_oldest_seconds if settings.smtp_host or settings.sms != "off" else 0.0,
        ),
        f"{seen.deliveries['waiting'] + seen.notices_unplanned} chưa đi",
        "xem OCOP_NOTICES_EVERY_SECONDS, máy chủ thư",
    )
    if seen.deliveries["given_up"]:
        yield doubtful(
            "thông báo",
            f"{seen.deliveries['given_up']} thư, tin nhắn không gửi được",
            "xem địa chỉ của người nhận trong trang tài khoản",
        )


def _late(part: str, seconds: float, seen: str, todo: str) -> Finding:
    told = f"{seen}, chờ lâu nhất {seconds / 60:.0f} phút" if seconds else seen
    if seconds > _LATE_WRONG:
        return wrong(part, told, todo)
    return doubtful(part, told, todo) if seconds > _LATE_DOUBTFUL else right(part, told)


def _keys(session: ReadSession, settings: Settings, at: datetime) -> Iterator[Finding]:
    """Compare published keys with those that lie here; only those of answers are read."""
    for purpose in KeyPurpose:
        key = find_signing_key(session, purpose, at=at)
        if key is None:
            yield doubtful(
                "khóa",
                f"không có khóa nào đang ký được cho «{purpose}»",
                f"«ocop stamp-key create --purpose {purpose}»",
            )
        elif purpose is KeyPurpose.ANSWERS:
            try:
                held = load_key(settings.answer_key_dir, key.kid).verifying_key.jwk()
            except (KeyFileError, OSError):
                yield wrong(
                    "khóa",
                    f"máy này không đọc được khóa câu trả lời số {key.kid}",
                    "xem OCOP_ANSWER_KEY_DIR",
                )
                continue
            if (held["x"], held["y"]) != (key.jwk["x"], key.jwk["y"]):
                yield wrong(
                    "khóa",
                    f"khóa câu trả lời số {key.kid} ở đây khác khóa đã công bố",
                    "đặt đúng tệp khóa: chữ ký từ đây sẽ bị coi là giả",
                )
            else:
                yield right("khóa", f"khóa câu trả lời số {key.kid} đúng với khóa đã công bố")
        else:
            yield right("khóa", f"«{purpose}» do khóa số {key.kid} ký")


def _audit(session: ReadSession) -> Finding:
    report = verified_tail(session, most=_EVENTS)
    if report.is_whole:
        return right(
            "nhật ký", f"{report.events} sự kiện cuối nguyên vẹn («ocop audit verify» xem tất cả)"
        )
    return wrong(
        "nhật ký",
        f"hỏng tại số {report.first_broken}",
        "giữ nguyên hiện trạng, báo người phụ trách an ninh, so với bản sao lưu",
    )


def _balance(session: ReadSession, at: datetime) -> Iterator[Finding]:
    if session.exec(select(StampBatch.id).limit(1)).first() is None:
        return
    last = session.execute(
        sa.select(col(Job.state), col(Job.finished_at))
        .where(
            col(Job.kind) == JobKind.STAMP_BALANCE,
            col(Job.state).in_([JobState.DONE, JobState.DEAD]),
        )
        .order_by(col(Job.finished_at).desc())
        .limit(1)
    ).first()
    if last is None or at - last[1] > _BALANCE_OLD:
        yield doubtful("cân tem", "hơn một tuần chưa đếm lại tem", "«ocop stamps balance»")
    elif last[0] is JobState.DEAD:
        yield wrong("cân tem", "lần đếm cuối không cân", "«ocop stamps balance» kể chỗ lệch")
    else:
        yield right("cân tem", "lần đếm cuối cân")


def _standby(settings: Settings) -> Iterator[Finding]:
    standby = make_standby_engine(settings)
    if standby is None:
        return
    todo = "xem máy dự phòng và đường truyền đến nó; hệ thống vẫn đọc ở máy chính"
    try:
        with standby.connect() as connection:
            recovering, behind = connection.exec_driver_sql(
                "SELECT pg_is_in_recovery(), CASE WHEN pg_last_wal_receive_lsn() = "
                "pg_last_wal_replay_lsn() THEN 0 ELSE extract(epoch FROM clock_timestamp() - "
                "pg_last_xact_replay_timestamp())::float8 END"
            ).one()
            listening = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_wal_receiver"
            ).scalar_one()
    except DATABASE_FAULTS as broken:
        yield wrong(
            "máy dự phòng",
            f"không nối được ({type(getattr(broken, 'orig', broken)).__name__})",
            todo,
        )
        return
    finally:
        standby.dispose()
    behind = float(behind or 0.0)
    if not recovering:
        yield wrong(
            "máy dự phòng",
            "OCOP_DATABASE_REPLICA_URL không phải máy dự phòng: nó nhận ghi",
            "hai máy cùng nhận ghi là hai sự thật: dừng một máy ngay",
        )
    elif not listening or behind > _LAG_WRONG:
        yield wrong("máy dự phòng", f"không theo máy chính, chậm {behind:.0f} giây", todo)
    elif behind > _LAG_DOUBTFUL:
        yield doubtful("máy dự phòng", f"chậm {behind:.0f} giây", todo)
    else:
        yield right("máy dự phòng", "theo kịp máy chính")
