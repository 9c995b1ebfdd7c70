"""A person without script: reads the forms of a page as a browser does, types, presses a button."""

from html.parser import HTMLParser

from fastapi.testclient import TestClient
from httpx2 import Response

Values = dict[str, list[str]]
Attributes = list[tuple[str, str | None]]


class _Forms(HTMLParser):
    """Collects, by the address of each posting form, what a browser would send untouched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, Values] = {}
        self._ids: dict[str, str] = {}
        self._action = ""
        self._text: tuple[str, str] | None = None
        self._select: tuple[str, str] | None = None
        self._chosen: str | None = None
        self.feed(html)

    def _put(self, action: str, name: str | None, value: str) -> None:
        if action and name:
            self.forms[action].setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        has = dict(attrs)
        action = self._ids.get(has.get("form") or "", self._action)
        match tag:
            case "form" if has.get("method") == "post":
                self._action = has.get("action") or ""
                self.forms.setdefault(self._action, {})
                self._ids[has.get("id") or self._action] = self._action
            case "input" if has.get("type") in {"radio", "checkbox"}:
                if "checked" in has:
                    self._put(action, has.get("name"), has.get("value") or "on")
            case "input" if has.get("type") != "file":
                self._put(action, has.get("name"), has.get("value") or "")
            case "textarea":
                self._text = (has.get("name") or "", "")
            case "select":
                self._select, self._chosen = (action, has.get("name") or ""), None
            case "option" if self._select and (self._chosen is None or "selected" in has):
                self._chosen = has.get("value") or ""
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if self._text:
            self._text = (self._text[0], self._text[1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text:
            self._put(self._action, self._text[0], self._text[1].removeprefix("\n"))
            self._text = None
        elif tag == "select" and self._select:
            self._put(*self._select, self._chosen or "")
            self._select = None
        elif tag == "form":
            self._action = ""


def form_on(html: str, action: str) -> Values:
    """Return what the form with this address would send if its button were pressed now."""
    return _Forms(html).forms[action]


def press(client: TestClient, html: str, action: str, **typed: str | list[str]) -> Response:
    """Type into the form with this address and press its button; `__` in a name stands for a dot."""
    values: dict[str, str | list[str]] = {**form_on(html, action)}
    values |= {name.replace("__", "."): value for name, value in typed.items()}
    return client.post(action, data=values)
