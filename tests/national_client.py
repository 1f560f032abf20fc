"""A client of the national call form, as systems in the field are written.

It uses nothing of this project: four headers, an HMAC, an AES key the way Java makes one from a seed, and the answer's
three members.
"""

# ruff: noqa: S305, S324 - block mode and hashes are the form's

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def java_key(appkey: str) -> bytes:
    return hashlib.sha1(hashlib.sha1(appkey.encode()).digest()).digest()[:16]


def md5_key(appkey: str) -> bytes:
    return hashlib.md5(appkey.encode()).digest()


def opened(key: bytes, covered: bytes) -> str:
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    padded = decryptor.update(covered) + decryptor.finalize()
    return padded[: -padded[-1]].decode()


class NationalClient:
    """Exchanges the authorisation code for a secret when it has none, and signs calls with it."""

    def __init__(self, http: httpx.AsyncClient, base: str, rid: str, appkey: str) -> None:
        self.http, self.base, self.rid, self.appkey = http, base, rid, appkey
        self.secrets: dict[str, str] = {}
        self.ends: dict[str, int] = {}

    def headers(self, sid: str, key: str, rtime: int | None = None) -> dict[str, str]:
        now = str(rtime if rtime is not None else int(time.time() * 1000))
        digest = hmac.new(key.encode(), (sid + self.rid + now).encode(), hashlib.sha256).digest()
        return {
            "gjgxjhpt_rid": self.rid, "gjgxjhpt_sid": sid, "gjgxjhpt_rtime": now,
            "gjgxjhpt_sign": base64.b64encode(digest).decode(),
        }  # fmt: skip

    async def exchange(self, sid: str) -> dict[str, Any]:
        values = self.headers(sid, self.appkey)
        response = await self.http.post(self.base + "/sysapi/auth/refreshappsecret", json=values)
        answer: dict[str, Any] = response.json()
        if answer["code"] == "0":
            self.secrets[sid] = opened(java_key(self.appkey), base64.b64decode(answer["data"]["secret"]))
            self.ends[sid] = int(answer["data"]["secretEndTime"])
        return answer

    async def call(self, sid: str, **parameters: Any) -> dict[str, Any]:
        if self.ends.get(sid, 0) < time.time() * 1000:
            await self.exchange(sid)
        headers = self.headers(sid, self.secrets[sid])
        answer: dict[str, Any] = (
            await self.http.post(self.base + "/httpproxy", json=parameters, headers=headers)
        ).json()
        return answer
