"""Where the arrays of one run live: parameters cut by rules on their paths, batches cut by rows, all else copied.

    params ─► rules ─► a PartitionSpec each ─► the optimizer's slots of the same path and shape
    batch (rows) ─► a share on each place of `data_axis` ─► gradients, summed by XLA

The program is that of one device; XLA (GSPMD) puts in what the devices have to tell each other.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jgd.core import checks
from jgd.core.paths import matches, paths
from jgd.core.shards import CutArray
from jgd.core.types import Batch, Params


@dataclass(frozen=True)
class Sharding:
    """How one run is spread over the devices of a mesh, for `jgd.train(…, devices=…)`.

    A parameter is cut by the first rule whose pattern matches its path; without one each device holds a copy. What the
    optimizer remembers by the parameter's path and in its shape (moments, averages) is cut alike, and so are the best
    parameters; scalars, and states of another shape (Kronecker factors, stacked matrices), are copied. The rule
    `{"*": PartitionSpec("data")}` with `data_axis="data"` cuts parameters and batches along one axis (ZeRO, Rajbhandari
    et al. 2020, 10.1109/SC41405.2020.00024; FSDP).

    Args:
        mesh: The devices and the names of their axes, as `jax.make_mesh` makes it; the types of its axes don't matter.
        rules: {pattern of paths: PartitionSpec}; "weights" is every leaf of that name, "layers/0/*" are those below.
        data_axis: The axis of the mesh along which batches are cut by rows; it must divide `batch_size`. None: every
            device sees the whole batch.

    Raises:
        JgdTypeError: For a mesh, a pattern or a PartitionSpec that is none.
        JgdValueError: For an axis that is not in the mesh, or twice in one rule; and by `train`, for a rule that cuts no
            parameter, has more axes than it, or doesn't divide it.

    Example:
        >>> import jgd
        >>> mesh = jax.make_mesh((1, 1), ("data", "model"), devices=jax.devices()[:1])
        >>> cut = jgd.Sharding(mesh, {"weights": PartitionSpec(None, "model")})
        >>> run = jgd.train("iris", jgd.optimizers.adam(0.1), steps=5, batch_size=30, devices=cut)
        >>> run.params["weights"].addressable_shards[0].data.shape  # all of them, on one device
        (4, 3)
    """

    mesh: Mesh
    rules: Any = field(default_factory=dict)  # a mapping as given; afterwards its pairs, which can be hashed
    data_axis: str | None = "data"

    def __post_init__(self) -> None:
        mesh = checks.instance("mesh", self.mesh, Mesh, 'jax.make_mesh((4, 2), ("data", "model"))')
        if mesh.is_multi_process and mesh.size < jax.device_count():
            raise checks.JgdValueError(
                f"mesh must hold the devices of this process alone, or all {jax.device_count()} of all processes, "
                f"got {mesh.size} of several",
                argument="mesh",
            )
        # Auto: XLA decides what is cut inside; explicit axes refuse a scan inside a vmap
        automatic = Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * len(mesh.axis_names))
        object.__setattr__(self, "mesh", automatic)
        if self.data_axis is not None and self.data_axis not in mesh.axis_names:
            raise checks.JgdValueError(
                f"data_axis must be one of the mesh's axes {mesh.axis_names}, or None for batches that are not cut, "
                f"got {checks.shown(self.data_axis)}",
                argument="data_axis",
            )
        rules = checks.instance("rules", self.rules, Mapping, '{"weights": jax.sharding.PartitionSpec(None, "model")}')
        for pattern, spec in rules.items():
            self._check_rule(pattern, spec)
        object.__setattr__(self, "rules", tuple(rules.items()))

    def _check_rule(self, pattern: Any, spec: Any) -> None:
        if not isinstance(pattern, str) or not isinstance(spec, PartitionSpec):
            raise checks.JgdTypeError(
                "rules must map patterns of paths to jax.sharding.PartitionSpec, as "
                f'{{"weights": PartitionSpec(None, "model")}}, got {checks.shown(pattern)}: {checks.shown(spec)}',
                argument="rules",
            )
        named = [axis for entry in spec for axis in _axes(entry)]
        for axis in named:
            if axis not in self.mesh.axis_names:
                raise checks.JgdValueError(
                    f"rules[{pattern!r}] names the axis {axis!r}; the mesh has {self.mesh.axis_names}", argument="rules"
                )
        if len(set(named)) < len(named):
            raise checks.JgdValueError(f"rules[{pattern!r}] names an axis twice: {spec}", argument="rules")

    @staticmethod
    def over(devices: Any) -> "Sharding":
        """`devices` of `train`: a sharding, or devices that cut each batch between them."""
        if isinstance(devices, Sharding):
            return devices
        if isinstance(devices, str) or not isinstance(devices, Sequence) or not devices:
            raise checks.JgdTypeError(
                f"devices must be a sequence such as jax.local_devices(), or a jgd.Sharding, got {checks.shown(devices)}",
                argument="devices",
            )
        for device in devices:
            if not isinstance(device, jax.Device):
                raise checks.JgdTypeError(
                    f"devices must hold devices, as jax.local_devices() does, got {checks.shown(device)}",
                    argument="devices",
                )
        if len(set(devices)) < len(devices):
            raise checks.JgdValueError(f"devices must differ from each other, got {list(devices)}", argument="devices")
        return Sharding(Mesh(np.array(devices), ("data",)))

    def check(self, params: Params, batch_size: int) -> None:
        """Refuse parameters and batches that the rules don't fit."""
        checks.count("batch_size", batch_size, 1)
        shares = 1 if self.data_axis is None else self.mesh.shape[self.data_axis]
        if batch_size % shares:
            raise checks.JgdValueError(
                f"batch_size must be a multiple of the {shares} devices that share a batch, got {batch_size}",
                argument="batch_size",
            )
        specs = list(self._specs(params))
        for pattern, _ in self.rules:
            if not any(pattern == rule for _, _, rule, _ in specs):
                raise checks.JgdValueError(
                    f"rules[{pattern!r}] cuts no parameter (the first rule that matches a path counts); "
                    f"the paths are {', '.join(paths(params)[:8])}",
                    argument="rules",
                )
        for path, shape, rule, spec in specs:
            if len(spec) > len(shape):
                raise checks.JgdValueError(
                    f"rules[{rule!r}] has {len(spec)} entries, params {path!r} of shape {shape} only {len(shape)} axes",
                    argument="rules",
                )
            for place, (size, entry) in enumerate(zip(shape, spec, strict=False)):
                pieces = math.prod(self.mesh.shape[axis] for axis in _axes(entry))
                if size % pieces:
                    raise checks.JgdValueError(
                        f"rules[{rule!r}] cuts axis {place} of params {path!r}, of shape {shape}, into {pieces} pieces, "
                        f"which don't divide {size}",
                        argument="rules",
                    )

    def _specs(self, params: Params) -> Iterator[tuple[str, tuple[int, ...], str, PartitionSpec]]:
        """(path, shape, pattern, spec) of each parameter: its first rule, or a copy on each device."""
        copy = ("", PartitionSpec())
        for path, leaf in zip(paths(params), jax.tree.leaves(params), strict=True):
            pattern, spec = next((rule for rule in self.rules if matches(rule[0], path)), copy)
            yield path, np.shape(leaf), pattern, spec

    @property
    def together(self) -> bool:
        """Whether several processes compute the run."""
        return self.mesh.is_multi_process

    @property
    def cut(self) -> NamedSharding:
        """Of the rows of a batch."""
        return NamedSharding(self.mesh, PartitionSpec(self.data_axis))

    def of(self, tree: Any, params: Params) -> Any:
        """The sharding of each leaf of a tree that holds parameters, and slots that have their paths and shapes."""
        known = {path: (shape, spec) for path, shape, _, spec in self._specs(params)}

        def one(path: str, leaf: Any) -> NamedSharding:
            words = path.split("/")
            ends = ("/".join(words[start:]) for start in range(len(words) + 1))
            found = (spec for shape, spec in (known[end] for end in ends if end in known) if shape == np.shape(leaf))
            return NamedSharding(self.mesh, next(found, PartitionSpec()))

        leaves, structure = jax.tree.flatten(tree)
        return jax.tree.unflatten(structure, list(map(one, paths(tree), leaves)))

    def pin(self, tree: Any, params: Params) -> Any:
        """Inside a compiled function: the tree stays cut as `of` says."""
        return jax.lax.with_sharding_constraint(tree, self.of(tree, params))

    def place(self, tree: Any, params: Params) -> Any:
        """A copy of the tree, cut as `of` says; of an array on the host each device gets its own part only."""
        return jax.tree.map(_placed, tree, self.of(tree, params))

    def replicate(self, tree: Any) -> Any:
        """The tree on every device."""
        everywhere = NamedSharding(self.mesh, PartitionSpec())
        return jax.tree.map(lambda x: _placed(x, everywhere), tree)

    def share(self, data: Batch) -> Batch:
        """Rows that are all read at once: a share on each device, or copies where the devices don't divide them."""
        if self.data_axis is None or checks.rows("data", data) % self.mesh.shape[self.data_axis]:
            return self.replicate(data)
        return jax.tree.map(lambda x: _placed(x, self.cut), data)


