"""From weighed pairs to who is one: what the machine may join, what it cuts, and what it asks people.

Faces are what is joined: all records that bear one valid number (``#`` and the number), a stray, or a record without a
number (their ``uid``). A face without a number joins at most one number: the best, if it is better than the next by
the margin. Faces without numbers join each other unless that would bring two numbers together. Groups that grow too
large are cut at their weakest pairs. Whatever is cut or not decided becomes a question.
"""

# ruff: noqa: S608 - names come from checked rules, numbers from them too

from __future__ import annotations

from jutong.contracts.linkage import LinkSpec
from jutong.library.engine import Engine
from jutong.library.linkage.certain import STRAYS
from jutong.library.linkage.components import components
from jutong.library.linkage.levels import identity_column
from jutong.library.linkage.pairs import PAIRS

CUT_STEP = 10.0
"""By how many bits more a pair must weigh to hold together a group that is too large."""
BEST_UNSURE = 3
"""How many questions are asked about one record at most."""


def face(number: str, uid: str, stray: str) -> str:
    """Return the SQL of a record's face."""
    return f"CASE WHEN {number} IS NOT NULL AND {stray} IS NULL THEN '#' || {number} ELSE {uid} END"


def resolve(engine: Engine, spec: LinkSpec, prepared: str, decisions: str = "", pairs: str = PAIRS) -> None:
    """Keep ``link_clusters`` and ``link_asked`` of the records in ``prepared``.

    ``link_asked`` has the best pair of records for each question: ``l``, ``r``, ``weight``, ``levels``, ``cause``.

    Args:
        engine: where.
        spec: the rules.
        prepared: the records, prepared.
        decisions: a table ``l``, ``r``, ``verdict``; empty for none.
        pairs: a table like ``link_pairs``, both ends of each pair among the records.
    """
    _faces(engine, decisions, pairs)
    _attach(engine, spec)
    _among_loose(engine, spec)
    _large(engine, spec)
    _assign(engine, spec, prepared)
    if decisions:
        _decided(engine, decisions)
    _ask(engine, spec, decisions)


def _faces(engine: Engine, decisions: str, pairs: str) -> None:
    """Keep ``link_faced`` (pairs with faces) and ``link_edges`` (the best pair of two faces)."""
    engine.keep(
        "link_faced",
        f"SELECT P.l, P.r, P.weight, P.levels, P.l_number, P.r_number, {face('P.l_number', 'P.l', 'SL.uid')} AS lf, "
        f"{face('P.r_number', 'P.r', 'SR.uid')} AS rf FROM {pairs} P "
        f"LEFT JOIN {STRAYS} SL ON SL.uid = P.l LEFT JOIN {STRAYS} SR ON SR.uid = P.r",
    )
    apart = ""
    if decisions:
        engine.keep(
            "link_apart",
            f"SELECT DISTINCT least(F.lf, F.rf) AS a, greatest(F.lf, F.rf) AS b FROM link_faced F JOIN {decisions} D "
            "ON D.l = F.l AND D.r = F.r WHERE D.verdict = 'different'",
        )
        apart = "LEFT JOIN link_apart X ON X.a = G.a AND X.b = G.b WHERE X.a IS NULL"
    engine.keep(
        "link_edges",
        "SELECT G.* FROM (SELECT least(lf, rf) AS a, greatest(lf, rf) AS b, max(weight) AS w, "
        "max(CASE WHEN (lf < rf AND l_number IS NULL) OR (lf > rf AND r_number IS NULL) THEN 1 ELSE 0 END) AS a_loose, "
        "max(CASE WHEN (lf < rf AND r_number IS NULL) OR (lf > rf AND l_number IS NULL) THEN 1 ELSE 0 END) AS b_loose "
        f"FROM link_faced WHERE lf <> rf GROUP BY 1, 2) G {apart}",
    )


def _attach(engine: Engine, spec: LinkSpec) -> None:
    """Keep ``link_attached`` (``f``, ``anchor``, ``w``) and ``link_torn`` (``f``, its two candidates)."""
    candidates = (
        f"SELECT a AS f, b AS anchor, w FROM link_edges WHERE a_loose = 1 AND b_loose = 0 AND w >= {spec.match} "
        "UNION ALL SELECT b AS f, a AS anchor, w FROM link_edges "
        f"WHERE b_loose = 1 AND a_loose = 0 AND w >= {spec.match}"
    )
    engine.keep(
        "link_ranked",
        "SELECT f, anchor, w, row_number() OVER (PARTITION BY f ORDER BY w DESC, anchor) AS place, "
        f"max(w) OVER (PARTITION BY f) AS best FROM ({candidates}) C",
    )
    torn = f"SELECT f FROM link_ranked WHERE place = 2 AND best - w < {spec.margin}"
    engine.keep(
        "link_torn", f"SELECT R.f, R.anchor, R.w FROM link_ranked R JOIN ({torn}) T ON T.f = R.f WHERE R.place <= 2"
    )
    engine.keep(
        "link_attached",
        "SELECT R.f, R.anchor, R.w FROM link_ranked R LEFT JOIN (SELECT DISTINCT f FROM link_torn) T ON T.f = R.f "
        "WHERE R.place = 1 AND T.f IS NULL",
    )


