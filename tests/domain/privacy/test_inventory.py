"""What is kept about people is named whole: every column is judged, and every period is kept by somebody."""

import csv
import io
from collections import Counter

import sqlalchemy as sa
from sqlmodel import SQLModel

import app.tables  # noqa: F401 -- so that every table is known
from app.core.settings import Settings
from app.domain.privacy.actions.forgetting import SWEEPS
from app.domain.privacy.enums import Care, RequestKind, RequestState, RequestStep
from app.domain.privacy.papers import processing_record
from app.domain.privacy.queries import OF_ACCOUNT, OF_DOSSIER, OF_PRODUCER, OF_SEAT
from app.domain.privacy.rules import (
    BY_KEY,
    EVENTS,
    HOLDINGS,
    IMPERSONAL,
    KIND_BASIS,
    KIND_LABELS,
    MOVES,
    PERIODS,
    SENSITIVE_LIST,
    STATE_LABELS,
    STEP_LABELS,
    WHOSE_LABELS,
    due_on,
    said_here,
)
from app.domain.scans.actions import KEPT_DAYS as SCANS_KEPT_DAYS
from app.domain.uploads.rules import KEPT_FOR as UPLOADS_KEPT_FOR
from app.http.idempotency import KEPT_FOR as ANSWERS_KEPT_FOR
from tests.conftest import AT

# A number or a yes says little by itself; the inventory names those that do all the same.
PLAIN = (sa.Integer, sa.Boolean, sa.Float)


def kind_of(column: sa.Column[object]) -> object:
    """Return the type of a column below whatever wraps it."""
    kind: object = column.type
    while isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl
    return kind


def named() -> Counter[tuple[str, str]]:
    """Return every column the inventory or the other list names, and how often."""
    ours = Counter(name for holding in HOLDINGS for name in holding.names)
    ours.update((table, name) for table, names in IMPERSONAL.items() for name in names.split())
    return ours


def test_every_column_is_judged_once() -> None:
    columns = {
        (table.name, column.name): column
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
    }
    counted = named()
    twice = sorted(name for name, often in counted.items() if often > 1)
    assert not twice, f"judged twice: {twice}"
    gone = sorted(set(counted) - set(columns))
    assert not gone, f"no such column any more: {gone}"
    new = sorted(
        name
        for name, column in columns.items()
        if name not in counted and not isinstance(kind_of(column), PLAIN)
    )
    assert not new, f"say in app/domain/privacy/rules whether this is about a person: {new}"


def test_a_column_that_nobody_judged_is_noticed() -> None:
    assert ("users", "favourite_colour") not in named()


def test_ethnic_origin_is_sensitive_as_the_decree_lists_it() -> None:
    holding = BY_KEY["representatives"]
    assert ("producers", "representative_ethnicity") in holding.names
    assert holding.care is Care.SENSITIVE
    assert not holding.public
    assert SENSITIVE_LIST.startswith("Nghị định 356/2025")


def test_what_is_sensitive_or_secret_is_never_public() -> None:
    assert not [h.key for h in HOLDINGS if h.public and h.care is not Care.BASIC]


def test_every_period_that_ends_by_itself_is_ended_by_a_job() -> None:
    swept = {period.key for period in SWEEPS}
    ending = {period.key for period in PERIODS if period.days is not None}
    assert ending == swept | {"repeats"}  # kept answers belong to the doors, which forget them
    used = {holding.period.key for holding in HOLDINGS}
    assert used == {period.key for period in PERIODS}


def test_days_in_the_inventory_are_those_other_parts_keep_to() -> None:
    days = {period.key: period.days for period in PERIODS}
    assert days["scans"] == SCANS_KEPT_DAYS
    assert days["uploads"] == UPLOADS_KEPT_FOR.days
    assert days["repeats"] == ANSWERS_KEPT_FOR.days
    default = Settings.model_fields["reporters_kept_days"].default
    assert days["reporters"] == default
    assert said_here(BY_KEY["reporters"].period, 30) == "30 ngày sau khi xem xét xong"
    assert "90" in said_here(BY_KEY["logins"].period, 30)


def test_whatever_tells_whose_a_row_is_names_columns_that_exist() -> None:
    for links in (OF_ACCOUNT, OF_SEAT, OF_PRODUCER, OF_DOSSIER):
        for table, column in links.items():
            assert column in SQLModel.metadata.tables[table].c, f"{table}.{column}"


def test_every_table_that_points_to_an_account_is_in_a_persons_copy() -> None:
    pointing = {
        table.name
        for table in SQLModel.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "users.id"
    }
    # What somebody did for the office is in the log, which is in the copy.
    by_the_log = {"import_runs", "misuse_reports", "paper_sheets"}
    assert pointing - set(OF_ACCOUNT) == by_the_log


def test_the_table_of_steps_has_its_words() -> None:
    assert {row.step for row in MOVES} == set(RequestStep) == set(EVENTS) == set(STEP_LABELS)
    assert set(STATE_LABELS) == set(RequestState)
    assert set(KIND_LABELS) == set(KIND_BASIS) == set(RequestKind)
    assert {holding.whose.value for holding in HOLDINGS} <= set(WHOSE_LABELS)


def test_days_to_answer_are_those_of_the_decree() -> None:
    day = AT.date()
    assert {kind.value: (due_on(kind, day) - day).days for kind in RequestKind} == {
        "export": 10,
        "correction": 10,
        "erasure": 20,
        "restriction": 15,
        "objection": 15,
    }


def test_the_record_of_processing_names_every_holding_and_column() -> None:
    text = processing_record(keeper="Sở mẫu", contact="a@example.com", reporters_days=400)
    head, columns, *lines = csv.reader(io.StringIO(text.removeprefix("\N{BYTE ORDER MARK}")))
    assert head[1:3] == ["Sở mẫu", "a@example.com"]
    assert [line[0] for line in lines] == [holding.key for holding in HOLDINGS]
    assert all(len(line) == len(columns) for line in lines)
    assert any("producers.representative_ethnicity" in line[-1] for line in lines)
    assert any("400 ngày" in line[5] for line in lines)
