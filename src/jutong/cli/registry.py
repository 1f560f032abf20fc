"""`jutong registry`: the registry's own programs, for backup, restore and a look inside."""

from __future__ import annotations

import os
import subprocess
import sys

import click
from psycopg.conninfo import conninfo_to_dict

from jutong.kernel import settings as jutong_settings
from jutong.runtime import bundle
from jutong.runtime import registry as runtime_registry

PROGRAMS = ("pg_dump", "pg_restore", "psql")
VARIABLES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}


def connection_environment(address: str) -> dict[str, str]:
    """Return the variables libpq reads an address from; a command line would show the password to everyone."""
    parts = conninfo_to_dict(address)
    return {variable: str(parts[name]) for name, variable in VARIABLES.items() if parts.get(name)}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("program", type=click.Choice(PROGRAMS))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def registry(program: str, arguments: tuple[str, ...]) -> None:
    """登记库的备份与恢复 · run pg_dump, pg_restore or psql on the registry, started for it if need be.

    For example: jutong registry pg_dump --format=custom --file=registry.dump
    """
    settings = jutong_settings.load()
    with runtime_registry.opened(settings) as server:
        connection = connection_environment(server.dsn if server else settings.database_url)
        command = [str(bundle.find().program(program)), f"--dbname={connection['PGDATABASE']}", *arguments]
        done = subprocess.run(command, env={**os.environ, **connection}, check=False)
    sys.exit(done.returncode)
