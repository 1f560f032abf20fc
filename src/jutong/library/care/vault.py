"""Where backups lie: content under names nobody can guess, encrypted in pieces, each piece bound to its place.

A file of a table never changes once it is written, so two backups share what they have in common. An object's name is
a keyed hash of its content; its pieces of 4 MiB are closed with AES-256-GCM under the node's backup key, together with
name, number and whether it is the last one, so that pieces cannot be exchanged, left out or cut off unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from pathlib import Path

from jutong.kernel.sealing import UnreadableBoxError, load_or_create_chest
from jutong.library.care.whole import sync, write_whole

KEY = ("keys", "library-backup.key")
PIECE = 4 * 1024 * 1024
_LENGTH = 4


class DamagedError(ValueError):
    """An object is missing, was changed, or was closed with another key. Its argument is the name."""


class Vault:
    """A folder of backups.

    Args:
        folder: where it is; made when it is not there.
        home: the instance's data folder, for its key.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        key = home.joinpath(*KEY)
        self._chest = load_or_create_chest(key)
        self._secret = hashlib.sha256(b"name" + key.read_bytes()).digest()

    def put(self, file: Path) -> tuple[str, str]:
        """Take a file in, unless its content is there already; return the object's name and the content's SHA-256.

        Raises:
            OSError: when the disk refuses; no half object is left.
        """
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        name = hmac.new(self._secret, content.encode(), hashlib.sha256).hexdigest()
        place = self._place(name)
        if not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = place.with_suffix(".new")
            try:
                self._close(file, name, temporary)
                temporary.rename(place)
            finally:
                temporary.unlink(missing_ok=True)
            sync(place.parent)
        return name, content

    def _close(self, file: Path, name: str, target: Path) -> None:
        left = file.stat().st_size
        with (
            file.open("rb") as stream,
            os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out,
        ):
            number = 0
            while left >= 0:
                piece = stream.read(PIECE)
                left -= len(piece)
                last = left <= 0
                box = self._chest.close(piece, about=f"{name} {number} {last}")
                out.write(len(box).to_bytes(_LENGTH, "big") + box)
                number += 1
                if last:
                    break
            out.flush()
            os.fsync(out.fileno())

    def take(self, name: str, target: Path, content: str) -> None:
        """Write an object's content to a file, durable before return.

        Raises:
            DamagedError: when it is not what was taken in; the file is not there then.
            OSError: when the disk refuses.
        """
        digest = hashlib.sha256()
        whole = False
        try:
            with target.open("wb") as out:
                for piece in self._pieces(name):
                    digest.update(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            whole = digest.hexdigest() == content
        finally:
            if not whole:
                target.unlink(missing_ok=True)
        if not whole:
            raise DamagedError(name)

    def check(self, name: str, content: str) -> None:
        """Read an object without writing it anywhere.

        Raises:
            DamagedError: when it is not what was taken in.
        """
        digest = hashlib.sha256()
        for piece in self._pieces(name):
            digest.update(piece)
        if digest.hexdigest() != content:
            raise DamagedError(name)

    def _pieces(self, name: str) -> Iterator[bytes]:
        try:
            stream = self._place(name).open("rb")
        except FileNotFoundError as error:
            raise DamagedError(name) from error
        with stream:
            number, last = 0, False
            while head := stream.read(_LENGTH):
                box = stream.read(int.from_bytes(head, "big"))
                last = not stream.peek(1)
                try:
                    yield self._chest.open(box, about=f"{name} {number} {last}")
                except UnreadableBoxError as error:
                    raise DamagedError(name) from error
                number += 1
            if not last:
                raise DamagedError(name)

    def write_set(self, set_id: str, content: bytes) -> None:
        """Keep the list of what belongs to a backup, durable before return: with it the backup is there."""
        folder = self.folder / "sets"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / set_id, self._chest.close(content, about=f"set {set_id}"))

    def read_set(self, set_id: str) -> bytes:
        """Return the list of what belongs to a backup.

        Raises:
            DamagedError: when it is not what was written.
            FileNotFoundError: when there is none.
        """
        try:
            return self._chest.open((self.folder / "sets" / set_id).read_bytes(), about=f"set {set_id}")
        except UnreadableBoxError as error:
            raise DamagedError(set_id) from error

    def sets(self) -> list[str]:
        """Return the backups' ids, oldest first."""
        folder = self.folder / "sets"
        return sorted(file.name for file in folder.iterdir() if not file.suffix) if folder.is_dir() else []

    def drop_set(self, set_id: str) -> None:
        """Forget a backup; what only it needed goes with ``sweep``."""
        (self.folder / "sets" / set_id).unlink()
        sync(self.folder / "sets")

    def sweep(self, needed: set[str]) -> int:
        """Remove every object that is not needed; return how many bytes they had."""
        size = 0
        for file in (self.folder / "objects").glob("*/*"):
            if file.name not in needed:
                size += file.stat().st_size
                file.unlink()
        return size

    def _place(self, name: str) -> Path:
        return self.folder / "objects" / name[:2] / name
