"""Codes in place of others: the pairs a translation consists of, worked out once, and looked up by whole columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pyarrow as pa

from jutong.contracts.steps import Translate
from jutong.node.exchange.rules.kernels import Array, Flags, flags, pc
from jutong.standards.code_tables import ShippedTable, shipped
from jutong.standards.codes import RANK, Arrival, Change, Span, arrive


class Translation:
    """The pairs of a step, ready to be looked up.

    Raises:
        KeyError: for a code table that is not shipped.
        ValueError: for a day no calendar has.
    """

    def __init__(self, step: Translate) -> None:
        self._otherwise = step.otherwise
        pairs = {**(_of_table(step) if step.table else {}), **dict(step.pairs)}
        self._from = pa.array(list(pairs), pa.string())
        self._to = pa.array(list(pairs.values()), pa.string())

    def __call__(self, array: Array) -> tuple[Array, Flags]:
        """Return what the values become, and which rows have a value that has no translation and ought to."""
        text = array if array.type == pa.string() else array.cast(pa.string())
        found = self._to.take(pc.index_in(text, value_set=self._from))
        missing = flags(pc.and_(text.is_valid(), found.is_null()))
        if self._otherwise == "keep":
            found = pc.coalesce(found, text)
        if self._otherwise != "refuse":
            missing[:] = False
        return found, missing


def _of_table(step: Translate) -> dict[str, str]:
    table = {one.key: one for one in shipped()}[step.table]
    if step.from_day is None or step.to_day is None:
        return _labels(step, table)
    start, end = date.fromisoformat(step.from_day), date.fromisoformat(step.to_day)
    names = {span.code: span.name for span in table.spans if span.in_force(end)}
    least = RANK[step.certainty]
    rows = _by_code(table.changes(), start, end)
    found: dict[str, str] = {}
    for read, code in _read_as(step, [span for span in table.spans if span.in_force(start)]).items():
        arrivals = arrive(code, start, end, _reached(code, rows))
        if (there := _settled(arrivals, least)) and there in names:
            found[read] = names[there] if step.gives == "name" else there
    return found


def _labels(step: Translate, table: ShippedTable) -> dict[str, str]:
    newest = {span.code: span for span in sorted(table.spans, key=lambda span: span.valid_from)}
    if step.reads == "code":
        return {code: span.name for code, span in newest.items()}
    return _read_as(step, table.spans)


def _read_as(step: Translate, spans: Iterable[Span]) -> dict[str, str]:
    """Return the code each code or name of these stands for; a name that several codes have stands for none."""
    if step.reads == "code":
        return {span.code: span.code for span in spans}
    codes: dict[str, set[str]] = defaultdict(set)
    for span in spans:
        codes[span.name].add(span.code)
    return {name: next(iter(found)) for name, found in codes.items() if len(found) == 1}


def _by_code(changes: Sequence[Change], start: date, end: date) -> Mapping[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for row in changes:
        if start < row.on <= end:
            found[row.code].append(row)
    return found


def _reached(code: str, rows: Mapping[str, list[Change]]) -> list[Change]:
    """Return the changes that can be met on the way from a code: all that happened would cost a walk each."""
    found: list[Change] = []
    known, waiting = set[str](), [code]
    while waiting:
        here = waiting.pop()
        if here in known:
            continue
        known.add(here)
        found += rows.get(here, [])
        waiting += [row.target for row in rows.get(here, []) if row.target]
    return found


def _settled(arrivals: Sequence[Arrival], least: int) -> str:
    """Return the one code that is arrived at with enough certainty, or nothing."""
    codes = {arrival.code for arrival in arrivals}
    sure = all(RANK[arrival.certainty] >= least for arrival in arrivals)
    return codes.pop() if len(codes) == 1 and sure else ""
