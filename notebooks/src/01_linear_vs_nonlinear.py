# %% [markdown]
# # 01 · Bend the line
#
# **Why can't a hundred linear layers do what a single bent one can?**
#
# Everybody has heard that a network "needs a nonlinearity". In this lesson you take it away, see what is lost, put it
# back, and measure what it buys. On the way you meet six widespread beliefs, five of them wrong.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. From then on each picture follows your hand.
#
# **You will be able to**
#
# - collapse any stack of linear layers into one, by hand, and say what is lost in a narrow layer
# - build a curve out of ReLUs with your own numbers, and say how many straight pieces layers of them can draw
# - state the universal approximation theorem exactly, and name four things that it does not say
#
# **You need** matrix products, and a first meeting with the words *weight*, *bias*, *sigmoid* and *gradient descent*.
#
# **Time** 45 minutes.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, PLANE, SGD, Adam, bce, check_gradients, gelu, he, identity, moons, mse, relu, sigmoid, silu
from nbcore import exercises, explore, stack, tanh, train, training

# %% [markdown]
# ## Predict
#
# Before you look, commit to a guess. A guess that fails teaches more than a text that succeeds. Your answers stay on
# this computer, and are scored at the end of the lesson.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("01", {
    "depth": ("A network with 3 hidden layers and no activation function learns two half moons. Its boundary is",
              ["bent three times", "bent, but only a little", "straight"]),
    "sigmoid": ("A single neuron with a sigmoid. Its boundary in the plane is",
                ["S-shaped, like the sigmoid", "straight", "round"]),
    "pieces": ("Twenty ReLUs, arranged in layers as you like. How many straight pieces can their curve have?",
               ["up to 20", "up to 21", "up to about 200", "more than 1,000"]),
    "outside": ("A network fits a curve between -1 and 1 within 0.003. At x = 3 it is off by",
                ["about 0.003 as well", "up to ten times that", "any amount: nothing is promised"]),
})
guesses

# %% [markdown]
# ## Explore
#
# Two sets of points in the plane, and a network that learns to tell them apart. It starts with the *identity* as its
# activation function, which means: with none at all. **Choose *tanh* and watch the line.** Each move of a control trains a
# new network, from its random start, for 1,000 updates.

# %%
explore.bend_the_line(activation="identity")

# %% [markdown]
# **What to look at.** *Left:* the plane, blue where the network says class 0 (circles), orange where it says class 1
# (squares); on the line it can't decide. *Middle:* what the last layer sees. The hidden layers have moved the plane and its
# grid; it is shown from the side on which the last layer's cut is a vertical line. *Right:* the loss, a measure of how wrong
# the network is, on a logarithmic axis.
#
# **What did you see?** Try these, one after the other:
#
# 1. With *identity*, add layers and units. Read the line of text under the picture.
# 2. Take *tanh*, on *rings*, with 1 hidden layer. How many units does it take to close the boundary?
# 3. With *relu* and 3 units, look for the corners of the boundary. Then change the seed: the same points, another start.
# 4. Take *moons*, *identity* and 3 hidden layers, and push the learning rate $\eta$ up, step by step. What breaks, and how?
# 5. Choose *digits 1 and 9*, with noise 0: real handwriting, seen along its two directions of greatest variance (its first
#    two principal components). How much does bending gain here, on the points it was trained on?
#
# <details><summary>What we saw</summary>1: the line stays straight, and one formula replaces all layers. 2: three units;
# with one the boundary is a line, with two a band. 3: where the boundary crosses a unit's hinge it has a corner; some starts
# fail. 4: already at twice the rate the loss jumps up and overflows after some ten updates. 5: four or five points in a
# hundred.</details>
#
# ### Nothing is hidden
#
# This is the whole experiment. A network with `depth` hidden layers of `width` units gets $x_1$ and
# $x_2$. Each unit takes a weighted sum $z$ of what comes in, adds a bias, and passes it through the *activation function*
# $\varphi$; the last one, a sigmoid, gives the probability of class 1. *Gradient descent* with *learning rate* $\eta$ (eta)
# then lowers the *loss* $C$: the average of $-\ln$ (probability given to the true class), called `bce` here.

