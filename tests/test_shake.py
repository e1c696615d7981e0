"""The shake: it moves every drawn start, and nothing else, in tests and in the lessons' kernels; chaos is caught."""

import ast
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import shake

DRAWN = """
import numpy as np
from nbcore import MLP, Dense, Maxout, PReLU, constant, digits, moons, normal, zeros
{what}
"""


def in_a_shake(what: str, number: str) -> str:
    """What a program prints in a Python that is shaken; number "" is none."""
    environment = os.environ | {"PYTHONPATH": str(shake.SWITCH), "NBCORE_SHAKE": number}
    code = DRAWN.format(what=what)
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    "drawn",
    [
        "[p for p in MLP([2, 8, 1], seed=3).parameters() if p.any()]",
        "[MLP([2, 8, 1], ensemble=5, dtype=np.float32).layers[0].W]",
        "[PReLU(3, 4).W, Maxout(3, 4).W, Dense(3, 4, 'tanh', normal(0.1)).W]",
        "[np.random.default_rng(0).normal(size=(9, 9)), np.random.default_rng(0).uniform(-1, 1, 99)]",
        "[np.array([np.random.default_rng(k).normal() for k in range(20)])]",
    ],
)
def test_what_is_drawn_moves_by_one_place_at_most(drawn):
    one, again, other, still = (
        in_a_shake(f"print(*(x.hex() for a in {drawn} for x in np.ravel(a).tolist()))", n).split()
        for n in ("1", "1", "2", "")
    )
    assert one == again
    for shaken in (one, other):
        pairs = [(float.fromhex(a), float.fromhex(b)) for a, b in zip(shaken, still, strict=True)]
        assert all(abs(a - b) <= (2**-22 if "float32" in drawn else 2**-51) * abs(b) for a, b in pairs)
        assert 0.4 < sum(a != b for a, b in pairs) / len(pairs) < 0.9
    assert one != other


@pytest.mark.parametrize(
    "kept",
    [
        "Dense(3, 4, 'tanh', zeros).W, Dense(3, 4, 'tanh', constant(0.3)).W, MLP([2, 8, 1]).layers[0].b",
        "Dense(3, 4, 'tanh', constant(0.3), dtype=np.float32).W",
        "*moons(20, 0.2, seed=1), digits()[0][:5]",
        "np.random.default_rng(0).permutation(20), np.random.default_rng(0).integers(9, size=20)",
    ],
)
def test_all_else_stays(kept):
    shaken, still = (in_a_shake(f"print([np.ravel(a).tolist() for a in ({kept},)])", n) for n in ("1", ""))
    assert shaken == still


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(shake.ROOT / "tools" / "shake.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=shake.ROOT)


def test_a_test_and_a_lesson_that_rest_on_the_last_digit_are_caught(tmp_path):
    """Two halves of one statement each: what holds to nine digits stays green, what needs the last one turns red."""
    weights = in_a_shake("print([float(w) for w in MLP([2, 8, 1]).layers[0].W.ravel()])", "").strip()
    (tmp_path / "test_planted.py").write_text(
        "import numpy as np\nfrom nbcore import MLP\nW = MLP([2, 8, 1]).layers[0].W.ravel().tolist()\n"
        f"def test_nine_digits():\n    assert np.allclose(W, {weights}, rtol=1e-9)\n"
        f"def test_all_digits():\n    assert W == {weights}\n"
    )
    said = str([round(w, 9) for w in ast.literal_eval(weights)]), weights
    cells = [
        new_code_cell("from nbcore import MLP\nW = MLP([2, 8, 1]).layers[0].W.ravel().tolist()", execution_count=1)
    ]
    for count, (line, out) in enumerate(zip(("print([round(w, 9) for w in W])", "print(W)"), said, strict=True), 2):
        outputs = [new_output("stream", text=f"{out}\n")]
        cells.append(new_code_cell(line, execution_count=count, outputs=outputs))
    nbformat.write(new_notebook(cells=cells), tmp_path / "planted.ipynb")
    done = run("--runs", "1", str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    assert any("test_all_digits" in line for line in failed), done.stdout
    assert any("planted.ipynb::Cell 2" in line for line in failed), done.stdout
    assert "2 failed, 3 passed" in done.stdout, done.stdout


def test_each_shake_says_how_to_repeat_it(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(
        shake, "run", lambda number, name, *rest: asked.append((number, name)) or ["tests"][: number % 2]
    )
    assert shake.main(["--runs", "2", "--number", "7"]) == 1
    said, names = capsys.readouterr().out, list(shake.processors())
    assert asked == [(number, names[number % len(names)]) for number in (7, 8)]
    for (number, name), word, what in zip(asked, ("FAILED", "ok    "), ("  tests", ""), strict=True):
        assert f"""{word} make shake ARGS="--number {number} --on '{name}'"{what}\n""" in said
    assert shake.main(["--number", "8", "--on", names[0]]) == 0
    assert asked[2:] == [(8, names[0])]


@pytest.mark.parametrize(
    ("given", "said"), [(["--on", "Itanium"], "--on must be one of"), (["--runs", "0"], "--runs must be at least 1")]
)
def test_a_bad_order_is_refused(given, said):
    done = run(*given)
    assert done.returncode == 2
    assert said in done.stderr


def test_elsewhere_leaves_out_the_kernels_of_this_machine(monkeypatch):
    asked = []
    monkeypatch.setattr(shake, "run", lambda number, name, environment, what: asked.append(name) or [])
    monkeypatch.setattr(shake, "own_kernel", lambda: "Haswell")
    monkeypatch.setattr(shake, "features", lambda: (["X86_V3"], {"X86_V3", "X86_V4"}))
    assert shake.main(["--elsewhere"]) == 0
    assert set(asked) == {"Nehalem", "SkylakeX", shake.PLAIN}
    assert len(asked) == 6
    assert shake.processors()[shake.PLAIN] == {"NPY_DISABLE_CPU_FEATURES": "X86_V3"}
    monkeypatch.setattr(shake, "features", lambda: (["X86_V3"], set()))  # a processor that can't run the others
    assert list(shake.processors()) == ["Nehalem"]


def test_what_is_left_out_is_there():
    """A file that was renamed would be shaken for nothing, or left out by an old name."""
    for name in shake.STILL:
        assert (shake.ROOT / "tests" / f"test_{name}.py").is_file(), name
