"""A file that a browser has sent: kept in a folder of its own while it is taken in, and then gone."""

import os
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from flask import request
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from core.catalogue.snapshot import Site
from core.db import DatabaseDown
from core.errors import Malformed
from core.staff.roles import AT_A_CENTRE
from core.tracking.files import open_table
from core.tracking.intake import Bounds
from core.tracking.stages import Stage
from core.tracking.tables import IntakeFile
from core.wording import N_
from core.wording import gettext as _
from web.desk.access import Officer
from web.desk.kept import Kept
from web.intake import Intake, Order, Report
from web.work import Work

MOST_BYTES = 10 << 20
MOST_ROWS = 5000
_MOST_THROWN = 100 << 20
TOO_BIG = N_(
    "This file is bigger than {megabytes} MB: nothing was done. Split it, or ask whoever runs Zamu to take it in: "
    "zamu documents receive"
)


class BrokenOff(Exception):
    """Something failed after rows may have been taken; its cause says what. Given again, the file goes on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with the file."""

    stage: Stage
    centre: Site | None
    tell: bool
    again: bool


def take(work: Work, upload: FileStorage | None, wanted: Wanted, who: Officer, kept: Kept) -> IntakeFile | None:
    """Take a file in, and fill `kept` with what came of it; or return the file as it was taken in before.

    Raises:
        Malformed: no file, or one that cannot be taken in; nothing was done.
        DatabaseDown, BrokenOff: broken off; given again, it goes on.
        OSError: it could not be kept here; nothing was done.
    """
    if upload is None or not upload.filename:
        raise Malformed(_("Choose a file."))
    with tempfile.TemporaryDirectory(prefix="zamu-") as folder:
        path = Path(folder) / kept.name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            upload.save(file)
        _check(path)
        order = Order(path, wanted.stage, wanted.centre, who.actor, wanted.tell, wanted.again, _bounds(who))
        try:
            report = Intake(work.transaction, work.live, work.register, work.wake, work.now).take(order)
            if report.before is None:
                _fill(kept, report)
        except (Malformed, *DatabaseDown):
            raise
        except Exception as error:
            raise BrokenOff from error
    return report.before


def name_of(upload: FileStorage | None) -> str:
    """A name that is safe in a folder and in a list."""
    return secure_filename((upload.filename if upload else None) or "")[-80:] or "file"


def too_big() -> str:
    return _(TOO_BIG).format(megabytes=MOST_BYTES >> 20)


def throw_away() -> None:
    """Read what the browser is still sending."""
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, _MOST_THROWN)
    while left > 0 and (chunk := stream.read(min(left, 1 << 16))):
        left -= len(chunk)


def _check(path: Path) -> None:
    """Read it through before anything is done: here a file is taken in as a whole, or not at all.

    Raises:
        Malformed: it cannot be read to its end, or has too many rows, or none.
    """
    if path.stat().st_size > MOST_BYTES:
        raise Malformed(too_big())
    with open_table(path) as table:
        rows = sum(1 for _row in islice(table.rows, MOST_ROWS + 1))
    if rows == 0:
        raise Malformed(_("There are no rows below the heading."))
    if rows > MOST_ROWS:
        said = _(
            "This file has more than {most} rows: nothing was done. Split it, or ask whoever runs Zamu to take it in: "
            "zamu documents receive"
        )
        raise Malformed(said.format(most=f"{MOST_ROWS:,}"))


def _bounds(who: Officer) -> Bounds:
    """A centre's officer speaks for the centre, a clerk for the agency."""
    if who.role in AT_A_CENTRE:
        return Bounds(site_id=who.site_id)
    return Bounds(agency_id=who.agency_id, receives=who.agency_id is None)


def _fill(kept: Kept, report: Report) -> None:
    kept.finished = True
    kept.counts = {result.value: count for result, count in report.counts.items()}
    kept.phones = dict(report.phones)
    kept.ignored = list(report.ignored)
    kept.refused = report.refused.read_text("utf-8-sig") if report.refused else ""
    kept.bad_phones = report.bad_phones.read_text("utf-8-sig") if report.bad_phones else ""
