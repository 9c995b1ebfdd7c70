"""What every page must be, whoever made it: whole, named, labelled, safe to post, valid."""

from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
from fastapi import FastAPI
from fastapi.testclient import TestClient

NAMESPACE = "{http://www.w3.org/1999/xhtml}"
NOT_A_PAGE = {
    "/",
    "/.well-known/gs1resolver",
    "/.well-known/jwks.json",
    "/account/provider",  # only where there is a provider of accounts
    "/sign-in/provider",
    "/sign-in/provider/back",
    "/sign-in/provider/out",
    "/register/changes.atom",
    "/register/data/datapackage.json",
    "/register/data/dictionary.csv",
    "/register/data/dictionary.json",
    "/robots.txt",
    "/sitemap.xml",
}
# The first screen asks each of the eleven parts of the programme what waits, whatever the rows.
WORK_STATEMENTS = 15
UNLABELLED = {"hidden", "submit", "button", "reset", "image"}
# Words that a page in English may still hold: names of places and papers are data.
VIETNAMESE_WORDS = ("Không", "Chưa", "Đã ", "Hãy", "Việc", "Tìm", "Đăng", "Tra cứu", "Sản phẩm")


def parsed(html: str) -> Element:
    """Return the document; a page the parser would have to mend fails."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=True)  # type: ignore[no-untyped-call]  # -- html5lib tells no types
    document = parser.parse(html)  # type: ignore[no-untyped-call]  # -- html5lib tells no types
    wrong = [f"{place}: {code} {details}" for place, code, details in parser.errors]
    assert not wrong, "\n".join(wrong)
    found: Element = document
    return found


def every(page: Element, *names: str) -> Iterator[Element]:
    """Yield the elements with these names, in the order of the page."""
    wanted = {NAMESPACE + name for name in names}
    return (element for element in page.iter() if element.tag in wanted)


def text_of(element: Element) -> str:
    """Return what a reader sees of an element."""
    return " ".join("".join(element.itertext()).split())


def faults(html: str) -> list[str]:
    """Return what is wrong with a page, in sentences."""
    page = parsed(html)
    found = []
    titles = [text_of(title) for title in every(page, "title")]
    # The one of the document; pictures have titles of their own namespace.
    if len(titles) != 1 or not titles[0].removesuffix("· OCOP Lai Châu").strip():
        found.append(f"the title says nothing: {titles}")
    headings = [text_of(heading) for heading in every(page, "h1")]
    if len(headings) != 1 or not headings[0]:
        found.append(f"there must be one h1, found {headings}")
    root = next(every(page, "html"))
    if root.get("lang") not in {"vi", "en"}:
        found.append("the page does not say its language")
    ids = Counter(element.get("id") for element in page.iter() if element.get("id"))
    found += [f"id «{name}» is used {times} times" for name, times in ids.items() if times > 1]
    found += _label_faults(page, set(ids))
    found += _form_faults(page)
    found += _script_faults(page)
    found += [
        f"a picture without alt: {picture.get('src')}"
        for picture in every(page, "img")
        if picture.get("alt") is None
    ]
    found += [
        f"a link without words: {link.get('href')}"
        for link in every(page, "a", "button")
        if not text_of(link) and not link.get("aria-label")
    ]
    return found


def _label_faults(page: Element, ids: set[str | None]) -> Iterator[str]:
    named = {label.get("for") for label in every(page, "label")}
    yield from (f"a label for «{name}», which is not there" for name in named - ids if name)
    wrapped = {field for label in every(page, "label") for field in every(label, *_FIELDS)}
    for field in every(page, *_FIELDS):
        if field.get("type") in UNLABELLED:
            continue
        labelled = field.get("id") in named or field in wrapped
        if not labelled and not field.get("aria-label") and not field.get("aria-labelledby"):
            yield f"a field without label: {field.get('name')}"
    for element in page.iter():
        for name in (element.get("aria-describedby") or "").split():
            if name not in ids:
                yield f"described by «{name}», which is not there"


_FIELDS = ("input", "select", "textarea")
# Forms that need no key: doing them twice does no harm, or is what they count.
_KEYLESS = {"/sign-in", "/sign-out"}
_COUNTED = "/pin"


def _form_faults(page: Element) -> Iterator[str]:
    for form in every(page, "form"):
        method, action = (form.get("method") or "get").lower(), form.get("action") or ""
        keys = [field.get("value") for field in every(form, "input") if field.get("name") == "_key"]
        if method not in {"get", "post"}:
            yield f"a form with method {method}"
        if not action.startswith("/"):
            yield f"a form that goes to «{action}»"
        bare = action.partition("?")[0]
        needs_key = method == "post" and bare not in _KEYLESS and not bare.endswith(_COUNTED)
        if needs_key and (len(keys) != 1 or not keys[0]):
            yield f"the form to {action} carries {len(keys)} keys"
        if method == "get" and keys:
            yield f"the form to {action} only asks, and yet carries a key"
        buttons = [
            button
            for button in every(form, "button", "input")
            if button.tag == NAMESPACE + "button" or button.get("type") == "submit"
        ]
        shown = [field for field in every(form, *_FIELDS) if field.get("type") != "hidden"]
        if shown and not buttons:
            yield f"the form to {action} cannot be sent without script"


def _script_faults(page: Element) -> Iterator[str]:
    for script in every(page, "script"):
        is_data = script.get("type") == "application/ld+json"  # read, never run
        if not script.get("src") and not is_data:
            yield "a script within the page: the policy forbids it"
    for element in page.iter():
        if element.get("style") is not None:
            yield f"a style on <{str(element.tag).removeprefix(NAMESPACE)}>: the policy forbids it"
        yield from (
            f"a handler within the page: {name}" for name in element.attrib if name.startswith("on")
        )


def check_page(html: str) -> None:
    """Fail with everything that is wrong with a page."""
    wrong = faults(html)
    assert not wrong, "\n".join(wrong)


def vietnamese_left(html: str) -> list[str]:
    """Return the lines of a page in English that are still Vietnamese."""
    page = parsed(html)
    lines = {text_of(element) for element in page.iter() if not list(element)}
    lines |= {element.get("aria-label") or "" for element in page.iter()}
    return sorted(line for line in lines if any(word in line for word in VIETNAMESE_WORDS))


def pages_by_name(client: TestClient) -> list[str]:
    """Return the addresses of the pages that need no parameter."""
    assert isinstance(client.app, FastAPI)
    found = {page.path for page in client.app.state.pages.values() if "GET" in (page.methods or ())}
    return sorted(path for path in found - NOT_A_PAGE if "{" not in path)
