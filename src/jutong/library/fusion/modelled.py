"""Which records are of the same entity, by the trained linkage of ``jutong.library.linkage``."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from datetime import UTC

from jutong.contracts.linkage import LinkModel, LinkSpec
from jutong.kernel.canonical import canonical_json
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal
from jutong.library.fusion.linking import Answer, Kept, Question
from jutong.library.linkage.run import Before, LinkFeed, link

PREPARED, PAIRS = "fu_prepared", "fu_pairs"
PAIR = ("left_feed", "left_key", "right_feed", "right_key")


def by_model(engine: Engine, question: Question) -> Answer:
    """Bring records together by weight; what the linkage kept last time saves it from looking at all of them."""
    spec = LinkSpec.model_validate_json(canonical_json(dict(question.spec)))
    model = None if question.train else _model(engine, question, spec)
    feeds = tuple(
        LinkFeed(feed.name, question.records[feed.name], tuple(field for field, _ in feed.columns),
                 question.versions[feed.name])
        for feed in question.feeds
    )  # fmt: skip
    before = _before(engine, question) if model is not None else None
    linked = link(
        engine, spec, feeds, model=model, before=before, decisions=question.decisions,
        trained_at=question.now.astimezone(UTC).isoformat(), tell=question.tell,
    )  # fmt: skip
    card = linked.card.model_dump(mode="json")
    kept = {
        "prepared": Kept("SELECT * FROM link_prepared", ("feed", "key"), "SELECT feed, key FROM fu_gone", linked.full),
        "pairs": Kept("SELECT * FROM link_pairs", PAIR, "" if linked.full else _passed(), linked.full),
    }
    if linked.model != model:
        text = canonical_json(linked.model.model_dump(mode="json")).decode()
        kept["model"] = Kept(f"SELECT {literal(text)} AS model", ("model",), whole=True)
    return Answer("link_clusters", "link_review", card, kept)


def _model(engine: Engine, question: Question, spec: LinkSpec) -> LinkModel | None:
    """Return what was learnt by the same rules before."""
    path, version = question.beside["model"]
    if version < 0:
        return None
    engine.attach("fu_model", path, version)
    rows = engine.rows("SELECT model FROM fu_model")
    model = LinkModel.model_validate_json(rows[0][0]) if rows else None
    return model if model and (model.spec, model.spec_version) == (spec.code, spec.version) else None


def _before(engine: Engine, question: Question) -> Before | None:
    stored = [question.beside[kind] for kind in ("prepared", "pairs")]
    if not question.changed or any(version < 0 for _, version in stored):
        return None
    for called, (path, version) in zip((PREPARED, PAIRS), stored, strict=True):
        engine.attach(called, path, version)
    engine.keep("fu_as_it_was", f"SELECT feed, key, entity_id AS cluster FROM {question.links}")
    return Before(prepared=PREPARED, pairs=PAIRS, clusters="fu_as_it_was", changed=question.changed)


def _passed() -> str:
    """Return the stored pairs of records that were looked at anew."""
    listed = ", ".join(f"p.{one}" for one in PAIR)
    return " UNION ".join(
        f"SELECT {listed} FROM {PAIRS} AS p JOIN link_touched AS a ON a.feed = p.{side}_feed AND a.key = p.{side}_key"
        for side in ("left", "right")
    )
