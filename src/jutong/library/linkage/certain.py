"""What needs no weighing: records that bear the same valid number and agree in name or birth.

A record whose number is valid stands for that number's entity, but for a stray: one that agrees with the others of
its number in nothing that confirms it (a number typed from the wrong line, or given out twice). A stray stands alone
until a person says otherwise.
"""

# ruff: noqa: S608 - names come from checked rules

from __future__ import annotations

from jutong.contracts.linkage import LinkSpec
from jutong.library.engine import Engine
from jutong.library.linkage.levels import columns, field_of, identity_column

STRAYS = "link_strays"


def confirming(spec: LinkSpec) -> list[str]:
    """Return the prepared columns agreement in which confirms a number: how a name sounds, a birth date as it is."""
    found = []
    for one in spec.confirm:
        field = field_of(spec, one)
        ending = {"name": "_sound", "title": "_core", "credit": "_body", "address": "_rest"}.get(field.preparation, "")
        found.append(f"{one}{ending}")
    return found


def find_strays(engine: Engine, spec: LinkSpec, prepared: str, decisions: str = "") -> None:
    """Keep ``link_strays`` (``uid``): records that bear a number but may not stand for it.

    Only numbers whose records differ in the first of what confirms are looked at one by one, which are few.
    """
    number = identity_column(spec)
    if not number:
        engine.keep(STRAYS, f"SELECT uid FROM {prepared} WHERE FALSE")
        return
    checks = confirming(spec)
    first = checks[0] if checks else number
    engine.keep(
        "link_mixed",
        f"SELECT {number} AS number FROM {prepared} WHERE {number} IS NOT NULL GROUP BY {number} "
        f"HAVING min({first}) <> max({first}) OR count({first}) < count(*)",
    )
    picked = ", ".join(f"P.{one} AS c{at}" for at, one in enumerate(checks or [number]))
    engine.keep(
        "link_mixed_rows",
        f"SELECT P.uid, P.{number} AS number, {picked} FROM {prepared} P JOIN link_mixed M ON M.number = P.{number}",
    )
    others = "".join(f", min(c{at}) AS c{at}" for at in range(1, len(checks)))
    groups = f"SELECT number, coalesce(c0, '') AS c0, count(*) AS n{others} FROM link_mixed_rows GROUP BY 1, 2"
    order = "lpad(CAST(n AS VARCHAR), 9, '0') || c0"
    leading = (
        f"SELECT G.* FROM ({groups}) G JOIN (SELECT number, max({order}) AS best FROM ({groups}) H GROUP BY number) B "
        f"ON B.number = G.number AND B.best = lpad(CAST(G.n AS VARCHAR), 9, '0') || G.c0"
    )
    agree = " OR ".join(f"coalesce(R.c{at} = T.c{at}, FALSE)" for at in range(len(checks or [number])))
    stray = f"SELECT R.uid FROM link_mixed_rows R JOIN ({leading}) T ON T.number = R.number WHERE NOT ({agree})"
    if decisions:
        stray += (
            f" UNION SELECT R.uid FROM {decisions} D JOIN {prepared} L ON L.uid = D.l "
            f"JOIN {prepared} R ON R.uid = D.r WHERE D.verdict = 'different' AND L.{number} = R.{number}"
        )
    engine.keep(STRAYS, stray)


def name_columns(spec: LinkSpec) -> list[str]:
    """Return all prepared columns of the rules."""
    return [column for field in spec.fields for column in columns(field)]
