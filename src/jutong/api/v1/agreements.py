"""Agreements: reading, the steps of a version, the signed file, and the duties measured under it."""

from __future__ import annotations

from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import agreements as shapes
from jutong.api.shapes.common import PageOut, organisation_ref
from jutong.api.types import Asked, Cursor, Limit
from jutong.center.agreement import actions, queries
from jutong.center.agreement.enums import AgreementState, BreachState
from jutong.center.agreement.export import signed_file
from jutong.center.agreement.models import Agreement
from jutong.center.org.permissions import Permission

router = Router(tags=["协议 agreements"])
Number = Annotated[str, Path(pattern=r"^XY[0-9]{8}-[0-9]{4,9}$", description="协议编号 · number of the agreement")]
BreachNumber = Annotated[str, Path(pattern=r"^WY[0-9]{8}-[0-9]{4,9}$", description="违约编号 · number of the breach")]
breaches_router = Router(tags=["协议 agreements"])
LIST, BREACHES = "agreements", "breaches"
_BODY = (404, 409, 415, 422)
_STEP = (404, 409, 422)


class AgreementsAsked(Asked):
    """Which versions; without ``state`` all that are not void."""

    state: list[AgreementState] = Field(default=[], max_length=9)
    application: Annotated[
        str, Field(pattern=r"^(SQ[0-9]{8}-[0-9]{4,9})?$", description="申请编号 · number of the application")
    ] = ""
    cursor: Cursor = ""
    limit: Limit = 20


class BreachesAsked(Asked):
    """Which breaches."""

    state: list[BreachState] = Field(default=[], max_length=4)
    agreement: Annotated[
        str, Field(pattern=r"^(XY[0-9]{8}-[0-9]{4,9})?$", description="协议编号 · number of the agreement")
    ] = ""
    cursor: Cursor = ""
    limit: Limit = 20


class VersionAsked(Asked):
    """Which version; 0 for the one that counts now."""

    version: Annotated[int, Field(ge=0, le=10_000, description="版本，0为现行的 · version, 0 for the present one")] = 0


def _found(caller: Caller, number: str) -> Agreement:
    return queries.agreement(caller.actor, number, now=caller.now).agreement


def _shown(caller: Caller, number: str, version: int = 0) -> shapes.AgreementOut:
    view = queries.agreement(caller.actor, number, version=version or None, now=caller.now)
    return shapes.agreement_out(view)


@router.get(
    "",
    operation_id="listAgreements",
    summary="协议列表 · agreements the caller may see",
    **asks(Permission.AGREEMENT_AGREEMENT_VIEW, PageOut[shapes.AgreementRowOut], 422),
)
def list_agreements(request: ApiRequest, asked: Query[AgreementsAsked]) -> PageOut[shapes.AgreementRowOut]:
    """Return a page of versions, the newest first."""
    page = queries.agreements(
        request.auth.actor,
        states=tuple(state.value for state in asked.state),
        application=asked.application,
        after=listing.opened(LIST, asked.cursor),
        limit=asked.limit,
    )
    return PageOut(rows=[shapes.agreement_row_out(row) for row in page.rows], next=listing.sealed(LIST, page.next))


@router.get(
    "/signing-keys",
    operation_id="listSigningKeys",
    summary="签署公钥 · public keys organisations sign with",
    **asks(Permission.AGREEMENT_AGREEMENT_VIEW, list[shapes.SigningKeyOut], 422),
)
def signing_keys(request: ApiRequest) -> list[shapes.SigningKeyOut]:
    """Return every public key, for checking signed files with keys the files do not bring along."""
    return [
        shapes.SigningKeyOut(
            organisation=organisation_ref(row.organisation),
            key_id=row.key_id,
            alg=row.alg,
            public_key=row.public_key,
            made_at=row.made_at,
        )
        for row in queries.signing_keys(request.auth.actor)
    ]


