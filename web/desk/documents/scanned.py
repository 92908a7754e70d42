"""The last documents that an officer has scanned here: kept in the session, as ids only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import session

from core.clock import local_date
from core.db import Session
from core.tracking.documents import with_ids
from core.tracking.tables import Document
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import officer

LAST = 10
_KEY = "scans"
_NEW = "scanned"

DONE = {
    "receive": N_("Received. The owner will be told."),
    "shelve": N_("Put into bin {bin}."),
    "collect": N_("Handed over."),
    "send": N_("Sent on."),
    "return": N_("Returned to the agency."),
    "look": N_("Seen."),
}
ALREADY = {
    "receive": N_("Already received at {time} by {who}. Nothing was changed."),
    "shelve": N_("Already put into bin {bin} at {time} by {who}. Nothing was changed."),
    "collect": N_("Already handed over at {time} by {who}. Nothing was changed."),
    "send": N_("Already sent on at {time} by {who}. Nothing was changed."),
    "return": N_("Already returned at {time} by {who}. Nothing was changed."),
}
_UNTOLD = N_("Received. No phone is known: the owner cannot be told.")


@dataclass(frozen=True, slots=True)
class LastScan:
    """What came of one scan."""

    document: Document
    said: str
    already: bool


def remember(document_id: int, task: str, *, already: bool, at: datetime, who: str | None) -> None:
    """Put it on top of the list; whoever is signed in has a list of their own."""
    new = {"d": document_id, "t": task, "a": int(already), "at": int(at.timestamp()), "w": who}
    session[_KEY] = {"of": officer().id, "list": [new, *_entries()][:LAST]}
    session[_NEW] = True


def just_now() -> bool:
    """Whether no page has said yet what came of the last of them: asked once, by the page that will."""
    return bool(session.pop(_NEW, False))


def remembered() -> list[int]:
    """The ids of the documents, the latest first, each once."""
    return list(dict.fromkeys(entry["d"] for entry in _entries()))


def last_scans(db: Session, now: datetime) -> Sequence[LastScan]:
    """The latest first. One statement, however many."""
    entries = _entries()
    found = with_ids(db, {entry["d"] for entry in entries})
    return [_last_scan(entry, found[entry["d"]], now) for entry in entries if entry["d"] in found]


def at(moment: datetime, now: datetime) -> str:
    """9:02am; with the day, if it was not today."""
    return dates.clock(moment) if local_date(moment) == local_date(now) else dates.when(moment)


def _last_scan(entry: dict[str, Any], document: Document, now: datetime) -> LastScan:
    task, already = entry["t"], bool(entry["a"])
    if already:
        said = _(ALREADY[task])
    elif task == "receive" and document.contact_id is None:
        said = _(_UNTOLD)
    else:
        said = _(DONE[task])
    moment = datetime.fromtimestamp(entry["at"], UTC)
    words = {"bin": document.shelf or "-", "time": at(moment, now), "who": entry["w"] or "Zamu"}
    return LastScan(document, said.format(**words), already)


def _entries() -> list[dict[str, Any]]:
    kept = session.get(_KEY)
    return list(kept["list"]) if kept and kept["of"] == officer().id else []
