# %% [markdown]
# # 03 · Break the symmetry
#
# **When do zeros fail, and why exactly?**
#
# "Never start a network with zeros" is good advice, and the reasons that come with it are often wrong. In this lesson you
# start networks with zeros, with constants and with dice (random numbers), and watch what each weight does with real
# handwriting. You will meet zeros that are fine, zeros that fail in two different ways, and randomness where nobody put
# any.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. From then on each picture follows your hand.
#
# **You will be able to**
#
# - say, for any start of a network, which gradients are zero, which units stay copies, and what can still be learned
# - derive the variances of Xavier and He, one step at a time, and predict how activations and gradients change with depth
# - break the tie between identical units on purpose, without a random number
#
# **You need** matrix products, gradient descent, and the sigmoid, tanh and ReLU of
# [lesson 01](01_linear_vs_nonlinear.ipynb).
#
# **Time** 45 minutes to read and play, 25 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, SGD, bce, constant, exercises, explore, he, normal, numerical_gradient
from nbcore import relu, sigmoid, softmax, softmax_ce, split_digits, tanh, train, training, xavier, zeros

data = split_digits(1437)

# %% [markdown]
# ## Predict
#
# Before you look, commit to a guess. Your answers stay on this computer, and are scored at the end of the lesson.
#
# The task is always the same: say which of ten digits a picture of 8 by 8 pixels shows.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("03", {
    "one_layer": ("No hidden layer, all weights start at 0. After training it is right on",
                  ["10% of the test digits: it guesses", "about a third", "as many as from a random start"]),
    "copies": ("16 sigmoid units in a hidden layer, all weights start at 0. After training, their weights are",
               ["all still 0", "not 0, but all 16 units alike", "16 different sets"]),
    "relu": ("The same with ReLU. What learns?", ["nothing", "the output biases only", "the output layer", "all weights"]),
    "dice": ("All weights start at 0; only the biases of 16 hidden tanh units are random. After training it is right on",
             ["10%: it guesses", "about a third", "more than 95%"]),
    "frozen": ("64 tanh units with random weights that are never trained. Only the output layer learns. It is right on",
               ["10%: it guesses", "about a third", "more than 90%"]),
})
guesses

# %% [markdown]
# ## Explore
#
# Here a network learns to read digits: 1,437 to learn from, 360 others as a test. Each move of a control trains a new one,
# for 2,000 updates of 64 digits each.
#
# - *Images:* the weights from the 64 pixels into each hidden unit. Orange is above 0, blue below. A unit looks for dark ink
#   where it is orange.
# - *Units differ by:* the largest difference between two hidden units, in any of their weights. At the bottom: none at all.
# - *Loss* and *test digits right*, with dotted lines where one gets by guessing.
#
# It starts from zeros. **Look at the sixteen images, then let the weights start at *normal* instead, and watch both
# curves on the right.**

# %%
explore.zero_or_not()

# %% [markdown]
# **What did you see?** Try these, one after the other. The line under the picture tells the *rank* of $W_1$, the number of
# independent directions among its rows.
#
# 1. *sigmoid*, *zeros*: does the number of hidden units matter? Try 1, and 32.
# 2. *tanh* and *relu*, *zeros*. What moves at all?
# 3. *constant*, with a scale of 0.1, and several activations. Is 0 the culprit?
# 4. Hidden layer *none*, *zeros*. Surprised?
# 5. *tanh*, *normal*: push the scale from 0.001 up to 10. Where does it learn best, and what goes wrong at the end?
# 6. *tanh*, *xavier*: how large may the learning rate $\eta$ be?
#
# <details><summary>What we saw</summary>1: little, since all units are alike; about a third is right at best. 2: no weight moves,
# and the answer is no better than a guess. 3: no, every constant makes copies. 4: it learns as from any start. 5: from 0.001 to
# about 0.4 all ends well, though the smallest start late; at 10 most units are <em>saturated</em> from the start, stuck at -1
# or 1. 6: up to about 1.6.</details>
#
# **Nothing is hidden.** This is the whole experiment. `data` holds the digits: `X` (1437, 64) and `Y` (1437, 10) to learn from,
# `X_test` (360, 64) and `labels_test` to test. `Watch` writes down what the panels show. Change a line, and
# `explore.zero_or_not(train_from)` in a new cell shows what *your* version does.

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

