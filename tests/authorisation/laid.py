"""Rows of the kinds the demonstration world has none of: one in the own commune, one in the other."""

# ruff: noqa: S608 -- statements of literals and of row numbers, in tests

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from app.core.codes import new_secret
from app.core.db import metadata
from app.core.signing import seal
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.queries import secret_hash
from app.domain.packs.rules import FILE_FORMAT, FILE_KIND, SEAL_PURPOSE
from app.domain.recognition.enums import DecisionKind, DecisionState
from app.domain.uploads.enums import UploadPurpose
from app.rulebooks import loader
from app.rulebooks.scoring import canonical_json
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

    def scan(self, word: str = "scan") -> dict[str, Any]:
        """Return the columns of a kept file that is the scan of a signed paper."""
        sha256, media_type, file_name, _size = self._file
        return {
            f"{word}_sha256": sha256,
            f"{word}_media_type": media_type,
            f"{word}_name": file_name,
        }

    def lay(self) -> None:
        """Lay everything."""
        self._of_dossier()
        self._of_draft()
        self._of_centre()
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

    def _of_draft(self) -> None:
        """Lay a file that is on its way to a dossier nobody has filed yet."""
        dossier = self._connection.scalar(
            sa.text("SELECT code FROM dossiers WHERE commune_code = :unit AND state = 'draft'"),
            {"unit": self._unit},
        )
        self.add(
            "uploads",
            owner_id=1,
            purpose=UploadPurpose.EVIDENCE,
            subject_code=dossier,
            length=10,
            received=0,
            expires_at=NOW + timedelta(days=1),
        )

    def _of_centre(self) -> None:
        """Lay a product before the ministry, with the scan of its answer."""
        lay_copy(
            self._connection,
            "centre_submissions",
            self.one("SELECT id FROM centre_submissions"),
            dossier_id=self.one(
                "SELECT id FROM dossiers WHERE commune_code = :unit AND state = 'recognised'"
            ),
            **self.scan(),
        )

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
        over = lay_copy(
            self._connection,
            "inspections",
            concluded,
            certificate_id=certificate,
            conclusion_number=f"ZZ-{self._unit}",
            **self.scan(),
        )
        if self._unit == OWN:
            self._send_team(check)
            self._send_team(over)
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
            **self.scan("conclusion"),
        )

    def _send_team(self, check: int) -> None:
        """Let a check have a team of the own people of three offices."""
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
    _lay_of_scoring(connection)


def _lay_of_the_province(connection: Connection) -> None:
    sha256, size = connection.execute(sa.text("SELECT sha256, size FROM evidence LIMIT 1")).one()
    decision = metadata().tables["recognition_decisions"]
    connection.execute(
        decision.update()
        .where(
            decision.c.kind == DecisionKind.RECOGNITION, decision.c.state == DecisionState.SIGNED
        )
        .values(scan_sha256=sha256, scan_media_type="application/pdf", scan_name="quyet-dinh.pdf")
    )
    lay(connection, "import_runs", sha256=sha256, size=size, counts={}, report=_NOTHING_FOUND)
    lay(connection, "export_files", sha256=sha256, size=size)
    lay(connection, "clone_flags", evidence={})
    lay(connection, "deliveries", notice_id=1, due_at=NOW)
    lay(connection, "stamp_destructions")
    lay(
        connection,
        "invitations",
        token_hash=secret_hash(INVITED),
        invited_by="quantri",
        grants=[],
        expires_at=NOW + timedelta(days=1),
    )
    lay(connection, "register_snapshots", code="2026-11", csv_sha256=sha256, json_sha256=sha256)