# %%
def bend(data, noise, depth, width, activation, eta, seed):
    X, Y = PLANE[data](200, noise, seed=0)
    net = MLP([2] + [width] * depth + [1], hidden=activation, output=sigmoid, seed=seed)
    losses = []
    for now in training(net, X, Y, loss=bce, optimizer=SGD(eta)):
        losses.append(now.loss)
        if now.step in (250, 600, 1000):
            yield explore.view(net, X, Y, losses)  # a picture on the way, and one at the end
        if now.step == 1000:
            return

*_, mine = bend("moons", noise=0.15, depth=1, width=8, activation="tanh", eta=1.0, seed=0)
theirs = explore.bend_the_line(activation="tanh").result
assert np.abs(mine.losses - theirs.losses).max() < 1e-12
print(f"loss after 1,000 updates: {mine.losses[-1]:.4f}, the same as in the picture")

# %% [markdown]
# ## Derive
#
# ### 1. One neuron draws one straight line
#
# A neuron without activation gives $z = w_1 x_1 + w_2 x_2 + b$. Its boundary is where $z$ equals some fixed number (the
# *cut*), and that is the equation of a straight line, as long as $w_1$ and $w_2$ are not both 0.
#
# XOR is class 1 where exactly one of two inputs is 1. Its four points can't be parted by a line, since
# $z(0,0) + z(1,1) = w_1 + w_2 + 2b = z(0,1) + z(1,0)$: one pair can't lie above the cut while the other lies below. A line
# can get three of four right. By squared error, the best linear answer is worse than that sounds.

# %%
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
xor_classes = np.array([0, 1, 1, 0])
with_ones = np.column_stack([X, np.ones(4)])
w1, w2, b = np.linalg.lstsq(with_ones, xor_classes)[0]
fit = with_ones @ [w1, w2, b]
print("best z at the four points:", fit.round(6))
print("mean squared error:       ", np.mean((fit - xor_classes) ** 2).round(6))

# %% [markdown]
# The answer is 0.5 everywhere. In squared error, no line beats a constant.
#
# ### 2. Layers without activation are one layer
#
# "Linear" means $W x + b$ here, as everywhere in this field. On the board, with one sample as a column $x$, two linear
# layers are
#
# $$W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2).$$
#
# The right side is a single layer again, with $W = W_2 W_1$ and $b = W_2 b_1 + b_2$. A third layer changes nothing in
# the argument, nor does a hundredth. In the code samples are rows, so a line reads transposed and in reverse order:
# `Z = A @ W.mT + b` (`.mT` transposes a matrix).

# %%
net = MLP([2, 5, 4, 3], hidden=identity, output=identity, seed=3)
for layer in net.layers:
    layer.b = np.random.default_rng(layer.n_out).normal(size=(1, layer.n_out))
W1, W2, W3 = (layer.W for layer in net.layers)
b1, b2, b3 = (layer.b for layer in net.layers)
W = W3 @ W2 @ W1
b = b1 @ W2.mT @ W3.mT + b2 @ W3.mT + b3
points = np.random.default_rng(0).normal(size=(1000, 2))
assert np.abs(net.forward(points) - (points @ W.mT + b)).max() < 1e-12
print("three layers, one formula: the same on 1,000 points to 1e-12. Shape of W:", W.shape)

# %% [markdown]
# ### 3. What a narrow linear layer loses
#
# The collapsed layer can even be poorer than it looks. The rank of a product is at most the smallest rank in it. So a
# linear layer of width 1, anywhere, leaves a map of rank 1: here six outputs, but all of them on one line.

# %%
narrow = MLP([6, 8, 1, 8, 6], hidden=identity, output=identity, seed=0)
product = np.eye(6)
for layer in narrow.layers:
    product = layer.W @ product
print("rank of the whole 6 x 6 map:", np.linalg.matrix_rank(product))

