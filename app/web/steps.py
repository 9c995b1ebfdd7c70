"""A step that somebody takes on a page, and what the page says when it is refused."""

from collections.abc import Callable

from fastapi import Response

from app.core.errors import Conflict, Invalid, Refusal, Refused
from app.http.problems import status_of
from app.web.deps import SignedInPage
from app.web.forms import Form


def tried(
    page: SignedInPage,
    form: Form,
    do: Callable[[], object],
    *,
    shown_again: Callable[[Form, Refusal], Response],
    done: Callable[[], Response],
) -> Response:
    """Take a step; when it is refused show the page again with the reason and all that was typed.

    What is not there and what may not be done is not caught: those are pages of their own.
    """
    try:
        do()
    except Invalid as problem:
        page.session.expire_all()  # the page tells what is stored, not what the step had begun
        return shown_again(form.showing(problem), problem)
    except (Conflict, Refused) as refusal:
        page.session.expire_all()
        return shown_again(form, refusal)
    return done()


def answer_status(refusal: Refusal | None) -> int:
    """Return the HTTP number of a page that may carry a refusal."""
    return status_of(refusal) if refusal else 200
