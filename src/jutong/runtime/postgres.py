"""The embedded registry: one PostgreSQL server in one folder, reachable through a private socket only.

The server is a plain child process that stops when we end (the kernel tells it to, see ``launch``). Whatever
ended an earlier one, the next start waits for its leftovers, recovers and goes on.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from jutong.runtime import bundle, configuration, postmaster
from jutong.runtime.account import (
    NO_CAPABILITY,
    Account,
    as_account,
    capability_for,
    permitted,
    server_account,
)
from jutong.runtime.errors import (
    DatabaseNameError,
    PostgresStartError,
    PostgresStopError,
    PostgresVersionError,
    ServerUserError,
)
from jutong.runtime.home import PRIVATE, Home, write_private

SUPERUSER = "postgres"
OWNER = "jutong"
PORT = 5432
LONGEST_SOCKET_PATH = 107
"""Bytes the kernel allows for a socket's path; a longer home gets its socket in a temporary folder."""

START_SECONDS = 180.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.02
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Postgres:
    """The server of one home folder.

    Args:
        home: the instance's data folder, prepared at the first start.
        durable: off only for tests: nothing is forced to disk then.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = Home(home)
        self.durable = durable
        self.folder = home / "registry"
        self.data = self.folder / "data"
        self.log = self.home.logs / "registry.log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Address of the registry with its password, for psycopg, asyncpg and ADBC alike."""
        return self.address(OWNER, OWNER, self.home.secret("registry.password"))

    def address(self, database: str, role: str, password: str) -> str:
        """Return the address of a database of this server for a role."""
        place = quote(str(self.socket_folder()), safe="")
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={place}&port={PORT}"

    def socket_folder(self) -> Path:
        """Return the folder of the socket: inside the home, or a short private one where that is too long."""
        inside = self.folder / "socket"
        if len(os.fsencode(inside / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH:
            return inside
        note = self.home.run / "socket-folder"
        account = server_account(self.data)
        if note.exists():
            kept = Path(note.read_text(encoding="utf-8"))
            if kept.is_dir() and account.owns(kept):
                return kept
        base = Path("/run") if os.geteuid() == 0 else Path("/tmp")  # noqa: S108 - a random private folder in it
        made = Path(tempfile.mkdtemp(prefix="jutong-", dir=base if os.access(base, os.W_OK) else None))
        account.own(made)
        write_private(note, str(made))
        return made

    def is_running(self) -> bool:
        """Return whether the server takes connections."""
        found = postmaster.look(self.data)
        return found is not None and found.ready

    def pid(self) -> int | None:
        """Return the server's process id while it runs."""
        found = postmaster.look(self.data)
        return found.pid if found else None

    def start(self) -> str:
        """Start the server, or join the one that already runs on this folder; return the registry's address.

        Call it from the main thread: the kernel ends the server with the thread that started it.

        Raises:
            PostgresStartError: when it does not come up; the log's last line is the reason.
            PostgresVersionError: when another major version wrote the data.
            ServerUserError: when we are root and cannot hand it to another user.
        """
        self.home.prepare()
        with self.home.lock("registry"):
            if not self._join():
                self.home.check_room()
                self._launch()
        return self.dsn

    def stop(self) -> None:
        """Stop the server: running statements are ended, nothing committed is lost. No effect when none runs.

        Raises:
            PostgresStopError: when it is still there after a minute.
        """
        found = postmaster.look(self.data)
        if found is None:
            self._reap()
            return
        deadline = time.monotonic() + STOP_SECONDS
        os.kill(found.pid, signal.SIGINT)
        while postmaster.is_alive(found.pid):
            self._reap()
            if time.monotonic() > deadline:
                raise PostgresStopError(pid=found.pid, seconds=int(STOP_SECONDS), log=self.log)
            time.sleep(POLL_SECONDS)
        self._reap()

    def exit_code(self) -> int | None:
        """Return how the server we started ended; None while it runs or when we joined another's."""
        return self._child.poll() if self._child else None

    def ensure_database(self, name: str, owner_role: str, password: str) -> str:
        """Create a database and the role that owns it, or set the role's password; return its address.

        Raises:
            DatabaseNameError: for a name that is no plain lower-case identifier.
        """
        self.ensure_role(owner_role, password)
        _check_name(name)
        with self._superuser() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if not known:
                command = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(command.format(sql.Identifier(name), sql.Identifier(owner_role)))
            command = sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC")
            connection.execute(command.format(sql.Identifier(name)))
        return self.address(name, owner_role, password)

    def ensure_reader(self, database: str, owner_role: str, role: str, password: str) -> str:
        """Create a role that may read, and only read, what the owner has and will have in a database.

        Returns:
            The database's address for the new role.
        """
        self.ensure_role(role, password)
        names = {
            "database": sql.Identifier(database),
            "owner": sql.Identifier(owner_role),
            "role": sql.Identifier(role),
        }
        commands = (
            "GRANT CONNECT ON DATABASE {database} TO {role}",
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {role}",
            "ALTER ROLE {role} SET default_transaction_read_only = on",
        )
        with self._superuser(database) as connection:
            for command in commands:
                connection.execute(sql.SQL(command).format(**names))
        return self.address(database, role, password)

    def ensure_role(self, role: str, password: str, *, create_databases: bool = False) -> None:
        """Create a role that may sign in, or set its password."""
        _check_name(role)
        with self._superuser() as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
            right = sql.SQL("CREATEDB" if create_databases else "NOCREATEDB")
            command = sql.SQL("{} {} LOGIN {} PASSWORD {}")
            connection.execute(command.format(verb, sql.Identifier(role), right, sql.Literal(password)))

    def _superuser(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        address = self.address(database, SUPERUSER, self.home.secret("registry-superuser.password"))
        return psycopg.connect(address, autocommit=True, connect_timeout=10)

    def _join(self) -> bool:
        """Return whether a server already runs here; wait for one that is ending, or for what it left behind."""
        deadline = time.monotonic() + STOP_SECONDS
        while postmaster.users_of(self.data):
            found = postmaster.look(self.data)
            if found is not None and found.ready:
                return True
            if time.monotonic() > deadline:
                reason = f"processes {postmaster.users_of(self.data)} still use {self.data}"
                raise PostgresStartError(reason=reason, log=self.log)
            time.sleep(POLL_SECONDS)
        if self.data.exists():
            postmaster.forget_stale(self.data, self.socket_folder())
        return False

    def _launch(self) -> None:
        account = server_account(self.data)
        self.folder.mkdir(mode=PRIVATE, exist_ok=True)
        account.own(self.folder)
        programs, capability = self._reach(account)
        if not self.data.exists():
            self._create(programs, account, capability)
        written = int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        if written != (running := programs.version()):
            raise PostgresVersionError(found=written, running=running)
        socket = self.socket_folder()
        socket.mkdir(mode=PRIVATE, exist_ok=True)
        account.own(socket)
        configuration.write(self.data, account, socket=socket, durable=self.durable)
        command = [str(programs.program("postgres")), "-D", str(self.data)]
        with self.log.open("ab") as log:
            log_start = log.tell()
            self._child = subprocess.Popen(
                as_account(account, capability, signal.SIGINT, command),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=_environment(programs), cwd="/", start_new_session=True,
            )  # fmt: skip
        self._wait_until_ready(log_start)
        if not (self.folder / "furnished").exists():
            self._furnish()

    def _reach(self, account: Account) -> tuple[bundle.Bundle, int]:
        """Return programs the account can run and the capability it needs for that."""
        programs = bundle.find()
        folders = [programs.root / "bin", programs.root / "share", self.folder]
        try:
            return programs, capability_for(account, folders)
        except ServerUserError:
            # With nothing to hand on, the data must be enterable; the programs can be copied beside it.
            capability_for(account, [self.folder])
            copied = programs.copy_to(self.folder / f"programs-{programs.version()}")
            return copied, NO_CAPABILITY

    def _create(self, programs: bundle.Bundle, account: Account, capability: int) -> None:
        """Make the data folder under another name and rename it when whole, so that half of one never counts."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        password = self.folder / "first-password"
        write_private(password, self.home.secret("registry-superuser.password"))
        account.own(password)
        command = [str(programs.program("initdb")), *configuration.INITDB, "-U", SUPERUSER]
        command += [f"--pwfile={password}", "-D", str(draft)] + ([] if self.durable else ["--no-sync"])
        try:
            done = subprocess.run(
                as_account(account, capability, signal.SIGKILL, command),
                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
                env=_environment(programs), cwd="/", start_new_session=True, timeout=START_SECONDS,
            )  # fmt: skip
        finally:
            password.unlink(missing_ok=True)
        if done.returncode != 0:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(done.stdout + done.stderr)
            raise PostgresStartError(reason=_last_line(done.stderr) or f"initdb: {done.returncode}", log=self.log)
        draft.rename(self.data)

    def _wait_until_ready(self, log_start: int) -> None:
        assert self._child is not None  # noqa: S101 - set by the only caller
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if self._child.poll() is not None or time.monotonic() > deadline:
                code = self._child.poll()
                said = self.log.read_bytes()[log_start:].decode("utf-8", errors="replace")
                if code is None:
                    self.stop()
                raise PostgresStartError(reason=_last_line(said) or f"exit code {code}", log=self.log)
            time.sleep(POLL_SECONDS)

    def _furnish(self) -> None:
        """Create the registry's own role and database, once."""
        self.ensure_database(OWNER, OWNER, self.home.secret("registry.password"))
        (self.folder / "furnished").touch()

    def _reap(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None


@contextmanager
def temporary() -> Iterator[Postgres]:
    """Run a throw-away server for tests: fast, nothing forced to disk, gone afterwards.

    Its owner role may create databases, as Django's test runner does.
    """
    home = Path(tempfile.mkdtemp(prefix="jutong-", dir="/tmp"))  # short, for the socket's path
    server = Postgres(home / "home", durable=False)
    try:
        if os.geteuid() == 0 and not permitted():
            home.chmod(0o711)
        server.start()
        server.ensure_role(OWNER, server.home.secret("registry.password"), create_databases=True)
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def random_password() -> str:
    """Return a password for a role."""
    return secrets.token_urlsafe(24)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise DatabaseNameError(name=name)


def _environment(programs: bundle.Bundle) -> dict[str, str]:
    """An environment of our own: a PGDATA or LC_ALL that happens to be set must not reach the server."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "LD_LIBRARY_PATH": str(programs.root / "lib"),
    }


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line.lower()]
    return (telling or lines or [""])[-1]
