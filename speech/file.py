"""The file carrier: a sound file in, what was said in it out."""

from pathlib import Path

from bot.messages import Utterance
from speech.audio import LONGEST, read_audio
from speech.recognizer import Recognizer


def recognise_file(recognizer: Recognizer, source: bytes | Path, longest: float = LONGEST) -> Utterance:
    """One :class:`Utterance` of everything said in a sound file, its text empty if nothing intelligible is.

    :class:`speech.errors.AudioError` if it is not sound or lasts more than `longest` seconds.
    """
    return recognizer.recognise(read_audio(source, longest))
