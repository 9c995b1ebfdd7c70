"""One thing of each kind in the actor's own commune and one in another, by the place it has in an address.

The demonstration world holds most of them; what it has none of is laid into its tables as a row, for
what is tried is who may reach it, never how it came about.
"""

# ruff: noqa: S608 -- statements of literals and of row numbers, in tests

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

OWN, OTHER = (
    "03595",
    "03618",
)  # xã Than Uyên, where the people tried have their posts; xã Mường Than
INVITED = "loi-moi-de-thu"  # the secret of a link that was sent to somebody
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_PRODUCER = "JOIN producers p ON p.id = t.producer_id AND p.commune_code = :unit"
_CERTIFIED = "JOIN certificates c ON c.id = t.certificate_id " + _PRODUCER.replace("t.", "c.")
_FILED = "JOIN dossiers d ON d.id = t.dossier_id AND d.commune_code = :unit"

# What stands in an address, by everything before it; `:unit` is the commune it belongs to.
_QUERIES = {
    "/dossiers/": "SELECT code FROM dossiers t WHERE commune_code = :unit AND kind = 'first' AND state = 'scoring'",
    "/judged-dossiers/": "SELECT code FROM dossiers t WHERE commune_code = :unit AND state = 'recognised'",
    "/approved-dossiers/": "SELECT code FROM dossiers t WHERE state = 'awaiting_centre'",
    "/dossiers/*/evidence/": f"SELECT e.code FROM evidence e JOIN evidence_uses t ON t.evidence_id = e.id {_FILED}"
    " WHERE d.kind = 'first' AND d.state = 'scoring'",
    "/dossiers/*/attachments/": f"SELECT t.code FROM attachments t {_FILED}",
    "/dossiers/*/completion-requests/": f"SELECT t.code FROM completion_requests t {_FILED} AND d.state = 'scoring'",
    "/dossiers/*/extra-tests/": f"SELECT t.code FROM extra_tests t {_FILED}",
    "/meetings/": "SELECT m.code FROM meetings m JOIN agenda_items i ON i.meeting_id = m.id JOIN dossiers d"
    " ON d.id = i.dossier_id AND d.commune_code = :unit WHERE m.state = 'open' AND m.form = 'in_person'",
    "/items/": f"SELECT t.code FROM agenda_items t {_FILED} JOIN meetings m ON m.id = t.meeting_id"
    " WHERE t.state = 'scoring' AND m.form = 'in_person'",
    "/gates/": f"SELECT g.code FROM gate_findings g JOIN agenda_items t ON t.id = g.item_id {_FILED}",
    "/reopenings/": f"SELECT r.code FROM reopenings r JOIN agenda_items t ON t.id = r.item_id {_FILED}",
    "/batches/": f"SELECT t.code FROM stamp_batches t {_PRODUCER} WHERE t.state IN ('in_use', 'delivered')",
    "/batches/*/printings/": "SELECT x.code FROM stamp_printings x JOIN stamp_batches t ON t.id = x.batch_id"
    f" {_PRODUCER} WHERE t.state IN ('in_use', 'delivered')",
    "/batches/*/deliveries/": "SELECT x.code FROM stamp_deliveries x JOIN stamp_batches t ON t.id = x.batch_id"
    f" {_PRODUCER}",
    "/stamp-destructions/": "SELECT code FROM stamp_destructions t",
    "/inspections/": f"SELECT t.code FROM inspections t {_CERTIFIED} WHERE t.state = 'correcting'",
    "/inspections/*/photos/": "SELECT x.code FROM inspection_photos x JOIN inspections t ON t.id = x.inspection_id"
    f" {_CERTIFIED}",
    "/inspections/*/corrections/": "SELECT x.code FROM correction_answers x JOIN inspections t"
    f" ON t.id = x.inspection_id {_CERTIFIED}",
    "/concluded-inspections/": f"SELECT t.code FROM inspections t {_CERTIFIED} WHERE t.state = 'concluded'"
    " AND t.scan_sha256 IS NOT NULL",
    "/inspection-plans/": "SELECT code FROM inspection_plans t",
    "/certificates/": f"SELECT t.code FROM certificates t {_PRODUCER} WHERE t.product_code IS NOT NULL",
    "/register/": f"SELECT t.code FROM certificates t {_PRODUCER} WHERE t.product_code IS NOT NULL",
    "/01/": f"SELECT g.gtin FROM certificates t {_PRODUCER} JOIN products g ON g.id = t.product_id"
    " WHERE t.product_code IS NOT NULL AND g.gtin <> ''",
    "/packaging/": "SELECT t.code FROM packaging_artworks x JOIN packaging_permissions t"
    f" ON t.id = x.permission_id {_PRODUCER}",
    "/packaging/*/artworks/": "SELECT x.code FROM packaging_artworks x JOIN packaging_permissions t"
    f" ON t.id = x.permission_id {_PRODUCER}",
    "/papers/": f"SELECT t.code FROM evidence t {_PRODUCER}",
    "/producers/": "SELECT code FROM producers t WHERE commune_code = :unit AND id IN"
    " (SELECT producer_id FROM memberships)",
    "/products/": f"SELECT t.code FROM products t {_PRODUCER} JOIN product_photos f ON f.product_id = t.id",
    "/products/*/photos/": f"SELECT f.code FROM products t {_PRODUCER} JOIN product_photos f ON f.product_id = t.id",
    "/photos/": f"SELECT f.copy_sha256 FROM products t {_PRODUCER} JOIN product_photos f ON f.product_id = t.id",
    "/decisions/": "SELECT code FROM recognition_decisions t WHERE kind = 'recognition' AND state = 'signed'",
    "/register/decisions/": "SELECT code FROM recognition_decisions t WHERE published_at IS NOT NULL",
    "/certificate-decisions/": "SELECT code FROM recognition_decisions t WHERE kind = 'revocation' AND state = 'draft'",
    "/ideas/": "SELECT code FROM product_ideas t WHERE commune_code = :unit ORDER BY producer_id IS NULL",
    "/misuse/": "SELECT t.code FROM misuse_photos x JOIN misuse_reports t ON t.id = x.report_id"
    " AND t.product_commune_code = :unit",
    "/misuse/*/photos/": "SELECT x.code FROM misuse_photos x JOIN misuse_reports t ON t.id = x.report_id"
    " AND t.product_commune_code = :unit",
    "/report/": "SELECT code FROM misuse_reports t WHERE product_commune_code = :unit",
    "/councils/": "SELECT code FROM councils t",
    "/rounds/": "SELECT r.code FROM rounds r JOIN meetings m ON m.round_id = r.id",
    "/revocations/": f"SELECT t.code FROM revocation_cases t {_CERTIFIED}",
    "/imports/": "SELECT code FROM import_runs t",
    "/reports/": "SELECT code FROM export_files t",
    "/clone-flags/": "SELECT code FROM clone_flags t",
    "/centre/": f"SELECT t.code FROM centre_submissions t {_FILED} WHERE t.scan_sha256 IS NOT NULL",
    "/uploads/": "SELECT t.code FROM uploads t JOIN dossiers d ON d.code = t.subject_code"
    " AND d.commune_code = :unit",
    "/advisory-teams/": "SELECT code FROM advisory_teams t",
    "/council-rules/": "SELECT code FROM pinned_council_rules t",
    "/deliveries/": "SELECT code FROM deliveries t",
    "/privacy-requests/": f"SELECT t.code FROM personal_data_requests t {_PRODUCER}",
    "/accounts/*/posts/": "SELECT t.id FROM memberships t JOIN users u ON u.id = t.user_id"
    " WHERE u.username = 'chuyengia'",
    "/accounts/*/identities/": "SELECT t.id FROM provider_identities t JOIN users u ON u.id = t.user_id"
    " WHERE u.username = 'chuyengia'",
}
# A file of answers is its member's, and of whoever handed it in.
_RETURNED = (
    "pack_returns r JOIN council_members m ON m.id = r.member_id JOIN score_sheets s ON s.member_id = m.id"
    " JOIN agenda_items i ON i.id = s.item_id AND i.state = 'scoring' JOIN dossiers d ON d.id = i.dossier_id"
    " AND d.commune_code = :unit WHERE (:user IN (m.user_id, r.handed_in_by_id)) {mine} 1 ORDER BY r.id"
)
# What belongs to one person: `mine` tells the owner's column, compared with `:user`.
_PERSONAL = {
    "/account/tokens/": "SELECT t.code FROM api_tokens t WHERE t.user_id {mine} :user",
    "/handovers/": "SELECT t.code FROM handovers t WHERE t.from_user_id {mine} :user",
    "/me/tokens/": "SELECT t.code FROM api_tokens t WHERE t.user_id {mine} :user ORDER BY t.id DESC",
    "/account/sessions/": "SELECT t.id FROM login_sessions t WHERE t.user_id {mine} :user",
    "/me/sessions/": "SELECT t.id FROM login_sessions t WHERE t.user_id {mine} :user",
    "/account/provider/": "SELECT t.id FROM provider_identities t WHERE t.user_id {mine} :user",
    "/account/data/requests/": "SELECT t.code FROM personal_data_requests t WHERE t.user_id {mine} :user",
    "/my-data/requests/": "SELECT t.code FROM personal_data_requests t WHERE t.user_id {mine} :user",
    "/absences/": "SELECT t.code FROM absences t WHERE t.user_id {mine} :user ORDER BY t.id DESC",
    "/jobs/": "SELECT t.code FROM jobs t WHERE t.user_id {mine} :user",
    "/invitations/": "SELECT t.code FROM invitations t JOIN users u ON u.username = t.invited_by"
    " WHERE u.id {mine} :user",
    "/notices/": "SELECT t.code FROM notices t WHERE t.user_id {mine} :user",
    "/score-sheets/": "SELECT s.code FROM score_sheets s JOIN council_members m ON m.id = s.member_id"
    " JOIN agenda_items i ON i.id = s.item_id JOIN dossiers d ON d.id = i.dossier_id JOIN meetings g"
    " ON g.id = i.meeting_id WHERE m.user_id {mine} :user AND d.commune_code = :unit AND i.state = 'scoring'"
    " AND g.form = 'in_person'",
    "/pack-returns/": f"SELECT r.code FROM {_RETURNED}",
    "/returned-sheets/": f"SELECT s.code FROM {_RETURNED}",
    "/returned-files/": f"SELECT r.content FROM {_RETURNED}",
    "/paper-sheets/": "SELECT r.code FROM paper_sheets r JOIN score_sheets s ON s.id = r.sheet_id"
    " JOIN council_members m ON m.id = s.member_id WHERE m.user_id {mine} :user",
}
# Two names for the same things: of a page and of a call, or of things kept in one another.
_SAME = {
    "/misuse-reports/": "/misuse/",
    "/revocation-cases/": "/revocations/",
    "/centre-submissions/": "/centre/",
}
# Addresses at which a thing has come further than most of its kind, and what is looked for instead.
_LATER = {
    "/dossiers/{code}/result": ("/dossiers/", "/judged-dossiers/"),
    "/dossiers/{code}/ministry-set": ("/dossiers/", "/approved-dossiers/"),
    "/inspections/{code}/scan": ("/inspections/", "/concluded-inspections/"),
}
# A word where an address asks for one of a few.
_WORDS = {
    "section": "1",
    "kind": "pdf",
    "which": "minutes",
    "form": "01",
    "number": "1",
    "scoring_round": "1",
    "language": "en",
    "month": "2026-11",
    "digits": "1" * 193,
    "serial": "0000-0000-0000-0000",
    "text": "0000-0000-0000-0000",
    "shard": "0",
    "token": INVITED,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with what opens the two doors: a cookie and a token, or neither."""

    user_id: int
    cookie: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose things an address is filled with: of which commune, of which person or of anybody else."""

    unit: str
    user_id: int
    is_own: bool


class Things:
    """Fills addresses with codes of real rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, Whose], str] = {}

    def filled(self, path: str, whose: Whose) -> str:
        """Return the address of a route with a thing in each place of a parameter."""
        before, parts = "", []
        usual, later = next((two for said, two in _LATER.items() if said in path), ("", ""))
        for piece in _pieces(path):
            if name := _PLACE.fullmatch(piece):
                place = before.replace(usual, later) if usual else before
                parts.append(self._one(place, name[1], whose))
                before += "*"
            else:
                parts.append(piece)
                before += piece
        return "".join(parts)

    def answers(self, whose: Whose) -> str:
        """Return an answer file as it was handed in."""
        return self._one("/returned-files/", "text", whose)

    def is_personal(self, path: str) -> bool:
        """Tell whether an address names something that belongs to one person."""
        before = _PLACE.split(path.removeprefix("/api/v1"))[0]
        return any(place.split("*")[0] == before for place in _PERSONAL)

    def _one(self, before: str, name: str, whose: Whose) -> str:
        place = before.removeprefix("/api/v1")
        for said, meant in _SAME.items():
            place = place.replace(said, meant)
        if name == "username":
            return "chuyengia"
        if name == "subject":  # a file is added to a survey or a test
            place = place.replace("/attachments/", "/extra-tests/")
        if place not in _QUERIES and place not in _PERSONAL:
            return _WORDS[name]
        if (place, whose) not in self._known:
            self._known[place, whose] = self._found(place, whose)
        return self._known[place, whose]

    def _found(self, place: str, whose: Whose) -> str:
        sought = {"unit": whose.unit, "user": whose.user_id}
        if place in _PERSONAL:
            for mine in ("=", "<>") if whose.is_own else ("<>",):
                query = _PERSONAL[place].format(mine=mine)
                if code := self._connection.scalar(sa.text(query + " LIMIT 1"), sought):
                    return str(code)
        elif code := self._connection.scalar(sa.text(_QUERIES[place] + " LIMIT 1"), sought):
            return str(code)
        message = f"there is nothing at {place} in {whose.unit}"
        raise LookupError(message)


def _pieces(path: str) -> Iterator[str]:
    end = 0
    for found in _PLACE.finditer(path):
        yield path[end : found.start()]
        yield found[0]
        end = found.end()
    yield path[end:]