# %% [markdown]
# ### 4. A sigmoid at the end bends nothing
#
# One layer with a sigmoid behind it, $a = \sigma(z)$ with $\sigma(z) = 1 / (1 + e^{-z})$, is *logistic regression*. It is
# widely believed that the sigmoid makes the boundary nonlinear. It doesn't. The boundary is where $a = 0.5$, and $\sigma$
# climbs strictly, so that happens at exactly one value of $z$, namely $z = 0$. One value of $z$: a straight line again.
#
# More generally, let $\varphi$ *never fall*: tanh, ReLU, leaky ReLU, ELU, softplus. Then $a$ lies above a cut exactly where
# $z$ lies beyond some number, so the border is one straight line, or there is none.
#
# But look at the curves of *silu* and *gelu*: they fall before they climb. A horizontal cut through the dip meets the curve
# **twice**, and two values of $z$ are two parallel lines. Choose *silu*, let class 1 be *below the cut*, and look for
# weights, a bias and a cut that put all four points of XOR on their sides. (You will need it in Exercise 3.)

# %%
explore.one_neuron()

# %%
for phi, dip, cut in ((silu, -1.278, -0.17), (gelu, -0.752, -0.1)):
    a = phi(3 * (X[:, 0] + X[:, 1] - 1) + dip)
    print(f"{phi} at the four points: {a.round(3) + 0.0}, class 1 where a < {cut}: {(a < cut).astype(int)}")

# %% [markdown]
# One neuron computes XOR. "A single neuron can't do XOR" is true for activations that never fall, and false for two of
# today's most used ones. The lines are still straight, though: an activation alone bends nothing.
#
# ### 5. A hidden layer moves the plane until a line is enough
#
# Now the real thing. Give XOR two hidden ReLUs, $\mathrm{relu}(z) = \max(0, z)$:
#
# $$h_1 = \mathrm{relu}(x_1 + x_2), \qquad h_2 = \mathrm{relu}(x_1 + x_2 - 1), \qquad z = h_1 - 2 h_2.$$
#
# The hidden layer sends $(0,1)$ and $(1,0)$ to one place, $(1,0)$, leaves $(0,0)$ where it is, and sends $(1,1)$ to
# $(2,1)$. Now the straight line $h_1 - 2 h_2 = \frac12$ parts the classes. A second small wonder: $|x|$ has a corner, and two
# ReLUs draw it exactly.

# %%
H = relu(X @ np.array([[1, 1], [1, 1]]).T + [0, -1])
print("hidden layer:", H.astype(int).tolist())
print("output z:    ", (H @ [1, -2]).astype(int).tolist())
x = np.linspace(-2, 2, 401)
assert (np.abs(x) == relu(x) + relu(-x)).all()

# %% [markdown]
# That is how layers bend lines. No layer ever cuts with anything but a straight line (in more dimensions: a plane); the
# layers before it bend the space. It is what the middle panel of *Bend the line* shows.
#
# ### 6. Folds multiply, pieces add
#
# On the interval from 0 to 1, two ReLUs make a *tent*, $T(x) = 2\,\mathrm{relu}(x) - 4\,\mathrm{relu}(x - \tfrac12)$: up from 0
# to 1, and down again. The tent maps the interval onto itself *twice*. So a tent of a tent has four pieces, and each further
# layer of two ReLUs doubles their number. Side by side, in one layer, each ReLU of one input adds at most one corner: $n$ of
# them make at most $n + 1$ pieces.

# %%
explore.fold_the_line()

# %%
x = np.linspace(0, 1, 2**12 + 1)
y = x
for _ in range(10):
    y = 2 * relu(y) - 4 * relu(y - 0.5)
corners = (np.abs(np.diff(y, 2)) > 1e-9).sum()
print("ten layers of two ReLUs, 20 units:", corners + 1, "straight pieces")
print("20 ReLUs in one layer, at most:   ", 20 + 1)

# %% [markdown]
# ## Build
#
# The whole of today's idea is one line, `A = phi(A @ W.mT + b)`, repeated. Leave out `phi`, and you can leave out the
# loop as well.

# %%
def forward(X, weights, biases, phi):
    A = X
    for W, b in zip(weights[:-1], biases[:-1]):
        A = phi(A @ W.mT + b)
    return sigmoid(A @ weights[-1].mT + biases[-1])

net = MLP([2, 8, 8, 1], hidden=tanh, output=sigmoid, seed=1)
X_moons, Y_moons = moons(200, noise=0.15, seed=1)
mine = forward(X_moons, [layer.W for layer in net.layers], [layer.b for layer in net.layers], tanh)
assert np.abs(mine - net.forward(X_moons)).max() < 1e-12
print("your network and nbcore's agree to 1e-12")

