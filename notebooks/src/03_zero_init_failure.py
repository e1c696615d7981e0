# %% [markdown]
# # 03 · Break the symmetry
#
# **When do zeros fail, and why exactly?**
#
# "Never start a network with zeros" is good advice, and the reasons that come with it are often wrong. You will start networks
# with zeros, with constants and with dice (random numbers), and meet zeros that are fine, zeros that fail in two ways, and
# randomness where nobody put any.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up.
#
# **You will be able to**
#
# - say, for any start of a network, which gradients are zero, which units stay copies, and what can still be learned
# - derive the variances of Xavier and He, one step at a time, and predict how activations and gradients change with depth
# - break the tie between identical units on purpose, without a random number
#
# **You need** matrix products, the chain rule, gradient descent, the activations of [lesson 01](01_linear_vs_nonlinear.ipynb), and
# dead units and leaky ReLU of [lesson 02](02_activation_saturation.ipynb). Gradients of softmax (lesson 04) and of hidden layers
# (lesson 05) are given where we use them.
#
# **Time** 60 minutes to read and play, 30 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, SGD, Sequential, bce, constant, exercises, explore, he, normal, numerical_gradient, relu, share
from nbcore import sigmoid, softmax, softmax_ce, split_digits, spread, tanh, train, training, xavier, zeros

data, rng = split_digits(1437), np.random.default_rng(0)

# %% [markdown]
# ## Predict
#
# Commit to a guess before you look. Your answers stay on this computer, and are scored at the end.
#
# The task is always the same: say which of ten digits a picture of 8 by 8 pixels shows.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("03", {
    "no_layer": ("No hidden layer, all weights start at 0. After training it is right on",
                  ["as many test digits as from a small random start", "about a third", "10% of them: it guesses"]),
    "copies": ("16 sigmoid units in a hidden layer, all weights start at 0. After training, their weights are",
               ["all still 0", "not 0, but all 16 units alike", "16 different sets"]),
    "relu_zeros": ("The same with ReLU. What learns?", ["all weights", "the output layer", "the output biases only", "nothing"]),
    "only_b1": ("All weights start at 0; only the biases of 16 hidden tanh units are random. After training it is right on",
             ["10%: it guesses", "about a third", "about two thirds", "96 to 99%", "all test digits"]),
    "frozen_64": ("64 tanh units with random weights that are never trained. Only the output layer learns. It is right on",
               ["10%: it guesses", "about a third", "93 to 97%", "98% or more"]),
})
guesses

# %% [markdown]
# ## Explore
#
# Here a network learns to read digits: 1,437 to learn from, 360 others as a test. Each move of a control trains a new one,
# for 2,000 updates of 64 digits each.
#
# - *Images:* the weights from the 64 pixels into each hidden unit, orange above 0 and blue below.
# - *Units differ by:* the largest difference between two hidden units, in any of their weights. At the bottom: none at all.
# - *Loss* and *test digits right*. Dotted lines show what guessing gives.
#
# It starts from zeros. **Look at the sixteen images, then let the weights start at *normal* instead, and watch both
# curves on the right.**

# %%
explore.zero_or_not()

# %% [markdown]
# **What did you see?** Try these. The line under the picture tells the *rank* of $W_1$, the number of independent directions
# among its rows.
#
# 1. *sigmoid*, *zeros*: does the number of hidden units matter? Try 1, and 32.
# 2. *tanh* and *relu*, *zeros*. What moves at all?
# 3. *constant*, with a scale of 0.1, and several activations. Is 0 the culprit?
# 4. Hidden layer *none*, *zeros*. Surprised?
# 5. *tanh*, *normal*: push the scale from 0.001 up to 10. Where does it learn best, and what goes wrong at the end?
# 6. *tanh*, *xavier*: how large may the learning rate $\eta$ be?
#
# <details><summary>What we saw</summary>1: little, since all units are alike; about a third is right. 2: no weight moves; it
# guesses. 3: no, every constant makes copies; up to 0.1 a third or so is right, and from 0.5 on hardly more than by guessing. 4: it
# learns as from any small start. 5: from 0.001 to about 0.4 all ends well, though the smallest start late; at 10 most units are
# <em>saturated</em> from the start, stuck at -1 or 1. 6: up to about 1.6.</details>
#
# **Nothing is hidden.** This is the whole experiment. `data` holds the digits: `X` (1437, 64) and `Y` (1437, 10) to learn from,
# `X_test` (360, 64) and `labels_test` to test. `Watch` writes down what the panels show. Change a line, and see *your* version
# by `explore.zero_or_not(train_from)` in a new cell.
#
# The second cell does task 5 from 20 starts, and counts. Where you see brackets below, the number before them is the median of 20
# starts, and they hold the middle 80%.

