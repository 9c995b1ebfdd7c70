"""Tables of claims as shops write them, and as they come back."""

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Refused
from app.domain.claims.enums import Finding, Reason
from app.domain.claims.forms import (
    ANSWER_COLUMNS,
    MissingColumns,
    TooManyClaims,
    UnreadableTable,
    read_table,
    written_table,
)
from app.domain.claims.rules import MOST_CLAIMS
from app.domain.claims.schemas import ClaimAnswer

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)


def answer(reference: str) -> ClaimAnswer:
    return ClaimAnswer(
        reference=reference,
        finding=Finding.UNKNOWN,
        reason=Reason.NOT_REGISTERED,
        message="Không có.",
        claimed_stars=4,
        known_at=AT,
        ask_again_after=AT,
        proof="a.b.c",
    )


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("between", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comma_or_semicolon_with_or_without_mark(mark: str, between: str, end: str) -> None:
    lines = [["Nơi bán", "Số sao", "Giấy chứng nhận", "Ghi chú"], ["Chợ A", "4", "CN-4M7P2Q8", "x"]]
    table = read_table((mark + end.join(between.join(line) for line in lines)).encode())
    [claim] = table.claims
    assert (claim.seller, claim.claimed_stars, claim.certificate) == ("Chợ A", 4, "CN-4M7P2Q8")
    assert (table.rows, table.bad) == ([2], [])


def test_bad_rows_are_told_by_number_and_the_others_answered_with_nothing_a_spreadsheet_would_run() -> (
    None
):
    table = read_table(
        "reference,seller,claimed_stars,stamp,gtin\n"
        "=1+1,A,4,009D-D1X1-PB1X-9SDW,\n"
        "b,A,sáu,,8938505974194\n"
        "\n"
        "c,,4,,8938505974194\n"
        "d,A,4,009D-D1X1-PB1X-9SDW,8938505974194\n"
        "e,A,4,,8938505974194,zu viel\n"
        '"f",A,5,,8938505974194\n'.encode()
    )
    assert table.rows == [2, 8]
    assert [bad.row for bad in table.bad] == [3, 5, 6, 7]
    assert all(bad.problem for bad in table.bad)
    answers = [answer(claim.reference) for claim in table.claims]
    text = written_table(table, answers)
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == ANSWER_COLUMNS
    assert [row["row"] for row in rows] == ["2", "3", "5", "6", "7", "8"]
    assert [row["reference"] for row in rows] == ["'=1+1", "", "", "", "", "f"]
    assert [bool(row["problem"]) for row in rows] == [False, True, True, True, True, False]
    assert rows[0]["known_at"] == AT.isoformat()


def test_what_is_no_table_of_claims_is_refused() -> None:
    good = "seller,claimed_stars,gtin\n"
    for raw in (b"", b"\xff\xfe\x00", good.encode(), b'"'):
        with pytest.raises((UnreadableTable, MissingColumns)):
            read_table(raw)
    for header in ("seller,claimed_stars", "seller,gtin", "seller,claimed_stars,product"):
        with pytest.raises(MissingColumns):
            read_table(f"{header}\na,4,b\n".encode())
    with pytest.raises(TooManyClaims):
        read_table((good + "a,4,8938505974194\n" * (MOST_CLAIMS + 1)).encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(raw: bytes) -> None:
    for head in (b"", b"seller;claimed_stars;stamp\n"):
        try:
            table = read_table(head + raw)
        except Refused:
            continue
        assert len(table.rows) == len(table.claims)
