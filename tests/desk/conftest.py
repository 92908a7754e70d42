"""Members of staff at their desks: clients that are signed in already."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.catalogue.tables import Agency, Site
from core.db import Transaction
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, Role
from core.staff.tables import Staff
from tests.support import Clock

Desk = Callable[..., "DeskClient"]


class DeskClient(FlaskClient):
    """A browser at the desk. Its session does not wear out, however far a test moves the clock on."""

    officer: Staff
    clock: Clock
    wears_out = False
    _begun: int | None = None

    def open(self, *args: Any, **kwargs: Any) -> Any:
        now = int(self.clock().timestamp())
        if self._begun is None or (self._begun != now and not self.wears_out):
            self._begun = now
            with self.session_transaction() as session:
                session.update(
                    _user_id=self.officer.fs_uniquifier,
                    _fresh=True,
                    fs_paa=time.time(),
                    desk_since=now,
                    desk_seen=now,
                )
        return super().open(*args, **kwargs)


@pytest.fixture
def desk(app: Flask, transaction: Transaction, clock: Clock) -> Desk:
    """`desk("manager", site="MSA")`: a client signed in as somebody with this role, there; `.officer` is their row.

    A role of no centre or agency has none, whatever is asked for; a clerk without one is of NRB's.
    """
    count = itertools.count(1)

    def sit_down(role: str, site: str = "GPO", agency: str | None = None, *, language: str = "en") -> DeskClient:
        nth = next(count)
        with transaction() as db:
            officer = Staff(
                username=f"{role}{nth}",
                name=f"Amina {nth}",
                role=role,
                site_id=db.scalar(sa.select(Site.id).where(Site.code == site)) if Role(role) in AT_A_CENTRE else None,
                agency_id=db.scalar(sa.select(Agency.id).where(Agency.code == (agency or "NRB")))
                if Role(role) in OF_AN_AGENCY
                else None,
                language=language,
                password="not a hash: nobody signs in with it",
                must_change_password=False,
                fs_uniquifier=f"session-of-{role}-{nth}",
                created_at=clock(),
            )
            db.add(officer)
        assert (officer.site_id is not None) == (officer.role in AT_A_CENTRE), f"there is no centre {site}"
        assert (officer.agency_id is not None) == (officer.role in OF_AN_AGENCY), f"there is no agency {agency}"
        client = DeskClient(app, app.response_class)
        client.officer, client.clock = officer, clock
        return client

    return sit_down
