# %% [markdown]
# # 01 · Bend the line
#
# **Why can't a hundred linear layers do what a single bent one can?**
#
# Everybody has heard that a network "needs a nonlinearity". Here you take it away, see what is lost, put it back, and
# measure what it buys. You meet seven widespread beliefs, six of them wrong.
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
# **Time** 45 minutes to read and play, 30 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, PLANE, SGD, Adam, bce, check_gradients, gelu, he, identity, moons, mse, relu, sigmoid, silu
from nbcore import exercises, explore, share, stack, tanh, train, training

# %% [markdown]
# ## Predict
#
# Before you look, commit to a guess. Your answers stay on this computer, and are scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("01", {
    "depth": ("A network with 3 hidden layers, but no activation function, learns to tell two classes apart. "
              "In the plane, the boundary between them is",
              ["straight", "bent, but only a little", "bent three times"]),
    "sigmoid": ("A single neuron with a sigmoid. Its boundary in the plane is",
                ["S-shaped, like the sigmoid", "round", "straight"]),
    "pieces": ("Twenty ReLUs, arranged in layers as you like. How many straight pieces can their curve have?",
               ["as many as you like", "more than 1,000", "at most 400", "at most 21"]),
    "outside": ("64 ReLUs follow a curve between -1 and 1 to within 0.003. At x = 3 they are off by",
                ["about 0.003, as inside", "about 0.1", "about 10", "about 1,000"]),
})
guesses

# %% [markdown]
# ## Explore
#
# Two sets of points in the plane, and a network that learns to tell them apart.
#
# - *Left:* the plane, blue where the network says class 0 (circles), orange where it says class 1 (squares). On the line,
#   the *boundary*, it can't decide.
# - *Middle:* the plane and its grid as the last layer sees them, moved by the hidden layers. Of eight units' eight
#   directions you see two: across the boundary, which stands vertical, and the widest one along it. Points that overlap
#   here can lie apart in the others.
# - *Right:* the *loss*, a measure of how wrong the network is.
#
# The activation function is the *identity* at first, which means: none at all. **Choose *tanh* and watch the line.** Each
# move of a control trains a new network, from its random start, for 1,000 updates.

# %%
explore.bend_the_line(activation="identity")

# %% [markdown]
# Try these:
#
# 1. With *identity*, add layers and units. Read the line of text under the picture.
# 2. Take *tanh*, on *rings*, with 1 hidden layer. How many units does it take to close the boundary?
# 3. Take *moons*, *relu* and 3 units, and look for corners in the boundary. Then change the seed: the same points, another
#    start.
# 4. Take *identity*, 3 hidden layers and 8 units, and push the learning rate $\eta$ up, step by step. What breaks, and how?
# 5. Choose *digits 1 and 9*, with noise 0 and $\eta = 1$: real handwriting, along the two directions in which it varies most
#    (its first two principal components). How much does one layer of tanh gain, on the points it was trained on?
#
# <details><summary>What we saw</summary>1: the line stays straight, and one formula replaces all layers. 2: three units;
# with one the boundary is a line, with two a band. 3: where the boundary crosses a unit's hinge it has a corner;
# often about one point in ten stays on the wrong side. 4: at twice the rate the loss overflows from about half of the
# starts, at four times from all that we tried, within twenty updates. 5: about four points in a hundred.</details>
#
# ### Nothing is hidden
#
# This is the whole experiment. A network with `depth` hidden layers of `width` units gets $x_1$ and $x_2$. Each unit takes a
# weighted sum $z$ of what comes in, plus a bias, and passes it through the *activation function* $\varphi$; the last one, a
# sigmoid, gives the probability of class 1. *Gradient descent* with *learning rate* $\eta$ (eta) then lowers the *loss*
# $C$: the average of $-\ln$ (probability given to the true class), called `bce` here.
#
# Change a line, and `explore.bend_the_line(bend)` in a new cell shows what *your* version does.

# %%
def bend(data, noise, depth, width, activation, eta, seed):
    X, Y = PLANE[data](200, noise, seed=0)
    net = MLP([2] + [width] * depth + [1], hidden=activation, output=sigmoid, seed=seed)
    losses = []
    for now in training(net, X, Y, loss=bce, optimizer=SGD(eta), every=250):
        losses.extend(now.losses)
        if now.step:
            yield explore.view(net, X, Y, losses)  # what there is to see after 250, 500 ...
        if now.step == 1000:
            return

