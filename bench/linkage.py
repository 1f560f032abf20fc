"""Who is who: linkage of three dirty registers of invented people against the truth, whole and for a day's changes.

``python bench/linkage.py [PEOPLE] [MEMORY_MB]`` (1,000,000 and 4096). The people are written to a temporary folder
first. Then the data sets that linkage tools are tried on (Febrl 1 and 2), beside Splink as its own comparison library
sets it up; both look for pairs in the same blocks.
"""

from __future__ import annotations

import csv
import logging
import resource
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from _report import Report
from jutong.contracts.linkage import LinkSpec
from jutong.library import synthetic
from jutong.library.engine import Engine, EngineSetting, open_engine
from jutong.library.linkage.run import Before, Linked, LinkFeed, link
from jutong.library.linkage.spec import shipped

PRECISION, RECALL = 0.995, 0.97
DATA = Path(__file__).resolve().parent / "data"
FEBRL_FIELDS = {
    "given_name": "text", "surname": "text", "date_of_birth": "date", "soc_sec_id": "registration",
    "address_1": "text", "suburb": "text", "postcode": "registration",
}  # fmt: skip
FEBRL_BLOCKS = (("soc_sec_id",), ("given_name", "surname"), ("date_of_birth",), ("surname", "postcode"),
                ("given_name", "postcode"), ("address_1",))  # fmt: skip


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    memory = int(sys.argv[2]) if len(sys.argv) > 2 else 4096
    report = Report("linkage")
    with tempfile.TemporaryDirectory() as folder:
        registers(report, Path(folder), people, memory)
    for number in (1, 2):
        febrl(report, number)
    report.finish()


def registers(report: Report, folder: Path, people: int, memory: int) -> None:
    start = time.monotonic()
    counts = synthetic.write(folder / "people", people, seed=1)
    records = counts["truth"]
    report.row("people in the truth", people, "people")
    report.row("records in three registers", records, "records")
    report.row("making them", time.monotonic() - start, "s")
    spec = shipped("person")
    with open_engine(EngineSetting(memory_mb=memory), folder) as engine:
        feeds = attach(engine, folder / "people")
        phases: dict[str, float] = {}
        begun: list[tuple[str, float]] = []

        def tell(phase: str, done: int, total: int) -> None:
            if begun:
                phases[begun[-1][0]] = time.monotonic() - begun[-1][1]
            begun.append((phase, time.monotonic()))

        start, cpu = time.monotonic(), time.process_time()
        linked = link(engine, spec, feeds, tell=tell, trained_at="bench")
        tell("", 0, 0)
        took, cpu = time.monotonic() - start, time.process_time() - cpu
        for phase, seconds in phases.items():
            report.row(f"full run: {phase}", seconds, "s")
        report.row("full run", took, "s")
        report.row("full run, CPU", cpu, "s")
        report.row("full run", records / took, "records/s")
        report.row("pairs weighed", linked.card.compared, "pairs")
        report.row("pairs weighed", linked.card.compared / max(phases.get("pairs", took), 1e-9), "pairs/s")
        judge(report, engine, folder / "people")
        changes(report, engine, feeds, linked, took)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report.row("peak memory", peak, "MB", goal=f"engine held to {memory}, 24 GiB in all", met=peak < 20_000)


def attach(engine: Engine, folder: Path) -> tuple[LinkFeed, ...]:
    feeds = []
    for register in synthetic.REGISTERS:
        path = folder / f"{register}.parquet"
        schema = pq.read_schema(path)
        engine.attach_files(register, (path,), schema)
        feeds.append(LinkFeed(register, register, tuple(one for one in schema.names if not one.startswith("_"))))
    return tuple(feeds)


def judge(report: Report, engine: Engine, folder: Path) -> None:
    truth = folder / "truth.parquet"
    engine.attach_files("truth", (truth,), pq.read_schema(truth))
    engine.keep(
        "judged",
        "SELECT C.cluster, T.person, C.uid FROM link_clusters C JOIN truth T ON T.register = C.feed AND T.key = C.key",
    )

    def pairs(by: str) -> float:
        return float(
            engine.rows(f"SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM judged GROUP BY {by}) G")[0][0]
        )

    both = pairs("cluster, person")
    precision, recall = both / pairs("cluster"), both / pairs("person")
    report.row("precision, pairs", precision, "", goal=PRECISION, met=precision >= PRECISION)
    report.row("recall, pairs", recall, "", goal=RECALL, met=recall >= RECALL)
    mixed = engine.rows(
        "SELECT count(*) FROM (SELECT C.cluster FROM link_clusters C JOIN link_prepared P ON P.uid = C.uid "
        "GROUP BY C.cluster HAVING min(P.identity_number) <> max(P.identity_number)) M"
    )[0][0]
    report.row("clusters with two valid numbers", int(mixed), "", goal=0, met=mixed == 0)
    report.row("questions for people", int(engine.rows("SELECT count(*) FROM link_review")[0][0]), "pairs")


