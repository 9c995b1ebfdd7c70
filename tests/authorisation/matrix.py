"""The table of rights as people read it (`matrix.csv`), and as the application answers.

    python -m tests.authorisation.matrix FOLDER

tries everything in a fresh world in that folder and writes the table anew; then read what changed,
line by line, as if somebody else had written it.
"""

import csv
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import SecretStr

from app.commands.schema import migrate_database
from app.core.clock import now
from app.core.db import make_engine, transaction
from app.core.settings import Settings
from app.demonstration.world import build_world
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.models import Membership, User
from app.main import create_app
from app.signer import publish_status
from tests.authorisation.laid import lay_everything, opened
from tests.authorisation.things import Caller, Things
from tests.authorisation.tries import Door, Said, Trier, doors, in_one_thread
from tests.factories.people import SINCE

FILE = Path(__file__).with_name("matrix.csv")
MAY_ALL, MAY_OWN, MAY_NOT = "✓", "của mình", "–"
NOBODY = "Không ai trong các vai trò này"
MONITOR_KEY = "khoa-cua-may-theo-doi"
# Doors that open to no account, and whom they are for instead.
FOR_NO_PERSON = {
    # What watches the server bears OCOP_METRICS_TOKEN, which is nobody's account.
    "GET, HEAD /metrics": "Chỉ máy theo dõi có khóa",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One kind of person: what it is called, whose account tries, and who tries what is another's.

    Who has a post for one unit, or a seat, is tried twice: at something of the own unit, and at the
    same thing of another one (`other` names the account where the seat is the unit). So is everybody
    at what belongs to one person.
    """

    label: str
    username: str = ""
    role: Role | None = None
    has_unit: bool = False
    other: str = ""


COLUMNS = (
    Column("Khách"),
    Column("Chưa có vai trò", "khongvaitro"),
    Column("Chủ thể", "chuthe", Role.PRODUCER, has_unit=True),
    Column("Cán bộ xã", "canboxa", Role.COMMUNE_OFFICER, has_unit=True),
    Column("Lãnh đạo xã", "lanhdaoxa", Role.COMMUNE_LEADER, has_unit=True),
    Column("Cán bộ cơ quan OCOP tỉnh", "canbotinh", Role.AGENCY_OFFICER),
    Column("Thủ trưởng cơ quan OCOP tỉnh", "truongcoquan", Role.AGENCY_HEAD),
    Column("Tổ tư vấn", "totuvan", Role.ADVISORY_MEMBER),
    Column(
        "Ủy viên Hội đồng", "hoidong1", Role.COUNCIL_MEMBER, has_unit=True, other="ngoaihoidong"
    ),
    Column("Chủ tịch Hội đồng", "chutich", has_unit=True, other="ngoaihoidong"),
    Column("Thư ký Hội đồng", "thuky", has_unit=True, other="ngoaihoidong"),
    Column("Lãnh đạo tỉnh", "lanhdaotinh", Role.PROVINCIAL_SIGNER),
    Column("Kiểm soát viên thị trường", "kiemtra", Role.INSPECTOR, has_unit=True),
    Column("Cán bộ sở, ngành", "canboso", Role.DEPARTMENT_OFFICER, has_unit=True),
    Column("Đối tác", "doitac", Role.PARTNER),
    Column("Kiểm toán", "kiemtoan", Role.AUDITOR),
    Column("Quản trị", "quantri", Role.ADMINISTRATOR),
)
HEAD = ("Cách gọi", "Địa chỉ", "Việc", "Ai được làm", *(column.label for column in COLUMNS))


@dataclass(frozen=True, slots=True)
class Row:
    """One door and what each kind of person may there."""

    methods: str
    path: str
    what: str
    cells: tuple[str, ...]
    said: str = ""  # who may, as the table words it

    @property
    def place(self) -> str:
        """What the row is found by."""
        return f"{self.methods} {self.path}"

    @property
    def who(self) -> str:
        """Who may, in words."""
        if all(cell == MAY_ALL for cell in self.cells):
            return "Ai cũng được"
        if all(cell == MAY_ALL for cell in self.cells[1:]):
            return "Ai đã đăng nhập cũng được"
        if all(cell == MAY_OWN for cell in self.cells[1:]):
            return "Ai đã đăng nhập: của mình"
        said = []
        for word, told in ((MAY_ALL, "mọi nơi"), (MAY_OWN, "của mình, đơn vị mình")):
            names = [c.label for c, cell in zip(COLUMNS, self.cells, strict=True) if cell == word]
            if names:
                said.append(f"{', '.join(names)}: {told}")
        return "; ".join(said) or FOR_NO_PERSON.get(self.place, NOBODY)


def read_matrix() -> list[Row]:
    """Return the rows of the table."""
    with FILE.open(encoding="utf-8", newline="") as source:
        lines = list(csv.reader(source))
    assert tuple(lines[0]) == HEAD
    return [Row(one[0], one[1], one[2], tuple(one[4:]), one[3]) for one in lines[1:]]


def write_matrix(rows: Sequence[Row]) -> None:
    """Write the table."""
    with FILE.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(HEAD)
        table.writerows([row.methods, row.path, row.what, row.who, *row.cells] for row in rows)


def doors_of(app: FastAPI) -> dict[str, Door]:
    """Return the doors by their place; HEAD goes with the GET it answers like."""
    found: dict[tuple[str, str], Door] = {}
    for door in doors(app):
        found.setdefault((door.method, door.path), door)
    return {
        f"{'GET, HEAD' if door.method == 'GET' and ('HEAD', path) in found else method} {path}": door
        for (method, path), door in found.items()
        if not (method == "HEAD" and ("GET", path) in found)
    }


class Tried:
    """The whole application with a world of its own, and somebody of each kind."""

    def __init__(self, settings: Settings) -> None:
        app = create_app(settings)
        file = settings.database_url.removeprefix("sqlite:///")
        engine = sa.create_engine(settings.database_url)
        with engine.begin() as connection:
            lay_everything(connection)
            self._callers = dict(self._opened(connection))
            partner, seatless = (self._callers[one].user_id for one in ("doitac", "ngoaihoidong"))
            # A token is exchanged for one of the same scopes, and a partner is given few.
            self._fresh = {"doitac": opened(connection, partner, Scope.ACCOUNT_WRITE)}
            self._lacking = {
                scope: opened(connection, seatless, *(set(Scope) - {scope})) for scope in Scope
            }
        self.doors = doors_of(app)
        self._connection = engine.connect()
        self.things = Things(self._connection)
        self.trier = Trier(app, file, self.things)
        self._connection.rollback()

    @staticmethod
    def _opened(connection: sa.Connection) -> Iterator[tuple[str, Caller]]:
        yield "", Caller(0)
        rows = connection.execute(sa.text("SELECT username, id FROM users")).all()
        known = {row.username: row.id for row in rows}
        for column in COLUMNS:
            for username in {column.username, column.other} - {""}:
                yield username, opened(connection, known[username])

    def caller_without(self, scope: Scope) -> Caller:
        """Return somebody whose token has every scope but one."""
        return self._lacking[scope]

    def cell(self, door: Door, column: Column) -> str:
        """Return what one kind of person may at one door."""
        own = self._said(door, column.username, is_own=True)
        if not self._has_other(door, column):
            return MAY_ALL if own is Said.MAY else MAY_NOT
        other = self._said_of_another(door, column)
        if own is other:
            return MAY_ALL if own is Said.MAY else MAY_NOT
        return MAY_OWN  # an office has no sheet of its own: the members' are its own

    def _said_of_another(self, door: Door, column: Column) -> Said:
        """Try what is another's: as somebody without the seat, or with a thing of elsewhere."""
        if column.other and not self.things.is_personal(door.path):
            return self._said(door, column.other, is_own=True)
        return self._said(door, column.username, is_own=False)

    def _said(self, door: Door, username: str, *, is_own: bool) -> Said:
        caller = self._callers[username]
        if door.is_api and door.path.endswith("/rotate"):
            caller = self._fresh.get(username, caller)
        said, number = self.trier.said(door, caller, is_own=is_own)
        assert number != 500, f"{door.place} as {username or 'visitor'}: a fault"
        if said is Said.UNREAD:
            # The same fields were read when they named an own thing.
            assert door.refuses_nobody or not is_own, f"{door.place} as {username}: {said}"
            return Said.MAY if door.refuses_nobody else Said.MAY_NOT
        return said

    def _has_other(self, door: Door, column: Column) -> bool:
        """Tell whether a door is tried at what is another's too: what is one person's, by everybody."""
        if self.things.is_personal(door.path):
            return True
        is_of_something = "{" in door.path or door.method not in {"GET", "HEAD", "OPTIONS"}
        return column.has_unit and is_of_something

    def close(self) -> None:
        """Let the files go."""
        self.trier.close()
        self._connection.close()


def world_settings(place: Path) -> Settings:
    """Return settings under which nothing is refused for being too much, or for not being set up."""
    return Settings(
        data_dir=place,
        database_url=f"sqlite:///{place / 'ocop.db'}",
        demonstration=True,
        stamp_host="minhhoa.example",
        login_attempts="100000/minute",
        reports_of_network="100000/minute",
        claims_of_network="100000/minute",
        claims_of_program="100000/minute",
        pins_of_network="100000/minute",
        oidc_issuer="http://127.0.0.1:9",  # nobody answers there: who is let in is told so
        oidc_client_id="ocop",
        oidc_client_secret=SecretStr("bi-mat-de-thu"),
        metrics_token=SecretStr(MONITOR_KEY),
        security_contact="mailto:an-ninh@ocop.example",
    )


def _main(place: Path) -> None:
    settings = world_settings(place)
    migrate_database(settings)
    build_world_of_rights(settings)
    known = {row.place: row for row in read_matrix()} if FILE.exists() else {}
    rows = []
    with in_one_thread():
        tried = Tried(settings)
        for place_of, door in tried.doors.items():
            cells = tuple(tried.cell(door, column) for column in COLUMNS)
            methods, _, path = place_of.rpartition(" ")
            what = known[place_of].what if place_of in known else door.name
            rows.append(Row(methods, path, what, cells))
        tried.close()
    write_matrix(rows)


def build_world_of_rights(settings: Settings) -> None:
    """Build the demonstration world, and two people it lacks: without a post, and without a seat.

    The lists that the signing process makes beside the server are signed here once.
    """
    engine = make_engine(settings)
    build_world(engine, settings, at=now())
    with transaction(engine) as session:
        for username in ("khongvaitro", "ngoaihoidong"):
            user = User(username=username, name=username, password_hash="x", created_at=now())
            session.add(user)
            session.flush()
            if username == "ngoaihoidong":
                seatless = Membership(
                    user_id=user.id or 0, role=Role.COUNCIL_MEMBER, valid_from=SINCE
                )
                session.add(seatless)
    publish_status(engine, settings)
    engine.dispose()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _main(folder)
