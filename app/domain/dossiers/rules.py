"""The dossier's life as a table, and what the law says about it: pure, no database, no clock."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from app.domain.accounts.enums import Role
from app.domain.dossiers.enums import (
    DossierKind,
    DossierPart,
    DossierState,
    EvidenceKind,
    Finding,
    Step,
)
from app.rulebooks.model import Regime

_DECISION = "26/2026/QĐ-TTg"
PREPARED = f"{_DECISION}, Điều 7.1"
COMMUNE = f"{_DECISION}, Điều 7.2"
COMMUNE_CHECK = f"{_DECISION}, Điều 7.2.a"
COMMUNE_REPORT = f"{_DECISION}, Điều 7.2.b"
PROVINCE_INTAKE = f"{_DECISION}, Điều 7.3.a"
COUNCIL = f"{_DECISION}, Điều 7.3.d"
RECOGNITION = f"{_DECISION}, Điều 7.3.e"
CUT_OFF = f"{_DECISION}, Điều 5.1"
WHO_MAY_APPLY = f"{_DECISION}, Điều 2.3"
DOSSIER_HOLDS = f"{_DECISION}, Điều 6.1"
PROPOSAL_HOLDS = f"{_DECISION}, Điều 6.2"
SAMPLES_SENT = f"{_DECISION}, Điều 6.2.d"
SELF_ASSESSMENT_FORM = f"{_DECISION}, Mẫu số 02"
COMMUNE_REPORT_FORM = f"{_DECISION}, Mẫu số 03"
REGISTRATION_FORM = f"{_DECISION}, Mẫu số 01"

_APPLICANT = frozenset({Role.PRODUCER, Role.COMMUNE_OFFICER})
_OFFICER = frozenset({Role.COMMUNE_OFFICER})
_LEADER = frozenset({Role.COMMUNE_LEADER})
_AGENCY = frozenset({Role.AGENCY_OFFICER})
_COUNCIL = frozenset({Role.COUNCIL_MEMBER})
_SIGNER = frozenset({Role.PROVINCIAL_SIGNER})


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from a state to another: the step, who takes it, on which basis."""

    from_state: DossierState
    step: Step
    to_state: DossierState
    roles: frozenset[Role]
    basis: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition(DossierState.DRAFT, Step.FILE, DossierState.FILED, _APPLICANT, PREPARED),
    Transition(DossierState.RETURNED, Step.FILE, DossierState.FILED, _APPLICANT, PREPARED),
    Transition(DossierState.FILED, Step.RETURN, DossierState.RETURNED, _OFFICER, COMMUNE_CHECK),
    Transition(
        DossierState.FILED, Step.SIGN_REPORT, DossierState.ASSESSED, _LEADER, COMMUNE_REPORT
    ),
    Transition(DossierState.ASSESSED, Step.PROPOSE, DossierState.PROPOSED, _LEADER, COMMUNE_REPORT),
    Transition(DossierState.PROPOSED, Step.ACCEPT, DossierState.ACCEPTED, _AGENCY, PROVINCE_INTAKE),
    Transition(
        DossierState.ACCEPTED, Step.SCHEDULE, DossierState.SCHEDULED, _AGENCY | _COUNCIL, COUNCIL
    ),
    Transition(
        DossierState.SCHEDULED, Step.OPEN_SCORING, DossierState.SCORING, _AGENCY | _COUNCIL, COUNCIL
    ),
    Transition(DossierState.SCORING, Step.LOCK, DossierState.LOCKED, _COUNCIL, COUNCIL),
    Transition(DossierState.LOCKED, Step.RECOGNISE, DossierState.RECOGNISED, _SIGNER, RECOGNITION),
    Transition(
        DossierState.LOCKED,
        Step.CLOSE_BELOW_THREE,
        DossierState.BELOW_THREE,
        _AGENCY | _COUNCIL,
        f"{_DECISION}, Điều 4.1.a",
    ),
    Transition(
        DossierState.LOCKED,
        Step.CLOSE_EXCLUDED,
        DossierState.EXCLUDED,
        _AGENCY | _COUNCIL,
        f"{_DECISION}, Phụ lục II",
    ),
    Transition(
        DossierState.LOCKED,
        Step.SEND_TO_CENTRE,
        DossierState.AWAITING_CENTRE,
        _AGENCY | _COUNCIL | _SIGNER,
        f"{_DECISION}, Điều 7.3.e",
    ),
    *(
        Transition(state, Step.WITHDRAW, DossierState.WITHDRAWN, _APPLICANT, PREPARED)
        for state in (
            DossierState.DRAFT,
            DossierState.FILED,
            DossierState.RETURNED,
            DossierState.ASSESSED,
            DossierState.PROPOSED,
            DossierState.ACCEPTED,
        )
    ),
)

