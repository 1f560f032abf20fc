from __future__ import annotations

import pytest

from jutong.contracts.orders import Place
from jutong.contracts.places import PORTS, PROTOCOLS, PlaceError, Target, target


def place(protocol: str, address: str = "10.0.0.5:8080", path: str = "", channel: str = "") -> Place:
    return Place(protocol=protocol, address=address, path=path, channel=channel)


GOOD = [
    ("files", place("file", "", "reports/2026"), Target("file", "file", "", 0, "reports/2026"), "file://:0reports/2026"),
    ("files", place("https", "files.example.cn", "/月报"), Target("https", "https", "files.example.cn", 443, "/月报"),
     "https://files.example.cn:443/%E6%9C%88%E6%8A%A5"),
    ("service", place("http", "http://10.0.0.5:8080/", "health"), Target("http", "http", "10.0.0.5", 8080, "/health"),
     "http://10.0.0.5:8080/health"),
    ("service", place("http", "[fe80::1]:81"), Target("http", "http", "[fe80::1]", 81, ""), "http://[fe80::1]:81"),
    ("stream", place("kafka", "mq"), Target("kafka", "kafka", "mq", 9092, ""), "kafka://mq:9092"),
    ("video", place("rtsp", "rtsp://cam", "live/1", "c-1"), Target("rtsp", "rtsp", "cam", 554, "/live/1"),
     "rtsp://cam:554/live/1"),
    ("video", place("hls", "https://cdn", "a.m3u8"), Target("hls", "https", "cdn", 443, "/a.m3u8"),
     "https://cdn:443/a.m3u8"),
    ("video", place("hls", "cdn:88"), Target("hls", "http", "cdn", 88, ""), "http://cdn:88"),
    ("video", place("gb28181", "sip", "", "34020000001320000001"), Target("gb28181", "gb28181", "sip", 5060, ""),
     "gb28181://sip:5060"),
]  # fmt: skip
BAD = [
    ("table", place("http"), "协议"),
    ("stream", place("http"), "协议"),
    ("files", place("file", "10.0.0.1", "a"), "地址"),
    ("files", place("file", "", "/etc"), "路径"),
    ("files", place("file", "", "a/../../etc"), "路径"),
    ("files", place("file", "", "a\\b"), "路径"),
    ("files", place("file", "", "a\nb"), "路径"),
    ("service", place("http", path="/a?token=1"), "路径"),
    ("service", place("http", path="x" * 201), "路径"),
    ("service", place("http", ""), "地址"),
    ("service", place("http", "http://user:secret@h"), "地址"),
    ("service", place("http", "user@h"), "地址"),
    ("service", place("http", "h?a=1"), "地址"),
    ("service", place("http", "h#a"), "地址"),
    ("service", place("http", "https://h"), "地址"),
    ("service", place("http", "h/deeper"), "地址"),
    ("service", place("http", "h:0"), "地址"),
    ("service", place("http", "h:70000"), "地址"),
    ("service", place("http", "h:x"), "地址"),
    ("service", place("http", "-h"), "地址"),
    ("service", place("http", "h h"), "地址"),
    ("service", place("http", "主机"), "地址"),
    ("video", place("gb28181", channel="340"), "通道"),
    ("video", place("rtsp", channel="a b"), "通道"),
    ("video", place("rtsp", channel="a" * 65), "通道"),
]


@pytest.mark.parametrize(("kind", "given", "expected", "url"), GOOD)
def test_a_place_is_taken_apart(kind: str, given: Place, expected: Target, url: str) -> None:
    found = target(kind, given)
    assert found == expected
    assert found.url == url


def test_the_door_is_written_as_a_configuration_has_it() -> None:
    assert target("stream", place("mqtt", "MQ.Example.cn")).door == "mq.example.cn:1883"


@pytest.mark.parametrize(("kind", "given", "part"), BAD)
def test_a_place_that_cannot_be_meant_is_refused_by_part(kind: str, given: Place, part: str) -> None:
    with pytest.raises(PlaceError) as caught:
        target(kind, given)
    assert caught.value.fields["part"] == part
    assert "secret" not in caught.value.explain()
    assert caught.value.explain("en")


def test_every_protocol_but_the_folder_has_a_port() -> None:
    assert {name for names in PROTOCOLS.values() for name in names} - {"file"} == set(PORTS)