def _axes(entry: Any) -> tuple[str, ...]:
    """The mesh's axes in one entry of a PartitionSpec."""
    if entry is None or entry is PartitionSpec.UNCONSTRAINED:
        return ()
    return entry if isinstance(entry, tuple) else (entry,)


def _placed(x: Any, sharding: NamedSharding) -> jax.Array:
    """A strongly typed array of its own, as segments donate theirs."""
    elsewhere = not sharding.is_fully_addressable and getattr(x, "is_fully_addressable", True)
    if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.prng_key) and elsewhere:
        return jax.random.wrap_key_data(_placed(jax.random.key_data(x), sharding), impl=jax.random.key_impl(x))
    if isinstance(x, CutArray):
        return jax.make_array_from_callback(x.shape, sharding, lambda index: x[index])
    if isinstance(x, jax.Array):
        checks.not_deleted("a leaf", x)
    if not isinstance(x, jax.Array) or elsewhere:
        checks.numeric_data("the tree", x)
        x = np.asarray(x)
        x = x.astype(jax.dtypes.canonicalize_dtype(x.dtype), copy=False)
        return jax.make_array_from_callback(x.shape, sharding, lambda index: x[index])
    weak = getattr(x, "weak_type", False)  # which a key has not
    return jax.device_put(jnp.array(x, dtype=x.dtype) if weak else x, sharding, may_alias=False)
