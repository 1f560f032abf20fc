"""Registers become golden records: who is right, who is who, and that changes alone come to the same."""

from __future__ import annotations

import random
import re
import secrets
import shutil
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from jutong.contracts.fusion import FuseOrder, FusionSpec, SurvivorshipRule
from jutong.contracts.linkage import LinkCard, LinkModel, LinkSpec
from jutong.kernel.errors import JutongError
from jutong.library.definitions import shipped, table
from jutong.library.engine import Engine
from jutong.library.engine.duck import DuckEngine
from jutong.library.errors import TableBusyError
from jutong.library.fusion import modelled
from jutong.library.fusion.decisions import decide
from jutong.library.fusion.errors import (
    DecisionUnfitError,
    EqualAuthorityError,
    FeedUnfitError,
    FusionUnfitError,
    MergeCycleError,
    SourceAlteredError,
)
from jutong.library.fusion.identity import followed
from jutong.library.fusion.manifest import alone, current
from jutong.library.fusion.rules import linkage_for, order_for, spec_for
from jutong.library.fusion.shapes import HISTORY
from jutong.library.fusion.survivorship import Plan, _slices
from jutong.library.linkage.run import Before, Linked, LinkFeed
from jutong.library.tables import table_path
from tests.unit.library.fusion.oracle import Record, golden
from tests.unit.library.fusion.registers import CIVIL, FEEDS, NOW, SPEC, TABLE, City, day, feed, small


