# %% [markdown]
# # 02 · Keep the gradient alive
#
# **A network learns from what flows back through its activations. Where does the gradient go?**
#
# Lesson 01 showed that a network needs a bend. Which one? There is much advice: sigmoids saturate, ReLUs die, tanh is better
# centered, $e^x$ is slow. Test it: some of it holds, some with a footnote, and one famous figure does not come out on our data.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. Each picture follows your hand.
#
# **You will be able to**
#
# - say how much of a gradient an activation lets through, and what ten or thirty layers leave of it
# - tell a dead unit from a unit that is merely off, count the dead, and say what wakes them
# - compare activations fairly: same data, twenty starts, each at its own best rate
#
# **You need** lesson 01, derivatives, the chain rule and gradient descent.
#
# **Time** 50 minutes to read and play, 30 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, Dense, Diverged, Maxout, PReLU, Sequential, bce, best_rate, blobs, check_gradients, elu
from nbcore import exercises, explore, leaky_relu, moons, relu, share, sigmoid, softmax_ce, split_digits, spread, tanh, train

# %% [markdown]
# ## Predict
#
# Commit to a guess before you look. Your answers stay on this computer, and are scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("02", {
    "depth": ("Ten sigmoid neurons in a chain, all weights 1, with the best biases. Of a gradient of 1 at the end, "
              "this much reaches the beginning", ["about a thousandth", "about a millionth", "about a billionth"]),
    "dead": ("A ReLU unit of the first layer is lost to plain gradient descent, for ever, once its z is negative for",
             ["every sample", "most samples", "one sample"]),
    "slow": ("Gradient descent fits one target with 64 features, coded as σ(u) or as tanh(u/2) = 2 σ(u) − 1. The same "
             "functions can be drawn with both. The first takes", ["as many updates", "about twice as many",
             "about a hundred times as many", "about ten thousand times as many"]),
    "six": ("A famous network learned six times faster with ReLU than with tanh. On our digits, each at its best "
            "learning rate, tanh needs", ["about as many updates", "fewer", "about twice as many", "about six times as many"]),
})
guesses

# %% [markdown]
# ## Explore
#
# One neuron with one input: $z = w x$, and $a = \varphi(z)$, where $\varphi$ (phi) is the *activation function*. Going back,
# the chain rule multiplies the gradient by $w\,\varphi'(z)$.
#
# - *Left:* the activation, and its tangent at the point.
# - *Middle:* its slope. In the gray band next to nothing passes.
# - *Right:* what is left of a gradient of 1 after many such neurons in a row, each with a bias that puts it at this same
#   place, on a logarithmic axis. Dashed: all at the steepest place.
#
# **Move *x*, and watch the point on the right. Then try each activation.**

# %%
explore.where_the_gradient_goes()

# %% [markdown]
# **Try these:**
#
# 1. *sigmoid*: at which $x$ is the slope largest, and how large? What do ten layers leave there?
# 2. *tanh* at $x = 0$, then at $x = 2$. Is "tanh doesn't vanish" true?
# 3. *relu*: where does everything pass, and where nothing? And *step*, where does it pass anything?
# 4. *sigmoid* with $w = 4$. The steepest place passes everything now. How narrow has it become?
#
# <details><summary>What we saw</summary>1: at 0, a quarter; a millionth. 2: at 0 all passes, at 2 a fourteenth a layer.
# 3: right of 0 all, left of 0 nothing; step passes nothing anywhere. 4: the sides have become flat: beyond |x| = 1 less than a
# tenth passes.</details>
#
# ## Derive
#
# ### 1. The slope of the sigmoid
#
# $\sigma(z) = 1 / (1 + e^{-z})$. Differentiate, and sort the factors:
#
# $$\sigma'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} = a\,(1 - a).$$
#
# Two numbers that add up to 1 have their largest product when both are $\frac12$: so $\sigma' \le \frac14$, at $z = 0$, and near
# $a = 0$ or $a = 1$ almost nothing is left. That is *saturation*. For tanh, $\tanh'(z) = 1 - a^2$: at most 1, and it
# saturates as well.
#
# A sigmoid runs from 0 to 1, so one reads it as a probability, and uses it at outputs (lesson 04). Is it one? Then of all outputs
# between 0.8 and 0.9 about 85% are of class 1. The second cell counts, for two overlapping clouds: one neuron learns 1,000 points,
# and 32 hidden units learn 30 points by heart.

