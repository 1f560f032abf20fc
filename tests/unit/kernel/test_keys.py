from __future__ import annotations

import base64
import stat

import pytest

from jutong.kernel import keys
from jutong.kernel.keys import Ed25519Verifier


def test_what_one_key_signs_its_public_half_verifies():
    signer = keys.generate_signer("node")
    verifier = Ed25519Verifier.from_b64(signer.key_id, signer.public_b64)
    signature = signer.sign(b"message")
    assert len(signature) == 64
    assert verifier.verify(signature, b"message")
    assert not verifier.verify(signature, b"Message")
    assert not verifier.verify(bytes(64), b"message")
    assert not verifier.verify(b"short", b"message")
    assert signer.alg == "ed25519"


def test_the_id_names_the_key():
    signer = keys.generate_signer("node")
    raw = base64.b64decode(signer.public_b64)
    assert signer.key_id == f"node.{keys.fingerprint(raw)}"
    assert len(keys.fingerprint(raw)) == 16


def test_a_key_is_made_once_and_kept_private(tmp_path):
    path = tmp_path / "keys" / "node.key"
    first = keys.load_or_create_signer(path, "node")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["node.key"]
    again = keys.load_or_create_signer(path, "node")
    assert again.key_id == first.key_id
    assert again.public_b64 == first.public_b64


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", base64.b64encode(bytes(33)).decode()])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ValueError):
        Ed25519Verifier.from_b64("x", text)
