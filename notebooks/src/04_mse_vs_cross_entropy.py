# %% [markdown]
# # 04 · Choose the loss
#
# **Why does a badly wrong neuron learn slowly?**
#
# People learn fastest when they are clearly wrong. A neuron that is trained with the squared error does the opposite:
# the more clearly it is wrong, the slower it moves. In this lesson you watch that, find the factor that is to blame,
# derive the loss that cancels it, and then look at the other side: when the old loss is the better choice.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. From then on each picture follows your hand.
#
# **You will be able to**
#
# - derive which loss cancels $\sigma'$ for a sigmoid and for a softmax, and verify it in numbers
# - say when MSE is the better choice, and show it with wrong labels
# - compute cross-entropy so that $\ln 0$ never appears, and recognize three ways to spoil it
#
# **You need** the sigmoid, the chain rule, and gradient descent as in lesson 01.
#
# **Time** 45 minutes to read and play, 30 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, bce, check_gradients, exercises, explore, identity, mse, one_hot
from nbcore import numerical_gradient, sigmoid, softmax, softmax_ce, split_digits, stack, train

data = split_digits(1297)  # the other 500 are the test set

# %% [markdown]
# ## Predict
#
# Before you look, commit to a guess. *MSE* is the mean squared error, *cross-entropy* the loss that this lesson derives,
# *softmax* turns any numbers into probabilities. Your answers stay on this computer, and are scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("04", {
    "race": ("A neuron says 0.98, but 0 is right. With cross-entropy it falls below "
             "0.5 after 17 updates. With MSE, from the same start, after",
             ["17 as well", "about 40", "more than 200"]),
    "far": ("The same from 0.99995. Cross-entropy takes 37 updates. MSE takes",
            ["about 500, in proportion", "about 5,000", "more than 50,000"]),
    "floor": ("The target is 0.3 and the output is exactly 0.3. Cross-entropy is then",
              ["0", "about 0.6", "infinite"]),
    "labels": ("Four in ten training labels are wrong. More test digits are right with",
               ["cross-entropy", "MSE", "either: no difference"]),
    "twice": ("By mistake, outputs go through softmax twice. Then training",
              ["is the same", "stops with an error", "runs, but its loss stays high"]),
})
guesses

# %% [markdown]
# ## Explore
#
# A neuron with one input $x = 1$ gives $a = \sigma(z)$, where $z = w x + b$ and $\sigma(z) = 1/(1 + e^{-z})$ is the
# sigmoid. The target is $y = 0$, so the *error* is $a - y$. Two such neurons start with the same $w$ and $b$, and
# learn by gradient descent with the same rate $\eta$ (eta). They differ only in the *loss* $C$, which says how bad an
# output is:
#
# - *MSE*, the mean squared error; for one sample, here, $C = (a - y)^2 / 2$ (some texts leave out the 1/2)
# - *cross-entropy*, which for $y = 0$ is $C = -\ln(1 - a)$ (where that comes from is the subject of this lesson)
#
# **Move the start weight $w$ up and down,** and watch how far the two curves on the left lie apart; the losses in the
# middle fall with them. Then **drag *moment***: the bars on the right are the numbers that each gradient is made of, at
# the dots.

# %%
explore.two_neurons_race(w=2.0, b=2.0)

# %% [markdown]
# **What did you see?** Try these, one after the other:
#
# 1. Start from $w = 0.6$, $b = 0.9$. When does each output fall below 0.5?
# 2. Go back to $w = b = 2$, a start that is *more* wrong. Which neuron minds?
# 3. Drag *moment* through the long flat part of MSE. Which bar is short, and when does it grow?
# 4. Set $w = b = 5$ and view 100,000 updates.
# 5. Back at $w = b = 2$: can a larger $\eta$ rescue MSE? What does the same $\eta$ do to cross-entropy?
#
# <details><summary>What we saw</summary>1: after 36 updates with MSE, after 8 with cross-entropy. 2: MSE: 232 instead
# of 36; cross-entropy only 17 instead of 8. 3: σ′(z) is short as long as the output is near 1; it is longest, 1/4,
# just where the output passes 0.5. 4: 37 against 73,534. 5: with η = 10 MSE takes 5 updates. But one rate serves all
# moments and all samples: cross-entropy jumps from z = 4 to about −16, where a sample with
# target 1 would be badly wrong.</details>
#
# ### Nothing is hidden
#
# This is the whole race. `slope` is $dC/dz$, how fast the loss changes with $z$; since $z = w x + b$, it is $dC/db$ as
# well, and times $x$ it is $dC/dw$. A slope of your own joins the race as a dotted line: try
# `explore.two_neurons_race(lambda z, a, y: 0.3)` in a new cell.

