"""How soon what editors publish is answered: ``python -m bench.following``, on a copy of ``HOTLINE_DATA``.

First many edits are followed at once, and what is then found is compared with an index rebuilt with the same model.
Then a server answers questions over HTTP while another process publishes, changes and withdraws an entry each second;
measured is how long each of these took to be answered. The copy needs twice the room of the data folder for a while.
"""

import argparse
import multiprocessing
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np

from hotline.settings import Settings
from hotline.wiring import open_knowledge
from indexer.build import build
from indexer.following import Follower
from indexer.model import ModelChoice
from indexer.search import Searcher
from kb.drafts import EntryDraft
from kb.knowledge import KnowledgeBase

CLIENTS = 16
POLL_SECONDS = 0.05
# What is not answered after this long counts as never answered.
PATIENCE_SECONDS = 30.0
STARTING_SECONDS = 120.0


class Act(NamedTuple):
    """What the publishing process did: at ``at`` (seconds of the clock) it was committed."""

    kind: str  #: publish, change or withdraw
    question: str
    at: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=60, help="how long the server is asked")
    parser.add_argument("--rate", type=int, default=50, help="questions a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hotline-following-") as folder:
        settings = Settings(data=_copied(Settings(), Path(folder) / "data"))
        asked = _questions(open_knowledge(settings), options.questions)
        if options.edits:
            compare(settings, options.edits, asked)
        if options.seconds:
            load(settings, [text for _, text in asked], options.seconds, options.rate)


def _copied(settings: Settings, target: Path) -> Path:
    shutil.copytree(settings.data, target, ignore=shutil.ignore_patterns("hotline.sqlite*", "speech-cache"))
    source = f"file:{settings.data / 'hotline.sqlite'}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as old, closing(sqlite3.connect(target / "hotline.sqlite")) as new:
        old.backup(new)
    return target


def _questions(knowledge: KnowledgeBase, count: int) -> list[tuple[int, str]]:
    asked = [(e.id, text) for e in knowledge.published() for text in (e.draft.question, *e.draft.variants)]
    return random.Random(1).sample(asked, min(count, len(asked)))


# --- many edits at once --------------------------------------------------------------------------------------


def compare(settings: Settings, edits: int, asked: Sequence[tuple[int, str]]) -> None:
    """Follow random edits and set what is found against an index rebuilt with the same model."""
    knowledge = open_knowledge(settings)
    searcher = Searcher(settings.index_folder, knowledge.regions)
    edit(knowledge, edits)
    follower = Follower(knowledge, searcher)
    started = time.perf_counter()
    changes = follower.catch_up()
    print(f"{changes:,} changes followed in {time.perf_counter() - started:.1f} s", flush=True)
    followed = _found(searcher, asked)
    started = time.perf_counter()
    if follower.tidy():
        print(f"worn parts of the lexical index written anew in {time.perf_counter() - started:.1f} s", flush=True)
    tidied = _found(searcher, asked)
    searcher.close()
    started = time.perf_counter()
    build(knowledge, settings.index_folder, ModelChoice(), keep_model=True)
    print(f"rebuilt with the same model in {time.perf_counter() - started:.1f} s", flush=True)
    rebuilt = _found(Searcher(settings.index_folder, knowledge.regions), asked)
    for name, found in (("followed", followed), ("followed and tidied", tidied)):
        same = np.mean([one == other for one, other in zip(found, rebuilt, strict=True)])
        points = 100 * (_recall(found, asked) - _recall(rebuilt, asked))
        print(f"{name}: same top five as rebuilt on {same:.1%} of {len(asked)}, recall@1 {points:+.2f} points")


def edit(knowledge: KnowledgeBase, count: int) -> None:
    """Edits of every kind, on entries drawn alike from the whole city."""
    chance = random.Random(2)
    chosen = chance.sample([e for e in knowledge.published() if e.draft.key], count)
    matters = sorted(knowledge.matters())
    drafts, withdrawn = [], []
    for entry in chosen:
        draft = entry.draft
        kind = chance.choices(("new", "text", "withdraw", "expire", "later", "move"), (20, 35, 15, 10, 5, 15))[0]
        if kind == "withdraw":
            withdrawn.append(entry.id)
        elif kind == "new":
            question = f"{draft.question.rstrip('？')}，新办法是什么？"
            drafts.append(replace(draft, question=question, key=f"new/{draft.key}", answer=f"新办法：{draft.answer}"))
        elif kind == "text":
            answer = f"{draft.answer}{chance.choice(['现在可以网上办理。', '窗口已搬到二楼。', '不再收取费用。'])}"
            drafts.append(replace(draft, answer=answer, variants=(*draft.variants, f"{draft.question}最近变了吗")))
        elif kind == "expire":
            drafts.append(replace(draft, valid_to=date.today() - timedelta(days=1)))
        elif kind == "later":
            drafts.append(replace(draft, valid_from=date.today() + timedelta(days=30)))
        else:
            drafts.append(replace(draft, matter=chance.choice(matters)))
    outcome = knowledge.publish(drafts, author="bench", all_or_nothing=False)
    for entry_id in withdrawn:
        knowledge.withdraw(entry_id)
    print(f"{outcome.published + outcome.updated + len(withdrawn):,} edits, {len(outcome.refused)} refused", flush=True)


def _found(searcher: Searcher, asked: Sequence[tuple[int, str]]) -> list[list[int]]:
    return [[hit.entry_id for hit in searcher.ask(text)[:5]] for _, text in asked]


