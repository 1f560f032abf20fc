"""Publishing what a library is. A version that was published is never changed; a newer one takes its place."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.fleet.models import Node
from jutong.center.library.errors import NodeMissingError, TableInUseError, VersionTakenError
from jutong.center.library.models import Library, LibraryTable, LibraryVersion
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.contracts.library import LibraryDefinition, TableDefinition
from jutong.kernel.canonical import canonical_json


def library_node(name: str = "") -> Node:
    """Return the node that keeps libraries: the one named, else the one with most sources.

    Raises:
        NodeMissingError: if there is none.
    """
    found = Node.objects.filter(name=name).first() if name else None
    nodes = [found] if found else sorted(Node.objects.all(), key=lambda node: (-node.sources.count(), node.name))
    if not nodes:
        raise NodeMissingError
    return nodes[0]


@transaction.atomic
def publish(*, definition: LibraryDefinition, by: Actor, now: datetime, node: str = "") -> Library:
    """Publish a library, or a new version of one; the same once more changes nothing.

    A table that is filled already keeps its rows; whether its new fields may be added is the question of schema
    evolution, so one that would lose a field or its kind is refused here.

    Raises:
        NodeMissingError: if no node is there.
        VersionTakenError: if the version stands with another content.
        TableInUseError: if a filled table would go, or lose fields, or become another kind.
    """
    org.require(by, Permission.LIBRARY_LIBRARY_PUBLISH)
    body = definition.model_dump(mode="json")
    library = Library.objects.select_for_update().filter(code=definition.code).first()
    if library is not None:
        known = library.versions.filter(version=definition.version).first()
        if known is not None and known.definition != body:
            raise VersionTakenError(library=library.title, version=definition.version)
        if known is not None:
            return library
    library = library or Library(code=definition.code, node=library_node(node))
    library.kind, library.title = definition.kind, definition.title[:80]
    library.basis, library.version = definition.basis[:300], definition.version
    library.save()
    LibraryVersion.objects.create(
        library=library, version=definition.version, definition=body, published_at=now, published_by_id=by.user_id,
        effective_from=date.fromisoformat(definition.effective_from),
    )  # fmt: skip
    _put_tables(library, definition)
    audit.record(
        event="library:library:publish", by=by, now=now, subject_kind="library", subject_id=library.code,
        subject_label=library.title, version=library.version, tables=len(definition.tables),
    )  # fmt: skip
    return library


def _put_tables(library: Library, definition: LibraryDefinition) -> None:
    there = {table.name: table for table in library.tables.all()}
    for position, wanted in enumerate(definition.tables):
        table = there.pop(wanted.name, None) or LibraryTable(library=library, name=wanted.name)
        if table.rows is not None:
            _check_kept(table, wanted)
        table.title, table.kind = wanted.title[:80], wanted.kind
        table.owner, table.cycle, table.position = wanted.owner[:64], wanted.cycle, position
        table.definition = wanted.model_dump(mode="json")
        table.save()
    for gone in there.values():
        if gone.rows is not None or gone.feeds.exists():
            raise TableInUseError(table=gone.title, reason=gone.name)
        gone.delete()


def _check_kept(table: LibraryTable, wanted: TableDefinition) -> None:
    before = definition_of(table)
    had = {field.name: field.type for field in before.fields}
    will = {field.name: field.type for field in wanted.fields}
    lost = [name for name, kind in had.items() if will.get(name) != kind]
    if lost or before.kind != wanted.kind or before.keys != wanted.keys:
        raise TableInUseError(table=table.title, reason="、".join(lost) or wanted.kind)


def definition_of(table: LibraryTable) -> TableDefinition:
    """Return a table as its newest version defines it."""
    return TableDefinition.model_validate_json(canonical_json(table.definition))
