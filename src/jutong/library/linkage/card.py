"""What a model card shows of a run: how pairs spread over weights, what became of them, what the model expects."""

# ruff: noqa: S608 - names are this package's own

from __future__ import annotations

from jutong.contracts.linkage import Bar, LinkCard, LinkModel, LinkSpec
from jutong.library.engine import Engine
from jutong.library.linkage.pairs import PAIRS, Compared

BAR = 2.0
"""Bits from bar to bar of the histogram."""


def card(engine: Engine, spec: LinkSpec, model: LinkModel, compared: Compared, seconds: float) -> LinkCard:
    """Return the card of what stands in the engine.

    Precision and recall are the model's own: by its probabilities, among the pairs that one record without a number
    has part in.
    """
    likely = "1.0 / (1.0 + power(2.0, -weight))"
    bars = engine.rows(f"SELECT floor(weight / {BAR}) * {BAR} AS start, count(*) FROM {PAIRS} GROUP BY 1 ORDER BY 1")
    sure, taken, every = engine.rows(
        f"SELECT coalesce(sum(CASE WHEN weight >= {spec.match} THEN {likely} ELSE 0.0 END), 0.0), "
        f"count(CASE WHEN weight >= {spec.match} THEN 1 END), coalesce(sum({likely}), 0.0) FROM {PAIRS} "
        "WHERE l_number IS NULL OR r_number IS NULL"
    )[0]
    sizes = engine.rows(
        "SELECT n, count(*) FROM (SELECT count(*) AS n FROM link_clusters GROUP BY cluster) G GROUP BY n ORDER BY n"
    )
    hows = dict(engine.rows("SELECT how, count(*) FROM link_clusters GROUP BY how"))
    asked = engine.rows("SELECT cause, count(*) FROM link_asked GROUP BY cause ORDER BY cause")
    return LinkCard(
        model=model.model_copy(update={"frequent": {}}),  # of no use to a reader, and half of it all
        match=spec.match,
        review=spec.review,
        records=sum(int(one) for one in hows.values()),
        certain=int(hows.get("certain", 0)),
        compared=compared.pairs,
        matched=int(hows.get("likely", 0)) + int(hows.get("decided", 0)),
        reviews=tuple((str(cause), int(count)) for cause, count in asked),
        clusters=sum(int(count) for _, count in sizes),
        sizes=tuple((int(size), int(count)) for size, count in sizes),
        histogram=tuple(Bar(start=float(start), pairs=int(count)) for start, count in bars),
        passed_over=compared.passed_over,
        precision=float(sure) / float(taken) if taken else -1.0,
        recall=float(sure) / float(every) if every else -1.0,
        seconds=seconds,
    )
