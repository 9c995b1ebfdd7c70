"""Notices: what an account is told, in the transaction of the change, and its way by e-mail and SMS.

A package that has something to tell writes its sentences in its `letters.py` and calls `notify` from
the action itself, so that the notice is true exactly when the change is:

    FILED = Letter(
        kind="dossier.filed",
        title="Hồ sơ {dossier} của «{product}» đã nộp tại xã",
        todo="Kiểm tra thành phần hồ sơ rồi lập báo cáo trong 15 ngày làm việc.",
        route_name="dossiers.show",
        basis="26/2026/QĐ-TTg, Điều 7.2",
    )
    notify(
        session,
        FILED,
        to=commune_officers(dossier.commune_code),
        subject=dossier,
        actor=actor,
        at=at,
        due_on=dossier.commune_due_on,
        occasion=at.isoformat(),
        dossier=dossier.code,
        product=product.name,
    )

`to` is made by `producer_account`, `commune_officers`, `commune_leaders`, `commune`, `agency`,
`persons`, joined by `|`. Nobody is told what they did themselves, and nothing is told while the past
is brought in. The same kind, subject, occasion and recipient are told once: a job that is repeated
names the occasion («90 days»), an action that may happen again names its moment. What a letter says
beside its title: one sentence of what to do, the last day (`due_on`), the page (`route_name` with the
subject's code). Never put marks of others or telephone numbers into a letter. Jobs with many subjects
hand `Draft`s to `notify_each`, which asks for the recipients of two hundred at once.
"""