# %%
z = np.array([0.0, 4.6, 5.0, 10.0])
a = sigmoid(z)
assert np.allclose(a * (1 - a), sigmoid.derivative(z), rtol=1e-12)
print("slope at 0    at 4.6         at 5           at 10")
for phi in (sigmoid, tanh):
    print(f"{phi.name:8}", *(f"{slope:<14.8g}" for slope in phi.derivative(z)))

# %%
SEED = 0  # another number: other starts in what trains below
draws = [blobs(3000, noise=1.5, seed=20 * SEED + k) for k in range(20)]
clouds, classes = (np.array(both) for both in zip(*draws))
for net, n in ((MLP([2, 1], ensemble=20), 1000), (MLP([2, 32, 1], ensemble=20), 30)):
    train(net, clouds[:, :n], classes[:, :n], bce, eta=0.3, steps=1000)
    a, y = net.forward(clouds[:, 1000:]), classes[:, 1000:]
    of_class_1 = [y[k][(a[k] > 0.8) & (a[k] < 0.9)].mean() for k in range(20)]
    print(f"{n:4} points: of the outputs between 0.8 and 0.9, of class 1: {spread(of_class_1, '.0%')}")

# %% [markdown]
# (In brackets, here and below: the range from the 10% to the 90% quantile.) A network that has learned a few points by heart is too sure.
#
# ### 2. Slopes multiply
#
# A gradient passes every layer on its way back, and each multiplies it by its weights and by its slopes. With all weights 1,
# ten sigmoids, each at its steepest place, leave
#
# $$\left(\tfrac14\right)^{10} \approx 9.5 \cdot 10^{-7}.$$
#
# In a real network many weights may make up for some of it. So look, layer by layer: up to
# 30 hidden layers of 32 units, on 200 handwritten digits. All weights are drawn from a normal distribution with standard deviation
# $s / \sqrt{n_\mathrm{in}}$, where $n_\mathrm{in}$ is the number of a layer's inputs; the biases are 0.
#
# - *Left:* how the activations $a$ are spread.
# - *Middle:* what comes back to each layer, $\delta = \partial C / \partial z$. The pink line is its size, a root mean square (rms).
#   Dashed: the rms of $\partial C / \partial W$, which many look at instead.
# - *Right:* the share of all units and samples with next to no slope, $|\varphi'| < 0.05$.
#
# **Choose an activation, and make the pink line level with *s*.** What does the dashed line say? The cells below show medians of 20
# starts, and let 20 networks learn.

# %%
explore.down_the_depth()

# %%
X_200, Y_200 = explore.digit_sample()
def rms(values):
    return np.sqrt(np.mean(values**2, axis=(-2, -1)))

print("layer 1 over layer 10    delta            dC/dW\n           s =  0.5     1   1.4   0.5    1  1.4")
for name in ("sigmoid", "softplus", "tanh", "relu", "leaky_relu", "PReLU", "Maxout", "elu", "gelu", "silu"):
    ratios = []
    for s in (0.5, 1, 1.4):
        nets = explore.deep_network(name, 10, s, SEED, ensemble=20)
        nets.forward(X_200), nets.backward(softmax_ce, Y_200)
        first, last = nets.layers[0], nets.layers[-2]
        ratios.append([rms(first.delta) / rms(last.delta), rms(first.dW) / rms(last.dW)])
    print(f"{name:10}", *(f"{r:7.1g}" for r in np.median(ratios, axis=2).T.ravel()))