# %%
def train_from(hidden, start, scale, width, eta, seed):
    starts = dict(zeros=zeros, xavier=xavier, he=he, constant=constant(scale),
                  normal=normal(scale))
    inner = [] if hidden == "none" else [width]
    net = MLP([64, *inner, 10], [hidden] * len(inner), softmax, starts[start], seed)
    watch = explore.Watch(net)
    run = training(net, data.X, data.Y, softmax_ce, SGD(eta), batch=64, every=20)
    for _, now in zip(range(101), run):  # before the first update, then after each 20
        watch.look(now)
        yield watch.picture()

*_, mine = train_from("sigmoid", "zeros", scale=0.1, width=16, eta=0.5, seed=0)
assert np.abs(mine.losses - explore.zero_or_not().result.losses).max() < 1e-12

# %%
def learn(net, updates=1000, block=0):  # gives the share of test digits right
    train(net, data.X, data.Y, softmax_ce, eta=0.5, steps=updates, batch=64, seed=block)
    return np.mean(net.forward(data.X_test).argmax(-1) == data.labels_test, axis=-1)

for s, net in ((s, MLP([64, 16, 10], tanh, softmax, normal(s), ensemble=20)) for s in (0.001, 0.1, 10)):
    print(f"scale {s}: 90% right after 100 updates from {share(learn(net, 100) > 0.9)}")

# %% [markdown]
# ## Derive
#
# ### 1. Without a hidden layer, zeros are a good start
#
# *Softmax regression* has one output for each digit, and nothing in between: $z = W x + b$, and $a = \mathrm{softmax}(z)$
# gives ten probabilities. Below it is trained twice, on the same batches: from zeros, which many would call a bug, and from
# random weights.
#
# **Move the standard deviation (std) of the random start from 0.01 up to 3, and watch the difference and the two curves. Then
# take off the mean of the ten images.**

# %%
explore.two_starts()

# %% [markdown]
# Up to a std of 0.3 the two nets answer nearly all digits alike, and yet their weights differ. Why?
#
# The loss $C$ is $-\ln$ (probability given to the true digit). Its gradient for $w_k$, row $k$ of $W$, is
#
# $$\frac{\partial C}{\partial w_k} = (a_k - y_k)\,x, \qquad y_k = 1 \text{ for the true digit, else } 0.$$
#
# (Lesson 04 derives it.) It has no other weight as a factor, so zeros block nothing. And the targets $y_k$ tell the ten outputs
# apart, so each row gets a gradient of its own.
#
# The $a_k$ sum to 1, and so do the $y_k$. Then the ten gradients sum to 0, and **the mean of the ten images keeps its start**
# for ever. It doesn't matter: an image that is added to all ten shifts all $z_k$ alike, and softmax doesn't see it.
#
# Apart from that, the loss is *convex*: it has a single valley, and every start leads down into it. But a start far away has
# far to go. From a std of 3, much of the random image is still there after 2,000 updates. So zeros are as good as small random
# numbers, and better than large ones.

# %%
net = MLP([64, 10], output=softmax, init=zeros)
delta = net.forward(data.X) - data.Y
net.backward(softmax_ce, data.Y)
dW = net.layers[0].dW
assert np.allclose(dW, delta.T @ data.X / 1437)
assert len(np.unique(dW, axis=0)) == 10  # rows, all different
assert np.abs(dW.sum(axis=0)).max() < 1e-12

def wrong(init, block=0):  # test digits missed, 20 starts
    net = MLP([64, 10], output=softmax, init=init, seed=block, ensemble=20)
    return np.round(360 * (1 - learn(net, 2000, block)))

misses = [spread(wrong(init), ".0f") for init in (zeros, normal(0.1), normal(3))]
print("wrong of 360: from zeros {}, from std 0.1 {}, from std 3 {}".format(*misses))

