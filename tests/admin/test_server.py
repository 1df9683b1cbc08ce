import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest

TINY = "from flask import Flask; from hotline.server import serve; "
SERVE = TINY + "serve(lambda: Flask('tiny'), '127.0.0.1', {port}, 2)"
BROKEN = "from indexer.errors import MissingIndexError\n" + TINY
BROKEN += "\ndef fail(): raise MissingIndexError('还没有索引。')\nserve(fail, '127.0.0.1', 0, 2)"


def start(code):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_and_stops_cleanly(number):
    process = start(SERVE.format(port=0))
    line = process.stdout.readline()
    address = line.split()[-1]
    assert line.startswith("已启动 http://127.0.0.1:")
    assert httpx.get(address, trust_env=False).status_code == 404
    worker = children(process.pid)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    assert worker
    assert not any(alive(pid) for pid in worker)


def test_a_taken_port_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = start(SERVE.format(port=listener.getsockname()[1]))
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "已被占用" in err
    assert "Traceback" not in err


def test_an_app_that_cannot_start_ends_the_server_with_its_reason():
    process = start(BROKEN)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "还没有索引。" in err
    assert "Traceback" not in err


def test_clients_that_stop_sending_do_not_hold_the_threads():
    process = start(SERVE.format(port=0))
    host, port = process.stdout.readline().split("//")[1].strip().split(":")
    stalled = [socket.create_connection((host, int(port))) for _ in range(6)]
    for connection in stalled:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert httpx.get(f"http://{host}:{port}/", trust_env=False, timeout=60).status_code == 404
    for connection in stalled:
        connection.close()
    process.terminate()
    process.communicate(timeout=30)


def children(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path) as file:  # noqa: PTH123
        return [int(child) for child in file.read().split()]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
