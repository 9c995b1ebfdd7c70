"""Whether a file may go on; who may send it at all is asked first, see queries.why_not_send."""

from datetime import datetime

from app.core.errors import Conflict, Refusal, Refused
from app.domain.uploads.enums import UploadState
from app.domain.uploads.models import Upload
from app.domain.uploads.rules import MOST_UNFINISHED, MOST_UNFINISHED_BYTES


class TooMuchUnfinished(Refused):
    """One person may not fill the disk with halves."""

    code = "upload.too_much_unfinished"
    message = (
        "Bạn đang có quá nhiều tệp gửi dở (tối đa {files} tệp, {most_mb} MB). "
        "Hãy gửi nốt hoặc bỏ bớt."
    )


class UploadGone(Conflict):
    """Nothing more can be added: it waited too long, or its content was refused."""

    code = "upload.gone"
    message = "Tệp gửi dở này đã quá hạn và bị xóa. Hãy gửi lại từ đầu."


class ContentRefused(Refused):
    """The file came whole, and is none that is accepted; the sentence says why."""

    code = "upload.content_refused"


def too_much_unfinished() -> Refusal:
    """Return the refusal of one file too many."""
    return TooMuchUnfinished(files=MOST_UNFINISHED, most_mb=MOST_UNFINISHED_BYTES // 1024**2)


def why_not_continue(upload: Upload, *, at: datetime) -> Refusal | None:
    """A file goes on until its day, unless its content was refused; a finished one just stays."""
    if upload.state is UploadState.REFUSED:
        return ContentRefused(upload.refusal)
    if upload.state is UploadState.RECEIVING and upload.expires_at <= at:
        return UploadGone()
    return None
