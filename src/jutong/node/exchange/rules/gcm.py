"""GCM (NIST SP 800-38D) over many short messages at once: one call of the block cipher for all of them.

The library closes one message a call, which for SM4 costs eight microseconds of its own. Here the counters of a whole
column go through the cipher together, and the check sums are carried on in numpy, block by block over all rows. A test
holds every byte against the library.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Bytes = npt.NDArray[np.uint8]
BLOCK = 16
_REDUCTION = 0xE1 << 120


class Gcm:
    """Closes messages of one length under one key.

    Args:
        algorithm: the block cipher with its key.
        about: what is authenticated with each of them.
    """

    def __init__(self, algorithm: algorithms.SM4 | algorithms.AES, about: bytes) -> None:
        # ECB is the block cipher itself, which GCM is made of; nothing is closed with it.
        self._cipher = Cipher(algorithm, modes.ECB())  # noqa: S305
        self._products = _products(int.from_bytes(self._blocks(bytes(BLOCK)), "big"))
        padded = np.frombuffer(about + bytes(-len(about) % BLOCK), dtype=np.uint8).reshape(1, -1)
        self._about_bits = len(about) * 8
        self._begun = self._summed(padded, np.zeros((1, BLOCK), dtype=np.uint8))

    def _blocks(self, raw: bytes) -> bytes:
        return self._cipher.encryptor().update(raw)

    def close(self, nonces: Bytes, plain: Bytes) -> tuple[Bytes, Bytes]:
        """Return the closed messages and their tags.

        Args:
            nonces: 12 bytes each; none may come twice under one key.
            plain: the messages, of one length that is a multiple of 16 bytes.
        """
        count, length = plain.shape
        blocks = length // BLOCK
        counters = np.zeros((count, blocks + 1, BLOCK), dtype=np.uint8)
        counters[:, :, :12] = nonces[:, None, :]
        counters[:, :, 12:] = np.arange(1, blocks + 2, dtype=">u4").view(np.uint8).reshape(1, -1, 4)
        stream = np.frombuffer(self._blocks(counters.tobytes()), dtype=np.uint8).reshape(count, blocks + 1, BLOCK)
        closed = plain ^ stream[:, 1:].reshape(count, length)
        lengths = np.frombuffer(self._about_bits.to_bytes(8, "big") + (length * 8).to_bytes(8, "big"), dtype=np.uint8)
        summed = self._summed(closed, np.repeat(self._begun, count, axis=0))
        tags: Bytes = self._times(summed ^ lengths) ^ stream[:, 0]
        return closed, tags

    def _summed(self, content: Bytes, begun: Bytes) -> Bytes:
        for at in range(0, content.shape[1], BLOCK):
            begun = self._times(begun ^ content[:, at : at + BLOCK])
        return begun

    def _times(self, blocks: Bytes) -> Bytes:
        """Multiply by the subkey: each byte's product is looked up, and all are added."""
        found = self._products[0].take(blocks[:, 0]).view(np.uint64)
        for place in range(1, BLOCK):
            found ^= self._products[place].take(blocks[:, place]).view(np.uint64)
        product: Bytes = found.view(np.uint8).reshape(-1, BLOCK)
        return product


def _products(subkey: int) -> npt.NDArray[np.complex128]:
    """Return the products of the subkey and every value of every byte of a block, 16 bytes each as one number."""
    found = np.zeros((BLOCK, 256, BLOCK), dtype=np.uint8)
    for bit in range(BLOCK * 8):
        place, weight = bit // 8, 128 >> bit % 8
        found[place][np.arange(256) & weight != 0] ^= np.frombuffer(subkey.to_bytes(BLOCK, "big"), dtype=np.uint8)
        subkey = subkey >> 1 ^ (_REDUCTION if subkey & 1 else 0)
    return found.view(np.complex128)[:, :, 0]
