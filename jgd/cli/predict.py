"""jgd predict: a trained model on new rows of a file."""

import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

import jgd
from jgd.cli.importing import imported_thing
from jgd.cli.task_options import Decimal, Delimiter, Empty, Encoding, csv_format
from jgd.core import atomic_files, checks
from jgd.prediction.files import FILE


def command(
    model: Annotated[
        Path,
        typer.Argument(
            help="A model that `jgd train --out` wrote, its directory, or the directory of a sweep or a --store."
        ),
    ],
    data: Annotated[Path, typer.Option(help="The rows: .csv, .parquet, .arrow, .feather, .npz or .npy.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the answers here; default the terminal.")
    ] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="A column for each class beside the label.")
    ] = False,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Where --data has the target: accuracy, balanced_accuracy, f1, roc_auc, log_loss; rmse, mae, r2."
        ),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option(
            help="module:name of the model, where it is code of your own, which no file holds; of a saved model or a run."
        ),
    ] = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    empty: Empty = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of --out.")] = False,
) -> None:
    """Predict the target of new rows: a CSV with one line a row, in their order, in the target's own labels or units.

    The file of rows has the columns that the model was trained on, as they were then: gaps, words and dates are read as
    they were fitted on the training rows. Of a model of arrays it is an .npy of that shape, or a table of as many columns.
    Nothing in the model's file is run.
    """
    if out is not None and out.exists() and not overwrite:
        raise checks.JgdValueError(f"--out {out} is there already; name another, or pass --overwrite")
    if out is not None and not out.absolute().parent.is_dir():
        raise checks.JgdValueError(f"--out {out} must be in a directory that is there")
    predictor = _found(model, code)
    ready = predictor.preprocessing
    if ready is None:
        raise checks.JgdValueError(f"{str(model)!r} was trained without a table: it has no columns to find in {data}")
    rows = ready.read(data, csv_format(delimiter, decimal, encoding, empty or ()))
    answers = predictor.to_dataframe(rows, probabilities, data.name).to_csv(index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the rows are warned of was said when they were answered
        scores = {name: predictor.score(rows, name, table=data.name) for name in metric or []}
    if out is None:
        sys.stdout.write(answers)
    else:
        atomic_files.write(out.absolute(), answers.encode())
        typer.echo(f"wrote {out}", err=True)
    for name, score in scores.items():
        typer.echo(f"{name} {score:.6g}", err=True)


def _found(path: Path, code: str | None) -> jgd.Predictor:
    """What predicts in a file, or in one of the directories that jgd writes; code: where a model of one's own is."""
    predicts = lambda thing: callable(thing) or hasattr(thing, "predict")
    model = None if code is None else imported_thing("--code", code, "model", predicts)
    if path.is_dir() and not (path / FILE).exists():
        if (path / atomic_files.SWEEP).exists():
            if code is not None:
                raise checks.JgdValueError(
                    f"{path} holds a sweep: with code of your own, save a model of it from Python, "
                    "jgd.save_model(jgd.load_sweep(…, task=…), …)"
                )
            return jgd.load_sweep(path).predictor()
        several = sorted(each.name for each in path.glob("model*.safetensors"))
        if several:
            raise checks.JgdValueError(f"{path} has several models, name one of them: {', '.join(several)}")
        run = jgd.load_run(path, model)
        if run.predictor is None:
            raise checks.JgdValueError(f"the run in {path} has no model to predict with: its loss has none")
        return run.predictor
    return jgd.load_model(path, model)
