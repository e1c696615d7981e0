# %% [markdown]
# # 07 · Play in the open
#
# **What happens if ...?**
#
# Six lessons took networks apart. Here everything is back in one place, and alive. You ask, it answers at once. And
# nothing is behind glass: each state is one line of text, and some ten lines of code rebuild it to the last digit.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. Nothing trains until you press *Play*.
#
# **Who needs it** everybody who wants a number for an answer.
#
# **You will be able to**
#
# - compare two settings fairly: from the same start, then over many starts
# - read a run from inside: gradients, dead units, the size of its updates
# - hand any experiment to somebody else as one line of text
#
# **You need** to have met, in lessons 01 to 04, activations, start weights, and losses.
#
# **Time** 60 minutes, and as long as you like for the missions.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, SGD, bce, best_rate, digits, explore, moons, mse
from nbcore import share, spread, training
from nbcore.draw.sweep import Map, draw_sweep
from nbcore.play import MISSIONS, Run, Settings, own_csv, own_data, problem, sweep

# %% [markdown]
# ## Play
#
# This network has learned nothing yet. **Press *Play*, and watch the heavy line** that runs among the blue circles
# and the orange squares.

# %%
playground = explore.playground()
playground

# %% [markdown]
# **How to read it**
#
# - *What it says:* blue where the output says class 0 (circles), orange for class 1 (squares). On the heavy line it
#   can't decide.
# - *Network:* each small square is a unit, and shows what that unit gives at each point of the plane: orange above 0,
#   blue below. Lines are weights: orange above 0, dashed blue below, the thicker the larger.
# - *Loss:* how wrong it is, on the points it learns from, and on *test points*, which it never learns from. (*Data* can
#   show them.)
# - *Step* is one update, from ten points. *Epoch* is as many as it takes to use each training point once.
# - *Inside:* one row a layer (experiment 6).
#
# **What did you see?** Change anything while it plays. Nothing can break: *Undo* takes a change back.
#
# 1. When does the line begin to bend, and what does the loss do then? *Rewind*, and look again.
# 2. Choose *relu*, and play. Why is each square of the first layer flat on one side?
# 3. Drag $\eta$ (eta, the learning rate) to 10 while it plays. Does the run stop? *Undo*, and see whether it recovers.
# 4. Click on one of the thickest lines of a trained network. Set this weight to 0, then press *Play* again.
# 5. Choose *tanh* again, $\eta = 0.1$, and *spirals*. It is slow. Without a new start, choose *adam* under *Training*,
#    then an $\eta$ near 0.03. (Adam divides each step of a weight by the usual size of that weight's gradients.)
#
# <details><summary>What we saw</summary>1: after some 250 updates. The loss, which had gone nearly flat, falls faster
# again. 2: a ReLU is 0 on one side of its line. 3: it goes on, but it has forgotten everything, and mostly it never
# recovers: experiments 5 and 6 say why. 4: the loss jumps up, and is back in a moment: the other weights take over. 5:
# after 2,000 updates it has eight test points in ten right; with Adam from there on, nearly all.</details>
#
# ## Everything in the open
#
# Under *Share* stands the whole state as **one line of text**: what differs from the start above.
# `explore.playground("…")`, or `Run.from_text("…")` without a picture, rebuild it.
#
# Beside it stands **the code**: some ten lines of what these lessons have built, and one more for each change on the way.
# Here is a run whose rate was changed after 300 updates. At the same time one weight was set by hand: `W3[0,2]` leads, in
# layer 3, to unit 0 from unit 2 (counted from 0).

# %%
run = Run.from_text("moons | 600 updates | 300: eta=0.5 | 300: W3[0,2]=1.0")
print(run.code())

# %% [markdown]
# Does this code lead to the same weights? Yes, to the last digit (on the same machine). The last line is *your* state:
# play above, *Pause*, then run this cell again.

# %%
exec(run.code(), there := {})
rebuilt, numbers = there["net"].parameters(), run.net.parameters()
assert all(map(np.array_equal, rebuilt, numbers))
print(sum(p.size for p in numbers), "weights and biases, all equal")
print("your state:", playground.text)

