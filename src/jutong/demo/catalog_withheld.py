"""Entries that are not shared (不予共享), each with the law or regulation that says so and its article.

The articles were read in the texts in force on 2026-07-01: 统计法 as amended in 2024, 刑事诉讼法 as amended in 2018,
民法典, and the three census regulations.
"""

from __future__ import annotations

from dataclasses import dataclass

from jutong.demo.catalog_entry import CatalogEntry, CatalogItem, grade_of, own_class
from jutong.demo.words import words

_ORIGIN = "演示条目：手工编写"


@dataclass(frozen=True)
class _Withheld:
    key: str
    name: str
    department: str
    summary: str
    items: str
    cycle: str
    kind: str
    title: str
    article: str
    reason: str

    @property
    def entry(self) -> CatalogEntry:
        items = tuple(
            CatalogItem(name, length=200, is_personal=True, grade="general-4", widest_mode="verify")
            for name in words(self.items)
        )
        code, library = own_class(self.department)
        return CatalogEntry(
            key=f"withheld-{self.key}",
            name=self.name,
            department=self.department,
            summary=self.summary,
            classification=code,
            domain=library,
            data_format="database",
            update_cycle=self.cycle,
            share_attribute="none",
            share_way="service",
            grade=grade_of(items, "general-4"),
            refusal_reason=self.reason,
            basis_kind=self.kind,
            basis_title=self.title,
            basis_article=self.article,
            origin=_ORIGIN,
            items=items,
        )


_ROWS = (
    _Withheld(
        "survey",
        "住户收支与生活状况调查个体资料",
        "statistics",
        "抽中住户逐户填报的收入、支出和生活状况。汇总结果另有目录，可以共享。",
        "调查小区代码 住户编码 户主姓名 家庭成员 可支配收入 消费支出",
        "quarterly",
        "law",
        "中华人民共和国统计法",
        "第二十八条",
        "资料能够识别单个统计调查对象的身份，法律规定不得对外提供",
    ),
    _Withheld(
        "population-census",
        "人口普查个体登记资料",
        "statistics",
        "人口普查中逐人登记的资料。分地区汇总结果另有目录，可以共享。",
        "普查小区代码 户编号 姓名 公民身份号码 受教育程度 就业状况",
        "irregular",
        "regulation",
        "全国人口普查条例",
        "第三十三条",
        "资料能够识别单个普查对象的身份，行政法规规定不得对外提供，不得用于人口普查以外的目的",
    ),
    _Withheld(
        "economic-census",
        "经济普查单位个体资料",
        "statistics",
        "经济普查中单位和个体经营户填报的资料。汇总结果另有目录，可以共享。",
        "单位详细名称 统一社会信用代码 从业人员期末人数 营业收入 资产总计",
        "irregular",
        "regulation",
        "全国经济普查条例",
        "第三十三条",
        "行政法规规定经济普查取得的单位和个人资料严格限定用于经济普查的目的",
    ),
    _Withheld(
        "agricultural-census",
        "农业普查对象个体资料",
        "statistics",
        "农业普查中农户和农业经营单位填报的资料。汇总结果另有目录，可以共享。",
        "普查小区代码 户编号 户主姓名 经营耕地面积 畜禽存栏数",
        "irregular",
        "regulation",
        "全国农业普查条例",
        "第三十三条",
        "行政法规规定单个普查对象的资料应予保密，不得用于普查以外的目的",
    ),
    _Withheld(
        "sealed-records",
        "未成年人犯罪记录封存信息",
        "police",
        "依法封存的未成年人犯罪记录。司法机关办案或者依据国家规定查询的，按法定程序办理。",
        "姓名 公民身份号码 封存决定文书号 封存日期",
        "irregular",
        "law",
        "中华人民共和国刑事诉讼法",
        "第二百八十六条",
        "犯罪记录被封存的，法律规定不得向任何单位和个人提供，法定情形除外",
    ),
    _Withheld(
        "adoption",
        "要求保密的收养登记信息",
        "civil",
        "收养人、送养人要求保守收养秘密的收养登记。未要求保密的收养登记另有目录。",
        "登记编号 收养人姓名 被收养人姓名 送养人姓名 登记日期",
        "irregular",
        "law",
        "中华人民共和国民法典",
        "第一千一百一十条",
        "收养人、送养人要求保守收养秘密的，法律规定不得泄露",
    ),
)

WITHHELD_ENTRIES: tuple[CatalogEntry, ...] = tuple(row.entry for row in _ROWS)
