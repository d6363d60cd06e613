"""jgd check: is the gradient right? Prints the table of `check_gradients`."""

import json
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
import typer

from jgd import tasks
from jgd.cli.task_options import called
from jgd.core import checks, seeds
from jgd.core.program_files import use_program_cache
from jgd.gradients import check_gradients
from jgd.losses import SupervisedLoss, errors, reductions

WRONG, UNCHECKED = 1, 2


def command(
    target: Annotated[str, typer.Argument(help="A bundled task, or module:function (see below).")],
    model: Annotated[str | None, typer.Option(help="One of the task's models.")] = None,
    loss: Annotated[str | None, typer.Option(help="Another error for the task's model, or its reduction.")] = None,
    rows: Annotated[int, typer.Option(help="Training rows in the batch.")] = 32,
    seed: Annotated[int, typer.Option(help="Of the initial parameters.")] = 0,
    order: Annotated[int, typer.Option(help="2 checks Hessian-vector products too.")] = 1,
    every_entry: Annotated[bool, typer.Option(help="Measure every entry, not only directions.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compare gradients with numbers, leaf by leaf, and name the fault.

    Exits 1 on a wrong gradient; 2 where nothing can be checked: bad input, a loss that is not finite or not the same
    twice; else 0, with inconclusive leaves too.

    module:function names a function without arguments that returns (loss, params, batch) or
    (loss, params, batch, gradient); the directory you are in is searched first.
    """
    try:
        if ":" in target:
            chosen = [name for name, value in (("--model", model), ("--loss", loss)) if value is not None]
            if chosen:
                raise checks.JgdValueError(f"{chosen[0]} belongs to a bundled task, got the function {target!r}")
            case = _own(target)
        else:
            case = _bundled(target, model, loss, rows, seed)
        use_program_cache()
        result = check_gradients(
            case["loss"],
            case["params"],
            case["batch"],
            gradient=case.get("gradient"),
            order=order,
            every_entry=every_entry,
        )
    except checks.JgdError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(UNCHECKED) from None
    typer.echo(json.dumps(result.to_dict(), indent=1) if as_json else str(result))
    if result.wrong:
        raise typer.Exit(WRONG)
    if not result.ok:
        raise typer.Exit(UNCHECKED)


def _bundled(name: str, model: str | None, loss: str | None, rows: int, seed: int) -> dict[str, Any]:
    task = tasks.get(name, model)
    seeds.check(seed)
    checks.count("rows", rows, 1)
    function = task.loss
    if loss is not None:
        assert isinstance(function, SupervisedLoss)
        checks.choice("loss", loss, [*errors, *reductions])
        error, reduction = (loss, function.reduction) if loss in errors else (function.error, loss)
        function = SupervisedLoss(function.model, error, reduction)
    batch = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[:rows]), task.train)
    return {"loss": function, "params": task.init(seeds.key(seed, seeds.Stream.INIT)), "batch": batch}


def _own(target: str) -> dict[str, Any]:
    """The user's own case, imported by name."""
    parts = called("target", target)
    if not isinstance(parts, tuple) or len(parts) not in (3, 4):
        raise checks.JgdTypeError(
            f"{target} must return (loss, params, batch) or (loss, params, batch, gradient), got {type(parts).__name__}"
        )
    return dict(zip(("loss", "params", "batch", "gradient"), parts, strict=False))
