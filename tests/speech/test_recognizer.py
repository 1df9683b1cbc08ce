import csv
import shutil
import threading
from time import perf_counter

import numpy as np
import pytest

from bot.messages import Hypothesis, Utterance
from speech.audio import RATE, read_audio
from speech.errors import ModelError
from speech.evaluation import character_error_rate
from speech.recognizer import Recognizer, check_layout, join, loads
from tests.speech.conftest import QUESTION, sounds_without_speech

NO_SPEECH = sounds_without_speech()


def test_our_own_voice_is_understood(hearing, question_pcm):
    heard = hearing.recognise(question_pcm)
    assert character_error_rate([(QUESTION, heard.text)]) < 0.5
    assert heard.spoken
    assert heard.duration == pytest.approx(len(question_pcm) / RATE)


def test_readings_are_distinct_and_best_first(hearing, question_pcm):
    heard = hearing.recognise(question_pcm)
    texts = [reading.text for reading in heard.alternatives]
    chances = [reading.confidence for reading in heard.alternatives]
    assert 2 <= len(texts) <= 5
    assert len(set(texts)) == len(texts)
    assert texts[0] == heard.text
    assert chances[0] == heard.confidence
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)
    assert " " not in "".join(texts)


@pytest.mark.parametrize("name", NO_SPEECH)
def test_nothing_is_invented_from_sound_without_speech(hearing, name):
    started = perf_counter()
    heard = hearing.recognise(NO_SPEECH[name])
    assert heard.text == ""
    assert heard.alternatives == ()
    assert perf_counter() - started < 1.5  # Vosk itself takes up to 2.9 s a second


def test_no_samples_are_nothing(hearing):
    assert hearing.recognise(np.zeros(0, np.int16)).text == ""


@pytest.mark.parametrize("level", [0.02, 0.2, 1.0])
def test_level_does_not_matter(hearing, question_pcm, level):
    assert hearing.recognise((question_pcm * level).astype(np.int16)).text


def test_speech_after_and_before_noise_is_heard(hearing, question_pcm):
    noise = np.random.default_rng(0).normal(0, 100, RATE * 3)
    sound = np.concatenate([noise, question_pcm, noise]).astype(np.int16)
    assert character_error_rate([(QUESTION, hearing.recognise(sound).text)]) < 0.6


def test_a_stream_gives_the_utterance_when_it_ends(hearing, question_pcm):
    stream = hearing.stream()
    sound = np.concatenate([question_pcm, np.zeros(RATE * 3, np.int16)]).tobytes()
    partials, utterances = [], []
    for start in range(0, len(sound), 700):
        if (utterance := stream.accept(sound[start : start + 700])) is not None:
            utterances.append(utterance)
        partials.append(stream.partial())
    assert any(partials)
    assert [u for u in utterances if u.text]
    assert stream.finish().text == ""


def test_the_size_of_pieces_does_not_matter(hearing, question_pcm):
    whole = hearing.stream()
    ended = whole.accept(question_pcm.tobytes())
    text = (ended.text if ended else "") + whole.finish().text
    assert text == hearing.recognise(question_pcm).text


def test_two_questions_in_one_recording_become_one_utterance(hearing, question_pcm):
    once = hearing.recognise(question_pcm).text
    pause = np.zeros(RATE * 3, np.int16)
    twice = hearing.recognise(np.concatenate([question_pcm, pause, question_pcm]))
    assert len(twice.text) > 1.5 * len(once)
    assert twice.alternatives[0].text == twice.text


def test_joined_parts_weigh_by_length():
    parts = [
        Utterance("社保", 0.5, (Hypothesis("社保", 0.5), Hypothesis("设保", 0.4)), 1.0),
        Utterance("怎么补办呢呢", 0.9, (Hypothesis("怎么补办呢呢", 0.9),), 1.0),
    ]
    joined = join(parts, 2.5)
    assert joined.text == "社保怎么补办呢呢"
    assert joined.confidence == pytest.approx(0.8)
    assert [h.text for h in joined.alternatives] == ["社保怎么补办呢呢", "设保怎么补办呢呢"]


def test_threads_share_one_model(hearing, question_pcm):
    alone = hearing.recognise(question_pcm)
    heard = []
    threads = [threading.Thread(target=lambda: heard.append(hearing.recognise(question_pcm))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == [alone] * 4


def test_shared_recordings_are_heard_fast_and_nearly_all(hearing, shared):
    with (shared / "eval" / "speech.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[::2]
    sounds = [read_audio(shared / "eval" / row["path"]) for row in rows]
    started = perf_counter()
    heard = [hearing.recognise(sound).text for sound in sounds]
    factor = (perf_counter() - started) / (sum(map(len, sounds)) / RATE)
    assert factor < 0.3  # 0.04 on an idle machine
    assert sum(map(bool, heard)) >= 0.95 * len(heard)
    assert character_error_rate(zip((row["text"] for row in rows), heard, strict=True)) < 0.5


def test_the_starter_model_has_all_files(starter):
    check_layout(starter)
    loads(starter)


def test_the_flat_layout_is_accepted(starter, tmp_path):
    for file in [*starter.glob("am/*"), *starter.glob("graph/*"), *starter.glob("conf/*")]:
        shutil.copy(file, tmp_path / file.name)
    check_layout(tmp_path)


@pytest.mark.parametrize("name", ["am/final.mdl", "conf/mfcc.conf", "graph/Gr.fst"])
def test_a_missing_file_is_named(starter, tmp_path, name):
    model = shutil.copytree(starter, tmp_path / "model")
    (model / name).unlink()
    with pytest.raises(ModelError, match=name.split("/")[-1]):
        Recognizer(model)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere"):
        Recognizer(tmp_path / "nowhere")


def test_a_damaged_model_does_not_take_us_down(starter, tmp_path):
    model = shutil.copytree(starter, tmp_path / "model")
    (model / "am" / "final.mdl").write_bytes(b"not a model" * 100)
    with pytest.raises(ModelError, match="无法载入"):
        loads(model)
