"""The verdicts of lesson 02. Where the lesson counts over 20 starts or draws, its own cells run, with another SEED."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np

import nbcore
from nbcore import bce, explore, share, softmax_ce, train
from nbcore.datasets import Split, digits
from nbcore.explore import activation_saturation as lesson
from tools import build_notebooks as bn
from verdicts_of import Measured, Shown, all_of, holds, opposite

SOURCE = (bn.NOTEBOOKS / "src" / "02_activation_saturation.py").read_text(encoding="utf-8")
CELLS = [code.partition("\n")[2] for code in re.split(r"^# %%", SOURCE, flags=re.MULTILINE)[1:]]


def cell(part: str) -> str:
    """The lesson's code cell that holds `part`."""
    (found,) = [code for code in CELLS if part in code and not code.startswith("# ")]
    return found


def split(block: int) -> Split:
    """1,500 digits to learn from and the others; block 0 is what `split_digits(1500)` gives."""
    X, labels = digits()
    learn, test = np.split(np.random.default_rng(block).permutation(len(labels)), [1500])
    return Split(X[learn], labels[learn], np.eye(10)[labels[learn]], X[test], labels[test])


def run(code: str, block: int, **names: Any) -> dict[str, Any]:
    """The names that a cell leaves, when run with SEED = block and, for digits, another split of them."""
    space = {name: getattr(nbcore, name) for name in nbcore.__all__} | {"np": np, "explore": explore, "SEED": block}
    space |= {"split_digits": lambda train: split(block), "print": lambda *said: None} | names
    exec(code.replace("SEED = 0", f"SEED = {block}"), space)
    return space


# ---- Derive


def a_sigmoid_is_a_probability(block: int) -> str:
    """Partly: where the network is right; where it has learned a few points by heart, it is too sure."""
    code = cell("of_class_1").replace("    print(", "    kept.append(of_class_1); print(")
    right, by_heart = (np.array(found) for found in run(code, block, kept=[])["kept"])
    good = share(abs(right - 0.85) < 0.05).word == "true"
    return "partly" if good and share(by_heart < 0.8).word == "true" else "depends"


def gradients_vanish_only_where_saturated(block: int) -> str:
    """Refuted by sigmoid networks without a saturated unit."""
    X, Y = explore.digit_sample()
    nets = explore.deep_network("sigmoid", 10, 1, block, ensemble=20)
    nets.forward(X), nets.backward(softmax_ce, Y)
    first, last = ((layer.delta**2).mean(axis=(-2, -1)) ** 0.5 for layer in (nets.layers[0], nets.layers[-2]))
    flat = np.mean([(layer.phi.derivative(layer.z, layer.a) < lesson.FLAT) for layer in nets.layers[:-1]])
    return opposite(share(first < 1e-5 * last).word) if flat < 0.01 else "true"


def level_means_learning(block: int) -> str:
    """At s = 0.5 dC/dW of tanh networks is level, and they learn nothing."""
    code = "losses = []\n" + cell("a guess gives").replace(
        "    print(", "    losses.append(history.loss[-10:]); print("
    )
    X, Y = explore.digit_sample()
    small, fine = (np.mean(loss, axis=0) for loss in run(code, block, X_200=X, Y_200=Y)["losses"])
    assert share(fine < 0.5).word == "true"
    nets = explore.deep_network("tanh", 10, 0.5, block, ensemble=20)
    nets.forward(X), nets.backward(softmax_ce, Y)
    first, last = ((layer.dW**2).mean(axis=(-2, -1)) ** 0.5 for layer in (nets.layers[0], nets.layers[-2]))
    level = share(abs(np.log2(first / last)) < 1).word
    return share(small < 2).word if level == "true" else "depends"


def centered_bears_a_larger_rate(block: int) -> str:
    def losses(inputs: str, eta: float) -> np.ndarray:
        return np.array(
            [lesson.zig_zag_path(inputs, "each sample", eta, 60, 20 * block + k).losses[-1] for k in range(20)]
        )

    positive, centered = list(lesson.INPUTS)[:2]
    fails = share(losses(positive, 4.0) > 1).word
    return all_of(fails, share(losses(centered, 4.0) < losses(positive, 1.6)).word)


def centering_is_minor(block: int) -> str:
    steps = np.array([lesson.same(0, 1, 1.0, 2000, 1000, 20 * block + k).steps for k in range(20)])
    return share(steps[:, 0] < 30 * steps[:, 2]).word


# ---- Break it


@lru_cache
def laboratory(block: int) -> dict[str, Any]:
    """The lesson's cell that wakes units, on other moons in each block."""
    return run(cell("woke[name]"), block)


def woken(kind: str, layer: int, block: int) -> Any:
    """In how many networks some unit of this layer woke."""
    return share(laboratory(block)["woke"][kind][layer - 1].any(axis=-1))


