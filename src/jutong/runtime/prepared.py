"""Whether the registry was prepared by exactly this program, so that a second start need not do it again.

Preparing costs seconds of every start and almost always finds nothing to do. It is left out only when both sides
are as the last preparation left them: every file of the platform and every installed package on one side, the
list of applied migrations in the registry itself on the other. A registry restored from an older backup, or
another registry behind the same folder, therefore never passes.
"""

from __future__ import annotations

import hashlib
import json
import sysconfig
from pathlib import Path

import psycopg

from jutong.kernel.settings import Settings
from jutong.runtime.home import Home, write_private

PACKAGE = Path(__file__).resolve().parent.parent


def program() -> str:
    """Return a digest of the platform's files and of the names and versions of what is installed beside it."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(PACKAGE)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for path in sorted(Path(sysconfig.get_path("purelib")).glob("*.dist-info")):
        digest.update(f"{path.name}\0".encode())
    return digest.hexdigest()


def applied(address: str) -> str:
    """Return a digest of the migrations the registry holds and when each was applied; empty before the first."""
    with psycopg.connect(address) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return ""
        rows = connection.execute("SELECT app, name, applied::text FROM django_migrations ORDER BY id").fetchall()
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def is_current(settings: Settings, address: str, *, demo: bool) -> bool:
    """Return whether preparing would change nothing."""
    try:
        found = json.loads(_path(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return any(found == _note(settings, address, demo=loaded) for loaded in {demo, True})


def remember(settings: Settings, address: str, *, demo: bool) -> None:
    """Note that the registry was just prepared."""
    write_private(_path(settings), json.dumps(_note(settings, address, demo=demo)))


def forget(settings: Settings) -> None:
    """Make the next start prepare."""
    _path(settings).unlink(missing_ok=True)


def _path(settings: Settings) -> Path:
    return Home(settings.home).run / "prepared.json"


def _note(settings: Settings, address: str, *, demo: bool) -> dict[str, object]:
    # What is loaded may name ports and addresses, so another setting counts as another program.
    told = hashlib.sha256(repr(settings).encode()).hexdigest()
    return {"program": program(), "settings": told, "applied": applied(address), "demo": demo}
