"""How records of one entity are found in several registers: the rules as data, and the model that was trained by them.

Nothing here is SQL: a field is prepared in one of a list of ways, compared in one of a list of ways, and pairs are
looked for where prepared columns agree. A model holds probabilities only, no row, so it may stand at the center.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import NAME

Preparation = Literal["name", "title", "identity", "credit", "registration", "date", "address", "phone", "code", "text"]
"""``name`` of a person, ``title`` of an organisation, ``identity`` number of GB 11643, ``credit`` code of GB 32100,
``registration`` number of before it; ``code`` and ``text`` as they are, without case and spaces."""

Outcome = Literal["match", "review"]
ReviewCause = Literal["unsure", "two-identities", "large", "contradiction"]


class LinkField(Document):
    """One field that tells entities apart, under its name in the standardised tables."""

    name: str = Field(pattern=NAME)
    title: str
    preparation: Preparation
    also: tuple[str, ...] = ()
    """Other fields that stand for it where a register lacks it, in turn."""


class LinkComparison(Document):
    """One field as evidence. Its levels follow from its preparation; the model has a weight for each.

    ``rarity`` lets agreement in a rare value weigh more than agreement in a frequent one.
    """

    field: str = Field(pattern=NAME)
    rarity: bool = False


class LinkBlock(Document):
    """Pairs are looked for where all these prepared columns agree; groups of more than ``largest`` are passed over.

    The columns a field becomes are listed in :mod:`jutong.library.linkage.prepare`, ``name_sound`` for one.
    ``identities`` is for two records that both have a valid number, and different ones: without it a block leaves
    them alone, since such a pair can only ever become a question.
    """

    columns: tuple[str, ...]
    largest: int = 500
    identities: bool = False


class ModelLevel(Document):
    """One level of a comparison: ``m`` among records of one entity, ``u`` among those of two; ``weight`` in bits."""

    code: str
    m: float
    u: float
    weight: float


class ModelComparison(Document):
    """The levels of a comparison, best first, without the one for a value that is missing, which weighs nothing."""

    field: str
    levels: tuple[ModelLevel, ...]


class LinkSpec(Document):
    """How the records of one kind of entity are brought together, in one version.

    ``identity`` is the field whose valid values name an entity: records that have the same and agree in one of
    ``confirm`` are one without further question; two that have different ones are never made one by the machine.
    ``match`` and ``review`` are weights in bits; ``margin`` is by how much the best of two candidates must be better
    for it to be taken. ``largest`` is the number of records from which on a group looks like a mistake.
    """

    code: str = Field(pattern=NAME)
    entity: str
    version: str
    effective_from: str
    fields: tuple[LinkField, ...]
    identity: str = ""
    confirm: tuple[str, ...] = ()
    comparisons: tuple[LinkComparison, ...]
    blocks: tuple[LinkBlock, ...]
    training: tuple[tuple[str, ...], ...]
    """Columns that agree while the others are learnt, in turn."""
    match: float = 10.0
    review: float = 2.0
    margin: float = 4.0
    largest: int = 12
    sample: int = 300_000
    """Records a model is trained on."""
    seed: int = 1
    enough: int = 1000
    """From how many records on there is something to learn from."""
    start: tuple[ModelComparison, ...] = ()
    """What holds until then, and for a field about which the data says nothing."""


class LinkModel(Document):
    """What was learnt: by which rules, from which versions of which tables, with which seed.

    ``prior`` is how likely two records picked by chance are of one entity.
    """

    spec: str
    spec_version: str
    version: str
    trained_at: str
    trained_on: tuple[tuple[str, int], ...]
    records: int
    seed: int
    prior: float
    comparisons: tuple[ModelComparison, ...]
    frequent: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Digests of a field's most frequent values, for those whose rarity counts."""
    tool: str = ""
    """What it was learnt with; ``start`` where nothing was learnt yet."""


class Bar(Document):
    """How many pairs have a weight from ``start`` to the next bar's."""

    start: float
    pairs: int


class LinkCard(Document):
    """What a model card shows of one run. ``precision`` and ``recall`` are the model's own estimate, -1 for none."""

    model: LinkModel
    match: float
    review: float
    records: int
    certain: int
    """Records brought together by their number alone."""
    compared: int
    matched: int
    reviews: tuple[tuple[str, int], ...]
    clusters: int
    sizes: tuple[tuple[int, int], ...]
    """How many clusters have how many records."""
    histogram: tuple[Bar, ...]
    passed_over: int
    """Groups that were too large to look for pairs in."""
    precision: float = -1.0
    recall: float = -1.0
    seconds: float = 0.0
