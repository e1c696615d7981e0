# %% [markdown]
# # 02 · Keep the gradient alive
#
# **A network learns from what flows back through its activations. Where does the gradient go?**
#
# Lesson 01 showed that a network needs a bend. Which one? There is much advice about it: sigmoids saturate, ReLUs die,
# tanh is better centered, $e^x$ is slow. Here you test each piece of advice with your own hands. Some of it holds, some of it
# holds with a footnote, and one famous figure doesn't survive contact with our data.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. From then on each picture follows your hand.
#
# **You will be able to**
#
# - say how much of a gradient an activation lets through, and what ten or thirty layers leave of it
# - tell a dead unit from a unit that is merely off, count the dead, and say what wakes them
# - compare activations fairly: same start, same data, several seeds, each at its own best rate
#
# **You need** lesson 01, derivatives, the chain rule and gradient descent.
#
# **Time** 50 minutes to read and play, 30 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import Dense, Maxout, PReLU, Sequential, bce, check_gradients, elu, exercises, explore
from nbcore import leaky_relu, moons, relu, sigmoid, softmax_ce, split_digits, tanh, train

# %% [markdown]
# ## Predict
#
# Before you look, commit to a guess. Your answers stay on this computer, and are scored at the end of the lesson.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("02", {
    "depth": ("Ten sigmoid neurons in a chain, all weights 1. Of a gradient of 1 at the end, at best this much reaches "
              "the beginning", ["about a tenth", "about a thousandth", "about a millionth"]),
    "dead": ("A ReLU unit of the first layer is lost to plain gradient descent, for ever, once its z is negative for",
             ["one sample", "most samples", "every sample"]),
    "slow": ("Gradient descent fits one target with 64 features, coded as σ(z) or as tanh(z/2) = 2 σ(z) − 1. The same "
             "functions can be drawn with both. The first takes",
             ["as many updates", "about twice as many", "about a hundred times as many"]),
    "six": ("A famous network learned six times faster with ReLU than with tanh. On our digits, each at its best "
            "learning rate, tanh needs", ["about six times the updates", "up to twice the updates", "fewer updates"]),
})
guesses

# %% [markdown]
# ## Explore
#
# One neuron with one input: $z = w x$, and $a = \varphi(z)$, where $\varphi$ (phi) is the *activation function*. Going back,
# the chain rule multiplies the gradient by $w\,\varphi'(z)$: the weight, times the slope of the activation at $z$.
#
# - *Left:* the activation, and its tangent at the point.
# - *Middle:* its slope. In the gray band next to nothing passes.
# - *Right:* what is left of a gradient of 1 after many neurons in a row, all at this same place. The axis is logarithmic, so
#   equal steps down are equal losses. Dashed: the best that this activation and weight can do.
#
# **Move *x*, and watch the point on the right rise and fall.** Then try each activation.

# %%
explore.where_the_gradient_goes()

# %% [markdown]
# **What did you see?** Try these:
#
# 1. *sigmoid*: at which $x$ is the slope largest, and how large? What do ten layers leave there?
# 2. *tanh* at $x = 0$, then at $x = 2$. Is "tanh doesn't vanish" true?
# 3. *relu*: where does everything pass, and where nothing? And *step*, where does it pass anything?
# 4. *sigmoid* with $w = 4$. The best place passes everything now. How narrow has it become?
#
# <details><summary>What we saw</summary>1: at 0, a quarter; a millionth. 2: at 0 all passes, at 2 a fourteenth a layer.
# 3: right of 0 all, left of 0 nothing; step passes nothing anywhere, so no gradient can train it. 4: a gain buys a steep
# middle, and pays with flat sides: beyond |x| = 1 less than a tenth passes.</details>
#
# ## Derive
#
# ### 1. The slope of the sigmoid
#
# $\sigma(z) = 1 / (1 + e^{-z})$ runs from 0 to 1. That makes it easy to read, as a probability, which is why it is still
# used at outputs (lesson 04). Differentiate, and sort the factors:
#
# $$\sigma'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} = a\,(1 - a).$$
#
# Two numbers that add up to 1 have their largest product when both are $\frac12$: so $\sigma' \le \frac14$, at $z = 0$, and near
# $a = 0$ or $a = 1$ almost nothing is left. That is *saturation*. For tanh, $\tanh'(z) = 1 - a^2$: at most 1, and it
# saturates as well.

