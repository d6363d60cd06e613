"""Layer 12: the `jgd` command. Thin: every subcommand calls one public function and prints what it returns.

train.py  check.py  list.py                          one run, a gradient, what there is
sweep.py  extend.py  show.py  confirm.py  replay.py  a sweep, and what can be done with its directory
task_options.py  methods.py  options.py              what options mean: tasks, optimizers and orders, values
request.py  run_files.py                             what was asked for, kept in the directory; the directory
importing.py  console.py  progress.py                module:function; tables and lines; bars
"""

import sys
import warnings
from typing import Any


def main() -> None:
    """The entry point: one XLA device a core, set before JAX starts; bad input ends with its message and code 2."""
    try:
        import typer
    except ImportError:
        sys.exit("the jgd command needs typer and rich: pip install 'jgd[cli]'")
    import jgd
    from jgd.cli import confirm, extend, options, replay, show, sweep, train
    from jgd.cli import list as listing
    from jgd.cli.check import check

    jgd.use_cores()
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=jgd.__doc__)
    app.command("sweep")(sweep.command)
    app.command("extend")(extend.command)
    app.command("show")(show.command)
    app.command("confirm")(confirm.command)
    app.command("replay")(replay.command)
    app.command("train")(train.command)
    app.command("check")(check)
    app.command("list")(listing.command)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _print_warning
            app()
    except (jgd.JgdError, ImportError, OSError) as error:
        command: Any = typer.main.get_command(app)
        asked = command.commands.get(sys.argv[1]) if len(sys.argv) > 1 else None
        spelled = {each.name: each.opts[0] for each in asked.params if each.opts[0].startswith("-")} if asked else {}
        print(f"jgd: {options.in_options(str(error), spelled)}", file=sys.stderr)
        sys.exit(2)


def _print_warning(message: Warning | str, *place: object) -> None:
    """A warning as one line: where in the code it arose is of no use on a terminal."""
    print(f"jgd: {message}", file=sys.stderr)
