"""The real application, in Flask's client and served by gunicorn in a process of its own."""

import multiprocessing
import os
import socket
import time
from pathlib import Path

import httpx
import pytest

from admin.app import create_app
from hotline.server import serve
from hotline.wiring import make_app

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="session")
def app(dialogue, recognizer, synthesizer):
    return create_app(dialogue, recognizer, synthesizer)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def site(city_settings):
    """Address of the site as `hotline serve` serves it, with a dialogue, ears and a voice of its own."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(city_settings, port))
    process.start()
    address = f"http://127.0.0.1:{port}"
    wait_until_served(address, process)
    yield address
    process.terminate()
    process.join(30)
    assert process.exitcode == 0


@pytest.fixture(scope="session")
def chromium():
    """Path of the browser; tests of the page are skipped where there is none, but never in CI."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have /usr/bin/chromium")
        pytest.skip("needs /usr/bin/chromium")
    return str(CHROMIUM)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until_served(address: str, process, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.is_alive(), "the server ended instead of serving"
        try:
            httpx.get(f"{address}/healthz", timeout=5, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail("the server did not come up")


def _serve(settings, port: int) -> None:
    serve(lambda: make_app(settings), "127.0.0.1", port, 4)
