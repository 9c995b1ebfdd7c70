"""Columns told once, cells that no spreadsheet runs, and lines that agree with the certificate's rules."""

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.exports.enums import Answer, Origin
from app.domain.exports.rules import (
    COLUMNS,
    Person,
    RegisterLine,
    Tally,
    commune_named_by,
    csv_row,
    csv_value,
    months_later,
)
from app.domain.producers.enums import Gender, ProducerKind
from app.domain.recognition.enums import Replacement
from app.domain.recognition.rules import IN_FORCE
from app.rulebooks.loader import regime

LAW = regime("qd26-2026")
ISSUED = date(2024, 5, 10)
END = date(2027, 5, 10)
DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))


def line(on: date, **told: object) -> RegisterLine:
    """Return a line of a certificate issued on 10/05/2024."""
    said: dict[str, object] = {
        "law": LAW,
        "page": "",
        "code": "CN-0000000",
        "product_code": None,
        "old_codes": (),
        "product_name": "Chè",
        "producer_name": "Hợp tác xã",
        "producer_kind": ProducerKind.COOPERATIVE,
        "set_number": 11,
        "set_name": "",
        "gtin": None,
        "category": "",
        "star": 3,
        "commune_code": "03390",
        "commune": "Xã Bình Lư",
        "issue_commune_code": "03390",
        "issue_commune": "Xã Bình Lư",
        "regime": "",
        "decision_number": "",
        "authority": "",
        "issued_on": ISSUED,
        "expires_on": END,
        "extended_from": None,
        "extended_until": None,
        "holder_ended_on": None,
        "revoked_on": None,
        "revocation_ground": None,
        "revocation_reason": "",
        "superseded_on": None,
        "superseded_how": None,
        "replaced_by_code": None,
        "origin": Origin.EARLIER,
    }
    return RegisterLine(on=on, **(said | told))  # type: ignore[arg-type]  # -- each is what it is called


@given(
    on=DAYS.filter(lambda day: day >= ISSUED),
    revoked_on=st.none() | DAYS,
    superseded_on=st.none() | DAYS,
    holder_ended_on=st.none() | DAYS,
    extension=st.none() | st.tuples(DAYS, st.integers(1, 180)),
)
def test_a_line_ended_exactly_when_the_rules_say_it_is_not_in_force(
    on: date,
    revoked_on: date | None,
    superseded_on: date | None,
    holder_ended_on: date | None,
    extension: tuple[date, int] | None,
) -> None:
    one = line(
        on,
        revoked_on=revoked_on,
        superseded_on=superseded_on,
        superseded_how=Replacement.RENEWAL if superseded_on else None,
        holder_ended_on=holder_ended_on,
        extended_from=extension[0] if extension else None,
        extended_until=END + timedelta(days=extension[1]) if extension else None,
    )
    assert one.is_running == (one.standing in IN_FORCE)
    assert (one.ended_on is None) == (one.end_reason is None) == one.is_running
    if one.ended_on is not None:
        assert one.ended_on <= on
        assert one.ended_as not in IN_FORCE


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_csv_record_is_read_back_by_another_reader_and_runs_nothing(one: str, other: str) -> None:
    kept = [one.replace("\r", "\n").replace("\0", ""), other.replace("\r", "").replace("\0", "")]
    [read] = csv.reader(io.StringIO(csv_row(kept), newline=""), strict=True)
    for cell, said in zip(read, kept, strict=True):
        assert cell in {said, f"'{said}'"[:-1]}
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.parametrize("text", ["=1+1", "+84", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_a_text_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert csv_value(text) == f"'{text}"


def test_every_column_is_told_in_both_languages_and_gives_its_type() -> None:
    types = {"string": str, "integer": int, "boolean": bool, "date": date}
    ended = line(date(2026, 9, 14), revoked_on=date(2026, 9, 1), product_code="12-03390-01-2024")
    names = [one.name for one in COLUMNS]
    assert len(set(names)) == len(names)
    for one in COLUMNS:
        assert "" not in {one.vi, one.en, one.example}, one.name
        assert one.basis or one.name in {"page", "gtin"}
        value = one.of(ended)
        assert value is None or type(value) is types[one.type.value], one.name
        assert value is not None or one.is_optional, one.name
        if one.words:
            assert value is None or value in {word.code for word in one.words}
            assert one.example in {word.code for word in one.words}


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("12-03390-01-2026", ("03390", 2026)),
        ("83-829-28780-3-2022", ("28780", 2022)),
        ("12-03390", None),
        ("OCOP-LC-0012", None),
        ("12-03390-00001-2026", None),
        (None, None),
    ],
)
def test_a_product_code_names_its_commune(code: str | None, named: tuple[str, int] | None) -> None:
    found = commune_named_by(code)
    assert (found and (found.code, found.year)) == named


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("", Answer.UNSTATED),
        ("Kinh", Answer.NO),
        (" dân tộc  KINH", Answer.NO),
        ("Thái", Answer.YES),
        ("Hà Nhì", Answer.YES),
        ("La Hủ", Answer.YES),
    ],
)
def test_whatever_is_stated_but_kinh_is_a_minority(said: str, answer: Answer) -> None:
    assert Person(1, Gender.UNSTATED, said).is_of_minority is answer


def test_twelve_months_later_is_the_same_day_or_the_last_of_its_month() -> None:
    assert months_later(date(2026, 9, 14), 12) == date(2027, 9, 14)
    assert months_later(date(2028, 2, 29), 12) == date(2029, 2, 28)


@given(
    st.lists(
        st.tuples(
            st.dates(date(2024, 1, 1), date(2026, 9, 14)),
            st.none() | st.dates(date(2024, 1, 1), date(2026, 12, 31)),
            st.sampled_from((3, 4, 5)),
        ),
        max_size=30,
    )
)
def test_the_year_begins_grows_shrinks_and_ends_in_balance(
    fates: list[tuple[date, date | None, int]],
) -> None:
    tally = Tally(date(2026, 1, 1), date(2026, 9, 14))
    for issued_on, gone_on, star in fates:
        revoked_on = max(issued_on, gone_on) if gone_on else None
        one = line(
            tally.on,
            issued_on=issued_on,
            expires_on=months_later(issued_on, 36),
            revoked_on=revoked_on,
            star=star,
        )
        tally.add(one, Person(1, Gender.FEMALE, "Mông"))
    start, issued, ended = tally.at_start.total(), tally.issued.total(), tally.ended.total()
    assert start + issued - ended == tally.total_running()
    for table in tally.running.values():
        assert table.total() == tally.total_running()