# %% [markdown]
# Now build a curve with your own hands. A hidden layer with one input is a box of pieces: each unit gives
# $w \cdot \varphi(s\,(x - k))$, a ReLU hinge that starts at $k$ (with $s = 1$), or a smooth sigmoid step centered at $k$ (with
# $s = 20$). The output adds them up, and adds a constant $c$. Two hinges are set; from left to right they follow the
# dots, but not to the end. Where should the third one turn the line, and with what weight? What can the fourth mend? Then
# start over with sigmoid steps, or another target. *Training updates* lets gradient descent (Adam) go on from your settings, moving all $w$, $s$, $k$ and $c$.

# %%
explore.build_by_hand()

# %% [markdown]
# **What did you see?** A ReLU hinge changes the *slope* from $k$ onward; a sigmoid step changes the *height* around $k$.
# With enough of either, any continuous curve on a closed interval can be followed as closely as you like. That is the
# heart of the theorem in *Break it*.
#
# ## Check
#
# All these networks learned by gradients. How do we know that the gradients are right? We nudge each weight a little, see
# how the loss follows, and compare: array by array, relative to the size of the gradient. We start from an odd place (7
# points, biases that are not zero), so that no error can hide behind a symmetry.

# %%
odd = MLP([2, 5, 4, 1], hidden=tanh, output=sigmoid, seed=11)
for layer in odd.layers:
    layer.b = np.random.default_rng(layer.n_out).normal(size=(1, layer.n_out))
check_gradients(odd, X_moons[:7], Y_moons[:7], bce)

# %% [markdown]
# ## Break it
#
# **The universal approximation theorem, exactly.** Fix an activation $\varphi$. Call it *universal* if for every closed
# and bounded set $K$ in $\mathbb{R}^n$, every continuous function $f$ on $K$ and every tolerance $\varepsilon > 0$ there are a
# width and weights such that a network with one hidden layer (with biases) and a linear output differs from $f$ by less
# than $\varepsilon$ everywhere on $K$. Universal are
#
# - every continuous $\varphi$ that tends to 0 on the left and to 1 on the right (Cybenko 1989), and every continuous,
#   bounded, nonconstant $\varphi$ (Hornik 1991);
# - among all locally bounded, piecewise continuous $\varphi$ exactly those that are not a polynomial (Leshno, Lin, Pinkus and
#   Schocken 1993; all up to sets of measure zero). So ReLU is universal, and "a squashing activation is a must" is false.
#
# In a weaker sense it holds for more targets: for a squashing $\varphi$ (one that never falls, with limits 0 and 1), every
# Borel measurable target and every probability distribution of inputs, the chance of an error above $\varepsilon$ can be made
# smaller than $\varepsilon$ (Hornik, Stinchcombe and White 1989).
#
# **What it does not say:** how many units it takes, whether training finds them, what happens outside the set, and what
# noise in the data does. The first three you can break here. The line is a fit with *evenly spaced* units and output weights
# by least squares, so its error is an upper bound on what that width can do.

# %%
explore.width_and_error(target="wiggle", activation="relu", width=8)

# %% [markdown]
# **Try** a polynomial (*square*, *cube*) with more and more units; look at the shaded sides; *also train all weights*, over
# some seeds. Then the numbers: the largest error of such fits on $[-1, 1]$, by width.

# %%
from nbcore.explore.linear_vs_nonlinear import how_wide

outside = {}
for name in ("relu", "tanh", "square (a polynomial)"):
    *_, fit = how_wide("wiggle", name, width=64, trained=False, seed=0)
    outside[name] = fit.outside
    row = "  ".join(f"{w}: {error:.2g}" for w, error in zip(fit.widths, fit.errors) if w >= 8)
    print(f"{name:22}{row}   up to {fit.outside:.0f} off outside")

# %% [markdown]
# For the square, width buys nothing: a sum of squares of linear functions of $x$ is one parabola, with three numbers in it,
# however many units there are. And outside the interval no fit owes you anything.
#
# **"More layers, more power."** Of what can be *represented*, yes: you folded 1,024 pieces out of 20 units. Does training
# *find* such things? Twenty networks, each from its own start, try to learn the tent of a tent of a tent, with exactly
# the layers that can represent it without error: 2,000 updates of Adam with $\eta = 0.01$, first hinges spread over the
# interval. Then eight much wider ones.

