"""One function per step of a catalog version, and the way to every state, through the actions alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from jutong.center.catalog import actions
from jutong.center.catalog.enums import Event, VersionState
from jutong.center.catalog.models import EntryVersion
from tests.center_world import FIELDS, ITEMS, NOW, City

Step = Callable[[City, EntryVersion], EntryVersion]
YESTERDAY = date(2026, 11, 8)


def assess(city: City, version: EntryVersion, kind: str = "secrecy", **changes: Any) -> EntryVersion:
    words = {
        "version": version, "kind": kind, "passed": True, "conclusion": "可控", "assessed_by": "王建国",
        "assessed_on": YESTERDAY, "by": city["steward"], "now": NOW,
    }  # fmt: skip
    return actions.record_assessment(**{**words, **changes})


def edit(city: City, version: EntryVersion, **changes: Any) -> EntryVersion:
    fields = replace(FIELDS, **changes)
    return actions.edit_version(version=version, fields=fields, items=ITEMS, by=city["steward"], now=NOW)


STEPS: dict[Event, Step] = {
    Event.EDIT: edit,
    Event.ASSESS: assess,
    Event.CONSENT: lambda city, version: actions.consent(version=version, by=city["department_head"], now=NOW),
    Event.DECLINE: lambda city, version: actions.decline(
        version=version, reason="口径不清", by=city["department_head"], now=NOW
    ),
    Event.SUBMIT: lambda city, version: actions.submit(version=version, by=city["steward"], now=NOW),
    Event.RECALL: lambda city, version: actions.withdraw(version=version, by=city["office_head"], now=NOW),
    Event.PUBLISH: lambda city, version: actions.publish(version=version, by=city["authority"], now=NOW),
    Event.RETURN: lambda city, version: actions.return_version(
        version=version, reason="擅自增设条件", by=city["authority"], now=NOW
    ),
}
AUTOMATIC = {Event.FINISH_ASSESSMENT, Event.SUPERSEDE}


def reach(city: City, state: VersionState) -> EntryVersion:
    """Bring a version to a state through the actions."""
    version = city.draft()
    if state == VersionState.DRAFT:
        return version
    version = city.assess(version)
    if state == VersionState.ASSESSED:
        return version
    version = STEPS[Event.CONSENT](city, version)
    if state == VersionState.CONSENTED:
        return version
    version = STEPS[Event.SUBMIT](city, version)
    if state == VersionState.SUBMITTED:
        return version
    if state == VersionState.RETURNED:
        return STEPS[Event.RETURN](city, version)
    version = STEPS[Event.PUBLISH](city, version)
    if state == VersionState.SUPERSEDED:
        city_version = actions.new_version(entry=version.entry, by=city["steward"], now=NOW)
        STEPS[Event.PUBLISH](city, city.submit(city_version))
        version.refresh_from_db()
    return version


def snapshot(version: EntryVersion) -> dict[str, object]:
    row = EntryVersion.objects.filter(id=version.id).values().get()
    return {**row, "items": list(version.items.values_list("name", flat=True))}
