"""The dossier's life as a table, and what the law says about it: pure, no database, no clock."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from app.domain.accounts.enums import Role
from app.domain.dossiers.enums import (
    Addressee,
    CheckedPart,
    DossierKind,
    DossierPart,
    DossierState,
    EvidenceKind,
    Finding,
    LabOutcome,
    Recommendation,
    Step,
)
from app.domain.places.rules import is_working_day, working_days_after
from app.rulebooks.model import Actor as Level
from app.rulebooks.model import Criterion, GateEffect, Regime, Rubric
from app.rulebooks.model import Transition as LegalTransition
from app.rulebooks.scoring import NOT_MET

_DECISION = "26/2026/QĐ-TTg"
PREPARED = f"{_DECISION}, Điều 7.1"
COMMUNE = f"{_DECISION}, Điều 7.2"
COMMUNE_CHECK = f"{_DECISION}, Điều 7.2.a"
COMMUNE_REPORT = f"{_DECISION}, Điều 7.2.b"
PROVINCE_INTAKE = f"{_DECISION}, Điều 7.3.a"
ADVICE = f"{_DECISION}, Điều 7.3.c"
COUNCIL = f"{_DECISION}, Điều 7.3.d"
RECOGNITION = f"{_DECISION}, Điều 7.3.e"
CENTRE = f"{_DECISION}, Điều 7.4"
CENTRE_ANSWER = f"{_DECISION}, Điều 7.4.g"
CUT_OFF = f"{_DECISION}, Điều 5.1"
WHO_MAY_APPLY = f"{_DECISION}, Điều 2.3"
DOSSIER_HOLDS = f"{_DECISION}, Điều 6.1"
PROPOSAL_HOLDS = f"{_DECISION}, Điều 6.2"
SAMPLES_SENT = f"{_DECISION}, Điều 6.2.d"
EVIDENCE_LIST = f"{_DECISION}, Điều 6.1; Mẫu số 02, Phần III"
SELF_ASSESSMENT_FORM = f"{_DECISION}, Mẫu số 02"
COMMUNE_REPORT_FORM = f"{_DECISION}, Mẫu số 03"
REGISTRATION_FORM = f"{_DECISION}, Mẫu số 01"
UPGRADE_HOLDS = f"{_DECISION}, Điều 6.1.b"
RENEWAL_HOLDS = f"{_DECISION}, Điều 6.1.c"
RENEWAL_LIMIT = f"{_DECISION}, Điều 7.6.g"
FILING_WINDOWS = f"{_DECISION}, Điều 5.1, Điều 7.2"

_APPLICANT = frozenset({Role.PRODUCER, Role.COMMUNE_OFFICER})
_OFFICER = frozenset({Role.COMMUNE_OFFICER})
_LEADER = frozenset({Role.COMMUNE_LEADER})
_AGENCY = frozenset({Role.AGENCY_OFFICER})
_ADVISORY = frozenset({Role.ADVISORY_MEMBER})
_COUNCIL = frozenset({Role.COUNCIL_MEMBER})
_SIGNER = frozenset({Role.PROVINCIAL_SIGNER})
_HEAD = frozenset({Role.AGENCY_HEAD})


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
    # The advisory team may find what intake did not: what was accepted is asked for as well.
    *(
        Transition(
            state,
            Step.REQUEST_COMPLETION,
            DossierState.COMPLETION_REQUESTED,
            _AGENCY,
            PROVINCE_INTAKE if state is DossierState.PROPOSED else ADVICE,
        )
        for state in (DossierState.PROPOSED, DossierState.ACCEPTED, DossierState.ADVISED)
    ),
    Transition(
        DossierState.COMPLETION_REQUESTED,
        Step.COMPLETE,
        DossierState.PROPOSED,
        _APPLICANT,
        PROVINCE_INTAKE,
    ),
    Transition(
        DossierState.COMPLETION_REQUESTED,
        Step.RECALL_REQUEST,
        DossierState.PROPOSED,
        _AGENCY,
        PROVINCE_INTAKE,
    ),
    Transition(DossierState.PROPOSED, Step.ACCEPT, DossierState.ACCEPTED, _AGENCY, PROVINCE_INTAKE),
    Transition(DossierState.ACCEPTED, Step.ADVISE, DossierState.ADVISED, _ADVISORY, ADVICE),
    # A report signed after the agenda was made still reaches the council before it scores.
    Transition(DossierState.SCHEDULED, Step.ADVISE, DossierState.SCHEDULED, _ADVISORY, ADVICE),
    *(
        Transition(state, Step.SCHEDULE, DossierState.SCHEDULED, _AGENCY | _COUNCIL, COUNCIL)
        for state in (DossierState.ACCEPTED, DossierState.ADVISED)
    ),
    # Off an agenda before it opens; or from a written opinion to a meeting (art. 7.6.d).
    *(
        Transition(state, step, to_state, _AGENCY | _COUNCIL, COUNCIL)
        for state in (DossierState.SCHEDULED, DossierState.SCORING)
        for step, to_state in (
            (Step.TAKE_OFF, DossierState.ACCEPTED),
            (Step.TAKE_OFF_ADVISED, DossierState.ADVISED),
        )
    ),
    Transition(
        DossierState.SCHEDULED, Step.OPEN_SCORING, DossierState.SCORING, _AGENCY | _COUNCIL, COUNCIL
    ),
    Transition(DossierState.SCORING, Step.LOCK, DossierState.LOCKED, _COUNCIL, COUNCIL),
    # A result is taken up again until a decision or a letter to the ministry rests on it.
    *(
        Transition(state, Step.REOPEN_SCORING, DossierState.SCORING, _HEAD, COUNCIL)
        for state in (
            DossierState.LOCKED,
            DossierState.BELOW_THREE,
            DossierState.EXCLUDED,
        )
    ),
    # What the ministry gave back the province may judge anew: its council takes its result up again.
    Transition(
        DossierState.RETURNED_BY_CENTRE,
        Step.REOPEN_SCORING,
        DossierState.SCORING,
        _HEAD,
        CENTRE_ANSWER,
    ),
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
        _AGENCY,
        RECOGNITION,
    ),
    # The ministry decides on five stars; the agency writes down what it answered.
    Transition(
        DossierState.AWAITING_CENTRE, Step.RECOGNISE, DossierState.RECOGNISED, _AGENCY, CENTRE
    ),
    Transition(
        DossierState.AWAITING_CENTRE,
        Step.RETURN_BY_CENTRE,
        DossierState.RETURNED_BY_CENTRE,
        _AGENCY,
        CENTRE_ANSWER,
    ),
    Transition(
        DossierState.RETURNED_BY_CENTRE,
        Step.RECOGNISE,
        DossierState.RECOGNISED,
        _SIGNER,
        CENTRE_ANSWER,
    ),
    *(
        Transition(state, Step.WITHDRAW, DossierState.WITHDRAWN, _APPLICANT, PREPARED)
        for state in (
            DossierState.DRAFT,
            DossierState.FILED,
            DossierState.RETURNED,
            DossierState.ASSESSED,
            DossierState.PROPOSED,
            DossierState.COMPLETION_REQUESTED,
            DossierState.ACCEPTED,
            DossierState.ADVISED,
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
        DossierState.WITHDRAWN,
    }
)
EDITABLE = frozenset({DossierState.DRAFT, DossierState.RETURNED})
# In the province's hands, before scoring: surveys are held and tests ordered (art. 7.3.c).
LOOKED_INTO = frozenset({DossierState.ACCEPTED, DossierState.ADVISED, DossierState.SCHEDULED})
# The advisory report is written until the council scores.
ADVISABLE = frozenset({DossierState.ACCEPTED, DossierState.SCHEDULED})
# The commune's own papers: nobody else can complete them.
OF_THE_COMMUNE = frozenset({CheckedPart.COMMUNE_REPORT, CheckedPart.PROPOSAL_LETTER})
# While the dossier lies at the commune its limit of working days runs (art. 7.2).
AT_COMMUNE = frozenset({DossierState.FILED, DossierState.ASSESSED})

CLOSING_STEPS: dict[DossierState, Step] = {
    DossierState.BELOW_THREE: Step.CLOSE_BELOW_THREE,
    DossierState.EXCLUDED: Step.CLOSE_EXCLUDED,
}

# The audit event each step writes.
EVENTS: dict[Step, str] = {
    Step.FILE: "dossier.filed",
    Step.RETURN: "dossier.returned",
    Step.SIGN_REPORT: "dossier.commune_report_signed",
    Step.PROPOSE: "dossier.proposed",
    Step.REQUEST_COMPLETION: "dossier.completion_requested",
    Step.COMPLETE: "dossier.completed",
    Step.RECALL_REQUEST: "dossier.completion_recalled",
    Step.ACCEPT: "dossier.accepted",
    Step.ADVISE: "dossier.advised",
    Step.SCHEDULE: "dossier.scheduled",
    Step.TAKE_OFF: "dossier.taken_off_agenda",
    Step.TAKE_OFF_ADVISED: "dossier.taken_off_agenda",
    Step.OPEN_SCORING: "dossier.scoring_opened",
    Step.LOCK: "dossier.locked",
    Step.REOPEN_SCORING: "dossier.scoring_reopened",
    Step.RECOGNISE: "dossier.recognised",
    Step.CLOSE_BELOW_THREE: "dossier.closed_below_three",
    Step.CLOSE_EXCLUDED: "dossier.closed_excluded",
    Step.SEND_TO_CENTRE: "dossier.sent_to_centre",
    Step.RETURN_BY_CENTRE: "dossier.returned_by_centre",
    Step.WITHDRAW: "dossier.withdrawn",
}

STATE_LABELS: dict[DossierState, str] = {
    DossierState.DRAFT: "Đang soạn",
    DossierState.FILED: "Đã nộp tại xã",
    DossierState.RETURNED: "Trả lại để hoàn thiện",
    DossierState.ASSESSED: "Xã đã đánh giá",
    DossierState.PROPOSED: "Đã đề nghị tỉnh",
    DossierState.COMPLETION_REQUESTED: "Tỉnh yêu cầu hoàn thiện",
    DossierState.ACCEPTED: "Tỉnh đã tiếp nhận",
    DossierState.ADVISED: "Tổ tư vấn đã đánh giá",
    DossierState.SCHEDULED: "Đã xếp phiên họp",
    DossierState.SCORING: "Đang chấm điểm",
    DossierState.LOCKED: "Đã chốt kết quả",
    DossierState.RECOGNISED: "Đã công nhận",
    DossierState.BELOW_THREE: "Dưới 3 sao",
    DossierState.EXCLUDED: "Bị loại",
    DossierState.AWAITING_CENTRE: "Chờ trung ương",
    DossierState.RETURNED_BY_CENTRE: "Trung ương trả kết quả",
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
    Step.REQUEST_COMPLETION: "Yêu cầu hoàn thiện",
    Step.COMPLETE: "Gửi lại hồ sơ đã hoàn thiện",
    Step.RECALL_REQUEST: "Thôi yêu cầu hoàn thiện",
    Step.ACCEPT: "Tiếp nhận vào đợt",
    Step.ADVISE: "Ký báo cáo của Tổ tư vấn",
    Step.SCHEDULE: "Xếp vào phiên họp",
    Step.TAKE_OFF: "Rút khỏi chương trình",
    Step.TAKE_OFF_ADVISED: "Rút khỏi chương trình, đã có báo cáo của Tổ tư vấn",
    Step.OPEN_SCORING: "Mở chấm điểm",
    Step.LOCK: "Chốt kết quả",
    Step.REOPEN_SCORING: "Mở lại kết quả",
    Step.RECOGNISE: "Công nhận",
    Step.CLOSE_BELOW_THREE: "Kết thúc: dưới 3 sao",
    Step.CLOSE_EXCLUDED: "Kết thúc: bị loại",
    Step.SEND_TO_CENTRE: "Trình trung ương",
    Step.RETURN_BY_CENTRE: "Ghi kết quả của trung ương",
    Step.WITHDRAW: "Rút hồ sơ",
}
PART_LABELS: dict[DossierPart, str] = {
    DossierPart.REGISTRATION: "Phiếu đăng ký (Mẫu số 01)",
    DossierPart.BUSINESS_RESULTS: "Kết quả sản xuất, kinh doanh (Mẫu số 02, phần II)",
    DossierPart.SELF_ASSESSMENT: "Tự đánh giá theo tiêu chí (Mẫu số 02, phần III)",
    DossierPart.EVIDENCE: "Minh chứng",
    DossierPart.BUSINESS_PLAN: "Kế hoạch sản xuất, kinh doanh (Mẫu số 02, phần IV)",
    DossierPart.SAMPLES: "Sản phẩm mẫu",
    DossierPart.CHANGES: "Những thay đổi từ khi được công nhận",
}


def parts_of(kind: DossierKind) -> tuple[CheckedPart, ...]:
    """Return what the province checks: only an upgrade or a renewal tells of changes (art. 6.1)."""
    if kind is DossierKind.FIRST:
        return tuple(part for part in CheckedPart if part is not CheckedPart.CHANGES)
    return tuple(CheckedPart)


CHECKED_LABELS: dict[CheckedPart, str] = {
    **{CheckedPart(part.value): label for part, label in PART_LABELS.items()},
    CheckedPart.COMMUNE_REPORT: "Báo cáo đánh giá của xã (Mẫu số 03)",
    CheckedPart.PROPOSAL_LETTER: "Văn bản đề nghị của xã",
}
ADDRESSEE_LABELS: dict[Addressee, str] = {
    Addressee.PRODUCER: "Chủ thể",
    Addressee.COMMUNE: "Ủy ban nhân dân xã",
}
RECOMMENDATION_LABELS: dict[Recommendation, str] = {
    Recommendation.EVALUATE: "Đưa ra Hội đồng đánh giá, phân hạng",
    Recommendation.COMPLETE_FIRST: "Hoàn thiện hồ sơ trước khi đánh giá",
    Recommendation.SURVEY_FIRST: "Khảo sát thực tế trước khi đánh giá",
    Recommendation.TEST_FIRST: "Kiểm nghiệm bổ sung trước khi đánh giá",
    Recommendation.NOT_EVALUATE: "Không đưa ra đánh giá",
}
TEST_LABELS: dict[LabOutcome, str] = {
    LabOutcome.PASSED: "Đạt",
    LabOutcome.FAILED: "Không đạt",
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


def own_parts_of(kind: DossierKind) -> tuple[DossierPart, ...]:
    """Return the parts a dossier of this kind has: a first one tells of no changes (art. 6.1)."""
    return tuple(
        part
        for part in DossierPart
        if part is not DossierPart.CHANGES or kind is not DossierKind.FIRST
    )


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
    DossierState.ADVISED,
    DossierState.SCHEDULED,
    DossierState.SCORING,
    DossierState.LOCKED,
    DossierState.RECOGNISED,
)
# Beside the way: the stop in whose place the state is shown.
_INSTEAD_OF: dict[DossierState, DossierState] = {
    DossierState.RETURNED: DossierState.FILED,
    DossierState.COMPLETION_REQUESTED: DossierState.PROPOSED,
    DossierState.BELOW_THREE: DossierState.RECOGNISED,
    DossierState.EXCLUDED: DossierState.RECOGNISED,
    DossierState.AWAITING_CENTRE: DossierState.RECOGNISED,
    DossierState.RETURNED_BY_CENTRE: DossierState.RECOGNISED,
}
_STOPPED = frozenset(
    {
        DossierState.RETURNED,
        DossierState.COMPLETION_REQUESTED,
        DossierState.BELOW_THREE,
        DossierState.EXCLUDED,
        DossierState.RETURNED_BY_CENTRE,
    }
)


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


def local_material_percent(local_kg: int, total_kg: int) -> Fraction:
    """Return the share of local material in percent, exactly (Mẫu số 03, II.1); none of none is 0."""
    return Fraction(100 * local_kg, total_kg) if total_kg else Fraction(0)


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


@dataclass(frozen=True, slots=True)
class UnfitPaper:
    """A cited paper that proves nothing any more: run out, or no longer in use by its producer."""

    title: str
    criteria: tuple[str, ...]
    expired_on: date | None = None


def has_expired(expires_on: date | None, on: date) -> bool:
    """Tell whether a paper has run out: the day printed on it is the last on which it is good."""
    return expires_on is not None and expires_on < on


def _missing_paper(paper: UnfitPaper) -> Missing:
    said: dict[str, str | int] = {"title": paper.title, "criteria": ", ".join(paper.criteria)}
    if paper.expired_on is None:
        return Missing(
            DossierPart.EVIDENCE,
            "«{title}» (tiêu chí {criteria}) đã thôi dùng; hãy gắn giấy tờ khác hoặc gỡ ra.",
            said,
            EVIDENCE_LIST,
        )
    return Missing(
        DossierPart.EVIDENCE,
        "«{title}» (tiêu chí {criteria}) hết hạn {day}; hãy thay giấy mới hoặc gỡ ra.",
        said | {"day": paper.expired_on.strftime("%d/%m/%Y")},
        EVIDENCE_LIST,
    )


def missing_for_filing(
    *,
    unanswered: Collection[str],
    evidence_count: int,
    business_results: str,
    business_plan: str,
    sample_count: int,
    samples_needed: int,
    lacks_registration: bool = False,
    unfit_papers: Collection[UnfitPaper] = (),
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
    found += [_missing_paper(paper) for paper in unfit_papers]
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


# --- gate first -------------------------------------------------------------------------------

GATE_HEADINGS: dict[GateEffect, str] = {
    GateEffect.DISQUALIFY: "Hồ sơ bị loại khi",
    GateEffect.EXCLUDE: "Không đánh giá",
    GateEffect.STOP: "Dừng đánh giá",
}
PRODUCER_KIND_GATE = "producer_kind"
REGISTRATION_GATE = "business_registration"
CATEGORY_GATE = "category"
_KNOWN_HEADINGS: dict[str, str] = {
    PRODUCER_KIND_GATE: "Đối tượng đăng ký",
    REGISTRATION_GATE: "Đăng ký kinh doanh",
    CATEGORY_GATE: "Nhóm sản phẩm",
}


@dataclass(frozen=True, slots=True)
class GateQuestion:
    """One condition before a dossier is opened, in the words of the law, with its basis.

    `holds` is what the system can tell itself; None has to be asked. The question asked is always
    whether the case described applies: «có» ends it.
    """

    code: str
    heading: str
    wording: str
    basis: str
    holds: bool | None = None

    @property
    def is_asked(self) -> bool:
        """Whether a person has to answer it."""
        return self.holds is None


def gate_questions(
    regime: Regime, rubric: Rubric, producer_kind: str, *, has_registration: bool
) -> tuple[GateQuestion, ...]:
    """Return what must hold before a dossier is opened (art. 2.2, 2.3 and the gates of Annex II)."""
    named = {rule.kind: rule for rule in regime.procedure.producer_kinds}
    kind = named.get(producer_kind)
    found = [
        GateQuestion(
            code=PRODUCER_KIND_GATE,
            heading=_KNOWN_HEADINGS[PRODUCER_KIND_GATE],
            wording=kind.name if kind else producer_kind,
            basis=f"{regime.decision}, Điều 2.3",
            holds=may_apply(regime, producer_kind, rubric.category_code),
        )
    ]
    if needs_registration(regime, producer_kind):
        found.append(
            GateQuestion(
                code=REGISTRATION_GATE,
                heading=_KNOWN_HEADINGS[REGISTRATION_GATE],
                wording=kind.name if kind else producer_kind,
                basis=f"{regime.decision}, Điều 2.3",
                holds=has_registration,
            )
        )
    found.append(
        GateQuestion(
            code=CATEGORY_GATE,
            heading=_KNOWN_HEADINGS[CATEGORY_GATE],
            wording=f"{rubric.category_name}: {rubric.set_number}. {rubric.name}",
            basis=f"{regime.decision}, Điều 2.2, Phụ lục I",
            holds=any(line.code == rubric.code for line in regime.product_sets),
        )
    )
    sheet = f"{rubric.decision}, {rubric.annex}, bộ {rubric.set_number}"
    for gate in rubric.gates:
        is_head = gate.criterion_code not in {one.code for one in rubric.criteria}
        found.append(
            GateQuestion(
                code=f"{gate.criterion_code}.{gate.effect}",
                heading=GATE_HEADINGS[gate.effect],
                wording=gate.text,
                basis=sheet if is_head else f"{sheet}, tiêu chí {gate.criterion_code}",
            )
        )
    return tuple(found)


# --- windows ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoundDays:
    """A round a dossier can still reach: its two limits, and the last safe day to file."""

    name: str
    proposals_before: date
    results_before: date
    last_safe_day: date


def last_safe_filing_day(
    proposals_before: date, working_days: int, holidays: Collection[date]
) -> date:
    """Return the last working day on which filing leaves the commune its whole limit.

    Filed on this day, the commune's last day is still before `proposals_before`: «trước ngày» means
    the day before at the latest (26/2026/QĐ-TTg art. 5.1, 7.2). A working day, because one set of
    the dossier is of paper (art. 7.1).
    """
    day = proposals_before - timedelta(days=1)
    while not (
        is_working_day(day, holidays)
        and working_days_after(day, working_days, holidays) < proposals_before
    ):
        day -= timedelta(days=1)
    return day


def statutory_rounds(regime: Regime, on: date) -> tuple[tuple[str, date, date], ...]:
    """Return name and limits of the province's rounds still ahead, this year and next (art. 5.1)."""
    windows = regime.procedure.rounds_of(Level.PROVINCE).windows
    found = []
    for year in (on.year, on.year + 1):
        for window in windows:
            closes = date.fromisoformat(f"{year}-{window.proposals_before}")
            ends = date.fromisoformat(f"{year}-{window.results_before}")
            if closes > on:
                found.append((f"{window.ordinal}/{year}", closes, ends))
    return tuple(sorted(found, key=lambda one: one[1]))


