"""Sound to text and back: recognition (Vosk), synthesis (pyttsx3 over espeak-ng) and the file carrier.

Knows nothing of pages. Begin with :class:`speech.recognizer.Recognizer` and :class:`speech.synthesizer.Synthesizer`;
the shipped recognition model lies in ``speech/models/``.
"""