*_, mine = bend("moons", 0.15, depth=1, width=8, activation="tanh", eta=1.0, seed=0)
theirs = explore.bend_the_line(activation="tanh").result
assert np.abs(mine.losses - theirs.losses).max() < 1e-12
print(f"loss after 1,000 updates: {mine.losses[-1]:.4f}, the same as in the picture")

# %% [markdown]
# ## Derive
#
# ### 1. One neuron draws one straight line
#
# A neuron without activation gives $z = w_1 x_1 + w_2 x_2 + b$. Its boundary is where $z$ equals some fixed number, the
# *cut*: the equation of a straight line, as long as $w_1$ and $w_2$ are not both 0.
#
# XOR is class 1 where exactly one of two inputs is 1. Its four points can't be parted by a line, since
# $z(0,0) + z(1,1) = w_1 + w_2 + 2b = z(0,1) + z(1,0)$: one pair can't lie above the cut while the other lies below. Now
# take the linear answer with the smallest mean squared error (by *least squares*).

# %%
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
xor_classes = np.array([0, 1, 1, 0])
with_ones = np.column_stack([X, np.ones(4)])
fit = with_ones @ np.linalg.lstsq(with_ones, xor_classes)[0]
print("best z:", fit.round(6), " mean squared error:", np.mean((fit - xor_classes) ** 2).round(6))

# %% [markdown]
# It is 0.5 everywhere: in squared error, no line beats a constant.
#
# ### 2. Layers without activation are one layer
#
# "Linear" means $W x + b$ here, as everywhere in this field. On the board, with one sample as a column $x$, two linear
# layers are
#
# $$W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2).$$
#
# The right side is a single layer again, with $W = W_2 W_1$ and $b = W_2 b_1 + b_2$. So it goes with a third layer (Exercise
# 1), and with a hundredth. In the code samples are rows, so a line reads transposed and in reverse order:
# `Z = A @ W.mT + b` (`.mT` transposes a matrix).

# %%
rng = np.random.default_rng(3)
W1, b1 = rng.normal(size=(5, 2)), rng.normal(size=(1, 5))
W2, b2 = rng.normal(size=(3, 5)), rng.normal(size=(1, 3))
points = rng.normal(size=(1000, 2))
both = (points @ W1.mT + b1) @ W2.mT + b2
W, b = W2 @ W1, b1 @ W2.mT + b2
assert np.abs(both - (points @ W.mT + b)).max() < 1e-12
*_, gap = explore.bend_the_line(activation="identity", depth=3).result.collapsed
assert gap < 1e-12
print("two random layers, and four trained ones: each time one W, one b, to 1e-12")

# %% [markdown]
# ### 3. What a narrow linear layer loses
#
# The *rank* of a matrix is the number of independent directions that its outputs can take. The rank of a product is at most
# the smallest rank in it. So a linear layer of width 1, anywhere, leaves a map of rank 1: six outputs, all on one line.

# %%
narrow = MLP([6, 8, 1, 8, 6], hidden=identity, output=identity, seed=0)
product = np.eye(6)
for layer in narrow.layers:
    product = layer.W @ product
print("rank of the whole 6 x 6 map:", np.linalg.matrix_rank(product))

# %% [markdown]
# ### 4. A sigmoid at the end bends nothing
#
# One layer with a sigmoid behind it, $a = \sigma(z)$ with $\sigma(z) = 1 / (1 + e^{-z})$, is *logistic regression*. Many
# believe that the sigmoid makes the boundary nonlinear. It doesn't. The boundary is where $a = 0.5$, and $\sigma$
# climbs strictly, so that is at $z = 0$ only: a straight line again.
#
# More generally, let $\varphi$ *never fall*: tanh, ReLU, leaky ReLU, ELU, softplus. Then $a$ lies above a cut exactly where $z$
# lies beyond some number: one straight line, or none.
#
# But two of today's most used activations fall before they climb: *silu*, $\mathrm{silu}(z) = z\,\sigma(z)$, and *gelu*, which
# looks much alike. A cut through the dip meets the curve **twice**, and two values of $z$ are two parallel lines.
#
# *Left* is the plane with the four points of XOR, *right* the same points on the curve of the activation. **Choose *silu*,
# let class 1 be *below the cut*,** and look for weights, a bias and a cut that put all four on their sides.

