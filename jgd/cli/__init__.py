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
    """The entry point; bad input ends with its message and code 2."""
    try:
        import typer
    except ImportError:
        sys.exit("the jgd command needs typer and rich: pip install 'jgd[cli]'")
    import jgd
    from jgd.cli import confirm, extend, importing, options, replay, show, sweep, train
    from jgd.cli import list as listing
    from jgd.cli.check import check

    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback(help=jgd.__doc__)(importing.import_modules)
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
    except jgd.JgdError as error:
        print(f"jgd: {options.message_by_option(error, _options(typer.main.get_command(app)))}", file=sys.stderr)
        sys.exit(2)
    except (ImportError, OSError) as error:
        print(f"jgd: {error}", file=sys.stderr)
        sys.exit(2)


def _options(command: Any) -> dict[str, str]:
    """Argument name -> option, of the subcommand that was called."""
    called = next((word for word in sys.argv[1:] if word in command.commands), None)
    parameters = [] if called is None else command.commands[called].params
    return {each.name: each.opts[0] for each in parameters if each.opts[0].startswith("-")}


def _print_warning(message: Warning | str, *place: object) -> None:
    """A warning as one line: where in the code it arose is of no use on a terminal."""
    print(f"jgd: {message}", file=sys.stderr)
