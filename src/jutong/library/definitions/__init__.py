"""What the libraries that ship are made of, and what makes a definition fit or unfit.

A field names its data element; type, length, scale, code table and title follow from it where the definition does not
state them, so a definition says only what is its own. Nothing here needs an engine: pages of the center read it too.
"""

from jutong.library.definitions.load import library, resolved, shipped, table
from jutong.library.definitions.problems import Problem, problems, require

__all__ = ["Problem", "library", "problems", "require", "resolved", "shipped", "table"]
