"""What a field of an error is called on a page, and where its control is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from jutong.kernel.errors import JutongError

FIELDS = {
    "title": gettext_lazy("标题"),
    "basis": gettext_lazy("使用依据"),
    "scenario": gettext_lazy("使用场景"),
    "scope": gettext_lazy("使用范围"),
    "share_way": gettext_lazy("共享方式"),
    "valid_until": gettext_lazy("使用时限"),
    "daily_quota": gettext_lazy("每日用量"),
    "division_filter": gettext_lazy("区划范围"),
    "system": gettext_lazy("用数系统"),
    "duty": gettext_lazy("职责"),
    "conditions": gettext_lazy("行条件"),
    "frequency": gettext_lazy("使用频率"),
    "expected_monthly": gettext_lazy("每月预计条数"),
    "per_minute": gettext_lazy("每分钟次数"),
    "call_days": gettext_lazy("调用时间"),
    "call_hours": gettext_lazy("调用时间"),
    "delegate": gettext_lazy("代办人"),
    "valid_from": gettext_lazy("开始"),
    "code": gettext_lazy("编号"),
    "name": gettext_lazy("名称"),
    "answer": gettext_lazy("答复"),
    "items": gettext_lazy("信息项"),
    "answers": gettext_lazy("逐项答复"),
    "refusal": gettext_lazy("不同意的理由"),
    "text": gettext_lazy("说明"),
    "note": gettext_lazy("说明"),
    "missing": gettext_lazy("缺什么"),
    "reason": gettext_lazy("原因"),
    "days": gettext_lazy("延长天数"),
    "is_true": gettext_lazy("真实性"),
    "is_lawful": gettext_lazy("合法性"),
    "is_necessary": gettext_lazy("必要性"),
}


@dataclass(frozen=True)
class ProblemRow:
    """One line of an error summary."""

    label: str
    message: str
    clause: str
    anchor: str


def problem_rows(problem: JutongError) -> list[ProblemRow]:
    """Return the single findings of an error with labels a person knows."""
    rows: list[dict[str, Any]] = problem.fields.get("problems", [])
    return [_row(row) for row in rows]


def _row(row: dict[str, Any]) -> ProblemRow:
    field = str(row.get("field", ""))
    if "place" in row:
        way_out = gettext(str(row.get("way_out", "")))
        message = gettext(str(row.get("message", ""))) + (f" {way_out}" if way_out else "")
        return ProblemRow(gettext(field), message, str(row.get("clause", "")), str(row["place"]))
    known = FIELDS.get(field)
    label = str(known) if known else gettext(field) if field else ""
    return ProblemRow(label, gettext(str(row.get("message", ""))), str(row.get("clause", "")), field if known else "")