# %% [markdown]
# ## Derive
#
# ### 1. Without a hidden layer, zeros are a good start
#
# *Softmax regression* has one output for each digit, and nothing in between: $z = W x + b$, and $a = \mathrm{softmax}(z)$
# gives ten probabilities. Below it is trained twice, on the same batches: from zeros, and from random weights. Many people
# would call the zeros a bug.
#
# **Move the standard deviation (std) of the random start from 0.01 up to 3, and watch the difference and the two curves. Then
# take off the mean of the ten images.**

# %%
explore.two_starts()

# %% [markdown]
# Up to a std of 0.3 the predictions agree, and the weights do not. Why?
#
# The loss $C$ is $-\ln$ (probability given to the true digit). Its gradient for row $k$ of $W$ is
#
# $$\frac{\partial C}{\partial w_k} = (a_k - y_k)\,x, \qquad y_k = 1 \text{ for the true digit, else } 0.$$
#
# (Lesson 04 derives it.) There is no product with another weight in it, so zeros block nothing. And the ten outputs are told
# apart by their targets $y_k$. So from zeros each row gets a gradient of its own.
#
# The $a_k$ sum to 1, and so do the $y_k$. Then the ten gradients sum to 0, and **the mean of the ten images keeps its start**
# for ever. It doesn't matter: an image that is added to all ten shifts all $z_k$ alike, and softmax doesn't see it.
#
# Apart from that, the loss is *convex*, a single valley: no start is caught in a worse one. But a start far away has far to
# go. From a std of 3, much of the random image is still there after 2,000 updates, and more digits are wrong. So zeros are
# as good as small random numbers, and better than large ones.

# %%
net = MLP([64, 10], output=softmax, init=zeros)
a = net.forward(data.X)
net.backward(softmax_ce, data.Y)
dW = net.layers[0].dW
assert np.allclose(dW, (a - data.Y).T @ data.X / 1437)  # the mean over all digits
assert np.abs(dW.sum(axis=0)).max() < 1e-12
print("different rows in the first gradient:", len(np.unique(dW, axis=0)))
for std in (3, 0.1):
    pair = explore.two_starts(std=std).result
    print(f"std {std}: wrong from zeros {pair.wrong[0, -1]:.0f},",
          f"from random {pair.wrong[1, -1]:.0f}")

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
# Sixteen copies add up to one unit with an output weight 16 times as large. All the network can tell of a digit is one
# number. All rows of $W_1$ are equal, so its rank is 1.

# %%
net = MLP([64, 16, 10], tanh, softmax, init=normal(0.5))
delta = net.forward(data.X) - data.Y
net.backward(softmax_ce, data.Y)
first, last = net.layers
db = (delta @ last.W) * tanh.derivative(first.z, first.a)  # all units, all digits
assert np.allclose(first.dW, db.T @ data.X / 1437)

for hidden in ("sigmoid", "tanh", "relu", "gelu"):
    net = MLP([64, 16, 10], hidden, softmax, init=constant(0.1))
    train(net, data.X, data.Y, softmax_ce, eta=0.5, steps=200, batch=64)
    net.forward(data.X_test)
    first, last = net.layers
    one = first.a[:, :1] * 16 * last.W[:, 0] + last.b  # the first unit, 16 times
    assert np.allclose(one, last.z)
    print(f"{hidden:8} rank of W1: {np.linalg.matrix_rank(first.W, tol=1e-6)}")

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
# **Everything? Here many texts slip.** They say: all gradients are zero, the output layer's included, and from then on the
# output is 0. But the *output bias* has the gradient $a - y$, without any factor in front. It learns how frequent each digit
# is, and that is all the network ever says. Nor is an output 0: a sigmoid output would be 0.5, and ten softmax
# outputs start at 0.1.

# %%
for hidden in ("sigmoid", "tanh", "relu"):
    net = MLP([64, 16, 10], hidden, softmax, init=zeros)
    run = training(net, data.X, data.Y, softmax_ce, SGD(1.0))
    for update, _ in zip((1, 2), run):
        pairs = zip(("W1", "b1", "W2", "b2"), net.gradients())
        print(f"{hidden:8} update {update} moves", *(n for n, g in pairs if g.any()))
