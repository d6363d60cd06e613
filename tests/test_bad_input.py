"""Bad input, one table: the call, the kind of error, and the words that its message must hold.

Every error is also a JgdError, and is raised before any step is made.
"""

import functools
from dataclasses import replace
from inspect import signature

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import sparse

import jgd
from jgd import MinMax, Standard, optimizers, schedules, transforms
from jgd.core import seeds
from jgd.models import CNN, MLP, GlorotUniform, Linear, Logistic, Normal, Softmax
from jgd.optimizers import adam, nesterov, sgd

X, Y = np.ones((4, 2), np.float32), np.ones(4, np.float32)
LOSS = jgd.SupervisedLoss(Linear(2), "squared_error")
W = {"weights": np.zeros(2, np.float32), "bias": np.zeros((), np.float32)}
RATES = {"learning_rate": [0.1]}
decayed, rising = transforms.AddDecayedWeights, schedules.Linear(0.9, 1.2, 10)


def train(loss=LOSS, optimizer=None, params=W, data=(X, Y), **options):
    options = options if "epochs" in options else {"steps": 1, **options}
    return jgd.train(loss, optimizer or sgd(0.1), params, data, **options)


def sweep(task="hours_points", recipes="sgd", space=RATES, **options):
    return jgd.sweep(task, recipes, space, **{"steps": 1, "seeds": 1, **options})


def compare(tasks):
    return jgd.compare(["sgd", "adam"], tasks, RATES, steps=1, store="elsewhere")


@functools.cache
def swept():
    return sweep()


def update(grads, params, optimizer=None, **options):
    optimizer = optimizer or sgd(0.1)
    return optimizer.update(grads, optimizer.init(params), params, **options)


def classify(labels, error="softmax_cross_entropy", model=None, **options):
    model = model or Softmax(2, 3)
    loss = jgd.SupervisedLoss(model, error)
    return train(loss, params=model.init(jax.random.key(0)), data=(X, np.array(labels)), **options)


class Sequences(Softmax):
    """A place a row."""

    def predict(self, params, inputs):
        return super().predict(params, inputs)[:, None]


def measured(metrics):
    return train(validation=(X, Y), metrics=metrics)


def with_nan(array, *place):
    array = array.copy()
    array[place] = np.nan
    return array


WIDE = np.ones((4, 3), np.float32)
PHOTO = CNN((2, 2, 1), (2,), 2)


def product(params, batch):
    return jnp.mean((batch[0] @ params - batch[1]) ** 2)


def wide(part):
    task = jgd.Task("own", Linear(2).init, LOSS, (X, Y), (X, Y), (X, Y))
    return replace(task, **{part: (WIDE, Y)})


class Nameless:
    def __repr__(self):
        raise RuntimeError


def deleted():
    array = jnp.ones(4)
    array.delete()
    return array


def branches(params, batch):
    return jnp.sum(params["bias"]) if params["bias"] > 0 else jnp.zeros(())


def falling(step):
    return 0.1 - 0.1 * step.astype(float)


def with_b1(learning_rate):
    return adam(learning_rate, b1=schedules.Constant(10 * learning_rate))


def fresh_lambda(learning_rate):
    return sgd(lambda step: learning_rate)


def branching(learning_rate):
    return sgd(0.1 if learning_rate > 0.5 else 0.2)


def faulty(learning_rate):
    raise KeyError("width")


def elsewhere(learning_rate):
    return jgd.tasks.get("iris"), sgd(learning_rate)


def with_other_metrics(learning_rate):
    return jgd.RunSpec(sgd(learning_rate), metrics={"other": branches})


def with_a_vector(learning_rate):
    return jgd.RunSpec(sgd(learning_rate), loss=labels)


def labels(params, rows):
    return rows[1]


def structural(learning_rate):
    return sgd(learning_rate, momentum=None if learning_rate < 0.5 else 0.9)


