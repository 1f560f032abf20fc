"""The tour from beginning to end."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from jutong.client import RefusedError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Signer
from jutong.tour import granting, proving, refusals
from jutong.tour.desk import Platform
from jutong.tour.errors import StepRefusedError
from jutong.tour.facts import CASE_NUMBER, FACTS, SYSTEM
from jutong.tour.voice import Voice

RECEIPT, RECORD, KEYS, PRIVATE = "receipt.txt", "record.json", "keys", "caller.key"


@dataclass(frozen=True)
class Outcome:
    """What a tour showed."""

    grants: tuple[str, ...]
    proofs: tuple[proving.Proof, ...]
    suspended_after: float


def walk(address: str, voice: Voice, *, out: Path | None = None) -> Outcome:
    """Drive the need through the platform at ``address``; with ``out`` leave one call's evidence there.

    Raises:
        JutongError: naming the step that failed and what to do.
    """
    try:
        return _walk(Platform(address, voice.language), voice, out)
    except RefusedError as error:
        raise StepRefusedError(
            who=SYSTEM,
            step=voice.sentence(gettext_noop("调用网关")),
            message=error.message,
            code_found=error.code,
            advice=error.next_step,
        ) from error


def _walk(platform: Platform, voice: Voice, out: Path | None) -> Outcome:
    voice.echo(voice.sentence(gettext_noop("需求：孩子入学，户籍和房产由部门之间核对，家长不再提交户口簿和房产证。")))
    voice.echo(voice.sentence(gettext_noop("（城市、部门、人员均为虚构；每一步都走公开接口，并说出凭什么算数。）")))
    voice.step(gettext_noop("平台在运行，各人登录"))
    voice.proof(gettext_noop("{address} 聚通 {version} 正在运行"), address=platform.address, version=platform.version())
    requester = granting.gather(platform, voice)
    granting.clear_earlier(requester, voice)
    voice.step(gettext_noop("入学系统准备签名密钥"))
    signer = granting.register_key(requester, voice)
    _keep_private(out, signer, voice)
    grants = []
    for fact in FACTS:
        voice.step(gettext_noop("申请{label}信息：申请、同意、答复、开通"), label=voice.sentence(fact.label))
        grants.append(granting.obtain(platform, requester, fact, voice))
    proofs = _use(requester, grants, voice)
    _leave(out, proofs[0], voice)
    voice.step(gettext_noop("不该给的，给不出去"))
    refusals.show(grants[1], requester.worker.username, signer, voice)
    seconds = refusals.suspend(grants[1], requester.worker.username, voice)
    _close(grants, voice)
    return Outcome(tuple(row.number for row in grants), tuple(proofs), seconds)


def _use(requester: granting.Requester, grants: list[granting.Granted], voice: Voice) -> list[proving.Proof]:
    voice.step(gettext_noop("凭授权调用：每次都写明用途和案号{case}"), case=CASE_NUMBER)
    official = requester.worker.username
    records = [(granted, record) for granted in grants for record in proving.call(granted, official, voice)]
    voice.step(gettext_noop("取回执，脱离平台核验"))
    proofs = [proving.prove(granted, requester.worker, record, voice) for granted, record in records]
    proving.tampered(proofs[0], voice)
    return proofs


def _close(grants: list[granting.Granted], voice: Voice) -> None:
    for granted in grants:
        granted.client.close()
    voice.step(gettext_noop("结论"))
    voice.proof(gettext_noop("户籍地址与房产坐落一致，入学资格成立，家长没有提交任何材料。"))
    voice.note(
        gettext_noop("授权{numbers}继续有效，可在页面上查看；再运行一次时先由申请方终止，再从头走一遍。"),
        numbers="、".join(granted.number for granted in grants),
    )


def _keep_private(out: Path | None, signer: Ed25519Signer, voice: Voice) -> None:
    """Leave the private key for whoever wants to go on calling; without a folder it is forgotten."""
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    path = out / PRIVATE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(base64.b64encode(signer.private.private_bytes_raw()) + b"\n")
    voice.note(gettext_noop("私钥在{path}（仅本人可读）"), path=path)


def _leave(out: Path | None, proof: proving.Proof, voice: Voice) -> None:
    if out is None:
        return
    (out / RECEIPT).write_text(proof.receipt_text, encoding="utf-8")
    (out / RECORD).write_text(proof.record_json + "\n", encoding="utf-8")
    (out / KEYS).write_text(proof.log_key + "\n", encoding="utf-8")
    voice.proof(gettext_noop("回执、记录和日志公钥已放进{path}，可以自己核验："), path=out)
    voice.note(
        "jutong evidence verify {receipt} --record {record} --keys {keys}",
        receipt=out / RECEIPT,
        record=out / RECORD,
        keys=out / KEYS,
    )
