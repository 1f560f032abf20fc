"""Runs one instance: registry first, then the processes of its role; watches them; ends them in order.

Why it is made this way: whoever kills the supervisor, even with -9, must leave nothing that the next start cannot
put right. Every process asks the kernel to be ended with its parent (``launch``), the registry recovers by
itself, and a lock that dies with its holder, not a pid file, says whether a supervisor lives.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from types import FrameType

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.settings import Settings
from jutong.runtime import logs, ports, prepared, registry, state
from jutong.runtime.account import NO_CAPABILITY, Account, as_account
from jutong.runtime.child import Child, end_group
from jutong.runtime.errors import AlreadyRunningError, ChildNotReadyError, PreparationError
from jutong.runtime.home import Home
from jutong.runtime.postgres import Postgres
from jutong.runtime.services import SERVICES, Service, needs_registry, python, services_for

REGISTRY = "registry"
READY_SECONDS = 90.0
GRACE_SECONDS = 10.0
"""How long a process may take to finish what it is doing when asked to end."""
STARTING_GRACE_SECONDS = 2.0
LOCK_SECONDS = 5.0
"""How long a start waits for a supervisor that is just ending."""
WATCH_SECONDS = 0.25
TROUBLE_SECONDS = 1.0
"""Pause after a round in which something could not be done."""
POLL_SECONDS = 0.05
ROTATE_EVERY = 240
"""Watch rounds between two looks at the size of the logs: a minute."""

PREPARING = gettext_noop("正在准备登记库……")
BRINGING_UP_TO_DATE = gettext_noop("正在升级登记库的表……")
LOADING_DEMO = gettext_noop("正在升级登记库的表并载入演示城市，第一次需要一两分钟……")
STARTING_PROCESSES = gettext_noop("正在启动各个进程……")
STOPPING = gettext_noop("正在停止……")


class Supervisor:
    """One instance from start to end. ``run`` returns when it was asked to end and everything has.

    Args:
        settings: the instance.
        clock: what time it is, for the state file.
        say: told each step, for the person who waits.
        table: the processes; tests bring their own.
        prepare: command that brings the registry's tables up to date, or None to leave them.
        load_demo: whether that command is the one that loads the demo city too.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        table: tuple[Service, ...] = SERVICES,
        prepare: list[str] | None = None,
        load_demo: bool = False,
    ) -> None:
        self.settings = settings
        self.home = Home(settings.home)
        self.clock = clock
        self.say = say
        self.services = services_for(settings, table)
        self.prepare = prepare
        self.load_demo = load_demo
        self.server: Postgres | None = None
        self.children: list[Child] = []
        self._ending = threading.Event()
        self._changed = False
        self._state = state.State(os.getpid(), settings.role, settings.center_base)
        self._log = logging.getLogger("jutong.runtime")

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call ``on_ready``, watch until a signal asks to end, stop everything.

        Raises:
            AlreadyRunningError: when a supervisor runs on this home.
            JutongError: whatever kept the instance from starting; what had started is stopped again.
        """
        self.home.prepare()
        with self._only_one(), self._signals():
            self._log = logs.supervisor_log(self.home.logs / "supervisor.log", self.settings.log_level)
            try:
                self._start()
                if not self._ending.is_set():
                    self._enter(state.READY)
                    on_ready()
                    self._watch()
            except JutongError as error:
                self._log.error("instance.start-failed %s", error.code)
                raise
            finally:
                self._stop()

    def end(self) -> None:
        """Ask the instance to end; ``run`` returns when it has."""
        self._ending.set()

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        deadline = time.monotonic() + LOCK_SECONDS
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(self.home.lock(state.LOCK, wait=False))
                    break
                except BlockingIOError as error:
                    known = state.read(self.home)
                    if time.monotonic() > deadline or (known and known.phase == state.READY):
                        raise AlreadyRunningError(path=self.home.path, pid=known.pid if known else "?") from error
                time.sleep(POLL_SECONDS)
            yield

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def end(number: int, frame: FrameType | None) -> None:
            del frame
            self._log.info("instance.asked-to-end signal=%d", number)
            self._ending.set()

        wanted = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, end) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self) -> None:
        self._end_leftovers()
        self.home.check_room()
        for service in self.services:
            if service.port:
                ports.check(self.settings.host, service.port(self.settings), service.title)
        self._state.since = self.clock().isoformat(timespec="seconds")
        self._enter(state.STARTING)
        self._start_registry()
        if self._ending.is_set():
            return
        self.say(STARTING_PROCESSES)
        for service in self.services:
            child = Child(service, self.settings, self.home.logs / f"{service.name}.log", self._environment())
            self.children.append(child)
            child.start()
        self._enter(state.STARTING)
        self._wait_until_healthy()

    def _start_registry(self) -> None:
        if not needs_registry(self.settings):
            return
        self.say(PREPARING)
        if not self.settings.database_url:
            # One that outlived a killed supervisor is ended first: it must end with us, not with a stranger.
            Postgres(self.settings.home).stop()
        self.server = registry.start(self.settings)
        self._log.info("registry.started %s", "embedded" if self.server else "external")
        if self.prepare is None or self._ending.is_set():
            return
        address = self.server.dsn if self.server else self.settings.database_url
        if prepared.is_current(self.settings, address, demo=self.load_demo):
            self._log.info("registry.up-to-date")
            return
        prepared.forget(self.settings)
        self.say(LOADING_DEMO if self.load_demo else BRINGING_UP_TO_DATE)
        self._prepare(self.prepare)
        if not self._ending.is_set():
            prepared.remember(self.settings, address, demo=self.load_demo)

    def _prepare(self, command: list[str]) -> None:
        log = self.home.logs / "prepare.log"
        with log.open("ab") as output:
            start = output.tell()
            process = subprocess.Popen(
                as_account(Account(), NO_CAPABILITY, signal.SIGTERM, command),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=self._environment(), cwd="/", start_new_session=True,
            )  # fmt: skip
        while process.poll() is None:
            if self._ending.wait(POLL_SECONDS):
                process.terminate()
                process.wait()
                return
        if process.returncode != 0:
            said = logs.tail(log, 1, start=start).rstrip("。.")
            raise PreparationError(reason=said or process.returncode, log=log)

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(self.children)
        while waiting and not self._ending.is_set():
            for child in self.children:
                code = child.fell()
                if code is not None:
                    raise ChildNotReadyError(
                        name=child.service.name, reason=child.last_words() or f"exit code {code}", log=child.log
                    )
            waiting = [child for child in waiting if not child.is_healthy()]
            if waiting and time.monotonic() > deadline:
                name, log = waiting[0].service.name, waiting[0].log
                raise ChildNotReadyError(name=name, reason=f"no answer within {READY_SECONDS:.0f} s", log=log)
            if waiting:
                self._ending.wait(POLL_SECONDS)

    def _watch(self) -> None:
        rounds = 0
        while not self._ending.wait(WATCH_SECONDS):
            rounds += 1
            try:
                self._look_after_everything()
                if rounds % ROTATE_EVERY == 0:
                    self._rotate()
            except OSError as error:
                # A full disk or a want of memory passes: what runs goes on, the rest is tried again.
                self._log.error("supervisor.round-failed %s", error.strerror)
                self._ending.wait(TROUBLE_SECONDS)

    def _look_after_everything(self) -> None:
        self._changed |= self._watch_registry()
        for child in self.children:
            code = child.fell()
            if code is not None:
                self._changed = True
                self._log.warning("process.ended %s code=%d", child.service.name, code)
            elif child.pid is None and child.revive():
                self._changed = True
                self._log.info("process.restarted %s restarts=%d", child.service.name, child.restarts)
        if self._changed:
            self._enter(state.READY)
            self._changed = False

    def _watch_registry(self) -> bool:
        if self.server is None or self.server.exit_code() is None:
            return False
        self._log.warning("registry.ended code=%s", self.server.exit_code())
        try:
            self.server.start()
        except JutongError as error:
            self._log.error("registry.restart-failed %s", error.code)
            self._ending.wait(TROUBLE_SECONDS)
        else:
            self._log.info("registry.restarted")
        return True

    def _rotate(self) -> None:
        for path in self.home.logs.glob("*.log"):
            logs.rotate(path)

    def _stop(self) -> None:
        # Before it is ready a process has answered nobody: there is nothing it would have to finish.
        grace = GRACE_SECONDS if self._state.phase == state.READY else STARTING_GRACE_SECONDS
        self._state.phase = state.STOPPING
        for child in reversed(self.children):
            child.stop(grace)
            self._log.info("process.stopped %s", child.service.name)
        if self.server is not None:
            self.server.stop()
            self._log.info("registry.stopped")
        state.forget(self.home)

    def _end_leftovers(self) -> None:
        """End what an earlier supervisor left behind, should the kernel not have done so yet."""
        earlier = state.read(self.home)
        for process in earlier.processes if earlier else []:
            if process.name != REGISTRY and process.is_ours() and process.pid is not None:
                self._log.warning("process.left-over %s", process.name)
                end_group(process.pid)

    def _enter(self, phase: str) -> None:
        self._state.phase = phase
        self._state.registry = "external" if self.settings.database_url else "embedded"
        self._state.processes = [child.seen() for child in self.children]
        if self.server is not None and (pid := self.server.pid()):
            row = state.ProcessState(REGISTRY, pid, state.birth(pid), 0, None, str(self.server.log))
            self._state.processes.insert(0, row)
        self._state.write(self.home)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GRANIAN_")}
        demo = {"JUTONG_DEMO": "1"} if self.settings.demo else {}
        return {**kept, **demo, "JUTONG_HOME": str(self.settings.home), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def preparation(*, demo: bool) -> list[str]:
    """Return the command that brings the registry's tables up to date and, if wanted, loads the demo city."""
    return python("-m", "jutong.cli.prepare", *(["--demo"] if demo else []))
