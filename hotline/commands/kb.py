"""``hotline kb``: build, import, export, check and count the knowledge base."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tqdm import tqdm

from hotline.settings import Settings
from hotline.wiring import open_database, open_knowledge

if TYPE_CHECKING:
    from kb.checking import Finding

LEVELS = {"city": "全市", "district": "区县", "street": "街道乡镇", "community": "社区村", "grid": "网格"}

app = typer.Typer(help="建立、导入、导出、检查和统计知识库。", no_args_is_help=True)


@app.command()
def build(
    if_missing: Annotated[bool, typer.Option(help="知识库里已有词条时什么也不做。")] = False,
) -> None:
    """在空的知识库里建立示例城市：132,800条已发布词条。例：hotline kb build"""
    from kb.starter.builder import TOTAL
    from kb.starter.builder import build as build_city

    knowledge = open_knowledge(Settings())
    if if_missing and (count := knowledge.count_published()):
        typer.echo(f"知识库已有{count:,}条词条。")
        return
    with tqdm(total=TOTAL, desc="建立示例城市", unit="条", mininterval=0.5) as bar:
        count = build_city(knowledge, note=bar.update)
    typer.echo(f"示例城市已建立：{count:,}条已发布词条。")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV、XLSX或JSONL文件（也可 .csv.gz、.jsonl.gz），列名中英文均可。")],
    skip_refused: Annotated[
        bool, typer.Option(help="跳过不合格的行，只导入合格的；默认有一行不合格就全部不导入。")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="把不合格的行和原因存成这个CSV文件。")] = None,
) -> None:
    """导入词条，逐行说明哪一行因为什么没有导入。例：hotline kb import 词条.xlsx --report 未通过.csv"""
    from kb.errors import RefusedError
    from kb.importing import import_file

    if report:
        _check_report(report, file)
    knowledge = open_knowledge(Settings())
    with tqdm(desc="导入", unit="条", mininterval=0.5) as bar:
        try:
            result = import_file(knowledge, file, all_or_nothing=not skip_refused, note=bar.update)
        except RefusedError as error:
            bar.close()
            _tell_refused(error.outcome.refused, report)
            raise
    if result.ignored_columns:
        typer.echo(f"未使用的列：{'、'.join(result.ignored_columns)}")
    _tell_refused(result.refused, report)
    o = result.outcome
    typer.echo(
        f"共{result.rows:,}行：新增{o.published:,}条，更新{o.updated:,}条，没有变化{o.unchanged:,}条，"
        f"未导入{len(result.refused):,}条。"
    )


def _tell_refused(refused: list[tuple[int, str, str]], report: Path | None) -> None:
    for line, question, reason in refused[:20]:
        typer.echo(f"第{line}行 {question[:30]}：{reason}", err=True)
    if len(refused) > 20:
        typer.echo(f"……另有{len(refused) - 20:,}行，用 --report 文件名 可存下全部。", err=True)
    if report:
        _write_csv(report, ("行号", "问题", "原因"), refused)


def _check_report(report: Path, source: Path | None = None) -> None:
    if (
        report.suffix.lower() != ".csv"
        or not report.parent.is_dir()
        or (source and report.resolve() == source.resolve())
    ):
        raise typer.BadParameter("应为已有文件夹里的一个.csv文件，且不是要导入的文件本身", param_hint="--report")


def _write_csv(report: Path, header: tuple[str, ...], rows: Iterable[tuple]) -> None:
    with report.open("w", encoding="utf-8-sig", newline="") as target:
        csv.writer(target).writerows([header, *rows])


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="要写的文件，格式由扩展名决定：.csv .xlsx .jsonl .jsonl.gz")],
) -> None:
    """导出全部已发布词条；同样的词条每次导出的文件完全相同。例：hotline kb export 词条.csv"""
    from kb.exporting import export_file

    knowledge = open_knowledge(Settings())
    with tqdm(total=knowledge.count_published(), desc="导出", unit="条", mininterval=0.5) as bar:
        count = export_file(knowledge, file, bar.update)
    typer.echo(f"已导出{count:,}条到{file}")


@app.command()
def check(
    report: Annotated[Path | None, typer.Option(help="把全部问题存成这个CSV文件。")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出JSON。")] = False,
) -> None:
    """检查已发布的词条：重复、雷同、缺方面、长短、电话格式、答非所问等；有错误时退出码为1。例：hotline kb check"""
    from kb.checking import Severity
    from kb.checking import check as check_base

    if report:
        _check_report(report)
    knowledge = open_knowledge(Settings())
    with tqdm(total=2 * knowledge.count_published(), desc="检查", unit="条", mininterval=0.5, disable=as_json) as bar:
        found = list(check_base(knowledge, note=bar.update))
    if report:
        _write_csv(report, ("级别", "规则", "编号", "事项", "问题", "说明"), map(_finding_row, found))
    errors = sum(finding.severity is Severity.ERROR for finding in found)
    if as_json:
        typer.echo(json.dumps([asdict(f) | {"severity": f.severity} for f in found], ensure_ascii=False))
    else:
        _tell_findings(found)
        typer.echo(f"共{knowledge.count_published():,}条词条：错误{errors:,}处，提示{len(found) - errors:,}处。")
    if errors:
        raise typer.Exit(1)


def _finding_row(finding: "Finding") -> tuple[str, ...]:
    from kb.checking import SEVERITIES, TITLES

    name = finding.key or str(finding.entry or "")
    title = TITLES[finding.rule]
    return (SEVERITIES[finding.severity], title, name, finding.matter or "", finding.question, finding.message)


def _tell_findings(found: list["Finding"]) -> None:
    from kb.checking import SEVERITIES, TITLES, Rule

    for rule in Rule:
        several = [finding for finding in found if finding.rule is rule]
        if not several:
            continue
        typer.echo(f"【{SEVERITIES[several[0].severity]}】{TITLES[rule]}：{len(several):,}处")
        for finding in several[:5]:
            name = finding.key or finding.entry or finding.matter
            typer.echo(f"  {name} {finding.question[:30]}：{finding.message}")
        if len(several) > 5:
            typer.echo(f"  ……另有{len(several) - 5:,}处，用 --report 文件名 可存下全部。")


@app.command()
def stats(
    as_json: Annotated[bool, typer.Option("--json", help="输出JSON。")] = False,
) -> None:
    """统计词条、事项、区域和归并热线。例：hotline kb stats"""
    from kb.stats import statistics

    found = statistics(open_database(Settings()))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False))
        return
    levels = "，".join(f"{LEVELS[level]} {count:,}" for level, count in found.by_level.items())
    typer.echo(f"已发布词条 {found.entries:,}（{levels}）")
    typer.echo(f"事项 {found.matters:,}，全市通用问答 {found.faqs:,}，相似问 {found.variants:,}")
    typer.echo(
        f"区县 {found.districts:,}，街道乡镇 {found.streets:,}，社区村 {found.communities:,}，网格 {found.grids:,}"
    )
    typer.echo(f"归并热线 {found.lines:,}")
    for title, counts in (("部门", found.by_organisation), ("区县", found.by_district), ("热线", found.by_line)):
        typer.echo(f"\n按{title}（事项、全市通用问答、相似问、全部词条）：")
        for name, count in counts.items():
            typer.echo(f"  {name}：{count.matters:,}、{count.faqs:,}、{count.variants:,}、{count.entries:,}")
    typer.echo("")
    typer.echo(f"变更序号 {found.last_change:,}")