train(net, data.X, data.Y, softmax_ce, eta=1.0, steps=300)
share = np.bincount(data.labels) / len(data.labels)  # of each digit
gap = np.abs(net.forward(data.X_test) - share).max()
print("relu, later: outputs are these shares to 1e-6:", bool(gap < 1e-6))

# %% [markdown]
# On *balanced* targets, as many of each class, the errors $a - y$ of all examples add up to 0. Then the output bias gets no
# gradient either, nor do a sigmoid's output weights, since $h_j = 0.5$ for every example. *Check* shows a network in which no
# number ever moves.
#
# ### 4. How large should the dice be? One unit, forward
#
# So the weights should differ, and dice are the simplest way. How large? Let the weights into a unit be independent, with
# mean 0 and all with the same variance $\mathrm{Var}\,w$. The unit sums over $n_\text{in}$ inputs, $z = \sum_k w_k a_k$. In
# the mean of $z^2$, terms with two different weights average to 0, so only the squares are left:
#
# $$\mathrm{Var}\, z = \sum_k \mathrm{Var}\,w \; a_k^2 = n_\text{in}\; \mathrm{Var}\,w\; \overline{a^2},$$
#
# where $\overline{a^2}$ is the mean *square* of the inputs (not their variance: a mean that is not 0 counts as well).

# %%
rng = np.random.default_rng(0)
a = data.X[0]
z = rng.normal(0, 0.1, size=(100_000, 64)) @ a  # 100,000 units, Var w = 0.01
predicted = np.sqrt(64 * 0.01 * np.mean(a**2))
print(f"std of z, measured {z.std():.2f}, predicted {predicted:.2f}")

# %% [markdown]
# ### 5. Through the activation
#
# What is the mean square of $a = \varphi(z)$, compared with that of $z$?
#
# - **tanh** has slope 1 at 0, so for small $z$ it changes nothing: $\overline{a^2} \approx \mathrm{Var}\, z$. To keep the
#   signal from layer to layer, $n_\text{in}\, \mathrm{Var}\,w = 1$.
# - **ReLU** sets the negative $z$ to 0, half of them, and leaves the others: $\overline{a^2} = \frac12 \mathrm{Var}\, z$. To
#   keep the signal, $n_\text{in}\, \mathrm{Var}\,w = 2$. That is the initialization of **He**, $\mathrm{Var}\,w = 2 / n_\text{in}$.
# - **Sigmoid** isn't 0 at 0: $\overline{a^2} \approx \frac14$ however small $z$ is, and the same for all digits. The signal is
#   the little rest.

# %%
z = 0.1 * rng.normal(size=1_000_000)
for phi in (tanh, relu):
    print(f"{phi}: mean square of a / Var z = {np.mean(phi(z) ** 2) / z.var():.2f}")
print(f"sigmoid: mean square of a = {np.mean(sigmoid(z) ** 2):.2f}")

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
# deep network as it starts. *Histograms:* one a layer, the first at the bottom. *Dots:* the standard deviation of each
# layer, on a logarithmic axis. *Line:* the two formulas above, applied again and again. *Dashed:* how much a unit varies from
# digit to digit, which is all that later layers can use. The gradients are measured against those of the last hidden layer.
#
# **Push the std of the weights from 0.01 up, and watch both rows of dots tilt.**

# %%
explore.variance_by_depth()

# %%
print("                   act.  signal   grad.")
for phi, scheme in (("tanh", "xavier"), ("sigmoid", "xavier"), ("relu", "xavier"),
                    ("relu", "he"), ("relu", "normal"), ("tanh", "normal")):
    deep = explore.variance_by_depth(activation=phi, scheme=scheme, std=1.0, width=256)
    a, signal, g = deep.result.a_measured, deep.result.a_between, deep.result.g_measured
    ends = a[-1] / a[0], signal[-1] / signal[0], g[0]
    print(f"{phi:8}{scheme:8}" + "".join(f"{end:8.1g}" for end in ends))
for scale in (0.001, 0.1, 10.0):
    run = explore.zero_or_not(hidden="tanh", start="normal", scale=scale).result
    when = run.steps[run.accuracies > 0.9]
    first = f"after {when[0]:.0f} updates" if len(when) else "never"
    print(f"scale {scale:5}: 90% right {first}")