def up_to_40_per_cent_die(block: int) -> str:
    """Refuted from both sides: far fewer at a small rate, far more at a large one."""
    X, Y = nbcore.moons(200, 0.15, block)
    net = lesson.lab_network(0.0, block, (40,))
    train(net, X, Y, bce, eta=np.repeat([0.25, 10.0], 20), steps=lesson.BLOW)
    with np.errstate(all="ignore"):
        dead = np.concatenate(lesson.asleep(net, X), axis=-1).mean(axis=-1)
    few, many = share(dead[:20] < 0.2).word, share(dead[20:] > 0.5).word
    return opposite(all_of(few, many))


# ---- The race


@lru_cache
def race(block: int) -> dict[str, np.ndarray]:
    """{name: updates}, at the best rates of the lesson's table, without the search for them."""
    arrive = run(cell("def arrive").partition("runs = {}")[0], block)["arrive"]
    return {name: arrive(name, [eta], 20, block)[0] for name, eta in RATES.items()}


# As the stored table has them; test_the_race_in_the_lesson_is_the_one_that_the_verdicts_measure holds it.
RATES = {"relu": 0.4, "PReLU": 0.4, "elu": 0.4, "gelu": 0.4, "silu": 0.57, "tanh": 0.8, "sigmoid": 3.2}


def quicker(one: str, other: str, times: float = 1) -> Any:
    """Measures whether `one` needs fewer updates than `other`, or fewer than a part of its updates."""
    return lambda block: share(race(block)[one] * times < race(block)[other]).word


def later_ones_halve(block: int) -> str:
    return all_of(*(quicker(name, "relu", 2)(block) for name in ("elu", "gelu", "silu")))


def prelu_is_better(block: int) -> str:
    """In the laboratory its loss is lower; in the race it does not halve ReLU's updates."""
    losses = laboratory(block)["losses"]
    return all_of(share(losses["PReLU"] < losses["relu"]).word, quicker("PReLU", "relu", 2)(block))


@lru_cache
def two_pieces(block: int) -> dict[str, Any]:
    """The lesson's cell about Maxout, with `there` of each kept."""
    names = run(cell("def arrive").partition("runs = {}")[0], block)
    given = {name: names[name] for name in ("arrive", "data")}
    return run(
        cell("right[name]").replace("    nets =", "    arrived[name] = there; nets ="), block, arrived={}, **given
    )


def maxout_overfits(block: int) -> str:
    right = two_pieces(block)["right"]
    return share(right["Maxout"] < right["relu"]).word


def maxout_needs_a_smaller_rate(block: int) -> str:
    arrived = two_pieces(block)["arrived"]
    return all_of(share(arrived["relu"].ravel()).word, opposite(share(arrived["Maxout"].ravel()).word))


HERE = "test_lesson02_explorers.py::"
VERDICTS = {
    "A sigmoid's output is a probability": Measured(a_sigmoid_is_a_probability),
    "A saturated sigmoid passes almost no gradient": Shown(
        HERE + "test_the_sigmoid_s_slope_is_a_quarter_at_most_and_ten_layers_leave_a_millionth"
    ),
    "A gradient vanishes only where units are saturated": Measured(gradients_vanish_only_where_saturated),
    r"Where $\partial C / \partial W$ is level, all layers learn": Measured(level_means_learning),
    "For positive inputs, one sample pulls all weights one way": Shown(
        HERE + "test_positive_inputs_give_gradients_of_one_sign_per_sample_and_a_batch_softens_it"
    ),
    "Centered inputs bear a larger rate, which makes descent quicker": Measured(centered_bears_a_larger_rate),
    "Keeping data centered is a minor matter": Measured(centering_is_minor),
    "$e^x$ is slow": Shown(HERE + "test_nothing_is_measured_until_it_is_asked_for"),
    "tanh is quicker than the sigmoid": Measured(quicker("tanh", "sigmoid")),
    "ReLU is six times faster than tanh": Measured(quicker("relu", "tanh", 6)),
    "ReLU comes first, tanh second": Measured(quicker("relu", "tanh")),
    "A ReLU dies when its input is negative": Shown(HERE + "test_asleep_means_negative_for_every_sample"),
    "Up to 40 per cent of the units die": Measured(up_to_40_per_cent_die),
    "A dead unit of layer 1 is lost to plain descent": Measured(lambda block: holds(woken("relu", 1, block).held == 0)),
    "A dead unit of layer 2 is lost as well": Measured(lambda block: opposite(woken("relu", 2, block).word)),
    "Leaky ReLU, slope 0.01, wakes units of layer 1": Measured(lambda block: woken("leaky 0.01", 1, block).word),
    "Leaky ReLU does not saturate": Shown(HERE + "test_a_leaky_slope_is_what_a_saturated_sigmoid_passes"),
    "PReLU is better, since it learns its slopes": Measured(prelu_is_better),
    "Maxout overfits": Measured(maxout_overfits),
    "Maxout needs a smaller rate than ReLU": Measured(maxout_needs_a_smaller_rate),
    "ELU, GELU and SiLU, which came later, halve the updates": Measured(later_ones_halve),
}