# %%
def race(slope, w, b, eta=0.15, updates=300, x=1, y=0):
    outputs = []
    for _ in range(updates + 1):
        z = w * x + b
        a = sigmoid(z)
        outputs.append(a)
        w, b = w - eta * slope(z, a, y) * x, b - eta * slope(z, a, y)
    return np.array(outputs)

slopes = {"MSE": lambda z, a, y: (a - y) * a * (1 - a),
          "cross-entropy": lambda z, a, y: a - y}
for w, b in ((0.6, 0.9), (2.0, 2.0)):
    for name, slope in slopes.items():
        a = race(slope, w, b)
        print(f"w = {w}, b = {b}, {name:13}: starts at {a[0]:.5f}, below 0.5 at update",
              f"{(a < 0.5).argmax():3}, after 300 updates {a[-1]:.5f}")

# %% [markdown]
# ## Derive
#
# ### 1. The factor to blame
#
# By the chain rule, MSE reaches $z$ through $a$:
#
# $$\frac{dC}{dz} = \frac{dC}{da} \cdot \frac{da}{dz} = (a - y)\, \sigma'(z), \qquad \sigma'(z) = a\,(1 - a).$$
#
# An output near 0 or 1 is called *saturated*: $a(1 - a)$ is nearly 0 there. So the slope is small when the neuron is
# right, and also when it is as wrong as can be. (`numerical_gradient` moves $z$ a little to both sides and watches
# $C$.)

# %%
z, y = 4.0, 0.0
a = sigmoid(z)
by_nudging = numerical_gradient(lambda z: (sigmoid(z) - y) ** 2 / 2, z)
print(f"{a - y:.5f} times {a * (1 - a):.5f} is {(a - y) * a * (1 - a):.5f}")
print(f"nudging z and looking at C: {by_nudging:.5f}")

# %% [markdown]
# Many texts say of $dC/da = a - y$ (or $2(a - y)$) that "a large error means that the weight has a large effect". Here the error is
# 0.982 and the weight's effect, $dC/dw$, is 0.017. What counts is the whole product.
#
# ### 2. Which loss would cancel it?
#
# We would like the slope to be the error itself: $dC/dz = a - y$. Write this wish with the chain rule, and solve for
# the part that belongs to the loss:
#
# $$\frac{dC}{da}\; a\,(1 - a) = a - y \quad\Longrightarrow\quad \frac{dC}{da} = \frac{a - y}{a\,(1 - a)}.$$
#
# For $y = 1$ that is $-1/a$, for $y = 0$ it is $1/(1 - a)$. Both can be integrated at sight:
#
# $$y = 1:\quad C = -\ln a \qquad\qquad y = 0:\quad C = -\ln(1 - a)$$
#
# This is the *binary cross-entropy*. With a sigmoid it is the only loss, up to a constant, whose slope is the error.

# %%
by_nudging = numerical_gradient(lambda z: -np.log(1 - sigmoid(z)), z)
print(f"nudging: {by_nudging:.5f}, error a - y: {a - y:.5f};",
      f"MSE's slope is {1 / (a * (1 - a)):.1f} times smaller")

# %% [markdown]
# ### 3. Two cases, one formula
#
# $y$ picks the first case, $1 - y$ the second, so both fit into one line:
#
# $$C = -\big[\, y \ln a + (1 - y) \ln(1 - a) \,\big].$$
#
# For targets between 0 and 1 it keeps its slope: $-\frac{y}{a} + \frac{1 - y}{1 - a} = \frac{a - y}{a\,(1 - a)}$, and
# the factor $a\,(1 - a)$ of the sigmoid cancels, whatever $y$ is.
#
# Mind the bracket. A well-known text misplaces it, in effect as $-y\,[\ln a + (1 - y) \ln(1 - a)]$. For $y = 1$ there
# is no difference. For $y = 0$ everything is multiplied by 0: a wrong output costs nothing. One number is enough to
# tell.

