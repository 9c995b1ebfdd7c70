"""Reads about papers: always with their producer and how often they are cited, in few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.core.paging import Page, newest_first
from app.core.text import fold
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierState, EvidenceKind
from app.domain.dossiers.models import Dossier, Evidence, EvidenceUse
from app.domain.dossiers.policy import takes_evidence
from app.domain.dossiers.rules import EDITABLE, EVIDENCE_LABELS
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.wallet.enums import PaperState
from app.domain.wallet.rules import NOTICE_DAYS, STATE_LABELS, WALLET, state_of
from app.domain.wallet.schemas import (
    PaperDetailOut,
    PaperOut,
    PaperUseOut,
    PaperVersionOut,
)

MOST_USES = 1000
MOST_VERSIONS = 100
MOST_WORK = 50

Papers = Select[Evidence, Producer, Any, Any, Any]


class PaperUnknown(NotFound):
    """No such paper, or not one of a producer this person sees."""

    code = "paper.unknown"
    message = "Không có giấy tờ này, hoặc bạn không được xem."


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper with its producer, the code of what replaced it, and how often it is cited."""

    paper: Evidence
    producer: Producer
    replaced_by: str | None
    dossier_count: int
    use_count: int

    def state_on(self, day: date) -> PaperState:
        """Return how the paper stands on a day."""
        return paper_state(self.paper, day)

    def days_left(self, day: date) -> int | None:
        """Return how many days it is still good, 0 on the last one; None when it has no end."""
        end = self.paper.expires_on
        return (end - day).days if end else None

    def out(self, day: date) -> PaperOut:
        """Return what the API answers."""
        return PaperOut.model_validate(self._told(day))

    def detail_out(
        self, day: date, uses: Sequence["PaperUse"], history: Sequence[Evidence]
    ) -> PaperDetailOut:
        """Return what the API answers about one paper."""
        return PaperDetailOut.model_validate(
            self._told(day)
            | {
                "uses": [use.out() for use in uses],
                "history": [
                    PaperVersionOut.model_validate(
                        one.model_dump(include=set(PaperVersionOut.model_fields))
                    )
                    for one in history
                ],
            }
        )

    def _told(self, day: date) -> dict[str, Any]:
        state = self.state_on(day)
        return self.paper.model_dump(include=set(PaperOut.model_fields)) | {
            "producer_code": self.producer.code,
            "producer_name": self.producer.name,
            "kind_label": EVIDENCE_LABELS[self.paper.kind],
            "state": state,
            "state_label": STATE_LABELS[state],
            "days_left": self.days_left(day),
            "replaced_by": self.replaced_by,
            "dossier_count": self.dossier_count,
            "use_count": self.use_count,
        }


