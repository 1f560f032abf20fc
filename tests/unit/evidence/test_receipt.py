from __future__ import annotations

import pytest

from jutong.evidence.checkpoint import Checkpoint, NoteError
from jutong.evidence.merkle import ProofError, inclusion_proof, leaf_hash, tree_root
from jutong.evidence.receipt import Receipt
from tests.unit.evidence.support import ORIGIN, SIGNER

ENTRIES = [b"a", b"b", b"c", b"d", b"e"]


def receipt(index: int = 3) -> Receipt:
    hashes = inclusion_proof(index, 5, lambda low, high: tree_root(ENTRIES[low:high]))
    return Receipt(index, tuple(hashes), Checkpoint.signed(ORIGIN, 5, tree_root(ENTRIES), SIGNER))


@pytest.mark.parametrize("index", range(5))
def test_a_receipt_is_read_back_as_it_was_written_and_proves_its_leaf(index: int) -> None:
    found = Receipt.parse(str(receipt(index)))
    assert found == receipt(index)
    found.prove(leaf_hash(ENTRIES[index]))
    with pytest.raises(ProofError):
        found.prove(leaf_hash(b"x"))


def test_the_text_is_the_c2sp_form() -> None:
    lines = str(receipt()).split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
    assert [len(line) for line in lines[2:5]] == [44, 44, 44]
    assert lines[5:8] == ["", ORIGIN, "5"]


def test_extra_data_is_carried_and_not_relied_upon() -> None:
    given = receipt()
    text = str(Receipt(given.index, given.hashes, given.checkpoint, b"context"))
    assert "extra Y29udGV4dA==\nindex 3\n" in text
    assert Receipt.parse(text).extra == b"context"


def test_a_tree_of_one_has_an_empty_proof() -> None:
    only = Receipt(0, (), Checkpoint.signed(ORIGIN, 1, leaf_hash(b"a"), SIGNER))
    assert Receipt.parse(str(only)) == only
    only.prove(leaf_hash(b"a"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 3", "index 03"),
        ("index 3", "index  3"),
        ("index 3\n", ""),
        ("index 3\n", "index 3\nAAAA\n"),
        ("index 3\n", "index 3\n?\n"),
        ("index 3\n", "index 3\n" + "A" * 43 + "=\n" * 64),
        ("index 3\n", "extra ?\nindex 3\n"),
        ("index 3\n", "index 3\r\n"),
        ("\n\n", "\n"),
    ],
)
def test_a_receipt_has_one_spelling(old: str, new: str) -> None:
    with pytest.raises(NoteError):
        Receipt.parse(str(receipt()).replace(old, new))


def test_too_many_hashes_and_too_long_texts_are_refused() -> None:
    given = receipt()
    with pytest.raises(NoteError, match="list of hashes"):
        Receipt.parse(str(Receipt(3, tuple([bytes(32)] * 64), given.checkpoint)))
    with pytest.raises(NoteError, match="larger"):
        Receipt.parse(str(given) + "x" * (1 << 20))