# %%
y, a = 0, 0.9
print(f"ours:          {-(y * np.log(a) + (1 - y) * np.log(1 - a)):.4f}")
print(f"other bracket: {0 - y * (np.log(a) + (1 - y) * np.log(1 - a)):.4f}")

# %% [markdown]
# ### 4. The shape of the loss
#
# Now the same for every $z$ at once: the loss, its slope, and the size of the slope on a logarithmic axis, where 0.98
# and 0.017 can both be read. **Drag $z$ from $-10$ to 10** and watch the diamond on the right rise and fall, while the
# circle only rises. Then move the target $y$ off 0, and look at the lowest point of each loss.

# %%
explore.shape_of_the_loss(y=0.0, z=4.0)

# %% [markdown]
# **What did you see?**
#
# 1. For $y = 0$: how large can each loss get? And each slope? Find the $z$ at which MSE's slope is 20 times smaller.
# 2. At $y = 0.3$, where are the two losses lowest? How high does cross-entropy stand there?
# 3. Choose *linear*, where $a = z$. Which loss now has the slope $a - y$?
# 4. Choose *tanh*. Its outputs run from $-1$ to 1, so target 0 becomes $-1$, and cross-entropy reads $(1 + a)/2$ as
#    the probability.
#
# <details><summary>What we saw</summary>1: MSE stays below 1/2, cross-entropy grows without end. At z = 2.9 it is 20
# times. The slope of cross-entropy stays below 1; that of MSE has a top and falls back to 0. 2: both at a = 0.3. MSE
# is 0 there, cross-entropy is not. 3: MSE. Cross-entropy exists only where z is between 0 and 1. 4: cross-entropy has
# the slope a − t again, with t the target from −1 to 1.</details>
#
# ### 5. Matching pairs
#
# Nothing is wrong with MSE as such. With a linear output $a = z$, as in *regression* (predicting a number),
# $da/dz = 1$, and MSE has the slope $a - y$. An output and a loss that leave $a - y$ are a *matching pair*: identity
# and MSE, sigmoid and binary cross-entropy, tanh and cross-entropy of $(1 + a)/2$, and one more that follows. MSE
# behind a sigmoid, as many texts use it for yes-or-no targets, is not. A cross-entropy needs a probability; `nbcore`
# refuses anything else, and says what fits.
#
# With a sigmoid and $y = 0$, MSE's slope $a^2 (1 - a)$ is largest where $2a - 3a^2 = 0$, at $a = 2/3$. Keep it in mind
# for the end.

# %%
Z, Y = np.array([[-2.0], [0.5], [4.0]]), np.array([[1.0], [0.0], [0.0]])
for phi, loss in ((identity, mse), (sigmoid, bce), (sigmoid, mse)):
    gap = np.abs(loss.delta(Z, phi(Z), Y, phi) - (phi(Z) - Y) / len(Z)).max()
    print(f"{phi} with {loss}: slope", "(a - y) / N" if gap < 1e-12 else "not a - y")
try:
    bce.delta(Z, identity(Z), Y, identity)
except ValueError as refusal:
    print("identity with bce:", refusal)
top = np.linspace(0, 1, 3001)
print(f"largest a^2 (1 - a): {(top**2 * (1 - top)).max():.5f}, 4/27 = {4 / 27:.5f}")

# %% [markdown]
# ### 6. Softmax and cross-entropy
#
# For more than two classes the outputs are $a_k = e^{z_k} / \sum_j e^{z_j}$, the *softmax*: positive, with sum 1. The
# target is a row $y_k$ with sum 1. It is *one-hot* if a single entry is 1. The cross-entropy is
# $C = -\sum_k y_k \ln a_k$. Put in $a_k$, and use that the $y_k$ sum to 1:
#
# $$C = -\sum_k y_k \Big( z_k - \ln \sum_j e^{z_j} \Big) = \ln \sum_j e^{z_j} - \sum_k y_k z_k.$$
#
# Now differentiate by one $z_i$. The second sum gives $y_i$. The first is a logarithm, so the inner derivative goes on
# top:
#
# $$\frac{\partial C}{\partial z_i} = \frac{e^{z_i}}{\sum_j e^{z_j}} - y_i = a_i - y_i.$$
#
# Again the error, and nothing else: the softmax has been canceled, as $\sigma'$ was.

