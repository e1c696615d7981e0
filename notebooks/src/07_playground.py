# %% [markdown]
# # 07 · Play in the open
#
# **What happens if ...?**
#
# Six lessons took networks apart. Here everything is back in one place, and alive: data, layers, start, loss, training.
# You ask, it answers at once. And nothing is behind glass: each state is one line of text, and some ten lines of code
# rebuild it to the last digit.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. Nothing trains until you press *Play*.
#
# **Who needs it** everybody who has a question like the one above, and wants a number for an answer.
#
# **You will be able to**
#
# - compare two settings fairly: from the same start, then over many starts
# - read a run from inside: gradients, dead units, the size of its updates
# - hand any experiment to somebody else as one line of text
#
# **You need** to have met, in lessons 01 to 04, activations, start weights, and losses.
#
# **Time** 45 minutes, and as long as you like for the missions.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import bce, digits, explore, moons, mse
from nbcore.draw.sweep import Map, draw_sweep
from nbcore.play import MISSIONS, Run, Settings, own_csv, own_data, sweep

# %% [markdown]
# ## Play
#
# This network has learned nothing yet. **Press *Play*, and watch the black line.**
#
# - *Network:* each small square is a unit, and shows what that unit gives at each point of the plane: orange above 0,
#   blue below. Lines are weights: orange above 0, dashed blue below, the thicker the larger.
# - *What it says:* blue where the output says class 0 (circles), orange for class 1 (squares). On the black line it
#   can't decide.
# - *Loss:* how wrong it is, on the points it learns from, and on *test points*, which it never learns from. (*Data* can
#   show them.)
# - *Inside:* one row a layer. We come to it in the sixth experiment.

# %%
playground = explore.playground()
playground

# %% [markdown]
# **What did you see?** Change anything while it plays. Nothing can break, and *Undo* takes back.
#
# 1. When does the line begin to bend, and what does the loss do then? *Rewind*, and look again.
# 2. Choose *relu*, and play. Why is each square of the first layer flat on one side?
# 3. Drag $\eta$ (eta, the learning rate) to 10 while it plays. Does the run stop? *Undo*, and see whether it recovers.
# 4. Click on one of the thickest lines of a trained network. Set this weight to 0, then press *Play* again.
# 5. Choose *tanh* again, $\eta = 0.1$, and *spirals*. It is slow. Without a new start, choose *adam* under *Training*,
#    then an $\eta$ near 0.03.
#
# <details><summary>What we saw</summary>1: after some 250 updates. The loss, which had gone nearly flat, falls faster
# again. 2: a ReLU is 0 on one side of its line. 3: it goes on, but it has forgotten everything, and mostly it never
# recovers: experiments 5 and 6 say why. 4: the loss jumps up, and is back in a moment: the other weights take over. 5:
# after 2,000 updates it has eight test points in ten right; with Adam from there on, nearly all.</details>
#
# ## Everything in the open
#
# Under *Share* stands the whole state as **one line of text**. It holds only what differs from the start above: data,
# inputs, layers, training, the updates done, and what you changed on the way. `playground("…")`, or
# `Run.from_text("…")` without a picture, rebuild it.
#
# Beside it stands **the code**. It uses nothing but what these lessons have built, and leads to the same weights, not
# nearly, but to the last digit (on the same machine). Here is a run whose rate was changed after 300 updates, and one
# weight set by hand. Below it is yours: play above, *Pause*, then run this cell again.

# %%
run = Run.from_text("moons | 600 updates | 300: eta=0.5 | 300: W3[0,2]=1.0")
print(run.code())
there = {}
exec(run.code(), there)
numbers = run.net.parameters()
assert all(np.array_equal(p, q) for p, q in zip(there["net"].parameters(), numbers))
print(sum(p.size for p in numbers), "weights and biases, each equal to the last digit")
print("your state:", playground.text)

