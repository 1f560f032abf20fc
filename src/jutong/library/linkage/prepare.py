"""The columns that are compared, made from standardised values by SQL.

A field ``f`` becomes: as ``name`` ``f_text`` (variant characters folded), ``f_sound`` (read, without tones),
``f_first`` (the surname's first character) and ``f_band`` (0 rare, 1 usual, 2 frequent); as ``title`` ``f_text``,
``f_core`` (without place and legal form) and ``f_band``; as ``credit`` ``f_body`` (the nine characters of the
organisation code, which the credit code contains); as ``date`` ``f`` (eight digits) and ``f_year``; as ``address``
``f_area`` (six digits), ``f_rest`` and ``f_street``; otherwise ``f``.
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from jutong.contracts.linkage import LinkField, LinkSpec
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name
from jutong.library.linkage.characters import areas, characters, places
from jutong.library.linkage.levels import columns

if TYPE_CHECKING:
    from jutong.library.linkage.run import LinkFeed

LONGEST = 6
"""Characters of a name that are folded and read; what is longer is kept as it is."""
FREQUENT_SHARE = {2: 2e-4, 1: 2e-5}
"""From which share of the records on a value is frequent, or usual; the rest is rare."""
FREQUENT_COUNT = 10
FREQUENT_MOST = 5000
_WEIGHTS = tuple(2**place % 11 for place in range(17, 0, -1))
_AREA = "^(.{1,8}?(省|自治区|特别行政区))?(.{1,10}?(市|州|盟|地区))?(.{1,12}?(区|县|旗|市))?"
_FORMS = (
    "(有限责任公司|股份有限公司|集团有限公司|有限公司|集团公司|股份公司|合伙企业（有限合伙）|合伙企业|个人独资企业|"
    "分公司|公司|集团|厂|店|中心|事务所|合作社|学校|医院)$"
)


def union(feeds: Sequence[LinkFeed], spec: LinkSpec, changed: str = "") -> str:
    """Return the SQL of all records under ``feed``, ``key`` and the rules' fields, as text.

    Args:
        feeds: the registers.
        spec: the rules.
        changed: only records in this table (``feed``, ``key``); empty for all.
    """
    parts = []
    for feed in feeds:
        picked = [f"{literal(feed.feed)} AS feed", "S._key AS key"]
        for field in spec.fields:
            there = [one for one in (field.name, *field.also) if one in feed.fields]
            texts = [f"CAST(S.{name(one)} AS VARCHAR)" for one in there]
            value = (
                f"coalesce({', '.join(texts)})" if len(texts) > 1 else texts[0] if texts else "CAST(NULL AS VARCHAR)"
            )
            picked.append(f"{value} AS {name(field.name)}")
        only = f" JOIN {name(changed)} C ON C.feed = {literal(feed.feed)} AND C.key = S._key" if changed else ""
        parts.append(f"SELECT {', '.join(picked)} FROM {name(feed.table)} S{only}")
    return " UNION ALL ".join(parts)


def prepare(engine: Engine, spec: LinkSpec, rows: str, into: str, frequent: dict[str, tuple[str, ...]] | None) -> None:
    """Keep the prepared columns of the records of a query as a table.

    Args:
        engine: where.
        spec: the rules.
        rows: SQL as :func:`union` makes it.
        into: the table's name.
        frequent: digests of frequent values from a model; without it, values are counted.
    """
    engine.attach_rows("link_characters", characters())
    engine.attach_rows("link_areas", areas())
    picked, joins = ["T.feed", "T.key", "T.feed || '/' || T.key AS uid"], []
    for field in spec.fields:
        if field.preparation in {"name", "title"}:
            _map(engine, field, rows, frequent)
            joins.append(
                f"LEFT JOIN {name(_map_name(field))} M_{field.name} ON M_{field.name}.raw = T.{name(field.name)}"
            )
            picked += [f"M_{field.name}.{name(column)}" for column in columns(field)]
        elif field.preparation == "address":
            joins.append(f"LEFT JOIN link_areas A_{field.name} ON A_{field.name}.writing = T.{field.name}_found")
            picked += _address(field)
        else:
            picked += _plain(field)
    found = [
        f"regexp_extract({name(field.name)}, {literal(_AREA)}, 0) AS {field.name}_found"
        for field in spec.fields
        if field.preparation == "address"
    ]
    source = f"(SELECT *{', ' if found else ''}{', '.join(found)} FROM ({rows}) Z)"
    engine.keep(into, f"SELECT {', '.join(picked)} FROM {source} T {' '.join(joins)}")


def frequent_values(engine: Engine, spec: LinkSpec) -> dict[str, tuple[str, ...]]:
    """Return digests of the frequent values that the last :func:`prepare` counted, under ``<field>:<band>``."""
    result: dict[str, tuple[str, ...]] = {}
    for field in spec.fields:
        if field.preparation in {"name", "title"}:
            text, table = f"{field.name}_text", name(_map_name(field))
            for band in (2, 1):
                found = engine.rows(
                    f"SELECT md5({text}) AS digest, sum(n) AS n FROM {table} WHERE {field.name}_band = {band} "
                    f"GROUP BY {text} ORDER BY n DESC, digest LIMIT {FREQUENT_MOST}"
                )
                result[f"{field.name}:{band}"] = tuple(row[0][:16] for row in found)
    return result


def _map_name(field: LinkField) -> str:
    return f"link_map_{field.name}"


def _map(engine: Engine, field: LinkField, rows: str, frequent: dict[str, tuple[str, ...]] | None) -> None:
    """Keep what each distinct name becomes: the work is done once for a name, not once for a record."""
    f, kept = field.name, _map_name(field)
    distinct = (
        f"SELECT {name(f)} AS raw, count(*) AS n FROM ({rows}) Z WHERE {name(f)} IS NOT NULL AND {name(f)} <> '' "
        f"GROUP BY {name(f)}"
    )
    engine.keep(kept, _names(distinct, f) if field.preparation == "name" else _titles(distinct, f))
    text = f"{f}_text"
    if frequent is None:
        total = f"(SELECT sum(n) FROM {name(kept)})"
        shares = " ".join(f"WHEN C.n >= {FREQUENT_SHARE[band]} * {total} THEN {band}" for band in (2, 1))
        band = f"CASE WHEN C.n < {FREQUENT_COUNT} THEN 0 {shares} ELSE 0 END"
        counts = f"SELECT {text}, sum(n) AS n FROM {name(kept)} GROUP BY {text}"
        engine.keep(
            kept, f"SELECT K.*, {band} AS {f}_band FROM {name(kept)} K JOIN ({counts}) C ON C.{text} = K.{text}"
        )
        return
    listed = [(digest, band) for band in (1, 2) for digest in frequent.get(f"{f}:{band}", ())]
    banded = {
        "digest": pa.array([one for one, _ in listed], pa.string()),
        "band": pa.array([b for _, b in listed], pa.int32()),
    }
    engine.attach_rows("link_frequent", pa.table(banded))
    engine.keep(
        kept,
        f"SELECT K.*, coalesce(F.band, 0) AS {f}_band FROM {name(kept)} K "
        f"LEFT JOIN link_frequent F ON F.digest = substr(md5(K.{text}), 1, 16)",
    )


def _names(distinct: str, f: str) -> str:
    places = range(1, LONGEST + 1)
    joins = " ".join(f"LEFT JOIN link_characters C{at} ON C{at}.ch = substr(D.raw, {at}, 1)" for at in places)
    rest = f"substr(D.raw, {LONGEST + 1})"
    fold = " || ".join(f"coalesce(C{at}.fold, lower(substr(D.raw, {at}, 1)))" for at in places)
    sound = " || ".join(
        f"coalesce(C{at}.{'first_sound' if at == 1 else 'sound'}, lower(substr(D.raw, {at}, 1)))" for at in places
    )
    return (
        f"SELECT D.raw, D.n, {fold} || {rest} AS {f}_text, {sound} || {rest} AS {f}_sound, "
        f"coalesce(C1.fold, lower(substr(D.raw, 1, 1))) AS {f}_first FROM ({distinct}) D {joins}"
    )


def _titles(distinct: str, f: str) -> str:
    plain = "upper(replace(replace(replace(D.raw, '(', '（'), ')', '）'), ' ', ''))"
    core = f"regexp_replace(regexp_replace({plain}, {literal(_FORMS)}, ''), {literal(places())}, '')"
    return (
        f"SELECT D.raw, D.n, {plain} AS {f}_text, coalesce(nullif({core}, ''), {plain}) AS {f}_core FROM ({distinct}) D"
    )


def _address(field: LinkField) -> list[str]:
    f, area = f"T.{name(field.name)}", f"A_{field.name}.area"
    rest = f"CASE WHEN {area} IS NULL THEN {f} ELSE substr({f}, length(T.{field.name}_found) + 1) END"
    return [
        f"nullif({area}, '') AS {field.name}_area",
        f"nullif({rest}, '') AS {field.name}_rest",
        f"nullif(regexp_extract({rest}, '^[^0-9]+', 0), '') AS {field.name}_street",
    ]


def _plain(field: LinkField) -> list[str]:
    value, f = f"T.{name(field.name)}", field.name
    if field.preparation == "date":
        digits = f"nullif(replace(substr({value}, 1, 10), '-', ''), '')"
        return [f"{digits} AS {f}", f"substr({digits}, 1, 4) AS {f}_year"]
    if field.preparation == "identity":
        return [f"{_valid_identity(value)} AS {f}"]
    if field.preparation == "credit":
        code = f"upper(replace({value}, '-', ''))"
        body = f"CASE length({code}) WHEN 18 THEN substr({code}, 9, 9) WHEN 9 THEN {code} END"
        return [f"{body} AS {f}_body"]
    return [f"nullif(lower(replace({value}, ' ', '')), '') AS {f}"]


def _valid_identity(value: str) -> str:
    """Return the SQL of an identity number whose check character is right (GB 11643), null for any other."""
    total = " + ".join(
        f"{weight} * CAST(substr({value}, {at}, 1) AS INTEGER)" for at, weight in enumerate(_WEIGHTS, start=1)
    )
    check = f"substr('10X98765432', CAST(({total}) % 11 AS INTEGER) + 1, 1)"
    shaped = f"regexp_extract({value}, '^[0-9]{{17}}[0-9X]$', 0) <> ''"
    return f"CASE WHEN {shaped} THEN CASE WHEN substr({value}, 18, 1) = {check} THEN {value} END END"