@pytest.fixture(autouse=True)
def _one_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ties between entities are told by their identifiers, which chance would make others each time."""
    monkeypatch.setattr(secrets, "token_hex", lambda size: "5a" * size)


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path)


def test_a_conflict_is_told_and_heals_when_the_source_does(city: City) -> None:
    """The police have a couple as single whom civil affairs have as married (公安/民政)."""
    small(city)

    first = city.fuse()

    assert (first.full, first.records, first.entities, first.created) == (True, 7, 3, 3)
    assert city.golden()["A"] | {"entity_id": ""} == {
        "entity_id": "", "id_number": "A", "name": "王伟", "marital": "20", "phone": "138", "died": None,
        "_sources": 3, "_updated": day(300), "_state": "active",
    }  # fmt: skip
    assert city.golden()["C"]["_state"] == "deceased"
    told = {(one.field, one.cause, one.open, one.opened, one.closed) for one in first.conflicts}
    assert told == {("marital", "differs", 1, 1, 0), ("name", "differs", 1, 1, 0)}
    name, marital = sorted(city.rows("conflicts"), key=lambda row: row["field"], reverse=True)
    assert (name["clue"], name["suggestion"], name["value"]) == ("spelling", "correct-record", "王 伟")
    assert (marital["feed"], marital["key"], marital["value"], marital["believed"]) == ("police", "p1", "10", "20")
    assert (marital["clue"], marital["suggestion"], marital["until"]) == ("older", "correct-record", None)
    person = next(row for row in city.rows("provenance") if row["phone"] == "social fresh")
    assert (person["marital"], person["id_number"], person["died"]) == ("civil source", "police agreed", None)

    city.put("police", {"p1": (400, "A", "王伟", "20", None)}, merge=True)
    healed = city.fuse()

    assert (healed.full, healed.changed, [one.changed for one in healed.feeds]) == (False, 1, [1, 0, 0])
    closed = next(row for row in city.rows("conflicts") if row["field"] == "marital")
    assert (closed["conflict_id"], closed["closed"]) == (marital["conflict_id"], "healed")
    assert (closed["since"], closed["until"]) == (NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    assert next(one for one in healed.conflicts if one.field == "marital").open == 0
    assert {row["marital"] for row in city.rows("provenance")} == {"civil agreed", None}
    assert dict(healed.filled) == {"id_number": 3, "name": 3, "marital": 2, "phone": 2, "died": 1}
    assert [one for one in healed.basis if one[0] == "marital"] == [("marital", "agreed", 2)]


def _people(rng: random.Random, count: int) -> dict[str, dict[str, tuple[Any, ...]]]:
    rows: dict[str, dict[str, tuple[Any, ...]]] = {"police": {}, "civil": {}, "social": {}, "health": {}}
    for number in range(count):
        for name, register in rows.items():
            for copy in range(rng.choice((0, 1, 1, 1, 2))):
                key = f"{name[0]}{number}{'' if copy == 0 else 'x'}"
                register[key] = _row(rng, name, number)
    return rows


def _a_day_later(rng: random.Random, rows: dict[str, dict[str, tuple[Any, ...]]]) -> None:
    for name, register in rows.items():
        for key in sorted(register):
            fate = rng.random()
            if register[key][1] == "N7":  # one is given a new number everywhere
                register[key] = (register[key][0], "M7", *register[key][2:])
            elif fate < 0.1:
                del register[key]
            elif fate < 0.3:  # somebody else's number now and then
                register[key] = _row(rng, name, rng.randrange(44))


def _row(rng: random.Random, name: str, number: int) -> tuple[Any, ...]:
    identity = None if rng.random() < 0.1 else f"N{number}"
    fields = {"id_number": identity, "name": rng.choice("王李张"), "marital": rng.choice((None, "10", "20")),
              "phone": rng.choice((None, "138", "139")), "died": None}  # fmt: skip
    one = next(one for one in RANDOM if one.name == name)
    return (rng.choice((None, 10, 10, 20, 30)), *(fields[field] for field, _ in one.columns))


RANDOM = (*FEEDS, feed("health", "11620100MB0004T", "police", "id_number", "name", "phone"))
"""Two registers of one role, so that equals differ."""


def test_changes_come_to_what_the_whole_comes_to_and_both_to_what_the_rules_say(tmp_path: Path) -> None:
    rng = random.Random(20261122)
    ours = City(tmp_path / "changes", feeds=RANDOM)
    rows = _people(rng, 40)
    for name, register in rows.items():
        ours.put(name, register)
    ours.fuse()
    _hold_against_the_rules(ours, rows, {})
    shutil.copytree(ours.folder, tmp_path / "whole")
    whole = City(tmp_path / "whole", feeds=RANDOM, works=ours.works)
    was = {row["entity_id"]: row for row in ours.rows()}
    _a_day_later(rng, rows)
    for each in (ours, whole):
        for name, register in rows.items():
            each.put(name, register)
        decide(each.fused, ("police", "p1"), ("civil", "c2"), verdict="same", ground="户口簿", by="李", now=NOW)

    by_changes, by_whole = ours.fuse(), whole.fuse(mode="full")

    assert (by_changes.full, by_whole.full) == (False, True)
    for beside in ("", "provenance", "links", "conflicts", "history", "review"):
        assert ours.rows(beside) == whole.rows(beside), beside
    for same in ("entities", "created", "merged", "split", "gone", "filled", "basis"):
        assert getattr(by_changes, same) == getattr(by_whole, same), same
    assert {row["event"] for row in ours.rows("history")} >= {"merged", "split", "gone", "code-changed"}
    assert min(by_changes.merged, by_changes.split, by_changes.gone) > 0
    opened = [(one.field, one.organisation_code, one.believed_code, one.cause, one.open) for one in by_whole.conflicts]
    mine = [(one.field, one.organisation_code, one.believed_code, one.cause, one.open) for one in by_changes.conflicts]
    assert [one for one in mine if one[-1]] == [one for one in opened if one[-1]]
    assert {one.cause for one in by_changes.conflicts} == {"differs", "equal-authority"}
    _hold_against_the_rules(ours, rows, was)


def _hold_against_the_rules(city: City, rows: dict[str, dict[str, tuple[Any, ...]]], was: dict[str, Any]) -> None:
    entities: dict[str, list[Record]] = defaultdict(list)
    for link in city.rows("links"):
        if link["until"] is None:
            one = next(one for one in city.feeds if one.name == link["feed"])
            changed, *said = rows[link["feed"]][link["key"]]
            values = dict(zip([field for field, _ in one.columns], said, strict=True))
            when = day(changed) if changed else None
            entities[link["entity_id"]].append(Record(link["feed"], link["key"], when, values))
    found = {row["entity_id"]: row for row in city.rows()}
    told = {row["entity_id"]: row for row in city.rows("provenance")}
    assert set(entities) == set(found) == set(told)
    assert sum(map(len, entities.values())) == sum(map(len, rows.values()))
    for entity_id, records in entities.items():
        values, basis = golden(city, records, was.get(entity_id, {}))
        assert {name: found[entity_id][name] for name in values} == values, records
        assert {name: told[entity_id][name] for name in basis} == basis, records


def test_an_entity_keeps_its_name_when_its_records_part_meet_leave_and_return(city: City) -> None:
    small(city)
    civil: dict[str, tuple[Any, ...]] = {"c2": (200, "B", "李娜", "20", None), "c3": (1, None, "赵四", "30", None)}
    city.put("civil", {**civil, "c4": (1, "D", "孙燕", "10", None)})
    city.fuse()
    ids = {row["key"]: row["entity_id"] for row in city.rows("links")}
    assert ids["c3"] != ids["p3"]

    decide(city.fused, ("police", "p3"), ("civil", "c3"), verdict="same", ground="核对了户口簿", by="李", now=NOW)
    city.put("civil", civil)
    joined = city.fuse()

    assert (joined.merged, joined.gone, joined.entities) == (1, 1, 3)
    (kept,) = {row["entity_id"] for row in city.rows("links") if row["key"] in {"c3", "p3"} and row["until"] is None}
    told = {(row["event"], row["entity_id"], row["other_id"]) for row in city.rows("history")}
    told = {one for one in told if one[0] != "state"}
    (lost,) = {ids["c3"], ids["p3"]} - {kept}
    assert told == {("merged", lost, kept), ("gone", ids["c4"], "")}

    later = NOW + timedelta(1)
    decide(city.fused, ("civil", "c3"), ("police", "p3"), verdict="different", ground="同名", by="赵", now=later)
    city.put("police", {"p2": (10, "B", "李娜", "20", None), "p3": (5, "C", "赵四", None, None)})
    city.put("civil", {**civil, "c4": (300, "D", "孙燕", "20", None)})
    parted = city.fuse()

    assert (parted.split, parted.gone, parted.created, parted.entities) == (1, 0, 1, 5)
    now = {row["key"]: row["entity_id"] for row in city.rows("links") if row["until"] is None}
    assert (now["c4"], now["c2"], now["s1"]) == (ids["c4"], ids["c2"], ids["s1"])
    assert lost not in now.values(), "a name that was given up is never another's"
    (new,) = {now["c3"], now["p3"]} - {kept}
    events = {(row["event"], row["entity_id"], row["other_id"]) for row in city.rows("history")} - told
    assert events >= {("split", new, kept), ("returned", ids["c4"], "")}


def test_an_entity_is_followed_to_what_it_became_and_never_round_in_a_circle(city: City) -> None:
    merges = [("P1", "P2", 1), ("P2", "P3", 2), ("P8", "P9", 1), ("P9", "P8", 2)]
    rows = [
        {**dict.fromkeys(HISTORY.names, ""), "event": "merged", "entity_id": one, "other_id": into, "at": day(when)}
        for one, into, when in merges
    ]
    with city.engine() as engine:
        engine.attach_rows("history", pa.Table.from_pylist(rows, HISTORY))
        assert [followed(engine, "history", one) for one in ("P1", "P3", "P7")] == ["P3", "P3", "P7"]
        with pytest.raises(MergeCycleError, match="P8"):
            followed(engine, "history", "P8")


def _model(spec: LinkSpec, version: str) -> LinkModel:
    return LinkModel(
        spec=spec.code, spec_version=spec.version, version=version, trained_at="", trained_on=(), records=7, seed=1,
        prior=0.1, comparisons=(),
    )  # fmt: skip


def test_a_model_is_kept_and_what_it_compared_with_the_fusion_that_used_it(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The linkage itself is tried elsewhere; here, that it is given and keeps what it asks for."""
    asked: list[tuple[str, list[tuple[Any, ...]]]] = []

    def link(
        engine: Engine, spec: LinkSpec, feeds: tuple[LinkFeed, ...], *, model: LinkModel | None, before: Before | None,
        **others: Any,
    ) -> Linked:  # fmt: skip
        everybody = " UNION ALL ".join(
            f"SELECT '{one.feed}' AS feed, _key AS key, name FROM {one.table}" for one in feeds
        )
        changed = "TRUE" if before is None else f"(feed, key) IN (SELECT feed, key FROM {before.changed})"
        engine.keep("link_prepared", f"SELECT * FROM ({everybody}) AS e WHERE {changed}")
        engine.keep(
            "link_clusters",
            f"SELECT feed, key, substr(name, 1, 1) AS cluster, 'likely' AS how FROM ({everybody}) AS e",
        )
        pair = "SELECT 'civil' AS left_feed, 'c1' AS left_key, 'police' AS right_feed, 'p1' AS right_key, 3.5 AS weight"
        engine.keep("link_pairs", f"{pair}, '12' AS levels")
        engine.keep("link_review", f"{pair}, 'unsure' AS cause, '[]' AS waterfall")
        if before is not None:
            engine.keep("link_touched", f"SELECT feed, key FROM {before.changed}")
            asked.append(("changed", engine.rows(f"SELECT * FROM {before.changed}")))
            asked.append(("pairs", engine.rows(f"SELECT left_key, weight FROM {before.pairs}")))
            asked.append(("prepared", engine.rows(f"SELECT count(*) FROM {before.prepared}")))
            asked.append(("clusters", engine.rows(f"SELECT count(DISTINCT cluster) FROM {before.clusters}")))
        used = model or _model(spec, "m1")
        card = LinkCard(
            model=used, match=1, review=0, records=7, certain=0, compared=1, matched=1, reviews=(), clusters=3,
            sizes=(), histogram=(), passed_over=0,
        )  # fmt: skip
        return Linked(used, card, before is None)

    monkeypatch.setattr(modelled, "link", link)
    city.linkage = linkage_for("RK", table("RK", "person"))
    small(city)
    first = city.fuse()
    assert (first.entities, first.reviews, first.card["model"]["version"]) == (3, 1, "m1")

    city.put("police", {"p9": (1, "Z", "钱一", "10", None)}, merge=True)
    second = city.fuse()

    assert (second.full, second.entities, second.created, second.reviews) == (False, 4, 1, 1)
    assert asked == [
        ("changed", [("police", "p9")]),
        ("pairs", [("c1", 3.5)]),
        ("prepared", [(7,)]),
        ("clusters", [(3,)]),
    ]
    assert len(city.rows("prepared")) == 8
    assert [row["waterfall"] for row in city.rows("review")] == ["[]"]
    trained = city.fuse(train=True)
    assert (trained.full, trained.created, trained.card["model"]["version"]) == (True, 0, "m1")


