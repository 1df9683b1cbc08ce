"""Serves the site with gunicorn: one process that supervises, one that answers with threads."""

import errno
import os
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from hotline.failures import explain

# Loading the index and the speech model takes about 5 s; a slow disk or a big model may take many times that.
_WORKER_SECONDS = 120
# A client that sends nothing for so long while we wait for its request is cut off: a dozen stalled telephones would
# otherwise hold every thread.
_SILENCE_SECONDS = 15
# An answer takes well under a second; the longest is a 30 s recording.
_GRACE_SECONDS = 10


class Server(BaseApplication):
    """gunicorn with our options and none of its own configuration files."""

    def __init__(self, make_app: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Take over the options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, in the worker: threads and models do not survive a fork."""
        try:
            return self._make_app()
        except Exception as error:
            if (message := explain(error)) is None:
                raise
            print(message, file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)


def serve(make_app: Callable[[], Flask], host: str, port: int, threads: int) -> None:
    """Serve until SIGTERM or Ctrl-C, then return; exit with status 1 if the port is taken or the app cannot start."""
    listener = _listen(host, port)
    supervisor = os.getpid()
    try:
        Server(make_app, _options(listener, host, threads)).run()
    except SystemExit as end:
        # The worker is a fork of this very stack and ends with statuses that mean something to its supervisor.
        if os.getpid() != supervisor:
            raise
        if end.code:
            print("服务没有启动成功，原因见上面的说明。", file=sys.stderr)
            raise SystemExit(1) from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=256)
        # Connections inherit it; the server's own settings know no timeout while a request is read.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _SILENCE_SECONDS, 0))
        return listener
    except (OSError, OverflowError) as error:
        print(_why_not(error, host, port), file=sys.stderr)
        raise SystemExit(1) from None


def _why_not(error: Exception, host: str, port: int) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"端口 {port} 已被占用。请先停掉占用它的程序，或者换一个端口，例如 HOTLINE_PORT={port + 1}。"
    if number == errno.EACCES:
        return f"没有权限使用端口 {port}。请用 HOTLINE_PORT 换一个 1024 以上的端口。"
    return f"无法在 {host}:{port} 上提供服务（{error}）。请检查 HOTLINE_HOST 和 HOTLINE_PORT。"


def _options(listener: socket.socket, host: str, threads: int) -> dict[str, Any]:
    return {
        "bind": f"fd://{listener.fileno()}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": threads,
        "timeout": _WORKER_SECONDS,
        "graceful_timeout": _GRACE_SECONDS,
        "keepalive": 5,
        "loglevel": "warning",
        "accesslog": None,
        # Both would otherwise write outside the data folder.
        "control_socket_disable": True,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,
        "post_worker_init": _announcer(host, listener.getsockname()[1]),
    }


def _announcer(host: str, port: int) -> Callable[[Any], None]:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)

    def announce(worker: Any) -> None:
        if worker.age == 1:
            print(f"已启动 http://{shown}:{port}", flush=True)

    return announce
