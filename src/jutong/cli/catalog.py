"""`jutong catalog`: one table of what an operator does with the catalog."""

from __future__ import annotations

import click

from jutong.cli.lazy import LazyGroup

COMMANDS = {
    "harvest": ("jutong.cli.catalog_harvest:harvest", "采集外部目录 · take over a foreign listing, with a report"),
    "template": ("jutong.cli.catalog_template:template", "编制模板 · editions of the template entries follow"),
    "index": ("jutong.cli.catalog_index:index", "检索索引 · the search index beside the registry"),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def catalog() -> None:
    """目录 · the catalog."""
