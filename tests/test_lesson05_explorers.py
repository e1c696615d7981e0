"""The explorers of lesson 05, the microscope apart, and the figures that the lesson states."""

import itertools
import warnings

import numpy as np
import pytest
from test_lesson_explorers import same
from verdicts_of.lesson05 import cells, defined

from nbcore import MLP, bce, check_gradients, mse, numerical_gradient, relu, share, sigmoid, tanh, train
from nbcore.explore import backpropagation as lesson
from nbcore.explore import break_the_gradient, bug_hunt, how_small_a_nudge


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# ---- The worked example

X, Y = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
W1, W2 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
B1, B2 = 0.35, 0.60
SLIPPED = {
    "none": (0.2910277737, (0.14978072, 0.19956143)),
    "updated W2": (0.291027924, (0.14981764, 0.19963528)),
    "no transpose": (0.2910276612, (0.14976922, 0.19953845)),
    "no slope": (0.2910247643, (0.14909124, 0.19818248)),
    "slope at a": (0.2910278205, (0.14979168, 0.19958337)),
    "slope of z2": (0.2910280137, (0.14983023, 0.19966046)),
    "sign": (0.2910296838, (0.15021928, 0.20043857)),
    "twice": (0.2910268186, (0.14956143, 0.19912286)),
}


def example(V1=W1, V2=W2):
    net = MLP([2, 2, 2], sigmoid, sigmoid)
    net.layers[0].W, net.layers[0].b = V1, np.full((1, 2), B1)
    net.layers[1].W, net.layers[1].b = V2, np.full((1, 2), B2)
    return net


def cost(V1, V2):
    return float(mse(example(V1, V2).forward(X), Y))


def step(V1, V2, slip="none", eta=0.5):
    """One update of the weights only, by nbcore's layers, with a slip in the hidden layer's delta."""
    net = example(V1, V2)
    net.forward(X)
    net.backward(mse, Y)
    first, last = net.layers
    new = V2 - eta * last.dW
    back = {"updated W2": new, "no transpose": V2.T}.get(slip, V2)
    slopes = {
        "no slope": np.ones((1, 2)),
        "slope at a": sigmoid.derivative(first.a),
        "slope of z2": sigmoid.derivative(last.z),
    }
    delta = (last.delta @ back) * slopes.get(slip, sigmoid.derivative(first.z))
    delta *= {"sign": -1, "twice": 2}.get(slip, 1)
    return V1 - eta * delta.T @ X, new


def test_the_worked_example_digit_by_digit():
    assert cost(W1, W2) == pytest.approx(0.2983711088, abs=5e-11)
    V1, V2 = step(W1, W2)
    published = (0.35891648, 0.408666186, 0.511301270, 0.561370121)
    assert V2.ravel() == pytest.approx(published, abs=6e-10)
    assert V1.ravel() == pytest.approx((0.149780716, 0.19956143, 0.24975114, 0.29950229), abs=5e-9)
    assert cost(V1, V2) == pytest.approx(0.2910277737, abs=5e-11)


@pytest.mark.parametrize("slip", SLIPPED)
def test_each_slip_has_its_own_numbers(slip):
    V1, V2 = step(W1, W2, slip)
    after, row = SLIPPED[slip]
    assert cost(V1, V2) == pytest.approx(after, abs=2e-10)
    assert V1[0] == pytest.approx(row, abs=5e-9)
    others = [step(W1, W2, other)[0][0] for other in SLIPPED if other != slip]
    assert min(np.abs(V1[0] - other).max() for other in others) > 1e-5


