"""Invented enterprises of the city, with real industry codes (GB/T 4754-2017) and credit codes that check out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jutong.demo import places
from jutong.demo.city import CITY_NAME, REFERENCE_DATE, SEED
from jutong.demo.words import words
from jutong.standards import generate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jutong.demo.people import Person
    from jutong.demo.places import Address

ENTERPRISES = 3_000
"""Registered enterprises and shops at scale 1."""

TRADES: dict[str, tuple[str, str]] = {
    "5121": ("粮油贸易", "米、面制品及食用油批发"),
    "5211": ("百货", "百货零售"),
    "5212": ("超市", "超级市场零售"),
    "5251": ("大药房", "西药零售"),
    "6210": ("餐饮", "正餐服务"),
    "6220": ("快餐", "快餐服务"),
    "4710": ("建筑工程", "住宅房屋建筑"),
    "5011": ("装饰工程", "公共建筑装饰和装修"),
    "6513": ("软件科技", "应用软件开发"),
    "6531": ("信息技术", "信息系统集成服务"),
    "7010": ("房地产开发", "房地产开发经营"),
    "7020": ("物业服务", "物业管理"),
    "5431": ("物流", "普通货物道路运输"),
    "1311": ("米业", "稻谷加工"),
    "1353": ("食品", "肉制品及副产品加工"),
    "2661": ("化工", "化学试剂和助剂制造"),
    "3360": ("金属制品", "金属表面处理及热处理加工"),
    "0111": ("种植农民专业合作社", "稻谷种植"),
    "0311": ("养殖农民专业合作社", "牛的饲养"),
    "7291": ("旅行社", "旅行社及相关服务"),
    "7251": ("广告传媒", "互联网广告服务"),
    "8391": ("教育培训", "职业技能培训"),
    "8040": ("美容美发", "理发及美容服务"),
    "6110": ("酒店", "旅游饭店"),
}
"""Industry code: the word in the enterprise's name, the name of the class in the standard."""

_FOOD = frozenset({"6210", "6220", "5212", "1353"})
_MARKS = words(
    "云渡 榴锦 砚田 望川 赭山 荞麦香 渠首 杏坞 芦荡 织锦坊 东堤 西堤 书坊 磨坊 渡口 榆荫 泊苇 柳絮 金渡 安平里 "
    "恒砚 瑞渡 禾川 澄泊 景堤 拓渠 融榴 毓川 信砚 启渡 泽荞 朗堤 沐渠 远泊 广榆 佳坞 诚织 汇磨 兴赭 同絮"
)
_SECOND = words("源 达 丰 泰 和 盛 隆 通 顺 祥 鼎 弘 嘉 益 正 新 博 宜 联 诺 凯 润 腾 耀 宁 裕 汇 捷 升 合")
IN_BUSINESS, REVOKED, CANCELLED = "1", "2", "3"


@dataclass(slots=True)
class Enterprise:
    """An invented enterprise, shop or cooperative as it really is."""

    serial: int
    code: str
    name: str
    kind: str
    representative: Person
    industry: str
    capital: int
    founded: date
    address: Address
    status: str
    old_number: str
    phone: str
    food: bool
    odd_since: date | None = None

    @property
    def scope(self) -> str:
        """The business scope as registered."""
        return f"{TRADES[self.industry][1]}（依法须经批准的项目，经相关部门批准后方可开展经营活动）"


class Register:
    """Founds enterprises one after another from one seed."""

    def __init__(self, seed: int = SEED) -> None:
        self.rows: list[Enterprise] = []
        self._codes: set[str] = set()
        self._names: set[str] = set()
        self._random = random.Random(f"{seed}/enterprises")

    def found(
        self, representative: Person, *, industry: str, address: Address, founded: date, shop: bool, name: str = ""
    ) -> Enterprise:
        """Register an enterprise, or a shop (个体工商户), under a code nobody else has."""
        rng = self._random
        division = address.district
        cooperative = TRADES[industry][0].endswith("合作社")
        kind = "2" if shop else "3" if cooperative else "1"
        row = Enterprise(
            serial=len(self.rows) + 1,
            code=self._code(division, kind, founded),
            name=name or self._name(division, industry, shop=shop),
            kind="个体工商户" if shop else "农民专业合作社" if cooperative else "有限责任公司",
            representative=representative,
            industry=industry,
            capital=rng.choice((5, 10, 20, 30)) if shop else rng.choice((50, 100, 200, 300, 500, 1000, 2000, 5000)),
            founded=founded,
            address=address,
            status=IN_BUSINESS,
            old_number=generate.registration_number(rng, division=division) if founded.year < 2015 else "",  # noqa: PLR2004 - 三证合一
            phone=places.phone(rng),
            food=industry in _FOOD,
        )
        self.rows.append(row)
        return row

    def grow(self, people: Sequence[Person], count: int) -> None:
        """Add ordinary enterprises until there are ``count``."""
        rng = self._random
        owners = [row for row in people if 22 <= row.age <= 70 and row.died is None and not row.clean]  # noqa: PLR2004
        industries = list(TRADES)
        while owners and len(self.rows) < count:
            address = places.premises(rng, places.district(rng))
            industry = rng.choice(industries)
            founded = REFERENCE_DATE - timedelta(days=int(rng.betavariate(1.2, 2.2) * 9500) + 20)
            shop = not TRADES[industry][0].endswith("合作社") and rng.random() < 0.3  # noqa: PLR2004
            row = self.found(rng.choice(owners), industry=industry, address=address, founded=founded, shop=shop)
            row.status = rng.choices((IN_BUSINESS, REVOKED, CANCELLED), weights=(82, 6, 12))[0]
            if row.status == IN_BUSINESS and rng.random() < 0.06:  # noqa: PLR2004 - 经营异常
                row.odd_since = max(founded, REFERENCE_DATE - timedelta(days=rng.randrange(30, 1200)))

    def _code(self, division: str, kind: str, founded: date) -> str:
        prefix = "MA" if founded.year >= 2015 else "7"  # noqa: PLR2004 - 三证合一
        while True:
            code = generate.unified_credit_code(
                self._random, division=division, authority="9", kind=kind, prefix=prefix
            )
            if code not in self._codes:
                self._codes.add(code)
                return code

    def _name(self, division: str, industry: str, *, shop: bool) -> str:
        rng = self._random
        word = TRADES[industry][0]
        while True:
            mark = rng.choice(_MARKS) + rng.choice(_SECOND)
            if shop:
                name = f"{CITY_NAME}{places.DISTRICT_NAMES[division]}{mark}{word}店"
            elif word.endswith("合作社"):
                name = f"{CITY_NAME}{mark}{word}"
            else:
                name = f"{CITY_NAME}{mark}{word}有限公司"
            if name not in self._names:
                self._names.add(name)
                return name
