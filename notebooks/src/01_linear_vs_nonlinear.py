# %% [markdown]
# # 01 · Bend the line
#
# **Why can't a hundred linear layers do what a single bent one can?**
#
# Everybody has heard that a network "needs a nonlinearity". In this lesson you take it away, watch what dies,
# put it back, and measure what it buys. You will also meet three beliefs that are widespread and wrong.
#
# **You will be able to**
#
# - collapse any stack of linear layers into one, by hand, and say what is lost in a narrow layer
# - build a curve out of ReLUs with your own numbers, and say how many straight pieces a network can have
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

# %%
guesses = explore.Predict("01", {
    "depth": ("A network with 3 hidden layers and no activation function learns two half moons. Its boundary is",
              ["bent three times", "bent, but only a little", "straight"]),
    "sigmoid": ("A single neuron with a sigmoid. Its boundary in the plane is",
                ["S-shaped, like the sigmoid", "straight", "round"]),
    "pieces": ("Twenty ReLUs, arranged as you like. The curve they draw has at most how many straight pieces?",
               ["20", "21", "about 200", "more than 1,000"]),
    "outside": ("A network fits a curve between -1 and 1 within 0.003. At x = 3 it is off by",
                ["about 0.003 as well", "ten times that", "anything: nothing is promised"]),
})
guesses

# %% [markdown]
# ## Explore
#
# Here is a complete experiment in ten lines. A network with `depth` hidden layers of `width` units each gets two numbers,
# $x_1$ and $x_2$, and says with what probability a point is of class 1. Each hidden unit takes a weighted sum of what
# comes in, adds a bias, and applies the *activation function* $\varphi$. Then 1,000 updates of gradient descent with
# *learning rate* $\eta$ (eta) make the *loss* $C$ small: the average surprise at the true classes.
#
# All of it runs again, from the start, each time you move a control.

# %%
def bend(data, noise, depth, width, activation, eta, seed):
    X, Y = PLANE[data](200, noise, seed)
    net = MLP([2] + [width] * depth + [1], hidden=activation, output=sigmoid, seed=seed)
    losses = []
    for now in training(net, X, Y, loss=bce, optimizer=SGD(eta)):
        losses.append(now.loss)
        if now.step in (250, 600, 1000):
            yield explore.view(net, X, Y, losses)  # a picture on the way, and one at the end
        if now.step == 1000:
            return

explore.bend_the_line(bend)

# %% [markdown]
# **What to look at.** *Left:* the plane, blue where the network says class 0 (circles), orange for class 1 (squares); the
# line is where it can't decide. *Middle:* the same plane after the hidden layers have moved it, with its grid. There, the
# last layer always cuts with one straight line. *Right:* the loss on a logarithmic axis.
#
# **What did you see?** Try these, one after the other:
#
# 1. Set the activation to *identity*, $\varphi(z) = z$. Then add layers and units. Read the line of text under the picture.
# 2. Back to *tanh*, on *rings*, with 1 hidden layer. How many units does it take to close the boundary?
# 3. With *relu* and 2 units, look for the corners of the boundary. Then change the seed: another start, another fate.
# 4. Push the learning rate up until something breaks. What does the loss look like just before?
# 5. Choose *digits 1 and 9*: real handwriting, seen along its two most telling directions. Does bending help here?

# %% [markdown]
# ## Derive
#
# ### 1. One neuron draws one straight line
#
# A neuron without activation gives $z = w_1 x_1 + w_2 x_2 + b$. Its boundary is where $z$ equals some fixed number, and
# that is the equation of a straight line. The four points of XOR (class 1 where exactly one input is 1) can't be parted
# so. What is the best that a line can do? Least squares knows.

# %%
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
xor_classes = np.array([0, 1, 1, 0])
with_ones = np.column_stack([X, np.ones(4)])
w1, w2, b = np.linalg.lstsq(with_ones, xor_classes)[0]
fit = with_ones @ [w1, w2, b]
print("best z at the four points:", fit.round(6))
print("mean squared error:       ", np.mean((fit - xor_classes) ** 2).round(6))

# %% [markdown]
# The best linear answer to XOR is 0.5 everywhere: it has learned nothing at all.
#
# ### 2. Layers without activation are one layer
#
# On the board, with one sample as a column $x$, two linear layers are
#
# $$W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2).$$
#
# The right side is a single layer again, with $W = W_2 W_1$ and $b = W_2 b_1 + b_2$. A third layer changes nothing in
# the argument, nor does a hundredth. In the code samples are rows, so a line reads transposed and in reverse order:
# `Z = A @ W.mT + b`.

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
# Something is lost on the way, even so. The rank of a product is at most the smallest rank in it. One linear layer of
# width 1 in the middle, and the whole network can only see the plane as a line of shadows.

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
# widely believed that the sigmoid makes the boundary nonlinear. It doesn't. The boundary is where $a = 0.5$, and since
# $\sigma$ only ever climbs, that happens at exactly one value of $z$. One value of $z$: a straight line again. This holds
# for every activation that only climbs: tanh, ReLU, leaky ReLU, ELU, softplus.
#
# But look at the curves of *silu* and *gelu*: they dip below zero before they climb. A horizontal cut through the dip
# meets the curve **twice**, and two values of $z$ are two parallel lines. In the explorer, choose *silu*, then look for
# weights, a bias and a cut that put all four points of XOR on their sides. (You will need it in Exercise 3.)

