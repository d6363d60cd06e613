"""Pieces of an array in files: any part of it is read from those that it touches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import jgd
from jgd.core import array_files
from jgd.core.processes import is_cut
from jgd.core.shards import pieces_of, read_pieces, write_pieces


@pytest.fixture(scope="module")
def arrays():
    mesh = jax.make_mesh((2,), ("data",), devices=jax.local_devices()[:2])
    whole = {"w": np.arange(24.0, dtype="f").reshape(4, 6), "b": jnp.arange(6, dtype=jnp.bfloat16)}
    spec = {"w": P(None, "data"), "b": P("data")}
    return whole, {name: jax.device_put(array, NamedSharding(mesh, spec[name])) for name, array in whole.items()}


def test_parts_and_the_whole_are_read_from_pieces(tmp_path, arrays):
    whole, cut = arrays
    assert not any(map(is_cut, cut.values()))  # one process has all
    assert sorted(pieces_of(cut)) == ["b@0", "b@3", "w@0,0", "w@0,3"]
    files = {tmp_path / "all": write_pieces(tmp_path / "all", cut).hex()}
    known = {name: [str(array.dtype), list(array.shape)] for name, array in whole.items()}
    read = read_pieces(files, known)
    for name, array in whole.items():
        assert (read[name].shape, read[name].dtype) == (array.shape, array.dtype)
        np.testing.assert_array_equal(np.asarray(read[name]), array)
    np.testing.assert_array_equal(read["w"][1:3, 2:5], whole["w"][1:3, 2:5])  # of both pieces
    again = jax.make_array_from_callback((4, 6), cut["w"].sharding, read["w"].__getitem__)
    np.testing.assert_array_equal(again, whole["w"])


def test_pieces_that_are_damaged_or_lacking_are_refused(tmp_path, arrays):
    _, cut = arrays
    known = {"w": ["float32", [4, 6]]}
    digest = write_pieces(tmp_path / "w", {"w": cut["w"]}).hex()
    with pytest.raises(jgd.JgdError, match="pieces of w are missing"):
        read_pieces({}, known)
    with pytest.raises(jgd.JgdError, match="not what is said of them"):
        read_pieces({tmp_path / "w": digest}, {"v": known["w"]})
    (tmp_path / "w").write_bytes(array_files.blob_of({}, {}))
    with pytest.raises(jgd.JgdError, match="the pieces in w are not what was written"):
        read_pieces({tmp_path / "w": digest}, known)
