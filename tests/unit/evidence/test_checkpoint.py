from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jutong.evidence.checkpoint import (
    Checkpoint,
    NoteError,
    SignatureLine,
    UnknownKeyError,
    VerifierKey,
    WrongSignatureError,
    decimal,
    parse_keys,
    sign_text,
    split_note,
    verifier_key,
)
from jutong.kernel.keys import Ed25519Signer
from tests.unit.evidence.support import ORIGIN, SIGNER

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
ROOT = bytes(range(32))
OTHER = Ed25519Signer("other", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def good() -> str:
    return str(Checkpoint.signed(ORIGIN, 20852163, ROOT, SIGNER))


KEY = verifier_key(ORIGIN, SIGNER)


def test_the_note_of_the_go_documentation_is_read_checked_and_signed_alike() -> None:
    key = VerifierKey.parse(GO_KEY)
    text, (line,) = split_note(f"{GO_TEXT}\n{GO_LINE}\n")
    assert (text, str(key), line.key_id) == (GO_TEXT, GO_KEY, key.key_id)
    key.check(line.signature, text)
    seed = base64.b64decode(GO_SEED)[1:]
    signer = Ed25519Signer("peter", Ed25519PrivateKey.from_private_bytes(seed))
    assert verifier_key("PeterNeumann", signer) == key
    assert str(sign_text(GO_TEXT, "PeterNeumann", signer)) == GO_LINE


@pytest.mark.parametrize("at", range(len(GO_KEY)))
def test_no_changed_letter_leaves_a_published_key_valid(at: int) -> None:
    letter = chr(ord(GO_KEY[at]) + 1)
    with pytest.raises(NoteError):
        VerifierKey.parse(GO_KEY[:at] + letter + GO_KEY[at + 1 :])


@pytest.mark.parametrize(
    "line",
    [
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_malformed_key_is_refused(line: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(line)


def test_a_key_file_holds_keys_and_nothing_else() -> None:
    assert parse_keys(f"{GO_KEY}\n{KEY}\n") == (VerifierKey.parse(GO_KEY), KEY)
    for text in ("", "\n", GO_KEY, f"{GO_KEY}\n\n", f"# mine\n{GO_KEY}\n", f"{GO_KEY}\n{GO_KEY}\n"):
        with pytest.raises(NoteError):
            parse_keys(text)


def test_a_checkpoint_is_read_back_as_it_was_written() -> None:
    found = Checkpoint.parse(good())
    assert (found.origin, found.size, found.root, str(found)) == (ORIGIN, 20852163, ROOT, good())
    assert found.verify([KEY]) == (KEY,)


def test_lines_by_unknown_keys_are_kept_and_ignored() -> None:
    checkpoint = Checkpoint.signed(ORIGIN, 5, ROOT, SIGNER)
    witness = SignatureLine("witness.example/w1", b"abcd", bytes(72))
    cosigned = Checkpoint(ORIGIN, 5, ROOT, (witness, *checkpoint.signatures))
    assert Checkpoint.parse(str(cosigned)) == cosigned
    assert cosigned.verify([KEY]) == (KEY,)


def test_a_checkpoint_without_the_logs_own_line_is_refused() -> None:
    checkpoint = Checkpoint.signed(ORIGIN, 5, ROOT, SIGNER)
    with pytest.raises(UnknownKeyError):
        checkpoint.verify([verifier_key(ORIGIN, OTHER)])
    witness = sign_text(checkpoint.text, "witness.example/w1", OTHER)
    with pytest.raises(UnknownKeyError):
        Checkpoint(ORIGIN, 5, ROOT, (witness,)).verify([verifier_key("witness.example/w1", OTHER)])


def test_a_known_keys_wrong_line_spoils_the_note() -> None:
    checkpoint = Checkpoint.signed(ORIGIN, 5, ROOT, SIGNER)
    with pytest.raises(WrongSignatureError):
        Checkpoint(ORIGIN, 6, ROOT, checkpoint.signatures).verify([KEY])
    witness = verifier_key("witness.example/w1", OTHER)
    wrong = SignatureLine(witness.name, witness.key_id, bytes(64))
    with pytest.raises(WrongSignatureError):
        Checkpoint(ORIGIN, 5, ROOT, (*checkpoint.signatures, wrong)).verify([KEY, witness])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n20852163\n", "\n020852163\n"),
        ("\n20852163\n", "\n+20852163\n"),
        ("\n20852163\n", "\n\n"),
        ("\n20852163\n", "\n٣\n"),
        ("\n20852163\n", "\n99999999999999999999\n"),
        ("\n20852163\n", "\n9999999999999999999\n"),
        ("\n20852163\n", "\n20852163\nmore\n"),
        ("Hh8=\n", "Hh9=\n"),
        ("Hh8=\n", "Hh8\n"),
        ("Hh8=\n", "\n"),
        ("AAEC", ""),
        ("jinhe", "jin\thhe"),
        ("jinhe.example/log\n2", "\n2"),
        ("— ", "- "),
        ("— jinhe.example/log ", "— jinhe.example/log"),
        ("— jinhe.example/log ", "— jinhe+example/log "),
        ("— jinhe.example/log ", "—  "),
    ],
)
def test_a_checkpoint_has_one_spelling(old: str, new: str) -> None:
    assert good().count(old) >= 1
    with pytest.raises(NoteError):
        Checkpoint.parse(good().replace(old, new))


@pytest.mark.parametrize("note", ["", "\n", "\n\n", "a\n1\n", good().rstrip("\n"), good() + "\n", "a\n\nb"])
def test_a_note_has_text_a_blank_line_and_signatures(note: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(note)


def test_signature_lines_are_bounded_and_carry_something() -> None:
    line = str(Checkpoint.parse(good()).signatures[0])
    with pytest.raises(NoteError, match="more than"):
        Checkpoint.parse(good() + f"{line}\n" * 64)
    with pytest.raises(NoteError, match="empty"):
        SignatureLine.parse("— name AAAAAA==")
    with pytest.raises(NoteError, match="base64"):
        SignatureLine.parse("— name !")


def test_numbers_are_plain() -> None:
    assert [decimal("0"), decimal("10"), decimal(str(2**63 - 1))] == [0, 10, 2**63 - 1]
    for text in ("", "00", "1 ", "-1", "1_0", "١"):
        with pytest.raises(NoteError):
            decimal(text)
