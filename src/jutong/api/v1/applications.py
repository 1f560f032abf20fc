"""Applications: reading, and each step of their state machine as one address."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import application_in as bodies
from jutong.api.shapes.application import ApplicationOut, ApplicationRowOut, ManyOut, application_out, row_out
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Limit
from jutong.center.catalog.queries import published_entry
from jutong.center.org.permissions import Permission
from jutong.center.sharing import actions, queries
from jutong.center.sharing.actions import many
from jutong.center.sharing.enums import ApplicationState
from jutong.center.sharing.models import Application

router = Router(tags=["申请 applications"])
Number = Annotated[str, Path(pattern=r"^SQ[0-9]{8}-[0-9]{4,9}$", description="申请编号 · number of the application")]
LIST = "applications"
_BODY = (404, 409, 415, 422)
_STEP = (404, 409, 422)


class ApplicationsAsked(Asked):
    """Which applications."""

    side: Literal["", "requester", "provider"] = ""
    state: list[ApplicationState] = Field(default=[], max_length=12)
    cursor: Cursor = ""
    limit: Limit = 20


def _found(caller: Caller, number: str) -> Application:
    return queries.application(caller.actor, number)


def _shown(caller: Caller, number: str) -> ApplicationOut:
    return application_out(caller.actor, number, caller.now)


@router.get(
    "",
    operation_id="listApplications",
    summary="申请列表 · applications the caller may see",
    **asks(Permission.SHARING_APPLICATION_VIEW, PageOut[ApplicationRowOut], 422),
)
def list_applications(request: ApiRequest, asked: Query[ApplicationsAsked]) -> PageOut[ApplicationRowOut]:
    """Return a page of applications, the newest first, with the clock that counts now."""
    caller = request.auth
    page = queries.applications_of(
        caller.actor,
        side=asked.side,
        states=[state.value for state in asked.state],
        now=caller.now,
        after=listing.opened(LIST, asked.cursor),
        limit=asked.limit,
    )
    return PageOut(rows=[row_out(row) for row in page.rows], next=listing.sealed(LIST, page.next))


@router.post(
    "",
    operation_id="draftApplication",
    summary="起草申请 · begin an application",
    **asks(Permission.SHARING_APPLICATION_DRAFT, ApplicationOut, *_BODY, status=201),
)
def draft(request: ApiRequest, body: bodies.DraftIn) -> ApplicationOut:
    """Begin an application on a published entry of another department."""
    caller = request.auth
    entry = published_entry(caller.actor, body.entry_code)
    made = actions.draft(entry=entry, need=body.need.need(), by=caller.actor, now=caller.now)
    return _shown(caller, made.number)


@router.post(
    "/batch",
    operation_id="decideApplications",
    summary="批量办理 · agree to many that only verify",
    **asks(Permission.SHARING_INBOX_VIEW, list[ManyOut], 409, 415, 422),
)
def decide_many(request: ApiRequest, body: bodies.ManyIn) -> list[ManyOut]:
    """Agree to many applications that ask for nothing but verification; each is judged by itself."""
    caller = request.auth
    done = many.decide_many(step=body.step, numbers=body.numbers, by=caller.actor, now=caller.now)
    return [ManyOut(number=row.number, title=row.title, problem=row.problem) for row in done]


@router.get(
    "/{number}",
    operation_id="getApplication",
    summary="一件申请 · one application with its timeline",
    **asks(Permission.SHARING_APPLICATION_VIEW, ApplicationOut, 404, 422),
)
def get_application(request: ApiRequest, number: Number) -> ApplicationOut:
    """Return one application with its items, consents, messages, clock and timeline."""
    return _shown(request.auth, number)


@router.put(
    "/{number}",
    operation_id="editApplication",
    summary="修改草稿 · write a draft anew",
    **asks(Permission.SHARING_APPLICATION_DRAFT, ApplicationOut, *_BODY),
)
def edit(request: ApiRequest, number: Number, body: bodies.NeedIn) -> ApplicationOut:
    """Write a draft anew, on the entry's present version."""
    caller = request.auth
    actions.edit_draft(application=_found(caller, number), need=body.need(), by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/consent-request",
    operation_id="requestConsent",
    summary="提请同意 · put a draft before the own head",
    **asks(Permission.SHARING_APPLICATION_DRAFT, ApplicationOut, *_STEP),
)
def request_consent(request: ApiRequest, number: Number) -> ApplicationOut:
    """Put a complete draft before the own 工作机构负责人 (条例 20(2))."""
    caller = request.auth
    actions.request_consent(application=_found(caller, number), by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/consent",
    operation_id="consentApplication",
    summary="同意并提交 · consent and submit, or hand back",
    **asks(Permission.SHARING_APPLICATION_CONSENT, ApplicationOut, *_BODY),
)
def consent(request: ApiRequest, number: Number, body: bodies.DecisionIn) -> ApplicationOut:
    """Decide as the requester's 工作机构负责人; consent submits and starts the provider's clock."""
    caller = request.auth
    actions.consent_request(
        application=_found(caller, number), agreed=body.agreed, note=body.note, by=caller.actor, now=caller.now
    )
    return _shown(caller, number)


