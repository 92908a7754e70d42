"""A citizen with a browser: follows links by their words, fills fields by their labels, presses buttons by their names.

Like an old browser, it runs no scripts. It goes back by opening pages again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from flask import Flask
from flask.testing import FlaskClient

from tests.portal.pages import words

EMPTY = {"input", "meta", "link", "br", "hr", "img"}


@dataclass
class Form:
    action: str
    method: str
    fields: list[dict[str, str]] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)


class _Page(HTMLParser):
    """Links, labels and forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.labels: dict[str, str] = {}
        self.forms: list[Form] = []
        self.headings: list[str] = []
        self.title = ""
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif tag == "input" and self.forms:
            self.forms[-1].fields.append(given)
        if tag not in EMPTY:
            self._open.append((tag, given, []))

    def handle_data(self, data: str) -> None:
        for _tag, _given, text in self._open:
            text.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, given, text = self._open.pop()
            said = " ".join("".join(text).split())
            if name == "a" and "href" in given:
                self.links.append((said, given["href"]))
            elif name == "label":
                self.labels[said] = given["for"]
            elif name == "button":
                self.forms[-1].buttons.append(given | {"says": said})
            elif name == "h1":
                self.headings.append(said)
            elif name == "title" and not self.title:
                self.title = said
            if name == tag:
                return


class Citizen:
    """One browser. Every step answers itself, so that steps read as a sentence."""

    def __init__(self, app: Flask, sms: Callable[[str], str], language: str = "en") -> None:
        self.client: FlaskClient = app.test_client()
        self._sms = sms
        self._typed: dict[str, str] = {}
        self.at = "/"
        self.html = ""
        self.status = 0
        if language != "en":
            self.client.get(f"/language/{language}")

    # Looking

    @property
    def page(self) -> _Page:
        return _Page(self.html)

    @property
    def text(self) -> str:
        return words(self.html)

    def sees(self, *texts: str) -> "Citizen":
        for text in texts:
            assert text in self.text, f"{text!r} is not on {self.at}: {self.text}"
        return self

    def sees_in_this_order(self, *texts: str) -> "Citizen":
        found = [self.text.find(text) for text in texts]
        assert -1 not in found, f"{texts} at {found} on {self.at}: {self.text}"
        assert found == sorted(found), f"{texts} at {found} on {self.at}: {self.text}"
        return self

    def sees_not(self, *texts: str) -> "Citizen":
        for text in texts:
            assert text not in self.text, f"{text!r} is on {self.at}: {self.text}"
        return self

    def value_of(self, label: str) -> str:
        """What stands in a field."""
        return self._field(label).get("value", "")

    def keys_for(self, label: str) -> str:
        """Which keys a phone shows for a field: tel or numeric are for digits."""
        field = self._field(label)
        return field.get("inputmode") or field["type"]

    def times(self) -> list[str]:
        """The times that may be chosen, as their buttons say them."""
        return [b["says"] for form in self.page.forms for b in form.buttons if b.get("name") == "at"]

    # Going

    def opens(self, address: str) -> "Citizen":
        return self._arrive(self.client.get(address, follow_redirects=True))

    def follows(self, text: str) -> "Citizen":
        href = next((href for said, href in self.page.links if said == text), None)
        assert href is not None, f"no link {text!r} on {self.at}: {[said for said, _ in self.page.links]}"
        return self.opens(urljoin(self.at, href))

    def types(self, label: str, value: str) -> "Citizen":
        self._typed[self._field(label)["name"]] = value
        return self

    def chooses(self, label: str) -> "Citizen":
        chosen = self._field(label)
        self._typed[chosen["name"]] = chosen["value"]
        return self

    def presses(self, text: str) -> "Citizen":
        return self._arrive(self.sends(text))

    def sends(self, text: str) -> Any:
        """The same, without looking at what comes: for pressing twice."""
        for form in self.page.forms:
            for button in form.buttons:
                if button["says"] == text:
                    return self._submit(form, button)
        raise AssertionError(
            f"no button {text!r} on {self.at}: {[b['says'] for f in self.page.forms for b in f.buttons]}"
        )

    def proves(self, phone: str = "0711 000 001", label: str = "Your phone number") -> "Citizen":
        """Types a phone and the code that comes by SMS."""
        self.types(label, phone).presses(self._said("Send me the code", "Nitumie nambari ya siri"))
        return self.types_code(self._sms(phone))

    def types_code(self, digits: str) -> "Citizen":
        label = next(label for label, at in self.page.labels.items() if at == "digits")
        return self.types(label, digits).presses(self._said("Continue", "Endelea"))

    # Inside

    def _said(self, *texts: str) -> str:
        said = [b["says"] for form in self.page.forms for b in form.buttons]
        return next(text for text in texts if text in said)

    def _field(self, label: str) -> dict[str, str]:
        page = self.page
        assert label in page.labels, f"no field {label!r} on {self.at}: {list(page.labels)}"
        return next(f for form in page.forms for f in form.fields if f.get("id") == page.labels[label])

    def _submit(self, form: Form, button: dict[str, str]) -> Any:
        values = {
            f["name"]: self._typed.get(f["name"], f.get("value", ""))
            for f in form.fields
            if f.get("type") != "radio" or f["name"] in self._typed
        }
        if "name" in button:
            values[button["name"]] = button["value"]
        self._typed = {}
        action = urljoin(self.at, form.action)
        if form.method == "post":
            return self.client.post(action, data=values, follow_redirects=True)
        return self.client.get(action.partition("?")[0], query_string=values, follow_redirects=True)

    def _arrive(self, response: Any) -> "Citizen":
        request = response.request
        self.at = request.full_path.rstrip("?")
        self.html, self.status = response.text, response.status_code
        assert self.status < 500, self.text
        assert len(self.page.headings) == 1, f"{self.at} has headings {self.page.headings}"
        self._typed = {}
        return self
