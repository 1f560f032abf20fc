"""What the center tells a node about whoever reads tables with a Delta Sharing client."""

from __future__ import annotations

from jutong.contracts.envelope import Document


class ShareTicketOrder(Document):
    """Kind ``share-ticket``: lets one signed-in person make and end the profiles of one information system, once.

    The token goes from the node to the browser and nowhere else.
    """

    system_id: str
    system_name: str
    grant_number: str
    organisation_code: str
    official: str
    post: str
    valid_until_ms: int
    nonce: str
