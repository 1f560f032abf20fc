"""Doubts about rows: one being verified with its mark on, one corrected and travelling, one closed."""

from __future__ import annotations

from jutong.center.correction import actions
from jutong.center.correction.actions import About, Claim
from jutong.center.correction.models import Correction
from jutong.center.sharing.models import Grant
from jutong.demo.cases import CASES
from jutong.demo.chain.agreements import CARERS, PUPILS
from jutong.demo.chain.shares import Share
from jutong.demo.stage import Stage

KEY = "公民身份号码"


def load(stage: Stage, running: dict[Share, Grant]) -> None:
    """Raise the three through grants at work."""
    grant = running[PUPILS]
    late = _raised(stage, PUPILS, grant, 12, Claim(
        {KEY: CASES.renting.father.number}, {"现居住地址": "西川区砚台街道砚台路103号砚池苑7号楼1单元202室"},
        "outdated", "家长提交的租赁合同和水电缴费单显示已迁居，现居住地址没有更新",
        present={"现居住地址": "西川区砚台街道旧址"},
        evidence="租赁合同备案号、近三个月水电缴费单", business="学籍建档时学区核对",
    ))  # fmt: skip
    actions.accept(correction=late, by=stage.steward("police"), now=stage.ago(11))
    phone = CASES.grandparents_home.father
    corrected = _raised(stage, PUPILS, grant, 15, Claim(
        {KEY: phone.number}, {"联系电话": ""}, "inaccurate", "登记的联系电话已停机，多次联系不上家长",
        evidence="学校三次电话联系记录", business="学籍建档联系家长",
    ))  # fmt: skip
    steward = stage.steward("police")
    actions.accept(correction=corrected, by=steward, now=stage.ago(14))
    actions.uphold(
        correction=corrected, finding="true", corrected={"联系电话": phone.phone or "00000000000"},
        text="经派出所联系本人核实，已按本人申报更正", by=steward, now=stage.ago(8),
    )  # fmt: skip
    _closed(stage, running[CARERS])


def _raised(stage: Stage, share: Share, grant: Grant, days: int, claim: Claim) -> Correction:
    about = About("grant", grant.entry, grant=grant)
    by = stage.requester(share.requester)
    return actions.raise_correction(about=about, claim=claim, by=by, now=stage.ago(days))


def _closed(stage: Stage, grant: Grant) -> None:
    """Verified, found right as it stands, and accepted by whoever had raised it."""
    found = _raised(stage, CARERS, grant, 24, Claim(
        {KEY: CASES.low_income.members[0].number}, {"保障类别": "农村低保"}, "inconsistent",
        "本人自述为农村低保，与登记的保障类别不一致", present={"保障类别": "城市低保"}, business="困难职工提取公积金",
    ))  # fmt: skip
    steward = stage.steward("civil")
    actions.accept(correction=found, by=steward, now=stage.ago(23))
    text = "经核对审批档案，该家庭2023年起按城市低保管理，登记无误"
    actions.refuse(correction=found, finding="false", text=text, by=steward, now=stage.ago(20))
    actions.confirm(correction=found, by=stage.requester("fund"), now=stage.ago(18))