_BY_START = {(row.from_state, row.step): row for row in TRANSITIONS}

INITIAL = DossierState.DRAFT
FINAL = frozenset(
    {
        DossierState.RECOGNISED,
        DossierState.BELOW_THREE,
        DossierState.EXCLUDED,
        DossierState.AWAITING_CENTRE,
        DossierState.WITHDRAWN,
    }
)
# A five-star candidate still waits for the ministry: no second dossier of the product meanwhile.
CLOSED = FINAL - {DossierState.AWAITING_CENTRE}
EDITABLE = frozenset({DossierState.DRAFT, DossierState.RETURNED})

CLOSING_STEPS: dict[DossierState, Step] = {
    DossierState.BELOW_THREE: Step.CLOSE_BELOW_THREE,
    DossierState.EXCLUDED: Step.CLOSE_EXCLUDED,
    DossierState.AWAITING_CENTRE: Step.SEND_TO_CENTRE,
}

# The audit event each step writes.
EVENTS: dict[Step, str] = {
    Step.FILE: "dossier.filed",
    Step.RETURN: "dossier.returned",
    Step.SIGN_REPORT: "dossier.commune_report_signed",
    Step.PROPOSE: "dossier.proposed",
    Step.ACCEPT: "dossier.accepted",
    Step.SCHEDULE: "dossier.scheduled",
    Step.OPEN_SCORING: "dossier.scoring_opened",
    Step.LOCK: "dossier.locked",
    Step.RECOGNISE: "dossier.recognised",
    Step.CLOSE_BELOW_THREE: "dossier.closed_below_three",
    Step.CLOSE_EXCLUDED: "dossier.closed_excluded",
    Step.SEND_TO_CENTRE: "dossier.sent_to_centre",
    Step.WITHDRAW: "dossier.withdrawn",
}

