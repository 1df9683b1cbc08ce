"""Recognition models on this machine: which is in force, and how another one is installed."""

import re
import shutil
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from speech.download import check, download, get_json
from speech.errors import DownloadError, ModelError
from speech.recognizer import loads

OFFICIAL_URL = "https://alphacephei.com/vosk/models"


@dataclass(frozen=True)
class OfficialModel:
    """A Mandarin model that the makers of Vosk publish."""

    name: str
    megabytes: int  #: of the download
    sha256: str  #: of the zip; empty if we do not know it, then the makers' own md5 list is asked


OFFICIAL = (
    OfficialModel("vosk-model-small-cn-0.22", 42, "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba"),
    OfficialModel("vosk-model-cn-0.22", 1300, ""),
)
# The largest official Chinese model unpacks to 2 GB.
LARGEST_UNPACKED = 8 * 2**30
_ACTIVE = "active"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def active_model(models_folder: Path, configured: str, shipped: Path) -> Path:
    """The model folder in force: the configured one, else the one installed last, else the shipped starter.

    :class:`ModelError` if the installed one has disappeared; the recogniser checks what it is given.
    """
    if configured:
        return Path(configured)
    name = active_name(models_folder)
    if not name:
        return shipped
    folder = models_folder / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        raise ModelError(f"已启用的语音识别模型“{name}”不见了，请重新安装：hotline models install。")
    return folder


def active_name(models_folder: Path) -> str:
    """Folder name of the installed model in force; empty if none is."""
    file = models_folder / _ACTIVE
    return file.read_text("utf-8").strip() if file.is_file() else ""


def installed(models_folder: Path) -> list[str]:
    """Folder names of all installed models, sorted."""
    if not models_folder.is_dir():
        return []
    return sorted(f.name for f in models_folder.iterdir() if f.is_dir() and _NAME.fullmatch(f.name))


def install(models_folder: Path, name: str, url: str = OFFICIAL_URL, sha256: str = "", shown: bool = True) -> Path:
    """Download `url`/`name`.zip, check and load it, and put it in force; returns its folder.

    :class:`DownloadError` or :class:`ModelError` if anything is wrong; the model in force before then stays so.
    """
    if not _NAME.fullmatch(name):
        raise DownloadError(f"模型名称“{name}”不对，只能有字母、数字、点、横线和下划线。")
    kind, expected = _checksum(name, url.rstrip("/"), sha256)
    archive = _downloads(models_folder) / f"{name}-{expected[:12]}.zip"
    if not archive.exists():
        download(f"{url.rstrip('/')}/{name}.zip", archive, shown)
    check(archive, kind, expected)
    unpacked = _downloads(models_folder) / f"unpacked-{uuid4().hex}"
    try:
        folder = unpack(archive, unpacked)
        loads(folder)
        return _put_in_force(models_folder, folder, name)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
        archive.unlink(missing_ok=True)


def unpack(archive: Path, target: Path) -> Path:
    """Unpack a zip that holds one folder; returns that folder. :class:`DownloadError` if it is unsafe or damaged."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            top = _check_members(zipped.infolist())
            zipped.extractall(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DownloadError("下载的压缩包已损坏或磁盘空间不足，请重新下载。") from error
    return target / top


def _checksum(name: str, url: str, sha256: str) -> tuple[str, str]:
    if sha256:
        if not re.fullmatch(r"[0-9A-Fa-f]{64}", sha256):
            raise DownloadError("--sha256 应为64位十六进制数，请核对。")
        return "sha256", sha256.lower()
    known = next((model.sha256 for model in OFFICIAL if model.name == name), "")
    if known:
        return "sha256", known
    listed = get_json(f"{url}/model-list.json")
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("name") == name and entry.get("md5"):
            return "md5", str(entry["md5"]).lower()
    raise DownloadError(f"不知道模型“{name}”的校验值，也取不到{url}/model-list.json；请用 --sha256 给出。")


def _downloads(models_folder: Path) -> Path:
    folder = models_folder / ".downloads"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(f"无法写入模型文件夹“{models_folder}”，请检查权限。") from error
    return folder


def _check_members(members: list[zipfile.ZipInfo]) -> str:
    tops = {_top(member) for member in members}
    if len(tops) != 1:
        raise DownloadError("压缩包里应当只有一个模型文件夹，这不是Vosk模型。")
    if sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise DownloadError(f"压缩包解开后超过{LARGEST_UNPACKED // 2**30}GB，这不是Vosk模型。")
    return tops.pop()


def _top(member: zipfile.ZipInfo) -> str:
    path = PurePosixPath(member.filename)
    link = stat.S_ISLNK(member.external_attr >> 16)
    if link or path.is_absolute() or ".." in path.parts or "\\" in member.filename or not path.parts:
        raise DownloadError(f"压缩包里有不安全的路径“{member.filename}”，请不要使用这个来源。")
    return path.parts[0]


def _put_in_force(models_folder: Path, folder: Path, name: str) -> Path:
    # A folder of that name may be in use by a running process: the new one lies beside it until nobody is told of it.
    target = models_folder / name
    if target.exists():
        target = models_folder / f"{name}.{uuid4().hex[:8]}"
    folder.replace(target)
    before = active_name(models_folder)
    pointer = models_folder / f".{_ACTIVE}-{uuid4().hex}"
    pointer.write_text(target.name + "\n", "utf-8")
    pointer.replace(models_folder / _ACTIVE)
    if before != target.name and (before == name or before.startswith(f"{name}.")):
        shutil.rmtree(models_folder / before, ignore_errors=True)
    return target