def runs_in_rounds(regime: Regime, kind: DossierKind) -> bool:
    """Tell whether dossiers of this kind wait for a round; a renewal is rolling (art. 5.1, 7.6)."""
    return any(rule.kind == kind and rule.in_rounds for rule in regime.procedure.dossier_kinds)


def province_due_on(regime: Regime, kind: DossierKind, received_on: date) -> date | None:
    """Return the province's last day for a renewal: 45 days from receipt (art. 7.6.g)."""
    if runs_in_rounds(regime, kind):
        return None
    return received_on + timedelta(days=regime.procedure.renewal.finish_within_days)


def transition_for(regime: Regime, kind: DossierKind, filed_on: date) -> LegalTransition | None:
    """Return the clause under which a dossier filed before the regime is finished (art. 12.2)."""
    if filed_on >= regime.in_force.first:
        return None
    code = (
        "renewal_filed_before" if kind is DossierKind.RENEWAL else "first_and_upgrade_filed_before"
    )
    return next((one for one in regime.procedure.transition if one.code == code), None)


# --- what changed since the product was recognised --------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """What one dossier says about one criterion; papers by the hash of their content."""

    option_code: str | None = None
    description: str = ""
    papers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One criterion in the old dossier and in the new one."""

    criterion: Criterion
    section_code: str
    before: Claim
    after: Claim
    before_text: str
    after_text: str

    @property
    def option_changed(self) -> bool:
        """Whether another option is claimed than before."""
        return self.before_text != self.after_text

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing at all differs: option, description, papers."""
        return (
            not self.option_changed
            and self.before.description == self.after.description
            and self.before.papers == self.after.papers
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """An answer of the old dossier whose wording the present sheet no longer has."""

    criterion_code: str
    name: str
    option: str


def option_words(criterion: Criterion | None, option_code: str | None) -> str:
    """Return an option as people read it: its points and its wording."""
    if criterion is None or not option_code:
        return ""
    if option_code == NOT_MET:
        return "0 – Không đạt"
    option = criterion.find_option(option_code)
    return f"{option.points} – {option.label}" if option else ""


def carried_answers(
    old: Rubric | None, new: Rubric, claims: Mapping[str, Claim]
) -> tuple[dict[str, Claim], tuple[Lost, ...]]:
    """Return the answers that still mean the same under the present sheet, and those that do not.

    An answer is carried when its criterion and its option exist with the same wording; without the
    old sheet nothing can be compared and nothing is carried.
    """
    kept: dict[str, Claim] = {}
    lost: list[Lost] = []
    for code, claim in claims.items():
        before, after = old.find_criterion(code) if old else None, new.find_criterion(code)
        if before and after and before.name == after.name and _says_same(before, after, claim):
            kept[code] = claim
        elif claim.option_code or claim.description:
            lost.append(
                Lost(code, before.name if before else code, option_words(before, claim.option_code))
            )
    return kept, tuple(lost)


def _says_same(before: Criterion, after: Criterion, claim: Claim) -> bool:
    if not claim.option_code:
        return True
    if claim.option_code == NOT_MET:
        return after.allows_not_met
    old, new = before.find_option(claim.option_code), after.find_option(claim.option_code)
    return old is not None and new is not None and old.label == new.label


def compared(
    old: Rubric | None, new: Rubric, before: Mapping[str, Claim], after: Mapping[str, Claim]
) -> tuple[Change, ...]:
    """Return every criterion of the present sheet with what was and what is claimed (art. 6.1.b)."""
    nothing = Claim()
    return tuple(
        Change(
            criterion=criterion,
            section_code=section.code,
            before=before.get(criterion.code, nothing),
            after=after.get(criterion.code, nothing),
            before_text=option_words(
                old.find_criterion(criterion.code) if old else None,
                before.get(criterion.code, nothing).option_code,
            ),
            after_text=option_words(criterion, after.get(criterion.code, nothing).option_code),
        )
        for _, section, criterion in new.walk()
    )


class Reported(Protocol):
    """What a report of changes says, as far as its completeness is judged."""

    changes: str
    tests: str
    market: str
    output_amount: int | None
    output_unit: str
    revenue: int | None


_UPGRADE_MESSAGES = {
    "changes": "Chưa viết nội dung những thay đổi so với sản phẩm đã được công nhận."
}
_RENEWAL_MESSAGES = {
    "tests": "Chưa cập nhật các phiếu kiểm nghiệm định kỳ.",
    "market": "Chưa cập nhật thị trường tiêu thụ.",
    "output_amount": "Chưa ghi sản lượng.",
    "output_unit": "Chưa ghi đơn vị tính của sản lượng.",
    "revenue": "Chưa ghi doanh thu.",
}


def missing_changes(kind: DossierKind, report: Reported | None) -> tuple[Missing, ...]:
    """Return what an upgrade or a renewal must still tell (26/2026/QĐ-TTg art. 6.1.b, 6.1.c)."""
    asked, basis = {
        DossierKind.UPGRADE: (_UPGRADE_MESSAGES, UPGRADE_HOLDS),
        DossierKind.RENEWAL: (_RENEWAL_MESSAGES, RENEWAL_HOLDS),
    }.get(kind, ({}, ""))
    return tuple(
        Missing(DossierPart.CHANGES, sentence, {}, basis)
        for name, sentence in asked.items()
        if report is None or getattr(report, name) in (None, "")
    )
