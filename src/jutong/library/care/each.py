"""What the tasks of care have in common: table by table, and two people who agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from deltalake.exceptions import DeltaError

from jutong.contracts.library_care import Consent, TableCared, TableName
from jutong.kernel.errors import JutongError
from jutong.library.care.errors import ConsentMissingError
from jutong.library.errors import TableUnknownError
from jutong.library.tables import table_path
from jutong.library.works import Place, Tell, WorkCancelledError

LONGEST_PROBLEM = 300


def folder_of(place: Place, name: TableName) -> Path:
    """Return the folder of a table that is there.

    Raises:
        TableUnknownError: when it is not.
    """
    path = table_path(place.library, name.zone, name.code, name.table)
    if not (path / "_delta_log").is_dir():
        raise TableUnknownError(table=name.text)
    return path


def each(
    names: Iterable[TableName], place: Place, tell: Tell, phase: str, one: Callable[[Path, int], TableCared]
) -> tuple[TableCared, ...]:
    """Do something to each table; what cannot be done to one is told and does not keep it from the others."""
    every, cared = tuple(names), list[TableCared]()
    for number, name in enumerate(every):
        tell(phase, number, len(every))
        try:
            cared.append(one(folder_of(place, name), number))
        except WorkCancelledError:
            raise
        except (JutongError, DeltaError, OSError, ValueError) as error:
            cared.append(failed(name, error))
    tell(phase, len(every), len(every))
    return tuple(cared)


def failed(name: TableName, error: Exception) -> TableCared:
    """Return what is told of a table something could not be done to."""
    plain = TableName(zone=name.zone, code=name.code, table=name.table)
    if isinstance(error, JutongError):
        return TableCared(table=plain, problem_code=error.code, problem=error.explain()[:LONGEST_PROBLEM])
    # Only its kind: a message may name values.
    return TableCared(table=plain, problem_code="library.care.failed", problem=type(error).__name__)


def require(consents: Iterable[Consent], *roles: str) -> None:
    """Make sure that somebody agreed in each role, and that they are different people.

    Raises:
        ConsentMissingError: otherwise.
    """
    given: dict[str, tuple[str, str]] = {one.role: (one.organisation_code, one.name) for one in consents}
    if not set(roles) <= set(given) or len({given[role] for role in roles}) < len(roles):
        raise ConsentMissingError(needed="、".join(roles))
