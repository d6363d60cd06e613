"""The lectures redone: every statement has its lecture, its line in docs/lectures.md and its test; their digits."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import jgd
from jgd import lectures

ROOT = Path(__file__).parents[2]
COUNTS = {"A": 14, "L": 17, "D": 15, "R": 7, "G": 16, "E": 10, "O": 16, "I": 12, "N": 3, "P": 5, "X": 2}
IDS = {f"{letter}{number}" for letter, most in COUNTS.items() for number in range(1, most + 1)} | {"O3'"}
LINE = re.compile(r"^\| (\S+) \| .+ \| `jgd lecture (\S+)` \| ([\w./]+?)(?:::(\w+))? \|$", re.MULTILINE)

SAID = {  # what is printed of each
    "losses": ["3.0425          -0.65          -7.25", "-0.2166666667   -2.416666667", "0.4687827208  -0.9823138031"],
    "likelihood": ["1.532476871297972", "Gaussian likelihood, σ = 2      2.043"],
    "adaline": ["(-1, 1)          0      0.95"],
    "logistic": ["1.313262", "-3.71828182845904", "0.196611933241481", "inf         nan", "200          -1"],
    "derivatives": ["by hand", "∂f/∂w = -2*x*(-w*x + y)", "1e-02  7.8e-03  1.7e-05", "refused. For the number of rows"],
    "checks": ["-9.33333333333332", "-9.3333333333", "verdict: ok", "1e-08  -11.92092896  2.8e-01", "ScaleByAdam"],
    "costs": ["H/grad", "from w = 1 to 2"],
    "steepest": ["-10.049876", "curvatures 1, 10"],
    "search": [
        "100^10 is about 10^20",
        "34.375, 59.375   9.5312500           32",
        "69.5            -0.7044180",
        "1.0014063",
    ],
    "gd": [
        "    0  1.09  4.67  1.0933333333333333",
        "   99  2.00  0.00  1.9999444396553017",
        "8.00 points (7.99977775862120",
    ],
    "sgd": ["10  1.963933391167868", "2         -7.84       1.0984", "7.99999999999969"],
    "smoothing": ["3.2301050            3.2218004           4.4406120", "4.0433089"],
    "batches": ["w = 1.221 after an epoch", "2560"],
    "stopping": ["1.0933333  0.0400000", "0.0362667", "max_steps", "converged", "no_progress"],
    "learning-rates": ["1.608479", "1.37", "diverged at step 8"],
    "decay": ["0.00625", "0.025"],
    "plateau-decay": ["      0.81   0.5", "       0.5  0.25"],
    "rate-search": ["Chosen by validation alone", "test rows, read only now"],
    "momentum": ["2.5898312662", "1.1773333333", "0.0999999999", "691", "95"],
    "adaptive": ["1.3488318167", "1.0400", "1.9970633238", "19.85", "0.001", "3.162", "never 0/0: yes"],
    "initialisation": ["0.8660254037844386", "0.3162277660168", "Glorot"],
    "seeds": ["bit for bit: yes", "0 diverged"],
    "scaling": ["34.301020", "38.349707", "-0.606396", "-0.540000", "1.115"],
    "traps": ["3.381747   0.472851", "-0.487422  -0.137238", "4.998128", "4.98068", "82.8"],
}


def test_every_statement_has_its_line_its_lecture_and_its_test():
    lines = LINE.findall((ROOT / "docs/lectures.md").read_text(encoding="utf-8"))
    assert sorted(id_ for id_, *_ in lines) == sorted(IDS)
    assert {id_ for lecture in lectures.registry.values() for id_ in lecture.ids} == IDS
    assert [(id_, name) for id_, name, *_ in lines if id_ not in lectures.registry[name].ids] == []
    sources = {file: (ROOT / file).read_text(encoding="utf-8") for _, _, file, _ in lines}
    assert [(file, test) for _, _, file, test in lines if test and f"def {test}(" not in sources[file]] == []
    assert set(SAID) == set(lectures.registry)


@pytest.mark.slow
@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", SAID)
def test_the_digits_are_printed_and_the_pictures_drawn(name, tmp_path):
    with jax.numpy_dtype_promotion("standard"):  # as a reader has it
        given = lectures.give(name)
        said = str(given)
        assert [words for words in SAID[name] if words not in said] == []
        files = given.save(tmp_path)
    assert [file.name for file in files] == [f"{name}.txt", *(f"{name}-{each}.png" for each in given.pictures)]
    assert all(file.stat().st_size > 5000 for file in files[1:])


@pytest.mark.slow
def test_a_lecture_from_the_shell(command, tmp_path):
    code, out, err = command("lecture", "gd", "--out", str(tmp_path / "gd"))
    assert (code, err) == (0, "")
    assert (SAID["gd"][0] in out, "gd-parabola.png" in out) == (True, True)


def test_lectures_are_listed_and_unknown_names_and_pictures_told(command, tmp_path):
    code, out, _ = command("lecture", "list")
    assert (code, [name for name in lectures.registry if name not in out]) == (0, [])
    code, _, err = command("lecture", "sg")
    assert (code, "unknown lecture 'sg'" in err, "sgd" in err) == (2, True, True)
    bare = lectures.Demonstration("none", "Nothing", (lectures.Table({"a": [0.5, "b"]}),), {})
    with pytest.raises(jgd.JgdError, match="picture"):
        bare.draw("parabola")
    (tmp_path / "file").touch()
    with pytest.raises(jgd.JgdError, match="directory must be one that can be written"):
        bare.save(tmp_path / "file")


def test_what_has_no_derivative_is_refused():
    with pytest.raises(jgd.JgdError, match="loss"):
        jgd.train(lambda w, _: jnp.sum(w > 1.5), jgd.optimizers.sgd(0.1), jnp.ones(1), steps=1)
