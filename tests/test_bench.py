"""The benchmark compares equals: peers do the same training, and one that does not ends it. No timing is tested."""

import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import bench, growth
from benchmarks.peers import Peer, Prepared, all_peers, floor, ours, textbook
from benchmarks.workloads import SEED, Workload, flops, workloads
from nbcore import train

ROOT = Path(__file__).resolve().parents[1]
PEERS = {peer.name: peer for peer in all_peers()}
NBCORE = PEERS["nbcore"]
ALWAYS = ["nbcore, readable engine", "nbcore, one member after another", "NumPy, textbook"]
OFTEN_ABSENT = [name for name in PEERS if name not in [*ALWAYS, "nbcore"]]


def tiny() -> dict[str, Workload]:
    """Every workload with fewer samples, updates and members, and (e) with fewer layers: gcc takes long for 20."""
    few = workloads({"a": 30, "b": 21, "c": 128, "d": 128, "e": 256})
    few["e"] = replace(few["e"], sizes=[64] * 5 + [10])
    few |= {key: replace(few[key], members=3) for key in ("fa", "fb")}
    return {key: w.short(6) for key, w in few.items()}


TINY = tiny()


def difference(name: str, w: Workload) -> float | None:
    """The largest relative difference to nbcore; None when the peer does not do such workloads."""
    peer = PEERS[name]
    ours_, theirs = NBCORE.prepare(w), peer.prepare(w)
    if theirs is None:
        return None
    return bench.compare(w, peer, theirs.read(theirs.run()), ours_.read(ours_.run()))


@pytest.mark.parametrize("key", TINY)
@pytest.mark.parametrize("name", ALWAYS)
def test_agrees_with_nbcore(name, key):
    off = difference(name, TINY[key])
    if off is None:
        assert (key in ("fa", "fb")) != (name == "nbcore, one member after another")
    else:
        assert off < 1e-12


@pytest.mark.parametrize("key", TINY)
@pytest.mark.parametrize("name", OFTEN_ABSENT)
def test_agrees_with_nbcore_where_installed(name, key):
    if why := PEERS[name].missing():
        pytest.skip(f"{name}: {why}")
    off = difference(name, TINY[key])
    assert off is None or off < (1e-4 if "float32" in name else 1e-11)


def test_batches_are_those_that_train_takes():
    w = TINY["a"]

    def look(now):
        if now.step < w.updates:
            first = now.net.layers[0]
            np.testing.assert_allclose(first.z, w.X[w.rows[now.step]] @ first.W.T + first.b, atol=1e-14)

    train(w.net(), w.X, w.Y, w.loss, steps=w.updates, batch=w.batch, seed=SEED, record=look, engine="plain")
    first, second = w.rows[:3].ravel(), w.rows[3:].ravel()
    assert sorted(first) == sorted(second) == list(range(30))
    assert (first != second).any()


def test_refuses_batches_that_do_not_fill_an_epoch():
    with pytest.raises(ValueError, match="25 samples do not make whole batches of 10"):
        workloads({"a": 25})


def test_fewer_updates_are_whole_epochs():
    assert [workloads()[key].short(30).updates for key in "abcde"] == [20, 30, 22, 30, 30]


def spoiled(change) -> Peer:
    """Textbook NumPy, but for one change to what it gives."""

    def prepare(w: Workload) -> Prepared:
        def read(done):
            outcome = textbook.read(done)
            change(outcome)
            return outcome

        return Prepared(lambda: textbook.train(w), read)

    return Peer("the spoiled one", prepare)


def one_weight(outcome):
    outcome.parameters[0][0, 0] += 1e-6


def last_bias(outcome):
    outcome.parameters[-1][0, 0] = np.nan


def one_loss(outcome):
    outcome.losses[2] *= 1 + 1e-7


def fewer_losses(outcome):
    outcome.losses = outcome.losses[:, None]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (one_weight, "W1 differs by"),
        (last_bias, "b3 differs by nan"),
        (one_loss, "losses differ by"),
        (fewer_losses, "shape"),
    ],
)
def test_a_mismatch_fails_the_bench(capsys, change, words):
    assert bench.run([TINY["a"]], [NBCORE, spoiled(change)], rounds=1) == 1
    said = capsys.readouterr()
    assert "mismatch: (a) the spoiled one: " in said.err
    assert words in said.err
    assert said.out == ""  # no times of what is no equal


def test_another_order_is_a_mismatch():
    w = TINY["a"]
    other = replace(w)
    other.__dict__["orders"] = lambda: iter([np.arange(30)] * 2)
    prepared, reference = textbook.prepare(other), ours.prepare(w)
    with pytest.raises(bench.Mismatch, match="losses differ by"):
        bench.compare(w, PEERS["NumPy, textbook"], prepared.read(prepared.run()), reference.read(reference.run()))