# %%
Z, Y = np.array([[2.0, -1.0, 0.5]]), np.array([[0.3, 0.7, 0.0]])
by_nudging = numerical_gradient(lambda Z: np.log(np.exp(Z).sum()) - (Y * Z).sum(), Z)
print("nudging ln sum e^z - sum y z:", by_nudging.round(4)[0])
print("a - y:                       ", (softmax(Z) - Y).round(4)[0])
print(f"lowest, at a = y:             {softmax_ce(Y, Y):.4f}, and MSE {mse(Y, Y):.0f}")

# %% [markdown]
# ### 7. Where the formula comes from: bits
#
# Long before networks, $-\sum y \log a$ was a price. You report the weather each day, in zeros and ones. Sun comes
# half of the time, cloud a quarter, rain and snow an eighth each. Good code words are `0`, `10`, `110`, `111`: the
# word for a frequency $y$ has $-\log_2 y$ bits (1, 2, 3, 3). Then someone takes your code to a country where snow is
# frequent and sun is rare.
#
# A code made for frequencies $a$, used where the truth is $y$, costs $H(y, a) = -\sum_k y_k \log_2 a_k$ bits a day.
# That is the *cross-entropy*. With the best code, $a = y$, it is the *entropy* $H(y)$. No $a$ is cheaper: since
# $\ln u \le u - 1$, what you save is $\sum y_k \ln\frac{a_k}{y_k} \le \sum (a_k - y_k) \le 0$, summed
# over $y_k > 0$. And no code at all is (Shannon 1948). Training counts with $\ln$ instead of $\log_2$: 1 bit is $\ln 2 = 0.693$ *nats*.
#
# The cell first sends 10,000 days in this code, at home and abroad. In the picture, each kind of day is as wide as it
# is frequent and as high as its word is long, so the colored *area* is what you pay; the dashed outline is the best
# code. (Words of 1.6 bits? A code for whole weeks at once comes as near as you like.) **Move your four weights until nothing is wasted.** Then choose other true weather, *always sun* last.

# %%
words = {"sun": "0", "cloud": "10", "rain": "110", "snow": "111"}
lengths = np.array([len(word) for word in words.values()])
for country, y in (("home", [1/2, 1/4, 1/8, 1/8]), ("abroad", [1/8, 1/8, 1/4, 1/2])):
    days = np.random.default_rng(0).choice(list(words), size=10_000, p=y)
    sent = sum(len(words[day]) for day in days) / len(days)
    least = -np.sum(np.multiply(y, np.log2(y)))
    print(f"{country:6} {sent:.2f} bits a day sent; y times length {y @ lengths:.3f};",
          f"entropy {least:.3f}")
explore.coding_cost()

# %% [markdown]
# **Is the best possible cross-entropy 0?** Only when the truth is one-hot, *always sun*. For *soft* targets, such as
# 0.3 and 0.7, the floor is their entropy: in Derive 6 a loss that stays at 0.6109 is perfect. MSE is 0 wherever the
# output equals the target, soft or not. Both are never negative, and both fall as outputs approach targets. So that is
# no reason to prefer one.
#
# ## Build
#
# Because everything cancels, learning ten digits takes a few lines. The data: 1,297 handwritten digits of 8 by 8
# pixels to train on, 500 others to test. This is softmax regression: one layer, from zeros. `slope(Z, Y)` is
# $\partial C/\partial z$ for the samples in rows; the mean over $N$ samples brings the $1/N$.
# (`.mT` is the transpose.)

# %%
def descend(slope, X, Y, eta=0.5, steps=500):
    W, b = np.zeros((Y.shape[1], X.shape[1])), np.zeros((1, Y.shape[1]))
    for _ in range(steps):
        D = slope(X @ W.mT + b, Y) / len(X)
        W, b = W - eta * D.mT @ X, b - eta * D.sum(axis=0, keepdims=True)
    return W, b

