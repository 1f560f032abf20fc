"""Connected components over pairs, by SQL that halves the way to the smallest member in every round."""

# ruff: noqa: S608 - names are this package's own

from __future__ import annotations

from jutong.library.engine import Engine

ROUNDS = 60


def components(engine: Engine, edges: str, into: str) -> None:
    """Keep for every end of ``edges`` (``a``, ``b``) the smallest end it hangs together with: ``f``, ``comp``."""
    both = f"SELECT a, b FROM {edges} UNION SELECT b, a FROM {edges}"
    engine.keep("link_both", both)
    engine.keep(into, "SELECT a AS f, least(a, min(b)) AS comp FROM link_both GROUP BY a")
    for _ in range(ROUNDS):
        nearest = f"SELECT E.a AS f, min(N.comp) AS comp FROM link_both E JOIN {into} N ON N.f = E.b GROUP BY E.a"
        stepped = f"SELECT C.f, least(C.comp, N.comp) AS comp FROM {into} C JOIN ({nearest}) N ON N.f = C.f"
        # whoever points at a member that points further follows it
        engine.keep(
            "link_next", f"SELECT S.f, least(S.comp, J.comp) AS comp FROM ({stepped}) S JOIN {into} J ON J.f = S.comp"
        )
        moved = engine.rows(f"SELECT count(*) FROM link_next N JOIN {into} C ON C.f = N.f WHERE C.comp <> N.comp")[0][0]
        engine.keep(into, "SELECT f, comp FROM link_next")
        if not moved:
            return
