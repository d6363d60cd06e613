"""A predictor as plain data: its preprocessing and its model as JSON, its parameters' structure. Nothing in it is code."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core.fingerprint import address_of
from jgd.core.plain_trees import tree_of
from jgd.core.strict_json import fault_of, is_count, is_text
from jgd.data import Preprocessing, Scaling
from jgd.data.array_rows import ArrayRows
from jgd.data.column import KINDS, Column
from jgd.data.encoding import Encoder
from jgd.prediction.named_models import describe_model, model_of
from jgd.prediction.predictor import Predictor


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_label(value: Any) -> bool:
    return is_text(value) or type(value) is bool or _is_number(value)


_SCALING = (None, {"shift": [_is_number], "factor": [_is_number], "base": _is_number})
_COLUMN = {
    "name": is_text,
    "kind": lambda kind: kind in KINDS,
    "words": [str],
    "fill": (None, _is_number),
    "categories": [(None, _is_number)],
}
_ROW = {"shape": [is_count], "dtype": is_text}
_PREPROCESSING = {
    "columns": (_ROW, [_COLUMN]),
    "scaling": _SCALING,
    "target": is_text,
    "classes": [_is_label],
    "unit": _SCALING,
}
CONTENT = {"task": is_text, "model": (None, dict), "address": str, "preprocessing": (None, _PREPROCESSING)}


def describe(predictor: Predictor) -> dict[str, Any]:
    """A predictor without its parameters, as JSON holds it."""
    ready = predictor.preprocessing
    return {
        "task": predictor.task,
        "model": describe_model(predictor.model),
        "address": _address_of(predictor.model),
        "preprocessing": None if ready is None else _describe_preprocessing(ready),
    }


def _address_of(model: Any) -> str:
    """Where the code of a model is; of another library's also what it is called."""
    address = address_of(model if hasattr(model, "__qualname__") else type(model))
    return f"{model.name}, a {address}" if hasattr(model, "build") else address


def predictor_of(described: Any, params: Any, model: Any = None, model_state: Any = None) -> Predictor:
    """The predictor that `describe` described.

    Args:
        described: What it returned, or what a stranger wrote.
        params: The parameters.
        model: A model of somebody's own, where it isn't one of `jgd.models`.
        model_state: What it keeps beside them; None without.

    Returns:
        The `Predictor`, its model None where it is somebody's own that was not given.

    Raises:
        JgdValueError: Something else than what `describe` returns.
    """
    fault = fault_of(described, CONTENT, "the model")
    if fault:
        raise checks.JgdValueError(fault)
    if model is None and described["model"] is not None:
        model = model_of(described["model"])
    ready = described["preprocessing"]
    fitted = None if ready is None else _preprocessing_of(ready)
    return Predictor(model, params, fitted, described["task"], model_state)


def plain_params(described: Any, leaves: Iterable[np.ndarray]) -> Any:
    """The parameters in their structure, as plain dictionaries, lists and tuples."""
    return tree_of(described, leaves)


def _describe_preprocessing(ready: Preprocessing) -> dict[str, Any]:
    return {
        "columns": _describe_rows(ready.encoder),
        "scaling": _describe_scaling(ready.scaling),
        "target": ready.target,
        "classes": list(ready.classes),
        "unit": _describe_scaling(ready.unit),
    }


def _describe_rows(encoder: Encoder | ArrayRows) -> Any:
    """The columns of a table, or what a row of an array is."""
    if isinstance(encoder, ArrayRows):
        return {"shape": list(encoder.shape), "dtype": encoder.dtype}
    parts = zip(encoder.columns, encoder.fills, encoder.categories, strict=True)
    return [
        {
            "name": column.name,
            "kind": column.kind,
            "words": list(column.words),
            "fill": fill,
            "categories": [None if math.isnan(code) else code for code in codes],
        }
        for column, fill, codes in parts
    ]


def _describe_scaling(scaling: Scaling | None) -> dict[str, Any] | None:
    if scaling is None:
        return None
    return {"shift": scaling.shift.tolist(), "factor": scaling.factor.tolist(), "base": float(scaling.base)}


def _preprocessing_of(there: dict[str, Any]) -> Preprocessing:
    encoder = _encoder_of(there["columns"])
    scaling, unit = _scaling_of(there["scaling"]), _scaling_of(there["unit"])
    last = len(encoder.features) if isinstance(encoder, Encoder) else (*encoder.shape, 1)[len(encoder.shape) - 1]
    if scaling is not None and len(scaling.shift) != last:
        raise checks.JgdValueError("its scaling is not of its features")
    return Preprocessing(encoder, scaling, there["target"], tuple(there["classes"]), unit)


def _encoder_of(there: Any) -> Encoder | ArrayRows:
    if isinstance(there, dict):
        try:
            dtype = np.dtype(there["dtype"])
        except (TypeError, ValueError, SyntaxError) as fault:
            raise checks.JgdValueError(f"its rows have no dtype {there['dtype']!r}") from fault
        checks.numeric_data("rows", np.zeros(0, dtype))
        return ArrayRows(tuple(there["shape"]), dtype.name)
    columns, fills, categories = [], [], []
    for each in there:
        codes = tuple(math.nan if code is None else float(code) for code in each["categories"])
        places = [code for code in codes if not math.isnan(code)]
        if any(code != int(code) or not 0 <= code < len(each["words"]) for code in places):
            raise checks.JgdValueError(f"the categories of column {each['name']!r} are none of its words")
        columns.append(Column(each["name"], each["kind"], tuple(each["words"])))
        fills.append(each["fill"])
        categories.append(codes)
    names = [column.name for column in columns]
    if not names or len(set(names)) < len(names):
        raise checks.JgdValueError("its columns have not one name each")
    return Encoder(tuple(columns), tuple(fills), tuple(categories))


def _scaling_of(there: dict[str, Any] | None) -> Scaling | None:
    if there is None:
        return None
    if len(there["shift"]) != len(there["factor"]):
        raise checks.JgdValueError("its scaling has not a factor for each shift")
    return Scaling(np.array(there["shift"], float), np.array(there["factor"], float), float(there["base"]))
