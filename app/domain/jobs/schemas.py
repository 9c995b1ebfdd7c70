"""What comes out of jobs, and the file that one made."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from app.domain.jobs.enums import JobState
from app.domain.jobs.models import Job


class MadeFile(BaseModel):
    """A file that a job made, kept under its hash until somebody takes it away."""

    sha256: str
    size: int = Field(description="Byte")
    media_type: str
    file_name: str

    def as_result(self) -> dict[str, Any]:
        """Return it as the result of a job; what stocktaking looks for is called `sha256`."""
        return self.model_dump()

    @classmethod
    def of(cls, job: Job) -> Self | None:
        """Return the file of a job that is done, None when it made none or it was taken away."""
        if job.state is not JobState.DONE or "sha256" not in job.result:
            return None
        return cls.model_validate({name: job.result[name] for name in cls.model_fields})


class JobOut(BaseModel):
    """One piece of work and how far it is."""

    code: str = Field(examples=["VN-7K2M9Q4"])
    kind: str = Field(examples=["stamps.print_bundle"])
    state: JobState
    subject_code: str = Field(description="Mã của việc này là về gì", examples=["IN-7K2M9Q4"])
    steps_done: int
    steps_of: int = Field(description="0: chưa biết")
    attempts: int
    problem: str = Field(description="Vì sao lần gần nhất không xong")
    result: dict[str, Any] = Field(
        description="Việc đã xong cho gì: mã của thứ đã lập, hoặc tên và độ lớn của tệp"
    )
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(job.model_dump(include=set(cls.model_fields)))
