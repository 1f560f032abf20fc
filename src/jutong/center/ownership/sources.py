"""Which department is the source of an item: what validation, entry pages and applications ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.norms.queries import matcher
from jutong.center.org.models import Organisation
from jutong.center.ownership.elements import keys_of
from jutong.center.ownership.enums import DesignationState
from jutong.center.ownership.meaning import element_key
from jutong.center.ownership.models import SourceDesignation
from jutong.standards.elements import Matcher


@dataclass(frozen=True, slots=True)
class SourceLink:
    """The source of one item: the department and the entry in which it supplies the item to all."""

    item_name: str
    organisation_code: str
    organisation_name: str
    entry_code: str
    entry_name: str


class Assignments(Mapping[str, str]):
    """Item names and element codes whose source is another department, to the code of the source's entry.

    Names are looked up as people write them: width, case, blanks, numbers at the end and synonyms do not matter.
    """

    def __init__(self, by_key: Mapping[str, str], entry_name: str = "") -> None:
        self._by_key = dict(by_key)
        self._entry_name = entry_name
        self._library: Matcher | None = None
        self._asked: dict[str, str | None] = {}
        """What was found for a name before: thousands of items share a few hundred names."""

    def __getitem__(self, name: str) -> str:
        """Return the code of the source's entry.

        Raises:
            KeyError: if the item has no source, or the department is its source.
        """
        if name not in self._asked:
            self._asked[name] = self._look_up(name) if self._by_key else None
        found = self._asked[name]
        if found is None:
            raise KeyError(name)
        return found

    def _look_up(self, name: str) -> str | None:
        self._library = self._library or matcher()
        keys = (element_key(name), *keys_of(name, entry_name=self._entry_name, library=self._library))
        return next((self._by_key[key] for key in keys if key in self._by_key), None)

    def __iter__(self) -> Iterator[str]:
        """Yield element codes and names in the form they are compared in."""
        return (key.partition(":")[2] for key in self._by_key)

    def __len__(self) -> int:
        """Return how many subjects have a source elsewhere."""
        return len(self._by_key)


def in_force(division_code: str) -> QuerySet[SourceDesignation]:
    """Return the designations that bind the departments of a division: the source's entry is published."""
    return SourceDesignation.objects.filter(
        state=DesignationState.DESIGNATED, subject__division_code=division_code, entry__published__isnull=False
    )


def assigned_elsewhere(
    organisation: Organisation, items: Iterable[ItemFields] | None = None, *, entry_name: str = ""
) -> Mapping[str, str]:
    """Return which items another department is the source of, with the code of that department's entry (VC-11).

    Args:
        organisation: whose entry it is.
        items: the items to look at; without them the answer may be asked for any name, for many entries at once.
        entry_name: of the entry, for names such as 面积 that mean something only with it.
    """
    rows = in_force(organisation.division_code).exclude(organisation=organisation)
    found = Assignments(dict(rows.values_list("subject__key", "entry__code")), entry_name)
    if items is None:
        return found
    names = [name for item in items for name in (item.name, item.element) if name]
    return {name: found[name] for name in names if name in found}


def sources_of(entry: Entry, version: EntryVersion) -> dict[str, SourceLink]:
    """Return the sources of an entry's items that lie in other departments, by item name."""
    others = in_force(entry.organisation.division_code).exclude(organisation_id=entry.organisation_id)
    by_key = {row.subject.key: row for row in others.select_related("organisation", "entry", "subject")}
    if not by_key:
        return {}
    library, found = matcher(), {}
    for item in version.items.all():
        keys = keys_of(item.name, element=item.element, entry_name=version.name, library=library)
        row = next((by_key[key] for key in keys if key in by_key), None)
        if row is not None:
            found[item.name] = _link(item.name, row)
    return found


def _link(name: str, row: SourceDesignation) -> SourceLink:
    return SourceLink(
        name, row.organisation.code, row.organisation.short_name, row.entry.code, row.entry.published_name
    )


def source_of(division_code: str, name: str) -> SourceLink | None:
    """Return the source of a data element (by code) or of an item (by name) in a division, or None."""
    keys = (element_key(name), *keys_of(name))
    rows = in_force(division_code).filter(subject__key__in=keys).select_related("organisation", "entry", "subject")
    row = rows.order_by("subject__key").first()  # "e:" sorts before "n:"
    return _link(name, row) if row else None
