"""Rows of the kinds the demonstration world has none of: one in the own commune, one in the other."""

# ruff: noqa: S608 -- statements of literals and of row numbers, in tests

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from app.core.codes import new_secret
from app.core.db import metadata
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import secret_hash
from app.rulebooks import loader
from tests.authorisation.things import INVITED, OTHER, OWN, Caller

NOW = datetime.now(UTC)
_numbers = count(1)
_NOTHING_FOUND: dict[str, Any] = {
    "counts": {"producers": {}, "products": {}, "certificates": {}},
    "errors": [],
    "warnings": [],
    "changes": [],
}


def _filler(column: sa.Column[Any]) -> Any:
    """Return a value for a column that must hold something."""
    vocabulary = getattr(column.type, "enum_class", None)
    if vocabulary is not None:
        return next(iter(vocabulary))
    length = getattr(column.type, "length", None) or 20
    if isinstance(column.type, sa.JSON):
        return {}
    number = f"ZZ{next(_numbers):06}"
    by_type: Mapping[type, Any] = {
        int: 1,
        bool: False,
        float: 1.0,
        datetime: NOW,
        dict: {},
        bytes: b"x",
        str: number[-length:],
    }
    told = column.type
    kind: Any = (told.impl if isinstance(told, sa.types.TypeDecorator) else told).python_type
    return by_type.get(kind, NOW.date())


def lay(connection: Connection, table: str, **values: Any) -> int:
    """Put a row into a table, with something in every column that must hold something; return its number."""
    columns = metadata().tables[table].columns
    whole = {
        column.name: _filler(column)
        for column in columns
        if not column.nullable and not column.primary_key and column.server_default is None
    }
    done = connection.execute(metadata().tables[table].insert().values(whole | values))
    return int((done.inserted_primary_key or [0])[0])


def lay_copy(connection: Connection, table: str, number: int, **values: Any) -> int:
    """Put a row into a table that is another one but for these values; return its number."""
    told = metadata().tables[table]
    row = connection.execute(sa.select(told).where(told.c.id == number)).mappings().one()
    whole = {name: value for name, value in row.items() if name != "id"}
    if "code" in whole:
        whole["code"] = f"ZZ-{next(_numbers):07}"
    done = connection.execute(told.insert().values(whole | values))
    return int((done.inserted_primary_key or [0])[0])