@dataclass(frozen=True, slots=True)
class PaperUse:
    """A dossier that cites a paper, and under which criteria."""

    dossier: Dossier
    product: Product
    criteria: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether the dossier may still be written: a renewed paper goes in here."""
        return takes_evidence(self.dossier)

    def out(self) -> PaperUseOut:
        """Return what the API answers."""
        return PaperUseOut(
            dossier_code=self.dossier.code,
            dossier_state=self.dossier.state,
            product_name=self.product.name,
            is_open=self.is_open,
            criteria=list(self.criteria),
        )


def paper_state(paper: Evidence, day: date) -> PaperState:
    """Return how a paper stands on a day."""
    return state_of(
        expires_on=paper.expires_on,
        is_replaced=paper.replaced_by_id is not None,
        is_withdrawn=paper.withdrawn_at is not None,
        on=day,
    )


def papers_visible_to(actor: Actor) -> Papers:
    """Return the only base for lists and lookups of papers: who sees the producer sees its papers."""
    newer = aliased(Evidence)
    uses = (
        select(func.count())
        .select_from(EvidenceUse)
        .where(col(EvidenceUse.evidence_id) == col(Evidence.id))
        .correlate(Evidence)
    )
    dossiers = (
        select(func.count(sa.distinct(col(EvidenceUse.dossier_id))))
        .where(col(EvidenceUse.evidence_id) == col(Evidence.id))
        .correlate(Evidence)
    )
    query: Papers = (
        select(  # type: ignore[call-overload]  # -- the stubs stop at four columns
            Evidence, Producer, newer.code, dossiers.scalar_subquery(), uses.scalar_subquery()
        )
        .join(Producer, col(Producer.id) == col(Evidence.producer_id))
        .join(newer, col(newer.id) == col(Evidence.replaced_by_id), isouter=True)
    )
    condition = visible(
        actor, producer_id=col(Evidence.producer_id), commune_code=col(Producer.commune_code)
    )
    return query if condition is None else query.where(condition)


def get_paper(session: ReadSession, code: str, *, actor: Actor) -> PaperRow:
    """Return a paper this actor may see."""
    found = session.exec(papers_visible_to(actor).where(col(Evidence.code) == code)).one_or_none()
    if found is None:
        raise PaperUnknown
    return PaperRow(*found)


def paper_for_update(session: WriteSession, code: str, *, actor: Actor) -> PaperRow:
    """Return a paper this actor may see, locked until the transaction ends, as it is then."""
    found = session.exec(
        papers_visible_to(actor)
        .where(col(Evidence.code) == code)
        .with_for_update(of=Evidence)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise PaperUnknown
    return PaperRow(*found)


def open_dossiers_for_update(session: WriteSession, producer_id: int) -> Sequence[Dossier]:
    """Return the dossiers of a producer that may still be written, locked in one order.

    Dossiers before papers, everywhere: who cites a paper has locked the dossier first.
    """
    rows = session.exec(
        select(Dossier)
        .where(
            col(Dossier.producer_id) == producer_id,
            col(Dossier.state).in_(EDITABLE | {DossierState.COMPLETION_REQUESTED}),
        )
        .order_by(col(Dossier.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [dossier for dossier in rows if takes_evidence(dossier)]


def papers_page(
    session: ReadSession,
    *,
    actor: Actor,
    on: date,
    producer_id: int | None = None,
    search: str = "",
    kind: EvidenceKind | None = None,
    state: PaperState | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[PaperRow]:
    """Return papers this actor may see, newest first.

    The search reads title, number and issuer; in titles it ignores accents and case.
    """
    query = papers_visible_to(actor)
    if producer_id is not None:
        query = query.where(col(Evidence.producer_id) == producer_id)
    for word in search.split():
        spoken = fold(word)
        query = query.where(
            or_(
                *([col(Evidence.title_folded).contains(spoken, autoescape=True)] if spoken else []),
                func.lower(col(Evidence.number)).contains(word.lower(), autoescape=True),
                func.lower(col(Evidence.issuer)).contains(word.lower(), autoescape=True),
            )
        )
    if kind is not None:
        query = query.where(col(Evidence.kind) == kind)
    if state is not None:
        query = query.where(_stands(state, on))
    return newest_first(session, query, Evidence, after=after, limit=limit).map(
        lambda row: PaperRow(*row)
    )


def uses_of(session: ReadSession, row: PaperRow) -> list[PaperUse]:
    """Return where a paper is cited, newest dossier first, criteria in the order of the rubric."""
    found: dict[int, tuple[Dossier, Product, list[str]]] = {}
    for dossier, product, criterion in session.exec(
        select(Dossier, Product, EvidenceUse.criterion_code)
        .join(EvidenceUse, col(EvidenceUse.dossier_id) == col(Dossier.id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(col(EvidenceUse.evidence_id) == row.paper.id)
        .order_by(col(Dossier.id).desc())
        .limit(MOST_USES)
    ):
        found.setdefault(dossier.id or 0, (dossier, product, []))[2].append(criterion)
    return [
        PaperUse(dossier, product, tuple(sorted(criteria, key=_in_order)))
        for dossier, product, criteria in found.values()
    ]


def history_of(session: ReadSession, row: PaperRow) -> Sequence[Evidence]:
    """Return the papers that replaced each other around this one, itself included, oldest first."""
    line = (
        sa.select(col(Evidence.id).label("id"), col(Evidence.replaced_by_id).label("newer"))
        .where(col(Evidence.id) == row.paper.id)
        .cte("line", recursive=True)
    )
    # UNION, not UNION ALL: the walk goes both ways and would never end otherwise.
    line = line.union(
        sa.select(col(Evidence.id), col(Evidence.replaced_by_id)).join(
            line,
            or_(col(Evidence.replaced_by_id) == line.c.id, col(Evidence.id) == line.c.newer),
        )
    )
    return session.exec(
        select(Evidence)
        .where(col(Evidence.id).in_(sa.select(line.c.id)))
        .order_by(col(Evidence.replaced_at).is_(None), col(Evidence.replaced_at), col(Evidence.id))
        .limit(MOST_VERSIONS)
    ).all()


def replaces_another(session: ReadSession, paper: Evidence) -> bool:
    """Tell whether some older paper was replaced by this one."""
    return (
        session.exec(
            select(Evidence.id).where(col(Evidence.replaced_by_id) == paper.id).limit(1)
        ).first()
        is not None
    )


def work_for(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    """Return the papers that run out: each to its producer, counted by producer to the commune."""
    running_out = and_(*(_offered()), col(Evidence.expires_on) <= on + timedelta(days=NOTICE_DAYS))
    found = []
    if actor.producer_ids:
        papers = session.exec(
            select(Evidence)
            .where(running_out, col(Evidence.producer_id).in_(actor.producer_ids))
            .order_by(col(Evidence.expires_on), col(Evidence.id))
            .limit(MOST_WORK)
        )
        found += [_own_item(paper, on) for paper in papers]
    communes = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if communes:
        first = func.min(col(Evidence.expires_on))
        counted = session.exec(
            select(Producer.code, Producer.name, func.count(), first)
            .join(Evidence, col(Evidence.producer_id) == col(Producer.id))
            .where(running_out, col(Producer.commune_code).in_(communes))
            .group_by(col(Producer.id), col(Producer.code), col(Producer.name))
            .order_by(first, col(Producer.id))
            .limit(MOST_WORK)
        )
        found += [
            _commune_item(code, name, count, end or on, on=on) for code, name, count, end in counted
        ]
    return found


def _own_item(paper: Evidence, on: date) -> WorkItem:
    end = paper.expires_on or on
    return WorkItem(
        kind="paper.expiring",
        code=paper.code,
        title=Worded("Thay giấy tờ sắp hết hạn: {title}", title=paper.title)
        if end >= on
        else Worded("Thay giấy tờ đã hết hạn: {title}", title=paper.title),
        subtitle=EVIDENCE_LABELS[paper.kind],
        due_on=end,
        overdue=on > end,
        basis=WALLET,
        route_name="papers.show",
    )


def _commune_item(code: str, name: str, count: int, first: date, *, on: date) -> WorkItem:
    return WorkItem(
        kind="paper.expiring_in_commune",
        code=code,
        title=Worded("Nhắc chủ thể thay giấy tờ hết hạn: {producer}", producer=name),
        subtitle=Worded("{count} giấy tờ", count=count),
        due_on=first,
        overdue=on > first,
        basis=WALLET,
        route_name="papers.list",
    )


def _offered() -> tuple[Any, Any]:
    return col(Evidence.replaced_by_id).is_(None), col(Evidence.withdrawn_at).is_(None)


def _stands(state: PaperState, on: date) -> Any:
    """Return the condition under which a paper stands so, as rules.state_of tells it."""
    end, soon = col(Evidence.expires_on), on + timedelta(days=NOTICE_DAYS)
    match state:
        case PaperState.REPLACED:
            return col(Evidence.replaced_by_id).is_not(None)
        case PaperState.WITHDRAWN:
            return col(Evidence.withdrawn_at).is_not(None)
        case PaperState.EXPIRED:
            return and_(*_offered(), end < on)
        case PaperState.EXPIRING:
            return and_(*_offered(), end.between(on, soon))
        case PaperState.VALID:
            return and_(*_offered(), or_(end.is_(None), end > soon))


def _in_order(criterion_code: str) -> tuple[int, ...]:
    """Order 2.10 after 2.9."""
    return tuple(int(part) if part.isdigit() else 0 for part in criterion_code.split("."))
