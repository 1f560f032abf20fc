"""What a person reads while the tour goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jutong.kernel.i18n import translate


@dataclass
class Voice:
    """Says sentences in one language; ``echo`` puts a line on the screen."""

    language: str
    echo: Callable[[str], Any]
    steps: int = 0

    def sentence(self, message: str, /, **fields: object) -> str:
        """Return a translated sentence with its fields filled in."""
        return translate(message, self.language).format(**fields)

    def step(self, message: str, /, **fields: object) -> None:
        """Begin a numbered step."""
        self.steps += 1
        self.echo(f"\n{self.steps}. {self.sentence(message, **fields)}")

    def proof(self, message: str, /, **fields: object) -> None:
        """Say what proves it."""
        self.echo(f"   ✓ {self.sentence(message, **fields)}")

    def note(self, message: str, /, **fields: object) -> None:
        """Say something beside it."""
        self.echo(f"     {self.sentence(message, **fields)}")
