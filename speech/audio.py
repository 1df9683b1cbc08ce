"""Any sound file as what the recogniser hears: signed 16-bit mono samples, 16,000 a second."""

import wave
from io import BytesIO
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from speech.errors import AudioError, AudioTooLongError

RATE = 16_000  #: samples a second, what Kaldi models for Vosk are trained on
LONGEST = 60.0  #: seconds; callers' questions in our recordings last 1.5 to 8 s
SLOWEST, FASTEST = 4_000, 192_000
# 60 s of 192 kHz 8-channel float are 369 MB of sound nobody records on a telephone; four such channels still pass.
LARGEST = 192 * 2**20
# More channels than any recorder has; the header's number is not to be trusted with memory.
MOST_CHANNELS = 32
_BROKEN = "这不是可以识别的声音文件，请上传WAV、FLAC或OGG格式的录音。"


def read_audio(source: bytes | Path, longest: float = LONGEST) -> np.ndarray:
    """Decode a sound file to int16 samples of shape ``(n,)`` at 16 kHz, channels mixed, without DC offset.

    :class:`AudioError` if it is not sound; :class:`AudioTooLongError` if it lasts more than `longest` seconds, which
    is read from its header before anything is decoded.
    """
    _check_size(source)
    try:
        with soundfile.SoundFile(BytesIO(source) if isinstance(source, bytes) else str(source)) as sound:
            _check_header(sound, longest)
            # One frame more than allowed: a header that lies about its length is found out without being believed.
            samples = sound.read(int(longest * sound.samplerate) + 1, dtype="float32", always_2d=True)
            rate = sound.samplerate
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError, TypeError) as error:
        raise AudioError(_BROKEN) from error
    if len(samples) > longest * rate:
        raise _too_long(longest)
    return to_pcm(samples, rate)


def to_pcm(samples: np.ndarray, rate: int) -> np.ndarray:
    """Float samples of shape ``(frames, channels)`` in -1 to 1 as int16 ``(n,)`` at 16 kHz; :class:`AudioError`."""
    if not len(samples):
        raise AudioError("这个声音文件里没有声音，请重新录音。")
    if not np.isfinite(samples).all():
        raise AudioError("这个声音文件已损坏，请重新录音。")
    mono = samples.mean(axis=1, dtype=np.float64)
    mono -= mono.mean()
    # Floating-point files may hold any scale; what is beyond full scale would be clipped to noise.
    mono /= max(1.0, float(np.abs(mono).max()))
    if rate != RATE:
        shared = gcd(RATE, rate)
        mono = resample_poly(mono, RATE // shared, rate // shared)
    return np.clip(np.round(mono * 32767), -32768, 32767).astype(np.int16)


def write_wav(path: Path, pcm: np.ndarray, rate: int = RATE) -> None:
    """Write int16 mono samples as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.astype("<i2").tobytes())


def _check_size(source: bytes | Path) -> None:
    if isinstance(source, Path) and not source.is_file():
        raise AudioError(f"找不到声音文件“{source}”，请检查路径。")
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if not size:
        raise AudioError("这个声音文件是空的，请重新录音。")
    if size > LARGEST:
        raise AudioTooLongError(f"声音文件太大，请上传{LARGEST // 2**20}MB以内的录音。")


def _check_header(sound: soundfile.SoundFile, longest: float) -> None:
    if not SLOWEST <= sound.samplerate <= FASTEST:
        raise AudioError(f"采样率{sound.samplerate}Hz不支持，请用{SLOWEST}到{FASTEST}Hz的录音。")
    if sound.channels > MOST_CHANNELS:
        raise AudioError(_BROKEN)
    if sound.frames > longest * sound.samplerate:
        raise _too_long(longest)


def _too_long(longest: float) -> AudioTooLongError:
    return AudioTooLongError(f"录音太长，请把要问的事在{longest:g}秒以内说完。")