# %%
for s in (0.5, 1.4):
    nets = explore.deep_network("tanh", 10, s, SEED, ensemble=20)
    history = train(nets, X_200, Y_200, softmax_ce, eta=0.1, steps=100, batch=50, seed=SEED)
    print(f"tanh, s = {s}: loss {spread(history.loss[-10:].mean(axis=0), '.2f')}; a guess gives {np.log(10):.2f}")

# %% [markdown]
# **What did you see?** With sigmoids and $s = 1$, $\delta$ shrinks to a 500,000th, and *next to no unit is saturated*: a slope of at
# most a quarter is enough. Saturation comes on top, with larger $s$. At $s = 1.4$ $\delta$ stays about level for tanh, ReLU and its
# relatives; Maxout wants $s = 1$. (How to choose $s$ is lesson 03.) And saturated is not vanished: with *tanh*, $s = 5$ and 30 layers
# most units are flat, and yet $\delta$ *grows* toward the first layer, because the large weights more than make up for it.
#
# **$\partial C / \partial W$ is blind.** At $s = 0.5$ it is level for all but sigmoid and softplus, while $\delta$ falls to 0.002 and
# less, and tanh learns nothing. For $\partial C / \partial W = \delta^T a_\mathrm{in}$, with the layer's inputs $a_\mathrm{in}$: what $\delta$
# loses on its way back, the activations have lost on their way forward. All layers get equally little.
#
# ### 3. One sign for all
#
# tanh is a sigmoid in other clothes, $\tanh(z/2) = 2\,\sigma(z) - 1$, but *centered*: negative as often as positive. Why should the
# next layer care? Its gradient for one sample is
#
# $$\frac{\partial C}{\partial w_i} = \delta\, x_i.$$
#
# If all inputs $x_i$ are positive, all parts of the gradient have the sign of $\delta$. So one sample can raise all weights or
# lower all, never raise one and lower another: descent must *zig-zag*.
#
# Below, two weights have to go from $(-1.5, 0.3)$ to $(1.2, -1.2)$. *Left:* the inputs, made of random numbers
# $u$. *Middle:* the path, over lines of equal loss. *Right:* the loss. **Look at the directions of the steps. Then choose the
# centered *sigmoid(u) − 1/2*, then a larger rate, then an update after *all samples*.**

# %%
explore.zig_zag()

# %%
for inputs in ("sigmoid(u), all positive", "sigmoid(u) - 1/2, centered"):
    for eta in (0.63, 1.6, 4.0):
        draws = [explore.zig_zag(inputs=inputs, eta=eta, seed=k).result.losses[-1] for k in range(20)]
        print(f"{inputs:27} rate {eta:4}: median loss of 20 draws {np.median(draws):.0e}")

# %% [markdown]
# **What did you see?** With positive inputs and an update after each sample, every step goes up-right or down-left. (ReLU's outputs
# are never negative either.) Centering frees the directions, but at the same rate it gains nothing. It gains room: the ellipses
# become rounder, and a rate of 4, which throws the first path out of the picture, is good for the second.
#
# An update after *all samples* averages these gradients, and $\delta$ has both signs: even with positive inputs the path turns into
# the valley. The argument holds *per sample*; a batch softens it. But the valley stays long and narrow.
#
# ### 4. Same functions, a hundred times slower
#
# Many texts call this a minor problem. Is it? Take 2,000 samples at once, with 64 features $u$ from a standard normal distribution, and
# a linear output with a bias. The features enter as $\sigma(u)$, or as $\tanh(u/2) = 2\,\sigma(u) - 1$, or as $\sigma(u) - \frac12$. All
# three can draw exactly the same functions, and the target is one of them. Descent starts from 0, at the rate
# $\eta = 1 / \lambda_\mathrm{max}$, where $\lambda_\mathrm{max}$ is the largest curvature of the loss. It stops when the loss is a thousandth of what it was.

