"""The demonstration world: honest about what is known, whole, built once, on whatever day."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select
from typer.testing import CliRunner
from typer.testing import Result as Answer

from app.cli import cli
from app.core.clock import local_day
from app.core.db import ReadSession, make_engine, reading, transaction
from app.core.settings import Settings
from app.demonstration.calendar import TooEarlyError, WorldError
from app.demonstration.sources import INVENTED, Example, Listed, examples, people, products
from app.demonstration.world import (
    ACCOUNTS_NOTE,
    NotDemonstrationError,
    RealDataError,
    accounts,
    build_world,
    is_demonstration,
)
from app.domain.accounts.actions import sign_in
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.queries import actor_of, find_user
from app.domain.accounts.schemas import SignIn
from app.domain.audit.models import AuditEvent
from app.domain.audit.queries import verified_chain
from app.domain.councils.enums import ItemState, MeetingForm, MeetingState, SheetState
from app.domain.councils.models import (
    AgendaItem,
    Council,
    CouncilMember,
    Meeting,
    Result,
    Round,
    ScoreSheet,
)
from app.domain.dossiers.enums import DossierKind, DossierState
from app.domain.dossiers.models import ChangeReport, CommuneReport, Dossier, Evidence
from app.domain.dossiers.queries import comparison, get_dossier, self_assessment
from app.domain.ideas.enums import IdeaState
from app.domain.ideas.models import ProductIdea
from app.domain.photos.models import ProductPhoto
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.enums import DecisionKind, SubmissionState
from app.domain.recognition.models import Certificate, RecognitionDecision
from app.domain.recognition.queries import submissions_page
from app.domain.scans.enums import FlagKind, FlagState
from app.domain.scans.models import CloneFlag
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import Stamp, StampBatch, StampRoll
from app.domain.stamps.queries import Proof, batch_counts, prove_balance
from app.domain.wallet.rules import NOTICE_DAYS, URGENT_DAYS
from app.web.work import SOURCES
from tests.conftest import AT, BOTH
from tests.factories.people import People

SLOWEST_BUILD, SLOWEST_AGAIN = 20, 1
DATES = (
    datetime(2026, 7, 1, 3, tzinfo=UTC),
    datetime(2026, 8, 1, 3, tzinfo=UTC),  # a Saturday
    datetime(2026, 11, 25, 3, tzinfo=UTC),
    datetime(2026, 12, 29, 3, tzinfo=UTC),  # the last day before results are due
    datetime(2027, 1, 4, 17, 30, tzinfo=UTC),  # half past midnight of the fifth
    datetime(2027, 2, 9, 3, tzinfo=UTC),  # in the holidays of Tết
    datetime(2027, 3, 10, 16, 50, tzinfo=UTC),
    datetime(2028, 2, 29, 3, tzinfo=UTC),
)
PERSON_FIELDS = (
    (User, "name"),
    (CouncilMember, "name"),
    (Producer, "representative"),
    (CommuneReport, "signed_by"),
    (CommuneReport, "prepared_by"),
    (RecognitionDecision, "signed_by"),
)
# Every kind of work the world leaves, and whose it is.
LEFT = {
    "chuthe": {
        "dossier.draft",
        "dossier.returned",
        "dossier.complete",
        "certificate.renew",
        "paper.expiring",
    },
    "chuthe2": {"batch.delivered", "dossier.draft"},
    "canboxa": {
        "dossier.report",
        "dossier.complete",
        "idea.review",
        "paper.expiring_in_commune",
    },
    "canboxa2": {"dossier.report"},
    "lanhdaoxa": {"dossier.sign", "dossier.propose"},
    "lanhdaoxa2": {"dossier.sign"},
    "canbotinh": {
        "dossier.accept",
        "round.schedule",
        "decision.to_draft",
        "batch.approved",
        "misuse.new",
        "inspection.to_make",
    },
    "kiemtra": {"inspection.to_make", "misuse.new"},
    "totuvan": {"dossier.advise"},
    "truongcoquan": {"batch.ordered"},
    "lanhdaotinh": {"decision.to_sign"},
    "chutich": {"sheet.score", "meeting.open"},
    "thuky": {"meeting.open"},
} | {f"hoidong{number}": {"sheet.score"} for number in range(1, 7)}

Ocop = Callable[..., Answer]


def demonstrating(settings: Settings) -> Settings:
    """Return the settings under which `ocop run` works."""
    return settings.model_copy(update={"demonstration": True, "stamp_host": "minhhoa.example"})


@pytest.fixture(scope="module", params=BOTH)
def built_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Return the settings of a world built at the tests' moment, on each kind of database once."""
    place = tmp_path_factory.mktemp("world")
    url = f"sqlite:///{place / 'ocop.db'}"
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        (place / "ocop.db").write_bytes(template.read_bytes())
    else:
        new_database: Callable[..., str] = request.getfixturevalue("new_postgres_database")
        url = new_database(template=request.getfixturevalue("postgres_template"))
    return demonstrating(Settings(data_dir=place, database_url=url, pool_size=4))


