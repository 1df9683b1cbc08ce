"""Sound to text with Vosk: a model shared by all callers, and for each caller a stream that holds the state."""

import json
import subprocess
import sys
from collections import deque
from math import exp
from pathlib import Path

import numpy as np
import vosk

from bot.messages import Hypothesis, Utterance
from speech.audio import RATE
from speech.errors import ModelError
from speech.voice import FRAME, FRAME_SECONDS, VoiceActivity

ALTERNATIVES = 5  #: the best of five has half the errors of the first (5.0% against 8.6% on voices known to the model)
# 0.1 s of voice in one piece: the shortest syllables last 0.12 s; key tones and clicks look like voice for 0.06 s.
_ONSET_FRAMES = 5
# Frames in which the onset may lie, one gap allowed.
_ONSET_WINDOW = 6
# Half a second before the onset goes to the recogniser as well: soft initials look like noise.
_PREROLL_FRAMES = 25
# Vosk's own endpoint comes after 0.5 to 2 s of silence, but never in noise: after 1.2 s without voice we close it.
_HANGOVER_FRAMES = 60
# The mean confidence of words, about the share of characters that are right: of 100 questions the worst has 0.37.
_LEAST_CONFIDENCE = 0.25
_LOAD_SECONDS = 300
# Noise of one step of 32,768 hides digital silence, whose logarithm would throw the features off: without it 45% of
# the characters are wrong, with it 42%. Kaldi adds it from a random state of the whole process; the shipped model's
# conf/mfcc.conf turns that off, so that the same sound is always heard the same.
_DITHER = 1.0

vosk.SetLogLevel(-1)


class Recognizer:
    """A loaded Vosk model; immutable, shared by threads.

    Takes any model folder in Kaldi's format for Vosk. :class:`ModelError` if files are missing or it does not load.
    """

    def __init__(self, model_folder: Path):
        check_layout(model_folder)
        try:
            self._model = vosk.Model(str(model_folder))
        except Exception as error:  # vosk raises nothing narrower
            raise ModelError(_does_not_load(model_folder)) from error
        self.folder = model_folder

    def stream(self) -> "RecognizerStream":
        """A new caller's stream."""
        return RecognizerStream(self._model)

    def recognise(self, audio: np.ndarray) -> Utterance:
        """What is said in `audio`, int16 samples ``(n,)`` at 16 kHz; several utterances come back as one."""
        stream = self.stream()
        pcm = np.ascontiguousarray(audio, dtype="<i2").tobytes()
        step = FRAME * 2
        heard = [stream.accept(pcm[start : start + step]) for start in range(0, len(pcm), step)]
        return join([*filter(None, heard), stream.finish()], len(audio) / RATE)


class RecognizerStream:
    """One caller's sound on its way to text; for one thread at a time."""

    def __init__(self, model: vosk.Model):
        # Vosk gives either word confidences or n-best texts, so two decoders hear the same sound: 0.04 s a second.
        self._words = vosk.KaldiRecognizer(model, RATE)
        self._words.SetWords(True)
        self._nbest = vosk.KaldiRecognizer(model, RATE)
        self._nbest.SetMaxAlternatives(ALTERNATIVES)
        self._rest = b""
        self._random = np.random.default_rng(12345)
        self._begin()

    def accept(self, pcm: bytes) -> Utterance | None:
        """Take int16 little-endian mono sound at 16 kHz, any length; the utterance if one has ended in it."""
        self._rest += pcm
        ended = []
        while len(self._rest) >= FRAME * 2:
            frame, self._rest = self._rest[: FRAME * 2], self._rest[FRAME * 2 :]
            if (utterance := self._frame(frame)) is not None:
                ended.append(utterance)
        return join(ended, sum(u.duration for u in ended)) if ended else None

    def partial(self) -> str:
        """What has been heard of the utterance so far; may still change."""
        return _joined(json.loads(self._words.PartialResult())["partial"]) if self._open else ""

    def finish(self) -> Utterance:
        """The utterance under way, ended now; its text is empty if there was none."""
        if self._rest:
            self._frame(self._rest.ljust(FRAME * 2, b"\0"))
            self._rest = b""
        return self._end() if self._open else self._nothing()

    def _begin(self) -> None:
        self._activity = VoiceActivity()
        self._recent: deque[bool] = deque(maxlen=_ONSET_WINDOW)
        self._preroll: deque[bytes] = deque(maxlen=_PREROLL_FRAMES)
        self._open = False
        self._since_voice = 0
        self._frames = 0

    def _frame(self, frame: bytes) -> Utterance | None:
        self._frames += 1
        self._recent.append(self._activity.accept(np.frombuffer(frame, "<i2")))
        if self._open:
            return self._feed(frame)
        self._preroll.append(frame)
        if sum(self._recent) < _ONSET_FRAMES:
            return None
        self._open, self._since_voice = True, 0
        return self._feed(b"".join(self._preroll))

    def _feed(self, pcm: bytes) -> Utterance | None:
        # A single frame that looks like voice does not keep an utterance open; noise has one now and then.
        self._since_voice = 0 if sum(self._recent) >= _ONSET_FRAMES - 1 else self._since_voice + 1
        pcm = self._dithered(pcm)
        ended = self._words.AcceptWaveform(pcm)
        self._nbest.AcceptWaveform(pcm)
        return self._end() if ended or self._since_voice >= _HANGOVER_FRAMES else None

    def _dithered(self, pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, "<i2")
        noisy = samples + self._random.normal(0, _DITHER, len(samples))
        return np.clip(np.round(noisy), -32768, 32767).astype("<i2").tobytes()

    def _end(self) -> Utterance:
        words = json.loads(self._words.FinalResult()).get("result", [])
        readings = json.loads(self._nbest.FinalResult()).get("alternatives", [])
        utterance = _utterance(words, readings, self._frames * FRAME_SECONDS)
        self._begin()
        return utterance

    def _nothing(self) -> Utterance:
        duration = self._frames * FRAME_SECONDS
        self._begin()
        return Utterance("", 0.0, (), duration)


