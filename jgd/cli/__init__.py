"""Layer 12: the `jgd` command. Thin: every subcommand calls one public function and prints what it returns.

train.py  check.py  list.py                          one run, a gradient, what there is
lecture.py                                           the lectures redone
sweep.py  extend.py  show.py  confirm.py  replay.py  a sweep, and what can be done with its directory
work.py  dask.py                                     … by several processes
prune.py                                             … made smaller
report.py  export.py  compare.py                     the same as a page, for other tools, and several as a comparison
watched.py                                           where a run starts, what of it is shown step by step
task_options.py  methods.py  options.py              what options mean: tasks, optimizers and orders, values
request.py  run_files.py                             what was asked for, kept in the directory; the directory
predict.py                                           what was trained, on new rows
importing.py  console.py  progress.py  ctrl_c.py     module:function; tables and lines; bars; how it is stopped
"""

import importlib
import importlib.util
import sys
import warnings
from typing import Any, cast

from jgd.cli import ctrl_c
from jgd.core.text import LAYOUT, printable

SUMMARY = """Gradient descent as data: sweeps of optimizers and hyperparameters, single runs, gradients checked.

To begin with: `jgd sweep digits`, and then `jgd confirm runs/digits`. `jgd COMMAND --help` has the options.
"""


COMMANDS = (
    *("sweep", "extend", "work", "prune", "show", "report", "confirm", "replay", "export", "compare"),
    *("train", "predict", "check", "list", "lecture"),
)


def main() -> None:
    """The entry point; bad input ends with its message and code 2."""
    with ctrl_c.ends_quietly():
        _main()


def _main() -> None:
    try:
        import typer
    except ImportError:
        sys.exit("the jgd command needs typer and rich: pip install 'jgd[cli]'")
    from jgd.cli import importing

    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, cls=_lazy_group())
    app.callback(help=SUMMARY)(importing.import_modules)
    for name in COMMANDS:
        app.command(name, help=_help(_docstring(name)))(lambda: None)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _print_warning
            app()
    except (ImportError, OSError) as error:
        _tell(error)
        sys.exit(2)
    except Exception as error:  # what makes a JgdError costs jax's import, which only a subcommand needs
        errors: Any = sys.modules.get("jgd.core.checks")
        if errors is None or not isinstance(error, errors.JgdError):
            raise
        from jgd.cli import options

        _tell(options.message_by_option(cast(Any, error), _options()))
        sys.exit(2)


def _lazy_group() -> Any:
    """A group whose subcommands are imported when they are called: help takes their names and docstrings alone."""
    from typer.core import TyperGroup

    class LazyGroup(TyperGroup):
        def resolve_command(self, ctx: Any, args: Any) -> Any:  # no `list` here: once imported, it is the subcommand
            if args and args[0] in COMMANDS:
                self.commands[args[0]] = _subcommand(args[0])
            ctrl_c.begins()
            return super().resolve_command(ctx, args)

    return LazyGroup


def _subcommand(name: str) -> Any:
    """A subcommand with its options."""
    import inspect

    import typer

    function = importlib.import_module(f"jgd.cli.{name}").command
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name, help=_help(inspect.getdoc(function) or ""))(function)
    return typer.main.get_command(app)


def _docstring(name: str) -> str:
    """That of a subcommand's function, read without running its module."""
    import ast

    spec: Any = importlib.util.find_spec(f"jgd.cli.{name}")
    body = ast.parse(spec.loader.get_source(spec.name)).body
    function = next(each for each in body if isinstance(each, ast.FunctionDef) and each.name == "command")
    return ast.get_docstring(function) or ""


def _help(docstring: str) -> str:
    """A subcommand's docstring with a line for each paragraph: the terminal's width breaks them, not the source's."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in docstring.split("\n\n"))


def _options() -> dict[str, str]:
    """Argument name -> option, of the subcommand that was called."""
    called = next((word for word in sys.argv[1:] if word in COMMANDS), None)
    parameters = [] if called is None else _subcommand(called).params
    return {each.name: each.opts[0] for each in parameters if each.opts[0].startswith("-")}


def _print_warning(message: Warning | str, *place: object) -> None:
    """A warning as one line: where in the code it arose is of no use on a terminal."""
    _tell(message)


def _tell(words: object) -> None:
    """A message, which may quote files that anybody wrote."""
    print(f"jgd: {printable(words, keep=LAYOUT)}", file=sys.stderr)
