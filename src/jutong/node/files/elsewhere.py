"""How a folder elsewhere is reached: the node's own configuration, with its credentials."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from jutong.contracts.envelope import Document

SSH_PORT = 22
_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) [A-Za-z0-9+/]{40,}={0,2}(?: .*)?")
_BUCKET = r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$"
_HOST = r"^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]{2,45}\]?)$"
_FOLDER = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=4_096, pattern=_FOLDER)]


class Store(Document):
    """An SFTP server or a bucket.

    SFTP: ``host``, ``port``, ``user`` and ``password`` or the private ``key`` (a file beside ``sources.json``, for its
    owner only); ``host_keys`` are the server's public keys as ``ssh-keyscan`` shows them, without the name in front.
    ``folder`` is the root, by default where the account begins. S3: ``host``, ``port``, ``bucket``, ``access_key``,
    ``secret_key``, ``region``, and ``ca``, a file of certificates to go by; ``folder`` is the prefix. ``plain`` speaks
    HTTP without TLS, for a store on the same machine or behind a line that is secure by itself. ``seconds`` is how
    long an answer may take.
    """

    kind: Literal["sftp", "s3"]
    host: Annotated[str, Field(pattern=_HOST)]
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    folder: Text = ""
    user: Text = ""
    password: Text = Field(default="", repr=False)
    key: Text = ""
    host_keys: Annotated[tuple[str, ...], Field(max_length=10, strict=False)] = ()
    bucket: Annotated[str, Field(pattern=_BUCKET)] | Literal[""] = ""
    access_key: Text = ""
    secret_key: Text = Field(default="", repr=False)
    region: Text = "us-east-1"
    ca: Text = ""
    plain: bool = False
    seconds: Annotated[int, Field(ge=1, le=600)] = 30

    @model_validator(mode="after")
    def _whole(self) -> Store:
        if ".." in self.folder.split("/"):
            raise ValueError("the folder leads out of itself")
        if self.kind == "s3":
            if not (self.bucket and self.access_key and self.secret_key) or self.user or self.host_keys:
                raise ValueError("s3 takes bucket, access_key and secret_key")
            return self
        if self.bucket or self.access_key or not self.user or bool(self.password) == bool(self.key):
            raise ValueError("sftp takes user and either password or key")
        if not self.host_keys or not all(_KEY.fullmatch(key) for key in self.host_keys):
            raise ValueError("host_keys are lines such as ssh-ed25519 AAAA...")
        return self
