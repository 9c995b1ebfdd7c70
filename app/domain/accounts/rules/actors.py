"""The Actor: whoever does something, as a frozen value that knows nothing of requests."""

from dataclasses import dataclass, replace

from app.domain.accounts.enums import Role, Scope

ROLE_LABELS: dict[Role, str] = {
    Role.PRODUCER: "Chủ thể OCOP",
    Role.COMMUNE_OFFICER: "Cán bộ xã",
    Role.COMMUNE_LEADER: "Lãnh đạo UBND xã",
    Role.AGENCY_OFFICER: "Cán bộ cơ quan OCOP tỉnh",
    Role.AGENCY_HEAD: "Thủ trưởng cơ quan OCOP tỉnh",
    Role.ADVISORY_MEMBER: "Thành viên tổ tư vấn",
    Role.COUNCIL_MEMBER: "Thành viên Hội đồng",
    Role.PROVINCIAL_SIGNER: "Lãnh đạo UBND tỉnh",
    Role.INSPECTOR: "Kiểm soát viên thị trường",
    Role.DEPARTMENT_OFFICER: "Cán bộ sở, ngành",
    Role.PARTNER: "Đối tác kết nối",
    Role.AUDITOR: "Kiểm toán, thanh tra",
    Role.ADMINISTRATOR: "Quản trị hệ thống",
}

# Roles whose work covers the whole province: they see what every commune sees.
PROVINCE_WIDE = frozenset(
    {Role.AGENCY_OFFICER, Role.AGENCY_HEAD, Role.PROVINCIAL_SIGNER, Role.AUDITOR}
)


def roles_named(words: str) -> frozenset[Role]:
    """Return the roles of a list with commas; an unknown word is a ValueError that names it."""
    known = {role.value: role for role in Role}
    named = [word.strip() for word in words.split(",") if word.strip()]
    strangers = [word for word in named if word not in known]
    if strangers:
        message = f"no such role: {', '.join(strangers)} (known: {', '.join(known)})"
        raise ValueError(message)
    return frozenset(known[word] for word in named)


@dataclass(frozen=True, slots=True)
class Grant:
    """One post held today: the role and the unit, producer or agency it is for.

    `stands_in_for` names the person on leave whose post a deputy holds meanwhile.
    """

    role: Role
    unit_code: str | None = None
    producer_id: int | None = None
    agency_code: str | None = None
    stands_in_for: str = ""

    @property
    def label(self) -> str:
        """The role in words, with the name of the person on leave."""
        word = ROLE_LABELS[self.role]
        return f"{word} (thay {self.stands_in_for})" if self.stands_in_for else word


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with the grants in force today; `scopes` is None in a browser session.

    `loads_history` is set while an import that was allowed brings the past in: it then registers on
    behalf of every commune.
    """

    user_id: int | None
    name: str
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[Scope] | None = None
    unit_name: str = ""
    loads_history: bool = False

    def has(self, *roles: Role) -> bool:
        """Tell whether one of these roles is held, for whatever unit."""
        return any(grant.role in roles for grant in self.grants)

    def has_in_unit(self, unit_code: str, *roles: Role) -> bool:
        """Tell whether one of these roles is held for this very unit."""
        return any(g.role in roles and g.unit_code == unit_code for g in self.grants)

    def only_stands_in(self, role: Role, unit_code: str | None = None) -> str:
        """Return for whom this role is held as a deputy alone; empty when it is one's own."""
        held = [
            grant.stands_in_for
            for grant in self.grants
            if grant.role is role and unit_code in {None, grant.unit_code}
        ]
        return held[0] if held and all(held) else ""

    def acts_for(self, producer_id: int | None) -> bool:
        """Tell whether this is the producer's own account."""
        return producer_id is not None and producer_id in self.producer_ids

    @property
    def units(self) -> frozenset[str]:
        """The communes in which this actor holds a post."""
        return frozenset(g.unit_code for g in self.grants if g.unit_code)

    @property
    def producer_ids(self) -> frozenset[int]:
        """The producers this actor represents."""
        return frozenset(g.producer_id for g in self.grants if g.producer_id is not None)

    @property
    def sees_province(self) -> bool:
        """Whether this actor sees every commune's business."""
        return self.loads_history or self.has(*PROVINCE_WIDE)

    def loading_history(self) -> "Actor":
        """Return the same person at the work of an import; only the import itself may ask for it."""
        return replace(self, loads_history=True)

    @property
    def office(self) -> str:
        """Roles and unit in one line, as the audit log keeps them."""
        labels = dict.fromkeys(grant.label for grant in self.grants)
        line = ", ".join(labels) or "—"
        return f"{line} · {self.unit_name}" if self.unit_name else line

    @property
    def role_label(self) -> str:
        """The first post in words."""
        return ROLE_LABELS[self.grants[0].role] if self.grants else ""


SYSTEM = Actor(user_id=None, name="Hệ thống")
