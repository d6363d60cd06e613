"""A method of one's own, registered by name, is swept, listed and chosen by the command as the built-in ones are."""

import jax.numpy as jnp
import pytest

import jgd


def calm_sgd(learning_rate, max_norm=1.0):
    return jgd.chain(jgd.transforms.ClipByGlobalNorm(max_norm), jgd.transforms.ScaleByLearningRate(learning_rate))


@pytest.fixture
def own():
    jgd.optimizers.register("calm_sgd", calm_sgd)
    yield calm_sgd
    jgd.optimizers.registry.unregister("calm_sgd")


@pytest.mark.usefixtures("own")
def test_it_is_swept_by_name():
    task = jgd.tasks.get("hours_points")
    space = jgd.space(learning_rate=jgd.spaces.grid(0.01, 0.1, 2))
    byname = jgd.sweep(task, "calm_sgd", space, steps=3, seeds=2)
    itself = jgd.sweep(task, calm_sgd, space, steps=3, seeds=2)
    assert jnp.array_equal(byname.dataset.loss.values, itself.dataset.loss.values)


def test_it_trains_by_name_where_it_has_a_default_for_everything():
    jgd.optimizers.register("calm", lambda learning_rate=0.01, **options: calm_sgd(learning_rate, **options))
    try:
        byname, itself = (jgd.train("hours_points", each, steps=3) for each in ("calm", calm_sgd(0.01)))
    finally:
        jgd.optimizers.registry.unregister("calm")
    assert jnp.array_equal(byname.params["weights"], itself.params["weights"])
    with pytest.raises(jgd.JgdError, match=r"learning_rate: give jgd\.optimizers\.get\('adam'\)\(learning_rate=…\)"):
        jgd.train("hours_points", "adam", steps=3)


@pytest.mark.usefixtures("own")
def test_the_command_lists_it_and_trains_with_it(command):
    assert "calm_sgd" in command("list")[1]
    words = ["--optimizer", "calm_sgd", "--set", "max_norm=0.5", "--learning-rate", "0.01", "--steps", "3"]
    assert command("train", "hours_points", *words)[0] == 0


def test_it_is_gone_with_its_fixture():
    with pytest.raises(jgd.JgdError, match="unknown optimizer 'calm_sgd'"):
        jgd.optimizers.get("calm_sgd")
