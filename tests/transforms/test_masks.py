"""Transforms for some of the leaves: whom a pattern names, what the others get, and what a group sees of the rest."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same

import jgd
from jgd.transforms import (
    Accumulate,
    ClipByGlobalNorm,
    EmaOfParams,
    Freeze,
    Lookahead,
    MasterCopy,
    Only,
    Partition,
    ScaleByLearningRate,
    SkipNonFinite,
    all_but,
    only,
    partition,
)

adam, ball = jgd.optimizers.adam(0.05), jgd.optimizers.momentum(0.05, 0.8)
PARAMS = {"head": {"w": jnp.ones(2), "bias": jnp.ones(())}, "w": jnp.ones(3), "unbias": jnp.ones(1)}


def moved(optimizer, params=PARAMS):
    """Each leaf's update at a gradient of ones."""
    grads = jax.tree.map(jnp.ones_like, params)
    return jax.tree.map(lambda u: float(u.ravel()[0]), optimizer.update(grads, optimizer.init(params), params)[0])


def test_the_first_pattern_that_matches_wins():
    optimizer = partition(
        {
            "head/*": ScaleByLearningRate(0.25),
            "bias": ScaleByLearningRate(9.0),
            "w": ScaleByLearningRate(0.5),
            "*": Freeze(),
        }
    )
    assert moved(optimizer) == {"head": {"w": -0.25, "bias": -0.25}, "w": -0.5, "unbias": 0.0}


def test_only_and_all_but_let_the_others_pass():
    assert moved(jgd.chain(only("w", ScaleByLearningRate(0.5)))) == {
        "head": {"w": -0.5, "bias": 1.0},
        "w": -0.5,
        "unbias": 1.0,
    }
    assert moved(jgd.chain(all_but(["bias", "zz"], ScaleByLearningRate(0.5)))) == {
        "head": {"w": -0.5, "bias": 1.0},
        "w": -0.5,
        "unbias": -0.5,
    }


@pytest.mark.slow
def test_each_group_is_as_if_it_were_alone(x64):
    """The gradient of one leaf doesn't depend on the others', so each leaf walks as by its own optimizer."""
    groups = partition({"bias": jgd.chain(*ball.transform.transforms, EmaOfParams(0.5)), "*": adam})
    walked, end = ground.path(groups)
    assert (groups.eval_params(end.opt_state, end.params)["bias"] != end.params["bias"]).all()
    same(groups.eval_params(end.opt_state, end.params)["weights"], end.params["weights"])
    same(walked["bias"], ground.path(ball)[0]["bias"])
    same(walked["weights"], ground.path(adam)[0]["weights"])


@pytest.mark.slow
def test_wrappers_within_wrappers_within_groups(x64):
    """Guards, copies and slow weights that never interfere change no number, however they are nested."""
    nested = lambda transform: SkipNonFinite(MasterCopy(SkipNonFinite(Lookahead(transform, 1, slow_step_size=1.0))))
    groups = partition({"bias": nested(ball.transform), "*": nested(adam.transform)})
    deep = jgd.chain(Accumulate(SkipNonFinite(groups.transform), 3))
    plain = jgd.chain(Accumulate(partition({"bias": ball, "*": adam}).transform, 3))
    (walked, end), (want, _) = ground.path(deep), ground.path(plain)
    same(walked, want)
    same(deep.eval_params(end.opt_state, end.params), end.params)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: jgd.chain(only("zz", adam.transform)).init(PARAMS),
            "'zz' matches no leaf of params; paths: head/bias",
        ),
        (lambda: partition({"head/*": adam}).init(PARAMS), r"params\['unbias'\] belongs to no group"),
        (lambda: partition({"w": adam, "layers/*": ball, "*": ball}).init(PARAMS), r"'layers/\*' matches no leaf"),
        (lambda: partition({}), "takes a mapping"),
        (lambda: partition({"w": 3}), "partition takes transforms"),
        (lambda: only((), adam.transform), "mask must be strings"),
        (lambda: only("w", type(adam.transform)), "Only takes transforms.*call it, as in Chain"),
        (lambda: only(lambda: True, adam), "of a leaf or of .path, leaf., got one of 0 arguments"),
        (lambda: jgd.optimizers.adamw(0.1, mask=lambda a, b, c: True), "got one of 3 arguments"),
        (lambda: jgd.chain([adam, ball]), r"one by one, as in chain\(\*transforms\)"),
        (lambda: Only(3, adam.transform), "mask must be strings"),
        (lambda: Only("w", jax.nn.relu), "Only takes transforms"),
        (
            lambda: Partition(("w", "*"), (adam.transform,)),
            "takes a transform for each pattern, got 2 patterns and 1 transforms",
        ),
        (lambda: Partition(("w", "*"), (adam.transform, 3)), "partition takes transforms.*got 3"),
    ],
)
def test_bad_groups_are_refused(make, said):
    with pytest.raises(jgd.JgdError, match=said):
        make()


