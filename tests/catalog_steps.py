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
    Event.REMOVE: lambda city, version: actions.publish(version=version, by=city["authority"], now=NOW),
    Event.DISCARD: lambda city, version: actions.discard(version=version, by=city["steward"], now=NOW),
}
AUTOMATIC = {Event.FINISH_ASSESSMENT, Event.SUPERSEDE}


NEVER = {
    (VersionState.PUBLISHED, Event.REMOVE),
    (VersionState.SUPERSEDED, Event.REMOVE),
    (VersionState.REMOVED, Event.PUBLISH),
}
"""Pairs no version can be in: a removal is never published, and nothing but a removal is removed."""


def reach(city: City, state: VersionState, event: Event | None = None) -> EntryVersion:
    """Bring a version to a state through the actions; one that takes its entry down where the step asks for that."""
    if state == VersionState.REMOVED or event == Event.REMOVE:
        return _bring(city, city.removal(), state)
    if state in {VersionState.PUBLISHED, VersionState.SUPERSEDED}:
        return _out(city, state)
    return _bring(city, city.draft(), state)


def _out(city: City, state: VersionState) -> EntryVersion:
    version = city.published()
    if state == VersionState.SUPERSEDED:
        newer = actions.new_version(entry=version.entry, by=city["steward"], now=NOW)
        STEPS[Event.PUBLISH](city, city.submit(newer))
        version.refresh_from_db()
    return version


def _bring(city: City, version: EntryVersion, state: VersionState) -> EntryVersion:
    is_removal = version.state == VersionState.ASSESSED
    if state == VersionState.DISCARDED:
        return STEPS[Event.DISCARD](city, version)
    if state == VersionState.DRAFT:
        return STEPS[Event.DECLINE](city, version) if is_removal else version
    if not is_removal:
        version = city.assess(version)
    for event, after in (
        (None, VersionState.ASSESSED),
        (Event.CONSENT, VersionState.CONSENTED),
        (Event.SUBMIT, VersionState.SUBMITTED),
        (Event.REMOVE if state == VersionState.REMOVED else Event.RETURN, state),
    ):
        version = STEPS[event](city, version) if event else version
        if after == state:
            break
    return version


def snapshot(version: EntryVersion) -> dict[str, object]:
    row = EntryVersion.objects.filter(id=version.id).values().get()
    return {**row, "items": list(version.items.values_list("name", flat=True))}