W, b = descend(lambda Z, Y: softmax(Z) - Y, data.X, data.Y)
net = MLP([64, 10], output=softmax, init="zeros")
train(net, data.X, data.Y, softmax_ce, eta=0.5, steps=500)
assert np.abs(net.layers[0].W - W).max() < 1e-10
says = (data.X_test @ W.mT + b).argmax(axis=1)
print("of 500 test digits wrong:", (says != data.labels_test).sum())

# %% [markdown]
# ## Check
#
# Do the short forms hold inside whole networks? Each weight is nudged, and the change of the loss is compared with the
# gradient, from an odd start (7 samples, biases that are not zero), for three pairs: two that match and one that
# doesn't.

# %%
for output, loss in ((sigmoid, bce), (softmax, softmax_ce), (sigmoid, mse)):
    odd = MLP([64, 4, 10], output=output, seed=11)
    odd.layers[0].b = np.random.default_rng(5).normal(size=(1, 4))
    print(f"{output} with {loss}:",
          check_gradients(odd, data.X[:7], data.Y[:7], loss))

# %% [markdown]
# ## Break it
#
# ### Confidently wrong, and ln 0
#
# "MSE is merely slower" is too kind. Push the start to $w = b = 5$, so that $z = 10$. (Both move, so an update changes
# $z$ by $2\eta$ times the slope.) And at $z = 40$ the output *is* 1 for the computer, which keeps 16 digits: $1 - a$
# is exactly 0, and from there MSE never moves at all.
#
# There cross-entropy has a trap of its own: the formula asks for $\ln 0$. The usual patch, clipping at $10^{-12}$,
# returns a number, but a wrong one, whose slope is 0. The cure is to compute from the *logit*, another name for $z$.
# By Derive 6, with two classes whose logits are $z$ and 0,
#
# $$C = \ln(1 + e^z) - y z = \max(z, 0) - y z + \ln\big(1 + e^{-|z|}\big).$$
#
# No exponent is ever positive, so nothing overflows, and no logarithm sees 0.

# %%
far = explore.two_neurons_race(w=5.0, b=5.0, horizon=100_000).result
print(f"from z = 10: {far.cross_entropy.crossed} updates, with MSE {far.mse.crossed:,}")
z, y, a = 40.0, 0.0, sigmoid(40.0)
print(f"at z = 40 the slope is {a - y:.0f}, with MSE {(a - y) * a * (1 - a):.0f}")
with np.errstate(divide="ignore", invalid="ignore"):
    print(f"-ln(1 - a):         {-np.log(1 - a)},",
          f"dC/da times sigma' {(a - y) / (a * (1 - a)) * (a * (1 - a))}")
print(f"clipped at 1e-12:   {-np.log(max(1 - a, 1e-12)):.2f}, slope by nudging",
      numerical_gradient(lambda z: -np.log(np.maximum(1 - sigmoid(z), 1e-12)), z))
print(f"from the logit:     {max(z, 0) - y * z + np.log1p(np.exp(-abs(z))):.2f},",
      f"bce.from_logits {bce.from_logits([[z]], [[y]]):.2f}")

# %% [markdown]
# ### Softmax twice
#
# Some libraries' cross-entropy takes logits and applies the softmax itself. Give it probabilities, and softmax runs
# twice. No error appears, and the outputs still sum to 1. But the second softmax gets numbers between 0 and 1 only: at
# best $(1, 0, \dots, 0)$. With ten classes, its best answer is therefore $e^1/(e^1 + 9\,e^0)$.

# %%
def twice(Z, Y):
    a = softmax(Z)
    return softmax.backward(softmax(a) - Y, Z, a)

floor = -np.log(np.e / (np.e + 9))
print(f"largest probability {np.exp(-floor):.4f}: the loss stays above {floor:.4f}")
for name, slope in (("once", lambda Z, Y: softmax(Z) - Y), ("twice", twice)):
    W, b = descend(slope, data.X, data.Y, steps=100)
    wrong = ((data.X_test @ W.mT + b).argmax(axis=1) != data.labels_test).sum()
    print(f"100 updates, softmax {name:5}: {wrong:3} of 500 test digits wrong")

