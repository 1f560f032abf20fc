"""Doors on the loopback that answer well, badly, elsewhere or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jutong.contracts.orders import Place
from jutong.contracts.places import Target, target
from jutong.node.connectors import endpoints
from jutong.node.connectors.errors import PlaceNotAllowedError, PlaceUnreachableError
from jutong.node.sources import SourceConfig, check


@pytest.fixture
def web() -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, location = {
                "/health": (200, ""), "/moved": (302, "/health"), "/away": (302, "http://192.0.2.1/"),
                "/up": (301, "https://127.0.0.1/"), "/loop": (307, "/loop"), "/bare": (302, ""),
                "/odd": (302, "http://127.0.0.1:99999/"), "/big": (200, ""),
            }.get(self.path, (503, ""))  # fmt: skip
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            if self.path == "/big":
                self.wfile.write(b"x" * (4 * endpoints.MOST_BYTES))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def talking(answer: Callable[[bytes], bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """A TCP server for one connection that answers what it hears; yields its port and what it heard."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(5)
            heard.append(connection.recv(4096))
            connection.sendall(answer(heard[0]))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], heard
    finally:
        thread.join(5)
        server.close()


def doors(*hosts: str) -> SourceConfig:
    return SourceConfig("civil-doors", "endpoints", "X", hosts=hosts)


def service(port: int, path: str) -> Target:
    return target("service", Place(protocol="http", address=f"127.0.0.1:{port}", path=path))


def test_a_living_service_answers_its_health_path(web: int) -> None:
    for path in ("/health", "/moved", "/big"):
        endpoints.knock(doors(f"127.0.0.1:{web}"), service(web, path))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/sick", "HTTP 503"), ("/bare", "HTTP 302"), ("/away", "redirects to another host"),
        ("/up", "redirects to another host"), ("/odd", "redirects to another host"),
        ("/loop", "redirects without end"),
    ],
)  # fmt: skip
def test_a_service_that_answers_badly_or_elsewhere_is_down(web: int, path: str, reason: str) -> None:
    with pytest.raises(PlaceUnreachableError) as caught:
        endpoints.knock(doors(f"127.0.0.1:{web}"), service(web, path))
    assert caught.value.fields["reason"] == reason


def test_the_node_knocks_only_where_its_own_configuration_lets_it(web: int) -> None:
    with pytest.raises(PlaceNotAllowedError) as caught:
        endpoints.knock(doors("127.0.0.1:1"), service(web, "/health"))
    assert caught.value.fields["door"] == f"127.0.0.1:{web}"


def test_nothing_behind_a_door_has_a_reason() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for kind, place in (
        ("service", Place(protocol="http", address=f"127.0.0.1:{port}")),
        ("stream", Place(protocol="kafka", address=f"127.0.0.1:{port}")),
        ("video", Place(protocol="rtsp", address=f"127.0.0.1:{port}")),
    ):
        with pytest.raises(PlaceUnreachableError) as caught:
            endpoints.knock(doors(f"127.0.0.1:{port}"), target(kind, place))
        assert caught.value.fields["reason"] == "connection refused"


def test_a_queue_that_takes_connections_is_alive() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        endpoints.knock(
            doors(f"127.0.0.1:{port}"), target("stream", Place(protocol="mqtt", address=f"127.0.0.1:{port}"))
        )


@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized"])
def test_a_camera_answers_options(status: str) -> None:
    with talking(lambda _: f"RTSP/1.0 {status}\r\nCSeq: 1\r\n\r\n".encode()) as (port, heard):
        camera = target("video", Place(protocol="rtsp", address=f"127.0.0.1:{port}", path="live/1"))
        endpoints.knock(doors(f"127.0.0.1:{port}"), camera)
    assert heard[0].startswith(f"OPTIONS rtsp://127.0.0.1:{port}/live/1 RTSP/1.0\r\nCSeq: 1\r\n".encode())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"RTSP/1.0 500 Oops\r\n\r\n", "RTSP 500"),
        (b"HTTP/1.1 400 Bad\r\n\r\n", "RTSP 400"),
        (b"\x00\x01", "no RTSP answer"),
    ],
)
def test_something_else_than_a_camera_is_told_apart(answer: bytes, reason: str) -> None:
    with talking(lambda _: answer) as (port, _heard), pytest.raises(PlaceUnreachableError) as caught:
        endpoints.knock(
            doors(f"127.0.0.1:{port}"), target("video", Place(protocol="rtsp", address=f"127.0.0.1:{port}"))
        )
    assert caught.value.fields["reason"] == reason


def test_a_list_of_doors_has_nothing_to_sign_in_at_and_no_table() -> None:
    assert check(doors("h:1")) == ""
    assert endpoints.inventory(doors("h:1")) == ()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), "timed out"), (socket.gaierror(), "no such host"), (OSError(), "connection lost or refused"),
        (__import__("ssl").SSLError(), "certificate refused"),
    ],
)  # fmt: skip
def test_reasons_are_told_without_addresses(error: OSError, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    with pytest.raises(PlaceUnreachableError) as caught:
        endpoints.knock(doors("h:9092"), target("stream", Place(protocol="kafka", address="h")))
    assert caught.value.fields["reason"] == reason
