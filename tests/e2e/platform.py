"""A platform of the tests' own: started as an operator starts it, in a folder and on ports nobody else has."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 300
STOP_SECONDS = 60
LOG_TAIL = 2000


def _free_pair() -> int:
    """Return a port whose follower is free too: the gateway takes it."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@dataclass(frozen=True)
class Platform:
    """A running instance with the demonstration city."""

    home: Path
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    def run(self, *arguments: str, seconds: int = STOP_SECONDS) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JUTONG_")}
        environment |= {"JUTONG_HOME": str(self.home), "JUTONG_PORT": str(self.port)}
        return subprocess.run(
            [sys.executable, "-m", "jutong.cli.main", *arguments],
            env=environment, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def logs(self) -> str:
        """The end of every log, for a failure's message."""
        found = sorted((self.home / "logs").glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-LOG_TAIL:]}" for log in found)


def start() -> Platform:
    made = Platform(Path(tempfile.mkdtemp(prefix="jt-e2e-", dir="/tmp")), _free_pair())
    done = made.run("up", "--detach", "--demo", seconds=START_SECONDS)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{made.logs()}"
    return made


def stop(platform: Platform) -> None:
    done = platform.run("down")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{platform.logs()}"
    shutil.rmtree(platform.home, ignore_errors=True)