@router.post(
    "/{number}/withdrawal",
    operation_id="withdrawApplication",
    summary="撤回申请 · withdraw",
    **asks(Permission.SHARING_APPLICATION_WITHDRAW, ApplicationOut, *_STEP),
)
def withdraw(request: ApiRequest, number: Number) -> ApplicationOut:
    """Take an application back before it is answered."""
    caller = request.auth
    actions.withdraw(application=_found(caller, number), by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/supplement",
    operation_id="askSupplement",
    summary="退回补正 · tell what is missing, once",
    **asks(Permission.SHARING_SUPPLEMENT_ASK, ApplicationOut, *_BODY),
)
def ask_supplement(request: ApiRequest, number: Number, body: bodies.SupplementIn) -> ApplicationOut:
    """Tell the requester, once and completely, what is missing; the clock stands still meanwhile."""
    caller = request.auth
    actions.ask_supplement(
        application=_found(caller, number), missing=body.missing, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _shown(caller, number)


@router.post(
    "/{number}/supplement/answer",
    operation_id="answerSupplement",
    summary="补正 · supply what was missing",
    **asks(Permission.SHARING_SUPPLEMENT_ANSWER, ApplicationOut, *_BODY),
)
def answer_supplement(request: ApiRequest, number: Number, body: bodies.SupplementAnswerIn) -> ApplicationOut:
    """Answer the one supplement notice; the clock goes on with the days it had left."""
    caller = request.auth
    actions.answer_supplement(
        application=_found(caller, number),
        text=body.text,
        need=body.need.need() if body.need else None,
        by=caller.actor,
        now=caller.now,
    )
    return _shown(caller, number)


@router.post(
    "/{number}/extension",
    operation_id="askExtension",
    summary="申请延长答复 · ask for more time",
    **asks(Permission.SHARING_EXTENSION_ASK, ApplicationOut, *_BODY),
)
def ask_extension(request: ApiRequest, number: Number, body: bodies.ExtensionIn) -> ApplicationOut:
    """Ask the authority for more time to reply, once, with the reason."""
    caller = request.auth
    actions.ask_extension(
        application=_found(caller, number), days=body.days, reason=body.reason, by=caller.actor, now=caller.now
    )
    return _shown(caller, number)


@router.post(
    "/{number}/extension/decision",
    operation_id="decideExtension",
    summary="决定是否延长 · decide on more time",
    **asks(Permission.SHARING_EXTENSION_DECIDE, ApplicationOut, *_BODY),
)
def decide_extension(request: ApiRequest, number: Number, body: bodies.ExtensionDecisionIn) -> ApplicationOut:
    """Consent to more time as the authority, or not."""
    caller = request.auth
    actions.decide_extension(
        application=_found(caller, number), consented=body.consented, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _shown(caller, number)


@router.post(
    "/{number}/reply",
    operation_id="prepareReply",
    summary="拟答复 · draw up the reply",
    **asks(Permission.SHARING_REPLY_PREPARE, ApplicationOut, *_BODY),
)
def prepare_reply(request: ApiRequest, number: Number, body: bodies.ReplyIn) -> ApplicationOut:
    """Draw up the reply, item by item, for the own 工作机构负责人 (条例 20(3))."""
    caller = request.auth
    actions.prepare_reply(
        application=_found(caller, number),
        agreed=body.agreed,
        answers={row.item_id: row.answer() for row in body.answers},
        conditions=[row.condition() for row in body.conditions],
        refusal=str(body.refusal),
        text=body.text,
        by=caller.actor,
        now=caller.now,
    )
    return _shown(caller, number)


@router.post(
    "/{number}/reply/consent",
    operation_id="consentReply",
    summary="同意答复 · put the reply in force, or hand it back",
    **asks(Permission.SHARING_REPLY_CONSENT, ApplicationOut, *_BODY),
)
def consent_reply(request: ApiRequest, number: Number, body: bodies.DecisionIn) -> ApplicationOut:
    """Decide as the provider's 工作机构负责人; an agreeing reply in force orders the grant to the node."""
    caller = request.auth
    actions.consent_reply(
        application=_found(caller, number), agreed=body.agreed, note=body.note, by=caller.actor, now=caller.now
    )
    return _shown(caller, number)


@router.post(
    "/{number}/consent/in-place",
    operation_id="consentInPlace",
    summary="代为同意申请 · consent to sending it in the head's place",
    **asks(Permission.SHARING_APPLICATION_DRAFT, ApplicationOut, *_BODY),
)
def consent_in_place(request: ApiRequest, number: Number, body: bodies.DecisionIn) -> ApplicationOut:
    """Decide in the place of the requester's 工作机构负责人, under a delegation that runs today."""
    return consent(request, number, body)


@router.post(
    "/{number}/reply/consent/in-place",
    operation_id="consentReplyInPlace",
    summary="代为同意答复 · put the reply in force in the head's place",
    **asks(Permission.SHARING_REPLY_PREPARE, ApplicationOut, *_BODY),
)
def consent_reply_in_place(request: ApiRequest, number: Number, body: bodies.DecisionIn) -> ApplicationOut:
    """Decide in the place of the provider's 工作机构负责人, under a delegation that runs today."""
    return consent_reply(request, number, body)


@router.post(
    "/{number}/copy",
    operation_id="copyApplication",
    summary="套用 · begin an application like this one",
    **asks(Permission.SHARING_APPLICATION_DRAFT, ApplicationOut, *_BODY, status=201),
)
def copy(request: ApiRequest, number: Number, body: bodies.LikeIn) -> ApplicationOut:
    """Begin an application as an earlier one of the own department asked, on the same entry or another."""
    caller = request.auth
    entry = published_entry(caller.actor, body.entry_code) if body.entry_code else None
    made = actions.copy_application(pattern=_found(caller, number), entry=entry, by=caller.actor, now=caller.now)
    return _shown(caller, made.number)


@router.post(
    "/{number}/messages",
    operation_id="sendMessage",
    summary="留言 · write the other side",
    **asks(Permission.SHARING_MESSAGE_SEND, ApplicationOut, *_BODY, status=201),
)
def message(request: ApiRequest, number: Number, body: bodies.MessageIn) -> ApplicationOut:
    """Write the other side a message."""
    caller = request.auth
    actions.message(application=_found(caller, number), text=body.text, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/reminders",
    operation_id="sendReminder",
    summary="催办 · remind whoever must act",
    **asks(Permission.SHARING_REMINDER_SEND, ApplicationOut, *_STEP, 429, status=201),
)
def remind(request: ApiRequest, number: Number) -> ApplicationOut:
    """Remind whoever must act now, once a day."""
    caller = request.auth
    actions.remind(application=_found(caller, number), by=caller.actor, now=caller.now)
    return _shown(caller, number)
