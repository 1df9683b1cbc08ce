"""The process that owns pyttsx3: ``python -m speech.synthesizer_worker VOICE RATE``.

Reads one JSON object a line, either ``text`` to turn into a reading or a ``reading`` to say and the ``path`` to write,
and answers each with one (``error`` or null, and the ``reading`` asked for). It ends when its input does, so it never
outlives the process that started it. espeak-ng keeps global state and can crash; here it can neither be entered twice
nor take a call down. Readings are made here because Vosk must not be where they are made.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

import espeakng_loader

from speech.reading import to_reading

# An empty WAV is its header.
_HEADER_BYTES = 44
# pyttsx3 does not raise what goes wrong in its queue (an unknown voice: it then speaks with another one) but tells it.
_failures: list[str] = []


def main(voice: str, rate: int) -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # pyttsx3's driver prints for every file it writes; that must not be taken for an answer.
    os.dup2(2, 1)
    engine = _engine(voice, rate)
    for line in sys.stdin:
        answers.write(json.dumps(_answer(engine, json.loads(line))) + "\n")
        answers.flush()


def _answer(engine, request: dict[str, str]) -> dict[str, str | None]:
    if "text" in request:
        return {"error": None, "reading": to_reading(request["text"])}
    return {"error": _say(engine, request["reading"], request["path"])}


def _engine(voice: str, rate: int):
    # Loaded before pyttsx3 looks for it by name: then no package of the system is needed.
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    import pyttsx3

    engine = pyttsx3.init("espeak")
    engine.connect("error", lambda name, exception: _failures.append(repr(exception)))
    engine.setProperty("voice", voice)
    engine.setProperty("rate", rate)
    return engine


def _say(engine, reading: str, path: str) -> str | None:
    try:
        engine.save_to_file(reading, path)
        engine.runAndWait()
    except Exception as error:  # the edge of this process: what pyttsx3 raises is told to the caller
        return repr(error)
    if _failures:
        return _failures[0]
    file = Path(path)
    spoken = file.is_file() and file.stat().st_size > _HEADER_BYTES
    return None if spoken else "no sound"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
