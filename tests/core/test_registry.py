"""Registries take a user's own builders and refuse what can't be called by name; wrong arguments get the right name."""

import functools
import inspect
import pickle
import re

import pytest

import jgd
from jgd.core.fingerprint import function_fingerprint
from jgd.core.registry import Registry


def mine(learning_rate=0.5):
    return jgd.optimizers.sgd(learning_rate)


def fresh():
    return Registry("shape", {"circle": lambda radius: radius})


def test_a_builder_is_registered_and_given_back():
    registry = fresh()
    assert registry.register("mine", mine) is mine
    assert registry.find("mine") is mine
    assert list(registry) == ["circle", "mine"]


def test_register_is_also_a_decorator():
    registry = fresh()

    @registry.register("other")
    def other(size):
        return size

    assert registry["other"] is other


@pytest.mark.parametrize(
    ("name", "build", "kind", "said"),
    [
        ("circle", mine, jgd.JgdError, "name 'circle' is taken by another shape; replace=True"),
        ("my method", mine, ValueError, "Python identifier, such as my_method, got 'my method'"),
        ("class", mine, ValueError, "Python identifier"),
        (3, mine, TypeError, "name must be text, got 3 (int)"),
        (mine, None, TypeError, 'name must be text, as in register("shape_name"), got <function mine'),
        ("mine", "sgd", TypeError, "shape must be a function that builds one, got 'sgd'"),
        ("mine", lambda *sizes: sizes, TypeError, "by name"),
        ("mine", lambda size, /: size, TypeError, "with the positional 'size'"),
    ],
)
def test_what_cannot_be_registered_is_refused(name, build, kind, said):
    registry = fresh()
    with pytest.raises(kind) as caught:
        registry.register(name, build)
    assert said in str(caught.value)
    assert list(registry) == ["circle"]


def test_an_entry_gives_way_only_when_told_to():
    registry = fresh()
    registry.register("circle", mine, replace=True)
    assert registry["circle"] is mine
    with pytest.raises(TypeError, match="replace must be True or False, got 1"):
        registry.register("circle", mine, replace=1)  # pyright: ignore


def test_an_entry_can_be_taken_out():
    registry = fresh()
    registry.register("mine", mine)
    registry.unregister("mine")
    assert list(registry) == ["circle"]
    with pytest.raises(jgd.JgdError, match="unknown shape 'mine'"):
        registry.unregister("mine")


def test_a_few_names_are_listed_and_many_are_not():
    with pytest.raises(jgd.JgdError) as caught:
        jgd.optimizers.get("adma")
    assert "did you mean 'adam'?" in str(caught.value)
    assert len(str(caught.value)) < 120
    with pytest.raises(jgd.JgdError, match=r"choose from: circle$"):
        fresh().find("line")


@pytest.mark.parametrize("registry", [jgd.optimizers.registry, jgd.schedules.registry], ids=lambda each: each.kind)
def test_builders_keep_their_signature_their_words_and_their_pickles(registry):
    for name, build in registry.items():
        assert build.__doc__, name
        assert pickle.loads(pickle.dumps(build)) is build, name
        assert not {p.kind for p in inspect.signature(build).parameters.values()} & {
            inspect.Parameter.VAR_KEYWORD,
            inspect.Parameter.VAR_POSITIONAL,
        }