def _utterance(words: list[dict], readings: list[dict], duration: float) -> Utterance:
    confidence = sum(word["conf"] for word in words) / len(words) if words else 0.0
    best = readings[0]["confidence"] if readings else 0.0
    # Vosk's figure for a reading is a log likelihood: only its distance from the best means something.
    chances = {}
    for reading in readings:
        if text := _joined(reading["text"]):
            chances.setdefault(text, min(1.0, confidence * exp(min(0.0, reading["confidence"] - best))))
    if confidence < _LEAST_CONFIDENCE or not chances:
        return Utterance("", 0.0, (), duration)
    hypotheses = tuple(Hypothesis(text, chance) for text, chance in chances.items())
    return Utterance(hypotheses[0].text, hypotheses[0].confidence, hypotheses, duration)


def join(utterances: list[Utterance], duration: float) -> Utterance:
    """Several utterances as one of `duration` seconds; alternatives differ in one part each, as many as one has."""
    spoken = [utterance for utterance in utterances if utterance.text]
    if not spoken:
        return Utterance("", 0.0, (), duration)
    length = sum(len(u.text) for u in spoken)
    confidence = min(1.0, sum(u.confidence * len(u.text) for u in spoken) / length)
    chances: dict[str, float] = {"".join(u.text for u in spoken): confidence}
    for place, utterance in enumerate(spoken):
        for other in utterance.alternatives[1:]:
            texts = [other.text if i == place else u.text for i, u in enumerate(spoken)]
            chances.setdefault("".join(texts), confidence * other.confidence / max(utterance.confidence, 1e-9))
    ranked = sorted(chances.items(), key=lambda item: -item[1])[:ALTERNATIVES]
    hypotheses = tuple(Hypothesis(text, chance) for text, chance in ranked)
    return Utterance(hypotheses[0].text, confidence, hypotheses, duration)


def check_layout(folder: Path) -> None:
    """:class:`ModelError` naming the first file that a model folder of either layout lacks."""
    if not folder.is_dir():
        raise ModelError(f"找不到语音识别模型文件夹“{folder}”，请检查设置HOTLINE_SPEECH_MODEL。")
    flat = not (folder / "am").is_dir() and (folder / "final.mdl").exists()
    graph = folder if flat else folder / "graph"
    needed = ["final.mdl", "mfcc.conf"] if flat else ["am/final.mdl", "conf/mfcc.conf"]
    names = ["HCLG.fst"] if (graph / "HCLG.fst").exists() else ["HCLr.fst", "Gr.fst"]
    needed += [str((graph / name).relative_to(folder)) for name in names]
    for name in needed:
        if not (folder / name).is_file():
            raise ModelError(f"语音识别模型“{folder}”缺少文件{name}，请重新安装：hotline models install。")


def loads(folder: Path) -> None:
    """Try to load a model in a process of its own: Vosk may abort it. :class:`ModelError` if it does not load."""
    check_layout(folder)
    code = "import sys, vosk; vosk.KaldiRecognizer(vosk.Model(sys.argv[1]), 16000).FinalResult()"
    command = [sys.executable, "-c", code, str(folder.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LOAD_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelError(_does_not_load(folder)) from error
    if done.returncode:
        raise ModelError(_does_not_load(folder))


def _does_not_load(folder: Path) -> str:
    return f"语音识别模型“{folder}”无法载入，文件可能已损坏，请重新安装：hotline models install。"


def _joined(text: str) -> str:
    return text.replace("<unk>", "").replace("[unk]", "").replace(" ", "")