# %% [markdown]
# ### 2. Copies stay copies
#
# Now a hidden layer. Unit $j$ has a row $w_j$ of weights from the pixels, a bias $b_j$, and a column $v_j$ of weights to the
# outputs. Its output is $h_j = \varphi(z_j)$ with $z_j = w_j \cdot x + b_j$. With $\delta = a - y$ at the outputs, its gradients
# for one digit are
#
# $$\begin{aligned}
# \frac{\partial C}{\partial v_j} &= \delta\, h_j \\[2pt]
# \frac{\partial C}{\partial b_j} &= (v_j \cdot \delta)\;\varphi'(z_j) \\[2pt]
# \frac{\partial C}{\partial w_j} &= (v_j \cdot \delta)\;\varphi'(z_j)\;x
# \end{aligned}$$
#
# **Let two units have the same $w$, $b$ and $v$. Then they have the same $z$, the same $h$, the same gradients, and after the
# update the same $w$, $b$ and $v$.** So they stay copies for ever, whatever $\varphi$ is, and whatever the common numbers
# are. Zero has nothing to do with it.
#
# Sixteen copies add up to one unit with an output weight 16 times as large. All rows of $W_1$ are equal: its rank is at most 1.

# %%
net = MLP([64, 16, 10], tanh, softmax, init=normal(0.5))
(first, last), delta = net.layers, net.forward(data.X) - data.Y
net.backward(softmax_ce, data.Y)
db = (delta @ last.W) * tanh.derivative(first.z, first.a)  # all units, all digits
assert np.allclose(first.dW, db.T @ data.X / 1437)

for hidden in ("sigmoid", "tanh", "relu", "gelu"):
    net = MLP([64, 16, 10], hidden, softmax, init=constant(0.1))
    train(net, data.X, data.Y, softmax_ce, eta=0.5, steps=200, batch=64)
    first, last = net.layers
    one = 16 * first.forward(data.X)[:, :1] * last.W[:, 0]  # the first unit, 16 times
    print(f"{hidden:8} rank of W1: {np.linalg.matrix_rank(first.W, tol=1e-6)},",
          "one unit does the same:", np.allclose(softmax(one + last.b), net.forward(data.X)))

# %% [markdown]
# ### 3. From zeros, a sigmoid wakes up, tanh and ReLU don't
#
# At zero, all $v_j$ are 0, so no gradient gets through to $W_1$ and $b_1$ in the first update. The gradient of $v_j$ has the
# factor $h_j = \varphi(0)$.
#
# - A sigmoid has $\varphi(0) = 0.5$: the output weights move in the first update. Now $v_j \ne 0$, and in the second $W_1$
#   moves as well. All units are copies, though.
# - Tanh and ReLU have $\varphi(0) = 0$: the output weights get no gradient either. Everything is stuck.
#
# **Everything? Here many texts slip.** They say: all gradients are zero, the output layer's included, and the output stays 0.
# But the *output bias* has the gradient $a - y$, without any factor in front. It learns how frequent each digit is, and that is
# all the network ever says. Nor is an output 0: a sigmoid output would be 0.5, and ten softmax outputs start at 0.1.

# %%
for hidden in ("sigmoid", "tanh", "relu"):
    net = MLP([64, 16, 10], hidden, softmax, init=zeros)
    run = training(net, data.X, data.Y, softmax_ce, SGD(1.0))
    for update, _ in zip((1, 2), run):
        pairs = zip(("W1", "b1", "W2", "b2"), net.gradients())
        print(f"{hidden:8} update {update} moves", *(n for n, g in pairs if g.any()))
train(net, data.X, data.Y, softmax_ce, eta=1.0, steps=300)
frequent = np.bincount(data.labels) / len(data.labels)  # the share of each digit
gap = np.abs(net.forward(data.X_test) - frequent).max()
print("relu, later: outputs are the digits' shares to 1e-6:", bool(gap < 1e-6))

# %% [markdown]
# On *balanced* targets, as many of each class, the errors $a - y$ of all examples add up to 0. Then the output bias gets no
# gradient either, nor do a sigmoid's output weights, since $h_j = 0.5$ for every example. *Check* shows it.
#
# ### 4. How large should the dice be? One unit, forward
#
# Let the weights into a unit be independent, with mean 0 and the same variance $\mathrm{Var}\,w$. The unit sums over
# $n_\text{in}$ inputs, $z = \sum_k w_k a_k$ (here each $w_k$ is one number). In the mean of $z^2$ over the dice, terms with two different weights average to 0, so only the
# squares are left:
#
# $$\mathrm{Var}\, z = \sum_k \mathrm{Var}\,w \; a_k^2 = n_\text{in}\; \mathrm{Var}\,w\; \overline{a^2},$$
#
# where $\overline{a^2}$ is the mean *square* of the inputs (not their variance: their mean counts as well).
#
# ### 5. Through the activation
#
# What is the mean square of $a = \varphi(z)$, compared with that of $z$?
#
# - **tanh** has slope 1 at 0, so for small $z$ it changes nothing: $\overline{a^2} \approx \mathrm{Var}\, z$. To keep the
#   signal from layer to layer, $n_\text{in}\, \mathrm{Var}\,w = 1$.
# - **ReLU** sets the negative $z$ to 0, half of them, and leaves the others: $\overline{a^2} = \frac12 \mathrm{Var}\, z$. To
#   keep the signal, $n_\text{in}\, \mathrm{Var}\,w = 2$. That is the initialization of **He**, $\mathrm{Var}\,w = 2 / n_\text{in}$.
# - **Sigmoid** isn't 0 at 0: $\overline{a^2} \approx \frac14$ however small $z$ is. Most of that is the 0.5 that every digit
#   gets. Later layers can only use what *differs* from digit to digit. We call it the **signal**, and here it is small.

