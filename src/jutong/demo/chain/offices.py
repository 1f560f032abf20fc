"""Duties on which a department asks for data, and heads who let somebody consent in their place."""

from __future__ import annotations

from jutong.center.sharing import actions
from jutong.demo.stage import Stage

DUTIES = {
    "fund": (
        ("GJJ-01", "住房公积金提取审批", "住房公积金管理条例第二十四条"),
        ("GJJ-02", "住房公积金个人住房贷款审批", "住房公积金管理条例第二十六条"),
    ),
    "transport": (
        ("JT-01", "城市公共交通优惠乘车资格审核", "金河市城市公共交通条例（演示）"),
        ("JT-02", "道路运输从业资格审核", "中华人民共和国道路运输条例第九条"),
    ),
}
"""Registered after their departments' applications; from then on those name one."""


def load(stage: Stage) -> None:
    """Register the duties, and delegations of this week and of the next."""
    for key, duties in DUTIES.items():
        for code, name, basis in duties:
            actions.register_duty(code=code, name=name, basis=basis, by=stage.steward(key), now=stage.ago(1))
    _delegate(stage, "transport", "qiuluping", days=(0, 4), reason="参加全省交通执法培训")
    _delegate(stage, "education", "guojing", days=(14, 18), reason="参加教育数据标准培训")
    _delegate(stage, "land", "caitunan", days=(7, 11), reason="赴省自然资源部门跟班学习")


def _delegate(stage: Stage, key: str, username: str, *, days: tuple[int, int], reason: str) -> None:
    actions.delegate(
        username=username, valid_from=stage.on(days[0]), valid_until=stage.on(days[1]), reason=reason,
        by=stage.head(key),
        now=stage.now,
    )  # fmt: skip
