"""A mail server and an HTTP server on loopback, small enough to read, with answers a test chooses."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = "127.0.0.1"


def certificate(folder: Path, address: str = HERE) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@dataclass
class MailBox:
    """A running mail server: what it took, and how it answers."""

    port: int = 0
    taken: list[str] = field(default_factory=list)
    recipient_answer: str = "250 ok"
    login_answer: str = "235 ok"
    said: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)


@contextmanager
def mail_server(  # noqa: C901 - the commands of one protocol in one place
    cert: tuple[Path, Path], *, implicit: bool = False, starttls: bool = True
) -> Iterator[MailBox]:
    box = MailBox()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*cert)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.opened: list[Any] = []
            try:
                self.talk()
            except (OSError, ssl.SSLError):
                return
            finally:
                for one in reversed(self.opened):
                    one.close()

        def talk(self) -> None:
            sock = context.wrap_socket(self.request, server_side=True) if implicit else self.request
            secure = implicit
            lines = sock.makefile("rb")
            self.opened += [sock, lines]
            sock.sendall(b"220 mail.test\r\n")
            while line := lines.readline().decode().rstrip("\r\n"):
                box.said.append(line)
                if not secure:
                    box.in_clear.append(line)
                word = line.split(" ")[0].upper()
                if word == "EHLO":
                    offers = ["250-mail.test", "250-AUTH PLAIN"] + (["250-STARTTLS"] if starttls else [])
                    sock.sendall("\r\n".join([*offers, "250 8BITMIME", ""]).encode())
                elif word == "STARTTLS":
                    sock.sendall(b"220 go\r\n")
                    sock = context.wrap_socket(sock, server_side=True)
                    secure, lines = True, sock.makefile("rb")
                    self.opened += [sock, lines]
                elif word == "DATA":
                    sock.sendall(b"354 go\r\n")
                    content = []
                    while (part := lines.readline()) != b".\r\n":
                        content.append(part)
                    box.taken.append(b"".join(content).decode())
                    sock.sendall(b"250 taken\r\n")
                elif word == "QUIT":
                    sock.sendall(b"221 bye\r\n")
                    return
                else:
                    answers = {"RCPT": box.recipient_answer, "AUTH": box.login_answer}
                    sock.sendall(f"{answers.get(word, '250 ok')}\r\n".encode())

    with _serving(socketserver.ThreadingTCPServer((HERE, 0), Handler)) as port:
        box.port = port
        yield box


@dataclass
class HttpBox:
    """A running HTTP server: the requests it got, and how it answers."""

    port: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b'{"errcode":0,"errmsg":"ok"}'
    headers: dict[str, str] = field(default_factory=dict)
    on_request: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://{HERE}:{self.port}"


@contextmanager
def http_server() -> Iterator[HttpBox]:
    box = HttpBox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            box.requests.append((self.path, dict(self.headers.items()), body))
            box.on_request()
            self.send_response(box.status)
            for name, value in box.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(box.answer)))
            self.end_headers()
            self.wfile.write(box.answer)

        def log_message(self, *args: Any) -> None:
            del args

    with _serving(ThreadingHTTPServer((HERE, 0), Handler)) as port:
        box.port = port
        yield box


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
