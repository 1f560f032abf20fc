"""A question for statistics, answered at the node by ticket: on record first, small cells out, nothing twice."""

from __future__ import annotations

import re
import time
from datetime import date

import orjson
import pyarrow as pa
from deltalake import write_deltalake

from jutong.contracts.statistics import (
    GroupBy,
    Measure,
    StatFilter,
    StatisticsQuery,
    StatisticsTicketOrder,
    Suppression,
)
from jutong.standards import statistics as rules
from tests.integration.node.conftest import Running
from tests.integration.node.test_tickets import encoded

BASE = "http://127.0.0.1:8301"
SEX = GroupBy(field="sex", title="性别", codes="gbt2261.1-sex")
BORN = GroupBy(field="born", title="出生日期", by="year")


def put(started: Running) -> None:
    columns = {
        "sex": pa.array(["1"] * 40 + ["2"] * 60), "age": pa.array(range(100), pa.int64()),
        "born": pa.array([date(1950, 1, 1)] * 37 + [date(1951, 1, 1)] * 63),
    }  # fmt: skip
    write_deltalake(started.world.home / "library" / "fused" / "RK" / "person", pa.table(columns))


def order(*groups: GroupBy, least: int = 0) -> StatisticsTicketOrder:
    filters = (StatFilter(field="age", operator="ge", values=(str(least),)),) if least else ()
    return StatisticsTicketOrder(
        query=StatisticsQuery(library="RK", table="person", title="人员", groups=groups, filters=filters,
                              measures=(Measure(kind="count"), Measure(kind="average", field="age", title="年龄"))),
        suppression=Suppression.model_validate(rules.suppression(date(2026, 11, 22))), purpose="就业形势分析",
        official="wang", post="requester", organisation_code="11330100MB0000002B", organisation_name="金河市教育局",
        valid_until_ms=int(time.time() * 1000) + 300_000, nonce=f"n{time.monotonic_ns()}",
    )  # fmt: skip


async def ask(started: Running, asked: StatisticsTicketOrder) -> tuple[int, str, dict[str, object]]:
    size = started.node.log.size
    data = {"ticket": encoded(started.world.center.seal("statistics-ticket", asked)), "language": "zh-hans"}
    response = await started.http.post(f"{BASE}/gw/v1/statistics", data=data)
    assert started.node.log.size == size + 1
    told = started.node.log.find_record
    number = started.node.served._noted[size]["record_id"]
    _, attachment = told(str(number))
    return response.status_code, response.text, orjson.loads(attachment)["record"]


async def test_a_question_is_answered_and_on_record(started: Running) -> None:
    put(started)
    status, page, record = await ask(started, order(SEX))
    assert status == 200, page
    assert re.findall(r'<th scope="row">([^<]+)</th><td class="r num">(\d+)</td>', page)[:2] == [
        ("男性（1）", "40"), ("女性（2）", "60"),
    ]  # fmt: skip
    assert 'data-chart="bar"' in page
    assert "69.50" in page
    assert (record["kind"], record["outcome"], record["official"], record["cells"]) == ("statistics", "ok", "wang", 2)
    for name in ("charts.js", "echarts.min.js"):
        script = await started.http.get(f"{BASE}/static/{name}")
        assert script.headers["content-type"].startswith("text/javascript")

    # 3 men of 1951: shown nowhere, nor what they could be computed from.
    status, page, record = await ask(started, order(SEX, BORN))
    assert "不显示" in page
    assert '<td class="r num">3</td>' not in page
    assert record["hidden"] == 3

    # All but 3 of those of before.
    status, page, record = await ask(started, order(least=3))
    assert (status, record["outcome"]) == (403, "library.statistics.differencing")
    assert "97" not in re.sub(r"<svg.*?</svg>|\d{4}-|[0-9a-f-]{20,}", "", page)
    status, _, record = await ask(started, order(least=95))
    assert (status, record["outcome"]) == (403, "library.statistics.population-small")
    missing = order(GroupBy(field="phone", title="电话"))
    assert (await ask(started, missing))[2]["outcome"] == "library.statistics.field-unfit"
