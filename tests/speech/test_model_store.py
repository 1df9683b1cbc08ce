import hashlib
import json
import shutil
import stat
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.commands.models import app
from speech.errors import DownloadError, ModelError
from speech.model_store import active_model, active_name, install, installed, unpack
from speech.recognizer import Recognizer

NAME = "vosk-model-test-cn"


class Server(ThreadingHTTPServer):
    """Serves `files`; breaks off after `break_after` bytes as often as `breaks` says; notes the ranges asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.tag = '"one"'
        self.breaks, self.break_after = 0, 0
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked[6:-1]) if asked and self.headers.get("If-Range") == self.server.tag else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", self.server.tag)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        stop = len(body)
        if self.server.breaks and self.path.endswith(".zip"):
            self.server.breaks -= 1
            stop = start + self.server.break_after
        self.wfile.write(body[start:stop])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def model_zip(starter, tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("zip")
    shutil.copytree(starter, folder / "in" / NAME)
    return Path(shutil.make_archive(str(folder / "model"), "zip", folder / "in")).read_bytes()


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def fetch(server: Server, folder: Path, body: bytes, sha256: str | None = None) -> Path:
    server.files[f"/{NAME}.zip"] = body
    return install(folder, NAME, server.url, digest(body) if sha256 is None else sha256, shown=False)


def make_zip(path: Path, names: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, body in names.items():
            zipped.writestr(name, body)
    return path.read_bytes()


def test_an_installed_model_is_in_force_and_hears(server, tmp_path, starter, model_zip):
    folder = fetch(server, tmp_path, model_zip)
    assert active_model(tmp_path, "", starter) == folder
    assert installed(tmp_path) == [NAME]
    Recognizer(folder)


def test_the_configured_model_comes_first_and_the_starter_last(tmp_path, starter):
    assert active_model(tmp_path, "", starter) == starter
    assert active_model(tmp_path, "/somewhere/else", starter) == Path("/somewhere/else")


def test_an_active_model_that_is_gone_is_an_error(tmp_path, starter):
    (tmp_path / "active").write_text("gone\n")
    with pytest.raises(ModelError, match="gone"):
        active_model(tmp_path, "", starter)


def test_a_model_may_be_installed_over_itself(server, tmp_path, starter, model_zip):
    first = fetch(server, tmp_path, model_zip)
    second = fetch(server, tmp_path, model_zip)
    assert active_model(tmp_path, "", starter) == second
    assert not first.exists() or first == second


def test_an_interrupted_download_goes_on_where_it_broke_off(server, tmp_path, model_zip):
    server.breaks, server.break_after = 2, 1_000_000
    fetch(server, tmp_path, model_zip)
    assert server.ranges[0] is None
    assert [asked is not None for asked in server.ranges] == [False, True, True]


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(server, tmp_path, model_zip):
    server.breaks, server.break_after = 4, 500_000
    with pytest.raises(DownloadError, match="断点"):
        fetch(server, tmp_path, model_zip)
    before = len(server.ranges)
    fetch(server, tmp_path, model_zip)
    assert server.ranges[before].startswith("bytes=")


def test_a_file_that_changed_meanwhile_is_fetched_anew(server, tmp_path, model_zip):
    server.breaks, server.break_after = 4, 500_000
    with pytest.raises(DownloadError):
        fetch(server, tmp_path, model_zip)
    server.tag = '"two"'
    assert fetch(server, tmp_path, model_zip).is_dir()


@pytest.mark.parametrize("case", ["wrong checksum", "truncated", "damaged", "not a zip", "not a model", "two folders"])
def test_a_bad_download_leaves_the_old_model_in_force(server, tmp_path, starter, model_zip, case):
    old = fetch(server, tmp_path, model_zip)
    two = make_zip(tmp_path / "b.zip", {"a/x": b"1", "b/x": b"1"})
    body, sha256 = {
        "wrong checksum": (model_zip, "0" * 64),
        "truncated": (model_zip[: len(model_zip) // 2], None),
        "damaged": (model_zip[:100_000] + b"\0" * 5_000 + model_zip[105_000:], None),
        "not a zip": (b"<html>", None),
        "not a model": (make_zip(tmp_path / "a.zip", {"model/readme": b"hello"}), None),
        "two folders": (two, None),
    }[case]
    with pytest.raises((DownloadError, ModelError), match="[一-鿿]"):
        fetch(server, tmp_path, body, sha256)
    assert active_model(tmp_path, "", starter) == old
    assert installed(tmp_path) == [NAME]
    assert list((tmp_path / ".downloads").iterdir()) == []


def test_a_model_that_vosk_does_not_load_is_refused(server, tmp_path, starter, model_zip):
    model = shutil.copytree(starter, tmp_path / "in" / NAME)
    (model / "am" / "final.mdl").write_bytes(b"broken" * 1_000)
    body = Path(shutil.make_archive(str(tmp_path / "broken"), "zip", tmp_path / "in")).read_bytes()
    with pytest.raises(ModelError, match="无法载入"):
        fetch(server, tmp_path / "models", body)
    assert active_name(tmp_path / "models") == ""


@pytest.mark.parametrize("name", ["../evil", "model/../../evil", "/evil", "model\\..\\evil"])
def test_paths_out_of_the_folder_are_refused(tmp_path, name):
    make_zip(tmp_path / "a.zip", {name: b"evil"})
    with pytest.raises(DownloadError, match="不安全|Vosk"):
        unpack(tmp_path / "a.zip", tmp_path / "deep" / "target")
    assert not list(tmp_path.rglob("evil"))


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("model/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr(link, "/etc/passwd")
    with pytest.raises(DownloadError, match="不安全"):
        unpack(tmp_path / "a.zip", tmp_path / "target")


def test_without_our_own_checksum_the_makers_list_is_asked(server, tmp_path, model_zip):
    listed = [{"name": NAME, "md5": hashlib.md5(model_zip).hexdigest()}]
    server.files["/model-list.json"] = json.dumps(listed).encode()
    assert fetch(server, tmp_path, model_zip, sha256="").is_dir()


def test_without_any_checksum_nothing_is_installed(server, tmp_path, model_zip):
    with pytest.raises(DownloadError, match="--sha256"):
        fetch(server, tmp_path, model_zip, sha256="")


@pytest.mark.parametrize("name", ["../evil", "", ".hidden", "a/b"])
def test_strange_names_are_refused(tmp_path, name):
    with pytest.raises(DownloadError, match="模型名称"):
        install(tmp_path, name, "http://127.0.0.1:9", "0" * 64)


def test_a_missing_file_and_a_missing_server_are_told(server, tmp_path):
    with pytest.raises(DownloadError, match="404"):
        install(tmp_path, NAME, server.url, "0" * 64, shown=False)
    with pytest.raises(DownloadError, match="请检查网络"):
        install(tmp_path, NAME, "http://127.0.0.1:9", "0" * 64, shown=False)


def test_the_commands(server, tmp_path, model_zip, monkeypatch):
    monkeypatch.setenv("HOTLINE_DATA", str(tmp_path))
    server.files[f"/{NAME}.zip"] = model_zip
    arguments = ["install", NAME, "--url", server.url, "--sha256", digest(model_zip)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    listed = CliRunner().invoke(app, ["list"]).output
    assert f"已安装：{NAME}" in listed
    assert "vosk-model-cn-0.22" in listed
