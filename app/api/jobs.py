"""Background work over JSON: how far a job is; one's own, or all of them for agency and administrator."""

from typing import Annotated

from fastapi import Query

from app.api.deps import Call, PageOut, Pages, api_router, code_path, needs, page_out
from app.domain.accounts.enums import Scope
from app.domain.jobs.actions import cancel_job, try_again
from app.domain.jobs.enums import JobState
from app.domain.jobs.queries import get_job, jobs_page
from app.domain.jobs.schemas import JobOut

router = api_router(tags=["jobs"])
# Whatever a token may ask for, it may ask how far that is.
Reading = Annotated[Call, needs(None)]
Writing = Annotated[Call, needs(Scope.NOTICES_WRITE)]
Code = Annotated[str, code_path("VN-7K2M9Q4")]


@router.get("/jobs", summary="Việc nền")
def index(
    call: Reading,
    pages: Pages,
    state: Annotated[JobState | None, Query(description="Chỉ việc ở tình trạng này.")] = None,
) -> PageOut[JobOut]:
    """List the jobs that the token's owner may see, newest first."""
    states = [state] if state else []
    found = jobs_page(
        call.session, actor=call.actor, states=states, after=pages.after, limit=pages.limit
    )
    return page_out(found, JobOut.of)


@router.get("/jobs/{code}", summary="Một việc nền")
def show(call: Reading, code: Code) -> JobOut:
    """Tell how far a job is, what came of it, or why it could not be done."""
    return JobOut.of(get_job(call.session, code, actor=call.actor))


@router.post("/jobs/{code}/retry", summary="Làm lại việc không làm được")
def retry(call: Writing, code: Code) -> JobOut:
    """Let a job that was given up be done again."""
    return JobOut.of(try_again(call.session, code, actor=call.actor, at=call.at))


@router.post("/jobs/{code}/cancel", summary="Hủy việc đang chờ")
def cancel(call: Writing, code: Code) -> JobOut:
    """Take back a job that waits."""
    return JobOut.of(cancel_job(call.session, code, actor=call.actor, at=call.at))