# %%
z = rng.normal(0, 0.1, size=(100_000, 64)) @ data.X[0]  # 100,000 units, Var w = 0.01
predicted = np.sqrt(64 * 0.01 * np.mean(data.X[0] ** 2))
print(f"std of z, measured {z.std():.2f}, predicted {predicted:.2f}")
for phi in (tanh, relu, sigmoid):  # of a smaller z
    print(f"mean square of z {np.mean((z / 5) ** 2):.4f}, of {phi}(z) {np.mean(phi(z / 5) ** 2):.4f}")

# %% [markdown]
# ### 6. Backward
#
# The gradient $\delta = \partial C / \partial z$ comes down through the same weights, from $n_\text{out}$ units:
# $\delta_k = \varphi'(z_k) \sum_j w_{jk}\, \delta_j$. By the same argument,
# if $\delta$ and the slopes are independent of the weights (nearly so in wide layers),
#
# $$\mathrm{Var}\, \delta_k = n_\text{out}\; \mathrm{Var}\,w\; \overline{\varphi'^2}\; \mathrm{Var}\, \delta_j .$$
#
# Where the slope is 1, this asks for $n_\text{out}\, \mathrm{Var}\,w = 1$, while forward asks for
# $n_\text{in}\, \mathrm{Var}\,w = 1$. The compromise of **Xavier** Glorot takes the mean of the two numbers,
# $\mathrm{Var}\,w = 2 / (n_\text{in} + n_\text{out})$. It is made for slope 1. A sigmoid's slope is at most ¼, so with
# Xavier's weights the gradient shrinks at least four-fold in each layer (of as many units as the next).

# %%
W = xavier(rng, n_out=900, n_in=300)
delta = rng.normal(size=(1000, 900)) @ W  # one layer down, before the slope
print(f"std times {delta.std():.2f}, predicted {np.sqrt(900 * 2 / (300 + 900)):.2f}")
slopes = sigmoid.derivative(rng.normal(size=100_000))
print(f"sigmoid: mean square of its slope {np.mean(slopes**2):.3f}, at most {1 / 16}")

# %% [markdown]
# ### 7. Layer by layer
#
# Below, 50 digits (each pixel shifted and scaled to mean 0 and std 1) go once forward and once backward through a
# deep network as it starts. The gradients are relative to the last hidden layer's.
#
# - *Histograms:* one a layer, the first at the bottom.
# - *Dots:* the standard deviation of each layer, the first on the left.
# - *Line:* predicted by the formulas of steps 4 and 6, layer after layer. For $\overline{a^2}$ and $\overline{\varphi'^2}$ we assume
#   that $z$ is normally distributed, as sums with many random weights nearly are.
# - *Dashed:* the signal. At first it runs through the dots.
#
# **Push the std of the weights from 0.01 up, and watch both rows of dots tilt.**

# %%
explore.variance_by_depth()

# %%
print("tenth over first:  activation  signal    first over tenth: gradient")
for name in "tanh xavier, sigmoid xavier, relu xavier, relu he, relu normal, tanh normal".split(", "):
    r = explore.variance_by_depth(**dict(zip(("activation", "scheme"), name.split())), std=1.0, width=256).result
    a, signal = r.a_measured, r.a_between
    print(f"{name:18}{a[-1] / a[0]:11.1g}{signal[-1] / signal[0]:8.1g}{r.g_measured[0]:28.1g}")