def test_only_the_updated_matrix_prints_the_published_loss():
    prints = [slip for slip in SLIPPED if f"{cost(*step(W1, W2, slip)):.9f}" == "0.291027924"]
    assert prints == ["updated W2"]
    # Other slips, which also change what is printed of W2.
    net = example()
    net.forward(X)
    net.backward(mse, Y)
    first, last = net.layers
    wrong = {
        "x for a1": last.delta.T @ X,
        "no slope at the output": (last.a - Y).T @ first.a,
        "no 1/2": 2 * last.dW,
        "output slope at a": ((last.a - Y) * sigmoid.derivative(last.a)).T @ first.a,
    }
    V1 = W1 - 0.5 * first.dW
    for dW in wrong.values():
        assert f"{cost(V1, W2 - 0.5 * dW):.9f}" != "0.291027924"


def after(updated, steps):
    """The loss and both outputs, as step() has them, written out for speed."""
    V1, V2 = W1, W2
    for _ in range(steps):
        a1 = sigmoid(X @ V1.T + B1)
        a2 = sigmoid(a1 @ V2.T + B2)
        d2 = (a2 - Y) * a2 * (1 - a2)
        new = V2 - 0.5 * d2.T @ a1
        d1 = (d2 @ (new if updated else V2)) * a1 * (1 - a1)
        V1, V2 = V1 - 0.5 * d1.T @ X, new
    return cost(V1, V2), example(V1, V2).forward(X)[0]


def test_the_page_mixes_the_numbers_of_two_programs():
    """Its outputs and its first loss are those of the slip after 10,000 steps, its later loss is the right 9,999th."""
    C, out = after(True, 10_000)
    assert [f"{a:.9f}" for a in out] == ["0.015912196", "0.984065734"]
    assert f"{C:.9f}" == "0.000035085"
    assert C == pytest.approx(3.508478630e-05, abs=5e-14)
    assert f"{after(False, 9_999)[0]:.10f}" == "0.0000351085"
    C, out = after(False, 10_000)
    assert C == pytest.approx(3.510187783e-05, abs=5e-14)
    assert f"{C:.10f}" != "0.0000351085"
    assert "0.015912196" not in [f"{a:.9f}" for a in out]
    assert f"{after(True, 9_999)[0]:.9f}" != "0.000035085"


def test_the_slip_sends_back_more_that_pushes_hidden_activations_up():
    """new W2^T d2 = W2^T d2 - eta |d2|^2 a1, whatever the sample."""
    rng = np.random.default_rng(3)
    W, a, d = rng.normal(size=(2, 4)), rng.uniform(size=(4, 1)), rng.normal(size=(2, 1))
    new = W - 0.3 * d @ a.T
    assert np.abs(new.T @ d - (W.T @ d - 0.3 * (d**2).sum() * a)).max() < 1e-14


def test_on_several_samples_the_slip_may_go_either_way():
    rng = np.random.default_rng(0)
    data, targets = rng.normal(size=(100, 4, 3)), rng.uniform(size=(100, 4, 2))
    starts = rng.uniform(-1, 1, size=(100, 4, 3)), rng.uniform(-1, 1, size=(100, 2, 4))
    ends = []
    for updated in (True, False):
        V1, V2 = starts
        for _ in range(1000):
            A1 = sigmoid(data @ V1.mT)
            A2 = sigmoid(A1 @ V2.mT)
            D2 = (A2 - targets) / 4 * A2 * (1 - A2)
            new = V2 - 0.5 * D2.mT @ A1
            D1 = D2 @ (new if updated else V2) * A1 * (1 - A1)
            V1, V2 = V1 - 0.5 * D1.mT @ data, new
        ends.append(((A2 - targets) ** 2).sum(axis=(1, 2)))
    assert 0.55 < (ends[0] < ends[1]).mean() < 0.95


