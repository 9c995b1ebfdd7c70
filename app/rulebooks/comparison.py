"""Council rules value by value: what is in force, and where the province's own differ from ours."""

from typing import Any, NamedTuple

from app.rulebooks.model import CouncilRules

_NOT_VALUES = frozenset(
    {"code", "status", "title", "province", "is_default", "in_force", "documents", "sha256"}
)


class RuleValue(NamedTuple):
    """One value of council rules, by its place in the file, beside the one of the default."""

    name: str
    value: str
    default: str
    citation: str
    note: str

    @property
    def differs(self) -> bool:
        """Whether the province decided otherwise than our default."""
        return self.value != self.default


def rule_values(rules: CouncilRules, default: CouncilRules) -> tuple[RuleValue, ...]:
    """Return every value in the order of the file, with its basis and the default's value."""
    own, ours = _flat(rules), _flat(default)
    bases = {
        name: getattr(getattr(rules, name), "basis", None) for name in type(rules).model_fields
    }
    found = []
    for name in dict.fromkeys((*own, *ours)):
        basis = bases.get(name.partition(".")[0])
        found.append(
            RuleValue(
                name=name,
                value=own.get(name, ""),
                default=ours.get(name, ""),
                citation=basis.citation if basis else "",
                note=basis.note if basis else "",
            )
        )
    return tuple(found)


def differing(rules: CouncilRules, default: CouncilRules) -> frozenset[str]:
    """Return the parts of the file in which some value is another than the default's."""
    return frozenset(
        one.name.partition(".")[0] for one in rule_values(rules, default) if one.differs
    )


def _flat(rules: CouncilRules) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in type(rules).model_fields:
        if name not in _NOT_VALUES:
            _write(found, name, getattr(rules, name))
    return found


def _write(found: dict[str, str], place: str, value: Any) -> None:
    fields = getattr(type(value), "model_fields", None)
    if fields is not None:
        for name in fields:
            if name != "basis":
                _write(found, f"{place}.{name}", getattr(value, name))
    elif isinstance(value, tuple):
        found[place] = ", ".join(
            str(one) if isinstance(one, int | str) else _window(one) for one in value
        )
    elif isinstance(value, bool):
        found[place] = "true" if value else "false"
    else:
        found[place] = str(value)


def _window(one: Any) -> str:
    return f"{one.ordinal}: {one.proposals_before} – {one.results_before}"