V, T = ValueError, TypeError
ROWS = {
    # hyperparameters
    "negative rate": (lambda: sgd(-0.1), V, ["learning_rate", "> 0", "-0.1"]),
    "zero rate": (lambda: sgd(0.0), V, ["learning_rate", "> 0", "got 0"]),
    "no pattern": (lambda: optimizers.muon(0.1, adam=3), T, ["adam", "strings such as 'bias'", "got 3"]),
    "no coefficients": (lambda: optimizers.muon(0.1, ns_coeffs=2.0), V, ["ns_coeffs", "three", "2.0"]),
    "stop as a number": (lambda: train(stop=3), T, ["stop must be a jgd.StoppingRule such as jgd.StoppingRule(patience=5)", "3"]),
    "observe nothing": (lambda: train(observe="w"), T, ["observe must be a function", "'w'"]),
    "a list of callbacks": (lambda: train(callback=[print]), T, ["callback must be a function", "list"]),
    "progress as a word": (lambda: train(progress="no"), T, ["progress must be True or False", "'no'"]),
    "resume as a path": (lambda: train(store="x", resume="x"), T, ["resume must be True or False", "'x'"]),
    "wide data": (lambda: train(data=(WIDE, Y)), V, ["data[0] must have 2 features, shape (n, 2), got (4, 3)"]),
    "wide validation": (lambda: train(validation=(WIDE, Y)), V, ["validation[0] must have 2 features", "(4, 3)"]),
    "wide validation of one's own": (
        lambda: train(product, params=W["weights"], validation=(WIDE, Y)), V,
        ["validation[0] must have rows of shape (2,) as data[0] has, got (3,)", "dot_general"],
    ),
    "wide rows of a sweep": (
        lambda: sweep(wide("validation")), V, ["task.validation[0] must have 2 features, shape (n, 2), got (4, 3)"]
    ),
    "wide test rows of a sweep": (lambda: sweep(wide("test")), V, ["task.test[0] must have rows of shape (2,) as task.train"]),
    "batches as rows of a sweep": (
        lambda: sweep(replace(jgd.tasks.get("iris"), train=[(X, Y), (X, Y)])), T, ["train must be one tree", "2 batches"]
    ),
    "no image": (
        lambda: jax.eval_shape(lambda key: PHOTO.predict(PHOTO.init(key), np.ones((1, 8))), jax.random.key(0)), V,
        ["inputs must be images (2, 2, 1), shape (n, 4) or (n, 2, 2, 1), got (1, 8)"],
    ),
    "store as a number": (lambda: train(store=3), T, ["store must be the path of a file or directory", "3"]),
    "store without a name": (lambda: train(store=""), T, ["store must be the path of a file or directory", "''"]),
    "metrics as a list": (lambda: train(metrics=[]), T, ["metrics must map names", "[]"]),
    "NaN rate": (lambda: adam(float("nan")), V, ["learning_rate", "finite", "nan"]),
    "infinite rate": (lambda: adam(float("inf")), V, ["learning_rate", "finite", "inf"]),
    "rate as text": (lambda: sgd("0.1"), T, ["learning_rate", "'0.1'", "str"]),
    "rate as bool": (lambda: sgd(True), T, ["learning_rate", "True", "bool"]),
    "no rate": (lambda: sgd(None), T, ["learning_rate", "None"]),
    "complex rate": (lambda: sgd(np.array(1j)), T, ["learning_rate", "complex"]),
    "one of many rates": (lambda: sgd(np.array([0.1, 0.2, -1.0])), V, ["learning_rate[2]", "-1"]),
    "nesterov's rate": (lambda: nesterov(-1.0), V, ["learning_rate", "-1"]),
    **{
        f"momentum {bad}": (lambda bad=bad: optimizers.momentum(0.1, bad), V, ["momentum", "[0, 1)", str(bad)])
        for bad in (1.5, -0.1, 1)
    },
    "b1 = 1": (lambda: adam(0.1, b1=1.0), V, ["b1", "[0, 1)", "got 1"]),
    "b2 = 2": (lambda: adam(0.1, b2=2), V, ["b2", "[0, 1)", "got 2"]),
    "rho": (lambda: optimizers.adadelta(rho=-0.5), V, ["rho", "[0, 1)", "-0.5"]),
    "decay": (lambda: optimizers.rmsprop(0.1, decay=1.0), V, ["decay", "[0, 1)"]),
    "eps < 0": (lambda: adam(0.1, eps=-1e-8), V, ["eps", ">= 0", "-1e-08"]),
    "weight decay": (lambda: optimizers.adamw(0.1, weight_decay=-1.0), V, ["weight_decay", ">= 0"]),
    # chains and schedules that would climb, or leave a range
    "decay behind": (lambda: jgd.chain(sgd(0.1), decayed(0.5)), V, ["AddDecayedWeights", "would climb", "IndependentDecay"]),
    "decay of some, behind": (lambda: jgd.chain(sgd(0.1), transforms.all_but("bias", decayed(0.5))), V, ["would climb"]),
    "caution behind the step": (lambda: jgd.chain(sgd(0.1), transforms.Cautious()), V, ["Cautious", "would climb"]),
    "two learning rates": (lambda: jgd.chain(adam(0.1), sgd(0.1)), V, ["would climb", "one of the two"]),
    "decay before": (lambda: jgd.chain(transforms.IndependentDecay(0.1), sgd(0.1)), V, ["IndependentDecay", "behind"]),
    "no learning rate": (lambda: train(optimizer=jgd.chain(decayed(0.1))), V, ["AddDecayedWeights", "would climb"]),
    "none in a sweep": (lambda: sweep(recipes=lambda learning_rate: jgd.chain(decayed(learning_rate))), V, ["would climb"]),
    "schedule of b1": (lambda: train(optimizer=adam(0.1, b1=rising), steps=9), V, ["b1", "[0, 1)", "1.02 at step 4"]),
    "schedule swept": (lambda: sweep(recipes=with_b1), V, ["config 0", "b1", "[0, 1)", "1 at step 0"]),
    "falling below 0": (lambda: train(optimizer=sgd(falling), steps=9), V, ["learning_rate", ">= 0", "-0.1 at step 2"]),
    "accumulator": (lambda: optimizers.adagrad(0.1, -1.0), V, ["initial_accumulator_value", ">= 0"]),
    "eta_plus": (lambda: optimizers.rprop(0.1, eta_plus=0.9), V, ["eta_plus", "(1, inf)", "0.9"]),
    "step sizes": (lambda: optimizers.rprop(0.1, min_step_size=2, max_step_size=1), V, ["min_step_size", "<= max_step_size"]),
    "norms": (lambda: optimizers.lamb(0.1, min_norm=2.0, max_norm=1.0), V, ["min_norm", "<= max_norm", "1.0", "2.0"]),
    "seed of noise": (lambda: optimizers.noisy_sgd(0.1, seed=-1), V, ["seed", "-1"]),
    "nesterov without momentum": (lambda: sgd(0.1, nesterov=True), V, ["nesterov", "momentum"]),
    **{
        f"d = {bad}": (lambda bad=bad: schedules.StepDecay(0.1, 1, bad), V, ["decay_rate", "[0, 1]", str(bad)])
        for bad in (1.5, -0.1, float("nan"))
    },
    "d of an exponential": (lambda: schedules.ExponentialDecay(0.1, 1, -0.5), V, ["decay_rate", ">= 0"]),
    "transition of 0": (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), V, ["transition_steps", "> 0"]),
    "schedule of a schedule": (lambda: schedules.Constant(schedules.Constant(0.1)), T, ["value", "Constant"]),
    "std": (lambda: Normal(std=-1.0), V, ["std", ">= 0"]),
    "variance": (lambda: Normal(variance=-1.0), V, ["variance", ">= 0"]),
    # unknown names, with the nearest one
    "optimizer": (lambda: optimizers.get("adm"), V, ["optimizer", "'adm'", "did you mean 'adam'", f"{len(optimizers.registry)} in"]),
    "schedule": (lambda: schedules.get("constnt"), V, ["did you mean 'constant'", f"{len(schedules.registry)} in all"]),
    "error": (lambda: jgd.SupervisedLoss(Linear(2), "square_error"), V, ["did you mean 'squared_error'"]),
    "reduction": (lambda: jgd.SupervisedLoss(Linear(2), "squared_error", "men"), V, ["did you mean 'mean'", "half_mean"]),
    "data set": (lambda: jgd.datasets.get("digit"), V, ["did you mean 'digits'", "iris"]),
    "task": (lambda: jgd.tasks.get("irs"), V, ["did you mean 'iris'", "digits"]),
    "a task's model": (lambda: jgd.tasks.get("iris", "linear"), V, ["model for iris", "softmax"]),
    "activation": (lambda: MLP((2, 1), "rely"), V, ["did you mean 'relu'", "tanh"]),
    "initializer": (lambda: jgd.models.initializers.get("zero"), V, ["did you mean 'zeros'"]),
    "order": (lambda: train(order="shufled"), V, ["order", "did you mean 'shuffled'"]),
    # counts
    "steps -1": (lambda: train(steps=-1), V, ["steps", "whole number from 0", "-1"]),
    **{
        f"steps {bad}": (lambda bad=bad: train(steps=bad), T, ["steps", "whole number", str(bad)])
        for bad in (2.5, True, float("nan"), "10")
    },
    "epochs": (lambda: train(epochs=-1), V, ["epochs", ">= 0", "-1"]),
    "epochs 2.5": (lambda: train(epochs=2.5), T, ["epochs", "2.5"]),
    "steps and epochs": (lambda: train(epochs=1, steps=1), V, ["steps", "epochs"]),
    "neither": (lambda: train(steps=None), V, ["steps", "epochs"]),
    "batch of 0": (lambda: train(batch_size=0), V, ["batch_size", "from 1 to 4", "got 0"]),
    "batch of 5": (lambda: train(batch_size=5), V, ["batch_size", "from 1 to 4", "got 5"]),
    "batch of 1.5": (lambda: train(batch_size=1.5), T, ["batch_size", "1.5"]),
    "evaluate_every": (lambda: train(evaluate_every=0), V, ["evaluate_every", ">= 1"]),
    "diverged_above": (lambda: train(diverged_above=0), V, ["diverged_above", "> 0"]),
    **{
        f"seed {bad}": (lambda bad=bad: train(seed=bad), kind, ["seed", str(bad)])
        for bad, kind in ((-1, V), (2**32, V), (2**40, V), (1.0, T), (True, T))
    },
    "key": (lambda: seeds.key(2**32, seeds.Stream.INIT), V, ["seed", "4294967295"]),
    # data
    "no rows": (lambda: train(data=(X[:0], Y[:0])), V, ["data has 0 rows"]),
    "no arrays": (lambda: train(data=()), V, ["data", "at least one array"]),
    "a scalar": (lambda: train(data=(X, np.float32(1))), V, ["data[1]", "scalar"]),
    "rows that differ": (lambda: train(data=(X, Y[:3])), V, ["data[0] has 4", "data[1] has 3"]),
    "targets (n, 1)": (lambda: train(data=(X, Y[:, None])), V, ["targets", "(4,)", "(4, 1)", "reshape"]),
    "NaN": (lambda: train(data=(with_nan(X, 2, 1), Y)), V, ["data[0]", "row 2, column 1", "nan", "check_finite"]),
    "infinity": (lambda: train(data=(X, np.float32([1, 1, 1, np.inf]))), V, ["data[1]", "row 3", "inf"]),
    "inputs (n,)": (lambda: train(data=(X[:, 0], Y)), V, ["inputs", "(n, features)", "(4,)", "[:, None]"]),
    "inputs too wide": (lambda: train(data=(np.ones((4, 3), np.float32), Y)), V, ["2 features", "(4, 3)"]),
    "validation of other rows": (lambda: train(validation=(X, Y[:2])), V, ["validation[0] has 4", "validation[1] has 2"]),
    "rows of text": (lambda: train(data=(X, np.array(["a"] * 4))), T, ["data[1]", "numbers", "<U1"]),
    "validation of text": (lambda: train(validation=(X, np.array(["a"] * 4))), T, ["validation[1]", "numbers", "<U1"]),
    "a label too large": (lambda: classify([0, 1, 2, 3]), V, ["data[1]", "0 … 2", "the label 3 at row 3"]),
    "a label below 0": (lambda: classify([0, -1, 2, 0], "focal"), V, ["data[1]", "the label -1 at row 1"]),
    "a label of the validation": (lambda: classify([0, 1, 2, 0], validation=(X, np.array([0, 1, 5, 0]))), V,
                                  ["validation[1]", "the label 5 at row 2"]),
    "a sequence's label": (lambda: classify([[0], [-1], [-2], [0]], "sequence_cross_entropy", Sequences(2, 3)), V,
                           ["0 … 2, or −1", "-2 at row 2, place 0"]),
    "labels of a hinge": (lambda: classify([-1, 1, -1, 1], "hinge", Logistic(2)), V, ["0 or 1", "-1 at row 0"]),
    "labels of a logistic": (lambda: classify([-1, 1, -1, 1], "logistic_nll", Logistic(2)), V, ["from 0 to 1", "-1 at row 0"]),
    "a sweep's label": (lambda: sweep(replace(jgd.tasks.get("iris"), validation=(np.ones((1, 4)), np.array([3])))), V,
                        ["task.validation[1]", "the label 3 at row 0"]),
    "a weight below 0": (lambda: train(data=(X, Y, np.float32([1, 1, -1, 1]))), V, ["data[2]", ">= 0", "-1.0 at row 2"]),
    "weights of 0": (lambda: train(data=(X, Y, 0 * Y)), V, ["data[2]", "above 0"]),
    "whole numbers that wrap": (lambda: train(data=(np.full((4, 2), 2**40), Y)), V, ["data[0]", "int32", "row 0, column 0"]),
    "float64 that overflows": (lambda: train(data=(X, np.float64([1, 1e300, 1, 1]))), V, ["data[1]", "1e+300 at row 1", "float32"]),
    "complex rows": (lambda: train(data=(X * 1j, Y)), T, ["data[0]", "complex64", "real"]),
    "a sparse matrix": (lambda: train(data=(sparse.csr_matrix(X), Y)), T, ["data[0]", "scipy", "data[0].toarray()"]),
    "a masked array": (lambda: train(data=(np.ma.masked_array(X, X > 0), Y)), T, ["data[0]", "MaskedArray", "filled"]),
    "lists": (lambda: train(data=(X.tolist(), Y)), V, ["data[0][0][0]", "np.asarray"]),
    "a dict for a pair": (lambda: train(data={"x": X, "y": Y}), T, ["(inputs, targets)", "dict of 'x', 'y'"]),
    "inputs alone": (lambda: train(data=X), T, ["(inputs, targets)", "shape (4, 2)"]),
    "four parts": (lambda: train(data=(X, Y, Y, Y)), T, ["(inputs, targets)", "4 parts"]),
    "other parameters": (lambda: train(params={"w": np.ones(2, np.float32)}), V, ["params misses", "['bias']", "Linear"]),
    "wider parameters": (lambda: train(params={**W, "weights": np.ones(3, np.float32)}), V, ["['weights']", "(2,)", "(3,)"]),
    "keys of two kinds": (lambda: train(params={"a": W, "b": {0: X, "c": X}}), T, ["params['b']", "0 (int)", "'c' (str)"]),
    "keys of data": (lambda: train(data={0: X, "c": X}), T, ["data must have keys of one kind"]),
    "a metric by number": (lambda: measured({3: LOSS}), T, ["metrics", "named by text", "3"]),
    "a metric of None": (lambda: measured({"nothing": lambda *_: None}), V, ["'nothing'", "one number", "None"]),
    "a metric of rows": (lambda: measured({"rows": lambda _, rows: rows[1]}), V, ["'rows'", "one number", "shape"]),
    "a metric in NumPy": (lambda: measured({"far": lambda _, rows: np.asarray(rows[1]).sum()}), T, ["'far'", "jnp"]),
    "a metric as a float": (lambda: measured({"far": lambda _, rows: float(rows[1][0])}), T, ["'far'", "float()"]),
    "metrics without validation": (lambda: train(metrics={"worst": LOSS}), V, ["metrics", "validation"]),
    "empty validation split": (lambda: jgd.split(np.ones(3), validation=0.1), V, ["validation split", "got 0"]),
    "share": (lambda: jgd.split(np.ones(9), test=1.0), V, ["test", "(0, 1)"]),
    "no training rows": (lambda: jgd.split(np.ones(4), validation=0.5, test=0.5), V, ["train split", "got 0"]),
    "scaling of (n,)": (lambda: Standard().fit(np.ones(4)), V, ["(n, columns)", "[:, None]"]),
    "scaling of NaN": (lambda: MinMax().fit(with_nan(X, 1, 0)), V, ["inputs", "row 1, column 0"]),
    "scaling of no rows": (lambda: Standard().fit(X[:0]), V, ["inputs has 0 rows"]),
    "columns": (lambda: MinMax().fit(np.eye(2))(np.ones((1, 3))), V, ["2 columns", "(1, 3)"]),
    "unfitted": (lambda: Standard()(X), T, ["Standard", "not fitted", ".fit("]),
    "unfitted transform": (lambda: MinMax().transform(X), T, ["MinMax", "not fitted"]),
    "ddof": (lambda: Standard(ddof=1).fit(X[:1]), V, ["ddof=1", "got 1"]),
    "low above high": (lambda: MinMax(1, 0), V, ["low", "high"]),
    # trees
    "updates of another shape": (lambda: jgd.apply_updates(jnp.ones(3), jnp.ones((3, 1))), V, ["updates", "(3,)", "(3, 1)"]),
    "whole gradients": (lambda: update({"a": jnp.ones(1, int)}, {"a": jnp.ones(1)}), T, ["grads['a']", "int32"]),
    "a batch of rates": (lambda: update(jnp.ones(2), jnp.ones(2), sgd(jnp.ones(2))), V, ["one number", "(2,)", "vmap"]),
    "b1 that rounds to 1": (lambda: adam(0.1, b1=1 - 1e-9), V, ["b1", "which is 1 in float32"]),
    "rate that rounds to 0": (lambda: sgd(1e-50), V, ["learning_rate", "which is 0 in float32"]),
    "missing leaf": (lambda: update({"a": jnp.ones(1)}, {"a": jnp.ones(1), "b": jnp.ones(1)}), V, ["misses", "['b']"]),
    "extra leaf": (lambda: update({"a": jnp.ones(1), "b": jnp.ones(1)}, {"a": jnp.ones(1)}), V, ["unexpected", "['b']"]),
    "shape": (lambda: update({"a": jnp.ones((3, 1))}, {"a": jnp.ones(3)}), V, ["['a']", "(3,)", "(3, 1)"]),
    "kind of tree": (lambda: update([jnp.ones(1)], (jnp.ones(1),)), T, ["grads", "same kind of tree"]),
    **{
        f"{dtype} leaf": (lambda dtype=dtype: train(params={"weights": np.zeros(2, dtype)}), T, ["['weights']", dtype])
        for dtype in ("int32", "bool", "complex64")
    },
    "init of int leaf": (lambda: sgd(0.1).init({"w": jnp.ones(2, jnp.int32)}), T, ["['w']", "int32"]),
    "text leaf": (lambda: train(params={"weights": "zeros"}), T, ["['weights']", "str"]),
    # losses
    "loss a vector": (lambda: train(LOSS.per_example), T, ["per_example", "(4,)"]),
    "loss an integer": (lambda: train(lambda p, b: jnp.zeros((), jnp.int32)), T, ["lambda", "int32"]),
    "loss complex": (lambda: train(lambda p, b: jax.lax.complex(p["bias"], p["bias"])), T, ["lambda", "complex"]),
    "loss a tuple": (lambda: train(lambda p, b: (p["bias"], 1)), T, ["lambda", "aux", "got int"]),
    "loss nothing": (lambda: train(lambda p, b: None), T, ["lambda", "NoneType"]),
    "loss that branches": (lambda: train(branches), T, ["branches", "jnp.where"]),
    "no such task": (lambda: train(loss="irs"), T, ["loss must be callable", "did you mean 'iris'?"]),
    "no loss": (lambda: train("squared_error"), T, ["loss", "callable", "squared_error"]),
    "labels as floats": (lambda: train(jgd.SupervisedLoss(Softmax(2, 2), "softmax_cross_entropy"),
                                       params=Softmax(2, 2).init(jax.random.key(0))), T, ["integer class labels"]),
    "look-ahead without a loss": (lambda: update(jnp.ones(1), jnp.ones(1), nesterov(0.1)), T, ["nesterov", "loss="]),
    # records and chains
    "optimizer's name": (lambda: train(optimizer="adam"), V, ["optimizer", "'adam'", "no default for learning_rate"]),
    "empty chain": (lambda: jgd.chain(), V, ["at least one transform"]),
    "chain of builders": (lambda: jgd.chain(sgd), T, ["transforms", "and optimizers", "function sgd"]),
    "chain of numbers": (lambda: jgd.chain(0.1), T, ["0.1"]),
    "look-ahead not first": (lambda: jgd.chain(sgd(0.1).transform, *nesterov(0.1).transform.transforms), V,
                             ["must be first", "place 1"]),
    "sizes as a list": (lambda: MLP([2, 1]), T, ["sizes", "tuple"]),
    "one size": (lambda: MLP((2,)), V, ["sizes", "(2,)"]),
    "a size of 0": (lambda: MLP((2, 0)), V, ["sizes", "got 0"]),
    "features": (lambda: Linear(0), V, ["features", "got 0"]),
    "classes": (lambda: Softmax(2, 1), V, ["classes", "got 1"]),
    "glorot of a vector": (lambda: GlorotUniform()(jax.random.key(0), (3,)), V, ["(n_in, n_out)", "(3,)"]),
    "training traced": (lambda: jax.jit(lambda p: train(params=p).params)(W), T, ["rollout"]),
    # sweeps
    "empty grid": (lambda: sweep(space={"learning_rate": []}), V, ["space['learning_rate']", "at least one"]),
    "NaN in a grid": (lambda: sweep(space={"learning_rate": [0.1, np.nan]}), V, ["space['learning_rate'][1]", "nan"]),
    "negative in a grid": (lambda: sweep(space={"learning_rate": [0.1, -1.0]}), V, ["config 1", "learning_rate", "-1"]),
    "text in a grid": (lambda: sweep(space={"learning_rate": ["0.1"]}), T, ["space['learning_rate'][0]", "'0.1'"]),
    "a word for a grid": (lambda: sweep(space={"learning_rate": "0.1"}), T, ["space['learning_rate']", "sequence", "'0.1'"]),
    "no mapping": (lambda: sweep(space=[0.1]), T, ["space", "map", "[0.1]"]),
    "unknown parameter": (lambda: sweep(space={"learning_rat": [0.1]}), V, ["sgd", "did you mean 'learning_rate'"]),
    "another library's parameter": (lambda: sweep(space={"lr": [0.1]}), V, ["recipe sgd", "'lr'", "write learning_rate"]),
    "another recipe's parameter": (
        lambda: sweep(recipes=["sgd", "adam"], space={"learning_rate": [0.1], "dampening": [0.1]}),
        V,
        ["recipe adam", "'dampening'", "sgd has", "a space of its own"],
    ),
    "missing parameter": (lambda: sweep(space={}), V, ["'sgd'", "learning_rate"]),
    "unknown recipe": (lambda: sweep(recipes="sgdd"), V, ["did you mean 'sgd'"]),
    "no recipe": (lambda: sweep(recipes=[]), V, ["recipes"]),
    "a recipe twice": (lambda: sweep(recipes=["sgd", "sgd"]), V, ["'sgd' twice"]),
    "no function": (lambda: sweep(recipes={"mine": 3}), T, ["'mine'", "3"]),
    "a space's recipe": (lambda: sweep(recipes=["sgd"], space={"sgdd": RATES}), V, ["space", "did you mean 'sgd'"]),
    "a recipe's space": (lambda: sweep(recipes=["sgd", "adam"], space={"sgd": RATES}), V, ["'adam'"]),
    "no optimizer": (lambda: sweep(recipes={"mine": lambda learning_rate: 3}), T, ["'mine'", "optimizer", "3"]),
    "fresh lambda": (lambda: sweep(recipes=fresh_lambda, space={"learning_rate": [1, 2]}), V, ["fresh_lambda", "module-level"]),
    "two structures": (lambda: sweep(recipes=structural, space={"learning_rate": [0.1, 0.6]}), V, ["structural", "config 1"]),
    "sweep's task": (lambda: sweep(task=3), T, ["task", "3"]),
    "no seeds": (lambda: sweep(seeds=0), V, ["seeds", ">= 1"]),
    "empty seeds": (lambda: sweep(seeds=[]), V, ["seeds", "at least one"]),
    "a seed twice": (lambda: sweep(seeds=[1, 1]), V, ["seeds", "differ", "(1, 1)"]),
    "a seed too large": (lambda: sweep(seeds=[0, 2**32]), V, ["seeds[1]", "4294967296"]),
    "sweep's steps": (lambda: sweep(steps=-1), V, ["steps", "-1"]),
    "block": (lambda: sweep(block=0), V, ["block", ">= 1"]),
    "sweep's batch": (lambda: sweep(batch_size=9), V, ["batch_size", "from 1 to 3"]),
    "no devices": (lambda: sweep(devices=[]), V, ["devices", "at least one"]),
    "devices by name": (lambda: sweep(devices=["cpu"]), T, ["devices", "jax.devices()", "['cpu']"]),
    "a device twice": (lambda: sweep(devices=jax.devices()[:1] * 2), V, ["devices", "each once"]),
    "sweep's callback": (lambda: sweep(callback=3), T, ["callback", "function", "3"]),
    "sweep's store": (lambda: sweep(store=3), T, ["store", "path", "3"]),
    "no store": (lambda: sweep(store=""), T, ["store", "path", "''"]),
    "sweep's policy": (lambda: sweep(policy="three"), T, ["policy", "policy", "'three'"]),
    "steps as a flag": (lambda: sweep(steps=True), T, ["steps", "True"]),
    "seeds below 0": (lambda: sweep(seeds=-1), V, ["seeds", "-1"]),
    "resume as a word": (lambda: sweep(resume="yes"), T, ["resume", "'yes'"]),
    "resume without a store": (lambda: sweep(resume=True), V, ["resume needs store="]),
    "samples": (lambda: sweep(space={"learning_rate": jgd.spaces.log_uniform(0.1, 1)}, samples=0), V, ["samples", "got 0"]),
    "a sampler's name": (lambda: sweep(sampler="halto"), V, ["sampler", "did you mean 'halton'"]),
    "text as data": (
        lambda: sweep(replace(jgd.tasks.get("iris"), validation=(np.array([["a"]]), np.array([0])))),
        T,
        ["task.validation[0]", "numbers", "<U1"],
    ),
    "a batch as a number": (lambda: sweep(space={**RATES, "batch_size": [1, 2]}), V, ["batch_size", "jgd.spaces.static"]),
    "a batch of one config": (
        lambda: sweep(space={**RATES, "batch_size": jgd.spaces.static([2, 9])}),
        V,
        ["batch_size", "config 1", "from 1 to 3", "got 9"],
    ),
    "two batch sizes": (
        lambda: sweep(space={**RATES, "batch_size": jgd.spaces.static([2])}, batch_size=3),
        V,
        ["batch_size is said twice"],
    ),
    "recipe branches": (lambda: sweep(recipes=branching), T, ["'branching', config 0", "jnp.where", "jgd.spaces.static"]),
    "recipe raises": (lambda: sweep(recipes=faulty), V, ["'faulty', config 0 (learning_rate=0.1)", "KeyError: 'width'"]),
    "recipe of other rows": (lambda: sweep(recipes=elsewhere), V, ["'elsewhere'", "train rows of the sweep's own"]),
    "a trial's metrics": (lambda: sweep(recipes=with_other_metrics), V, ["'with_other_metrics'", "['other']"]),
    "a trial's loss": (lambda: sweep(recipes=with_a_vector), T, ["'with_a_vector'", "one real", "labels"]),
    "recipe of a name": (lambda: sweep(recipes={3: sgd}), T, ["recipes", "name 3"]),
    "recipe of nothing": (lambda: sweep(recipes=3), T, ["recipe", "3"]),
    "another config": (lambda: swept().replay(config=99, seed=0), V, ["config", "from 0 to 0", "99"]),
    "another seed": (lambda: swept().replay(config=0, seed=5), V, ["seed", "(0,)", "5"]),
    "steps of a replay": (lambda: swept().replay(config=0, seed=0, steps=-1), V, ["steps", "-1"]),
    "a used seed": (lambda: swept().confirm(seeds=[0]), V, ["seeds must be fresh", "used: [0]"]),
    "no fresh seeds": (lambda: swept().confirm(seeds=0), V, ["seeds", "got 0"]),
    "fewer steps": (lambda: swept().extend(steps=0), V, ["steps", "from 1", "got 0"]),
    "fewer seeds": (lambda: swept().extend(seeds=[3]), V, ["seeds must hold", "(0,)", "(3,)"]),
    "configs that are no rows": (lambda: swept().extend(configs=5), T, ["configs must be rows", "5"]),
    "no samples of a range": (
        lambda: sweep(space={"learning_rate": jgd.spaces.log_uniform(0.1, 1)}),
        V,
        ["samples must say how many", "Halton"],
    ),
    "samples of a list": (lambda: sweep(samples=3), V, ["samples must be", "the size of the grid"]),
    "a sweep's order": (lambda: sweep(order="shuffle"), V, ["unknown order 'shuffle'", "did you mean 'shuffled'"]),
    "no sweep for a report": (lambda: jgd.reports.report("runs/rates"), T, ["sweep must be a jgd.Sweep", "'runs/rates'"]),
    "no path to save to": (lambda: jgd.reports.save_sweep(swept(), 3), T, ["directory must be the path", "got 3"]),
    "a path with a NUL": (lambda: jgd.reports.save_sweep(swept(), "a\0b"), V, ["directory must be the path", "null"]),
    "a file for a directory": (lambda: jgd.reports.save_sweep(swept(), __file__), V, ["directory", "can't be written"]),
    "no sweep for a plot": (lambda: jgd.plots.plot_loss_curves(3), T, ["sweep must be a jgd.Sweep", "got 3"]),
    "a word for picks": (lambda: swept().confirm(picks="best"), T, ["picks", "found.best", "'best'"]),
    "a pick twice": (lambda: swept().confirm(picks=[swept().best] * 2), V, ["picks must name each recipe once"]),
    "another sweep's pick": (lambda: swept().confirm(picks=sweep(recipes="gd").best), V, ["picks must be those", "'gd'"]),
    "a grid's samples": (lambda: swept().extend(samples=3), V, ["samples can't be extended", "Grid"]),
    "a row outside": (lambda: swept().extend(configs=[{"learning_rate": 3}]), V, ["configs[0]['learning_rate']", "0.1"]),
    "no proposer": (lambda: swept().propose(3, 1), T, ["proposer", "ask", "3"]),
    "no sweep there": (lambda: jgd.load_sweep("/nonexistent"), V, ["no sweep", "/nonexistent"]),
    "no path": (lambda: jgd.load_sweep(3), T, ["path", "3"]),
    "log grid from 0": (lambda: jgd.spaces.log_grid(0, 1, 3), V, ["low", "> 0"]),
    "grid upside down": (lambda: jgd.spaces.grid(1, 0, 3), V, ["low", "high"]),
    "grid of 0": (lambda: jgd.spaces.grid(0, 1, 0), V, ["count", "from 1"]),
    # what no argument takes
    "a rate of a million": (lambda: sgd([0.1] * 10**6), T, ["learning_rate", "[0.1, 0.1, ", ", ...] (list)"]),
    "a rate of many digits": (lambda: sgd(10**5000), V, ["learning_rate", "10^5000"]),
    "steps of many digits": (lambda: train(steps=10**5000), V, ["steps", "10^5000"]),
    "a rate without a repr": (lambda: sgd(Nameless()), T, ["learning_rate", "<Nameless"]),
    "a key for a rate": (lambda: sgd(jax.random.key(0)), T, ["learning_rate", "real numbers", "key<fry>"]),
    "a deleted rate": (lambda: sgd(deleted()), V, ["learning_rate", "deleted", "donated"]),
    "deleted parameters": (lambda: train(params={**W, "weights": deleted()}), V, ["params['weights']", "deleted"]),
    "deleted rows": (lambda: train(data=(X, deleted())), V, ["data[1]", "deleted"]),
    "an empty rate": (lambda: sgd(np.array([])), V, ["learning_rate", "at least one"]),
    "print for a schedule": (lambda: sgd(print), T, ["learning_rate", "schedule", "print"]),
    "a class for a schedule": (lambda: jgd.transforms.TrustRatio(max_norm=int), T, ["max_norm", "schedule", "int"]),
    "a schedule of nothing": (lambda: sgd(lambda: 0.1), T, ["learning_rate", "the step alone"]),
    "a schedule that returns nothing": (lambda: train(optimizer=sgd(lambda step: None)), T, ["schedule", "lambda", "None"]),
    "no flag": (lambda: sgd(0.1, nesterov=None), T, ["nesterov", "True or False", "None"]),
    "two flags": (lambda: sgd(0.1, 0.9, nesterov=np.array([True, True])), T, ["nesterov", "True or False"]),
    "text as a seed": (lambda: optimizers.psgd_kron(0.1, seed="a"), T, ["seed", "'a'"]),
    "a number as patterns": (lambda: optimizers.lamb(0.1, skip=0), T, ["skip", "strings", "got 0"]),
    "a mask of mixed keys": (lambda: optimizers.adamw(0.1, mask={1: True, "a": True}), T, ["mask", "{1: True"]),
    "numbers for a partition": (lambda: jgd.transforms.Partition(3, 4), T, ["patterns", "tuple", "got 3"]),
    "a number for sizes": (lambda: MLP(3), T, ["sizes", "tuple", "got 3"]),
    "a class for weights": (lambda: Linear(2, initializer=GlorotUniform), T, ["initializer", "GlorotUniform()"]),
    "no key": (lambda: MLP((2, 1)).init(0), T, ["key", "jgd.init_key(0)", "got 0"]),
    "whole parameters": (lambda: Linear(2).init(jax.random.key(0), int), T, ["dtype", "floating"]),
    "text as a limit": (lambda: MinMax("a"), T, ["low", "'a'"]),
    "an infinite limit": (lambda: MinMax(-np.inf, 1), V, ["low", "finite", "-inf"]),
    "ddof below 0": (lambda: Standard(-1), V, ["ddof", "-1"]),
    "no model": (lambda: jgd.SupervisedLoss(None, "squared_error"), T, ["model", "predict", "None"]),
    "an observe that takes nothing": (lambda: sweep(observe=lambda: 0), T, ["observe(params)", "too many"]),
    "a class that observes": (lambda: sweep(observe=int), T, ["observe", "function of params", "int"]),
    "a callback that takes nothing": (lambda: sweep(callback=lambda: 0), T, ["callback(progress)", "too many"]),
    "bytes to record": (lambda: sweep(record=b"loss"), T, ["record", "names"]),
    "a number as a shard": (lambda: sweep(shard=1.5), T, ["shard", "pair", "1.5"]),
    "a class as a recipe": (lambda: sweep(recipes=type), T, ["recipe", "parameters"]),
    "an array as a count of seeds": (lambda: sweep(seeds=np.array(3.5)), T, ["seeds"]),
    "a run's callback that takes nothing": (lambda: train(callback=lambda: 0), T, ["callback(progress)", "too many"]),
    "a run's observe, a class": (lambda: train(observe=int), T, ["observe", "function of params"]),
    "a loss of nothing": (lambda: train(loss=lambda: 0), T, ["loss(params, batch)", "too many"]),
    "a loss that is a class": (lambda: train(loss=int), T, ["loss must be callable"]),
    "a task outside of a store": (lambda: compare({"../mine": "iris"}), V, ["tasks must have names that a folder", "'../mine'"]),
    "a task named by number": (lambda: compare({3: "iris"}), T, ["tasks must be named by text", "got 3"]),
    "text as an executor": (lambda: sweep(executor="x"), T, ["executor", "'x'"]),
}  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), ROWS.values(), ids=ROWS)
def test_bad_input_is_named(call, kind, words):
    with pytest.raises(kind) as refused:
        call()
    assert isinstance(refused.value, jgd.JgdError), f"{type(refused.value).__name__}: {refused.value}"
    assert [word for word in words if word not in str(refused.value)] == [], str(refused.value)


