"""What can go wrong with sound."""


class SpeechError(Exception):
    """Base of every error of this room; its text is fit to be shown to a person, in Chinese."""


class AudioError(SpeechError):
    """The sound cannot be used: not a sound file, empty, broken."""


class AudioTooLongError(AudioError):
    """The sound is longer than one utterance may be."""


class ModelError(SpeechError):
    """A recognition model is missing, broken or not of the Kaldi format that Vosk loads."""


class DownloadError(SpeechError):
    """A model could not be downloaded or is not what it should be."""


class SynthesisError(SpeechError):
    """Text could not be spoken."""
