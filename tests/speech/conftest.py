"""Sound for the tests of this room."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from speech.audio import RATE, read_audio
from speech.recognizer import Recognizer
from speech.synthesizer import Synthesizer

STARTER = Path(__file__).parents[2] / "speech" / "models" / "asr-starter"
QUESTION = "社保卡丢了，怎么补办？"


@pytest.fixture(scope="session")
def starter() -> Path:
    return STARTER


@pytest.fixture(scope="session")
def hearing(starter) -> Recognizer:
    return Recognizer(starter)


@pytest.fixture(scope="session")
def voice(tmp_path_factory):
    with Synthesizer(tmp_path_factory.mktemp("speech-cache")) as synthesizer:
        yield synthesizer


@pytest.fixture(scope="session")
def apart():
    """Calls a function for each of some texts in a process that has not loaded Vosk."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield lambda function, texts: list(pool.map(function, texts, chunksize=500))


@pytest.fixture(scope="session")
def question(voice) -> Path:
    """A WAV of our own voice asking how to replace a lost social security card."""
    return voice.speak(QUESTION)


@pytest.fixture(scope="session")
def question_pcm(question) -> np.ndarray:
    return read_audio(question)


def _seconds(seconds: float = 3.0) -> np.ndarray:
    return np.arange(int(RATE * seconds)) / RATE


def sounds_without_speech() -> dict[str, np.ndarray]:
    """Three seconds each, at three levels."""
    t, rng = _seconds(), np.random.default_rng(7)
    notes = np.repeat(rng.choice([220, 262, 330, 392, 440, 523], 12), len(t) // 12)
    clicks = np.zeros(len(t))
    clicks[rng.integers(0, len(t), 20)] = 3
    pink = np.fft.rfft(rng.normal(size=len(t)))
    pink = np.fft.irfft(pink / np.sqrt(np.maximum(np.arange(len(pink)), 1)), len(t))
    shapes = {
        "white": rng.normal(size=len(t)) / 3,
        "pink": pink / pink.std() / 3,
        "pulsing": rng.normal(size=len(t)) / 3 * (1 + np.sin(2 * np.pi * 4 * t)) / 2,
        "tone": np.sin(2 * np.pi * 1000 * t),
        "hum": sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, 12)) / 2,
        "music": sum(np.sin(2 * np.pi * k * notes * t) / k for k in range(1, 9)) * np.exp(-4 * (t % 0.25)) / 3,
        "keys": (np.sin(2 * np.pi * 770 * t) + np.sin(2 * np.pi * 1336 * t)) / 2 * ((t % 0.4) < 0.15),
        "ringing": np.sin(2 * np.pi * 450 * t) * ((t % 5) < 1),
        "clicks": clicks,
    }
    sounds = {"silence": np.zeros(len(t)), "dc": np.full(len(t), 8000.0)}
    for level in (20, 1_000, 12_000):
        sounds |= {f"{name} {level}": shape * level for name, shape in shapes.items()}
    return {name: np.clip(sound, -32768, 32767).astype(np.int16) for name, sound in sounds.items()}
