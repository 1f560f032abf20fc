from __future__ import annotations

from collections.abc import Sequence

import pytest

from jutong.evidence import merkle
from jutong.evidence.merkle import EMPTY_ROOT, ProofError

CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 40
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(LARGEST)]


def split_root(hashes: Sequence[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word by word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    return merkle.node_hash(split_root(hashes[:middle]), split_root(hashes[middle:]))


def subtree(low: int, high: int) -> bytes:
    return split_root(LEAVES[low:high])


def flipped(proof: list[bytes], at: int) -> list[bytes]:
    return [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_equal_the_reference_roots_of_certificate_transparency(size: int) -> None:
    assert merkle.tree_root(CT_LEAVES[:size]).hex() == CT_ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.tree_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", [*range(LARGEST + 1)])
def test_pairing_level_by_level_gives_the_tree_of_the_definition(size: int) -> None:
    assert merkle.fold(LEAVES[:size]) == split_root(LEAVES[:size])


def test_every_small_inclusion_proof_holds_and_no_flipped_hash_does() -> None:
    for size in range(1, LARGEST + 1):
        root = subtree(0, size)
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, subtree)
            merkle.verify_inclusion(index, size, LEAVES[index], proof, root)
            for at in range(len(proof)):
                with pytest.raises(ProofError):
                    merkle.verify_inclusion(index, size, LEAVES[index], flipped(proof, at), root)
            for wrong in (proof[:-1], [*proof, LEAVES[0]]) if proof else ([LEAVES[0]],):
                with pytest.raises(ProofError):
                    merkle.verify_inclusion(index, size, LEAVES[index], wrong, root)


def test_a_proof_belongs_to_one_index() -> None:
    for size in range(2, LARGEST + 1):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, subtree)
            for other in set(range(size)) - {index}:
                with pytest.raises(ProofError):
                    merkle.verify_inclusion(other, size, LEAVES[index], proof, subtree(0, size))


def test_every_small_consistency_proof_holds_and_no_flipped_hash_does() -> None:
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            roots = subtree(0, old), subtree(0, new)
            proof = merkle.consistency_proof(old, new, subtree)
            merkle.verify_consistency(old, new, proof, *roots)
            for at in range(len(proof)):
                with pytest.raises(ProofError):
                    merkle.verify_consistency(old, new, flipped(proof, at), *roots)
            for wrong in (proof[:-1], [*proof, LEAVES[0]]) if proof else ([LEAVES[0]],):
                with pytest.raises(ProofError):
                    merkle.verify_consistency(old, new, wrong, *roots)


def test_an_empty_proof_proves_nothing() -> None:
    for old, new in ((3, 4), (4, 8), (5, 9)):
        with pytest.raises(ProofError, match="too short"):
            merkle.verify_consistency(old, new, [], subtree(0, old), subtree(0, new))


def test_a_fork_is_not_consistent() -> None:
    for new in range(2, LARGEST + 1):
        for old in range(1, new):
            proof = merkle.consistency_proof(old, new, subtree)
            with pytest.raises(ProofError):
                merkle.verify_consistency(old, new, proof, LEAVES[-1], subtree(0, new))
            with pytest.raises(ProofError):
                merkle.verify_consistency(old, new, proof, subtree(0, old), LEAVES[-1])


def test_one_size_has_one_root_and_the_empty_tree_one_hash() -> None:
    merkle.verify_consistency(3, 3, [], LEAVES[0], LEAVES[0])
    with pytest.raises(ProofError, match="two roots"):
        merkle.verify_consistency(3, 3, [], LEAVES[0], LEAVES[1])
    with pytest.raises(ProofError, match="two roots"):
        merkle.verify_consistency(0, 3, [], LEAVES[0], LEAVES[1])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        merkle.inclusion_ranges(index, size)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, LEAVES[0], [], LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3)])
def test_a_smaller_tree_continues_none(old: int, new: int) -> None:
    with pytest.raises(ProofError):
        merkle.consistency_ranges(old, new)
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, new, [], EMPTY_ROOT, EMPTY_ROOT)
