import ctypes
import importlib

import espeakng_loader
import pytest

from speech.phrases import LETTERS, PHRASES
from speech.reading import digit_by_digit, to_reading, to_words


@pytest.mark.parametrize(
    "text, words",
    [
        ("请拨打12345热线", "请拨打幺二三四五热线"),
        ("电话024-8800-1234", "电话零二四八八零零幺二三四"),
        ("拨打12333咨询", "拨打幺二三三三咨询"),
        ("拨打110。", "拨打幺幺零。"),
        ("110人", "一百一十人"),
        ("满120天", "满一百二十天"),
        ("补贴2000元", "补贴两千元"),
        ("补贴10,000元", "补贴一万元"),
        ("95%", "百分之九十五"),
        ("10%-20%", "百分之十到百分之二十"),
        ("2024-05-01", "二零二四年五月一日"),
        ("9:00-17:00", "九点到十七点"),
        ("8:30—11:30", "八点三十分到十一点三十分"),
        ("30日内", "三十日内"),
        ("3-5个工作日", "三到五个工作日"),
        ("A4纸", "A四纸"),
        ("21010119900101123X", "二幺零幺零幺幺九九零零幺零幺幺二三叉"),
        ("13800001234", "幺三八零零零零幺二三四"),
    ],
)
def test_numbers_are_written_as_they_are_said(apart, text, words):
    assert apart(to_words, [text]) == [words]


@pytest.mark.parametrize(
    "text, reading",
    [
        ("你好", "ni2 hao3."),
        ("银行还款", "yin2 hang2 huan2 kuan3."),
        ("参与重办", "can1 yu4 chong2 ban4."),
        ("在哪儿", "zai4 na3."),
        ("女儿", "nv3 er2."),
        ("一个不是", "yi2 ge4 bu2 shi4."),
        ("第一楼十一点", "di4 yi1 lou2 shi2 yi1 dian3."),
        ("困穷兄弟", "kun4 qong2 xong1 di4."),
        ("APP", "ei1 pi4 pi4."),
        ("好，对吗？", "hao3, dui4 ma5."),
    ],
)
def test_readings(apart, text, reading):
    assert apart(to_reading, [text]) == [reading]


@pytest.mark.parametrize("text", ["", "  ", "！！", "😀", "——"])
def test_what_cannot_be_said_has_no_reading(apart, text):
    assert apart(to_reading, [text]) == [""]


def test_a_process_with_vosk_is_refused():
    importlib.import_module("vosk")
    with pytest.raises(RuntimeError, match="vosk"):
        to_words("您好")


def test_digits_one_by_one():
    assert digit_by_digit("0-1x") == "零幺叉"


@pytest.fixture(scope="module")
def espeak():
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    assert library.espeak_Initialize(1, 0, espeakng_loader.get_data_path().encode(), 0) > 0
    assert library.espeak_SetVoiceByName(b"sit/cmn-latn-pinyin") == 0
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return library


def phonemes(espeak, syllable: str) -> str:
    text = ctypes.create_string_buffer(syllable.encode())
    pointer = ctypes.c_void_p(ctypes.addressof(text))
    return espeak.espeak_TextToPhonemes(ctypes.byref(pointer), 1, 0).decode()


def test_espeak_reads_every_common_character_in_chinese(apart, espeak):
    characters = [chr(code) for code in range(0x4E00, 0x9FA6) if _common(chr(code))]
    syllables = {syllable for reading in apart(to_reading, characters) for syllable in reading.strip(".").split()}
    syllables |= {s for spelling in LETTERS.values() for s in spelling.split()}
    assert len(syllables) > 1_000
    # It spells what it does not know in English.
    assert [s for s in sorted(syllables) if "(en)" in phonemes(espeak, s)] == []


def _common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def test_our_phrases_have_a_sound_for_each_character_but_colouring_er():
    wrong = [p for p, sounds in PHRASES.items() if len(sounds.split()) != len(p) - (p.endswith("儿") and p != "女儿")]
    assert wrong == []
