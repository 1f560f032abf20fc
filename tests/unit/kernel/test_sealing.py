from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from jutong.kernel.keys import generate_signer
from jutong.kernel.sealing import UnreadableBoxError, load_or_create_chest, open_with, seal_for


def test_only_the_holder_of_the_key_opens_a_box() -> None:
    node, other = generate_signer("node"), generate_signer("other")
    box = seal_for(node.public_b64, "张三".encode())
    assert open_with(node, box).decode() == "张三"
    with pytest.raises(UnreadableBoxError):
        open_with(other, box)


@pytest.mark.parametrize("box", ["", "no base64!", base64.b64encode(b"short").decode()])
def test_what_is_no_box_is_said_to_be_unreadable(box: str) -> None:
    with pytest.raises(UnreadableBoxError):
        open_with(generate_signer("node"), box)


def test_two_boxes_of_one_text_differ() -> None:
    key = generate_signer("node").public_b64
    assert seal_for(key, b"same") != seal_for(key, b"same")


def test_a_chest_opens_what_it_closed_and_only_for_its_subject(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "cases.key"
    box = load_or_create_chest(path).close(b"value", about="case 1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = load_or_create_chest(path)
    assert again.open(box, about="case 1") == b"value"
    for content, about in ((box, "case 2"), (box[:-1] + bytes([box[-1] ^ 1]), "case 1"), (b"", "case 1")):
        with pytest.raises(UnreadableBoxError):
            again.open(content, about=about)
