from indexer.tokens import grams, pairs


def test_chinese_becomes_characters_pairs_and_sounds_of_pairs():
    assert grams("社保卡") == ["社", "保", "卡", "社保", "保卡", "~sebao", "~baoka"]


def test_latin_words_and_numbers_stay_whole():
    assert grams("打12345或APP") == ["打", "12345", "或", "app"]


def test_pairs_do_not_reach_over_punctuation():
    assert "了怎" not in grams("丢了，怎么办")


def test_full_width_and_traditional_characters_are_the_same_tokens():
    assert grams("社會保險１２３３３") == grams("社会保险12333")


def test_nothing_comes_of_nothing():
    assert grams(" ，。☆ ") == []


def test_pairs_are_the_tokens_that_tell_questions_apart():
    assert pairs("打12345查a社保") == ["12345", "a", "社保"]