@pytest.fixture(scope="module")
def built_engine(built_settings: Settings) -> Iterator[Engine]:
    """Return an engine on the world that this module's tests look at."""
    engine = make_engine(built_settings)
    started = time.process_time()
    assert build_world(engine, built_settings, at=AT)
    assert time.process_time() - started < SLOWEST_BUILD
    yield engine
    engine.dispose()


@pytest.fixture
def built(built_engine: Engine) -> Iterator[ReadSession]:
    """Return a session that looks at the world."""
    with reading(built_engine) as session:
        yield session


def one_user(session: ReadSession, username: str) -> User:
    """Return an account of the world."""
    user = find_user(session, username)
    assert user is not None
    return user


def work_of(session: ReadSession, username: str, at: datetime) -> set[str]:
    """Return the kinds of work that wait for an account."""
    user = one_user(session, username)
    actor, day = actor_of(session, user, at=at), local_day(at)
    return {item.kind for source in SOURCES for item in source(session, actor, on=day)}


def product_of(session: ReadSession, producer: str, name: str) -> Product:
    """Return a registered product by its producer's and its own name."""
    return session.exec(
        select(Product)
        .join(Producer, col(Producer.id) == col(Product.producer_id))
        .where(col(Producer.name) == producer, col(Product.name) == name)
    ).one()


def result_of(session: ReadSession, example: Example) -> Result:
    """Return the locked result of a worked example."""
    product = product_of(session, example.producer.name, example.product.name)
    return session.exec(
        select(Result)
        .join(Dossier, col(Dossier.id) == col(Result.dossier_id))
        .where(col(Dossier.product_id) == product.id)
    ).one()


def check_whole(session: ReadSession, at: datetime) -> None:
    """Check what must be true of a world whatever the day it was built."""
    assert verified_chain(session).is_whole
    for example in examples():
        result = result_of(session, example)
        average = Fraction(result.average_numerator, result.average_denominator)
        assert average == Fraction(example.expected.average)
        assert (result.band_star, result.star) == (
            example.expected.band_star,
            example.expected.star,
        )
    for username, kinds in LEFT.items():
        assert kinds <= work_of(session, username, at), username
    moments = session.exec(select(col(AuditEvent.at)).order_by(col(AuditEvent.sequence))).all()
    assert moments == sorted(moments)
    assert moments[-1] <= at
    for dossier, round_ in session.exec(
        select(Dossier, Round).join(Round, col(Round.id) == col(Dossier.round_id))
    ):
        assert dossier.regime_code == "qd26-2026"
        assert dossier.proposed_at is not None
        assert local_day(dossier.proposed_at) < round_.proposals_before
    for meeting, round_ in session.exec(
        select(Meeting, Round).join(Round, col(Round.id) == col(Meeting.round_id))
    ):
        assert local_day(meeting.starts_at) < round_.results_before
        assert local_day(meeting.starts_at).weekday() < 5


def test_the_world_is_whole_and_is_built_once(
    built: ReadSession, built_engine: Engine, built_settings: Settings
) -> None:
    check_whole(built, AT)
    before = verified_chain(built)
    started = time.process_time()
    assert not build_world(built_engine, built_settings, at=AT)
    assert time.process_time() - started < SLOWEST_AGAIN
    assert verified_chain(built) == before