# %%
z = np.array([0.0, 5.0, 10.0])
a = sigmoid(z)
assert np.allclose(a * (1 - a), sigmoid.derivative(z), rtol=1e-12)
print("slope at 0, 5 and 10")
for phi in (sigmoid, tanh):
    at_0, at_5, at_10 = phi.derivative(z)
    print(f"{phi.name:8} {at_0:<5g} {at_5:<14.8g} {at_10:.7g}")

# %% [markdown]
# ### 2. Slopes multiply
#
# A gradient passes every layer on its way back, and each multiplies it by its weights and by its slopes. With all weights 1,
# ten sigmoids leave at best
#
# $$\left(\tfrac14\right)^{10} \approx 9.5 \cdot 10^{-7}.$$
#
# In a real network each layer has many weights, and they may make up for some of it. So look: up to 30 hidden layers of 32
# units, on 200 handwritten digits. The weights of each layer are drawn from a normal distribution with standard deviation
# $s / \sqrt{n_\mathrm{in}}$, where $n_\mathrm{in}$ is the number of its inputs. In all three panels the layers stand from
# left to right.
#
# - *Left:* how the activations $a$ are spread in each layer (the stronger the color, the more).
# - *Middle:* how the gradients $\partial C / \partial W$ are spread, and as a line their size, a root mean square (rms).
# - *Right:* the share of all units and samples with next to no slope, $|\varphi'| < 0.05$.
#
# **Choose the activation and the scale *s*, and watch the pink line.** Level is good. Then let it learn longer, with *updates* and *learning rate*.

# %%
explore.down_the_depth()

# %%
scales = (0.5, 1, 1.4, 5)
print("before any update, layer 1 over layer 10, s =", *scales)
for name in ("sigmoid", "softplus", "tanh", "relu", "elu", "gelu", "silu"):
    deep = [explore.down_the_depth(activation=name, scale=s, updates=0) for s in scales]
    norms = [explorer.result.norms for explorer in deep]
    print(f"{name:10}", *(f"{n[0] / n[-1]:10.2g}" for n in norms))

# %% [markdown]
# **What did you see?** Before any update, with sigmoids and $s = 1$, the first layer gets a hundred-thousandth of the last
# one's gradient, and
# *next to no unit is saturated*: the slope is never above a quarter, that is enough. Saturation comes on top, with larger $s$.
# *softplus*, with a slope of a half at 0, lies between. The
# others keep the gradient level for $s$ between 1 and 1.4. And saturated is not the same as vanished: take *tanh*,
# $s = 5$, 30 layers and 0 updates. Most units are flat, and yet the gradient *grows* toward the first layer, because the large weights
# more than make up for it. How to choose $s$ is lesson 03.
#
# ### 3. One sign for all
#
# tanh is a sigmoid in other clothes, $\tanh(z/2) = 2\,\sigma(z) - 1$. But it is *centered*: its outputs are negative as often as
# positive. Why should the next layer care? Its gradient for one sample is
#
# $$\frac{\partial C}{\partial w_i} = \delta\, x_i, \qquad \delta = \frac{\partial C}{\partial z}.$$
#
# If all inputs $x_i$ are positive, all parts of the gradient have the sign of $\delta$. So one sample can raise all weights or
# lower all, never raise one and lower another. To get there, descent must *zig-zag*.
#
# Below, two weights have to go from $(-1.2, 1.2)$ to $(1.2, -1.2)$, one up and one down. *Left:* the inputs, 40 samples. *Middle:*
# the path, over lines of equal loss. *Right:* the loss. **Look at the directions of the steps. Then choose centered
# inputs, then an update after *all samples*.**

# %%
explore.zig_zag()

# %% [markdown]
# **What did you see?** With positive inputs and an update after each sample, every step goes up-right or down-left. With an
# update after *all samples*, their gradients are averaged, $\delta$ has both signs in that average, and the path is free to
# turn: the argument holds *per sample*, and a batch softens it. What the batch doesn't cure is the shape of the valley: the
# ellipses of positive inputs stay long and narrow.
#
# ### 4. Same functions, a hundred times slower
#
# So let us use all samples at once, and more features. 2,000 samples, 64 features $z$ from a standard normal distribution, and
# a linear output with a bias. The features enter as $\sigma(z)$, or as $\tanh(z/2) = 2\,\sigma(z) - 1$, or as $\sigma(z) - \frac12$. With a
# bias, all three can draw exactly the same functions. The target is one of them. Descent starts from 0, at the rate
# $\eta = 1 / \lambda_\mathrm{max}$, where $\lambda_\mathrm{max}$ is the largest curvature of the loss; more than twice that rate would
# diverge. It stops when the loss is a thousandth of what it was.

