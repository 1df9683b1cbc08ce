import fcntl
import logging
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from hotline.wiring import open_knowledge
from indexer import following
from indexer.build import build
from indexer.errors import MissingIndexError
from indexer.following import LOCK_FILE, Follower
from indexer.manifest import Manifest, current_folder
from indexer.model import ModelChoice
from indexer.pipeline import JUDGEMENT_FILE
from indexer.search import Searcher
from kb.drafts import EntryDraft
from kb.models import Level
from kb.regions import Place

CITY = "210100"
YESTERDAY = date.today() - timedelta(days=1)
NEXT_YEAR = date.today() + timedelta(days=365)
# A process that follows and is killed at a line of ours.
KILLED = """
import os, signal, sys
from pathlib import Path
from hotline.settings import Settings
from hotline.wiring import open_knowledge
from indexer import following
from indexer.search import Searcher
knowledge = open_knowledge(Settings(data=Path(sys.argv[1])))
searcher = Searcher(Path(sys.argv[1]) / "index", knowledge.regions)
follower = following.Follower(knowledge, searcher)
following.BATCH = 100
"""
DIE = "os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def settings(city_settings, tmp_path):
    shutil.copytree(city_settings.data, tmp_path / "data")
    return city_settings.model_copy(update={"data": tmp_path / "data"})


@pytest.fixture
def followed(settings):
    """An editor's knowledge base, and the searcher and follower of another process."""
    return open_knowledge(settings), *follow(settings)


def follow(settings):
    knowledge = open_knowledge(settings)
    searcher = Searcher(settings.index_folder, knowledge.regions)
    return searcher, Follower(knowledge, searcher)


def edit(knowledge, count, seed=1):
    """Random edits of every kind; returns how many changed anything."""
    before = knowledge.last_sequence()
    chance = random.Random(seed)
    entries = {e.id: e for e in knowledge.published()}
    matters = sorted({e.draft.matter for e in entries.values()})
    keyed = [e.id for e in entries.values() if e.draft.key]
    districts = [p.code for p in knowledge.regions.places() if p.level is Level.DISTRICT]
    for number in range(count):
        kind = chance.randrange(6)
        draft = entries[chance.choice(keyed)].draft
        if kind == 0:
            other = entries[chance.choice(list(entries))].draft
            region = chance.choice([CITY, *districts])
            new = replace(other, question=f"{other.question[:-1]}，第{number}次问？", key=f"new{number}", region=region)
            knowledge.publish([new], author="test")
        elif kind == 1:
            text = chance.choice(["改到线上办理", "窗口搬到二楼", "不再收取工本费"])
            variants = (*draft.variants, f"听说{text}是真的吗{number}")
            knowledge.publish([replace(draft, answer=f"{draft.answer}{text}。", variants=variants)], author="test")
        elif kind == 2 and len(entries) > count:
            gone = chance.choice(list(entries))
            knowledge.withdraw(gone)
            del entries[gone]
            keyed = [i for i in keyed if i != gone]
        elif kind == 3:
            knowledge.publish([replace(draft, valid_to=YESTERDAY)], author="test")
        elif kind == 4:
            knowledge.publish([replace(draft, valid_from=NEXT_YEAR)], author="test")
        else:
            knowledge.publish([replace(draft, matter=chance.choice([*matters, "NEW-001"]))], author="test")
    return knowledge.last_sequence() - before


def questions(knowledge, count):
    asked = [text for e in knowledge.published() for text in (e.draft.question, *e.draft.variants)]
    return random.Random(2).sample(asked, count)


def first_five(searcher, asked):
    return {text: [hit.entry_id for hit in searcher.ask(text)[:5]] for text in asked}


def assert_as_rebuilt(settings, searcher):
    knowledge = open_knowledge(settings)
    asked = questions(knowledge, 100)
    found = first_five(searcher, asked)
    assert all(found.values())
    vectors = {d.id: d.embedding for d in searcher.store.filter_documents()}
    build(knowledge, settings.index_folder, ModelChoice(), keep_model=True)
    rebuilt = Searcher(settings.index_folder, knowledge.regions)
    assert found == first_five(rebuilt, asked)
    anew = {d.id: d for d in rebuilt.store.filter_documents()}
    assert vectors.keys() == anew.keys()
    np.testing.assert_allclose([vectors[i] for i in anew], [d.embedding for d in anew.values()], atol=1e-6)