def test_an_analysis_of_what_is_no_sweep_names_it():
    of_sweeps = [
        f
        for f in (getattr(jgd.analysis, name) for name in jgd.analysis.__all__)
        if callable(f) and [*signature(f).parameters][:1] == ["sweep"]
    ]
    assert len(of_sweeps) == 17
    for function in of_sweeps:
        required = [p for p in signature(function).parameters.values() if p.default is p.empty]
        with pytest.raises(T, match=r"sweep must be what jgd.sweep\(…\) returns, got 'runs/a'") as refused:
            function("runs/a", *required[1:])
        assert refused.value.argument == "sweep"


def test_an_error_with_a_prefix_keeps_its_argument():
    prefixed = {
        "learning_rate": lambda: sweep(space={"learning_rate": [-0.1]}),
        "low of uniform": lambda: jgd.Space.of({"rate": {"uniform": ["a", 1]}}),
        "directory": lambda: jgd.reports.save_sweep(swept(), __file__),
    }
    for argument, call in prefixed.items():
        with pytest.raises(jgd.JgdError) as refused:
            call()
        assert refused.value.argument == argument
        assert not str(refused.value).startswith(f"{argument} must")


def test_cores_are_chosen_before_jax_runs():
    jax.devices()
    with pytest.raises(jgd.JgdError, match="before JAX is first used"):
        jgd.use_cores(1)
