"""Writing the catalogue: each step of a version is one address under its entry."""

from __future__ import annotations

from ninja import Router

from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes import catalog as shapes
from jutong.api.shapes import entry_in as bodies
from jutong.api.shapes.common import PageOut
from jutong.api.shapes.life import ReturnIn
from jutong.api.v1.catalog import ENTRY, Classification, Sequence, code_of
from jutong.api.v1.catalog import router as catalog
from jutong.center.catalog import actions, queries
from jutong.center.catalog.checks import findings_of_writing
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation
from jutong.center.sharing.actions.changes import bind_entry
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

TAGS = ["目录编制 entries"]
router = Router(tags=list(TAGS))
_WRITE = (404, 409, 415, 422)
_STEP = (404, 409, 422)


def _own(caller: Caller, classification: str, sequence: str) -> Entry:
    return queries.entry_for_steward(caller.actor, code_of(classification, sequence))


def _open(caller: Caller, classification: str, sequence: str) -> EntryVersion:
    """Return the version being made; where none is, the newest, so that the step itself says why it cannot be."""
    entry = _own(caller, classification, sequence)
    found = queries.open_version(entry) or next(iter(entry.versions.all()), None)
    if found is None:
        raise NotFoundError(what=entry.code)
    return found


def _submitted(caller: Caller, classification: str, sequence: str) -> EntryVersion:
    """Return the newest version the authority may see."""
    return queries.history(caller.actor, code_of(classification, sequence))[0]


def _version(caller: Caller, done: EntryVersion) -> shapes.VersionOut:
    return shapes.version_out(queries.version(caller.actor, done.id))


@catalog.post(
    "/entries",
    operation_id="createEntry",
    summary="新建目录草稿 · start an entry",
    tags=list(TAGS),  # on the catalogue's own router, because one address has one router
    **asks(Permission.CATALOG_ENTRY_EDIT, shapes.OwnEntryOut, 409, 415, 422, status=201),
)
def create(request: ApiRequest, body: bodies.EntryIn) -> shapes.OwnEntryOut:
    """Start an entry of the own department: its code and its first version as a draft."""
    caller = request.auth
    made = actions.create_entry(fields=body.fields(), items=body.item_fields(), by=caller.actor, now=caller.now)
    return shapes.own_entry_out(queries.entry_for_steward(caller.actor, made.entry.code))


@catalog.post(
    "/entries/check",
    operation_id="checkEntry",
    summary="核对目录内容 · judge an entry without storing it",
    tags=list(TAGS),
    **asks(Permission.CATALOG_ENTRY_EDIT, PageOut[shapes.FindingOut], 404, 415, 422),
)
def check(request: ApiRequest, body: bodies.CheckIn) -> PageOut[shapes.FindingOut]:
    """Return every error and warning of VC-01 to VC-13 in what was sent, by the template in force; nothing is kept."""
    caller = request.auth
    entry = queries.entry_for_steward(caller.actor, body.code) if body.code else None
    organisation = entry.organisation if entry else own_organisation(caller.actor)
    found = findings_of_writing(organisation, body.fields(), body.item_fields(), on=civil_date(caller.now), entry=entry)
    return PageOut(rows=[shapes.finding_out(row) for row in found], next="")


@router.put(
    f"{ENTRY}/draft",
    operation_id="editEntry",
    summary="修改草稿 · write the draft anew",
    **asks(Permission.CATALOG_ENTRY_EDIT, shapes.VersionOut, *_WRITE),
)
def edit(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: bodies.EntryIn
) -> shapes.VersionOut:
    """Write the open version anew; assessments and consent were about other content and fall away."""
    caller = request.auth
    version = _open(caller, classification, sequence)
    done = actions.edit_version(
        version=version, fields=body.fields(), items=body.item_fields(), by=caller.actor, now=caller.now
    )
    return _version(caller, done)


@router.post(
    f"{ENTRY}/versions",
    operation_id="renewEntry",
    summary="新建版本 · start a new version",
    **asks(Permission.CATALOG_ENTRY_EDIT, shapes.VersionOut, *_WRITE, status=201),
)
def renew(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: bodies.RenewIn
) -> shapes.VersionOut:
    """Start a new version of a published entry from what the published one says (条例 17)."""
    caller = request.auth
    done = actions.new_version(
        entry=_own(caller, classification, sequence),
        trigger=body.trigger,
        happened_on=body.happened_on,
        change_note=body.change_note,
        effective_from=body.effective_from,
        by=caller.actor,
        now=caller.now,
    )
    return _version(caller, done)


@router.post(
    f"{ENTRY}/assessments",
    operation_id="assessEntry",
    summary="登记评估 · record an assessment",
    **asks(Permission.CATALOG_ENTRY_EDIT, shapes.VersionOut, *_WRITE),
)
def assess(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: bodies.AssessmentIn
) -> shapes.VersionOut:
    """Record one of the two assessments; when both passed, the version goes to 部门负责人 (条例 13)."""
    caller = request.auth
    done = actions.record_assessment(
        version=_open(caller, classification, sequence),
        kind=body.kind,
        passed=body.passed,
        conclusion=body.conclusion,
        assessed_by=body.assessed_by,
        assessed_on=body.assessed_on,
        by=caller.actor,
        now=caller.now,
    )
    return _version(caller, done)


