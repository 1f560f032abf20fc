"""Lets a test put a case into a state without walking it there; only the owner of the tables can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection

from jutong.center.process.guard import guarded


@contextmanager
def unguarded(*models: str) -> Iterator[None]:
    """Take the guard off the tables of these models (``app.Model``) for a moment."""
    names = [
        (apps.get_model(model)._meta.db_table, f"step_{guarded()[model].key.replace('-', '_')}") for model in models
    ]
    _switch(names, "DISABLE")
    try:
        yield
    finally:
        _switch(names, "ENABLE")


def _switch(names: list[tuple[str, str]], verb: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot be altered
        for table, trigger in names:
            cursor.execute(f'ALTER TABLE "{table}" {verb} TRIGGER "{trigger}"')
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
