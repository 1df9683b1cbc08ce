"""Text to sound: pyttsx3 over espeak-ng in a process of its own, sentence by sentence, with a cache on disk."""

import json
import re
import select
import subprocess
import sys
import threading
import wave
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from speech.errors import SynthesisError

RATE = 22_050  #: samples a second of what is spoken
LONGEST_TEXT = 1_500  #: characters, 6 minutes; nobody listens longer on the telephone
REST_UNSPOKEN = "内容较长，其余部分请看文字。"
CACHE_BYTES = 512 * 2**20  #: 3 h of speech; the sentences used longest ago go first
# A sentence of 120 characters takes 0.2 s; starting the worker 0.3 s. Ten seconds without an answer is a hang.
TIMEOUT = 10.0
_TRIES = 2
_PRUNE_EVERY = 100
_READINGS_KEPT = 10_000
_SENTENCE = re.compile(r"[^。？！；?!;\n]+[。？！；?!;\n]*")
_LONGEST_SENTENCE = 120
_CLAUSE = re.compile(r"[^，,、：:]{0,119}[，,、：:]?|.{1,120}", re.S)


class Synthesizer:
    """Speaks with one espeak-ng voice; may be shared by threads. Close it, or use it in a ``with`` statement."""

    def __init__(self, cache: Path, voice: str = "sit/cmn-latn-pinyin", rate: int = 170):
        self._cache = Path(cache).resolve()
        self._voice = voice
        self._rate = rate
        self._worker = _Worker(voice, rate)
        # Sentences said again and again should not need the worker at all.
        self._read = lru_cache(maxsize=_READINGS_KEPT)(self._worker.read)
        self._lock = threading.Lock()
        self._written = 0

    def speak(self, text: str) -> Path:
        """A WAV file (22,050 Hz, mono, 16 bits) in which `text` is spoken. :class:`SynthesisError` if it cannot be."""
        with self._lock:
            readings = [reading for part in sentences(text) if (reading := self._read(part))]
            if not readings:
                raise SynthesisError("没有可以朗读的文字，请输入汉字、数字或字母。")
            self._make_cache()
            parts = [self._sentence(reading) for reading in readings]
            return parts[0] if len(parts) == 1 else self._join(readings, parts)

    def close(self) -> None:
        """End the worker process; the next :meth:`speak` starts another."""
        with self._lock:
            self._worker.stop()

    def __enter__(self) -> "Synthesizer":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _sentence(self, reading: str) -> Path:
        return self._cached(reading, lambda path: self._worker.say(reading, path))

    def _join(self, readings: list[str], parts: list[Path]) -> Path:
        return self._cached("\n".join(readings), lambda path: _join(parts, path))

    def _cached(self, reading: str, make) -> Path:
        name = sha256(f"{self._voice}\n{self._rate}\n{reading}".encode()).hexdigest()
        path = self._cache / f"{name}.wav"
        if path.is_file():
            path.touch()
            return path
        unfinished = path.with_name(f"{name}.{uuid4().hex}.part")
        try:
            make(unfinished)
            unfinished.replace(path)
        except OSError as error:
            raise SynthesisError("语音无法写入缓存，请检查数据文件夹的权限和剩余空间。") from error
        finally:
            unfinished.unlink(missing_ok=True)
        self._count_written()
        return path

    def _make_cache(self) -> None:
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SynthesisError(f"无法建立语音缓存文件夹“{self._cache}”，请检查权限。") from error

    def _count_written(self) -> None:
        self._written += 1
        if self._written % _PRUNE_EVERY == 0:
            prune(self._cache, CACHE_BYTES)


def sentences(text: str) -> list[str]:
    """`text` in parts of at most 120 characters, cut at sentences, then clauses; long texts end early and say so."""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "。" + REST_UNSPOKEN
    parts = []
    for sentence in _SENTENCE.findall(text):
        parts += [sentence] if len(sentence) <= _LONGEST_SENTENCE else _clauses(sentence)
    return parts


def _clauses(sentence: str) -> list[str]:
    gathered = [""]
    for clause in filter(None, _CLAUSE.findall(sentence)):
        if len(gathered[-1]) + len(clause) > _LONGEST_SENTENCE:
            gathered.append("")
        gathered[-1] += clause
    return gathered


def prune(cache: Path, most: int) -> None:
    """Delete what was used longest ago until the WAV files in `cache` take at most `most` bytes."""
    files = sorted(((f.stat().st_mtime, f.stat().st_size, f) for f in cache.glob("*.wav")), reverse=True)
    total = 0
    for _, size, file in files:
        total += size
        if total > most:
            file.unlink(missing_ok=True)


def _join(parts: list[Path], path: Path) -> None:
    with wave.open(str(path), "wb") as joined:
        for part in parts:
            with wave.open(str(part), "rb") as sound:
                if part is parts[0]:
                    joined.setparams(sound.getparams())
                joined.writeframes(sound.readframes(sound.getnframes()))


class _Worker:
    """The worker process: started on first use, replaced when it dies or hangs. Its caller holds a lock."""

    def __init__(self, voice: str, rate: int):
        self._command = [sys.executable, "-m", "speech.synthesizer_worker", voice, str(rate)]
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def read(self, text: str) -> str:
        return self._answer({"text": text})["reading"]

    def say(self, reading: str, path: Path) -> None:
        self._answer({"reading": reading, "path": str(path)})

    def _answer(self, request: dict[str, str]) -> dict:
        for _ in range(_TRIES):
            answer = self._ask(json.dumps(request) + "\n")
            if answer and answer["error"] is None:
                return answer
            self.stop()
        raise SynthesisError("语音合成没有成功，请稍后再试；一直如此时请检查设置HOTLINE_VOICE。")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        with suppress(OSError):  # what could not be sent to a dead worker is still in the buffer
            process.stdin.close()
        process.stdout.close()

    def _ask(self, request: str) -> dict | None:
        try:
            process = self._running()
            process.stdin.write(request.encode())
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], TIMEOUT)
            return json.loads(process.stdout.readline()) if ready else None
        except (OSError, ValueError):
            return None

    def _running(self) -> subprocess.Popen:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                self._command,
                cwd=Path(__file__).parents[1],  # where `speech` can be imported from, wherever Hotline was started
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process