def _lay_of_persons(connection: Connection) -> None:
    known = connection.execute(sa.text("SELECT id, username FROM users ORDER BY id")).all()
    people = [person for person, _ in known]
    # What is laid for two belongs to somebody beside who is never tried.
    untried = next(person for person, username in known if username == "chuyengia")
    producer = connection.scalar(
        sa.text("SELECT id FROM producers WHERE commune_code = :unit"), {"unit": OWN}
    )
    for person, username in known:
        beside = untried if person != untried else people[0]
        lay(connection, "absences", user_id=person, deputy_id=beside, last_day=NOW.date())
        lay(connection, "handovers", from_user_id=person, to_user_id=beside, membership_ids=[])
        lay_copy(connection, "notices", 1, user_id=person, occasion="thu")
        lay(connection, "jobs", user_id=person, kind="exports.province_report")
        lay(connection, "personal_data_requests", user_id=person, state="received")
        lay(
            connection,
            "invitations",
            invited_by=username,
            grants=[{"role": Role.PRODUCER, "producer_id": producer}],
            expires_at=NOW + timedelta(days=1),
        )
        lay(
            connection, "provider_identities", user_id=person, issuer="https://nha-cung-cap.example"
        )
        lay(connection, "api_tokens", user_id=person, scopes=[], expires_at=NOW + timedelta(days=1))


def _lay_of_scoring(connection: Connection) -> None:
    """Lay what came of the sheets that are scored: answers without network, paper, an earlier round."""
    sheets = connection.execute(
        sa.text(
            "SELECT s.id, s.code, s.member_id, c.user_id, c.name, i.meeting_id, i.scoring_round,"
            " m.code meeting, m.pack_secret, d.code dossier, d.rubric_code, d.rubric_hash"
            " FROM score_sheets s JOIN agenda_items i ON i.id = s.item_id"
            " JOIN meetings m ON m.id = i.meeting_id JOIN dossiers d ON d.id = i.dossier_id"
            " JOIN council_members c ON c.id = s.member_id"
            " WHERE m.state = 'open' AND m.form = 'in_person'"
        )
    ).all()
    scan = connection.execute(
        sa.text(
            "SELECT sha256 scan_sha256, file_name scan_name, media_type scan_media_type, size scan_size"
            " FROM evidence LIMIT 1"
        )
    ).mappings()
    kept = dict(scan.one())
    blank: dict[str, Any] = {"first": {}, "second": None, "agreed": None}
    by_member: dict[int, list[Any]] = {}
    for sheet in sheets:
        lay(connection, "superseded_sheets", sheet_id=sheet.id, scoring_round=1)
        lay(connection, "paper_sheets", sheet_id=sheet.id, **blank, **kept)
        by_member.setdefault(sheet.member_id, []).append(sheet)
    for own in by_member.values():
        _lay_answers(connection, own, handed_in_by_id=own[0].user_id)
    office = sa.text("SELECT id FROM users WHERE username IN ('thuky', 'canbotinh')")
    for person in connection.scalars(office).all():
        of_another = by_member[max(by_member)]
        _lay_answers(connection, of_another, handed_in_by_id=person, for_member=True)


def _lay_answers(connection: Connection, sheets: Sequence[Any], **by: Any) -> None:
    """Lay the answer file of a pack over a member's sheets."""
    first = sheets[0]
    packed = {
        sheet.code: {
            "dossier": sheet.dossier,
            "rubric": sheet.rubric_code,
            "rubric_hash": sheet.rubric_hash,
            "scoring_round": sheet.scoring_round,
            "version": 1,
            "base": {},
        }
        for sheet in sheets
    }
    pack = {
        "meeting": first.meeting,
        "member_id": first.member_id,
        "member": first.name,
        "made_at": NOW.isoformat(),
        "sheets": packed,
    }
    content = {
        "kind": FILE_KIND,
        "format": FILE_FORMAT,
        "seal": seal(first.pack_secret, SEAL_PURPOSE, canonical_json(pack).encode()),
        "sheets": {sheet.code: {"marks": {}} for sheet in sheets},
        "pack": pack,
    }
    place = {"meeting_id": first.meeting_id, "member_id": first.member_id}
    lay(connection, "pack_returns", content=content, **place, **by)
