"""The HTTP interface of the service."""

import hmac
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from sous_vide import __version__, display
from sous_vide.cooking import read_cook
from sous_vide.errors import ServiceError
from sous_vide.vendor import VendorClient


def create_app(vendor: VendorClient, token: str) -> Flask:
    """Make the application. Callers must send `token` as their bearer token."""
    app = Flask(__name__)

    @app.before_request
    def authenticate() -> None:
        given = request.headers.get("Authorization", "")
        is_known = hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
        if request.endpoint != "health" and not is_known:
            raise ServiceError("UNAUTHORIZED", "Send your token as `Authorization: Bearer …`.")

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "healthy", "version": __version__, "timestamp": datetime.now(UTC).isoformat()}

    @app.post("/start-cook")
    def start_cook() -> tuple[dict[str, Any], int]:
        cook = read_cook(request.get_json(silent=True))
        device = vendor.start(cook.temperature, cook.minutes)
        return {"food": cook.food, **_shown(device)}, 201

    @app.get("/status")
    def status() -> Response | dict[str, Any]:
        device = vendor.status()
        if request.accept_mimetypes.best == "text/plain":
            return Response(display.line(device), mimetype="text/plain")
        return _shown(device)

    @app.post("/stop-cook")
    def stop_cook() -> dict[str, Any]:
        device = vendor.stop()
        return {"state": device["state"], "final_temperature": device["temperature"]}

    @app.errorhandler(ServiceError)
    def refused(error: ServiceError) -> tuple[Response, int]:
        return jsonify(error={"code": error.code, "message": error.message}), error.status

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> tuple[Response, int]:
        code = error.name.upper().replace(" ", "_")  # such as NOT_FOUND
        return jsonify(error={"code": code, "message": error.description}), error.code or 500

    return app


def _shown(device: dict[str, Any]) -> dict[str, Any]:
    return {key: device[key] for key in ("state", "temperature", "target", "minutes_left")}
