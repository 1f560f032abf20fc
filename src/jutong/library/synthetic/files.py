"""Rows of the registers into files, block by block."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jutong.library.synthetic import sources
from jutong.library.synthetic.people import Column, Flags, Ints, Rates, array, draw, pc

Shape = Literal["landed", "standardised"]
REGISTERS = sources.REGISTERS
BLOCK = 200_000
_PREFIX = {"police": "P", "civil": "C", "social": "S"}
_FULL_WIDTH = {str(digit): chr(0xFF10 + digit) for digit in range(10)}


def write(
    folder: Path, people: int, *, seed: int, shape: Shape = "standardised", rates: Rates | None = None
) -> dict[str, int]:
    """Write the registers and the truth of so many people; return how many rows each file has."""
    folder.mkdir(parents=True, exist_ok=True)
    used = rates or Rates()
    counts = dict.fromkeys((*REGISTERS, "people", "truth"), 0)
    with ExitStack() as stack:
        writers: dict[str, pq.ParquetWriter] = {}

        def put(name: str, table: pa.Table) -> None:
            if name not in writers:
                writer = pq.ParquetWriter(folder / f"{name}.parquet", table.schema, compression="zstd")
                writers[name] = stack.enter_context(writer)
            writers[name].write_table(table)
            counts[name] += table.num_rows

        for start in range(0, people, BLOCK):
            rng = np.random.default_rng([seed, start])
            block = draw(rng, min(BLOCK, people - start), start, used)
            put("people", sources.truth(block))
            for register in REGISTERS:
                rows = sources.of(register, block, rng, used)
                keys = _keys(register, counts[register], len(rows.person), people)
                put(register, _landed(rng, keys, rows) if shape == "landed" else _standardised(rng, keys, rows, used))
                names = array([register], pa.string()).take(array(np.zeros(len(keys), dtype=np.int64)))
                put("truth", pa.table({"register": names, "key": keys, "person": rows.person}))
    return counts


def _keys(register: str, start: int, count: int, people: int) -> Column:
    """Keys that say nothing about the person: the position, turned round by a prime."""
    size = 10 ** (len(str(people)) + 2)
    numbers = (np.arange(start, start + count, dtype=np.int64) * 7_368_787 + 13) % size
    padded = pc.utf8_lpad(array(numbers).cast(pa.string()), len(str(size)) - 1, "0")
    return pc.binary_join_element_wise(_PREFIX[register], padded, "")


def _old(numbers: Column, chosen: Flags) -> Column:
    """Some numbers in their form before 1999; the twentieth century only."""
    can = pc.equal(pc.utf8_slice_codeunits(numbers, 6, 8), "19")
    short = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(numbers, 0, 6), pc.utf8_slice_codeunits(numbers, 8, 17), ""
    )
    return pc.if_else(pc.and_(pc.fill_null(can, fill_value=False), array(chosen)), short, numbers)


def _standardised(rng: np.random.Generator, keys: Column, rows: sources.Rows, rates: Rates) -> pa.Table:
    columns = dict(rows.columns)
    changed = columns.pop("changed").cast(pa.timestamp("us", "UTC"))
    # as standardising leaves it: what fails its check is gone from the field and named beside it
    columns["identity_number"] = pc.if_else(pc.equal(rows.problems, ""), columns["identity_number"], None)
    return pa.table({"_key": keys, "_changed": changed, "_problems": rows.problems, **columns})


def _landed(rng: np.random.Generator, keys: Column, rows: sources.Rows) -> pa.Table:
    count = len(keys)
    columns = dict(rows.columns)
    place = REGISTERS.index(rows.register)
    numbers = _old(columns["identity_number"], rng.random(count) < Rates().old_number[place])
    numbers = _some(rng, count, 0.3, pc.utf8_lower(numbers), numbers)
    columns["identity_number"] = _some(rng, count, 0.01, pc.binary_join_element_wise(" ", numbers, " ", ""), numbers)
    columns["birth_date"] = _written(columns["birth_date"], rng.integers(0, 4, count))
    columns["phone"] = _some(rng, count, 0.02, _wide(columns["phone"]), columns["phone"])
    name = columns["name"]
    columns["name"] = _some(rng, count, 0.01, _spaced(name), name)
    columns["changed"] = pc.strftime(columns["changed"].cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    return pa.table({"record_key": keys, **columns})


def _some(rng: np.random.Generator, count: int, share: float, one: Column, other: Column) -> Column:
    return pc.if_else(array(rng.random(count) < share), one, other)


def _spaced(name: Column) -> Column:
    return pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(name, 0, 1),
        pc.utf8_slice_codeunits(name, 1, 99),
        pa.scalar("\u3000"),
    )


def _wide(column: Column) -> Column:
    for digit, wide in _FULL_WIDTH.items():
        column = pc.replace_substring(column, digit, wide)
    return column


def _written(dates: Column, writing: Ints) -> Column:
    """Dates in the four writings met in registers."""
    iso = dates.cast(pa.string())
    year, month, day = (pc.utf8_slice_codeunits(iso, a, b) for a, b in ((0, 4), (5, 7), (8, 10)))
    forms = (
        iso,
        pc.binary_join_element_wise(year, month, day, ""),
        pc.binary_join_element_wise(year, month, day, "/"),
        pc.binary_join_element_wise(
            pc.binary_join_element_wise(year, month, "年"), pc.binary_join_element_wise(day, "日", ""), "月"
        ),
    )
    return pc.choose(array(writing), *forms)
