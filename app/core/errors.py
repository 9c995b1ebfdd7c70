"""The five ways the domain says no; doors turn each into their own answer.

A message is a Vietnamese template with named parameters, so that a door can look the template up in
another language and fill it afterwards.
"""

from collections.abc import Mapping
from typing import ClassVar, Self


class Worded(str):
    """A sentence with its parameters filled in that still knows its template, for other languages."""

    __slots__ = ("params", "template")

    template: str
    params: Mapping[str, object]

    def __new__(cls, template: str, **params: object) -> Self:
        """Fill the template in."""
        said = super().__new__(cls, template.format(**params))
        said.template, said.params = template, params
        return said


class Refusal(Exception):  # noqa: N818 -- a refusal is an answer of the domain, not a fault
    """A step that may not happen: stable code, sentence for people, legal basis when there is one."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "Không thực hiện được."
    basis: ClassVar[str | None] = None

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        basis: str | None = None,
        **params: object,
    ) -> None:
        self.template = message or self.message
        self.params = params
        self.reason_code = code or self.code
        self.legal_basis = basis or self.basis
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """The Vietnamese sentence with its parameters filled in."""
        return self.template.format(**self.params) if self.params else self.template


class NotFound(Refusal):
    """Not there, or not yours to see: the two must not be told apart."""

    code = "not_found"
    message = "Không tìm thấy, hoặc bạn không được xem mục này."


class NotPermitted(Refusal):
    """The actor may not do this."""

    code = "not_permitted"
    message = "Bạn không có quyền thực hiện việc này."


class Conflict(Refusal):
    """Someone was faster, or the thing is in another state."""

    code = "conflict"
    message = "Việc này không còn thực hiện được ở trạng thái hiện tại."


class Unreachable(Conflict):
    """A service that this one leans on does not answer; a little later it may."""

    code = "unreachable"
    retry_after_seconds = 60


class StaleVersion(Conflict):
    """The text was changed since it was shown; both versions are told."""

    code = "stale_version"
    message = (
        "Nội dung đã được người khác sửa (phiên bản {current}) sau khi bạn mở (phiên bản {sent}). "
        "Hãy xem bản mới rồi lưu lại."
    )

    def __init__(self, *, sent: int, current: int) -> None:
        super().__init__(sent=sent, current=current)


class Refused(Refusal):
    """The rule says no."""

    code = "refused"


class Invalid(Refusal):
    """Malformed input, told per field."""

    code = "invalid"
    message = "Có ô chưa đúng. Hãy sửa các ô được đánh dấu."

    def __init__(
        self, fields: Mapping[str, str], message: str | None = None, *, code: str | None = None
    ) -> None:
        self.fields = dict(fields)
        super().__init__(message, code=code)


def check_version(sent: int | None, current: int) -> None:
    """Refuse a change that was made on an older version than the stored one."""
    if sent is not None and sent != current:
        raise StaleVersion(sent=sent, current=current)
