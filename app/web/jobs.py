"""Pages of background work: how far a job is, what was given up, and having it done again."""

from dataclasses import dataclass

from fastapi import Response

from app.domain.jobs.actions import cancel_job, try_again
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job
from app.domain.jobs.policy import is_caretaker, may_fetch, why_not_cancel, why_not_try_again
from app.domain.jobs.queries import MOST_DEAD, get_job, jobs_page, state_counts
from app.domain.jobs.rules import STATE_LABELS, is_known, label_of
from app.domain.jobs.schemas import MadeFile
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import PostedForm
from app.web.tones import JOB_TONES

router = page_router()

_PRINTS = frozenset({JobKind.LABEL_SHEETS, JobKind.PRINT_BUNDLE})
_EXPORTS = frozenset({JobKind.PROVINCE_REPORT, JobKind.MASTER_TABLE})
_LINK_LABELS = {"files": "Tải tệp (ZIP)", "file": "Tải tệp", "import": "Xem kết quả nhập"}
_NOT_DEAD = tuple(state for state in JobState if state is not JobState.DEAD)


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as pages show it: in words, how far, where it began and where what it made is fetched."""

    job: Job
    label: str
    word: str
    tone: str
    percent: int | None
    began_at: str
    made_at: str
    made_word: str
    may_try_again: bool
    may_cancel: bool

    @property
    def is_open(self) -> bool:
        """Whether it may still change by itself."""
        return self.job.state in {JobState.WAITING, JobState.RUNNING}


def view_of(page: SignedInPage, job: Job) -> JobView:
    """Return a job as a page shows it to this reader; links lead only where the reader may go."""
    began_at = made_at = made_word = ""
    if may_fetch(page.actor, job) and is_known(job.kind):
        began_at, made_at, made_word = _links(page, job, JobKind(job.kind))
    return JobView(
        job=job,
        label=label_of(job.kind),
        word=STATE_LABELS[job.state],
        tone=JOB_TONES[job.state],
        percent=100 * job.steps_done // job.steps_of if job.steps_of else None,
        began_at=began_at,
        made_at=made_at,
        made_word=made_word,
        may_try_again=why_not_try_again(page.actor, job) is None,
        may_cancel=why_not_cancel(page.actor, job) is None,
    )


def _links(page: SignedInPage, job: Job, kind: JobKind) -> tuple[str, str, str]:
    """Return where a job began, where what it made is fetched, and what that link says."""
    is_done = job.state is JobState.DONE
    if kind in _PRINTS:
        batch, printing = job.params["batch"], job.params["printing"]
        file = MadeFile.of(job)
        return (
            page.url("batches.printings", code=batch),
            page.url("batches.bundle", code=batch, printing=printing) if file else "",
            _LINK_LABELS["files"],
        )
    if kind in _EXPORTS:
        export = job.result.get("export", "")
        made = page.url("reports.file", code=export) if export else ""
        return page.url("reports.list"), made, _LINK_LABELS["file"]
    if kind is JobKind.IMPORT:
        run = page.url("imports.show", code=job.params["run"])
        return run, run if is_done else "", _LINK_LABELS["import"]
    return "", "", ""


@router.get("/jobs", name="jobs.list")
def index(page: Page, state: str = "", after: After = 0) -> Response:
    """List the jobs this person may see: those given up first, then the others, newest first."""
    wanted = JobState(state) if state in set(JobState) else None
    shown = [wanted] if wanted else _NOT_DEAD
    found = jobs_page(page.session, actor=page.actor, states=shown, after=after)
    counts = state_counts(page.session, actor=page.actor)
    dead = (
        jobs_page(page.session, actor=page.actor, states=[JobState.DEAD], limit=MOST_DEAD)
        if wanted is None and not after and counts.get(JobState.DEAD)
        else None
    )
    return page.render(
        "jobs/list.html",
        found=found.map(lambda job: view_of(page, job)),
        dead=dead.map(lambda job: view_of(page, job)) if dead else None,
        counts=counts,
        labels=STATE_LABELS,
        state=wanted,
        after=after,
        sees_all=is_caretaker(page.actor),
    )


@router.get("/jobs/{code}", name="jobs.show")
def show(page: Page, code: str) -> Response:
    """Show how far a job is, what came of it, or why it could not be done."""
    job = get_job(page.session, code, actor=page.actor)
    return page.render("jobs/show.html", view=view_of(page, job))


@router.get("/jobs/{code}/progress", name="jobs.progress")
def progress(page: Page, code: str) -> Response:
    """Show how far a job is: the part of a page that asks again while it goes on."""
    job = get_job(page.session, code, actor=page.actor)
    return page.render("jobs/_progress.html", view=view_of(page, job))


@router.post("/jobs/{code}/retry", name="jobs.retry")
def retry(_key: PostedForm, page: Page, code: str) -> Response:
    """Let a job that was given up be done again."""
    try_again(page.session, code, actor=page.actor, at=page.at)
    return page.go("jobs.show", code=code, said="Máy sẽ làm lại việc này.")


@router.post("/jobs/{code}/cancel", name="jobs.cancel")
def cancel(_key: PostedForm, page: Page, code: str) -> Response:
    """Take back a job that waits."""
    cancel_job(page.session, code, actor=page.actor, at=page.at)
    return page.go("jobs.show", code=code, said="Đã hủy việc này.")