# %%
explore.one_neuron()

# %%
z = np.linspace(-3, 0, 3001)
for phi, cut in ((silu, -0.17), (gelu, -0.1)):
    dip = z[phi(z).argmin()]
    a = phi(3 * (X[:, 0] + X[:, 1] - 1) + dip)
    print(f"{phi} is lowest at z = {dip:.3f}. a at the four points: {a.round(3) + 0.0}")
    print(f"  a < {cut}: {(a < cut) * 1}, the nearest {np.abs(a - cut).min():.3f} from the cut")
print("the square of x1 - x2:", (X[:, 0] - X[:, 1]) ** 2)

# %% [markdown]
# With both weights 3, and (0,1) and (1,0) in the dip, one neuron computes XOR. The square, $\varphi(z) = z^2$, does it without
# any error: $(x_1 - x_2)^2$ *is* XOR. So "a single neuron can't do XOR" holds for activations that never fall, not for these
# three. The lines are straight, though: an activation alone bends nothing.
#
# ### 5. A hidden layer moves the plane until a line is enough
#
# Give XOR two hidden ReLUs, $\mathrm{relu}(z) = \max(0, z)$:
#
# $$a_1 = \mathrm{relu}(x_1 + x_2), \qquad a_2 = \mathrm{relu}(x_1 + x_2 - 1), \qquad z = a_1 - 2 a_2.$$
#
# The hidden layer sends $(0,1)$ and $(1,0)$ to one place, $(1,0)$, and $(1,1)$ to $(2,1)$; $(0,0)$ stays. Now the straight
# line $a_1 - 2 a_2 = \frac12$ parts the classes. Two ReLUs draw a corner exactly, too:
# $|x| = \mathrm{relu}(x) + \mathrm{relu}(-x)$.

# %%
A = relu(X @ np.array([[1, 1], [1, 1]]).T + [0, -1])
print("hidden layer:", A.astype(int).tolist())
print("output z:    ", (A @ [1, -2]).astype(int).tolist())
x = np.linspace(-2, 2, 401)
assert (np.abs(x) == relu(x) + relu(-x)).all()

# %% [markdown]
# That is how layers bend lines. No layer ever cuts with anything but a straight line (in more dimensions: a plane); the
# layers before it bend the space.
#
# ### 6. Folds multiply, pieces add
#
# On the interval from 0 to 1, two ReLUs make a *tent*, $T(x) = 2\,\mathrm{relu}(x) - 4\,\mathrm{relu}(x - \tfrac12)$: up from 0
# to 1, and down again. So $T(x)$ runs through the interval *twice*, and $T(T(x))$ goes up and down twice: four straight
# pieces. Each further layer of two ReLUs doubles their number. Side by side, in one layer, each ReLU of one input adds at
# most one corner: $n$ of them make at most $n + 1$ pieces.
#
# **Add layers, one by one, and watch the right panel:** in depth the pieces multiply, side by side they add up. On the left,
# dashed, is the best fit (by least squares) of as many evenly spaced ReLUs in one layer.

# %%
y = np.linspace(0, 1, 2**12 + 1)
for _ in range(10):
    y = 2 * relu(y) - 4 * relu(y - 0.5)
corners = (np.abs(np.diff(y, 2)) > 1e-9).sum()
print(f"20 ReLUs, by twos: {corners + 1:,} straight pieces; side by side at most", 20 + 1)

explore.fold_the_line()

# %% [markdown]
# ## Build
#
# Today's idea is one line, `A = phi(A @ W.mT + b)`, repeated. Leave out `phi`, and you can leave out the loop as well.

# %%
def forward(X, weights, biases, phi):
    A = X
    for W, b in zip(weights[:-1], biases[:-1]):
        A = phi(A @ W.mT + b)
    return sigmoid(A @ weights[-1].mT + biases[-1])

