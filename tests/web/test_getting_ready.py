"""A process reads the catalogue before its first caller, who would otherwise wait for it."""

import sqlalchemy as sa

from web.health import get_ready


def test_the_first_caller_does_not_wait_for_the_catalogue(make_app, phones):
    app = make_app()
    get_ready(app.extensions["catalogue"])
    asked: list[str] = []
    sa.event.listen(app.extensions["engine"], "before_cursor_execute", lambda *given: asked.append(given[2]))
    phones(app=app).dials().sees("Book a visit")
    assert asked
    assert not [statement for statement in asked if "offerings" in statement]


def test_a_process_starts_without_a_database_too(make_app, dead_database):
    app = make_app(database_url=dead_database)
    get_ready(app.extensions["catalogue"])
    assert app.test_client().get("/healthz").status_code == 200
