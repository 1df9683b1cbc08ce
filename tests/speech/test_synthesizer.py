import os
import signal
import subprocess
import sys
import threading
import wave
from pathlib import Path
from time import sleep

import pytest

from speech import synthesizer as module
from speech.errors import SynthesisError
from speech.evaluation import character_error_rate
from speech.file import recognise_file
from speech.synthesizer import Synthesizer, prune, sentences

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def own(tmp_path):
    with Synthesizer(tmp_path / "cache") as synthesizer:
        yield synthesizer


def seconds(path: Path) -> float:
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 22_050)
        return sound.getnframes() / 22_050


def test_longer_text_takes_longer(voice):
    short, long = seconds(voice.speak("您好。")), seconds(voice.speak("您好。社保卡丢了，请到银行网点办理。"))
    assert 0.3 < short < 2
    assert long > 2 * short


def test_what_is_spoken_is_heard_again_far_better_than_chance(voice, hearing):
    texts = ["医疗保险怎么报销？", "居住证在哪里办理？", "公积金贷款需要什么材料？", "养老保险怎么缴费？"]
    heard = [recognise_file(hearing, voice.speak(text)).text for text in texts]
    own = character_error_rate(zip(texts, heard, strict=True))
    other = character_error_rate(zip(texts, heard[1:] + heard[:1], strict=True))
    assert own < 0.6 * other


def test_the_same_text_is_spoken_once(own):
    first = own.speak("您好。")
    own.close()
    assert own.speak("您好。") == first
    assert own._worker.pid is None  # from the cache: no worker was started


def test_voice_and_rate_are_part_of_the_key(own, tmp_path):
    with Synthesizer(tmp_path / "cache", rate=250) as fast:
        assert seconds(fast.speak("社保卡怎么办理")) < seconds(own.speak("社保卡怎么办理"))


@pytest.mark.parametrize("text", ["", "。。。", "😀"])
def test_what_cannot_be_spoken_is_an_error(own, text):
    with pytest.raises(SynthesisError, match="没有可以朗读的文字"):
        own.speak(text)


def test_an_unknown_voice_is_an_error(tmp_path):
    with Synthesizer(tmp_path, voice="nosuch") as mute, pytest.raises(SynthesisError, match="HOTLINE_VOICE"):
        mute.speak("您好")


def test_a_killed_worker_is_replaced(own):
    own.speak("第一句。")
    killed = own._worker.pid
    os.kill(killed, signal.SIGKILL)
    assert seconds(own.speak("第二句。")) > 0.3
    assert own._worker.pid != killed


def test_a_hanging_worker_is_replaced(own, monkeypatch):
    own.speak("第一句。")
    monkeypatch.setattr(module, "TIMEOUT", 2.0)
    stopped = own._worker.pid
    os.kill(stopped, signal.SIGSTOP)
    assert seconds(own.speak("第二句。")) > 0.3
    assert own._worker.pid != stopped


def test_threads_may_speak_at_once(own):
    texts = ["您好。", "再见。", "请稍候。", "您好。"] * 3
    paths = {}
    threads = [threading.Thread(target=lambda i=i, t=t: paths.update({i: own.speak(t)})) for i, t in enumerate(texts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 12
    assert len(set(paths.values())) == 3
    assert all(seconds(path) > 0.3 for path in paths.values())


def test_the_worker_ends_with_its_parent(tmp_path):
    code = (
        "import os, sys, pathlib\nfrom speech.synthesizer import Synthesizer\n"
        "s = Synthesizer(pathlib.Path(sys.argv[1])); s.speak('您好'); print(s._worker.pid, flush=True); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=REPOSITORY, capture_output=True, check=True)
    worker = Path("/proc") / done.stdout.decode().strip()
    for _ in range(50):
        if not worker.exists() or "State:\tZ" in (worker / "status").read_text():
            return
        sleep(0.1)
    pytest.fail("the worker outlived its parent")


def test_a_law_article_ends_early_and_says_so():
    parts = sentences("第一条为了规范社会保险关系，维护公民合法权益。" * 400)
    assert sum(map(len, parts)) < 1_600
    assert parts[-1].startswith("内容较长")


def test_sentences_without_marks_are_cut():
    assert max(map(len, sentences("好" * 1_000))) <= 120
    assert "".join(sentences("好，" * 300)) == "好，" * 300


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path):
    for age, name in enumerate("abc"):
        (tmp_path / f"{name}.wav").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"{name}.wav", (1_000 - age, 1_000 - age))
    prune(tmp_path, 250)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a.wav", "b.wav"]


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with Synthesizer(tmp_path / "file" / "cache") as mute, pytest.raises(SynthesisError, match="权限"):
        mute.speak("您好")
