"""What an index folder says of itself, and which one is in force."""

import fcntl
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from indexer.errors import MissingIndexError

CURRENT = "CURRENT"
MANIFEST = "manifest.json"
# Raised whenever what is written changes its meaning, so that an older index is refused instead of misread.
FORMAT = 4


@dataclass(frozen=True)
class Manifest:
    """What an index folder says of itself."""

    format: int
    built_at: str  #: UTC, ISO 8601
    entries: int
    sequence: int  #: last change of the knowledge base that is in it
    model: str  #: folder inside the index, or name of a hub model or folder
    own_model: bool
    dimensions: int
    prompt: str
    document_prompt: str
    rounds: int | None  #: rounds the own model was trained
    questions: int  #: questions its confidence was learned from
    calibration_error: float | None

    def save(self, folder: Path) -> None:
        """Write it into its folder; with it, the index is complete."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """Read the manifest of an index folder."""
        return cls(**json.loads((folder / MANIFEST).read_text("utf-8")))


def current_folder(index_folder: Path) -> Path:
    """Folder of the index in force. :class:`MissingIndexError` if there is none that this version can read."""
    try:
        folder = index_folder / (index_folder / CURRENT).read_text("utf-8").strip()
        manifest = Manifest.load(folder)
    except (OSError, ValueError, TypeError) as error:
        raise MissingIndexError("还没有建立索引，请先运行 hotline index build。") from error
    if manifest.format != FORMAT:
        raise MissingIndexError("索引由另一版本建立，请重新运行 hotline index build。")
    return folder


def hold(folder: Path) -> IO[str]:
    """Mark an index folder as in use, until the file that is returned is closed or the process ends."""
    file = (folder / MANIFEST).open("r", encoding="utf-8")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def in_use(folder: Path) -> bool:
    """Whether some process holds an index folder; a folder without a manifest is held by none."""
    try:
        with (folder / MANIFEST).open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