def test_slips_of_texts_by_their_numbers():
    net = example()
    net.forward(X)
    net.backward(mse, Y)
    first, last = net.layers
    z = W2[0] @ first.a[0] + B2
    assert z == pytest.approx(1.105906, abs=5e-7)
    assert np.mean(W2[0] * first.a[0]) + B2 == pytest.approx(0.852953, abs=5e-7)
    assert last.delta[0] == pytest.approx((0.138498562, -0.038098237), abs=5e-10)
    assert last.dW.ravel() == pytest.approx((0.082167, 0.082668, -0.022603, -0.022740), abs=5e-7)
    assert last.delta.sum() * first.a[0, 0] == pytest.approx(0.0595645, abs=5e-9)
    ways = last.delta[0] * W2[:, 0]
    assert ways == pytest.approx((0.055399425, -0.019049118), abs=6e-10)
    paths = ways * sigmoid.derivative(first.z)[0, 0] * X[0, 0]
    assert paths == pytest.approx((0.000668396, -0.000229828), abs=5e-10)
    assert paths.sum() == pytest.approx(first.dW[0, 0], abs=1e-15)
    assert first.dW[0, 0] == pytest.approx(0.000438568, abs=5e-10)
    assert ways[0] == pytest.approx(sum(last.delta[0, j] * W2[j, 0] for j in range(0, 1)))  # limits that end at n - 1
    second = last.delta[0, 1] * first.a[0, 0]  # the second term of a sum over j: there is such a weight, w_21
    assert last.dW[1, 0] == pytest.approx(second, abs=1e-15)
    assert (last.delta.T @ X).ravel() == pytest.approx((0.006925, 0.01385, -0.001905, -0.00381), abs=5e-7)


def test_descent_on_cross_entropy_is_hebb_with_targets_minus_hebb():
    net = example()
    net.forward(X)
    net.backward(bce, Y)
    first, last = net.layers
    hebb = last.a.T @ first.a
    assert np.abs(-last.dW - (Y.T @ first.a - hebb)).max() < 1e-15
    assert (hebb > 0).all()
    assert (np.sign(-last.dW) == [[-1, -1], [1, 1]]).all()
    # Three factors and what is left of them.
    dC_da = (last.a - Y) / (last.a * (1 - last.a))
    assert np.abs(dC_da * sigmoid.derivative(last.z) - (last.a - Y)).max() < 1e-15
    assert dC_da[0] == pytest.approx((3.968432, -1.236804), abs=1e-6)


def test_a_jacobian_has_two_layouts():
    """dz2/da1 is W2 with a row for each z_j, W2^T with a column for each; mixed, the way back is wrong."""
    a1 = np.array([0.6, 0.3])
    rows = np.stack([numerical_gradient(lambda a, j=j: W2[j] @ a, a1) for j in (0, 1)])
    assert np.abs(rows - W2).max() < 1e-9
    delta = np.array([0.14, -0.04])
    assert np.abs(delta @ rows - W2.T @ delta).max() < 1e-9
    assert np.abs(rows @ delta - W2.T @ delta).max() > 1e-3


def test_the_chain_of_the_lesson_has_the_factors_of_the_claim():
    chain = defined("chain")["chain"]
    w, b = np.array([1.5, -2.0, 1.2]), np.array([0.5, 1.0, -0.1])
    a = [0.8]
    for k in range(3):
        a.append(sigmoid(w[k] * a[-1] + b[k]))
    for twice, half in zip((a[2] * a[3] * (1 - a[3]) * 2 * (a[3] - 1.0),), chain(w, b, 0.8, 1.0)[0][2:], strict=True):
        assert twice == pytest.approx(2 * half, abs=1e-15)


def test_the_gradient_is_the_steepest_way_down():
    """No direction of the same length loses more than against the vector of all partial derivatives."""
    net = MLP([2, 3, 2], tanh, sigmoid, seed=2)
    data, targets = np.array([[0.3, -0.7], [0.9, 0.2]]), np.array([[0.2, 0.6], [0.9, 0.1]])
    net.forward(data)
    net.backward(mse, targets)
    g = np.concatenate([d.ravel() for d in net.gradients()])
    before = mse(net.forward(data), targets)

    def fall(direction):
        moved = net.copy()
        parts = np.split(1e-4 * direction / np.linalg.norm(direction), np.cumsum([p.size for p in net.parameters()]))
        for p, d in zip(moved.parameters(), parts, strict=False):
            p += d.reshape(p.shape)
        return before - mse(moved.forward(data), targets)

    others = np.random.default_rng(0).normal(size=(500, g.size))
    assert fall(-g) > max(map(fall, others))
    assert fall(-g) == pytest.approx(1e-4 * np.linalg.norm(g), rel=0.01)


