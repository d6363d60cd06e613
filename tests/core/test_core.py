"""The core: tree arithmetic, records, rules of hyperparameters, seeds and chains."""

import dataclasses
import pickle
from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import jgd
from jgd.core import checks, seeds, tree
from jgd.core.fingerprint import function_fingerprint
from jgd.core.record import hyper, record
from jgd.core.source import code_text
from jgd.transforms import AddDecayedWeights, IndependentDecay, ScaleByLearningRate

several = settings(deadline=None, max_examples=40)
leaves = arrays.arrays(np.float32, arrays.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3),
                       elements=st.floats(-1000, 1000, width=32, allow_subnormal=False))  # XLA flushes those  # fmt: skip
trees = st.dictionaries(st.sampled_from("abc"), leaves, max_size=3)


@pytest.mark.slow
@several
@given(trees)
def test_the_norm_is_that_of_all_entries(a):
    flat = np.concatenate([np.zeros(0), *(leaf.ravel() for leaf in a.values())])
    np.testing.assert_allclose(tree.norm(a), np.linalg.norm(flat), rtol=1e-5)
    assert tree.norm(a).shape == ()


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_the_norm_neither_underflows_nor_overflows(size):
    np.testing.assert_allclose(tree.norm({"a": jnp.array([3.0, 4.0], jnp.float32) * size}), 5 * size, rtol=1e-6)


@several
@given(trees, st.floats(0, 1, width=32))
def test_a_blend_lies_between(a, keep):
    keep, new = np.float32(keep), jax.tree.map(lambda leaf: leaf * np.float32(-3), a)
    blended = tree.lerp(keep, a, new)

    def between(old, fresh, got):
        np.testing.assert_allclose(got, keep * old + (1 - keep) * fresh, rtol=1e-5, atol=1e-3)
        slack = 1e-6 * np.abs(fresh) + 1e-30  # of rounding, and of what is flushed to zero
        assert (got >= np.minimum(old, fresh) - slack).all()
        assert (got <= np.maximum(old, fresh) + slack).all()

    jax.tree.map(between, a, new, blended)


@several
@given(trees)
def test_sums_and_differences_undo_each_other(a):
    b = jax.tree.map(lambda leaf: leaf + 1, a)
    chex.assert_trees_all_equal(tree.add(a, a), tree.scale(np.float32(2), a))
    jax.tree.map(lambda d: np.testing.assert_allclose(d, 1, atol=1e-3), tree.subtract(b, a))


@pytest.mark.parametrize("operation", [tree.norm, lambda a: tree.safe_sqrt(a["w"]).sum()], ids=["norm", "root"])
def test_derivatives_at_zero_are_zero(operation):
    slope = jax.grad(operation)({"w": jnp.zeros(3)})
    assert slope["w"].tolist() == [0, 0, 0]


def test_division_by_zero_is_zero_with_its_derivatives():
    one = lambda n, d: tree.safe_divide(jnp.asarray(n, jnp.float32), jnp.asarray(d, jnp.float32))
    assert [float(one(*pair)) for pair in ((1.0, 0.0), (0.0, 0.0), (6.0, 3.0))] == [0, 0, 2]
    assert np.isfinite(jax.grad(one, argnums=(0, 1))(1.0, 0.0)).all()


RULES = {
    "> 0": lambda x: x > 0,
    ">= 0": lambda x: x >= 0,
    "[0, 1)": lambda x: 0 <= x < 1,
    "[0, 1]": lambda x: 0 <= x <= 1,
    "(0, 1)": lambda x: 0 < x < 1,
    "(-inf, inf)": lambda x: True,
}


@several
@given(st.floats() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, -0.0]), st.sampled_from(sorted(RULES)))
def test_a_rule_is_what_it_says(value, rule):
    with np.errstate(over="ignore"):
        held = float(np.float32(value))  # what a program in float32 would use
    allowed = bool(np.isfinite(held)) and RULES[rule](value) and RULES[rule](held)
    for number in (value, np.float64(value), np.array([0.5, value])):
        if allowed:
            checks.hyperparameter("name", number, rule)
        else:
            with pytest.raises(jgd.JgdError, match=r"name.* must be a finite number"):
                checks.hyperparameter("name", number, rule)


@jgd.record
class Shrink:
    factor: float = hyper("[0, 1]")
    power: int = jgd.static_field(default=2)


