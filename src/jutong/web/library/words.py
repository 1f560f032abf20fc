"""What works, their phases and their results are called for people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jutong.center.library.models import OPEN, Work, WorkState
from jutong.center.library.works import KINDS

TONES = {
    WorkState.DONE: "ok",
    WorkState.FAILED: "bad",
    WorkState.CANCELLED: "idle",
    WorkState.WAITING: "wait",
    WorkState.ORDERED: "wait",
}
PHASES: dict[str, Promise | str] = {
    "choosing": _("选定每个字段的值"),
    "comparing": _("比对各来源"),
    "computing": _("计算"),
    "counting": _("清点"),
    "evolving": _("增加字段"),
    "finding": _("找出有变化的记录"),
    "identifying": _("定出主体"),
    "linking": _("找出同一主体"),
    "mending": _("恢复到上一个好的版本"),
    "opening": _("打开各来源"),
    "profile": _("探查字段"),
    "proving": _("核对"),
    "reading": _("读取"),
    "restoring": _("从备份恢复"),
    "rules": _("按规则检查"),
    "settling": _("了结不一致"),
    "standardising": _("按数据元转换"),
    "training": _("训练比对模型"),
    "writing": _("写入并提交"),
}
FIGURES: dict[str, Promise | str] = {
    "rows": _("行数"),
    "repeated": _("重复的主键"),
    "with_problems": _("有问题的行"),
    "records": _("参加融合的记录"),
    "entities": _("主体"),
    "changed": _("变化的主体"),
    "created": _("新建"),
    "merged": _("合并"),
    "split": _("拆分"),
    "gone": _("消失"),
    "ended": _("已注销或死亡"),
    "reviews": _("待人工判断"),
    "inserted": _("新增"),
    "updated": _("更新"),
    "deleted": _("删除"),
    "took_ms": _("用时（毫秒）"),
    "version": _("版本"),
}
"""Figures of results that a work's page shows, by the names their documents have."""


def title_of(work: Work) -> Promise | str:
    """Return what a kind of work is called."""
    return KINDS.get(work.kind, work.kind)


def tone_of(work: Work) -> str:
    """Return the colour of a work's state."""
    return TONES.get(WorkState(work.state), "run")


def phase_of(work: Work) -> Promise | str:
    """Return what a work does now; empty where it has ended or says nothing."""
    return PHASES.get(work.phase, work.phase) if work.state == WorkState.RUNNING else ""


def percent_of(work: Work) -> int | None:
    """Return how far the phase is in per cent; None where nobody can say."""
    if work.state == WorkState.DONE:
        return 100
    return min(99, 100 * work.done // work.total) if work.total > 0 and work.state == WorkState.RUNNING else None


def took(work: Work) -> timedelta | None:
    """Return how long a work has been at it."""
    until = work.finished_at or work.heard_at
    return until - work.started_at if work.started_at and until else None


def figures_of(work: Work) -> list[tuple[Promise | str, int]]:
    """Return the plain figures of a result."""
    found: dict[str, Any] = work.result
    return [(label, found[name]) for name, label in FIGURES.items() if type(found.get(name)) is int]


def is_open(work: Work) -> bool:
    """Tell whether a work has not ended."""
    return work.state in OPEN
