"""The entries behind which a real table of a department's database stands, described by hand and in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jutong.demo.catalog_entry import CatalogEntry, base_class, grade_of, items_of, own_class, theme_class
from jutong.demo.registers import civil, education, labour, land, market, police

if TYPE_CHECKING:
    from jutong.demo.tables import Table

_ORIGIN = "演示条目：手工编写，挂接演示数据库，人员和企业均为虚构"
_LEAST = "使用部门应说明办理事项和对应法定职责，按最小必要选取数据项；只需判断是否符合条件的，使用核验接口"


@dataclass(frozen=True)
class _Bound:
    table: Table
    source: str
    department: str
    place: tuple[str, str]
    summary: str
    cycle: str = "daily"
    scope: str = ""
    purpose: str = ""

    @property
    def entry(self) -> CatalogEntry:
        items = items_of(self.table)
        conditional = bool(self.scope)
        return CatalogEntry(
            key=f"bound-{self.table.name}",
            name=self.table.comment,
            department=self.department,
            summary=self.summary,
            classification=self.place[0],
            domain=self.place[1],
            data_format="database",
            update_cycle=self.cycle,
            share_attribute="conditional" if conditional else "unconditional",
            share_way="service",
            grade=grade_of(items, "general-2" if conditional else "general-1"),
            share_scope=self.scope,
            share_purpose=self.purpose,
            use_conditions=_LEAST if conditional else "",
            origin=_ORIGIN,
            source=self.source,
            table=self.table.name,
            items=items,
        )


_PERSONAL = "依法履行职责需要核对该信息的市、县两级政府部门"
_ROWS = (
    _Bound(
        police.PERSONS,
        "police-population",
        "police",
        base_class("population", "police"),
        "本市户籍人口的身份、户籍、现居住地址和人口状态。公民身份号码、姓名、性别、民族、出生日期以本目录为准；"
        "婚姻状况仅为登记时填报，以民政部门的婚姻登记为准。注销人口保留并标明注销日期。",
        scope=_PERSONAL,
        purpose="核对办事人身份、户籍和居住地址，认定入学、救助、住房等资格",
    ),
    _Bound(
        police.HOUSEHOLDS,
        "police-population",
        "police",
        base_class("population", "police"),
        "本市居民户的户号、户类别、户主、户籍地址和户内人数，按派出所管辖。",
        scope=_PERSONAL,
        purpose="核对户籍地址和户内人数，认定以家庭为单位办理的事项",
    ),
    _Bound(
        police.MEMBERS,
        "police-population",
        "police",
        base_class("population", "police"),
        "每一居民户的现有成员及其与户主关系，一人一行，按户号或公民身份号码查询。",
        scope=_PERSONAL,
        purpose="核对监护关系和家庭成员，办理入学、救助、落户等事项",
    ),
    _Bound(
        civil.MARRIAGES,
        "civil-affairs",
        "civil",
        theme_class("public-service", "civil"),
        "本市婚姻登记机关办理的结婚、离婚登记，含双方身份和登记日期。外地办理的登记不在其中。"
        "当事人婚姻状况以本目录最近一次登记为准。",
        scope="依法需要核对当事人婚姻状况的市、县两级政府部门",
        purpose="不动产登记、社会救助、住房保障、入学等事项中核对婚姻状况",
    ),
    _Bound(
        civil.PARTIES,
        "civil-affairs",
        "civil",
        theme_class("public-service", "civil"),
        "在本市办理过婚姻登记的当事人，一人一行，婚姻状况以最近一次登记为准。外地办理的登记不在其中，丧偶不在此登记。",
        scope="依法需要核对当事人婚姻状况的市、县两级政府部门",
        purpose="社会救助、住房保障、入学等事项中按人核对婚姻状况",
    ),
    _Bound(
        civil.RELIEF,
        "civil-affairs",
        "civil",
        theme_class("social-security", "civil"),
        "全市城乡最低生活保障对象的身份、家庭、保障类别和待遇发放情况。停保后保留并标明状态。"
        "社会救助法施行后，确认结果在社会救助管理部门之间共享互认。",
        scope="社会救助、医疗保障、教育、住房保障等依法给予困难群众减免或救助的部门",
        purpose="核实救助对象身份，办理医疗救助、学生资助、住房保障、费用减免",
    ),
    _Bound(
        civil.DESTITUTE,
        "civil-affairs",
        "civil",
        theme_class("social-security", "civil"),
        "特困人员的认定日期、供养方式、生活自理能力和供养标准。",
        scope="社会救助、医疗保障、残疾人工作等部门",
        purpose="核实特困人员身份，落实供养、照料和医疗救助",
    ),
    _Bound(
        land.ESTATES,
        "land-estate",
        "land",
        base_class("geography", "land"),
        "本市住宅类不动产的坐落、权利人、共有方式、面积、登记时间和权属状态，一个权利人一行。"
        "1999年10月以前登记的，证件号码可能仍是15位旧号。",
        scope="不动产登记暂行条例规定互通共享登记信息的部门，以及办理入学、救助、住房保障等事项的部门",
        purpose="核对申请人及其家庭成员名下住房情况，不得用于与办理事项无关的查询",
    ),
    _Bound(
        land.MORTGAGES,
        "land-estate",
        "land",
        own_class("land"),
        "本市住宅类不动产的抵押登记，含抵押权人、债务履行期限和抵押状态。",
        scope="住房公积金管理、住房保障、社会救助家庭经济状况核对机构",
        purpose="核对住房贷款和家庭经济状况",
    ),
    _Bound(
        market.ENTERPRISES,
        "market-registration",
        "market",
        base_class("legal-person", "market"),
        "本市登记的企业、个体工商户和农民专业合作社的名称、统一社会信用代码、行业、住所、登记状态等。"
        "2015年以前注销或吊销的，可能没有统一社会信用代码。",
        scope="市、县两级政府部门",
        purpose="行政许可、监督检查、财政补贴、社会保险等事项中核对经营主体登记情况",
    ),
    _Bound(
        market.ODD,
        "market-registration",
        "market",
        theme_class("credit", "market"),
        "列入经营异常名录的经营主体及列入原因、列入和移出日期，依法向社会公示。",
    ),
    _Bound(
        market.FOOD,
        "market-registration",
        "market",
        theme_class("food-drug", "market"),
        "有效和已失效的食品经营许可证，含主体业态、经营场所和有效期。",
    ),
    _Bound(
        education.SCHOOLS,
        "education-roll",
        "education",
        theme_class("public-service", "education"),
        "本市义务教育学校的标识码、名称、办学类型、地址和在校学生数。",
        cycle="yearly",
    ),
    _Bound(
        education.PUPILS,
        "education-roll",
        "education",
        theme_class("public-service", "education"),
        "义务教育在校学生的学籍、就读学校和监护人。学生多不满十四周岁，身份信息只提供核验。",
        cycle="weekly",
        scope="学生资助、未成年人保护、卫生健康、残疾人工作等部门",
        purpose="核实学生身份和在读情况，落实资助、控辍保学和健康服务",
    ),
    _Bound(
        labour.INSURED,
        "labour-insurance",
        "labour",
        theme_class("social-security", "labour"),
        "本市社会保险参保人员的险种、参保单位、参保状态、缴费基数和累计缴费月数。",
        scope="依法需要核对参保情况的市、县两级政府部门",
        purpose="随迁子女入学、就业援助、救助家庭经济状况核对等事项中核对参保情况",
    ),
    _Bound(
        labour.HARD_TO_PLACE,
        "labour-insurance",
        "labour",
        theme_class("social-security", "labour"),
        "经公共就业服务机构认定的就业困难人员及困难类型、认定日期和状态。",
        cycle="monthly",
        scope="民政、财政、税务、残疾人工作等部门",
        purpose="落实就业援助、社会保险补贴和税费减免",
    ),
)

BOUND_ENTRIES: tuple[CatalogEntry, ...] = tuple(row.entry for row in _ROWS)
"""In the order of departments; each stands on the table it names."""