class _Laying:
    """Lays what belongs to one commune."""

    def __init__(self, connection: Connection, unit: str) -> None:
        self._connection = connection
        self._unit = unit
        self._file = connection.execute(
            sa.text("SELECT sha256, media_type, file_name, size FROM evidence LIMIT 1")
        ).one()

    def one(self, query: str) -> int:
        """Return the number a query finds for this commune."""
        found = self._connection.scalar(sa.text(query + " LIMIT 1"), {"unit": self._unit})
        assert found is not None, query
        return int(found)

    def add(self, table: str, **values: Any) -> int:
        return lay(self._connection, table, **values)

    def file(self, **names: str) -> dict[str, Any]:
        """Return the columns of a kept file, under other names where a table calls them so."""
        whole = dict(zip(("sha256", "media_type", "file_name", "size"), self._file, strict=True))
        return {names.get(name, name): value for name, value in whole.items()}

    def lay(self) -> None:
        """Lay everything."""
        self._of_dossier()
        self._of_certificate()
        self._of_misuse()

    def _of_dossier(self) -> None:
        dossier = self.one(
            "SELECT id FROM dossiers WHERE commune_code = :unit AND kind = 'first' AND state = 'scoring'"
        )
        producer = self.one(f"SELECT producer_id FROM dossiers WHERE id = {dossier}")
        item = self.one(f"SELECT id FROM agenda_items WHERE dossier_id = {dossier}")
        self.add("attachments", dossier_id=dossier, **self.file())
        self.add("completion_requests", dossier_id=dossier, items=[])
        self.add("extra_tests", dossier_id=dossier, criterion_code="A1")
        paper = self.one(f"SELECT id FROM evidence WHERE producer_id = {producer}")
        self.add("evidence_uses", dossier_id=dossier, criterion_code="9.9", evidence_id=paper)
        rubric = loader.rubric(
            str(
                self._connection.scalar(
                    sa.text(f"SELECT rubric_code FROM dossiers WHERE id = {dossier}")
                )
            )
        )
        gate = next(one for one in rubric.criteria if one.gates)
        self.add(
            "gate_findings",
            item_id=item,
            criterion_code=gate.code,
            kind=gate.gates[0].effect,
            raised_by=1,
        )
        self.add("reopenings", item_id=item, requested_by_id=1)

    def _of_certificate(self) -> None:
        certificate, producer = self._connection.execute(
            sa.text(
                "SELECT c.id, c.producer_id FROM certificates c JOIN producers p ON p.id = c.producer_id"
                " WHERE p.commune_code = :unit AND c.product_code IS NOT NULL LIMIT 1"
            ),
            {"unit": self._unit},
        ).one()
        concluded = self.one("SELECT id FROM inspections WHERE state = 'concluded'")
        check = lay_copy(
            self._connection,
            "inspections",
            concluded,
            certificate_id=certificate,
            state="correcting",
            conclusion_year=None,
            concluded_on=None,
            concluded_at=None,
            outcome=None,
        )
        if self._unit == OWN:
            for username, agency in (
                ("canbotinh", "CQTM_OCOP"),
                ("kiemtra", "CHI_CUC_QLTT"),
                ("canboso", "SO_CT"),
            ):
                self._connection.execute(
                    metadata()
                    .tables["inspection_members"]
                    .insert()
                    .values(
                        inspection_id=check,
                        user_id=self.one(f"SELECT id FROM users WHERE username = '{username}'"),
                        name=username,
                        agency_code=agency,
                        agency_name=agency,
                        is_leader=username == "canbotinh",
                    )
                )
        picture = {
            f"{kind}_{name}": value
            for kind in ("copy", "thumbnail")
            for name, value in (("sha256", self._file[0]), ("width", 10), ("height", 10))
        }
        self.add(
            "inspection_photos",
            inspection_id=check,
            sha256=self._file[0],
            media_type="image/webp",
            **picture,
        )
        self.add("correction_answers", inspection_id=check, **self.file(size="ordinal"))
        permission = self.one("SELECT id FROM packaging_permissions")
        own = lay_copy(
            self._connection,
            "packaging_permissions",
            permission,
            certificate_id=certificate,
            producer_id=producer,
        )
        thumbnail = {name: value for name, value in picture.items() if name.startswith("thumbnail")}
        self.add("personal_data_requests", producer_id=producer, state="received")
        self.add("packaging_artworks", permission_id=own, reading={}, **self.file(), **thumbnail)
        lay_copy(
            self._connection,
            "product_ideas",
            self.one("SELECT id FROM product_ideas WHERE producer_id IS NOT NULL"),
            commune_code=self._unit,
            producer_id=producer,
        )
        lay_copy(
            self._connection,
            "revocation_cases",
            self.one("SELECT id FROM revocation_cases WHERE state = 'submitted'"),
            certificate_id=certificate,
            decision_id=None,
            state="verified",
        )

    def _of_misuse(self) -> None:
        report = lay_copy(
            self._connection,
            "misuse_reports",
            self.one("SELECT id FROM misuse_reports"),
            product_commune_code=self._unit,
            commune_code=self._unit,
        )
        self.add(
            "misuse_photos",
            report_id=report,
            sha256=self._file[0],
            copy_sha256=self._file[0],
            thumbnail_sha256=self._file[0],
            media_type="image/webp",
            position=1,
        )


