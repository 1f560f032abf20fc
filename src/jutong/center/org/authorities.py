"""Who stands above whom: the line of divisions, the authority one level up, the leader of a level."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.center.org.enums import Role
from jutong.center.org.models import Division, Organisation
from jutong.center.org.queries import open_posts

_DEEPEST = 8
"""More levels than there are; a ring of divisions ends here."""


@dataclass(frozen=True, slots=True)
class Office:
    """An organisation and the post in it that something goes to."""

    organisation: Organisation
    role: Role


def line_of(division_code: str) -> list[str]:
    """Return the divisions above one, the nearest first."""
    parents = dict(Division.objects.filter(valid_until=None).values_list("code", "parent_code"))
    line: list[str] = []
    above = parents.get(division_code, "")
    while above and above not in line and len(line) < _DEEPEST:
        line.append(above)
        above = parents.get(above, "")
    return line


def authority_of(division_code: str) -> Office | None:
    """Return the authority of a division itself, if one is registered (条例 8)."""
    found = Organisation.objects.filter(division_code=division_code, is_authority=True, closed_at=None).first()
    return None if found is None else Office(found, Role.AUTHORITY)


def superior_of(division_code: str) -> Office | None:
    """Return the nearest authority above a division's own (条例 41)."""
    return next((found for code in line_of(division_code) if (found := authority_of(code))), None)


def leader_of(division_code: str) -> Office | None:
    """Return where the leader of a level's government sits (本级人民政府), the authority's own house last."""
    posts = open_posts().filter(role=Role.LEADER, organisation__division_code=division_code)
    post = posts.order_by("organisation__is_authority", "organisation__code").first()
    return None if post is None else Office(post.organisation, Role.LEADER)


def judge_of(organisation: Organisation) -> Office | None:
    """Return who judges an organisation: its level's authority; an authority's superior or, without one, its leader.

    Nobody judges itself (条例 39-41).
    """
    division = organisation.division_code
    if organisation.is_authority:
        return superior_of(division) or leader_of(division)
    return authority_of(division) or superior_of(division)


def above_judge(organisation: Organisation) -> Office | None:
    """Return who hears of it when the judge of an organisation lets a thing lie."""
    division = organisation.division_code
    if organisation.is_authority:
        return leader_of(division)
    return superior_of(division) or leader_of(division)
