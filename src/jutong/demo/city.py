"""金河市: the invented city of the demonstration (演示), its divisions, departments, people and systems.

Nothing here exists. The division codes are a local extension of GB/T 2260 under the prefecture code 6299, which
no edition of the table ever used, so that no identity number or credit code built on them can be anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jutong.demo.staff import STAFF, TITLES

CITY_CODE = "629900"
CITY_NAME = "金河市"
PROVINCE_CODE = "620000"
SEED = 20260101
REFERENCE_DATE = date(2026, 11, 20)
"""The day on which the registers stand; ages and the order of events are counted from it."""

NOTICE = "演示数据：金河市及其区县、部门、人员、企业均为虚构，与现实中的任何人和单位无关。"
"""The sentence every page of an instance with the demonstration shows."""


@dataclass(frozen=True)
class Division:
    """A row of the local extension of GB/T 2260. ``valid_until`` is the first day it no longer held."""

    code: str
    name: str
    level: str
    parent_code: str
    valid_from: date
    valid_until: date | None = None
    postcode: str = ""


@dataclass(frozen=True)
class CityDepartment:
    """One department. ``line`` is its 条线, ``office`` its 政务数据共享工作机构 (条例 11)."""

    key: str
    code: str
    name: str
    short_name: str
    line: str
    office: str
    kind: str = "department"
    is_authority: bool = False

    @property
    def division_code(self) -> str:
        """The division the department serves: the whole city."""
        return CITY_CODE


@dataclass(frozen=True)
class CityPerson:
    """An invented official who signs in. ``roles`` are the values of ``center.org.enums.Role``."""

    username: str
    display_name: str
    department: str
    roles: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class CitySystem:
    """An information system of a department, with its level of protection (等级保护, 1 to 5)."""

    key: str
    name: str
    department: str
    protection_level: int


def _division(code: str, name: str, start: date, end: date | None = None) -> Division:
    return Division(code, name, "county", CITY_CODE, start, end, f"0000{code[-2:]}")


_FOUNDED = date(1985, 5, 14)
DISTRICTS: tuple[Division, ...] = (
    _division("629902", "河东区", _FOUNDED),
    _division("629903", "河西区", _FOUNDED),
    _division("629904", "西川区", _FOUNDED),
    _division("629905", "安平区", date(2003, 1, 1)),
    _division("629911", "红石区", _FOUNDED),
    _division("629921", "榆岭县", _FOUNDED),
    _division("629922", "永和县", _FOUNDED),
    _division("629923", "皋水县", _FOUNDED),
)
"""The eight districts and counties in force."""

FORMER_DISTRICTS: tuple[Division, ...] = (_division("629924", "石渡县", _FOUNDED, date(2003, 1, 1)),)
"""Merged away: 石渡县 became 安平区 in 2003. Numbers given out before still carry its code, as in real life."""

DIVISIONS: tuple[Division, ...] = (
    Division(CITY_CODE, CITY_NAME, "city", PROVINCE_CODE, _FOUNDED),
    *DISTRICTS,
    *FORMER_DISTRICTS,
)
"""Everything to load beside the real table, marked as demonstration."""


# credit codes: category, 629900, an organisation code drawn once with SEED, both check digits computed
DEPARTMENTS: tuple[CityDepartment, ...] = (
    CityDepartment(
        "bigdata", "11629900MB00401090", "金河市大数据局", "市大数据局", "大数据", "数据共享管理科", is_authority=True
    ),
    CityDepartment("police", "11629900MB6028100K", "金河市公安局", "市公安局", "公安", "科技信息化科"),
    CityDepartment("civil", "11629900MB4482457G", "金河市民政局", "市民政局", "民政", "信息与数据科"),
    CityDepartment("education", "11629900MB5345980L", "金河市教育局", "市教育局", "教育", "教育信息与统计科"),
    CityDepartment(
        "labour",
        "11629900MB5020326K",
        "金河市人力资源和社会保障局",
        "市人社局",
        "人力资源和社会保障",
        "规划与信息科",
    ),
    CityDepartment("medical", "11629900MB55855626", "金河市医疗保障局", "市医保局", "医疗保障", "信息与网络科"),
    CityDepartment("health", "11629900MB9070961R", "金河市卫生健康委员会", "市卫健委", "卫生健康", "规划与信息科"),
    CityDepartment("land", "11629900MB609065XB", "金河市自然资源局", "市自然资源局", "自然资源", "测绘与信息科"),
    CityDepartment(
        "housing", "11629900MB79205200", "金河市住房和城乡建设局", "市住建局", "住房和城乡建设", "科技与信息科"
    ),
    CityDepartment("market", "11629900MB0325139F", "金河市市场监督管理局", "市市场监管局", "市场监管", "信用与数据科"),
    CityDepartment("tax", "11629900MB4628196J", "国家税务总局金河市税务局", "市税务局", "税务", "数据和风险管理科"),
    CityDepartment("justice", "11629900MB68161580", "金河市司法局", "市司法局", "司法行政", "信息科"),
    CityDepartment("finance", "11629900MB4817026U", "金河市财政局", "市财政局", "财政", "信息与统计科"),
    CityDepartment("statistics", "11629900MB89677506", "金河市统计局", "市统计局", "统计", "数据管理科"),
    CityDepartment("environment", "11629900MB37197823", "金河市生态环境局", "市生态环境局", "生态环境", "监测与信息科"),
    CityDepartment("transport", "11629900MB41403500", "金河市交通运输局", "市交通运输局", "交通运输", "科技信息科"),
    CityDepartment("water", "11629900MB92566353", "金河市水务局", "市水务局", "水利", "规划与信息科"),
    CityDepartment("agriculture", "11629900MB3681956H", "金河市农业农村局", "市农业农村局", "农业农村", "市场与信息科"),
    CityDepartment("culture", "11629900MB17343805", "金河市文化和旅游局", "市文旅局", "文化和旅游", "科技与数据科"),
    CityDepartment("emergency", "11629900MB3405660Q", "金河市应急管理局", "市应急局", "应急管理", "科技和信息化科"),
    CityDepartment("urban", "11629900MB6746065N", "金河市城市管理局", "市城管局", "城市管理", "智能化与数据科"),
    CityDepartment(
        "approval", "11629900MB6904027G", "金河市行政审批服务局", "市行政审批局", "政务服务", "平台与数据科"
    ),
    CityDepartment(
        "disabled", "13629900MB0945960W", "金河市残疾人联合会", "市残联", "残疾人工作", "信息与统计部", "authorised"
    ),
    CityDepartment(
        "fund",
        "12629900MB79204409",
        "金河市住房公积金管理中心",
        "市公积金中心",
        "住房公积金",
        "信息技术科",
        "authorised",
    ),
)

SYSTEMS: tuple[CitySystem, ...] = (
    CitySystem("exchange", "政务数据共享交换系统", "bigdata", 3),
    CitySystem("population", "人口信息管理系统", "police", 3),
    CitySystem("marriage", "婚姻登记系统", "civil", 3),
    CitySystem("relief", "社会救助业务系统", "civil", 3),
    CitySystem("enrolment", "义务教育入学系统", "education", 3),
    CitySystem("school-roll", "中小学学籍管理系统", "education", 3),
    CitySystem("social-insurance", "社会保险业务系统", "labour", 3),
    CitySystem("medical-settlement", "医保结算系统", "medical", 3),
    CitySystem("population-health", "全民健康信息平台", "health", 3),
    CitySystem("estate", "不动产登记系统", "land", 3),
    CitySystem("public-housing", "公租房管理系统", "housing", 2),
    CitySystem("registration", "经营主体登记系统", "market", 3),
    CitySystem("tax-collection", "税费征管辅助系统", "tax", 3),
    CitySystem("legal-aid", "法律援助管理系统", "justice", 2),
    CitySystem("subsidy", "惠民补贴发放系统", "finance", 3),
    CitySystem("transit-card", "公交优惠卡系统", "transport", 2),
    CitySystem("water-fee", "水费减免管理系统", "water", 2),
    CitySystem("heating", "采暖补贴管理系统", "urban", 2),
    CitySystem("one-stop", "一件事办理系统", "approval", 3),
    CitySystem("disability", "残疾人服务管理系统", "disabled", 2),
    CitySystem("housing-fund", "住房公积金业务系统", "fund", 3),
)

PEOPLE: tuple[CityPerson, ...] = tuple(
    CityPerson(username, display_name, key, tuple(role.split("+")), TITLES[role])
    for key, rows in STAFF.items()
    for role, display_name, username in rows
)

_BY_KEY = {row.key: row for row in DEPARTMENTS}


def department(key: str) -> CityDepartment:
    """Return the department with this key.

    Raises:
        KeyError: if the city has no such department.
    """
    return _BY_KEY[key]


def people_of(key: str) -> tuple[CityPerson, ...]:
    """Return everybody who signs in for one department."""
    return tuple(row for row in PEOPLE if row.department == key)


def person(username: str) -> CityPerson:
    """Return the official with this user name.

    Raises:
        KeyError: if nobody has it.
    """
    for row in PEOPLE:
        if row.username == username:
            return row
    raise KeyError(username)