# %%
rng = np.random.default_rng(0)
u = rng.standard_normal((2000, 64))
y = tanh(u / 2) @ rng.standard_normal((64, 1))

def updates_needed(features):
    F = np.column_stack([features, np.ones(len(u))])  # the last column is the bias
    eta = 1 / np.linalg.eigvalsh(F.T @ F / len(u))[-1]
    w, t = np.zeros((65, 1)), 0
    while np.mean((F @ w - y) ** 2) > np.mean(y**2) / 1000:
        w -= eta * F.T @ (F @ w - y) / len(u)
        t += 1
    return t

needed = [updates_needed(features) for features in (sigmoid(u), sigmoid(u) - 0.5, tanh(u / 2))]
draws = np.array([explore.same_functions(seed=k).result.steps for k in range(20)])
for name, one, all_20 in zip(("sigmoid(u)", "sigmoid(u) - 1/2", "tanh(u/2)"), needed, draws.T):
    print(f"{name:16} {one:5,} updates; in 20 draws {spread(all_20, ',.0f')}")

# %% [markdown]
# A hundred times or more, and nothing but the coding differs. Each $\sigma(u)$ has a mean of $\frac12$. Move all 64 weights and the
# bias up: these means add up, and in this direction the loss is steep, $\lambda_\mathrm{max} \approx 1 + 64 \cdot \frac14 = 17$. It allows
# only a small rate. Move the weights up and the bias down: the means cancel, this direction is almost flat, and at that small rate it
# takes thousands of updates. Without the means both extremes are gone. What remains between $\sigma - \frac12$ and tanh is size: half
# the feature has a quarter of the curvature, and needs four times the updates.
#
# Below, *yours* are the features $g\,(\sigma(u) - m)$. *Left:* the loss; it bends where only the flat direction is left. *Right:* all 65
# curvatures; the drop at 65 is that flat direction. **Move *m* from 0 to 0.5, then raise *g*.** Where must they stand?

# %%
explore.same_functions()

# %% [markdown]
# <details><summary>What we saw</summary>At m = ½ and g = 4, 4 updates are enough: all curvatures are then about 1. That is what
# <i>standardizing</i> does: mean 0 and mean square 1 for each feature.</details>
#
# Standardizing is for *inputs* as much as for activations; between layers, batch normalization does it.
#
# ## Build
#
# ReLU passes everything or nothing. *Leaky ReLU* lets a little through below 0, with a fixed slope, often 0.01. *PReLU* learns
# that slope (Exercise 3). A **Maxout** unit is the largest of $k$ linear pieces, $a = \max_j (w_j \cdot x + b_j)$, and only the piece
# that won gets the gradient. With a second piece of 0 it is ReLU, with $0.01\,(w_1 \cdot x + b_1)$ leaky ReLU. The price is $k$ times the
# parameters.

# %%
def maxout(X, W, b, da):
    Z = X @ W.mT + b  # W (k, n_out, n_in), b (k, 1, n_out): Z (k, N, n_out)
    won = Z == Z.max(axis=0)
    delta = da * won  # the gradient goes to the piece that won
    return Z.max(axis=0), delta.mT @ X, delta.sum(axis=1, keepdims=True)

X, da = np.random.default_rng(5).normal(size=(7, 4)), np.arange(-10.0, 11).reshape(7, 3)
layer = Maxout(4, 3, k=2, rng=5)
mine = maxout(X, layer.W.reshape(2, 3, 4), layer.b.reshape(2, 1, 3), da)
layer.forward(X), layer.backward(da)
for yours, ours in zip(mine, (layer.a, layer.dW, layer.db)):
    assert np.abs(yours.reshape(ours.shape) - ours).max() < 1e-12
print(sum(p.size for p in layer.parameters()), "parameters; 3 ReLUs have", 3 * 4 + 3)

# %% [markdown]
# Here such units learn a curve. *Left:* the target (dots) and the fit. *Middle:* each unit on its own, with the bends that it has
# learned. **Compare *ReLU*, *PReLU* and *Maxout* with 3 units and some seeds.**

