"""Ray as an executor: with a module that answers as Ray does, and with Ray where it is installed."""

import concurrent.futures as cf
import sys
import types

import numpy as np
import pytest

import jgd

ASK = {"seeds": 2, "steps": 10, "block": 2, "progress": False}
SPACE = {"learning_rate": [0.01, 0.1, 0.5]}


class Reference:
    """What a task of Ray gives: a future is made of it."""

    def __init__(self, future):
        self.future = lambda: future


@pytest.fixture
def ray(monkeypatch):
    """As much of Ray as is used, its tasks in two threads."""
    pool, asked, canceled = cf.ThreadPoolExecutor(2), [], []

    def remote(**options):
        if "nonsense" in options:
            raise ValueError("Invalid option keyword nonsense")
        asked.append(options)
        return lambda call: types.SimpleNamespace(remote=lambda *args: Reference(pool.submit(call, *args)))

    fake = types.SimpleNamespace(
        remote=remote,
        is_initialized=lambda: False,
        init=lambda **options: asked.append(options),
        cluster_resources=lambda: {"CPU": 2.0},
        cancel=canceled.append,
        asked=asked,
        canceled=canceled,
    )
    monkeypatch.setitem(sys.modules, "ray", fake)
    yield fake
    pool.shutdown()


def test_a_sweep_by_rays_tasks_has_the_same_bits(ray):
    with jgd.interop.ray.executor(num_gpus=1) as executor:
        there = jgd.sweep("iris", "sgd", SPACE, executor=executor, **ASK)
        assert [ray.asked[0], executor._max_workers] == [{"num_cpus": 1, "num_gpus": 1}, 2]
        assert list(executor.map(abs, [-1, 2])) == [1, 2]
    assert np.array_equal(there.loss, jgd.sweep("iris", "sgd", SPACE, **ASK).loss)
    with pytest.raises(jgd.JgdError, match=r"options must be those of ray\.remote: Invalid option keyword nonsense"):
        jgd.interop.ray.executor(nonsense=1)


def test_what_waits_is_canceled_or_waited_for(ray):
    gate = cf.Future()
    executor = jgd.interop.ray.executor()
    held = executor.submit(gate.result)
    executor.shutdown(wait=False, cancel_futures=True)
    assert len(ray.canceled) == 1
    gate.set_result(3)
    executor.shutdown()
    assert held.done()
    assert held.result() == 3


def test_a_missing_ray_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match="pip install ray"):
        jgd.interop.ray.executor()


@pytest.mark.slow
def test_rays_own_workers_leave_the_same_bits():
    ray = pytest.importorskip("ray", reason="pip install ray")
    with jgd.interop.ray.executor() as executor:
        there = jgd.sweep("iris", "sgd", SPACE, executor=executor, **ASK)
    ray.shutdown()
    assert np.array_equal(there.loss, jgd.sweep("iris", "sgd", SPACE, **ASK).loss)
