"""佐证材料: pictures and PDFs that come with a doubt, closed at rest."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from jutong.center.correction.boxes import closed, opened
from jutong.center.correction.errors import MaterialRefusedError
from jutong.center.correction.models import Correction, Material

LARGEST = 512 * 1024
MOST = 3
_MARKS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class File:
    """One file as it came in."""

    name: str
    content: bytes


def media_type(content: bytes) -> str:
    """Return what a file is by how it begins; empty for what is no evidence here."""
    return next((kind for mark, kind in _MARKS.items() if content.startswith(mark)), "")


def keep(correction: Correction, files: Sequence[File]) -> None:
    """Close the files of a case.

    Raises:
        MaterialRefusedError: for too many, too large or unknown ones.
    """
    unique = {hashlib.sha256(file.content).hexdigest(): file for file in files if file.content}
    wrong = any(len(file.content) > LARGEST or not media_type(file.content) for file in unique.values())
    if wrong or len(unique) > MOST:
        raise MaterialRefusedError(limit=LARGEST // 1024, count=MOST)
    for digest, file in unique.items():
        content = {"name": file.name[:128], "content": base64.b64encode(file.content).decode()}
        Material.objects.create(
            correction=correction, media_type=media_type(file.content), size=len(file.content), digest=digest,
            box=closed(content, about=f"{correction.number} {digest}"),
        )  # fmt: skip


def content_of(material: Material) -> File:
    """Return a file as it came in."""
    found = opened(material.box, about=f"{material.correction.number} {material.digest}")
    return File(str(found["name"]), base64.b64decode(found["content"]))
