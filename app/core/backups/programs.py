"""PostgreSQL's own programs: where they are, whether they fit the server, and how they are run.

They refuse to work as root; so root lends them another account. A password never stands in a command line,
where every account of the machine could read it.
"""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from app.core.errors import Conflict

_TOLD = 1500


class ProgramMissing(Conflict):
    """A program of PostgreSQL is not on this machine."""

    code = "backup.program_missing"
    message = (
        "Không thấy chương trình «{program}» của PostgreSQL {version}. Hãy cài gói của đúng phiên bản đó, "
        "hoặc ghi thư mục chứa nó vào OCOP_PG_BIN."
    )


class ProgramOfOtherVersion(Conflict):
    """A program of PostgreSQL is of another version than the server."""

    code = "backup.program_version"
    message = (
        "«{program}» là của PostgreSQL {found}, máy chủ là {wanted}: bản sao lưu vật lý chỉ làm được "
        "với cùng phiên bản chính. Hãy chỉ OCOP_PG_BIN tới bản {wanted}."
    )


class ProgramFailed(Conflict):
    """A program of PostgreSQL did not do what it was asked for."""

    code = "backup.program_failed"
    message = "«{program}» không làm xong: {said}"


class NotAsRoot(Conflict):
    """PostgreSQL does not work as root."""

    code = "backup.not_as_root"
    message = (
        "PostgreSQL không chạy dưới quyền root. Hãy chạy lệnh này bằng tài khoản của PostgreSQL, "
        "hoặc thêm --pg-user với tên tài khoản đó."
    )


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database of PostgreSQL is, without the password, which goes by itself."""

    url: str
    user: str
    database: str
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Read the address that the program has."""
        parts = urlsplit(re.sub(r"^postgresql\+\w+://", "postgresql://", url))
        hosts = parts.netloc.rpartition("@")[2]
        user = unquote(parts.username or "postgres")
        bare = parts._replace(netloc=f"{parts.username or 'postgres'}@{hosts}")
        asked = [one for one in parse_qsl(parts.query) if one[0] != "password"]
        secret = unquote(parts.password or "") or dict(parse_qsl(parts.query)).get("password", "")
        return cls(
            bare._replace(query=urlencode(asked)).geturl(),
            user,
            unquote(parts.path.removeprefix("/")) or user,
            secret,
        )

    @property
    def environment(self) -> dict[str, str]:
        """How programs are told the password."""
        return {"PGPASSWORD": self.password} if self.password else {}


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of PostgreSQL on this machine; `account` is whom root lets them run as."""

    folder: Path | None = None
    account: str = ""

    def path(self, program: str, *, version: int) -> str:
        """Return where a program of this major version is; ProgramMissing, ProgramOfOtherVersion."""
        found = shutil.which(program, path=str(self.folder) if self.folder else None)
        if found is None:
            raise ProgramMissing(program=program, version=version)
        said = subprocess.run(  # noqa: S603 -- the program that was found under its own name
            [found, "--version"], capture_output=True, text=True, check=False
        )
        told = re.search(r"\) (\d+)", said.stdout)
        if told is None or int(told[1]) != version:
            raise ProgramOfOtherVersion(
                program=program, found=told[1] if told else "?", wanted=version
            )
        return found

    def run(
        self,
        program: str,
        *words: str,
        version: int,
        environment: Mapping[str, str] | None = None,
        as_account: bool = False,
    ) -> str:
        """Run a program to its end and return what it said; ProgramFailed with its last words."""
        user, group, groups = self._lent(as_account=as_account)
        done = subprocess.run(  # noqa: S603 -- PostgreSQL's own program, and words of ours
            [self.path(program, version=version), *words],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=self._surroundings(environment),
            user=user,
            group=group,
            extra_groups=groups,
        )
        if done.returncode != 0:
            raise ProgramFailed(program=program, said=(done.stderr or done.stdout)[-_TOLD:].strip())
        return done.stdout

    def start(
        self, program: str, *words: str, version: int, log: Path, environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        """Start a program that stays, as the account; it writes its words into a file."""
        user, group, groups = self._lent(as_account=True)
        with log.open("ab") as said:
            return subprocess.Popen(  # noqa: S603 -- PostgreSQL's own program, and words of ours
                [self.path(program, version=version), *words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                env=self._surroundings(environment),
                user=user,
                group=group,
                extra_groups=groups,
            )

    def hand_over(self, place: Path) -> None:
        """Give a folder with everything in it to the account, where root made it."""
        if not self.account or os.geteuid() != 0:
            return
        owner = pwd.getpwnam(self.account)
        os.chown(place, owner.pw_uid, owner.pw_gid)
        for path in place.rglob("*"):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def check_account(self) -> None:
        """Refuse root without an account to lend."""
        if os.geteuid() == 0 and not self.account:
            raise NotAsRoot

    def _lent(self, *, as_account: bool) -> tuple[int | None, int | None, list[int] | None]:
        """Return user, group and further groups of whom a program runs as; nothing: as we do."""
        if not as_account or not self.account or os.geteuid() != 0:
            return None, None, None
        owner = pwd.getpwnam(self.account)
        return owner.pw_uid, owner.pw_gid, []

    def _surroundings(self, more: Mapping[str, str] | None) -> dict[str, str]:
        # Nobody's PGHOST or PGSERVICE decides whose data is copied; words come in English, C.
        own = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return own | {"LC_ALL": "C"} | dict(more or {})