# %%
def learn_tent3(width, starts):
    x = tent3 = np.linspace(0, 1, 129)[:, None]
    for _ in range(3):
        tent3 = 2 * relu(tent3) - 4 * relu(tent3 - 0.5)
    nets = stack([MLP([1] + 3 * [width] + [1], hidden=relu, output=identity, init=he, seed=k) for k in range(starts)])
    nets.layers[0].b = -np.random.default_rng(0).uniform(size=(starts, 1, width)) * nets.layers[0].W.mT
    history = train(nets, x, tent3, mse, optimizer=Adam(0.01), steps=2000)
    error = np.sqrt(2 * history.loss.min(axis=0))  # root mean square, at the best moment of each run
    print(f"3 layers of {width:2}: {(error < 0.1).sum()} of {starts} starts reach a rms error below 0.1 (a constant: {np.std(tent3):.2f})")

learn_tent3(width=2, starts=20)
learn_tent3(width=32, starts=8)

# %% [markdown]
# Not one of the twenty that are just large enough comes near; all of the wide ones do. That a solution exists and that
# descent finds it are two different statements.
#
# ## Exercises
#
# Each has a check that tells you what went wrong, and hints to unfold one at a time.

# %% [markdown]
# ### Exercise 1: Collapse three layers
#
# Write `collapse(weights, biases)`. It gets three matrices `[W1, W2, W3]`, each of shape (n_out, n_in), and three biases
# `[b1, b2, b3]`, each a row of shape (1, n_out), and returns the `W` and `b` of the one layer that equals all three.
# One value to know: with all weights `[[2.]]` and all biases `[[1.]]` it gives `W = [[8.]]`, `b = [[7.]]`.
#
# <details><summary>Hint 1</summary>Start from two layers: write W2 (W1 x + b1) + b2 and multiply it out.</details>
# <details><summary>Hint 2</summary>The bias of an early layer passes through every later weight matrix. As a row it is multiplied from the right by the transpose.</details>
# <details><summary>Hint 3</summary>A loop needs only one step: given the W and b so far, what do they become after one more layer?</details>
#
# [Solution](../notebooks/solutions/01_linear_vs_nonlinear.ipynb)

# %%
def collapse(weights, biases):
    # BEGIN SOLUTION
    W, b = weights[0], biases[0]
    for W_next, b_next in zip(weights[1:], biases[1:]):
        W, b = W_next @ W, b @ W_next.mT + b_next
    return W, b
    # END SOLUTION

exercises.check_collapse(collapse)

# %% [markdown]
# ### Exercise 2: A hat out of three ReLUs
#
# Find the arrays of a 1-3-1 network with ReLUs and a linear output that draws a hat: 0 up to $x = 0$, then straight up to
# 1 at $x = 0.5$, straight down to 0 at $x = 1$, and 0 from there on. Shapes: W1 (3, 1), b1 (1, 3), W2 (1, 3), b2 (1, 1).
# One value to know: at $x = 0.25$ the hat is 0.5.
#
# <details><summary>Hint 1</summary>A unit relu(x + b) is zero up to x = -b, its hinge. Where does the hat change its slope?</details>
# <details><summary>Hint 2</summary>Slopes add up. Write down the slope of the hat in each of its four parts; the weights are the changes from one part to the next.</details>
# <details><summary>Hint 3</summary>The slopes are 0, 2, -2, 0. So the first weight is 2.</details>
#
# [Solution](../notebooks/solutions/01_linear_vs_nonlinear.ipynb)

# %%
# BEGIN SOLUTION
W1, b1 = [[1], [1], [1]], [[0, -0.5, -1]]
W2, b2 = [[2, -4, 2]], [[0]]
# END SOLUTION
# BEGIN STUB
# W1, b1 = ..., ...
# W2, b2 = ..., ...
# END STUB

exercises.check_hat(W1, b1, W2, b2)