def test_a_batch_has_the_mean_of_its_samples_gradients():
    net = MLP([2, 3, 2], tanh, sigmoid, seed=2)
    data, targets = np.array([[0.3, -0.7], [0.9, 0.2], [0.1, 0.1]]), np.array([[0.2, 0.6], [0.9, 0.1], [0.5, 0.5]])
    each = []
    for n in range(3):
        net.forward(data[[n]])
        net.backward(mse, targets[[n]])
        each.append(net.gradients())
    net.forward(data)
    net.backward(mse, targets)
    for whole, parts in zip(net.gradients(), zip(*each, strict=True), strict=True):
        assert np.abs(whole - np.mean(parts, axis=0)).max() < 1e-15


# ---- Break the gradient

SMOOTH = [name for name in lesson.SCALAR if name not in ("identity", "relu", "leaky_relu")]


def expected(slip, activation):
    """Where a slip changes nothing, there is none to be found."""
    if activation == "identity" and slip in (lesson.SLOPE, lesson.AT_A):
        return lesson.RIGHT
    if activation in ("relu", "leaky_relu") and slip == lesson.AT_A:
        return lesson.RIGHT
    return slip


@pytest.mark.parametrize("activation", lesson.SCALAR)
def test_the_diagnosis_finds_every_slip(activation):
    for task, n, seed, eta in (("moons", 100, 0, 0.5), ("xor", 7, 3, 0.01), ("rings", 20, 11, 10.0)):
        start = lesson.start_of(activation, task, n, seed)
        for slip in lesson.SLIPS:
            found = lesson.diagnose(lesson._gradient_of(slip, start, eta), start, eta)
            assert found.slip == expected(slip, activation), (task, n, seed, eta, slip, found)


@pytest.mark.parametrize("activation", lesson.SCALAR)
def test_a_right_gradient_is_never_accused(activation):
    for task, n, seed in itertools.product(lesson.TASKS, lesson.SAMPLES, range(0, 21, 4)):
        start = lesson.start_of(activation, task, n, seed)
        arrays = lesson._gradient_of(lesson.RIGHT, start, 0.5)
        assert max(map(lesson._apart, arrays, start.numerical)) < lesson.TOLERANCE / 2, (task, n, seed)


def test_the_diagnosis_reads_numbers_not_names():
    """A gradient made elsewhere gets the same diagnosis; an unknown one is not given a name."""
    start = lesson.start_of("tanh", "moons", 100, 0)
    right = lesson._gradient_of(lesson.RIGHT, start, 0.5)
    assert lesson.diagnose([2 * g for g in right], start, 0.5).slip == lesson.TWICE
    assert lesson.diagnose([100 * g for g in right], start, 0.5).slip == lesson.SUM
    three = lesson.diagnose([3 * g for g in right], start, 0.5)
    assert three.slip == ""
    assert "times 3" in three.words
    odd = [g.copy() for g in right]
    odd[1] += 0.01
    found = lesson.diagnose(odd, start, 0.5)
    assert found.slip == ""
    assert found.words.startswith("Wrong: b1; right: W1, W2, b2, W3, b3.")
    assert "layer 1" in found.words