@pytest.mark.parametrize("at", DATES, ids=lambda at: f"{at:%Y-%m-%d}")
def test_the_world_fits_into_the_calendar_of_any_day(
    at: datetime, tmp_path: Path, sqlite_template: Path
) -> None:
    (tmp_path / "ocop.db").write_bytes(sqlite_template.read_bytes())
    settings = demonstrating(Settings(data_dir=tmp_path, pool_size=2))
    engine = make_engine(settings)
    assert build_world(engine, settings, at=at)
    with reading(engine) as session:
        check_whole(session, at)
    engine.dispose()


def test_only_what_sources_call_recognised_is_shown_as_such_and_no_higher(
    built: ReadSession,
) -> None:
    known: dict[tuple[str, str], Listed] = {
        (one.producer_name, one.name): one for one in products()
    }
    rows = built.exec(
        select(Certificate, Product, Producer)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Product.producer_id))
    ).all()
    assert rows
    for certificate, product, producer in rows:
        if INVENTED in product.name:
            assert certificate.dossier_id is not None or INVENTED in certificate.authority
            continue
        source = known[producer.name, product.name]
        assert source.status == "recognised"
        assert certificate.star == source.stars
        if certificate.dossier_id is None:
            assert source.source_url in certificate.source_note
            assert source.confidence in certificate.source_note
            assert certificate.issued_on.year == source.year
            assert certificate.expires_on.year == (source.year or 0) + 3
    imported = [
        certificate
        for certificate, product, _ in rows
        if certificate.dossier_id is None and INVENTED not in product.name
    ]
    assert len(imported) == sum(
        one.can_be_registered and one.can_be_recognised for one in products()
    )


def test_the_year_tells_under_which_rules_a_product_was_recognised(built: ReadSession) -> None:
    imported = built.exec(
        select(Certificate)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .where(
            col(Certificate.dossier_id).is_(None),
            col(Product.name).not_like(f"%{INVENTED}%"),
        )
    ).all()
    rules = {(one.issued_on.year, one.regime_code) for one in imported}
    assert rules == {
        (2020, "qd1048-2019"),
        (2021, "qd1048-2019"),
        (2022, "qd1048-2019"),
        (2024, "qd148-2023"),
    }
    assert {one.authority for one in imported if one.issued_on.year == 2024} == {
        "Ủy ban nhân dân huyện Mường Tè"
    }


def test_real_products_have_no_other_dossiers_than_the_worked_examples(built: ReadSession) -> None:
    worked = {example.product.name for example in examples()}
    names = set(
        built.exec(
            select(col(Product.name)).join(Dossier, col(Dossier.product_id) == col(Product.id))
        )
    )
    assert worked <= names
    assert all(INVENTED in name for name in names - worked)


