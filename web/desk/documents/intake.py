"""A file of documents, taken in from the browser: what came of its rows is said beside their lines."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from govuk_frontend_wtf.wtforms_widgets import GovFileInput
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from core.db import DatabaseDown
from core.errors import Malformed
from core.staff.roles import AT_A_CENTRE, Can
from core.tracking.intake import STAGES, known_files
from core.tracking.stages import SAID, Stage
from core.tracking.tables import IntakeFile
from core.wording import N_, dates
from core.wording import gettext as _
from web import logs
from web.desk.access import needs, officer
from web.desk.asking import DeskForm, pick, refuse, tick
from web.desk.documents import uploads
from web.desk.kept import Keeper, Kept
from web.pages.downloads import download
from web.pages.paging import next_page, one_page
from web.pages.reading import BIG, asked_number
from web.work import Work

SHOWN = 50
"""Refused rows on the page; all of them are in the file to download."""
A_PAGE = 25
PHONES: Mapping[str, str] = {
    "bad_phone": N_("With a phone that cannot be one, so the owner is not told: {count}."),
    "no_phone": N_("Without a phone, so the owner is not told: {count}."),
    "other_phone": N_("With another phone than the one we have, which is kept: {count}."),
}
BROKEN_OFF = N_("The database did not answer, and it was broken off. Give the same file again: it goes on.")

FAILED = N_(
    "Something failed here, and it was broken off. Give the same file again: it goes on. The operator has been told."
)


class FileForm(DeskForm):
    file = FileField(
        N_("File"),
        description=N_("An Excel file (.xlsx) or CSV, up to {megabytes} MB and {rows} rows."),
        widget=GovFileInput(),
    )
    stage = pick(
        N_("What does the file say of its documents?"), hint=N_("Where a row says something else, the row counts.")
    )
    centre = pick(N_("Which centre?"), hint=N_("Where a row names a centre, the row counts."))
    tell = tick(N_("Tell owners at once that their document is ready"))
    again = tick(N_("Read this file once more, though it was taken in already"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = {"megabytes": uploads.MOST_BYTES >> 20, "rows": f"{uploads.MOST_ROWS:,}"}
        self.file.description = self.file.description.format(**most)


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("intake", __name__, url_prefix="/desk/intake")
    keeper = Keeper(work.settings.redis_url, work.settings.secret_key)

    @blueprint.get("")
    @needs(Can.TAKE_IN)
    def intake() -> str:
        return _page(work, _new(work))

    @blueprint.post("")
    @needs(Can.TAKE_IN)
    def take() -> str | BaseResponse | tuple[str, int]:
        """Either nothing is done and a sentence says why, or every row has its outcome."""
        request.max_content_length = uploads.MOST_BYTES + 65_536
        try:
            form = _offered(work, FileForm())
        except RequestEntityTooLarge:
            return _too_big(work)
        if not form.validate_on_submit():
            return _page(work, form)
        key = str(form.request_key.data)
        there = url_for("intake.result", key=key)
        kept = Kept(uploads.name_of(form.file.data))
        if not keeper.begin(key, kept):
            return redirect(there, 303)
        try:
            again = _take(work, form, kept)
        except BaseException as error:
            keeper.drop(key)  # or it would be said to be taken in still
            said, status = _refused(error)
            if not said:
                raise
            refuse(form.file, said)
            return _page(work, form), status
        if again is not None:
            keeper.drop(key)
            refuse(form.file, _before(again))
            return _page(work, form, again=True)
        if keeper.put(key, kept):
            return redirect(there, 303)
        return _result(kept, key=None)

    @blueprint.get("/result/<key>")
    @needs(Can.TAKE_IN)
    def result(key: str) -> str:
        """What came of a file: for an hour, and for whoever gave it."""
        return _result(keeper.get(key), key=key)

    @blueprint.get("/result/<key>/<any(refused, phones):which>.csv")
    @needs(Can.TAKE_IN)
    def rows(key: str, which: str) -> Response:
        """The rows to correct, as a file that can be given again."""
        kept = keeper.get(key)
        text = (kept.refused if which == "refused" else kept.bad_phones) if kept else ""
        if not kept or not text:
            abort(404)
        name = f"{kept.name.rpartition('.')[0] or 'file'}.{which}.csv"
        return download(text.encode("utf-8-sig"), name)

    return blueprint


def _stages() -> list[Stage]:
    """What this officer's file may say: that it was received, only a centre or the Secretariat can."""
    agency = officer().agency_id is not None
    return [stage for stage in STAGES if not (agency and stage is Stage.RECEIVED)]