@router.get(
    f"{ENTRY}/findings",
    operation_id="listFindings",
    summary="还差什么 · what stands between the draft and its submission",
    **asks(Permission.CATALOG_DRAFT_VIEW, PageOut[shapes.FindingOut], 404, 422),
)
def findings(request: ApiRequest, classification: Classification, sequence: Sequence) -> PageOut[shapes.FindingOut]:
    """Return everything that must be changed before the open version can be submitted."""
    caller = request.auth
    version = _open(caller, classification, sequence)
    found = queries.findings(caller.actor, version, civil_date(caller.now))
    return PageOut(rows=[shapes.finding_out(row) for row in found], next="")


@router.post(
    f"{ENTRY}/consent",
    operation_id="consentEntry",
    summary="部门负责人同意或退回 · the department head decides",
    **asks(Permission.CATALOG_ENTRY_CONSENT, shapes.VersionOut, *_WRITE),
)
def consent(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: bodies.ConsentIn
) -> shapes.VersionOut:
    """Give 部门负责人's consent, or hand the draft back with the reason (条例 13)."""
    caller = request.auth
    version = _open(caller, classification, sequence)
    if body.agreed:
        return _version(caller, actions.consent(version=version, by=caller.actor, now=caller.now))
    return _version(
        caller, actions.decline(version=version, reason=body.reason, by=caller.actor, now=caller.now)
    )  # fmt: skip


@router.post(
    f"{ENTRY}/submission",
    operation_id="submitEntry",
    summary="提交审核 · submit to the authority",
    **asks(Permission.CATALOG_ENTRY_SUBMIT, shapes.VersionOut, *_STEP),
)
def submit(request: ApiRequest, classification: Classification, sequence: Sequence) -> shapes.VersionOut:
    """Submit the open version; the authority's clock starts (条例 16, 17)."""
    caller = request.auth
    version = _open(caller, classification, sequence)
    return _version(caller, actions.submit(version=version, by=caller.actor, now=caller.now))


@router.delete(
    f"{ENTRY}/submission",
    operation_id="recallEntry",
    summary="撤回提交 · take the submission back",
    **asks(Permission.CATALOG_ENTRY_SUBMIT, shapes.VersionOut, *_STEP),
)
def recall(request: ApiRequest, classification: Classification, sequence: Sequence) -> shapes.VersionOut:
    """Take a submitted version back before it is decided."""
    caller = request.auth
    version = _open(caller, classification, sequence)
    return _version(caller, actions.withdraw(version=version, by=caller.actor, now=caller.now))


@router.post(
    f"{ENTRY}/publication",
    operation_id="publishEntry",
    summary="审核发布 · publish",
    **asks(Permission.CATALOG_ENTRY_REVIEW, shapes.VersionOut, *_STEP),
)
def publish(request: ApiRequest, classification: Classification, sequence: Sequence) -> shapes.VersionOut:
    """Publish the submitted version and announce it to all departments (条例 16)."""
    caller = request.auth
    version = _submitted(caller, classification, sequence)
    return _version(caller, actions.publish(version=version, by=caller.actor, now=caller.now))


@router.post(
    f"{ENTRY}/return",
    operation_id="returnEntry",
    summary="审核退回 · return with the reason",
    **asks(Permission.CATALOG_ENTRY_REVIEW, None, *_WRITE, status=204),
)
def return_entry(request: ApiRequest, classification: Classification, sequence: Sequence, body: ReturnIn) -> None:
    """Return the submitted version to its department with the reason (条例 15)."""
    caller = request.auth
    version = _submitted(caller, classification, sequence)
    actions.return_version(version=version, code=body.code, reason=body.reason, by=caller.actor, now=caller.now)


@router.put(
    f"{ENTRY}/binding",
    operation_id="bindEntry",
    summary="挂接 · bind a published entry to a table",
    **asks(Permission.CATALOG_ENTRY_BIND, shapes.BindingOut, *_WRITE),
)
def bind(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: bodies.BindIn
) -> shapes.BindingOut:
    """Bind the entry to a table its node reported; grants that waited for it are ordered."""
    caller = request.auth
    entry = _own(caller, classification, sequence)
    done = bind_entry(
        entry=entry,
        source=body.source,
        schema_name=body.schema_name,
        table=body.table,
        columns=body.columns,
        by=caller.actor,
        now=caller.now,
    )
    return shapes.binding_out(done)


@router.delete(
    f"{ENTRY}/binding",
    operation_id="unbindEntry",
    summary="解除挂接 · end the binding",
    **asks(Permission.CATALOG_ENTRY_BIND, None, *_STEP, status=204),
)
def unbind(request: ApiRequest, classification: Classification, sequence: Sequence) -> None:
    """End the entry's binding; refused while grants run over it."""
    caller = request.auth
    actions.unbind(entry=_own(caller, classification, sequence), by=caller.actor, now=caller.now)
