"""How the embedded server is set up. Written anew at every start; an operator's own lines go to ``operator.conf``."""

from __future__ import annotations

import os
from pathlib import Path

from jutong.runtime.account import Account

INITDB = (
    # Built-in C.UTF-8 knows Chinese letters as letters without the system's locales; with plain C, trigram
    # search finds nothing in Chinese text.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C.UTF-8",
    "--encoding=UTF8",
    "--auth=scram-sha-256",
    "--data-checksums",
)

_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "password_encryption": "'scram-sha-256'",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "log_line_prefix": "'%m [%p] %q%d '",
    "log_checkpoints": "off",
    # A failing statement may carry a person's data; its text and values stay out of the log.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_ACCESS = """\
# Every connection comes through the private socket and gives its password.
local all all scram-sha-256
"""


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"


def write(data: Path, account: Account, *, socket: Path, durable: bool) -> None:
    """Write ``postgresql.conf`` and ``pg_hba.conf`` of a data folder."""
    settings = {**_SETTINGS, **(_DURABLE if durable else _HASTY), "unix_socket_directories": _quoted(socket)}
    lines = ["# Written by Jutong at every start. Put your own settings into operator.conf in this folder."]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    lines.append("include_if_exists = 'operator.conf'")
    for name, text in (("postgresql.conf", "\n".join(lines) + "\n"), ("pg_hba.conf", _ACCESS)):
        temporary = data / f"{name}.new"
        # The folder belongs to the server's user, who might put a link there: never follow one.
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        account.own(temporary)
        temporary.replace(data / name)
