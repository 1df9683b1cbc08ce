import pytest

from speech.errors import AudioError, AudioTooLongError
from speech.file import recognise_file


def test_a_file_and_its_bytes_are_heard_alike(hearing, question):
    heard = recognise_file(hearing, question)
    assert heard.text
    assert recognise_file(hearing, question.read_bytes()) == heard


def test_too_long_a_file_is_refused(hearing, question):
    with pytest.raises(AudioTooLongError):
        recognise_file(hearing, question, longest=0.5)


def test_what_is_not_sound_is_refused(hearing):
    with pytest.raises(AudioError):
        recognise_file(hearing, b"hello")
