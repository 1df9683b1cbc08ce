from io import BytesIO
from time import perf_counter

import numpy as np
import pytest
import soundfile

from speech.audio import RATE, read_audio, to_pcm, write_wav
from speech.errors import AudioError, AudioTooLongError


def tone(rate: int, seconds: float = 0.5, channels: int = 1) -> np.ndarray:
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    return np.stack([wave] * channels, axis=1)


def encoded(samples: np.ndarray, rate: int, subtype: str = "PCM_16", kind: str = "WAV") -> bytes:
    file = BytesIO()
    soundfile.write(file, samples, rate, subtype=subtype, format=kind)
    return file.getvalue()


def loudest_frequency(pcm: np.ndarray) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(pcm))) * RATE / len(pcm))


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_becomes_16_khz(rate):
    pcm = read_audio(encoded(tone(rate), rate))
    assert pcm.dtype == np.int16
    assert len(pcm) == pytest.approx(RATE / 2, abs=2)
    assert loudest_frequency(pcm) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_any_sample_format_is_read(subtype):
    pcm = read_audio(encoded(tone(8_000), 8_000, subtype))
    assert np.abs(pcm).max() == pytest.approx(16_384, rel=0.05)


@pytest.mark.parametrize("kind, subtype", [("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_other_files_than_wav_are_read(kind, subtype):
    assert loudest_frequency(read_audio(encoded(tone(16_000), 16_000, subtype, kind))) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_mixed(channels):
    assert read_audio(encoded(tone(16_000, channels=channels), 16_000)).shape == (8_000,)


def test_frequencies_above_the_new_band_do_not_fold_back():
    high = 0.5 * np.sin(2 * np.pi * 15_000 * np.arange(48_000) / 48_000)
    assert np.abs(read_audio(encoded(high, 48_000))[500:-500]).max() < 200


def test_dc_offset_is_removed():
    assert abs(read_audio(encoded(tone(16_000) * 0.5 + 0.3, 16_000)).mean()) < 1


def test_what_was_written_is_read_again(tmp_path):
    pcm = (tone(RATE)[:, 0] * 20_000).astype(np.int16)
    write_wav(tmp_path / "a.wav", pcm)
    assert np.abs(read_audio(tmp_path / "a.wav").astype(int) - pcm).max() <= 3


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100") * 50


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        JPEG,
        b"RIFF",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        "不是声音".encode() * 100,
        encoded(np.zeros((0, 1)), 16_000),
        encoded(np.full((100, 1), np.nan), 16_000, "FLOAT"),
        encoded(tone(1_000), 1_000),
    ],
    ids=["empty", "jpeg", "riff", "half header", "text", "no samples", "nan", "too slow"],
)
def test_what_is_not_sound_is_refused_in_chinese(broken):
    with pytest.raises(AudioError, match="[一-鿿]"):
        read_audio(broken)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AudioError, match="nowhere.wav"):
        read_audio(tmp_path / "nowhere.wav")


def test_ten_minutes_are_refused_before_they_are_decoded():
    sound = encoded(np.random.default_rng(0).normal(0, 0.1, 8_000 * 600), 8_000)
    started = perf_counter()
    with pytest.raises(AudioTooLongError, match="60秒"):
        read_audio(sound)
    assert perf_counter() - started < 0.05


def test_a_header_that_promises_too_much_reads_what_is_there():
    sound = bytearray(encoded(tone(8_000), 8_000))
    sound[40:44] = b"\xff\xff\xff\x7f"
    try:
        assert len(read_audio(bytes(sound))) <= RATE
    except AudioError as error:
        assert str(error)


def test_float_sound_of_another_scale_is_not_clipped():
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)[:, None]
    loud, usual = to_pcm(tone * 30_000, 16_000), to_pcm(tone, 16_000)
    assert np.abs(loud.astype(int) - usual).max() <= 1
