"""What the pages that change the catalogue share: carrying a change out, and asking for its source."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import abort, flash, render_template, url_for

from core.catalogue.editing.edit import thing
from core.catalogue.errors import CatalogueRefused, NoSuchEntry
from core.catalogue.tables import Named
from core.db import Session
from core.wording import gettext as _
from core.wording import language
from web.desk.asking import refuse
from web.desk.catalogue.forms import Said
from web.work import Work

KINDS = {"service": Named.SERVICE, "centre": Named.SITE, "category": Named.CATEGORY}
"""As addresses call them."""


def done(work: Work, form: Said, act: Callable[[Session], object]) -> bool:
    """Do it, and let the next page say so. False: it was refused, and the form says why, beside the field at fault."""
    try:
        with work.writing() as db:
            act(db)
    except NoSuchEntry:
        abort(404)
    except CatalogueRefused as error:
        say(form, error)
        return False
    flash(_("Saved."), "done")
    return True


def say(form: Said, error: CatalogueRefused) -> None:
    """Why it was refused, beside the field at fault."""
    field = form.field_at_fault(error.field)
    if field is None:
        form.form_errors.append(str(error))
    else:
        refuse(field, error)


def confirm(
    form: Said, *, heading: str, caption: str = "", lines: Sequence[str] = (), button: str = "", back: str
) -> str:
    """One question; the button says what the heading does unless another is given."""
    return render_template(
        "desk/one_form.html",
        form=form,
        heading=heading,
        caption=caption,
        lines=lines,
        button=button or heading,
        back=back,
    )


def found(db: Session, kind: Named, code: str) -> Any:
    """The thing with this code; if there is none, there is no such page."""
    try:
        return thing(db, kind, code)
    except NoSuchEntry:
        abort(404)


def title(names: dict[str, str], code: str) -> str:
    """In the language being spoken."""
    return f"{names.get(f'full_{language()}', code)} ({code})"


def address_of(kind: str, code: str) -> str:
    if kind == "category":
        return url_for("catalogue.catalogue")
    return url_for(f"catalogue.{kind}", code=code)


def day_in(address: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", address):
        abort(404)
    try:
        return date.fromisoformat(address)
    except ValueError:
        abort(404)