# %% [markdown]
# ## Predict
#
# Seven experiments follow. Commit to a guess first. Your answers stay on this computer, and are scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("07", {
    "start": ("You change the activation from tanh to ReLU, and rewind. How many of "
              "the 105 start weights and biases are other numbers now?",
              ["all", "about half", "none"]),
    "seed": ("XOR, 3 hidden units. From start 7, ReLU gets 100 % of the test points "
             "right, tanh 93 %. From how many of 16 starts is ReLU ahead?",
             ["from nearly all", "from about half", "from 3"]),
    "losses": ("A ends with a test loss of 0.106 (squared error), B with 0.158 "
               "(cross-entropy). Which gets more test points right?",
               ["A", "B, of course", "these two numbers can't tell"]),
    "sum": ("A loss that adds up over all samples, instead of averaging. You copy each "
            "sample 30 times, which tells nothing new. Training now behaves as if",
            ["nothing had changed", "eta were 30 times larger",
             "eta were 30 times smaller"]),
    "huge": ("Tanh units, sigmoid output, cross-entropy, eta = 30. After 500 updates",
             ["numbers have overflowed", "it has learned very fast",
              "all is finite, and it is worse than guessing"]),
    "deep": ("Six hidden layers of sigmoids. At the start, the gradient in the first "
             "layer, compared with that in the last, is",
             ["about as large", "ten times smaller", "hundreds of times smaller"]),
})
guesses

# %% [markdown]
# ## What happens if ...?
#
# ### 1. ... I change one setting?
#
# Then only that should change. If the start weights changed as well, which of the two made the difference? Here start
# weights depend on the *seed* alone, layer by layer. So a new activation, loss, rate or data set begins from **the very
# same numbers**, and *Rewind* goes back to them. Only a layer of another size must draw anew; the layers before it keep
# theirs.

# %%
run = Run()
for phi in ("tanh", "relu", "tanh"):
    run.change(hidden=((8, phi), (8, phi)))
    pairs = zip(run.net.parameters(), Run().net.parameters())
    others = sum((p != q).sum() for p, q in pairs)
    run.advance(300)
    print(f"{phi}: {others} of 105 start numbers differ,",
          f"test loss after 300 updates {run.numbers().loss_test:.6f}")
run.change(hidden=((8, "tanh"), (9, "tanh")))
same = [np.array_equal(a.W, b.W) for a, b in zip(run.net.layers, Run().net.layers)]
print("a unit more in layer 2: same start weights in layers 1, 2, 3?", same)

# %% [markdown]
# Tanh comes back to the same digits. And ReLU is ahead: from *this* start.
#
# ### 2. ... I begin somewhere else?
#
# One comparison is one throw of the dice. Here are 16 throws: XOR, 3 hidden units or 8, and the share of test points
# that are right after 1,000 updates. `sweep` trains any two settings on a grid, side by side.

# %%
right = {}
for phi in ("relu", "tanh"):
    s = Settings(data="xor", hidden=((3, phi),), eta=0.3)
    *_, end = sweep(s, ("seed", range(16)), ("width", [3, 8]), updates=1000)
    right[phi] = np.round(100 * end.result.score_test).astype(int)
    print(f"{phi}, 3 units:", right[phi][0])
    print(f"{phi}, 8 units:", right[phi][1])
ahead = np.sign(right["relu"] - right["tanh"])
print("3 units: ReLU behind, level, ahead", np.bincount(ahead[0] + 1, minlength=3))
print("8 units: ReLU behind, level, ahead", np.bincount(ahead[1] + 1, minlength=3))

# %% [markdown]
# From start 7 (the eighth column), ReLU wins, 100 to 93. From start 0 it loses, 70 to 97. With three units it lives
# between 70 and 100, and so does tanh: the spread *is* the result, and one seed shows none of it. With eight units the
# question is nearly gone: spare units are an insurance against a bad start.
#
# ### 3. ... I choose another loss?
#
# Below are two runs, A and B, in step, from one start; they differ in the loss only. A has the squared error (`mse`:
# the mean of $\frac12 (a-y)^2$ for the output $a$ and the target $y$), B cross-entropy (`bce`). Both have done 500
# updates. **Which line parts the rings better? Then look at the losses.** *Rewind* and *Play* run them again; any two
# settings can be compared so, under *Compare*.

# %%
a_and_b = "rings | output=sigmoid loss=mse | 500 updates || rings | 500 updates"
explore.playground(a_and_b)

# %% [markdown]
# **What did you see?** In the losses A is ahead all the way. In the plane it is behind. The picture puts both on one
# axis, and warns; for they are different measures, like miles and kilos.
#
# A loss means something only beside the loss of *guessing*. Zero weights guess: each class gets the same probability,
# so $a = 0.5$ for two classes and $0.1$ for ten.

# %%
for text in ("moons | output=sigmoid loss=mse", "moons",
             "digits | output=softmax loss=mse", "digits"):
    run = Run.from_text(text + " | init=zeros")
    print(f"{text:33} {run.problem.loss.name:10} first loss {run.numbers().loss:.4f}")
