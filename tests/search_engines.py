"""The three ways in which a search is answered, so that one set of tests holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from jutong.center.catalog.actions import ImportRow, import_published
from jutong.center.catalog.index import reader as reading
from jutong.center.catalog.index import writer
from jutong.center.catalog.models import Entry
from jutong.center.org.models import Organisation
from tests.center_world import NOW, PLATFORM

REGISTRY, INDEX, NEWER = "registry", "index", "newer"
ENGINES = (REGISTRY, INDEX, NEWER)


def publish(organisation: Organisation, rows: list[ImportRow], now: datetime = NOW) -> list[Entry]:
    """Publish entries whatever the norms say of them; what is found does not depend on that."""
    with mock.patch("jutong.center.catalog.actions.importing._findings", return_value=[]):
        return import_published(organisation=organisation, rows=rows, by=PLATFORM, now=now)


@dataclass(frozen=True)
class Engine:
    """``sync`` brings what answers up to date with the registry, writes past the change feed included."""

    name: str

    def sync(self) -> None:
        if self.name == INDEX:
            writer.reconcile(NOW)
        if self.name == NEWER:
            reading.reader().forget()

    @property
    def answers_by_index(self) -> bool:
        return self.name != REGISTRY


def engine(name: str, settings: Any, home: Path) -> Engine:
    """Give a test a data folder of its own, with an empty index unless the registry is to answer."""
    settings.JUTONG = replace(settings.JUTONG, home=home)
    if name != REGISTRY:
        writer.rebuild(NOW)
    return Engine(name)
