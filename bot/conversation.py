"""One caller's conversation: an utterance in, a reply out, whatever the channel.

:class:`Dialogue` is shared by all callers and holds no state of any; what a conversation must remember lies in the
database, so that it goes on after a restart and on another process.
"""

import time
from typing import Any

from bot import wording
from bot.choices import chosen, none_of_them
from bot.errors import UnknownRegionError
from bot.messages import Move, Reply, Utterance
from bot.normalisation import accept, to_question
from bot.policy import MOST_CHOICES, Decision, Thresholds, decide
from bot.slots import is_only_a_place
from desk.conversations import ConversationLog, TurnRecord
from indexer.messages import Hit
from indexer.scope import caller_place
from indexer.search import Searcher
from kb.regions import RegionTree

# Of what a recogniser may have heard, the best so many are searched for together. Measured: with three the right matter
# is among the first five for 71% of misheard questions, with one for 69%, with more no better.
MOST_READINGS = 3


class Dialogue:
    """What all conversations of a process share."""

    def __init__(self, searcher: Searcher, log: ConversationLog, thresholds: Thresholds) -> None:
        self.searcher = searcher
        self.log = log
        self.thresholds = thresholds

    @property
    def regions(self) -> RegionTree:
        """The places that callers may name."""
        return self.searcher.regions

    @property
    def size(self) -> int:
        """How many entries can be found."""
        return self.searcher.size

    def open(
        self, conversation: str | None = None, *, region: str | None = None, channel: str = "web"
    ) -> "Conversation":
        """Begin a conversation, or go on with one; ``region`` (code or name) is where the caller is known to be.

        Raises :class:`UnknownRegionError` or :class:`desk.errors.UnknownConversationError`; then nothing was begun.
        """
        place = self._region_code(region)
        state: dict[str, Any] = self.log.state(conversation)[0] if conversation else {}
        if place:
            state = state | {"region": place}
        return Conversation(self, conversation, state, channel)

    def _region_code(self, region: str | None) -> str | None:
        if not region or not region.strip():
            return None
        place = self.regions.resolve(region)
        if place is None:
            raise UnknownRegionError(f"没有“{region[:20]}”这个区域，请填写区县或街道的名称或代码。")
        return place.code


class Conversation:
    """One caller's conversation; made by :meth:`Dialogue.open` for each utterance."""

    def __init__(self, dialogue: Dialogue, conversation: str | None, state: dict[str, Any], channel: str) -> None:
        self._dialogue = dialogue
        self._id = conversation
        self._state = state
        self._channel = channel

    def hear(self, utterance: Utterance) -> Reply:
        """Reply to an utterance and store the turn.

        :class:`UnacceptableUtteranceError` for typed text that is empty or too long; then nothing is stored.
        """
        started = time.perf_counter()
        text = utterance.text if utterance.spoken else accept(utterance.text)
        choices = self._state.get("choices", [])
        picked = chosen(text, choices)
        question = self._completed(picked or to_question(text))
        readings = [] if picked else [to_question(h.text) for h in utterance.alternatives[1:MOST_READINGS]]
        hits, decision = self._decide(text, question, readings, declined=bool(choices) and none_of_them(text))
        self._remember(question, decision)
        place_matters = self._asks_for_place(decision)
        self._state |= {"asked_of_no_place": question if place_matters else None}
        return self._reply(utterance, decision, hits, started, place_matters)

    def _decide(self, text: str, question: str, readings: list[str], *, declined: bool) -> tuple[list[Hit], Decision]:
        if declined:
            return [], Decision(Move.REPEAT, reason="none_of_these")
        hits = self._search(question, readings)
        repeats = self._state.get("repeats", 0)
        return hits, decide(question, hits, repeats, self._dialogue.thresholds, greeted=bool(text and not question))

    def _search(self, question: str, readings: list[str]) -> list[Hit]:
        if not question:
            return []
        return self._dialogue.searcher.ask(question, readings=readings, region=self._state.get("region"))

    def _completed(self, question: str) -> str:
        # Who was asked where they are and only says so, asks the same again, about that place.
        asked = self._state.get("asked_of_no_place")
        return f"{question} {asked}" if asked and is_only_a_place(self._dialogue.regions, question) else question

    def _asks_for_place(self, decision: Decision) -> bool:
        if decision.move is not Move.ANSWER or self._state.get("region"):
            return False
        return self._dialogue.searcher.has_local(decision.hits[0])

    def _remember(self, question: str, decision: Decision) -> None:
        regions = self._dialogue.regions
        place = caller_place(regions, question, self._state.get("region"))
        missed = decision.move is Move.REPEAT and decision.reason == "not_understood"
        repeats = self._state.get("repeats", 0) + 1 if missed else 0
        asked_back = decision.hits[:MOST_CHOICES] if decision.move is Move.CONFIRM else ()
        self._state = self._state | {"repeats": repeats, "choices": [hit.question for hit in asked_back]}
        if place and place != regions.city:
            self._state |= {"region": place.code}

    def _reply(
        self, utterance: Utterance, decision: Decision, hits: list[Hit], started: float, place_matters: bool
    ) -> Reply:
        sentence = _sentence(decision)
        if place_matters:
            sentence = wording.and_where_are_you(sentence)
        shown = decision.hits[0] if decision.move in (Move.ANSWER, Move.CONFIRM) else None
        confidence = hits[0].probability if hits else 0.0
        record = TurnRecord(
            heard=utterance.text,
            readings=[{"text": h.text, "confidence": h.confidence} for h in utterance.alternatives],
            hits=[{"entry": h.entry_id, "version": h.version, "probability": round(h.probability, 4)} for h in hits],
            move=decision.move.value,
            text=sentence.text,
            speech=sentence.speech,
            confidence=confidence,
            seconds=round(time.perf_counter() - started, 4),
            entry_id=shown.entry_id if shown else None,
            entry_version=shown.version if shown else None,
            handover_reason=decision.reason if decision.move is Move.HAND_OVER else None,
        )
        log = self._dialogue.log
        self._id = self._id or log.start(self._channel, self._state)
        number = log.record(self._id, self._state, record)
        rest = tuple(hits[1:]) if shown else tuple(hits)
        return Reply(decision.move, sentence.text, sentence.speech, self._id, number, shown, confidence, rest)


def _sentence(decision: Decision) -> wording.Sentence:
    if decision.move is Move.ANSWER:
        return wording.answer(decision.hits[0])
    if decision.move is Move.CONFIRM:
        return wording.confirm(decision.hits[:MOST_CHOICES])
    if decision.move is Move.REPEAT:
        return wording.repeat(decision.reason or "")
    return wording.hand_over(decision.reason or "")
