"""What a library's model is to jgd: a start, outputs in training and in evaluation, and the library's own object again.

Parameters and states are nested dictionaries by the names of the leaves, as files and masks of paths want them.
"""

import hashlib
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.fingerprint import function_fingerprint
from jgd.core.functions import name_of
from jgd.core.types import Params

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Known:
    """A function as structure: equal by what it is, printed as what it does, so that a store can tell another one.

    It can't be called itself, which would hide from a fingerprint what it prints.
    """

    def __init__(self, function: Callable[..., Any]):
        self.function = function

    def __eq__(self, other: Any) -> bool:
        return type(other) is Known and self.function == other.function

    def __hash__(self) -> int:
        return hash(self.function)

    def __repr__(self) -> str:
        return function_fingerprint(self.function)


class Network:
    """A model's structure, without its numbers: equal where it computes the same, printed as what it is known by.

    Args:
        name: Of the model.
        structure: What two equal networks have equal; hashable.
        classes: The classes that it is made of; the code of those that aren't the library's own is what it is known by.
        start: The numbers that every run starts with; None draws them by the run's key.
    """

    def __init__(self, name: str, structure: Any, classes: Iterable[type], start: tuple[Params, Any] | None):
        self.name, self.structure = name, structure
        self._start = start
        known = hashlib.sha256(_ADDRESS.sub("", repr(structure)).encode())
        for kind in sorted(set(classes), key=lambda each: each.__qualname__):
            known.update("".join([kind.__qualname__, *_methods(kind)]).encode())
        for leaf in jax.tree.leaves(start):
            known.update(np.asarray(leaf).tobytes())
        self._known_by = known.hexdigest()[:16]

    def __init_subclass__(cls) -> None:
        jax.tree_util.register_static(cls)  # in a record it is structure

    def start(self, key: Array) -> tuple[Params, Any]:
        """(parameters, state or None) before the first step."""
        if self._start is not None:
            return jax.tree.map(jnp.asarray, self._start)
        params, state = self.draw(key)
        return params, state if jax.tree.leaves(state) else None

    def draw(self, key: Array) -> tuple[Params, Any]:
        """`start` of a model that is built by a key."""
        raise NotImplementedError

    def outputs(self, params: Params, inputs: Any, state: Any, key: Array | None, training: bool) -> tuple[Any, Any]:
        """-> (the outputs of a batch, the state after it). A key of None in training draws by a fixed one."""
        raise NotImplementedError

    def build(self, params: Params, state: Any) -> Any:
        """The library's own object with these numbers, ready to evaluate."""
        raise NotImplementedError

    def predict(self, params: Params, inputs: Any, state: Any = None) -> Array:
        """The outputs in evaluation."""
        return self.outputs(params, inputs, state, None, False)[0]

    def __eq__(self, other: Any) -> bool:
        if self is other:
            return True
        same = type(self) is type(other) and self._known_by == other._known_by
        return same and bool(self.structure == other.structure)

    def __hash__(self) -> int:
        return hash((type(self), self._known_by))

    def __repr__(self) -> str:
        return f"{self.name} {self._known_by}"


def _methods(kind: type) -> list[str]:
    """What the methods of a class do, of one whose code is somebody's own."""
    if kind.__module__.partition(".")[0] in ("flax", "equinox", "haiku"):
        return []
    written = [inspect.unwrap(each) for _, each in sorted(vars(kind).items()) if hasattr(each, "__code__")]
    return [function_fingerprint(each) for each in written if each.__code__.co_filename != "<string>"]  # by dataclass


def draws_by(model: Callable[..., Any], name: str, given: Any, kind: type) -> Any:
    """What a builder makes of its one argument, by keyword where it has that name. kind: what a class must be one of.

    Raises:
        JgdTypeError: A class of another kind, or a builder that needs more than that argument.
    """
    if isinstance(model, type) and not issubclass(model, kind):
        raise checks.JgdTypeError(
            f"model must be a function of {name}, such as a class of {kind.__module__.partition('.')[0]}.{kind.__name__}, "
            f"or an instance of a class, got the class {model.__name__}",
            argument="model",
        )
    own = isinstance(model, type)
    made_by = vars(model).get("__init__", model) if own else model  # a metaclass hides what it takes
    try:
        parameters = [*inspect.signature(made_by).parameters.values()][own and made_by is not model :]
    except (TypeError, ValueError):
        parameters = []
    named = any(p.name == name for p in parameters)
    needed = [
        p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    others = [each for each in needed if each != name] if named else needed[1:]
    if others:
        who = name_of(model)
        raise checks.JgdTypeError(
            f"model must need {name} alone, and {who} needs {' and '.join(others)} too: give lambda {name}: "
            f"{who}({', '.join(f'{each}=…' for each in others)}, {name}={name})",
            argument="model",
        )
    return model(**{name: given}) if named else model(given)


def nested(tree: Any) -> dict[str, Any]:
    """A tree's leaves in dictionaries by the names of their paths.

    >>> nested({"a": [1.0, (2.0,)]})
    {'a': {'0': 1.0, '1': {'0': 2.0}}}
    """
    out: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        *above, last = names(path)
        into = out
        for name in above:
            into = into.setdefault(name, {})
        into[last] = leaf
    return out


def filled(template: Any, values: dict[str, Any]) -> Any:
    """A tree like the template, its leaves those of `nested` values.

    >>> filled({"a": [1.0, (2.0,)]}, {"a": {"0": 3.0, "1": {"0": 4.0}}})
    {'a': [3.0, (4.0,)]}
    """

    def one(path: tuple[Any, ...], _: Any) -> Any:
        found: Any = values
        for name in names(path):
            if not isinstance(found, dict) or name not in found:
                raise checks.JgdValueError(f"params misses the leaf {'/'.join(names(path))!r} of the model")
            found = found[name]
        return found

    return jax.tree_util.tree_map_with_path(one, template)


def names(path: tuple[Any, ...]) -> list[str]:
    """A path's names; that of a variable's value, which it has for itself, is left out."""
    entry = lambda each: str(next(getattr(each, kind) for kind in ("key", "name", "idx") if hasattr(each, kind)))
    own = path[:-1] if len(path) > 1 and getattr(path[-1], "name", None) == "value" else path
    return [entry(each) for each in own] or ["value"]
