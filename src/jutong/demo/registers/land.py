"""不动产登记库: who owns which home, one row an owner, and the mortgages on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jutong.demo.city import REFERENCE_DATE
from jutong.demo.dirt import Dirt
from jutong.demo.registers import Register
from jutong.demo.tables import Column, Table, named, number, updated

if TYPE_CHECKING:
    from jutong.demo.holdings import Estate
    from jutong.demo.tables import Row
    from jutong.demo.world import World

ESTATES = Table(
    "bdc_djxx",
    "不动产登记信息",
    (
        Column("djbh", "登记编号", length=16, key=True),
        Column("bdcdyh", "不动产单元号", length=28, required=True),
        Column("bdcqzh", "不动产权证书号", length=60, required=True, personal=True, grade=2),
        Column("zl", "坐落", length=200, required=True, personal=True, grade=2, mask="address"),
        named("qlrmc", "权利人名称"),
        Column("qlrzjzl", "权利人证件种类", length=2, required=True),
        number("qlrzjh", "权利人证件号码"),
        Column("gyfs", "共有方式", length=1, required=True, personal=True, grade=2),
        Column("qlbl", "权利比例", length=20, personal=True, grade=2),
        Column("jzmj", "建筑面积", kind="N", length=10, scale=2, personal=True, grade=2),
        Column("ghyt", "规划用途", length=2),
        Column("djsj", "登记时间", kind="D", required=True),
        Column("qszt", "权属状态", length=1, required=True),
        Column("sfdy", "是否抵押", length=1, personal=True, grade=3),
        Column("sfcf", "是否查封", length=1, personal=True, grade=3),
        Column("qxdm", "区县代码", length=6, codes="GB/T 2260"),
        updated(),
    ),
    ("qlrzjh", "bdcdyh"),
)
MORTGAGES = Table(
    "bdc_dyxx",
    "不动产抵押登记信息",
    (
        Column("dybh", "抵押登记编号", length=16, key=True),
        Column("bdcdyh", "不动产单元号", length=28, required=True),
        Column("dyqr", "抵押权人", length=100, required=True),
        named("dyr", "抵押人"),
        number("dyrzjh", "抵押人证件号码"),
        Column("bdbzzqse", "被担保主债权数额", kind="N", length=12, scale=2, personal=True, sensitive=True, grade=4),
        Column("zwlxqssj", "债务履行起始日期", kind="D", personal=True, grade=3),
        Column("zwlxjssj", "债务履行结束日期", kind="D", personal=True, grade=3),
        Column("dyzt", "抵押状态", length=1, required=True),
        updated(),
    ),
    ("dyrzjh", "bdcdyh"),
)
_IDENTITY_CARD = "1"
_HOME = "10"
_LENDERS = ("金河市河东商业银行（演示）", "金河农村信用合作联社（演示）", "金河市住房公积金管理中心")


def register(world: World) -> Register:
    """Write the estate register of a world."""
    dirt = Dirt(world.seed, "land")
    estates: list[Row] = []
    mortgages: list[Row] = []
    for estate in world.holdings.estates:
        for owner in estate.owners:
            estates.append(_owner(dirt, estate, owner_at=estate.owners.index(owner), serial=len(estates) + 1))
        if dirt.happens("duplicate", dirt.rates.duplicate, clean=estate.owners[0].clean):
            estates.append(_owner(dirt, estate, owner_at=0, serial=len(estates) + 1))
        if estate.mortgaged:
            mortgages.append(_mortgage(dirt, estate, len(mortgages) + 1))
    contents = ((ESTATES, estates), (MORTGAGES, mortgages))
    return Register("land-estate", "land", "mysql", contents, dirt.marks)


def _owner(dirt: Dirt, estate: Estate, *, owner_at: int, serial: int) -> Row:
    owner = estate.owners[owner_at]
    share = f"{100 // len(estate.owners)}%" if estate.sharing == "2" else None
    clean = owner.clean
    seized = dirt.random.random() < 0.01 and not clean  # noqa: PLR2004 - few are under seizure
    return (
        f"B{serial:010d}",
        estate.unit,
        estate.certificate,
        estate.address.without_number
        if dirt.happens("short_address", dirt.rates.short_address, clean=clean)
        else estate.address.text,
        owner.name,
        _IDENTITY_CARD,
        dirt.number(owner, estate.on),
        estate.sharing,
        share,
        estate.area,
        _HOME,
        estate.on,
        "2" if estate.past else "1",
        "1" if estate.mortgaged else "0",
        "1" if seized else "0",
        estate.address.district,
        dirt.written(estate.on),
    )


def _mortgage(dirt: Dirt, estate: Estate, serial: int) -> Row:
    rng, owner = dirt.random, estate.owners[0]
    until = estate.on + timedelta(days=365 * rng.choice((10, 15, 20, 25, 30)))
    return (
        f"Y{serial:010d}",
        estate.unit,
        rng.choice(_LENDERS),
        owner.name,
        dirt.number(owner, estate.on),
        rng.randrange(18, 160) * 10_000,
        estate.on,
        until,
        "1" if until > REFERENCE_DATE else "2",
        dirt.written(estate.on),
    )