# %% [markdown]
# ### Real digits
#
# Does all this matter in a whole network? 64 inputs, a hidden layer of tanh units, ten outputs, real handwriting. Four
# starts for each loss; a thin line is one start. *Left:* wrong test digits, on a logarithmic axis. *Right:* how hard
# one image pulls, the mean length of its $\partial C/\partial z$.
#
# **Raise *output weights, times*:** that makes the network confidently wrong. Watch MSE's pull. Then set them back to
# 1, and **raise *wrong labels***.

# %%
explore.softmax_and_digits()

# %% [markdown]
# **What did you see?**
#
# 1. As it stands: who is ahead after 50 updates? After 1,000?
# 2. Give MSE a larger rate, *η times* 4. What is left of the difference?
# 3. Start with output weights times 10. Then choose *sigmoid* outputs as well: who is stuck now? Try $\eta = 0.1$.
# 4. Back at 1: take 40% wrong labels. Compare the lines with crosses.
#
# <details><summary>What we saw</summary>1: cross-entropy by far; then both are level, within about one test digit in a
# hundred. 2: with a rate of its own, MSE is nearly as quick from this mild start. 3: its pull is ten times smaller and
# more, and after 1,000 updates it misses several times as many digits. Sigmoid outputs: both
# are stuck, MSE for want of pull, cross-entropy because its full pull makes steps too long. η = 0.1 frees cross-entropy
# (about 3 in a hundred missed), not MSE. 4: with MSE, images with a wrong label pull
# about as hard as the others; with cross-entropy about twice as hard; and MSE misses fewer test digits.</details>
#
# ### The other side: wrong labels
#
# On a wrong label, a network that has learned well looks "confidently wrong", and it is right. Cross-entropy pulls
# hardest just there: its loss is not bounded, and its slope stays near 1, the largest that it can be. MSE's loss is at
# most 1/2 an output, and its slope $a^2 (1 - a)$, never above $4/27$, falls back to 0: it gives up on hopeless
# samples. Is that a gain? We measure: tanh units, ten sigmoid outputs (the defaults of `MLP`), four starts for each
# share of wrong training labels, clean test labels. To be fair to MSE, whose slope has the factor $\sigma' \le 1/4$, it gets four times the rate; and each
# race is run twice, slowly and quickly. (`stack` makes one array of many networks, so that they train together.)

# %%
def wrong_share(loss, eta, shares=(0, 0.2, 0.4), starts=4):
    jobs = [(share, k) for share in shares for k in range(starts)]
    Y = [one_hot(explore.wrong_labels(data.labels, share, k), 10) for share, k in jobs]
    nets = stack([MLP([64, 32, 10], seed=k, dtype="float32") for _, k in jobs])
    train(nets, data.X, np.stack(Y), loss, eta, steps=2000, batch=64)
    wrong = nets.forward(data.X_test).argmax(axis=-1) != data.labels_test
    return wrong.mean(axis=-1).reshape(len(shares), starts)

runs = {}
print("wrong training labels:  0%    20%    40%")
for loss, eta in ((bce, 0.1), (mse, 0.4), (bce, 0.5), (mse, 2.0)):
    runs[loss, eta] = share = wrong_share(loss, eta)
    print(f"{loss}, eta = {eta}:    ", *(f"{m:6.1%}" for m in share.mean(axis=1)))

# %%
harmed, spared = np.array([[runs[bce, 0.1], runs[bce, 0.5]],
                           [runs[mse, 0.4], runs[mse, 2.0]]])
for k, share in enumerate(("0%", "20%", "40%")):
    ahead = (spared[:, k] < harmed[:, k]).sum(axis=1)
    print(f"{share:>3} wrong labels: MSE ahead in {ahead[0]} of 4, quick: {ahead[1]} of 4")

# %% [markdown]
# Read this with care. With clean labels the two are about level. With wrong ones MSE is ahead at both speeds; but much
# of the wide gap of the quick runs is haste: cross-entropy has begun to learn the wrong labels by heart, and a smaller
# rate mends a good part. And MSE needs the larger rate: call `wrong_share(mse, 0.1)` to see it lag behind. It is one
# data set and one small network. The rule of thumb it supports: *clean labels: cross-entropy, which a bad start stalls
# less; many wrong labels: try a bounded loss* (Ghosh, Kumar and Sastry 2017 give a condition under which such noise does no harm; MSE only comes
# nearer to it than cross-entropy).
#
# ## Exercises
#
# Each has a check that tells you what went wrong, and hints to unfold one at a time.

