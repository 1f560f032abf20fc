"""市场监管库: enterprises, those with something odd about them, and licences to sell food."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from jutong.demo.city import REFERENCE_DATE
from jutong.demo.dirt import Dirt
from jutong.demo.registers import Register
from jutong.demo.tables import Column, Table, named, number, phone, updated
from jutong.standards import generate

if TYPE_CHECKING:
    from jutong.demo.enterprises import Enterprise
    from jutong.demo.tables import Row
    from jutong.demo.world import World

ENTERPRISES = Table(
    "qy_jbxx",
    "企业登记基本信息",
    (
        Column("nbxh", "主体身份代码", length=14, key=True),
        Column("tyshxydm", "统一社会信用代码", length=18, codes="GB 32100"),
        Column("zch", "注册号", length=15),
        Column("qymc", "企业名称", length=100, required=True),
        Column("qylx", "企业类型", length=20, required=True),
        named("fddbr", "法定代表人"),
        number("fddbrzjh", "法定代表人证件号码"),
        Column("hydm", "行业代码", length=4, codes="GB/T 4754"),
        Column("zczb", "注册资本", kind="N", length=16, scale=2),
        Column("clrq", "成立日期", kind="D", required=True),
        Column("djjg", "登记机关", length=60),
        Column("zs", "住所", length=200),
        Column("jyfw", "经营范围", length=500),
        Column("djzt", "登记状态", length=1, required=True),
        phone(),
        Column("qxdm", "区县代码", length=6, codes="GB/T 2260"),
        updated(),
    ),
    ("tyshxydm", "qymc", "fddbrzjh"),
)
ODD = Table(
    "qy_jyyc",
    "经营异常名录信息",
    (
        Column("ycbh", "异常编号", length=14, key=True),
        Column("tyshxydm", "统一社会信用代码", length=18, required=True, codes="GB 32100"),
        Column("qymc", "企业名称", length=100, required=True),
        Column("lryy", "列入原因", length=100, required=True),
        Column("lrrq", "列入日期", kind="D", required=True),
        Column("ycrq", "移出日期", kind="D"),
        updated(),
    ),
    ("tyshxydm",),
)
FOOD = Table(
    "sp_jyxk",
    "食品经营许可信息",
    (
        Column("xkzbh", "许可证编号", length=16, key=True),
        Column("tyshxydm", "统一社会信用代码", length=18, required=True, codes="GB 32100"),
        Column("jyzmc", "经营者名称", length=100, required=True),
        Column("ztyt", "主体业态", length=20, required=True),
        Column("jydz", "经营场所", length=200),
        Column("fzrq", "发证日期", kind="D", required=True),
        Column("yxqz", "有效期至", kind="D", required=True),
        Column("xkzt", "许可状态", length=1, required=True),
        updated(),
    ),
    ("tyshxydm",),
)
_REASONS = ("未按规定期限公示年度报告", "通过登记的住所无法联系", "公示企业信息隐瞒真实情况")


def register(world: World) -> Register:
    """Write the market register of a world."""
    dirt = Dirt(world.seed, "market")
    firms: list[Row] = []
    odd: list[Row] = []
    food: list[Row] = []
    for firm in world.register.rows:
        firms.append(_firm(dirt, firm, len(firms) + 1))
        if dirt.happens("duplicate", dirt.rates.duplicate, clean=firm.representative.clean):
            firms.append(_firm(dirt, firm, len(firms) + 1))
        if firm.odd_since:
            reason = dirt.random.choice(_REASONS)
            row = (f"Y{len(odd) + 1:010d}", firm.code, firm.name, reason, firm.odd_since, None)
            odd.append((*row, dirt.written(firm.odd_since)))
        if firm.food:
            food.append(_licence(dirt, firm, len(food) + 1))
    contents = ((ENTERPRISES, firms), (ODD, odd), (FOOD, food))
    return Register("market-registration", "market", "sqlite", contents, dirt.marks)


def _firm(dirt: Dirt, firm: Enterprise, serial: int) -> Row:
    owner = firm.representative
    code: str | None = firm.code
    if dirt.happens("wrong_credit_code", dirt.rates.wrong_check, clean=owner.clean):
        code = generate.with_wrong_check(dirt.random, firm.code)
    elif firm.status != "1" and firm.old_number and dirt.random.random() < 0.5:  # noqa: PLR2004 - gone before 2015
        code = None
    return (
        f"S{serial:010d}",
        code,
        firm.old_number or None,
        firm.name,
        firm.kind,
        owner.name,
        dirt.number(owner, firm.founded),
        firm.industry,
        firm.capital,
        firm.founded,
        f"金河市{_district(firm)}市场监督管理局",
        firm.address.text,
        firm.scope,
        firm.status,
        None if dirt.happens("missing_phone", dirt.rates.missing_phone, clean=owner.clean) else firm.phone,
        firm.address.district,
        dirt.written(firm.founded),
    )


def _district(firm: Enterprise) -> str:
    return firm.address.text.removeprefix("金河市")[:3]


def _licence(dirt: Dirt, firm: Enterprise, serial: int) -> Row:
    given = max(firm.founded, date(2020, 1, 1)) + timedelta(days=7)
    given = min(given, REFERENCE_DATE)
    until = given.replace(year=given.year + 5, day=min(given.day, 28))
    state = "1" if until >= REFERENCE_DATE and firm.status == "1" else "2"
    kind = "餐饮服务经营者" if firm.industry.startswith("62") else "食品销售经营者"
    number_ = f"JY0{firm.address.district}{serial:06d}"
    return (
        number_,
        firm.code,
        firm.name,
        kind,
        firm.address.text,
        given,
        until,
        state,
        dirt.written(given),
    )
