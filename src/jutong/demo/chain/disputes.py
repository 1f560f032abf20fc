"""Disputes about refusals: one with the city's authority and late, one before the government."""

from __future__ import annotations

from jutong.center.dispute import actions
from jutong.center.dispute.models import Dispute
from jutong.demo.chain import shares
from jutong.demo.chain.shares import Share
from jutong.demo.stage import Stage

CARDS = Share(
    "disabled",
    "残疾人服务管理系统",
    "police",
    "户籍人口基本信息",
    "残疾人证换发户籍核验",
    "残疾人证管理办法第九条",
    "换发残疾人证时核对户籍所在地，不再要求提交户口簿",
    ("姓名", "户籍地址", "户籍行政区划代码"),
)
HEATING = Share(
    "urban",
    "采暖补贴管理系统",
    "land",
    "不动产登记信息",
    "采暖补贴住房面积核验",
    "金河市城市供热管理办法（演示）",
    "按住房建筑面积发放采暖补贴，不再要求提交房产证",
    ("坐落", "权利人名称", "建筑面积"),
)


def load(stage: Stage) -> None:
    """Raise both, hear the other side and carry them on."""
    _coordinated(stage)
    _before_government(stage)


def _raised(stage: Stage, share: Share, *, asked: int, text: str, claim: str, facts: str) -> Dispute:
    refused = shares.refused(stage, share, asked=asked, text=text)
    by = stage.requester(share.requester)
    return actions.raise_dispute(
        kind="application", number=refused.number, claim=claim, facts=facts, by=by, now=stage.ago(asked - 5)
    )


def _coordinated(stage: Stage) -> None:
    dispute = _raised(
        stage, CARDS, asked=23, text="换证业务可由本人出示户口簿，批量核验的必要性不足",
        claim="请求提供户籍人口基本信息的核验接口，只返回户籍是否在本市",
        facts="国务院办公厅要求政务服务不再索要能够通过共享获取的证明，我会每年换证约六千件",
    )  # fmt: skip
    view = "我局不反对核验，但对方申请的是户籍地址明文，超出换证所需；改为是否本市户籍的核验即可提供"
    actions.state_view(dispute=dispute, text=view, by=stage.steward("police"), now=stage.ago(16))
    actions.add_evidence(
        dispute=dispute, title="残疾人证换发业务规程", shows="换证只需确认户籍是否在本市",
        reference="市残联〔2026〕14号", by=stage.requester("disabled"), now=stage.ago(15),
    )  # fmt: skip
    reason = "双方对信息项范围没有取得一致"
    actions.escalate(dispute=dispute, reason=reason, by=stage.requester("disabled"), now=stage.ago(13))


def _before_government(stage: Stage) -> None:
    dispute = _raised(
        stage, HEATING, asked=50, text="采暖补贴可由房屋管理单位提供面积，用途不符",
        claim="请求提供不动产登记的建筑面积核验", facts="供热期前需核定约四万户补贴面积，逐户收取房产证难以按期完成",
    )  # fmt: skip
    view = "面积以测绘成果为准，登记信息中部分老旧房屋没有面积"
    actions.state_view(dispute=dispute, text=view, by=stage.steward("land"), now=stage.ago(43))
    clerk, authority = stage.requester("urban"), stage.authority()
    actions.escalate(dispute=dispute, reason="提供方坚持不予提供", by=clerk, now=stage.ago(40))
    text = "由市自然资源局提供有无登记面积的核验，没有面积的由区县实测"
    actions.propose(dispute=dispute, text=text, by=authority, now=stage.ago(34))
    actions.answer_proposal(
        dispute=dispute, accepted=False, reason="实测费用没有来源", by=stage.steward("land"), now=stage.ago(31)
    )
    actions.refer(dispute=dispute, reason="经协调双方未达成一致，报请市人民政府决定", by=authority, now=stage.ago(24))
