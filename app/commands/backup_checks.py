"""What a restored backup must show before anybody relies on it, each said in a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from app.core.backups.place import Place
    from app.core.backups.restoring import Restored
    from app.core.db import ReadSession

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and whether it holds."""

    holds: bool
    said: str


def head_of_audit(session: "ReadSession") -> dict[str, str]:
    """Return where the audit chain ends, for a backup to tell."""
    from sqlmodel import select

    from app.domain.audit.models import AuditHead

    head = session.exec(select(AuditHead)).one_or_none()
    if head is None:
        return {}
    return {"audit_sequence": str(head.sequence), "audit_hash": head.hash}


def checked(
    engine: "Engine", got: "Restored", place: "Place", *, at: "datetime"
) -> Iterator[Check]:
    """Compare a restored backup with what it said of itself, and let the program's own proofs run."""
    import app.tables  # noqa: F401 -- the rows of every table count
    from app.core.db import steady_reading

    yield from _tables(engine, got)
    with steady_reading(engine) as session:
        yield from _audit(session, got)
        yield from _files(session, got, place)
        yield from _credentials(session, at=at)
        yield from _stamps(session)
        yield from _journals(session, got)


def keys_needed(engine: "Engine", answer_key_dir: Path, key_dir: Path) -> list[str]:
    """Return which secrets of signing keys are not here: no backup holds them, they come from their keepers."""
    from sqlmodel import select

    from app.core.db import reading
    from app.core.sealing import sealing_key
    from app.core.signing import KeyFileError, kids_in
    from app.domain.accounts.models import SecondFactor
    from app.domain.stamps.enums import KeyPurpose
    from app.domain.stamps.queries import published_keys

    here = {
        purpose: kids_in(answer_key_dir if purpose is KeyPurpose.ANSWERS else key_dir)
        for purpose in KeyPurpose
    }
    with reading(engine) as session:
        lacking = [
            f"khóa số {key.kid} ({key.purpose})"
            for key in published_keys(session)
            if key.retired_at is None and key.kid not in here[key.purpose]
        ]
        sealed = session.exec(select(SecondFactor.id).limit(1)).first() is not None
    if not (answer_key_dir / "pin.pepper").exists():
        lacking.append("bí mật của mã cào (pin.pepper)")
    if sealed:
        try:
            sealing_key(answer_key_dir)
        except KeyFileError:
            lacking.append("khóa niêm phong yếu tố thứ hai của tài khoản (second-factors.key)")
    return lacking


def _tables(engine: "Engine", got: "Restored") -> Iterator[Check]:
    from app.core.backups.tables import differing, facts_of

    said = got.manifest.tables
    if not got.is_own_moment:
        found = facts_of(engine, hashed=False)
        rows = sum(one.rows for one in found.values())
        lacking = said.keys() - found.keys()
        yield Check(not lacking, f"{len(found)} bảng, {rows} dòng (mốc khác với bản kê)")
        return
    hashed = all(one.sha256 for one in said.values())
    found = facts_of(engine, hashed=hashed)
    wrong = differing(said, found)
    yield from _told(wrong)
    rows = sum(one.rows for one in found.values())
    how = "số dòng và mã băm" if hashed else "số dòng"
    yield Check(not wrong, f"{len(found)} bảng, {rows} dòng: so {how} với bản kê")


def _audit(session: "ReadSession", got: "Restored") -> Iterator[Check]:
    from sqlmodel import col, select

    from app.domain.audit.models import AuditEvent
    from app.domain.audit.queries import verified_chain

    chain = verified_chain(session)
    where = "" if chain.is_whole else f", hỏng tại số {chain.first_broken}"
    yield Check(
        chain.is_whole, f"nhật ký: {chain.events} sự kiện, mã cuối {chain.head_hash}{where}"
    )
    told = got.manifest.told
    if not told:
        return
    sequence = int(told["audit_sequence"])
    seen = session.exec(
        select(AuditEvent.hash).where(col(AuditEvent.sequence) == sequence)
    ).one_or_none()
    yield Check(
        # A copy of a cluster may be brought to a moment before the one it was made at: then it ends sooner.
        seen == told["audit_hash"] or (not got.is_own_moment and chain.events < sequence),
        f"nhật ký nối đúng vào mã cuối mà bản kê ghi (sự kiện số {sequence})",
    )


def _files(session: "ReadSession", got: "Restored", place: "Place") -> Iterator[Check]:
    from app.core.backups.restoring import bring, damaged_files
    from app.core.stocktaking import named_files

    named = named_files(session)
    for sha256 in named:  # a later moment than the list's may name files that came after it
        bring(place.pieces, got.files, sha256, room=got.place / ".file")
    lost = damaged_files(got, named)
    yield from _told([f"tệp {sha256}: thiếu hoặc hỏng" for sha256 in lost])
    yield Check(not lost, f"{len(named)} tệp được nhắc đến: có đủ, đúng mã băm")


def _credentials(session: "ReadSession", *, at: "datetime") -> Iterator[Check]:
    from sqlmodel import col, select

    from app.domain.credentials.enums import Finding
    from app.domain.credentials.models import CertificateCredential
    from app.domain.credentials.queries import checked_credential

    wrong, count = [], 0
    sound = {Finding.HOLDS, Finding.CHANGED, Finding.ENDED}
    rows = session.exec(
        select(CertificateCredential.jws).order_by(col(CertificateCredential.id))
    ).all()
    for jws in rows:
        count += 1
        finding = checked_credential(session, jws, at=at).finding
        if finding not in sound:
            wrong.append(f"bản ký điện tử thứ {count}: {finding}")
    yield from _told(wrong)
    yield Check(not wrong, f"{count} bản ký điện tử của giấy chứng nhận: chữ ký đúng")


def _stamps(session: "ReadSession") -> Iterator[Check]:
    from app.domain.stamps.queries import LogRead, Proof, prove_balance, read_signing_log

    read, proof = LogRead(), Proof()
    wrong = [
        f"chữ ký tem, chỉ số {one.first_index}: {one.said}"
        for one in read_signing_log(session, read, verify=True)
    ]
    yield from _told(wrong)
    yield Check(not wrong, f"{read.stamps} tem và nhãn cuộn: từng chữ ký đúng")
    off = [f"tem {one.of}: {one.said}" for one in prove_balance(session, proof)]
    yield from _told(off)
    yield Check(not off, f"{proof.batches} lô, {proof.rolls} cuộn, {proof.stamps} tem: cân")


def _journals(session: "ReadSession", got: "Restored") -> Iterator[Check]:
    """Keep the lines that the database does not know yet; what it may know already is not read twice."""
    from sqlmodel import select

    from app.core.backups.making import SCANS
    from app.core.backups.restoring import drop_journals, own_tree
    from app.domain.scans.models import ScanJournal

    names = [entry.path for entry in own_tree(got.manifest, SCANS).files]
    if got.is_own_moment:
        yield Check(True, f"{len(names)} tệp lượt quét chưa đọc: sẽ được đọc tiếp")
        return
    known = set(session.exec(select(ScanJournal.name)))
    gone = drop_journals(got.place, [name for name in names if name not in known])
    yield Check(
        True,
        f"{len(names) - gone} tệp lượt quét sẽ được đọc tiếp; bỏ {gone} tệp không rõ đã đọc chưa",
    )


def _told(wrong: list[str]) -> Iterator[Check]:
    for line in wrong[:_MOST_TOLD]:
        yield Check(False, line)
    if len(wrong) > _MOST_TOLD:
        yield Check(False, f"… và {len(wrong) - _MOST_TOLD} chỗ nữa")