# %%
explore.learned_bends()

# %% [markdown]
# **What did you see?** PReLU's slopes go where they are needed, also below 0 and above 1. A Maxout unit always bends *upward* (it is
# convex), with more pieces several times. Each kind gets stuck from some starts, Maxout of 5 from the fewest.
#
# ## Check
#
# PReLU and Maxout are layers of nbcore. One network with all three kinds, from an odd start:

# %%
odd = Sequential(PReLU(2, 5, rng=1), Maxout(5, 4, k=3, rng=2), Dense(4, 1, sigmoid))
for layer in odd.layers:
    layer.b = np.random.default_rng(layer.n_in).normal(size=layer.b.shape)
X_moons, Y_moons = moons(200, noise=0.15, seed=0)
check_gradients(odd, X_moons[:7], Y_moons[:7], bce)

# %% [markdown]
# ## Break it
#
# **Kill some ReLUs.** Many texts say that a ReLU dies when its input is negative. Not at all: about half of all ReLUs are off for
# any one sample, and that is how they compute. A unit is **dead** when $z \le 0$ for *every* sample. Then its slope is 0 everywhere,
# its weights get no gradient, and it stays as it is. (Momentum and weight decay can still move it.)
#
# The laboratory trains a 2-16-16-1 network with 100 updates at your rate, then 300 careful ones, perhaps with another activation.
#
# - *Left:* the hinges of layer 1 (the lines $z = 0$). A dead unit's hinge, dotted, has no data on its positive side.
# - *Middle:* the share of dead units in both layers. (With other activations they are only asleep: negative everywhere.)
# - *Right:* the same after 100 updates, for four biases and seven rates, twenty starts each.
#
# **Push the rate up until units die, lower it again, then start with a bias of −2.** And then wake them.
#
# Is death for ever? Below, 20 networks start with all hidden biases at −1, so that some units are dead, or asleep. How many are
# awake after 500 updates? The inputs of layer 1 never change; those of layer 2 do.

# %%
explore.dying_relu()

# %%
kinds = {"relu": relu, "leaky 0.01": leaky_relu, "PReLU": PReLU, "elu": elu,
         "leaky 0.25": leaky_relu.with_slope(0.25)}
start, woke, losses = explore.lab_network(-1.0, SEED, ensemble=(20,)), {}, {}
X_lab, Y_lab = moons(200, noise=0.15, seed=SEED)
for name, kind in kinds.items():
    nets = explore.with_activation(start, kind)
    before = explore.asleep(nets, X_lab)
    losses[name] = train(nets, X_lab, Y_lab, bce, eta=0.3, steps=500).loss[-1]
    woke[name] = [b & ~now for b, now in zip(before, explore.asleep(nets, X_lab))]
    counts = [f"layer {k}: {w.sum():2} of {b.sum():3} awake," for k, w, b in zip((1, 2), woke[name], before)]
    print(f"{name:10}", *counts, f"loss {spread(losses[name], '.3f')}")

# %% [markdown]
# **What did you see?** Below some rate almost none die, and beyond it most do: there is no typical
# share, "up to 40 per cent" or any other, there is a curve. A negative bias kills without any learning rate.
#
# Under plain descent no ReLU of layer 1 comes back. In layer 2 many do, when their inputs move. (Compare
# counts within a row only: with other activations, other units of layer 2 are asleep.)
#
# *Leaky ReLU* never gets flatter than 0.01. But that is what a sigmoid passes at $z = 4.6$, where we call it saturated, and it wakes
# hardly any unit of layer 1. ELU and a slope of 0.25 wake some. PReLU starts at 0.25 as well, wakes fewer, and has the lowest loss:
# with its slopes the loss falls sooner, and a small loss leaves little gradient to move a hinge. Its sleeping units are not lost: each
# passes on a line.
#
# **The race.** Ten activations, the same starts, the same 1,500 digits in the same order, batches of 50, one learning rate. *Left:*
# after how many updates the mean loss over an *epoch* (30 batches, all digits once) falls below the goal; a dot for each start. Gray:
# not all are there yet, and their loss so far. *Right:* how many of 297 other digits they get right, and the number of parameters.
# **Move the learning rate from 0.1 to 3.2. Who profits?**
#
# One rate for all is not fair. For the table each tries three rates from five starts; `best_rate` takes the one with the smallest
# median, and refuses it at the edge. With it each runs from 20 other starts. The last column counts from how many of them it needs
# fewer updates than ReLU.

