"""Data of the own area asked back from the province: one confirmed and being docked, one just asked for."""

from __future__ import annotations

from jutong.center.returns import actions
from jutong.center.returns.models import ReturnFlow
from jutong.demo.chain import province
from jutong.demo.stage import Stage


def load(stage: Stage) -> None:
    """Ask for both and let the province confirm the terms of one."""
    flow = _asked(
        stage, "civil", "社会救助业务系统", province.CREMATIONS, basis="社会救助暂行办法第十三条",
        scenario="每日比对低保、特困对象死亡信息，及时核减", days=16,
    )  # fmt: skip
    note = "按户籍行政区划代码前四位切分，每日凌晨推送前一日新增和变更"
    actions.confirm_return(flow=flow, note=note, by=province.steward(), now=stage.ago(13))
    _asked(
        stage, "education", "中小学学籍管理系统", province.CHILDREN, basis="中华人民共和国未成年人保护法第九十一条",
        scenario="落实孤儿和事实无人抚养儿童教育资助，不再要求提交认定证明", days=3,
    )  # fmt: skip


def _asked(stage: Stage, key: str, system: str, entry: str, *, basis: str, scenario: str, days: int) -> ReturnFlow:
    return actions.ask_return(
        entry=province.entry(entry), items=(), system_id=stage.system(key, system).id, basis=basis, scenario=scenario,
        share_way="service", frequency="daily", by=stage.requester(key), now=stage.ago(days),
    )  # fmt: skip
