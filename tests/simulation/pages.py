"""A person at the pages, without a browser: reads a page, fills in its forms by their labels, presses its buttons.

Only what stands on a page can be filled in or pressed, so a walk that ends here could have been clicked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

_VOID = {"input", "br", "meta", "link", "img", "hr"}


@dataclass
class Control:
    """One control of a form with everything it is called."""

    name: str
    kind: str
    value: str = ""
    is_on: bool = True
    ident: str = ""
    labels: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    """Of a select: value to text."""


@dataclass
class Form:
    action: str
    method: str
    controls: list[Control] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """Text, name and value."""
    texts: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: dict[str, Form] = {}
        self.order: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._labels: list[tuple[str, list[str], list[Control]]] = []
        self._button: tuple[Form, dict[str, str], list[str]] | None = None
        self._link: tuple[str, list[str]] | None = None
        self._select: Control | None = None
        self._option: tuple[str, list[str], bool] | None = None
        self._area: Control | None = None
        self._loose: list[tuple[str, Control]] = []
        self._named: dict[str, list[str]] = {}
        self._quiet = 0
        self._group: tuple[str, str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: C901, PLR0912 - one case a tag
        own = {key: value or "" for key, value in attrs}
        if own.get("role") == "radiogroup":
            self._group = (own.get("aria-label", ""), tag, 1)
        elif self._group is not None and self._group[1] == tag:
            self._group = (*self._group[:2], self._group[2] + 1)
        if tag in {"script", "style", "template"}:
            self._quiet += 1
        elif tag == "form":
            self._form = Form(own.get("action", ""), own.get("method", "get").lower())
            self.order.append(self._form)
            if own.get("id"):
                self.forms[own["id"]] = self._form
        elif tag == "label":
            self._labels.append((own.get("for", ""), [], []))
        elif tag == "a" and own.get("href"):
            self._link = (own["href"], [])
        elif tag == "button" and own.get("type", "submit") == "submit":
            if self._form is not None:
                self._button = (self._form, own, [])
            else:
                self._button = (Form("", "post"), own, [])
        elif tag == "input":
            self._input(own)
        elif tag == "select":
            self._select = self._add(own, "select", "")
        elif tag == "option" and self._select is not None:
            self._option = (own.get("value", ""), [], "selected" in own)
        elif tag == "textarea":
            self._area = self._add(own, "textarea", "")

    def _input(self, own: dict[str, str]) -> None:
        kind = own.get("type", "text")
        if kind in {"submit", "image", "button", "reset"}:
            return
        control = self._add(own, kind, own.get("value", "on" if kind in {"checkbox", "radio"} else ""))
        if kind in {"checkbox", "radio"}:
            control.is_on = "checked" in own
        if kind == "file":
            control.is_on = False

    def _add(self, own: dict[str, str], kind: str, value: str) -> Control:
        control = Control(own.get("name", ""), kind, value, ident=own.get("id", ""))
        if own.get("aria-label"):
            control.labels.append(own["aria-label"])
        if kind == "radio" and self._group is not None:
            control.labels.append(self._group[0])
        if "disabled" in own:
            control.name = ""
        if own.get("form"):
            self._loose.append((own["form"], control))
        elif self._form is not None:
            self._form.controls.append(control)
        for _target, _text, inside in self._labels:
            inside.append(control)
        return control

    def handle_endtag(self, tag: str) -> None:  # noqa: C901, PLR0912 - one case a tag
        if self._group is not None and self._group[1] == tag:
            left = self._group[2] - 1
            self._group = (*self._group[:2], left) if left else None
        if tag in {"script", "style", "template"}:
            self._quiet -= 1
        elif tag == "form":
            self._form = None
        elif tag == "label" and self._labels:
            target, text, inside = self._labels.pop()
            said = _clean(text)
            if target:
                self._named.setdefault(target, []).append(said)
            for control in inside:
                control.labels.append(said)
        elif tag == "a" and self._link is not None:
            self.links.append((_clean(self._link[1]), self._link[0]))
            self._link = None
        elif tag == "button" and self._button is not None:
            form, own, text = self._button
            target = own.get("form", "")
            entry = (_clean(text) or own.get("aria-label", ""), own.get("name", ""), own.get("value", ""))
            if target:
                self._loose.append((target, Control("", "button", value="\x00".join(entry))))
            else:
                form.buttons.append(entry)
            self._button = None
        elif tag == "option" and self._select is not None and self._option is not None:
            value, text, chosen = self._option
            self._select.options[value] = _clean(text)
            if chosen or len(self._select.options) == 1:
                self._select.value = value
            self._option = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._quiet:
            return
        if self._area is not None:
            self._area.value += data
            return
        for _target, text, _inside in self._labels:
            text.append(data)
        if self._button is not None:
            self._button[2].append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._option is not None:
            self._option[1].append(data)
            return
        if data.strip():
            self.text.append(data.strip())
            if self._form is not None:
                self._form.texts.append(data.strip())

    def finish(self) -> None:
        for ident, control in self._loose:
            form = self.forms[ident]
            if control.kind == "button":
                text, name, value = control.value.split("\x00")
                form.buttons.append((text, name, value))
            else:
                form.controls.append(control)
        for form in self.order:
            for control in form.controls:
                control.labels += self._named.get(control.ident, [])


def _clean(parts: Iterable[str]) -> str:
    return " ".join("".join(parts).split())


class Person:
    """Somebody signed in; ``page`` is what the last answer said."""

    def __init__(self, client: Client, username: str = "") -> None:
        self.client = client
        self.username = username
        self.address = "/"
        self.page = ""
        self.status = 0
        self.read = _Reader()

    def open(self, address: str) -> str:
        """Go to an address, following where it leads."""
        return self._take(self.client.get(urljoin(self.address, address), follow=True), address)

    def _take(self, answer: Any, address: str) -> str:
        chain = getattr(answer, "redirect_chain", [])
        self.address = urljoin(self.address, chain[-1][0] if chain else address)
        self.status = answer.status_code
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.content = content
        self.read = _Reader()
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            self.read.feed(content.decode())
            self.read.finish()
        self.page = " ".join(self.read.text)
        assert self.status < 400, f"{self.username} at {self.address}: {self.status}\n{self.page[:3000]}"
        return self.page

    def follow(self, text: str) -> str:
        """Take the first link that is called so."""
        found = next((href for said, href in self.read.links if said == text), None) or next(
            (href for said, href in self.read.links if text in said), None
        )
        assert found is not None, f"no link {text!r} on {self.address}: {[said for said, _ in self.read.links]}"
        return self.open(found)

    def has(self, *words: str) -> bool:
        """Tell whether the page says all of it."""
        return all(word in self.page for word in words)

    def sees(self, *words: str) -> None:
        """Hold that the page says all of it."""
        missing = [word for word in words if word not in self.page]
        assert not missing, f"{self.username} at {self.address} does not see {missing}:\n{self.page[:4000]}"

    def press(self, button: str, **typed: Any) -> str:
        """Press a button of the page, after filling in its form: ``label=value`` or ``name=value``.

        A value is text, a bool for a box, a list for several boxes of one name, or ``(file name, bytes)``. Of several
        forms with such a button the first that has every control that is filled in.
        """
        forms = [form for form in self.read.order if any(_called(text, button) for text, _n, _v in form.buttons)]
        assert forms, f"no button {button!r} on {self.address}: {self._buttons()}"
        fitting = [form for form in forms if all(_find(form, label) for label in typed) and _agrees(form, typed)]
        assert fitting, (
            f"no form with {list(typed)} for {button!r} on {self.address}; there are "
            f"{[(c.labels, c.name) for c in forms[0].controls]}"
        )
        form = fitting[0]
        data = self._filled(form, typed)
        _text, name, value = next(entry for entry in form.buttons if _called(entry[0], button))
        if name:
            data.append((name, value))
        return self._send(form, data)

    def _buttons(self) -> list[str]:
        return [text for form in self.read.order for text, _name, _value in form.buttons]

    def _filled(self, form: Form, typed: dict[str, Any]) -> list[tuple[str, Any]]:  # noqa: C901 - one case a kind
        given: dict[int, Any] = {}
        for label, value in typed.items():
            found = _find(form, label)
            if isinstance(value, list):
                given |= {
                    id(control): control.value in value or bool(set(control.labels) & set(value)) for control in found
                }
            elif found[0].kind == "radio":
                given |= {id(one): value in (one.value, *one.labels) for one in found}
            else:
                given[id(found[0])] = value
        data: list[tuple[str, Any]] = []
        for control in form.controls:
            value = given.get(id(control))
            if not control.name:
                continue
            if control.kind in {"checkbox", "radio"}:
                if value if value is not None else control.is_on:
                    data.append((control.name, control.value))
            elif control.kind == "file":
                if value is not None:
                    data.append((control.name, SimpleUploadedFile(*value)))
            elif control.kind == "select" and value is not None:
                data.append((control.name, _option(control, str(value))))
            else:
                data.append((control.name, control.value if value is None else str(value)))
        return data

    def _send(self, form: Form, data: list[tuple[str, Any]]) -> str:
        target = urljoin(self.address, form.action) if form.action else self.address
        sent: dict[str, Any] = {}
        for name, value in data:
            sent.setdefault(name, []).append(value)
        if form.method == "post":
            return self._take(self.client.post(target, sent, follow=True), target)
        return self._take(self.client.get(target, sent, follow=True), target)


def _called(text: str, button: str) -> bool:
    return text == button or text.startswith(button)


def _find(form: Form, label: str) -> list[Control]:
    exact = [one for one in form.controls if label == one.name or label in one.labels]
    return exact or [one for one in form.controls if any(said.startswith(label) for said in one.labels)]


def _agrees(form: Form, typed: dict[str, Any]) -> bool:
    """Tell whether what is hidden in a form is what was asked for: that tells two forms of one look apart."""
    hidden = {control.name: control.value for control in form.controls if control.kind == "hidden"}
    return all(hidden.get(label, value) == value for label, value in typed.items())


def _option(control: Control, wanted: str) -> str:
    if wanted in control.options:
        return wanted
    found = [value for value, text in control.options.items() if text == wanted or text.startswith(wanted)]
    assert found, f"{wanted!r} is no option of {control.name}: {control.options}"
    return found[0]
