"""The province's report of a year up to a day: its lists come from one reading, so that they agree."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from app.core.clock import VIET_NAM
from app.domain.exports.enums import Answer, Origin
from app.domain.exports.papers.book import Book, Head, Sheet, new_book
from app.domain.exports.queries import CaseLine, CheckLine
from app.domain.exports.rules import (
    ANSWER_LABELS,
    END_LABELS,
    ORIGIN_LABELS,
    EndKind,
    Person,
    RegisterLine,
    Tally,
    end_of,
    stars_of,
)
from app.domain.inspections.rules import KIND_LABELS as CHECK_KINDS
from app.domain.inspections.rules import OUTCOME_LABELS
from app.domain.inspections.rules import STATE_LABELS as CHECK_STATES
from app.domain.producers.rules import KIND_LABELS
from app.domain.recognition.enums import RevocationState
from app.domain.recognition.rules import (
    IN_FORCE,
    REVOCATION_LABELS,
    STANDING_LABELS,
    renewal_window,
)
from app.rulebooks.model import Regime

STARS = (3, 4, 5)
_NUMBER = Head("TT", 6, "number")
_PRODUCT, _PRODUCER = Head("Sản phẩm", 36), Head("Chủ thể", 36)
_COMMUNE, _STAR = Head("Xã, phường", 22), Head("Sao", 6, "number")
_CODE, _CERTIFICATE = Head("Mã sản phẩm", 22), Head("Giấy chứng nhận", 15)


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is about: its day, when it was made, and the communes that day knows."""

    on: date
    at: datetime
    law: Regime
    communes: Mapping[str, str]
    agency: str
    demonstration: bool

    @property
    def first(self) -> date:
        """The first day of its year."""
        return date(self.on.year, 1, 1)

    @property
    def heading(self) -> tuple[str, ...]:
        """What stands under the title of every sheet."""
        made = self.at.astimezone(VIET_NAM)
        lines = (
            f"Đến ngày {self.on:%d/%m/%Y}; trong năm: từ {self.first:%d/%m/%Y}. {self.agency}.",
            f"Nguồn: cơ sở dữ liệu OCOP tỉnh Lai Châu, trích lúc {made:%H:%M %d/%m/%Y}.",
        )
        return (*lines, "MINH HỌA – không phải hồ sơ thật.") if self.demonstration else lines


@dataclass(slots=True)
class _Written:
    """The lists of a report while they are written, and how many rows each has."""

    report: Report
    running: Sheet
    ended: Sheet
    expiring: Sheet
    rows: Counter[str] = field(default_factory=Counter)

    def take(self, tally: Tally, line: RegisterLine) -> None:
        """Write a line onto every list it belongs to."""
        if line.is_running:
            self._running(line)
        if tally.ends(line):
            self._ended(line)
        if tally.expires_soon(line):
            self._expiring(line)

    def _next(self, name: str) -> int:
        self.rows[name] += 1
        return self.rows[name]

    def _running(self, line: RegisterLine) -> None:
        self.running.row(
            self._next("running"),
            line.product_name,
            line.producer_name,
            KIND_LABELS[line.producer_kind],
            line.commune,
            line.issue_commune,
            line.star,
            line.category,
            line.set_name,
            line.product_code,
            line.code,
            line.decision_number,
            line.issued_on,
            line.last_day,
            STANDING_LABELS[line.standing],
            ORIGIN_LABELS[line.origin],
        )

    def _ended(self, line: RegisterLine) -> None:
        self.ended.row(
            self._next("ended"),
            line.product_name,
            line.producer_name,
            line.commune,
            line.star,
            line.product_code,
            line.code,
            line.issued_on,
            line.ended_on,
            END_LABELS[end_of(line)],
            line.end_reason,
            line.replaced_by,
        )

    def _expiring(self, line: RegisterLine) -> None:
        window = renewal_window(line.expires_on, self.report.law)
        self.expiring.row(
            self._next("expiring"),
            line.product_name,
            line.producer_name,
            line.commune,
            line.star,
            line.product_code,
            line.code,
            line.last_day,
            (line.last_day - self.report.on).days,
            window.first if window else None,
            window.last if window else None,
            STANDING_LABELS[line.standing],
        )