# %%
rng = np.random.default_rng(0)
z = rng.standard_normal((2000, 64))
y = tanh(z / 2) @ rng.standard_normal((64, 1))

def updates_needed(features):
    F = np.column_stack([features, np.ones(len(z))])  # the last column is the bias
    eta = 1 / np.linalg.eigvalsh(F.T @ F / len(z))[-1]
    w, t = np.zeros((65, 1)), 0
    while np.mean((F @ w - y) ** 2) > np.mean(y**2) / 1000:
        w -= eta * F.T @ (F @ w - y) / len(z)
        t += 1
    return t

needed = {"sigmoid(z)": updates_needed(sigmoid(z)),
          "sigmoid(z) - 1/2": updates_needed(sigmoid(z) - 0.5),
          "tanh(z/2)": updates_needed(tanh(z / 2))}
needed

# %% [markdown]
# Nothing but the coding differs. The mean of a sigmoid feature is about $\frac12$, so all 64 features and the bias pull in
# one common direction, and the loss is steep there: $\lambda_\mathrm{max} \approx 1 + 64 \cdot \frac14 = 17$. The steepest direction
# sets the rate, and all the others wait. Subtract the mean, and it is as steep as the bias alone, 1. The rest of the difference, a
# factor of four between $\sigma - \frac12$ and tanh, is mere size: half the feature, a quarter of the curvature.
#
# Below, *yours* are the features $g\,(\sigma(z) - m)$. *Left:* the loss. *Right:* all 65 curvatures, from the steepest to the
# flattest direction. **Move *m* from 0 to 0.5 and watch the updates fall; then move *g* to 2.** Where must they stand?

# %%
explore.same_functions()

# %% [markdown]
# So "keep your data centered" is worth a factor of thirty here, and it is advice about *inputs* as much as about
# activations. One can center after a sigmoid as well, and normalization layers, which subtract means, do.
#
# ## Build
#
# ReLU passes everything or nothing. *Leaky ReLU* lets a little through below 0, with a fixed slope, often 0.01. *PReLU* learns
# that slope (Exercise 3). **Maxout** goes furthest: a unit is the largest of $k$ linear pieces, $a = \max_j (w_j \cdot x + b_j)$, and
# only the piece that won gets the gradient. With a second piece of 0 it is ReLU, with a second piece of
# $0.01\,(w_1 \cdot x + b_1)$ leaky ReLU. The price is $k$ times the parameters.

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
# Here such units learn a curve. *Left:* the target (dots) and the fit. *Middle:* each unit on its own: you see the bends that
# it has learned. **Compare *ReLU*, *PReLU* and *Maxout* with 3 units, and try some seeds.** Under the picture stand the
# parameters, and what slopes PReLU has found.

# %%
explore.learned_bends()

# %% [markdown]
# **What did you see?** PReLU's slopes go where they are needed, also below 0 and above 1. Maxout with more pieces bends
# several times in one unit, but a unit alone always bends *upward* (it is convex). All of them get stuck in some starts.
#
# ## Check
#
# PReLU and Maxout are layers of nbcore, with gradients of their own. One network with all three kinds, from an odd start:

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
# The laboratory trains a network of 2-16-16-1 units in two parts: 100 updates at the rate that you choose, then 300 careful
# ones, perhaps with another activation but the same weights.
#
# - *Left:* the hinges of layer 1 (the lines $z = 0$). A dead unit's hinge, dotted, has no data on its positive side.
# - *Middle:* the share of dead units in both layers. (With other activations such units are not dead, only asleep: negative
#   everywhere.)
# - *Right:* the same after 100 updates, for 264 networks: four biases, eleven rates, six starts each.
#
# **Push the rate up until units die, lower it again, then start with a bias of −2.** And then wake them.

# %%
explore.dying_relu()

# %% [markdown]
# **What did you see?** Below some rate almost none die, and beyond it most do, within a few updates: there is no typical
# share, "up to 40 per cent" or any other, there is a curve. A negative bias kills without any learning rate.
#
# Is death for ever? 16 networks start with all hidden biases at −1, so that some units are dead, or asleep. How many are awake
# after 500 updates? In layer 1 the inputs never change. In layer 2 they do: they are the activations of layer 1.

# %%
kinds = {"relu": relu, "leaky 0.01": leaky_relu, "PReLU": PReLU, "elu": elu,
         "leaky 0.25": leaky_relu.with_slope(0.25)}
