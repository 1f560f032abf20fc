"""Small registers for the tests of linkage: rows by hand or from the generator, and one run over them."""

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jutong.contracts.linkage import LinkModel, LinkSpec
from jutong.library.engine import Engine
from jutong.library.linkage.levels import levels
from jutong.library.linkage.run import Before, Linked, LinkFeed, link
from jutong.library.linkage.spec import shipped
from jutong.standards.identity import check_character

FIELDS = ("name", "identity_number", "birth_date", "sex", "phone", "address")
_FIELDS: Any = [
    pa.field("_key", pa.string()),
    pa.field("_changed", pa.timestamp("us", "UTC")),
    pa.field("_problems", pa.string()),
    *(pa.field(field, pa.date32() if field == "birth_date" else pa.string()) for field in FIELDS),
]
SCHEMA = pa.schema(_FIELDS)
SPEC = shipped("person").model_copy(update={"sample": 1500})


def number(born: str, sequence: int, division: str = "110105") -> str:
    body = f"{division}{born.replace('-', '')}{sequence:03d}"
    return body + check_character(body)


def register(*rows: tuple[Any, ...]) -> pa.Table:
    """Rows of key, name, identity number, birth date, sex, phone, address."""
    listed = [
        {"_key": row[0], "_problems": "", **dict(zip(FIELDS, row[1:], strict=True)),
         "birth_date": dt.date.fromisoformat(row[3]) if row[3] else None}
        for row in rows
    ]  # fmt: skip
    return pa.Table.from_pylist(listed, schema=SCHEMA)


@lru_cache(maxsize=1)
def model() -> LinkModel:
    """A model with weights as a city's registers have them, so that hand-made rows need no training."""
    chance = {
        "name": (2e-6, 4e-6, 4e-5, 8e-6, 1e-3, 3e-2, 0.97), "identity_number": (1e-7, 1e-7, 1.0),
        "birth_date": (3e-5, 1e-5, 4e-3, 1e-2, 0.98), "sex": (0.5, 0.5), "phone": (1e-7, 1.0),
        "address": (2e-7, 1e-6, 4e-3, 0.99),
    }  # fmt: skip
    among = {
        "name": (0.90, 0.05, 0.03, 0.012, 0.005, 0.002, 0.001), "identity_number": (0.999, 0.0009, 0.0001),
        "birth_date": (0.985, 0.004, 0.008, 0.002, 0.001), "sex": (0.999, 0.001), "phone": (0.6, 0.4),
        "address": (0.55, 0.01, 0.01, 0.43),
    }  # fmt: skip
    from math import log2

    comparisons = [
        {
            "field": one.field,
            "levels": [
                {"code": level.code, "m": m, "u": u, "weight": log2(m / u)}
                for level, m, u in zip(levels(SPEC, one), among[one.field], chance[one.field], strict=True)
            ],
        }
        for one in SPEC.comparisons
    ]
    document = {
        "spec": SPEC.code, "spec_version": SPEC.version, "version": "1-test", "trained_at": "", "trained_on": (),
        "records": 1000, "seed": 1, "prior": 1e-6, "comparisons": comparisons,
    }  # fmt: skip
    return LinkModel.model_validate(document, strict=False)


def run(
    engine: Engine,
    tables: dict[str, pa.Table],
    *,
    spec: LinkSpec = SPEC,
    given: LinkModel | None = None,
    decisions: list[tuple[str, str, str]] | None = None,
    before: Before | None = None,
) -> Linked:
    """Link registers; decisions are two records as ``feed/key`` and a verdict."""
    for feed, rows in tables.items():
        engine.attach_rows(f"s_{feed}", rows)
    feeds = tuple(LinkFeed(feed, f"s_{feed}", tuple(rows.column_names[3:]), 7) for feed, rows in tables.items())
    if decisions is not None:
        columns = ("left_feed", "left_key", "right_feed", "right_key", "verdict")
        said = [(*left.split("/"), *right.split("/"), verdict) for left, right, verdict in decisions]
        engine.attach_rows("said", pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in said]))
    return link(
        engine, spec, feeds, model=given, before=before, decisions="said" if decisions else "", trained_at="2026-01-01"
    )


def groups(engine: Engine) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for feed, key, cluster in engine.rows("SELECT feed, key, cluster FROM link_clusters"):
        found.setdefault(cluster, set()).add(f"{feed}/{key}")
    return {frozenset(one) for one in found.values()}


def asked(engine: Engine) -> dict[frozenset[str], str]:
    rows = engine.rows("SELECT left_feed, left_key, right_feed, right_key, cause FROM link_review")
    return {frozenset((f"{row[0]}/{row[1]}", f"{row[2]}/{row[3]}")): row[4] for row in rows}


def read(folder: Path) -> dict[str, pa.Table]:
    return {name: pq.read_table(folder / f"{name}.parquet") for name in ("police", "civil", "social")}
