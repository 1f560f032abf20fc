from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from jutong.center.fleet.service import ensure_local_node
from jutong.center.org import actions as org
from jutong.center.org.enums import Role
from jutong.center.org.models import User
from jutong.kernel.keys import Ed25519Signer, generate_signer
from tests import center_world
from tests.center_world import PLATFORM, City
from tests.simulation.calendar_run import Life, life

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday 2 March 2026, 09:00 in Beijing; the whole walk lies inside the official calendar of 2026."""
PEOPLE = (
    ("110105194912310021", "1001", "张桂兰", "629901", "620.00", "低保", "2026-02-20 08:00:00"),
    ("629901198003070016", "1002", "李长福", "629901", "310.50", "低保边缘", "2026-02-21 08:00:00"),
    ("629902197511020034", "1003", "王秀英", "629902", "450.00", "低保", "2026-02-22 08:00:00"),
)


def register(path: Path) -> None:
    """The civil affairs department's own database, which the catalog knows nothing of yet."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE low_income (id_number VARCHAR(18) NOT NULL, household VARCHAR(20), name VARCHAR(60) NOT NULL,"
            " division VARCHAR(6) NOT NULL, monthly NUMERIC(10,2), kind VARCHAR(20), updated_at TIMESTAMP NOT NULL,"
            " PRIMARY KEY (id_number))"
        )
        database.executemany("INSERT INTO low_income VALUES (?, ?, ?, ?, ?, ?, ?)", PEOPLE)
        database.commit()


@pytest.fixture
def system_key() -> Ed25519Signer:
    """What the education department's system signs with."""
    return generate_signer("edu")


@pytest.fixture
def city(transactional_db: None, system_key: Ed25519Signer) -> City:
    made = center_world.build()
    head = center_world.person("requester-head", "郑雅文")
    org.appoint(user=head, organisation=made.education, role=Role.OFFICE_HEAD, by=PLATFORM, now=center_world.NOW)
    User.objects.update(must_change_password=False)
    system = org.register_system(organisation=made.education, name="学生资助系统", by=PLATFORM, now=center_world.NOW)
    org.add_system_key(
        system=system, key_id=system_key.key_id, public_key=system_key.public_b64, by=PLATFORM, now=center_world.NOW
    )
    return made


@pytest.fixture
def world(
    city: City, tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch, system_key: Ed25519Signer
) -> Iterator[Life]:
    """The city on a simulated calendar, with a node of its own beside the civil affairs database."""
    home = replace(django_settings.JUTONG, home=tmp_path, demo=True)
    settings.JUTONG = home  # type: ignore[attr-defined]  # pytest-django's own fixture
    for name in ("keys", "node", "evidence", "records", "library"):
        (tmp_path / name).mkdir()
    register(tmp_path / "civil.sqlite")
    sources = tmp_path / "node" / "sources.json"
    row = {
        "name": "civil",
        "dialect": "sqlite",
        "organisation_code": city.civil.code,
        "path": str(tmp_path / "civil.sqlite"),
    }
    sources.write_text(json.dumps([row]))
    sources.chmod(0o600)
    ensure_local_node(home, START)
    with life(home, START, system_key, monkeypatch) as made:
        made.settle()
        yield made
