"""Where an instance keeps its log, its key and its records."""

from __future__ import annotations

from pathlib import Path

from jutong.evidence.log import EvidenceLog
from jutong.kernel.keys import fingerprint, load_or_create_signer
from jutong.kernel.settings import Settings

FOLDER = "evidence"


def log_folder(settings: Settings) -> Path:
    """Return the log folder: ``$JUTONG_HOME/evidence``."""
    return settings.path(FOLDER)


def records_file(settings: Settings) -> Path:
    """Return the erasable record store: ``$JUTONG_HOME/records/records.db``."""
    return settings.path("records", "records.db")


def open_log(settings: Settings, *, origin: str = "") -> EvidenceLog:
    """Open the instance's log for writing, making key and folder at first use.

    Args:
        settings: the instance.
        origin: the log's name; by default one that carries the key's fingerprint, so that no two logs share it.

    Raises:
        LogBusyError, LogDamagedError, LogUnwritableError: see ``EvidenceLog``.
    """
    signer = load_or_create_signer(settings.path("keys", "log.key"), "log")
    name = origin or f"jutong.local/log/{fingerprint(signer.private.public_key().public_bytes_raw())}"
    return EvidenceLog(log_folder(settings), signer=signer, origin=name, records=records_file(settings))