# %% [markdown]
# ## Predict
#
# Seven experiments follow, and then your own data. Commit to a guess first. Your answers stay on this computer, and are
# scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("07", {
    "start": ("1. You change the activation from tanh to ReLU, and rewind. How many of "
              "the 105 start weights and biases are other numbers now?",
              ["all", "none", "about half"]),
    "seed": ("2. XOR, 3 hidden units, 20 seeds. From how many of them does ReLU get "
             "more test points right than tanh?",
             ["fewer than 5", "5 to 14", "15 or more"]),
    "losses": ("3. A ends with a test loss of 0.106 (squared error), B with 0.158 "
               "(cross-entropy). Which gets more test points right?",
               ["these two numbers can't tell", "A", "B"]),
    "sum": ("4. A loss that adds up over all samples, instead of averaging. You copy "
            "each sample 30 times, which tells nothing new. Training now behaves as if",
            ["nothing had changed", "eta were 30 times smaller",
             "eta were 30 times larger"]),
    "huge": ("5. Tanh units, sigmoid output, cross-entropy, eta = 30. After 500 "
             "updates",
             ["it has learned very fast", "numbers have overflowed",
              "all is finite, nothing is learned"]),
    "deep": ("6. Six hidden layers of sigmoids. At the start, the gradient in the "
             "first layer, compared with that in the last, is mostly",
             ["about as large", "ten times smaller", "thousands of times smaller",
              "billions of times smaller"]),
    "width": ("7. Spirals, 1 to 16 units a layer, 20 seeds. With eta = 0.3 the median "
              "loss is lowest with 16 units. And with eta = 1?",
              ["with fewer", "with 16 again", "all are level"]),
    "few": ("Own data. You train on a tenth of the points instead of half of them. "
            "The loss on those you train on ends",
            ["higher", "at the same value", "lower"]),
})
guesses

# %% [markdown]
# ## What happens if ...?
#
# ### 1. ... I change one setting?
#
# **Many believe** *if two runs end differently, the setting made the difference.* But most programs draw new start
# weights for each run. Then two things have changed. Here start weights depend on the *seed*, on how they are drawn, and
# on the sizes of the layers, on nothing else. So a new activation, loss or rate begins from **the very same numbers**,
# and *Rewind* goes back to them. (A layer of another size must draw anew; the layers before it keep theirs.)

# %%
run, start = Run(), Run().net.parameters()
for phi in ("tanh", "relu", "tanh"):
    run.change(hidden=((8, phi), (8, phi)))  # begins anew
    others = sum((p != q).sum() for p, q in zip(run.net.parameters(), start))
    run.advance(300)
    loss = run.numbers().loss_test
    print(f"{phi}: {others} of 105 start numbers differ; test loss {loss:.6f}")

# %% [markdown]
# **Verdict** Depends: true from the same start. Here it is: 0 numbers differ, and tanh comes back to the same digits. But
# whether ReLU is ahead from other starts too, one run can't say.
#
# ### 2. ... I begin somewhere else?
#
# **Many believe** *one run shows which setting is better.* The task is XOR, with 3 hidden units. ReLU gets the start that
# lesson 03 advises (*he*), tanh its own (*xavier*). Here is the percentage of test points that are right after 1,000
# updates, from the first 12 of 20 starts. `sweep` trains any two settings on a grid, side by side. (It yields what it has
# so far; the last is all.)

# %%
starts = range(20)  # the seeds

def right(phi, units, points):
    s = Settings(data="xor", hidden=((units, phi),), eta=0.3, data_seed=points)
    s = s.with_(init="he" if phi == "relu" else "xavier")
    *_, end = sweep(s, ("seed", starts), ("width", [units]), updates=1000)
    return np.round(100 * end.result.score_test[0])

for phi in ("relu", "tanh"):
    print(phi, *(f"{percent:3.0f}" for percent in right(phi, 3, 0)[:12]))

# %% [markdown]
# From seed 7 (the eighth column) ReLU wins, 100 to 93. From seed 0 it loses, 70 to 97. **Who is ahead more often? And by
# how much?** `share` counts. `spread` gives the median, and in brackets the range without the lowest and the highest
# tenth. The points are drawn three times (sets 0 to 2); last come 8 units.

# %%
for units, points in ((3, 0), (3, 1), (3, 2), (8, 0)):
    relu, tanh = (right(phi, units, points) for phi in ("relu", "tanh"))
    print(f"{units} units, set {points}: ReLU {spread(relu)}, tanh {spread(tanh)}")
    print(f"   ahead: ReLU {share(relu > tanh)}, tanh {share(relu < tanh)}")

