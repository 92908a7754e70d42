"""Colleagues and their accounts: a manager's counter officers, and everybody for an administrator.

A temporary password and printed codes are shown on the page that answers the
form, and nowhere else: they follow from the form's key, so that sending it
twice shows the same ones.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from govuk_frontend_wtf.wtforms_widgets import GovRadioInput, GovSelect, GovTextInput
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # its stubs are of the version before
from wtforms.validators import AnyOf

from core.catalogue.snapshot import Catalogue
from core.db import Session
from core.staff import colleagues as accounts
from core.staff.colleagues import USERNAME, Asked, Charge, Newcomer, Particulars
from core.staff.errors import ChangedMeanwhile, NoSuchColleague, NotTheirs, UsernameTaken
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, SAID, Can, Role
from core.staff.secrets import Secrets
from core.staff.tables import Staff
from core.wording import LANGUAGES, N_
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.home import place_name
from web.pages.forms import OnceForm
from web.pages.paging import next_page, one_page
from web.work import Work

PAGE = 50
TONGUES = {"en": "English", "sw": "Kiswahili"}


class AccountForm(OnceForm):
    """A field that does not apply to the role is not looked at."""

    username = StringField(widget=GovTextInput())
    name = StringField(widget=GovTextInput())
    role = RadioField(widget=GovRadioInput(), validate_choice=False)
    site = SelectField(widget=GovSelect(), validate_choice=False)
    agency = SelectField(widget=GovSelect(), validate_choice=False)
    language = RadioField(
        widget=GovRadioInput(),
        default="en",
        choices=[SelectChoice(code, TONGUES[code]) for code in LANGUAGES],
        validate_choice=False,
        validators=[AnyOf(LANGUAGES, N_("Choose one."))],
    )

    def offer(self, charge: Charge, catalogue: Catalogue) -> None:
        """What whoever fills it in may choose from."""
        roles = charge.roles()
        self.role.choices = [SelectChoice(role.value, _(SAID[role])) for role in roles]
        self.role.data = self.role.data or (roles[0].value if len(roles) == 1 else None)
        sites = sorted((site.names.spoken_full, site.code) for site in catalogue.sites.values())
        self.site.choices = [
            SelectChoice("", _("Choose a centre")),
            *(SelectChoice(code, name) for name, code in sites),
        ]
        agencies = sorted({(s.agency.spoken_full, str(s.agency_id)) for s in catalogue.services.values()})
        self.agency.choices = [
            SelectChoice("", _("Choose an agency")),
            *(SelectChoice(code, name) for name, code in agencies),
        ]

    def particulars(self, charge: Charge, catalogue: Catalogue) -> Particulars | None:
        """What it says of somebody; None, with sentences beside the fields, where something is wrong."""
        name = " ".join((self.name.data or "").split())
        role = next((role for role in charge.roles() if role.value == self.role.data), None)
        site = catalogue.sites.get(self.site.data or "")
        agencies = {str(service.agency_id): service.agency_id for service in catalogue.services.values()}
        site_id = charge.site_id or (site.id if site else None) if role in AT_A_CENTRE else None
        agency_id = agencies.get(self.agency.data or "") if role in OF_AN_AGENCY else None
        wrong = {
            "name": None if 2 <= len(name) <= 80 else _("Type the name as colleagues know it."),
            "role": None if role else _("Choose what they do."),
            "site": _("Choose the centre they work at.") if role in AT_A_CENTRE and not site_id else None,
            "agency": _("Choose the agency they work for.") if role in OF_AN_AGENCY and not agency_id else None,
        }
        for field, sentence in wrong.items():
            if sentence:
                self[field].errors = [sentence]
        if role is None or any(wrong.values()):
            return None
        return Particulars(name, role, site_id, agency_id, self.language.data or "en")

    def newcomer(self, charge: Charge, catalogue: Catalogue) -> Newcomer | None:
        """Whom it describes; None, with sentences beside the fields, where something is wrong."""
        username, particulars = (self.username.data or "").strip().lower(), self.particulars(charge, catalogue)
        if not USERNAME.fullmatch(username):
            self.username.errors = [_("Type the staff number: 3 to 32 letters and digits, without spaces.")]
        elif particulars is not None:
            return Newcomer(username, **asdict(particulars))
        return None


class ChangeForm(AccountForm):
    """Of an account that there is: its number stays, and only what the page has shown is changed."""

    seen = HiddenField()


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("staff", __name__, url_prefix="/desk/staff")
    secrets = Secrets(work.settings.secret_key)

    @blueprint.get("")
    @needs(Can.STAFF)
    def colleagues() -> str:
        """Those one is in charge of, page by page."""
        words, after = request.args.get("words", "")[:80], request.args.get("after", "")[:40]
        with work.reading() as db:
            found = accounts.colleagues(db, _charge(), words=words, after=after, limit=PAGE + 1)
        page, last = one_page(found, PAGE)
        return render_template(
            "desk/staff.html",
            people=[(one, _about(work.catalogue, one)) for one in page],
            words=words,
            next=next_page(last.username) if last else None,
            now=work.now(),
        )

    @blueprint.route("/new", methods=["GET", "POST"])
    @needs(Can.STAFF)
    def new() -> str | Response:
        """Make an account, and show its temporary password."""
        form, charge = AccountForm(), _charge()
        form.offer(charge, work.catalogue)
        newcomer = form.newcomer(charge, work.catalogue) if form.validate_on_submit() else None
        if newcomer is not None:
            try:
                with work.writing() as db:
                    staff_id = accounts.add(db, newcomer, secrets=secrets, asked=_asked(form, work))
                return shown(staff_id, password=secrets.temporary_password(newcomer.username, _asked_key(form)))
            except (UsernameTaken, NotTheirs) as refusal:
                form.username.errors = [str(refusal)]
        return render_template("desk/staff_new.html", form=form, choose=len(charge.roles()) > 1)

    @blueprint.get("/<small:staff_id>")
    @needs(Can.STAFF)
    def colleague(staff_id: int) -> str:
        """One account, and what can be done for whoever cannot sign in."""
        return page(found(staff_id), OnceForm())

    @blueprint.route("/<small:staff_id>/change", methods=["GET", "POST"])
    @needs(Can.STAFF)
    def particulars(staff_id: int) -> str | Response:
        """Their name, what they do and where, and their language."""
        one, charge = found(staff_id), _charge()
        form = ChangeForm(data=_as_typed(work.catalogue, one) | {"seen": accounts.mark(one)})
        del form.username
        form.offer(charge, work.catalogue)
        to = form.particulars(charge, work.catalogue) if form.validate_on_submit() else None
        if to is not None:
            try:
                with work.writing() as db:
                    accounts.change(db, staff_id, to, seen=form.seen.data or "", asked=_asked(form, work))
                return redirect(url_for("staff.colleague", staff_id=staff_id))
            except NoSuchColleague:
                abort(404)
            except ChangedMeanwhile:
                one = found(staff_id)
                changed = _("A colleague has changed this account meanwhile. It is now: {name}, {about}.")
                form.form_errors.append(changed.format(name=one.name, about=_about(work.catalogue, one)))
                form.seen.data = accounts.mark(one)
        return render_template("desk/staff_change.html", form=form, one=one, choose=len(charge.roles()) > 1)

    @blueprint.post("/<small:staff_id>/off")
    @needs(Can.STAFF)
    def off(staff_id: int) -> Response | str:
        return change(staff_id, lambda db, asked: accounts.switch(db, staff_id, on=False, asked=asked))

    @blueprint.post("/<small:staff_id>/on")
    @needs(Can.STAFF)
    def on(staff_id: int) -> Response | str:
        return change(staff_id, lambda db, asked: accounts.switch(db, staff_id, on=True, asked=asked))

    @blueprint.post("/<small:staff_id>/phone")
    @needs(Can.STAFF)
    def phone(staff_id: int) -> Response | str:
        """Forget the phone that shows codes."""
        return change(staff_id, lambda db, asked: accounts.forget_second_factor(db, staff_id, asked=asked))

    @blueprint.post("/<small:staff_id>/password")
    @needs(Can.STAFF)
    def password(staff_id: int) -> Response | str:
        """A new temporary password, shown once."""
        return change(staff_id, lambda db, asked: accounts.give_password(db, staff_id, secrets=secrets, asked=asked))

    @blueprint.post("/<small:staff_id>/codes")
    @needs(Can.STAFF)
    def codes(staff_id: int) -> Response | str:
        """Printed codes, shown once."""
        return change(staff_id, lambda db, asked: accounts.print_codes(db, staff_id, secrets=secrets, asked=asked))

    def change(staff_id: int, command: Callable[[Session, Asked], Any]) -> Response | str:
        """Do one thing to an account: with something to show for it, or back to its page."""
        form = OnceForm()
        if not form.validate_on_submit():
            return page(found(staff_id), form)
        try:
            with work.writing() as db:
                outcome = command(db, _asked(form, work))
        except NoSuchColleague:
            abort(404)
        if isinstance(outcome, str):
            return shown(staff_id, password=outcome)
        if isinstance(outcome, list):
            return shown(staff_id, codes=outcome)
        return redirect(url_for("staff.colleague", staff_id=staff_id))

    def page(one: Staff, form: OnceForm) -> str:
        about, choose = _about(work.catalogue, one), len(_charge().roles()) > 1
        return render_template(
            "desk/staff_colleague.html", one=one, about=about, form=form, choose=choose, now=work.now()
        )

    def shown(staff_id: int, *, password: str | None = None, codes: list[str] | None = None) -> str:
        return render_template("desk/staff_shown.html", one=found(staff_id), password=password, codes=codes)

    def found(staff_id: int) -> Staff:
        try:
            with work.reading() as db:
                return accounts.colleague(db, staff_id, _charge())
        except NoSuchColleague:
            abort(404)

    return blueprint


def _charge() -> Charge:
    """What whoever is signed in is in charge of."""
    who = officer()
    return Charge(who.id, who.role, who.site_id)


def _asked_key(form: OnceForm) -> str:
    return form.key("desk")


def _asked(form: OnceForm, work: Work) -> Asked:
    return Asked(_charge(), officer().actor, _asked_key(form), work.now())


def _as_typed(catalogue: Catalogue, one: Staff) -> dict[str, str]:
    """As the fields of the form hold it."""
    return {
        "name": one.name,
        "role": one.role,
        "site": catalogue.site_by_id(one.site_id).code if one.site_id is not None else "",
        "agency": str(one.agency_id or ""),
        "language": one.language,
    }


def _about(catalogue: Catalogue, one: Staff) -> str:
    """Their role, and where."""
    where = place_name(catalogue, one.site_id, one.agency_id)
    return ", ".join(filter(None, (_(SAID[Role(one.role)]), where)))