def _recall(found: Sequence[Sequence[int]], asked: Sequence[tuple[int, str]]) -> float:
    return float(np.mean([hits[:1] == [entry] for hits, (entry, _) in zip(found, asked, strict=True)]))


# --- a server that is asked while others publish ----------------------------------------------------------------


def load(settings: Settings, questions: Sequence[str], seconds: int, rate: int) -> None:
    """Ask a server at a steady rate while another process publishes, and print how soon it was answered."""
    asking, publishing = Asking(rate, seconds), Publishing(settings.data, seconds)
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, timeout=PATIENCE_SECONDS, trust_env=False) as client,
    ):
        thread = threading.Thread(target=publishing.watch, args=(client,))
        thread.start()
        asking.run(client, questions)
        thread.join()
    p50, p95 = np.percentile(asking.milliseconds, [50, 95])
    print(f"{len(asking.milliseconds):,} questions at {rate} a second: p50 {p50:.0f} ms, p95 {p95:.0f} ms, ", end="")
    print(f"{asking.failed} failed")
    for kind, delays in publishing.delays.items():
        p50, p95 = np.percentile(delays, [50, 95])
        print(f"{kind} to answered, {len(delays)} times: p50 {p50:.2f} s, p95 {p95:.2f} s, most {max(delays):.2f} s")
    never, mixed, failed = (publishing.counts[name] for name in ("never", "mixed", "failed"))
    print(f"never answered {never}, question and answer of different versions {mixed}, failed polls {failed}")


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """A server process of its own on a free port; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = os.environ | {"HOTLINE_DATA": str(settings.data), "HOTLINE_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "hotline.cli", "serve"], env=environment, stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _await(address, process)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(STARTING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _await(address: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(f"{address}/healthz", trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


class Asking:
    """Questions at a steady rate, whether or not earlier ones were answered."""

    def __init__(self, rate: int, seconds: int) -> None:
        self._rate, self._seconds = rate, seconds
        self.milliseconds: list[float] = []
        self.failed = 0

    def run(self, client: httpx.Client, questions: Sequence[str]) -> None:
        """Ask; delays count from when a question was due."""
        started = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            for number in range(self._rate * self._seconds):
                due = started + number / self._rate
                time.sleep(max(0.0, due - time.perf_counter()))
                pool.submit(self._ask, client, questions[number % len(questions)], due)

    def _ask(self, client: httpx.Client, question: str, due: float) -> None:
        try:
            right = client.post("/api/v1/ask", json={"text": question}).status_code == 200
        except httpx.HTTPError:
            right = False
        self.failed += not right
        self.milliseconds.append((time.perf_counter() - due) * 1000)


class Publishing:
    """Another process publishes, changes and withdraws; here it is watched until the server answers so."""

    def __init__(self, data: Path, seconds: int) -> None:
        self._data, self._seconds = data, seconds
        self.delays: dict[str, list[float]] = {"publish": [], "change": [], "withdraw": []}
        self.counts: Counter[str] = Counter()

    def watch(self, client: httpx.Client) -> None:
        """Start the process and watch all that it does; returns when it has ended."""
        receiving, sending = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(
            target=publish, args=(self._data, self._seconds, sending)
        )
        process.start()
        sending.close()
        with ThreadPoolExecutor(CLIENTS) as pool:
            try:
                while True:
                    pool.submit(self._follow, client, receiving.recv())
            except EOFError:
                process.join()

    def _follow(self, client: httpx.Client, act: Act) -> None:
        while time.time() - act.at < PATIENCE_SECONDS:
            if self._answered(client, act):
                self.delays[act.kind].append(time.time() - act.at)
                return
            time.sleep(POLL_SECONDS)
        self.counts["never"] += 1

    def _answered(self, client: httpx.Client, act: Act) -> bool:
        try:
            reply = client.post("/api/v1/ask", json={"text": act.question}).raise_for_status().json()
        except httpx.HTTPError:
            self.counts["failed"] += 1
            return False
        found = (reply["entry"] or {}).get("question", "")
        if reply["move"] == "answer" and found.startswith("临时事项"):
            self.counts["mixed"] += _serial(found) != _serial(reply["answer"])
        return (found == act.question) == (act.kind != "withdraw")


def _serial(text: str) -> str:
    return text.split("号")[0]


def publish(data: Path, seconds: int, sending: Connection) -> None:
    """What the publishing process does: each second a new entry, a change to the last and the end of the one before."""
    knowledge = open_knowledge(Settings(data=data))
    ids: dict[int, int] = {}
    started = time.time()

    def put(number: int, version: int) -> None:
        question = _question(number, version)
        answer = f"{_serial(question)}号请到窗口办理。"
        city = knowledge.regions.city.code
        before = knowledge.last_sequence()
        knowledge.publish([EntryDraft(question, answer, city, key=f"bench/{number}")], author="bench")
        sending.send(Act("change" if version else "publish", question, time.time()))
        ids[number] = knowledge.changes(before)[0].entry_id

    for number in range(seconds):
        time.sleep(max(0.0, started + number - time.time()))
        put(number, 0)
        if number > 0:
            put(number - 1, 1)
        if number > 1:
            knowledge.withdraw(ids[number - 2])
            sending.send(Act("withdraw", _question(number - 2, 1), time.time()))
    sending.close()


def _question(number: int, version: int) -> str:
    return f"临时事项{70_000 + 10 * number + version}号怎么办理？"


if __name__ == "__main__":
    main()
