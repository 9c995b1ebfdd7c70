"""Who may take which step of a dossier, and when: role and unit first, then the state.

Each function returns the refusal instead of raising it: actions raise it, pages grey the button
with its sentence.
"""

from collections.abc import Collection

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.advisory.policy import why_not_serve
from app.domain.advisory.rules import Standing
from app.domain.dossiers.enums import Addressee, DossierPart, DossierState, Finding, Step
from app.domain.dossiers.models import (
    AdvisoryReport,
    CommuneReport,
    CompletionRequest,
    Dossier,
    Evidence,
    ExtraTest,
)
from app.domain.dossiers.rules import (
    ADVICE,
    ADVISABLE,
    COMMUNE,
    COMMUNE_CHECK,
    COMMUNE_REPORT,
    EDITABLE,
    EVIDENCE_LIST,
    FINDING_LABELS,
    LOOKED_INTO,
    PART_LABELS,
    PREPARED,
    PROVINCE_INTAKE,
    STATE_LABELS,
    STEP_LABELS,
    basis_of,
    find_transition,
    own_parts_of,
)
from app.domain.producers.models import Producer


class NotApplicant(NotPermitted):
    """Only the producer, or the officer of its commune on its behalf."""

    code = "dossier.not_applicant"
    message = "Chỉ chủ thể, hoặc cán bộ xã sở tại làm thay, được thực hiện việc này."
    basis = PREPARED


class NotCommuneOfficer(NotPermitted):
    """Only an officer of the commune where the dossier was filed."""

    code = "dossier.not_commune_officer"
    message = "Chỉ cán bộ của xã nhận hồ sơ được thực hiện việc này."
    basis = COMMUNE_CHECK


class NotCommuneLeader(NotPermitted):
    """Only a leader of the commune where the dossier was filed."""

    code = "dossier.not_commune_leader"
    message = "Chỉ lãnh đạo UBND xã nhận hồ sơ được ký báo cáo và đề nghị."
    basis = COMMUNE_REPORT


class NotAgencyOfficer(NotPermitted):
    """Only an officer of the province's OCOP agency."""

    code = "dossier.not_agency_officer"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được thực hiện việc này."
    basis = basis_of(Step.ACCEPT)


class WrongState(Conflict):
    """The table of transitions has no such step from here."""

    code = "dossier.wrong_state"
    message = "Hồ sơ đang ở trạng thái «{state}», không thực hiện được bước «{step}»."


class NotEditable(Conflict):
    """What was filed stays as it was filed."""

    code = "dossier.not_editable"
    message = "Hồ sơ đang ở trạng thái «{state}»: chỉ sửa được khi đang soạn hoặc được trả lại."
    basis = PREPARED


class PartNotAsked(Conflict):
    """Only what the province asked for is written anew."""

    code = "dossier.part_not_asked"
    message = "Tỉnh không yêu cầu hoàn thiện phần này, nên không sửa được."
    basis = PROVINCE_INTAKE


class NotAdvisoryMember(NotPermitted):
    """Only the advisory team of the provincial council."""

    code = "dossier.not_advisory_member"
    message = "Chỉ thành viên Tổ tư vấn Hội đồng cấp tỉnh được thực hiện việc này."
    basis = ADVICE


class NotSurveying(NotPermitted):
    """Only the agency or the advisory team surveys."""

    code = "dossier.not_surveying"
    message = "Chỉ Tổ tư vấn hoặc cơ quan tham mưu OCOP cấp tỉnh được ghi biên bản khảo sát."
    basis = ADVICE


class AdviceSigned(Conflict):
    """A signed advisory report is not written on."""

    code = "dossier.advice_signed"
    message = "Báo cáo của Tổ tư vấn đã ký, không sửa được nữa."
    basis = ADVICE


class AdviceNotReady(Conflict):
    """A report is signed when it says something about each part of the rubric."""

    code = "dossier.advice_not_ready"
    message = "Báo cáo của Tổ tư vấn còn phần chưa viết."
    basis = ADVICE


class DeputyWroteReport(NotPermitted):
    """Two people stand behind a report, also while one of them is on leave."""

    code = "dossier.deputy_wrote_report"
    message = "Bạn đã lập báo cáo này và chỉ đang thay {absent}: hãy để người khác ký."


class AdviceNotOwn(NotPermitted):
    """Who wrote a report signs it."""

    code = "dossier.advice_not_own"
    message = "Báo cáo do {author} viết: người viết ký, hoặc bạn lưu lại bằng tên mình rồi ký."
    basis = ADVICE


class TestResultKnown(Conflict):
    """A result is entered once."""

    code = "dossier.test_result_known"
    message = "Kết quả kiểm nghiệm này đã được ghi."
    basis = ADVICE