def test_its_right_gradient_is_that_of_nbcore_and_so_is_its_training():
    start = lesson.start_of("tanh", "moons", 100, 0)
    net = MLP(lesson.SIZES, tanh, sigmoid)
    for layer, W, b in zip(net.layers, start.Ws, start.bs, strict=True):
        layer.W, layer.b = W, b
    net.forward(start.X)
    net.backward(bce, start.Y)
    for mine, g in zip(lesson._gradient_of(lesson.RIGHT, start, 0.5), net.gradients(), strict=True):
        assert np.abs(mine - g).max() < 1e-15
    assert check_gradients(net, start.X, start.Y, bce).ok
    history = train(net, start.X, start.Y, bce, eta=0.5, steps=lesson.UPDATES)
    r = break_the_gradient().result
    assert np.abs(r.losses - history.loss).max() < 1e-10
    assert r.accuracy == ((net.forward(start.X) > 0.5) == (start.Y > 0.5)).mean()
    assert np.abs(sigmoid(r.logits).ravel() - net.forward(lesson.GRID_POINTS)[:, 0]).max() < 1e-8


@pytest.mark.parametrize(
    ("slip", "right_arrays"),
    [
        (lesson.SLOPE, "W3 b3"),
        (lesson.AT_A, "W3 b3"),
        (lesson.TRANSPOSED, "W2 b2 W3 b3"),
        (lesson.UPDATED, "W3 b3"),
        (lesson.RANDOM, "W3 b3"),
        (lesson.EARLY, "W1 b1 W2 b2 b3"),
        (lesson.ASSIGNED, ""),
        (lesson.SUM, ""),
        (lesson.TWICE, ""),
        (lesson.SIGN, ""),
    ],
)
def test_which_arrays_go_wrong(slip, right_arrays):
    for activation in SMOOTH:
        verdicts = break_the_gradient(slip=slip, activation=activation).result.verdicts
        assert [name for name, fine in verdicts.items() if fine] == right_arrays.split(), activation


def test_what_training_makes_of_the_slips():
    """No error, and the loss falls, for most; the sum and the sign don't get there."""
    for slip in lesson.SLIPS:
        r = break_the_gradient(slip=slip).result
        if slip in (lesson.SUM, lesson.SIGN):
            assert r.losses[-100:].max() > 1
        else:
            assert r.losses[-1] < 0.9 * r.losses[0]
    assert break_the_gradient(slip=lesson.TWICE).result.losses[-1] < break_the_gradient().result.losses[-1]
    summed = break_the_gradient(slip=lesson.SUM, eta=0.01, n=50).result
    assert same(break_the_gradient(slip=lesson.RIGHT, eta=0.5, n=50).result.right_accuracy, summed.accuracy)


def test_many_starts_at_once_are_the_same_runs():
    C, _, right = lesson.ends_of_training(lesson.RANDOM, eta=2.0)
    for k in (0, 7):
        one = break_the_gradient(slip=lesson.RANDOM, eta=2.0, seed=k).result
        assert C[k] == pytest.approx(one.losses[-1], rel=1e-6)
        assert right[k] == one.accuracy
    for slip in lesson.SLIPS[1:]:
        C, _, _ = lesson.ends_of_training(slip)
        one = break_the_gradient(slip=slip, seed=3).result
        assert C[3] == pytest.approx(one.losses[-1], rel=1e-5)


def test_which_slips_learn_all_the_same():
    """As the lesson says, from 20 starts: medians of the loss over the right one's."""
    bounds = {
        lesson.UPDATED: (0.9, 1.1),
        lesson.AT_A: (1.1, 2.2),
        lesson.TRANSPOSED: (1.1, 2.8),
        lesson.EARLY: (1.4, 2.6),
        lesson.TWICE: (0.2, 0.6),
    }
    for slip, (least, most) in bounds.items():
        _, times, correct = lesson.ends_of_training(slip)
        assert least < np.median(times) < most, slip
        assert share(correct >= 0.95).held >= 16
    slow, quick = (share(lesson.ends_of_training(lesson.RANDOM, eta)[2] >= 0.95) for eta in (0.5, 2.0))
    assert slow.held < 15
    assert quick.held >= 18


