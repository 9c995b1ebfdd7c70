"""Bringing the past in: a dry run writes nothing, an apply writes all or nothing, and once."""

import unicodedata
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from sqlmodel import col, func, select

from app.core.db import WriteSession
from app.core.errors import NotPermitted
from app.core.numbering import NumberSeries
from app.core.storage import DiskStorage
from app.core.workbooks import read_workbook
from app.domain.audit.actions import waiting_kinds
from app.domain.imports.actions import FileGone, apply_import, check_import
from app.domain.imports.enums import ImportState, SheetKind
from app.domain.imports.models import ImportRun
from app.domain.imports.papers import GUIDE_SHEET, LIST_SHEET, template_workbook
from app.domain.imports.policy import AlreadyTried, ImportingNotYours, StillFaulty
from app.domain.imports.schemas import ApplyImport, Finding, report_of
from app.domain.producers.models import Producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.products.queries import products_page
from app.domain.recognition.models import LARGEST_RECORD_NUMBER, Certificate
from app.domain.register.queries import get_register_entry, register_page
from app.domain.register.schemas import Wanted
from tests.conftest import commit
from tests.factories.people import People
from tests.factories.register import make_producer, make_product
from tests.factories.workbooks import (
    certificate_row,
    history,
    producer_row,
    product_row,
    sent,
    workbook,
)

TABLES: tuple[Any, ...] = (Producer, Product, Certificate, ProductCodeAlias)


MOST_SECONDS = 30  # of one processor, on a machine at work with other things


def count(session: WriteSession) -> list[int]:
    return [session.exec(select(func.count()).select_from(table)).one() for table in TABLES]


def check(session: WriteSession, people: People, folder: Path, content: bytes) -> ImportRun:
    run = check_import(session, sent(folder, content), actor=people.agency(), at=people.at)
    session.flush()
    return run


def bring_in(session: WriteSession, people: People, folder: Path, content: bytes) -> ImportRun:
    run = check(session, people, folder, content)
    assert run.errors == 0, report_of(run).errors
    return apply_import(
        session,
        run.code,
        ApplyImport(version=run.version),
        files=DiskStorage(folder),
        actor=people.agency(),
        at=people.at,
    )


def errors(session: WriteSession, people: People, folder: Path, content: bytes) -> list[Finding]:
    return report_of(check(session, people, folder, content)).errors


def places(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.sheet, one.cell, one.column) for one in found]


