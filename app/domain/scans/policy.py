"""Who may read what looks odd, and who may decide about it.

Each function returns the refusal instead of raising it: actions raise it, pages grey the button.
"""

from app.core.errors import Conflict, NotPermitted, Refusal, Unreachable
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.scans.enums import FlagState
from app.domain.scans.models import CloneFlag
from app.domain.scans.rules import STATE_LABELS
from app.domain.stamps.policy import CUSTODY_BASIS

DECIDERS = frozenset({Role.AGENCY_OFFICER, Role.AGENCY_HEAD})
READERS = DECIDERS | {Role.INSPECTOR, Role.AUDITOR}


class NotReader(NotPermitted):
    """What was scanned where is for those who watch over stamps."""

    code = "flag.not_reader"
    message = "Chỉ cơ quan OCOP tỉnh, kiểm soát viên thị trường và kiểm toán được xem dấu hiệu sao chép tem."
    basis = CUSTODY_BASIS


class NotDecider(NotPermitted):
    """Whether a stamp was copied is told by the agency that issued it."""

    code = "flag.not_decider"
    message = "Chỉ cán bộ và thủ trưởng cơ quan OCOP cấp tỉnh kết luận về dấu hiệu sao chép."
    basis = CUSTODY_BASIS


class Decided(Conflict):
    """A flag is decided once; new evidence raises a new one."""

    code = "flag.decided"
    message = (
        "Dấu hiệu này đã có kết luận «{state}». Có thêm bằng chứng thì hệ thống nêu dấu hiệu mới."
    )
    basis = CUSTODY_BASIS


class NothingToSuspend(Conflict):
    """The flag names no roll that anybody could suspend."""

    code = "flag.no_roll"
    message = "Dấu hiệu này không gắn với cuộn tem nào, không tạm ngừng được."
    basis = CUSTODY_BASIS


class PinsNotChecked(Unreachable):
    """The secret that scratch codes are made with is not on this machine."""

    code = "pin.no_pepper"
    message = "Máy chủ này chưa kiểm tra được mã cào. Hãy thử lại sau."


def why_not_read(actor: Actor) -> Refusal | None:
    """Whether the actor may see flags at all."""
    return None if actor.has(*READERS) else NotReader()


def why_not_decide(actor: Actor, flag: CloneFlag) -> Refusal | None:
    """Whether the actor may dismiss or confirm this flag now."""
    if not actor.has(*DECIDERS):
        return NotDecider()
    if flag.state is not FlagState.OPEN:
        return Decided(state=STATE_LABELS[flag.state])
    return None


def sees_batches(actor: Actor) -> bool:
    """Tell whether the actor may go on to the batch that a flag names: the agency and its auditors."""
    return actor.has(*DECIDERS, Role.AUDITOR)


def opens_cases(actor: Actor) -> bool:
    """Tell whether the actor may begin to consider a revocation from here: an agency officer."""
    return actor.has(Role.AGENCY_OFFICER)