def test_followed_edits_are_found_like_those_of_a_rebuilt_index(settings, followed):
    knowledge, searcher, follower = followed
    changes = edit(knowledge, 300)
    assert follower.catch_up() == changes > 250
    assert follower.backlog() == follower.catch_up() == 0
    assert follower.tidy()
    assert not follower.tidy()
    assert searcher.size == knowledge.count_published()
    assert_as_rebuilt(settings, searcher)


def test_nothing_withdrawn_expired_or_not_yet_valid_comes_back(followed):
    knowledge, searcher, follower = followed
    asked = questions(knowledge, 100)
    edit(knowledge, 200)
    follower.catch_up()
    today = date.today()
    valid = {
        e.id for e in knowledge.published() if (e.draft.valid_from or today) <= today <= (e.draft.valid_to or today)
    }
    assert len(valid) < knowledge.count_published()
    for mode in ("lexical", "dense", "fused"):
        assert {hit.entry_id for text in asked for hit in searcher.search(text, mode=mode, top_k=50)} <= valid


@pytest.mark.parametrize(
    "killed",
    [
        "searcher.store.apply = lambda *changes: " + DIE,
        "searcher.lexical.write_matters = lambda *texts, **more: " + DIE,
        "first = searcher.store.apply\ncount = iter('12')\n"
        "searcher.store.apply = lambda *c: " + DIE + " if next(count) == '2' else first(*c)",
    ],
)
def test_a_process_that_is_killed_in_between_leaves_work_that_the_next_one_ends(settings, killed):
    knowledge = open_knowledge(settings)
    changes = edit(knowledge, 250)
    run = subprocess.run(
        [sys.executable, "-c", f"{KILLED}{killed}\nfollower.catch_up()", str(settings.data)], check=False
    )
    assert run.returncode == -9
    searcher, follower = follow(settings)
    # The third was killed after its first hundred.
    assert follower.catch_up() == changes - 100 * ("first" in killed)
    follower.tidy()
    assert_as_rebuilt(settings, searcher)


def test_a_renewal_that_is_killed_leaves_the_index_as_it_was(settings, followed):
    knowledge, searcher, follower = followed
    edit(knowledge, 100)
    follower.catch_up()
    asked = questions(knowledge, 50)
    before = first_five(searcher, asked)
    killed = "from itertools import islice\neach = searcher.store.each\n"
    killed += f"def some():\n yield from islice(each(), 100)\n {DIE}\nsearcher.store.each = some"
    run = subprocess.run([sys.executable, "-c", f"{KILLED}{killed}\nfollower.tidy()", str(settings.data)], check=False)
    assert run.returncode == -9
    assert first_five(follow(settings)[0], asked) == before
    assert follower.tidy()
    assert_as_rebuilt(settings, searcher)


def test_a_renewal_gives_way_to_what_is_published(settings, followed, monkeypatch):
    knowledge, searcher, follower = followed
    edit(knowledge, 100)
    follower.catch_up()
    asked = questions(knowledge, 50)
    before = first_five(searcher, asked)
    monkeypatch.setattr(following, "BATCH", 20)
    each = searcher.store.each

    def published_meanwhile():
        for number, document in enumerate(each()):
            if number == 50:
                knowledge.publish([EntryDraft("无人机在哪里登记？", "到民航服务窗口登记。", CITY)], author="test")
            yield document

    monkeypatch.setattr(searcher.store, "each", published_meanwhile)
    assert not follower.tidy()
    assert first_five(searcher, asked) == before
    monkeypatch.undo()
    assert follower.catch_up() == 1
    assert follower.tidy()
    assert_as_rebuilt(settings, searcher)


def test_worn_parts_are_written_anew_in_a_quiet_moment(followed, monkeypatch):
    knowledge, searcher, follower = followed
    monkeypatch.setattr(following, "QUIET_SECONDS", 0.01)
    edit(knowledge, 100)
    follower.catch_up()
    assert searcher.lexical.worn()
    follower.follow(0.01)
    until(lambda: not searcher.lexical.worn())
    follower.stop()


