"""The keys organisations sign with, kept by the instance; a seal service or SM2 can stand where the file stands."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from jutong.center.agreement.models import OrganisationKey
from jutong.center.org.models import Organisation
from jutong.kernel.keys import Ed25519Signer, load_or_create_signer


def organisation_signer(organisation: Organisation, *, now: datetime) -> Ed25519Signer:
    """Return the organisation's signing key, made on first use; its public part is then in the registry.

    While it is made the organisation's row stays locked, so that two processes never make two keys.
    """
    path = settings.JUTONG.path("keys", "organisations", f"{organisation.id}.key")
    if not path.exists():
        Organisation.objects.select_for_update(of=("self",), no_key=True).get(id=organisation.id)
    signer = load_or_create_signer(path, organisation.code)
    OrganisationKey.objects.get_or_create(
        key_id=signer.key_id,
        defaults={"organisation": organisation, "alg": signer.alg, "public_key": signer.public_b64, "made_at": now},
    )
    return signer
