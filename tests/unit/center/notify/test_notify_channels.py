"""Channels against real servers on loopback: what arrives, what is refused, and in which words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from email import message_from_string, policy
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet.keys import center_signer
from jutong.center.notify import errors, hosts
from jutong.center.notify.actions import channels
from jutong.center.notify.channels.robots import WECOM_BYTES, dingtalk_sign, shortened
from jutong.center.notify.models import Channel, Delivery
from jutong.center.notify.sending import send_due
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from jutong.kernel.ids import uuid7
from jutong.kernel.keys import Ed25519Verifier
from tests import notify_steps as steps
from tests.notify_servers import certificate, http_server, mail_server
from tests.sharing_world import NOW, World


def mail(world: World, cert: tuple[Path, Path], port: int, **changes: str) -> Channel:
    values = {
        "host": "127.0.0.1", "port": str(port), "tls": "starttls", "sender": "jutong@example.gov.cn",
        "ca_pem": cert[0].read_text(),
    }  # fmt: skip
    return steps.channel(world, "mail", **values | changes)


def test_mail_arrives_over_starttls_with_a_key_and_without_personal_data(world: World, tmp_path: Path):
    cert = certificate(tmp_path)
    with mail_server(cert) as box:
        made = mail(world, cert, box.port, user="jutong", password="very-secret-9")
        steps.reach(made, world.steward, "wang@example.gov.cn")
        steps.notice(world)
        assert send_due(clock=lambda: NOW, by=steps.BY) == 1
    row = Delivery.objects.get()
    assert row.state == "sent"
    got = message_from_string(box.taken[0], policy=policy.default)
    assert (got["To"], got["Message-ID"]) == ("wang@example.gov.cn", f"<{row.id}@example.gov.cn>")
    assert got["Subject"] == "【聚通】法定事项：使用申请 SQ20261109-0001"
    text = got.get_content()
    assert "https://share.example.gov.cn/applications/SQ20261109-0001" in text
    assert "张三丰" not in box.taken[0] + text
    assert "62010119900101001X" not in text
    assert "吴思源" not in text
    assert [line.split(" ")[0].upper() for line in box.in_clear] == ["EHLO", "STARTTLS"]
    assert any(line.startswith("AUTH") for line in box.said)


def test_mail_goes_by_implicit_tls_and_never_in_clear(world: World, tmp_path: Path):
    cert = certificate(tmp_path)
    with mail_server(cert, implicit=True) as box:
        made = mail(world, cert, box.port, tls="tls")
        tested = channels.test_channel(channel_id=made.id, to="a@example.gov.cn", by=world.system_admin, now=NOW)
        assert (tested.is_taken, len(box.taken)) == (True, 1)
    with mail_server(cert, starttls=False) as box:
        values = {"name": "mail", "host": "127.0.0.1", "port": str(box.port), "tls": "starttls"}
        values |= {"sender": "jutong@example.gov.cn", "ca_pem": cert[0].read_text()}
        channels.edit_channel(channel_id=made.id, values=values, by=world.system_admin, now=NOW)
        tested = channels.test_channel(channel_id=made.id, to="a@example.gov.cn", by=world.system_admin, now=NOW)
        assert not tested.is_taken
        assert "不支持STARTTLS" in tested.answer
        assert box.taken == []


def test_a_mail_server_that_cannot_prove_itself_or_refuses_is_told_in_words(world: World, tmp_path: Path):
    cert, other = certificate(tmp_path / "a"), certificate(tmp_path / "b")
    with mail_server(cert) as box:
        made = mail(world, other, box.port)
        answers = []
        for recipient, login in (("250 ok", "235 ok"), ("550 no such user", "235 ok"), ("250 ok", "535 bad")):
            box.recipient_answer, box.login_answer = recipient, login
            answers.append(
                channels.test_channel(channel_id=made.id, to="a@example.gov.cn", by=world.system_admin, now=NOW).answer
            )
            values = {"name": "mail", "host": "127.0.0.1", "port": str(box.port), "tls": "starttls", "user": "u"}
            values |= {"sender": "jutong@example.gov.cn", "ca_pem": cert[0].read_text(), "password": "p"}
            made = channels.edit_channel(channel_id=made.id, values=values, by=world.system_admin, now=NOW)
    assert box.taken == []
    assert "证书没有通过核验" in answers[0]
    assert "收件信箱不存在或拒收（SMTP 550）" in answers[1]
    assert "邮件账号或密码不对（SMTP 535）" in answers[2]
    assert (
        "连不上服务器"
        in channels.test_channel(channel_id=made.id, to="a@example.gov.cn", by=world.system_admin, now=NOW).answer
    )


def test_a_webhook_is_signed_so_that_a_receiver_can_verify(world: World):
    with http_server() as box:
        made = steps.channel(world, "webhook", url=f"{box.url}/in?x=1", key="shared-secret")
        steps.reach(made, world.steward)
        steps.notice(world)
        assert send_due(clock=lambda: NOW, by=steps.BY) == 1
        values = {"name": "webhook", "url": f"{box.url}/in", "no_key": "1"}
        channels.edit_channel(channel_id=made.id, values=values, by=world.system_admin, now=NOW)
        channels.test_channel(channel_id=made.id, to="wang", by=world.system_admin, now=NOW)
    (path, headers, body), (_, own, own_body) = box.requests
    signed = f"{headers['Jutong-Timestamp']}\n{headers['Idempotency-Key']}\n".encode() + body
    expected = base64.b64encode(hmac.new(b"shared-secret", signed, hashlib.sha256).digest()).decode()
    assert headers["Jutong-Signature"] == f"hmac-sha256;{expected}"
    assert path == "/in?x=1"
    assert headers["Idempotency-Key"] == str(Delivery.objects.get().id)
    document = json.loads(body)
    assert document["to"] == "wang.jianguo"
    assert document["sections"][0]["lines"] == [
        {"title": "使用申请", "number": "SQ20261109-0001", "note": "",
         "link": "https://share.example.gov.cn/applications/SQ20261109-0001"},
    ]  # fmt: skip
    kind, key_id, value = own["Jutong-Signature"].split(";")
    signer = center_signer()
    signed = f"{own['Jutong-Timestamp']}\n{own['Idempotency-Key']}\n".encode() + own_body
    assert (kind, key_id) == ("ed25519", signer.key_id)
    assert Ed25519Verifier.from_b64(key_id, signer.public_b64).verify(base64.b64decode(value), signed)


def test_redirects_are_not_followed_and_statuses_told_in_words(world: World):
    with http_server() as box:
        made = steps.channel(world, "webhook", url=box.url)
        for status, words in ((302, "不会跟随"), (401, "不认可签名"), (503, "服务出错"), (418, "没有按成功答复")):
            box.status, box.headers = status, {"Location": f"{box.url}/elsewhere"}
            tested = channels.test_channel(channel_id=made.id, to="w", by=world.system_admin, now=NOW)
            assert not tested.is_taken
            assert words in tested.answer
            assert f"HTTP {status}" in tested.answer
        assert [path for path, _, _ in box.requests] == ["/"] * 4


def test_dingtalk_is_signed_as_its_page_says(world: World):
    # computed by: printf '1577262236757\nSECabc123' | openssl dgst -sha256 -hmac SECabc123 -binary | base64
    assert dingtalk_sign("SECabc123", 1577262236757) == "sP2tUmwYDrLqnFjDuYnBJi0Od0TLi424Z2c6qlTmCao="
    with http_server() as box:
        made = steps.channel(world, "dingtalk", url=f"{box.url}/robot/send?access_token=tok", key="SECabc123")
        steps.reach(made, world.steward)
        steps.notice(world)
        assert send_due(clock=lambda: NOW, by=steps.BY) == 1
        (path, _, body) = box.requests[0]
        query = parse_qs(urlsplit(path).query)
        stamp = int(NOW.timestamp() * 1000)
        assert query == {
            "access_token": ["tok"],
            "timestamp": [str(stamp)],
            "sign": [dingtalk_sign("SECabc123", stamp)],
        }
        content = json.loads(body)
        assert content["msgtype"] == "text"
        assert content["at"] == {"atUserIds": ["wang.jianguo"], "isAtAll": False}
        assert content["text"]["content"].startswith("【聚通】法定事项")
        for code, words in (
            (310000, "加签密钥"),
            (130101, "发送太快"),
            (300001, "access_token不存在"),
            (7, "未列出的代码"),
        ):
            box.answer = json.dumps({"errcode": code, "errmsg": "x"}).encode()
            tested = channels.test_channel(channel_id=made.id, to="", by=world.system_admin, now=NOW)
            assert not tested.is_taken
            assert words in tested.answer
            assert f"errcode {code}" in tested.answer
        box.answer = b"<html>"
        tested = channels.test_channel(channel_id=made.id, to="", by=world.system_admin, now=NOW)
        assert "不是约定的格式" in tested.answer


def test_wecom_speaks_its_own_form_and_stays_short(world: World):
    with http_server() as box:
        made = steps.channel(world, "wecom", url=f"{box.url}/cgi-bin/webhook/send?key=abc")
        steps.reach(made, world.steward)
        steps.notice(world)
        assert send_due(clock=lambda: NOW, by=steps.BY) == 1
        content = json.loads(box.requests[0][2])
        assert (content["msgtype"], content["text"]["mentioned_list"]) == ("text", ["wang.jianguo"])
        box.answer = b'{"errcode":93000,"errmsg":"invalid webhook url"}'
        tested = channels.test_channel(channel_id=made.id, to="", by=world.system_admin, now=NOW)
        assert "key无效" in tested.answer
    long = "\n".join(["待办" * 20] * 60)
    assert len(shortened(long, WECOM_BYTES).encode()) <= WECOM_BYTES
    assert shortened(long, WECOM_BYTES).endswith("\n…")
    assert shortened("短", 10) == "短"


def test_hosts_have_to_be_listed_and_inner_addresses_themselves(world: World):
    admin = world.system_admin
    with pytest.raises(errors.HostNotAllowedError):
        hosts.admit("127.0.0.1", 80)
    channels.allow_host(host="Mail.Example.gov.cn.", by=admin, now=NOW)
    inner: dict[str, list[str]] = {"mail.example.gov.cn": ["10.1.2.3"]}
    look = lambda host, _port: inner[host]  # noqa: E731 - a name with the addresses below
    for address in (
        "10.1.2.3",
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",  # noqa: S104 - what a name may answer
        "224.0.0.1",
    ):
        inner["mail.example.gov.cn"] = ["93.184.216.34", address]
        with pytest.raises(errors.PrivateAddressError):
            hosts.admit("mail.example.gov.cn", 587, lookup=look)
    inner["mail.example.gov.cn"] = ["93.184.216.34"]
    assert hosts.admit("mail.example.gov.cn", 587, lookup=look).address == "93.184.216.34"
    with pytest.raises(errors.PlainTransportError):
        hosts.admit_url("http://mail.example.gov.cn/x", lookup=look)
    channels.allow_host(host="10.1.0.0/16", by=admin, now=NOW)
    inner["mail.example.gov.cn"] = ["10.1.2.3"]
    assert hosts.admit("mail.example.gov.cn", 587, lookup=look) == hosts.Spot("mail.example.gov.cn", "10.1.2.3", 587)
    assert hosts.admit_url("http://10.1.2.3:8080/x")[1].port == 8080
    for host in ("other.example.gov.cn", "10.2.0.1", "2130706433", "mail.example.gov.cn.evil.cn"):
        with pytest.raises(errors.HostNotAllowedError):
            hosts.admit(host, 80)
    channels.allow_host(host="no-such-name.invalid", by=admin, now=NOW)
    with pytest.raises(errors.HostUnknownError):
        hosts.admit("no-such-name.invalid", 80, lookup=lambda _host, _port: [])
    listed = channels.allow_host(host="10.1.0.0/16", by=admin, now=NOW)
    channels.forbid_host(host_id=listed.id, by=admin, now=NOW)
    with pytest.raises(errors.PrivateAddressError):
        hosts.admit("mail.example.gov.cn", 587, lookup=look)
    with pytest.raises(NotFoundError):
        channels.forbid_host(host_id=listed.id, by=admin, now=NOW)
    for text in ("", "http://x.cn", "a b", "-x.cn", "10.1.0.0/99"):
        with pytest.raises(InvalidInputError):
            channels.allow_host(host=text, by=admin, now=NOW)


def test_bad_settings_are_named_and_secrets_never_come_back(world: World, caplog: pytest.LogCaptureFixture):
    admin = world.system_admin
    good = {"name": "m", "host": "127.0.0.1", "port": "25", "tls": "tls", "sender": "a@example.gov.cn"}
    bad = {"name": "", "host": "a b", "port": "0", "tls": "none", "sender": "x", "ca_pem": "x", "password": "密码"}
    for name, value in bad.items():
        with pytest.raises(InvalidInputError) as caught:
            channels.create_channel(kind="mail", values=good | {name: value}, by=admin, now=NOW)
        assert [row["field"] for row in caught.value.fields["problems"]] == [name]
    for url in ("", "ftp://x.cn", "https://u:p@x.cn", "https://x.cn:99999", "https://", "https://x .cn"):
        for kind in ("webhook", "dingtalk", "wecom"):
            with pytest.raises(InvalidInputError):
                channels.create_channel(kind=kind, values={"name": "r", "url": url}, by=admin, now=NOW)
    with pytest.raises(InvalidInputError):
        channels.create_channel(kind="fax", values=good, by=admin, now=NOW)
    with pytest.raises(errors.HostNotAllowedError):
        channels.create_channel(kind="mail", values=good, by=admin, now=NOW)
    for who in (world.steward, world.authority, world.auditor):
        with pytest.raises(ForbiddenError):
            channels.allow_host(host="127.0.0.1", by=who, now=NOW)
    caplog.set_level(logging.DEBUG)
    with http_server() as box:
        made = steps.channel(world, "dingtalk", url=f"{box.url}/?access_token=TOPTOKEN", key="SECTOP")
        channels.test_channel(channel_id=made.id, to="", by=admin, now=NOW)
        with pytest.raises(errors.ChannelNameTakenError):
            steps.channel(world, "dingtalk", url=f"{box.url}/?access_token=x")
        kept = channels.edit_channel(channel_id=made.id, values={"name": "新名"}, by=admin, now=NOW)
        assert channels.test_channel(channel_id=kept.id, to="", by=admin, now=NOW).is_taken
        assert "TOPTOKEN" in box.requests[-1][0]
    channels.switch_channel(channel_id=made.id, on=False, by=admin, now=NOW)
    row = Channel.objects.get()
    everywhere = caplog.text + str(row.options) + bytes(row.secret or b"").decode("latin-1")
    everywhere += str(list(AuditEvent.objects.values_list("details", "subject_label")))
    assert "TOPTOKEN" not in everywhere
    assert "SECTOP" not in everywhere
    row.id = uuid7()
    row.name = "copied"
    row.save(force_insert=True)
    tested = channels.test_channel(channel_id=row.id, to="", by=admin, now=NOW)
    assert "另一把实例密钥" in tested.answer
    with pytest.raises(NotFoundError):
        channels.switch_channel(channel_id=uuid7(), on=True, by=admin, now=NOW)
    with pytest.raises(errors.AddressInvalidError):
        channels.test_channel(channel_id=made.id, to="a b", by=admin, now=NOW)