# %%
explore.one_neuron(activation="sigmoid")

# %%
for phi, dip, cut in ((silu, -1.278, -0.17), (gelu, -0.752, -0.1)):
    a = phi(3 * (X[:, 0] + X[:, 1] - 1) + dip)
    print(phi, "at the four points:", a.round(3), " class 1 where a <", cut, ":", (a < cut).astype(int))

# %% [markdown]
# One neuron computes XOR. "A single neuron can't do XOR" is true for activations that only climb, and false for two of
# today's most used ones. The lines are still straight, though: an activation alone bends nothing.
#
# ### 5. A hidden layer moves the plane until a line is enough
#
# Now the real thing. Give XOR two hidden ReLUs, $\mathrm{relu}(z) = \max(0, z)$:
#
# $$h_1 = \mathrm{relu}(x_1 + x_2), \qquad h_2 = \mathrm{relu}(x_1 + x_2 - 1), \qquad z = h_1 - 2 h_2.$$
#
# The hidden layer sends $(0,1)$ and $(1,0)$ to the same place, and folds $(1,1)$ back. After that, one line is enough.

# %%
H = relu(X @ np.array([[1, 1], [1, 1]]).T + [0, -1])
print("hidden layer:", H.astype(int).tolist())
print("output z:    ", (H @ [1, -2]).astype(int).tolist())

# %% [markdown]
# That is all there is to "deep learning bends lines". No layer ever cuts with anything but a straight line; the layers
# before it bend the space. It is what the middle panel of *Bend the line* shows.
#
# ### 6. Folds multiply, pieces add
#
# Two ReLUs make a *tent*, $T(x) = 2\,\mathrm{relu}(x) - 4\,\mathrm{relu}(x - \tfrac12)$: up from 0 to 1, and down again.
# A tent maps the interval from 0 to 1 onto itself *twice*. So a tent of a tent has four pieces, and each further layer of
# two ReLUs doubles their number. Side by side, each ReLU adds at most one corner: $n$ of them make at most $n + 1$ pieces.

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
# $w \cdot \varphi(s\,(x - k))$, a hinge or a step of weight $w$ that begins at $x = k$. The output adds them up, and adds
# a constant $c$. The dots are the target. Set $k$ and $w$ of one piece after the other and follow it from left to right;
# then let gradient descent carry on *from your settings*.

# %%
explore.build_by_hand()

# %% [markdown]
# **What did you see?** A ReLU hinge changes the *slope* from $k$ onward; a sigmoid step changes the *height* around $k$.
# With enough of either you can follow any continuous curve. That is the heart of the theorem that comes next.
#
# ## Check
#
# All these networks learned by gradients. How do we know that the gradients are right? We nudge each weight a little and
# see how the loss follows. Here from an odd start (7 points, biases that are not zero), so that no error can hide behind
# a symmetry. The check says how far apart the two are, relative to their size.

# %%
odd = MLP([2, 5, 4, 1], hidden=tanh, output=sigmoid, seed=11)
for layer in odd.layers:
    layer.b = np.random.default_rng(layer.n_out).normal(size=(1, layer.n_out))
check_gradients(odd, X_moons[:7], Y_moons[:7], bce)

# %% [markdown]
# ## Break it
#
# **The universal approximation theorem, exactly.** Take one hidden layer, a linear output, and a continuous target on a
# closed, bounded set. For every tolerance, however small, there is a width and there are weights such that the network
# stays within it everywhere on the set. It holds
#
# - for sigmoid-like activations (Cybenko 1989), and for any that is continuous, bounded and not constant (Hornik 1991);
# - for any that is piecewise continuous and locally bounded, **if and only if it is not a polynomial** (Leshno, Lin,
#   Pinkus and Schocken 1993). So ReLU is in, and "a squashing activation is a must" is false;
# - in a weaker sense, in measure, for every Borel measurable target and every squashing activation (Hornik,
#   Stinchcombe and White 1989).
#
# **What it does not say:** how many units it takes, whether training finds them, what happens outside the set, and what
# noise in the data does. The first three you can break here.

# %%
explore.width_and_error(target="wiggle", activation="relu", width=8)

# %% [markdown]
# **Try:** a polynomial (*square*, *cube*) and more and more units. The shaded sides. *Show what training finds*, over some
# seeds. Then the numbers: the largest error of the best fit on $[-1, 1]$, by width.

