"""What a caller needs: sign calls, send them to a node's gateway, check the node's answers.

Stands on public libraries only (httpx, http-message-signatures), so that it shows what any other language would do.
"""

from jutong.client.caller import JutongClient, Lent, Queried, Verified
from jutong.client.errors import AnswerUntrustedError, GatewayUnreachableError, RefusedError

__all__ = [
    "AnswerUntrustedError",
    "GatewayUnreachableError",
    "JutongClient",
    "Lent",
    "Queried",
    "RefusedError",
    "Verified",
]