class _Killed(BaseException):
    """The process is gone."""


def test_a_fusion_killed_before_its_last_commit_never_was(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    small(city)
    city.fuse()
    before, rows = current(city.fused), city.rows()
    assert before is not None
    city.put("police", {"p1": (400, "A", "王伟", "20", None)})
    written: list[str] = []
    write = DuckEngine.write

    def dies(self: DuckEngine, sql: str, path: Path, **others: Any) -> int:
        if path == city.fused.path:
            raise _Killed
        written.append(path.name)
        return write(self, sql, path, **others)

    with monkeypatch.context() as patched:
        patched.setattr(DuckEngine, "write", dies)
        with pytest.raises(_Killed):
            city.fuse()

    assert {"person_provenance", "person_conflicts"} <= set(written)
    assert current(city.fused) == before
    assert city.rows() == rows

    city.put("police", {"p1": (400, "A", "王伟", "20", None), "p2": (10, "B", "李娜", "20", None)})
    place = city.place()
    done = city.fuse(place=place)
    assert done.feeds[0].gone == 1, "what the killed one wrote is not taken for what was there"
    assert [row["closed"] for row in city.rows("conflicts") if row["field"] == "marital"] == ["healed"]
    again = city.fuse(place=place)
    assert again == done, "begun anew after its commit, a work only tells its result"
    assert DeltaTable(str(city.fused.path)).version() == 1


def test_a_table_somebody_else_wrote_to_is_refused_and_the_last_good_version_stays(city: City) -> None:
    small(city)
    city.fuse()
    good = current(city.fused)
    assert good is not None
    standardised = table_path(city.library, "standardised", CIVIL, "civil")
    foreign = DeltaTable(str(standardised)).to_pyarrow_table().slice(0, 1)
    write_deltalake(str(standardised), foreign, mode="append")
    with pytest.raises(SourceAlteredError, match="standardised/11620100MB0002W/civil"):
        city.fuse()
    city.put("civil", {"c1": (200, "A", "王伟", "20", "139")})

    write_deltalake(str(city.fused.path), DeltaTable(str(city.fused.path)).to_pyarrow_table(), mode="append")
    with pytest.raises(SourceAlteredError, match="fused/RK/person"):
        city.fuse()
    now = current(city.fused)
    assert now is not None
    assert (now.version, now.altered) == (good.version, (("person", good.version + 1),))
    with alone(city.fused), pytest.raises(TableBusyError):
        city.fuse()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"feeds": ()}, FusionUnfitError),
        ({"feeds": (FEEDS[0], FEEDS[0])}, FusionUnfitError),
        ({"feeds": (feed("police", "X1", "police", "height"),)}, FusionUnfitError),
        ({"spec": SPEC.model_copy(update={"identity": ("height",)})}, FusionUnfitError),
        ({"spec": SPEC.model_copy(update={"rules": (SurvivorshipRule(), SurvivorshipRule())})}, FusionUnfitError),
        (
            {
                "feeds": (FEEDS[0], feed("health", "X2", "police", "name")),
                "spec": FusionSpec(version="1", effective_from="", rules=(SurvivorshipRule(order=("source",)),)),
            },
            EqualAuthorityError,
        ),
    ],
)  # fmt: skip
def test_rules_that_do_not_hold_are_refused_by_name(changes: dict[str, Any], error: type[JutongError]) -> None:
    order = FuseOrder(library="RK", table=TABLE, feeds=FEEDS, spec=SPEC).model_copy(update=changes)
    with pytest.raises(error):
        Plan(order.table, order.feeds, order.spec).check()