class EvidenceNotOffered(Conflict):
    """A paper that was replaced or put away stays where it was cited, and is cited nowhere else."""

    code = "evidence.not_offered"
    message = "Giấy tờ «{title}» đã được thay hoặc đã thôi dùng; hãy chọn giấy tờ khác."
    basis = EVIDENCE_LIST


class ProducerEnded(Conflict):
    """A producer that ended registers nothing new."""

    code = "dossier.producer_ended"
    message = "Chủ thể đã ngừng hoạt động từ {day}, không mở hồ sơ mới được."
    basis = "26/2026/QĐ-TTg, Điều 4.3, Điều 8.1.đ"


class ReportSigned(Conflict):
    """A signed report is not written on."""

    code = "dossier.report_signed"
    message = "Báo cáo đã ký, không sửa được nữa."
    basis = COMMUNE_REPORT


class ReceivedAlready(Conflict):
    """A dossier is received once each time it is handed in."""

    code = "dossier.received_already"
    message = "Hồ sơ đã được {name} tiếp nhận."
    basis = COMMUNE


class ComponentsUnchecked(Conflict):
    """The leader signs when the officer has gone through every part of the dossier."""

    code = "dossier.components_unchecked"
    message = "Cán bộ xã chưa kiểm tra thành phần: {parts}."
    basis = COMMUNE_CHECK


class ComponentsLacking(Conflict):
    """What lacks a part goes back to the producer, not on to the province."""

    code = "dossier.components_lacking"
    message = "Thành phần còn thiếu: {parts}. Hãy trả lại để hoàn thiện."
    basis = COMMUNE_CHECK


class ReportNotReady(Conflict):
    """The leader signs a report whose four findings are each confirmed."""

    code = "dossier.report_not_ready"
    message = "Báo cáo còn nội dung chưa xác nhận: {findings}."
    basis = COMMUNE_CHECK


def why_not_open(actor: Actor, producer: Producer) -> Refusal | None:
    """The producer's own account opens a dossier, or the commune officer on its behalf, while it works."""
    if refusal := _why_not_applicant(actor, producer.id or 0, producer.commune_code):
        return refusal
    if producer.dissolved_on is not None:
        return ProducerEnded(day=f"{producer.dissolved_on:%d/%m/%Y}")
    return None


def why_not_edit(actor: Actor, dossier: Dossier, *parts: DossierPart) -> Refusal | None:
    """The applicant writes a draft or what was given back, and of the rest only what is asked for.

    With `parts`, one of them suffices while the province waits for completion (art. 7.3.a).
    """
    refusal = _why_not_applicant(actor, dossier.producer_id, dossier.commune_code)
    if refusal or dossier.state in EDITABLE:
        return refusal
    if parts and dossier.state is DossierState.COMPLETION_REQUESTED:
        return None if set(parts) & set(dossier.asked_parts) else PartNotAsked()
    return NotEditable(state=STATE_LABELS[dossier.state])


def takes_evidence(dossier: Dossier) -> bool:
    """Whether what supports the criteria may still change: a renewed paper goes in, see the wallet."""
    asked = dossier.state is DossierState.COMPLETION_REQUESTED
    return dossier.state in EDITABLE or (asked and DossierPart.EVIDENCE in dossier.asked_parts)


def why_not_keep_evidence(actor: Actor, producer: Producer) -> Refusal | None:
    """The producer's own account keeps its papers, or the commune officer on its behalf."""
    return _why_not_applicant(actor, producer.id or 0, producer.commune_code)


def why_not_cite(paper: Evidence) -> Refusal | None:
    """Only a paper in use may begin to support a criterion."""
    return None if paper.is_offered else EvidenceNotOffered(title=paper.title)


