import os
import subprocess
import sys

import pytest


def run(*arguments, **environment):
    command = [sys.executable, "-m", "hotline.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", env=os.environ | environment, check=False, timeout=120
    )


@pytest.mark.parametrize("group", ["kb", "index", "models"])
def test_every_group_explains_its_commands_in_chinese(group):
    done = run(group, "--help")
    assert done.returncode == 0
    assert any("一" <= character <= "鿿" for character in done.stdout)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ask", "社保卡"], "hotline index build"),
        (["index", "build"], "hotline kb build"),
        (["index", "eval", "nowhere.jsonl"], "nowhere.jsonl"),
        (["kb", "import", "nowhere.csv"], "nowhere.csv"),
        (["kb", "export", "entries.doc"], ".xlsx"),
        (["ask", "nowhere.wav"], "nowhere.wav"),
        (["models", "install", "../evil"], "模型名称"),
    ],
)
def test_what_goes_wrong_is_one_sentence_with_what_to_do_next(tmp_path, arguments, told):
    done = run(*arguments, HOTLINE_DATA=str(tmp_path))
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["kb", "stats"], {"HOTLINE_DATA": "/proc/nope"}, "/proc/nope"),
        (["kb", "stats"], {"HOTLINE_DATABASE_URL": "foo://x"}, "HOTLINE_DATABASE_URL"),
        (["kb", "export", "/nowhere/a.xlsx"], {}, "/nowhere"),
    ],
)
def test_wrong_places_are_told_in_one_sentence(tmp_path, arguments, environment, told):
    done = run(*arguments, **({"HOTLINE_DATA": str(tmp_path)} | environment))
    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_broken_database_is_told(tmp_path):
    (tmp_path / "hotline.sqlite").write_bytes(b"garbage" * 1000)
    done = run("kb", "stats", HOTLINE_DATA=str(tmp_path))
    assert (done.returncode, "hotline.sqlite" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_report_never_overwrites_the_file_it_is_about(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("问题,答案\n问？,\n", "utf-8")
    done = run("kb", "import", str(file), "--report", str(file), HOTLINE_DATA=str(tmp_path / "data"))
    assert (done.returncode, file.read_text("utf-8")) == (2, "问题,答案\n问？,\n")


@pytest.mark.parametrize("target", ["nowhere/a.wav", "a.mp3"])
def test_an_answer_is_spoken_into_a_wav_file_only(tmp_path, target):
    done = run("ask", "社保卡", "--speak", str(tmp_path / target), HOTLINE_DATA=str(tmp_path))
    assert (done.returncode, ".wav" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_a_wrong_setting_is_one_sentence_too():
    done = run("kb", "stats", HOTLINE_PORT="abc")
    assert (done.returncode, "HOTLINE_PORT" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_counting_waits_for_no_machine_learning(tmp_path):
    code = "import sys; from hotline.cli import main; sys.argv = ['hotline', 'kb', 'stats']\n"
    code += "try: main()\nfinally: print('heavy', {'torch', 'faiss', 'vosk'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        env={"HOTLINE_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert "heavy set()" in done.stdout