STATE_LABELS: dict[DossierState, str] = {
    DossierState.DRAFT: "Đang soạn",
    DossierState.FILED: "Đã nộp tại xã",
    DossierState.RETURNED: "Trả lại để hoàn thiện",
    DossierState.ASSESSED: "Xã đã đánh giá",
    DossierState.PROPOSED: "Đã đề nghị tỉnh",
    DossierState.ACCEPTED: "Tỉnh đã tiếp nhận",
    DossierState.SCHEDULED: "Đã xếp phiên họp",
    DossierState.SCORING: "Đang chấm điểm",
    DossierState.LOCKED: "Đã chốt kết quả",
    DossierState.RECOGNISED: "Đã công nhận",
    DossierState.BELOW_THREE: "Dưới 3 sao",
    DossierState.EXCLUDED: "Bị loại",
    DossierState.AWAITING_CENTRE: "Chờ trung ương",
    DossierState.WITHDRAWN: "Đã rút",
}
KIND_LABELS: dict[DossierKind, str] = {
    DossierKind.FIRST: "Lần đầu",
    DossierKind.UPGRADE: "Nâng hạng",
    DossierKind.RENEWAL: "Đánh giá lại",
}
STEP_LABELS: dict[Step, str] = {
    Step.FILE: "Nộp hồ sơ",
    Step.RETURN: "Trả lại để hoàn thiện",
    Step.SIGN_REPORT: "Ký báo cáo đánh giá",
    Step.PROPOSE: "Đề nghị tỉnh đánh giá, phân hạng",
    Step.ACCEPT: "Tiếp nhận vào đợt",
    Step.SCHEDULE: "Xếp vào phiên họp",
    Step.OPEN_SCORING: "Mở chấm điểm",
    Step.LOCK: "Chốt kết quả",
    Step.RECOGNISE: "Công nhận",
    Step.CLOSE_BELOW_THREE: "Kết thúc: dưới 3 sao",
    Step.CLOSE_EXCLUDED: "Kết thúc: bị loại",
    Step.SEND_TO_CENTRE: "Trình trung ương",
    Step.WITHDRAW: "Rút hồ sơ",
}
PART_LABELS: dict[DossierPart, str] = {
    DossierPart.REGISTRATION: "Phiếu đăng ký (Mẫu số 01)",
    DossierPart.BUSINESS_RESULTS: "Kết quả sản xuất, kinh doanh (Mẫu số 02, phần II)",
    DossierPart.SELF_ASSESSMENT: "Tự đánh giá theo tiêu chí (Mẫu số 02, phần III)",
    DossierPart.EVIDENCE: "Minh chứng",
    DossierPart.BUSINESS_PLAN: "Kế hoạch sản xuất, kinh doanh (Mẫu số 02, phần IV)",
    DossierPart.SAMPLES: "Sản phẩm mẫu",
}
FINDING_LABELS: dict[Finding, str] = {
    Finding.MATERIAL: "Sử dụng nguyên liệu địa phương",
    Finding.LABOUR: "Sử dụng lao động địa phương",
    Finding.IDEA: "Nguồn gốc ý tưởng sản phẩm",
    Finding.IDENTITY: "Bản sắc, trí tuệ địa phương",
}
EVIDENCE_LABELS: dict[EvidenceKind, str] = {
    EvidenceKind.BUSINESS_REGISTRATION: "Giấy đăng ký kinh doanh",
    EvidenceKind.PRODUCTION_CONDITIONS: "Giấy chứng nhận cơ sở đủ điều kiện sản xuất",
    EvidenceKind.MATERIAL_ORIGIN: "Nguồn gốc nguyên liệu, vùng nguyên liệu, liên kết chuỗi",
    EvidenceKind.ENVIRONMENT: "Bảo vệ môi trường, công nghệ bền vững",
    EvidenceKind.LOCAL_LABOUR: "Sử dụng lao động địa phương",
    EvidenceKind.GROWTH: "Tăng trưởng sản xuất kinh doanh",
    EvidenceKind.INTELLECTUAL_PROPERTY: "Sở hữu trí tuệ",
    EvidenceKind.MARKET: "Phát triển thị trường, xúc tiến thương mại",
    EvidenceKind.PROMOTION: "Quảng bá sản phẩm",
    EvidenceKind.STORY: "Câu chuyện sản phẩm",
    EvidenceKind.QUALITY_DECLARATION: "Công bố chất lượng sản phẩm",
    EvidenceKind.TEST_REPORT: "Phiếu kiểm nghiệm",
    EvidenceKind.BARCODE: "Mã số mã vạch, tem truy xuất",
    EvidenceKind.QUALITY_SYSTEM: "Hệ thống quản lý chất lượng tiên tiến",
    EvidenceKind.AWARD: "Giải thưởng, bình chọn",
    EvidenceKind.OTHER: "Tài liệu khác",
}


def find_transition(state: DossierState, step: Step) -> Transition | None:
    """Return the way this step leads from this state, if there is one."""
    return _BY_START.get((state, step))


def basis_of(step: Step) -> str:
    """Return the legal basis of a step, whatever the state it starts from."""
    return next(row.basis for row in TRANSITIONS if row.step is step)


def states_before(step: Step) -> tuple[DossierState, ...]:
    """Return the states from which a step may be taken."""
    return tuple(row.from_state for row in TRANSITIONS if row.step is step)


# --- the stepper ------------------------------------------------------------------------------