start, awake = explore.lab_network(-1.0, seed=0, ensemble=(16,)), {}
print("awake again in layer 1, in layer 2; median loss")
for name, kind in kinds.items():
    nets = explore.with_activation(start, kind)
    before = explore.asleep(nets, X_moons)
    history = train(nets, X_moons, Y_moons, bce, eta=0.3, steps=500)
    after = explore.asleep(nets, X_moons)
    awake[name] = [(b & ~a).sum() for b, a in zip(before, after)]
    counts = [f"{n:3} of {b.sum():3}" for n, b in zip(awake[name], before)]
    print(f"{name:11}", *counts, f"{np.median(history.loss[-1]):9.4f}")

# %% [markdown]
# Under plain descent no ReLU of layer 1 comes back: no gradient, no way. In layer 2 many do, when their inputs move. The usual
# leaky slope of 0.01 is so small that in 500 updates it woke none in layer 1; 0.25 and ELU do wake some.
# And the median loss of ReLU is no worse than that of leaky 0.01: dead units are lost, but not every network needs them.
# PReLU and ELU got further, for more reasons than this one. Results vary; count, before you believe.
#
# **The race.** Ten activations, the same starts, the same 1,500 digits in the same order, batches of 50, one learning rate for
# all. *Left:* after how many updates the mean loss over an *epoch* (30 batches, all digits once) falls below the goal; a dot for
# each start. *Right:* how many of 297 other digits they get right (below 80%: at the left edge), and beside it the number of
# parameters. **Move the learning rate, and watch who profits.**

# %%
explore.race()

# %% [markdown]
# One rate for all is not fair: what suits ReLU is far too careful for the sigmoid. So each gets four rates and five starts,
# 600 updates at most, and its best rate is the one at which its slowest start is quickest. In the table: the median, and in
# brackets the range over the starts. The words below it are computed from it, so they say what it supports, and no more.

# %%
RATES, STARTS = (0.2, 0.4, 0.8, 1.6), 5
data = split_digits(1500)
X, Y = data.X, data.Y

def run(name):
    nets = explore.racer(name, STARTS, copies=len(RATES))
    history = train(nets, X, Y, softmax_ce, np.repeat(RATES, STARTS), 600, batch=50)
    return explore.arrivals(history.loss, goal=0.1), explore.accuracy_on_test(nets)

table = explore.RaceTable(RATES, {name: run(name) for name in explore.RACERS})
table

# %%
updates = {name: np.median(arrived) for name, (_, arrived, _) in table.best.items()}
ratio = updates["tanh"] / updates["relu"]
print(f"tanh needs {ratio:.2f} times the updates of ReLU")
print("learning from 100 digits; right, of the test digits:")
for name, width in (("relu", 32), ("relu", 52), ("Maxout", 32), ("PReLU", 32)):
    nets = explore.racer(name, starts=10, width=width)
    size = sum(p.size for p in nets.parameters()) // 10
    train(nets, X[:100], Y[:100], softmax_ce, eta=0.2, steps=600, batch=50)
    right = np.median(explore.accuracy_on_test(nets))
    print(f"{name:7} {size:,} parameters: {right:.1%}")
s = nets.layers[0].slope
print(f"PReLU's slopes, 0.25 at the start: {s.min():.2f} to {s.max():.2f}")

# %% [markdown]
# **"Six times faster"** (Krizhevsky, Sutskever and Hinton 2012) was measured on one convolutional network on small photographs. On
# our digits it doesn't come out, and the order of the batches alone moves the table: pass `seed=1` to `train`, and see
# which of the words survive. **"Maxout overfits"**: with 100 digits it does as well as a ReLU network of as many
# parameters. **"Maxout is hard to train"**: it was quick, but fails at rates at which tanh still learns.
#
# **"$e^x$ is slow."** That depends on the processor, the library and the kind of numbers, so we won't tell you. **Tick the box,
# and your machine does.** Run it twice, and with both kinds of numbers.

# %%
explore.is_exp_slow()

# %% [markdown]
# The matrix products of a layer take their time too, so an activation that is twice as slow makes no network twice as slow.
#
# ## Exercises
#
# Each has a check that tells you what went wrong, and hints to unfold one at a time.