def test_a_council_is_being_asked_in_writing_about_a_renewal(built: ReadSession) -> None:
    (found,) = built.exec(
        select(Meeting, AgendaItem, Dossier)
        .join(AgendaItem, col(AgendaItem.meeting_id) == col(Meeting.id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .where(col(Meeting.form) == MeetingForm.WRITTEN)
    )
    meeting, item, dossier = found
    assert (meeting.state, item.state) == (MeetingState.OPEN, ItemState.SCORING)
    assert (dossier.kind, dossier.round_id) == (DossierKind.RENEWAL, None)
    states = built.exec(select(ScoreSheet.state).where(col(ScoreSheet.item_id) == item.id)).all()
    assert set(states) == {SheetState.SUBMITTED, SheetState.DRAFT}


def test_an_upgrade_and_a_renewal_are_under_way_with_what_changed(built: ReadSession) -> None:
    found = {
        dossier.kind: (dossier, product)
        for dossier, product in built.exec(
            select(Dossier, Product)
            .join(Product, col(Product.id) == col(Dossier.product_id))
            .where(col(Dossier.kind) != DossierKind.FIRST, col(Dossier.state) == DossierState.DRAFT)
        )
    }
    assert set(found) == {DossierKind.UPGRADE, DossierKind.RENEWAL}
    assert all(INVENTED in product.name for _, product in found.values())
    told = built.exec(select(ChangeReport)).all()
    assert {one.dossier_id for one in told} >= {dossier.id for dossier, _ in found.values()}
    assert all(INVENTED in one.changes.lower() for one in told)
    upgrade, _ = found[DossierKind.UPGRADE]
    actor = actor_of(built, one_user(built, "chuthe2"), at=AT)
    assessment = self_assessment(built, get_dossier(built, upgrade.code, actor=actor), actor=actor)
    compared = comparison(assessment, on=local_day(AT))
    assert compared is not None
    assert compared.changed
    assert set(compared.by_section.values()) == {True, False}


def test_a_product_of_ninety_points_waits_for_the_ministry(built: ReadSession) -> None:
    actor = actor_of(built, one_user(built, "canbotinh"), at=AT)
    (row,) = submissions_page(built, actor=actor).items
    assert row.submission.state is SubmissionState.SENT
    assert INVENTED in row.product.name
    assert row.decision.kind is DecisionKind.APPROVAL
    assert "MINHHOA" in row.submission.letter_number


def test_ideas_photos_and_papers_that_run_out_are_there_and_say_what_they_are(
    built: ReadSession,
) -> None:
    ideas = built.exec(select(ProductIdea)).all()
    assert {idea.state for idea in ideas} == {IdeaState.SUBMITTED, IdeaState.ACCEPTED}
    assert all(INVENTED in idea.title and INVENTED in idea.proposer for idea in ideas)
    photos = built.exec(
        select(ProductPhoto, Product).join(Product, col(Product.id) == col(ProductPhoto.product_id))
    ).all()
    assert len(photos) == 3
    assert all(INVENTED in photo.caption and INVENTED in product.name for photo, product in photos)
    papers = built.exec(select(Evidence).where(col(Evidence.expires_on).is_not(None))).all()
    left = sorted((paper.expires_on - local_day(AT)).days for paper in papers if paper.expires_on)
    assert len(left) == 3
    assert left[0] < 0 <= left[1] <= URGENT_DAYS < left[2] <= NOTICE_DAYS


@pytest.mark.parametrize(("table", "field"), PERSON_FIELDS, ids=str)
def test_every_person_says_that_it_is_invented(built: ReadSession, table: type, field: str) -> None:
    names = [name for name in built.exec(select(getattr(table, field))) if name]
    assert names
    assert all(INVENTED in name for name in names)


def test_every_gtin_is_of_the_range_that_is_kept_for_demonstrations(built: ReadSession) -> None:
    numbers = built.exec(select(Product.gtin).where(col(Product.gtin) != "")).all()
    assert len(numbers) == 2
    assert all(number.startswith("0952") for number in numbers)


def test_no_number_of_a_paper_could_be_an_official_one(built: ReadSession) -> None:
    columns = (
        col(Council.decision_number),
        col(RecognitionDecision.number),
        col(CommuneReport.report_number),
        col(Dossier.proposal_number),
        col(Meeting.minutes_number),
    )
    numbers = [number for column in columns for number in built.exec(select(column)) if number]
    assert len(numbers) > len(columns)
    assert all(number.endswith("MINHHOA") for number in numbers)
    assert len(numbers) == len(set(numbers))


def test_every_paper_of_a_dossier_is_there_and_says_what_it_is(
    built: ReadSession, built_settings: Settings
) -> None:
    papers = built.exec(select(Evidence)).all()
    assert papers
    for paper in papers:
        assert INVENTED in paper.title
        assert (
            built_settings.files_dir / paper.sha256[:2] / paper.sha256
        ).stat().st_size == paper.size


def test_one_batch_is_in_use_with_the_demonstration_s_own_key(built: ReadSession) -> None:
    batches = built.exec(select(StampBatch)).all()
    assert {batch.state for batch in batches} == {
        BatchState.ORDERED,
        BatchState.APPROVED,
        BatchState.ISSUED,
        BatchState.DELIVERED,
        BatchState.IN_USE,
    }
    in_use = next(batch for batch in batches if batch.state is BatchState.IN_USE)
    made = built.exec(
        select(func.count())
        .select_from(Stamp)
        .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
        .where(col(StampRoll.batch_id) == in_use.id, col(Stamp.place) > 0)
    ).one()
    assert made == in_use.quantity
    assert batch_counts(built, in_use).void == 2
    assert any(batch.with_pin for batch in batches if batch.state is BatchState.ISSUED)
    assert list(prove_balance(built, Proof())) == []
    assert in_use.kid is not None
    assert in_use.kid >= 200


def test_a_stamp_was_copied_and_a_human_is_asked_to_look(built: ReadSession) -> None:
    flags = built.exec(select(CloneFlag)).all()
    assert {flag.kind for flag in flags} == {FlagKind.MANY_DEVICES, FlagKind.TOO_FAST}
    assert {flag.state for flag in flags} == {FlagState.OPEN}
    assert len({flag.stamp_index for flag in flags}) == 1


def test_every_role_has_an_account_that_signs_in(built_engine: Engine) -> None:
    with reading(built_engine) as session:
        assert set(session.exec(select(col(Membership.role)))) == set(Role)
    assert {username for username, *_ in accounts()} == {one.username for one in people()}
    with transaction(built_engine) as session:
        for username, password, who in accounts():
            assert INVENTED in who
            sign_in(
                session, SignIn(username=username, password=password), device="", hours=1, at=AT
            )
    assert "không có thật" in ACCOUNTS_NOTE


@pytest.mark.usefixtures("people_of_the_house")
def test_real_data_is_left_alone(engine: Engine, settings: Settings) -> None:
    with pytest.raises(RealDataError, match="đã có dữ liệu thật"):
        build_world(engine, demonstrating(settings), at=AT)
    with reading(engine) as session:
        assert not is_demonstration(session)
        assert session.exec(select(func.count()).select_from(User)).one() == 1
        assert session.exec(select(func.count()).select_from(Product)).one() == 0


@pytest.fixture
def people_of_the_house(engine: Engine) -> None:
    """Leave one real account in the database."""
    with transaction(engine) as session:
        People(session, AT).administrator()


@pytest.mark.parametrize(
    "change", [{"demonstration": False}, {"stamp_host": "tem.ocop.gov.vn"}], ids=["banner", "host"]
)
def test_nothing_invented_is_built_where_pages_or_stamps_would_not_say_so(
    engine: Engine, settings: Settings, change: dict[str, object]
) -> None:
    with pytest.raises(NotDemonstrationError):
        build_world(engine, demonstrating(settings).model_copy(update=change), at=AT)


def test_before_a_whole_round_fits_the_world_is_not_built(
    engine: Engine, settings: Settings
) -> None:
    early = datetime(2026, 6, 1, 3, tzinfo=UTC)
    with pytest.raises(TooEarlyError, match="tháng 7 năm 2026"):
        build_world(engine, demonstrating(settings), at=early)
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(User)).one() == 0


def test_a_build_that_was_cut_can_be_begun_again(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = demonstrating(settings)
    with monkeypatch.context() as cut:
        cut.setattr("app.demonstration.honours.Rolls.activate", _power_fails)
        with pytest.raises(KeyboardInterrupt):
            build_world(engine, world, at=AT)
    assert list(world.private_key_dir.iterdir()), "the key's file outlives the cut"
    assert build_world(engine, world, at=AT)
    with reading(engine) as session:
        check_whole(session, AT)


def _power_fails(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    for name in ("OCOP_DEMONSTRATION", "OCOP_STAMP_HOST", "OCOP_PORT", "OCOP_PUBLIC_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def run(*words: str) -> Answer:
        return CliRunner().invoke(cli, list(words))

    return run


@pytest.mark.usefixtures("people_of_the_house")
def test_running_over_real_data_is_refused_in_a_sentence(ocop: Ocop) -> None:
    answer = ocop("run")
    assert answer.exit_code == 1
    assert "đã có dữ liệu thật" in answer.output


def test_the_invented_world_is_never_served_as_if_it_were_real(
    ocop: Ocop, engine: Engine, settings: Settings
) -> None:
    build_world(engine, demonstrating(settings), at=AT)
    answer = ocop("serve")
    assert answer.exit_code == 1
    assert "dữ liệu minh họa" in answer.output


def test_a_source_without_a_year_gives_no_certificate() -> None:
    silent = [one for one in products() if one.status == "recognised" and one.year is None]
    assert silent
    for one in silent:
        assert not one.can_be_recognised
        assert "không gắn sao" in one.told


def test_a_day_outside_every_regime_is_noticed() -> None:
    one = next(one for one in products() if one.can_be_recognised)
    with pytest.raises(ValueError, match="no regime"):
        _ = one.model_copy(update={"year": 2015}).regime_code
    assert one.issued_on <= date(2024, 12, 31)
    assert issubclass(RealDataError, WorldError)
