"""Runs the executable norms over a subject: pure, so that the same answer comes from a page, a job and a test.

The score is the weighted mean, over the rules that had something to look at, of the share of things that follow the
rule: ``100 × Σ weight × (1 − failed ÷ checked) ÷ Σ weight``, rounded down so that 100 means without any finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from jutong.center.norms.checks import CHECKS
from jutong.center.norms.subject import Subject, World
from jutong.standards.norms import Norm


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule saw."""

    id: str
    weight: int
    checked: int
    failed: int


@dataclass(frozen=True, slots=True)
class NormFinding:
    """One finding of a run. ``message`` and ``way_out`` are Chinese source wording."""

    rule: str
    severity: str
    clause: str
    place: str
    found: str
    message: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run's score, what each rule saw, and every finding. The score is None when no rule had anything to look at."""

    score: int | None
    rules: tuple[RuleResult, ...]
    findings: tuple[NormFinding, ...]


def evaluate(subject: Subject, world: World, rules: Sequence[Norm]) -> Outcome:
    """Run rules over a subject."""
    results: list[RuleResult] = []
    findings: list[NormFinding] = []
    for rule in rules:
        seen = CHECKS[rule.check](subject, world, rule.parameters)
        if not seen.checked:
            continue
        failed = min(len(seen.hits), seen.checked)
        results.append(RuleResult(rule.id, rule.weight, seen.checked, failed))
        findings.extend(
            NormFinding(rule.id, rule.severity, rule.clause, hit.place, hit.found[:200], hit.message, hit.way_out)
            for hit in seen.hits
        )
    return Outcome(score(results), tuple(results), tuple(findings))


def score(results: Iterable[RuleResult]) -> int | None:
    """Return the score of what rules saw, 0 to 100, None when none saw anything."""
    rows = [row for row in results if row.checked]
    if not rows:
        return None
    total = sum(row.weight for row in rows)
    kept = sum((row.weight * (1 - Fraction(row.failed, row.checked)) for row in rows), Fraction(0))
    return int(100 * kept / total)


def summed(outcomes: Iterable[Outcome]) -> tuple[RuleResult, ...]:
    """Return what each rule saw over many subjects together."""
    found: dict[str, RuleResult] = {}
    for outcome in outcomes:
        for row in outcome.rules:
            former = found.get(row.id, RuleResult(row.id, row.weight, 0, 0))
            found[row.id] = RuleResult(row.id, row.weight, former.checked + row.checked, former.failed + row.failed)
    return tuple(found[key] for key in sorted(found))
