"""What stands behind two entries and is no table: a folder of reports that is well, a queue that is not there."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jutong.center.catalog.actions.binding import bind_place
from jutong.center.catalog.enums import BindingKind
from jutong.center.catalog.models import Entry
from jutong.center.fleet.models import Source
from jutong.center.org.actor import platform_actor
from jutong.contracts.orders import Place
from jutong.demo.city import DEPARTMENTS
from jutong.kernel.clock import civil_date
from jutong.kernel.settings import Settings

BY = platform_actor("demo")
REPORT_DAYS = 3


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """One entry and what it is bound to."""

    department: str
    entry: str
    kind: BindingKind
    source: str
    place: Place


PLACES = (
    DemoPlace(
        "water", "河流水位信息", BindingKind.FILES, "water-reports", Place(protocol="file", address="", path="levels")
    ),
    DemoPlace(
        "transport", "公共停车场剩余车位信息", BindingKind.STREAM, "transport-doors",
        Place(protocol="mqtt", address="127.0.0.1:1883", path="parking/free"),
    ),
)  # fmt: skip
"""Nothing listens at the second, so that a binding that cannot be reached is seen too."""


def sources(settings: Settings) -> list[dict[str, Any]]:
    """Return the rows of the node's configuration for these places."""
    codes = {row.key: row.code for row in DEPARTMENTS}
    folder = settings.path("demo", "reports")
    return [
        {"name": "water-reports", "dialect": "files", "organisation_code": codes["water"], "path": str(folder)},
        {
            "name": "transport-doors", "dialect": "endpoints", "organisation_code": codes["transport"],
            "hosts": ["127.0.0.1:1883"],
        },
    ]  # fmt: skip


def write_reports(settings: Settings, now: datetime) -> None:
    """Write the reports of the last days, invented like everything else."""
    folder = settings.path("demo", "reports", "levels")
    folder.mkdir(parents=True, exist_ok=True)
    for back in range(REPORT_DAYS):
        day = civil_date(now - timedelta(days=back))
        with (folder / f"{day:%Y%m%d}.csv").open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["站点", "时间", "水位（米）"])
            rows.writerows(
                [[f"金河{station}号站", f"{day} 08:00", f"{3 + station / 10:.2f}"] for station in range(1, 6)]
            )


def load(now: datetime) -> None:
    """Bind the entries, once."""
    for row in PLACES:
        entry = Entry.objects.filter(
            organisation__code=_code(row.department), published_name=row.entry, is_bound=False
        ).first()
        if entry is not None and Source.objects.filter(name=row.source).exists():
            bind_place(entry=entry, kind=row.kind, source=row.source, place=row.place, by=BY, now=now)


def _code(department: str) -> str:
    return next(row.code for row in DEPARTMENTS if row.key == department)