# %% [markdown]
# ### Exercise 1: What is left of the gradient
#
# A chain of neurons, each with one weight: $a_1 = \varphi(w_1 x)$, $a_2 = \varphi(w_2 a_1)$, and so on. Write
# `gradient_left(phi, x, weights)`, which returns $\partial a_L / \partial x$, one number. Use `phi(z)` and `phi.derivative(z)`.
# One value to know: for sigmoid, $x = 0$ and one weight of 4 it is 1.
#
# <details><summary>Hint 1</summary>Each neuron multiplies the gradient by its weight and by the slope at its own z.</details>
# <details><summary>Hint 2</summary>Go forward with a loop that keeps a, and multiply up the factors as you go.</details>
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
# <details><summary>Hint 1</summary>A zero in one sample is not death. For a unit to be dead, every sample must give zero.</details>
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
# PReLU gives $a = z$ where $z > 0$, and $a = p\,z$ elsewhere; each unit learns its own slope $p$. Write
# `prelu_backward(da, z, slope)`. It gets $\partial C / \partial a$ and $z$, both (N, n), and the slopes, (1, n). It returns the pair
# `delta` $= \partial C / \partial z$, (N, n), and `dslope` $= \partial C / \partial p$, (1, n). One value to know: with `da` and `slope` all 1,
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
# First, your guesses, beside what came out above.

# %% jupyter={"source_hidden": true}
left = explore.where_the_gradient_goes(activation="sigmoid", x=0.0, gain=1.0, layers=10).result.at_best[10]
times = needed["sigmoid(z)"] / needed["tanh(z/2)"]
explore.Score(guesses, {
    "depth": (2 if left < 1e-5 else 1, f"A quarter, ten times: {left:.2g}."),
    "dead": (2 if awake["relu"][0] == 0 else 1, f"Of those, {awake['relu'][0]} came back in layer 1."),
    "slow": (2 if times > 50 else 1, f"{needed['sigmoid(z)']:,} updates against {needed['tanh(z/2)']}."),
    "six": (2 if ratio < 1 else 1, f"tanh needed {ratio:.2f} times the updates of ReLU."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | A sigmoid is easy to interpret | true: as a probability, at an output | Derive 1 |
# | It saturates, and then its gradient is almost 0 | true; and even without saturation it passes a quarter at best | *Where the gradient goes*, *Down the depth* |
# | Positive inputs make descent zig-zag | true for each sample; a batch softens the signs, not the narrow valley | *Zig-zag* |
# | The coding doesn't matter if the functions are the same | false: a hundred times the updates | Derive 4 |
# | $e^x$ is slow | depends on the machine | *Is exp slow?* |
# | tanh is centered, works better than the sigmoid, but saturates | true | Derive 1, the race |
# | ReLU is six times faster than tanh | true of one published network; not on our digits, where tanh was quicker | the race |
# | A ReLU dies when its input is negative | false: only when it is negative for every sample | *The dying ReLU laboratory* |
# | Dead is dead for ever | true in layer 1 under plain descent; deeper units can come back | Break it |
# | Up to 40 per cent of the units die | there is no such number: it depends on rate and bias | *The dying ReLU laboratory* |
# | Leaky ReLU cures dying | partly: with a slope of 0.01 it woke none here in layer 1, with 0.25 some | Break it |
# | PReLU learns the slope, and is better for it | it learns it; better, on the digits, within the spread | *Bends that are learned*, the race |
# | Maxout costs k times the parameters, overfits, is hard to train | true in the hidden layers; not seen here; it needs a smaller rate | Build, the race |
# | Use ReLU, then leaky or Maxout; tanh second; never sigmoid | on this task sigmoid and softplus were slower, tanh and Maxout quicker; ReLU and its relatives lie within the spread | the race |
# | ELU, GELU and SiLU, which came later, are better | here: within the spread over starts | the race |
#
# 1. Going back, each layer multiplies by $w\,\varphi'(z)$. The sigmoid's slope is $a(1-a) \le \frac14$, tanh's $1 - a^2 \le 1$, ReLU's 0 or 1.
# 2. Inputs of one sign give gradients of one sign, sample by sample. Center your data.
# 3. Dead means negative for every sample. Watch the share; lower the rate.
# 4. PReLU and Maxout learn their bend; that costs parameters, and needs care.
# 5. Compare at each one's best rate, over several starts, and believe no difference smaller than the spread.
#
# **Symbols** $x$ input · $w, W, b$ weights and biases · $z$ weighted sum · $\varphi$ activation · $\varphi'$ its slope · $a = \varphi(z)$ · $\sigma$ sigmoid ·
# $C$ loss · $\delta = \partial C / \partial z$ · $\eta$ learning rate · $\lambda$ curvature · $s$ scale of the weights · $k$ pieces · $p$ slope of PReLU
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
