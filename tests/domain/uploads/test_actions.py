"""A file is begun once, goes on until its day, and becomes evidence once."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, StaleVersion
from app.core.files import store
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.enums import DossierState, EvidenceKind
from app.domain.dossiers.models import Evidence
from app.domain.uploads.actions import (
    end_upload,
    finish_upload,
    forget_expired_uploads,
    note_progress,
    refuse_upload,
    start_upload,
)
from app.domain.uploads.enums import UploadState
from app.domain.uploads.models import Upload
from app.domain.uploads.policy import ContentRefused, TooMuchUnfinished, UploadGone
from app.domain.uploads.queries import UploadUnknown, get_upload, upload_to_continue
from app.domain.uploads.rules import KEPT_FOR, MOST_UNFINISHED
from app.domain.wallet.actions import change_paper
from app.domain.wallet.policy import PaperClosed
from app.domain.wallet.schemas import AddPaper, ChangePaper, ReplacePaper
from tests.conftest import commit
from tests.factories.dossiers import make_dossier
from tests.factories.people import ELSEWHERE, People
from tests.factories.register import make_producer
from tests.factories.uploads import make_upload, photo, upload_data
from tests.factories.wallet import make_paper


def test_the_same_start_twice_is_one_upload(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people)
    actor, at = people.producer(dossier.producer_id), people.at
    data = upload_data(dossier.code, start_key="mot-lan-nhan")
    first = start_upload(session, data, actor=actor, at=at)
    assert start_upload(session, data, actor=actor, at=at).code == first.code
    other = upload_data(dossier.code, start_key="lan-nhan-khac")
    assert start_upload(session, other, actor=actor, at=at).code != first.code


def test_only_who_may_write_the_dossier_begins_or_finds_a_file(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    upload, at = make_upload(session, people, dossier), people.at
    with pytest.raises(NotPermitted):
        start_upload(session, upload_data(dossier.code), actor=people.leader(), at=at)
    with pytest.raises(NotFound):
        start_upload(session, upload_data(dossier.code), actor=people.officer(ELSEWHERE), at=at)
    with pytest.raises(UploadUnknown):
        get_upload(session, upload.code, actor=people.officer(ELSEWHERE))
    # The officer of its own commune helps: also with what the producer began on another device.
    assert upload_to_continue(session, upload.resume_code, actor=people.officer()) is upload
    with pytest.raises(UploadUnknown):
        upload_to_continue(session, "7K2M-9Q4T", actor=people.officer())


def test_nothing_is_begun_for_a_dossier_that_was_filed(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    with pytest.raises(Conflict) as refused:
        make_upload(session, people, dossier)
    assert refused.value.reason_code == "dossier.not_editable"


def test_one_person_may_leave_only_so_many_files_unfinished(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    begun = [make_upload(session, people, dossier) for _ in range(MOST_UNFINISHED)]
    with pytest.raises(TooMuchUnfinished):
        make_upload(session, people, dossier)
    end_upload(session, begun[0].code, actor=people.producer(dossier.producer_id))
    session.flush()
    make_upload(session, people, dossier)


def test_every_byte_keeps_the_file_longer_until_it_is_forgotten(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    upload, actor = make_upload(session, people, dossier), people.producer(dossier.producer_id)
    later = people.at + timedelta(days=3)
    assert note_progress(session, upload.code, 10, actor=actor, at=later).expires_at == (
        later + KEPT_FOR
    )
    session.flush()
    assert forget_expired_uploads(session, at=people.at + KEPT_FOR) == 0
    with pytest.raises(UploadGone):
        note_progress(session, upload.code, 20, actor=actor, at=later + KEPT_FOR)
    assert forget_expired_uploads(session, at=later + KEPT_FOR) == 1


def test_a_whole_file_becomes_evidence_once_and_is_recorded(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    dossier = make_dossier(session, people)
    upload, actor = make_upload(session, people, dossier), people.producer(dossier.producer_id)
    stored = store(tmp_path, photo(1))
    for _ in range(2):
        done = finish_upload(session, upload.code, stored, actor=actor, at=people.at)
        assert (done.state, done.received) == (UploadState.FINISHED, done.length)
    commit(session)
    paper = session.exec(select(Evidence)).one()
    assert (paper.code, paper.sha256) == (upload.evidence_code, stored.sha256)
    kinds = session.exec(select(func.count()).where(col(AuditEvent.kind) == "evidence.added")).one()
    assert kinds == 1


def test_a_file_that_is_not_the_one_promised_is_refused_with_its_sentence(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    dossier = make_dossier(session, people)
    actor, at = people.producer(dossier.producer_id), people.at
    promised = hashlib.sha256(photo(1)).hexdigest()
    upload = start_upload(session, upload_data(dossier.code, sha256=promised), actor=actor, at=at)
    with pytest.raises(Invalid) as differs:
        finish_upload(session, upload.code, store(tmp_path, photo(2)), actor=actor, at=at)
    refuse_upload(session, upload.code, differs.value, actor=actor, at=at)
    with pytest.raises(ContentRefused, match="khác tệp đã chọn"):
        note_progress(session, upload.code, 5, actor=actor, at=at)
    session.flush()
    assert session.exec(select(Upload.state)).one() is UploadState.REFUSED


def test_a_whole_file_becomes_a_paper_of_the_wallet(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    producer = make_producer(session, people)
    actor, at = people.producer(producer.id or 0), people.at
    said = AddPaper(kind=EvidenceKind.MARKET, title="Hợp đồng", expires_on=date(2027, 1, 2))
    upload = start_upload(session, upload_data(producer.code, described=said), actor=actor, at=at)
    stored = store(tmp_path, photo(1))
    done = finish_upload(session, upload.code, stored, actor=people.officer(), at=at)
    paper = session.exec(select(Evidence)).one()
    assert (done.evidence_code, paper.title, paper.expires_on) == (
        paper.code,
        "Hợp đồng",
        said.expires_on,
    )
    assert paper.added_by_helper


def test_a_whole_file_renews_a_paper_also_one_that_was_corrected_on_the_way(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    producer = make_producer(session, people)
    old = make_paper(session, people, producer, directory=tmp_path)
    actor, at = people.producer(producer.id or 0), people.at
    said = ReplacePaper(kind=old.kind, title="Phiếu mới", version=old.version)
    upload = start_upload(session, upload_data(old.code, described=said), actor=actor, at=at)
    mended = ChangePaper(kind=old.kind, title="Phiếu cũ", version=old.version)
    change_paper(session, old.code, mended, actor=actor, at=at)
    session.flush()
    with pytest.raises(StaleVersion):
        start_upload(session, upload_data(old.code, described=said), actor=actor, at=at)
    stored = store(tmp_path, photo(1))
    finish_upload(session, upload.code, stored, actor=actor, at=at)
    session.flush()
    newer = session.exec(select(Evidence).where(col(Evidence.sha256) == stored.sha256)).one()
    assert old.replaced_by_id == newer.id
    # Who lost the answer is told that it is done, though the old paper is closed now.
    assert get_upload(session, upload.code, actor=actor).evidence_code == newer.code
    with pytest.raises(PaperClosed):
        start_upload(session, upload_data(old.code, described=said), actor=actor, at=at)


def test_strangers_neither_begin_nor_find_a_file_of_a_wallet(
    session: WriteSession, people: People, tmp_path: Path
) -> None:
    producer = make_producer(session, people)
    old = make_paper(session, people, producer, directory=tmp_path)
    owner, at = people.producer(producer.id or 0), people.at
    new = upload_data(producer.code, described=AddPaper(kind=old.kind, title="Mới"))
    renewed = upload_data(
        old.code, described=ReplacePaper(kind=old.kind, title="Mới", version=old.version)
    )
    other = people.producer(make_producer(session, people, name="Hợp tác xã khác").id or 0)
    for data in (new, renewed):
        upload = start_upload(session, data, actor=owner, at=at)
        for stranger in (people.officer(ELSEWHERE), other):
            with pytest.raises(NotFound):
                start_upload(session, data, actor=stranger, at=at)
            with pytest.raises(UploadUnknown):
                get_upload(session, upload.code, actor=stranger)
            with pytest.raises(UploadUnknown):
                upload_to_continue(session, upload.resume_code, actor=stranger)
        with pytest.raises(NotPermitted):
            start_upload(session, data, actor=people.leader(), at=at)