# %% [markdown]
# **What did you see?** The table is for ten layers of 256 units, with std 1 for *normal*: from the first layer to the last,
# activations and what differs from digit to digit (signal) grow by these factors, and gradients going down. Below it, nets of
# *Zero or not*: larger weights are faster up to a point, and then they fail. Try these:
#
# 1. *tanh*, *normal*: at which std do the dots of the gradients lie level? Compare $1/\sqrt{n}$ for $n$ units.
# 2. *tanh*, *normal*, std 1: almost all activations are near -1 or 1. Saturated units should stop the gradient. Do they?
# 3. *sigmoid*, *xavier*: by what factor does the gradient fall in each layer? And is the signal kept, as the dots seem to say?
# 4. *relu*, *xavier*, then *he*.
#
# <details><summary>What we saw</summary>1: a little above it, since the slope of tanh is 1 only at 0. 2: no, the gradients
# <em>grow</em>, thousands of times over ten layers. Most units let nothing through, but the few that aren't saturated pass
# on sums over 128 large weights. So whether saturation stops the gradient depends on the weights. 3: by 4 or more. The dots only say
# that units differ; the dashed line falls as the gradient does, and all digits soon look alike. 4: with
# Xavier a ReLU loses half its mean square in each layer, with He it keeps it.</details>
#
# ## Build
#
# Is the tie between copies a matter of dense layers? The argument in Derive 2 only needs units that can change places
# without changing the network. **Filters of a convolution can, and so can the units of a recurrent cell.** Build the
# smallest of each, with gradients by hand, and train both from one constant, for 100 updates, to answer 0.9.
#
# - *A convolution with two filters* of three weights. Each filter slides over nine numbers; its outputs go through tanh, are
#   added up, and weighed by $v$.
# - *A recurrent cell with two units* reads the nine numbers one by one, $h \leftarrow \tanh(u\, x_t + R\, h)$, and answers
#   $v \cdot h$. Here two units are copies when they have the same $u$ and $v$, and $R$ stays the same when both change places.

# %%
x, y = rng.normal(size=9), 0.9
windows = np.array([x[i : i + 3] for i in range(7)])  # what a filter sees, (7, 3)

def convolution(w, v):  # w (2, 3): a filter a row; v (2,)
    H = np.tanh(windows @ w.T)
    error = H.sum(axis=0) @ v - y
    return error**2 / 2, (error * v * (1 - H**2)).T @ windows, error * H.sum(axis=0)

w, v = np.full((2, 3), 0.1), np.full(2, 0.1)
for _ in range(100):
    loss, dw, dv = convolution(w, v)
    w, v = w - 0.02 * dw, v - 0.02 * dv
assert np.abs(w[0] - w[1]).max() < 1e-12
print("filters:", w.round(2).tolist(), "\nv:", v.round(2), f"loss: {loss:.2f}")

# %%
def recurrent(u, R, v):  # u (2,), R (2, 2), v (2,)
    hs = [np.zeros(2)]
    for x_t in x:
        hs.append(np.tanh(u * x_t + R @ hs[-1]))
    error = v @ hs[-1] - y
    du, dR, dh = np.zeros(2), np.zeros((2, 2)), error * v
    for t in range(9, 0, -1):  # back through time
        dz = dh * (1 - hs[t] ** 2)
        du, dR, dh = du + dz * x[t - 1], dR + np.outer(dz, hs[t - 1]), R.T @ dz
    return error**2 / 2, du, dR, error * hs[-1]

u, R, v = np.full(2, 0.3), np.full((2, 2), 0.3), np.full(2, 0.3)
for _ in range(100):
    loss, du, dR, dv = recurrent(u, R, v)
    u, R, v = u - 0.1 * du, R - 0.1 * dR, v - 0.1 * dv
assert abs(u[0] - u[1]) + abs(v[0] - v[1]) < 1e-12
print("u:", u.round(2), "R:", R.round(2).tolist(), "\nv:", v.round(2),
      f"loss: {loss:.2f}")

# %% [markdown]
# ## Check
#
# A gradient check nudges each weight a little, and compares the change of the loss with the gradient by hand. From an odd
# start, with random weights, it finds an error in the two above: a wrong sign, say.
#
# **From zeros it finds nothing.** All gradients of the convolution are 0 there, and a wrong sign passes as well. (XOR, with two
# points of each class, shows the end of Derive 3: after 1,000 updates from zeros nothing has moved, and the output is 0.5.)

