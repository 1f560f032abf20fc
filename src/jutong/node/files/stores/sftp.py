"""A folder on an SFTP server: the server is known by its key before a password or a signature is given to it."""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typing_extensions import override

from jutong.node import drivers
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.files.elsewhere import SSH_PORT
from jutong.node.files.elsewhere import Store as Config
from jutong.node.files.errors import FileArrivingError
from jutong.node.files.stores import BLOCK, Found, RemoteStore
from jutong.node.files.stores.errors import HostKeyError, StoreLostError, StoreRefusedError
from jutong.node.sources import SourceConfig

EXTRA = "sftp"
AHEAD = 64
"""Requests for blocks under way at once: more fill the line and cost memory."""

_RSA = ("rsa-sha2-512", "rsa-sha2-256")
"""What servers with an RSA key sign with; the key itself is of the type ``ssh-rsa``."""


class SftpStore(RemoteStore):
    """See ``stores.RemoteStore``.

    Args:
        source: whose store it is, for messages.
        client: an open session.
        transport: the connection under it.
        root: the folder, as the server names it.
    """

    def __init__(self, source: SourceConfig, client: Any, transport: Any, root: str) -> None:
        self._source, self._client, self._transport, self._root = source, client, transport, root

    @contextlib.contextmanager
    def _named(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise StoreRefusedError(source=self._source.name, name=name, reason="not there") from error
        except PermissionError as error:
            raise StoreRefusedError(source=self._source.name, name=name, reason="permission denied") from error
        except Exception as error:
            if not self._transport.is_active() or isinstance(error, EOFError | TimeoutError):
                reason = "timed out" if isinstance(error, TimeoutError) else "connection lost"
                raise StoreLostError(source=self._source.name, reason=reason) from error
            if isinstance(error, OSError):  # what the server says in one word: full, or not allowed
                raise StoreRefusedError(source=self._source.name, name=name, reason="failure") from error
            raise

    def _place(self, name: str) -> str:
        return f"{self._root}/{name}" if name not in {"", "."} else self._root

    @override
    def every(self, below: str) -> Iterator[Found]:
        waiting = [below]
        while waiting:
            folder = waiting.pop()
            with self._named(folder or "."):
                try:
                    entries = self._client.listdir_attr(self._place(folder))
                except FileNotFoundError:
                    continue  # a folder of a pattern that nobody has made yet
            for about in entries:
                if about.filename.startswith(".") or "/" in about.filename:
                    continue
                name = f"{folder}/{about.filename}" if folder else about.filename
                if stat.S_ISDIR(about.st_mode or 0):
                    waiting.append(name)
                elif stat.S_ISREG(about.st_mode or 0):
                    yield _found(name, about)

    @override
    def find(self, name: str) -> Found | None:
        with self._named(name):
            try:
                about = self._client.lstat(self._place(name))
            except FileNotFoundError:
                return None
        if not stat.S_ISREG(about.st_mode or 0):
            raise StoreRefusedError(source=self._source.name, name=name, reason="no plain file")
        return _found(name, about)

    @override
    def fetch(self, found: Found, path: Path, most: int = 0) -> None:
        size = 0
        with path.open("wb") as copy:
            for block in self._read(found.name, min(found.size, most) if most else found.size):
                copy.write(block)
                size += len(block)
        if (not most and size != found.size) or self.find(found.name) != found:
            raise FileArrivingError(name=found.name)

    @override
    def blocks(self, name: str) -> Iterator[bytes]:
        found = self.find(name)
        yield from self._read(name, found.size if found else 0)

    def _read(self, name: str, size: int) -> Iterator[bytes]:
        with self._named(name), self._client.open(self._place(name), "rb") as stream:
            stream.prefetch(size, AHEAD)
            while size > 0 and (block := stream.read(min(BLOCK, size))):
                size -= len(block)
                yield block

    @override
    def put(self, path: Path, name: str) -> None:
        with self._named(name):
            self._make_folder(name.rpartition("/")[0])
            with self._client.open(self._place(name), "wb") as copy, path.open("rb") as stream:
                copy.set_pipelined(True)
                while block := stream.read(BLOCK):
                    copy.write(block)
                copy.flush()
                copy.set_pipelined(False)
                self._force(copy)

    def _make_folder(self, folder: str) -> None:
        parts = folder.split("/") if folder else []
        for at in range(1, len(parts) + 1):
            place = self._place("/".join(parts[:at]))
            try:
                self._client.stat(place)
            except FileNotFoundError:
                self._client.mkdir(place)

    def _force(self, stream: Any) -> None:
        """Have the server write a file to its disk, where it knows how."""
        sftp = drivers.load("paramiko.sftp", extra=EXTRA, source=self._source.name)
        with contextlib.suppress(OSError):
            self._client._request(sftp.CMD_EXTENDED, "fsync@openssh.com", stream.handle)  # noqa: SLF001 - has no name

    @override
    def move(self, name: str, to: str) -> None:
        with self._named(to):
            here, there = self._place(name), self._place(to)
            try:
                self._client.posix_rename(here, there)
            except OSError as error:
                if error.errno in {errno.ENOENT, errno.EACCES} or not self._transport.is_active():
                    raise
                # A server without that extension puts no file in the place of another in one step.
                with contextlib.suppress(FileNotFoundError):
                    self._client.remove(there)
                self._client.rename(here, there)

    @override
    def remove(self, name: str) -> None:
        with self._named(name), contextlib.suppress(FileNotFoundError):
            self._client.remove(self._place(name))


def _found(name: str, about: Any) -> Found:
    seconds = about.st_mtime or 0
    return Found(name, about.st_size or 0, seconds * 10**9, f"{seconds}")


@contextlib.contextmanager
def opened(source: SourceConfig, config: Config) -> Iterator[SftpStore]:
    """Open a session.

    Raises:
        SourceUnreachableError: when nobody answers, or the sign-in is refused.
        HostKeyError: when the server shows another key than one of those it is registered with.
        DriverMissingError: when the extra ``sftp`` is not installed.
    """
    paramiko = drivers.load("paramiko", extra=EXTRA, source=source.name)
    with contextlib.ExitStack() as stack:
        try:
            line = socket.create_connection((config.host.strip("[]"), config.port or SSH_PORT), CONNECT_SECONDS)
            stack.callback(line.close)
            transport = paramiko.Transport(line)
            stack.callback(transport.close)
            _meet(source, config, transport)
            _sign_in(config, transport, paramiko)
            client = paramiko.SFTPClient.from_transport(transport)
            stack.callback(client.close)
            client.get_channel().settimeout(config.seconds)
            root = client.normalize(config.folder or ".").rstrip("/")
            if not stat.S_ISDIR(client.stat(root or "/").st_mode or 0):
                raise NotADirectoryError(root)
        except (OSError, EOFError, ValueError, paramiko.SSHException) as error:
            raise SourceUnreachableError(source=source.name, reason=_reason(error, paramiko)) from error
        yield SftpStore(source, client, transport, root)


def _meet(source: SourceConfig, config: Config, transport: Any) -> None:
    """Agree on keys, and see that the server is the one that was meant."""
    pinned = [tuple(key.split()[:2]) for key in config.host_keys]
    kinds = dict.fromkeys(one for kind, _ in pinned for one in (_RSA if kind == "ssh-rsa" else (kind,)))
    options = transport.get_security_options()
    options.key_types = tuple(one for one in kinds if one in options.key_types)
    transport.banner_timeout = transport.auth_timeout = transport.handshake_timeout = config.seconds
    transport.start_client(timeout=config.seconds)
    key = transport.get_remote_server_key()
    if (key.get_name(), key.get_base64()) not in pinned:
        found = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode("ascii").rstrip("=")
        raise HostKeyError(source=source.name, kind=key.get_name(), found=f"SHA256:{found}")


def _sign_in(config: Config, transport: Any, paramiko: Any) -> None:
    if config.password:
        transport.auth_password(config.user, config.password)
        return
    mode = Path(config.key).stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError("key file open to others")
    transport.auth_publickey(config.user, paramiko.PKey.from_path(config.key))


def _reason(error: Exception, paramiko: Any) -> str:
    if isinstance(error, paramiko.AuthenticationException):
        return "sign-in refused"
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return "no host key of the registered kind, or no common cipher"
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return str(error) if isinstance(error, ValueError) else "no SFTP session"


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "timed out"), (ConnectionRefusedError, "connection refused"), (socket.gaierror, "no such host"),
    (FileNotFoundError, "no such folder"), (NotADirectoryError, "no such folder"), (EOFError, "connection lost"),
)  # fmt: skip
