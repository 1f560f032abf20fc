"""Pulls what a grant at another Jutong node gives, as the information system the grant was given to.

Nothing is believed that is not signed by the other node's key, and nothing is kept without the receipt that its log
holds the record of the pull with the digest of just this answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from jutong.client import (
    AnswerUntrustedError,
    FilePart,
    Filter,
    GatewayUnreachableError,
    JutongClient,
    Page,
    ReceiptUntrustedError,
    RefusedError,
    Retry,
)
from jutong.client.wire import proven
from jutong.contracts.receipts import PulledTold
from jutong.library.errors import DiskFullError
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.peer import signer_of
from jutong.node.exchange.jobs import private
from jutong.node.exchange.readers.errors import PeerBusyError, PeerRefusedError, PeerUntrustedError
from jutong.node.exchange.readers.pulled import PAGES, WHOLE_FILE, Answered, Pulled, keep
from jutong.node.peers import PeerTable
from jutong.node.sources import SourceConfig

MOST_PAGES = 100_000
PATIENCE = Retry(attempts=8)
_LATER = {429, 500, 502, 503, 504}


class Pulling:
    """One pull.

    Args:
        source: the other node.
        table: the grant and what it is used for.
        folder: the job's own.
        transport: an httpx transport instead of the network, for tests.
    """

    def __init__(
        self, source: SourceConfig, table: PeerTable, folder: Path, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._source, self._table, self._folder = source, table, folder
        self._transport = transport
        self._asked: dict[str, Any] = {
            name: getattr(table, name) for name in ("grant", "purpose", "official", "case", "basis")
        }
        self._asked["filters"] = [Filter(one.item, one.operator, one.values) for one in table.filters]

    def pull(self, items: list[str]) -> Pulled:
        """Take the rows of some items of the grant; they and the proofs are durable before return.

        Raises:
            SourceUnreachableError, PeerBusyError: there is no answer now.
            PeerRefusedError: there will be none.
            PeerUntrustedError: it is not the other node's answer, or not on record there.
            DiskFullError: the disk takes no more.
        """
        with self._told_apart(), self._client() as client:
            try:
                take = self._file if self._table.way == "file" else self._pages
                pulled = take(client, items)
                keep(pulled, self._folder)
            except OSError as error:
                raise DiskFullError(rows=0) from error
        return pulled

    def _file(self, client: JutongClient, items: list[str]) -> Pulled:
        part = client.file(**self._asked, format="parquet", fields=items)
        said = part.manifest
        if said.get("grant") != self._table.grant or set(said.get("items", ())) != set(items):
            raise AnswerUntrustedError(problem="manifest")
        path = client.download(part, self._folder / WHOLE_FILE)
        path.chmod(0o600)
        answered = self._proven(client, part, int(said["rows"]))
        if answered.record["record"].get("file", {}).get("sha256") != part.sha256:
            raise ReceiptUntrustedError(step="file")
        return Pulled(file=WHOLE_FILE, rows=answered.told.rows, answers=(answered,))

    def _pages(self, client: JutongClient, items: list[str]) -> Pulled:
        answers: list[Answered] = []
        with open(self._folder / PAGES, "wb", opener=private) as stream:
            for number, page in enumerate(client.pages(**self._asked, fields=items), start=1):
                if number > MOST_PAGES:
                    raise AnswerUntrustedError(problem="there is no end")
                stream.writelines(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in page.rows)
                answers.append(self._proven(client, page, len(page.rows)))
            stream.flush()
            os.fsync(stream.fileno())
        return Pulled(file=PAGES, rows=sum(one.told.rows for one in answers), answers=tuple(answers))

    def _proven(self, client: JutongClient, answer: FilePart | Page, rows: int) -> Answered:
        """Fetch the receipt of an answer; its record must be of this grant and of so many rows."""
        receipt = client.receipt(answer.record)
        proof = proven(receipt, answer.raw, self._peer.log_keys)
        record = proof.record
        if (record.get("record_id"), record.get("rows")) != (answer.record, rows):
            raise ReceiptUntrustedError(step="record")
        told = PulledTold(
            node=self._peer.verifier.key_id, grant=self._table.grant, record=answer.record, rows=rows,
            sha256=hashlib.sha256(answer.raw).hexdigest(), disputed=len(answer.marks),
        )  # fmt: skip
        return Answered(told=told, receipt=receipt[0], record=receipt[1], signers=proof.signers)

    @property
    def _peer(self) -> Any:
        return self._source.peer_node

    @contextmanager
    def _client(self) -> Iterator[JutongClient]:
        peer = self._peer
        transport = self._transport
        if transport is None and peer.ca:
            try:
                transport = httpx.HTTPTransport(verify=ssl.create_default_context(cafile=peer.ca))
            except OSError as error:
                raise SourceUnreachableError(source=self._source.name, reason="ca") from error
        with JutongClient(
            self._source.dsn, peer.key_id, signer_of(self._source), node_key=peer.verifier, retry=PATIENCE,
            transport=transport,
        ) as client:  # fmt: skip
            yield client

    @contextmanager
    def _told_apart(self) -> Iterator[None]:
        """Say in the words of a move how a call ended."""
        source, grant = self._source.name, self._table.grant
        try:
            yield
        except RefusedError as error:
            kind = PeerBusyError if error.http_status in _LATER else PeerRefusedError
            raise kind(source=source, grant=grant, reason=f"{error.code}：{error.message}"[:300]) from error
        except GatewayUnreachableError as error:
            raise SourceUnreachableError(source=source, reason=error.fields["reason"]) from error
        except (AnswerUntrustedError, ReceiptUntrustedError) as error:
            problem = error.fields.get("problem") or error.fields.get("step")
            raise PeerUntrustedError(source=source, reason=problem) from error
