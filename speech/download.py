"""A large file over HTTP: resumed where it broke off, with a progress bar, checked against its checksum."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
from tqdm import tqdm

from speech.errors import DownloadError

# The largest official Chinese model has 1.3 GB.
LARGEST = 4 * 2**30
_TRIES = 4
_BLOCK = 2**18
_TIMEOUT = httpx.Timeout(30.0)
_AGAIN = "再次运行同一命令会从断点继续"


def download(url: str, file: Path, shown: bool = True) -> None:
    """Bring `url` to `file`, continuing an unfinished `file`.part of an earlier try.

    :class:`DownloadError` if it fails. A continued part is trusted only if the server confirms by its ETag that it
    still has the same file.
    """
    part = file.with_name(file.name + ".part")
    cause: Exception | None = None
    for _ in range(_TRIES):
        try:
            with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
                _fetch(client, url, part, shown)
            part.replace(file)
            _tag_file(part).unlink(missing_ok=True)
            return
        except (httpx.TransportError, httpx.InvalidURL) as error:
            cause = error
    raise DownloadError(f"下载中断：{url}。请检查网络，{_AGAIN}。") from cause


def check(file: Path, kind: str, expected: str) -> None:
    """:class:`DownloadError` unless the `kind` (``sha256`` or ``md5``) of `file` is `expected`; it is then deleted."""
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, kind).hexdigest()
    if found != expected.lower():
        file.unlink()
        raise DownloadError(f"下载的文件校验不符（{kind}应为{expected}，实为{found}），已删除，请重新下载。")


def get_json(url: str):
    """The JSON document at `url`; None if there is none."""
    try:
        answer = httpx.get(url, timeout=_TIMEOUT, follow_redirects=True)
        return answer.raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None


def _fetch(client: httpx.Client, url: str, part: Path, shown: bool) -> None:
    start, headers = _where_to_continue(part)
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == 416:  # the part is longer than the file: it was another one
            part.unlink(missing_ok=True)
            raise httpx.ReadError("range not satisfiable")
        if answer.is_error:
            raise DownloadError(f"服务器答复{answer.status_code}：{url}。请检查模型名称和地址。")
        start = start if _continues(answer, start) else 0
        total = _total(answer, start)
        _check_room(total, url)
        _tag_file(part).write_text(answer.headers.get("etag", ""))
        with tqdm(total=total, initial=start, unit="B", unit_scale=True, desc="下载", disable=not shown) as bar:
            _write(answer, part, start, bar.update)
    if total is not None and part.stat().st_size != total:
        raise httpx.ReadError("the connection ended early")


def _where_to_continue(part: Path) -> tuple[int, dict[str, str]]:
    # Compressed transfer would make the offsets meaningless.
    plain = {"Accept-Encoding": "identity"}
    tag = _tag_file(part).read_text() if _tag_file(part).exists() else ""
    # Only a strong ETag says that the bytes are the same.
    if not part.exists() or not part.stat().st_size or not tag or tag.startswith("W/"):
        return 0, plain
    start = part.stat().st_size
    return start, plain | {"Range": f"bytes={start}-", "If-Range": tag}


def _continues(answer: httpx.Response, start: int) -> bool:
    if answer.status_code != 206:
        return False
    if not answer.headers.get("content-range", "").startswith(f"bytes {start}-"):
        raise DownloadError("服务器的断点续传答复有误，请稍后重试，或换一个下载地址（--url）。")
    return True


def _total(answer: httpx.Response, start: int) -> int | None:
    length = answer.headers.get("content-length")
    return start + int(length) if length and length.isdigit() else None


def _check_room(total: int | None, url: str) -> None:
    if total is not None and total > LARGEST:
        raise DownloadError(f"文件超过{LARGEST // 2**30}GB，不是语音识别模型：{url}。请检查地址。")


def _write(answer: httpx.Response, part: Path, start: int, report: Callable[[int], object]) -> None:
    with part.open("ab" if start else "wb") as file:
        for block in answer.iter_raw(_BLOCK):
            file.write(block)
            report(len(block))
            if file.tell() > LARGEST:
                raise DownloadError(f"文件超过{LARGEST // 2**30}GB，不是语音识别模型。请检查地址。")


def _tag_file(part: Path) -> Path:
    return part.with_name(part.name + ".etag")
