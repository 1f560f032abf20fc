"""Search, entry pages and the index at 100,000 and 500,000 entries, beside PostgreSQL's own ways of searching.

make bench-catalog                             100,000 and 500,000 entries
make bench-catalog ARGS="--sizes 100000"       one size
make bench-catalog ARGS="--real LISTING.parquet"  made of a listing of one's own
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import _filled
from _report import Report, Row, percentile

GOAL_MS, PAGE_GOAL_MS = 50.0, 150.0
BROAD = [
    "信息",
    "登记",
    "企业",
    "名称",
    "统计",
    "2019",
    "管理",
    "建设",
    "公民身份号码",
    "统一社会信用代码",
    "登记日期",
    "人",
    "市",
    "信息统计",
    "企业信息",
    "项目名称",
    "法定代表人",
    "姓名|性别",
    "企业名称|登记机关",
    "金河市|信息",
    "单位名称|负责人",
    "不动产权证号",
    "有效期",
    "xx",
]
NARROW = [
    "公积金",
    "低保",
    "不动产权属",
    "医疗机构",
    "幼儿园",
    "垃圾",
    "噪声",
    "图书馆",
    "水质监测",
    "文物",
    "律师",
    "疫苗",
    "桥梁",
    "驾照",
    "景区|名录",
    "学校|名单",
    "gjj",
    "tushuguan",
    "危化品",
    "公共图书馆",
    "行政处罚|2019",
    "停车场|东关区",
    "药品经营|许可",
    "古树名木",
    "献血",
    "殡葬",
    "招聘",
    "气象",
    "养老机构",
    "安全生产",
    "财政收入",
]
CHOICES: tuple[dict[str, list[str]], ...] = (
    {}, {"bound": ["1"]}, {"share_attribute": ["conditional"]}, {"cycle": ["yearly", "monthly"], "bound": ["1"]},
    {"grade": ["general-2"], "form": ["database"], "open": ["1"]},
)  # fmt: skip
PEER_QUERIES = ("低保", "公积金", "水质监测", "登记", "企业信息", "统一社会信用代码", "不动产权属", "图书馆")
_MS = 1000.0


def measured(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * _MS


def search_rows(report: Report, label: str, actor: Any) -> None:
    """Every word under every choice once, so that no count is remembered from before."""
    from jutong.center.catalog.index.reader import reader
    from jutong.center.catalog.search import search

    search(actor, "金河")  # opens the index
    for name, words in (("narrow", NARROW), ("broad", BROAD)):
        asked = [(word.replace("|", " "), facets) for word in words for facets in CHOICES]
        random.Random(7).shuffle(asked)
        reader().forget()
        times = [measured(partial(search, actor, *one)) for one in asked]
        for what, value in (("p50", statistics.median(times)), ("p95", percentile(times, 0.95))):
            goal, met = (f"<= {GOAL_MS:.0f}", value <= GOAL_MS) if what == "p95" else (None, None)
            report.row(f"{label} {name}, facets, {what}", value, "ms", goal=goal, met=met)
    times = [measured(partial(search, actor, "登记", {"bound": ["1"]}, page)) for page in range(1, 30)]
    report.row(
        f"{label} paging a broad word, p95",
        percentile(times, 0.95),
        "ms",
        goal="<= 50",
        met=percentile(times, 0.95) <= GOAL_MS,
    )


def page_rows(report: Report, label: str) -> None:
    from django.test import Client

    from jutong.center.catalog.models import Entry
    from jutong.center.org.models import User

    client = Client()
    client.force_login(User.objects.get(username="wusiyuan"))
    codes = list(Entry.objects.order_by("id").values_list("code", flat=True)[:: max(1, Entry.objects.count() // 60)])
    for name, addresses in (
        ("entry page", [f"/catalog/{code}" for code in codes]),
        ("search page", [f"/catalog?q={word.replace('|', '+')}" for word in (*NARROW, *BROAD)]),
    ):
        for address in addresses[:3]:
            assert client.get(address).status_code == 200, address
        times = [measured(partial(client.get, address)) for address in addresses]
        value = percentile(times, 0.95)
        report.row(f"{label} {name}, p95", value, "ms", goal=f"<= {PAGE_GOAL_MS:.0f}", met=value <= PAGE_GOAL_MS)


def peer_rows(report: Report, label: str) -> None:
    """The same words through PostgreSQL's ILIKE and full text: time of the first twenty with a count, and recall."""
    ways: dict[str, Callable[[str], int]] = {
        "ours": _by_index,
        "ILIKE": lambda word: _by_sql("said ILIKE %s", f"%{word}%"),
        "full text": lambda word: _by_sql("full_text @@ plainto_tsquery('simple', %s)", word),
    }
    _sql("CREATE TABLE beside AS SELECT id, search_text AS said FROM catalog_entry WHERE published_id IS NOT NULL")
    _sql("ALTER TABLE beside ADD COLUMN full_text tsvector")
    _sql("UPDATE beside SET full_text = to_tsvector('simple', said)")
    _sql("CREATE INDEX ON beside USING gin (full_text)")
    _sql("VACUUM ANALYZE beside")
    found: dict[str, dict[str, int]] = {name: {} for name in ways}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for word in PEER_QUERIES:
        for name, ask in ways.items():
            started = time.perf_counter()
            found[name][word] = ask(word)
            times[name].append((time.perf_counter() - started) * _MS)
    _sql("DROP TABLE beside")
    for name in ways:
        shares = [min(1.0, found[name][word] / truth) for word, truth in found["ILIKE"].items() if truth]
        what = f"{label} {name}: top 20 and count, worst of {len(PEER_QUERIES)}"
        report.row(what, max(times[name]), "ms", peer=f"recall {statistics.mean(shares):.2f}")