def _offered(work: Work, form: FileForm) -> FileForm:
    who = officer()
    form.stage.choices = [(stage.value, _(SAID[stage])) for stage in _stages()]
    form.centre.choices = [(site.code, site.names.spoken_full) for site in who.sites(work.catalogue)]
    if who.role not in AT_A_CENTRE:
        form.centre.choices.insert(0, ("", _("As each row says")))
    return form


def _new(work: Work) -> FileForm:
    """Nothing chosen yet: what most files are for."""
    form = _offered(work, FileForm(formdata=None))
    form.tell.data = True
    form.stage.data = _stages()[-1].value
    return form


def _page(work: Work, form: FileForm, *, again: bool = False) -> str:
    who = officer()
    site_id = who.site_id if who.role in AT_A_CENTRE else None
    with work.reading() as db:
        after = asked_number("after", most=BIG)
        found = known_files.listed(db, site_id=site_id, agency_id=who.agency_id, limit=A_PAGE + 1, after=after)
    files, last = one_page(found, A_PAGE)
    return render_template(
        "desk/documents/intake.html",
        form=form,
        again=again,
        files=[_listed(file) for file in files],
        next=next_page(last.id) if last else None,
    )


def _too_big(work: Work) -> tuple[str, int]:
    """The rest is read and thrown away: a browser that is still sending would not see our answer."""
    uploads.throw_away()
    form = _new(work)
    refuse(form.file, uploads.too_big())
    return _page(work, form), 413


def _take(work: Work, form: FileForm, kept: Kept) -> IntakeFile | None:
    """Fill `kept`; or return the file as it was taken in before.

    Raises:
        Malformed: it cannot be taken in; nothing was done.
        DatabaseDown, BrokenOff: broken off.
    """
    wanted = uploads.Wanted(
        stage=Stage(form.stage.data),
        centre=work.catalogue.sites.get(form.centre.data or ""),
        tell=bool(form.tell.data),
        again=bool(form.again.data),
    )
    return uploads.take(work, form.file.data, wanted, officer(), kept)


def _refused(error: BaseException) -> tuple[str, int]:
    """The sentence and the status; no sentence where nothing was done and nobody here can say why."""
    if isinstance(error, Malformed):
        return str(error), 422
    if isinstance(error, DatabaseDown):
        return _(BROKEN_OFF), 422
    if isinstance(error, uploads.BrokenOff):
        logs.logger("web").exception("request failed", error=type(error.__cause__).__name__)
        return _(FAILED), 500
    return "", 500


def _before(file: IntakeFile) -> str:
    said = _(
        "This very file was taken in on {when} by {who}: {taken} taken, {unchanged} unchanged, {refused} refused. "
        "Nothing was changed now."
    )
    when = dates.when(file.finished_at or file.started_at)
    return said.format(when=when, who=file.who, taken=file.taken, unchanged=file.unchanged, refused=file.refused)


def _listed(file: IntakeFile) -> tuple[str, ...]:
    came = (
        [str(file.taken), str(file.unchanged), str(file.refused)] if file.finished_at else [_("not finished"), "", ""]
    )
    return (file.name, _(SAID[Stage(file.stage)]), file.who, dates.when(file.started_at), *came)


def _result(kept: Kept | None, *, key: str | None) -> str:
    """Without a key there is nothing to download: it could not be kept."""
    refused = list(csv.reader(io.StringIO(kept.refused))) if kept else []
    return render_template(
        "desk/documents/intake_result.html",
        kept=kept,
        key=key,
        columns=refused[0][2:] if refused else [],
        rows=refused[1 : SHOWN + 1],
        more=max(0, len(refused) - 1 - SHOWN),
        phones=[_(said).format(count=kept.phones[kind]) for kind, said in PHONES.items() if kept.phones.get(kind)]
        if kept
        else [],
    )