@router.get(
    "/{number}",
    operation_id="getAgreement",
    summary="一份协议 · one agreement",
    **asks(Permission.AGREEMENT_AGREEMENT_VIEW, shapes.AgreementOut, 404, 422),
)
def get_agreement(request: ApiRequest, number: Number, asked: Query[VersionAsked]) -> shapes.AgreementOut:
    """Return one version with its document, signatures and what the caller may do now."""
    return _shown(request.auth, number, asked.version)


@router.get(
    "/{number}/file",
    operation_id="getSignedAgreement",
    summary="签署文件 · the signed file",
    **asks(Permission.AGREEMENT_AGREEMENT_VIEW, shapes.SignedFileOut, 404, 422),
)
def get_file(request: ApiRequest, number: Number, asked: Query[VersionAsked]) -> shapes.SignedFileOut:
    """Return document, digest and signatures of a version, as `jutong evidence agreement` checks them."""
    caller = request.auth
    view = queries.agreement(caller.actor, number, version=asked.version or None, now=caller.now)
    return shapes.SignedFileOut(**signed_file(view.agreement))


@router.put(
    "/{number}/terms",
    operation_id="editAgreementTerms",
    summary="修改条款 · fill the blanks",
    **asks(Permission.AGREEMENT_AGREEMENT_DRAFT, shapes.AgreementOut, *_BODY),
)
def edit_terms(request: ApiRequest, number: Number, body: shapes.TermsIn) -> shapes.AgreementOut:
    """Fill the blanks of a version that was not sent on, as either data office."""
    caller = request.auth
    actions.edit_terms(agreement=_found(caller, number), changes=body.changes(), by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/sending",
    operation_id="sendAgreement",
    summary="送签 · send on for signature",
    **asks(Permission.AGREEMENT_AGREEMENT_DRAFT, shapes.AgreementOut, *_STEP),
)
def send(request: ApiRequest, number: Number) -> shapes.AgreementOut:
    """Send a drafted version on to the provider's 工作机构负责人."""
    caller = request.auth
    actions.send(agreement=_found(caller, number), by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/signature",
    operation_id="signAgreement",
    summary="签署 · sign",
    **asks(Permission.AGREEMENT_AGREEMENT_SIGN, shapes.AgreementOut, *_BODY),
)
def sign(request: ApiRequest, number: Number, body: shapes.SignatureIn) -> shapes.AgreementOut:
    """Sign the text with this digest as a 工作机构负责人; the requester's signature puts it in force."""
    caller = request.auth
    actions.sign(agreement=_found(caller, number), text_digest=body.digest, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/signature/in-place",
    operation_id="signAgreementInPlace",
    summary="代为签署 · sign in the head's place",
    **asks(Permission.AGREEMENT_AGREEMENT_DRAFT, shapes.AgreementOut, *_BODY),
)
def sign_in_place(request: ApiRequest, number: Number, body: shapes.SignatureIn) -> shapes.AgreementOut:
    """Sign in the place of the own 工作机构负责人, under a delegation that runs today."""
    return sign(request, number, body)


