"""Batches of stamps: each step by whom it is due, once, in its order, and counts that balance."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.clock import local_day
from app.core.db import WriteSession, reading, transaction
from app.core.errors import Invalid, NotFound, NotPermitted, Refusal, StaleVersion
from app.core.settings import Settings
from app.core.signing import KeyRing, create_key, kids_in
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.stamps.actions import (
    KeyNumberUsed,
    NoSigningKey,
    NothingToVoid,
    SerialNotInBatch,
    create_stamp_key,
    issue_batch,
    order_batch,
    void_stamps,
)
from app.domain.stamps.enums import BatchState, StampState
from app.domain.stamps.models import SigningRecord, Stamp, StampBatch
from app.domain.stamps.papers import NothingToPrint, label_sheets, sheet_parts
from app.domain.stamps.policy import (
    MOVES,
    CertificateNotInForce,
    WrongBatchState,
)
from app.domain.stamps.queries import (
    batch_counts,
    batches_page,
    find_signing_key,
    get_batch,
    jwks,
    stamps_out,
    work_for,
)
from app.domain.stamps.rules import format_serial, is_signed, parse_digits
from app.domain.stamps.schemas import (
    IssueBatch,
    OrderBatch,
    VoidStamps,
)
from tests.conftest import AT, commit
from tests.factories.people import ELSEWHERE, People
from tests.factories.recognition import import_certificate
from tests.factories.stamps import (
    KID,
    WAY,
    digits_of,
    make_batch,
    serial_text,
    stamps_of,
    step,
)


@pytest.fixture
def keys(settings: Settings) -> Path:
    return settings.private_key_dir


def void(
    session: WriteSession, people: People, batch: StampBatch, *serials: str, whole: bool = False
) -> StampBatch:
    data = VoidStamps(
        version=batch.version, serials=list(serials), whole_batch=whole, reason="Tem in hỏng"
    )
    return void_stamps(session, batch.code, data, actor=people.agency(), at=people.at)


def assert_balanced(session: WriteSession, batch: StampBatch) -> None:
    counts = batch_counts(session, batch)
    assert counts.issued == counts.in_hand + counts.activated + counts.suspended + counts.void
    assert counts.issued == batch.issued_count <= batch.quantity


def test_a_batch_goes_its_way_and_is_told_in_the_audit_log(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.CLOSED)
    commit(session)
    kinds = session.exec(
        select(AuditEvent.kind)
        .where(col(AuditEvent.kind).startswith("batch."))
        .order_by(col(AuditEvent.sequence))
    ).all()
    assert list(kinds) == [
        "batch.ordered",
        "batch.approved",
        "batch.issued",
        "batch.delivered",
        "batch.activated",
        "batch.closed",
    ]
    assert batch.version == 6
    assert_balanced(session, batch)


def test_issue_makes_exactly_the_approved_number_signed_and_shuffled(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.ISSUED, quantity=1100)
    stamps = stamps_of(session, batch)
    assert len(stamps) == batch.issued_count == 1100
    assert [stamp.position for stamp in stamps] == list(range(1, 1101))
    indexes = [stamp.index for stamp in stamps]
    assert sorted(indexes) == list(range(min(indexes), min(indexes) + 1100))
    assert indexes != sorted(indexes)
    assert len({serial_text(stamp) for stamp in stamps}) == 1100
    ring = KeyRing.from_jwks({"keys": [key.model_dump() for key in jwks(session).keys]})
    certificate = get_batch(session, batch.code, actor=people.agency()).certificate
    for stamp in stamps[::100]:
        token = parse_digits(digits_of(stamp))
        assert is_signed(token, ring.verifies)
        header = token.header
        assert (header.stars, header.certificate) == (4, certificate.record_number)
        assert header.last_valid_day == certificate.expires_on
        assert (header.kid, header.index, header.specimen) == (KID, stamp.index, False)
    (signed,) = session.exec(select(SigningRecord)).all()
    assert (signed.kid, signed.count) == (KID, 1100)
    assert (signed.first_index, signed.last_index) == (min(indexes), max(indexes))


def test_two_batches_never_share_an_index(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = import_certificate(session, people)
    batches = [
        make_batch(session, people, keys, state=BatchState.ISSUED, certificate=certificate)
        for _ in range(3)
    ]
    assert session.exec(select(func.count()).select_from(Stamp)).one() == 15
    (key,) = jwks(session).keys
    assert key.index_ranges == [(1, 15)]
    for batch in batches:
        assert_balanced(session, batch)


def test_no_step_is_skipped_or_repeated(session: WriteSession, people: People, keys: Path) -> None:
    certificate = import_certificate(session, people)
    for state in BatchState:
        batch = make_batch(session, people, keys, state=state, certificate=certificate)
        allowed = {move.after for move in MOVES if move.before is state}
        for after in (*WAY[1:], BatchState.REFUSED):
            if after in allowed:
                continue
            with pytest.raises(WrongBatchState):
                step(session, people, keys, batch, after)
        assert batch.state is state
        assert_balanced(session, batch)


def test_each_step_belongs_to_its_office(session: WriteSession, people: People, keys: Path) -> None:
    certificate = import_certificate(session, people)
    batch = make_batch(session, people, keys, certificate=certificate)
    producer, agency, head = (
        people.producer(certificate.producer_id),
        people.agency(),
        people.head(),
    )

    def order(actor: Actor) -> None:
        data = OrderBatch(certificate=certificate.code, quantity=1)
        order_batch(session, data, actor=actor, at=people.at)

    def withdraw(actor: Actor) -> None:
        data = VoidStamps(version=batch.version, whole_batch=True, reason="In hỏng")
        void_stamps(session, batch.code, data, actor=actor, at=people.at)

    def going(to: BatchState) -> Callable[[Actor], object]:
        return lambda actor: step(session, people, keys, batch, to, actor=actor)

    may: list[tuple[Callable[[Actor], object], set[Actor]]] = [
        (order, {producer, people.officer()}),
        (going(BatchState.APPROVED), {head}),
        (going(BatchState.REFUSED), {head}),
        (going(BatchState.ISSUED), {agency}),
        (going(BatchState.DELIVERED), {agency}),
        (going(BatchState.IN_USE), {producer, people.officer()}),
        (going(BatchState.CLOSED), {agency}),
        (withdraw, {agency}),
    ]
    others = {people.leader(), people.signer(), people.auditor()}
    everybody = others | {producer, people.officer(), agency, head}
    for attempt, allowed in may:
        for other in everybody - allowed:
            with pytest.raises(NotPermitted) as told:
                attempt(other)
            assert told.value.legal_basis == "26/2026/QĐ-TTg, Điều 9.3.b, Điều 9.4.a"
        with pytest.raises(NotFound):
            attempt(people.officer(ELSEWHERE))
    assert batch.version == 1


def test_a_helper_is_recorded_as_such(session: WriteSession, people: People) -> None:
    certificate = import_certificate(session, people)
    data = OrderBatch(certificate=certificate.code, quantity=3)
    assert order_batch(session, data, actor=people.officer(), at=people.at).ordered_by_helper
    own = people.producer(certificate.producer_id)
    assert not order_batch(session, data, actor=own, at=people.at).ordered_by_helper


def test_no_stamps_for_a_star_that_has_ended(
    session: WriteSession, people: People, keys: Path
) -> None:
    ended = local_day(people.at) - timedelta(days=1)
    certificate = import_certificate(session, people, expires_on=ended)
    with pytest.raises(CertificateNotInForce) as told:
        make_batch(session, people, keys, certificate=certificate)
    assert told.value.legal_basis == "26/2026/QĐ-TTg, Điều 4.3"


def test_an_approved_order_is_not_issued_after_the_certificate_ended(
    session: WriteSession, people: People, keys: Path
) -> None:
    today = local_day(people.at)
    certificate = import_certificate(session, people, expires_on=today)
    batch = make_batch(session, people, keys, state=BatchState.APPROVED, certificate=certificate)
    people.at += timedelta(days=1)
    with pytest.raises(CertificateNotInForce):
        step(session, people, keys, batch, BatchState.ISSUED)
    certificate.expires_on = date(2028, 1, 1)
    certificate.revoked_on = today
    session.flush()
    with pytest.raises(CertificateNotInForce):
        step(session, people, keys, batch, BatchState.ISSUED)
    assert session.exec(select(func.count()).select_from(Stamp)).one() == 0


def test_an_old_version_changes_nothing(session: WriteSession, people: People, keys: Path) -> None:
    batch = make_batch(session, people, keys, state=BatchState.APPROVED)
    with pytest.raises(StaleVersion):
        issue_batch(
            session,
            batch.code,
            IssueBatch(version=1),
            actor=people.agency(),
            at=people.at,
            key_dir=keys,
        )
    assert batch.state is BatchState.APPROVED


def test_two_parallel_requests_issue_once(engine: Engine, settings: Settings) -> None:
    keys = settings.private_key_dir
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(session, people, keys, state=BatchState.APPROVED, quantity=40)
        agency, code, version = people.agency(), batch.code, batch.version
    together = Barrier(2)

    def issue() -> str:
        together.wait()
        try:
            with transaction(engine) as session:
                issue_batch(
                    session,
                    code,
                    IssueBatch(version=version),
                    actor=agency,
                    at=AT,
                    key_dir=keys,
                )
        except Refusal as refusal:
            return refusal.reason_code
        return "issued"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(future.result() for future in [pool.submit(issue) for _ in range(2)])
    assert outcomes == ["batch.state", "issued"]
    with reading(engine) as looking:
        assert looking.exec(select(func.count()).select_from(Stamp)).one() == 40
        assert looking.exec(select(func.count()).select_from(SigningRecord)).one() == 1


def test_activation_makes_what_is_in_hand_valid_and_leaves_void_ones(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.DELIVERED)
    spoilt = stamps_of(session, batch)[1]
    void(session, people, batch, format_serial(serial_text(spoilt)).lower())
    assert_balanced(session, batch)
    step(session, people, keys, batch, BatchState.IN_USE)
    states = [stamp.state for stamp in stamps_of(session, batch)]
    assert states.count(StampState.ACTIVATED) == 4
    assert states[1] is StampState.VOID
    assert_balanced(session, batch)


def test_stamps_are_withdrawn_by_serial_with_a_reason(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.IN_USE)
    first, *_ = stamps_of(session, batch)
    void(session, people, batch, serial_text(first))
    again = stamps_of(session, batch)[0]
    assert (again.state, again.void_reason) == (StampState.VOID, "Tem in hỏng")
    assert batch.state is BatchState.IN_USE
    with pytest.raises(NothingToVoid):
        void(session, people, batch)
    with pytest.raises(Invalid, match="ô"):
        void(session, people, batch, "0000-0000-0000-0001")
    counts = batch_counts(session, batch)
    assert (counts.activated, counts.void) == (4, 1)


def test_a_serial_of_another_batch_is_refused(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = import_certificate(session, people)
    one, other = (
        make_batch(session, people, keys, state=BatchState.ISSUED, certificate=certificate)
        for _ in range(2)
    )
    foreign = serial_text(stamps_of(session, other)[0])
    with pytest.raises(SerialNotInBatch, match=one.code):
        void(session, people, one, foreign)
    assert batch_counts(session, other).void == 0


def test_a_whole_batch_is_withdrawn_and_closed(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.DELIVERED)
    void(session, people, batch, whole=True)
    assert batch.state is BatchState.CLOSED
    assert batch_counts(session, batch).void == 5
    assert_balanced(session, batch)
    with pytest.raises(WrongBatchState):
        step(session, people, keys, batch, BatchState.IN_USE)


def test_without_a_key_nothing_is_issued(
    session: WriteSession, people: People, keys: Path, tmp_path: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.APPROVED)
    with pytest.raises(NoSigningKey):
        step(session, people, tmp_path / "elsewhere", batch, BatchState.ISSUED)
    (keys / "es256-007.pem").chmod(0o644)
    with pytest.raises(NoSigningKey):
        step(session, people, keys, batch, BatchState.ISSUED)
    assert batch.state is BatchState.APPROVED


def test_a_key_file_that_is_not_the_published_one_does_not_sign(
    session: WriteSession, people: People, keys: Path, tmp_path: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.APPROVED)
    create_key(tmp_path / "other", KID)
    with pytest.raises(NoSigningKey):
        step(session, people, tmp_path / "other", batch, BatchState.ISSUED)


def test_a_new_key_is_published_a_week_before_it_signs_and_the_old_one_stays_published(
    session: WriteSession, people: People, keys: Path
) -> None:
    first = create_stamp_key(session, keys, 7, at=people.at)
    assert first.signs_from == people.at
    second = create_stamp_key(session, keys, 8, at=people.at)
    session.flush()
    assert second.signs_from == people.at + timedelta(days=7)
    assert [key.kid for key in jwks(session).keys] == ["7", "8"]
    assert find_signing_key(session, at=people.at) == first
    assert find_signing_key(session, at=people.at + timedelta(days=7)) == second
    first.retired_at = people.at + timedelta(days=8)
    session.flush()
    assert [key.kid for key in jwks(session).keys] == ["7", "8"]
    with pytest.raises(KeyNumberUsed):
        create_stamp_key(session, keys, 8, at=people.at)
    assert kids_in(keys) == (7, 8)


def test_stamps_are_listed_for_the_print_house_without_void_ones(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.ISSUED)
    stamps = stamps_of(session, batch)
    void(session, people, batch, serial_text(stamps[2]))
    page = stamps_out(session, batch, host="tem.example", limit=3)
    assert [one.position for one in page.items] == [1, 2, 4]
    assert page.items[0].url == f"https://tem.example/{digits_of(stamps[0])}"
    assert page.items[0].serial == format_serial(serial_text(stamps[0]))
    rest = stamps_out(session, batch, host="tem.example", limit=3, after=page.next_after or 0)
    assert [one.position for one in rest.items] == [5]
    assert rest.next_after is None


def test_label_sheets_come_in_bounded_parts_and_leave_void_stamps_out(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys, state=BatchState.ISSUED, quantity=541)
    assert sheet_parts(batch) == 2
    row = get_batch(session, batch.code, actor=people.agency())

    def printed(part: int) -> bytes:
        return label_sheets(
            session, row, part=part, host="tem.example", at=people.at, demonstration=False
        )

    assert printed(2).startswith(b"%PDF")
    void(session, people, batch, serial_text(stamps_of(session, batch)[540]))
    with pytest.raises(NothingToPrint):
        printed(2)
    for part in (0, 3):
        with pytest.raises(NotFound):
            printed(part)


def test_before_issue_there_is_nothing_to_print(
    session: WriteSession, people: People, keys: Path
) -> None:
    assert sheet_parts(make_batch(session, people, keys)) == 0


def test_batches_are_seen_by_the_producer_its_commune_and_the_province(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys)
    for who in (people.producer(batch.producer_id), people.officer(), people.agency()):
        assert [row.batch.code for row in batches_page(session, actor=who).items] == [batch.code]
    stranger = people.officer(ELSEWHERE)
    assert not batches_page(session, actor=stranger).items
    with pytest.raises(NotFound):
        get_batch(session, batch.code, actor=stranger)


def test_a_batch_waits_for_each_office_in_turn(
    session: WriteSession, people: People, keys: Path
) -> None:
    batch = make_batch(session, people, keys)
    today = local_day(people.at)
    producer = people.producer(batch.producer_id)

    def waiting_for() -> list[Actor]:
        session.flush()
        everybody = (people.head(), people.agency(), producer, people.officer())
        return [who for who in everybody if work_for(session, who, on=today)]

    assert waiting_for() == [people.head()]
    step(session, people, keys, batch, BatchState.APPROVED)
    assert waiting_for() == [people.agency()]
    step(session, people, keys, batch, BatchState.ISSUED)
    assert waiting_for() == [people.agency()]
    step(session, people, keys, batch, BatchState.DELIVERED)
    assert waiting_for() == [producer, people.officer()]
    (item,) = work_for(session, producer, on=today)
    assert item.title == "Xác nhận đã nhận tem: Mật ong thử nghiệm"
    assert (item.code, item.route_name) == (batch.code, "batches.show")
    assert item.basis
    step(session, people, keys, batch, BatchState.IN_USE)
    assert waiting_for() == []
    assert work_for(session, people.officer(ELSEWHERE), on=today) == []
