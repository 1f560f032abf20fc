"""Databases of the universal lane, looked at from a process of its own: see ``universal.apart``."""

from __future__ import annotations

from jutong.contracts.receipts import TableInfo
from jutong.node.sources import SourceConfig
from jutong.node.universal import apart


def probe(source: SourceConfig) -> None:
    """Sign in and leave again."""
    with apart.helper(source) as helper:
        helper.ask("probe")


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """List the tables and views the account sees."""
    with apart.helper(source) as helper:
        return apart.tables(helper.ask("inventory"))