# %% [markdown]
# **Verdict** False. With 3 units neither is ahead from three starts in four: one run can say either. The medians are
# close. The low ends are not: here the worst tenth of ReLU's starts ends far below that of tanh. The spread *is* the result.
# And spare units insure against a bad start: with eight the range is narrow.
#
# ### 3. ... I choose another loss?
#
# **Many believe** *the lower loss is the better network.* Below are two runs, A and B, in step, from one start; they
# differ in the loss only. A has the squared error (`mse`: the mean of $\frac12 (a-y)^2$ for the output $a$ and the
# target $y$), B cross-entropy (`bce`). Both have done 500 updates. **Which line parts the rings better? Then look at the
# losses.** (*Compare* sets any two settings side by side.)

# %%
a_and_b = "rings | output=sigmoid loss=mse | 500 updates || rings | 500 updates"
explore.playground(a_and_b)

# %% [markdown]
# **What did you see?** In the losses A is ahead all the way. In the plane it is behind. They are different measures,
# like miles and kilos. (*New start*, then *Play* up to 500: from most starts B has the lower number.) So measure both by
# both. And know the loss of *guessing*. Zero weights guess: each class gets the same probability, $a = 0.5$ for two
# classes and $0.1$ for ten.

# %%
for name, text in (("A", "rings | output=sigmoid loss=mse"), ("B", "rings")):
    run = Run.from_text(text + " | 500 updates")
    end, Y = run.numbers(), run.problem.Y_test
    print(f"{name}: squared error {mse(end.outputs_test, Y):.3f}, cross-entropy",
          f"{bce(end.outputs_test, Y):.3f}, right {100 * end.score_test:.0f} %")

# %%
for text in ("moons | output=sigmoid loss=mse", "moons",
             "digits | output=softmax loss=mse", "digits"):
    run = Run.from_text(text + " | init=zeros")
    name, first = run.problem.loss.name, run.numbers().loss
    print(f"{run.settings.data:6} {name:10} first loss {first:.4f}")

# %% [markdown]
# With two classes guessing costs $\frac12 \cdot 0.5^2 = 0.125$ in squared error and $\ln 2 = 0.6931$ in cross-entropy;
# with ten, $\frac12 (0.9^2 + 9 \cdot 0.1^2) = 0.45$ and $\ln 10 = 2.3026$. So A's 0.106 is near guessing, though 87 % are
# right: it is seldom sure. B's 0.158 is far from guessing, and B is better by either measure, even by A's own.
#
# **Many conclude** *cross-entropy is better than squared error.* But the same $\eta$ is no fair comparison of two losses:
# on a sigmoid $dC/dz$ is $(a - y)\, a (1 - a)$ for the squared error, at most a quarter of cross-entropy's $a - y$. So
# give each its own rate.

# %%
rates, good = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0), {}
for name, pair in (("A", {"output": "sigmoid", "loss": "mse"}), ("B", {})):
    s = Settings(data="rings", **pair)
    *_, end = sweep(s, ("eta", rates), ("seed", starts), updates=500)
    best = best_rate(rates, np.median(end.result.loss_test, axis=0))
    reached = dict(zip(rates, (end.result.score_test >= 0.95).T))
    good[name] = {eta: share(reached[eta]).word for eta in (0.1, 1.0, 10.0)}
    print(f"{name} at η =", *(f"{eta:g}: {word}, " for eta, word in good[name].items()),
          f"best {best:g}")

# %% [markdown]
# "True" says that at least three starts in four get 95 % right; the best rate has the lowest median loss. At
# $\eta = 0.1$ only cross-entropy parts the rings, at 10 only the squared error, each at its own best rate both.
#
# **Verdict** The first is false where the losses differ. Compare runs by *one* measure, on test points, and know what
# guessing costs. The second depends on the rate.
#
# ### 4. ... I have more data?
#
# **Many believe** *a good $\eta$ stays good when data are added.* If the loss is a *mean* over the $N$ samples, yes:
# copies change nothing, each update is the same. Many books and programs *add up* instead. Then the gradient is $N$
# times as large, and so is each step: $\eta$ works like $\eta N$. Here is one linear neuron with squared error, by hand:
# 30 updates on 50 points, each copied 1, 3, 10 or 30 times. Both are judged by the mean in the end.
#
# Where is the edge? Along its steepest direction this loss is a parabola with curvature $\lambda$ (lambda): the largest
# eigenvalue of $X^T X / N$. An update multiplies the distance to the bottom by $1 - \eta \lambda$. Beyond
# $\eta = 2 / \lambda$ that is below $-1$, and the distance grows.

