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
