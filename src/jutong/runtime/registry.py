"""The registry of an instance, whichever kind it is: the embedded server or an external PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from jutong.kernel.settings import Settings
from jutong.runtime.errors import DatabaseUnreachableError, DatabaseVersionError
from jutong.runtime.home import Home, write_private
from jutong.runtime.postgres import Postgres

OLDEST = 150000
"""The oldest server the platform's SQL is written for, as PostgreSQL numbers itself: 15."""
CONNECT_SECONDS = 10


def check_external(address: str) -> None:
    """Make sure that an external registry answers and is new enough.

    Raises:
        DatabaseUnreachableError: when no connection is possible.
        DatabaseVersionError: for a server older than PostgreSQL 15.
    """
    try:
        with psycopg.connect(address, connect_timeout=CONNECT_SECONDS) as connection:
            found = connection.info.server_version
    except psycopg.Error as error:
        # The first line names host and cause; the password is in none of libpq's messages.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DatabaseUnreachableError(reason=reason) from error
    if found < OLDEST:
        raise DatabaseVersionError(found=found // 10000)


def start(settings: Settings) -> Postgres | None:
    """Bring the registry up and leave its address where the platform's processes look for it.

    Returns:
        The embedded server, or None for an external one.
    """
    home = Home(settings.home)
    home.prepare()
    home.secret("session.secret")
    if settings.database_url:
        home.dsn_file.unlink(missing_ok=True)
        check_external(settings.database_url)
        return None
    server = Postgres(settings.home)
    try:
        write_private(home.dsn_file, server.start() + "\n")
    except BaseException:
        server.stop()
        raise
    return server


@contextmanager
def opened(settings: Settings) -> Iterator[Postgres | None]:
    """Have the registry up for the length of a command; a server that ran before goes on running afterwards."""
    running_before = not settings.database_url and Postgres(settings.home).is_running()
    server = start(settings)
    try:
        yield server
    finally:
        if server is not None and not running_before:
            server.stop()