# %%
w, v, u, R = (rng.normal(size=shape) for shape in ((2, 3), 2, 2, (2, 2)))
dR = numerical_gradient(lambda R: recurrent(u, R, v)[0], R)
assert np.allclose(dR, recurrent(u, R, v)[2])
for start, k in (("random", 1), ("zeros", 0)):
    true = numerical_gradient(lambda w, v=k * v: convolution(w, v)[0], k * w)
    passes = [np.allclose(s * convolution(k * w, k * v)[1], true) for s in (1, -1)]
    print(f"from {start}: right sign passes {passes[0]}, wrong sign {passes[1]}")

X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
for hidden in ("sigmoid", "tanh", "relu"):
    net = MLP([2, 8, 1], hidden, sigmoid, init=zeros)
    train(net, X, Y, bce, eta=1.0, steps=1000)
    print(hidden, net.forward(X)[:, 0], "moved", any(p.any() for p in net.parameters()))

# %% [markdown]
# ## Break it
#
# **The computer breaks the tie.** Copies stay copies in exact arithmetic. But sums of rounded numbers depend on the
# order of their terms, and the code that multiplies matrices may treat the last columns differently from the others. Sixteen is
# a multiple of what processors handle at once; fifteen is not.
#
# **Change the number of units from 15 to 16 and back, and watch the second panel.** With 15, on most computers, a difference
# appears in the last of some sixteen decimals. It grows and grows, until the copies part and the accuracy jumps. Look at the
# images: which units are still copies of each other?

# %% tags=["picture-varies"]
explore.zero_or_not(hidden="tanh", start="constant", scale=0.1, width=15)

# %% [markdown]
# So the tie is like a pencil on its tip: it stands only as long as nothing at all touches it. (On another computer, other
# widths may fall. No number of this picture is promised.)
#
# **Then how little is needed?** Below, each array of the network starts at random or at zero, as you like, with zero output
# biases. It begins with all *weights* zero and random hidden *biases*.
#
# 1. Tick and untick. Which arrays must be random? Is there any single one that is not enough?
# 2. Are zero *biases* a problem when the weights are random?
# 3. Try the same with *relu*. Why does it need more?
# 4. Make $W_1$ random with 64 units, and untick *train the hidden layer*.

# %%
explore.throw_dice()

# %%
def right(**start):
    runs = [explore.throw_dice(seed=k, **start).result for k in range(4)]
    return np.mean([run.accuracies[-1] for run in runs])

for hidden in ("tanh", "relu"):
    for k, name in enumerate(("W1", "b1", "W2")):
        dice = right(W1=k == 0, b1=k == 1, W2=k == 2, hidden=hidden)
        result = "above 96%" if dice > 0.96 else "no better than a guess"
        print(f"{hidden}, only {name} random: {result}")
frozen = right(W1=True, b1=False, trained=False, width=64)
trained = np.mean([explore.zero_or_not(hidden=h, start="constant", width=64)
                   .result.accuracies[-50:] for h in ("sigmoid", "tanh", "relu")])
print(f"64 units frozen: {frozen:.0%}; all trained from 0.1: 1 in {1 / trained:.0f}")

# %% [markdown]
# **The culprit is symmetry, not zero.** With tanh, randomness in any single array is enough: in $W_1$ with zero biases, in $b_1$
# with all weights zero, or in $W_2$. ReLU asks for more: with $W_1$ and $b_1$ zero, $z = 0$, where its slope is taken as 0,
# and no gradient gets through. With random $b_1$ only, all units whose bias is below 0 are dead; the others learn.
#
# And **frozen beats trained**: 64 different units that never learn leave the output layer more to work with than any number
# of copies that do.
#
# ## Exercises
#
# Each has a check that tells you what went wrong, and hints to unfold one at a time.

