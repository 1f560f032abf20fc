"""The registry's own guard: a trigger per process table that refuses every change of state its table does not know.

Code that forgets to ask, a console and a forged statement are refused by the same table that guides people. The
triggers are made from the tables after every migration, so there is one source and no second list to forget.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connections
from psycopg import sql

from jutong.center.process.table import Machine

_GUARDED: dict[str, tuple[Machine, str]] = {}
_FUNCTION = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT NEW.{field} = ANY ({initial}) THEN
            RAISE EXCEPTION 'a case of % cannot begin as %', {key}, NEW.{field}
                USING ERRCODE = 'check_violation', CONSTRAINT = {constraint};
        END IF;
    ELSIF NEW.{field} IS DISTINCT FROM OLD.{field} AND NOT (OLD.{field} || '>' || NEW.{field}) = ANY ({edges}) THEN
        RAISE EXCEPTION '% has no step from % to %', {key}, OLD.{field}, NEW.{field}
            USING ERRCODE = 'check_violation', CONSTRAINT = {constraint};
    END IF;
    RETURN NEW;
END
$guard$
"""
_TRIGGER = """
CREATE OR REPLACE TRIGGER {trigger} BEFORE INSERT OR UPDATE OF {field} ON {table}
FOR EACH ROW EXECUTE FUNCTION {function}()
"""


def guard(machine: Machine, model: str, *, field: str = "state") -> None:
    """Put a model's state under the guard of a process; called when its app is ready.

    Args:
        machine: the process.
        model: ``app_label.Model``.
        field: the column of the state.
    """
    _GUARDED[model] = (machine, field)


def guarded() -> dict[str, Machine]:
    """Return every guarded model with its process."""
    return {model: machine for model, (machine, _field) in _GUARDED.items()}


def statements(machine: Machine, table: str, field: str) -> list[sql.Composed]:
    """Return the statements that make the guard of one table."""
    names = {
        "function": sql.Identifier(f"jutong_step_{machine.key.replace('-', '_')}"),
        "trigger": sql.Identifier(f"step_{machine.key.replace('-', '_')}"),
        "table": sql.Identifier(table),
        "field": sql.Identifier(field),
        "key": sql.Literal(machine.key),
        "constraint": sql.Literal(f"{machine.key}_step"),
        "initial": _array(sorted(map(str, machine.initial))),
        "edges": _array(sorted(f"{state}>{following}" for state, following in machine.edges())),
    }
    return [sql.SQL(text).format(**names) for text in (_FUNCTION, _TRIGGER)]


def _array(values: list[str]) -> sql.Composed:
    return sql.SQL("ARRAY[{}]::text[]").format(sql.SQL(", ").join(map(sql.Literal, values)))


def install(using: str = "default") -> int:
    """Make the guards of every table that exists. Returns how many."""
    connection, count = connections[using], 0
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model, (machine, field) in sorted(_GUARDED.items()):
            table = apps.get_model(model)._meta.db_table  # noqa: SLF001 - Django's own name for it
            if table in tables:
                for statement in statements(machine, table, field):
                    cursor.execute(statement)
                count += 1
    return count


def after_migration(using: str = "default", **_told: Any) -> None:
    """Hear of a finished migration."""
    install(using)
