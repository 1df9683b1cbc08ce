import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect, sync_playwright

from tests.admin.conftest import CHROMIUM_OPTIONS

PHONE = {"width": 390, "height": 844}
QUESTION = "被拖欠工资该怎么投诉？"
NO_MICROPHONE = """() => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError') }
}"""
# One of these is asked back whatever the index learned.
HALF_SURE = ("退休", "工伤", "社保卡", "失业金", "工资")


@pytest.fixture(scope="module")
def recording(synthesizer, tmp_path_factory):
    """The question with silence after it, so that the page notices its end."""
    samples, rate = soundfile.read(synthesizer.speak("被拖欠工资该怎么投诉"))
    path = tmp_path_factory.mktemp("sound") / "question.wav"
    soundfile.write(path, np.concatenate([np.zeros(rate // 2), samples, np.zeros(rate * 6)]), rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def browser(chromium, recording):
    fakes = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}%noloop",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS + fakes)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, site):
    """The caller's page on a phone; whatever leaves the origin or breaks in the page fails the test."""
    context = browser.new_context(viewport=PHONE, permissions=["microphone"])
    page = context.new_page()
    page.set_default_timeout(20_000)
    trouble = []
    page.on("request", lambda r: None if r.url.startswith((site, "blob:", "data:")) else trouble.append(r.url))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(site)
    yield page
    context.close()
    assert not trouble


def ask(page, text):
    answers = page.locator(".bubble.bot:not(.waiting)")
    before = answers.count()
    page.fill("#text", text)
    page.click("#send")
    answers.nth(before).wait_for()
    return answers.last


def test_a_typed_question_is_answered_with_its_source(page):
    bubble = ask(page, QUESTION)
    expect(bubble.locator(".cited")).to_contain_text("办事指南")
    expect(page.locator(".bubble.caller")).to_contain_text(QUESTION)
    assert page.evaluate("sessionStorage.getItem('conversation')")


def test_a_spoken_question_is_heard_answered_and_spoken(page):
    page.click("#microphone")
    expect(page.locator("#microphone")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".bubble.caller .by-ear")).to_be_visible(timeout=40_000)
    bubble = page.locator(".bubble.bot:not(.waiting)").last
    expect(bubble.get_by_role("button", name="停止")).to_be_visible()
    bubble.get_by_role("button", name="停止").click()
    expect(bubble.get_by_role("button", name="再听一遍")).to_be_visible()


def test_a_choice_that_is_pressed_is_asked(page):
    choice = next(c for t in HALF_SURE if (c := ask(page, t).locator(".choices .choice")).count()).first
    question = choice.inner_text()
    choice.click()
    expect(page.locator(".bubble.caller").last).to_contain_text(question)
    expect(page.locator(".bubble.answered").last).to_be_visible()


@pytest.mark.parametrize("word", ["对", "不对"])
def test_the_caller_says_whether_the_answer_was_right(page, word):
    bubble = ask(page, QUESTION)
    bubble.get_by_role("button", name=word, exact=True).click()
    expect(bubble.locator(".feedback")).to_contain_text("已记下")


def test_a_person_is_one_press_away(page):
    page.click("#person")
    expect(page.locator(".bubble.bot").last).to_contain_text("人工")
    expect(page.get_by_role("link", name="拨打 12345")).to_be_visible()


def test_the_chosen_district_counts(page):
    page.select_option("#region", label="和平区")
    expect(ask(page, "工伤认定到哪里申请").locator(".cited")).to_contain_text("和平区")


def test_all_districts_can_be_chosen(page):
    assert page.locator("#region option").count() == 14


def test_starting_again_forgets_the_conversation(page):
    ask(page, "转人工")
    page.click("#restart")
    expect(page.locator(".bubble")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()
    assert not page.evaluate("sessionStorage.getItem('conversation')")


def test_a_conversation_that_is_gone_is_begun_anew(page):
    page.evaluate("sessionStorage.setItem('conversation', 'nobody')")
    page.reload()
    expect(ask(page, QUESTION)).to_contain_text("承办单位")


def test_without_a_network_the_question_can_be_tried_again(page):
    page.context.set_offline(True)
    expect(ask(page, QUESTION)).to_contain_text("网络")
    page.context.set_offline(False)
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".bubble.answered")).to_be_visible()


def test_without_a_microphone_the_page_says_what_to_do(page):
    page.evaluate(NO_MICROPHONE)
    page.click("#microphone")
    expect(page.locator("#status")).to_contain_text("没有找到话筒")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_cut_off_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    ask(page, QUESTION)
    ask(page, "退休")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.getElementById('talk').scrollWidth <= document.getElementById('talk').clientWidth")


def test_the_page_of_the_api_is_shown_without_a_network_beyond(page, site):
    page.goto(f"{site}/api/docs")
    expect(page.get_by_text("用文字提问")).to_be_visible()
