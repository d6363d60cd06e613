"""Layer 10: the `jgd` command. Thin: every subcommand calls one public function and prints what it returns.

sweep.py  train.py  check.py  list.py     show.py  tables, the progress bar, errors
"""

import sys


def main() -> None:
    """The entry point: one XLA device a core, set before JAX starts; bad input ends with its message and code 2."""
    try:
        import typer
    except ImportError:
        sys.exit("the jgd command needs typer and rich: pip install 'jgd[cli]'")
    import jgd
    from jgd.cli import list as listing
    from jgd.cli import sweep, train
    from jgd.cli.check import check

    jgd.use_cores()
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=jgd.__doc__)
    app.command("sweep")(sweep.command)
    app.command("train")(train.command)
    app.command("check")(check)
    app.command("list")(listing.command)
    try:
        app()
    except (jgd.JgdError, ImportError, OSError) as error:
        print(f"jgd: {error}", file=sys.stderr)
        sys.exit(2)