net = MLP([2, 8, 8, 1], hidden=tanh, output=sigmoid, seed=1)
X_moons, Y_moons = moons(200, noise=0.15, seed=1)
weights, biases = [layer.W for layer in net.layers], [layer.b for layer in net.layers]
mine = forward(X_moons, weights, biases, tanh)
assert np.abs(mine - net.forward(X_moons)).max() < 1e-12
print("your network and nbcore's agree to 1e-12")

# %% [markdown]
# Now build a curve with your own hands. With one input, each hidden unit adds a piece, *weight* · φ(*steepness* · (*x* −
# *place*)), and the output adds a *constant*. The place is where a ReLU hinge (steepness 1) begins, or where a sigmoid step
# (steepness 20) has its middle. *Right:* the pieces, by number. *Left:* their sum.
#
# 1. Two hinges are set, and the sum follows the dots halfway. Where must hinge 3 turn the line, and with what weight?
# 2. What can hinge 4 mend?
# 3. Move *training updates*. Gradient descent goes on from your settings (by *Adam*, which gives each number a step size
#    of its own).
# 4. Take sigmoid steps and the target *step*. How near does a single one come?

# %%
explore.build_by_hand()

# %% [markdown]
# <details><summary>What we saw</summary>1: at 0.5, with weight −4, for the slope must go from 2 to −2. The error (rms, root mean
# square) falls from 0.55 to 0.15. 2: little, while the others stay: 0.12 at best. 3: down to 0.06, since all four hinges
# move. 4: with weight 1.6 at 0 and constant −0.8, to 0.16 (all other weights 0).</details>
#
# A ReLU hinge changes the *slope* from its place onward, a sigmoid step the *height* around it. With enough of either you can
# follow any continuous curve on a closed interval as closely as you like: that is the heart of the theorem in *Break it*.
#
# ## Check
#
# The networks of *Bend the line* learned by gradients. Are these right? We nudge each weight a little, see how the loss
# follows, and compare, array by array. We start from an odd place (7 points, biases that are not zero), so that no error can
# hide behind a symmetry.

# %%
odd = MLP([2, 5, 4, 1], hidden=tanh, output=sigmoid, seed=11)
for layer in odd.layers:
    layer.b = np.random.default_rng(layer.n_out).normal(size=(1, layer.n_out))
check_gradients(odd, X_moons[:7], Y_moons[:7], bce)

# %% [markdown]
# ## Break it
#
# **The universal approximation theorem.** Take a network with one hidden layer of activation $\varphi$ and a linear output,
# a continuous function $f$ on a closed, bounded set $K$ in $\mathbb{R}^n$, and a tolerance $\varepsilon > 0$. If $\varphi$ is
# **not a polynomial**, there are a width and weights with which the network differs from $f$ by less than $\varepsilon$
# everywhere on $K$. If $\varphi$ is a polynomial and $K$ has infinitely many points, then for some $f$ and $\varepsilon$ there are
# none: no width raises the degree. (On a few points it may do, as the square did on XOR.)
#
# It is enough that on each bounded interval $\varphi$ stays bounded and is continuous but for finitely many jumps (Leshno, Lin,
# Pinkus and Schocken 1993; its values just at the jumps don't count). So ReLU will do: no need for a *squashing* activation
# (one that never falls, with limits 0 and 1).
#
# <details><summary>How the theorem grew, and one for targets with jumps</summary>Cybenko 1989: every continuous φ that tends to 0 on
# the left and to 1 on the right. Hornik 1991: every continuous, bounded, nonconstant φ. For a squashing φ, every Borel
# measurable target (jumps are allowed) and every probability distribution of inputs, the chance of an error above ε can be
# made smaller than ε (Hornik, Stinchcombe and White 1989).</details>

# %% [markdown]
# **What it does not say:** how many units it takes, whether training finds them, what happens outside the set, and what
# noise in the data does. *Left:* a fit to the dots between -1 and 1, with *evenly spaced* units and output weights by least
# squares. *Right:* its largest error there, at every width. Other weights of the same width may do better.
#
# 1. **Take more units,** and watch the shaded sides. Which error falls, and which doesn't?
# 2. Take a polynomial (*square*, *cube*), and more units again.
# 3. Take *relu* and the target *step*. Read under the picture on how much of the interval the fit is off.
# 4. Take *wiggle*, and tick *also train all weights*. Try 8 and 64 units, and some seeds.
#
# <details><summary>What we saw</summary>1: from 8 ReLUs on, twice as many leave about a quarter of the error inside; outside it
# doesn't fall. 2: from 4 units on nothing changes. 3, 4: the next cells count.</details>

