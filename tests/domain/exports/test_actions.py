"""What leaves: snapshots of the register, the ministry's table, the province's workbook, read back by others."""

import csv
import hashlib
import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from app.core.db import WriteSession, finish, reading, transaction
from app.core.errors import Invalid
from app.core.settings import Settings
from app.core.storage import whole
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.enums import DossierState
from app.domain.exports.actions import (
    MonthIsOver,
    make_master_table,
    make_province_report,
    take_snapshot,
)
from app.domain.exports.enums import ExportFormat
from app.domain.exports.models import ExportFile, RegisterSnapshot
from app.domain.exports.papers import datapackage
from app.domain.exports.policy import ReportsOfProvince, RevenueIsBusiness
from app.domain.exports.rules import COLUMNS, MASTER_COLUMNS
from app.domain.exports.schemas import MakeMasterTable, MakeProvinceReport
from tests.factories.dossiers import make_dossier
from tests.factories.exports import FORMULA, OLD_CODE, PRIVATE, Fates, house, many_fates
from tests.factories.people import People
from tests.factories.recognition import locked_dossier, make_decision, sign

ON = date(2026, 9, 14)


@pytest.fixture
def fates(session: WriteSession, people: People) -> Fates:
    return many_fates(session, people)


def read_csv(content: bytes) -> list[dict[str, str]]:
    """Read a CSV file as Excel does: by its byte order mark, with its first line as heads."""
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def sheets_of(content: bytes) -> dict[str, list[list[Any]]]:
    """Read a workbook with a reader that is not its writer's."""
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_snapshot_tells_every_certificate_with_what_became_of_it(
    session: WriteSession, engine: Engine, settings: Settings, fates: Fates, at: datetime
) -> None:
    finish(session)
    taken = take_snapshot(engine, settings.files, house=house(settings.scratch_dir), at=at)
    snapshot = taken.snapshot
    assert taken.is_fresh
    assert (snapshot.month, snapshot.taken_on, snapshot.count) == ("2026-09", ON, 9)
    as_csv = whole(settings.files, snapshot.csv_sha256)
    as_json = whole(settings.files, snapshot.json_sha256)
    assert hashlib.sha256(as_csv).hexdigest() == snapshot.csv_sha256
    assert (len(as_csv), len(as_json)) == (snapshot.csv_size, snapshot.json_size)
    document = json.loads(as_json)
    told = {one["certificate_code"]: one for one in document["certificates"]}
    rows = {one["certificate_code"]: one for one in read_csv(as_csv)}
    assert document["metadata"]["count"] == len(told) == len(rows) == 9
    assert document["metadata"]["month"] == "2026-09"
    assert document["metadata"]["dictionary"].endswith("/register/data/dictionary.json")
    names = [one.name for one in COLUMNS]
    assert all(list(one) == names for one in (*told.values(), *rows.values()))
    ended = {
        name: (one["state"], one["in_force"], one["ended_on"], one["end_reason"])
        for name in ("expired", "extended", "revoked", "orphaned", "replaced", "running")
        for one in [told[getattr(fates, name).code]]
    }
    assert ended == {
        "running": ("valid", True, None, None),
        "extended": ("extended", True, None, None),
        "expired": ("expired", False, "2026-05-11", "Hết thời hạn"),
        "revoked": (
            "revoked",
            False,
            "2026-04-02",
            "Sử dụng nhãn hiệu OCOP không đúng quy định, gây nhầm lẫn",
        ),
        "orphaned": ("producer_dissolved", False, "2026-04-03", "Chủ thể đã ngừng hoạt động"),
        "replaced": ("superseded", False, "2026-03-01", "Có giấy chứng nhận mới do nâng hạng"),
    }
    old = told[fates.replaced.code]
    assert old["replaced_by"] == fates.upgraded.code
    # The code 03390 named another unit until 2025.
    assert (old["product_code"], old["commune"]) == (OLD_CODE, "Xã Bình Lư")
    assert (old["commune_code_at_issue"], old["commune_at_issue"]) == (
        "03390",
        "Thị trấn Tam Đường",
    )
    assert told[fates.running.code]["commune_at_issue"] == "Xã Bình Lư"
    assert told[fates.formula.code]["product_name"] == FORMULA
    assert rows[fates.formula.code]["product_name"] == f"'{FORMULA}"
    assert rows[fates.running.code]["in_force"] == "true"
    for private in PRIVATE:
        assert private.encode() not in as_csv + as_json


