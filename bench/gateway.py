"""What signing, deciding, masking and recording durably cost: the gateway against the same query served bare.

One private PostgreSQL with a million rows, two server processes, one load client process; rounds alternate between
the two servers so that a busy machine is busy for both.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402
from tests.standin_center import StandInCenter  # noqa: E402

from _load import pack  # noqa: E402
from _report import Report  # noqa: E402
from jutong.contracts.orders import CallerKey, GrantedField, GrantOrder  # noqa: E402
from jutong.kernel.keys import Ed25519Signer, Ed25519Verifier, generate_signer, load_or_create_signer  # noqa: E402
from jutong.node.grants import Grant  # noqa: E402
from jutong.node.service import NODE_NAME  # noqa: E402
from jutong.runtime.postgres import temporary  # noqa: E402

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
CALLS = int(os.environ.get("BENCH_CALLS", "6000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CONNECTIONS = tuple(int(one) for one in os.environ.get("BENCH_CONNECTIONS", "64,1").split(","))
GATEWAY, BARE, STOCK = "gateway", "bare", "bare over the driver's own pool"
GOAL = 0.5
SLOWER = 3.0
"""How many times the bare server's p99 ours may be."""
CALLERS = 32
"""Connections at which a thousand calls a second have to be answered within 50 ms, all but a twentieth of them."""
RATE, WITHIN_MS = 1000, 50
BURST = 640
"""Ten times the connections the gateway is measured with: it has to turn calls away, and break nothing."""
XROAD = 0.1
"""What X-Road users report of their security servers."""

PURPOSE = "义务教育入学资格审核"
FIELDS = (
    GrantedField(item="姓名", column="xm", mode="masked", mask="name"),
    GrantedField(item="联系电话", column="lxdh", mode="masked", mask="phone"),
    GrantedField(item="住址", column="zz", mode="plain"),
    GrantedField(item="出生日期", column="csrq", mode="plain"),
)


@dataclass(frozen=True)
class Server:
    """A server process and its port."""

    pid: int
    port: int


