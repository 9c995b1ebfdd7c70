"""The page of the council rules: which are in force, every value with its basis, what differs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import NotFound, Worded
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.councils.rules import COUNCIL_BASIS
from app.rulebooks import loader
from app.rulebooks.comparison import differing
from app.rulebooks.model import Basis, CouncilRules, RoundWindow, RulebookError, Status
from app.web.deps import Page, page_router

router = page_router()

RULE_LABELS: dict[str, str] = {
    "quorum": "Số người để họp",
    "averaging": "Điểm của Hội đồng",
    "divergence": "Chênh lệch",
    "rounds_of_scoring": "Chấm lại khi chênh lệch",
    "minimum_rule": "Yêu cầu tối thiểu ★",
    "not_met": "Không đạt mức thấp nhất",
    "sheets_visible": "Ai xem phiếu",
    "days_before_meeting": "Gửi hồ sơ trước phiên họp",
    "site_survey": "Khảo sát thực tế trước khi chấm",
    "gates": "Điều kiện loại trừ",
    "rounds": "Đợt thêm trong năm",
}
STATUS_LABELS: dict[Status, str] = {
    Status.DRAFT: "Bản thảo",
    Status.IN_FORCE: "Có hiệu lực",
    Status.EXPIRED: "Hết hiệu lực",
}
MINIMUM_LABELS: dict[str, str] = {
    "majority": "Đạt khi hơn nửa số phiếu đạt",
    "mean": "Đạt khi điểm trung bình của tiêu chí đạt mức ★",
    "chair": "Chủ tịch quyết định khi các phiếu không thống nhất",
}
MINIMUM_CONFIRMED_LABELS: dict[str, str] = {
    "majority": "Đạt khi hơn nửa số phiếu đạt; Chủ tịch xác nhận từng trường hợp không thống nhất",
    "mean": (
        "Đạt khi điểm trung bình của tiêu chí đạt mức ★; Chủ tịch xác nhận từng trường hợp không "
        "thống nhất"
    ),
    "chair": "Chủ tịch quyết định khi các phiếu không thống nhất",
}
GATE_DECIDED_LABELS: dict[str, str] = {
    "majority": "Hội đồng biểu quyết, quá nửa số thành viên được biểu quyết",
    "chair": "Người chủ trì quyết định",
}
PRODUCER_SEES_LABELS: dict[str, str] = {
    "averages_and_reasons": (
        "Thành viên xem phiếu của nhau sau khi chốt; chủ thể xem điểm trung bình từng tiêu chí và "
        "lý do, không thấy tên"
    ),
    "nothing": "Thành viên xem phiếu của nhau sau khi chốt; chủ thể chỉ xem kết quả xếp hạng",
}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One part of the rules in words, with its basis, and our default's words where they differ."""

    label: str
    said: Worded
    basis: Basis | None
    default: Worded | None


def rule_lines(rules: CouncilRules) -> list[RuleLine]:
    """Return every part of the rules in words, beside the default's where the province differs."""
    default = loader.default_council_rules()
    other = differing(rules, default)
    ours = dict(_words(default))
    return [
        RuleLine(
            RULE_LABELS[part], said, _basis(rules, part), ours[part] if part in other else None
        )
        for part, said in _words(rules)
    ]


def _basis(rules: CouncilRules, part: str) -> Basis | None:
    basis: Basis | None = getattr(getattr(rules, part), "basis", None)
    return basis


def _words(rules: CouncilRules) -> list[tuple[str, Worded]]:
    minimum = rules.minimum_rule
    confirms = minimum.chair_confirms_split
    return [
        (
            "quorum",
            Worded(
                "ít nhất {share} thành viên chấm điểm có mặt; phải có Chủ tịch hoặc người được ủy "
                "quyền"
                if rules.quorum.chair_or_delegate
                else "ít nhất {share} thành viên chấm điểm có mặt",
                share=str(rules.quorum.share),
            ),
        ),
        (
            "averaging",
            Worded(
                "Trung bình cộng chính xác của tổng điểm các phiếu đã nộp; hiện {decimals} chữ số, "
                "cắt bớt, không làm tròn lên",
                decimals=rules.averaging.shown_decimals,
            ),
        ),
        (
            "divergence",
            Worded("quá {limit} điểm thì thảo luận và chấm lại", limit=rules.divergence.limit),
        ),
        (
            "rounds_of_scoring",
            Worded(
                "ít nhất {count} lần, sau đó ghi ý kiến thảo luận rồi chốt",
                count=rules.rounds_of_scoring.value,
            ),
        ),
        (
            "minimum_rule",
            Worded((MINIMUM_CONFIRMED_LABELS if confirms else MINIMUM_LABELS)[minimum.method]),
        ),
        ("gates", Worded(GATE_DECIDED_LABELS[rules.gates.decided_by])),
        (
            "not_met",
            Worded(
                "ghi «không đạt», {points} điểm; khác với chưa chấm", points=rules.not_met.points
            ),
        ),
        (
            "sheets_visible",
            Worded(PRODUCER_SEES_LABELS[rules.sheets_visible.producer]),
        ),
        (
            "days_before_meeting",
            Worded("{days} ngày làm việc", days=rules.days_before_meeting.value),
        ),
        (
            "site_survey",
            Worded(
                "bộ sản phẩm số {sets}", sets=", ".join(str(one) for one in rules.site_survey.sets)
            )
            if rules.site_survey.before_scoring and rules.site_survey.sets
            else Worded("không"),
        ),
        ("rounds", _rounds(rules.rounds)),
    ]


def _rounds(windows: Iterable[RoundWindow]) -> Worded:
    told = "; ".join(
        f"{one.ordinal}: {one.proposals_before[3:]}/{one.proposals_before[:2]} – "
        f"{one.results_before[3:]}/{one.results_before[:2]}"
        for one in windows
    )
    return Worded("đợt {rounds}", rounds=told) if told else Worded("không")


def may_read_rules(actor: Actor) -> bool:
    """Whether the page of the council's rules is open to this person."""
    return actor.sees_province or actor.has(Role.COUNCIL_MEMBER, Role.ADMINISTRATOR)


@router.get("/council-rules", name="council_rules.show")
def show(page: Page, code: str = "") -> Response:
    """Show the rules in force, or another version that is held, and what is wrong with files."""
    if not may_read_rules(page.actor):
        raise NotFound
    held, faults = _shelf(page.settings.council_rules_dir)
    today = local_day(page.at)
    in_force = max(
        (one for one in held if one.status is not Status.DRAFT and one.in_force.covers(today)),
        key=lambda one: (not one.is_default, one.in_force.first),
        default=None,
    )
    rules = next((one for one in held if one.code == code), None) if code else in_force
    if rules is None:
        raise NotFound
    return page.render(
        "councils/rules.html",
        rules=rules,
        lines=rule_lines(rules),
        held=held,
        in_force=in_force,
        faults=faults,
        status_labels=STATUS_LABELS,
        basis=COUNCIL_BASIS,
    )


def _shelf(directory: Path | None) -> tuple[list[CouncilRules], list[str]]:
    """Return every version that can be read, and what is wrong with the province's own files."""
    held = [loader.council_rules(code) for code in loader.council_rules_codes()]
    faults: list[str] = []
    for path in sorted(directory.glob("*.yaml")) if directory else ():
        _, told = loader.council_file(path)
        faults += told
        try:
            held.append(loader.council_rules(path.stem, directory))
        except RulebookError:
            continue  # told among the faults
    return held, faults
