"""Writing the self-assessment (Mẫu số 02) while the dossier is a draft or was given back."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, delete, select

from app.core.db import WriteSession
from app.core.errors import Invalid, NotFound, check_version
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.models import (
    Dossier,
    Evidence,
    EvidenceUse,
    SelfAssessmentAnswer,
)
from app.domain.dossiers.policy import why_not_cite, why_not_edit
from app.domain.dossiers.queries import DossierRow, answers_of, dossier_for_update
from app.domain.dossiers.schemas import AnswerIn, SaveReportParts, SaveSection
from app.domain.producers.policy import is_helper
from app.rulebooks.model import Section
from app.rulebooks.scoring import check_answers

# Which part of the dossier each of its own fields belongs to.
PART_OF = {
    "business_results": DossierPart.BUSINESS_RESULTS,
    "stated_revenue": DossierPart.BUSINESS_RESULTS,
    "stated_revenue_year": DossierPart.BUSINESS_RESULTS,
    "business_plan": DossierPart.BUSINESS_PLAN,
    "sample_count": DossierPart.SAMPLES,
}


class UnknownSection(NotFound):
    """The rubric has no such section."""

    code = "dossier.unknown_section"
    message = "Bộ tiêu chí không có mục {section}."


def save_section(
    session: WriteSession,
    code: str,
    section_code: str,
    data: SaveSection,
    *,
    actor: Actor,
    at: datetime,
) -> Dossier:
    """Store the answers of one section; records dossier.section_saved with the criteria changed.

    Refused: a criterion outside the section, an option the pinned rubric does not have, a paper of
    somebody else. Saving what is stored already changes and records nothing.
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_edit(actor, dossier, DossierPart.SELF_ASSESSMENT)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    section = section_of(row, section_code)
    _check_named_once(section, data.answers)
    check_answers(
        row.rubric,
        {one.criterion_code: one.option_code for one in data.answers if one.option_code},
    )
    changed = _store_answers(session, dossier, data.answers)
    cited = _store_uses(session, dossier, data.answers)
    if cited and (refusal := why_not_edit(actor, dossier, DossierPart.EVIDENCE)):
        raise refusal
    changed |= cited
    if not changed:
        return dossier
    dossier.version += 1
    record(
        session,
        "dossier.section_saved",
        subject=dossier,
        actor=actor,
        at=at,
        section=section_code,
        criteria=sorted(changed),
        on_behalf=is_helper(actor, row.producer),
    )
    return dossier


def save_report_parts(
    session: WriteSession, code: str, data: SaveReportParts, *, actor: Actor, at: datetime
) -> Dossier:
    """Store parts II and IV and the number of samples; records dossier.report_parts_saved."""
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_edit(actor, dossier, *PART_OF.values())
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    after = {
        "business_results": normal(data.business_results),
        "stated_revenue": data.stated_revenue,
        "stated_revenue_year": data.stated_revenue_year,
        "business_plan": normal(data.business_plan),
        "sample_count": data.sample_count,
    }
    changed = sorted(name for name, value in after.items() if getattr(dossier, name) != value)
    if not changed:
        return dossier
    for name in changed:
        if refusal := why_not_edit(actor, dossier, PART_OF[name]):
            raise refusal
    dossier.sqlmodel_update(after)
    dossier.version += 1
    record(
        session,
        "dossier.report_parts_saved",
        subject=dossier,
        actor=actor,
        at=at,
        fields=changed,
        on_behalf=is_helper(actor, row.producer),
    )
    return dossier


def section_of(row: DossierRow, section_code: str) -> Section:
    """Return a section of the pinned rubric, or refuse a code it does not have."""
    for part in row.rubric.parts:
        for section in part.sections:
            if section.code == section_code:
                return section
    raise UnknownSection(section=section_code)


def _check_named_once(section: Section, answers: Iterable[AnswerIn]) -> None:
    known = {criterion.code for criterion in section.criteria}
    seen: set[str] = set()
    wrong: dict[str, str] = {}
    for answer in answers:
        if answer.criterion_code not in known:
            wrong[answer.criterion_code] = "Không có tiêu chí này trong mục."
        elif answer.criterion_code in seen:
            wrong[answer.criterion_code] = "Tiêu chí này được gửi hai lần."
        seen.add(answer.criterion_code)
    if wrong:
        raise Invalid(wrong, code="dossier.unknown_criterion")


def _store_answers(
    session: WriteSession, dossier: Dossier, answers: Iterable[AnswerIn]
) -> set[str]:
    stored = answers_of(session, dossier)
    changed = set()
    for answer in answers:
        option, description = answer.option_code or None, normal(answer.description)
        known = stored.get(answer.criterion_code)
        if known is None:
            if option is None and not description:
                continue
            known = SelfAssessmentAnswer(
                dossier_id=dossier.id or 0, criterion_code=answer.criterion_code
            )
            session.add(known)
        elif (known.option_code, known.description) == (option, description):
            continue
        known.option_code, known.description = option, description
        changed.add(answer.criterion_code)
    return changed


def _store_uses(session: WriteSession, dossier: Dossier, answers: Iterable[AnswerIn]) -> set[str]:
    wanted = {
        answer.criterion_code: set(answer.evidence)
        for answer in answers
        if answer.evidence is not None
    }
    if not wanted:
        return set()
    papers = _papers(session, dossier, wanted)
    stored: dict[str, set[int]] = {code: set() for code in wanted}
    for use in session.exec(
        select(EvidenceUse).where(
            col(EvidenceUse.dossier_id) == dossier.id,
            col(EvidenceUse.criterion_code).in_(list(wanted)),
        )
    ):
        stored[use.criterion_code].add(use.evidence_id)
    changed = set()
    for criterion_code, codes in wanted.items():
        after = {papers[code].id or 0 for code in codes}
        gone = stored[criterion_code] - after
        fresh = after - stored[criterion_code]
        for code in sorted(codes):
            if papers[code].id in fresh and (refusal := why_not_cite(papers[code])):
                raise Invalid({criterion_code: refusal.text}, code=refusal.reason_code)
        if gone:
            session.exec(
                delete(EvidenceUse).where(
                    col(EvidenceUse.dossier_id) == dossier.id,
                    col(EvidenceUse.criterion_code) == criterion_code,
                    col(EvidenceUse.evidence_id).in_(gone),
                )
            )
        session.add_all(
            EvidenceUse(dossier_id=dossier.id or 0, criterion_code=criterion_code, evidence_id=one)
            for one in sorted(fresh)
        )
        if gone or fresh:
            changed.add(criterion_code)
    return changed


def _papers(
    session: WriteSession, dossier: Dossier, wanted: dict[str, set[str]]
) -> dict[str, Evidence]:
    """Return the papers named, all of them the producer's own."""
    codes = set().union(*wanted.values())
    if not codes:
        return {}
    known = {
        paper.code: paper
        for paper in session.exec(
            select(Evidence).where(
                col(Evidence.code).in_(codes), col(Evidence.producer_id) == dossier.producer_id
            )
        )
    }
    strangers = {
        criterion_code: "Không có minh chứng này của chủ thể."
        for criterion_code, named in wanted.items()
        if not named <= known.keys()
    }
    if strangers:
        raise Invalid(strangers, code="evidence.unknown")
    return known
