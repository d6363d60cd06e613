"""Computation graphs: small functions as nodes, and the derivative of the output by every value on the way.

    x, w ─► u = w·x ─► p = σ(u) ─► L = −log p          forward: each node's value
    x, w ◄── ∂L/∂u ◄── ∂L/∂p ◄──── ∂L/∂L = 1            backward: one pass, ∂L/∂(in) = ∂L/∂(out) · ∂(out)/∂(in)

Each node is differentiated by `jax.vjp` and knows nothing of the others: there is no table of rules here, so any
function of arrays is a node. A value that feeds several nodes gets the sum of what comes back from them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.text import align_columns
from jgd.teaching.graphs.nodes import Node


class Graph:
    """Named nodes, in any order of definition; names that no node defines are the graph's inputs.

    Args:
        pairs: (name, node) pairs, for names that are no Python keywords.
        output: The name to differentiate. None: the one node that feeds no other.
        **nodes: Nodes by name.

    Raises:
        JgdTypeError: A value is no node.
        JgdValueError: A duplicate name, a cycle, no node, or an output that is unknown or unclear.

    Example:
        >>> from jgd.teaching.graphs.nodes import dot, negative_log, sigmoid
        >>> graph = Graph(u=dot("w", "x"), p=sigmoid("u"), L=negative_log("p"))
        >>> graph.inputs, graph.order, graph.output
        (('w', 'x'), ('u', 'p', 'L'), 'L')
        >>> result = graph.run(w=[0.5, -0.25, 1.0], x=[2.0, 4.0, -1.0])
        >>> result.values["L"].item(), result.derivatives["u"].item(), result.derivatives["w"].tolist()
        (1.31326, -0.73105, [-1.46211, -2.92423, 0.73105])
    """

    def __init__(self, pairs: Iterable[tuple[str, Node]] = (), *, output: str | None = None, **nodes: Node) -> None:
        self.nodes: dict[str, Node] = {}
        for name, one in [*pairs, *nodes.items()]:
            if not isinstance(one, Node):
                raise checks.JgdTypeError(
                    f"{name} must be a node, such as graphs.sin('x') or graphs.node(f, 'x'), got {checks.shown(one)}",
                    argument=name,
                )
            if name in self.nodes:
                raise checks.JgdValueError(f"two nodes are named {name!r}; each value needs a name of its own")
            self.nodes[name] = one
        if not self.nodes:
            raise checks.JgdValueError("a graph needs at least one node, got none")
        used = dict.fromkeys(name for one in self.nodes.values() for name in one.inputs)
        self.inputs = tuple(name for name in used if name not in self.nodes)
        self.order = self._sorted()
        self.output = self._chosen(output, used)

    def _sorted(self) -> tuple[str, ...]:
        """Every node after those it takes values from; a cycle is refused with its names."""
        order: dict[str, None] = {}
        for first in self.nodes:
            stack = [(first, iter(self.nodes[first].inputs))] if first not in order else []
            while stack:  # no recursion: a chain of thousands of nodes is a graph too
                name, waiting = stack[-1]
                following = next(waiting, None)
                if following is None:
                    stack.pop()
                    order[name] = None
                elif following in self.nodes and following not in order:
                    open_names = [n for n, _ in stack]
                    if following in open_names:
                        cycle = [*open_names[open_names.index(following) :], following]
                        raise checks.JgdValueError(f"the nodes form a cycle: {' ← '.join(cycle)}")
                    stack.append((following, iter(self.nodes[following].inputs)))
        return tuple(order)

    def _chosen(self, output: str | None, used: Iterable[str]) -> str:
        if output is not None:
            return checks.choice("output", output, self.order)
        ends = [name for name in self.order if name not in set(used)]
        if len(ends) != 1:
            raise checks.JgdValueError(f"the graph ends in {', '.join(ends)}: say which to differentiate with output=")
        return ends[0]

    def run(self, **inputs: Any) -> "GraphResult":
        """Forward, then one reverse pass.

        Args:
            **inputs: One array, number or list for each of the graph's inputs. Numbers and lists become the default float
                dtype, arrays keep theirs. An integer array is passed on and has no derivative.

        Returns:
            The values and ∂output/∂(everything) by name.

        Raises:
            JgdTypeError: The output is not one floating number.
            JgdValueError: A missing or unknown name.
        """
        for name in inputs:
            if name not in self.inputs:
                checks.choice("input of the graph", name, self.inputs)
        missing = [name for name in self.inputs if name not in inputs]
        if missing:
            raise checks.JgdValueError(
                f"the graph needs a value for {', '.join(missing)}: no node defines it; nodes: {', '.join(self.order)}"
            )
        arrays = {name: _array(inputs[name]) for name in self.inputs}
        return GraphResult(self, *self.backward(arrays))

    def backward(self, inputs: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, Array | None]]:
        """The forward and the reverse pass as a pure function, to jit or vmap.

        Args:
            inputs: name -> array for each of the graph's inputs.

        Returns:
            (values, derivatives), both by name; zeros for what doesn't reach the output.
        """
        values, pulls = dict(inputs), {}
        for name in self.order:
            one = self.nodes[name]
            values[name], pulls[name] = jax.vjp(one.function, *(values[i] for i in one.inputs))
            if not isinstance(values[name], jax.Array):
                raise checks.JgdTypeError(f"the node {name} must return one array, got {type(values[name]).__name__}")
        end = values[self.output]
        if end.shape != () or not jnp.issubdtype(end.dtype, jnp.floating):
            raise checks.JgdTypeError(
                f"the output {self.output} must be one floating number, got shape {end.shape}, dtype {end.dtype}"
            )
        back: dict[str, Array] = {self.output: jnp.ones_like(end)}
        for name in reversed(self.order):
            if name not in back:
                continue  # it doesn't reach the output
            for source, part in zip(self.nodes[name].inputs, pulls[name](back[name]), strict=True):
                if part.dtype != jax.dtypes.float0:
                    back[source] = back[source] + part if source in back else part
        floating = lambda value: jnp.issubdtype(value.dtype, jnp.inexact)
        derivatives = {
            name: back[name] if name in back else jnp.zeros_like(value) if floating(value) else None
            for name, value in values.items()
        }
        return values, derivatives


@dataclass(frozen=True)
class GraphResult:
    """What a graph computed, by name, inputs first; printed as a table.

    Attributes:
        graph: The graph.
        values: name -> array.
        derivatives: name -> ∂output/∂value, in the value's shape; None for integers, which have none.
    """

    graph: Graph = field(repr=False)
    values: dict[str, Array]
    derivatives: dict[str, Array | None]

    def local(self, name: str, by: str) -> Array:
        """∂name/∂by of one node alone: the factor that the chain rule multiplies.

        Args:
            name: A node.
            by: One of its inputs.

        Returns:
            (shape of name, shape of by).

        Example:
            >>> from jgd.teaching.graphs.nodes import negative_log, sigmoid
            >>> result = Graph(p=sigmoid("u"), L=negative_log("p")).run(u=-1.0)
            >>> result.local("p", "u").item(), result.local("L", "p").item()
            (0.19661, -3.71828)
        """
        one = self.graph.nodes[checks.choice("node", name, self.graph.order)]
        checks.choice(f"input of {name}", by, one.inputs)
        taken = {i: self.values[i] for i in one.inputs}
        return jax.jacrev(lambda value: one.function(*({**taken, by: value}[i] for i in one.inputs)))(taken[by])

    def __str__(self) -> str:
        end = self.graph.output
        rows = [("name", "computed as", "value", f"∂{end}/∂name")]
        for name in self.values:
            one = self.graph.nodes.get(name)
            formula = f"{one.label}({', '.join(one.inputs)})" if one else "input"
            rows.append((name, formula, _short(self.values[name]), _short(self.derivatives[name])))
        lines = align_columns(rows)
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _array(value: Any) -> Array:
    if isinstance(value, jax.Array | np.ndarray | np.generic):
        return jnp.asarray(value)
    return jnp.asarray(value, dtype=jnp.result_type(float))


def _short(value: Array | None) -> str:
    if value is None:
        return "none (integer)"
    if value.size > 4:
        norm = float(jnp.linalg.norm(value.astype(jnp.result_type(float)).ravel()))
        return f"{value.dtype}{list(value.shape)}, norm {norm:.6g}"
    return np.array2string(np.asarray(value, dtype=np.float64), precision=6, separator=", ").replace("\n", "")