# %%
explore.width_and_error(target="wiggle", activation="relu", width=8)

# %%
outside = {}
for name in ("relu", "tanh", "square (a polynomial)"):
    fit = explore.width_and_error(activation=name, width=64).result
    outside[name] = np.abs(fit.fit - fit.target)[-1]
    row = "  ".join(f"{w}: {e:.2g}" for w, e in zip(fit.widths, fit.errors) if w >= 8)
    print(f"{name:22}{row}   at x = {fit.x[-1]:.0f}: {outside[name]:.1g}")
for width in (8, 16, 32, 64):
    jump = explore.width_and_error(target="step", width=width).result
    print(f"step, {width:2} ReLUs: largest error {jump.error:.1g}, above 0.1 on {jump.off:.0%} of [-1, 1]")

# %% [markdown]
# First: the largest error on $[-1, 1]$ by width, then the error of 64 units at $x = 3$. For the square, width buys nothing: a
# sum of squares of linear functions of $x$ is one parabola, however many there are. Outside the interval nothing holds the
# fit. At a jump the largest error stays, but on an ever smaller part of the interval: so much, and no more, does the theorem
# for jumps (in the fold) promise.
#
# **Does training find such fits?** From 20 starts each, with hinges at random places, 2,000 updates of Adam train all weights.

# %%
for name, width in (("relu", 8), ("relu", 64), ("tanh", 16)):
    found, even = explore.trained_errors(name, width)
    print(f"{name}, {width:2} units: evenly spaced {even:.2g}, trained {np.median(found):.2f} (median),",
          f"smaller from {share(found < even)} starts")

# %% [markdown]
# Eight ReLUs mostly get stuck. Sixty-four follow the curve from nearly every start, but some ten times less closely than they
# could. Sixteen tanh units do better than evenly spaced: that fit was not the best of its width.
#
# **"More layers, more power."** Of what can be *represented*, yes: you folded 1,024 pieces out of 20 units. Now twenty
# starts try to learn $T(T(T(x)))$ with three layers of two ReLUs, which can represent it without error; then twenty with
# layers of 32. All make 1,000 updates of Adam, the first hinges spread over the interval. A start succeeds when its rms error
# falls below a third of a constant's.

# %%
def learn_tent3(width, block=0):
    x = tent3 = np.linspace(0, 1, 65)[:, None]
    for _ in range(3):
        tent3 = 2 * relu(tent3) - 4 * relu(tent3 - 0.5)
    sizes, starts = [1, width, width, width, 1], range(20 * block, 20 * block + 20)
    nets = stack([MLP(sizes, relu, identity, init=he, seed=start) for start in starts])
    hinges = np.random.default_rng(block).uniform(size=(20, 1, width))
    nets.layers[0].b = -hinges * nets.layers[0].W.mT
    history = train(nets, x, tent3, mse, optimizer=Adam(0.01), steps=1000)
    rms = np.sqrt(2 * history.loss.min(axis=0))  # at the best moment of each start
    return rms / tent3.std()  # 1: no better than a constant

for width in (2, 32):
    print(f"3 layers of {width:2}: {share(learn_tent3(width) < 1 / 3)} starts succeed")

# %% [markdown]
# None that is just large enough succeeds; all of the wide ones do. That a solution exists and that descent finds it are
# two statements.
#
# ## Exercises
#
# Each has a check that says what went wrong, and hints.