@pytest.mark.parametrize(
    ("build", "given", "said"),
    [
        (jgd.optimizers.adam, {"lr": 0.1}, "adam has no parameter 'lr': write learning_rate"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "beta1": 0.9}, "write b1"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "beta_2": 0.9}, "write b2"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "betas": (0.9, 0.999)}, "write b1 and b2, one number each"),
        (jgd.optimizers.adan, {"learning_rate": 0.1, "betas": (0.9, 0.9, 0.9)}, "write b1 and b2 and b3"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "epsilon": 1e-8}, "write eps"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "weight_decay": 0.1}, "use jgd.optimizers.adamw"),
        (jgd.optimizers.adamax, {"learning_rate": 0.1, "weight_decay": 0.1}, "use jgd.optimizers.adamaxw"),
        (jgd.optimizers.sgd, {"learning_rate": 0.1, "weight_decay": 0.1}, "jgd.transforms.Decayed"),
        (jgd.optimizers.adam, {"alpha": 0.1}, "write learning_rate"),
        (jgd.optimizers.rmsprop, {"learning_rate": 0.1, "rho": 0.9}, "write decay"),
        (jgd.optimizers.rmsprop, {"learning_rate": 0.1, "alpha": 0.9}, "write decay"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "amsgrad": True}, "use jgd.optimizers.amsgrad"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "clipnorm": 1.0}, "ClipByLeafNorm"),
        (jgd.optimizers.adam, {"learning_rate": 0.1, "fused": True}, "leave it out"),
        (jgd.optimizers.adam, {"learning_rte": 0.1}, "did you mean 'learning_rate'?"),
        (jgd.optimizers.sign_sgd, {"learning_rate": 0.1, "qqq": 1}, "it takes learning_rate"),
        (jgd.schedules.CosineDecay, {"init_value": 1.0, "T_max": 10}, "CosineDecay has no parameter 'T_max'"),
        (jgd.schedules.CosineDecay, {"init_value": 1.0, "T_max": 10}, "write decay_steps"),
        (jgd.schedules.Linear, {"lr": 1.0}, "write init_value"),
        (jgd.optimizers.sgd, {}, "sgd needs learning_rate; it takes learning_rate, momentum"),
        (jgd.schedules.CosineDecay, {"init_value": 1.0}, "CosineDecay needs decay_steps; it takes init_value"),
        (jgd.models.MLP, {}, "MLP needs sizes; it takes sizes, activation, initializer"),
        (jgd.models.Softmax, {"features": 4, "classses": 3}, "did you mean 'classes'?"),
        (jgd.Standard, {"x": 1}, "Standard has no parameter 'x'; it takes ddof"),
        (jgd.Task, {"name": "own", "metrik": "loss"}, "Task has no parameter 'metrik'; did you mean 'metric'?"),
        (functools.partial(jgd.Task.from_arrays, "own", mine, mine, [1.0]), {"scal": 1}, "did you mean 'scale'?"),
        (jgd.train, {"loss": "iris", "optimizer": "adam", "stepz": 3}, "did you mean 'steps'?"),
        (jgd.sweep, {"task": "iris", "seed": 3}, "did you mean 'seeds'?"),
        (jgd.sweep, {"task": "iris", "stop": 3}, "policy=jgd.EarlyStopping"),
        (jgd.train, {"loss": "iris", "optimizer": "adam", "patience": 3}, "stop=jgd.StoppingRule(patience=...)"),
        (jgd.check_gradients, {"loss": mine}, "check_gradients needs params and batch"),
        (jgd.load_model, {"path": "x", "model": jgd.models.Softmax}, "(params, inputs), got the class Softmax"),
        (Registry("shape", {}).register("mine")(mine), {"lr": 0.1}, "mine has no parameter 'lr': write learning_rate"),
    ],
)
def test_a_wrong_argument_gets_the_right_name(build, given, said):
    with pytest.raises(jgd.JgdError) as caught:
        build(**given)
    assert isinstance(caught.value, TypeError)
    assert said in str(caught.value)


def test_a_fault_of_ones_own_passes_through_and_what_takes_any_name_does():
    register = Registry("shape", {}).register
    own = register("own")(lambda size=1, **rest: {"size": size + 1, **rest})
    assert own(other=2) == {"size": 2, "other": 2}
    with pytest.raises(TypeError, match="concatenate"):
        own(size="")
    assert function_fingerprint(register("mine")(mine)) == function_fingerprint(mine)


@pytest.mark.parametrize("more", [(0.5,), (0.5, 0.5)], ids=len)  # the second would be in the place of a flag
def test_too_many_by_place_are_told_what_goes_by_name(more):
    with pytest.raises(
        TypeError, match=r"adam takes learning_rate, b1, b2, eps by place .*eps_root=.*got 0.5 in place 5"
    ):
        jgd.optimizers.adam(0.1, 0.9, 0.999, 1e-8, *more)  # pyright: ignore


def documented(build):
    """{parameter: the default that the docstring says}, as text."""
    args = inspect.getdoc(build).partition("Args:\n")[2].partition("\n\n")[0]
    entries = re.split(r"\n(?=    \w+: )", args)
    said = {entry.split(":")[0].strip(): re.search(r"Default:\s+(.*)\.$", entry, re.DOTALL) for entry in entries}
    return {name: None if default is None else default[1] for name, default in said.items()}


@pytest.mark.parametrize("registry", [jgd.optimizers.registry, jgd.schedules.registry], ids=lambda each: each.kind)
def test_docstrings_tell_every_parameter_with_its_default(registry):
    for name, build in registry.items():
        parameters, said = inspect.signature(build).parameters, documented(build)
        assert list(said) == list(parameters), name
        for each, parameter in parameters.items():
            if parameter.default in (parameter.empty, None):
                assert said[each] is None, (name, each)
            else:
                value = eval(said[each], {"QUINTIC": (3.4445, -4.775, 2.0315)})
                assert value == parameter.default, (name, each)