def test_an_entry_is_answered_changed_and_withdrawn_without_a_rebuild(followed):
    knowledge, searcher, follower = followed
    draft = EntryDraft("无人机在哪里登记？", "到民航服务窗口登记。", CITY, key="drone", matter="DRONE")
    for answer in ("到民航服务窗口登记。", "到网上登记。"):
        knowledge.publish([replace(draft, answer=answer)], author="test")
        assert follower.catch_up() == 1
        assert searcher.ask("无人机在哪里登记")[0].answer == answer
    assert "DRONE" in searcher.lexical.matters("无人机")
    knowledge.withdraw(searcher.ask("无人机在哪里登记")[0].entry_id)
    assert follower.catch_up() == 1
    assert "drone" not in {hit.key for hit in searcher.search("无人机在哪里登记", top_k=50)}
    assert "DRONE" not in searcher.lexical.matters("无人机")


def test_an_entry_for_a_place_that_was_unknown_is_found_by_who_names_it(followed):
    knowledge, searcher, follower = followed
    knowledge.add_regions([Place("210199", "星海新区", Level.DISTRICT, CITY)])
    knowledge.publish([EntryDraft("星海新区在哪里登记无人机？", "到海边大厅。", "210199")], author="test")
    assert follower.catch_up() == 1
    assert searcher.ask("星海新区无人机去哪登记")[0].region_name == "星海新区"


def test_who_does_not_get_the_lock_takes_in_what_the_other_wrote(settings, followed):
    knowledge, searcher, follower = followed
    _, other = follow(settings)
    knowledge.publish([EntryDraft("无人机在哪里登记？", "到民航服务窗口登记。", CITY)], author="test")
    with (searcher.folder / LOCK_FILE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert follower.catch_up() == 0
        assert follower.backlog() == 1
    assert other.catch_up() == 1
    assert follower.catch_up() == 0
    for mode in ("lexical", "dense"):
        assert searcher.search("无人机在哪里登记", mode=mode)[0].question == "无人机在哪里登记？"


def test_a_large_backlog_is_taken_in_piece_by_piece(followed, monkeypatch):
    knowledge, searcher, follower = followed
    monkeypatch.setattr(following, "BATCH", 7)
    changes = edit(knowledge, 40)
    sequences = Counter()
    applied = searcher.store.apply
    searcher.store.apply = lambda *changes: sequences.update([changes[-1]]) or applied(*changes)
    assert follower.catch_up() == changes
    assert len(sequences) == -(-changes // 7)


def test_a_thread_follows_until_it_is_stopped_and_outlives_errors(followed, monkeypatch, caplog):
    knowledge, searcher, follower = followed
    before = threading.enumerate()
    monkeypatch.setattr(following, "RETRY_SECONDS", 0.01)
    logged = threading.Event()
    handler = logging.Handler()
    handler.emit = lambda record: logged.set()
    following._logger.addHandler(handler)
    lock = searcher.folder / LOCK_FILE
    lock.mkdir()
    follower.follow(0.01)
    knowledge.publish([EntryDraft("无人机在哪里登记？", "到民航服务窗口登记。", CITY)], author="test")
    assert logged.wait(30)
    lock.rmdir()
    until(lambda: searcher.ask("无人机在哪里登记")[0].question == "无人机在哪里登记？")
    follower.stop()
    following._logger.removeHandler(handler)
    knowledge.publish([EntryDraft("热气球在哪里登记？", "到民航服务窗口登记。", CITY)], author="test")
    assert not any(t.name == "following" for t in threading.enumerate() if t not in before)
    assert follower.backlog() == 1


def until(true):
    end = time.monotonic() + 30
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    assert true()


def test_a_rebuild_that_keeps_the_model_learns_nothing(settings):
    before = current_folder(settings.index_folder)
    old = Manifest.load(before)
    kept = [(before / name).read_bytes() for name in (JUDGEMENT_FILE, "embedding/model.safetensors")]
    manifest = build(open_knowledge(settings), settings.index_folder, ModelChoice("ignored"), keep_model=True)
    after = current_folder(settings.index_folder)
    assert after != before
    assert [(after / name).read_bytes() for name in (JUDGEMENT_FILE, "embedding/model.safetensors")] == kept
    assert replace(manifest, built_at=old.built_at) == old


def test_without_an_index_there_is_no_model_to_keep(settings, tmp_path):
    with pytest.raises(MissingIndexError, match="hotline index build"):
        build(open_knowledge(settings), tmp_path / "none", ModelChoice(), keep_model=True)