# %%
def descend(copies, eta, summed):
    X, Y = (np.tile(part, (copies, 1)) for part in moons(50, 0.1, seed=0))
    X, W = np.hstack([X, np.ones_like(Y)]), np.zeros((1, 3))  # the ones carry the bias
    for _ in range(30):
        dW = (X @ W.T - Y).T @ X  # (a - y) x, summed over all samples
        W = W - eta * (dW if summed else dW / len(X))
    return mse(X @ W.T, Y)

# %%
for copies in (1, 3, 10, 30):
    mean, total = descend(copies, 0.1, False), descend(copies, 0.002, True)
    eta_n = 0.002 * 50 * copies
    print(f"copies {copies:2}: mean {mean:.3g}, sum {total:.3g}, eta N = {eta_n:g}")
assert np.isclose(descend(10, 0.002, True), descend(10, 0.002 * 500, False))

# %%
X = np.hstack([moons(50, 0.1, seed=0)[0], np.ones((50, 1))])
curvature = np.linalg.eigvalsh(X.T @ X / 50).max()
print(f"lambda = {curvature:.3f}, so the edge is at {2 / curvature:.3f}")

# %% [markdown]
# The mean gives the same loss each time. The sum begins level with it, learns even faster with 3 and 10 copies, and
# explodes with 30: the edge lies between the $\eta N$ of 10 copies and that of 30.
#
# **Verdict** True for a mean, false for a sum. All losses in `nbcore` are means: under *Data*, move *points* as you
# like, and $\eta$ may stay.
#
# ### 5. ... the learning rate is far too large?
#
# **Many believe** *then numbers overflow, and you see it.* With a squared error on a *linear* output they do. Its
# gradient grows with the error; so a step too far makes the next one larger still, until no number can hold it. The run
# stops *before* that, says where, and looks for a rate that holds; *Back to the last good state* undoes the damage.

# %%
from textwrap import fill

text = "moons | 16 relu | output=identity loss=mse | 100 updates | 100: eta=3.0"
run = Run.from_text(text)
run.advance(500)
print(fill(run.diverged.text, 58))

# %%
holds = run.diverged.eta
run.last_good()
run.change(eta=holds).advance(500)
print(f"eta = {holds} holds, {100 * run.numbers().score_test:.0f} % right")

# %% [markdown]
# **Others believe** *cross-entropy can't overflow*, since on a sigmoid $dC/dz = a - y$ never exceeds 1. Here are three
# activations, in two layers of 8 units, at $\eta = 30$, each from 20 starts:

# %%
ends, grid = {}, (("seed", starts), ("width", [8]))
for phi in ("tanh", "relu", "leaky_relu"):
    *_, ends[phi] = sweep(Settings(hidden=((8, phi), (8, phi)), eta=30.0), *grid, 500)
    over, learned = ends[phi].result.diverged >= 0, ends[phi].result.score_test >= 0.95
    print(f"{phi:10} overflow: {share(over)}; 95 % right: {share(learned)}")

# %% [markdown]
# **Verdict** The first depends, the second is false. $a - y$ is only the first factor of a gradient; the others are
# activations and weights. Tanh bounds the activations: all stays finite, nothing warns you, and nothing is learned. A
# leaky ReLU bounds nothing: larger weights give larger activations, these a larger gradient, and that still larger
# weights. A ReLU would do the same, but here its units die first. A finite loss is not a healthy network. So look inside.
#
# ### 6. ... I listen to each layer?
#
# *Inside*, in the picture, has a row for each layer. (Above, choose *sigmoid* and 6 hidden layers, and look at the ◆.)
# Its numbers:
#
# - **Gradients:** the size of $dC/dW$ (root mean square, ◆ in the picture).
# - **Update ÷ weight:** the size of the next step of $W$ beside $W$ itself. For plain descent it is proportional to
#   $\eta$. Near 1, each update replaces what was learned. The dashed line, 0.001, is a rule of thumb.
# - **Saturated:** the share of units and points where the slope of the activation is nearly 0 (below 0.05). In the output
#   of a matching pair, such as sigmoid with cross-entropy, that is no fault: the slope cancels, and a saturated output
#   is a sure one.
# - **Dead:** units whose slope is 0 on all training points. They get no gradient.
#
# **Many believe** *deep networks of sigmoids can't learn.* Six hidden layers of 8, 1,000 updates, 20 starts:

