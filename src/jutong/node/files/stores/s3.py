"""A prefix of a bucket in an S3-compatible object store, by Arrow's own client. Objects appear whole."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pyarrow import fs
from typing_extensions import override

from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.files.elsewhere import Store as Config
from jutong.node.files.errors import FileArrivingError
from jutong.node.files.stores import BLOCK, Found, RemoteStore
from jutong.node.files.stores.errors import StoreLostError, StoreRefusedError
from jutong.node.sources import SourceConfig

TRIES = 3
LARGEST_COPY = 5 << 30
"""Bytes an object store copies in one step."""

_LOST = ("NETWORK_CONNECTION", "curlCode", "SLOW_DOWN", "SERVICE_UNAVAILABLE", "INTERNAL_FAILURE", "REQUEST_TIMEOUT",
         "HTTP status 5")  # fmt: skip
_SIGN_IN = ("ACCESS_DENIED", "SIGNATURE", "INVALID_ACCESS_KEY", "InvalidAccessKeyId", "UNRECOGNIZED_CLIENT", "EXPIRED",
            "HTTP status 403")  # fmt: skip


class S3Store(RemoteStore):
    """See ``stores.RemoteStore``.

    Args:
        source: whose store it is, for messages.
        system: the client.
        root: bucket and prefix.
    """

    def __init__(self, source: SourceConfig, system: fs.S3FileSystem, root: str) -> None:
        self._source, self._system, self._root = source, system, root

    @contextlib.contextmanager
    def _named(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if any(sign in str(error) for sign in _LOST):
                raise StoreLostError(source=self._source.name, reason="connection lost or store busy") from error
            denied = any(sign in str(error) for sign in _SIGN_IN)
            missing = isinstance(error, FileNotFoundError)
            reason = "permission denied" if denied else "not there" if missing else "failure"
            raise StoreRefusedError(source=self._source.name, name=name, reason=reason) from error

    def _place(self, name: str) -> str:
        return f"{self._root}/{name}" if name not in {"", "."} else self._root

    @override
    def every(self, below: str) -> Iterator[Found]:
        with self._named(below or "."):
            listed = self._system.get_file_info(
                fs.FileSelector(self._place(below), recursive=True, allow_not_found=True)
            )
        for about in listed:
            name = about.path[len(self._root) + 1 :]
            if about.type == fs.FileType.File and not any(part.startswith(".") for part in name.split("/")):
                yield _found(name, about)

    @override
    def find(self, name: str) -> Found | None:
        with self._named(name):
            about = self._system.get_file_info(self._place(name))
        return _found(name, about) if about.type == fs.FileType.File else None

    @override
    def fetch(self, found: Found, path: Path, most: int = 0) -> None:
        size = 0
        with path.open("wb") as copy:
            for block in self.blocks(found.name):
                copy.write(block[: most - size] if most else block)
                size += len(block)
                if most and size >= most:
                    break
        if (not most and size != found.size) or self.find(found.name) != found:
            raise FileArrivingError(name=found.name)

    @override
    def blocks(self, name: str) -> Iterator[bytes]:
        with self._named(name), self._system.open_input_stream(self._place(name), compression=None) as stream:
            while block := stream.read(BLOCK):
                yield block

    @override
    def put(self, path: Path, name: str) -> None:
        with (
            self._named(name), path.open("rb") as stream,
            self._system.open_output_stream(self._place(name), compression=None) as copy,
        ):  # fmt: skip
            shutil.copyfileobj(stream, copy, BLOCK)

    @override
    def move(self, name: str, to: str) -> None:
        found = self.find(name)
        if found is not None and found.size > LARGEST_COPY:
            raise StoreRefusedError(source=self._source.name, name=to, reason="larger than 5 GiB")
        with self._named(to):
            self._system.copy_file(self._place(name), self._place(to))
        self.remove(name)

    @override
    def remove(self, name: str) -> None:
        with self._named(name), contextlib.suppress(FileNotFoundError):
            self._system.delete_file(self._place(name))


def _found(name: str, about: fs.FileInfo) -> Found:
    written = about.mtime_ns or 0
    return Found(name, about.size or 0, written, f"{written}")


@contextlib.contextmanager
def opened(source: SourceConfig, config: Config) -> Iterator[S3Store]:
    """Open a bucket.

    Raises:
        SourceUnreachableError: when nobody answers, the sign-in is refused, or there is no such bucket.
    """
    scheme: Literal["http", "https"] = "http" if config.plain else "https"
    port = f":{config.port}" if config.port else ""
    trusted: Any = {"tls_ca_file_path": config.ca} if config.ca else {}
    try:
        system = fs.S3FileSystem(
            access_key=config.access_key, secret_key=config.secret_key, region=config.region, scheme=scheme,
            endpoint_override=f"{config.host}{port}", connect_timeout=CONNECT_SECONDS, request_timeout=config.seconds,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES), background_writes=False,
            **trusted,
        )  # fmt: skip
        found = system.get_file_info(config.bucket)
    except OSError as error:
        raise SourceUnreachableError(source=source.name, reason=_reason(str(error))) from error
    if found.type != fs.FileType.Directory:
        raise SourceUnreachableError(source=source.name, reason="no such bucket")
    yield S3Store(source, system, "/".join(filter(None, (config.bucket, config.folder.strip("/")))))


def _reason(said: str) -> str:
    if any(sign in said for sign in _SIGN_IN):
        return "sign-in refused"
    if any(sign in said for sign in ("resolve host", "Could not resolve")):
        return "no such host"
    if any(sign in said for sign in ("connect to server", "Connection refused", "curlCode: 7")):
        return "connection refused"
    return "certificate refused" if "curlCode: 60" in said else "no answer of an object store"