def test_a_dry_run_tells_everything_and_writes_nothing(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    run = check(session, people, tmp_path, history())
    assert count(session) == [0, 0, 0, 0]
    assert run.state is ImportState.DRY_RUN
    assert [run.counts[kind]["new"] for kind in SheetKind] == [1, 1, 1]
    assert "import.checked" in waiting_kinds(session)
    assert DiskStorage(tmp_path).size_of(run.sha256) == run.size


def test_an_applied_file_is_there_whole_and_a_second_time_changes_nothing(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    run = bring_in(session, people, tmp_path, history())
    assert run.state is ImportState.APPLIED
    assert run.applied_by == people.agency().name
    assert count(session) == [1, 1, 1, 0]
    certificate = session.exec(select(Certificate)).one()
    assert certificate.expires_on == date(2027, 6, 28)
    assert certificate.decision_number == "0123/QĐ-UBND"
    assert certificate.authority == "UBND huyện Tam Đường"
    assert {"producer.created", "product.created", "certificate.imported", "import.applied"} <= set(
        waiting_kinds(session)
    )
    commit(session)
    again = bring_in(session, people, tmp_path, history())
    assert count(session) == [1, 1, 1, 0]
    assert report_of(again).does_nothing
    assert [again.counts[kind]["same"] for kind in SheetKind] == [1, 1, 1]
    with pytest.raises(AlreadyTried):
        apply_import(
            session,
            again.code,
            ApplyImport(version=again.version),
            files=DiskStorage(tmp_path),
            actor=people.agency(),
            at=people.at,
        )


def test_a_changed_file_changes_only_what_differs(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    bring_in(session, people, tmp_path, history())
    content = workbook(
        [producer_row(phone="0912 345 678")],
        [product_row(packaging="Túi 500 g", old_codes="OCOP-LC-0012; 0007")],
        [certificate_row(star=4)],
    )
    run = bring_in(session, people, tmp_path, content)
    assert [run.counts[kind]["changed"] for kind in SheetKind] == [1, 1, 0]
    report = report_of(run)
    assert [one.columns for one in report.changes] == [
        ["Điện thoại"],
        ["Quy cách đóng gói", "Mã sản phẩm cũ"],
    ]
    producer = session.exec(select(Producer)).one()
    assert (producer.phone, producer.address, producer.version) == ("0912 345 678", "Bản Thẳm", 2)
    assert session.exec(select(Product)).one().packaging == "Túi 500 g"
    assert session.exec(select(Certificate)).one().star == 3
    assert any("Hạng sao" in one.text for one in report.warnings)
    assert count(session) == [1, 1, 1, 2]


def test_a_producer_is_known_by_its_tax_code_under_another_name(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    bring_in(session, people, tmp_path, workbook([producer_row(tax_code="6200012345")]))
    run = bring_in(
        session,
        people,
        tmp_path,
        workbook([producer_row("Hợp tác xã Miến Dong Bình Lư", tax_code=6200012345)]),
    )
    assert run.counts[SheetKind.PRODUCERS]["changed"] == 1
    assert session.exec(select(Producer)).one().name == "Hợp tác xã Miến Dong Bình Lư"


def test_every_wrong_cell_is_told_with_its_place(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    found = errors(
        session,
        people,
        tmp_path,
        workbook(
            [
                producer_row("X", kind="Liên minh", tax_code="12", registered_on="31/02/2020"),
                producer_row(commune="99999", phone="gọi sau"),
                producer_row("Tổ hợp tác Chè", email="khong-phai-thu"),
                producer_row("Tổ hợp tác Chè"),
            ],
            [product_row(producer="Không ai"), product_row(set_number="sáu")],
            [
                certificate_row(star=2, issued_on="2024"),
                certificate_row(issued_on=date(2018, 1, 1)),
                certificate_row(expires_on="27/06/2024", regime_code="qd-khong-co"),
            ],
        ),
    )
    assert places(found)[:8] == [
        ("Chủ thể", "H2", "Ngày đăng ký kinh doanh"),
        ("Chủ thể", "B2", "Tên chủ thể"),
        ("Chủ thể", "C2", "Loại hình"),
        ("Chủ thể", "F2", "Mã số thuế"),
        ("Chủ thể", "D3", "Mã xã"),
        ("Chủ thể", "I3", "Điện thoại"),
        ("Chủ thể", "J4", "Thư điện tử"),
        ("Chủ thể", "B5", "Tên chủ thể"),
    ]
    assert [(one.sheet, one.cell) for one in found[8:]] == [
        ("Sản phẩm", "C2"),
        ("Sản phẩm", "C3"),
        ("Sản phẩm", "F3"),
        ("Giấy chứng nhận", "J2"),
        ("Giấy chứng nhận", "F2"),
        ("Giấy chứng nhận", "C2"),
        ("Giấy chứng nhận", "J3"),
        ("Giấy chứng nhận", "C3"),
        ("Giấy chứng nhận", "K4"),
        ("Giấy chứng nhận", "G4"),
        ("Giấy chứng nhận", "C4"),
    ]
    assert all(one.text and "{" not in one.text for one in found)
    assert count(session) == [0, 0, 0, 0]


def test_a_file_with_errors_is_not_applied(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    run = check(
        session, people, tmp_path, workbook([producer_row(), producer_row("Y", address="")])
    )
    assert [one.cell for one in report_of(run).errors] == ["B3", "E3"]
    with pytest.raises(StillFaulty):
        apply_import(
            session,
            run.code,
            ApplyImport(version=run.version),
            files=DiskStorage(tmp_path),
            actor=people.agency(),
            at=people.at,
        )


def test_nothing_stays_when_the_register_changed_since_the_check(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    content = workbook(
        [producer_row(), producer_row("Hợp tác xã Thứ Hai")],
        [product_row(old_codes="OCOP-LC-0012")],
    )
    run = check(session, people, tmp_path, content)
    other = make_product(session, people)
    session.add(
        ProductCodeAlias(
            code="OCOP-LC-0012",
            code_folded="ocop lc 0012",
            product_id=other.id or 0,
            source="sổ cũ",
            created_at=people.at,
        )
    )
    commit(session)
    before = count(session)
    apply_import(
        session,
        run.code,
        ApplyImport(version=run.version),
        files=DiskStorage(tmp_path),
        actor=people.agency(),
        at=people.at,
    )
    assert run.state is ImportState.FAILED
    assert [one.cell for one in report_of(run).errors] == ["J2"]
    assert count(session) == before
    assert waiting_kinds(session) == ["import.failed"]


def test_a_commune_of_before_is_mapped_to_its_successor_and_told_once(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    run = bring_in(
        session,
        people,
        tmp_path,
        workbook(
            [
                producer_row("Hợp tác xã Một", commune="03400"),
                producer_row("Hợp tác xã Ong", commune=3400),
                producer_row("Hợp tác xã Chè", commune="Xã Hồ Thầu"),
            ],
            [product_row("Chè", "Hợp tác xã Chè", commune="03406")],
        ),
    )
    codes = session.exec(select(col(Producer.commune_code))).all()
    assert set(codes) == {"03405"}
    told = [one.text for one in report_of(run).warnings]
    assert (
        sum("Xã Tả Lèng (mã 03400, đến 30/6/2025) nay là Xã Tả Lèng (mã 03405)" in t for t in told)
        == 1
    )
    assert any("1670/NQ-UBTVQH15" in text for text in told)


def test_doubts_are_told_but_do_not_stop_the_file(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    make_producer(session, people, "Hợp tác xã Ong Tả Lèng")
    run = check(
        session,
        people,
        tmp_path,
        workbook(
            [producer_row("HTX Ong Tà Lèn"), producer_row()],
            [product_row()],
            [
                certificate_row(authority="UBND huyện Sa Pa", regime_code=""),
                certificate_row(
                    authority="UBND huyện Tam Đường",
                    issued_on=date(2025, 8, 1),
                    regime_code="1489/QĐ-TTg",
                    decision_number="",
                ),
                certificate_row(issued_on=date(2022, 8, 1), regime_code="148/QĐ-TTg"),
            ],
        ),
    )
    told = [one.text for one in report_of(run).warnings]
    assert run.errors == 0
    assert told == [
        "Gần giống chủ thể «Hợp tác xã Ong Tả Lèng» cùng xã. Hãy chắc là hai chủ thể.",
        "Hiểu là 148/QĐ-TTg, theo ngày cấp.",
        "Tỉnh không có huyện, thành phố này trong danh mục.",
        "Cấp huyện kết thúc ngày 30/6/2025, trước ngày cấp.",
        "148/QĐ-TTg không có hiệu lực vào ngày cấp.",
    ]


def test_cells_are_read_as_people_write_them(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    name = unicodedata.normalize("NFD", "Hợp tác xã Miến  Dong ")
    bring_in(
        session,
        people,
        tmp_path,
        workbook(
            [
                producer_row(
                    name,
                    kind="hop tac xa",
                    commune=3390,
                    registered_on="05/03/2019",
                    phone=912345678,
                    tax_code="0100109106",
                    registration_number="=1+1",
                    representative_title='@SUM(1)|"cmd"',
                )
            ],
            [product_row(set_number="6,0")],
            [certificate_row(star="3 sao", issued_on="28/06/2024", product_code="0012-007")],
        ),
    )
    producer = session.exec(select(Producer)).one()
    assert producer.name == "Hợp tác xã Miến Dong"
    assert producer.commune_code == "03390"
    assert producer.registered_on == date(2019, 3, 5)
    assert producer.phone == "0912345678"
    assert producer.tax_code == "0100109106"
    assert producer.registration_number == "=1+1"
    assert producer.representative_title == '@SUM(1)|"cmd"'
    certificate = session.exec(select(Certificate)).one()
    assert (certificate.star, certificate.product_code) == (3, "0012-007")


def test_an_old_code_finds_the_product_and_its_page_of_the_register(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    day = date(2026, 9, 14)
    content = workbook(
        [producer_row()], [product_row(old_codes="OCOP.LC/0012")], [certificate_row()]
    )
    bring_in(session, people, tmp_path, content)
    certificate = session.exec(select(Certificate)).one()
    for typed in ("OCOP.LC/0012", "ocop lc 0012", "miến"):
        shown = register_page(session, Wanted(q=typed), on=day).page.items
        assert [one.code for one in shown] == [certificate.code]
        found = products_page(session, actor=people.agency(), search=typed)
        assert [product.name for product, _ in found.items] == ["Miến dong"]
    assert not register_page(session, Wanted(q="0012"), on=day).page.items
    assert get_register_entry(session, "ocop-lc-0012", on=day).certificate.code == certificate.code


def test_a_code_belongs_to_one_product(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    found = errors(
        session,
        people,
        tmp_path,
        workbook(
            [producer_row()],
            [product_row(old_codes="A-1"), product_row("Chè", old_codes="a 1")],
            [certificate_row(product_code="A-1"), certificate_row("Chè")],
        ),
    )
    assert [one.text for one in found] == [
        "Mã «a 1» đã thuộc sản phẩm khác.",
        "Dòng của sản phẩm này còn lỗi.",
    ]


def test_a_refusal_in_the_middle_undoes_what_was_brought_in_before_it(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    run = check(session, people, tmp_path, history())
    session.add(NumberSeries(name="certificates/record", last=LARGEST_RECORD_NUMBER))
    commit(session)
    apply_import(
        session,
        run.code,
        ApplyImport(version=run.version),
        files=DiskStorage(tmp_path),
        actor=people.agency(),
        at=people.at,
    )
    assert run.state is ImportState.FAILED
    assert "đã hết số" in report_of(run).errors[0].text
    assert count(session) == [0, 0, 0, 0]
    assert waiting_kinds(session) == ["import.failed"]


def test_examples_and_the_template_itself_bring_nothing_in(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    content = template_workbook(session, on=date(2026, 9, 14), at=people.at)
    assert list(read_workbook(content)) == [
        GUIDE_SHEET,
        "Chủ thể",
        "Sản phẩm",
        "Giấy chứng nhận",
        LIST_SHEET,
    ]
    run = check(session, people, tmp_path, content)
    report = report_of(run)
    assert (report.examples, report.errors, report.warnings) == (3, [], [])
    assert report.does_nothing


def test_two_thousand_rows_are_checked_and_brought_in_quickly(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    names = [f"Hợp tác xã Số {number}" for number in range(667)]
    content = workbook(
        [producer_row(name) for name in names],
        [product_row(producer=name) for name in names],
        [certificate_row(producer=name) for name in names],
    )
    started = process_time()
    run = bring_in(session, people, tmp_path, content)
    commit(session)
    assert process_time() - started < MOST_SECONDS
    assert count(session) == [667, 667, 667, 0]
    again = check(session, people, tmp_path, content)
    assert report_of(again).does_nothing
    assert run.state is ImportState.APPLIED


def test_strangers_neither_check_nor_apply(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    file = sent(tmp_path, history())
    for stranger in (people.officer(), people.leader(), people.head(), people.auditor()):
        with pytest.raises(ImportingNotYours):
            check_import(session, file, actor=stranger, at=people.at)
    run = check_import(session, file, actor=people.administrator(), at=people.at)
    session.flush()
    for stranger in (people.officer(), people.head(), people.signer()):
        with pytest.raises(NotPermitted):
            apply_import(
                session,
                run.code,
                ApplyImport(version=1),
                files=DiskStorage(tmp_path),
                actor=stranger,
                at=people.at,
            )
    applied = apply_import(
        session,
        run.code,
        ApplyImport(version=1),
        files=DiskStorage(tmp_path),
        actor=people.administrator(),
        at=people.at,
    )
    assert applied.state is ImportState.APPLIED


def test_a_file_that_is_gone_is_told(session: WriteSession, people: People, tmp_path: Path) -> None:
    run = check(session, people, tmp_path, history())
    DiskStorage(tmp_path).remove(run.sha256)
    with pytest.raises(FileGone):
        apply_import(
            session,
            run.code,
            ApplyImport(version=1),
            files=DiskStorage(tmp_path),
            actor=people.agency(),
            at=people.at,
        )
