"""The live databases of this node by name, opened at the first call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jutong.node.connectors.errors import SourceHoldsNoTablesError, SourceUnknownError
from jutong.node.live import library
from jutong.node.live.errors import LookupsElsewhereError
from jutong.node.live.guarded import GuardedSource, Load, guarded
from jutong.node.live.library import LibrarySource
from jutong.node.live.mysql import MysqlSource
from jutong.node.live.postgresql import CALLS_AT_ONCE, PostgresSource
from jutong.node.live.rest import CONNECTIONS, RestSource
from jutong.node.live.source import LiveSource
from jutong.node.live.sqlite import SqliteSource
from jutong.node.live.threads import THREADS
from jutong.node.sources import UNIVERSAL, SourceConfig

OPENERS: dict[str, Callable[[SourceConfig], LiveSource]] = {
    "postgresql": PostgresSource,
    "sqlite": SqliteSource,
    "mysql": MysqlSource,
    "rest": RestSource,
    "library": LibrarySource,
}
PLACES = {
    "postgresql": CALLS_AT_ONCE,
    "sqlite": THREADS,
    "mysql": THREADS,
    "rest": CONNECTIONS,
    "library": library.THREADS,
}
"""How many calls a source of each dialect works on at once."""


class Sources:
    """Opens sources when first asked for and keeps them."""

    def __init__(self, configs: Mapping[str, SourceConfig]) -> None:
        self.configs = dict(configs)
        self._open: dict[str, GuardedSource] = {}
        self.load = Load()
        """How many calls are at sources."""

    def get(self, name: str) -> LiveSource:
        """Return a source; no connection is made yet.

        Raises:
            SourceUnknownError: if this node has none of that name.
            LookupsElsewhereError: for a database that can only be moved from.
        """
        found = self._open.get(name)
        if found is None:
            config = self.configs.get(name)
            if config is None:
                raise SourceUnknownError(source=name, configured="、".join(sorted(self.configs)) or "-")
            if config.dialect in UNIVERSAL:
                raise LookupsElsewhereError(source=name, dialect=config.dialect)
            opener = OPENERS.get(config.dialect)
            if opener is None:
                raise SourceHoldsNoTablesError(source=name, dialect=config.dialect)
            source = opener(config)
            found = self._open[name] = guarded(source, places=PLACES[config.dialect], load=self.load)
        return found

    async def renew(self, config: SourceConfig) -> None:
        """Take another configuration of a source up; its connections are made anew at the next call."""
        self.configs[config.name] = config
        former = self._open.pop(config.name, None)
        if former is not None:
            await former.close()

    async def close(self) -> None:
        """Close every source."""
        for source in self._open.values():
            await source.close()
        self._open.clear()