def why_not_file(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The applicant files a draft, or files again what was given back."""
    refusal = _why_not_applicant(actor, dossier.producer_id, dossier.commune_code)
    return refusal or why_not_step(dossier, Step.FILE)


def why_not_withdraw(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The applicant withdraws before the dossier is on an agenda."""
    refusal = _why_not_applicant(actor, dossier.producer_id, dossier.commune_code)
    return refusal or why_not_step(dossier, Step.WITHDRAW)


def why_not_return(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The commune's officer gives a filed dossier back."""
    return _why_not_officer(actor, dossier) or why_not_step(dossier, Step.RETURN)


def why_not_report(
    actor: Actor, dossier: Dossier, report: CommuneReport | None = None
) -> Refusal | None:
    """The commune's officer writes the report while the dossier lies at the commune, unsigned."""
    refusal = _why_not_officer(actor, dossier)
    if refusal:
        return refusal
    if report is not None and report.signed_at is not None:
        return ReportSigned()
    return _why_not_filed(dossier, "Viết báo cáo đánh giá")


def why_not_receive(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The commune's officer says once that a filed dossier has arrived."""
    refusal = _why_not_officer(actor, dossier) or _why_not_filed(dossier, "Tiếp nhận hồ sơ")
    if refusal is None and dossier.received_at is not None:
        return ReceivedAlready(name=dossier.received_by)
    return refusal


def why_not_check(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The commune's officer goes through the parts of a filed dossier."""
    return _why_not_officer(actor, dossier) or _why_not_filed(dossier, "Kiểm tra thành phần hồ sơ")


def why_not_sign(actor: Actor, dossier: Dossier, report: CommuneReport | None) -> Refusal | None:
    """The commune's leader signs when all parts are there and all four findings confirmed."""
    refusal = (
        _why_not_leader(actor, dossier)
        or why_not_step(dossier, Step.SIGN_REPORT)
        or _why_components_open(dossier)
    )
    if refusal:
        return refusal
    absent = actor.only_stands_in(Role.COMMUNE_LEADER, dossier.commune_code)
    if absent and report is not None and report.prepared_by == actor.name:
        return DeputyWroteReport(absent=absent)
    open_findings = [
        FINDING_LABELS[finding]
        for finding in Finding
        if report is None or not getattr(report, f"{finding}_confirmed")
    ]
    return ReportNotReady(findings=", ".join(open_findings)) if open_findings else None


def why_not_propose(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The commune's leader proposes an assessed dossier to the province."""
    return _why_not_leader(actor, dossier) or why_not_step(dossier, Step.PROPOSE)


def why_not_accept(actor: Actor, dossier: Dossier) -> Refusal | None:
    """An agency officer accepts a proposed dossier into a round."""
    if not actor.has(Role.AGENCY_OFFICER):
        return NotAgencyOfficer()
    return why_not_step(dossier, Step.ACCEPT)


def why_not_check_at_province(actor: Actor, dossier: Dossier) -> Refusal | None:
    """An agency officer checks components and content of what a commune proposed."""
    if not actor.has(Role.AGENCY_OFFICER):
        return NotAgencyOfficer()
    if dossier.state is not DossierState.PROPOSED:
        return WrongState(
            state=STATE_LABELS[dossier.state],
            step="Kiểm tra thành phần, nội dung hồ sơ",
            basis=PROVINCE_INTAKE,
        )
    return None


def why_not_request_completion(actor: Actor, dossier: Dossier) -> Refusal | None:
    """An agency officer asks for completion before the dossier is on an agenda."""
    if not actor.has(Role.AGENCY_OFFICER):
        return NotAgencyOfficer()
    return why_not_step(dossier, Step.REQUEST_COMPLETION)


def why_not_recall_request(actor: Actor, dossier: Dossier) -> Refusal | None:
    """An agency officer takes a request back and goes on with the dossier as it is."""
    if not actor.has(Role.AGENCY_OFFICER):
        return NotAgencyOfficer()
    return why_not_step(dossier, Step.RECALL_REQUEST)


def why_not_complete(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The producer, or the officer of its commune, answers and sends the dossier back."""
    refusal = _why_not_applicant(actor, dossier.producer_id, dossier.commune_code)
    return refusal or why_not_step(dossier, Step.COMPLETE)


def answers_for(actor: Actor, dossier: Dossier, request: CompletionRequest) -> list[int]:
    """Return the items of a request this actor answers: the commune its own, both the producer's."""
    is_officer = actor.has_in_unit(dossier.commune_code, Role.COMMUNE_OFFICER)
    if not (is_officer or actor.acts_for(dossier.producer_id)):
        return []
    return [
        place
        for place, item in enumerate(request.items)
        if is_officer or item["addressee"] == Addressee.PRODUCER
    ]


def why_not_advise(
    actor: Actor,
    dossier: Dossier,
    report: AdvisoryReport | None = None,
    *,
    team: Standing = Standing.NO_TEAM,
) -> Refusal | None:
    """A member of the advisory team in force writes until the report is signed or members score."""
    if not actor.has(Role.ADVISORY_MEMBER):
        return NotAdvisoryMember()
    if refusal := why_not_serve(actor, team):
        return refusal
    if report is not None and report.signed_at is not None:
        return AdviceSigned()
    if dossier.state not in ADVISABLE:
        return wrong_state(dossier, Step.ADVISE)
    return None


def why_not_sign_advice(
    actor: Actor,
    dossier: Dossier,
    report: AdvisoryReport | None,
    parts: Collection[str],
    *,
    team: Standing = Standing.NO_TEAM,
) -> Refusal | None:
    """Who wrote the report signs it, once it says something about each part of the rubric."""
    refusal = why_not_advise(actor, dossier, report, team=team)
    if refusal:
        return refusal
    if report is None or not all(report.parts.get(part) for part in parts):
        return AdviceNotReady()
    if report.written_by_id != actor.user_id:
        return AdviceNotOwn(author=report.written_by)
    return None


def why_not_survey(
    actor: Actor, dossier: Dossier, *, team: Standing = Standing.NO_TEAM
) -> Refusal | None:
    """The advisory team or the agency surveys what was accepted, until the council scores."""
    if not actor.has(Role.ADVISORY_MEMBER, Role.AGENCY_OFFICER):
        return NotSurveying()
    return why_not_serve(actor, team) or _why_not_looked_into(dossier, "Khảo sát thực tế")


def why_not_order_test(actor: Actor, dossier: Dossier) -> Refusal | None:
    """An agency officer orders a test of what was accepted, until the council scores."""
    if not actor.has(Role.AGENCY_OFFICER):
        return NotAgencyOfficer()
    return _why_not_looked_into(dossier, "Kiểm nghiệm bổ sung")


def why_not_record_test(actor: Actor, dossier: Dossier, test: ExtraTest) -> Refusal | None:
    """An agency officer enters the result of a test once, at the latest while the council scores."""
    if not actor.has(Role.AGENCY_OFFICER):
        return NotAgencyOfficer()
    if test.recorded_at is not None:
        return TestResultKnown()
    if dossier.state is DossierState.SCORING:
        return None
    return _why_not_looked_into(dossier, "Ghi kết quả kiểm nghiệm")


def why_not_attach(
    actor: Actor, dossier: Dossier, *, team: Standing = Standing.NO_TEAM
) -> Refusal | None:
    """The advisory team or the agency adds photos and papers, at the latest while members score."""
    if not actor.has(Role.ADVISORY_MEMBER, Role.AGENCY_OFFICER):
        return NotSurveying()
    if refusal := why_not_serve(actor, team):
        return refusal
    if dossier.state is DossierState.SCORING:
        return None
    return _why_not_looked_into(dossier, "Thêm ảnh, giấy tờ")


def sees_advice(actor: Actor, report: AdvisoryReport | None) -> bool:
    """Whether the actor may read an advisory report: it goes to the council once it is signed.

    Basis: 26/2026/QĐ-TTg art. 7.3.c («báo cáo đánh giá gửi Chủ tịch Hội đồng»). Never the applicant.
    """
    if actor.sees_province or actor.has(Role.ADVISORY_MEMBER):
        return True
    is_signed = report is not None and report.signed_at is not None
    return is_signed and actor.has(Role.COUNCIL_MEMBER)


def why_not_step(dossier: Dossier, step: Step) -> Refusal | None:
    """The table of transitions decides from which states a step leads."""
    return None if find_transition(dossier.state, step) else wrong_state(dossier, step)


def wrong_state(dossier: Dossier, step: Step) -> WrongState:
    """Say that the step does not start from where the dossier stands."""
    return WrongState(
        state=STATE_LABELS[dossier.state], step=STEP_LABELS[step], basis=basis_of(step)
    )


def sees_all_evidence(actor: Actor, dossier: Dossier) -> bool:
    """Whether the actor sees every paper of the producer, not only those this dossier cites."""
    return (
        actor.sees_province
        or actor.acts_for(dossier.producer_id)
        or dossier.commune_code in actor.units
    )


def _why_not_looked_into(dossier: Dossier, step: str) -> WrongState | None:
    if dossier.state in LOOKED_INTO:
        return None
    return WrongState(state=STATE_LABELS[dossier.state], step=step, basis=ADVICE)


def _why_components_open(dossier: Dossier) -> Refusal | None:
    checked = {check["part"]: check["complete"] for check in dossier.component_checks}
    parts = own_parts_of(dossier.kind)
    if unchecked := [PART_LABELS[part] for part in parts if part not in checked]:
        return ComponentsUnchecked(parts=", ".join(unchecked))
    if lacking := [PART_LABELS[part] for part in parts if not checked[part]]:
        return ComponentsLacking(parts=", ".join(lacking))
    return None


def _why_not_filed(dossier: Dossier, step: str) -> WrongState | None:
    if dossier.state is DossierState.FILED:
        return None
    return WrongState(state=STATE_LABELS[dossier.state], step=step, basis=COMMUNE_CHECK)


def _why_not_applicant(actor: Actor, producer_id: int, commune_code: str) -> Refusal | None:
    if actor.acts_for(producer_id) or actor.has_in_unit(commune_code, Role.COMMUNE_OFFICER):
        return None
    return NotApplicant()


def _why_not_officer(actor: Actor, dossier: Dossier) -> Refusal | None:
    if actor.has_in_unit(dossier.commune_code, Role.COMMUNE_OFFICER):
        return None
    return NotCommuneOfficer()


def _why_not_leader(actor: Actor, dossier: Dossier) -> Refusal | None:
    if actor.has_in_unit(dossier.commune_code, Role.COMMUNE_LEADER):
        return None
    return NotCommuneLeader()