# %% [markdown]
# ### Exercise 1: The matching loss of tanh
#
# A tanh neuron answers $a$ between $-1$ and 1; its targets are $t$ from $-1$ to 1. Read $(1 + a)/2$ as the probability
# of "yes" and $(1 + t)/2$ as its target. Write `cross_entropy(a, t)`: the binary cross-entropy in one formula, mean
# over samples. `a` and `t` have shape (N, 1). One value to know: for $a = 0$ it is $\ln 2 = 0.6931$, whatever the
# target.
#
# <details><summary>Hint 1</summary>Write p = (1 + a)/2 and y = (1 + t)/2 first. What is 1 - p?</details>
# <details><summary>Hint 2</summary>Now it is the formula of Derive 3. Where does the bracket end?</details>
# <details><summary>Hint 3</summary>np.mean at the end; the minus stands before everything.</details>
#
# [Solution](../notebooks/solutions/04_mse_vs_cross_entropy.ipynb)

# %%
def cross_entropy(a, t):
    # BEGIN SOLUTION
    p, y = (1 + a) / 2, (1 + t) / 2
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    # END SOLUTION

exercises.check_tanh_cross_entropy(cross_entropy)

# %% [markdown]
# ### Exercise 2: A pair that does not match
#
# Softmax outputs with MSE: $C$ is the mean over samples of $\sum_k (a_k - y_k)^2 / 2$. Here nothing cancels. Write
# `delta(Z, Y)`, which returns $\partial C/\partial z$ for all samples, in the shape (N, n) of `Z`. You have
# $\partial a_k / \partial z_i = a_k (1 - a_i)$ if $k = i$, and $-a_k a_i$ if not. One value to know: for
# `Z = [[0., 0.]]`, `Y = [[1., 0.]]` it is `[[-0.25, 0.25]]`.
#
# <details><summary>Hint 1</summary>Every z_i moves every a_k: dC/dz_i = sum over k of (a_k - y_k) times da_k/dz_i.</details>
# <details><summary>Hint 2</summary>Both cases in one: da_k/dz_i = a_i ([k = i] - a_k). So dC/dz_i = a_i (d_i - sum_k d_k a_k), with d = a - y.</details>
# <details><summary>Hint 3</summary>The sum runs along a row: axis=1, keepdims=True. And C is a mean over the N rows.</details>
#
# [Solution](../notebooks/solutions/04_mse_vs_cross_entropy.ipynb)

# %%
def delta(Z, Y):
    # BEGIN SOLUTION
    a = softmax(Z)
    d = a - Y
    return a * (d - (d * a).sum(axis=1, keepdims=True)) / len(Z)
    # END SOLUTION

exercises.check_mse_softmax_delta(delta)

# %% [markdown]
# ### Exercise 3: Never ln 0
#
# Write `from_logits(Z, Y)`: softmax and cross-entropy in one, from logits `Z` of shape (N, n) and targets `Y` (rows
# with sum 1), mean over samples. It has to be right for any finite `Z`, 1000 and $-1000$ included. One value to know:
# for `Z = [[0., 0.]]` it is $\ln 2$. Don't clip.
#
# <details><summary>Hint 1</summary>Start from Derive 6: ln sum e^z - sum y z. Which part overflows at z = 1000, and which logarithm sees 0 at z = -1000?</details>
# <details><summary>Hint 2</summary>For any number m: ln sum e^z = m + ln sum e^(z - m). With m the largest z of the row, no exponent is positive and one is 0.</details>
# <details><summary>Hint 3</summary>m = Z.max(axis=1, keepdims=True): one m for each row.</details>
#
# [Solution](../notebooks/solutions/04_mse_vs_cross_entropy.ipynb)

# %%
def from_logits(Z, Y):
    # BEGIN SOLUTION
    m = Z.max(axis=1, keepdims=True)
    log_sum = m[:, 0] + np.log(np.exp(Z - m).sum(axis=1))
    return np.mean(log_sum - (Y * Z).sum(axis=1))
    # END SOLUTION

