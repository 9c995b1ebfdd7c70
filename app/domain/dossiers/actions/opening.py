"""Opening a dossier: the product's own, pinned to the law of that day."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Refused
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.policy import why_not_open
from app.domain.dossiers.rules import CLOSED, DOSSIER_HOLDS, INITIAL, WHO_MAY_APPLY, may_apply
from app.domain.dossiers.schemas import OpenDossier
from app.domain.producers.models import Producer
from app.domain.producers.policy import is_helper
from app.domain.producers.rules import KIND_LABELS
from app.domain.products.models import Product
from app.domain.products.queries import product_for_update
from app.rulebooks import loader


class ProducerKindExcluded(Refused):
    """Associations and operating centres apply for tourism only."""

    code = "dossier.producer_kind_excluded"
    message = "{kind} không thuộc đối tượng đăng ký của nhóm «{category}»."
    basis = WHO_MAY_APPLY


class DossierOpen(Conflict):
    """A product has one dossier under way at a time."""

    code = "dossier.open_already"
    message = "Sản phẩm đang có hồ sơ {dossier} chưa kết thúc."
    basis = DOSSIER_HOLDS


class AlreadyRecognised(Refused):
    """A recognised product goes on with an upgrade or a renewal."""

    code = "dossier.recognised_already"
    message = (
        "Sản phẩm đã được công nhận từ hồ sơ {dossier}: "
        "lần tiếp theo là hồ sơ nâng hạng hoặc đánh giá lại."
    )
    basis = DOSSIER_HOLDS


def open_dossier(
    session: WriteSession,
    data: OpenDossier,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Dossier:
    """Open a dossier pinned to regime, rubric and council rules of the day; records dossier.opened.

    Refused to others than the producer and its commune's officer, for a kind of producer the
    category does not admit, and while another dossier of the product is under way.
    """
    product, producer = product_for_update(session, data.product_code, actor=actor)
    refusal = why_not_open(actor, producer)
    if refusal:
        raise refusal
    pins = loader.pins(product.set_number, local_day(at), council_rules_dir)
    _check_producer_kind(producer, rubric_code=pins.rubric_code, regime_code=pins.regime_code)
    _check_no_other(session, product)
    helped = is_helper(actor, producer)
    dossier = Dossier(
        code=new_code("HS"),
        kind=data.kind,
        state=INITIAL,
        product_id=product.id or 0,
        producer_id=producer.id or 0,
        commune_code=product.commune_code,
        opened_at=at,
        opened_by_helper=helped,
        **pins.model_dump(),
    )
    session.add(dossier)
    record(
        session,
        "dossier.opened",
        subject=dossier,
        actor=actor,
        at=at,
        product=product.code,
        producer=producer.code,
        dossier_kind=dossier.kind,
        on_behalf=helped,
        pinned=pins.model_dump(),
    )
    return dossier


def _check_producer_kind(producer: Producer, *, rubric_code: str, regime_code: str) -> None:
    rubric = loader.rubric(rubric_code)
    if not may_apply(loader.regime(regime_code), producer.kind, rubric.category_code):
        raise ProducerKindExcluded(kind=KIND_LABELS[producer.kind], category=rubric.category_name)


def _check_no_other(session: WriteSession, product: Product) -> None:
    others = session.exec(
        select(Dossier).where(col(Dossier.product_id) == product.id).order_by(col(Dossier.id))
    ).all()
    for other in others:
        if other.state not in CLOSED:
            raise DossierOpen(dossier=other.code)
        if other.state is DossierState.RECOGNISED:
            raise AlreadyRecognised(dossier=other.code)
