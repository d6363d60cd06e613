"""Layer 12: the `jgd` command. Thin: every subcommand calls one public function and prints what it returns.

train.py  check.py  list.py                          one run, a gradient, what there is
sweep.py  extend.py  show.py  confirm.py  replay.py  a sweep, and what can be done with its directory
task_options.py  methods.py  options.py              what options mean: tasks, optimizers and orders, values
request.py  run_files.py                             what was asked for, kept in the directory; the directory
importing.py  console.py  progress.py                module:function; tables and lines; bars
"""

import inspect
import sys
import warnings
from collections.abc import Callable
from typing import Any

SUMMARY = """Gradient descent as data: sweeps of optimizers and hyperparameters, single runs, gradients checked.

To begin with: `jgd sweep digits`, and then `jgd confirm runs/digits`. `jgd COMMAND --help` has the options.
"""


def main() -> None:
    """The entry point; bad input ends with its message and code 2."""
    try:
        import typer
    except ImportError:
        sys.exit("the jgd command needs typer and rich: pip install 'jgd[cli]'")
    import jgd
    from jgd.cli import check, confirm, extend, importing, options, predict, replay, show, sweep, train
    from jgd.cli import list as listing

    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback(help=SUMMARY)(importing.import_modules)
    for command in (sweep, extend, show, confirm, replay, train, predict, check, listing):
        name = command.__name__.rpartition(".")[2]
        app.command(name, help=_help(command.command))(command.command)
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


def _help(function: Callable[..., None]) -> str:
    """A subcommand's docstring with a line for each paragraph: the terminal's width breaks them, not the source's."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _options(command: Any) -> dict[str, str]:
    """Argument name -> option, of the subcommand that was called."""
    called = next((word for word in sys.argv[1:] if word in command.commands), None)
    parameters = [] if called is None else command.commands[called].params
    return {each.name: each.opts[0] for each in parameters if each.opts[0].startswith("-")}


def _print_warning(message: Warning | str, *place: object) -> None:
    """A warning as one line: where in the code it arose is of no use on a terminal."""
    print(f"jgd: {message}", file=sys.stderr)
