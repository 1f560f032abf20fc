from __future__ import annotations

import pytest

from jutong.demo import world as worlds
from jutong.demo.registers import Register
from jutong.demo.registers.all import write
from jutong.demo.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return worlds.create(scale=0.5)


@pytest.fixture(scope="session")
def registers(world: World) -> dict[str, Register]:
    return {register.name: register for register in write(world)}


@pytest.fixture(scope="session")
def rows(registers: dict[str, Register]) -> dict[str, list[dict[str, object]]]:
    """Every table's rows by column name."""
    return {
        table.name: [dict(zip(table.column_names, row, strict=True)) for row in contents]
        for register in registers.values()
        for table, contents in register.contents
    }