exercises.check_from_logits(from_logits)

# %% [markdown]
# ## What to keep
#
# First, your guesses, beside what came out above.

# %% jupyter={"source_hidden": true}
near, soft = explore.two_neurons_race().result, softmax_ce([[0.3, 0.7]], [[0.3, 0.7]])
with_mse, with_ce = spared[:, 2].mean(axis=1), harmed[:, 2].mean(axis=1)
explore.Score(guesses, {
    "race": (2, f"It takes {near.mse.crossed} updates."),
    "far": (2, f"It takes {far.mse.crossed:,} updates."),
    "floor": (1, f"It is {soft:.3f}, the entropy of the target."),
    "labels": (1 if (with_mse < with_ce).all() else 0,
               f"Slow runs miss {with_ce[0]:.1%}, {with_mse[0]:.1%} with MSE; "
               f"quick ones {with_ce[1]:.1%} and {with_mse[1]:.1%}."),
    "twice": (2, f"With ten classes it stays above {floor:.3f}."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Cross-entropy comes from coding theory | true: it is the price of a code made for the wrong frequencies; 2.625 bits instead of 1.75 | Derive 7, *Bits* |
# | Cross-entropy goes to 0 as outputs approach the targets | it is never negative; but 0 is reached for one-hot targets only: for soft ones the floor is their entropy | Derive 7, *The shape of the loss* |
# | MSE lacks such properties | false: it has them too; the reason to prefer one is the slope | Derive 7 |
# | With a sigmoid, MSE learns slowly when it is badly wrong | true: 232 updates against 17 from 0.982, 36 against 8 from 0.818; $\sigma'$ stays in the gradient | *Two neurons race* |
# | Cross-entropy cancels $\sigma'$ | true, and so it does for softmax; with a sigmoid it is the only loss whose slope is the error | Derive 2, 3 and 6 |
# | A large error means that the weight has a large effect | false: error 0.982, gradient 0.017 | Derive 1 |
# | MSE is merely slower | false: 37 against 73,534 from $z = 10$, and from $z = 40$ it never moves | Break it |
# | Any bracket will do in the merged formula | false: for $y = 0$, $a = 0.9$ it is 2.3026 or 0 | Derive 3 |
# | MSE is outdated | false: with linear outputs it is the matching pair; and it gives up on wrong labels, so with 20% or 40% of them it misses fewer test digits | Derive 5, *The other side* |
# | Clipping cures $\ln 0$ | false: 27.63 instead of 40, and no slope; compute from logits | Break it, Exercise 3 |
# | Softmax twice is harmless | false: with ten classes the loss stays above 1.46 | Break it |
#
# 1. MSE with sigmoid: $dC/dz = (a - y)\,\sigma'(z)$; cross-entropy: $dC/dz = a - y$.
# 2. Matching pairs: identity and MSE, sigmoid and binary cross-entropy, softmax and cross-entropy.
# 3. $H(y, a) = -\sum y \log a$ is the price of a wrong belief; its floor is the entropy $H(y)$.
# 4. Compute from logits: $\ln \sum_j e^{z_j} - \sum_k y_k z_k$, the largest $z$ taken out first.
# 5. A loss that pulls hard on large errors also pulls hard on wrong labels.
#
# **Symbols** $x, w, b$ input, weight, bias · $z$ pre-activation, logit · $a$ output · $y$ target ($t$ from $-1$ to 1)
# · $\sigma$ sigmoid · $C$ loss · $\eta$ learning rate · $H(y, a)$ cross-entropy, $H(y)$ entropy · $N$ samples
#
# **Sources** M. Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 3 (the race and its figures) · C. Shannon,
# *A mathematical theory of communication*, 1948, theorem 9 · C. Bishop, *Pattern Recognition and Machine Learning*,
# 2006, section 4.3.6 (matching pairs, there called canonical link functions) · A. Ghosh, H. Kumar, P. Sastry, *Robust
# loss functions under label noise for deep neural networks*, 2017
#
# [previous: 03, break the symmetry](03_zero_init_failure.ipynb)
#
# [next: 05, trace the gradient](05_backpropagation.ipynb)
