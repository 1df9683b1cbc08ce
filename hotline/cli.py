"""The ``hotline`` command."""

import sys

import typer

from hotline.commands import index, kb, models
from hotline.commands.ask import ask
from hotline.commands.serve import serve

app = typer.Typer(
    help="12345 热线离线知识库与智能语音解答。先 kb build，再 index build，然后 ask 或 serve。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(kb.app, name="kb")
app.add_typer(index.app, name="index")
app.add_typer(models.app, name="models")
app.command()(ask)
app.command()(serve)


def main() -> None:
    """Run the command; errors of our own become one clear line and exit status 1."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # Only now: it loads the database library, for which `--help` should not wait.
        from hotline.failures import explain

        if (message := explain(error)) is None:
            raise
        typer.echo(message, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
