"""The application factory."""

from flask import Flask

from admin.api import make_api
from admin.bodies import AUDIO_BYTES, drain
from admin.errors import register_errors
from admin.headers import register_headers
from admin.page import make_page
from admin.reference import make_reference
from bot.conversation import Dialogue
from speech.recognizer import Recognizer
from speech.synthesizer import Synthesizer


def create_app(dialogue: Dialogue, recognizer: Recognizer, synthesizer: Synthesizer) -> Flask:
    """The site and the API over one dialogue, with ears and a voice."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = AUDIO_BYTES
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    register_headers(app)
    register_errors(app)
    app.after_request(drain)
    for routes in (make_api(dialogue, recognizer, synthesizer), make_page(dialogue), make_reference()):
        app.register_blueprint(routes)
    return app
