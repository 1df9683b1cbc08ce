import io
import random
import struct
import time

import httpx
import numpy as np
import pytest
import soundfile

ASK, ASK_AUDIO, FEEDBACK = "/api/v1/ask", "/api/v1/ask/audio", "/api/v1/feedback"
QUESTION = "被拖欠工资该怎么投诉？"
SPOKEN = "被拖欠工资该怎么投诉"
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(2000)


def wav(samples, rate=16000, channels=1):
    file = io.BytesIO()
    soundfile.write(file, np.asarray(samples).reshape(-1, channels), rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def noise(seconds, rate=16000):
    return np.random.default_rng(1).normal(0, 0.2, int(seconds * rate)).clip(-1, 1)


@pytest.fixture(scope="session")
def spoken(synthesizer):
    return synthesizer.speak(SPOKEN).read_bytes()


def test_a_question_is_answered_with_its_source(client):
    body = client.post(ASK, json={"text": QUESTION}).get_json()
    assert body["move"] == "answer"
    assert body["entry"]["matter"] == "HRSS-019"
    assert {"question", "version", "region", "organisation", "source", "updated_on"} <= body["entry"].keys()
    assert 0.75 <= body["confidence"] <= 1
    assert all(0 <= one["confidence"] <= 1 for one in body["alternatives"])
    assert (body["turn"], body["heard"]) == (1, None)


def test_the_conversation_goes_on_and_remembers_the_district(client):
    first = client.post(ASK, json={"text": "我在铁西区，社保卡去哪里办"}).get_json()
    again = client.post(ASK, json={"text": "工伤认定到哪里申请", "conversation": first["conversation"]}).get_json()
    assert (again["turn"], again["entry"]["region"]) == (2, "铁西区")


def test_the_district_is_given_by_name_or_code(client, dialogue):
    for region in ("和平区", "和平", dialogue.regions.resolve("和平区").code):
        body = client.post(ASK, json={"text": "工伤认定到哪里申请", "region": region}).get_json()
        assert body["entry"]["region"] == "和平区"


def test_whoever_asks_for_a_person_gets_one(client):
    body = client.post(ASK, json={"text": "转人工"}).get_json()
    assert (body["move"], body["entry"]) == ("hand_over", None)


def test_the_answer_can_be_heard(client):
    body = client.post(ASK, json={"text": QUESTION}).get_json()
    sound = client.get(body["audio"])
    assert (sound.status_code, sound.mimetype) == (200, "audio/wav")
    assert soundfile.info(io.BytesIO(sound.data)).duration > 1


def test_the_callers_word_on_an_answer_is_kept(client):
    body = client.post(ASK, json={"text": QUESTION}).get_json()
    word = {"conversation": body["conversation"], "turn": body["turn"], "right": False}
    assert client.post(FEEDBACK, json=word).status_code == 204


@pytest.mark.parametrize("content_type", ["audio/wav", "application/octet-stream", "text/plain"])
def test_a_spoken_question_is_heard_and_answered(client, spoken, content_type):
    response = client.post(f"{ASK_AUDIO}?region=和平区", data=spoken, content_type=content_type)
    body = response.get_json()
    assert response.status_code == 200
    assert body["heard"]
    assert body["move"] in {"answer", "confirm"}


def test_a_sound_may_come_in_any_field_of_a_form(client, spoken):
    form = {"anything": (io.BytesIO(spoken), "question.wav"), "region": "和平区"}
    assert client.post(ASK_AUDIO, data=form).status_code == 200


def test_sound_of_96_khz_in_stereo_is_taken(client):
    body = client.post(ASK_AUDIO, data=wav(np.zeros(96000 * 2 * 2), 96000, 2)).get_json()
    assert body["move"] == "repeat"


BAD_JSON = {
    "empty body": (b"", 400),
    "blank body": (b"  \n", 400),
    "not JSON": (b"hello", 400),
    "half of it": (b'{"text": "abc', 400),
    "invalid UTF-8": b'{"text": "\xff\xfe"}',
    "GBK": '{"text": "社保卡"}'.encode("gbk"),
    "lone surrogate": rb'{"text": "\ud800"}',
    "deep": b"[" * 30000,
    "list": (b"[1]", 422),
    "string": (b'"text"', 422),
    "null": (b"null", 422),
    "no text": (b"{}", 422),
    "number": (b'{"text": 5}', 422),
    "text is null": (b'{"text": null}', 422),
    "text is a list": (b'{"text": ["a"]}', 422),
    "conversation is an object": (b'{"text": "a", "conversation": {}}', 422),
    "region is a number": (b'{"text": "a", "region": 210102}', 422),
    "NUL": (rb'{"text": "\u0000"}', 422),
    "NUL in conversation": (rb'{"text": "abc", "conversation": "\u0000"}', 422),
    "empty text": (b'{"text": ""}', 422),
    "blank text": (b'{"text": "   "}', 422),
    "long text": ('{"text": "%s"}' % ("长" * 501)).encode(),
    "unknown region": ('{"text": "社保卡", "region": "火星区"}'.encode(), 422),
    "unknown conversation": (b'{"text": "abc", "conversation": "nobody"}', 404),
    "1 MB": (b'{"text": "%s"}' % (b"a" * 1_000_000), 413),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_bad_questions_are_explained_in_chinese(client, name):
    body, status = BAD_JSON[name] if isinstance(BAD_JSON[name], tuple) else (BAD_JSON[name], None)
    response = client.post(ASK, data=body, content_type="application/json")
    assert_refused(response, status)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ({"conversation": "nobody", "turn": 1, "right": True}, 404),
        ({"conversation": "nobody", "turn": 0, "right": True}, 422),
        ({"conversation": "nobody", "turn": 10**30, "right": True}, 422),
        ({"conversation": "nobody", "turn": 1, "right": "yes"}, 422),
        ({"turn": 1, "right": True}, 422),
    ],
)
def test_bad_feedback_is_refused(client, word, status):
    assert_refused(client.post(FEEDBACK, json=word), status)