def _sql(statement: str, values: list[str] | None = None) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0]) if statement.startswith("SELECT count") else 0


def _by_sql(condition: str, value: str) -> int:
    _sql(f"SELECT id FROM beside WHERE {condition} ORDER BY id LIMIT 20", [value])
    return _sql(f"SELECT count(*) FROM beside WHERE {condition}", [value])


def _by_index(word: str) -> int:
    from jutong.center.catalog.index.reader import reader
    from jutong.center.catalog.index.schema import EVERYBODY
    from jutong.center.catalog.index.wanted import Word

    reader().forget()
    answer = reader().find(EVERYBODY, (Word(word),), {}, offset=0, limit=20)
    assert answer is not None
    return answer.total


def index_rows(report: Report, label: str) -> None:
    from django.db import transaction

    from jutong.center.catalog.changes import tell
    from jutong.center.catalog.enums import ChangeKind
    from jutong.center.catalog.index import store, writer
    from jutong.center.catalog.models import Entry

    said = writer.rebuild(_filled.NOW)
    report.row(f"{label} index made anew", said.build_seconds, "s")
    folder = store.store().current()
    assert folder is not None
    size = sum(path.stat().st_size for path in folder.iterdir())
    report.row(f"{label} index on disk", size / 2**20, "MB")
    with transaction.atomic():
        tell(Entry.objects.order_by("-id")[:1000], ChangeKind.UPDATED, _filled.NOW)
    report.row(f"{label} 1,000 changes taken over", measured(lambda: writer.follow(_filled.NOW)) / _MS, "s")
    report.row(
        f"{label} compared with the registry",
        measured(lambda: writer.reconcile(_filled.NOW + timedelta(days=1))) / _MS,
        "s",
    )


def one_size(report: Report, count: int, seed: list[_filled.Model]) -> None:
    label = f"{count // 1000}k:"
    report.row(f"{label} entries and items filled in", measured(lambda: _filled.fill(count, seed)) / _MS, "s")
    from jutong.center.org.models import Post
    from jutong.center.org.queries import actor_for

    actor = actor_for(Post.objects.filter(user__username="wusiyuan")[0])
    index_rows(report, label)
    search_rows(report, label, actor)
    page_rows(report, label)
    peer_rows(report, label)
    report.row(
        f"{label} most memory of the measuring process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB"
    )


def measure(count: int, seed: list[_filled.Model], told: Path) -> None:
    """Measure one size; the rows go into a file, because each size has a process and a registry of its own."""
    report = Report("catalog")
    room = Path(tempfile.mkdtemp(prefix="jutong-bench-", dir="/tmp"))
    try:
        with _filled.instance(room / "home"):
            one_size(report, count, seed)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    told.write_text(json.dumps([asdict(row) for row in report.rows]), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 500_000])
    parser.add_argument("--real", help="Parquet with title, description and category")
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    wished = parser.parse_args()
    if wished.told:
        measure(wished.sizes[0], _filled.models(wished.real), wished.told)
        return 0
    report = Report("catalog")
    report.row("load average before", round(os.getloadavg()[0], 2), "processes", peer=f"{os.cpu_count()} cores")
    for count in wished.sizes:
        with tempfile.TemporaryDirectory(prefix="jutong-bench-", dir="/tmp") as room:
            told = Path(room) / "rows.json"
            command = [sys.executable, __file__, "--sizes", str(count), "--told", str(told)]
            subprocess.run([*command, *(["--real", wished.real] if wished.real else [])], check=True)
            report.rows.extend(Row(**row) for row in json.loads(told.read_text("utf-8")))
    report.finish()
    return 0 if all(row.met is not False for row in report.rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
