"""Which boxes of Mẫu số 02, part I.7, the cited papers of a dossier tick: pure.

Nobody is asked twice: a box is ticked when a cited paper of its kind, read by its title, is such a
paper. An application («Đơn …») is no certificate; it is named under «Khác».
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.core.text import fold
from app.domain.dossiers.enums import EvidenceKind
from app.domain.dossiers.models import Evidence


class Held(StrEnum):
    """What a producer can hold, in the order of the form."""

    BUSINESS_REGISTRATION = "business_registration"
    QUALITY_DECLARED = "quality_declared"
    FOOD_SAFETY = "food_safety"
    PRODUCTION_CONDITIONS = "production_conditions"
    TRADEMARK = "trademark"
    SHARED_MARK = "shared_mark"
    PATENT = "patent"
    DESIGN = "design"
    COPYRIGHT = "copyright"
    OTHER_RIGHT = "other_right"


RIGHTS = frozenset(
    {
        Held.TRADEMARK,
        Held.SHARED_MARK,
        Held.PATENT,
        Held.DESIGN,
        Held.COPYRIGHT,
        Held.OTHER_RIGHT,
    }
)
# The first that a title names; collective marks are named before marks of one owner.
_BY_TITLE: tuple[tuple[Held, tuple[str, ...]], ...] = (
    (
        Held.SHARED_MARK,
        ("chi dan dia ly", "nhan hieu tap the", "nhan hieu chung nhan"),
    ),
    (Held.TRADEMARK, ("nhan hieu",)),
    (Held.PATENT, ("sang che", "giai phap huu ich")),
    (Held.DESIGN, ("kieu dang",)),
    (Held.COPYRIGHT, ("ban quyen", "quyen tac gia")),
)
_FOOD_SAFETY = ("an toan thuc pham", "attp", "vstp", "haccp", "22000")


@dataclass(frozen=True, slots=True)
class Boxes:
    """The ticked boxes, and what is written behind «Khác (ghi rõ)»."""

    held: frozenset[Held]
    other_rights: tuple[str, ...] = ()

    @property
    def has_right(self) -> bool:
        """Whether some right of intellectual property is registered."""
        return bool(self.held & RIGHTS)


def boxes_of(papers: Iterable[Evidence], *, registration_number: str) -> Boxes:
    """Return the boxes that these papers, and the number of the registration, tick."""
    held = {Held.BUSINESS_REGISTRATION} if registration_number else set[Held]()
    others = []
    for paper in papers:
        title = fold(paper.title)
        match paper.kind:
            case EvidenceKind.BUSINESS_REGISTRATION:
                held.add(Held.BUSINESS_REGISTRATION)
            case EvidenceKind.QUALITY_DECLARATION:
                held.add(Held.QUALITY_DECLARED)
            case EvidenceKind.PRODUCTION_CONDITIONS:
                is_food = any(words in title for words in _FOOD_SAFETY)
                held.add(Held.FOOD_SAFETY if is_food else Held.PRODUCTION_CONDITIONS)
            case EvidenceKind.INTELLECTUAL_PROPERTY if title.startswith("don "):
                others.append(paper.title)
            case EvidenceKind.INTELLECTUAL_PROPERTY:
                right = _right(title)
                held.add(right)
                if right is Held.OTHER_RIGHT:
                    others.append(paper.title)
            case _:
                pass
    return Boxes(frozenset(held), tuple(others))


def _right(title: str) -> Held:
    return next(
        (right for right, names in _BY_TITLE if any(name in title for name in names)),
        Held.OTHER_RIGHT,
    )
