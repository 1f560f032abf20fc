"""Profiles: who may read with which bearer token until when. Of a token only its digest is kept."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import TypeAdapter

from jutong.contracts.envelope import Document
from jutong.node.exchange.jobs import write_whole
from jutong.node.gateway.leaves import new_id
from jutong.node.shares.errors import ProfileWrongError

FILE = ("node", "share-profiles.json")
PREFIX = "jts_"
DAY_MS = 86_400_000
DAYS = (1, 7, 30, 90)
"""How long a profile may be good; the holder chooses."""
MOST_KEPT = 1_000
LONGEST = 200


class Profile(Document):
    """One profile. ``case`` is what its reads are for; ``ended_ms`` is 0 until somebody ended it."""

    profile_id: str
    digest: str
    system_id: str
    system_name: str
    organisation_code: str
    official: str
    post: str
    case: str
    made_ms: int
    expires_ms: int
    ended_ms: int = 0

    def good(self, now_ms: int) -> bool:
        """Tell whether it may be used."""
        return not self.ended_ms and now_ms < self.expires_ms


_ROWS = TypeAdapter(list[Profile])


class Profiles:
    """All profiles of this node, in memory and in one private file. Writing is blocking.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._rows = _ROWS.validate_json(path.read_bytes()) if path.exists() else []
        self._index()

    def _index(self) -> None:
        self._by_digest = {row.digest: row for row in self._rows}

    def of_system(self, system_id: str) -> list[Profile]:
        """Return a system's profiles, the newest first."""
        return [row for row in reversed(self._rows) if row.system_id == system_id]

    def find(self, token: str, now_ms: int) -> Profile:
        """Return the profile a token is of.

        Raises:
            ProfileWrongError: if there is none that may be used.
        """
        row = self._by_digest.get(_digest(token)) if len(token) <= LONGEST else None
        if row is None or not row.good(now_ms):
            raise ProfileWrongError
        return row

    def make(self, *, days: int, now_ms: int, **whose: Any) -> tuple[Profile, str]:
        """Make a profile and return it with its token, which nobody can be told again."""
        token = PREFIX + secrets.token_urlsafe(32)
        row = Profile(
            profile_id=new_id(now_ms), digest=_digest(token), made_ms=now_ms, expires_ms=now_ms + days * DAY_MS, **whose
        )
        with self._lock:
            kept = [one for one in self._rows if one.good(now_ms)][-MOST_KEPT:]
            self._write([*kept, row])
        return row, token

    def end(self, system_id: str, profile_id: str, now_ms: int) -> Profile | None:
        """End a profile of a system at once; return it, or None where there is none to end."""
        with self._lock:
            found = next(
                (one for one in self._rows if (one.system_id, one.profile_id) == (system_id, profile_id)), None
            )
            if found is None or found.ended_ms:
                return None
            ended = found.model_copy(update={"ended_ms": now_ms})
            self._write([ended if one is found else one for one in self._rows])
            return ended

    def _write(self, rows: list[Profile]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._path, _ROWS.dump_json(rows).decode(), durable=True)
        self._rows = rows
        self._index()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def profile_file(profile: Profile, token: str, endpoint: str, expires: str) -> str:
    """Return the content of the file a Delta Sharing client is given."""
    return json.dumps(
        {"shareCredentialsVersion": 1, "endpoint": endpoint, "bearerToken": token, "expirationTime": expires}, indent=1
    )
