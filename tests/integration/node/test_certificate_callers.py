"""Mutual TLS: the node's own door asks for a certificate, a proxy on the machine may pass one on, nobody else may."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jutong.node.gateway.callers.config import load
from jutong.node.gateway.callers.errors import CallersFileError
from jutong.node.gateway.callers.tls import TlsDoor, tls_door
from jutong.node.service import running
from tests.integration.node.conftest import Running
from tests.integration.node.test_refusals import outcomes
from tests.node_world import World, query_body

NOW = dt.datetime.now(dt.UTC)


@dataclass
class Pair:
    """A certificate and its key, also as PEM files."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate_file: Path
    key_file: Path

    @property
    def pem(self) -> str:
        return self.certificate_file.read_text()

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def issue(folder: Path, name: str, issuer: Pair | None = None) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    made = Pair(certificate, key, folder / f"{name}.pem", folder / f"{name}.key")
    made.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


@dataclass
class Paper:
    """An authority, a server, a registered caller, an unregistered one, and one of another authority."""

    ca: Pair
    server: Pair
    caller: Pair
    unlisted: Pair
    foreign: Pair

    def config(self, **changes: Any) -> dict[str, Any]:
        listen = {
            "port": 0, "certificate": str(self.server.certificate_file), "key": str(self.server.key_file),
            "client_ca": str(self.ca.certificate_file),
        }  # fmt: skip
        certificates = [{"sha256": self.caller.digest, "system": "edu-admission"}]
        return {"mtls": {"certificates": certificates, "listen": listen, **changes}}


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    folder = tmp_path / "paper"
    folder.mkdir()
    ca = issue(folder, "authority")
    return Paper(
        ca, issue(folder, "server", ca), issue(folder, "caller", ca), issue(folder, "unlisted", ca),
        issue(folder, "foreign"),
    )  # fmt: skip


def configure(world: World, content: dict[str, Any]) -> Any:
    path = world.home / "node" / "callers.json"
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return load(path).mtls


@asynccontextmanager
async def up(world: World, content: dict[str, Any]) -> AsyncIterator[tuple[Running, TlsDoor | None]]:
    config = configure(world, content)
    world.grant()
    async with (
        running(world.settings) as node,
        tls_door(node.gateway, config) as door,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=node.gateway)) as http,
    ):
        made = Running(world, node, http)
        await made.ready()
        yield made, door


def client(paper: Paper, shown: Pair | None) -> httpx.AsyncClient:
    context = ssl.create_default_context(cafile=str(paper.ca.certificate_file))
    if shown is not None:
        context.load_cert_chain(shown.certificate_file, shown.key_file)
    return httpx.AsyncClient(verify=context, trust_env=False)


async def test_the_nodes_own_door_knows_a_caller_by_its_certificate(world: World, paper: Paper) -> None:
    async with up(world, paper.config()) as (run, door):
        assert door is not None
        base = f"https://127.0.0.1:{door.port}"
        async with client(paper, paper.caller) as http:
            answers = [await http.post(base + "/gw/v1/query", json=query_body()) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200] * 3
            assert (await http.get(base + "/healthz")).json()["status"] == "ok"
            assert (await http.post(base + "/gw/v1/query", json=query_body(purpose="别的"))).status_code == 403
            assert (await http.post(base + "/gw/v1/query", content=b"x" * 70_000)).status_code == 413
            assert (await http.get(base + "/gw/v1/none")).status_code == 404
        async with client(paper, paper.unlisted) as http:
            response = await http.post(base + "/gw/v1/query", json=query_body())
            assert response.status_code == 401
            error = response.json()["error"]
            assert (error["code"], error["fields"]) == (
                "node.mtls.certificate-unknown", {"fingerprint": paper.unlisted.digest},
            )  # fmt: skip
        first = outcomes(run)[0]
        assert (first["via"], first["system_id"], first["outcome"]) == ("mtls", "edu-admission", "ok")
        digest = hashlib.sha256(bytes.fromhex(paper.caller.digest)).hexdigest()
        assert first["request_signature"] == "sha256:" + digest
        assert first["answer_digest"] == "sha256:" + hashlib.sha256(answers[0].content).hexdigest()