for name, text in (("A", "rings | output=sigmoid loss=mse"), ("B", "rings")):
    run = Run.from_text(text + " | 500 updates")
    n, Y = run.numbers(), run.problem.Y_test
    print(f"{name}: own test loss {n.loss_test:.3f}, cross-entropy",
          f"{bce(n.outputs_test, Y):.3f}, right {100 * n.score_test:.0f} %")

# %% [markdown]
# Guessing costs $\frac12 \cdot 0.5^2 = 0.125$ in squared error, $\ln 2 = 0.6931$ in cross-entropy, and
# $\ln 10 = 2.3026$ with ten classes. So A's 0.106 is hardly better than guessing, and B's 0.158 is far better. Compare
# runs by *one* measure, on test points.
#
# ### 4. ... I have more data?
#
# With a loss that is a *mean* over the $N$ samples, copies of them change nothing: each update is the same. Many books
# and programs *add up* instead. Then the gradient is $N$ times as large, and so is each step: $\eta$ works like
# $\eta N$. Here is one linear neuron with squared error, by hand: 30 updates on 50 points, each point copied 1, 3, 10,
# 30 times. Both are judged by the mean in the end.

# %%
def descend(copies, eta, summed):
    X, Y = (np.tile(part, (copies, 1)) for part in moons(50, 0.1, seed=0))
    X, W = np.hstack([X, np.ones_like(Y)]), np.zeros((1, 3))  # the ones carry the bias
    for _ in range(30):
        dW = (X @ W.T - Y).T @ X  # (a - y) x, summed over all samples
        W = W - eta * (dW if summed else dW / len(X))
    return mse(X @ W.T, Y)

for copies in (1, 3, 10, 30):
    print(f"copies {copies:2}: mean, eta = 0.1: {descend(copies, 0.1, False):.3g}",
          f"  sum, eta = 0.002: {descend(copies, 0.002, True):.3g}")
assert np.isclose(descend(10, 0.002, True), descend(10, 0.002 * 500, False))

# %% [markdown]
# The mean gives the same loss each time. The sum begins level with it, since $0.002 \cdot 50 = 0.1$. With 3 and with 10
# copies it even learns faster; with 30 it explodes. All losses in `nbcore` are means: under *Data*, move *points* as
# you like, and $\eta$ may stay.
#
# ### 5. ... the learning rate is far too large?
#
# It depends on the loss. The gradient of a squared error on a *linear* output grows with the error; so a step too far
# makes the next one larger still, until no number can hold it. The run stops *before* that, says where, and looks for a
# rate that holds; *Back to the last good state* undoes the damage. With a sigmoid and cross-entropy, $dC/dz = a - y$ is
# never larger than 1. Then nothing overflows, and nothing warns you either.

# %%
text = "moons | 16 relu | output=identity loss=mse | 100 updates | 100: eta=3.0"
run = Run.from_text(text)
run.advance(500)
print(run.diverged.text)
holds = run.diverged.eta
run.last_good()
run.change(eta=holds).advance(500)
score = run.numbers().score_test
print(f"With eta = {holds} it goes on, and has {100 * score:.0f} % right.")

run = Run.from_text("moons | eta=30.0 | 500 updates")
print("tanh and cross-entropy at eta = 30: overflow", run.diverged is not None,
      "and worse than guessing", run.numbers().loss > np.log(2))

# %% [markdown]
# A finite loss is not a healthy network. So look inside.
#
# ### 6. ... I listen to each layer?
#
# *Inside*, in the picture, has a row for each layer. (Above, choose *sigmoid* and 6 hidden layers, and look at the ◆.)
# Three of its numbers tell most:
#
# - **Gradients:** the size of $dC/dW$ (root mean square, ◆ in the picture). When it shrinks from layer to layer, the
#   first ones learn nothing.
# - **Update ÷ weight:** the size of the next step of $W$ beside $W$ itself. For plain descent it is proportional to
#   $\eta$. Near 1, each update replaces what was learned. The dashed line, 0.001, is a rule of thumb for long training.
# - **Dead:** units whose slope is 0 on all training points. They get no gradient.

# %%
for phi in ("sigmoid", "tanh", "relu"):
    run = Run(Settings(hidden=((8, phi),) * 6))
    sizes = run.inside().norms
    run.advance(1000)
    print(f"{phi:7}", *(f"{x:.0e}" for x in sizes),
          f" last / first {sizes[-1] / sizes[0]:.1f};",
          f"after 1,000 updates {100 * run.numbers().score_test:.0f} % right")

