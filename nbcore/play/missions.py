"""Goals for a playground, each with a win that is measured on the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nbcore.play.run import Run
from nbcore.play.settings import LIVE, Settings
from nbcore.play.text import State

Verdict = tuple[bool, str]
TESTED = 50  # points, at least: of fewer, a few lucky ones are 95 %


@dataclass(frozen=True)
class Mission:
    """A goal: `text` says what to do, `hint` how one might; `start` and `solution` are texts for `Run.from_text`.

    `won(run)` says whether this run has reached it, and in words what was measured.
    """

    name: str
    title: str
    text: str
    hint: str
    start: str
    solution: str
    check: Callable[[Run], Verdict]

    def won(self, run: Run) -> Verdict:
        """Whether the run has reached the goal, and what was measured. It may train a rival for comparison."""
        if not isinstance(run, Run):
            raise TypeError(f"run must be a Run, got {type(run).__name__}")
        return self.check(run)


def _units(s: Settings) -> int:
    return sum(units for units, _ in s.hidden)


def _percent(share: float, goal: float = 1.0) -> str:
    """A goal is never shown as reached before it is."""
    tenths = float(np.round(1000 * share))
    if share < goal:
        tenths = min(tenths, float(np.ceil(1000 * goal - 1e-9)) - 1)
    return f"{tenths / 10:g} %"


def _asked(holds: bool, has: str, asked: str) -> tuple[bool, str]:
    return holds, has if holds else f"{has} ({asked})"


def _right(run: Run, goal: float) -> tuple[bool, str]:
    if not run.problem.classes:
        return False, "the data have no classes to get right"
    if (tested := len(run.problem.X_test)) < TESTED:
        return False, f"{tested} test points are too few to tell (at least {TESTED})"
    score = run.numbers().score_test
    return _asked(score >= goal, f"{_percent(score, goal)} of the test points right", f"{_percent(goal)} asked for")


def _by_hand(run: Run) -> list[int]:
    """After which updates weights were set by hand, one entry for each."""
    return [change.step for change in run.log if change.name not in LIVE]


def _judged(*conditions: tuple[bool, str]) -> Verdict:
    """Won when all hold; in words what does not, or else what does."""
    missing = [text for holds, text in conditions if not holds]
    if missing:
        return False, f"Not yet: {'; '.join(missing)}."
    return True, f"Won: {'; '.join(text for _, text in conditions)}."


def _spirals(run: Run) -> Verdict:
    s = run.settings
    return _judged(
        _asked(
            s.data == "spirals" and s.n >= 200 and s.noise >= 0.05,
            f"{s.n} points of {s.data}, noise {s.noise:g}",
            "spirals asked for, at least 200 points and noise 0.05",
        ),
        _asked({*s.features} <= {"x1", "x2"}, f"inputs {', '.join(s.features)}", "only x1 and x2 asked for"),
        _asked(_units(s) <= 8, f"{_units(s)} hidden units", "at most 8"),
        _right(run, 0.98),
    )


def _revived(run: Run) -> Verdict:
    phis, units = {phi for _, phi in run.settings.hidden}, _units(run.settings)
    most, now = run.deaths[-1][1], run.inside().dead_units[:-1]
    dead = np.concatenate(now).mean() if now else 0.0
    # Dead from the start, or by a bias set by hand, is not dead of a rate.
    half = next((step for step, share in run.deaths if share >= 0.5), -1)
    early = half == 0 or any(step < half for step in _by_hand(run))
    return _judged(
        _asked(phis == {"relu"} and units >= 8, f"{units} hidden units, all ReLU"
               if phis == {"relu"} else "hidden units other than ReLU, or none", "at least 8 ReLUs, and no others"),
        _asked(half >= 0, f"{_percent(most)} of them were dead at the worst moment", "50 % asked for"),
        (not early, "half of them were dead before any training, or weights were set by hand before that"
         if early else f"half of them by update {half:,}"),
        _asked(dead <= 0.1, f"{_percent(dead)} of them are dead now", "at most 10 %"),
        _right(run, 0.95),
    )  # fmt: skip


def _sigmoid_wins(run: Run) -> Verdict:
    s, needed = run.settings, 500
    if not s.hidden or {phi for _, phi in s.hidden} != {"sigmoid"}:
        return False, "Not yet: all hidden layers must be sigmoid."
    if len(s.hidden) < 2:
        return False, "Not yet: at least two hidden layers are asked for."
    if _by_hand(run):
        return False, "Not yet: weights were set by hand, which the rival can't repeat fairly."
    if run.step_count < needed:
        return False, f"Not yet: {run.step_count} updates done, {needed} are asked for."
    rival = _rival(run.state, run)
    mine = run.numbers()
    theirs = rival.numbers().loss_test
    words = f"test loss {mine.loss_test:.4f} with sigmoid, {theirs:.4f} with ReLU from the same start"
    if rival.diverged is not None:
        words = f"test loss {mine.loss_test:.4f}; ReLU diverged after {rival.diverged.step:,} updates"
    return _judged((rival.diverged is not None or mine.loss_test < theirs, words), _right(run, 0.95))


_rivals: list[tuple[State, Run]] = []  # the last one: a run that goes on takes its rival along


def _rival(state: State, run: Run) -> Run:
    """The same run with ReLU in all hidden layers."""
    settings = state.settings.with_(hidden=tuple((units, "relu") for units, _ in state.settings.hidden))
    key = State(settings, state.log, 0 if not state.log else state.log[-1].step)
    if _rivals and _rivals[0][0] == key and _rivals[0][1].step_count <= run.step_count:
        rival = _rivals[0][1]
    else:
        rival = Run.from_state(key, run.own)
    rival.advance(run.step_count - rival.step_count)
    _rivals[:] = [(key, rival)]
    return rival


def edge(run: Run) -> float:
    """The largest stable eta of descent on all samples for a linear network with mse: 2 / lambda.

    lambda is the largest eigenvalue of the Hessian, [X 1]^T [X 1] / N (one output; its bias counts as a weight).
    """
    X = np.concatenate([run.problem.X, np.ones((len(run.problem.X), 1))], axis=1)
    return 2 / float(np.linalg.eigvalsh(X.T @ X / len(X))[-1])


def _stable(run: Run) -> Verdict:
    s = run.settings
    first = run.curves[1][0, 0]
    plain = s.optimizer == "sgd" and run.batch == len(run.problem.X) and not (s.l1 or s.l2)
    # One that is on the wrong side but has not grown yet is told apart by lambda, not by luck.
    asked = s.data == "plane" and not s.hidden and run.problem.output.name == "identity"
    if not (asked and plain):
        return False, "Not yet: plane, no hidden layers, identity and mse, plain sgd on all samples are asked for."
    limit, n = edge(run), run.numbers()
    since = run.log[-1].step if run.log else 0
    share = s.eta / limit
    return _judged(
        _asked(run.step_count - since >= 300, f"{run.step_count - since} updates at η = {s.eta:g}", "300 asked for"),
        (run.diverged is None and n.loss <= first, f"loss {n.loss:.4g}, at the start {first:.4g}"),
        (share < 1, "η is below the edge" if share < 1 else "η is beyond the edge"),
        (share >= 0.95, f"η is {_percent(share)} of the largest stable one"
         if share >= 0.95 else "η is less than 95 % of the largest stable one"),
    )  # fmt: skip


def _few_features(run: Run) -> Verdict:
    s = run.settings
    if s.data != "hills":  # the score of classes is no error
        return False, f"Not yet: the data are {s.data} (hills asked for)."
    error = run.numbers().score_test
    return _judged(
        _asked(s.n >= 200, f"{s.n} points of {s.data}", "at least 200"),
        _asked(
            len(s.features) <= 2 and not {"x1", "x2"} & {*s.features},
            f"inputs {', '.join(s.features)}",
            "at most two, neither x1 nor x2",
        ),
        _asked(_units(s) <= 6, f"{_units(s)} hidden units", "at most 6"),
        _asked(error <= 0.06, f"error on test points {error:.4g}", "at most 0.06"),
    )


def _digits(run: Run) -> Verdict:
    s, tested = run.settings, len(run.problem.X_test)
    return _judged(
        _asked(s.data == "digits" and tested >= 300, f"tested on {tested} points of {s.data}", "at least 300 digits"),
        _asked(not s.hidden, f"{len(s.hidden) or 'no'} hidden layer{'s' * (len(s.hidden) != 1)}", "none asked for"),
        _asked(run.step_count <= 1000, f"{run.step_count:,} updates", "at most 1,000"),
        _right(run, 0.97),
    )


def _cured(run: Run) -> Verdict:
    trains, tests = run.curves[1][:, :2].T
    at = np.array([int(tests[: k + 1].argmin()) for k in range(len(tests))])  # where the lowest so far was
    # It overfits where the loss falls on the training points while it climbs on the others.
    rose = np.where(trains < trains[at], tests / np.maximum(tests[at], 1e-12), 1.0)
    worst = int(rose.argmax())
    best, peak, now = tests[at[worst]], tests[worst], run.numbers().loss_test
    climbed = f"test loss rose from {best:.3g} to {peak:.3g}, {rose[worst]:.3g} times, while training loss fell"
    if rose[worst] < 1.5:
        climbed = f"test loss rose at most {rose[worst]:.3g} times while training loss fell"
    return _judged(
        _asked(rose[worst] >= 1.5, climbed, "1.5 asked for"),
        _asked(now <= 1.1 * best, f"it is {now:.3g} now", f"{1.1 * best:.3g} asked for"),
    )


def _woken(run: Run) -> Verdict:
    s, by_hand = run.start, len(_by_hand(run))
    return _judged(
        (s.init == "zeros" and bool(s.hidden), "all weights began at 0 behind hidden layers"
         if s.init == "zeros" and s.hidden else "the weights did not begin at 0, or there are no hidden layers"),
        _asked(s.data == "moons", f"the data are {s.data}", "moons asked for"),
        # More inputs leave nothing to a hidden layer: copies of one unit would do.
        _asked({*s.features} <= {"x1", "x2"}, f"inputs {', '.join(s.features)}", "only x1 and x2 asked for"),
        _asked(by_hand <= 4, f"{by_hand} weights set by hand", "at most 4"),
        _right(run, 0.95),
    )  # fmt: skip


MISSIONS: dict[str, Mission] = {
    mission.name: mission
    for mission in (
        Mission(
            "spirals",
            "Part the spirals",
            "Get 98 % of the test points right with at most 8 hidden units, and only x1 and x2 as inputs.",
            "Plain descent is slow here. Another optimizer, with a rate that suits it, needs some 2,000 updates.",
            "spirals n=400 noise=0.05 | 8 tanh",
            "spirals n=400 noise=0.05 | 8 tanh | adam eta=0.03 batch=20 | 3000 updates",
            _spirals,
        ),
        Mission(
            "revive",
            "Kill half the ReLUs, then revive them",
            "Make at least half of the hidden units dead while training; then, without a new start, bring them back "
            "until at most one in ten is dead and 95 % of the test points are right.",
            "A few updates at a rate that is far too large kill. A dead unit gets no gradient, so no training wakes "
            "it: its bias must be set by hand. One that is alive can bear it too.",
            "moons | 10 relu",
            # All ten, so that it does not matter which have died: it wins from other seeds, too.
            "moons | 10 relu | 3000 updates | 100: eta=20.0 | 150: eta=0.3 | "
            + " | ".join(f"150: b1[{j}]=3.0" for j in range(10)),
            _revived,
        ),
        Mission(
            "sigmoid",
            "Let sigmoid beat ReLU",
            "With two or more hidden layers, all sigmoid, reach a lower test loss than ReLU does from the same start, "
            "with the same settings, after as many updates: at least 500, and 95 % of the test points right.",
            "ReLU learns faster at small rates. What does each do at a large one, and after 2,000 updates?",
            "moons | 8 sigmoid, 8 sigmoid",
            "moons | 8 sigmoid, 8 sigmoid | eta=3.0 | 2000 updates",
            _sigmoid_wins,
        ),
        Mission(
            "stable",
            "Find the largest stable learning rate",
            "A linear network, mse, all samples at once: find a learning rate that is stable for 300 updates, and at "
            "least 95 % of the largest that is. The edge is exactly 2 / lambda.",
            "Below the edge the loss falls; above it, it grows without end. Halve the interval between the two.",
            "plane | no hidden layers | batch=all",
            "plane | no hidden layers | eta=1.2 batch=all | 300 updates",
            _stable,
        ),
        Mission(
            "features",
            "Two inputs that say it all",
            "Fit the two hills with a test error of at most 0.06 (root mean square), with at most 6 hidden units and "
            "two inputs, neither of them x1 or x2.",
            "Which products of x1 and x2 stay the same when both change sign, as the hills do?",
            "hills n=400 noise=0.0 | 6 tanh | adam eta=0.03 batch=20",
            "hills n=400 noise=0.0 | x1^2 x1x2 | 6 tanh | adam eta=0.03 batch=50 | 3000 updates",
            _few_features,
        ),
        Mission(
            "digits",
            "97 % of the digits without a hidden layer",
            "Get 97 % of the test digits right after at most 1,000 updates, without any hidden layer.",
            "The start is too careful: larger steps on larger batches. Then see whether a hidden layer does better.",
            "digits n=1797 | no hidden layers",
            "digits n=1797 | no hidden layers | eta=1.0 batch=50 | 1000 updates",
            _digits,
        ),
        Mission(
            "overfit",
            "Overfit, then cure it",
            "Train until the test loss has risen to 1.5 times its lowest; then, without a new start, bring it back to "
            "at most 1.1 times that lowest.",
            "Keep training: the training loss falls and the test loss climbs. A penalty on the weights pulls back.",
            "moons n=60 noise=0.4 train=0.5 | 16 tanh, 16 tanh | eta=0.3 batch=all",
            "moons n=60 noise=0.4 train=0.5 | 16 tanh, 16 tanh | eta=0.3 batch=all | 5000 updates | 3000: l2=0.01",
            _cured,
        ),
        Mission(
            "zeros",
            "Wake a network of zeros",
            "All weights begin at 0, and training moves nothing but the output's bias. Set at most 4 weights by hand, "
            "then train to 95 % of the test points, with only x1 and x2 as inputs.",
            "A hidden unit learns when its weight to the output is not 0. Give each that you wake another one.",
            "moons | 8 tanh | eta=0.3 | init=zeros",
            "moons | 8 tanh | eta=0.3 | init=zeros | 2000 updates | 0: W2[0,0]=1.0 | 0: W2[0,1]=-1.5 | "
            "0: W2[0,2]=2.0 | 0: W2[0,3]=-2.5",
            _woken,
        ),
    )
}