def test_a_record_is_its_leaves_and_its_structure():
    shrink = Shrink(0.5)
    assert jax.tree.leaves(shrink) == [0.5]
    assert jax.tree.structure(shrink) == jax.tree.structure(Shrink(0.7))
    assert jax.tree.structure(shrink) != jax.tree.structure(Shrink(0.5, power=3))
    assert repr(dataclasses.replace(shrink, factor=0.25)) == "Shrink(factor=0.25, power=2)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        shrink.factor = 1.0
    ((path, _),) = jax.tree_util.tree_leaves_with_path(shrink)
    assert jax.tree_util.keystr(path) == ".factor"


def test_a_person_is_checked_and_jax_is_not():
    with pytest.raises(jgd.JgdError, match=r"factor .* in \[0, 1\], got 2"):
        dataclasses.replace(Shrink(0.5), factor=2.0)
    with pytest.raises(jgd.JgdError, match="power is structure and must be hashable"):
        Shrink(0.5, power=[2])
    assert jax.tree.map(lambda _: "a placeholder", Shrink(0.5)).factor == "a placeholder"
    assert float(jax.jit(lambda s: Shrink(s.factor).factor)(Shrink(0.5))) == 0.5


def test_an_optimizer_can_be_written_down_and_read_back():
    optimizer = jgd.optimizers.adamw(0.1)
    again = pickle.loads(pickle.dumps(optimizer))
    assert repr(again) == repr(optimizer)
    assert jax.tree.structure(again) == jax.tree.structure(optimizer)


def test_seeds_and_streams_have_keys_of_their_own():
    drawn = {
        (seed, stream): tuple(jax.random.bits(seeds.key(seed, stream), (2,)).tolist())
        for seed in (0, 1, 2**32 - 1)
        for stream in seeds.Stream
    }
    assert len(set(drawn.values())) == len(drawn)
    assert drawn[0, seeds.Stream.INIT] == tuple(jax.random.bits(seeds.key(0, seeds.Stream.INIT), (2,)).tolist())


def test_keys_are_those_of_jax():
    for seed in (0, 7, 2**32 - 1):
        jaxs = jax.random.fold_in(jax.random.key(seed, impl="threefry2x32"), int(seeds.Stream.NOISE))
        assert (seeds.key(seed, seeds.Stream.NOISE) == jaxs).all()


def test_a_vmapped_key_draws_what_it_draws_alone():
    keys = [seeds.key(seed, seeds.Stream.NOISE) for seed in range(3)]
    together = jax.vmap(lambda key: jax.random.normal(key, (4,)))(jnp.stack(keys))
    np.testing.assert_array_equal(together, [jax.random.normal(key, (4,)) for key in keys])


def test_a_chain_applies_left_to_right():
    params, grads = jnp.array([2.0], jnp.float32), jnp.array([1.0], jnp.float32)
    moved = {}
    for name, transforms in {
        "inside": (AddDecayedWeights(0.5), ScaleByLearningRate(0.1)),
        "outside": (ScaleByLearningRate(0.1), IndependentDecay(0.5)),
    }.items():
        optimizer = jgd.chain(*transforms)
        updates, _ = optimizer.update(grads, optimizer.init(params), params)
        moved[name] = float(updates[0])
    np.testing.assert_allclose([moved["inside"], moved["outside"]], [-0.2, -1.1], rtol=1e-6)


WEIGHTS = {"w": jnp.ones((3, 2)), "bias": jnp.zeros(2)}
STATES = {
    "of another optimizer": (lambda: jgd.optimizers.sgd(0.1).init(WEIGHTS), r"misses the leaf state.inner\[0\].mean"),
    "of other shapes": (
        lambda: jgd.optimizers.adam(0.1).init({**WEIGHTS, "w": jnp.ones((2, 2))}),
        r"state.inner\[0\].mean.total\['w'\] must have the shape \(3, 2\), got \(2, 2\)",
    ),
    "of fewer leaves": (lambda: jgd.optimizers.adam(0.1).init({"w": WEIGHTS["w"]}), r"misses .*mean.total\['bias'\]"),
    "of more transforms": (
        lambda: jgd.chain(*jgd.optimizers.adam(0.1).transform.transforms, jgd.transforms.EmaOfParams()).init(WEIGHTS),
        r"unexpected leaf state.inner\[2\].total",
    ),
    "of another kind": (lambda: jgd.optimizers.adam(0.1).init(WEIGHTS).inner, "must be an OptimizerState.*got tuple"),
}