class Progress(StrEnum):
    """How far one stop of the way is behind, here, or ahead."""

    DONE = "done"
    CURRENT = "current"
    STOPPED = "stopped"
    TODO = "todo"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the way, as a page shows it."""

    label: str
    progress: Progress


_WAY = (
    DossierState.DRAFT,
    DossierState.FILED,
    DossierState.ASSESSED,
    DossierState.PROPOSED,
    DossierState.ACCEPTED,
    DossierState.SCHEDULED,
    DossierState.SCORING,
    DossierState.LOCKED,
    DossierState.RECOGNISED,
)
# Beside the way: the stop in whose place the state is shown.
_INSTEAD_OF: dict[DossierState, DossierState] = {
    DossierState.RETURNED: DossierState.FILED,
    DossierState.BELOW_THREE: DossierState.RECOGNISED,
    DossierState.EXCLUDED: DossierState.RECOGNISED,
    DossierState.AWAITING_CENTRE: DossierState.RECOGNISED,
}
_STOPPED = frozenset({DossierState.RETURNED, DossierState.BELOW_THREE, DossierState.EXCLUDED})


def stepper(state: DossierState) -> tuple[Stop, ...]:
    """Return the way of a dossier with where it stands (26/2026/QĐ-TTg art. 7.1–7.3)."""
    if state is DossierState.WITHDRAWN:
        return (
            Stop(STATE_LABELS[DossierState.DRAFT], Progress.DONE),
            Stop(STATE_LABELS[state], Progress.STOPPED),
        )
    place = _WAY.index(_INSTEAD_OF.get(state, state))
    stops = []
    for position, passed in enumerate(_WAY):
        if position < place:
            stops.append(Stop(STATE_LABELS[passed], Progress.DONE))
        elif position > place:
            stops.append(Stop(STATE_LABELS[passed], Progress.TODO))
        elif state is DossierState.RECOGNISED:
            stops.append(Stop(STATE_LABELS[state], Progress.DONE))
        else:
            here = Progress.STOPPED if state in _STOPPED else Progress.CURRENT
            stops.append(Stop(STATE_LABELS[state], here))
    return tuple(stops)


# --- numbers and shares -----------------------------------------------------------------------


def slip_number(regime: Regime, *, province: str, commune: str, ordinal: int, year: int) -> str:
    """Return a slip number as Mẫu số 01 prints it, e.g. 01/PĐK-12-03390-2026."""
    return regime.procedure.slip_number.filled(
        province=province, commune=commune, ordinal=ordinal, year=year
    )


def local_labour_percent(local: int, total: int) -> Fraction:
    """Return the share of local workers in percent, exactly (Mẫu số 03, II.2); none of none is 0."""
    return Fraction(100 * local, total) if total else Fraction(0)


def may_apply(regime: Regime, producer_kind: str, category_code: str) -> bool:
    """Tell whether this kind of producer may apply in the category (26/2026/QĐ-TTg art. 2.3)."""
    return any(rule.kind == producer_kind for rule in regime.procedure.kinds_for(category_code))


def needs_registration(regime: Regime, producer_kind: str) -> bool:
    """Tell whether this kind takes part only with a business registration (art. 2.3)."""
    return any(
        rule.kind == producer_kind and rule.needs_business_registration
        for rule in regime.procedure.producer_kinds
    )


# --- completeness -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing a dossier still lacks: a template sentence, its parameters, and the basis."""

    part: DossierPart
    template: str
    params: Mapping[str, str | int]
    basis: str

    @property
    def text(self) -> str:
        """The Vietnamese sentence."""
        return self.template.format(**self.params)


def missing_for_filing(
    *,
    unanswered: Collection[str],
    evidence_count: int,
    business_results: str,
    business_plan: str,
    sample_count: int,
    samples_needed: int,
    lacks_registration: bool = False,
) -> tuple[Missing, ...]:
    """Return what must be added before a dossier can be filed (26/2026/QĐ-TTg art. 6.1, 6.2.d)."""
    found = []
    if lacks_registration:
        found.append(
            Missing(
                DossierPart.REGISTRATION,
                "Chủ thể chưa có số giấy đăng ký kinh doanh.",
                {},
                WHO_MAY_APPLY,
            )
        )
    if unanswered:
        found.append(
            Missing(
                DossierPart.SELF_ASSESSMENT,
                "Còn {count} tiêu chí chưa tự đánh giá: {criteria}.",
                {"count": len(unanswered), "criteria": ", ".join(unanswered)},
                SELF_ASSESSMENT_FORM,
            )
        )
    if not evidence_count:
        found.append(
            Missing(
                DossierPart.EVIDENCE,
                "Chưa có minh chứng nào kèm theo tiêu chí.",
                {},
                SELF_ASSESSMENT_FORM,
            )
        )
    if not business_results.strip():
        found.append(
            Missing(
                DossierPart.BUSINESS_RESULTS,
                "Chưa viết kết quả thực hiện phương án sản xuất, kinh doanh (phần II).",
                {},
                SELF_ASSESSMENT_FORM,
            )
        )
    if not business_plan.strip():
        found.append(
            Missing(
                DossierPart.BUSINESS_PLAN,
                "Chưa viết kế hoạch sản xuất, kinh doanh (phần IV).",
                {},
                SELF_ASSESSMENT_FORM,
            )
        )
    if sample_count < samples_needed:
        found.append(
            Missing(
                DossierPart.SAMPLES,
                "Mới ghi {count}/{needed} sản phẩm mẫu.",
                {"count": sample_count, "needed": samples_needed},
                SAMPLES_SENT,
            )
        )
    return tuple(found)
