"""What the blocks of a sweep are fed."""

import jgd
from jgd.sweeps.engine.device_inputs import _compiled


def test_a_task_made_anew_compiles_its_start_once():
    first, again, other = (jgd.tasks.get("iris", model).init for model in ("mlp", "mlp", "softmax"))
    assert first is not again
    assert _compiled(first) is _compiled(again)
    assert _compiled(other) is not _compiled(first)
    assert _compiled(lambda key: key) is not _compiled(lambda key: key)
