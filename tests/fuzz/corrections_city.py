"""Corrections, complaints and inquiries in the fuzz city, one at every stage an operation asks for.

The requester's department is the one people outside turn to, because its posts come first in the order of callers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from jutong.center.complaint import actions as outside
from jutong.center.complaint.actions import Words
from jutong.center.correction.models import Correction
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.sharing.models import Grant
from jutong.contracts.receipts import MarkReceipt

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity

ANSWER: dict[str, Any] = {"finding": "false", "corrected": {}, "text": "档案一致"}
UPHELD: dict[str, Any] = {"finding": "partly", "corrected": {"婚姻状况": "已婚"}, "text": "已更正"}
DISPUTE = {"claim": "更正为已婚", "facts": "有登记证明"}


def extend(city: FuzzCity) -> None:
    """Add what these areas need to a city that has applications and grants."""
    _corrections(city)
    _complaints(city)
    _inquiries(city)


def _grant(city: FuzzCity) -> Grant:
    return Grant.objects.get(number=city.addresses["getGrant"]["number"])


def _claim(city: FuzzCity, person: str) -> dict[str, Any]:
    return {
        "grant": _grant(city).number, "from_file": False, "record": "", "complaint": "", "entry": "",
        "key": {"公民身份号码": person}, "claimed": {"婚姻状况": "已婚"}, "present": {"婚姻状况": "未婚"},
        "kind": "inaccurate", "urgency": "normal", "statement": "已登记结婚", "evidence": "", "business": "",
    }  # fmt: skip


def _raised(city: FuzzCity, person: str) -> str:
    made = city.caller("requester").ask("POST", "/corrections", _claim(city, person), status=201)
    return str(made["number"])


def _answered(city: FuzzCity, person: str, body: dict[str, Any]) -> str:
    number, steward = _raised(city, person), city.caller("steward")
    steward.ask("POST", f"/corrections/{number}/accept")
    steward.ask("POST", f"/corrections/{number}/answer", body)
    return number


def _marked(city: FuzzCity, number: str, state: Any) -> None:
    now = timezone.now()
    body = MarkReceipt(correction_number=number, state=state, matched=1, grants=(str(_grant(city).id),))
    apply_receipt(node=city.world.node, envelope=city.world.receipt("mark", body, now), now=now)


def _corrections(city: FuzzCity) -> None:
    fresh, taken, failed = (_raised(city, f"62990019900101{at:04d}") for at in (11, 12, 13))
    city.caller("steward").ask("POST", f"/corrections/{taken}/accept")
    _marked(city, failed, "failed")
    refused = _answered(city, "629900199001010014", ANSWER)
    travelling = _answered(city, "629900199001010015", UPHELD)
    _marked(city, travelling, "corrected")
    stages = {
        "getCorrection": fresh,
        "revealCorrection": fresh,
        "acceptCorrection": fresh,
        "withdrawCorrection": fresh,
        "answerCorrection": taken,
        "retryMark": failed,
        "confirmCorrection": refused,
        "disputeCorrection": refused,
        "receiveCorrection": travelling,
    }
    city.addresses |= {name: {"number": number} for name, number in stages.items()}
    city.bodies |= {
        "raiseCorrection": _claim(city, "629900199001010099"),
        "answerCorrection": ANSWER,
        "disputeCorrection": DISPUTE,
    }
    assert Correction.objects.get(number=travelling).recipients.count() == 1


def _complaints(city: FuzzCity) -> None:
    now, receiver = timezone.now(), city.world.education.code
    words = Words(kind="error", receiver_code=receiver, text="我的婚姻状况错了")
    fresh, handled = (outside.receive_complaint(words=words, now=now)[0].number for _ in range(2))
    city.caller("requester_head").ask("POST", f"/complaints/{handled}/accept")
    for name in ("getComplaint", "revealComplaint", "acceptComplaint", "transferComplaint"):
        city.addresses[name] = {"number": fresh}
    city.addresses["answerComplaint"] = {"number": handled}
    city.bodies |= {"transferComplaint": {"to": city.world.other.code}, "answerComplaint": {"text": "已改正"}}


def _inquiries(city: FuzzCity) -> None:
    identity = {
        "document": "identity-card", "number": "629900199001010011", "name": "陈秀英", "is_agent": False,
        "checked": True,
    }  # fmt: skip
    made = city.caller("requester").ask("POST", "/inquiries", identity, status=201)
    for name in ("getInquiry", "retryInquiry", "deliverInquiry", "renewInquiryCode"):
        city.addresses[name] = {"number": made["number"]}
    city.bodies |= {
        "openInquiry": identity,
        "stateSecrecy": {
            "grant": _grant(city).number, "basis_title": "国家安全法", "basis_article": "第四十二条",
            "until": str(timezone.localdate() + timedelta(days=30)),
        },
    }  # fmt: skip
