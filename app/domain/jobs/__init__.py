"""Work that nobody waits for at a door: what waits, what runs and how far, what failed for good.

Put a job down in the transaction that wants it done; `app/worker.py` says what each kind does:

    put_down(session, JobKind.PRINT_BUNDLE, {"batch": "LT-…", "printing": "IN-…"},
             subject_code="IN-…", occasion="IN-…", actor=actor, at=at)

It is done at least once: a worker that dies is followed by another one. What would show when it is
done twice is made true in the same transaction as the end of the job (`finish_job`).
"""
