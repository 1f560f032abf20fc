"""What an own entry's page shows of its life: who uses it, the clock that runs, what may be asked for."""

from __future__ import annotations

from typing import Any

from jutong.center.catalog import duty_queries
from jutong.center.catalog.enums import VersionKind
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.standards.return_reasons import return_reasons
from jutong.web.door import Visit


def context_of(visit: Visit, entry: Entry, version: EntryVersion | None) -> dict[str, Any]:
    """Return what an own entry's page shows of its life."""
    today = civil_date(visit.now)
    return {
        "use": duty_queries.use_of(entry) if entry.published_id else None,
        "update_clock": duty_queries.update_clock(entry, today),
        "extension_days": duty_queries.days_left_to_ask(entry, today),
        "returned": return_reasons().get(version.return_code) if version else None,
        "is_removal": version is not None and version.kind == VersionKind.REMOVAL,
        "may_file": has(visit.actor, Permission.CATALOG_FILING_SUBMIT),
        "may_ask_extension": has(visit.actor, Permission.CATALOG_EXTENSION_ASK),
    }
