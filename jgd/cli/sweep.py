"""jgd sweep: recipes × configs × seeds on a task, kept in a directory; killed, the same command goes on."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

import jgd
from jgd.cli import console, experiment, methods, options, run_files
from jgd.cli.dask import dask_client
from jgd.cli.importing import given_imports
from jgd.cli.progress import sweep_progress
from jgd.cli.request import Request
from jgd.cli.task_options import (
    ClassWeight,
    Dates,
    Decimal,
    Delimiter,
    Drop,
    Empty,
    Encoding,
    Features,
    Kind,
    Metric,
    Missing,
    OneHot,
    TaskOptions,
    table_options,
)
from jgd.core import checks
from jgd.spaces import samplers
from jgd.sweeps import OptunaSampler, SweepProgress
from jgd.sweeps.share import PATIENCE

RECIPES = ["sgd", "momentum", "adam"]
RATES = (1e-4, 10.0, 24)
STEPS = 300  # updates a run
SAMPLES = 32  # configs a recipe drawn from ranges: a full block on a CPU


def command(
    context: typer.Context,
    task: Annotated[
        str | None,
        typer.Argument(
            help="A task of `jgd list`, or module:function that makes one; none with --data. Or a whole experiment, FILE.toml.",
            callback=experiment.task_or_file,
            is_eager=True,
        ),
    ] = None,
    recipe: Annotated[
        list[str] | None, typer.Option(help="module:function, a recipe of your own; repeat it for several.")
    ] = None,
    optimizer: Annotated[
        list[str] | None,
        typer.Option("--optimizer", "-o", help="One of `jgd list`; repeat it. Default sgd, momentum, adam."),
    ] = None,
    space: Annotated[Path | None, typer.Option(help="The search space, a TOML file.")] = None,
    learning_rates: Annotated[
        tuple[float, float, int] | None, typer.Option(help="Lowest, highest and how many, log-spaced [1e-4 10 24].")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=NUMBER: another hyperparameter of all recipes.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(help=f"Configs a recipe, drawn from the ranges of --space; default {SAMPLES}.")
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join([*samplers.SAMPLERS, *OptunaSampler.METHODS])}; default grid for lists, halton for ranges."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 4,
    folds: Annotated[
        int | None,
        typer.Option(help="Cut training and validation rows into so many parts; each validates once a seed."),
    ] = None,
    resplit: Annotated[bool, typer.Option("--resplit", help="Each seed has a split, or folds, of its own.")] = False,
    steps: Annotated[int | None, typer.Option(help=f"Updates a run; default {STEPS}, or as --space says.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Rows a step; default 64, or all where there are fewer.")
    ] = None,
    record_every: Annotated[
        int | None, typer.Option(help="Steps between two losses that are kept; default 1, more beyond 10,000 steps.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="One of the task's models; default its first.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A table of your own: .csv, .parquet, .arrow, .npz or .npy.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column of --data to predict.")] = None,
    features: Features = None,
    drop: Drop = None,
    one_hot: OneHot = None,
    dates: Dates = None,
    missing: Missing = None,
    class_weight: ClassWeight = None,
    kind: Kind = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    empty: Empty = None,
    loss: Annotated[str | None, typer.Option(help="A loss for --data; default what suits target and model.")] = None,
    scale: Annotated[
        str | None, typer.Option(help="Features of --data: standard (default), minmax or none, by the training rows.")
    ] = None,
    metric: Metric = None,
    policy: Annotated[
        str | None,
        typer.Option(help=f"Which configs go on: {', '.join(methods.POLICIES)}; a number is the eta of halving."),
    ] = None,
    set_policy: Annotated[list[str] | None, typer.Option(help="NAME=VALUE: a parameter of the policy.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="A budget of time: no block of runs begins after it; the same command goes on.")
    ] = None,
    block: Annotated[int | None, typer.Option(help="Configs a compiled block holds; default planned.")] = None,
    memory: Annotated[int | None, typer.Option(help="MiB that a block may take on its device.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "--store", help="The sweep's directory; default runs/TASK, numbered."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on also with a smaller sweep in --out: more samples, seeds or steps.")
    ] = False,
    shard: Annotated[
        str | None, typer.Option(help="K/N: this process runs the K-th of N shares, from 0; needs --out.")
    ] = None,
    patience: Annotated[
        float, typer.Option(help="Seconds without news of the other shards, before theirs is run here.")
    ] = PATIENCE,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, whose workers run the blocks.")] = None,
    save_config: Annotated[
        Path | None, typer.Option(help="Write all of this as FILE.toml, which `jgd sweep FILE.toml` takes, and run it.")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Import the code that FILE.toml names: it runs.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start anew in --out, whatever it holds.")] = False,
) -> None:
    """Train every recipe at every config and seed, and pick by validation. The test rows stay unread: `jgd confirm`.

    The directory holds all that was done, block by block: killed at any moment, the same command goes on and ends with
    the same numbers. When it is finished there are results.nc, table.txt, sensitivity.png and loss.png too.

    A file holds a whole sweep, with the keys task, recipes, samples, sampler, seeds, steps, policy, store, a table [space] and
    any other option by its name: `jgd sweep FILE.toml`. Options that are typed too count first.
    """
    experiment.check_trust(context, trust)
    if resume and (out is None or overwrite):
        raise checks.JgdValueError("--resume goes on with what --out holds: give --out, and no --overwrite")
    if shard is not None and (out is None or overwrite):
        raise checks.JgdValueError("--shard lands in a directory that all shards share: give --out, and no --overwrite")
    file = None if data is None else str(data)
    columns = table_options(locals())
    words = TaskOptions(task, model, file, target, loss, scale, metric, str(Path.cwd()), **columns)
    request = Request(words, tuple(recipe or []), given_imports())
    what, table = request.task.make()
    if table is not None:
        console.print_line(str(table))
    searched = _space(space, learning_rates, set_ or [])
    recipes = _recipes(optimizer, request, searched)
    arguments: dict[str, Any] = {
        "samples": _samples(searched, sampler, samples),
        "sampler": sampler,
        "seeds": seeds,
        "steps": STEPS if steps is None and "steps" not in searched.names else steps,
        "batch_size": _batch_size(batch_size, searched, what, folds),
        "record_every": record_every,
        "policy": methods.make_policy(policy, set_policy or []),
        "block": block,
        "memory": None if memory is None else checks.count("memory", memory, 1) * 2**20,
    }
    arguments |= {name: value for name, value in {"folds": folds, "resplit": resplit}.items() if value}
    names = None if recipes is None else list(recipes)
    said = {"policy": policy, "set_policy": set_policy}
    request = replace(request, options={**arguments, **said, "space": searched.describe(), "recipes": names})
    if save_config is not None:
        filled = {name: arguments[name] for name in ("samples", "sampler", "seeds", "steps", "batch_size")}
        own = (
            None
            if recipes is None
            else [*(name for name in recipes if name in jgd.optimizers.registry), *(recipe or [])]
        )
        experiment.save(save_config, context, own, searched, filled)
    goes_on = request.is_stored_in if out is None else run_files.holds_a_sweep
    directory = console.output_directory(out, request.task.name, overwrite, goes_on)

    with sweep_progress(what.metric) as show, run_files.overwritten(directory) if overwrite else nullcontext():

        def callback(progress: SweepProgress) -> None:
            if progress.stage == "compile":  # the plan was checked, and the directory is this sweep's
                request.save(directory)
            show(progress)

        with dask_client(dask) as executor:
            by: dict[str, Any] = {"executor": executor, "shard": shard, "patience": patience}
            kept: dict[str, Any] = {"store": directory, "resume": resume, "callback": callback}
            found = jgd.sweep(what, recipes, searched, seconds=seconds, **kept, **by, **arguments)
        request.save(directory)
    raise typer.Exit(run_files.save_share(found, directory, shard))


def _space(file: Path | None, rates: tuple[float, float, int] | None, fixes: Sequence[str]) -> jgd.Space:
    """The space of --space, or the learning rates, with what --set fixes."""
    names = {} if file is None else experiment.space_in(file).describe()
    fixed: dict[str, Any] = options.assignments(fixes, "--set", {"learning_rate": "--learning-rates"}, float)
    if rates is not None or file is None:
        fixed["learning_rate"] = jgd.spaces.log_grid(*(rates or RATES))
    twice = sorted(set(names) & set(fixed))
    if twice:
        raise checks.JgdValueError(f"{twice[0]} is given twice: in --space {file}, and by an option")
    return jgd.Space.of({**{name: fixed[name] for name in sorted(fixed, key="learning_rate".__ne__)}, **names})


def _recipes(
    chosen: Sequence[str] | None, request: Request, searched: jgd.Space
) -> dict[str, Callable[..., Any]] | None:
    """Builders and functions by name; None where the space names its optimizers."""
    functions = request.recipe_functions()
    if not chosen and not functions and "optimizer" in searched.names:
        return None
    names = chosen or ([] if functions else RECIPES)
    for name in names:
        if name in functions or names.count(name) > 1:
            raise checks.JgdValueError(
                f"--optimizer and --recipe must name each recipe once, got {checks.shown(name)} twice"
            )
    return {**{name: jgd.optimizers.get(name) for name in names}, **functions}


def _samples(searched: jgd.Space, sampler: str | None, samples: int | None) -> int | None:
    """How many configs a recipe; a grid knows it itself."""
    proposes = OptunaSampler.of(sampler) is not None
    if proposes or not isinstance(samplers.sampler_of(sampler, searched), samplers.Grid):
        return SAMPLES if samples is None else samples
    if samples is not None:
        raise checks.JgdValueError(
            f"--samples {samples}: a grid takes every combination; leave it out, or name another --sampler"
        )
    return None


def _batch_size(given: int | None, searched: jgd.Space, task: jgd.Task, folds: int | None) -> int | None:
    if given is not None or "batch_size" in searched.names:
        return given
    rows = checks.rows("data", task.train)
    both = rows + checks.rows("validation", task.validation)
    return min(64, rows if folds is None else both - both // checks.count("folds", folds, 2, both))
