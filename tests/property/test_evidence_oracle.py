"""Our log read by an independent implementation, and our canonical JSON held against the kernel's."""

from __future__ import annotations

import random
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tlog_scales.backend import LocalBackend
    from tlog_scales.reader import TilesReader
    from tlog_scales.signing import PlainEd25519Signer, Vkey
    from tlog_scales.tlog import Checkpoint as OracleCheckpoint
    from tlog_scales.writer import TilesWriter

from jutong.evidence import merkle
from jutong.evidence.audit import audit
from jutong.evidence.checkpoint import Checkpoint, VerifierKey
from jutong.evidence.commitment import CanonicalError, canonical
from jutong.evidence.tiles import TileReader
from jutong.kernel.canonical import canonical_json
from tests.unit.evidence.support import ORIGIN, SIGNER, open_log


def entries(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 1000, 66_000])
def test_an_independent_reader_finds_the_same_roots_and_proofs(tmp_path: Path, size: int) -> None:
    chance = random.Random(size)
    with open_log(tmp_path) as log:
        for first in range(0, size, 5000):
            log.append([(entry, b"") for entry in entries(size)[first : first + 5000]])
            log.publish()
        key = str(log.key)
    folder = tmp_path / "evidence"
    oracle = TilesReader(LocalBackend(folder))
    head = oracle.get_checkpoint()
    head.verify(Vkey.from_string(key))
    ours = TileReader(folder, size)
    assert (head.size, head.root_hash, head.root_hash) == (size, ours.root(), oracle.calculate_root_hash())
    for _ in range(120):
        at = chance.randrange(size)
        tree = chance.randrange(at + 1, size + 1)
        proof = ours.inclusion(at, tree)
        assert proof == oracle.get_inclusion_proof(at, tree).node_hashes
        merkle.verify_inclusion(at, tree, merkle.leaf_hash(oracle.get_entry(at)), proof, ours.root(tree))
        old = chance.randrange(1, tree + 1)
        consistency = ours.consistency(old, tree)
        assert consistency == oracle.get_consistency_proof(old, tree).node_hashes
        merkle.verify_consistency(old, tree, consistency, ours.root(old), ours.root(tree))


def test_an_independent_writer_makes_the_same_files(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append([(entry, b"") for entry in entries(700)])
    writer = TilesWriter.create(tmp_path / "oracle", ORIGIN)
    for entry in entries(700):
        writer.add_leaf(entry)
    writer.commit([PlainEd25519Signer(ORIGIN, SIGNER.private)])
    found = {path.relative_to(tmp_path / "oracle"): path for path in (tmp_path / "oracle").rglob("*") if path.is_file()}
    assert len(found) == 8
    for relative, path in found.items():
        assert (tmp_path / "evidence" / relative).read_bytes() == path.read_bytes(), relative


def test_checkpoint_and_key_are_read_alike(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append([(b"x", b"")])
        head = log.publish()
        theirs = OracleCheckpoint.from_text(str(head))
        assert (theirs.origin, theirs.size, theirs.root_hash) == (head.origin, head.size, head.root)
        assert theirs.serialize() == str(Checkpoint.parse(theirs.serialize())) == str(head)
        assert Vkey.from_string(str(log.key)).serialize() == str(VerifierKey.parse(str(log.key)))
        assert audit(log.folder).checkpoint == head


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_canonical_json_is_rfc_8785(value: Any) -> None:
    try:
        found = canonical(value)
    except CanonicalError:
        assert "\\ud" in ascii(value)
        return
    assert found == canonical_json(value)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_proofs_between_any_sizes_hold_and_any_flipped_bit_breaks_them(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    leaves = [merkle.leaf_hash(b"%d" % number) for number in range(size)]

    def subtree(low: int, high: int) -> bytes:
        return merkle.fold(leaves[low:high])

    at = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    bit = data.draw(st.integers(0, 255))
    inclusion = merkle.inclusion_proof(at, size, subtree)
    consistency = merkle.consistency_proof(old, size, subtree)
    merkle.verify_inclusion(at, size, leaves[at], inclusion, subtree(0, size))
    merkle.verify_consistency(old, size, consistency, subtree(0, old), subtree(0, size))
    for proof in (inclusion, consistency):
        if not proof:
            continue
        which = data.draw(st.integers(0, len(proof) - 1))
        proof[which] = (int.from_bytes(proof[which], "big") ^ 1 << bit).to_bytes(32, "big")
    if inclusion:
        with pytest.raises(merkle.ProofError):
            merkle.verify_inclusion(at, size, leaves[at], inclusion, subtree(0, size))
    if consistency:
        with pytest.raises(merkle.ProofError):
            merkle.verify_consistency(old, size, consistency, subtree(0, old), subtree(0, size))
