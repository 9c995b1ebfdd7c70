"""The one chain of migrations, on both databases: whole, reversible, and true to the models."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import SQLModel

from app.core.db import make_engine
from app.core.settings import Settings
from app.tables import TABLES
from tests.architecture.source import ROOT, python_files


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings of an installation whose database is still empty."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path)
    new_database: Callable[..., str] = request.getfixturevalue("new_postgres_database")
    return Settings(data_dir=tmp_path, database_url=new_database())


@pytest.fixture
def engine(empty: Settings) -> Iterator[Engine]:
    """Return an engine on the empty database."""
    engine = make_engine(empty)
    yield engine
    engine.dispose()


@pytest.fixture
def alembic(empty: Settings) -> Config:
    """Return Alembic, pointed at the empty database and silent."""
    config = Config(str(ROOT / "alembic.ini"), stdout=io.StringIO())
    config.attributes["settings"] = empty
    return config


def tables(engine: Engine) -> set[str]:
    """Return the tables that are there, Alembic's own aside."""
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_chain_builds_exactly_the_tables_of_the_models(alembic: Config, engine: Engine) -> None:
    assert TABLES
    command.upgrade(alembic, "head")
    assert len(tables(engine)) > len(TABLES)
    command.check(alembic)


def test_every_vocabulary_is_known_to_the_database_as_to_the_program(
    alembic: Config, engine: Engine
) -> None:
    command.upgrade(alembic, "head")
    kept = inspect(engine)
    unlike = {}
    for table in SQLModel.metadata.sorted_tables:
        checks = {
            check["name"]: set(re.findall(r"'([^']*)'", check["sqltext"]))
            for check in kept.get_check_constraints(table.name)
        }
        for column in table.columns:
            if isinstance(column.type, sa.Enum):
                name = f"ck_{table.name}_{column.type.name}"
                if checks.get(name) != set(column.type.enums):
                    unlike[name] = checks.get(name)
    assert unlike == {}


def test_every_step_can_be_taken_back_and_again(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "head")
    built = tables(engine)
    command.downgrade(alembic, "-1")
    command.upgrade(alembic, "head")
    assert tables(engine) == built
    command.downgrade(alembic, "base")
    assert tables(engine) == set()
    command.upgrade(alembic, "head")
    command.check(alembic)


def test_there_is_one_newest_revision_and_the_file_head_names_it() -> None:
    chain = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    assert chain.get_heads() == [(ROOT / "migrations/HEAD").read_text(encoding="utf-8").strip()]


def test_migrations_do_not_depend_on_what_the_program_becomes() -> None:
    for migration in python_files("migrations/versions"):
        assert not [name for _line, name in migration.imported() if name.split(".")[0] == "app"]


def test_what_the_first_release_kept_is_there_after_the_second_and_after_the_way_back(
    alembic: Config, engine: Engine
) -> None:
    command.upgrade(alembic, "0002")
    with engine.begin() as connection:
        for statement in _FIRST_RELEASE:
            connection.execute(text(statement))
    command.upgrade(alembic, "head")
    with engine.begin() as connection:
        older, newer = connection.execute(
            text(
                "SELECT product_name, producer_name, producer_address, search_folded, "
                "superseded_how FROM certificates ORDER BY id"
            )
        ).all()
        assert older == ("Mật ong Đèo Hoàng Liên", "HTX Bình Lư", "Bản Mới", _WORDS, "recognition")
        assert newer == ("Mật ong Đèo Hoàng Liên", "HTX Bình Lư", "Bản Mới", _WORDS, None)
        assert connection.execute(
            text("SELECT authority_folded, scan_name FROM recognition_decisions")
        ).all() == [("uy ban nhan dan tinh lai chau", "")]
        # The first release still runs on the new schema: it names no column it does not know.
        connection.execute(text(_ANOTHER_DECISION))
        _stamps_lie_on_rolls(connection)
    command.downgrade(alembic, "0002")
    with engine.begin() as connection:
        _stamps_lie_in_their_batch(connection)
        kept = text("SELECT code, number FROM recognition_decisions ORDER BY id")
        assert connection.execute(kept).all() == [
            ("QD-1", "1268/QĐ-UBND"),
            ("QD-2", "1269/QĐ-UBND"),
        ]
        assert connection.execute(text("SELECT count(*) FROM certificates")).scalar_one() == 2
    command.upgrade(alembic, "head")


def _stamps_lie_on_rolls(connection: Connection) -> None:
    assert connection.execute(
        text("SELECT kid, purpose, first_index, last_index FROM stamp_keys")
    ).all() == [(7, "stamps", 1, 40_000_000)]
    assert connection.execute(
        text("SELECT number, size, state, first_index, void_count FROM stamp_rolls")
    ).all() == [(1, 3, "activated", 1, 1)]
    kind, reason, withdrawn = connection.execute(
        text("SELECT kind, reason, id FROM stamp_withdrawals")
    ).one()
    assert (kind, reason) == ("spoilt", "Tem in hỏng")
    assert connection.execute(
        text('SELECT "index", place, withdrawal_id FROM stamps ORDER BY "index"')
    ).all() == [(1, 2, None), (2, 3, withdrawn), (3, 1, None)]
    assert connection.execute(
        text("SELECT id, first_index, count, status FROM stamp_changes ORDER BY id")
    ).all() == [(1, 1, 3, 0), (2, 2, 1, 1)]
    assert connection.execute(
        text("SELECT name, last FROM number_series WHERE name LIKE 'stamps/%' ORDER BY name")
    ).all() == [("stamps/changes", 2), ("stamps/index/7", 3)]


