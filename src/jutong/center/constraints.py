"""The database is the last judge; this turns its verdict into an error with a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import IntegrityError, transaction

from jutong.kernel.errors import JutongError


@contextmanager
def constraint_errors(**kinds: JutongError) -> Iterator[None]:
    """Run a write in a savepoint and raise the error given for the constraint it breaks.

    Args:
        kinds: constraint name to the error that tells a person about it. Other constraints raise as they are.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        if name in kinds:
            raise kinds[name] from error
        raise
