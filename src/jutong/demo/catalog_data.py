"""The catalogue of the invented city: real entries adapted, and hand-written ones with tables behind them."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from importlib import resources

from jutong.demo.catalog_bound import BOUND_ENTRIES
from jutong.demo.catalog_entry import CatalogEntry, CatalogItem
from jutong.demo.catalog_withheld import WITHHELD_ENTRIES

__all__ = ["BOUND_ENTRIES", "WITHHELD_ENTRIES", "CatalogEntry", "CatalogItem", "all_entries", "real_entries"]


@lru_cache(maxsize=1)
def real_entries() -> tuple[CatalogEntry, ...]:
    """Return the entries adapted from real open-data catalogues, in the departments' order."""
    packed = resources.files("jutong.demo").joinpath("data/catalog.json.gz").read_bytes()
    return tuple(CatalogEntry.from_dict(row) for row in json.loads(gzip.decompress(packed)))


def all_entries() -> tuple[CatalogEntry, ...]:
    """Return everything to load: bound entries, withheld ones, then the real ones."""
    return (*BOUND_ENTRIES, *WITHHELD_ENTRIES, *real_entries())
