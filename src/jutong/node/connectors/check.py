"""Is what stands behind an entry still there, and still as described? Asked of each binding on a schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from jutong.contracts.orders import Place, WatchedBinding
from jutong.contracts.places import target
from jutong.contracts.receipts import BindingCheck
from jutong.kernel.errors import JutongError
from jutong.node.connectors import endpoints, folder
from jutong.node.connectors.moments import to_ms
from jutong.node.connectors.profile import MOST_COUNTED
from jutong.node.connectors.tables import opened
from jutong.node.sources import SourceConfig, pick

LONGEST_PROBLEM = 500
UNKNOWN = -1


def check(configs: Mapping[str, SourceConfig], binding: WatchedBinding, now: datetime) -> BindingCheck:
    """Look at one binding; whatever is wrong is in the answer."""
    checked_ms = int(now.timestamp() * 1000)
    try:
        return _LOOKS[binding.kind](pick(configs, binding.source), binding, checked_ms)
    except JutongError as error:
        problem = error.explain()[:LONGEST_PROBLEM]
        return BindingCheck(binding_id=binding.binding_id, alive=False, problem=problem, checked_ms=checked_ms)


def _table(source: SourceConfig, binding: WatchedBinding, checked_ms: int) -> BindingCheck:
    wanted = dict.fromkeys([*binding.columns, *filter(None, (binding.fresh_column,))])
    with opened(source, binding.schema_name, binding.table) as table:
        counted = table.count(MOST_COUNTED)
        rows = table.estimate if counted == UNKNOWN else counted
        dated = binding.fresh_column in table.columns
        newest = to_ms(table.newest(binding.fresh_column)) if dated else 0
        missing = tuple(column for column in wanted if column not in table.columns)
    return BindingCheck(
        binding_id=binding.binding_id, alive=True, missing_columns=missing, rows=rows, newest_ms=newest,
        checked_ms=checked_ms,
    )  # fmt: skip


def reach(source: SourceConfig, kind: str, place: Place | None) -> tuple[int, int]:
    """Try a place; return how many files are there and when the newest was written, -1 and 0 where that says nothing.

    Raises:
        JutongError: naming what is wrong with the place, or that nothing answers there.
    """
    meant = target(kind, place or Place(protocol="", address=""))
    if meant.protocol != "file":
        endpoints.knock(source, meant)
        return UNKNOWN, 0
    found = folder.look(source, meant.path)
    return found.files, found.newest_ms


def _place(source: SourceConfig, binding: WatchedBinding, checked_ms: int) -> BindingCheck:
    rows, newest = reach(source, binding.kind, binding.place)
    return BindingCheck(binding_id=binding.binding_id, alive=True, rows=rows, newest_ms=newest, checked_ms=checked_ms)


_Look = Callable[[SourceConfig, WatchedBinding, int], BindingCheck]
_LOOKS: dict[str, _Look] = {"table": _table, "files": _place, "service": _place, "stream": _place, "video": _place}