# %% [markdown]
# ### Exercise 1: Predict six ranks
#
# Six networks with 64 pixels, hidden layers of 16 units and 10 softmax outputs learn the digits. All biases start at 0,
# unless said otherwise. What is the rank of $W_1$ after long training, in exact arithmetic? Write a whole number for each.
#
# <details><summary>Hint 1</summary>Ask two questions of each: which units have all their numbers alike, and does any gradient get
# through to W1? Pixels are never negative.</details>
# <details><summary>Hint 2</summary>tanh(-z) = -tanh(z). What is a unit with all signs reversed? And relu of a negative sum?</details>
# <details><summary>Hint 3</summary>Three of the six are 1, two are 2. The last has to do with the mean image of Derive 1.</details>
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
# independent random numbers with mean 0 and that variance, drawn from the generator `rng`. Normal or uniform, as you like.
# One value to know: with slope 0 and n_in = 100 the standard deviation is 0.1414.
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
    "one_layer": (2, f"Wrong: {pair.wrong[0, -1]:.0f} of 360 from zeros, {pair.wrong[1, -1]:.0f} from random."),
    "copies": (1, f"They move, but stay alike: {mine.accuracies[-1]:.0%} right, rank {mine.rank}."),
    "relu": (1, "Only b2 had a gradient."), "frozen": (2, f"{frozen:.0%} right, on average over four starts."),
    "dice": (2, f"{explore.throw_dice().result.accuracies[-1]:.0%} right.")})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Starting from zeros always fails | false: without hidden layers it is as good as a small random start, and better than a large one | Derive 1, *Two starts, one end* |
# | With zeros nothing moves | depends: on unbalanced targets a sigmoid wakes in two updates, but its units stay copies (rank 1) | Derive 2 and 3 |
# | With ReLU or tanh every gradient is zero, and the output is 0 | nearly: all but the output bias, which learns the class frequencies; on balanced data it is stuck too; outputs are 0.5 or 0.1, not 0 | Derive 3, Check |
# | A constant other than zero helps | false: copies, for every activation; from 0.1 about a third right | Derive 2, Break it |
# | It is a matter of dense layers | false: filters and recurrent units are copies likewise | Build |
# | The larger the weights, the faster it learns; saturation stops gradients | false: there is a right variance; too small fades, too large saturates or explodes, and saturated tanh layers of large weights *raise* gradients | Explore, Derive 4 to 7 |
# | Xavier suits every activation | false: it assumes slope 1; sigmoids lose signal and gradient layer by layer, ReLU needs He | Derive 6 and 7 |
# | Biases must not be zero | false: zero biases are fine with random weights; and random biases alone are enough with tanh | *Where must the dice fall?* |
# | Training all layers beats training one | false for copies: frozen random units are better by far | Break it |
#
# 1. What fails is *symmetry*: units that start alike get equal gradients, and stay alike.
# 2. A gradient is a product. At a zero start ask which factor is 0: $h$, $v$ or $\varphi'$.
# 3. $\mathrm{Var}\,z = n_\text{in}\, \mathrm{Var}\,w\, \overline{a^2}$ forward, $\mathrm{Var}\,\delta = n_\text{out}\,
#    \mathrm{Var}\,w\, \overline{\varphi'^2}\, \mathrm{Var}\,\delta_\text{next}$ backward.
# 4. Xavier: $\mathrm{Var}\,w = 2/(n_\text{in} + n_\text{out})$, for slope 1 at 0. He: $\mathrm{Var}\,w = 2/n_\text{in}$, for ReLU.
# 5. Any tiny difference breaks the tie, even rounding; dice of the right size keep the signal alive.
#
# **Symbols** $x$ input · $W_1, b_1$ weights and biases of the hidden layer · $w_j, v_j$ weights into and out of unit $j$ · $z$ weighted
# sum · $\varphi$ activation · $h, a$ outputs of units · $y$ target · $\delta = \partial C/\partial z$ · $C$ loss · $\eta$ learning
# rate · $n_\text{in}, n_\text{out}$ numbers of inputs and outputs of a layer · $\mathrm{Var}$ variance · $\overline{\phantom{x}}$ mean ·
# $u, R$ weights of the recurrent cell
#
# **Sources** X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*, 2010, equation 12 ·
# K. He, X. Zhang, S. Ren, J. Sun, *Delving deep into rectifiers*, 2015, equation 10 (exercise 2: equation 15) ·
# I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning*, 2016, section 8.4 (breaking symmetry) ·
# B. Poole, S. Lahiri, M. Raghu, J. Sohl-Dickstein, S. Ganguli, *Exponential expressivity in deep neural networks through transient
# chaos*, 2016 (the predicted lines)
#
# [previous: 02, keep the gradient alive](02_activation_saturation.ipynb)
#
# [next: 04, choose the loss](04_mse_vs_cross_entropy.ipynb)
