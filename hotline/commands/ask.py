"""``hotline ask``: one question, typed or in a sound file, answered in text and aloud."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from hotline.settings import Settings

SOUND = (".wav", ".flac", ".ogg", ".mp3")


def ask(
    question: Annotated[str, typer.Argument(help="要问的话，或一个声音文件（.wav，任意采样率）。")],
    speak: Annotated[Path | None, typer.Option(help="把回答说出来，存成这个WAV文件。")] = None,
    region: Annotated[str, typer.Option(help="提问人所在的区县或街道。")] = "",
    conversation: Annotated[str, typer.Option(help="接着哪一次对话往下问。")] = "",
) -> None:
    """问一个问题，得到回答、追问或转人工。例：hotline ask 社保卡丢了怎么补办 --speak answer.wav"""
    from bot.messages import Move, Utterance
    from bot.policy import MOST_CHOICES
    from hotline.wiring import open_dialogue, open_recognizer, open_synthesizer

    if speak and (speak.suffix.lower() != ".wav" or not speak.parent.is_dir()):
        raise typer.BadParameter("应为已有文件夹里的一个.wav文件", param_hint="--speak")
    settings = Settings()
    if question.lower().endswith(SOUND):
        from speech.file import recognise_file

        utterance = recognise_file(open_recognizer(settings), Path(question))
        typer.echo(f"听到：{utterance.text or '（没有听清）'}")
    else:
        utterance = Utterance(question)
    talk = open_dialogue(settings).open(conversation or None, region=region or None, channel="file")
    reply = talk.hear(utterance)
    typer.echo(f"动作：{reply.move.value}（把握{reply.confidence:.0%}）\n回答：{reply.text}")
    if reply.move is Move.ANSWER:
        typer.echo(f"依据：{reply.hit.question}（{reply.hit.region_name}，{reply.hit.source}，{reply.hit.updated_on}）")
    near = [reply.hit, *reply.alternatives] if reply.move is Move.CONFIRM else reply.alternatives
    for hit in near[:MOST_CHOICES]:
        typer.echo(f"{'选择' if reply.move is Move.CONFIRM else '相近'}：{hit.question}（{hit.probability:.0%}）")
    typer.echo(f"对话：{reply.conversation}")
    if speak:
        with open_synthesizer(settings) as synthesizer:
            shutil.copyfile(synthesizer.speak(reply.speech), speak)
        typer.echo(f"语音：{speak}")
