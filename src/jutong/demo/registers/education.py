"""教育库: schools of compulsory education and the children in them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jutong.demo.city import REFERENCE_DATE
from jutong.demo.dirt import Dirt
from jutong.demo.registers import Register
from jutong.demo.tables import Column, Table, address, named, number, phone, updated

if TYPE_CHECKING:
    from jutong.demo.holdings import Pupil
    from jutong.demo.tables import Row
    from jutong.demo.world import World

SCHOOLS = Table(
    "xx_jbxx",
    "义务教育学校基本信息",
    (
        Column("xxbsm", "学校标识码", length=10, key=True),
        Column("xxmc", "学校名称", length=60, required=True),
        Column("bxlx", "办学类型", length=3, required=True),
        Column("xxdz", "学校地址", length=200),
        Column("qxdm", "区县代码", length=6, codes="GB/T 2260"),
        Column("zxrs", "在校学生数", kind="I"),
        updated(),
    ),
    ("qxdm",),
    ("xxbsm",),
)
PUPILS = Table(
    "xj_xsxx",
    "义务教育学籍信息",
    (
        Column("xjh", "学籍号", length=20, key=True, personal=True, sensitive=True, grade=4),
        Column("xsxm", "学生姓名", length=50, required=True, personal=True, sensitive=True, grade=4, mask="name"),
        number("xssfzh", "学生公民身份号码", sensitive=True),
        Column("xb", "性别", length=1, personal=True, grade=2, codes="GB/T 2261.1"),
        Column("csrq", "出生日期", kind="D", personal=True, sensitive=True, grade=4),
        Column("xxbsm", "学校标识码", length=10, required=True, personal=True, grade=2),
        Column("nj", "年级", kind="I", required=True, personal=True, grade=2),
        Column("bj", "班级", kind="I", required=True, personal=True, grade=2),
        Column("rxny", "入学年月", length=6, required=True, personal=True, grade=2),
        named("jhr1xm", "监护人一姓名"),
        number("jhr1sfzh", "监护人一公民身份号码"),
        Column("jhr2xm", "监护人二姓名", length=50, personal=True, grade=2, mask="name"),
        number("jhr2sfzh", "监护人二公民身份号码"),
        phone("jhrdh", "监护人电话"),
        address("jtzz", "家庭住址"),
        Column("xjzt", "学籍状态", length=1, required=True, personal=True, grade=2),
        updated(),
    ),
    ("xssfzh", "jhr1sfzh", "xxbsm"),
)


def register(world: World) -> Register:
    """Write the school register of a world."""
    dirt = Dirt(world.seed, "education")
    pupils: list[Row] = []
    counts: dict[str, int] = {}
    for pupil in world.holdings.pupils:
        counts[pupil.school.code] = counts.get(pupil.school.code, 0) + 1
        home = world.town.households[pupil.child.household - 1]
        pupils.append(_pupil(dirt, pupil, dirt.address(home), len(pupils) + 1))
    schools: list[Row] = [
        (s.code, s.name, s.kind, s.address.text, s.address.district, counts.get(s.code, 0), dirt.written(_TERM))
        for s in world.holdings.schools
    ]
    contents = ((SCHOOLS, schools), (PUPILS, pupils))
    return Register("education-roll", "education", "sqlite", contents, dirt.marks)


_TERM = date(REFERENCE_DATE.year, 9, 1)


def _pupil(dirt: Dirt, pupil: Pupil, home: str, serial: int) -> Row:
    child, guardians = pupil.child, pupil.guardians
    first = guardians[0]
    second = guardians[1] if len(guardians) > 1 else None
    stage_year = (pupil.grade - 1) % 6 if pupil.grade <= 6 else pupil.grade - 7  # noqa: PLR2004 - six years of primary
    return (
        f"L{serial:09d}",
        child.name,
        dirt.number(child),
        child.sex_code,
        child.born,
        pupil.school.code,
        pupil.grade,
        pupil.room,
        f"{REFERENCE_DATE.year - stage_year}09",
        first.name,
        dirt.number(first),
        second.name if second else None,
        dirt.number(second) if second else None,
        dirt.phone(first),
        home,
        "1",
        dirt.written(_TERM),
    )
