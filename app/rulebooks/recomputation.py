"""The record of a result, made so that whoever holds it can compute the result again.

Three layers, each bound to the next by a hash: the document (what was found, and by which rules) is
what the minutes print the hash of; it names the hash of the sealed sheets, which only the council
and the province read, and the hash of the rules in the plain form written here. So a producer, who
is told averages and reasons, checks the same printed hash without a single sheet, and a court with
the whole file needs neither this application nor its database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.rulebooks.model import CouncilRules, Criterion, GateEffect, Option, Regime, Rubric
from app.rulebooks.scoring import (
    GateUpheld,
    Result,
    canonical_json,
    council_result,
    document_hash,
)

DOCUMENT_VERSION = 1
FILE_FORMAT = "ocop-lai-chau/result"


@dataclass(frozen=True, slots=True)
class Record:
    """A result as plain JSON values: the open document, and the sheets it seals by their hash."""

    document: dict[str, Any]
    sealed: dict[str, Any]

    @property
    def hash(self) -> str:
        """The hash that is printed on the minutes: of the document, and through it of all."""
        return document_hash(self.document)


def record_of(
    result: Result,
    rubric: Rubric,
    regime: Regime,
    rules: CouncilRules,
    *,
    dossier: str,
    nonce: str = "",
) -> Record:
    """Return the record of a result of one dossier.

    Sheets are sorted by their content, so neither the order in which members are read nor their
    names can change it: «Phiếu 1» is a place in this one file, nobody's number elsewhere. The nonce
    keeps a guess at the sheets from being tried against the hash.
    """
    sealed = {
        "nonce": nonce,
        "sheets": sorted((dict(sorted(a.items())) for a in result.answers), key=canonical_json),
        "totals": sorted(score.total for score in result.sheets),
    }
    document = {
        "version": DOCUMENT_VERSION,
        "dossier": dossier,
        "regime": regime.code,
        "regime_hash": regime.sha256,
        "rubric": rubric.code,
        "rubric_hash": rubric.sha256,
        "council_rules": rules.code,
        "council_rules_hash": rules.sha256,
        "rules_hash": document_hash(plain_rules(rubric, regime, rules)),
        "sealed_hash": document_hash(sealed),
        "sheets_counted": len(result.sheets),
        "chair_confirmations": [
            {"criterion": criterion, "star": star, "met": met}
            for (criterion, star), met in sorted(result.chair_confirmations.items())
        ],
        "gates_upheld": [
            {
                "criterion": finding.criterion_code,
                "effect": finding.effect.value,
                "reason": finding.reason,
                "votes_for": finding.votes_for,
                "votes_against": finding.votes_against,
            }
            for finding in result.gates_upheld
        ],
        "average": ratio_text(result.average),
        "average_text": result.average_text,
        "median": ratio_text(result.median),
        "lowest": sealed["totals"][0],
        "highest": sealed["totals"][-1],
        "spread": result.spread,
        "criterion_means": {c: ratio_text(mean) for c, mean in result.criterion_means.items()},
        "minima": [
            {
                "criterion": finding.criterion_code,
                "star": finding.star,
                "option": finding.option_code,
                "reached_by": finding.reached_by,
                "counted": finding.counted,
                "met": finding.met,
                "confirmed": finding.confirmed,
            }
            for finding in result.minima
        ],
        "band_star": result.band_star,
        "star": result.star,
        "outcome": result.outcome.value,
        "reasons": [
            {"code": reason.code, "text": reason.text, "basis": reason.basis}
            for reason in result.reasons
        ],
    }
    return Record(document, sealed)


def recomputed(
    document: Mapping[str, Any],
    sealed: Mapping[str, Any],
    rubric: Rubric,
    regime: Regime,
    rules: CouncilRules,
) -> Record:
    """Compute a record again from its own inputs; equal records prove the result."""
    return record_of(
        result_under(document, sealed, rubric, regime, rules),
        rubric,
        regime,
        rules,
        dossier=document["dossier"],
        nonce=sealed["nonce"],
    )


def result_under(
    document: Mapping[str, Any],
    sealed: Mapping[str, Any],
    rubric: Rubric,
    regime: Regime,
    rules: CouncilRules,
) -> Result:
    """Return what the sheets of a record give under these rules, its own or others."""
    return council_result(
        rubric,
        regime,
        rules,
        sealed["sheets"],
        gates_upheld=[
            GateUpheld(
                finding["criterion"],
                GateEffect(finding["effect"]),
                finding["reason"],
                finding["votes_for"],
                finding["votes_against"],
            )
            for finding in document["gates_upheld"]
        ],
        chair_confirmations={
            (entry["criterion"], entry["star"]): entry["met"]
            for entry in document["chair_confirmations"]
        },
    )


def result_file(
    record: Record, rubric: Rubric, regime: Regime, rules: CouncilRules, *, with_sheets: bool
) -> dict[str, Any]:
    """Return the file of a result: all that a computation needs, the sheets for those who may."""
    return {
        "format": FILE_FORMAT,
        "version": DOCUMENT_VERSION,
        "document": record.document,
        "document_hash": record.hash,
        "rules": plain_rules(rubric, regime, rules),
        **({"sealed": record.sealed} if with_sheets else {}),
    }


def plain_rules(rubric: Rubric, regime: Regime, rules: CouncilRules) -> dict[str, Any]:
    """Return what a computation reads of the three documents, so that a file needs no other."""
    return {
        "decision": regime.decision,
        "rubric": rubric.name,
        "star_bands": [
            {
                "star": band.star,
                "low": ratio_text(band.low),
                "high": ratio_text(band.high),
                "high_included": band.high_included,
            }
            for band in regime.star_bands
        ],
        "criteria": [
            _plain_criterion(criterion, part.code, section.code)
            for part, section, criterion in rubric.walk()
        ],
        "gates": [
            {
                "criterion": gate.criterion_code,
                "effect": gate.effect.value,
                "text": gate.text,
                "any_zero_of": list(gate.any_zero_of),
            }
            for gate in rubric.gates
        ],
        "council_rules": rules.model_dump(mode="json", exclude={"sha256"}),
    }


def _plain_criterion(criterion: Criterion, part: str, section: str) -> dict[str, Any]:
    rule = criterion.applies_when
    return {
        "code": criterion.code,
        "name": criterion.name,
        "part": part,
        "section": section,
        "max": criterion.max,
        "applies_when": None
        if rule is None
        else {"criterion": rule.criterion, "min_points": rule.min_points},
        "options": [_plain_option(option) for option in criterion.options],
    }


def _plain_option(option: Option) -> dict[str, Any]:
    return {
        "code": option.code,
        "points": option.points,
        "label": option.label,
        "case": option.case,
        "star_min": option.star_min,
    }


def ratio_text(value: Fraction) -> str:
    """Write an exact fraction: 521/7."""
    return f"{value.numerator}/{value.denominator}"
