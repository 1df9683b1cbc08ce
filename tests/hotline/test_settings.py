import pytest
from pydantic import ValidationError

from hotline.failures import explain
from hotline.settings import Settings


def test_without_anything_set_it_listens_on_this_machine_only(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8345)
    assert settings.database.endswith("/data/hotline.sqlite")


def test_the_environment_comes_before_the_file(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hotline.toml").write_text('port = 9000\nvoice = "sit/cmn"\n', "utf-8")
    monkeypatch.setenv("HOTLINE_PORT", "9001")
    settings = Settings()
    assert (settings.port, settings.voice) == (9001, "sit/cmn")


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "0"), ("PORT", "abc"), ("ANSWER_THRESHOLD", "2"), ("SPEAKING_RATE", "5")]
)
def test_a_wrong_setting_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"HOTLINE_{name}", value)
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert f"HOTLINE_{name}" in explain(raised.value)


def test_a_misspelt_setting_in_the_file_is_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hotline.toml").write_text("prot = 9000\n", "utf-8")
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert "PROT" in explain(raised.value)


@pytest.mark.parametrize(("cost", "threshold", "expected"), [("5", "", 0.8), ("2", "", 0.5), ("5", "0.6", 0.6)])
def test_the_bot_answers_from_what_a_wrong_answer_costs_unless_told(monkeypatch, cost, threshold, expected):
    monkeypatch.setenv("HOTLINE_WRONG_ANSWER_COST", cost)
    if threshold:
        monkeypatch.setenv("HOTLINE_ANSWER_THRESHOLD", threshold)
    assert Settings().answers_from == pytest.approx(expected)
