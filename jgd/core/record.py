"""Records: frozen dataclasses that JAX sees as pytrees of their fields.

`jax.tree_util.register_dataclass` rebuilds a record through `__init__`, so its checks would meet tracers, `None` and
placeholders. Here JAX rebuilds records past `__init__`: a record that a person makes is always checked, one that JAX
makes never is.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jgd.core.field_checks import check_field, check_kind
from jgd.core.spellings import builder

T = TypeVar("T")


def static_field(**options: Any) -> Any:
    """A field that is structure, not a number: it must be hashable, and another value is another program.

    One that is annotated `bool` takes True and False only, `int` and `str` whole numbers and text (or a default of None),
    and `tuple[...]` tuples.

    Args:
        **options: What `dataclasses.field` takes, such as `default`.

    Returns:
        The field.

    Example:
        >>> @record
        ... class Power:
        ...     scale: float
        ...     exponent: int = static_field(default=2)
        >>> jax.tree.leaves(Power(3.0))
        [3.0]
    """
    return field(metadata={"static": True}, **options)


def hyper(rule: str, schedule: bool = True, length: bool = False, **options: Any) -> Any:
    """A numeric field with its rule.

    It holds a number, an array (a batch of values) or a schedule; anything else, and any number outside the rule, is
    refused when the record is made.

    Args:
        rule: One of `"> 0"`, `">= 0"` or an interval such as `"[0, 1)"`.
        schedule: Whether a schedule is taken too. Default: True.
        length: Whether it counts steps, so that a share of the run or epochs are taken too. Default: False.
        **options: What `dataclasses.field` takes, such as `default`.

    Returns:
        The field.

    Example:
        >>> @record
        ... class Shrink:
        ...     factor: float = hyper("[0, 1]")
        >>> Shrink(1.5)
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdValueError: factor must be a finite number in [0, 1], got 1.5
    """
    return field(metadata={"rule": rule, "schedule": schedule, "length": length}, **options)


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field, static_field, hyper))
def record(cls: type[T]) -> type[T]:
    """A frozen dataclass that JAX sees as a pytree: fields are children, `static_field()` fields are structure.

    Fields keep their order, `dataclasses.replace` makes a changed copy, and `hyper()` fields are checked. Records of one
    class are equal where their structure is and their leaves are (arrays by value, dtype and shape; a traced value
    equals itself only). The hash is the object's own, so a set or a jit's static argument takes equal records for two.

    Args:
        cls: A class with annotated fields; its own `__post_init__` runs after the checks, or the one that it inherits.

    Returns:
        The class, made a dataclass and registered with JAX.

    Example:
        >>> @record
        ... class Point:
        ...     x: float
        ...     y: float
        >>> jax.tree.map(lambda leaf: 2 * leaf, Point(1.0, 2.0))
        Point(x=2.0, y=4.0)
        >>> Point(1.0, 2.0) == Point(1.0, 2.0), Point(1.0, 2.0) == Point(1.0, 3.0)
        (True, False)
    """
    own_check = getattr(cls, "__post_init__", None)
    own_check = getattr(own_check, "own_check", own_check)  # a record's that is inherited: without its check of fields

    def __post_init__(self: Any) -> None:
        for f in fields(self):
            check_field(self, f)
        if own_check is not None:
            own_check(self)
        for f in fields(self):
            check_kind(self, f)
        self.__dict__.pop("_parts", None)  # of before the check, which may have set fields

    __post_init__.own_check = own_check  # pyright: ignore[reportFunctionMemberAccess]  # functions take attributes
    cls.__post_init__ = __post_init__  # pyright: ignore[reportAttributeAccessIssue]  (dataclass calls it)
    made: Any = dataclass(frozen=True, eq=False)(cls)
    if "__eq__" not in cls.__dict__:
        made.__eq__, made.__hash__ = _equal, object.__hash__
    made.__getstate__ = _fields_only
    _register(made)
    return builder(made)


def _register(made: Any) -> None:
    """Tell JAX how a record is taken apart and put together again.

    A record keeps its parts beside its fields, so that taking it apart is one look-up without Python: half of what a
    call of a jitted update costs would else be spent here.
    """
    children = tuple(f for f in fields(made) if "static" not in f.metadata)
    structure = tuple(f.name for f in fields(made) if "static" in f.metadata)
    names, keys = tuple(f.name for f in children), tuple(jax.tree_util.GetAttrKey(f.name) for f in children)
    leaves = {f.name: _whole_too if f.metadata["schedule"] else _number for f in children if "rule" in f.metadata}

    def parts(self):
        # numbers in a dtype of their own: a rate of 0.1, 1 or jnp.float32(0.5) is one program
        values = tuple(leaves.get(name, _as_it_is)(getattr(self, name)) for name in names)
        self.__dict__["_parts"] = out = values, tuple(getattr(self, name) for name in structure)
        return out

    unflatten = _unflattener(made, names, structure)

    def unflatten_numbers(aux, values):
        self = unflatten(aux, values)
        for name in leaves:
            if type(self.__dict__[name]) is np.float64:
                self.__dict__[name] = float(self.__dict__[name])
        return self

    made._parts = _Once(parts)
    flatten = operator.attrgetter("_parts")
    with_keys = lambda self: (tuple(zip(keys, self._parts[0], strict=True)), self._parts[1])
    jax.tree_util.register_pytree_with_keys(made, with_keys, unflatten_numbers if leaves else unflatten, flatten)


def _unflattener(made: Any, names: tuple[str, ...], structure: tuple[str, ...]) -> Callable[[Any, Any], Any]:
    """(structure, values) -> the record, past `__init__`.

    Written out for these fields, on an object that isn't frozen yet: assignments to names that Python knows beforehand
    make no dict, which takes half the time of an update of the dict, and a jitted update makes a dozen records.
    """
    lines = ["self = new(Open)", "self._parts = values, aux"]
    for fields_, given in ((names, "values"), (structure, "aux")):
        if fields_:
            lines.append(f"{', '.join(f'self.{name}' for name in fields_)}, = {given}")
    lines += ["self.__class__ = made", "return self"]
    # a subclass, whose layout is the class's whatever its bases are
    thawed = type("Open", (made,), {"__slots__": (), "__setattr__": object.__setattr__})
    space = {"made": made, "Open": thawed, "new": object.__new__}
    exec("def unflatten(aux, values):\n    " + "\n    ".join(lines), space)  # the names are identifiers
    return space["unflatten"]


class _Once:
    """An attribute that a record works out when it is first asked for; from then on it is in the record's own dict."""

    def __init__(self, make: Callable[[Any], Any]):
        self.make = make

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self.make(instance)