# %%
explore.race()

# %%
data, RATES = split_digits(1500), {"sigmoid": (1.6, 3.2, 6.4), "tanh": (0.4, 0.8, 1.6),
                                   "silu": (0.28, 0.57, 1.13), "Maxout": (0.14, 0.28, 0.57)}

def arrive(name, rates, starts, seed):
    nets = explore.racer(name, starts, copies=len(rates), seed=seed)
    try:
        loss = train(nets, data.X, data.Y, softmax_ce, np.repeat(rates, starts), 360, batch=50, seed=seed).loss
    except Diverged as stop:  # all of them
        loss = stop.history.loss
    return explore.arrivals(loss, goal=0.1).reshape(len(rates), starts)

runs = {}
for name in ("relu", "leaky_relu", "PReLU", "Maxout", "elu", "gelu", "silu", "tanh", "sigmoid"):
    rates = RATES.get(name, (0.2, 0.4, 0.8))
    eta = best_rate(rates, np.median(arrive(name, rates, 5, seed=100 + SEED), axis=1))
    runs[name] = eta, arrive(name, [eta], 20, seed=SEED)[0]
explore.RaceTable(runs)

# %%
rows = [np.random.default_rng(20 * SEED + k).permutation(1500)[:100] for k in range(20)]
right = {}
for name, width in (("relu", 52), ("Maxout", 32)):
    there = np.isfinite(arrive(name, [0.57], 20, SEED))
    nets = explore.racer(name, starts=20, width=width, seed=SEED)
    train(nets, data.X[rows], data.Y[rows], softmax_ce, eta=0.2, steps=300, batch=50, seed=SEED)
    right[name] = explore.accuracy_on_test(nets)
    size = sum(p.size for p in nets.parameters()) // 20
    print(f"{name:6} arrives at a rate of 0.57 from {share(there)} starts")
    print(f"       learns from 100 digits with {size:,} parameters; right, of other digits: {spread(right[name], '.0%')}")
print("Maxout gets fewer right from", share(right["Maxout"] < right["relu"]), "starts, each with its own 100 digits")

# %% [markdown]
# <details><summary>What we saw</summary>Tanh and the sigmoid. At 0.8 tanh is at its best, while ReLU fails from some starts; at 3.2 only
# the sigmoid still learns.</details>
#
# **"Six times faster"** (Krizhevsky, Sutskever and Hinton 2012) was measured on one convolutional network on small photographs. On
# our digits tanh needs fewer updates than ReLU. So do PReLU, ELU, GELU and SiLU from most starts, by less than a tenth. **"Maxout is hard
# to train"**: it is quick, but fails at a rate at which ReLU still arrives. **"Maxout overfits"**: about as much as a ReLU network of as
# many parameters. Set `SEED` in Derive 1 to 1 and run all: close shares move.
#
# **"$e^x$ is slow."** That depends on the processor, the library and the kind of numbers. **Tick the box, twice,
# and for both kinds of numbers.**

# %%
explore.is_exp_slow()

# %% [markdown]
# The matrix products of a layer take time too: an activation twice as slow makes no network twice as slow.
#
# ## Exercises
#
# Each has a check that says what went wrong, and hints to unfold.

