"""Messages about documents. What waits about a document that moves on is withdrawn, so none tells of yesterday."""

from core.clock import local_date
from core.messaging.templates.wording import Template, Wording
from core.tracking.corrections import to_do
from core.tracking.sentences import next_line, stage_line
from core.tracking.stages import Stage
from core.wording import dates
from core.wording import gettext as _

DOCUMENT = ("service", "site")
CODED = (*DOCUMENT, "document", "arrival")


def _status(say: Wording) -> str:
    since = dates.month_day(local_date(say.moment("since")))
    stage = Stage(say.arguments["stage"])
    return _("Document for {service}: {stage} {next} To ask again dial {code}.").format(
        service=say.service(),
        stage=stage_line(stage, say.site(), since),
        next=next_line(stage, say.arguments.get("correction")),
        code=say.code,
    )


def _ready(say: Wording) -> str:
    return _("READY: {service} at {site}. Your code at the counter: {secret}. What to bring: dial {code}").format(
        **_coded(say)
    )


def _reminder(say: Wording) -> str:
    return _(
        "It waits for you: {service} at {site}. Your code at the counter: {secret}. What to bring: dial {code}"
    ).format(**_coded(say))


def _coded(say: Wording) -> dict[str, str]:
    """Four digits from the document and its arrival: another code each time it arrives."""
    return {"service": say.service(), "site": say.site(), "secret": say.collection_code(), "code": say.code}


def _correction(say: Wording) -> str:
    return _("{service}: your application has stopped. {to_do}").format(
        service=say.service(), to_do=to_do(say.arguments["correction"], say.site())
    )


def _rejected(say: Wording) -> str:
    return _("{service}: the agency has rejected your application. Ask at {site} why, and what you can do.").format(
        service=say.service(), site=say.site()
    )


def _transferred(say: Wording) -> str:
    return _("{service} is moving to {site}. Wait for the SMS that says READY before you go there.").format(
        service=say.service(), site=say.site()
    )


def _returned(say: Wording) -> str:
    return _(
        "{service} has gone back from {site} to the agency: you cannot collect it now. "
        "Ask at the centre how to have it sent again."
    ).format(service=say.service(), site=say.site())


def _registered(say: Wording) -> str:
    about = {"service": say.service(), "site": say.site(), "reference": say.reference(), "code": say.code}
    if say.arguments["promised_on"] is None:
        return _("Applied: {service}, {site}. Document number {reference}. To see where it is, dial {code}").format(
            **about
        )
    return _(
        "Applied: {service}, {site}. Document number {reference}. Promised by {day}. To see where it is, dial {code}"
    ).format(day=dates.month_day(say.day("promised_on")), **about)


def _late(say: Wording) -> str:
    return _(
        "{service} was promised by {day} and is late. No need to come and ask. To see where it is, dial {code}"
    ).format(service=say.service(), day=dates.month_day(say.day("promised_on")), code=say.code)


def _collected(say: Wording) -> str:
    return _("{service} has been collected at {site}. If it was not you, tell the centre at once.").format(
        service=say.service(), site=say.site()
    )


def _consent(say: Wording) -> str:
    asked = {"digits": say.collector(), "service": say.service(), "site": say.site()}
    if not say.sender.answerable:
        return _(
            "Somebody with ID ...{digits} asks to collect: {service}, {site}. To allow it or not, dial {code}"
        ).format(code=say.code, **asked)
    said = _("Somebody with ID ...{digits} asks to collect: {service}, {site}. Allow? Answer {yes} or {no}.")
    return say.with_price(said.format(yes=say.sender.answer(_("YES")), no=say.sender.answer(_("NO")), **asked))


TEMPLATES = {
    "document_status": Template(_status, (*DOCUMENT, "stage", "since"), segments=2),
    "document_ready": Template(_ready, CODED),
    "document_reminder": Template(_reminder, CODED),
    "document_correction": Template(_correction, (*DOCUMENT, "correction")),
    "document_rejected": Template(_rejected, DOCUMENT),
    "document_transferred": Template(_transferred, DOCUMENT),
    "document_returned": Template(_returned, DOCUMENT),
    "document_registered": Template(_registered, (*DOCUMENT, "reference", "promised_on")),
    "document_late": Template(_late, ("service", "promised_on")),
    "document_collected": Template(_collected, DOCUMENT),
    "collection_consent": Template(_consent, (*DOCUMENT, "collector")),
}