# %%
six = {phi: Settings(hidden=((8, phi),) * 6) for phi in ("sigmoid", "tanh")}
for phi, s in six.items():
    sizes = [Run(s.with_(seed=k)).inside().norms for k in starts]
    lost = [last / first for first, *_, last in sizes]
    *_, end = sweep(s, ("seed", starts), ("width", [8]), updates=1000)
    print(f"{phi:7} gradient, last / first: {spread(lost, '.0f')};")
    print(f"        right: {spread(100 * end.result.score_test, '.0f')} %")

# %% [markdown]
# The gradient in the first sigmoid layer is hundreds or thousands of times smaller, and the outcome is a guess. Here are
# 2,000 updates at three rates each, by plain descent and by Adam. **How many learn?** A straight line (no hidden layers)
# learns something, too. So a start counts only if its test loss is below *half of the line's*.

# %%
(line := Run(Settings(hidden=(), eta=1.0))).advance(1000)
line = line.numbers()
print(f"straight line: {100 * line.score_test:.0f} % right, loss {line.loss_test:.2f}")
beyond = {}
for name, rates in (("sgd", (0.1, 1.0, 10.0)), ("adam", (0.003, 0.01, 0.03))):
    s = six["sigmoid"].with_(optimizer=name)
    *_, end = sweep(s, ("eta", rates), ("seed", starts), updates=2000)
    below = end.result.loss_test < line.loss_test / 2
    beyond |= {(name, eta): share(below[:, j]) for j, eta in enumerate(rates)}
    print(f"{name:4}", *(f"{eta}: {beyond[name, eta]}; " for eta in rates))

# %% [markdown]
# **Verdict** Depends. By plain descent none learned. But smaller is not gone, and Adam divides by that size. At the best of
# its rates about half of the starts got beyond a straight line. Most others have some nine points in ten right, as the
# line has. Without it that would look like success.
#
# **Many believe** also that *update ÷ weight must be 0.001*, and that *a few dead units spoil a network*. Rings, 16 ReLUs,
# 20 starts, 500 updates. The ratio is measured twice: in the first update, and in the last.

# %%
def ratio(run, W):
    before = W.copy()
    run.advance(1)  # changes W
    moved, size = (np.sqrt((x**2).mean(axis=(1, 2))) for x in (W - before, before))
    return moved / size

# %%
p, found = problem(Settings(data="rings")), {}
for eta in (0.001, 0.01, 0.1, 1.0, 10.0):
    net = MLP([2, 16, 1], hidden="relu", seed=starts[0], ensemble=20)
    run = training(net, p.X, p.Y, "bce", SGD(eta), batch=10)
    W = net.layers[0].W
    first, _, last = ratio(run, W), run.advance(498), ratio(run, W)
    well = ((net.forward(p.X_test) > 0.5) == p.Y_test).mean(axis=(1, 2)) >= 0.95
    net.forward(p.X)
    dead = (net.layers[0].z <= 0).all(axis=1).sum(axis=1)
    found[eta] = first, last, dead, well
    print(f"η = {eta:5}: first {np.median(first):.4f}, last {np.median(last):.4f};")
    print(f"  dead {share(dead > 0)}, half {share(dead >= 8)}, right {share(well)}")

# %% [markdown]
# "Dead" counts starts with dead units, "half" those with 8 and more, "right" those with 95 % of the test points right.
# The two rates that get there begin with ratios of 0.01 and 0.1, and end within a factor of three of 0.001. So the rule
# is about the way, not the start, and gives an order of magnitude. With much less, 500 updates don't get far. At
# $\eta = 10$ an update is larger than the weights, and the units die.
#
# **Verdict** Both are false. At $\eta = 1$ most nets have some dead units, and part the rings. Spare units, again. With all
# of them dead only the output's bias still learns, and no smaller $\eta$ helps. (What does? One of the missions knows.)
#
# ### 7. ... I try everything?
#
# **Many believe** *the best cell of a sweep does as well from another start.* Every cell below is a run of its own, with
# its own $\eta$ and width; in each stands its test loss. **Look for the best cell. Then change the seed.**