def _among_loose(engine: Engine, spec: LinkSpec) -> None:
    """Keep ``link_inner``, the pairs that join faces without numbers, and ``link_cut``, those that must not."""
    engine.keep(
        "link_inner_all",
        "SELECT E.a, E.b, E.w, A.anchor AS a_anchor, B.anchor AS b_anchor FROM link_edges E "
        "LEFT JOIN link_attached A ON A.f = E.a LEFT JOIN link_attached B ON B.f = E.b "
        "LEFT JOIN (SELECT DISTINCT f FROM link_torn) TA ON TA.f = E.a "
        "LEFT JOIN (SELECT DISTINCT f FROM link_torn) TB ON TB.f = E.b "
        f"WHERE E.a_loose = 1 AND E.b_loose = 1 AND E.w >= {spec.match} AND TA.f IS NULL AND TB.f IS NULL",
    )
    parted = "a_anchor IS NOT NULL AND b_anchor IS NOT NULL AND a_anchor <> b_anchor"
    engine.keep("link_first", f"SELECT a, b FROM link_inner_all WHERE NOT coalesce({parted}, FALSE)")
    components(engine, "link_first", "link_comp")
    engine.keep(
        "link_torn_comp",
        "SELECT C.comp FROM link_comp C JOIN link_attached A ON A.f = C.f GROUP BY C.comp "
        "HAVING min(A.anchor) <> max(A.anchor)",
    )
    open_end = "(E.a_anchor IS NULL OR E.b_anchor IS NULL)"
    engine.keep(
        "link_judged",
        f"SELECT E.*, coalesce({parted}, FALSE) OR (T.comp IS NOT NULL AND {open_end}) AS cut FROM link_inner_all E "
        "LEFT JOIN link_comp C ON C.f = E.a LEFT JOIN link_torn_comp T ON T.comp = C.comp",
    )
    engine.keep("link_inner", "SELECT a, b, w FROM link_judged WHERE NOT cut")
    engine.keep("link_cut", "SELECT a, b, w, 'contradiction' AS cause FROM link_judged WHERE cut")


def _large(engine: Engine, spec: LinkSpec) -> None:
    """Cut groups of more than the largest: first keep only what holds firmly, then nothing."""
    for least in (spec.match + CUT_STEP, float("inf")):
        components(engine, "link_inner", "link_comp")
        big = f"SELECT comp FROM link_comp GROUP BY comp HAVING count(*) > {spec.largest}"
        if not engine.rows(f"SELECT count(*) FROM ({big}) B")[0][0]:
            break
        weak = "TRUE" if least == float("inf") else f"E.w < {least}"
        judged = (
            f"SELECT E.*, B.comp IS NOT NULL AND {weak} AS cut FROM link_inner E JOIN link_comp C ON C.f = E.a "
            f"LEFT JOIN ({big}) B ON B.comp = C.comp"
        )
        engine.keep("link_sized", judged)
        engine.keep(
            "link_cut", "SELECT * FROM link_cut UNION ALL SELECT a, b, w, 'large' AS cause FROM link_sized WHERE cut"
        )
        engine.keep("link_inner", "SELECT a, b, w FROM link_sized WHERE NOT cut")
    else:
        components(engine, "link_inner", "link_comp")
    # one number that too many records without one would join: the weakest stay outside
    engine.keep(
        "link_crowd",
        "SELECT f, anchor, w, row_number() OVER (PARTITION BY anchor ORDER BY w DESC, f) AS place FROM link_attached",
    )
    engine.keep(
        "link_cut",
        "SELECT * FROM link_cut UNION ALL SELECT least(f, anchor) AS a, greatest(f, anchor) AS b, w, 'large' AS cause "
        f"FROM link_crowd WHERE place > {spec.largest}",
    )
    engine.keep("link_attached", f"SELECT f, anchor, w FROM link_crowd WHERE place <= {spec.largest}")


def _assign(engine: Engine, spec: LinkSpec, prepared: str) -> None:
    """Keep ``link_joined`` (face without a number, cluster) and ``link_clusters``."""
    engine.keep(
        "link_joined",
        "SELECT coalesce(C.f, A.f) AS f, coalesce(A.anchor, K.anchor, C.comp) AS cluster FROM link_comp C "
        "FULL JOIN link_attached A ON A.f = C.f LEFT JOIN (SELECT C.comp, max(A.anchor) AS anchor FROM link_comp C "
        "JOIN link_attached A ON A.f = C.f GROUP BY C.comp) K ON K.comp = C.comp",
    )
    number = identity_column(spec)
    own = face(f"P.{number}", "P.uid", "S.uid") if number else "P.uid"
    certain = f"P.{number} IS NOT NULL AND S.uid IS NULL" if number else "FALSE"
    engine.keep(
        "link_clusters",
        f"SELECT P.feed, P.key, P.uid, coalesce(J.cluster, {own}) AS cluster, CASE WHEN J.cluster IS NOT NULL THEN "
        f"'likely' WHEN {certain} THEN 'certain' ELSE 'alone' END AS how FROM {prepared} P "
        f"LEFT JOIN {STRAYS} S ON S.uid = P.uid LEFT JOIN link_joined J ON J.f = P.uid",
    )