def _as_it_is(value: Any) -> Any:
    return value


def _number(value: Any) -> Any:
    """A float as NumPy's float64, to JAX a number of the default float dtype, strongly typed, with x64 off or on.

    Other arrays, traced numbers and schedules stay as they are.
    """
    if isinstance(value, jax.Array) and not isinstance(value, Tracer) and value.weak_type:  # jnp.asarray(0.1)
        return np.asarray(value)
    return np.float64(value) if isinstance(value, float | np.floating) else value


def _whole_too(value: Any) -> Any:
    """`_number` that takes whole numbers for floats as well, also in arrays."""
    if isinstance(value, int | np.integer):
        return np.float64(value)
    held = isinstance(value, np.ndarray | jax.Array) and not isinstance(value, Tracer)
    return np.asarray(value, np.float64) if held and value.dtype.kind in "iu" else _number(value)


def _fields_only(self: Any) -> dict[str, Any]:
    """What is copied and pickled."""
    return {name: value for name, value in self.__dict__.items() if name != "_parts"}


def _equal(self: Any, other: Any) -> Any:
    """Equal class, structure and leaves.

    The hash stays the object's own: caches and jit's static arguments tell equal records apart, as a hash of arrays would
    have to read them.
    """
    if self is other:
        return True
    if type(self) is not type(other):
        return NotImplemented
    mine, structure = jax.tree.flatten(self)
    others, theirs = jax.tree.flatten(other)
    return structure == theirs and all(map(_same_leaf, mine, others))


def _same_leaf(a: Any, b: Any) -> bool:
    """One object, or concrete values of one type: arrays of one shape and dtype, entry by entry, a NaN like a NaN."""
    if a is b:
        return True
    if isinstance(a, Tracer) or isinstance(b, Tracer) or type(a) is not type(b):
        return False
    if not isinstance(a, np.ndarray | np.generic | jax.Array):
        return bool(a == b) or (a != a and b != b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if jnp.issubdtype(a.dtype, jax.dtypes.extended):  # a key
        a, b = map(jax.random.key_data, (a, b))  # pyright: ignore[reportArgumentType]  # both are arrays: looked at above
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan=jnp.issubdtype(a.dtype, jnp.inexact))