async def test_what_is_no_http_is_refused_and_the_door_stays_open(world: World, paper: Paper) -> None:
    context = ssl.create_default_context(cafile=str(paper.ca.certificate_file))
    context.load_cert_chain(paper.caller.certificate_file, paper.caller.key_file)
    async with up(world, paper.config()) as (_, door):
        assert door is not None
        for said in (b"nothing of the kind\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=context)
            writer.write(said)
            assert (await reader.read()).startswith(b"HTTP/1.1 4")
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        async with client(paper, paper.caller) as http:
            url = f"https://127.0.0.1:{door.port}/gw/v1/query"
            assert (await http.post(url, json=query_body())).status_code == 200


async def test_nobody_without_a_certificate_of_the_authority_gets_in(world: World, paper: Paper) -> None:
    async with up(world, paper.config()) as (run, door):
        assert door is not None
        for shown in (None, paper.foreign):
            async with client(paper, shown) as http:
                # In TLS 1.3 the caller learns of the refusal with its first read, as an alert or as the end.
                with pytest.raises(httpx.HTTPError):
                    await http.post(f"https://127.0.0.1:{door.port}/gw/v1/query", json=query_body())
        assert outcomes(run) == []


@pytest.mark.parametrize("form", ["fingerprint", "colons", "pem"])
async def test_a_proxy_on_the_machine_passes_the_certificate_on(world: World, paper: Paper, form: str) -> None:
    digest = paper.caller.digest
    shown = {
        "fingerprint": digest,
        "colons": ":".join(digest[at : at + 2] for at in range(0, 64, 2)).upper(),
        "pem": quote(paper.caller.pem),
    }[form]
    async with up(world, paper.config(proxies=["127.0.0.1"], listen=None)) as (run, door):
        assert door is None
        url = run.world.settings.gateway_base + "/gw/v1/query"
        response = await run.http.post(url, json=query_body(), headers={"x-client-certificate": shown})
        assert response.status_code == 200, response.text
        assert outcomes(run)[0]["via"] == "mtls"
        for wrong in ("0" * 64, "nonsense", "-----BEGIN%20CERTIFICATE-----"):
            response = await run.http.post(url, json=query_body(), headers={"x-client-certificate": wrong})
            assert response.json()["error"]["code"] == "node.mtls.certificate-unknown"
        signed = await run.query(query_body())
        assert signed.status_code == 200


async def test_the_header_of_anybody_else_is_not_believed(world: World, paper: Paper) -> None:
    async with up(world, paper.config(proxies=["127.0.0.1"], listen=None)) as (run, _):
        transport = httpx.ASGITransport(app=run.node.gateway, client=("10.1.2.3", 5000))
        async with httpx.AsyncClient(transport=transport) as http:
            response = await http.post(
                run.world.settings.gateway_base + "/gw/v1/query", json=query_body(),
                headers={"x-client-certificate": paper.caller.digest},
            )  # fmt: skip
        assert response.json()["error"]["code"] == "node.signature.missing"
        assert outcomes(run) == []


async def test_a_certificate_passed_by_header_through_the_own_door_is_not_believed(world: World, paper: Paper) -> None:
    async with up(world, paper.config(proxies=["127.0.0.1"])) as (_, door):
        assert door is not None
        async with client(paper, paper.unlisted) as http:
            response = await http.post(
                f"https://127.0.0.1:{door.port}/gw/v1/query", json=query_body(),
                headers={"x-client-certificate": paper.caller.digest},
            )  # fmt: skip
        assert response.json()["error"]["code"] == "node.mtls.certificate-unknown"


async def test_a_door_that_cannot_open_says_so(world: World, paper: Paper) -> None:
    listen = {**paper.config()["mtls"]["listen"], "client_ca": str(world.home / "none.pem")}
    config = configure(world, paper.config(listen=listen))
    with pytest.raises(CallersFileError, match=r"mtls\.listen"):
        async with tls_door(lambda *_: None, config):  # type: ignore[arg-type]
            raise AssertionError


@pytest.mark.parametrize("changes", [{"proxies": ["10.0.0.1"]}, {"header": "X Y"}, {"certificates": [{"sha256": "a"}]}])
def test_a_wrong_list_of_certificates_is_refused(world: World, paper: Paper, changes: dict[str, Any]) -> None:
    with pytest.raises(CallersFileError):
        configure(world, paper.config(**changes))
    twice = paper.config()["mtls"]["certificates"] * 2
    with pytest.raises(CallersFileError):
        configure(world, paper.config(certificates=twice))
