from __future__ import annotations

from pathlib import Path

import pytest

from jutong.evidence import merkle
from jutong.evidence.tiles import (
    ENTRIES,
    WIDTH,
    TileError,
    TileName,
    TileReader,
    decode_bundle,
    encode_bundle,
    level_count,
    partial_widths,
)
from jutong.evidence.writer import TileWriter


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 0), "tile/0/000"),
        (TileName(0, 1234067), "tile/0/x001/x234/067"),
        (TileName(3, 999), "tile/3/999"),
        (TileName(3, 1000), "tile/3/x001/000"),
        (TileName(ENTRIES, 1000), "tile/entries/x001/000"),
        (TileName(ENTRIES, 273, 112), "tile/entries/273.p/112"),
        (TileName(63, 5, 1), "tile/63/005.p/1"),
    ],
)
def test_tiles_lie_where_the_specification_puts_them(name: TileName, path: str) -> None:
    assert name.path == path
    assert TileName.parse(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/00/000", "tile/100/000", "tile/-1/000", "tile/entry/000", "tile/0/x000/000",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/1000", "tile/0/001/000",
        "/tile/0/000", "tile/0/000/", "tile/0/٠٠٠", "checkpoint",
    ],
)  # fmt: skip
def test_other_paths_are_no_tiles(path: str) -> None:
    assert TileName.parse(path) is None


def test_the_example_of_the_specification() -> None:
    assert [level_count(70_000, level) for level in range(4)] == [70_000, 273, 1, 0]


def test_bundles_prefix_each_entry_with_its_length() -> None:
    assert encode_bundle([b"", b"a", b"bc"]) == b"\0\0\0\1a\0\2bc"
    assert decode_bundle(b"\0\0\0\1a\0\2bc") == [b"", b"a", b"bc"]
    assert decode_bundle(b"") == []
    for cut in (b"\0", b"\0\1", b"\0\0\0"):
        with pytest.raises(ValueError, match="cut"):
            decode_bundle(cut)


def entries(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


def written(folder: Path, size: int) -> TileWriter:
    (folder / "tmp").mkdir()
    writer = TileWriter(folder)
    writer.load(0)
    writer.extend(entries(size))
    writer.flush()
    return writer


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 700])
def test_what_was_written_is_read_and_proved(tmp_path: Path, size: int) -> None:
    root = merkle.tree_root(entries(size))
    assert written(tmp_path, size).root() == root
    reader = TileReader(tmp_path, size, cached=2)
    assert reader.root() == root
    for index in range(0, size, 17):
        assert reader.entry(index) == entries(size)[index]
        proof = reader.inclusion(index)
        merkle.verify_inclusion(index, size, merkle.leaf_hash(entries(size)[index]), proof, root)
    for old in range(0, size, 31):
        merkle.verify_consistency(old, size, reader.consistency(old), reader.root(old), root)


def test_a_tree_that_reaches_the_third_level(tmp_path: Path) -> None:
    size = WIDTH * WIDTH + 300
    root = merkle.tree_root(entries(size))
    assert written(tmp_path, size).root() == root
    assert (tmp_path / "tile/2/000.p/1").stat().st_size == 32
    reader = TileReader(tmp_path, size)
    for index in (0, 65_535, 65_536, size - 1):
        leaf = merkle.leaf_hash(entries(size)[index])
        merkle.verify_inclusion(index, size, leaf, reader.inclusion(index), root)
    merkle.verify_consistency(65_536, size, reader.consistency(65_536), reader.root(65_536), root)


def test_a_reader_of_an_older_tree_uses_the_full_tile_once_the_partial_one_is_gone(tmp_path: Path) -> None:
    written(tmp_path, 300)
    reader = TileReader(tmp_path, 200)
    assert reader.root() == merkle.tree_root(entries(200))
    with pytest.raises(IndexError):
        reader.entry(200)


def test_a_writer_takes_up_the_edge_where_another_left_it(tmp_path: Path) -> None:
    written(tmp_path, 300)
    writer = TileWriter(tmp_path)
    writer.load(300)
    writer.extend(entries(600)[300:])
    assert writer.root() == merkle.tree_root(entries(600))
    older = TileWriter(tmp_path)
    older.load(290)
    assert older.root() == merkle.tree_root(entries(290))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("tile/0/001.p/44", None),
        ("tile/entries/001.p/44", None),
        ("tile/0/001.p/44", b"x"),
        ("tile/0/001.p/44", bytes(32)),
        ("tile/entries/001.p/44", b"\0\5a"),
        ("tile/entries/001.p/44", b"\0\0"),
    ],
)
def test_a_missing_or_malformed_tile_is_named(tmp_path: Path, path: str, content: bytes | None) -> None:
    written(tmp_path, 300)
    if content is None:
        (tmp_path / path).unlink()
    else:
        (tmp_path / path).write_bytes(content)
    reader = TileReader(tmp_path, 300)
    with pytest.raises(TileError) as found:
        (reader.entry(299), reader.root())
    assert found.value.path == path
    with pytest.raises(TileError):
        TileWriter(tmp_path).load(300)


def test_a_tile_reaching_beyond_the_log_is_refused(tmp_path: Path) -> None:
    writer = written(tmp_path, 300)
    writer.rewrite_partials()
    (tmp_path / "tile/0/001.p/45").write_bytes(bytes(45 * 32))
    with pytest.raises(TileError, match="超出"):
        writer.rewrite_partials()
    (tmp_path / "tile/0/001.p/45").unlink()
    (tmp_path / "tile/entries/001").write_bytes(b"")
    with pytest.raises(TileError, match="超出"):
        writer.rewrite_partials()


def test_unsynced_partial_tiles_are_written_anew(tmp_path: Path) -> None:
    written(tmp_path, 300)
    (tmp_path / "tile/0/001.p/17").write_bytes(b"garbage after a power cut")
    writer = TileWriter(tmp_path)
    writer.load(256)
    writer.extend(entries(300)[256:])
    writer.rewrite_partials()
    assert partial_widths(tmp_path, TileName(0, 1)) == [17, 44]
    expected = b"".join(merkle.leaf_hash(entry) for entry in entries(300)[256:273])
    assert (tmp_path / "tile/0/001.p/17").read_bytes() == expected