# %%
def try_all(data, seed, updates):
    rates = 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0
    grid = ("eta", rates), ("width", [1, 2, 3, 4, 8, 16])
    for piece in sweep(Settings(data=data, seed=seed), *grid, updates):
        shown = Map(piece.result, "loss_test", accuracy=False, title="test loss",
                    across="η", upward="units a layer")
        yield explore.Progress(piece.done, piece.total, shown)
    yield shown

def framed(params, shown):
    row, column = shown.best
    s, loss = shown.grid.settings[row][column], shown.values[row, column]
    return f"Best: {s.hidden[0][0]} units a layer, η = {s.eta:g}, test loss {loss:.2g}."

# %% tags=["picture-varies"]
explore.Explorer(
    dict(data=explore.choice("data", ["moons", "rings", "xor", "spirals"], "moons"),
         seed=explore.seed(), updates=explore.count("updates", 300, 100, 1000, 100)),
    try_all, draw_sweep, title="Every width with every learning rate", height=300,
    status=framed, alt=lambda *shown: "Heat map of 48 runs. " + framed(*shown))

# %% [markdown]
# **What did you see?** On the left little has happened yet. At $\eta = 10$ nearly all is worse than guessing. A single
# unit a layer can't do it at any rate. With other seeds the frame jumps. So make a sweep for each of 20 seeds, on the
# spirals. What does its best cell promise? What is the median of this same cell over all seeds? And which width has the
# lowest median, at two rates?

# %%
rates, widths, losses = (0.03, 0.1, 0.3, 1.0, 3.0), [1, 2, 3, 4, 8, 16], []
for n in widths:
    s = Settings(data="spirals", hidden=((n, "tanh"), (n, "tanh")))
    *_, end = sweep(s, ("eta", rates), ("seed", starts), updates=300)
    losses.append(np.nan_to_num(end.result.loss_test, nan=np.inf))
losses = np.stack(losses, axis=-1)  # [seed, rate, width]
median = np.median(losses, axis=0)
cells = losses.reshape(len(starts), -1)
promised = cells.min(axis=1)  # by each seed's best cell
kept = median.ravel()[cells.argmin(axis=1)]
print("best cell:", spread(promised, ".1f"), " its median:", spread(kept, ".1f"))
print("the best cell does as well as its median:", share(kept <= promised))
at = {eta: median[rates.index(eta)] for eta in (0.3, 1.0)}
print("units a layer  ", *(f"{n:4}" for n in widths))
for eta, row in at.items():
    print(f"median, η = {eta}", *(f"{loss:4.2f}" for loss in row))

# %% [markdown]
# The best cell is the *luckiest* of 30. And by its median, the widest network is best at $\eta = 0.3$, a narrower one
# at $\eta = 1$.
#
# And near ruin not even the start decides. Move *one* weight of each start by $10^{-15}$. From how many starts is the test
# loss still the same, to ten digits?

# %%
p = problem(Settings(data="spirals"))
for eta in (0.1, 0.3, 3.0):
    nets = [MLP([2, 8, 8, 1], seed=starts[0], ensemble=20) for _ in "ab"]
    nets[1].layers[0].W[:, 0, 0] += 1e-15
    for net in nets:
        training(net, p.X, p.Y, "bce", SGD(eta), batch=10).advance(300)
    a, b = (bce(net.forward(p.X_test), p.Y_test) for net in nets)
    print(f"η = {eta}: the same from {share(np.isclose(a, b, rtol=1e-10, atol=0))}")

# %% [markdown]
# At $\eta = 3$ training is a game of chance, and another computer, which rounds the last digit in another way, frames
# other cells.
#
# **Verdict** False. Choose a rate that is not on the brink, then compare over many starts. *Sweep*, in the playground,
# takes any two settings, the seed too; a click on a cell takes its settings.
#
# ## Your own data
#
# `explore.playground(own=(X, y))` takes arrays, a path, or the text of a CSV. *Data* has a button for files. Here are real
# digits, 64 pixels each, but the network may see two numbers only: how much ink is in the middle, and how high the ink
# lies on average (0 for the bottom row, 7 for the top). **Are two numbers enough to tell a zero, a one and a six
# apart?** *Play* goes on from 600 updates.

# %%
images, labels = digits()
some = np.isin(labels, [0, 1, 6])
ink = images[some].reshape(-1, 8, 8)  # rows from top to bottom
middle = ink[:, 3:5, 3:5].mean(axis=(1, 2))
height = (ink.sum(axis=2) * np.arange(7, -1, -1)).sum(axis=1) / ink.sum(axis=(1, 2))

