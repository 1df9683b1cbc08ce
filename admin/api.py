"""The REST API, version 1."""

from flask import Blueprint, Response, jsonify, send_file, url_for

from admin.bodies import read_json, read_parameters, read_sound
from admin.schemas import LARGEST_TURN, Answer, Caller, Feedback, Health, Question
from bot.conversation import Dialogue
from bot.messages import Reply, Utterance
from speech.file import recognise_file
from speech.recognizer import Recognizer
from speech.synthesizer import Synthesizer


def make_api(dialogue: Dialogue, recognizer: Recognizer, synthesizer: Synthesizer) -> Blueprint:
    """The API's routes over what they need."""
    api = Blueprint("api", __name__)

    @api.post("/api/v1/ask")
    def ask() -> Response:
        question = read_json(Question)
        conversation = dialogue.open(question.conversation or None, region=question.region or None, channel="web")
        return _shown(conversation.hear(Utterance(question.text)))

    @api.post("/api/v1/ask/audio")
    def ask_audio() -> Response:
        sound = read_sound()
        caller = read_parameters(Caller)
        # Opened first: a wrong region or conversation should not cost a recognition.
        conversation = dialogue.open(caller.conversation or None, region=caller.region or None, channel="web")
        utterance = recognise_file(recognizer, sound)
        return _shown(conversation.hear(utterance), utterance.text)

    @api.post("/api/v1/feedback")
    def feedback() -> tuple[str, int]:
        word = read_json(Feedback)
        dialogue.log.judge(word.conversation, word.turn, word.right)
        return "", 204

    @api.get(f"/api/v1/conversations/<conversation>/turns/<int(min=1,max={LARGEST_TURN}):turn>/speech.wav")
    def speech(conversation: str, turn: int) -> Response:
        sentence = dialogue.log.speech_of(conversation, turn)
        return send_file(synthesizer.speak(sentence).resolve(), mimetype="audio/wav", conditional=True)

    @api.get("/healthz")
    def healthz() -> Response:
        return jsonify(Health(status="ok", entries=dialogue.size).model_dump())

    return api


def _shown(reply: Reply, heard: str | None = None) -> Response:
    audio = url_for("api.speech", conversation=reply.conversation, turn=reply.turn)
    return jsonify(Answer.of(reply, audio, heard).model_dump())
