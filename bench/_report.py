"""One shape for every measurement: a table for a person, ``bench/out/NAME.json`` for a program.

report = Report("gateway")
report.row("signed query", 812.0, "requests/s", goal=">= 0.5 of bare", met=True, peer=1490.0)
report.finish()
"""

from __future__ import annotations

import json
import time
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

OUT = Path(__file__).resolve().parent / "out"
HEAD = ("name", "value", "unit", "goal", "met", "peer")


@dataclass(frozen=True)
class Row:
    """One figure: ``goal`` says what was asked, ``met`` whether it was reached, ``peer`` what another thing gave."""

    name: str
    value: float | int | str
    unit: str
    goal: float | int | str | None = None
    met: bool | None = None
    peer: float | int | str | None = None

    def cells(self) -> tuple[str, ...]:
        met = "" if self.met is None else "yes" if self.met else "NO"
        return (self.name, _number(self.value), self.unit, _number(self.goal), met, _number(self.peer))


class Report:
    """Gathers rows, says each as it comes, and leaves table and file at the end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Row] = []
        self._started = time.perf_counter()

    def row(
        self,
        name: str,
        value: float | str,
        unit: str,
        *,
        goal: float | str | None = None,
        met: bool | None = None,
        peer: float | str | None = None,
    ) -> None:
        """Add a figure."""
        self.rows.append(Row(name, value, unit, goal, met, peer))
        print(" ", *(cell for cell in self.rows[-1].cells()[:3]), flush=True)

    def finish(self) -> Path:
        """Print the table, write the file and return its path."""
        print(f"\n{self.name} ({time.perf_counter() - self._started:.0f} s)\n")
        print("\n".join(_table([HEAD, *(row.cells() for row in self.rows)])))
        OUT.mkdir(parents=True, exist_ok=True)
        path = OUT / f"{self.name}.json"
        path.write_text(json.dumps([asdict(row) for row in self.rows], ensure_ascii=False, indent=1) + "\n", "utf-8")
        return path


def _number(value: float | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(_width(row[place]) for row in rows) for place in range(len(HEAD))]
    lines = [
        "  ".join(cell + " " * (wide - _width(cell)) for cell, wide in zip(row, widths, strict=True)) for row in rows
    ]
    lines.insert(1, "  ".join("-" * wide for wide in widths))
    return [line.rstrip() for line in lines]


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