@pytest.mark.parametrize(("make", "said"), STATES.values(), ids=STATES)
def test_a_state_that_is_not_the_optimizers_is_refused_by_its_first_leaf(make, said):
    optimizer, state = jgd.optimizers.adam(0.1), make()
    with pytest.raises(jgd.JgdError, match=said):
        jax.jit(lambda state: optimizer.update(WEIGHTS, state, WEIGHTS))(state)
    with pytest.raises(jgd.JgdError, match=said):
        optimizer.eval_params(state, WEIGHTS)


def test_what_is_given_to_an_update_is_named():
    plateau = jgd.chain(jgd.transforms.ReduceOnPlateau())
    state = plateau.init(WEIGHTS)
    for value in (jnp.ones(1), jnp.ones((), jnp.complex64), 1):
        with pytest.raises(jgd.JgdError, match="value must be one real floating number, got"):
            plateau.update(WEIGHTS, state, WEIGHTS, value=value)
    with pytest.raises(jgd.JgdError, match="loss must be a function of params, got 3"):
        plateau.update(WEIGHTS, state, WEIGHTS, value=jnp.ones(()), loss=3)


@pytest.mark.parametrize("value", [1, "no", None])
def test_a_switch_is_true_or_false(value):
    with pytest.raises(jgd.JgdError, match="debias must be True or False, got"):
        jgd.transforms.EmaOfParams(0.9, debias=value)


SOURCE = """
RATE = 0.5
KIND = "mean"
def helper(x):
    return x * 2
def loss(params, batch):
    inner = lambda x: helper(x) * RATE if KIND else x
    return inner(params)
"""


@pytest.mark.parametrize("change", [("0.5", "0.25"), ('"mean"', '"sum"'), ("x * 2", "x * 3")])
def test_a_fingerprint_knows_the_helpers_and_constants_of_its_module(change):
    def loss(source):
        module = {"__name__": "mine"}
        exec(source, module)
        return module["loss"]

    assert function_fingerprint(loss(SOURCE)) == function_fingerprint(loss(SOURCE))
    assert function_fingerprint(loss(SOURCE.replace(*change))) != function_fingerprint(loss(SOURCE))


@jgd.record
class Held:
    value: Any
    kind: str = jgd.static_field(default="a")


EQUAL = [
    (0.5, 0.5, True),
    (0.5, 0.25, False),
    (1, 1.0, False),
    (np.nan, np.nan, True),
    (float("nan"), float("nan"), True),
    (jnp.ones(2), jnp.ones(2), True),
    (jnp.ones(2), jnp.ones((2, 1)), False),
    (jnp.ones(2), jnp.ones(2, jnp.bfloat16), False),
    (jnp.ones(2), np.ones(2, np.float32), False),
    (jnp.array([1.0, jnp.nan]), jnp.array([1.0, jnp.nan]), True),
    (jax.random.key(0), jax.random.key(0), True),
    (jax.random.key(0), jax.random.key(1), False),
    ({"a": 1.0}, {"a": 1.0}, True),
    ({"a": 1.0}, {"b": 1.0}, False),
    (Shrink(0.5), Shrink(0.5), True),
    (Shrink(0.5), Shrink(0.5, power=3), False),
    (np.sin, np.sin, True),
    (np.sin, np.cos, False),
]


@pytest.mark.parametrize(("a", "b", "equal"), EQUAL)
def test_records_are_equal_by_class_structure_and_leaves(a, b, equal):
    assert (Held(a) == Held(b)) is equal
    assert (Held(a) != Held(b)) is not equal
    assert Held(a) != Held(a, kind="b")
    assert Held(a) != a


def test_equal_records_are_two_objects_to_a_hash_and_a_tracer_equals_itself():
    a, b = jgd.optimizers.adam(0.1), jgd.optimizers.adam(0.1)
    assert a == b
    assert a != jgd.optimizers.adam(0.2)
    assert len({a, b, a}) == 2
    found = []
    jax.jit(lambda x, y: found.extend([Held(x) == Held(x), Held(x) == Held(y)]))(1.0, 1.0)
    assert found == [True, False]


