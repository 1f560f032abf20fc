"""The signed file of a version, which anybody checks offline with ``jutong evidence agreement``."""

from __future__ import annotations

from typing import Any

from jutong.center.agreement.models import Agreement
from jutong.evidence.agreement import FORMAT


def signed_file(agreement: Agreement) -> dict[str, Any]:
    """Return document, digest and signatures as one JSON value."""
    return {
        "format": FORMAT,
        "document": agreement.document,
        "digest": agreement.digest,
        "signatures": [
            {
                "statement": row.statement,
                "alg": row.alg,
                "key_id": row.key_id,
                "public_key": row.public_key,
                "signature": row.signature,
            }
            for row in agreement.signatures.all()
        ],
    }
