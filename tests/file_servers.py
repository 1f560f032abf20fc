"""Servers of files on loopback, each a process of the tests: OpenSSH's own sshd, and an object store.

The object store is moto's server with its sign-in switched on: it works out every request's signature by botocore and
answers as S3 does. It is no product one would run; where one is at hand, ``JUTONG_TEST_S3`` names it (a row of
``sources.json`` without its files), and the same tests are run against it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.plugins.missing import INSTALL

SSHD = "/usr/sbin/sshd"
PATIENCE_SECONDS = 60.0

_MOTO = """
import json, sys
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
import logging
logging.getLogger("werkzeug").setLevel(logging.ERROR)
iam, s3 = iam_backends["123456789012"]["aws"], s3_backends["123456789012"]["aws"]
iam.create_user("us-east-1", "jutong")
key = iam.create_access_key("jutong")
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy("jutong", "all", json.dumps(allow))
s3.create_bucket("exchange", "us-east-1")
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
said = {"port": server.get_host_and_port()[1], "key": key.access_key_id, "secret": key.secret_access_key}
print(json.dumps(said), flush=True)
sys.stdin.read()
"""


@dataclass
class Sshd:
    """A running sshd that lets this user in with ``key``, to its own files."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def host_key(self) -> str:
        return " ".join((self.folder / "host.pub").read_text("ascii").split()[:2])

    def store(self, root: Path, **changes: Any) -> dict[str, Any]:
        """Return ``store`` of a row of ``sources.json``."""
        user = os.environ.get("USER") or __import__("pwd").getpwuid(os.getuid()).pw_name
        said = {
            "kind": "sftp", "host": "127.0.0.1", "port": self.port, "user": user, "key": str(self.folder / "user"),
            "host_keys": [self.host_key], "folder": str(root),
        }  # fmt: skip
        return {name: value for name, value in {**said, **changes}.items() if value is not None}


def free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def why_no_sshd() -> str:
    """Return why sshd cannot be had here, or nothing."""
    if not Path(SSHD).exists() or shutil.which("ssh-keygen") is None:
        return f"OpenSSH is not installed; {INSTALL}"
    return "" if find_spec("paramiko") else "the extra sftp is not installed"


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Run sshd until the end of the block."""
    for name in ("host", "other", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    port = free_port()
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        "StrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n",
        encoding="ascii",
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    command = [SSHD, "-D", "-e", "-f", str(folder / "config")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield Sshd(port, folder, process)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError("the server did not begin to listen")


def why_no_s3() -> str:
    """Return why no object store can be had here, or nothing."""
    return "" if os.environ.get("JUTONG_TEST_S3") or find_spec("moto") else "neither moto nor JUTONG_TEST_S3 is there"


@contextlib.contextmanager
def object_store() -> Iterator[dict[str, Any]]:
    """Run an object store until the end of the block, and yield ``store`` of a row of ``sources.json``."""
    if named := os.environ.get("JUTONG_TEST_S3"):
        yield json.loads(named)
        return
    environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "0"}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _MOTO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            yield {
                "kind": "s3", "host": "127.0.0.1", "port": said["port"], "plain": True, "bucket": "exchange",
                "access_key": said["key"], "secret_key": said["secret"],
            }  # fmt: skip
        finally:
            process.stdin.close()
            process.wait()