def write_province_workbook(
    lines: Iterable[tuple[RegisterLine, Person]],
    cases: Iterable[CaseLine],
    checks: Iterable[CheckLine],
    place: Path,
    *,
    report: Report,
) -> int:
    """Write the report; return how many certificates are in force on its day.

    Gender and ethnicity of representatives leave as numbers of the whole province only.
    """
    title = f"Báo cáo chương trình OCOP tỉnh Lai Châu đến {report.on:%d/%m/%Y}"
    with new_book(place, title=title, at=report.at) as book:
        overview = book.sheet(
            "Tổng quan",
            Head("Chỉ tiêu", 58),
            *(Head(f"{star} sao", 10, "number") for star in STARS),
            Head("Tổng", 10, "number"),
        )
        written = _Written(report, _running(book), _ended(book), _expiring(book))
        by_commune = _communes(book)
        revocations, inspections = _revocations(book), _inspections(book)
        written.running.begin("Giấy chứng nhận còn hiệu lực", report.heading)
        written.ended.begin("Giấy chứng nhận kết thúc trong năm", report.heading)
        written.expiring.begin("Giấy chứng nhận hết hạn trong 12 tháng tới", report.heading)
        tally = Tally(report.first, report.on)
        for line, person in lines:
            tally.add(line, person)
            written.take(tally, line)
        for one in (written.running, written.ended, written.expiring):
            one.filter()
        _write_communes(by_commune, tally, report)
        _write_revocations(revocations, cases, report)
        _write_checks(inspections, checks, report)
        _write_overview(overview, tally, report)
    return tally.total_running()


def _running(book: Book) -> Sheet:
    return book.sheet(
        "Còn hiệu lực",
        _NUMBER,
        _PRODUCT,
        _PRODUCER,
        Head("Loại hình chủ thể", 24),
        _COMMUNE,
        Head("Xã, phường khi cấp", 22),
        _STAR,
        Head("Ngành", 26),
        Head("Bộ sản phẩm", 30),
        _CODE,
        _CERTIFICATE,
        Head("Số quyết định", 18),
        Head("Ngày cấp", 12, "day"),
        Head("Hiệu lực đến hết", 12, "day"),
        Head("Trạng thái", 24),
        Head("Hình thức", 24),
    )


def _ended(book: Book) -> Sheet:
    return book.sheet(
        "Kết thúc trong năm",
        _NUMBER,
        _PRODUCT,
        _PRODUCER,
        _COMMUNE,
        _STAR,
        _CODE,
        _CERTIFICATE,
        Head("Ngày cấp", 12, "day"),
        Head("Không còn hiệu lực từ", 14, "day"),
        Head("Nhóm", 32),
        Head("Lý do", 44),
        Head("Thay bằng", 15),
    )


def _expiring(book: Book) -> Sheet:
    return book.sheet(
        "Hết hạn 12 tháng tới",
        _NUMBER,
        _PRODUCT,
        _PRODUCER,
        _COMMUNE,
        _STAR,
        _CODE,
        _CERTIFICATE,
        Head("Hiệu lực đến hết", 12, "day"),
        Head("Còn (ngày)", 10, "number"),
        Head("Nộp đánh giá lại từ", 14, "day"),
        Head("Nộp đến hết", 14, "day"),
        Head("Trạng thái", 24),
    )


def _communes(book: Book) -> Sheet:
    return book.sheet(
        "Theo xã",
        _NUMBER,
        Head("Mã xã", 9),
        _COMMUNE,
        Head("Chủ thể có sản phẩm", 12, "number"),
        *(Head(f"{star} sao", 9, "number") for star in STARS),
        Head("Còn hiệu lực", 12, "number"),
        Head("Cấp trong năm", 12, "number"),
        Head("Kết thúc trong năm", 12, "number"),
        Head("Hết hạn 12 tháng tới", 14, "number"),
    )


