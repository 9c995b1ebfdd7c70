"""The register with twenty thousand products: every page light, in few statements, by an index."""

from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import reading, transaction
from app.core.text import fold
from app.domain.recognition.models import Certificate
from tests.factories.large_register import fill_register
from tests.factories.statements import counted

MANY = 20_000
MOST_STATEMENTS = 8
LIST_CAP, ENTRY_CAP, FRAGMENT_CAP, HARD_CAP = (int(kb * 1024) for kb in (4.5, 4, 3, 14))
PACKED = {"accept-encoding": "br"}


def plan_of(engine: Engine, statement: str, values: Any) -> str:
    """Return how the database means to answer what a page asked."""
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(explain + statement, values)
        return "\n".join(str(row[-1]) for row in rows)


def test_twenty_thousand_products_stay_light_quick_and_found_by_an_index(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        fill_register(session, MANY, with_photos=True)
    on_sqlite = engine.dialect.name == "sqlite"
    if not on_sqlite:
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    with reading(engine) as session:
        known = select(Certificate.code, Certificate.product_name)
        code, name = session.exec(known.where(col(Certificate.id) == MANY - 1)).one()
    application: Any = client.app
    asked: list[tuple[str, Any]] = []
    sa.event.listen(
        application.state.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, *_rest: asked.append((statement, values)),
    )
    rare = {"q": fold(name)}
    deep = {"after": MANY // 20}
    for path, query, cap in (
        ("/register", {}, LIST_CAP),
        ("/register", {"q": "tra shan"}, LIST_CAP),
        ("/register", rare, LIST_CAP),
        ("/register", {"q": "khong co"}, LIST_CAP),
        ("/register", deep, LIST_CAP),
        ("/register", {"category": "I", "star": "4", "state": "all"}, LIST_CAP),
        ("/register", {"commune": "Thèn Sin", "q": "mat"}, LIST_CAP),
        ("/register", {"state": "ended"}, LIST_CAP),
        (f"/register/{code}", {}, ENTRY_CAP),
        ("/register/changes", deep, HARD_CAP),
        ("/register/changes.atom", {}, HARD_CAP),
        ("/sitemap.xml", {}, HARD_CAP),
        ("/api/v1/register", {"q": "tra", "limit": "20"}, HARD_CAP),
    ):
        with counted(client) as said:
            page = client.get(path, params=query, headers=PACKED)
        assert page.status_code == 200
        assert len(said) <= MOST_STATEMENTS, (path, query)
        assert page.num_bytes_downloaded <= cap, (path, query, page.num_bytes_downloaded)
        if path == "/register":
            part = client.get(path, params=query, headers={**PACKED, "hx-request": "true"})
            assert part.num_bytes_downloaded <= FRAGMENT_CAP, (path, query)
    asked.clear()
    read_anew = {"range": "bytes=0-"}
    assert code in client.get("/register", params=rare, headers=read_anew).text
    search, values = next(pair for pair in asked if "certificate" in pair[0])
    plan = plan_of(engine, search, values)
    if on_sqlite:
        assert "VIRTUAL TABLE INDEX" in plan
        assert "SCAN certificates" not in plan
    else:
        assert "ix_certificates_words" in plan
        assert "Seq Scan on certificates" not in plan
