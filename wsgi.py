"""The WSGI entry: settings in, application out."""

from core.settings import Settings
from web.app import create_app

app = create_app(Settings.from_environment())
