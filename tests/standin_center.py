"""A small real center for a node under test: it speaks the door between the planes with a real key."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jutong.contracts.envelope import Document, Envelope, check, seal, unseal
from jutong.contracts.orders import Heartbeat
from jutong.contracts.poll import Poll, PollAnswer
from jutong.kernel.keys import Ed25519Verifier, generate_signer


class StandInCenter:
    """Hands out orders and keeps receipts. ``mute`` makes it answer 503; ``beat`` may replace the heartbeat."""

    def __init__(self, node: str, node_key: Ed25519Verifier) -> None:
        self.node = node
        self.node_keys = {node_key.key_id: node_key}
        self.signer = generate_signer("center")
        self.orders: list[Envelope] = []
        self.receipts: list[Envelope] = []
        self.polls = 0
        self.mute = False
        self.refuse_kinds: set[str] = set()
        self.changed = threading.Condition()
        center = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = center.handle(self.path, body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def write_key(self, home: Path) -> None:
        (home / "keys").mkdir(parents=True, exist_ok=True)
        (home / "keys" / "center.pub").write_text(f"{self.signer.key_id} {self.signer.public_b64}\n")

    def seal(self, kind: str, body: Document) -> Envelope:
        return seal(kind, body, signer=self.signer, issuer="center", audience=self.node, now=datetime.now(UTC))

    def order(self, kind: str, body: Document) -> Envelope:
        envelope = self.seal(kind, body)
        with self.changed:
            self.orders.append(envelope)
        return envelope

    def beat(self) -> Envelope:
        return self.seal("heartbeat", Heartbeat(last_sequence=len(self.orders)))

    def handle(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.mute:
            return 503, {"error": {"code": "mute"}}
        envelope = Envelope.model_validate_json(body)
        check(envelope, verifiers=self.node_keys, audience="center")
        with self.changed:
            if path.endswith("/poll"):
                after = unseal(envelope, Poll).after
                self.polls += 1
                answer = PollAnswer(orders=tuple(self.orders[after : after + 200]), heartbeat=self.beat())
                return 200, answer.model_dump(mode="json")
            if envelope.kind in self.refuse_kinds:
                return 422, {"error": {"code": "refused"}}
            duplicate = any(one.id == envelope.id for one in self.receipts)
            if not duplicate:
                self.receipts.append(envelope)
            self.changed.notify_all()
        return 200, {"id": envelope.id, "duplicate": duplicate, "problem": ""}

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        with self.changed:
            return [one.body for one in self.receipts if one.kind == kind]

    def calls(self) -> list[dict[str, Any]]:
        return [call for body in self.bodies("served") for call in body["calls"]]
