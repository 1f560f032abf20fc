"""Commits a stretch of a feed after another into an index until it is killed: ``python -m ... FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import django

EACH = 5


def main(folder: Path) -> None:
    django.setup()
    from jutong.center.catalog.index import schema, store

    index = store.created(folder)
    cursor = 0
    while True:
        writer = index.writer(15_000_000, 1)
        for _ in range(20):
            for at in range(cursor, cursor + EACH):
                name = f"第{at}号名录"
                writer.add_document(schema.document(schema.Card(str(at), str(at), name, "", name)))
            cursor += EACH
            writer.delete_documents_by_term("id", schema.CURSOR_ID)
            writer.add_document(schema.cursor_document(cursor))
            writer.commit()
            sys.stdout.write(f"{cursor}\n")
            sys.stdout.flush()
        writer.wait_merging_threads()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
