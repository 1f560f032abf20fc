"""A registry of its own with as many entries as wanted, made of real ones with variation."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 20, 2, 24, tzinfo=UTC)
ITEMS_EACH = 10
PLACES = ("金河市", "东关区", "西固县", "南山镇", "北川县", "高新区", "开发区", "临江县", "和平区", "新城区")
ENDINGS = ("", "信息", "明细", "名录", "统计", "台账", "（{year}年）", "{year}年度", "变更记录", "汇总表")
ITEM_NAMES = [
    "公民身份号码",
    "姓名",
    "性别",
    "出生日期",
    "联系电话",
    "户籍地址",
    "统一社会信用代码",
    "企业名称",
    "法定代表人",
    "登记日期",
    "登记机关",
    "注册资本",
    "经营范围",
    "证书编号",
    "有效期",
    "发证机关",
    "备注",
    "数量",
    "金额",
    "年份",
    "月份",
    "所属区域",
    "街道",
    "面积",
    "类别",
    "级别",
    "状态",
    "单位名称",
    "项目名称",
    "审批日期",
    "审批文号",
    "负责人",
    "经度",
    "纬度",
    "学校名称",
    "年级",
    "专业",
    "学历",
    "婚姻状况",
    "民族",
    "车牌号码",
    "房屋坐落",
    "产权人",
    "不动产权证号",
    "缴费基数",
    "参保状态",
    "公积金账号",
    "缴存金额",
    "处罚决定书文号",
    "许可证号",
    "检测结果",
    "采样点",
    "站点名称",
    "线路名称",
    "床位数",
    "职称",
]


@dataclass(frozen=True)
class Model:
    """A real entry that others are made of."""

    title: str
    summary: str
    domain: str


def models(path: str | None) -> list[Model]:
    """Read real entries: a Parquet listing, or without one what travels with the tests."""
    if path:
        import pyarrow.parquet as pq

        rows = pq.read_table(path, columns=["title", "description", "category"]).to_pylist()
        return [
            Model(row["title"][:90], (row["description"] or "")[:200], row["category"] or "")
            for row in rows
            if row["title"]
        ]
    packed = (ROOT / "tests" / "data" / "search" / "entries.json.gz").read_bytes()
    return [Model(row["title"][:90], row["summary"], "") for row in json.loads(gzip.decompress(packed))]


@contextmanager
def instance(home: Path) -> Iterator[None]:
    """Have an empty registry under a folder, and Django on it, for the length of a measurement."""
    for name in [name for name in os.environ if name.startswith("JUTONG_")]:
        del os.environ[name]
    os.environ["JUTONG_HOME"] = str(home)
    os.environ["JUTONG_LOG_LEVEL"] = "warning"
    subprocess.run(
        [sys.executable, "-m", "jutong.cli.main", "migrate"], check=True, capture_output=True, timeout=300, cwd=ROOT
    )
    from jutong.kernel import settings
    from jutong.runtime import registry

    with registry.opened(settings.load()):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
        import django

        django.setup()
        yield


def fill(count: int, seed: Iterable[Model]) -> None:
    """Write so many published entries with their items."""
    from django.db import connection

    from jutong.demo import city_load

    city_load.load(NOW)
    owners = _owners()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS entry_search")
        cursor.execute("ALTER TABLE catalog_entry DISABLE TRIGGER USER")
    chosen = random.Random(20261120)
    rows = _rows(list(seed), owners, chosen)
    for start in range(0, count, 5000):
        _write([next(rows) for _ in range(min(5000, count - start))])
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX entry_search ON catalog_entry USING gin (search_tokens)")
        cursor.execute("ALTER TABLE catalog_entry ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE catalog_entry")
        cursor.execute("VACUUM ANALYZE catalog_item")
        cursor.execute("VACUUM ANALYZE catalog_entryversion")


def _owners() -> list[Any]:
    from jutong.center.org.models import Division, Organisation

    codes = list(Division.objects.values_list("code", flat=True)) or ["629900"]
    Organisation.objects.bulk_create(
        Organisation(
            code=f"X{at:017}", name=f"第{at}号单位", short_name=f"{at}号单位", division_code=codes[at % len(codes)],
            created_at=NOW,
        )
        for at in range(300)
    )  # fmt: skip
    return list(Organisation.objects.order_by("code"))


def _rows(seed: list[Model], owners: list[Any], chosen: random.Random) -> Iterator[tuple[Any, Any, list[Any]]]:
    from jutong.center.catalog import enums
    from jutong.center.catalog.models import Entry, EntryVersion, Item
    from jutong.center.catalog.publication import show

    for number in itertools.count(1):
        model = chosen.choice(seed)
        ending = chosen.choice(ENDINGS).format(year=chosen.randrange(2005, 2026))
        entry = Entry(
            code=f"{307000 + number % 900}/{number:05}", organisation=chosen.choice(owners), created_at=NOW,
            updated_at=NOW, is_bound=chosen.random() < 0.6, use_count=int(chosen.paretovariate(1.2)) - 1,
            quality=chosen.choice((None, chosen.randrange(40, 101))),
        )  # fmt: skip
        version = EntryVersion(
            entry=entry, number=1, state="published", name=(chosen.choice(PLACES) + model.title + ending)[:128],
            summary=model.summary, classification=entry.code.split("/")[0], domain=model.domain[:32],
            data_format=chosen.choice(enums.DataFormat.values), update_cycle=chosen.choice(enums.UpdateCycle.values),
            share_attribute=chosen.choice(("unconditional", "conditional")),
            grade=chosen.choice(enums.Grade.values[:4]),
            is_open=chosen.random() < 0.3, not_secret=True, created_at=NOW, submitted_at=NOW, published_at=NOW,
        )  # fmt: skip
        names = chosen.sample(ITEM_NAMES, ITEMS_EACH)
        show(entry, version, names, NOW)
        items = [Item(version=version, position=at, name=name, data_type="C") for at, name in enumerate(names, 1)]
        yield entry, version, items


def _write(rows: list[tuple[Any, Any, list[Any]]]) -> None:
    entries = [row[0] for row in rows]
    versions = [row[1] for row in rows]
    published = {entry.id: entry.published_id for entry in entries}
    for entry in entries:
        entry.published_id = None
    _copy(entries)
    _copy(versions)
    _copy([item for row in rows for item in row[2]])
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_entry SET published_id = pair.version FROM "
            "unnest(%s::uuid[], %s::uuid[]) AS pair(entry, version) WHERE id = pair.entry",
            [list(published), list(published.values())],
        )


def _copy(objects: list[Any]) -> None:
    from django.db import connection

    meta = objects[0]._meta  # noqa: SLF001 - Django's public _meta
    fields = meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor, cursor.copy(
        f"COPY {meta.db_table} ({columns}) FROM STDIN"
    ) as copy:  # fmt: skip
        for one in objects:
            copy.write_row([_plain(getattr(one, field.attname), field) for field in fields])


def _plain(value: Any, field: Any) -> Any:
    return json.dumps(value) if field.get_internal_type() == "JSONField" else value