# %%
words = np.select([labels[some] == k for k in (0, 1, 6)], ["zero", "one", "six"], "")
mine = own_data(np.stack([middle, height], axis=1), words, inputs=["middle", "height"])
state = "own standardize | 8 tanh | eta=0.3 | 600 updates"
explore.playground(state, own=mine)

# %% [markdown]
# **What did you see?** Nearly. A zero has a hole in the *middle*; a six has a heavy foot, so its *height* is low. And
# there seem to be two kinds of ones: some people give them a base.
#
# **Many believe** *a low training loss is a good sign.* The share of points to learn from is a setting as well. Here it
# is a tenth, half, or nine tenths, each drawn in 20 ways: both losses, and the percentage right on the test points.

# %%
begin, parts = Run.from_text(state, own=mine).start, [0.1, 0.5, 0.9]
ways = ("train", parts), ("data_seed", starts)
*_, end = sweep(begin, *ways, updates=600, own=mine)
loss, tested = end.result.loss.T, end.result.loss_test.T
for j, percent in enumerate(100 * end.result.score_test.T):
    print(f"{100 * parts[j]:.0f} %: loss {spread(loss[j], '.2f')},",
          f"test {spread(tested[j], '.2f')};")
    print(f"      right {spread(percent, '.0f')} %")

# %% [markdown]
# **Verdict** False. With few points the loss on *them* is lowest, and on the others highest: that is *overfitting*. With
# nine tenths only a tenth is left to test on, and the range is wide again: a test is a throw of the dice, too.
#
# Data from outside are seldom clean. What can't be used is said in words, and nothing is changed.

# %%
good = "hours;coffee;exam\n1.5;3;failed\n4;1;passed\n6;0;passed\n2;4;failed\n"
print("classes", own_csv(good).classes, "from", own_csv(good).inputs)
for bad in (good.replace("1.5", "1,5"), good.replace("4;1", "4;"), good + "5;2\n",
            good.replace("2;4;failed", "2;4;passed"), "hours;exam\n"):
    try:
        own_csv(bad)
    except ValueError as error:
        print("-", error)

# %% [markdown]
# ## Exercises: eight missions
#
# | mission | what to reach |
# |---|---|
# | **Part the spirals** (`spirals`) | Get 98 % of the test points right with at most 8 hidden units, and only x1 and x2 as inputs. |
# | **Kill half the ReLUs, then revive them** (`revive`) | Make at least half of the hidden units dead while training; then, without a new start, bring them back until at most one in ten is dead and 95 % of the test points are right. |
# | **Let sigmoid beat ReLU** (`sigmoid`) | With two or more hidden layers, all sigmoid, reach a lower test loss than ReLU does from the same start, with the same settings, after as many updates: at least 500, and 95 % of the test points right. |
# | **Find the largest stable learning rate** (`stable`) | A linear network, mse, all samples at once: find a learning rate that is stable for 300 updates, and at least 95 % of the largest that is. The edge is exactly 2 / lambda. |
# | **Two inputs that say it all** (`features`) | Fit the two hills with a test error of at most 0.06 (root mean square), with at most 6 hidden units and two inputs, neither of them x1 or x2. |
# | **97 % of the digits without a hidden layer** (`digits`) | Get 97 % of the test digits right after at most 1,000 updates, without any hidden layer. |
# | **Overfit, then cure it** (`overfit`) | Train until the test loss has risen to 1.5 times its lowest; then, without a new start, bring it back to at most 1.1 times that lowest. |
# | **Wake a network of zeros** (`zeros`) | All weights begin at 0, and training moves nothing but the output's bias. Set at most 4 weights by hand, then train to 95 % of the test points, with only x1 and x2 as inputs. |
#
# Choose one under *Missions*; *Go to its start* sets the scene. While you play it says what is still missing. There is a
# hint for each. *Plane* and *hills* are numbers to fit, not classes; lambda is that of experiment 4. Below, the first is
# set up.

# %%
from IPython.display import display

first = explore.playground(MISSIONS["spirals"].start).set(mission="spirals")
display(first, exclude=["image/png"])  # nothing to see before you play