class BenchCenter(StandInCenter):
    """Takes served receipts unread: what a real center does with them happens on another machine."""

    def handle(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if b'"kind":"served"' in body:
            return 200, {"id": "", "duplicate": False, "problem": ""}
        return super().handle(path, body)


def grant_order(*callers: CallerKey) -> GrantOrder:
    now = int(time.time() * 1000)
    return GrantOrder(
        grant_id="0190a000-0000-7000-8000-000000000001", grant_number="GR-2026-0001", application_number="AP-2026-0001",
        entry_code="3301/0001", entry_name="户籍人口信息", provider_code="11330100MB0000001A", provider_name="公安局",
        requester_code="11330100MB0000002B", requester_name="教育局", callers=callers, source="bench",
        schema_name="public", table="person",
        lookup=(GrantedField(item="公民身份号码", column="sfzh", mode="plain"),),
        fields=FIELDS, conditions=(), ways=("query", "verify"), purpose=PURPOSE, case_required=True,
        daily_quota=1_000_000_000, max_rows=5, valid_from_ms=now - 1000, valid_until_ms=now + 86_400_000,
    )  # fmt: skip


def bench_grant() -> Grant:
    return Grant(grant_order())


def fill(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute(
            "CREATE UNLOGGED TABLE person (sfzh varchar(18) PRIMARY KEY, xm varchar(60) NOT NULL, lxdh varchar(20),"
            " zz varchar(200), csrq date)"
        )
        db.execute(
            "INSERT INTO person SELECT '3301' || lpad(i::text, 14, '0'), '张' || i,"
            " '138' || lpad((i %% 100000000)::text, 8, '0'),"
            " '金河市东湖区学府路' || i || '号', date '1950-01-01' + i %% 27000 FROM generate_series(1, %s) i",
            (ROWS,),
        )
        db.execute("VACUUM ANALYZE person")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, *, confirmed: bool) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                content = json.load(answer)
        except OSError:
            content = {}
        else:
            if not confirmed or (content["center_confirmed"] and content["grants"]):
                return
        time.sleep(0.05)
    raise SystemExit(f"no server on port {port}")


def wait_until_ready(center: StandInCenter) -> None:
    deadline = time.monotonic() + 30
    while not any(body["state"] == "ready" for body in center.bodies("grant")):
        if time.monotonic() > deadline:
            raise SystemExit("the grant was not taken up")
        time.sleep(0.05)


@contextmanager
def process(command: list[str], **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(command, env={**os.environ, **environ}, start_new_session=True)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(20)


def body_of(number: int, *, claimed: bool = False) -> bytes:
    content: dict[str, Any] = {
        "grant": "GR-2026-0001", "purpose": PURPOSE, "case": "RX-2026-001", "official": "王老师",
        "key": {"公民身份号码": f"3301{number:014d}"},
    }  # fmt: skip
    if claimed:
        content["claims"] = {"住址": f"金河市东湖区学府路{number}号"}
    return json.dumps(content, ensure_ascii=False).encode()


def request_bytes(path: str, port: int, body: bytes, headers: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def signed(port: int, key: Ed25519Signer, body: bytes, path: str = "/gw/v1/query") -> bytes:
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
    nonce = secrets.token_urlsafe(18)
    given = (
        '("@method" "@target-uri" "content-digest");'
        f'created={int(time.time())};keyid="{key.key_id}";alg="ed25519";nonce="{nonce}";tag="jutong-1"'
    )
    base = (
        f'"@method": POST\n"@target-uri": http://127.0.0.1:{port}{path}\n'
        f'"content-digest": {digest}\n"@signature-params": {given}'
    )
    value = base64.b64encode(key.sign(base.encode())).decode()
    headers = f"Content-Digest: {digest}\r\nSignature-Input: jutong={given}\r\nSignature: jutong=:{value}:\r\n"
    return request_bytes(path, port, body, headers)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def drive(pid: int, port: int, connections: int, requests: list[bytes], *, busy: bool = False) -> dict[str, Any]:
    before = cpu_seconds(pid)
    command = [sys.executable, str(Path(__file__).with_name("_load.py")), str(port), str(connections)]
    done = subprocess.run(command, input=pack(requests), capture_output=True, check=True, start_new_session=True)
    found: dict[str, Any] = json.loads(done.stdout)
    found["cpu"] = (cpu_seconds(pid) - before) / len(requests)
    if found["statuses"].keys() - ({"200", "429"} if busy else {"200"}):
        raise SystemExit(f"not all calls were answered: {found['statuses']} {done.stderr.decode()[:1000]}")
    return found


def measure(report: Report, servers: dict[str, Server], caller: Ed25519Signer) -> None:
    for connections in CONNECTIONS:
        rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}
        calls = CALLS if connections > 1 else CALLS // 8
        for turn in range(ROUNDS + 1):
            bodies = [body_of(1 + secrets.randbelow(ROWS)) for _ in range(calls)]
            # Every round begins with another server, so that none is always the one after a pause.
            order = list(servers)[turn % len(servers) :] + list(servers)[: turn % len(servers)]
            for name in order:
                server = servers[name]
                if name == GATEWAY:
                    requests = [signed(server.port, caller, body) for body in bodies]
                else:
                    requests = [request_bytes("/", server.port, body, "") for body in bodies]
                found = drive(server.pid, server.port, connections, requests)
                if turn:  # the first round warms up
                    rounds[name].append(found)
        tell(report, connections, rounds)


def measure_ways(report: Report, server: Server, caller: Ed25519Signer) -> None:
    """Measure what a verification costs beside a query, and whether a thousand calls a second are answered in time."""
    found: dict[str, list[dict[str, Any]]] = {"query": [], "verify": []}
    for turn in range(ROUNDS + 1):
        numbers = [1 + secrets.randbelow(ROWS) for _ in range(CALLS // 2)]
        for way in sorted(found, reverse=bool(turn % 2)):
            bodies = [body_of(number, claimed=way == "verify") for number in numbers]
            requests = [signed(server.port, caller, body, f"/gw/v1/{way}") for body in bodies]
            one = drive(server.pid, server.port, CALLERS, requests)
            if turn:
                found[way].append(one)
    ratio = statistics.median(
        verified["rate"] / asked["rate"] for verified, asked in zip(found["verify"], found["query"], strict=True)
    )
    report.row("verify to query", round(ratio, 3), "of its throughput", goal=1.0, met=ratio > 1)
    rate = statistics.median(one["rate"] for one in found["query"])
    late = statistics.median(one["p95"] for one in found["query"]) * 1000
    report.row(f"signed calls, {CALLERS} connections", round(rate), "calls/s", goal=RATE, met=rate >= RATE)
    report.row("p95 of them", round(late, 1), "ms", goal=WITHIN_MS, met=late <= WITHIN_MS)


def measure_burst(report: Report, server: Server, caller: Ed25519Signer) -> None:
    """Send ten times too many calls at once; anything but an answer or 429 with Retry-After ends the measurement."""
    requests = [signed(server.port, caller, body_of(1 + secrets.randbelow(ROWS))) for _ in range(CALLS * 2)]
    found = drive(server.pid, server.port, BURST, requests, busy=True)
    answered = found["statuses"].get("200", 0)
    report.row(f"burst over {BURST} connections: answered", round(answered / found["seconds"]), "calls/s")
    report.row("burst: turned away with 429", round(1 - answered / len(requests), 3), "of the calls")
    report.row("burst: 5xx", 0, "calls", goal=0, met=True)


def tell(report: Report, connections: int, rounds: dict[str, list[dict[str, Any]]]) -> None:
    several = f"{connections} connections" if connections > 1 else "one connection"
    for name, goal in ((BARE, GOAL), (STOCK, None)):
        pairs = zip(rounds[GATEWAY], rounds[name], strict=True)
        ratio = round(statistics.median(ours["rate"] / theirs["rate"] for ours, theirs in pairs), 3)
        asked = goal if connections > 1 else None
        met = None if asked is None else ratio >= asked
        report.row(f"gateway to {name}, {several}", ratio, "of its throughput", goal=asked, met=met, peer=XROAD)
    pairs = zip(rounds[GATEWAY], rounds[BARE], strict=True)
    slower = round(statistics.median(ours["p99"] / theirs["p99"] for ours, theirs in pairs), 2)
    met = None if connections == 1 else slower <= SLOWER
    report.row(
        f"p99 of the gateway to bare, {several}", slower, "times", goal=SLOWER if met is not None else None, met=met
    )
    for name, found in rounds.items():
        middle = {figure: statistics.median(one[figure] for one in found) for figure in ("rate", "p50", "p99", "cpu")}
        report.row(f"{name}, {several}", round(middle["rate"]), "calls/s")
        report.row(f"{name}, {several}: p50", round(middle["p50"] * 1000, 2), "ms")
        report.row(f"{name}, {several}: p99", round(middle["p99"] * 1000, 2), "ms")
        report.row(f"{name}, {several}: CPU of the server", round(middle["cpu"] * 1_000_000), "us/call")


def run(report: Report, home: Path) -> None:
    with temporary() as server:
        dsn = server.ensure_database("bench", "bench", secrets.token_hex(16))
        fill(dsn)
        caller = generate_signer("edu")
        node = load_or_create_signer(home / "keys" / "node.key", NODE_NAME)
        center = BenchCenter(NODE_NAME, Ed25519Verifier.from_b64(node.key_id, node.public_b64))
        center.write_key(home)
        center.order("grant", grant_order(CallerKey(
            system_id="edu", system_name="入学服务系统", key_id=caller.key_id, public_key=caller.public_b64,
        )))  # fmt: skip
        sources = home / "node" / "sources.json"
        sources.parent.mkdir()
        sources.write_text(json.dumps([
            {"name": "bench", "dialect": "postgresql", "organisation_code": "11330100MB0000001A", "dsn": dsn},
        ]))  # fmt: skip
        sources.chmod(0o600)
        ports = {name: free_port() for name in (GATEWAY, BARE, STOCK)}
        environ = {
            "JUTONG_HOME": str(home), "JUTONG_PORT": str(ports[GATEWAY] - 1), "JUTONG_ROLE": "node",
            "JUTONG_CENTER_URL": center.base, "JUTONG_LOG_LEVEL": "warning",
        }  # fmt: skip
        bare = str(Path(__file__).with_name("_bare.py"))
        try:
            with (
                process([sys.executable, "-P", "-m", "jutong.node.main"], **environ) as ours,
                process([sys.executable, bare, str(ports[BARE]), dsn, "own"]) as own,
                process([sys.executable, bare, str(ports[STOCK]), dsn, "stock"]) as stock,
            ):
                wait_for(ports[BARE], confirmed=False)
                wait_for(ports[STOCK], confirmed=False)
                wait_for(ports[GATEWAY], confirmed=True)
                wait_until_ready(center)
                children = {GATEWAY: ours, BARE: own, STOCK: stock}
                servers = {name: Server(child.pid, ports[name]) for name, child in children.items()}
                measure(report, servers, caller)
                measure_ways(report, servers[GATEWAY], caller)
                measure_burst(report, servers[GATEWAY], caller)
        finally:
            center.close()


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    report = Report("gateway")
    home = Path(tempfile.mkdtemp(prefix="jutong-bench-"))
    try:
        run(report, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    report.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
