"""Puts the invented city into an instance, through the same actions and doors everybody else uses.

Each part looks whether it is there before it begins and is written whole or not at all, so that loading can be
repeated and may be killed at any moment.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from jutong.demo import databases
from jutong.demo.city import DEPARTMENTS, PEOPLE, department
from jutong.kernel.settings import Settings

PASSWORD = "jinhe-demo-2026"  # noqa: S105 - printed at every start of a demonstration; guards nothing real
SHOWN = (
    "wusiyuan",
    "zhengyawen",
    "zhouqiang",
    "liangshian",
    "gaozhenbang",
    "caitunan",
    "luguangtian",
    "linyue",
    "chenyu",
    "guyan",
    "shenqing",
    "pengzhiyuan",
)
"""One person of every role, and both sides of the tour."""


def password_of(username: str) -> str:
    """Return the password of a demonstration account; all have the same one."""
    del username
    return PASSWORD


def accounts() -> list[tuple[str, str, str, str]]:
    """Return (role, user name, password, organisation) of the accounts to show."""
    people = {person.username: person for person in PEOPLE}
    return [
        (person.title, person.username, PASSWORD, department(person.department).short_name)
        for person in (people[name] for name in SHOWN)
    ]


def load(settings: Settings, *, now: datetime) -> None:
    """Load the city, its departments' databases, catalogue, bindings, and what its departments did of late.

    Raises:
        DemoDatabaseError: if a department's database cannot be made.
        JutongError: whatever an action refuses.
    """
    # Django must be set up before the registry's models are imported, and only this function needs them.
    from jutong.center.fleet.service import ensure_local_node  # noqa: PLC0415
    from jutong.demo import (  # noqa: PLC0415
        bindings_load,
        cases_load,
        city_load,
        library_store,
        life_load,
        node_load,
        norms_load,
        ownership_load,
        system_keys,
        template_load,
    )
    from jutong.demo.chain import story  # noqa: PLC0415

    city_load.load(now)
    template_load.load(now)
    system_keys.load(settings, now)
    admin = _admin_address(settings)
    configs = databases.build(admin, settings.path("demo"))
    bindings_load.write_reports(settings, now)
    copies = library_store.source(admin, settings.path("demo"))
    write_sources(settings, configs, [*bindings_load.sources(settings), copies])
    node = ensure_local_node(settings, now)
    city_load.load_catalog(now)
    node_load.report(settings, node, now)
    city_load.bind(now)
    bindings_load.load(now)
    cases_load.load(now)
    ownership_load.load(now)
    norms_load.load(now)
    life_load.load(now)
    story.load(settings, now)


def _admin_address(settings: Settings) -> str:
    """Return an account that may create databases: the embedded server's, or the external registry's own."""
    if settings.database_url:
        return settings.database_url
    from jutong.runtime.postgres import SUPERUSER, Postgres  # noqa: PLC0415 - not needed with an external server

    server = Postgres(settings.home)
    return server.address("postgres", SUPERUSER, server.home.secret("registry-superuser.password"))


def write_sources(settings: Settings, configs: list[databases.SourceConfig], others: list[dict[str, Any]]) -> None:
    """Tell the node the city's sources, beside those that people connected since.

    The file holds read-only passwords, so only its owner may read it.
    """
    from jutong.runtime.home import write_private  # noqa: PLC0415 - as above

    codes = {row.key: row.code for row in DEPARTMENTS}
    rows = [
        {
            "name": row.name,
            "dialect": row.dialect,
            "organisation_code": codes[row.organisation_key],
            **({"path": str(row.path)} if row.path else {"dsn": row.dsn}),
        }
        for row in configs
    ] + others
    path = settings.path("node", "sources.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(
        path, json.dumps(rows + _connected(path, {row["name"] for row in rows}), ensure_ascii=False, indent=1)
    )


def _connected(path: Path, ours: set[str]) -> list[dict[str, Any]]:
    """Return what stands in the file and is not the city's."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [row for row in found if row["name"] not in ours]
