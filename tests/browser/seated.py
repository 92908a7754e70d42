"""A member of staff at a browser: signed in already, and whatever the browser complains about fails the test."""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from core.catalogue.tables import Agency, Site
from core.db import Transaction
from core.staff.roles import Role
from core.staff.tables import Staff


def cookie_of(
    app: Flask,
    transaction: Transaction,
    username: str,
    role: Role,
    *,
    site: str | None = None,
    agency: str | None = None,
    now: datetime,
) -> str:
    """The session of a new officer with this role, at this centre or of this agency."""
    with transaction() as db:
        db.add(
            Staff(
                username=username,
                name=username.title(),
                role=role,
                site_id=db.scalar(sa.select(Site.id).where(Site.code == site)) if site else None,
                agency_id=db.scalar(sa.select(Agency.id).where(Agency.code == agency)) if agency else None,
                password="not a hash: nobody signs in with it",
                must_change_password=False,
                fs_uniquifier=f"session-of-{username}",
                created_at=now,
            )
        )
    began = int(now.timestamp())
    session = {"_user_id": f"session-of-{username}", "_fresh": True, "fs_paa": time.time()}
    serializer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(serializer.dumps(session | {"desk_since": began, "desk_seen": began}))


@contextlib.contextmanager
def seated(browser: Browser, address: str, cookie: str, *, scripts: bool = True) -> Iterator[Page]:
    """A tab of the officer with this session."""
    context = browser.new_context(base_url=address, java_script_enabled=scripts)
    context.add_cookies([{"name": "zamu", "value": cookie, "url": address}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
    yield page
    context.close()
    assert complaints == []


def type_in(page: Page, keys: str) -> None:
    """Type and press Enter, as a scanner does. Nobody has touched the mouse: the page itself holds a field ready.

    What is typed before it does is lost, to people too; they see that there is no field yet.
    """
    expect(page.locator("input:focus")).to_be_attached()
    page.wait_for_load_state()
    page.keyboard.type(keys)
    page.keyboard.press("Enter")
