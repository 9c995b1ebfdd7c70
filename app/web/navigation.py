"""The menus, as data: who sees which entry."""

from dataclasses import dataclass

from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.imports.policy import READERS
from app.domain.misuse.policy import READERS as REPORT_READERS
from app.domain.privacy.policy import SEE_ALL as DATA_READERS
from app.domain.scans.policy import READERS as FLAG_READERS


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu; no roles means everybody signed in.

    `also` names the other addresses whose pages belong under it.
    """

    label: str
    route: str
    path: str
    roles: frozenset[Role] = frozenset()
    also: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Tell whether the page of this address stands under the entry."""
        return any(path == own or path.startswith(f"{own}/") for own in (self.path, *self.also))


_DOSSIER_PEOPLE = frozenset(
    {
        Role.PRODUCER,
        Role.COMMUNE_OFFICER,
        Role.COMMUNE_LEADER,
        Role.AGENCY_OFFICER,
        Role.AGENCY_HEAD,
        Role.PROVINCIAL_SIGNER,
        Role.ADVISORY_MEMBER,
        Role.AUDITOR,
    }
)
_PROVINCE = frozenset({Role.AGENCY_OFFICER, Role.AGENCY_HEAD, Role.PROVINCIAL_SIGNER, Role.AUDITOR})
_WATCHING = _PROVINCE | {Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER}
_STAMP_PEOPLE = frozenset(
    {
        Role.PRODUCER,
        Role.COMMUNE_OFFICER,
        Role.AGENCY_OFFICER,
        Role.AGENCY_HEAD,
        Role.AUDITOR,
    }
)

_CHECKED = _STAMP_PEOPLE | {
    Role.COMMUNE_LEADER,
    Role.PROVINCIAL_SIGNER,
    Role.INSPECTOR,
    Role.DEPARTMENT_OFFICER,
}

# An officer of a commune finds those of the commune from «Dữ liệu của tôi».
_ANSWERING = frozenset(DATA_READERS)

ENTRIES = (
    Entry(
        "Việc cần làm", "work.list", "/work", also=("/notices", "/deliveries", "/absences", "/jobs")
    ),
    Entry("Chủ thể", "producers.list", "/producers", _DOSSIER_PEOPLE),
    Entry("Giấy tờ", "papers.mine", "/papers", frozenset({Role.PRODUCER})),
    Entry("Sản phẩm", "products.list", "/products", _DOSSIER_PEOPLE),
    Entry("Ý tưởng", "ideas.list", "/ideas", _DOSSIER_PEOPLE),
    Entry("Hồ sơ", "dossiers.list", "/dossiers", _DOSSIER_PEOPLE),
    Entry(
        "Hội đồng",
        "rounds.list",
        "/rounds",
        _PROVINCE | {Role.COUNCIL_MEMBER, Role.ADVISORY_MEMBER},
        also=(
            "/councils",
            "/meetings",
            "/items",
            "/score-sheets",
            "/council-rules",
            "/advisory-teams",
            "/renewals",
            "/opinions",
            "/pack-returns",
            "/paper-sheets",
        ),
    ),
    Entry(
        "Công nhận",
        "decisions.list",
        "/decisions",
        _PROVINCE,
        also=("/certificates", "/centre", "/revocations", "/certificate-decisions"),
    ),
    Entry("Đánh giá lại", "radar.show", "/radar", _WATCHING),
    Entry(
        "Tem", "batches.list", "/batches", _STAMP_PEOPLE, also=("/packaging", "/stamp-withdrawals")
    ),
    Entry("Dấu hiệu sao chép", "flags.list", "/clone-flags", FLAG_READERS),
    Entry("Kiểm tra", "inspections.list", "/inspections", _CHECKED, also=("/inspection-plans",)),
    Entry("Phản ánh", "misuse.list", "/misuse", REPORT_READERS),
    Entry("Yêu cầu về dữ liệu", "privacy.requests", "/privacy-requests", _ANSWERING),
    Entry("Báo cáo", "reports.list", "/reports", _PROVINCE),
    Entry("Nhập dữ liệu cũ", "imports.list", "/imports", READERS),
    Entry("Danh bạ công khai", "register.list", "/register"),
    Entry(
        "Tài khoản",
        "accounts.list",
        "/accounts",
        frozenset({Role.ADMINISTRATOR}),
        also=("/invitations", "/handovers"),
    ),
    Entry("Nhật ký", "audit.list", "/audit", frozenset({Role.AUDITOR, Role.ADMINISTRATOR})),
)


def entries_for(actor: Actor | None) -> list[Entry]:
    """Return the menu of this person."""
    if actor is None:
        return [entry for entry in ENTRIES if entry.route == "register.list"]
    return [entry for entry in ENTRIES if not entry.roles or actor.has(*entry.roles)]
