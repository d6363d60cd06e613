"""jgd work: one of several processes that carry out the sweep in a directory."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import jgd
from jgd.cli import request, run_files
from jgd.cli.progress import sweep_progress
from jgd.sweeps.execute import execute
from jgd.sweeps.share import PATIENCE, Share


def command(
    directory: Annotated[Path, typer.Argument(help="Of a sweep that `jgd sweep … --out DIR` has begun.")],
    shard: Annotated[str, typer.Option(help="K/N: the K-th of N shares, from 0.")],
    patience: Annotated[
        float, typer.Option(help="Seconds without news of the other shards, before theirs is run here.")
    ] = PATIENCE,
    trust: request.Trust = False,
) -> None:
    """Run a share of the sweep in a directory, beside other processes, on any machines that have the directory.

    In a Slurm array: jgd work DIR --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT
    """
    share = Share.of(shard, patience)
    plan = replace(request.load(directory, trust).plan, store=directory)
    with sweep_progress(plan.task.metric) as callback:
        found = jgd.Sweep.of(execute(plan, callback, share=share))
    raise typer.Exit(run_files.save_share(found, directory, shard))
