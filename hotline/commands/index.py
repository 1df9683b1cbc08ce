"""``hotline index``: build, search and measure the index."""

import json
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from hotline.settings import Settings

app = typer.Typer(help="建立、检索和评测索引。", no_args_is_help=True)


@app.command()
def build(
    if_missing: Annotated[bool, typer.Option(help="已有可用的索引时什么也不做。")] = False,
    keep_model: Annotated[
        bool, typer.Option(help="沿用现有索引的向量模型和把握，不重新训练，快得多；还没有索引时不能用。")
    ] = False,
) -> None:
    """由全部已发布词条建立索引：训练向量模型、学习判断把握、计算向量、建立词面索引，最后一步才切换。

    中途停止（Ctrl-C）不影响原有索引。例：hotline index build
    """
    from hotline.wiring import model_choice, open_knowledge
    from indexer.build import build as build_index
    from indexer.errors import MissingIndexError
    from indexer.manifest import current_folder
    from indexer.progress import Progress

    settings = Settings()
    if if_missing:
        try:
            typer.echo(f"索引已存在：{current_folder(settings.index_folder)}")
            return
        except MissingIndexError:
            pass
    manifest = build_index(
        open_knowledge(settings),
        settings.index_folder,
        model_choice(settings),
        Progress(shown=True),
        keep_model=keep_model,
    )
    learned = f"由{manifest.questions}个留出问题学得" if manifest.questions else "沿用默认值（词条没有相似问可供学习）"
    typer.echo(f"索引已建立：{manifest.entries:,}条词条，向量{manifest.dimensions}维，把握{learned}。")


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="要检索的问题或词语。")],
    region: Annotated[str, typer.Option(help="只找在此区域适用的词条：区域代码或名称。")] = "",
    line: Annotated[str, typer.Option(help="只找此热线号码的词条。")] = "",
    mode: Annotated[str, typer.Option(help="fused（融合）、lexical（词面）或 dense（向量）。")] = "fused",
    top_k: Annotated[int, typer.Option(min=1, max=50, help="显示几条。")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="输出JSON。")] = False,
) -> None:
    """检索词条并显示得分与把握。例：hotline index search 社保卡丢了 --region 铁西区"""
    from dataclasses import asdict
    from time import perf_counter

    from hotline.wiring import open_searcher
    from indexer.errors import FilterSyntaxError

    if mode not in ("fused", "lexical", "dense"):
        raise typer.BadParameter("只能是 fused、lexical 或 dense", param_hint="--mode")
    searcher = open_searcher(Settings())
    place = searcher.regions.resolve(region) if region else None
    if region and place is None:
        raise FilterSyntaxError(f"没有“{region}”这个区域，请填写区域代码或名称。")
    code = place.code if place else None
    searcher.search(text, region=code, line=line or None, mode=mode)  # the first call also loads the model
    started = perf_counter()
    hits = searcher.search(text, region=code, line=line or None, mode=mode, top_k=top_k)
    milliseconds = (perf_counter() - started) * 1000
    if as_json:
        typer.echo(json.dumps([asdict(hit) for hit in hits], ensure_ascii=False))
        return
    for rank, hit in enumerate(hits, 1):
        chance = f"把握{hit.probability:.0%} " if mode == "fused" else ""
        place = f"[{hit.matter or '-'} {hit.aspect or '-'} {hit.region_name}]"
        typer.echo(f"{rank:2}. {chance}得分{hit.score:.3f} {place} {hit.question}")
    typer.echo(f"共{len(hits)}条，用时{milliseconds:.1f}毫秒。")


@app.command("eval")
def evaluate(
    questions: Annotated[
        Path, typer.Argument(help="评测问题文件（JSONL）：query、code、aspect、district、style，或 relevant。")
    ],
    outside: Annotated[
        Path | None, typer.Option(help="没有词条能答的问题（JSONL，含query，可含kind）：一经答复就算答错。")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="把全部结果和网页报告存入此文件夹，替换以前存入的报告。")] = None,
    compare: Annotated[Path | None, typer.Option(help="与以前用 --save 保存的文件夹比较，问题须相同。")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个JSON对象。")] = False,
) -> None:
    """在有标准答案的问题上评测词面、向量和融合三种检索，以及把握是否可信。

    例：hotline index eval questions.jsonl --outside others.jsonl --save 报告 --compare 上次的报告
    """
    from hotline.commands import figures
    from hotline.wiring import open_searcher
    from indexer import comparison, report
    from indexer.evaluation import read_outside, read_questions
    from indexer.evaluation_run import measure

    settings = Settings()
    asked = read_questions(questions) + (read_outside(outside) if outside else [])
    # What would be refused is refused before the questions are asked, not minutes later.
    then = comparison.earlier_run(compare, asked) if compare else None
    if save:
        report.check_folder(save)
    searcher = open_searcher(settings)
    run = measure(searcher, asked, settings.answers_from, lambda items: tqdm(items, desc="评测", unit="问"))
    compared = comparison.compare(then, run) if then else None
    if save:
        report.save(save, run, compared)
    if as_json:
        summary = run.summary() | ({"comparison": compared.summary()} if compared else {})
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    for line in (*figures.lines(run), *(figures.comparison_lines(compared) if compared else ())):
        typer.echo(line)
    if save:
        typer.echo(f"报告已写入：{save / report.PAGE}")
