"""Where stamps lie: in parts of ten million indexes, each made before the first of its stamps."""

from app.core.db import Database
from app.core.partitions import add_part, is_parted

STRETCH = 10_000_000
AHEAD = 1_000_000  # so near to the end of a part the next one is made


class Stretches:
    """Makes parts ahead of what is issued; remembers what it has seen, so that asking costs nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._there: set[int] = set()

    def reach(self, first: int, last: int) -> None:
        """Have parts for these indexes, and for the next where they come near its beginning."""
        if not is_parted(self._database):
            return
        for number in range(first // STRETCH, (last + AHEAD) // STRETCH + 1):
            if number not in self._there:
                low = number * STRETCH
                add_part(
                    self._database,
                    "stamps",
                    f"from_{low}",
                    by="index",
                    low=str(low),
                    high=str(low + STRETCH),
                    unique="roll_id, place",
                )
                self._there.add(number)
