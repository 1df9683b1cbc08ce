"""``hotline serve``: the site and the API."""

import typer

from hotline.settings import Settings


def serve() -> None:
    """启动网页和接口。地址由 HOTLINE_HOST 和 HOTLINE_PORT 决定，默认 http://127.0.0.1:8345"""
    from hotline.server import serve as run
    from hotline.wiring import make_app
    from indexer.manifest import current_folder

    settings = Settings()
    current_folder(settings.index_folder)
    typer.echo("正在载入索引和语音模型…")
    run(lambda: make_app(settings), settings.host, settings.port, settings.threads)
