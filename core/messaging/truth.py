"""Whether what a message tells may have changed since it was written.

Asked of the events, because every command and every step of a document leaves
one: coarse, but it errs towards not saying what is no longer true.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.messaging.tables import Message
from core.people import audit
from core.people.tables import Event
from core.tracking.letters import APPLICATION
from core.tracking.stages import Stage
from core.tracking.tables import DocumentEvent

_DOCUMENT = sa.cast(Message.arguments["document"].astext, sa.BigInteger)
"""Which one a message is about; NULL: about none."""
_TOLD = (Stage.NOTIFIED, Stage.REMINDED)
"""Steps that change nothing: READY stays READY, however often its owner has been told."""


def changed_after(moment: sa.SQLColumnExpression[datetime] | Any) -> sa.ColumnElement[bool]:
    """Whether anything has happened to a message's subject after a moment: the message may not be true now."""
    event = sa.exists().where(
        Event.subject == Message.subject, Event.at > moment, Event.name.not_like(f"%{audit.SEEN}")
    )
    step = sa.exists().where(
        DocumentEvent.document_id == _DOCUMENT,
        DocumentEvent.at > moment,
        DocumentEvent.stage.not_in(_TOLD),
        Message.subject.not_like(f"{APPLICATION}%"),
    )
    return event | step