def _decided(engine: Engine, decisions: str) -> None:
    """Carry out what people decided over what the machine joined or left apart."""
    ends = (
        "SELECT L.cluster AS lc, R.cluster AS rc, L.uid AS l, R.uid AS r, L.how AS lh, R.how AS rh, D.verdict "
        f"FROM {decisions} D JOIN link_clusters L ON L.uid = D.l JOIN link_clusters R ON R.uid = D.r"
    )
    engine.keep("link_ends", ends)
    # different, and yet in one cluster by way of others: whoever bears no number leaves it
    leaving = (
        "SELECT CASE WHEN rh = 'certain' THEN l ELSE r END AS uid FROM link_ends "
        "WHERE verdict = 'different' AND lc = rc"
    )
    engine.keep(
        "link_clusters",
        "SELECT C.feed, C.key, C.uid, CASE WHEN X.uid IS NULL THEN C.cluster ELSE C.uid END AS cluster, "
        "CASE WHEN X.uid IS NULL THEN C.how ELSE 'alone' END AS how FROM link_clusters C "
        f"LEFT JOIN (SELECT DISTINCT uid FROM ({leaving}) Y) X ON X.uid = C.uid",
    )
    engine.keep("link_ends", ends)
    engine.keep("link_same", "SELECT lc AS a, rc AS b FROM link_ends WHERE verdict = 'same' AND lc <> rc")
    components(engine, "link_same", "link_merged")
    engine.keep(
        "link_said",
        "SELECT l AS uid FROM link_ends WHERE verdict = 'same' UNION SELECT r FROM link_ends WHERE verdict = 'same'",
    )
    engine.keep(
        "link_clusters",
        "SELECT C.feed, C.key, C.uid, coalesce(M.comp, C.cluster) AS cluster, "
        "CASE WHEN S.uid IS NOT NULL AND C.how <> 'certain' THEN 'decided' ELSE C.how END AS how FROM link_clusters C "
        "LEFT JOIN link_merged M ON M.f = C.cluster LEFT JOIN link_said S ON S.uid = C.uid",
    )


def _ask(engine: Engine, spec: LinkSpec, decisions: str) -> None:
    """Keep ``link_asked``."""
    alone = "LEFT JOIN link_joined {j} ON {j}.f = E.{end}"
    unsure = (
        f"SELECT E.a, E.b, E.w, CASE WHEN E.a_loose = 1 AND JA.f IS NULL THEN E.a ELSE E.b END AS about "
        "FROM link_edges E "
        f"{alone.format(j='JA', end='a')} {alone.format(j='JB', end='b')} "
        f"WHERE E.w >= {spec.review} AND E.w < {spec.match} "
        "AND ((E.a_loose = 1 AND JA.f IS NULL) OR (E.b_loose = 1 AND JB.f IS NULL))"
    )
    engine.keep(
        "link_unsure",
        f"SELECT a, b, w, row_number() OVER (PARTITION BY about ORDER BY w DESC, a, b) AS place FROM ({unsure}) U",
    )
    engine.keep(
        "link_questions",
        f"SELECT a, b, 'unsure' AS cause FROM link_unsure WHERE place <= {BEST_UNSURE} UNION "
        "SELECT a, b, cause FROM link_cut UNION "
        "SELECT least(f, anchor) AS a, greatest(f, anchor) AS b, 'two-identities' AS cause FROM link_torn",
    )
    numbers = (
        "CASE WHEN F.l_number = F.r_number THEN 'contradiction' WHEN F.l_number <> F.r_number THEN 'two-identities' END"
    )
    engine.keep(
        "link_open",
        f"SELECT F.l, F.r, F.weight, F.levels, coalesce(Q.cause, {numbers}) AS cause, row_number() OVER "
        "(PARTITION BY least(F.lf, F.rf), greatest(F.lf, F.rf) ORDER BY F.weight DESC, F.l, F.r, Q.cause) AS place "
        "FROM link_faced F LEFT JOIN link_questions Q ON Q.a = least(F.lf, F.rf) AND Q.b = greatest(F.lf, F.rf) "
        f"WHERE F.lf <> F.rf AND (Q.a IS NOT NULL OR {numbers} IS NOT NULL)",
    )
    known = (
        f" LEFT JOIN (SELECT l, r FROM {decisions} WHERE verdict IN ('same', 'different')) D ON D.l = O.l AND D.r = O.r"
        if decisions
        else ""
    )
    engine.keep(
        "link_asked",
        f"SELECT O.l, O.r, O.weight, O.levels, O.cause FROM link_open O{known} "
        "JOIN link_clusters CL ON CL.uid = O.l JOIN link_clusters CR ON CR.uid = O.r "
        f"WHERE O.place = 1 AND CL.cluster <> CR.cluster{' AND D.l IS NULL' if decisions else ''}",
    )