def _revocations(book: Book) -> Sheet:
    return book.sheet(
        "Thu hồi",
        _NUMBER,
        Head("Mã vụ việc", 14),
        _PRODUCT,
        _PRODUCER,
        _CERTIFICATE,
        Head("Trường hợp", 44),
        Head("Kết luận số", 18),
        Head("Cơ quan kết luận", 30),
        Head("Ngày kết luận", 12, "day"),
        Head("Hạn quyết định", 12, "day"),
        Head("Tình trạng khi lập báo cáo", 26),
        Head("Quyết định số", 18),
        Head("Thu hồi từ", 12, "day"),
    )


def _inspections(book: Book) -> Sheet:
    return book.sheet(
        "Kiểm tra",
        _NUMBER,
        Head("Mã cuộc kiểm tra", 16),
        Head("Ngày kiểm tra", 12, "day"),
        Head("Hình thức", 12),
        _PRODUCT,
        _PRODUCER,
        _CERTIFICATE,
        Head("Biên bản số", 18),
        Head("Tình trạng khi lập báo cáo", 24),
        Head("Hạn khắc phục", 12, "day"),
        Head("Kết luận", 30),
        Head("Kết luận số", 18),
        Head("Ngày kết luận", 12, "day"),
    )


def _write_communes(sheet: Sheet, tally: Tally, report: Report) -> None:
    sheet.begin("Sản phẩm còn hiệu lực theo xã, phường", report.heading)
    counts = tally.running.get("commune", Counter())
    names = dict(report.communes)
    for code in tally.keys_of("commune") | set(tally.issued_in) | set(tally.ended_in):
        names.setdefault(code, code)
    producers: set[int] = set()
    for number, (code, name) in enumerate(names.items(), start=1):
        here = tally.producers_in.get(code, set())
        producers |= here
        stars = [counts[code, star] for star in STARS]
        sheet.row(
            number,
            code,
            name,
            len(here),
            *stars,
            sum(stars),
            tally.issued_in[code],
            tally.ended_in[code],
            tally.expiring[code],
        )
    stars = [stars_of(counts, names, star) for star in STARS]
    sheet.row(
        None,
        None,
        "Toàn tỉnh",
        len(producers),
        *stars,
        sum(stars),
        tally.issued_in.total(),
        tally.ended_in.total(),
        tally.expiring.total(),
        bold=True,
    )


def _write_revocations(sheet: Sheet, cases: Iterable[CaseLine], report: Report) -> None:
    sheet.begin("Vụ việc thu hồi giấy chứng nhận trong năm và còn đang xử lý", report.heading)
    procedure = report.law.stated_procedure
    grounds = {one.code: one.text for one in procedure.revocation.grounds} if procedure else {}
    for number, one in enumerate(cases, start=1):
        case, certificate = one.case, one.certificate
        is_late = case.closed_at is None and case.due_on < report.on
        state = REVOCATION_LABELS[case.state] + (" (quá hạn)" if is_late else "")
        sheet.row(
            number,
            case.code,
            certificate.product_name,
            certificate.producer_name,
            certificate.code,
            grounds.get(case.ground.value, case.ground.value),
            case.conclusion_number,
            case.conclusion_authority,
            case.concluded_on,
            case.due_on,
            state,
            one.decision_number,
            certificate.revoked_on if case.state is RevocationState.REVOKED else None,
        )


def _write_checks(sheet: Sheet, checks: Iterable[CheckLine], report: Report) -> None:
    sheet.begin("Kiểm tra sau công nhận trong năm", report.heading)
    for number, one in enumerate(checks, start=1):
        check, certificate = one.inspection, one.certificate
        sheet.row(
            number,
            check.code,
            check.held_on,
            CHECK_KINDS[check.kind],
            certificate.product_name,
            certificate.producer_name,
            certificate.code,
            check.record_number,
            CHECK_STATES[check.state],
            check.correction_due_on,
            OUTCOME_LABELS[check.outcome] if check.outcome else None,
            check.conclusion_number,
            check.concluded_on,
        )


