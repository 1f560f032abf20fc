"""What a work of the library is given by whatever runs it, and what it owes.

A work can be killed at any moment and is then begun anew with the same order, so its function

- first looks whether an earlier try has committed, which it knows by ``work_id`` in the commit's metadata, and if so
  only returns its result;
- calls ``tell`` often, before each step and at least every few seconds: that is where a cancelled work ends;
- keeps what it needs for itself in ``scratch``, which outlives a kill and is removed when the work has ended.

An error of ours that it raises ends it as failed, with code and text. Its result has counts and no value of any row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jutong.kernel import settings
from jutong.library.errors import WorkCancelledError

if TYPE_CHECKING:  # brings Arrow with it, and a node asks only for the kinds of works
    from jutong.library.engine import Engine, EngineSetting

__all__ = ["Place", "Tell", "WorkCancelledError", "engine_setting"]

Tell = Callable[[str, int, int], None]
"""Says how far a work is: its phase (a code of the kind), done, of total; 0 where it cannot be said.

Raises:
    WorkCancelledError: somebody wants the work ended; let it pass.
"""


@dataclass(frozen=True)
class Place:
    """Where a work is done.

    Attributes:
        home: the instance's data folder.
        library: the folder of the library's tables.
        scratch: a folder of the work's own.
        work_id: stands in the metadata of its commits.
        now: when the work was first begun; the same again after a kill.
        engine: opens the engine of this instance; use it as a context manager.
    """

    home: Path
    library: Path
    scratch: Path
    work_id: str
    now: datetime
    engine: Callable[[], Engine]


def engine_setting(address: str = "") -> EngineSetting:
    """Return the engine this instance is set to, or the one at an address within the same bounds."""
    from jutong.library.engine import EngineSetting  # noqa: PLC0415 - see above

    found = settings.load()
    return EngineSetting(address=address or found.library_engine, memory_mb=found.library_memory_mb)
