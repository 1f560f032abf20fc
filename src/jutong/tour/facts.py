"""The need of the tour: what a school must know so that parents hand in nothing, and what the registers say."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.demo.cases import SCHOOL_FAMILY
from jutong.demo.registers import land, police
from jutong.kernel.i18n import gettext_noop

REQUESTER = "education"
SYSTEM = "义务教育入学系统（导览）"
"""A system of the tour's own, so that it ends nobody else's grants."""
PURPOSE = "小学一年级新生入学资格核验：以户籍、房产信息代替家长提交的户口簿和房产证"
"""The 使用场景 of both applications; a call must name exactly this purpose."""
BASIS = "中华人民共和国义务教育法第十二条；金河市义务教育阶段招生入学办法"
SCOPE = "市教育局及各小学招生工作人员，限入学登记期间使用"
CASE_NUMBER = "RX-2027-000001"


@dataclass(frozen=True)
class Fact:
    """One thing to learn from one department.

    Attributes:
        label: what it is called on the screen.
        department: key of the department that holds it.
        entry: name of its entry in the catalogue.
        key_item: the item a person is looked up by.
        key: the value for the known family.
        items: how much is asked of each other item: plain, masked or verify.
        fields: what a query asks for.
        expected: what the registers hold, by item.
        claims: what is asked to be confirmed.
        outside: an item the grant does not cover.
    """

    label: str
    department: str
    entry: str
    key_item: str
    key: str
    items: dict[str, str]
    fields: tuple[str, ...]
    expected: dict[str, str]
    claims: dict[str, str]
    outside: str


_CHILD, _FATHER = SCHOOL_FAMILY.child, SCHOOL_FAMILY.father
_HOME = SCHOOL_FAMILY.household.address

FACTS = (
    Fact(
        label=gettext_noop("户籍"),
        department="police",
        entry=police.PERSONS.comment,
        key_item="公民身份号码",
        key=_CHILD.number,
        items={
            "姓名": "masked",
            "户籍地址": "plain",
            "户籍行政区划代码": "plain",
            "与户主关系": "verify",
            "人口状态": "plain",
        },
        fields=("姓名", "户籍地址", "户籍行政区划代码", "人口状态"),
        expected={
            "姓名": _CHILD.name[0] + "*" * (len(_CHILD.name) - 1),
            "户籍地址": _HOME.text,
            "人口状态": police.LIVING,
        },
        claims={"户籍地址": _HOME.text, "与户主关系": _CHILD.relation},
        outside="联系电话",
    ),
    Fact(
        label=gettext_noop("不动产"),
        department="land",
        entry=land.ESTATES.comment,
        key_item="权利人证件号码",
        key=_FATHER.number,
        items={"权利人名称": "masked", "坐落": "plain", "权属状态": "plain", "登记时间": "plain", "区县代码": "plain"},
        fields=("权利人名称", "坐落", "权属状态", "登记时间"),
        expected={"权利人名称": _FATHER.name[0] + "*" * (len(_FATHER.name) - 1), "坐落": _HOME.text},
        claims={"坐落": _HOME.text, "权属状态": "1"},
        outside="是否抵押",
    ),
)
