"""Messages about documents."""

from core.clock import local_date
from core.messaging.stages import stage_line
from core.messaging.templates.wording import Template, Wording
from core.tracking.stages import Stage
from core.wording import dates
from core.wording import gettext as _


def _status(say: Wording) -> str:
    since = dates.month_day(local_date(say.moment("since")))
    return _("Document for {service}: {stage} To ask again dial {code}.").format(
        service=say.service(), stage=stage_line(Stage(say.arguments["stage"]), say.site(), since), code=say.code
    )


TEMPLATES = {
    "document_status": Template(_status, ("service", "site", "stage", "since")),
}