# %% [markdown]
# **What did you see?** The table is for ten layers of 256 units; *normal* has std 1. Activations and signal go up, so it compares
# the tenth layer with the first. Gradients come down, so there it is the other way round. Try these:
#
# 1. *tanh*, *normal*: at which std do the dots of the gradients lie level? Compare $1/\sqrt{n}$ for $n$ units.
# 2. *tanh*, *normal*, std 1: almost all activations are near -1 or 1. Do saturated units stop the gradient?
# 3. *sigmoid*, *xavier*: by what factor does the gradient fall in each layer? Is the signal kept?
# 4. *relu*, *xavier*, then *he*. What changes?
#
# <details><summary>What we saw</summary>1: a little above it, since the slope of tanh is 1 only at 0. 2: no, the gradients
# <em>grow</em>, thousands of times over ten layers. Most units let nothing through, but the few that aren't saturated pass
# on sums over 128 large weights. 3: by 4 or more. The dots say only that units differ; the signal falls as the gradient does.
# 4: with Xavier a ReLU loses half its mean square in each layer, with He it keeps it.</details>
#
# ## Build
#
# Derive 2 only needs units that can change places without changing the network. **Filters of a convolution can, and so can the
# units of a recurrent cell.** Build the smallest of each, to tell two sequences of nine numbers apart: its two outputs shall be
# 1, 0 for the first and 0, 1 for the second.
#
# - *A convolution with two filters* of three weights. Each slides over a sequence; its seven outputs go through tanh and are
#   averaged.
# - *A recurrent cell with two units* reads the nine numbers one by one, $h \leftarrow \tanh(u\, x_t + R\, h)$. Its units are
#   copies when they have the same $u$ and $v$, and $R$ stays the same when both change places.
#
# Both answer $V h$, where column $j$ of $V$ is $v_j$. **Copies can't do it.** They have one number for each sequence, so both
# answers are multiples of one pair: a matrix of rank 1. The targets have rank 2, and rank 1 misses them by at least 1 in the sum
# of squares (Eckart and Young 1936). So $C$, half of that sum and the mean of two sequences, is at least ¼.

# %%
X = np.random.default_rng(3).normal(size=(2, 9))  # two sequences
windows = np.stack([X[:, i : i + 3] for i in range(7)], axis=1)  # what a filter sees

def convolution(w, V):  # w (2, 3): a filter a row; V (2, 2)
    H = np.tanh(windows @ w.T)  # (2, 7, 2): sequence, place, filter
    h = H.mean(axis=1)
    error = h @ V.T - np.eye(2)
    dz = (error @ V)[:, None] * (1 - H**2) / 14
    return np.sum(error**2) / 4, np.einsum("spf,spk->fk", dz, windows), error.T @ h / 2

def recurrent(u, R, V):  # u (2,), R (2, 2), V (2, 2)
    hs = [np.zeros((2, 2))]  # sequence, unit
    for x in X.T:
        hs.append(np.tanh(np.outer(x, u) + hs[-1] @ R.T))
    error = hs[-1] @ V.T - np.eye(2)
    du, dR, dh = 0, 0, error @ V / 2
    for x, h, before in zip(X.T[::-1], hs[:0:-1], hs[-2::-1]):  # back through time
        dz = dh * (1 - h**2)
        du, dR, dh = du + x @ dz, dR + dz.T @ before, dz @ R
    return np.sum(error**2) / 4, du, dR, error.T @ hs[-1] / 2

# %%
def learned(net, *arrays):  # the loss after 300 updates, and the weights
    for _ in range(300):
        arrays = [p - 0.5 * dp for p, dp in zip(arrays, net(*arrays)[1:])]
    return net(*arrays)[0], arrays

for net, shapes in ((convolution, ((2, 3), (2, 2))), (recurrent, ((2,), (2, 2), (2, 2)))):
    copies, (first, *_) = learned(net, *(np.full(shape, 0.3) for shape in shapes))
    assert np.allclose(first[0], first[1])
    dice = [learned(net, *(rng.normal(0, 0.5, shape) for shape in shapes))[0] for _ in range(20)]
    print(f"{net.__name__}: copies end at loss {copies:.3f};",
          f"of random starts, {share(np.array(dice) < 0.1)} below 0.1")

# %% [markdown]
# ## Check
#
# A gradient check nudges each weight a little, and compares the change of the loss with the gradient by hand. From random
# weights it finds an error in the two above, as a wrong sign.
#
# **From zeros it finds nothing.** All gradients of the convolution are 0 there, and a wrong sign passes as well. (XOR, with two
# points of each class, shows the end of Derive 3: after 1,000 updates from zeros nothing has moved.)

