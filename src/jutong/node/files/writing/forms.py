"""One file of one form: rows are written, it is closed, and what really lies in it is read again.

What is read is compared as texts, in the form in which the file can hold them (``canonical``); only Parquet keeps
types.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.json as arrow_json
import pyarrow.parquet as pq
from typing_extensions import override

from jutong.contracts.filenames import Form
from jutong.library.digest import ContentDigest
from jutong.node.exchange.errors import ValueUnfitError
from jutong.node.files.mapping import OutFolder
from jutong.node.files.writing import sheet
from jutong.node.files.writing.texts import TEXT, text_of, texts_of

BLOCK = 8 << 20
LONGEST_LINE = 16 << 20
BOM = codecs.BOM_UTF8
_CONTROL = [(chr(code), f"\\u{code:04x}") for code in range(0x20)]


class FormWriter(Protocol):
    """A file that is being written; see the module."""

    def __init__(self, path: Path, schema: pa.Schema, out: OutFolder) -> None: ...

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows of the schema.

        Raises:
            ValueUnfitError: when the form has no place for a value.
        """

    def close(self) -> None:
        """Finish the file; it is not forced to the disk yet."""

    def canonical(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return rows as ``read`` yields them."""

    def read(self) -> Iterator[pa.RecordBatch]:
        """Yield what lies in the file.

        Raises:
            pyarrow.ArrowInvalid, ValueError: when it is not what was written.
        """


class _Texts(FormWriter, Protocol):
    """What forms of texts have in common."""

    _names: list[str]

    @override
    def canonical(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return texts_of(batch)


class CsvForm(_Texts):
    """CSV: texts in quotes, no value as nothing at all, so that an empty text differs from none."""

    def __init__(self, path: Path, schema: pa.Schema, out: OutFolder) -> None:
        self._path, self._out, self._names = path, out, schema.names
        self._stream: IO[bytes] = path.open("wb")
        self._is_utf8 = out.encoding != "gb18030"
        if out.encoding == "utf-8-bom":
            self._stream.write(BOM)
        self._put(pa.RecordBatch.from_arrays([pa.array([], TEXT)] * len(self._names), names=self._names), head=True)

    def _put(self, batch: pa.RecordBatch, *, head: bool = False) -> None:
        options = arrow_csv.WriteOptions(include_header=head, delimiter=self._out.delimiter)
        held = pa.BufferOutputStream()
        arrow_csv.write_csv(batch, held, options)
        content = held.getvalue()
        self._stream.write(content if self._is_utf8 else content.to_pybytes().decode("utf-8").encode("gb18030"))

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        columns = [one if _is_bare(one.type) else text_of(one) for one in batch.columns]
        self._put(pa.RecordBatch.from_arrays(columns, names=self._names))

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def read(self) -> Iterator[pa.RecordBatch]:
        encoding = "utf8" if self._is_utf8 else "gb18030"
        reader = arrow_csv.open_csv(
            self._path,
            read_options=arrow_csv.ReadOptions(encoding=encoding, block_size=BLOCK),
            parse_options=arrow_csv.ParseOptions(delimiter=self._out.delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(self._names, TEXT), null_values=[""], strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip
        yield from reader


class JsonForm(_Texts):
    """JSON lines: one object a line. Decimals stand in quotes: as numbers most programs would round them."""

    def __init__(self, path: Path, schema: pa.Schema, out: OutFolder) -> None:
        self._path, self._schema, self._names = path, schema, schema.names
        self._stream: IO[bytes] = path.open("wb")
        self._heads = [("," if at else "{") + f"{_quoted(name)}:" for at, name in enumerate(self._names)]
        self._bare = [_is_bare(kind) for kind in schema.types]

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        parts: list[Any] = []
        for head, name, bare, column in zip(self._heads, self._names, self._bare, batch.columns, strict=True):
            text = _finite(name, column) if bare else _escaped(text_of(column))
            parts += [pa.scalar(head), pc.fill_null(text, "null")]
        lines = pc.binary_join_element_wise(*parts, pa.scalar("}\n"), "")
        for chunk in lines.chunks if isinstance(lines, pa.ChunkedArray) else [lines]:
            whole = chunk.cast(pa.large_string())
            offsets, content = whole.buffers()[1:3]
            first, last = memoryview(offsets).cast("q")[0], memoryview(offsets).cast("q")[len(whole)]  # type: ignore[arg-type]
            self._stream.write(memoryview(content)[first:last])  # type: ignore[arg-type]

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def read(self) -> Iterator[pa.RecordBatch]:
        if not self._path.stat().st_size:
            return
        kinds = [kind if bare else TEXT for kind, bare in zip(self._schema.types, self._bare, strict=True)]
        expected = pa.schema(list(zip(self._names, kinds, strict=True)))
        reader = arrow_json.open_json(
            self._path,
            read_options=arrow_json.ReadOptions(block_size=LONGEST_LINE, use_threads=False),
            parse_options=arrow_json.ParseOptions(explicit_schema=expected, unexpected_field_behavior="error"),
        )
        for batch in reader:
            yield texts_of(batch.select(self._names))


def _is_bare(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def _finite(name: str, column: Any) -> Any:
    if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column)).as_py():
        raise ValueUnfitError(column=name, kind=str(column.type), problem="NaN or infinity in JSON")
    return text_of(column)


def _quoted(text: str) -> str:
    return str(_escaped(pa.array([text]))[0].as_py())


def _escaped(texts: Any) -> Any:
    """Return texts as JSON writes them, in quotes."""
    found = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    if pc.any(pc.match_substring_regex(found, r"[\x00-\x1f]")).as_py():
        for plain, escaped in _CONTROL:
            found = pc.replace_substring(found, plain, escaped)
    return pc.binary_join_element_wise(pa.scalar('"'), found, pa.scalar('"'), "")


class SheetForm(_Texts):
    """One sheet of a workbook, every cell a text: no leading zero and no eighteenth digit is lost, nothing a formula.

    A sheet does not tell an empty text from none.
    """

    def __init__(self, path: Path, schema: pa.Schema, out: OutFolder) -> None:
        self._path, self._names = path, schema.names
        self._rows = 0
        self._sheet = sheet.SheetWriter(path, schema.names)

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        self._rows += batch.num_rows
        self._sheet.write(texts_of(batch))

    @override
    def close(self) -> None:
        self._sheet.close()

    @override
    def canonical(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        none = pa.scalar(None, TEXT)
        columns = [pc.if_else(pc.equal(column, pa.scalar("")), none, column) for column in texts_of(batch).columns]
        return pa.RecordBatch.from_arrays(columns, names=self._names)

    @override
    def read(self) -> Iterator[pa.RecordBatch]:
        yield from sheet.rows(self._path, self._names, self._rows)


class ParquetForm(FormWriter):
    """Parquet, with the types."""

    def __init__(self, path: Path, schema: pa.Schema, out: OutFolder) -> None:
        self._path, self._schema = path, schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    @override
    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    @override
    def close(self) -> None:
        self._writer.close()

    @override
    def canonical(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch

    @override
    def read(self) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._path) as file:
            if not file.schema_arrow.equals(self._schema):
                raise pa.ArrowInvalid("another schema")
            yield from file.iter_batches()


OPENERS: dict[Form, Callable[[Path, pa.Schema, OutFolder], FormWriter]] = {
    "csv": CsvForm, "jsonl": JsonForm, "xlsx": SheetForm, "parquet": ParquetForm,
}  # fmt: skip


def digest_of(names: Sequence[str], schema: pa.Schema, form: Form) -> ContentDigest:
    """Return an empty digest of what a form keeps of rows."""
    return ContentDigest(schema if form == "parquet" else pa.schema([(name, TEXT) for name in names]))
