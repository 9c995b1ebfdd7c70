"""The second factor: set up with an authenticator app, shown at each sign-in, reset when it is lost."""

import logging
from datetime import datetime
from pathlib import Path

import pyotp
from sqlmodel import col, delete, select

from app.core.db import WriteSession
from app.core.errors import Conflict, NotPermitted, Refused
from app.core.passwords import hash_code, new_salt, salt_of
from app.core.sealing import make_sealing_key, sealed
from app.core.signing import KeyFileError
from app.domain.accounts.actions.sessions import end_logins_of, renew_secret, user_cared_for
from app.domain.accounts.enums import Role
from app.domain.accounts.models import LoginSession, RecoveryCode, SecondFactor, User
from app.domain.accounts.queries import (
    SealingKeyLost,
    seal_of,
    secret_of,
    unused_recovery_codes,
)
from app.domain.accounts.rules import (
    RECOVERY_CODES,
    Actor,
    matching_step,
    new_recovery_code,
    recovery_code_typed,
    totp_code_typed,
)
from app.domain.audit.actions import record

_log = logging.getLogger("ocop")


class WrongCode(Refused):
    """Neither a code of the app that was not taken before, nor one of the list that was not used."""

    code = "second_factor.wrong"
    message = "Mã chưa đúng hoặc đã dùng rồi. Hãy nhập mã mới nhất trên điện thoại."


class FactorThere(Conflict):
    """Whoever has a second factor replaces it by showing it, not by setting up another one."""

    code = "second_factor.there"
    message = "Tài khoản đã bật bảo vệ hai lớp."


class NoFactor(Conflict):
    """There is no second factor, or none is being set up."""

    code = "second_factor.none"
    message = "Chưa bắt đầu bật bảo vệ hai lớp. Hãy bấm «Bắt đầu»."


class FactorNeeded(Refused):
    """A role asks for the second factor; its holder replaces it but does not go without."""

    code = "second_factor.needed"
    message = "Vai của bạn bắt buộc có bảo vệ hai lớp nên không tắt được."


class OwnFactor(Refused):
    """A stolen session of an administrator must not take the second factor away."""

    code = "second_factor.own"
    message = "Không tự đặt lại bảo vệ hai lớp của mình. Hãy nhờ quản trị khác."


def begin_second_factor(
    session: WriteSession, *, actor: Actor, key_dir: Path, at: datetime
) -> None:
    """Make the secret an authenticator app is to be given; nothing is asked for until it is confirmed."""
    user = _own(session, actor)
    factor = _locked(session, user.id or 0)
    if factor is not None and factor.confirmed_at is not None:
        raise FactorThere
    _begin(session, user, factor, key_dir=key_dir, at=at)
    record(session, "second_factor.begun", subject=user, actor=actor, at=at)


def replace_second_factor(
    session: WriteSession, typed: str, *, actor: Actor, key_dir: Path, at: datetime
) -> None:
    """Begin anew for another telephone, by a code of the one so far or of the list."""
    user = _own(session, actor)
    factor = _take(session, user, typed, key_dir=key_dir, at=at)
    _begin(session, user, factor, key_dir=key_dir, at=at)
    record(session, "second_factor.begun", subject=user, actor=actor, at=at)


def confirm_second_factor(
    session: WriteSession,
    typed: str,
    *,
    login_id: int,
    actor: Actor,
    key_dir: Path,
    at: datetime,
) -> tuple[str, list[str]]:
    """Turn the second factor on by its first code; return the session's new secret and ten codes.

    The codes stand in for a lost telephone, once each; they are told this once and kept as hashes.
    """
    user = _own(session, actor)
    factor = _locked(session, user.id or 0)
    if factor is None or factor.confirmed_at is not None:
        raise NoFactor
    _take_step(factor, typed, key_dir=key_dir, at=at)
    factor.confirmed_at = at
    codes = _new_codes(session, user, at=at)
    record(session, "second_factor.confirmed", subject=user, actor=actor, at=at)
    return _shown(session, login_id, at=at), codes


def show_second_factor(
    session: WriteSession,
    typed: str,
    *,
    login_id: int,
    actor: Actor,
    key_dir: Path,
    at: datetime,
) -> str:
    """Finish signing in by a code of the app or of the list; return the session's new secret."""
    user = _own(session, actor)
    _take(session, user, typed, key_dir=key_dir, at=at)
    record(session, "second_factor.shown", subject=user, actor=actor, at=at)
    return _shown(session, login_id, at=at)


def refuse_second_factor(
    session: WriteSession, login_id: int, *, ends: bool, actor: Actor, at: datetime
) -> None:
    """Record a wrong code; with the last one a session may have, it ends."""
    login = session.get_one(LoginSession, login_id)
    user = session.get_one(User, login.user_id)
    record(session, "second_factor.refused", subject=user, actor=actor, at=at, session_ended=ends)
    if ends and login.ended_at is None:
        login.ended_at = at


