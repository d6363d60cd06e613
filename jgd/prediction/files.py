"""A predictor in one file: a safetensors file of its parameters, whose header says the rest as JSON. No code is in it."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jgd.core import array_files, atomic_files, checks
from jgd.core.paths import paths
from jgd.core.plain_trees import describe_tree
from jgd.core.snapshots import pack
from jgd.core.strict_json import fault_of
from jgd.prediction.described import CONTENT, describe, plain_params, predictor_of
from jgd.prediction.predictor import Predictor

FILE = "model.safetensors"  # in a directory
_ARRAY = [str, [int]]
_CONTENT = {
    **CONTENT,
    "tree": lambda tree: True,
    "state_tree": lambda tree: True,
    "arrays": {str: _ARRAY},
    "digest": str,
}


def save_model(trained: Any, path: str | os.PathLike) -> Path:
    """Keep a trained model with its preprocessing in one file, which holds numbers and words, and no code.

    Args:
        trained: A `Run` or a `Sweep` (its best run), or a `Predictor`.
        path: The file; in a directory that exists it is `model.safetensors`. One that is there is replaced, whole or not
            at all.

    Returns:
        The file's path.

    Raises:
        JgdTypeError: Something that has no predictor, or parameters or a state that aren't numbers, such as a typed key
            (`jax.random.key_data` makes numbers of it).
        JgdValueError: A name or a label with control characters, or a path into a directory that isn't there.
        OSError: The file can't be written.

    Example:
        >>> import jgd, tempfile
        >>> run = jgd.train(jgd.tasks.get("iris"), jgd.optimizers.adam(0.1), steps=50)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     kept = jgd.load_model(jgd.save_model(run, folder + "/iris.safetensors"))
        >>> kept.predict([[5.0, 3.4, 1.5, 0.2]]).tolist(), kept.task
        (['setosa'], 'iris')
    """
    from safetensors.numpy import save

    predictor = _predictor(trained)
    file = checks.path("path", path)
    file = file / FILE if file.is_dir() else file
    if not file.parent.is_dir():
        raise checks.JgdValueError(f"path must be in a directory that is there, got {str(file)!r}", argument="path")
    checks.numeric_data("params", predictor.params)
    checks.numeric_data("model_state", predictor.model_state)
    held = {**pack("params", predictor.params), **pack("model_state", predictor.model_state)}
    stored = {name: array_files.storable(array) for name, array in held.items()}
    facts: dict[str, Any] = {
        "format": atomic_files.FORMAT,
        **describe(predictor),
        "tree": describe_tree(predictor.params),
        "state_tree": describe_tree(predictor.model_state),
        "arrays": {name: [str(array.dtype), list(array.shape)] for name, array in held.items()},
        "digest": _digest(stored),
    }
    fault = fault_of(facts, _CONTENT, "the model")
    if fault:
        raise checks.JgdValueError(f"{fault}: a file of it could not be loaded")
    atomic_files.write(file, save(stored, {"jgd": atomic_files.sealed(facts).decode()}))
    return file


def _predictor(trained: Any) -> Predictor:
    if isinstance(trained, Predictor):
        return trained
    found = getattr(trained, "predictor", None)
    found = found() if callable(found) else found
    if not isinstance(found, Predictor):
        raise checks.JgdTypeError(
            f"a model is saved of a Run, a Sweep or a Predictor, got {type(trained).__name__}; a Run has one where its loss "
            "has a model, such as jgd.SupervisedLoss, or it was trained on a jgd.Task"
        )
    return found


def load_model(path: str | os.PathLike, model: Any = None) -> Predictor:
    """A model that `save_model` kept. Nothing in the file is run, whoever wrote it.

    Args:
        path: The file, or the directory with a `model.safetensors`.
        model: For a model of somebody's own, which is code and thus in no file: the record with `predict(params, inputs)`,
            or the function, that it was trained with. Models of `jgd.models` are found by name.

    Returns:
        The `Predictor`, its parameters as plain dictionaries, lists and tuples of NumPy arrays.

    Raises:
        JgdValueError: There is no such file, or it is damaged, of another version, or no model that jgd wrote; or its
            model is somebody's own and not given.
    """
    if isinstance(model, type):
        raise checks.JgdTypeError(
            f"model must be the model of the task that was trained (task.model) or a function (params, inputs), got the class "
            f"{model.__name__}",
            argument="model",
        )
    if model is not None and not hasattr(model, "predict"):
        checks.function("model", model)
    file = checks.path("path", path)
    file = file / FILE if file.is_dir() else file
    facts, arrays = _read(file)
    try:
        part = lambda name: [array for each, array in arrays.items() if each.startswith(name)]
        params, state = (
            plain_params(facts["tree"], part("params")),
            plain_params(facts["state_tree"], part("model_state")),
        )
        predictor = predictor_of(facts, params, model, state)
    except checks.JgdValueError as fault:
        raise checks.JgdValueError(f"{str(file)!r} is whole, but no model that jgd wrote: {fault}") from fault
    if callable(getattr(model, "start", None)):
        _check_network(model, params, str(file))
    if predictor.model is None:
        raise checks.JgdValueError(
            f"the model in {str(file)!r} is code of its maker's own, {facts['address']!r}, which no file holds: give it as "
            "jgd.load_model(…, model=…)",
            argument="model",
        )
    return predictor


def _check_network(model: Any, params: Any, file: str) -> None:
    """Refuse a network whose own parameters are others than the file's."""
    shapes = lambda tree: dict(zip(paths(tree), map(np.shape, jax.tree.leaves(tree)), strict=True))
    there, here = shapes(params), shapes(jax.eval_shape(model.start, jax.random.key(0))[0])
    if differs := [path for path in {**there, **here} if there.get(path) != here.get(path)]:
        path = differs[0]
        raise checks.JgdValueError(
            f"model has other parameters than the one in {file!r}: {path} of shape {here.get(path, 'none')} here, "
            f"{there.get(path, 'none')} there",
            argument="model",
        )


def _read(file: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the header says, and the arrays by name in the order of the trees' leaves."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        blob = atomic_files.read(file)
    except OSError as fault:
        raise checks.JgdValueError(f"there is no model {str(file)!r} ({fault.strerror or fault})") from fault
    try:
        stored = load(blob)
        header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        sealed = header["__metadata__"]["jgd"].encode()
    except (SafetensorError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise checks.JgdValueError(f"{str(file)!r} is damaged, or no model that jgd wrote: {fault}") from fault
    facts = atomic_files.unsealed_bytes(sealed, file)
    fault = fault_of(facts, _CONTENT)
    if fault:
        raise checks.JgdValueError(f"{str(file)!r} is whole, but no model that jgd wrote: {fault}")
    try:
        if _digest(stored) != facts["digest"]:
            raise ValueError("its numbers are not what was written")
        return facts, {name: array_files.as_said(stored[name], *kind) for name, kind in facts["arrays"].items()}
    except (LookupError, TypeError, ValueError, AttributeError, SyntaxError) as fault:  # the last of a strange dtype
        raise checks.JgdValueError(f"{str(file)!r} is damaged: {fault}") from fault


def _digest(arrays: dict[str, np.ndarray]) -> str:
    out = hashlib.sha256()
    for name in sorted(arrays):
        out.update(name.encode() + arrays[name].tobytes())
    return out.hexdigest()
