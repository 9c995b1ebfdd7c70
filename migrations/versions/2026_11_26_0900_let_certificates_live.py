"""let certificates live: what they say, extensions, replacements; decisions of six kinds with scans.

Rules: import nothing from app; the previous release must still run on the new schema.
"""

import unicodedata

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KINDS = ("recognition", "approval")
_NEW_KINDS = (*_KINDS, "revocation", "extension", "correction", "holder_change")
_REPLACEMENTS = ("recognition", "upgrade", "renewal", "holder_change")
_GROUNDS = (
    "untrue_dossier",
    "criteria_not_kept",
    "law_broken",
    "mark_misused",
    "production_stopped",
    "other_conclusion",
)
_PUBLISHED = "published_at IS NULL OR (signed_at IS NOT NULL AND scan_sha256 IS NOT NULL)"


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    kind = sqlmodel.sql.sqltypes.AutoString(length=length)
    return sa.Column(name, kind, nullable=False, server_default="")


def _long(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _scan() -> list[sa.Column[str]]:
    hashed = sqlmodel.sql.sqltypes.AutoString(length=64)
    return [
        sa.Column("scan_sha256", hashed, nullable=True),
        _text("scan_media_type", 60),
        _text("scan_name", 120),
    ]


def _decision_columns() -> list[sa.Column[str]]:
    return [
        _text("authority_folded"),
        *_scan(),
        sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("published_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    ]


def _certificate_columns() -> list[sa.Column[str]]:
    return [
        _text("product_name"),
        _text("producer_name"),
        _text("producer_address"),
        _long("search_folded"),
        sa.Column("extended_from", sa.Date(), nullable=True),
        sa.Column("extended_until", sa.Date(), nullable=True),
        _text("extended_by"),
        _long("extension_reason"),
        sa.Column("holder_ended_on", sa.Date(), nullable=True),
    ]


def _item_columns() -> list[sa.Column[str]]:
    return [_text("product_name"), _text("producer_name"), _text("producer_address")]


def _producer_columns() -> list[sa.Column[str]]:
    return [
        sa.Column("dissolved_on", sa.Date(), nullable=True),
        _text("dissolution_source"),
    ]


def _dossier_columns() -> list[sa.Column[int]]:
    return [
        sa.Column("stated_revenue", sa.BigInteger(), nullable=True),
        sa.Column("stated_revenue_year", sa.Integer(), nullable=True),
    ]


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


_WORDS = {
    "superseded_how": ("replacement", _REPLACEMENTS),
    "revocation_ground": ("revocationground", _GROUNDS),
}


def upgrade() -> None:
    op.create_index(op.f("ix_products_set_number"), "products", ["set_number"])
    op.create_index("ix_notices_told_of", "notices", ["subject_code", "kind"])
    for column in _producer_columns():
        op.add_column("producers", column)
    for figure in _dossier_columns():
        op.add_column("dossiers", figure)
    for column in _scan():
        op.add_column("centre_submissions", column)
    for column in _certificate_columns():
        op.add_column("certificates", column)
    for column in _item_columns():
        op.add_column("decision_items", column)
    for name, (vocabulary, words) in _WORDS.items():
        # Written out, because SQLite takes a check only together with its column.
        op.execute(
            f"ALTER TABLE certificates ADD COLUMN {name} VARCHAR(40) "
            f"CONSTRAINT ck_certificates_{vocabulary} CHECK ({_one_of(name, words)})"
        )
    _tell_what_certificates_say()
    for column in _decision_columns():
        op.add_column("recognition_decisions", column)
    _fold_authorities()
    if op.get_bind().dialect.name == "sqlite":
        _lay_decisions_anew(_NEW_KINDS, ("authority_folded", "number", "year"), grown=True)
        return
    op.drop_constraint("ck_recognition_decisions_decisionkind", "recognition_decisions")
    op.create_check_constraint(
        op.f("ck_recognition_decisions_decisionkind"),
        "recognition_decisions",
        _one_of("kind", _NEW_KINDS),
    )
    op.create_check_constraint(
        op.f("ck_recognition_decisions_published_with_its_scan"),
        "recognition_decisions",
        _PUBLISHED,
    )
    op.drop_constraint("uq_recognition_decisions_number_year", "recognition_decisions")
    op.create_unique_constraint(
        op.f("uq_recognition_decisions_authority_folded_number_year"),
        "recognition_decisions",
        ["authority_folded", "number", "year"],
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _lay_decisions_anew(_KINDS, ("number", "year"), grown=False)
    else:
        op.drop_constraint(
            "uq_recognition_decisions_authority_folded_number_year", "recognition_decisions"
        )
        op.create_unique_constraint(
            op.f("uq_recognition_decisions_number_year"),
            "recognition_decisions",
            ["number", "year"],
        )
        op.drop_constraint(
            "ck_recognition_decisions_published_with_its_scan", "recognition_decisions"
        )
        op.drop_constraint("ck_recognition_decisions_decisionkind", "recognition_decisions")
        op.create_check_constraint(
            op.f("ck_recognition_decisions_decisionkind"),
            "recognition_decisions",
            _one_of("kind", _KINDS),
        )
        for column in _decision_columns():
            op.drop_column("recognition_decisions", column.name)
    for name in (*_WORDS, *(column.name for column in _certificate_columns())):
        op.drop_column("certificates", name)
    for column in _item_columns():
        op.drop_column("decision_items", column.name)
    for column in _scan():
        op.drop_column("centre_submissions", column.name)
    for column in _producer_columns():
        op.drop_column("producers", column.name)
    for figure in _dossier_columns():
        op.drop_column("dossiers", figure.name)
    op.drop_index("ix_notices_told_of", "notices")
    op.drop_index(op.f("ix_products_set_number"), "products")


def _tell_what_certificates_say() -> None:
    """Write down the names each certificate bears, and how an older one came to be replaced."""
    connection = op.get_bind()
    op.execute(
        "UPDATE certificates SET "
        "product_name = (SELECT name FROM products WHERE products.id = certificates.product_id), "
        "producer_name = (SELECT name FROM producers WHERE producers.id = certificates.producer_id), "
        "producer_address = "
        "(SELECT address FROM producers WHERE producers.id = certificates.producer_id)"
    )
    op.execute(
        "UPDATE decision_items SET "
        "product_name = (SELECT products.name FROM dossiers JOIN products "
        "ON products.id = dossiers.product_id WHERE dossiers.id = decision_items.dossier_id), "
        "producer_name = (SELECT producers.name FROM dossiers JOIN producers "
        "ON producers.id = dossiers.producer_id WHERE dossiers.id = decision_items.dossier_id), "
        "producer_address = (SELECT producers.address FROM dossiers JOIN producers "
        "ON producers.id = dossiers.producer_id WHERE dossiers.id = decision_items.dossier_id) "
        "WHERE decision_id IN (SELECT id FROM recognition_decisions WHERE state = 'signed')"
    )
    op.execute(
        "UPDATE certificates SET superseded_how = COALESCE((SELECT CASE dossiers.kind "
        "WHEN 'upgrade' THEN 'upgrade' WHEN 'renewal' THEN 'renewal' ELSE 'recognition' END "
        "FROM certificates AS newer JOIN dossiers ON dossiers.id = newer.dossier_id "
        "WHERE newer.id = certificates.superseded_by_id), 'recognition') "
        "WHERE superseded_by_id IS NOT NULL"
    )
    told = connection.execute(
        sa.text("SELECT id, product_name, producer_name, product_code FROM certificates")
    ).all()
    for row in told:
        words = _folded(f"{row.product_name} {row.producer_name} {row.product_code or ''}")
        connection.execute(
            sa.text("UPDATE certificates SET search_folded = :words WHERE id = :id"),
            {"words": words, "id": row.id},
        )


def _fold_authorities() -> None:
    connection = op.get_bind()
    for (authority,) in connection.execute(
        sa.text("SELECT DISTINCT authority FROM recognition_decisions")
    ).all():
        connection.execute(
            sa.text(
                "UPDATE recognition_decisions SET authority_folded = :folded WHERE authority = :authority"
            ),
            {"folded": _folded(authority), "authority": authority},
        )


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())


def _lay_decisions_anew(kinds: tuple[str, ...], unique: tuple[str, ...], *, grown: bool) -> None:
    """Build the table again: SQLite cannot change a constraint. Foreign keys rest meanwhile (env.py)."""
    grown_columns = (
        ", authority_folded VARCHAR DEFAULT '' NOT NULL, scan_sha256 VARCHAR(64), "
        "scan_media_type VARCHAR(60) DEFAULT '' NOT NULL, scan_name VARCHAR(120) DEFAULT '' NOT NULL, "
        "published_at DATETIME, published_by VARCHAR"
    )
    grown_check = (
        f", CONSTRAINT ck_recognition_decisions_published_with_its_scan CHECK ({_PUBLISHED})"
    )
    op.execute(
        "CREATE TABLE decisions_anew (id INTEGER NOT NULL, code VARCHAR(20) NOT NULL, "
        "version INTEGER NOT NULL, kind VARCHAR(40) NOT NULL, state VARCHAR(40) NOT NULL, "
        "number VARCHAR(60) NOT NULL, year INTEGER NOT NULL, decided_on DATE NOT NULL, "
        "authority VARCHAR NOT NULL, signed_by VARCHAR, signed_title VARCHAR NOT NULL, "
        "on_behalf VARCHAR NOT NULL, signed_at DATETIME, created_at DATETIME NOT NULL"
        + (grown_columns if grown else "")
        + ", CONSTRAINT pk_recognition_decisions PRIMARY KEY (id), "
        "CONSTRAINT ck_recognition_decisions_signed_by_and_at_together "
        "CHECK ((signed_at IS NULL) = (signed_by IS NULL)), "
        "CONSTRAINT uq_recognition_decisions_code UNIQUE (code), "
        f"CONSTRAINT uq_recognition_decisions_{'_'.join(unique)} UNIQUE ({', '.join(unique)}), "
        f"CONSTRAINT ck_recognition_decisions_decisionkind CHECK ({_one_of('kind', kinds)}), "
        "CONSTRAINT ck_recognition_decisions_decisionstate CHECK (state IN ('draft', 'signed'))"
        + (grown_check if grown else "")
        + ")"
    )
    columns = (
        "id, code, version, kind, state, number, year, decided_on, authority, signed_by, "
        "signed_title, on_behalf, signed_at, created_at"
        + (
            ", authority_folded, scan_sha256, scan_media_type, scan_name, published_at, published_by"
            if grown
            else ""
        )
    )
    op.execute(
        f"INSERT INTO decisions_anew ({columns}) SELECT {columns} FROM recognition_decisions"
    )  # noqa: S608 -- names of our own
    op.execute("DROP TABLE recognition_decisions")
    op.execute("ALTER TABLE decisions_anew RENAME TO recognition_decisions")