# %% [markdown]
# ### Exercise 1: Collapse three layers
#
# Write `collapse(weights, biases)`. It gets `[W1, W2, W3]`, each of shape (n_out, n_in), and `[b1, b2, b3]`, each a row of
# shape (1, n_out), and returns the `W` and `b` of the one layer that equals all three.
# One value to know: with all weights `[[2.]]` and all biases `[[1.]]` it gives `W = [[8.]]`, `b = [[7.]]`.
#
# <details><summary>Hint 1</summary>Collapse the first two layers as in Derive 2. What remains are two layers again.</details>
# <details><summary>Hint 2</summary>An early bias passes through every later weight matrix. As a row it is multiplied from the right by the transpose.</details>
# <details><summary>Hint 3</summary>One step of a loop: given the W and b so far, what do they become after one more layer?</details>
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
# <details><summary>Hint 2</summary>Slopes add up: write down that of each of the hat's four parts. The weights are the changes.</details>
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
# where $a < \mathrm{cut}$, with every point at least **0.12** away from the cut. The neuron of Derive 4 leaves 0.108. The
# curve is lowest at $z = -1.278$, where $a = -0.278$. *One neuron* tells how near the nearest point is.
#
# <details><summary>Hint 1</summary>(0,1) and (1,0) should land in the dip, the other two to its left and right.</details>
# <details><summary>Hint 2</summary>With equal weights w, the points sit at z = b, b + w, b + w and b + 2w. So b + w should be near -1.278.</details>
# <details><summary>Hint 3</summary>The larger w, the further out is (0,0), where the curve creeps back up to 0. Put the cut midway between that and the dip.</details>
#
# [Solution](../notebooks/solutions/01_linear_vs_nonlinear.ipynb)

# %%
# BEGIN SOLUTION
w = [4, 4]
b = -5.278
cut = -0.152
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
# First, your guesses.

# %% jupyter={"source_hidden": true}
lines = len(explore.one_neuron(activation="sigmoid").result.lines)
explore.Score(guesses, {
    "depth": (0 if gap < 1e-12 else 1, "Four linear layers equal one W and b, to 1e-12."),
    "sigmoid": (2 if lines == 1 else 0, f"The sigmoid crosses the cut once: {lines} straight line."),
    "pieces": (1 if corners + 1 > 1000 else 3, f"Ten layers of two made {corners + 1:,} pieces."),
    "outside": (2 if 3 < outside["relu"] < 30 else 1,
                f"The fit with 64 ReLUs was off by {outside['relu']:.0f} there."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Depth alone makes a network powerful | false | Derive 2, *Bend the line* |
# | A sigmoid output bends the boundary | false | Derive 4, *One neuron* |
# | No single neuron can do XOR | false | Derive 4, Exercise 3 |
# | Universality needs a squashing activation | false | Break it |
# | A universal network extrapolates | false | *How wide is wide enough?* |
# | The same units can draw more pieces in layers than side by side | true | Derive 6 |
# | What a network can represent, training finds | false | Break it |
#
# 1. A stack of linear layers is one linear layer: $W = W_L \cdots W_1$.
# 2. An activation alone bends nothing; a hidden layer with one bends the *space*, and a straight cut does the rest.
# 3. ReLUs side by side add corners; in layers they multiply pieces.
# 4. One hidden layer comes as close as you like to any continuous target on any closed, bounded set, if and only if $\varphi$ (as
#    tame as in *Break it*) is not a polynomial.
# 5. Existence is not learning, and neither is extrapolation.
#
# **Symbols** $x$ input · $W, b$ weights and biases · $z$ weighted sum plus bias · $\varphi$ activation · $a = \varphi(z)$ · $\sigma$ sigmoid ·
# $T$ tent · $\eta$ learning rate · $C$ loss · $K, f, \varepsilon$ set, target and tolerance of the theorem
#
# **Sources** G. Cybenko, *Approximation by superpositions of a sigmoidal function*, 1989, Theorem 2 ·
# K. Hornik, M. Stinchcombe, H. White, *Multilayer feedforward networks are universal approximators*, 1989, Theorem 2.4 ·
# K. Hornik, *Approximation capabilities of multilayer feedforward networks*, 1991, Theorem 2 ·
# M. Leshno, V. Lin, A. Pinkus, S. Schocken, *Multilayer feedforward networks with a nonpolynomial activation function can
# approximate any function*, 1993, Theorem 1 · M. Telgarsky, *Benefits of depth in neural networks*, 2016 (the tents)
#
# [previous: the map of lessons](../README.md)
#
# [next: 02, keep the gradient alive](02_activation_saturation.ipynb)