def test_a_register_that_was_not_standardised_is_named(city: City) -> None:
    city.put("police", {"p1": (10, "A", "王伟", "10", None)})
    with pytest.raises(FeedUnfitError, match="civil"):
        city.fuse()
    assert not city.fused.is_there()


def test_a_decision_says_of_two_records_what_and_why(city: City) -> None:
    pair: tuple[Any, ...] = (("police", "p1"), ("civil", "c1"))
    wrongs: list[dict[str, Any]] = [{"verdict": "perhaps"}, {"ground": "  "}]
    for wrong in wrongs:
        told: dict[str, Any] = {"verdict": "same", "ground": "户口簿", "by": "李", "now": NOW, **wrong}
        with pytest.raises(DecisionUnfitError):
            decide(city.fused, pair[0], pair[1], **told)
    with pytest.raises(DecisionUnfitError):
        decide(city.fused, pair[0], pair[0], verdict="same", ground="户口簿", by="李", now=NOW)


def test_shipped_rules_are_for_fields_there_are_and_slices_leave_no_entity_out() -> None:
    for library in shipped():
        for one in library.tables:
            if one.kind == "entity":
                Plan(one, (feed("f", "X", "police", one.keys[0]),), spec_for(library.code, one)).check()
    person = table("RK", "person")
    assert {rule.field for rule in spec_for("RK", person).rules} >= {"marital_status", "birth_date", ""}
    assert linkage_for("RK", person)["identity"] == "identity_number"
    assert order_for("RK", person, ()) is None
    parts = list(_slices(25_000_000))
    bounds = [re.findall(r"'(..)'", part) for part in parts]
    assert bounds[0][0] == "00"
    assert [len(one) for one in bounds] == [2] * 8 + [1]
    assert [one[1] for one in bounds[:-1]] == [one[0] for one in bounds[1:]] == sorted(one[0] for one in bounds[1:])