@router.post(
    "/{number}/hand-back",
    operation_id="handBackAgreement",
    summary="退回修改 · hand back instead of signing",
    **asks(Permission.AGREEMENT_AGREEMENT_SIGN, shapes.AgreementOut, *_BODY),
)
def hand_back(request: ApiRequest, number: Number, body: shapes.HandBackIn) -> shapes.AgreementOut:
    """Hand a version back with a note; one the provider has signed is void and the next version begins."""
    caller = request.auth
    actions.hand_back(agreement=_found(caller, number), note=body.note, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.post(
    "/{number}/changes",
    operation_id="proposeAgreementChange",
    summary="提出变更 · propose other terms",
    **asks(Permission.AGREEMENT_AGREEMENT_DRAFT, shapes.AgreementOut, *_BODY, status=201),
)
def propose(request: ApiRequest, number: Number, body: shapes.AgreementChangeIn) -> shapes.AgreementOut:
    """Propose other terms; what is in force stays until both sides have signed the new version."""
    caller = request.auth
    found = _found(caller, number)
    actions.propose_change(
        agreement=found, changes=body.terms.changes(), note=body.note, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _shown(caller, number)


@router.delete(
    "/{number}/changes",
    operation_id="discardAgreementChange",
    summary="放弃变更 · give a change up",
    **asks(Permission.AGREEMENT_AGREEMENT_DRAFT, shapes.AgreementOut, *_STEP),
)
def discard(request: ApiRequest, number: Number) -> shapes.AgreementOut:
    """Give up a change nobody has signed."""
    caller = request.auth
    actions.discard_change(agreement=_found(caller, number), by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.get(
    "/{number}/obligations",
    operation_id="listObligations",
    summary="履约情况 · duties and how they are kept",
    **asks(Permission.AGREEMENT_AGREEMENT_VIEW, list[shapes.ObligationOut], 404, 422),
)
def obligations(request: ApiRequest, number: Number, asked: Query[VersionAsked]) -> list[shapes.ObligationOut]:
    """Return the measured duties of a version with their newest measurement."""
    caller = request.auth
    found = queries.agreement(caller.actor, number, version=asked.version or None, now=caller.now).agreement
    return [shapes.obligation_out(row) for row in queries.kept(caller.actor, found)]


@breaches_router.get(
    "",
    operation_id="listBreaches",
    summary="违约列表 · breaches the caller may see",
    **asks(Permission.AGREEMENT_BREACH_VIEW, PageOut[shapes.BreachRowOut], 422),
)
def list_breaches(request: ApiRequest, asked: Query[BreachesAsked]) -> PageOut[shapes.BreachRowOut]:
    """Return a page of duties that were not kept, the newest first."""
    page = queries.breaches(
        request.auth.actor,
        agreement_number=asked.agreement,
        states=tuple(state.value for state in asked.state),
        after=listing.opened(BREACHES, asked.cursor),
        limit=asked.limit,
    )
    return PageOut(rows=[shapes.breach_row_out(row) for row in page.rows], next=listing.sealed(BREACHES, page.next))


def _breach_shown(caller: Caller, number: str) -> shapes.BreachOut:
    found, events = queries.breach(caller.actor, number)
    return shapes.breach_out(found, sorted(events))


@breaches_router.get(
    "/{number}",
    operation_id="getBreach",
    summary="一项违约 · one breach with its evidence",
    **asks(Permission.AGREEMENT_BREACH_VIEW, shapes.BreachOut, 404, 422),
)
def get_breach(request: ApiRequest, number: BreachNumber) -> shapes.BreachOut:
    """Return a breach with its evidence and what was said of it."""
    return _breach_shown(request.auth, number)


@breaches_router.post(
    "/{number}/answer",
    operation_id="answerBreach",
    summary="说明或异议 · explain or contest",
    **asks(Permission.AGREEMENT_BREACH_VIEW, shapes.BreachOut, *_BODY),
)
def answer_breach(request: ApiRequest, number: BreachNumber, body: shapes.BreachAnswerIn) -> shapes.BreachOut:
    """Explain a breach as the responsible party, or contest that one answers for it."""
    caller = request.auth
    found, _events = queries.breach(caller.actor, number)
    actions.answer_breach(breach=found, text=body.text, contest=body.contest, by=caller.actor, now=caller.now)
    return _breach_shown(caller, number)


@breaches_router.post(
    "/{number}/verdict",
    operation_id="judgeBreach",
    summary="认可与否 · take the explanation or not",
    **asks(Permission.AGREEMENT_BREACH_ANSWER, shapes.BreachOut, *_BODY),
)
def judge_breach(request: ApiRequest, number: BreachNumber, body: shapes.BreachVerdictIn) -> shapes.BreachOut:
    """Take an explanation or an objection as the other side, or hand an explanation back with a reason."""
    caller = request.auth
    found, _events = queries.breach(caller.actor, number)
    actions.judge_breach(breach=found, accept=body.accept, text=body.text, by=caller.actor, now=caller.now)
    return _breach_shown(caller, number)