# %%
for eta in (0.001, 0.01, 0.1, 1.0, 10.0):
    run = Run(Settings(data="rings", hidden=((16, "relu"),), eta=eta))
    ratio = run.inside().ratio[0]
    run.advance(500)
    dead = run.inside().dead_units[0].sum()
    print(f"eta = {eta:5}: first update / weight {ratio:.4f}; after 500 updates",
          f"{dead:2} of 16 dead, {100 * run.numbers().score_test:.0f} % right")

# %% [markdown]
# Six sigmoids pass on a six-hundredth of the gradient, and after 1,000 updates the network still guesses. Tanh and ReLU
# learn.
#
# The second table has rings, and 16 ReLUs. At $\eta = 0.001$ the first update moves $W$ by three parts in ten thousand,
# and 500 of them don't get far. At 1 it moves it by a quarter, many times what the rule of thumb allows, and all points
# are right. At 10 an update is larger than the weights, and all units are dead. With 5 or 6 of 16 dead the rings are
# still parted: spare units, again. With all 16 dead only the output's bias still learns, and no smaller $\eta$ helps.
# (What does? One of the missions knows.)
#
# ### 7. ... I try everything?
#
# Every cell below is a run of its own, with its own $\eta$ and width; in each stands its test loss. **Look for the best
# cell. Then change the seed.** (Cells of one width are trained side by side, as one stack of networks.)

# %%
def try_all(data, seed, updates):
    etas, widths = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0], [1, 2, 3, 4, 8, 16]
    settings = Settings(data=data, seed=seed)
    for piece in sweep(settings, ("eta", etas), ("width", widths), updates):
        shown = Map(piece.result, "loss_test", False, "test loss", "η", "units a layer")
        yield explore.Progress(piece.done, piece.total, shown)
    yield shown

def best(params, shown):
    row, column = shown.best
    units, eta = shown.grid.second[1][row], shown.grid.first[1][column]
    loss = shown.values[row, column]
    return f"The best: {units} units a layer, η = {eta:g}, test loss {loss:.2g}."

explore.Explorer(
    dict(data=explore.choice("data", ["moons", "rings", "xor", "spirals"], "moons"),
         seed=explore.seed(), updates=explore.count("updates", 300, 100, 1000, 100)),
    try_all, draw_sweep, title="Every width with every learning rate", height=300,
    status=best, alt=lambda *shown: "Heat map of 42 runs. " + best(*shown))

# %% [markdown]
# **What did you see?** On the left little has happened yet; on the right all is ruined; a single unit a layer can't do
# it at any rate. The best *column* stays where it is when the seed changes. The best *cell* does not:

# %%
for data in ("moons", "spirals"):
    for seed in range(4):
        *_, shown = try_all(data, seed, updates=300)
        print(f"{data}, seed {seed}:", best({}, shown))

# %% [markdown]
# The column is a finding. The row is luck: to choose a width, take many seeds, as in the second experiment.
#
# In the playground, *Sweep* does this for any two of its settings, from where you are; a click on a cell takes its
# settings.
#
# ## Your own data
#
# `playground(own=(X, y))` takes arrays, a path, or the text of a CSV. *Data* has a button for files. Here are real
# digits, 64 pixels each, but the network may see two numbers only: how much ink is in the middle, and how high the ink
# lies on average. **Are two numbers enough to tell a zero, a one and a six apart?** *Play* goes on from 600 updates.

# %%
images, labels = digits()
some = np.isin(labels, [0, 1, 6])
ink = images[some].reshape(-1, 8, 8)  # rows from top to bottom
middle = ink[:, 3:5, 3:5].mean(axis=(1, 2))
height = (ink.sum(axis=2) * np.arange(7, -1, -1)).sum(axis=1) / ink.sum(axis=(1, 2))
words = np.select([labels[some] == k for k in (0, 1, 6)], ["zero", "one", "six"], "")
mine = own_data(np.stack([middle, height], axis=1), words, inputs=["middle", "height"])
state = "own standardize | 8 tanh | eta=0.3 | 600 updates"
explore.playground(state, own=mine)

