"""One key pair for every information system of the city, so that any grant can be tried at once.

The private halves stay in the instance's ``demo/keys`` folder: whoever wants to call as a system takes them there.
"""

from __future__ import annotations

from datetime import datetime

from jutong.center.org.actions import add_system_key
from jutong.center.org.models import InformationSystem
from jutong.demo.city import SYSTEMS, department
from jutong.demo.city_load import BY
from jutong.kernel.keys import load_or_create_signer
from jutong.kernel.settings import Settings


def load(settings: Settings, now: datetime) -> None:
    """Register a key for each system that never had one."""
    for row in SYSTEMS:
        system = InformationSystem.objects.get(organisation__code=department(row.department).code, name=row.name)
        if system.keys.exists():
            continue
        signer = load_or_create_signer(settings.path("demo", "keys", f"{row.key}.key"), row.key)
        add_system_key(system=system, key_id=signer.key_id, public_key=signer.public_b64, by=BY, now=now)
