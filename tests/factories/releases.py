"""A release after this one, laid beside it: its schema has more, its code uses it, its style is another."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from app.core.settings import Settings
from tests.architecture.source import ROOT

OCOP = [sys.executable, "-c", "from app.cli import main; main()"]
SLOGAN = "của bản sau"
_LAST = "    dissolved_on: date | None = None\n"
_MIGRATION = '''"""Give producers a slogan, as a release after this one might."""

import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("producers", sa.Column("slogan", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("producers", "slogan")
'''


def lay_next_release(place: Path) -> Path:
    """Copy the program and let it go on: a column, code that fills it, a changed style."""
    for name in ("app", "migrations", "static", "templates"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alembic.ini", place)
    head = place / "migrations/HEAD"
    later = _MIGRATION.format(head=head.read_text(encoding="utf-8").strip())
    (place / "migrations/versions/later.py").write_text(later, encoding="utf-8")
    head.write_text("later\n", encoding="utf-8")
    models = place / "app/domain/producers/models.py"
    before, after = models.read_text(encoding="utf-8").split(_LAST, 1)
    models.write_text(f'{before}{_LAST}    slogan: str = "{SLOGAN}"\n{after}', encoding="utf-8")
    with (place / "static/css/app.css").open("a", encoding="utf-8") as style:
        style.write(".of-the-next-release{display:none}\n")
    return place


def ordered(place: Path, settings: Settings, *words: str) -> str:
    """Run a command of the release that lies there; return what it says, and fail when it does."""
    environment = os.environ | {
        "OCOP_DATA_DIR": str(settings.data_dir),
        "OCOP_DATABASE_URL": settings.database_url,
    }
    done = subprocess.run(
        [*OCOP, *words], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
