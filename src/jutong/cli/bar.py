"""How far a move is, as one line of a terminal that is written over again and again."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import click

from jutong.cli.text import sentence, width
from jutong.kernel.i18n import gettext_noop

PHASES = {
    "": gettext_noop("还没有开始"),
    "queued": gettext_noop("排队等空位"),
    "hours": gettext_noop("等允许读取的时段"),
    "retry": gettext_noop("来源暂时不通，稍后再试"),
    "planning": gettext_noop("核对表结构"),
    "reading": gettext_noop("读取和写入"),
    "checking": gettext_noop("回读核对"),
    "committing": gettext_noop("提交"),
}
BAR = 24
WIDTH = 100


@dataclass(frozen=True)
class Standing:
    """How far a move is; ``total`` is 0 where nobody knows."""

    read: int
    total: int
    phase: str = ""
    rate: int = 0
    aside: int = 0

    @property
    def line(self) -> str:
        """The bar with its figures: as far as the rows of the source are known."""
        done = min(1.0, self.read / self.total) if self.total else 0.0
        bar = "█" * round(done * BAR) + "░" * (BAR - round(done * BAR))
        total = f"{self.total:,}" if self.total else "?"
        parts = [f"{bar} {done:4.0%}", f"{self.read:,}/{total}", sentence(PHASES.get(self.phase, PHASES[""]))]
        if self.rate:
            parts.append(sentence(gettext_noop("{rate} 行/秒"), rate=f"{self.rate:,}"))
        if self.aside:
            parts.append(sentence(gettext_noop("隔离 {rows} 行"), rows=f"{self.aside:,}"))
        return "  ".join(parts)


@dataclass
class Bar:
    """Shows lines: over one another on a screen, each that is new below the last in a file."""

    _shown: str = field(default="", init=False)

    def show(self, line: str) -> None:
        """Show a line, unless it is there already."""
        if line == self._shown:
            return
        at_screen = sys.stdout.isatty()
        click.echo(f"\r{line}{' ' * max(0, WIDTH - width(line))}" if at_screen else line, nl=not at_screen)
        self._shown = line

    def clear(self) -> None:
        """Leave the screen's line empty for what follows."""
        if sys.stdout.isatty():
            click.echo(f"\r{'':<{WIDTH}}\r", nl=False)