# %% [markdown]
# ### Exercise 3: XOR with a single neuron
#
# Give the weights `w` (two numbers), the bias `b` and the `cut` of one SiLU neuron, such that class 1 of XOR is exactly
# where $a < \mathrm{cut}$, with every point at least 0.01 away from the cut. The curve's lowest point is
# $a = -0.278$ at $z = -1.278$. The lesson's own numbers don't count: find others.
#
# <details><summary>Hint 1</summary>The points (0,1) and (1,0) should land in the dip, the other two to its left and right.</details>
# <details><summary>Hint 2</summary>With equal weights w, the four points sit at z = b, b + w, b + w and b + 2w. So b + w should be near -1.278.</details>
# <details><summary>Hint 3</summary>The larger w, the further out are (0,0) and (1,1). On the left the curve creeps back to 0, so the cut must be between the dip and that.</details>
#
# [Solution](../notebooks/solutions/01_linear_vs_nonlinear.ipynb)

# %%
# BEGIN SOLUTION
w = [4, 4]
b = -5.3
cut = -0.2
# END SOLUTION
# BEGIN STUB
# w = ...
# b = ...
# cut = ...
# END STUB

exercises.check_xor_neuron(w, b, cut)

# %% [markdown]
# ## What to keep
#
# First, your guesses, beside what came out above.

# %%
W_b_and_gap = explore.bend_the_line(activation="identity", depth=3).result.collapsed
lines = len(explore.one_neuron(activation="sigmoid").result.lines)
explore.Score(guesses, {
    "depth": (2 if W_b_and_gap[2] < 1e-12 else 1, "Four linear layers equal one W and b, to 1e-12."),
    "sigmoid": (1 if lines == 1 else 0, f"The sigmoid crosses the cut once: {lines} straight line."),
    "pieces": (3 if corners + 1 > 1000 else 1, f"Ten layers of two made {corners + 1:,} pieces."),
    "outside": (2 if outside["relu"] > 0.03 else 0, f"The ReLU fit was off by up to {outside['relu']:.0f} outside."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Depth alone makes a network powerful | false: without an activation, any depth is one layer | Derive 2, *Bend the line* |
# | A sigmoid output bends the boundary | false: it is straight for every activation that never falls | Derive 4, *One neuron* |
# | One neuron can't do XOR | false for SiLU and GELU | Derive 4, Exercise 3 |
# | Universality needs a squashing activation | false: ReLU is universal; only polynomials fail, if $\varphi$ is locally bounded and piecewise continuous | Break it |
# | A universal network extrapolates | false: the theorem ends where its set ends | *How wide is wide enough?* |
# | More layers, more power | true of what exists (1,024 pieces from 20 units), not of what training finds | Derive 6, Break it |
#
# 1. A stack of linear layers is one linear layer: $W = W_L \cdots W_1$.
# 2. An activation alone bends nothing; a hidden layer with one bends the *space*, and a straight cut does the rest.
# 3. ReLUs side by side add corners; in layers they multiply pieces.
# 4. One hidden layer comes as close as you like to any continuous target on a closed, bounded set, if and only if $\varphi$
#    (locally bounded, piecewise continuous) is not a polynomial.
# 5. Existence is not learning, and neither is extrapolation.
#
# **Symbols** $x$ input · $W, b$ weights and biases · $z$ weighted sum · $\varphi$ activation · $a = \varphi(z)$ · $\sigma$ sigmoid ·
# $h$ hidden unit · $T$ tent · $w, s, k, c$ weight, steepness, place and constant of pieces · $\eta$ learning rate · $C$ loss
#
# **Sources** G. Cybenko, *Approximation by superpositions of a sigmoidal function*, 1989, Theorem 2 ·
# K. Hornik, M. Stinchcombe, H. White, *Multilayer feedforward networks are universal approximators*, 1989, Theorem 2.4 ·
# K. Hornik, *Approximation capabilities of multilayer feedforward networks*, 1991, Theorem 2 ·
# M. Leshno, V. Lin, A. Pinkus, S. Schocken, *Multilayer feedforward networks with a nonpolynomial activation function can
# approximate any function*, 1993, Theorem 1 · M. Telgarsky, *Benefits of depth in neural networks*, 2016 (the tents)

# %% [markdown]
# previous: [the map of lessons](../README.md) · next: 02, activation saturation (in preparation)
