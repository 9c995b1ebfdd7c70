"""Two hundred people for two minutes, while a worker, the standby and the database die in turn.

What must hold, holds in `make test` too, with fewer people; here it is printed what each death costs: for
how long a scan and a write went without an answer. OCOP_BENCH_PEOPLE and OCOP_BENCH_SECONDS change the
size.
"""

import os
from pathlib import Path
from threading import Event

from app.core.settings import Settings
from tests.benchmarks.council import told
from tests.journeys.pressing import Press
from tests.journeys.test_breaking_parts import PARTS, parts_die
from tests.plugins.standby import Cluster

PEOPLE = int(os.environ.get("OCOP_BENCH_PEOPLE", "200"))
SECONDS = float(os.environ.get("OCOP_BENCH_SECONDS", "120"))
PAUSE_SECONDS = 1.0  # a person reads what came of it


def test_what_the_death_of_each_part_costs_a_crowd(
    own_cluster: Cluster, standby: Cluster, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=own_cluster.url(),
        database_replica_url=standby.url(),
        stamp_host="tem.example",
    )
    between, pause = SECONDS / (len(PARTS) + 1), Event()

    def wait_for_next(_press: Press) -> None:
        pause.wait(between)

    night = parts_die(
        own_cluster,
        standby,
        settings,
        people=PEOPLE,
        wait_for_next=wait_for_next,
        pause_seconds=PAUSE_SECONDS,
    )
    told(
        f"Load: {PEOPLE} people, {SECONDS:.0f} s, acknowledged {night.kinds.total()} "
        f"({', '.join(f'{kind} {count}' for kind, count in sorted(night.kinds.items()))}), "
        f"sent again {night.asked_again}, slowest {night.slowest:.1f} s, lost {len(night.lost)}"
    )
    for part, missed in night.missed.items():
        told(
            f"  {part} killed: "
            + ", ".join(f"{what} missed for {seconds:.1f} s" for what, seconds in missed.items())
        )
    assert night.lost == []
    assert night.refused == []