# %% [markdown]
# ### Exercise 1: Win, and hand it in
#
# Won? Copy the text under *Share* into its place below. The run is then trained again, from that line alone, and
# measured: nobody has to believe you.
#
# <details><summary>Hint 1</summary>Begin with stable: halve the interval between a rate that holds and one that does not.</details>
# <details><summary>Hint 2</summary>A text is a string: stable="plane | no hidden layers | eta=0.5 batch=all | 300 updates". Each mission prints what it has measured.</details>
#
# [Solutions](../notebooks/solutions/07_playground.ipynb), one for each; there are others.

# %%
# BEGIN SOLUTION
handed_in = {name: mission.solution for name, mission in MISSIONS.items()}
# END SOLUTION
# BEGIN STUB
# handed_in = dict(
#     spirals=..., revive=..., sigmoid=..., stable=...,
#     features=..., digits=..., overfit=..., zeros=...)
# END STUB

for name, text in handed_in.items():
    said = "nothing handed in yet"
    if name not in MISSIONS:
        said = "no mission has this name"
    elif text is not ...:
        try:
            said = f"{MISSIONS[name].won(Run.from_text(text))[1]}\n    {text}"
        except (ValueError, TypeError) as error:
            said = f"this text can't be used: {error}"
    print(f"{name}: {said}")

# %% [markdown]
# ## What to keep
#
# First, your guesses, beside what came out above.

# %% jupyter={"source_hidden": true}
relu, tanh = (right(phi, 3, 0) for phi in ("relu", "tanh"))
explore.Score(guesses, {
    "start": (1, f"{others} of them: they are drawn before any activation is used."),
    "seed": (1, f"From {share(relu > tanh)}; tanh from {share(relu < tanh)}."),
    "losses": (0, "They are different measures. A had 87 % right, B 100 %."),
    "sum": (2, f"The mean ended at {descend(30, 0.1, False):.3f}, the sum exploded."),
    "huge": (2, "Tanh bounds its units. A leaky ReLU, at the same rate, overflowed."),
    "deep": (2, "You saw the range over 20 starts."),
    "width": (0, "The best width depends on the rate."),
    "few": (2, f"{np.median(loss[0]):.2f} and {np.median(loss[1]):.2f}, the medians."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | If two runs end differently, the setting made the difference | depends | 1 |
# | One run shows which setting is better | false | 2 |
# | Two different losses can be compared by their numbers | false | 3 |
# | Cross-entropy is better than squared error | depends | 3 |
# | A good $\eta$ stays good when data are added | depends | 4 |
# | Too large a rate overflows, and you see it | depends | 5 |
# | Cross-entropy can't overflow | false | 5 |
# | Deep networks of sigmoids can't learn | depends | 6 |
# | Update ÷ weight must be 0.001 from the start on | false | 6 |
# | A few dead units spoil a network | false | 6 |
# | The best cell of a sweep does as well from another start | false | 7 |
# | The best width is the same at every rate | false | 7 |
# | A low training loss is a good sign | false | own data |
#
# 1. Change one thing, from the same start. Then change the start.
# 2. A result from one seed is one throw of the dice. Show the spread, over 20 starts and more.
# 3. A loss has a unit: its definition. Know what guessing costs and what a straight line gets, and compare by one measure,
#    on test points, each side at its own best rate.
# 4. A mean leaves $\eta$ alone, a sum multiplies it by $N$.
# 5. Finite is not healthy: look at gradients, dead units, and update ÷ weight, layer by layer.
#
# **Symbols** $C$ loss · $a$ output · $y$ target · $z$ pre-activation · $W, b$ weights and biases · $dW = dC/dW$ ·
# $\eta$ learning rate · $N$ samples
#
# **Sources** D. Smilkov, S. Carter, D. Sculley, F. Viégas, M. Wattenberg, *Direct-Manipulation Visualization of Deep
# Networks*, 2017 (TensorFlow Playground, the model of this one) · Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, *Efficient
# BackProp*, 1998, section 5 (the largest learning rate) · X. Glorot, Y. Bengio, *Understanding the difficulty of
# training deep feedforward neural networks*, 2010 (gradients and activations layer by layer) · X. Bouthillier et al.,
# *Accounting for Variance in Machine Learning Benchmarks*, 2021 (many seeds) · A. Karpathy, *CS231n: Neural Networks
# Part 3*, Stanford, "Ratio of weights:updates" (the rule of 0.001)
#
# [previous: 06, let the machine derive](06_autograd.ipynb)
#
# next: your own question. [All lessons](../README.md)
