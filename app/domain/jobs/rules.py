"""The life of a job as a table, how often and after how long it is tried, what is done when: pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.jobs.enums import Every, JobKind, JobState, JobStep

# Whoever holds a job says so at least this often, or another worker begins it again.
LEASE = timedelta(minutes=5)
LONGEST_SILENCE = timedelta(hours=1)  # of a job whose worker lives: it hangs, and is begun again
USUAL_ATTEMPTS = 5
LONGEST_WAIT = timedelta(hours=1)
KEPT_DAYS = 30  # done and cancelled ones
DEAD_KEPT_DAYS = 180  # somebody may still ask what became of it


@dataclass(frozen=True, slots=True)
class Move:
    """One way from a state to another."""

    step: JobStep
    before: JobState
    after: JobState


MOVES: tuple[Move, ...] = (
    Move(JobStep.BEGIN, JobState.WAITING, JobState.RUNNING),
    Move(JobStep.BEGIN_AGAIN, JobState.RUNNING, JobState.RUNNING),  # its worker was heard no more
    Move(JobStep.FINISH, JobState.RUNNING, JobState.DONE),
    Move(JobStep.PUT_OFF, JobState.RUNNING, JobState.WAITING),
    Move(JobStep.GIVE_UP, JobState.RUNNING, JobState.DEAD),
    Move(JobStep.TRY_AGAIN, JobState.DEAD, JobState.WAITING),
    Move(JobStep.CANCEL, JobState.WAITING, JobState.CANCELLED),
)
INITIAL = JobState.WAITING
FINAL = frozenset({JobState.DONE, JobState.CANCELLED})

STATE_LABELS: dict[JobState, str] = {
    JobState.WAITING: "Đang chờ",
    JobState.RUNNING: "Đang làm",
    JobState.DONE: "Đã xong",
    JobState.DEAD: "Không làm được",
    JobState.CANCELLED: "Đã hủy",
}
# Why a job is not done, where no rule of the domain says it better.
PROBLEM_MESSAGES: dict[str, str] = {
    "died": "Máy làm việc này dừng đột ngột nhiều lần.",
    "unknown": "Phiên bản đang chạy không biết việc này.",
    "fault": "Lỗi ngoài dự kiến. Nhật ký của máy ghi rõ hơn.",
}
KIND_LABELS: dict[JobKind, str] = {
    JobKind.LABEL_SHEETS: "Soạn tờ nhãn của một lần in",
    JobKind.PRINT_BUNDLE: "Soạn gói tệp cho nhà in",
    JobKind.FORGET_PRINT_FILES: "Xóa tệp in đã hết hạn giao",
    JobKind.STAMP_BALANCE: "Đếm lại mọi lô tem",
    JobKind.PROVINCE_REPORT: "Lập báo cáo của tỉnh",
    JobKind.MASTER_TABLE: "Lập bảng PTNT_OCOP",
    JobKind.SNAPSHOT: "Chụp danh bạ của tháng",
    JobKind.IMPORT: "Nhập dữ liệu cũ từ tệp",
    JobKind.REMIND: "Nhắc các hạn sắp đến",
    JobKind.EXPIRE_UPLOADS: "Xóa tệp gửi dở quá hạn",
    JobKind.FORGET_PERSONAL: "Xóa dữ liệu cá nhân đã hết hạn lưu",
    JobKind.FORGET_KEYS: "Xóa mã chống trùng đã hết hạn",
    JobKind.SWEEP_FILES: "Xóa tệp không ai nhắc đến",
}

# They keep a processor busy for minutes: one worker of several leaves them to the others.
HEAVY = frozenset({JobKind.LABEL_SHEETS, JobKind.PRINT_BUNDLE, JobKind.STAMP_BALANCE})
# What a second try cannot mend is tried less often.
ATTEMPTS: dict[JobKind, int] = {
    JobKind.IMPORT: 2,
    JobKind.STAMP_BALANCE: 2,
    JobKind.LABEL_SHEETS: 3,
    JobKind.PRINT_BUNDLE: 3,
}


def most_attempts(kind: str) -> int:
    """Return how often a job of this kind is begun before it is given up."""
    return ATTEMPTS.get(JobKind(kind), USUAL_ATTEMPTS) if is_known(kind) else 1


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 2, 4, 8, 16 … minutes, at most an hour."""
    return min(timedelta(minutes=2 ** min(attempts, 10)), LONGEST_WAIT)


def is_known(kind: str) -> bool:
    """Tell whether this release knows the kind: a later one may have put it down."""
    return kind in set(JobKind)


def label_of(kind: str) -> str:
    """Return a kind in words; one that is not known any more as it is written."""
    return KIND_LABELS[JobKind(kind)] if is_known(kind) else kind


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Something that is done by itself, from an hour of the day on (Viet Nam's time)."""

    kind: JobKind
    every: Every
    hour: int = 0
    minute: int = 0


# At night, before people come; what was kept long enough goes before files are swept. Weeks begin on Monday.
SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled(JobKind.FORGET_PRINT_FILES, Every.HOUR),
    Scheduled(JobKind.SNAPSHOT, Every.DAY, 0, 30),
    Scheduled(JobKind.EXPIRE_UPLOADS, Every.DAY, 1),
    Scheduled(JobKind.FORGET_PERSONAL, Every.DAY, 1, 20),
    Scheduled(JobKind.FORGET_KEYS, Every.DAY, 1, 45),
    Scheduled(JobKind.SWEEP_FILES, Every.DAY, 2),
    Scheduled(JobKind.STAMP_BALANCE, Every.WEEK, 2, 30),
    Scheduled(JobKind.REMIND, Every.DAY, 6),
)


def occasions(local: datetime, *, all_day: bool = False) -> Iterator[tuple[Scheduled, str]]:
    """Yield what is to be done by itself at this moment (local time), with the name of its occasion.

    What its hour has come for is yielded until the day, hour or week is over: a machine that was off
    then does it later. `all_day` does not wait for the hour.
    """
    for one in SCHEDULE:
        has_come = all_day or (local.hour, local.minute) >= (one.hour, one.minute)
        if one.every is Every.HOUR:
            yield one, f"{local:%Y-%m-%dT%H}"
        elif one.every is Every.WEEK and (has_come or local.weekday()):
            yield one, f"{local:%G-W%V}"
        elif one.every is Every.DAY and has_come:
            yield one, f"{local:%Y-%m-%d}"
