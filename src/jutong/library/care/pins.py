"""Versions that a fusion relies on stay readable, however old they are."""

from __future__ import annotations

from pathlib import Path

from deltalake.exceptions import DeltaError

from jutong.kernel.errors import JutongError
from jutong.library.care.keep import pin
from jutong.library.care.log import LOG
from jutong.library.fusion.manifest import BESIDE, Fused, current

HOLDER = "fusion"


def fusions(library: Path) -> list[Fused]:
    """Return the fused tables that have tables beside them."""
    found = []
    for log in sorted((library / "fused").glob(f"*/*_links/{LOG}")):
        table = log.parent
        found.append(Fused(library, table.parent.name, table.name.removesuffix("_links")))
    return found


def pin_fusions(library: Path) -> None:
    """Pin what the last good fusion of each table was made of, and what belongs to it; let go of what did before."""
    for fused in fusions(library):
        try:
            good = current(fused)
        except (JutongError, DeltaError, OSError):
            continue  # of a table that cannot be read nothing is let go
        if good is None:
            continue
        for name in BESIDE:
            if good.versions[name] >= 0:
                pin(fused.beside(name), HOLDER, {good.versions[name]})
        for feed, version in good.manifest.feeds.items():
            for place in (library / "standardised").glob(f"*/{feed}"):
                pin(place, f"{HOLDER}-{fused.code}-{fused.table}".lower(), {version})