def opened(connection: Connection, user_id: int, *scopes: Scope) -> Caller:
    """Sign somebody in with both factors, and give a token of these scopes (of all, without any told)."""
    cookie, token = new_secret(), new_secret()
    lay(
        connection,
        "login_sessions",
        user_id=user_id,
        token_hash=secret_hash(cookie),
        created_at=NOW,
        last_seen_at=NOW,
        second_factor_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )
    lay(
        connection,
        "api_tokens",
        user_id=user_id,
        token_hash=secret_hash(token),
        scopes=[scope.value for scope in scopes or Scope],
        expires_at=NOW + timedelta(days=1),
    )
    return Caller(user_id, cookie, token)


def lay_everything(connection: Connection) -> None:
    """Lay what the demonstration world has none of."""
    for unit in (OWN, OTHER):
        _Laying(connection, unit).lay()
    _lay_of_the_province(connection)
    _lay_of_persons(connection)


def _lay_of_the_province(connection: Connection) -> None:
    sha256, size = connection.execute(sa.text("SELECT sha256, size FROM evidence LIMIT 1")).one()
    lay(connection, "import_runs", sha256=sha256, size=size, counts={}, report=_NOTHING_FOUND)
    lay(connection, "export_files", sha256=sha256, size=size)
    lay(connection, "clone_flags", evidence={})
    lay(connection, "deliveries", notice_id=1, due_at=NOW)
    lay(connection, "stamp_destructions")
    lay(
        connection,
        "invitations",
        token_hash=secret_hash(INVITED),
        grants=[],
        expires_at=NOW + timedelta(days=1),
    )
    lay(connection, "register_snapshots", code="2026-11", csv_sha256=sha256, json_sha256=sha256)


def _lay_of_persons(connection: Connection) -> None:
    known = connection.execute(sa.text("SELECT id, username FROM users ORDER BY id")).all()
    people = [person for person, _ in known]
    nobody = next(person for person, username in known if username == "khongvaitro")
    for person, username in known:
        beside = nobody if person != nobody else people[0]
        lay(connection, "absences", user_id=person, deputy_id=beside, last_day=NOW.date())
        lay(connection, "handovers", from_user_id=person, to_user_id=beside, membership_ids=[])
        lay(connection, "jobs", user_id=person, kind="exports.province_report")
        lay(connection, "personal_data_requests", user_id=person, state="received")
        lay(
            connection,
            "invitations",
            invited_by=username,
            grants=[],
            expires_at=NOW + timedelta(days=1),
        )
        lay(
            connection, "provider_identities", user_id=person, issuer="https://nha-cung-cap.example"
        )
        lay(connection, "api_tokens", user_id=person, scopes=[], expires_at=NOW + timedelta(days=1))
        lay(
            connection,
            "uploads",
            owner_id=person,
            expires_at=NOW + timedelta(days=1),
            length=10,
            received=0,
        )
    seats = connection.execute(
        sa.text(
            "SELECT s.id, s.member_id, i.meeting_id FROM score_sheets s JOIN agenda_items i ON i.id = s.item_id"
            " JOIN meetings m ON m.id = i.meeting_id WHERE m.state = 'open' AND m.form = 'in_person'"
        )
    ).all()
    scan = connection.execute(
        sa.text(
            "SELECT sha256 scan_sha256, file_name scan_name, media_type scan_media_type, size scan_size"
            " FROM evidence LIMIT 1"
        )
    ).mappings()
    kept = dict(scan.one())
    for sheet, member, meeting in {seat.member_id: seat for seat in seats}.values():
        lay(
            connection,
            "pack_returns",
            meeting_id=meeting,
            member_id=member,
            handed_in_by_id=0,
            content={
                "kind": "ocop-phieu-cham",
                "format": 1,
                "seal": "9f2c41",
                "sheets": {},
                "pack": {
                    "meeting": "x-000",
                    "member_id": member,
                    "member": "x",
                    "made_at": "x",
                    "sheets": {},
                },
            },
        )
        lay(connection, "paper_sheets", sheet_id=sheet, first={}, second=None, agreed=None, **kept)
