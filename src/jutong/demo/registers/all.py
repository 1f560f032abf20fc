from __future__ import annotations

from typing import TYPE_CHECKING

from jutong.demo.registers import civil, education, labour, land, market, police

if TYPE_CHECKING:
    from jutong.demo.registers import Register
    from jutong.demo.world import World

TABLES = {
    "police-population": (police.PERSONS, police.HOUSEHOLDS, police.MEMBERS),
    "civil-affairs": (civil.MARRIAGES, civil.PARTIES, civil.RELIEF, civil.DESTITUTE),
    "land-estate": (land.ESTATES, land.MORTGAGES),
    "market-registration": (market.ENTERPRISES, market.ODD, market.FOOD),
    "education-roll": (education.SCHOOLS, education.PUPILS),
    "labour-insurance": (labour.INSURED, labour.HARD_TO_PLACE),
}
"""By source: the tables it holds."""


def write(world: World) -> tuple[Register, ...]:
    """Write every register of a world."""
    return tuple(module.register(world) for module in (police, civil, land, market, education, labour))
