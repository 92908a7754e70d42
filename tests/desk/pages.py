"""Reading pages of the desk, and pressing what is on them."""

import re
from html import unescape
from typing import Any


def token(page: str, name: str = "csrf_token") -> str:
    """What a form carries unseen: of the last form on the page."""
    return re.findall(rf'name="{name}"[^>]*value="([^"]*)"', page)[-1]


def seen(page: str) -> str:
    """The page's words, without its marks."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def fill(client: Any, address: str, /, at: str | None = None, **values: Any) -> Any:
    """Open a page (`at`, or the address itself) and send a form with its unseen fields to the address."""
    page = client.get(at or address).text
    return client.post(address, data=unseen(page) | values)


def hidden(page: str) -> dict[str, str]:
    """All that the last form of a page carries unseen."""
    form = page[page.rindex("<form") :]
    fields = [field for field in re.findall(r"<input [^>]*>", form) if 'type="hidden"' in field]
    return {
        re.findall(r'name="([^"]*)"', field)[0]: unescape(re.findall(r'value="([^"]*)"', field)[0]) for field in fields
    }


def unseen(page: str) -> dict[str, str]:
    return {"csrf_token": token(page), "request_key": token(page, "request_key")}
