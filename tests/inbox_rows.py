"""What stands in the rows of the inbox, and pressing a button there as the page offers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from jutong.center.sharing.queries.tasks import TaskKind


@dataclass
class Form:
    """One form: its address, unseen fields, names of what is typed, and buttons by label."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class Rows(HTMLParser):
    """The forms in the rows of a page, by the row's id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[Form]] = {}
        self._row = ""
        self._button: tuple[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "li":
            self._row = said.get("id", "")
            if self._row.startswith("t-"):
                self.rows[self._row] = []
        forms = self.rows.get(self._row)
        if forms is None:
            return
        if tag == "form":
            forms.append(Form(said["action"]))
        elif tag == "input" and said.get("type") == "hidden":
            forms[-1].hidden[said["name"]] = said["value"]
        elif tag in {"textarea", "input", "select"}:
            forms[-1].typed.append(said["name"])
        elif tag == "button":
            self._button = (said.get("name", ""), said.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self.rows[self._row][-1].buttons.setdefault(data.strip(), self._button)
            self._button = None


def rows(client: Client, page: str = "/inbox") -> dict[str, list[Form]]:
    answer = client.get(page)
    assert answer.status_code == 200
    return Rows(answer.content.decode()).rows


def press(
    client: Client,
    kind: TaskKind,
    button: str,
    typed: str = "",
    *,
    page: str = "/inbox",
    script: bool = False,
    told: dict[str, str] | None = None,
) -> Any:
    """Press a button in the first row of a kind, as the page offers it, with a text typed into its only field."""
    forms = next(forms for key, forms in rows(client, page).items() if key.startswith(f"t-{kind.value}-"))
    form = next(form for form in forms if button in form.buttons)
    name, value = form.buttons[button]
    said = form.hidden | dict.fromkeys(form.typed, typed) | ({name: value} if name else {}) | (told or {})
    return client.post(form.action, said, headers={"HX-Request": "true"} if script else {})
