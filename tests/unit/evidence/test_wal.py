from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from jutong.evidence.wal import WalError, WalWriter, encode_frame, read_all, read_segment, segment_name

BATCHES = [[(b"a", b"1"), (b"b", b"")], [(b"c", b"3")], [(b"", b"4"), (b"e", b"5" * 300)]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wal").mkdir()
    return tmp_path / "wal"


def write(folder: Path, first: int = 7) -> WalWriter:
    writer = WalWriter(folder, first, folder.parent)
    for batch in BATCHES:
        writer.append(first, batch)
        first += len(batch)
    writer.close()
    writer.close()
    return writer


def test_what_was_appended_is_read(folder: Path) -> None:
    writer = write(folder)
    found = read_segment(writer.path)
    assert (found.first, found.end, found.torn, found.good) == (7, 12, 0, writer.size)
    assert found.pairs == [item for batch in BATCHES for item in batch]
    assert writer.path.name == segment_name(7) == "00000000000000000007.wal"


@pytest.mark.parametrize("tail", [b"\0", bytes(5000), b"JTF1", b"garbage " * 99, encode_frame(99, [(b"x", b"")])[:-1]])
def test_a_torn_tail_is_cut(folder: Path, tail: bytes) -> None:
    path = write(folder).path
    with path.open("ab") as stream:
        stream.write(tail)
    found = read_segment(path)
    assert (found.end, found.torn) == (12, len(tail))


def test_a_file_cut_anywhere_keeps_the_frames_before(folder: Path) -> None:
    path = write(folder).path
    data = path.read_bytes()
    for length in range(20, len(data)):
        path.write_bytes(data[:length])
        found = read_segment(path)
        assert found.pairs == [item for batch in BATCHES for item in batch][: len(found.pairs)]
        assert found.good + found.torn == length
    for length in range(20):
        path.write_bytes(data[:length])
        with pytest.raises(WalError, match="文件头"):
            read_segment(path)


def test_no_changed_byte_goes_unseen(folder: Path) -> None:
    path = write(folder).path
    data = path.read_bytes()
    last = len(data) - len(encode_frame(10, BATCHES[2]))
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :])
        if at < last:
            with pytest.raises(WalError, match="损坏"):
                read_segment(path)
        else:
            assert read_segment(path).torn == len(data) - last


def test_a_frame_in_the_wrong_place_is_damage(folder: Path) -> None:
    writer = WalWriter(folder, 0, folder.parent)
    writer.append(0, BATCHES[0])
    writer.append(5, BATCHES[1])
    with pytest.raises(WalError, match="帧损坏"):
        read_segment(writer.path)
    writer.close()


def test_a_renamed_segment_is_damage(folder: Path) -> None:
    path = write(folder).path
    with pytest.raises(WalError, match="文件头"):
        read_segment(path.rename(folder / segment_name(8)))


def test_segments_follow_each_other(folder: Path) -> None:
    write(folder, 0)
    second = write(folder, 5)
    assert [segment.first for segment in read_all(folder)] == [0, 5]
    with second.path.open("ab") as stream:
        stream.write(b"torn")
    assert read_all(folder)[-1].torn == 4


def test_a_gap_or_an_early_torn_tail_is_damage(folder: Path) -> None:
    first = write(folder, 0)
    second = write(folder, 6)
    with pytest.raises(WalError, match="从第6条"):
        read_all(folder)
    second.path.unlink()
    write(folder, 5)
    with first.path.open("ab") as stream:
        stream.write(b"torn")
    with pytest.raises(WalError, match="多余字节"):
        read_all(folder)


def test_lengths_inside_a_frame_must_add_up(folder: Path) -> None:
    writer = WalWriter(folder, 0, folder.parent)
    frame = bytearray(encode_frame(0, [(b"abc", b"")]))
    frame[12 + 12 + 3] = 2  # the leaf's length
    frame[8:12] = zlib.crc32(frame[12:]).to_bytes(4, "big")
    with writer.path.open("ab") as stream:
        stream.write(frame)
    writer.close()
    with pytest.raises(ValueError, match="add up"):
        read_segment(writer.path)
