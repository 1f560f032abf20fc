"""Who acts: one person in one post of one organisation, or the platform itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """The ``by=`` of every action. ``role`` is a value of ``org.enums.Role`` or ``system``."""

    username: str
    name: str
    role: str
    organisation_code: str
    organisation_name: str
    organisation_id: UUID | None = None
    user_id: UUID | None = None
    post_id: UUID | None = None
    division_code: str = ""

    @property
    def is_platform(self) -> bool:
        """Whether the platform acts by itself (a scan, a receipt)."""
        return self.role == "system"


def platform_actor(reason: str) -> Actor:
    """Return the actor of things the platform does by itself; ``reason`` names the scan or receipt."""
    return Actor(username="platform", name=reason, role="system", organisation_code="", organisation_name="")