def test_a_learners_backward_goes_into_the_menu():
    def six_lines(Ws, Zs, As, delta, phi):
        gradients = []
        for k in reversed(range(len(Ws))):
            gradients.insert(0, (delta.T @ As[k], delta.sum(axis=0, keepdims=True)))
            if k > 0:
                delta = (delta @ Ws[k]) * phi.derivative(Zs[k - 1], As[k])
        return gradients

    explorer = break_the_gradient(six_lines)
    assert explorer.params["slip"] == lesson.YOURS
    assert same(explorer.result.losses, break_the_gradient().result.losses)
    assert "All six gradients agree" in explorer.status
    for wrong, message in (
        (lambda *given: None, "must return"),
        (lambda *given: six_lines(*given)[:2], "three pairs"),
        (lambda *given: [(dW.T, db) for dW, db in six_lines(*given)], r"dW1 must have shape \(8, 2\)"),
        (lambda *given: [(dW * np.nan, db) for dW, db in six_lines(*given)], "not finite"),
    ):
        with pytest.raises(ValueError, match=message):
            break_the_gradient(wrong).set(eta=0.1)


def test_where_a_slip_changes_nothing_the_status_says_why():
    text = break_the_gradient(slip=lesson.AT_A, activation="relu").status
    assert "With relu this slip changes nothing: a and z have the same sign." in text


# ---- A falling loss proves nothing


def test_random_feedback_trains_a_hidden_layer():
    """It comes near the right gradient, and far above a hidden layer that stays as drawn, at its best rate too."""
    digits_right = defined("digits_right")["digits_right"]
    right, _ = digits_right("the right W2")
    random, cosine = digits_right("random numbers")
    assert 0.965 < np.median(right) < 0.99
    assert 0.95 < np.median(random) <= np.median(right)
    assert cosine.min() > 0.5
    medians = []
    for eta in (0.5, 1.0, 2.0, 4.0):
        nothing, cosine = digits_right("nothing", eta=eta)
        assert (nothing < random).all()
        assert np.abs(cosine).max() < 0.5
        medians.append(np.median(nothing))
    assert 0.8 < max(medians) < 0.9
    assert int(np.argmax(medians)) == 2  # at a rate that the lesson shows, inside the grid


# ---- Bug hunt


REPAIRED = {"never": False, "once": False, "weights": False, "far": False, "slow": False}


def test_the_repaired_script_learns_and_is_plain_training():
    r = bug_hunt(**REPAIRED).result
    assert same(r.losses, r.repaired)
    assert r.losses[-1] < 0.01 * r.losses[0]
    net = MLP([2, 3, 2, 2], sigmoid, sigmoid)
    losses, printed = [], []
    goal = lesson.HUNT_Y / [1, 123]
    for _ in range(1001):
        a = net.forward(lesson.HUNT_X)
        losses.append(((a - goal) ** 2).mean())  # as PyTorch's MSELoss: the mean over all six
        net.backward(mse, goal)
        printed.append(net.layers[0].dW[0, 0])
        for p, g in zip(net.parameters(), net.gradients(), strict=True):
            p -= 1.0 * g
    seen = r.epochs <= 1000
    assert seen.sum() > 50
    assert np.abs(r.losses[seen] - np.array(losses)[r.epochs[seen]]).max() < 1e-10
    assert np.abs(r.printed[seen] - np.array(printed)[r.epochs[seen]]).max() < 1e-10


def test_its_data_are_those_of_the_source():
    assert lesson.HUNT_X.tolist() == [[0.5, 0.1], [0.05, 0.18], [0.05, 0.31]]
    assert lesson.HUNT_Y.tolist() == [[1, 2], [0, 3], [1, 123]]


def test_each_bug_has_its_effect():
    still = bug_hunt(**REPAIRED | {"never": True}).result
    assert np.ptp(still.losses) == 0
    assert np.ptp(still.outputs, axis=0).max() == 0
    assert len(bug_hunt(never=False).result.losses) == 1
    slow = bug_hunt(**REPAIRED | {"slow": True}).result
    assert slow.epochs[-1] == 500
    assert 0.7 * slow.losses[0] < slow.losses[-1] < slow.losses[0]  # it has hardly begun
    weights = bug_hunt(once=False).result
    assert weights.heading == "W1[0,0]"
    assert same(weights.printed, np.full(len(weights.printed), still_weight()))