MATRIX = {"head": {"w": jnp.ones((2, 2)), "bias": jnp.ones(2)}, "w": jnp.ones((1, 3))}
HALF = ScaleByLearningRate(0.5)
SAME = {
    "patterns": ("head/w", "w"),
    "a tree": {"head": {"w": True, "bias": False}, "w": np.bool_(True)},
    "of the leaf": lambda leaf: leaf.ndim > 1,
    "of path and leaf": lambda path, leaf: not path.endswith("bias") and leaf.size > 0,
}


@pytest.mark.parametrize("mask", SAME.values(), ids=SAME)
def test_masks_say_the_same_by_pattern_tree_or_predicate(mask):
    chosen = {"head": {"w": -0.5, "bias": 1.0}, "w": -0.5}
    others = {"head": {"w": 1.0, "bias": -0.5}, "w": 1.0}
    assert moved(jgd.chain(only(mask, HALF)), MATRIX) == chosen
    assert moved(jgd.chain(all_but(mask, HALF)), MATRIX) == others
    assert jax.jit(lambda optimizer: optimizer.init(MATRIX).step)(jgd.chain(only(mask, HALF))) == 0


def test_a_mask_may_be_a_prefix_of_the_parameters():
    assert moved(jgd.chain(only({"head": True, "w": False}, HALF)), MATRIX)["head"] == {"w": -0.5, "bias": -0.5}
    assert moved(jgd.chain(only(True, HALF)), MATRIX) == {"head": {"w": -0.5, "bias": -0.5}, "w": -0.5}


@pytest.mark.slow
def test_a_mask_holds_whatever_the_parameters_dtype_and_inside_wrappers():
    narrow = jax.tree.map(lambda x: x.astype(jnp.bfloat16), MATRIX)
    masked = only(lambda leaf: leaf.ndim > 1, MasterCopy(jgd.optimizers.sgd(0.5)))
    for wrapped in (masked, SkipNonFinite(masked), Accumulate(masked, 1)):
        assert moved(jgd.chain(wrapped), narrow) == {"head": {"w": -0.5, "bias": 1.0}, "w": -0.5}


def test_groups_by_predicate_and_by_label():
    want = {"head": {"w": -0.25, "bias": -0.5}, "w": -0.25}
    slow, fast = ScaleByLearningRate(0.25), HALF
    kind = lambda leaf: "slow" if leaf.ndim > 1 else "fast"
    labels = {"head": {"w": "slow", "bias": "fast"}, "w": "slow"}
    for optimizer in (
        partition({lambda leaf: leaf.ndim > 1: slow, "*": fast}),
        partition({"slow": slow, "fast": fast}, labels=labels),
        partition({"slow": slow, "fast": fast}, labels=kind),
    ):
        assert moved(optimizer, MATRIX) == want
    by_path = partition({"a": slow, "b": fast}, labels=lambda path, leaf: "a" if path.startswith("head") else "b")
    assert moved(by_path, MATRIX) == {"head": {"w": -0.25, "bias": -0.25}, "w": -0.5}


BAD_MASKS = {
    "predicate without a match": (
        lambda: only(lambda leaf: leaf.ndim > 5, HALF),
        "mask chooses no leaf of params; paths",
    ),
    "tree without a match": (lambda: only(False, HALF), "mask chooses no leaf of params"),
    "tree of another structure": (lambda: only({"head": True, "ww": True}, HALF), "mask has a leaf 'ww', which params"),
    "tree that misses a leaf": (lambda: only({"head": True}, HALF), r"mask misses the leaf params\['w'\]"),
    "no bool": (lambda: only(lambda leaf: leaf.ndim, HALF), r"must return True or False, got 1 \(int\) for params\["),
    "its values": (lambda: only(lambda leaf: leaf.sum() > 0, HALF), "may ask for a leaf.s shape, ndim and size"),
    "tree of numbers": (lambda: only({"head": 1, "w": 0}, HALF), "mask must be strings.*True and False"),
    "unknown label": (lambda: partition({"a": HALF, "b": HALF}, labels={"head": "aa", "w": "b"}), "unknown label 'aa'"),
    "group of no leaf": (lambda: partition({"a": HALF, "b": HALF}, labels=lambda leaf: "a"), "group 'b' has no leaf"),
    "no label": (lambda: partition({"a": HALF}, labels=lambda leaf: 3), r"must return a label, got 3 \(int\)"),
    "labels of numbers": (lambda: partition({"a": HALF}, labels={"w": 1}), "labels must be a tree of text"),
    "key of no kind": (lambda: partition({1: HALF}), r"keys of partition must be patterns or predicates, got \[1\]"),
}


