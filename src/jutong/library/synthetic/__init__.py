"""People who never were, in three registers that disagree, with the truth beside them.

For measuring and for trying out: what a linkage found can only be judged where it is known who is who. A run is fixed
by its seed and its number of people; it makes its rows in blocks, so memory does not grow with their number.

:func:`write` leaves in a folder, for each register of :data:`REGISTERS` (``police``, ``civil``, ``social``), the
rows as a department would hand them over (``landed``: all text, in several writings) or as standardising leaves them
(``standardised``: ``_key``, ``_changed``, ``_problems``, then typed fields), and ``truth.parquet`` with ``register``,
``key``, ``person``, and ``people.parquet`` with what is true of each ``person``.
"""

from jutong.library.synthetic.files import REGISTERS, Shape, write
from jutong.library.synthetic.people import Rates

__all__ = ["REGISTERS", "Rates", "Shape", "write"]
