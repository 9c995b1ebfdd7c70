"""How long data about people is kept, each period with its reason; actions/forgetting.py keeps to it."""

from dataclasses import dataclass

from app.core.errors import Worded


@dataclass(frozen=True, slots=True)
class Period:
    """How long something is kept: in words, and in days where a job ends it.

    `days` is None where only a decision ends it; `set_by` names the setting that decides instead.
    """

    key: str
    said: Worded
    days: int | None = None
    set_by: str = ""


# The file of a recognition is a file of the state: its own rules on archives end it, no job of ours.
RECORD = Period("record", Worded("Cùng hồ sơ, theo thời hạn lưu hồ sơ của cơ quan nhà nước"))
# Each event holds the hash of the one before: taking one away would make all later ones doubtful.
LOG = Period("log", Worded("Không xóa: mỗi dòng nhật ký chứng minh dòng trước không bị sửa"))
# Long enough to see a strange sign-in after a season away from the computer.
LOGINS = Period("logins", Worded("{days} ngày sau khi kết thúc phiên đăng nhập", days=90), 90)
# An invitation that was not taken up may be asked about for a quarter.
INVITATIONS = Period("invitations", Worded("{days} ngày sau khi lời mời kết thúc", days=90), 90)
# A year covers the round of a product once.
NOTICES = Period("notices", Worded("{days} ngày sau khi đọc", days=365), 365)
# A code that was used is only evidence of its use; the log keeps that.
RECOVERY = Period("recovery", Worded("Khi tài khoản còn mở; mã đã dùng: {days} ngày", days=90), 90)
# Somebody who comes back within a year finds the account as it was.
CLOSED = Period("closed", Worded("Khi tài khoản còn mở; sau khi khóa: {days} ngày", days=365), 365)
# See Settings.reporters_kept_days: as long as most breaches may still be sanctioned.
REPORTERS = Period(
    "reporters",
    Worded("{days} ngày sau khi xem xét xong", days=365),
    365,
    set_by="reporters_kept_days",
)
# What flags of copied stamps look back on; afterwards only counts are left.
SCANS = Period("scans", Worded("{days} ngày, sau đó chỉ còn con số", days=90), 90)
UPLOADS = Period("uploads", Worded("{days} ngày nếu không gửi tiếp", days=7), 7)
# Windows of counting last from a minute to a day.
RATES = Period("rates", Worded("Đến hết khoảng đếm, nhiều nhất {days} ngày", days=1), 1)
# How long a phone may lie without network and still send once.
REPEATS = Period("repeats", Worded("{days} ngày gửi lại", days=3), 3)
JOBS = Period(
    "jobs", Worded("30 ngày sau khi xong; việc không làm được: {days} ngày", days=180), 180
)
# As long as somebody may still complain about how the request was answered.
REQUESTS = Period(
    "requests", Worded("{days} ngày sau khi trả lời, rồi chỉ còn loại và ngày", days=1096), 1096
)

PERIODS: tuple[Period, ...] = (
    RECORD,
    LOG,
    LOGINS,
    INVITATIONS,
    NOTICES,
    RECOVERY,
    CLOSED,
    REPORTERS,
    SCANS,
    UPLOADS,
    RATES,
    REPEATS,
    JOBS,
    REQUESTS,
)


def said_here(period: Period, days: int | None = None) -> Worded:
    """Return a period in words, with the days this installation has set where a setting decides."""
    if days is None or not period.set_by:
        return period.said
    return Worded(period.said.template, days=days)