def _write_overview(sheet: Sheet, tally: Tally, report: Report) -> None:
    title = "Tổng quan chương trình OCOP tỉnh Lai Châu"
    sheet.begin(f"{title} năm {report.on.year}", report.heading)
    _write_balance(sheet, tally)
    category = [
        (one, one) for one in dict.fromkeys(s.category_name for s in report.law.product_sets)
    ]
    others = sorted(tally.keys_of("category") - {key for key, _ in category})
    category += [(one, one or "Ngành khác") for one in others]
    _table(sheet, tally, "Còn hiệu lực theo ngành", "category", category)
    kinds = [(kind.value, label) for kind, label in KIND_LABELS.items()]
    _table(sheet, tally, "Còn hiệu lực theo loại hình chủ thể", "kind", kinds)
    standings = [(one.value, STANDING_LABELS[one]) for one in STANDING_LABELS if one in IN_FORCE]
    _table(sheet, tally, "Còn hiệu lực theo trạng thái", "standing", standings)
    answers = [(one.value, label) for one, label in ANSWER_LABELS.items()]
    _table(sheet, tally, "Sản phẩm của chủ thể có phụ nữ làm đại diện", "woman", answers)
    minority = "Sản phẩm của chủ thể có người dân tộc thiểu số làm đại diện"
    _table(sheet, tally, minority, "minority", answers)
    met = tally.keys_of("commune")
    communes = [(code, name) for code, name in report.communes.items() if code in met]
    communes += [(code, code) for code in sorted(met - set(report.communes))]
    _table(sheet, tally, "Còn hiệu lực theo xã, phường", "commune", communes)
    _counted(sheet, "Cấp trong năm", tally.issued, [(o, ORIGIN_LABELS[o]) for o in Origin])
    _counted(sheet, "Kết thúc trong năm", tally.ended, [(e, END_LABELS[e]) for e in EndKind])
    _write_producers(sheet, tally)


def _write_balance(sheet: Sheet, tally: Tally) -> None:
    """Say how the year went: what ran at its start, plus issued, minus ended, is what runs now."""
    running = tally.running.get("standing", Counter())
    issued = [sum(n for (_, s), n in tally.issued.items() if s == star) for star in STARS]
    ended = [sum(n for (_, s), n in tally.ended.items() if s == star) for star in STARS]
    now = [sum(n for (_, s), n in running.items() if s == star) for star in STARS]
    start = [tally.at_start[star] for star in STARS]
    sheet.note("Biến động trong năm")
    for label, numbers in (
        ("Còn hiệu lực đầu năm", start),
        ("Cấp trong năm (+)", issued),
        ("Kết thúc trong năm (−)", ended),
    ):
        sheet.row(label, *numbers, sum(numbers))
    sheet.row("Còn hiệu lực đến ngày báo cáo", *now, sum(now), bold=True)


def _table(
    sheet: Sheet, tally: Tally, title: str, name: str, rows: Sequence[tuple[str, str]]
) -> None:
    _counted(sheet, title, tally.running.get(name, Counter()), rows)


def _counted(
    sheet: Sheet, title: str, counts: Counter[tuple[str, int]], rows: Sequence[tuple[str, str]]
) -> None:
    sheet.note(title)
    for key, label in rows:
        numbers = [counts[key, star] for star in STARS]
        sheet.row(label, *numbers, sum(numbers))
    numbers = [stars_of(counts, [key for key, _ in rows], star) for star in STARS]
    sheet.row("Cộng", *numbers, sum(numbers), bold=True)


def _write_producers(sheet: Sheet, tally: Tally) -> None:
    """Count producers, each once however many products and stars it has."""
    sheet.note("Chủ thể có sản phẩm còn hiệu lực (mỗi chủ thể tính một lần)")
    everybody: set[int] = set()
    for kind, label in KIND_LABELS.items():
        here = tally.producers_of_kind.get(kind, set())
        everybody |= here
        sheet.row(label, None, None, None, len(here))
    sheet.row("Cộng", None, None, None, len(everybody), bold=True)
    for name, label in (
        ("woman", "Phụ nữ làm đại diện"),
        ("minority", "Người dân tộc thiểu số làm đại diện"),
    ):
        for answer in Answer:
            found = tally.producers.get(f"{name}/{answer.value}", set())
            sheet.row(f"{label}: {ANSWER_LABELS[answer].lower()}", None, None, None, len(found))
