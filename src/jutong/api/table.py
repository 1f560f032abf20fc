"""The table of operations that stands in docs/api.md; ``python -m jutong.api.table`` prints it."""

from __future__ import annotations

import sys
from typing import Any

RULE = "x-permission"
"""Where an operation's rule stands in the description; kept here, because Django need not be set up for it."""
HEAD = "| operation | address | permission | what |\n|---|---|---|---|"


def operations_table(description: dict[str, Any]) -> str:
    """Return every operation of a description as one row of a markdown table, in its order."""
    rows = [HEAD]
    for address, methods in description["paths"].items():
        for method, operation in methods.items():
            cells = (
                f"`{operation['operationId']}`",
                f"`{method.upper()} {address}`",
                f"`{operation[RULE]}`",
                operation["summary"],
            )
            rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    import os  # noqa: PLC0415 - Django must be set up before the operations are imported

    import django  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
    django.setup()
    from jutong.api.app import description  # noqa: PLC0415

    sys.stdout.write(operations_table(description()) + "\n")


if __name__ == "__main__":
    main()