@pytest.mark.parametrize(
    ("sound", "status"),
    [
        (b"", 400),
        (b"RIFF", 422),
        (JPEG, 422),
        (wav([]), 422),
        (wav(noise(600)), 413),
        (bytes(33 * 1024 * 1024), 413),
        (b"RIFF" + struct.pack("<I", 2**32 - 1) + b"WAVEfmt " + random.Random(1).randbytes(500), 422),
    ],
    ids=["empty", "four bytes", "JPEG", "0 s", "10 minutes", "33 MB", "broken WAV"],
)
def test_bad_sound_is_refused_quickly(client, sound, status):
    started = time.monotonic()
    assert_refused(client.post(ASK_AUDIO, data=sound, content_type="audio/wav"), status)
    assert time.monotonic() - started < 5


def test_a_wrong_district_or_conversation_of_a_sound_is_refused(client, spoken):
    assert_refused(client.post(f"{ASK_AUDIO}?region=火星区", data=spoken), 422)
    assert_refused(client.post(f"{ASK_AUDIO}?conversation=nobody", data=spoken), 404)
    assert_refused(client.post(f"{ASK_AUDIO}?region=%00", data=spoken), 422)
    assert_refused(client.post(ASK_AUDIO, data={"file": "no file"}, content_type="multipart/form-data"), 400)
    assert_refused(client.post(ASK_AUDIO, data=b"rubbish", content_type="multipart/form-data"), 400)


def test_wrong_method_and_unknown_path_answer_in_the_callers_language(client):
    wrong = client.get(ASK)
    assert_refused(wrong, 405)
    assert "POST" in wrong.headers["Allow"]
    assert_refused(client.get("/api/v1/nothing"), 404)
    assert_refused(client.get("/api/v1/conversations/x/turns/99999999999999999999/speech.wav"), 404)
    assert_refused(client.get("/api/v1/conversations/x/turns/1/speech.wav"), 404)
    page = client.get("/nothing")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "12345" in page.text


def test_health_tells_the_number_of_entries(client, dialogue):
    assert client.get("/healthz").get_json() == {"status": "ok", "entries": dialogue.size}


def test_every_response_names_its_request_and_forbids_foreign_content(client):
    response = client.get("/", headers={"X-Request-ID": "abc-1"})
    assert response.headers["X-Request-ID"] == "abc-1"
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    forged = client.get("/healthz", headers={"X-Request-ID": "a b"})
    assert forged.headers["X-Request-ID"] != "a b"
    assert forged.headers["Cache-Control"] == "no-store"


def test_a_defect_is_told_with_the_requests_id_and_logged(app, caplog, monkeypatch, dialogue):
    monkeypatch.setattr(type(dialogue), "open", lambda *_, **__: 1 / 0)
    response = app.test_client().post(ASK, json={"text": QUESTION})
    error = response.get_json()["error"]
    assert (response.status_code, error["code"]) == (500, "internal_error")
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert error["request_id"] in caplog.text
    assert "ZeroDivisionError" in caplog.text


def chunks(size):
    for _ in range(size // 65536):
        yield b"a" * 65536


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        (ASK, b'{"text": "%s"}' % (b"a" * 1_000_000), 413),
        (ASK_AUDIO, bytes(40 * 1024 * 1024), 413),
        ("/api/v1/nothing", bytes(5_000_000), 404),
        ("/healthz", bytes(5_000_000), 405),
    ],
    ids=["1 MB of text", "40 MB of sound", "unknown path", "wrong method"],
)
def test_a_served_refusal_reaches_the_client_however_much_it_sends(site, path, content, status):
    assert_refused(httpx.post(site + path, content=content, timeout=60, trust_env=False), status)


def test_bodies_without_a_length_are_read_and_limited(site):
    with httpx.Client(base_url=site, timeout=60, trust_env=False) as client:
        assert_refused(client.post(ASK, content=chunks(4 * 65536)), 413)
        assert_refused(client.post(ASK_AUDIO, content=chunks(40 * 1024 * 1024)), 413)
        asked = client.post(ASK, content=iter(['{"text": "转人'.encode(), '工"}'.encode()]))
        assert asked.json()["move"] == "hand_over"


def test_the_served_site_answers_and_speaks(site):
    with httpx.Client(base_url=site, timeout=60, trust_env=False) as client:
        body = client.post(ASK, json={"text": QUESTION}).json()
        assert client.get(body["audio"]).content.startswith(b"RIFF")


def assert_refused(response, status):
    assert 400 <= response.status_code < 500
    assert status in (None, response.status_code)
    error = response.json["error"] if isinstance(response.json, dict) else response.json()["error"]
    assert error["code"]
    assert any("一" <= character <= "鿿" for character in error["message"])
    assert response.headers["X-Request-ID"]
