"""The WSGI entry: settings in, application out."""

from core.settings import Settings
from web.app import create_app
from web.health import get_ready

app = create_app(Settings.from_environment())
get_ready(app.extensions["catalogue"])