@pytest.mark.parametrize(("make", "said"), BAD_MASKS.values(), ids=BAD_MASKS)
def test_bad_masks_are_refused(make, said):
    with pytest.raises(jgd.JgdError, match=said):
        jgd.chain(make()).init(MATRIX)


def test_a_name_alone_is_one_pattern():
    assert moved(jgd.chain(Only("unbias", ScaleByLearningRate(0.5))))["unbias"] == -0.5
    assert moved(jgd.chain(Only("unbias", ScaleByLearningRate(0.5))))["w"] == 1.0


@pytest.mark.parametrize(
    "mask", [lambda transform: only("w", transform), lambda transform: partition({"*": transform}).transform]
)
def test_a_mask_does_not_hide_that_its_link_ignores_updates(mask):
    """A clip before it would silently do nothing."""
    looks = mask(jgd.optimizers.nesterov(0.1).transform.transforms[0])
    jgd.chain(looks)
    with pytest.raises(jgd.JgdError, match="ignores the updates before it"):
        jgd.chain(ClipByGlobalNorm(1.0), looks)


def test_no_leaves_no_complaint():
    for optimizer in (partition({"bias": adam, "*": ball}), jgd.chain(only("bias", adam.transform))):
        updates, _ = optimizer.update({}, optimizer.init({}), {})
        assert updates == {}


@pytest.mark.slow
def test_a_group_that_looks_elsewhere_sees_the_others_stand_still(x64):
    """The look-ahead gradient of a product depends on the other factor, which stays where it is."""
    loss = lambda p, _: p["a"] * p["b"] ** 2
    optimizer = partition({"a": jgd.optimizers.nesterov(0.1, 0.5), "b": jgd.optimizers.sgd(0.1)})
    end = jgd.start(optimizer, {"a": jnp.array(1.0), "b": jnp.array(2.0)})
    for _ in range(2):
        end, _ = jgd.step(loss, optimizer, end, None)
    b1 = 2 - 0.1 * 2 * 1 * 2
    velocity = -0.1 * 4
    a1 = 1 + velocity
    np.testing.assert_allclose(end.params["a"], a1 + 0.5 * velocity - 0.1 * b1**2, rtol=1e-12)
    np.testing.assert_allclose(end.params["b"], b1 - 0.1 * 2 * a1 * b1, rtol=1e-12)


MASKED = [name for name, build in jgd.optimizers.registry.items() if "mask" in inspect.signature(build).parameters]


@pytest.mark.parametrize("name", [*MASKED, "stable_adamw without", "adam_mini without"])
def test_one_vector_has_no_leaves_to_mask_or_to_tell_apart(name):
    """Every builder whose update depends on the leaves says so, be it by its mask or by its rule."""
    build = jgd.optimizers.registry[name.split()[0]]
    mask = {} if "without" in name else {"mask": "w"}
    decay = {"weight_decay": 0.1} if "weight_decay" in inspect.signature(build).parameters else {}
    with pytest.raises(jgd.JgdError, match="Flatten takes no transform that works leaf by leaf"):
        jgd.transforms.Flatten(build(learning_rate=0.1, **mask, **decay))


def test_records_of_wrapping_optimizers_take_optimizers():
    sgd = jgd.optimizers.sgd(0.1)
    assert jgd.optimizers.ScheduleFree(sgd, 0.9, 2.0, 0.0) == jgd.optimizers.schedule_free(sgd).transform.transforms[0]
    with pytest.raises(jgd.JgdError, match="Mechanic takes transforms"):
        jgd.optimizers.Mechanic(jgd.optimizers.sgd, 0.1, 1e-8, 0.1, 1, True)


def test_a_group_of_no_leaf_keeps_its_numbers_in_float64(x64):
    """The state has the compute dtype of the whole tree, which an empty group can't know."""
    everything, adapted = {"w": jnp.ones(2)}, jgd.optimizers.dadapt_adamw()
    optimizer = partition({"w": jgd.optimizers.sgd(0.1), "*": adapted})
    nothing = jgd.chain(jgd.optimizers.sgd(0.1), all_but("w", jgd.transforms.EmaOfUpdates(0.9)))
    for each in (optimizer, nothing):
        state = each.init(everything)
        updates, after = each.update(everything, state, everything)
        np.testing.assert_allclose(updates["w"], -0.1)
        assert jax.tree.map(lambda x: x.dtype, after) == jax.tree.map(lambda x: x.dtype, state)
