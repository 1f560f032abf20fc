"""Where a folder of files is: on this machine, on an SFTP server, or in a bucket of an object store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jutong.node.sources import SourceConfig

BLOCK = 1 << 20


@dataclass(frozen=True)
class Found:
    """A file of a store by its name below the root. ``stamp`` is another one when the file is written anew."""

    name: str
    size: int
    mtime_ns: int
    stamp: str


class Store(Protocol):
    """A store that is open. Names are below its root, with ``/`` between folders, and never lead out of it.

    Every method raises ``StoreLostError`` when the connection breaks off and ``StoreRefusedError`` when the account or
    the store does not allow it.
    """

    def find(self, name: str) -> Found | None:
        """Return a file, None where there is none."""

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes."""

    def put(self, path: Path, name: str) -> None:
        """Write a file of this machine into the store, durable before return; its folder is made where there is none.

        Nobody else may see it half written under a name that is not that of a leftover: give it a staging name.
        """

    def move(self, name: str, to: str) -> None:
        """Put a file under its name, in one step in the place of another where the store can do that."""

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""


class RemoteStore(Store, Protocol):
    """A store that is not on this machine, whose files are copied before they are read."""

    def every(self, below: str) -> Iterator[Found]:
        """Yield the files below a folder, in no order; links are none, and nothing hidden is looked into."""

    def fetch(self, found: Found, path: Path, most: int = 0) -> None:
        """Copy a file, or of a longer one its first ``most`` bytes, to this machine.

        Raises:
            FileArrivingError: when it is another by now.
        """


def digest_of(store: Store, name: str) -> tuple[int, str]:
    """Return the size and SHA-256 of what really lies in a store."""
    digest, size = hashlib.sha256(), 0
    for block in store.blocks(name):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def open_remote(source: SourceConfig) -> AbstractContextManager[RemoteStore]:
    """Open the store of a source that is not on this machine; only its own driver is loaded.

    Raises:
        SourceUnreachableError: when it does not let us in.
        HostKeyError: when it is not the server that was meant.
        DriverMissingError: when this node has not what it is spoken to with.
        ValueError: for a source that is on this machine.
    """
    if source.store is None:
        raise ValueError(f"source {source.name} is on this machine")
    if source.store.kind == "sftp":
        from jutong.node.files.stores.sftp import opened as sftp  # noqa: PLC0415

        return sftp(source, source.store)
    from jutong.node.files.stores.s3 import opened as s3  # noqa: PLC0415

    return s3(source, source.store)


def open_store(source: SourceConfig) -> AbstractContextManager[Store]:
    """Open the store a folder of files is in, wherever that is.

    Raises:
        JutongError: as ``open_remote``.
    """
    if source.store is not None:
        return open_remote(source)
    from jutong.node.files.stores.local import LocalStore  # noqa: PLC0415

    return LocalStore(source)
