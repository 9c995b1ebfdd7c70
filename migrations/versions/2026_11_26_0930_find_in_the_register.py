"""find in the register: the words of certificates in an index, on either database.

Rules: import nothing from app; the previous release must still run on the new schema.
SQLite keeps the words in an FTS5 table of its own, true by triggers: whoever builds `certificates`
anew there must make them again. PostgreSQL indexes the expression.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DELETED = (
    "INSERT INTO certificate_search(certificate_search, rowid, search_folded) "
    "VALUES ('delete', old.id, old.search_folded);"
)
_ENTERED = "INSERT INTO certificate_search(rowid, search_folded) VALUES (new.id, new.search_folded);"
_TRIGGERS = {
    "insert": f"AFTER INSERT ON certificates BEGIN {_ENTERED} END",
    "delete": f"AFTER DELETE ON certificates BEGIN {_DELETED} END",
    "update": f"AFTER UPDATE OF search_folded ON certificates BEGIN {_DELETED} {_ENTERED} END",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # The words are folded when they are written: nothing is left to fold here.
        op.execute(
            "CREATE VIRTUAL TABLE certificate_search USING fts5(search_folded, "
            "content='certificates', content_rowid='id', columnsize=0, "
            "prefix='1 2 3', tokenize='unicode61 remove_diacritics 0')"
        )
        op.execute("INSERT INTO certificate_search(certificate_search) VALUES ('rebuild')")
        for verb, trigger in _TRIGGERS.items():
            op.execute(f"CREATE TRIGGER certificate_search_{verb} {trigger}")
        return
    # Without a list of words still to be put in order: each search would read that list first.
    op.execute(
        "CREATE INDEX ix_certificates_words ON certificates "
        "USING gin (to_tsvector('simple', search_folded)) WITH (fastupdate = off)"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in _TRIGGERS:
            op.execute(f"DROP TRIGGER certificate_search_{verb}")
        op.execute("DROP TABLE certificate_search")
        return
    op.execute("DROP INDEX ix_certificates_words")
