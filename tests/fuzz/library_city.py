"""A library with a feed and a work for random calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from jutong.center.library import definitions, ordering
from jutong.library.definitions import library

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity


def extend(city: FuzzCity) -> None:
    world, now = city.world, timezone.now()
    definitions.publish(definition=library("RK"), by=world.actors["authority"], now=now)
    work = ordering.try_engine(address="", by=world.actors["system_admin"], now=now)
    city.addresses["getLibraryTable"] = {"code": "RK", "name": "person"}
    city.addresses["getLibraryWork"] = {"work_id": str(work.id)}
