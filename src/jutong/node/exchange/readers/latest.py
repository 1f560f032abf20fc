"""Of several messages about one thing only the last is merged: a merge takes a key once."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from jutong.contracts.modes import MergeMode
from jutong.node.exchange.jobs import private, write_whole
from jutong.node.exchange.readers.draining import ROWS, STATE, Drained
from jutong.node.mapped import parts_of, value_at
from jutong.node.queues.mapping import StreamTable


def latest_only(folder: Path, drained: Drained, mode: MergeMode, table: StreamTable) -> Drained:
    """Keep of the lines with one key the last; lines that are no row, or have no key, all stay.

    Done only where every key is a column of the mapping: a key that a step makes is not known yet.

    Args:
        folder: the job's own.
        drained: what it took.
        mode: with the keys.
        table: where they stand.
    """
    columns = table.every_column
    if not all(key in columns for key in mode.keys):
        return drained
    pointers = [parts_of(columns[key]) for key in mode.keys]
    last: dict[bytes, tuple[int, int]] = {}
    passed: set[int] = set()
    rows = folder / ROWS
    with rows.open("rb") as stream:
        for number, line in enumerate(stream):
            found = orjson.loads(line)
            if not isinstance(found, dict):
                continue
            values = [value_at(found, parts) for parts in pointers]
            if any(value is None for value in values):
                continue
            key, order = orjson.dumps(values), int(found["s"])
            # Messages that came again may stand behind newer ones: the stream's number decides.
            before = last.get(key)
            if before is not None:
                passed.add(number if before[0] > order else before[1])
            if before is None or before[0] < order:
                last[key] = (order, number)
    if not passed:
        return drained
    fresh = rows.with_suffix(".new")
    with rows.open("rb") as stream, open(fresh, "wb", opener=private) as kept:
        kept.writelines(line for number, line in enumerate(stream) if number not in passed)
        kept.flush()
        os.fsync(kept.fileno())
    told = drained.model_copy(update={"lines": drained.lines - len(passed)})
    fresh.replace(rows)
    write_whole(folder / STATE, told.model_dump_json(), durable=True)
    return told