# %%
w, V, u, R = (rng.normal(size=shape) for shape in ((2, 3), (2, 2), 2, (2, 2)))
dR = numerical_gradient(lambda R: recurrent(u, R, V)[0], R)
assert np.allclose(dR, recurrent(u, R, V)[2])
for start, k in (("random", 1), ("zeros", 0)):
    true = numerical_gradient(lambda w, V=k * V: convolution(w, V)[0], k * w)
    passes = [np.allclose(s * convolution(k * w, k * V)[1], true) for s in (1, -1)]
    print(f"from {start}: right sign passes {passes[0]}, wrong sign {passes[1]}")

X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
for hidden in ("sigmoid", "tanh", "relu"):
    net = MLP([2, 8, 1], hidden, sigmoid, init=zeros)
    train(net, X, Y, bce, eta=1.0, steps=1000)
    print(hidden, net.forward(X)[:, 0], "moved", any(p.any() for p in net.parameters()))

# %% [markdown]
# ## Break it
#
# **The computer breaks the tie.** Copies stay copies in exact arithmetic. But sums of rounded numbers depend on the order of
# their terms, and processors handle several columns of a matrix at once. Fifteen leaves some over, which may be summed
# differently.
#
# **Change the number of units from 15 to 16 and back, and watch the second panel.** With 15, on most computers, a difference
# appears in the last of some sixteen decimals, and grows until the copies part. (When, and at which widths, differs from
# computer to computer. So we promise no number.)
#
# **Does any tiny difference do?** The second cell adds random numbers of size $10^{-10}$ to $W_1$ in 20 nets of copies, and counts
# those whose units differ by more than 0.001 after 1,000 updates.

# %% tags=["picture-varies"]
explore.zero_or_not(hidden="tanh", start="constant", scale=0.1, width=15)

# %%
def parted(hidden, c, block=0):
    net = MLP([64, 16, 10], hidden, softmax, constant(c), ensemble=20)
    first = net.layers[0]
    first.W = first.W + 1e-10 * np.random.default_rng(block).normal(size=first.W.shape)
    learn(net, block=block)
    return share(np.ptp(first.W, axis=-2).max(axis=-1) > 0.001)

for hidden in ("sigmoid", "tanh", "relu"):
    print(f"{hidden:8} from 0.1: {parted(hidden, 0.1)} part; from 0.5: {parted(hidden, 0.5)}")

# %% [markdown]
# **It depends on whether gradients get through.** From 0.1 they do, and the tie is like a pencil on its tip. From 0.5 all $z$ are
# large. Sigmoid and tanh are saturated, and the difference stays as it is. ReLUs die before it has grown.
#
# **Then where must the dice fall?** Below, each array of the network starts at random or at zero, as you like. It begins with
# all *weights* zero and random hidden *biases*.
#
# 1. Tick and untick. Is there any single array that is not enough?
# 2. Are zero *biases* a problem when the weights are random?
# 3. Try the same with *relu*. Why does it need more?
# 4. Make $W_1$ random with 64 units, and untick *train the hidden layer*.
#
# <details><summary>What we saw</summary>1: with tanh any one is enough. 2: no. 3: with only W2 random, z is 0, where the slope of
# ReLU is taken as 0, and no gradient gets through. With only b1 random, units whose bias is below 0 are dead; the others learn,
# but later. 4: about 95% is right, though only the output layer learns.</details>

# %%
explore.throw_dice()

# %%
def right(hidden, dice, width=16, trained=True, block=0):  # 20 starts
    net = MLP([64, width, 10], hidden, softmax, normal(0.1), block, ensemble=20)
    first, last = net.layers
    first.b = np.random.default_rng(block + 100).normal(0, 0.1, first.b.shape) * ("b1" in dice)
    first.W, last.W = first.W * ("W1" in dice), last.W * ("W2" in dice)
    if trained:
        return learn(net, block=block)
    train(Sequential(last), first.forward(data.X), data.Y, softmax_ce, 0.5, 1000, 64, seed=block)
    return learn(net, 0)

def right_copies(block=0):  # 64 units, 20 constants
    net = MLP([64, 64, 10], tanh, softmax, constant(1), ensemble=20)
    for layer in net.layers:
        layer.W = layer.W * np.linspace(0.01, 0.1, 20)[:, None, None]
    return learn(net, block=block)