def test_targets_out_of_reach_and_a_plateau_that_looks_like_an_end():
    """The second output goes to 1; the first rests at the mean of 1, 0, 1, and learns them in the end."""
    far = bug_hunt(**REPAIRED | {"far": True}).result
    assert far.outputs[-1, :, 1].min() > 0.999
    least = float(mse(np.minimum(lesson.HUNT_Y, 1), lesson.HUNT_Y))
    assert least == pytest.approx(2481.5, abs=1e-9)
    assert (far.losses > least).all()
    assert far.losses[-1] < least + 0.01
    rest = (far.epochs > 200) & (far.epochs < 2000)
    assert np.abs(far.outputs[rest][:, :, 0] - 2 / 3).max() < 0.02
    assert np.abs(far.losses[rest] - least - 1 / 9).max() < 0.01  # half the variance of 1, 0, 1
    assert np.abs(far.outputs[-1, :, 0] - [1, 0, 1]).max() < 0.1
    assert "2,481.5" in bug_hunt(**REPAIRED | {"far": True}).status


def test_a_sigmoid_that_is_made_instead_of_applied():
    explorer = bug_hunt(made=True)
    assert explorer.status.startswith("TypeError: Sigmoid() takes no arguments.")
    assert not len(explorer.result.losses)
    assert same(lesson.Sigmoid()(lesson.HUNT_X), sigmoid(lesson.HUNT_X))


def still_weight():
    return float(MLP([2, 3, 2, 2], sigmoid, sigmoid).layers[0].W[0, 0])


def test_nothing_is_left_to_repair():
    assert "Nothing is left to repair." in bug_hunt(**REPAIRED).status
    for bug in REPAIRED:
        assert "Nothing is left" not in bug_hunt(**REPAIRED | {bug: True}).status


def test_the_scripts_of_lesson_and_explorer_agree():
    script = defined("script")["script"]
    for bugs in ({"slow": True}, {"slow": True, "far": True}, {"slow": True, "never": True, "weights": True}):
        losses, printed, out = script(**bugs)
        r = bug_hunt(**REPAIRED | bugs).result
        assert np.abs(r.losses - np.array(losses)[r.epochs]).max() < 1e-9
        assert printed == pytest.approx(r.printed[-1], abs=1e-10)
        assert np.abs(out - r.outputs[-1]).max() < 1e-10


# ---- How small a nudge


def test_errors_fall_and_rise_again():
    r = how_small_a_nudge().result
    one, two, five = r.errors
    at = {h: int(np.abs(np.log(r.nudges / h)).argmin()) for h in (1e-1, 1e-2, 1e-3, 1e-5, 1e-12)}
    for errors, order in ((one, 1), (two, 2)):
        assert errors[at[1e-1]] / errors[at[1e-2]] == pytest.approx(10**order, rel=0.2)
    assert five[at[1e-1]] / five[at[1e-2]] == pytest.approx(1e4, rel=0.3)
    assert (r.errors[:, at[1e-12]] > 1e-8).any()
    assert two[at[1e-5]] < 1e-9
    assert r.slope == pytest.approx((sigmoid(0.5) + 1) * sigmoid.derivative(0.5))


def test_a_kink_within_reach():
    explorer = how_small_a_nudge(activation="relu", z=0.05, h=0.1)
    assert explorer.result.now_errors[1] > 0.1
    assert "kink" in explorer.status
    assert explorer.set(h=0.001).result.now_errors[1] < 1e-9
    assert "kink" not in explorer.status
    h, z = 1e-3, 3e-4
    assert (relu(z + h) - relu(z - h)) / (2 * h) == pytest.approx(0.65)


def test_every_slip_of_the_lessons_table_is_one_of_those_tested():
    assert list(defined("SLIPS")["SLIPS"]) == list(SLIPPED)
    assert any("def one_step" in cell for cell in cells())
