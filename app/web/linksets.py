"""Links about a product and an item as GS1 resolvers tell them: a linkset (RFC 9264, 4.2), one of them.

The names of link types are those of the GS1 Web Vocabulary. `gs1:verificationService` is none of
ours: it stands for a messaging protocol that we do not speak.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import Request

VOCABULARY = "https://ref.gs1.org/voc/"
PREFIX = "gs1:"
# The vocabulary's older addresses mean the same words.
_ELSEWHERE = ("https://gs1.org/voc/", "http://gs1.org/voc/", "https://www.gs1.org/voc/")
CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
LINKSET_TYPE = "application/linkset+json"
JSON_TYPE = "application/json"
HTML_TYPE = "text/html"

DEFAULT, PRODUCT_PAGE, CERTIFICATION, REGISTRY, TRACEABILITY = (
    "defaultLink",
    "pip",
    "certificationInfo",
    "registryEntry",
    "traceability",
)
ALL = "linkset"
# «all» is what the first version of the standard called it.
_WORDS_FOR_ALL = frozenset({"linkset", "all"})
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Link:
    """One address, what is there, in which form and languages."""

    href: str
    title: str
    media_type: str = HTML_TYPE
    languages: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return the link as a target object of a linkset (RFC 9264, 4.2.3)."""
        said: dict[str, Any] = {"href": self.href, "title": self.title, "type": self.media_type}
        if self.languages:
            said["hreflang"] = list(self.languages)
        return said


Links: TypeAlias = Mapping[str, Sequence[Link]]


def linkset(anchor: str, description: str, links: Links) -> dict[str, Any]:
    """Return the links about one thing; the default is told by address and title alone."""
    about: dict[str, Any] = {"anchor": anchor, "description": description}
    for name, of_type in links.items():
        targets = [one.told() for one in of_type]
        if name == DEFAULT:
            targets = [{"href": one["href"], "title": one["title"]} for one in targets]
        about[VOCABULARY + name] = targets
    return {"linkset": [about]}


def asked_type(request: Request) -> str | None:
    """Return the link type an address asks for: `linkset`, a word of GS1's, empty for a strange one.

    None when it asks for none.
    """
    asked = request.query_params.get("linkType")
    if asked is None:
        return None
    if asked in _WORDS_FOR_ALL:
        return ALL
    for known in (PREFIX, VOCABULARY, *_ELSEWHERE):
        if asked.startswith(known) and len(asked) <= _LONGEST:
            return asked.removeprefix(known)
    return ""


def accepted(request: Request) -> dict[str, float]:
    """Return the media types a request accepts, with how much it likes each (RFC 9110, 12.5.1)."""
    liked: dict[str, float] = {}
    for part in request.headers.get("accept", "").split(",")[:20]:
        name, *params = (piece.strip().lower() for piece in part.split(";"))
        weights = [one.removeprefix("q=") for one in params if one.startswith("q=")]
        try:
            liked[name] = float(weights[0]) if weights else 1.0
        except ValueError:
            continue
    return {name: weight for name, weight in liked.items() if name and weight > 0}


def links_wanted_as(request: Request) -> str:
    """Return in which media type all links are wanted instead of the page, empty when they are not.

    A plain JSON client gets the linkset as well; whoever names pages too gets the page.
    """
    liked = accepted(request)
    if LINKSET_TYPE in liked:
        return LINKSET_TYPE
    return JSON_TYPE if JSON_TYPE in liked and HTML_TYPE not in liked else ""


def chosen(request: Request, of_type: Sequence[Link]) -> Link:
    """Return the link a request likes best among those of one type: the first where it is all one."""
    liked = accepted(request)
    return max(of_type, key=lambda one: liked.get(one.media_type, 0.0))
