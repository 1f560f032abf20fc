"""Takes over foreign listings whole and writes down what became of every row.

Nothing is dropped silently: each row read is accepted, a repetition of an earlier one, or rejected with its reasons;
each column is mapped or listed with what stood in it; each spelling that was brought to a code is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jutong.center.intake.accept import CellFinding, Defaults, ProposedEntry, Severity, propose_entries, with_repeats
from jutong.center.intake.mapping import REASON_LABELS, SURE, ColumnMapping, ColumnMatch, propose, samples_of
from jutong.center.intake.reading import Listing, Sheet, SourceRow, letters
from jutong.center.intake.reading.errors import FileUnreadableError
from jutong.kernel.errors import JutongError

Tell = Callable[[str], str]
"""Turns source wording into the language of whoever reads the report."""
_EXAMPLES = 5


@dataclass(slots=True)
class _Warned:
    """Findings of one rule in one column, with their lines."""

    finding: CellFinding
    lines: list[int] = field(default_factory=list)
    rows: int = 0
    found: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class SheetHarvest:
    """One sheet on its way in. ``proposals`` reads it once; afterwards the counts stand and ``report`` tells them."""

    sheet: Sheet
    mapping: ColumnMapping
    defaults: Defaults = field(default_factory=Defaults)
    rows: int = 0
    """Rows of the file; with one 信息项 a row, several are one proposal."""
    read: int = 0
    accepted: int = 0
    repeated: int = 0
    warned: int = 0
    rejected: list[ProposedEntry] = field(default_factory=list)
    repeats: list[tuple[int, int]] = field(default_factory=list)
    problem: JutongError | None = None
    """Why the sheet was not read to its end; what came before stands."""
    _leftovers: Counter[str] = field(default_factory=Counter)
    _readings: dict[str, Counter[tuple[str, str, str]]] = field(default_factory=dict)
    _warnings: dict[tuple[str, str, str], _Warned] = field(default_factory=dict)

    def proposals(self) -> Iterator[ProposedEntry]:
        """Yield every proposal that is accepted and no repetition, counting all."""
        found = with_repeats(propose_entries(self._rows(), self.mapping, self.defaults), self.mapping)
        try:
            for proposal in found:
                self._count(proposal)
                if proposal.accepted and not proposal.repeats:
                    yield proposal
        except FileUnreadableError as error:
            self.problem = error

    def _rows(self) -> Iterator[SourceRow]:
        for row in self.sheet.rows():
            self.rows += 1
            yield row

    def _count(self, proposal: ProposedEntry) -> None:
        self.read += 1
        self._leftovers.update(proposal.leftovers.keys())
        for name, reading in proposal.readings.items():
            place = name.rpartition(".")[2] if name.startswith("items.") else name
            self._readings.setdefault(place, Counter())[reading.found, reading.became, reading.how] += 1
        for finding in proposal.findings:
            if finding.severity is Severity.WARNING:
                self._warn(finding)
        if not proposal.accepted:
            self.rejected.append(proposal)
            return
        self.accepted += 1
        self.warned += any(finding.severity is Severity.WARNING for finding in proposal.findings)
        if proposal.repeats:
            self.repeated += 1
            self.repeats.append((proposal.line, proposal.repeats))

    def _warn(self, finding: CellFinding) -> None:
        place = finding.field.rpartition(".")[2]
        known = self._warnings.setdefault((finding.rule, place, finding.column), _Warned(finding))
        known.rows += 1
        known.found[finding.found] += 1
        known.lines.append(finding.line)

    def report(self, tell: Tell) -> dict[str, Any]:
        """Return what became of the sheet, ready for JSON."""
        return {
            "sheet": self.sheet.name,
            "format": str(self.sheet.format),
            "header_line": self.sheet.header_line,
            "layout": str(self.mapping.layout),
            "rows": self.rows,
            **_counts(self),
            "problem": self.problem.explain() if self.problem else "",
            "mapping": [_match_row(match, tell) for match in self.mapping.columns if match.field],
            "unmapped": [self._unmapped_row(match, tell) for match in self.mapping.unmapped],
            "header_remarks": [
                {"kind": str(remark.kind), "cell": f"{letters(remark.column)}{remark.line}", "text": remark.text}
                for remark in self.sheet.remarks
            ],
            "leftovers": dict(self._leftovers.most_common()),
            "readings": {name: _reading_rows(found) for name, found in sorted(self._readings.items())},
            "warnings": [
                _warned_row(known, tell) for known in sorted(self._warnings.values(), key=lambda row: -row.rows)
            ],
            "rejected_rows": [_rejected_row(proposal, tell) for proposal in self.rejected],
            "repeated_rows": [{"line": line, "same_as": earlier} for line, earlier in self.repeats],
        }

    def _unmapped_row(self, match: ColumnMatch, tell: Tell) -> dict[str, Any]:
        return {
            "header": match.header,
            "letter": letters(match.column),
            "reason": tell(REASON_LABELS[match.reason]),
            "cells": self._leftovers[match.header],
        }


def harvests(
    listing: Listing, *, defaults: Defaults, choices: Mapping[str, str] | None = None
) -> Iterator[SheetHarvest]:
    """Yield a harvest for every sheet of a listing that people can see.

    Args:
        listing: what was read.
        defaults: what holds for rows that say nothing.
        choices: header to field where a person knows better than the proposal.
    """
    shown = [sheet for sheet in listing.sheets if not sheet.hidden] or list(listing.sheets)
    for sheet in shown:
        mapping = propose(sheet.headers, samples_of(sheet))
        yield SheetHarvest(sheet, mapping.changed(choices) if choices else mapping, defaults)


def totals(found: list[SheetHarvest]) -> dict[str, Any]:
    """Return the counts of several sheets together; ``accepted_share`` is of all rows read, 0 to 1."""
    names = ("rows", "read", "accepted", "rejected", "repeated", "warned")
    summed: dict[str, Any] = {
        name: sum(_counts(row)[name] if name != "rows" else row.rows for row in found) for name in names
    }
    summed["accepted_share"] = round(summed["accepted"] / summed["read"], 4) if summed["read"] else 0.0
    return summed


def reasons(found: list[SheetHarvest], tell: Tell) -> list[dict[str, Any]]:
    """Return why rows were rejected, the most frequent reason first."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for harvest in found:
        for proposal in harvest.rejected:
            counted.update({(row.rule, row.field, row.message) for row in _errors(proposal)})
    return [
        {"rule": rule, "field": name, "message": tell(message), "rows": rows}
        for (rule, name, message), rows in counted.most_common()
    ]