@pytest.mark.usefixtures("fates")
def test_a_month_is_taken_once_however_often_the_job_runs(
    session: WriteSession, engine: Engine, settings: Settings, at: datetime
) -> None:
    finish(session)
    scratch = house(settings.scratch_dir)
    first = take_snapshot(engine, settings.files, house=scratch, at=at, month="2026-09").snapshot
    again = take_snapshot(engine, settings.files, house=scratch, at=at + timedelta(days=9))
    assert not again.is_fresh
    assert again.snapshot == first
    following = take_snapshot(engine, settings.files, house=scratch, at=at + timedelta(days=30))
    assert following.snapshot.month == "2026-10"
    for month, refusal in (("2026-08", MonthIsOver), ("2026-10", MonthIsOver), ("9/2026", Invalid)):
        with pytest.raises(refusal):
            take_snapshot(engine, settings.files, house=scratch, at=at, month=month)
    assert not list(settings.scratch_dir.iterdir())
    with reading(engine) as fresh:
        kinds = fresh.exec(select(col(AuditEvent.kind)).order_by(col(AuditEvent.sequence))).all()
        assert kinds.count("register_snapshot.taken") == 2
        package = datapackage(fresh.exec(select(RegisterSnapshot)).all(), public_url="https://o.vn")
    [newest, _] = package["resources"]
    assert newest["hash"] == f"sha256:{first.csv_sha256}"
    assert [one["name"] for one in newest["schema"]["fields"]] == [one.name for one in COLUMNS]
    with pytest.raises(DBAPIError), transaction(engine) as writing:
        found = writing.exec(select(RegisterSnapshot)).first()
        assert found is not None
        found.count = 0


@pytest.mark.usefixtures("fates")
def test_the_provinces_sheets_agree_with_each_other(
    session: WriteSession, settings: Settings, people: People, tmp_path: Path
) -> None:
    made = make_province_report(
        session,
        settings.files,
        MakeProvinceReport(on=ON),
        house=house(tmp_path, demonstration=True),
        actor=people.head(),
        at=people.at,
    )
    content = whole(settings.files, made.sha256)
    sheets = sheets_of(content)
    assert list(sheets) == [
        "Tổng quan",
        "Còn hiệu lực",
        "Kết thúc trong năm",
        "Hết hạn 12 tháng tới",
        "Theo xã",
        "Thu hồi",
        "Kiểm tra",
    ]
    for name, rows in sheets.items():
        assert "14/09/2026" in rows[1][0], name
        assert rows[2][0].startswith("Nguồn: "), name
        assert "MINH HỌA" in rows[3][0], name
    lists = {name: [row for row in rows[6:] if row[0] != ""] for name, rows in sheets.items()}
    running, ended = lists["Còn hiệu lực"], lists["Kết thúc trong năm"]
    assert made.lines == len(running) == 5
    assert len(ended) == 4
    assert {row[1] for row in running} >= {FORMULA, "Miến dong", "Trà shan"}
    assert {row[1] for row in lists["Hết hạn 12 tháng tới"]} == {"Chè cổ thụ", "Miến dong"}
    [case] = lists["Thu hồi"]
    assert case[6] == "15/KL-SNNMT"
    overview = sheets["Tổng quan"]
    titles = [n for n, row in enumerate(overview) if row[0] and row[1:] == [""] * 4 and n > 4]
    tables = {
        overview[n][0]: [row for row in overview[n + 1 : end] if row[0]]
        for n, end in zip(titles, [*titles[1:], len(overview)], strict=True)
    }
    by_star = [sum(row[6] == star for row in running) for star in (3, 4, 5)]
    assert by_star == [2, 2, 1]
    for title, rows in tables.items():
        if title.startswith(("Còn hiệu lực theo", "Sản phẩm của chủ thể")):
            assert rows[-1] == ["Cộng", *by_star, 5], title
        if title.startswith(("Còn hiệu lực theo", "Sản phẩm của", "Cấp trong", "Kết thúc trong")):
            for column in range(1, 5):
                assert sum(row[column] for row in rows[:-1]) == rows[-1][column], title
            assert all(sum(row[1:4]) == row[4] for row in rows), title
    start, issued, gone, now = [row[4] for row in tables["Biến động trong năm"][:4]]
    assert (start, issued, gone, now) == (7, 2, 4, 5)
    women = {row[0]: row[4] for row in tables["Sản phẩm của chủ thể có phụ nữ làm đại diện"]}
    assert (women["Có"], women["Không"], women["Chưa ghi"]) == (2, 2, 1)
    assert tables["Cấp trong năm"][-1][4] == issued
    *communes, total = [row for row in sheets["Theo xã"][6:] if row[2]]
    assert len(communes) == 38
    for column in (*range(4, 11),):
        assert sum(row[column] for row in communes) == total[column]
    assert total[7:] == [5, issued, gone, 2]
    assert b"L\xc3\xb2 Th\xe1\xbb\x8b" not in content
    told = json.dumps(sheets, ensure_ascii=False, default=str)
    assert not any(private in told for private in PRIVATE)