REFUSED = {
    "learning_rate": lambda: jgd.optimizers.sgd(-1.0),
    "b1": lambda: jgd.optimizers.adam(0.1, b1="a"),
    "nesterov": lambda: jgd.optimizers.adam(0.1, nesterov="no"),
    "seed": lambda: seeds.check(-1),
    "optimizer": lambda: checks.choice("optimizer", "adm", ["adam"]),
    "kind": lambda: Held(1.0, kind=["a"]),
    "mask": lambda: jgd.transforms.only(3, jgd.transforms.Freeze()),
    "transform": lambda: jgd.transforms.Flatten(jgd.transforms.TrustRatio()),
    "transforms": lambda: jgd.transforms.Switch((), at=()),
    "at": lambda: jgd.transforms.Switch((jgd.optimizers.sgd(1.0), jgd.optimizers.sgd(0.5)), at=()),
    "onto": lambda: jgd.transforms.Project(3),  # pyright: ignore[reportArgumentType]
    "labels": lambda: jgd.transforms.partition({"a": jgd.optimizers.sgd(1.0)}, labels=3),
    "grads": lambda: checks.same_structure({}, {"w": jnp.ones(1)}),
    "lr": lambda: jgd.optimizers.adam(lr=0.1),
    "beta_1": lambda: jgd.optimizers.adam(0.1).with_hyperparameters(beta_1=0.8),
    "changes": lambda: jgd.optimizers.adam(0.1).with_hyperparameters(0.2),  # pyright: ignore[reportArgumentType]
    "low": lambda: jgd.spaces.log_uniform(1, 0.1),
    "state": lambda: jgd.optimizers.sgd(0.1).update(jnp.ones(1), (), jnp.ones(1)),  # pyright: ignore[reportArgumentType]
    "space": lambda: jgd.spaces.as_space({"rate": "fast"}),
    None: lambda: jgd.chain(),
}


@pytest.mark.parametrize(("argument", "call"), REFUSED.items())
def test_an_error_knows_its_argument_also_when_it_was_pickled(argument, call):
    with pytest.raises(jgd.JgdError) as refused:
        call()
    assert refused.value.argument == argument
    assert argument is None or argument in str(refused.value)
    again = pickle.loads(pickle.dumps(refused.value))
    assert (str(again), again.argument, type(again)) == (str(refused.value), argument, type(refused.value))


def test_a_function_is_known_by_its_source_and_jgds_by_name_and_version(monkeypatch):
    mine, same, other = (
        function_fingerprint(lambdas) for lambdas in (lambda x: x + 1, lambda x: x + 1, lambda x: x + 2)
    )
    assert mine == same != other
    assert "<lambda> by its source " in mine
    assert "by its bytecode of Python 3." in function_fingerprint(eval("lambda x: x + 1"))
    assert function_fingerprint(jgd.optimizers.adam) == f"adam of jgd {jgd.__version__}"
    monkeypatch.setattr("jgd.core.fingerprint.__version__", "9.0")
    assert function_fingerprint(jgd.optimizers.adam) == "adam of jgd 9.0"


def test_comments_and_layout_say_nothing_of_what_a_function_does():
    def plain(x):
        return x + 1

    def commented(x):
        # one more

        return x + 1  # than x

    bare = lambda function: code_text(function.__code__).replace(function.__name__, "f")
    assert bare(plain) == bare(commented)
    assert bare(plain) == "deff(x):;{returnx+1;}"


@pytest.mark.parametrize("own", [None, lambda self: None], ids=["inherits", "has its own"])
def test_a_record_is_checked_by_what_it_inherits(own):
    """Only a check of its own takes the place of an inherited one; rules of fields hold in any case."""
    body = {"__annotations__": {"more": float}, "more": hyper("> 0", default=1.0)}
    child = record(type("Child", (jgd.models.Linear,), body | ({} if own is None else {"__post_init__": own})))
    if own is None:
        with pytest.raises(checks.JgdTypeError, match="features must be a whole number"):
            child("six")
    with pytest.raises(checks.JgdValueError, match="more must be"):
        child(6, more=0.0)
    with pytest.raises(checks.JgdTypeError, match="features must be a whole number"):
        jgd.models.Logistic("six")
