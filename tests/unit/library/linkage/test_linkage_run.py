"""A whole linkage on invented people: what it finds against the truth, and that changes lead to the same end."""

from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from jutong.contracts.linkage import LinkCard, LinkModel
from jutong.library import synthetic
from jutong.library.engine import DUCKDB, EngineSetting, open_engine
from jutong.library.linkage.pairs import level_columns, weight
from jutong.library.linkage.run import Before
from jutong.library.linkage.train import _comparison
from tests.engines import spark_address

from .registers import SPEC, asked, groups, read, run

pc: Any = pyarrow.compute  # its types want arrays on both sides
PEOPLE = 1000
RATES = synthetic.Rates(
    missing_number=(0.01, 0.1, 0.12), variant_name=(0.01, 0.05, 0.05), homophone_name=(0.01, 0.03, 0.03)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("people")
    synthetic.write(found, PEOPLE, seed=5, rates=RATES)
    return found


@pytest.fixture(scope="module")
def first(folder, tmp_path_factory):
    """A full run with training: its engine stays open for all who look at what it left."""
    with open_engine(EngineSetting(memory_mb=512), tmp_path_factory.mktemp("scratch")) as engine:
        linked = run(engine, read(folder))
        for name in ("link_clusters", "link_pairs", "link_prepared", "link_review"):
            engine.keep(f"first_{name}", f"SELECT * FROM {name}")
        yield engine, linked


def truth(folder):
    rows = pq.read_table(folder / "truth.parquet").to_pylist()
    return {f"{row['register']}/{row['key']}": row["person"] for row in rows}


names = [f"g{at}" for at in range(len(SPEC.comparisons))]


def picked():
    return ", ".join(f"{sql} AS {name}" for sql, name in zip(level_columns(SPEC), names, strict=True))


def pairs_of(sets):
    return {(one, two) for group in sets for one in group for two in group if one < two}


def test_it_finds_who_is_who(folder, first):
    engine, linked = first
    people: dict[int, set[str]] = {}
    for record, person in truth(folder).items():
        people.setdefault(person, set()).add(record)
    right, found = pairs_of(people.values()), pairs_of(groups(engine))
    assert len(found & right) / len(found) >= 0.995
    assert len(found & right) / len(right) >= 0.97
    # that is not the numbers' work alone
    assert linked.card.matched > 150
    assert sum(n * count for n, count in linked.card.sizes) == linked.card.records == len(truth(folder))


def test_no_cluster_holds_two_numbers(first):
    engine, _ = first
    mixed = engine.rows(
        "SELECT count(*) FROM (SELECT C.cluster FROM link_clusters C JOIN link_prepared P ON P.uid = C.uid "
        "GROUP BY C.cluster HAVING min(P.identity_number) <> max(P.identity_number)) M"
    )
    assert mixed == [(0,)]


def test_what_was_learnt_survives_as_a_document_and_says_what_it_is(first):
    _, linked = first
    assert LinkModel.model_validate_json(linked.model.model_dump_json()) == linked.model
    assert LinkCard.model_validate_json(linked.card.model_dump_json()) == linked.card
    assert linked.card.model == linked.model.model_copy(update={"frequent": {}})
    assert linked.model.trained_on == (("police", 7), ("civil", 7), ("social", 7))
    for comparison in linked.model.comparisons:
        weights = [level.weight for level in comparison.levels]
        assert weights[0] > 0 > weights[-1], comparison.field


def test_weights_are_those_splink_gives(first):
    engine, linked = first
    sample = engine.batches(
        "SELECT uid AS unique_id, * FROM first_link_prepared ORDER BY name_sound LIMIT 400"
    ).read_all()
    settings = {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": linked.model.prior,
        "blocking_rules_to_generate_predictions": [block_on("name_sound")],
        "comparisons": [_comparison(SPEC, at, None) for at in range(len(SPEC.comparisons))],
    }
    for comparison, learnt in zip(settings["comparisons"], linked.model.comparisons, strict=True):
        for row, level in zip(comparison["comparison_levels"][1:], learnt.levels, strict=True):
            # a level nobody met weighs less with us than its probabilities say
            row["m_probability"], row["u_probability"] = level.u * 2**level.weight, level.u
    theirs = Linker(DuckDBAPI().register(sample, dataset_display_name="rows"), SettingsCreator(**settings))
    seen = {
        frozenset((row["unique_id_l"], row["unique_id_r"])): row["match_weight"]
        for row in theirs.inference.predict().as_record_list()
    }
    ours = engine.rows(
        f"SELECT l, r, {weight(linked.model, names)} FROM (SELECT L.uid AS l, R.uid AS r, {picked()} FROM "
        "first_link_prepared L JOIN first_link_prepared R ON L.uid < R.uid AND L.name_sound = R.name_sound) I"
    )
    found = {frozenset(row[:2]): row[2] for row in ours if frozenset(row[:2]) in seen}
    assert len(found) == len(seen) > 200
    assert all(found[pair] == pytest.approx(bits, abs=0.01) for pair, bits in seen.items())


def changed(tables):
    """A day later: some rows other, some gone, some new; and the keys of all these."""
    keys, later = [], {}
    for feed, rows in tables.items():
        marks = pc.cast(pc.utf8_slice_codeunits(rows["_key"], -2, 99), pa.int64())
        kept = rows.filter(pc.not_equal(marks, 3))
        other = pc.less(pc.cast(pc.utf8_slice_codeunits(kept["_key"], -2, 99), pa.int64()), 3)
        numbers = pc.if_else(other, pc.if_else(pc.is_valid(kept["phone"]), None, kept["identity_number"]),
                             kept["identity_number"])  # fmt: skip
        now = kept.set_column(kept.column_names.index("identity_number"), "identity_number", numbers)
        fresh = rows.filter(pc.equal(marks, 5))
        fresh = fresh.set_column(0, "_key", pc.binary_join_element_wise("N", fresh["_key"], ""))
        later[feed] = pa.concat_tables([now, fresh])
        for part in (rows.filter(pc.less(marks, 4)), fresh):
            keys += [{"feed": feed, "key": key} for key in part["_key"].to_pylist()]
    return later, pa.Table.from_pylist(keys)


def test_changes_lead_to_what_a_full_run_finds(folder, first, tmp_path):
    engine, linked = first
    later, keys = changed(read(folder))
    engine.attach_rows("day", keys)
    before = Before("first_link_prepared", "first_link_pairs", "first_link_clusters", "day")
    one, other = sorted(next(iter(asked(engine))))
    decisions = [(one, other, "different")]
    partly = run(engine, later, given=linked.model, before=before, decisions=decisions)
    assert not partly.full
    answered = {f"{feed}/{key}" for feed, key in engine.rows("SELECT feed, key FROM link_clusters")}
    assert len(answered) < len(truth(folder)) / 2
    some, questions = groups(engine), asked(engine)
    with open_engine(EngineSetting(memory_mb=512), tmp_path) as whole:
        assert run(whole, later, given=linked.model, decisions=decisions).full
        every = groups(whole)
        assert {group for group in every if group & answered} == some
        assert {pair: cause for pair, cause in asked(whole).items() if pair & answered} == questions
        # and whoever was not answered for is where they were
        gone = set(truth(folder)) - {record for group in every for record in group}
        held = {frozenset(group) for group in _as_it_was(engine) if not group & answered and not group <= gone}
        assert held == {group for group in every if not group & answered}


def _as_it_was(engine):
    found: dict[str, set[str]] = {}
    for feed, key, cluster in engine.rows("SELECT feed, key, cluster FROM first_link_clusters"):
        found.setdefault(cluster, set()).add(f"{feed}/{key}")
    return found.values()


def test_both_engines_find_the_same(folder, first, tmp_path):
    _, linked = first
    few = {feed: rows.slice(0, 150) for feed, rows in read(folder).items()}
    found = []
    for address in (DUCKDB, spark_address()):
        with open_engine(EngineSetting(address, 256), tmp_path) as one:
            run(one, few, given=linked.model)
            found.append(
                [
                    sorted(one.rows(f"SELECT * FROM {table}"), key=repr)
                    for table in ("link_prepared", "link_pairs", "link_clusters", "link_review")
                ]
            )
    assert all(found[0][:3])
    assert found[0] == found[1]