# %% [markdown]
# ### Exercise 1: What is left of the gradient
#
# A chain of neurons, each with one weight: $a_1 = \varphi(w_1 x)$, $a_2 = \varphi(w_2 a_1)$, and so on. Write
# `gradient_left(phi, x, weights)`, which returns $\partial a_L / \partial x$, one number. Use `phi(z)` and `phi.derivative(z)`.
# One value to know: for sigmoid, $x = 0$ and one weight of 4 it is 1.
#
# <details><summary>Hint 1</summary>Each neuron multiplies the gradient by its weight and by the slope at its own z.</details>
# <details><summary>Hint 2</summary>Loop forward, keep a, and multiply up the factors.</details>
# <details><summary>Hint 3</summary>In the loop: z = w * a, then the factor w * phi.derivative(z), then a = phi(z).</details>
#
# [Solution](../notebooks/solutions/02_activation_saturation.ipynb)

# %%
def gradient_left(phi, x, weights):
    # BEGIN SOLUTION
    a, left = x, 1.0
    for w in weights:
        z = w * a
        left *= w * phi.derivative(z)
        a = phi(z)
    return left
    # END SOLUTION

exercises.check_chain(gradient_left)

# %% [markdown]
# ### Exercise 2: Count the dead
#
# Write `dead(Z)`. It gets the pre-activations of a ReLU layer, shape (N, n): rows are samples, columns are units. It returns n
# booleans: which units are dead? One value to know: for `[[-1, -1], [-1, 1]]` it is `[True, False]`.
#
# <details><summary>Hint 1</summary>A zero in one sample is not death: every sample must give zero.</details>
# <details><summary>Hint 2</summary>Compare Z with 0, then ask for all along one axis. Which axis runs over the samples?</details>
#
# [Solution](../notebooks/solutions/02_activation_saturation.ipynb)

# %%
def dead(Z):
    # BEGIN SOLUTION
    return (Z <= 0).all(axis=0)
    # END SOLUTION

exercises.check_dead(dead)

# %% [markdown]
# ### Exercise 3: The backward pass of PReLU
#
# PReLU gives $a = z$ where $z > 0$, and $a = \alpha z$ elsewhere; each unit learns its own slope $\alpha$. Write
# `prelu_backward(da, z, slope)`. It gets $\partial C / \partial a$ and $z$, both (N, n), and the slopes, (1, n). It returns the pair
# `delta` $= \partial C / \partial z$, (N, n), and `dslope` $= \partial C / \partial \alpha$, (1, n). One value to know: with `da` and `slope` all 1,
# `dslope` is the sum of the negative z of each unit.
#
# <details><summary>Hint 1</summary>delta is da times the derivative of a with respect to z: 1 or the slope. np.where chooses.</details>
# <details><summary>Hint 2</summary>The derivative of a with respect to the slope is z where z is negative, else 0.</details>
# <details><summary>Hint 3</summary>All samples share one slope, so their gradients add up: axis 0, and keepdims=True keeps the row.</details>
#
# [Solution](../notebooks/solutions/02_activation_saturation.ipynb)

# %%
def prelu_backward(da, z, slope):
    # BEGIN SOLUTION
    delta = da * np.where(z > 0, 1, slope)
    dslope = (da * np.minimum(z, 0)).sum(axis=0, keepdims=True)
    return delta, dslope
    # END SOLUTION

exercises.check_prelu(prelu_backward)

# %% [markdown]
# ## What to keep
#
# Your guesses, beside what came out above.