def _counts(row: SheetHarvest) -> dict[str, int]:
    return {
        "read": row.read,
        "accepted": row.accepted,
        "rejected": len(row.rejected),
        "repeated": row.repeated,
        "warned": row.warned,
    }


def _match_row(match: ColumnMatch, tell: Tell) -> dict[str, Any]:
    return {
        "header": match.header,
        "letter": letters(match.column),
        "field": match.field,
        "confidence": match.confidence,
        "reason": tell(REASON_LABELS[match.reason]),
        "values_agree": None if match.agree is None else round(match.agree, 2),
        "look": match.confidence < SURE,
    }


def _reading_rows(found: Counter[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [
        {"found": text, "became": code, "how": how, "rows": rows} for (text, code, how), rows in found.most_common()
    ]


def _warned_row(known: _Warned, tell: Tell) -> dict[str, Any]:
    finding = known.finding
    return {
        "rule": finding.rule,
        "field": finding.field,
        "column": finding.column,
        "message": tell(finding.message),
        "way_out": tell(finding.way_out),
        "rows": known.rows,
        "found": dict(known.found.most_common(_EXAMPLES)),
        "lines": _ranges(known.lines),
    }


def _rejected_row(proposal: ProposedEntry, tell: Tell) -> dict[str, Any]:
    return {
        "line": proposal.line,
        "name": proposal.fields.name,
        "reasons": [
            {
                "field": row.field,
                "column": row.column,
                "cell": f"{row.letter}{row.line}" if row.letter else "",
                "found": row.found,
                "rule": row.rule,
                "clause": row.clause,
                "message": tell(row.message),
                "way_out": tell(row.way_out),
            }
            for row in _errors(proposal)
        ],
        "row": dict(proposal.raw),
    }


def _errors(proposal: ProposedEntry) -> list[CellFinding]:
    return [finding for finding in proposal.findings if finding.severity is Severity.ERROR]


def _ranges(lines: list[int]) -> str:
    """Return line numbers as a person would write them: ``3-7, 9``."""
    spans: list[list[int]] = []
    for line in sorted(set(lines)):
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
