"""Who may call besides the holders of registered keys, from ``$JUTONG_HOME/node/callers.json``.

The file holds secrets, so it is refused when anybody but its owner may read or change it, and no message made here
repeats a value from it. What it names is only who a caller is: what a system may do stands in its grants alone.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from jutong.contracts.envelope import Document
from jutong.node.gateway.callers.errors import CallersExposedError, CallersFileError

FILE = "node/callers.json"
SHORTEST_SECRET = 16

Name = Annotated[str, Field(min_length=1, max_length=200)]
Secret = Annotated[str, Field(min_length=SHORTEST_SECRET, max_length=200)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KeyForm = Literal["sha1prng", "raw", "md5"]
Encoding = Literal["base64", "hex"]
_PREFIX = re.compile(r"(/[a-z0-9][a-z0-9._-]*)*")


class Verdicts(Document):
    """How the outcome of a verification is spelled."""

    yes: str = "yes"
    no: str = "no"
    unknown: str = "unknown"


class NationalService(Document):
    """One service code and the granted call it stands for.

    ``key`` and ``claims`` lead from a parameter's name to the item it is a value of; ``answer`` from an item to the
    name it has in the answer, and where it is empty every granted item is answered under its own name. ``case`` and
    ``official`` name the parameters with the case number and the official; ``official_default`` is who answers for
    the calls of a system that names nobody. ``ignored`` are parameters that are taken and not used. ``verdicts``
    spells the outcome of a verification, ``verdict`` is the name it has in the answer.
    """

    sid: Name
    grant: Name
    kind: Literal["query", "verify"] = "query"
    key: dict[str, str]
    claims: dict[str, str] = Field(default_factory=dict)
    answer: dict[str, str] = Field(default_factory=dict)
    case: str = ""
    official: str = ""
    official_default: str = ""
    ignored: tuple[str, ...] = ()
    verdict: str = "result"
    verdicts: Verdicts = Field(default_factory=Verdicts)

    @model_validator(mode="after")
    def _whole(self) -> NationalService:
        if not self.official and not self.official_default:
            raise ValueError("a service names an official parameter, or an official_default")
        if not self.key or (self.kind == "verify") != bool(self.claims):
            raise ValueError("a service has a key, and claims when and only when it verifies")
        return self

    @property
    def parameters(self) -> frozenset[str]:
        """Every parameter a call may carry."""
        return frozenset({*self.key, *self.claims, self.case, self.official, *self.ignored} - {""})


class NationalCaller(Document):
    """One requester's permission to call one service: its authorisation code, and the system it is to us."""

    rid: Name
    sid: Name
    system: Name
    appkey: Secret = Field(repr=False)


class National(Document):
    """The national call form.

    ``prefix`` stands before ``/sysapi/auth/refreshappsecret`` and ``/httpproxy``; it may be empty, so that a client
    needs no other change than the host. ``key`` says how the authorisation code becomes an AES key: ``sha1prng`` as
    Java's generator seeded with it does, ``raw`` its bytes, ``md5`` its digest. ``once_per_instant`` lets a pair of
    requester and service sign once a millisecond only: the form's signature does not cover the parameters.
    """

    services: tuple[NationalService, ...]
    callers: tuple[NationalCaller, ...]
    prefix: str = "/gw/national"
    secret_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    key: KeyForm = "sha1prng"
    encoding: Encoding = "base64"
    once_per_instant: bool = False

    @model_validator(mode="after")
    def _fits(self) -> National:
        known = {one.sid for one in self.services}
        if len(known) != len(self.services):
            raise ValueError("a sid comes twice")
        if len({(one.rid, one.sid) for one in self.callers}) != len(self.callers):
            raise ValueError("a pair of rid and sid comes twice")
        if any(one.sid not in known for one in self.callers):
            raise ValueError("a caller names a sid that is no service")
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError("prefix is a path without a trailing slash")
        if self.key == "raw" and any(len(one.appkey.encode()) not in {16, 24, 32} for one in self.callers):
            raise ValueError("a raw appkey has 16, 24 or 32 bytes")
        return self


class OauthClient(Document):
    """One OAuth 2 client and the system it is to us: known by a secret's SHA-256, or by an Ed25519 public key."""

    client_id: Name
    system: Name
    secret_sha256: Sha256 | None = Field(default=None, repr=False)
    public_key: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> OauthClient:
        if bool(self.secret_sha256) == bool(self.public_key):
            raise ValueError("a client has either secret_sha256 or public_key")
        return self


class Oauth(Document):
    """OAuth 2 client credentials."""

    clients: tuple[OauthClient, ...]
    token_seconds: Annotated[int, Field(ge=30, le=3600)] = 300

    @model_validator(mode="after")
    def _once(self) -> Oauth:
        if len({one.client_id for one in self.clients}) != len(self.clients):
            raise ValueError("a client_id comes twice")
        return self


class Certificate(Document):
    """One client certificate, by the SHA-256 of its DER bytes, and the system it is to us."""

    sha256: Sha256
    system: Name


class Listen(Document):
    """Where the node itself terminates TLS and asks for client certificates; paths are of PEM files."""

    host: Name = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]
    certificate: str
    key: str
    client_ca: str


class Mtls(Document):
    """Mutual TLS, ended by the node (``listen``) or by a proxy on this machine that passes the certificate on.

    ``proxies`` are the peer addresses whose ``header`` is believed, loopback only; nobody else's is.
    """

    certificates: tuple[Certificate, ...]
    proxies: tuple[Literal["127.0.0.1", "::1"], ...] = ()
    header: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")] = "x-client-certificate"
    listen: Listen | None = None

    @model_validator(mode="after")
    def _once(self) -> Mtls:
        if len({one.sha256 for one in self.certificates}) != len(self.certificates):
            raise ValueError("a certificate comes twice")
        return self


class Callers(Document):
    """The whole file; every part is optional."""

    national: National | None = None
    oauth: Oauth | None = None
    mtls: Mtls | None = None


def load(path: Path) -> Callers:
    """Read the callers of a node; a missing file means none but the holders of registered keys.

    Raises:
        CallersExposedError: when the file is open to group or others.
        CallersFileError: when it cannot be understood.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return Callers()
    except OSError as error:
        raise CallersFileError(path=str(path), reason=error.strerror or "unreadable") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise CallersFileError(path=str(path), reason="not a file")
    with os.fdopen(descriptor, "rb") as stream:
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CallersExposedError(path=str(path), found=f"{stat.S_IMODE(mode):04o}")
        content = stream.read()
    try:
        return Callers.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        # The context of the error is dropped: pydantic's holds the values.
        raise CallersFileError(path=str(path), reason=f"{place}: {first['msg']}") from None