def changes(report: Report, engine: Engine, feeds: tuple[LinkFeed, ...], linked: Linked, full: float) -> None:
    """A day on which one record in a hundred has another phone and another address."""
    for table in ("link_clusters", "link_prepared", "link_pairs"):
        engine.keep(f"before_{table}", f"SELECT * FROM {table}")
    chosen = "substr(md5(_key), 1, 2) < '03' AND substr(md5(_key), 3, 1) < 'e'"
    for feed in feeds:
        engine.keep(
            f"{feed.feed}_later",
            f"SELECT * REPLACE (CASE WHEN {chosen} THEN '18800000000' ELSE phone END AS phone, "
            f"CASE WHEN {chosen} THEN '新址' || _key ELSE address END AS address) FROM {feed.table}",
        )
    engine.keep(
        "day",
        " UNION ALL ".join(
            f"SELECT '{feed.feed}' AS feed, _key AS key FROM {feed.table} WHERE {chosen}" for feed in feeds
        ),
    )
    share = engine.rows("SELECT (SELECT count(*) FROM day) / (SELECT count(*) FROM before_link_prepared)")[0][0]
    before = Before("before_link_prepared", "before_link_pairs", "before_link_clusters", "day")
    later = tuple(LinkFeed(feed.feed, f"{feed.feed}_later", feed.fields) for feed in feeds)
    start = time.monotonic()
    link(engine, shipped("person"), later, model=linked.model, before=before)
    took = time.monotonic() - start
    report.row("records changed", float(share) * 100, "%")
    report.row("run for these", took, "s")
    report.row("run for these of a full run", took / full * 100, "%", goal="<= 5", met=took / full <= 0.05)


def febrl(report: Report, number: int) -> None:
    with (DATA / f"febrl_dataset{number}.csv").open(encoding="utf-8") as file:
        rows = [{key.strip(): value.strip() or None for key, value in row.items()} for row in csv.DictReader(file)]
    truth = pairs([(str(row["rec_id"]), str(row["rec_id"]).split("-")[1]) for row in rows])
    ours, theirs = by_us(rows), by_splink(rows)
    for name, ours_is, theirs_is in (
        ("precision", len(ours & truth) / len(ours), len(theirs & truth) / len(theirs)),
        ("recall", len(ours & truth) / len(truth), len(theirs & truth) / len(truth)),
    ):
        report.row(f"Febrl {number}, {name}", ours_is, "", peer=round(theirs_is, 4))


def pairs(named: list[tuple[str, str]]) -> set[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for record, group in named:
        found.setdefault(group, []).append(record)
    return {pair for group in found.values() for pair in combinations(sorted(group), 2)}


def by_us(rows: list[dict[str, str | None]]) -> set[tuple[str, str]]:
    spec = LinkSpec.model_validate(
        {
            "code": "febrl", "entity": "person", "version": "1", "effective_from": "2026-01-01",
            "fields": [{"name": one, "title": one, "preparation": how} for one, how in FEBRL_FIELDS.items()],
            "comparisons": [{"field": one} for one in FEBRL_FIELDS],
            "blocks": [{"columns": block} for block in FEBRL_BLOCKS],
            "training": [("soc_sec_id",), ("given_name", "surname"), ("date_of_birth",)],
            "match": 0.0, "review": -5.0, "enough": 1, "largest": 20,
        },
        strict=False,
    )  # fmt: skip
    table = pa.Table.from_pylist([{"_key": row["rec_id"], **{one: row[one] for one in FEBRL_FIELDS}} for row in rows])
    with tempfile.TemporaryDirectory() as folder, open_engine(EngineSetting(memory_mb=512), Path(folder)) as engine:
        engine.attach_rows("febrl", table)
        link(engine, spec, (LinkFeed("febrl", "febrl", tuple(FEBRL_FIELDS)),))
        return pairs(engine.rows("SELECT key, cluster FROM link_clusters"))


def by_splink(rows: list[dict[str, str | None]]) -> set[tuple[str, str]]:
    """Splink with the comparisons its library has for such fields, and its own training, at even odds."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    table = pa.Table.from_pylist(
        [{"unique_id": row["rec_id"], **{one: row[one] for one in FEBRL_FIELDS}} for row in rows]
    )
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(*block) for block in FEBRL_BLOCKS],
        comparisons=[
            cl.NameComparison("given_name"), cl.NameComparison("surname"),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]), cl.LevenshteinAtThresholds("address_1"),
            cl.LevenshteinAtThresholds("suburb"), cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        ],
    )  # fmt: skip
    api = DuckDBAPI()
    linker = Linker(api.register(table, dataset_display_name="febrl"), settings)
    logging.getLogger("splink").setLevel(logging.ERROR)
    rules: list[Any] = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for block in (block_on("date_of_birth"), block_on("given_name", "surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(block, record_sample_proportion=1.0)
    weighed = linker.inference.predict(threshold_match_probability=0.01)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(weighed, threshold_match_probability=0.5)
    return pairs([(row["unique_id"], row["cluster_id"]) for row in clusters.as_record_list()])


if __name__ == "__main__":
    main()