def renew_recovery_codes(
    session: WriteSession, typed: str, *, actor: Actor, key_dir: Path, at: datetime
) -> list[str]:
    """Return ten new codes, told this once; the ones before stop working."""
    user = _own(session, actor)
    _take(session, user, typed, key_dir=key_dir, at=at)
    codes = _new_codes(session, user, at=at)
    record(session, "recovery_codes.renewed", subject=user, actor=actor, at=at)
    return codes


def remove_second_factor(
    session: WriteSession,
    typed: str,
    *,
    actor: Actor,
    roles: frozenset[Role],
    key_dir: Path,
    at: datetime,
) -> None:
    """Go without a second factor again; not where a role asks for it."""
    user = _own(session, actor)
    if actor.has(*roles):
        raise FactorNeeded
    factor = _take(session, user, typed, key_dir=key_dir, at=at)
    session.delete(factor)
    _forget_codes(session, user)
    record(session, "second_factor.removed", subject=user, actor=actor, at=at)


def reset_second_factor(
    session: WriteSession, username: str, *, actor: Actor, at: datetime
) -> User:
    """Let somebody who lost telephone and codes begin anew; signs them out everywhere."""
    user = user_cared_for(session, username, actor=actor)
    if user.id == actor.user_id:
        raise OwnFactor
    factor = _locked(session, user.id or 0)
    if factor is not None:
        session.delete(factor)
    _forget_codes(session, user)
    ended = end_logins_of(session, user, at=at)
    record(session, "second_factor.reset", subject=user, actor=actor, at=at, sessions_ended=ended)
    return user


def _own(session: WriteSession, actor: Actor) -> User:
    if actor.user_id is None or actor.scopes is not None:
        raise NotPermitted
    return session.get_one(User, actor.user_id)


def _locked(session: WriteSession, user_id: int) -> SecondFactor | None:
    """Return the factor, held: of two requests with one code, the second finds it taken."""
    return session.exec(
        select(SecondFactor).where(col(SecondFactor.user_id) == user_id).with_for_update()
    ).one_or_none()


def _begin(
    session: WriteSession,
    user: User,
    factor: SecondFactor | None,
    *,
    key_dir: Path,
    at: datetime,
) -> None:
    try:
        key = make_sealing_key(key_dir)
    except (KeyFileError, OSError) as lost:
        _log.error("no key to seal second factors with: %s", lost)
        raise SealingKeyLost from lost
    shut = sealed(key, pyotp.random_base32().encode(), about=seal_of(user.id or 0))
    if factor is None:
        factor = SecondFactor(user_id=user.id or 0, sealed_secret=shut, created_at=at)
    factor.sealed_secret = shut
    factor.created_at = at
    factor.confirmed_at = None
    factor.last_step = 0
    session.add(factor)
    session.flush()


def _take(
    session: WriteSession, user: User, typed: str, *, key_dir: Path, at: datetime
) -> SecondFactor:
    """Take a code of the app or of the list, which then works no more; return the factor."""
    factor = _locked(session, user.id or 0)
    if factor is None or factor.confirmed_at is None:
        raise NoFactor
    printed = recovery_code_typed(typed)
    if printed is None:
        _take_step(factor, typed, key_dir=key_dir, at=at)
        return factor
    unused = unused_recovery_codes(session, user.id or 0)
    hashes = {hash_code(printed, salt) for salt in {salt_of(one.code_hash) for one in unused}}
    found = next((one for one in unused if one.code_hash in hashes), None)
    if found is None:
        raise WrongCode
    found.used_at = at
    record(
        session,
        "recovery_code.used",
        subject=user,
        actor=Actor(user_id=user.id, name=user.name),
        at=at,
        left=len(unused) - 1,
    )
    return factor


def _take_step(factor: SecondFactor, typed: str, *, key_dir: Path, at: datetime) -> None:
    code = totp_code_typed(typed)
    step = code and matching_step(secret_of(factor, key_dir), code, at=at, after=factor.last_step)
    if not step:
        raise WrongCode
    factor.last_step = step


def _shown(session: WriteSession, login_id: int, *, at: datetime) -> str:
    login = session.get_one(LoginSession, login_id)
    login.second_factor_at = at
    return renew_secret(login)


def _new_codes(session: WriteSession, user: User, *, at: datetime) -> list[str]:
    _forget_codes(session, user)
    salt, codes = new_salt(), [new_recovery_code() for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(user_id=user.id or 0, code_hash=hash_code(code, salt), created_at=at)
        for code in codes
    )
    session.flush()
    return codes


def _forget_codes(session: WriteSession, user: User) -> None:
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
