"""The three ways in which a search is answered, so that one set of tests holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jutong.center.catalog.index import reader as reading
from jutong.center.catalog.index import writer
from tests.center_world import NOW

REGISTRY, INDEX, NEWER = "registry", "index", "newer"
ENGINES = (REGISTRY, INDEX, NEWER)


@dataclass(frozen=True)
class Engine:
    """``sync`` brings what answers up to date with the registry, writes past the change feed included."""

    name: str

    def sync(self) -> None:
        if self.name == INDEX:
            writer.reconcile(NOW)
        if self.name == NEWER:
            reading.reader()._newer = None
            reading.reader()._counts.clear()

    @property
    def answers_by_index(self) -> bool:
        return self.name != REGISTRY


def engine(name: str, settings: Any, home: Path) -> Engine:
    """Give a test a data folder of its own, with an empty index unless the registry is to answer."""
    settings.JUTONG = replace(settings.JUTONG, home=home)
    if name != REGISTRY:
        writer.rebuild(NOW)
    return Engine(name)
