"""Streets, roads and estates of the invented city, and addresses made of them (演示)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jutong.demo.city import CITY_NAME, DISTRICTS
from jutong.demo.words import words

if TYPE_CHECKING:
    import random

_TOWNSHIPS: dict[str, tuple[str, ...]] = {
    "629902": ("金渡街道", "书坊街道", "东堤街道", "榴园街道"),
    "629903": ("西堤街道", "铁匠营街道", "河湾里街道"),
    "629904": ("西川里街道", "砚台街道", "柳絮镇"),
    "629905": ("安平里街道", "石渡镇", "望河街道"),
    "629911": ("红石里街道", "窑岭镇", "赭山台街道"),
    "629921": ("榆岭镇", "双榆沟镇", "荞麦川乡"),
    "629922": ("永和里镇", "渠首坝镇", "杏花坞乡"),
    "629923": ("皋水里镇", "白芦荡镇", "苇泊湾乡"),
}
_ROADS = words(
    "金河大道 滨河中路 书坊街 榴花路 东堤路 西堤路 砚台路 渡口巷 铁匠营街 望河路 安平里大街 窑岭路 赭石路 榆荫路 "
    "荞花路 渠首路 杏坞路 芦花路 苇泊路 柳絮路 河湾里街 双榆路 织锦巷 磨坊巷"
)
_ESTATES = words(
    "金渡苑 榴园小区 河湾里小区 书坊花园 砚池苑 柳絮新村 望河家园 赭石苑 榆荫里 荞花苑 杏坞小区 芦荡人家 "
    "织锦里 磨坊小区 渡口新村 安平里社区"
)
_POLICE_SUFFIX = "派出所"


@dataclass(frozen=True, slots=True)
class Address:
    """A dwelling: division code, township or street office, and the rest down to the room."""

    district: str
    township: str
    rest: str

    @property
    def text(self) -> str:
        """The whole address as registers write it."""
        return f"{CITY_NAME}{DISTRICT_NAMES[self.district]}{self.township}{self.rest}"

    @property
    def without_number(self) -> str:
        """The address with the house number lost, as it often is."""
        return self.text.split("路", maxsplit=1)[0] + "路" if "路" in self.rest else self.text[: -len(self.rest)]

    @property
    def police_station(self) -> str:
        """The station that keeps the household."""
        return self.township.removesuffix("街道").removesuffix("镇").removesuffix("乡") + _POLICE_SUFFIX


DISTRICT_NAMES = {row.code: row.name for row in DISTRICTS}
_WEIGHTS = (24, 14, 12, 11, 9, 12, 10, 8)


def district(rng: random.Random) -> str:
    """Return a district code; the inner ones hold more people."""
    return rng.choices(DISTRICTS, weights=_WEIGHTS)[0].code


def dwelling(rng: random.Random, code: str) -> Address:
    """Return an invented flat or farmhouse in a district."""
    township = rng.choice(_TOWNSHIPS[code])
    if township.endswith("乡"):
        return Address(code, township, f"第{rng.randrange(1, 15)}村民小组{rng.randrange(1, 160)}号")
    road, estate = rng.choice(_ROADS), rng.choice(_ESTATES)
    room = f"{rng.randrange(1, 19)}0{rng.randrange(1, 5)}"
    block = f"{rng.randrange(1, 24)}号楼{rng.randrange(1, 5)}单元{room}室"
    return Address(code, township, f"{road}{rng.randrange(1, 320)}号{estate}{block}")


def site(rng: random.Random, code: str) -> Address:
    """Return the invented address of a whole building or yard in a district."""
    return Address(code, rng.choice(_TOWNSHIPS[code]), f"{rng.choice(_ROADS)}{rng.randrange(1, 320)}号")


def premises(rng: random.Random, code: str) -> Address:
    """Return an invented business address in a district."""
    township, road = rng.choice(_TOWNSHIPS[code]), rng.choice(_ROADS)
    return Address(code, township, f"{road}{rng.randrange(1, 320)}号{rng.randrange(1, 30)}层{rng.randrange(1, 40)}室")


def phone(rng: random.Random) -> str:
    """Return an eleven-digit number nobody can dial: no number at home or abroad begins with 000."""
    return f"000{rng.randrange(10**8):08d}"
