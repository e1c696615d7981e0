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
# **Time** 45 minutes to read and play, 30 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, PLANE, SGD, Adam, bce, check_gradients, gelu, he, identity, moons, mse, relu, sigmoid, silu
from nbcore import exercises, explore, stack, tanh, train, training

# %% [markdown]
# ## Predict
#
# Before you look, commit to a guess. Your answers stay on this computer, and are scored at the end of the lesson.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("01", {
    "depth": ("A network with 3 hidden layers, but no activation function, learns to tell two classes apart. "
              "In the plane, the boundary between them is",
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
# Two sets of points in the plane, and a network that learns to tell them apart.
#
# - *Left:* the plane, blue where the network says class 0 (circles), orange where it says class 1 (squares). On the line,
#   the *boundary*, it can't decide.
# - *Middle:* what the last layer sees. The hidden layers have moved the plane and its grid; it is turned so that the
#   boundary is vertical.
# - *Right:* the *loss*, a measure of how wrong the network is, on a logarithmic axis.
#
# The network starts with the *identity* as its activation function, which means: with none at all. **Choose *tanh* and watch
# the line.** Each move of a control trains a new network, from its random start, for 1,000 updates.

# %%
explore.bend_the_line(activation="identity")

# %% [markdown]
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
# A neuron without activation gives $z = w_1 x_1 + w_2 x_2 + b$. Its boundary is where $z$ equals some fixed number (the
# *cut*), and that is the equation of a straight line, as long as $w_1$ and $w_2$ are not both 0.
#
# XOR is class 1 where exactly one of two inputs is 1. Its four points can't be parted by a line, since
# $z(0,0) + z(1,1) = w_1 + w_2 + 2b = z(0,1) + z(1,0)$: one pair can't lie above the cut while the other lies below. A line
# can get three of four right. Yet the linear answer with the smallest mean squared error (found by *least squares*) is worse
# than that sounds.

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
# the argument (it is Exercise 1), nor does a hundredth. In the code samples are rows, so a line reads transposed and in
# reverse order: `Z = A @ W.mT + b` (`.mT` transposes a matrix).

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
# The collapsed layer can even be poorer than it looks. The *rank* of a matrix is the number of independent directions that
# its outputs can take. The rank of a product is at most the smallest rank in it. So a linear layer of width 1, anywhere,
# leaves a map of rank 1: here six outputs, but all of them on one line.

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
# %% [markdown]
# But two of today's most used activations fall before they climb: *silu*, $\mathrm{silu}(z) = z\,\sigma(z)$, and *gelu*, which
# looks much alike. A horizontal cut through the dip meets the curve **twice**, and two values of $z$ are two parallel
# lines in the plane.
#
# Below, *left* is the plane with the four points of XOR, and *right* the same four points on the curve of the activation.
# **Choose *silu*, let class 1 be *below the cut*,** and look for weights, a bias and a cut that put all four points on their
# sides.

# %%
explore.one_neuron()

# %%
z = np.linspace(-3, 0, 3001)
for phi, cut in ((silu, -0.17), (gelu, -0.1)):
    dip = z[phi(z).argmin()]
    a = phi(3 * (X[:, 0] + X[:, 1] - 1) + dip)
    print(f"{phi} is lowest at z = {dip:.3f}. a at the four points: {a.round(3) + 0.0}")
    print(f"  a < {cut}: {(a < cut) * 1}, the nearest {np.abs(a - cut).min():.3f} from the cut")

# %% [markdown]
# With both weights 3, and (0,1) and (1,0) in the dip, one neuron computes XOR. "A single neuron can't do XOR" is true for
# activations that never fall, and false for these two. The lines are still straight, though: an activation alone bends
# nothing.
#
# ### 5. A hidden layer moves the plane until a line is enough
#
# Give XOR two hidden ReLUs, $\mathrm{relu}(z) = \max(0, z)$:
#
# $$h_1 = \mathrm{relu}(x_1 + x_2), \qquad h_2 = \mathrm{relu}(x_1 + x_2 - 1), \qquad z = h_1 - 2 h_2.$$
#
# The hidden layer sends $(0,1)$ and $(1,0)$ to one place, $(1,0)$, leaves $(0,0)$ where it is, and sends $(1,1)$ to
# $(2,1)$. Now the straight line $h_1 - 2 h_2 = \frac12$ parts the classes. Two ReLUs draw a corner exactly, too:
# $|x| = \mathrm{relu}(x) + \mathrm{relu}(-x)$.

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
# to 1, and down again. So $T(x)$ runs through the interval *twice*, and $T(T(x))$, a tent of a tent, goes up and down twice:
# four straight pieces. Each further layer of two ReLUs doubles their number. Side by side, in one layer, each ReLU of one
# input adds at most one corner: $n$ of them make at most $n + 1$ pieces.
#
# **Add layers, one by one, and watch the right panel:** in depth the pieces multiply, side by side they add up. On the left,
# the dashed curve is the best fit (by least squares) of as many evenly spaced ReLUs in one layer. Magnify when the folds get
# too fine to see.

# %%
explore.fold_the_line()

# %%
y = np.linspace(0, 1, 2**12 + 1)
for _ in range(10):
    y = 2 * relu(y) - 4 * relu(y - 0.5)
corners = (np.abs(np.diff(y, 2)) > 1e-9).sum()
print(f"20 ReLUs, by twos: {corners + 1:,} straight pieces; side by side at most", 20 + 1)

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
weights, biases = [layer.W for layer in net.layers], [layer.b for layer in net.layers]
mine = forward(X_moons, weights, biases, tanh)
assert np.abs(mine - net.forward(X_moons)).max() < 1e-12
print("your network and nbcore's agree to 1e-12")

# %% [markdown]
# Now build a curve with your own hands. With one input, each hidden unit adds a piece $w\,\varphi(s\,(x - k))$, and the output
# adds a constant $c$. The place $k$ is where a ReLU hinge ($s = 1$) begins, or where a sigmoid step ($s = 20$) has its middle;
# the weight $w$ says how strong it is. *Right:* the pieces, by number. *Left:* their sum.
#
# 1. Two hinges are set, and the sum follows the dots halfway. Where must hinge 3 turn the line, and with what weight?
# 2. What can hinge 4 mend?
# 3. Move *training updates*. Gradient descent goes on from your settings, and moves all $w$, $s$, $k$ and $c$ (by *Adam*, which
#    gives each number a step size of its own).
# 4. Start over with sigmoid steps, or with another target.

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
# **The universal approximation theorem.** Take a network with one hidden layer of activation $\varphi$ and a linear output,
# a continuous function $f$ on a closed, bounded set $K$ in $\mathbb{R}^n$, and a tolerance $\varepsilon > 0$. If $\varphi$ is
# **not a polynomial**, there are a width and weights with which the network differs from $f$ by less than $\varepsilon$
# everywhere on $K$. If $\varphi$ is a polynomial, then for some $f$ and $\varepsilon$ there are none.
#
# It holds for every $\varphi$ that is *locally bounded and piecewise continuous*: it may have jumps, but no poles (Leshno, Lin,
# Pinkus and Schocken 1993; all up to sets of measure zero). So ReLU will do, and "a *squashing* activation (one that never
# falls, with limits 0 and 1) is a must" is false.
#
# <details><summary>How the theorem grew, and one for targets with jumps</summary>Cybenko 1989: every continuous φ that tends to 0 on
# the left and to 1 on the right. Hornik 1991: every continuous, bounded, nonconstant φ. In a weaker sense it holds for more
# targets. For a squashing φ, every Borel measurable target (jumps are allowed) and every probability distribution of inputs, the
# chance of an error above ε can be made smaller than ε (Hornik, Stinchcombe and White 1989).</details>

# %% [markdown]
# **What it does not say:** how many units it takes, whether training finds them, what happens outside the set, and what
# noise in the data does. The first three you can break here. *Left:* the line is a fit to the dots between -1 and 1, with
# *evenly spaced* units and output weights by least squares. *Right:* its largest error there, at every width. It is an upper
# bound on what that width can do.
#
# 1. **Take more units,** and watch the shaded sides. Which error falls, and which doesn't?
# 2. Take a polynomial (*square*, *cube*), and more units again.
# 3. Tick *also train all weights*, and try some seeds.

# %%
explore.width_and_error(target="wiggle", activation="relu", width=8)

# %%
outside = {}
for name in ("relu", "tanh", "square (a polynomial)"):
    fit = explore.width_and_error(activation=name, width=64).result
    outside[name] = np.abs(fit.fit - fit.target)[-1]
    row = "  ".join(f"{w}: {e:.2g}" for w, e in zip(fit.widths, fit.errors) if w >= 8)
    print(f"{name:22}{row}   at x = {fit.x[-1]:.0f}: {outside[name]:.1g}")

# %% [markdown]
# Each row is the largest error on $[-1, 1]$ by width, then the error of 64 units at $x = 3$. For the square, width buys
# nothing: a sum of squares of linear functions of $x$ is one parabola, with three numbers in it, however many units there
# are. And outside the interval no fit owes you anything.
#
# **"More layers, more power."** Of what can be *represented*, yes: you folded 1,024 pieces out of 20 units. Does training
# *find* such things? Twenty networks, each from its own start, try to learn $T(T(T(x)))$ with three layers of two ReLUs,
# which can represent it without error. Each makes 2,000 updates of Adam with $\eta = 0.01$; its first hinges are spread over
# the interval. Then eight much wider ones try. A start succeeds when its error, as a root mean square (rms), falls below 0.1.

# %%
def learn_tent3(width, starts):
    x = tent3 = np.linspace(0, 1, 129)[:, None]
    for _ in range(3):
        tent3 = 2 * relu(tent3) - 4 * relu(tent3 - 0.5)
    sizes = [1, width, width, width, 1]
    nets = stack([MLP(sizes, relu, identity, init=he, seed=k) for k in range(starts)])
    hinges = np.random.default_rng(0).uniform(size=(starts, 1, width))
    nets.layers[0].b = -hinges * nets.layers[0].W.mT
    history = train(nets, x, tent3, mse, optimizer=Adam(0.01), steps=2000)
    rms = np.sqrt(2 * history.loss.min(axis=0))  # at the best moment of each start
    print(f"3 layers of {width:2}: {(rms < 0.1).sum()} of {starts} starts",
          f"get below 0.1 (a constant: {np.std(tent3):.2f})")

learn_tent3(width=2, starts=20)
learn_tent3(width=32, starts=8)

# %% [markdown]
# Not one of the twenty that are just large enough succeeds; all of the wide ones do. That a solution exists and that
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
# <details><summary>Hint 1</summary>Collapse the first two layers as in Derive 2. What remains are two layers again.</details>
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
# where $a < \mathrm{cut}$, with every point at least **0.12** away from the cut. The neuron of Derive 4 leaves 0.108, so it
# takes a better one. Its curve is lowest at $z = -1.278$, where $a = -0.278$. *One neuron* tells how near the nearest point is.
#
# <details><summary>Hint 1</summary>The points (0,1) and (1,0) should land in the dip, the other two to its left and right.</details>
# <details><summary>Hint 2</summary>With equal weights w, the four points sit at z = b, b + w, b + w and b + 2w. So b + w should be near -1.278.</details>
# <details><summary>Hint 3</summary>The larger w, the further out is (0,0), where the curve creeps back up to 0. The cut belongs in the middle between the dip and that.</details>
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
# First, your guesses, beside what came out above.

# %% jupyter={"source_hidden": true}
lines = len(explore.one_neuron(activation="sigmoid").result.lines)
explore.Score(guesses, {
    "depth": (2 if gap < 1e-12 else 1, "Four linear layers equal one W and b, to 1e-12."),
    "sigmoid": (1 if lines == 1 else 0, f"The sigmoid crosses the cut once: {lines} straight line."),
    "pieces": (3 if corners + 1 > 1000 else 1, f"Ten layers of two made {corners + 1:,} pieces."),
    "outside": (2 if outside["relu"] > 0.03 else 0,
                f"The fit with 64 ReLUs was off by {outside['relu']:.0f} there."),
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
# $h$ hidden unit · $T$ tent · $w, s, k, c$ weight, steepness, place and constant of pieces · $\eta$ learning rate · $C$ loss ·
# $K, f, \varepsilon$ set, target and tolerance of the theorem
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