def test_the_ministrys_table_holds_what_was_in_force_in_the_year_and_who_asked(
    session: WriteSession, settings: Settings, people: People, fates: Fates, tmp_path: Path
) -> None:
    dossier = locked_dossier(session, people, star=4)
    sign(session, people, make_decision(session, people, dossier))

    def made(year: int, kind: ExportFormat) -> ExportFile:
        return make_master_table(
            session,
            settings.files,
            MakeMasterTable(year=year, format=kind),
            house=house(tmp_path),
            actor=people.agency(),
            at=people.at,
        )

    table = made(2026, ExportFormat.CSV)
    rows = read_csv(whole(settings.files, table.sha256))
    assert table.lines == len(rows) == 10
    assert list(rows[0]) == [one.name for one in MASTER_COLUMNS]
    by_code = {row["MA_OCOP"]: row for row in rows}
    assert by_code[fates.replaced.code]["Ma_SanPham"] == OLD_CODE
    assert by_code[fates.revoked.code]["TrangThai"] == "Đã thu hồi"
    assert by_code[fates.formula.code]["TenSanPham"] == f"'{FORMULA}"
    assert [row["DoanhThuNam"] for row in rows] == [""] * 9 + ["480"]
    past = sheets_of(whole(settings.files, made(2025, ExportFormat.XLSX).sha256))
    heads, *lines = past["PTNT_OCOP"]
    assert heads == [one.name for one in MASTER_COLUMNS]
    # Neither those of 2026, nor the one whose term began later; nobody stated a revenue of theirs.
    assert {line[4] for line in lines} >= {FORMULA, "Trà shan", "Thịt sấy"}
    assert all(line[2] == "2025" and line[7] == "" for line in lines)
    session.flush()
    events = [one for one in session.info["audit.waiting"] if one["kind"] == "export.made"]
    assert [one["data"]["lines"] for one in events] == [10, len(lines)]
    assert events[0]["actor_name"] == people.agency().name


def test_revenue_is_told_for_the_year_or_the_one_before_and_never_as_zero(
    session: WriteSession, settings: Settings, people: People, tmp_path: Path
) -> None:
    dossier = locked_dossier(session, people, star=4)
    sign(session, people, make_decision(session, people, dossier))
    dossier.stated_revenue, dossier.stated_revenue_year = 480_500_000, 2025
    session.flush()

    def made() -> dict[str, list[list[Any]]]:
        table = make_master_table(
            session,
            settings.files,
            MakeMasterTable(year=2026, format=ExportFormat.XLSX),
            house=house(tmp_path),
            actor=people.auditor(),
            at=people.at,
        )
        return sheets_of(whole(settings.files, table.sha256))

    sheets = made()
    [_, line] = sheets["PTNT_OCOP"]
    assert line[1:4] == ["03390", "2026", "12-03390-01-2026"]
    assert line[5:] == ["4*", "Hợp tác xã Thử Nghiệm", 480.5, "Còn hiệu lực"]
    assert sheets["Năm của doanh thu"][1:] == [[line[0], "2025", 480.5]]
    for amount, year, told in ((7_000_000, 2024, ""), (0, 2026, 0), (None, None, "")):
        dossier.stated_revenue, dossier.stated_revenue_year = amount, year
        session.flush()
        assert made()["PTNT_OCOP"][1][7] == told


def test_exports_are_refused_to_strangers_and_for_days_to_come(
    session: WriteSession, settings: Settings, people: People, tmp_path: Path
) -> None:
    make_dossier(session, people, state=DossierState.DRAFT)

    def report(actor: Any, on: date) -> ExportFile:
        return make_province_report(
            session,
            settings.files,
            MakeProvinceReport(on=on),
            house=house(tmp_path),
            actor=actor,
            at=people.at,
        )

    with pytest.raises(ReportsOfProvince):
        report(people.officer(), ON)
    with pytest.raises(Invalid) as soon:
        report(people.head(), ON + timedelta(days=1))
    assert soon.value.reason_code == "export.day_to_come"
    with pytest.raises(Invalid) as early:
        report(people.head(), date(2018, 12, 31))
    assert early.value.reason_code == "export.before_the_programme"
    assert report(people.signer(), ON).lines == 0
    with pytest.raises(RevenueIsBusiness):
        make_master_table(
            session,
            settings.files,
            MakeMasterTable(year=2026),
            house=house(tmp_path),
            actor=people.signer(),
            at=people.at,
        )
