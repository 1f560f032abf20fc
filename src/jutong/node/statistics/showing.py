"""An answer as a page: a chart where one dimension or two are asked, and the table it is drawn from."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape

from jutong.contracts.statistics import GroupBy, Measure, StatisticsQuery, Suppression
from jutong.kernel.i18n import gettext_noop
from jutong.library.statistics.suppress import Answer, Shown
from jutong.node.gateway.work import WorkPage

MOST_BARS, MOST_SERIES, FEW_BARS = 40, 6, 9
PAIR = 2
MEASURES = {
    "count": gettext_noop("个数"), "sum": gettext_noop("合计"), "average": gettext_noop("平均"),
    "least": gettext_noop("最小"), "greatest": gettext_noop("最大"),
}  # fmt: skip
EMPTY = gettext_noop("未填")
CELLS = gettext_noop("各格")
AS_TABLE = gettext_noop("看数据表")
CSV = gettext_noop("下载CSV")
TITLE = gettext_noop("统计结果")


@lru_cache(maxsize=32)
def names_of(codes: str) -> dict[str, str]:
    """Return what the codes of a table are called."""
    from jutong.standards import code_tables  # noqa: PLC0415 - tens of thousands of rows, for those who ask

    for table in code_tables.shipped():
        if table.key == codes:
            spans = sorted(table.spans, key=lambda span: span.valid_from)
            return {span.code: span.name for span in spans}
    return {}


def label_of(group: GroupBy, key: str | None, empty: str) -> str:
    """Return what a value of a dimension is called."""
    if key is None:
        return empty
    if group.by == "band" and group.width > 1:
        return f"{key}–{int(key) + group.width - 1}"
    names = names_of(group.codes) if group.codes else {}
    padded = key.ljust(6, "0") if group.by in {"province", "city", "county"} else key
    name = names.get(padded) or names.get(key)
    return f"{name}（{key}）" if name else key


class Showing:
    """Writes the page of one answer."""

    def __init__(self, page: WorkPage, query: StatisticsQuery, rules: Suppression, answer: Answer) -> None:
        self._page, self._query, self._rules, self._answer = page, query, rules, answer
        self._empty = page.say(EMPTY)
        self._small = page.say(gettext_noop("少于{floor}"), floor=rules.floor)

    def _label(self, at: int, cell: Shown) -> str:
        return label_of(self._query.groups[at], cell.keys[at], self._empty)

    def measure(self, measure: Measure) -> str:
        """Return what a measure is called."""
        kind = self._page.say(MEASURES[measure.kind])
        return f"{escape(measure.title)}{kind}" if measure.title else kind

    def _value(self, cell: Shown, at: int) -> str:
        if cell.hidden:
            return self._page.say(gettext_noop("不显示"))
        value = cell.values[at]
        return "—" if value is None else escape(f"{value:,}" if isinstance(value, int) else str(value))

    def page(self, index: int, asked: str) -> bytes:
        """Return the whole page."""
        say, answer = self._page.say, self._answer
        notes = [say(gettext_noop("共{total}个。"), total=f"{answer.total:,}")]
        if answer.small:
            notes.append(
                say(
                    gettext_noop(
                        "{small}格不到{floor}个或与问过的相减不到{floor}个，不显示；为免被倒推，另有{beside}格一并不显示。"
                    ),
                    small=answer.small,
                    floor=self._rules.floor,
                    beside=answer.beside,
                )
            )
        notes.append(say(gettext_noop("已存证，序号 {index}。规则：{clause}"), index=index, clause=self._rules.clause))
        body = (
            f'<p class="lead">{asked}</p>{self._chart()}'
            f'<section class="card"><div class="card-head"><h2>{say(CELLS)}</h2>'
            f'<a class="btn btn-sm" download="statistics.csv" href="{self._csv()}">{say(CSV)}</a></div>'
            f'{self._table()}<div class="card-foot"><p class="note">{" ".join(notes)}</p></div></section>'
            '<script src="/static/echarts.min.js" defer></script><script src="/static/charts.js" defer></script>'
        )
        return self._page.whole(escape(self._query.title) or say(TITLE), body)

    def _head(self) -> list[str]:
        return [escape(one.title) for one in self._query.groups] + [self.measure(one) for one in self._query.measures]

    def _table(self) -> str:
        width = len(self._query.groups)
        rows = "".join(
            "<tr>"
            + "".join(f'<th scope="row">{escape(self._label(at, cell))}</th>' for at in range(width))
            + "".join(f'<td class="r num">{self._value(cell, at)}</td>' for at in range(len(self._query.measures)))
            + "</tr>"
            for cell in self._answer.cells
        )
        head = "".join(
            f'<th scope="col"{" class=" + chr(34) + "r" + chr(34) if at >= width else ""}>{title}</th>'
            for at, title in enumerate(self._head())
        )
        label = self._page.say(gettext_noop("各格，可左右滚动"))
        return (
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="{label}"><table class="table">'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def _chart(self) -> str:
        groups, cells = self._query.groups, self._answer.cells
        first: list[str | None] = list(dict.fromkeys(cell.keys[0] for cell in cells)) if groups else []
        second: list[str | None] = list(dict.fromkeys(cell.keys[1] for cell in cells)) if len(groups) == PAIR else []
        if not 1 < len(first) <= MOST_BARS or len(groups) > PAIR or len(second) > MOST_SERIES:
            return ""
        by_keys = {cell.keys: cell for cell in cells}
        title = self.measure(self._query.measures[0])
        series: list[tuple[str, Callable[[str | None], tuple[str | None, ...]]]] = [(title, lambda one: (one,))]
        if second:
            series = [
                (escape(label_of(groups[1], other, self._empty)), lambda one, other=other: (one, other))  # type: ignore[misc]
                for other in second
            ]
        head = "".join(f'<th scope="col" class="r">{name}</th>' for name, _ in series)
        rows = "".join(
            f'<tr><th scope="row">{escape(label_of(groups[0], one, self._empty))}</th>'
            + "".join(f'<td class="r num">{self._bar(by_keys.get(keys(one)))}</td>' for _, keys in series)
            + "</tr>"
            for one in first
        )
        kind = "bar" if second or len(first) < FEW_BARS else "hbar"
        box = "chart-box chart-box-lg" if len(first) >= FEW_BARS else "chart-box"
        return (
            f'<section class="card" aria-label="{title}"><div class="card-body"><figure class="chart"'
            f' data-chart="{kind}" data-min="0"><figcaption><span>{title}</span></figcaption><div class="{box}"></div>'
            f"<details><summary>{self._page.say(AS_TABLE)}</summary>"
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="{title}"><table class="table table-tight">'
            f'<thead><tr><th scope="col">{escape(groups[0].title)}</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
            "</div></details></figure></div></section>"
        )

    def _bar(self, cell: Shown | None) -> str:
        return "—" if cell is None else self._value(cell, 0)

    def _csv(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([*(one.title for one in self._query.groups), *self._plain_measures()])
        for cell in self._answer.cells:
            labels = [_inert(self._label(at, cell)) for at in range(len(self._query.groups))]
            values: Sequence[object] = cell.values if not cell.hidden else [""] * len(self._query.measures)
            writer.writerow([*labels, *("" if value is None else value for value in values)])
        content = base64.b64encode(out.getvalue().encode("utf-8-sig")).decode()
        return f"data:text/csv;base64,{content}"

    def _plain_measures(self) -> list[str]:
        return [f"{one.title} {one.kind}".strip() for one in self._query.measures]


def _inert(text: str) -> str:
    """Return a text no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in {"=", "+", "-", "@"} else text
