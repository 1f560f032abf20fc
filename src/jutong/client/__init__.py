"""What a caller needs: sign calls, send them to a node's gateway, check the node's answers and their receipts.

Stands on public libraries only (httpx, http-message-signatures), so that it shows what any other language would do.
"""

from jutong.client.asynchronous import AsyncJutongClient
from jutong.client.caller import JutongClient
from jutong.client.errors import (
    AnswerUntrustedError,
    GatewayUnreachableError,
    ReceiptUntrustedError,
    RefusedError,
)
from jutong.client.results import (
    Answer,
    Batch,
    Change,
    Explained,
    FilePart,
    Filter,
    Found,
    Lent,
    Mark,
    Page,
    Proven,
    SealedKey,
    Verdict,
)
from jutong.client.retrying import NEVER, Retry

__all__ = [
    "NEVER",
    "Answer",
    "AnswerUntrustedError",
    "AsyncJutongClient",
    "Batch",
    "Change",
    "Explained",
    "FilePart",
    "Filter",
    "Found",
    "GatewayUnreachableError",
    "JutongClient",
    "Lent",
    "Mark",
    "Page",
    "Proven",
    "ReceiptUntrustedError",
    "RefusedError",
    "Retry",
    "SealedKey",
    "Verdict",
]