# %%
from nbcore.explore.linear_vs_nonlinear import how_wide

outside = {}
for name in ("relu", "tanh", "square (a polynomial)"):
    *_, fit = how_wide("wiggle", name, width=64, trained=False, seed=0)
    outside[name] = fit.outside
    row = "  ".join(f"{w}: {error:.2g}" for w, error in zip(fit.widths, fit.errors) if w >= 8)
    print(f"{name:22}{row}   up to {fit.outside:.0f} off outside")

# %% [markdown]
# For the square, width buys nothing: a sum of squares of straight lines is one parabola, with three numbers in it, however
# many units there are. And outside the interval every one of them may be arbitrarily wrong.
#
# **"More layers, more power."** Of what can be *represented*, yes: you folded 1,024 pieces out of 20 units. Does training
# *find* such things? Twenty networks, each from its own start, try to learn the tent of a tent of a tent, with exactly
# the layers that can represent it without error.

# %%
def learn_tent3(width, starts):
    x = tent3 = np.linspace(0, 1, 129)[:, None]
    for _ in range(3):
        tent3 = 2 * relu(tent3) - 4 * relu(tent3 - 0.5)
    nets = stack([MLP([1] + 3 * [width] + [1], hidden=relu, output=identity, init=he, seed=k) for k in range(starts)])
    nets.layers[0].b = -np.random.default_rng(0).uniform(size=(starts, 1, width)) * np.abs(nets.layers[0].W.mT)
    history = train(nets, x, tent3, mse, optimizer=Adam(0.01), steps=2000)
    error = np.sqrt(2 * history.loss.min(axis=0))  # root mean square, at the best moment of each run
    print(f"3 layers of {width:2}: {(error < 0.1).sum()} of {starts} starts come within 0.1 (a constant 0.5: {np.std(tent3):.2f})")

learn_tent3(width=2, starts=20)
learn_tent3(width=32, starts=8)

# %% [markdown]
# Not one of the twenty that are just large enough comes near. That a solution exists and that descent finds it are two
# different statements. Give descent many more units than the solution needs, and most starts arrive. (The first biases
# are drawn so that the first hinges lie between 0 and 1, which helps both.)
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
# $a = -0.278$ at $z = -1.278$. Find numbers other than the ones above.
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
# First, your guesses. The right answers are not written down here: they come from the numbers above.

# %%
straight = explore.bend_the_line(bend, activation="identity", depth=3).result.collapsed
explore.Score(guesses, {
    "depth": (2 if straight is not None else 0, "Four linear layers were one W and b, to 1e-12."),
    "sigmoid": (1, "The sigmoid is one half at one value of z only."),
    "pieces": (3 if corners + 1 > 1000 else 1, f"Ten layers of two made {corners + 1:,} pieces."),
    "outside": (2, f"The ReLU fit within 0.003 was off by up to {outside['relu']:.0f} outside."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Depth alone makes a network powerful | false: without an activation, any depth is one layer | Derive 2, *Bend the line* |
# | A sigmoid output bends the boundary | false: it is straight for every activation that only climbs | Derive 4, *One neuron* |
# | One neuron can't do XOR | false for SiLU and GELU | Derive 4, Exercise 3 |
# | Universality needs a squashing activation | false: anything but a polynomial will do | Break it |
# | A universal network extrapolates | false: the theorem ends where its set ends | *How wide is wide enough?* |
# | More layers, more power | true of what exists (1,024 pieces from 20 units), not of what training finds | Derive 6, Break it |
#
# 1. A stack of linear layers is one linear layer: $W = W_L \cdots W_1$.
# 2. An activation alone bends nothing; a hidden layer with one bends the *space*, and a straight cut does the rest.
# 3. ReLUs side by side add corners; in layers they multiply pieces.
# 4. One hidden layer is enough for any continuous target on a bounded set, if and only if $\varphi$ is not a polynomial.
# 5. Existence is not learning, and neither is extrapolation.
#
# **Symbols** $x$ input · $W, b$ weights and biases · $z$ weighted sum · $\varphi$ activation · $a = \varphi(z)$ ·
# $\eta$ learning rate · $C$ loss
#
# **Sources** G. Cybenko, *Approximation by superpositions of a sigmoidal function*, 1989, Theorem 2 ·
# K. Hornik, M. Stinchcombe, H. White, *Multilayer feedforward networks are universal approximators*, 1989, Theorem 2.4 ·
# K. Hornik, *Approximation capabilities of multilayer feedforward networks*, 1991, Theorem 2 ·
# M. Leshno, V. Lin, A. Pinkus, S. Schocken, *Multilayer feedforward networks with a nonpolynomial activation function can
# approximate any function*, 1993, Theorem 1 · M. Telgarsky, *Benefits of depth in neural networks*, 2016 (the tents)

# %% [markdown]
# previous: [the map of lessons](../README.md) · next: 02, activation saturation (in preparation)
