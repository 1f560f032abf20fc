"""Systems known by a client certificate: from the node's own TLS door, or from a proxy on this machine that says so."""

from __future__ import annotations

import binascii
import ssl
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote_to_bytes

from jutong.node.gateway.callers.config import Mtls
from jutong.node.gateway.callers.errors import CertificateUnknownError
from jutong.node.gateway.callers.shown import Shown, show
from jutong.node.gateway.http import Scope

EXTENSION = "jutong.certificate"
"""Under this name of a scope's extensions the node's own TLS door puts the certificate, DER."""

_DIGEST_DIGITS = 64


@dataclass
class Certificates:
    """Tells whose a certificate is."""

    config: Mtls

    def __post_init__(self) -> None:
        self._systems = {one.sha256: one.system for one in self.config.certificates}
        self._header = self.config.header.encode()

    def shown(self, scope: Scope, headers: dict[bytes, bytes], body: bytes, now: float) -> Shown | None:
        """Return the system behind a client certificate; see ``Door``.

        Raises:
            CertificateUnknownError: if the certificate is not on the list.
        """
        digest = self._digest(scope, headers)
        if digest is None:
            return None
        system = self._systems.get(digest)
        if system is None:
            raise CertificateUnknownError(fingerprint=digest)
        return show(system, "mtls", proof=bytes.fromhex(digest), scope=scope, body=body, now=now)

    def _digest(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        own: bytes | None = (scope.get("extensions") or {}).get(EXTENSION)
        if own is not None:
            return sha256(own).hexdigest()
        given = headers.get(self._header, b"")
        peer = (scope.get("client") or ("", 0))[0]
        if not given or peer not in self.config.proxies:
            return None  # whoever is no proxy of ours may write what it likes
        return _fingerprint(given)


def _fingerprint(given: bytes) -> str:
    """Return the SHA-256 of what a proxy passes on: the fingerprint itself, or the certificate as escaped PEM."""
    plain = given.replace(b":", b"").lower().decode("latin-1")
    if len(plain) == _DIGEST_DIGITS and all(one in "0123456789abcdef" for one in plain):
        return plain
    try:
        pem = unquote_to_bytes(given).decode("ascii").replace("\t", "\n")
        return sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    except (ValueError, binascii.Error) as error:
        raise CertificateUnknownError(fingerprint="-") from error