# %% [markdown]
# **What did you see?** A zero has a hole in the *middle*; a six has a heavy foot, so its *height* is low. And there seem
# to be two kinds of ones: some people give them a base.
#
# The share of points to learn from is a setting as well. Here it is a tenth, half, or nine tenths, each drawn in eight
# ways; for each the median of both losses, and the range of what is right on the test points.

# %%
start = Run.from_text(state, own=mine).start
ways = ("train", [0.1, 0.5, 0.9]), ("data_seed", range(8))
*_, end = sweep(start, *ways, updates=1000, own=mine)
found = end.result
print("to learn from:          10 %  50 %  90 %")
print("loss on them:          ", np.median(found.loss, axis=0).round(2))
print("loss on test points:   ", np.median(found.loss_test, axis=0).round(2))
print("right, the worst way: ", np.round(100 * found.score_test.min(axis=0)))
print("right, the best way:  ", np.round(100 * found.score_test.max(axis=0)))

# %% [markdown]
# With few points the loss on *them* is lowest, and on the others highest: that is *overfitting*. And with nine tenths,
# the range is wide again, since only a tenth is left to test on. A test is a throw of the dice, too.
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
# | **Two inputs that say it all** (`features`) | Fit the two hills with a test error of at most 0.06 (root mean square), with at most 6 hidden units and two inputs. |
# | **97 % of the digits in 1,000 updates** (`digits`) | Get 97 % of the test digits right after at most 1,000 updates, with at most 16 hidden units. |
# | **Overfit, then cure it** (`overfit`) | Train until the test loss has risen to 1.5 times its lowest; then, without a new start, bring it back to at most 1.1 times that lowest. |
# | **Wake a network of zeros** (`zeros`) | All weights begin at 0, and training moves nothing but the output's bias. Set at most 4 weights by hand, then train to 95 % of the test points. |
#
# Choose one under *Missions*; *Go to its start* sets the scene. While you play it measures whether you have won, and
# says what is still missing. There is a hint for each. Below, the first one is set up.

# %%
explore.playground(MISSIONS["spirals"].start).set(mission="spirals")

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
    if text is not ...:
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
deep = Run(Settings(hidden=((8, "sigmoid"),) * 6)).inside().norms
explore.Score(guesses, {
    "start": (2, f"{others} of them: start weights depend on the seed alone."),
    "seed": (2, f"From {(ahead[0] > 0).sum()}; tanh from {(ahead[0] < 0).sum()}."),
    "losses": (2, "They are different measures. A had 87 % right, B all."),
    "sum": (1, f"The mean ended at {descend(30, 0.1, False):.3f}, the sum exploded."),
    "huge": (2, "Nothing overflowed, and nothing was learned."),
    "deep": (2, f"The last is {deep[-1] / deep[0]:.0f} times as large as the first."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Another activation means other start weights | not here: 0 of 105 numbers differ | 1 |
# | One seed decides | false: ReLU is ahead from 3 starts of 16, tanh from 9; with eight units hardly any difference is left | 2 |
# | The lower loss is the better network | only within one definition: 0.106 of squared error had 87 % right, 0.158 of cross-entropy 100 % | 3 |
# | A loss of 2.3 is worse than one of 0.7 | not by itself: 2.3026 and 0.6931 are both guessing, with ten classes and with two | 3 |
# | $\eta$ does not depend on $N$ | true for a mean; a sum behaves like $\eta N$, and exploded at 30 copies | 4 |
# | Too large a rate shows itself by overflow | on a linear output with squared error; with cross-entropy all stays finite, and is lost | 5 |
# | Update ÷ weight must be 0.001 | a rule of thumb: here 0.0270 and 0.2701 at the start had all right, 2.7007 was ruin | 6 |
# | Dead units spoil a network | a few do not: 6 of 16 dead, and 100 % right; all 16 dead is the end | 6 |
# | The best cell of a sweep is the best setting | it is the luckiest of 42: on spirals 2, 3, 4 or 8 units, by the seed; the rate stays | 7 |
# | A low training loss is a good sign | lowest with a tenth of the points, where the test loss was highest | own data |
#
# 1. Change one thing, from the same start. Then change the start.
# 2. A result from one seed is one throw. Show the spread.
# 3. A loss has a unit: its definition. Know what guessing costs, and compare by one measure, on test points.
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
# *Accounting for Variance in Machine Learning Benchmarks*, 2021 (many seeds)
#
# [previous: 06, let the machine derive](06_autograd.ipynb)
#
# next: your own question. [All lessons](../README.md)
