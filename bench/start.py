"""How long the platform takes from an empty folder, and from a full one. ``--install`` times the environment too."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from _report import Report

ROOT = Path(__file__).resolve().parents[1]
COLD_GOAL, WARM_GOAL = 180.0, 10.0
WARM_ROUNDS = 5
LIMIT = 600


def free_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def timed(command: list[str], environment: dict[str, str]) -> float:
    started = time.monotonic()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT, cwd=ROOT
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - started


def install_seconds(room: Path) -> float:
    """Build an environment from wheels that were fetched before the clock starts."""
    wheels, target = room / "wheels", room / "venv"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    requirements = ["--require-hashes", "-r", str(ROOT / "requirements.lock")]
    subprocess.run([*pip, "download", *requirements, "--dest", str(wheels)], check=True, timeout=LIMIT)
    started = time.monotonic()
    venv.create(target, with_pip=True)
    command = [str(target / "bin" / "pip"), "--quiet", "install", "--no-index", f"--find-links={wheels}", *requirements]
    subprocess.run(command, check=True, timeout=LIMIT)
    return time.monotonic() - started


def main() -> int:
    report = Report("start")
    # Other work on the machine shows here before it shows in the seconds.
    report.row("load average before", round(os.getloadavg()[0], 2), "processes", peer=f"{os.cpu_count()} cores")
    room = Path(tempfile.mkdtemp(prefix="jutong-bench-", dir="/tmp"))
    jutong = [sys.executable, "-m", "jutong.cli.main"]
    kept = {name: text for name, text in os.environ.items() if not name.startswith("JUTONG_")}
    environment = {**kept, "JUTONG_HOME": str(room / "home"), "JUTONG_PORT": str(free_pair())}
    try:
        install = install_seconds(room) if "--install" in sys.argv[1:] else 0.0
        cold = timed([*jutong, "up", "--detach", "--demo"], environment)
        stop = [timed([*jutong, "down"], environment)]
        warm = []
        for _ in range(WARM_ROUNDS):
            warm.append(timed([*jutong, "up", "--detach"], environment))
            stop.append(timed([*jutong, "down"], environment))
        again = timed([*jutong, "up", "--detach", "--demo"], environment)
    finally:
        subprocess.run([*jutong, "down"], env=environment, check=False, capture_output=True, timeout=LIMIT)
        shutil.rmtree(room, ignore_errors=True)
    if install:
        report.row("environment from fetched wheels", install, "s")
    median = statistics.median(warm)
    for name, seconds, goal in (
        ("cold: empty folder to ready, demo city", install + cold, COLD_GOAL),
        (f"warm: full folder to ready, median of {WARM_ROUNDS}", median, WARM_GOAL),
        ("warm, slowest", max(warm), WARM_GOAL),
        ("warm, asked to load the demo city again", again, WARM_GOAL),
    ):
        report.row(name, round(seconds, 2), "s", goal=f"< {goal:.0f}", met=seconds < goal)
    report.row("stop, median", round(statistics.median(stop), 2), "s")
    report.finish()
    return 1 if any(row.met is False for row in report.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
