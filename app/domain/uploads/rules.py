"""How long a half-sent file is kept, how many one person may have, and the code to go on elsewhere.

None of this is law: the numbers bound what a line that breaks may leave on the disk.
"""

import secrets
from datetime import timedelta

from app.core.codes import LETTERS
from app.domain.uploads.enums import UploadPurpose

KEPT_FOR = timedelta(days=7)  # after the last byte came
MOST_UNFINISHED = 20
MOST_UNFINISHED_BYTES = 200 * 1024 * 1024
RESUME_LENGTH = 8
PURPOSE_LABELS: dict[UploadPurpose, str] = {
    UploadPurpose.EVIDENCE: "Hồ sơ",
    UploadPurpose.PAPER: "Ví giấy tờ",
    UploadPurpose.RENEWAL: "Thay giấy mới cho",
}
# How people write what they misread; the alphabet has none of these letters.
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", " ": "", "-": ""})


def new_resume_code() -> str:
    """Return eight letters and digits that can be read out over a telephone."""
    return "".join(secrets.choice(LETTERS) for _ in range(RESUME_LENGTH))


def read_resume_code(typed: str) -> str:
    """Return the code a person meant, or nothing when it cannot be one."""
    meant = typed.upper().translate(_READ_AS)
    return meant if len(meant) == RESUME_LENGTH and set(meant) <= set(LETTERS) else ""


def spoken(resume_code: str) -> str:
    """Return the code in two groups, as it is shown."""
    return f"{resume_code[:4]}-{resume_code[4:]}"


def is_over_quota(*, files: int, total: int, length: int) -> bool:
    """Tell whether one more file of this length is too much beside the unfinished ones."""
    return files >= MOST_UNFINISHED or total + length > MOST_UNFINISHED_BYTES
