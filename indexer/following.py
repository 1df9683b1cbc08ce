"""Keeps an open index in step with the knowledge base, so that what editors publish is answered without a rebuild.

Of all processes that share an index folder one writes at a time; the others take in what it wrote. The lexical index is
written before the store, whose number in the change feed says how far both have come: a process that is killed in
between leaves work that the next one does again.
"""

import fcntl
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from haystack import Document

from indexer.documents import to_document
from indexer.search import Searcher
from kb.drafts import PublishedEntry
from kb.knowledge import ChangeRow, KnowledgeBase

LOCK_FILE = "following.lock"
# Changes taken in at once: few enough for answers to go on, and for other processes to get their turn.
BATCH = 500
# What has failed is tried again after this long: a full disk is not emptied within a fifth of a second.
RETRY_SECONDS = 5.0
# Worn parts are written anew when nothing was published for so long: editors make their changes one after the other.
QUIET_SECONDS = 30.0
# A batch takes a second or two; what is cut off is done again.
_PATIENCE_SECONDS = 5.0

_logger = logging.getLogger(__name__)


class _InterruptedError(Exception):
    pass


class Follower:
    """Applies the change feed of a knowledge base to the index of a searcher."""

    def __init__(self, knowledge: KnowledgeBase, searcher: Searcher) -> None:
        self._knowledge = knowledge
        self._searcher = searcher
        self._store = searcher.store
        self._seen = -1  # the change up to which this process has looked at the index
        self._changed = 0.0  # when it last saw one, in seconds of the monotonic clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def backlog(self) -> int:
        """How many changes the index has yet to take in."""
        return max(0, self._knowledge.last_sequence() - self._store.sequence)

    def catch_up(self) -> int:
        """Bring the index up to the newest change and return how many were applied; cheap if there is none.

        While another process writes, only what it wrote so far is taken in. Raises what the database, the disk or the
        model raise; the index is then as it was, and the next call goes on from there.
        """
        applied = 0
        while not self._stop.is_set() and self._pending():
            with self._turn() as ours:
                if not ours:
                    break
                applied += self._apply(self._pending())
        self._look()
        return applied

    def tidy(self) -> bool:
        """Write worn parts of the lexical index anew, and return whether it was done; cheap if none is.

        It takes as long as to build them, while answers go on. It is left for later while another process writes, and
        given up as soon as something is published.
        """
        if not self._searcher.lexical.worn():
            return False
        with self._turn() as ours, suppress(_InterruptedError):
            if ours:
                self._searcher.lexical.renew(self._undisturbed)
                # So that the next process need not take in one by one what was changed since the index was built.
                self._store.save()
                return True
        return False

    def follow(self, interval: float) -> None:
        """Catch up every ``interval`` seconds in a thread of its own, until :meth:`stop`; errors are logged."""
        self._thread = threading.Thread(target=self._run, args=(interval,), name="following", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it is in the middle of is done again by whoever follows next."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def _run(self, interval: float) -> None:
        pause = interval
        while not self._stop.wait(pause):
            pause = interval
            try:
                self.catch_up()
                if time.monotonic() - self._changed > QUIET_SECONDS:
                    self.tidy()
            except Exception:
                # Whatever it was, callers are still answered from what the index has.
                _logger.exception("索引没有跟上知识库的改动，%.0f秒后再试。", RETRY_SECONDS)
                pause = RETRY_SECONDS

    def _pending(self) -> list[ChangeRow]:
        return self._knowledge.changes(after=self._store.sequence, limit=BATCH)

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        with (self._searcher.folder / LOCK_FILE).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _look(self) -> None:
        self._store.refresh()
        # Not what the refresh returned: another searcher of this process may have refreshed the shared store.
        if (sequence := self._store.sequence) != self._seen:
            self._searcher.lexical.reload()
            self._searcher.regions = self._knowledge.reread_regions()
            self._seen = sequence
            self._changed = time.monotonic()

    def _undisturbed(self) -> Iterator[Document]:
        for number, document in enumerate(self._store.each()):
            if number % BATCH == 0 and (self._stop.is_set() or self.backlog()):
                raise _InterruptedError
            yield document

    def _apply(self, changes: Sequence[ChangeRow]) -> int:
        if not changes:
            return 0
        ids = list({change.entry_id for change in changes})
        # As they are now, not as they were then: what changed again since comes round once more and changes nothing.
        published = self._knowledge.entries(ids)
        # After the entries, so that none of them holds in a place that is not known.
        self._searcher.regions = self._knowledge.reread_regions()
        gone = [str(i) for i in ids if i not in published]
        documents = self._searcher.embed(self._documents([published[i] for i in sorted(published)]))
        lexical = self._searcher.lexical
        lexical.write(documents, deleted=gone)
        matters = self._matters(ids, documents)
        lexical.write_matters(self._documents(self._knowledge.citywide(matters)), emptied=matters)
        self._store.apply(documents, gone, changes[-1].sequence)
        return len(changes)

    def _matters(self, ids: Sequence[int], documents: Sequence[Document]) -> set[str]:
        before = self._store.get([str(i) for i in ids]).values()
        return {d.meta["matter"] for d in (*before, *documents) if d.meta["matter"]}

    def _documents(self, entries: Sequence[PublishedEntry]) -> list[Document]:
        return [to_document(entry, self._searcher.regions) for entry in entries]
