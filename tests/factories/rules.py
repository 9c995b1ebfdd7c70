"""A province's own council rules that decide everything otherwise than our default."""

from pathlib import Path

import yaml

from app.rulebooks import loader

OWN = {
    "quorum": {"share": "2/3", "chair_or_delegate": False},
    "averaging": {"shown_decimals": 3},
    "divergence": {"limit": 15},
    "minimum_rule": {"method": "mean", "chair_confirms_split": False},
    "gates": {"decided_by": "chair"},
    "sheets_visible": {"producer": "nothing"},
    "rounds_of_scoring": {"value": 2},
    "days_before_meeting": {"value": 5},
    "site_survey": {"sets": [15, 26]},
    "rounds": [{"ordinal": 3, "proposals_before": "10-01", "results_before": "11-15"}],
}


def own_file(folder: Path, *, code: str = "lai-chau-2026", **changes: object) -> Path:
    """Write a regulation that decides everything otherwise, citing the province's own decision."""
    raw = yaml.safe_load((loader.DATA / "councils" / "lai-chau-default.yaml").read_bytes())
    raw |= {
        "code": code,
        "is_default": False,
        "title": "Quy chế hoạt động của Hội đồng",
        "documents": {
            "quy-che-2026": {
                "citation": "Quyết định 900/QĐ-UBND",
                "title": "Quy chế hoạt động của Hội đồng",
                "kind": "decision",
                "confidence": "high",
            }
        },
    }
    for name, values in OWN.items():
        if isinstance(values, dict):
            raw[name] |= values
            raw[name]["basis"] = {"source": "quy-che-2026", "article": "Điều 6"}
        else:
            raw[name] = values
    path = folder / f"{code}.yaml"
    folder.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(raw | changes, allow_unicode=True), "utf-8")
    return path