for dice in ("W1", "b1", "W2"):
    print(f"only {dice} random: {spread(right('tanh', dice), '.0%')} right with tanh;",
          f"with relu more than half from {share(right('relu', dice) > 0.5)}")
frozen = spread(right("tanh", "W1", width=64, trained=False), ".0%")
print("64 units, random W1, never trained:", frozen)
print("64 units, random W1, all trained:", spread(right("tanh", "W1", width=64), ".0%"))
print("64 copies from 0.01 to 0.1, all trained:", spread(right_copies(), ".0%"))

# %% [markdown]
# **The culprit is symmetry, not zero.** With tanh, randomness in any single array is enough, even in $b_1$ with all weights zero.
#
# And **frozen beats trained copies**: 64 different units that never learn give the output layer more to work with than copies
# that do. From random weights, training all is better still.
#
# ## Exercises
#
# Each has a check that tells you what went wrong, and hints to unfold one at a time.

# %% [markdown]
# ### Exercise 1: Predict six ranks
#
# Six networks, each with 64 pixels, hidden layers of 16 units and 10 softmax outputs, learn the digits. Biases start at 0,
# unless said otherwise. What is the rank of $W_1$ after long training, in exact arithmetic?
#
# <details><summary>Hint 1</summary>Ask two questions of each: which units have all their numbers alike, and does any gradient get
# through to W1? Pixels are never negative.</details>
# <details><summary>Hint 2</summary>tanh(-z) = -tanh(z). What is a unit with all signs reversed? And relu of a negative sum?</details>
# <details><summary>Hint 3</summary>In the last, the ten rows of every gradient sum to 0 (Derive 1). How many of them can be
# independent?</details>
#
# [Solution](../notebooks/solutions/03_zero_init_failure.ipynb)

# %%
# BEGIN SOLUTION
ranks = {
    "two sigmoid layers, all weights 0": 1,
    "tanh, all weights 0.05, one hidden bias 0.1": 2,
    "tanh, weights in and out 0.05 for 8 units, -0.05 for 8": 1,
    "relu, weights in and out 0.05 for 8 units, -0.05 for 8": 2,
    "relu, all weights -0.05": 1,
    "no hidden layer, all weights 0 (W1 is 10 x 64)": 9,
}
# END SOLUTION
# BEGIN STUB
# ranks = {
#     "two sigmoid layers, all weights 0": ...,
#     "tanh, all weights 0.05, one hidden bias 0.1": ...,
#     "tanh, weights in and out 0.05 for 8 units, -0.05 for 8": ...,
#     "relu, weights in and out 0.05 for 8 units, -0.05 for 8": ...,
#     "relu, all weights -0.05": ...,
#     "no hidden layer, all weights 0 (W1 is 10 x 64)": ...,
# }
# END STUB

exercises.check_ranks(ranks)

# %% [markdown]
# ### Exercise 2: Dice for a leaky ReLU
#
# *Leaky ReLU* is $z$ above 0 and $s z$ below, with a slope $s$, say 0.1. Which variance of the weights keeps the mean square
# of its output from layer to layer? Write `init(rng, n_out, n_in, slope)`, which returns a matrix of shape (n_out, n_in) of
# independent random numbers from the generator `rng`, normal or uniform, with mean 0 and that variance. With slope 0 and n_in =
# 100 the standard deviation is 0.1414.
#
# <details><summary>Hint 1</summary>Go back to Derive 5. Half of the z are above 0, half below. What does each half contribute to the
# mean square of a?</details>
# <details><summary>Hint 2</summary>The two halves give 1/2 and s²/2 of the variance of z.</details>
# <details><summary>Hint 3</summary>rng.normal(0, std, size) wants a standard deviation. Uniform numbers between -c and c have the
# variance c²/3.</details>
#
# [Solution](../notebooks/solutions/03_zero_init_failure.ipynb)

# %%
def init(rng, n_out, n_in, slope):
    # BEGIN SOLUTION
    variance = 2 / ((1 + slope**2) * n_in)
    return rng.normal(0, np.sqrt(variance), size=(n_out, n_in))
    # END SOLUTION

exercises.check_leaky_init(init)

# %% [markdown]
# ### Exercise 3: Break the tie without chance
#
# All weights of a network with 16 tanh units are 0, and the output biases too. You may set the 16 hidden biases, each between
# -0.1 and 0.1, **without a random number**. After 1,000 updates $W_1$ must have rank 16, and at least 96% of the test digits
# must be right. Give `b1`, 16 numbers.
#
# <details><summary>Hint 1</summary>Units with equal biases are copies. How many different numbers do you need?</details>
# <details><summary>Hint 2</summary>If the check says rank 8: tanh(-z) = -tanh(z). Two biases b and -b make a pair of mirror
# images.</details>
# <details><summary>Hint 3</summary>np.arange(1, 17) has 16 different numbers, all above 0.</details>
#
# [Solution](../notebooks/solutions/03_zero_init_failure.ipynb)

