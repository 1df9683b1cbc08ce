"""``hotline models``: list and install recognition models."""

from typing import Annotated

import typer

from hotline.settings import SHIPPED_SPEECH_MODEL, Settings

app = typer.Typer(help="查看和安装语音识别模型。", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """列出可安装和已安装的模型，并标出正在使用的一个。例：hotline models list"""
    from speech.model_store import OFFICIAL, active_model, installed

    settings = Settings()
    active = active_model(settings.models_folder, settings.speech_model, SHIPPED_SPEECH_MODEL)
    typer.echo(f"正在使用：{active}")
    for name in installed(settings.models_folder):
        typer.echo(f"已安装：{name}")
    for model in OFFICIAL:
        checked = "按内置SHA-256校验" if model.sha256 else "按官方列表的MD5校验"
        typer.echo(f"可安装：{model.name}（下载{model.megabytes:,}MB，{checked}）")


@app.command()
def install(
    name: Annotated[str, typer.Argument(help="模型名称，例如 vosk-model-small-cn-0.22。")],
    url: Annotated[str, typer.Option(help="下载地址，其下有“名称.zip”；不填为官方地址，内网可用自己的镜像。")] = "",
    sha256: Annotated[str, typer.Option(help="压缩包的SHA-256；不填则用内置值或地址下model-list.json里的MD5。")] = "",
) -> None:
    """下载模型，校验并试载入，全部成功后才启用；失败时原有模型不变，中断后再次运行会续传。

    例：hotline models install vosk-model-small-cn-0.22

    例：hotline models install vosk-model-cn-0.22 --url http://内网地址/models
    """
    from speech.model_store import OFFICIAL_URL
    from speech.model_store import install as install_model

    folder = install_model(Settings().models_folder, name, url or OFFICIAL_URL, sha256)
    typer.echo(f"模型已启用：{folder}。请重新启动 hotline serve。")
