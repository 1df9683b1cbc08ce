"""The API's own description and its page, all from this machine."""

from pathlib import Path

from flask import Blueprint, Response, jsonify, render_template, send_from_directory
from swagger_ui_bundle import swagger_ui_path

from admin.openapi import describe


def make_reference() -> Blueprint:
    """The routes of the OpenAPI document and its page."""
    reference = Blueprint("reference", __name__)

    @reference.get("/api/v1/openapi.json")
    def document() -> Response:
        return jsonify(describe())

    @reference.get("/api/docs")
    def docs() -> str:
        return render_template("docs.html")

    @reference.get("/api/docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):name>")
    def asset(name: str) -> Response:
        return send_from_directory(Path(swagger_ui_path), name)

    return reference
