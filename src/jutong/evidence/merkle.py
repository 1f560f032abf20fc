"""The Merkle tree of RFC 6962: hashing, which subtrees a proof consists of, and verification after RFC 9162.

Pure: bytes in, bytes out. Proofs are described as ranges of leaves, so whoever can name a subtree's hash (a list in
memory, tiles on disk) can give a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Range = tuple[int, int]
Subtree = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof does not prove what it should."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962, 2.1: prefix 0x00)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, 2.1: prefix 0x01)."""
    return sha256(b"\x01" + left + right).digest()


def fold(nodes: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring subtrees of one height, of which only the last may be incomplete.

    Pairing level by level, an odd node rising unpaired, gives the same tree as the RFC's split at the largest
    power of two.
    """
    if not nodes:
        return EMPTY_ROOT
    level = list(nodes)
    while len(level) > 1:
        paired = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def tree_root(entries: Iterable[bytes]) -> bytes:
    """Return the tree hash over raw entries."""
    return fold([leaf_hash(entry) for entry in entries])


def _split(width: int) -> int:
    return 1 << (width - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the subtrees of an inclusion proof, the leaf's sibling first (RFC 6962, 2.1.1).

    Raises:
        ProofError: if the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    low, high = 0, size
    found: list[Range] = []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the subtrees of a consistency proof between two sizes (RFC 6962, 2.1.2).

    Raises:
        ProofError: if the sizes do not follow each other.
    """
    if not 0 <= old <= new:
        raise ProofError(f"no consistency proof from {old} to {new}")
    if old in {0, new}:
        return []
    low, high = 0, new
    found: list[Range] = []
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    if low:
        found.append((low, high))
    return found[::-1]


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that prove the leaf at ``index`` in the tree of ``size`` leaves."""
    return [subtree(low, high) for low, high in inclusion_ranges(index, size)]


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that prove the tree of ``old`` leaves to be a prefix of the one of ``new``."""
    return [subtree(low, high) for low, high in consistency_ranges(old, new)]


def _climb(fn: int, sn: int) -> tuple[int, int]:
    """Skip the levels on which the right-most node has no sibling."""
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check an inclusion proof (RFC 9162, 2.1.3.2). ``leaf`` is the leaf's hash.

    Raises:
        ProofError: if the proof does not lead from the leaf to the root.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    fn, sn, computed = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise ProofError("the proof is too long")
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            fn, sn = _climb(fn, sn)
        else:
            computed = node_hash(computed, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("the proof is too short")
    if computed != root:
        raise ProofError("the proof leads to another root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check a consistency proof (RFC 9162, 2.1.4.2); the empty tree is a prefix of every tree.

    Raises:
        ProofError: if the old tree is not proved to be a prefix of the new one.
    """
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} does not continue one of {old}")
    if old in {0, new}:
        if proof:
            raise ProofError("the proof is too long")
        if old_root != (new_root if old == new else EMPTY_ROOT):
            raise ProofError("one size has two roots")
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ProofError("the proof is too short")
    first, second = _recompute(old - 1, new - 1, path)
    if first != old_root:
        raise ProofError("the proof leads to another old root")
    if second != new_root:
        raise ProofError("the proof leads to another new root")


def _recompute(fn: int, sn: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError("the proof is too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            fn, sn = _climb(fn, sn)
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("the proof is too short")
    return first, second