# %% jupyter={"source_hidden": true}
left = explore.where_the_gradient_goes(activation="sigmoid", x=0.0, gain=1.0, layers=10).result.at_best[10]
times = needed[0] / needed[2]
ratio = np.median(runs["tanh"][1]) / np.median(runs["relu"][1])
explore.Score(guesses, {
    "depth": (1 if left < 1e-5 else 0, f"A quarter, ten times: {left:.2g}."),
    "dead": (0 if not woke["relu"][0].any() else 1, f"Of those, {woke['relu'][0].sum()} came back in layer 1."),
    "slow": (2 if times > 50 else 1, f"{needed[0]:,} updates against {needed[2]}."),
    "six": (1 if ratio < 1 else 2, f"tanh needed {ratio:.2f} times the updates of ReLU."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | A sigmoid's output is a probability | partly | Derive 1 |
# | A saturated sigmoid passes almost no gradient | true | Explore |
# | A gradient vanishes only where units are saturated | false | Derive 2 |
# | Where $\partial C / \partial W$ is level, all layers learn | false | Derive 2 |
# | For positive inputs, one sample pulls all weights one way | true | Derive 3 |
# | Centered inputs bear a larger rate, which makes descent quicker | true | Derive 3 |
# | Keeping data centered is a minor matter | false | Derive 4 |
# | $e^x$ is slow | depends | Break it |
# | tanh is quicker than the sigmoid | true | race |
# | ReLU is six times faster than tanh | false | race |
# | ReLU comes first, tanh second | false | race |
# | A ReLU dies when its input is negative | false | Break it |
# | Up to 40 per cent of the units die | false | Break it |
# | A dead unit of layer 1 is lost to plain descent | true | Break it |
# | A dead unit of layer 2 is lost as well | false | Break it |
# | Leaky ReLU, slope 0.01, wakes units of layer 1 | false | Break it |
# | Leaky ReLU does not saturate | partly | Break it |
# | PReLU is better, since it learns its slopes | depends | Break it, race |
# | Maxout overfits | depends | race |
# | Maxout needs a smaller rate than ReLU | true | race |
# | ELU, GELU and SiLU, which came later, halve the updates | false | race |
#
# 1. Going back, each layer multiplies by $w\,\varphi'(z)$. The sigmoid's slope is $a(1-a) \le \frac14$, tanh's $1 - a^2 \le 1$, ReLU's 0 or 1.
# 2. Watch $\delta$ layer by layer; $\partial C / \partial W$ can look level when everything has vanished. And center your data.
# 3. Dead means negative for every sample. Watch the share; lower the rate.
# 4. PReLU and Maxout learn their bend, for more parameters.
# 5. Compare at each one's best rate, inside the rates you tried, over 20 starts or more.
#
# **Symbols** $x$ input · $w, W, b$ weights and biases · $z$ weighted sum · $\varphi$ activation · $\varphi'$ its slope · $a = \varphi(z)$ · $\sigma$ sigmoid ·
# $C$ loss · $\delta = \partial C / \partial z$ · $\eta$ learning rate · $\lambda$ curvature · $s$ scale of the weights · $u$ raw feature · $k$ pieces · $\alpha$ slope of PReLU
#
# **Sources** Y. LeCun, L. Bottou, G. Orr, K.-R. Müller, *Efficient BackProp*, 1998 (centering) · X. Glorot, Y. Bengio, *Understanding
# the difficulty of training deep feedforward neural networks*, 2010 · A. Krizhevsky, I. Sutskever, G. Hinton, *ImageNet classification
# with deep convolutional neural networks*, 2012, figure 1 · I. Goodfellow et al., *Maxout networks*, 2013 · A. Maas, A. Hannun, A. Ng,
# *Rectifier nonlinearities improve neural network acoustic models*, 2013 (leaky ReLU) · K. He, X. Zhang, S. Ren, J. Sun, *Delving deep
# into rectifiers*, 2015 (PReLU) · D.-A. Clevert, T. Unterthiner, S. Hochreiter, *Fast and accurate deep network learning by exponential
# linear units*, 2016 (ELU) · D. Hendrycks, K. Gimpel, *Gaussian error linear units*, 2016 (GELU, SiLU) · S. Elfwing, E. Uchibe, K. Doya,
# *Sigmoid-weighted linear units*, 2018 (SiLU)
#
# [previous: 01, bend the line](01_linear_vs_nonlinear.ipynb)
#
# [next: 03, break the symmetry](03_zero_init_failure.ipynb)