def _stamps_lie_in_their_batch(connection: Connection) -> None:
    assert connection.execute(
        text('SELECT "index", batch_id, position, state, void_reason FROM stamps ORDER BY "index"')
    ).all() == [
        (1, 1, 2, "activated", ""),
        (2, 1, 3, "void", "Tem in hỏng"),
        (3, 1, 1, "activated", ""),
    ]
    assert connection.execute(
        text("SELECT code, state, quantity, issued_count FROM stamp_batches ORDER BY id")
    ).all() == [("LT-1", "in_use", 3, 3), ("LT-2", "ordered", 9, 0)]
    assert connection.execute(
        text("SELECT last FROM number_series WHERE name = 'stamps/index'")
    ).all() == [(3,)]


_WORDS = "mat ong deo hoang lien htx binh lu 12 03390 01 2026"
_DECISION = (
    "INSERT INTO recognition_decisions (id, code, version, kind, state, number, year, decided_on, "
    "authority, signed_title, on_behalf, created_at) VALUES "
)
_ANOTHER_DECISION = (
    f"{_DECISION}(2, 'QD-2', 1, 'recognition', 'draft', '1269/QĐ-UBND', 2026, '2026-09-15', "
    "'Ủy ban nhân dân tỉnh Lai Châu', '', '', '2026-09-15 00:00:00')"
)
_CERTIFICATE = (
    "INSERT INTO certificates (id, code, record_number, product_code, product_id, producer_id, "
    "regime_code, star, decision_number, authority, issued_on, expires_on, revocation_reason, "
    "superseded_by_id, superseded_on, source_note) VALUES "
)
_BATCH = (
    "INSERT INTO stamp_batches (id, code, version, state, certificate_id, producer_id, quantity, "
    "purpose, refusal_reason, ordered_at, ordered_by_helper, approved_at, approved_by, issued_at, "
    "issued_count, kid, delivered_at, delivered_to, activated_at) VALUES "
)
_STAMP = (
    'INSERT INTO stamps ("index", batch_id, position, state, header, signature, voided_at, '
    "void_reason) VALUES "
)
_FIRST_RELEASE = (
    (
        "INSERT INTO producers (id, code, version, name, name_folded, kind, commune_code, address, "
        "registration_number, tax_code, phone, email, representative, representative_title, "
        "representative_gender, representative_ethnicity, representative_address, history, structure, "
        "created_at, updated_at) VALUES (1, 'CT-1', 1, 'HTX Bình Lư', 'htx binh lu', 'cooperative', "
        "'03390', 'Bản Mới', '', '', '', '', '', '', 'unstated', '', '', '', '', "
        "'2026-09-01 00:00:00', '2026-09-01 00:00:00')"
    ),
    (
        "INSERT INTO products (id, code, version, producer_id, commune_code, name, name_folded, "
        "set_number, description, packaging, story, created_at, updated_at) VALUES (1, 'SP-1', 1, 1, "
        "'03390', 'Mật ong Đèo Hoàng Liên', 'mat ong deo hoang lien', 4, '', '', '', "
        "'2026-09-01 00:00:00', '2026-09-01 00:00:00')"
    ),
    (
        f"{_DECISION}(1, 'QD-1', 1, 'recognition', 'draft', '1268/QĐ-UBND', 2026, '2026-09-14', "
        "'Ủy ban nhân dân tỉnh Lai Châu', '', '', '2026-09-14 00:00:00')"
    ),
    (
        f"{_CERTIFICATE}(2, 'CN-2', 2, '12-03390-01-2026', 1, 1, 'qd26-2026', 4, '1268/QĐ-UBND', "
        "'UBND', '2026-09-14', '2029-09-14', '', NULL, NULL, '')"
    ),
    (
        f"{_CERTIFICATE}(1, 'CN-1', 1, '12-03390-01-2026', 1, 1, 'qd148-2023', 3, '3/QĐ-UBND', "
        "'UBND', '2024-06-28', '2027-06-28', '', 2, '2026-09-14', '')"
    ),
    "INSERT INTO number_series (name, last) VALUES ('stamps/index', 3)",
    (
        "INSERT INTO stamp_keys (kid, jwk, created_at, signs_from) VALUES (7, '{}', "
        "'2026-09-14 00:00:00', '2026-09-14 00:00:00')"
    ),
    (
        f"{_BATCH}(1, 'LT-1', 5, 'in_use', 2, 1, 3, '', '', '2026-09-15 00:00:00', false, "
        "'2026-09-15 01:00:00', 'Bà Mẫu', '2026-09-15 02:00:00', 3, 7, '2026-09-15 03:00:00', "
        "'Ông Mẫu', '2026-09-15 04:00:00')"
    ),
    (
        f"{_BATCH}(2, 'LT-2', 1, 'ordered', 2, 1, 9, '', '', '2026-09-16 00:00:00', false, "
        "NULL, NULL, NULL, 0, NULL, NULL, '', NULL)"
    ),
    (
        "INSERT INTO signing_records (id, batch_id, kid, first_index, last_index, count, signed_at) "
        "VALUES (1, 1, 7, 1, 3, 3, '2026-09-15 02:00:00')"
    ),
    f"{_STAMP}(1, 1, 2, 'activated', 'h', 's', NULL, '')",
    f"{_STAMP}(2, 1, 3, 'void', 'h', 's', '2026-09-15 05:00:00', 'Tem in hỏng')",
    f"{_STAMP}(3, 1, 1, 'activated', 'h', 's', NULL, '')",
)