def test_the_table(capsys, monkeypatch):
    """Peers down, workloads across; a peer that is not installed is named; a goal that is not met is no failure."""
    monkeypatch.setattr(
        bench,
        "GOALS",
        [
            bench.Goal("NumPy, textbook", "nbcore", {"a": 1e9}),
            bench.Goal("NumPy, textbook", "nbcore", {"a": 1e9}, least=False),
            bench.Goal("absent", "nbcore", {"a": 1}),
        ],
    )
    absent = Peer("absent", lambda w: pytest.fail("prepared"), lambda: "not installed: pip install '.[bench]'")
    chosen = [TINY["a"], TINY["fa"]]
    assert bench.run(chosen, [NBCORE, PEERS["NumPy, textbook"], absent], rounds=2) == 0
    said = capsys.readouterr().out
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines() if line[:1] == "|"]
    assert lines[0] == ["µs per update", "(a) 2-8-8-1, batch 10", "64 members of (a)"]
    assert [line[0] for line in lines[2:]] == [
        "nbcore",
        "NumPy, textbook",
        "*NumPy, textbook / nbcore, at least*",
        "*NumPy, textbook / nbcore, at most*",
    ]
    cell = r"[\d,.]+ \([\d,.]+–[\d,.]+\)"
    assert re.fullmatch(cell, lines[2][1])
    assert re.fullmatch(cell, lines[2][2])
    assert lines[3][2] == ""
    assert lines[4][1].endswith("; goal 1e+09: not met")
    assert lines[5][1].endswith("; goal 1e+09: met")
    assert "Times are by the clock; a run had the core for " in said
    assert "- absent: not installed: pip install '.[bench]'" in said


def test_the_command_itself(tmp_path):
    """In a process of its own, as `make bench` runs it; what it prints tells nothing about whose machine it is."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "bench.py", "--only", "import", "--rounds", "1"],
        capture_output=True,
        text=True,
        timeout=600,  # only what is hung takes that long
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")},
    )
    assert done.returncode == 0, done.stderr
    assert "| import nbcore | " in done.stdout
    assert f"numpy {np.__version__}" in done.stdout
    assert '`make bench ARGS="--only import --rounds 1"`, 1 round; load ' in done.stdout
    for private in (socket.gethostname(), str(ROOT), str(Path.home()), sys.executable):
        assert not re.search(rf"(?<!\w){re.escape(private)}(?!\w)", done.stdout), private


def test_unknown_workloads_are_named(capsys):
    with pytest.raises(SystemExit):
        bench.main(["--only", "a,z"])
    assert "--only knows a, b, c, d, e, fa, fb, import; got z" in capsys.readouterr().err


@pytest.mark.skipif(floor.missing() is not None, reason="needs gcc")
def test_c_repeats_start_anew():
    """As often as it repeats the training to time it, it gives the parameters of one."""
    w = TINY["a"]
    prepared = floor.prepare(w)
    outcome = prepared.read(prepared.run())
    again = ours.prepare(w)
    assert bench.compare(w, PEERS["C, gcc -O3"], outcome, again.read(again.run())) < 1e-12
    assert min(outcome.seconds) > 0


def test_flops_by_hand():
    # forward 2-3 and 3-1, both dW, and da for the 3 hidden units: products of 6, 3, 6, 3, 3 numbers a sample
    assert flops([2, 3, 1], batch=5) == 2 * 5 * (6 + 3 + 6 + 3 + 3)
    assert flops([2, 3, 1], batch=5, members=4) == 4 * flops([2, 3, 1], batch=5)


def test_turning_point_of_known_costs():
    points = [growth.Point("width", n, [2, n, 1], 10, times={"float64": [max(10.0, float(n))]}) for n in (1, 4, 16, 64)]
    assert growth.turning_point(points, np.float64) == pytest.approx(20, rel=0.1)
    assert np.isnan(growth.turning_point(points[:2], np.float64))


def test_growth_prints_a_table_and_draws(tmp_path, capsys, monkeypatch):
    sizes = {"width": [2, 4, 4, 1], "depth": [2, 4, 1], "samples": [2, 3, 1], "members": [2, 3, 1]}
    few = {
        name: [growth.Point(name, k, shape, 5, k if name == "members" else None) for k in (1, 2)]
        for name, shape in sizes.items()
    }
    monkeypatch.setattr(growth, "series", lambda quick: few)
    monkeypatch.setattr(growth, "TIMED", 0.0)
    assert growth.main(["--rounds", "1", "--picture", str(tmp_path / "growth.png")]) == 0
    said = capsys.readouterr().out
    assert "| members 2 | 2-3-1 | 5 | 2 | " in said
    assert str(tmp_path) not in said
    assert 5_000 < (tmp_path / "growth.png").stat().st_size < 300_000


def test_growth_covers_the_sizes_it_promises():
    ranges = {name: (points[0].value, points[-1].value) for name, points in growth.series().items()}
    assert ranges == {"width": (4, 512), "depth": (1, 32), "samples": (1, 4000), "members": (1, 256)}


def test_small_numbers_keep_their_digits():
    assert [bench.number(x) for x in (0.4783, 8.513, 31.94, 1154.2)] == ["0.48", "8.51", "31.9", "1,154"]