# %%
# BEGIN SOLUTION
b1 = np.arange(1, 17) / 200  # 1e-30 * np.arange(1, 17) is enough as well
# END SOLUTION
# BEGIN STUB
# b1 = ...
# END STUB

exercises.check_break_tie(b1)

# %% [markdown]
# ## What to keep
#
# First, your guesses, beside what came out above.

# %% jupyter={"source_hidden": true}
explore.Score(guesses, {
    "no_layer": (0, f"Wrong of 360: {misses[0]} from zeros, {misses[1]} from small random."),
    "copies": (1, f"They move, but stay alike: {mine.accuracies[-1]:.0%} right, rank {mine.rank}."),
    "relu_zeros": (2, "Only b2 had a gradient."), "frozen_64": (2, f"{frozen} right."),
    "only_b1": (3, f"{explore.throw_dice().result.accuracies[-1]:.0%} right.")})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Starting from zeros always fails | false | Derive 1 |
# | Without a hidden layer, large random weights are better than zeros | false | Derive 1 |
# | From zeros, nothing in a hidden layer ever moves | depends | Derive 3 |
# | From zeros, a tanh or ReLU network gets no gradient at all | false | Derive 3 |
# | From zeros, every output is 0 | false | Derive 3, Check |
# | A constant other than zero makes the units differ | false | Derive 2 |
# | Any tiny difference breaks the tie | depends | Break it |
# | Only units of dense layers stay copies | false | Build |
# | The larger the weights, the faster the network learns | false | Explore |
# | Saturation stops the gradient | depends | Derive 7, Break it |
# | Xavier suits every activation | false | Derive 6 and 7 |
# | Zero biases harm, even with random weights | false | Break it |
# | Some weights must start at random | false | Break it |
# | Training all layers beats training only the last | depends | Break it |
#
# 1. What fails is *symmetry*: units that start alike get equal gradients, and stay alike.
# 2. A gradient is a product. At a zero start ask which factor is 0: $h$, $v$ or $\varphi'$.
# 3. $\mathrm{Var}\,z = n_\text{in}\, \mathrm{Var}\,w\, \overline{a^2}$ forward, $\mathrm{Var}\,\delta = n_\text{out}\,
#    \mathrm{Var}\,w\, \overline{\varphi'^2}\, \mathrm{Var}\,\delta_\text{next}$ backward.
# 4. Xavier: $\mathrm{Var}\,w = 2/(n_\text{in} + n_\text{out})$, for slope 1 at 0. He: $\mathrm{Var}\,w = 2/n_\text{in}$, for ReLU.
# 5. Where gradients get through, even a difference of rounding can part copies. Where units are saturated or dead, it stays.
#
# **Symbols** $x$ input · $W_1, b_1$ weights and biases of the hidden layer · $w_j, v_j$ weights into and out of unit $j$ ·
# $V$ all $v_j$ · $z$ weighted sum · $\varphi$ activation · $h, a$ outputs of units · $y$ target ·
# $\delta = \partial C/\partial z$ · $C$ loss · $\eta$ learning rate · $n_\text{in}, n_\text{out}$ numbers of inputs and outputs of a layer · $\mathrm{Var}$ variance · $\overline{\phantom{x}}$ mean ·
# $u, R$ weights of the recurrent cell
#
# **Sources** X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*, 2010, equation 12 ·
# K. He, X. Zhang, S. Ren, J. Sun, *Delving deep into rectifiers*, 2015, equation 10 (exercise 2: equation 15) ·
# I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, 2016, section 8.4 (breaking symmetry) ·
# B. Poole, S. Lahiri, M. Raghu, J. Sohl-Dickstein, S. Ganguli, *Exponential expressivity in deep neural networks through transient
# chaos*, 2016 (the predicted lines, going up) ·
# S. Schoenholz, J. Gilmer, S. Ganguli, J. Sohl-Dickstein, *Deep information propagation*, 2017 (going down)
#
# [previous: 02, keep the gradient alive](02_activation_saturation.ipynb)
#
# [next: 04, choose the loss](04_mse_vs_cross_entropy.ipynb)
