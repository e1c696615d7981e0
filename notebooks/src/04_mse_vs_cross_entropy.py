# %% [markdown]
# # 04 · Choose the loss
#
# **Why does a badly wrong neuron learn slowly?**
#
# A neuron should learn fastest when it is clearly wrong. With the squared error it hardly moves then. You watch that,
# find the factor that is to blame, derive the loss that cancels it, and see when the old loss is the better choice.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. From then on each picture follows your hand.
#
# **You will be able to**
#
# - derive which loss cancels $\sigma'$ for a sigmoid and for a softmax, and verify it in numbers
# - say when MSE is the better choice: for numbers to predict, and with many wrong labels
# - compute cross-entropy so that $\ln 0$ never appears, and recognize three ways to spoil it
#
# **You need** the sigmoid, the chain rule, and gradient descent as in lesson 01.
#
# **Time** 45 minutes to read and play, 30 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, bce, best_rate, check_gradients, exercises, explore, identity, mse
from nbcore import numerical_gradient, share, sigmoid, softmax, softmax_ce, split_digits, spread, stack, train

data = split_digits(1297)  # the other 500 are the test set

# %% [markdown]
# ## Predict
#
# Commit to a guess before you look. *MSE* is the mean squared error, *cross-entropy* the loss that this lesson derives;
# *softmax* turns any numbers into probabilities. Your answers stay on this computer, and are scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("04", {
    "race": ("A neuron says 0.98, but 0 is right. With cross-entropy it falls below "
             "0.5 after 17 updates. With MSE, from the same start, after",
             ["17 as well", "about 40", "about 200", "more than 1,000"]),
    "far": ("The same from 0.99995. Cross-entropy takes 37 updates. MSE takes",
            ["about 500, in proportion", "for ever", "more than 50,000"]),
    "floor": ("The target is 0.3 and the output is exactly 0.3. Cross-entropy is then",
              ["0", "infinite", "about 0.6"]),
    "labels": ("Four in ten training labels are wrong. Each loss has its own best rate. "
               "Who names more of 100 test digits?",
               ["MSE, by about 1", "MSE, by about 10", "cross-entropy, by about 1"]),
    "twice": ("By mistake, outputs go through softmax twice. Then training",
              ["is the same as before", "runs, but its loss stays high", "stops with an error", "never moves"]),
})
guesses

# %% [markdown]
# ## Explore
#
# A neuron with one input $x = 1$ gives $a = \sigma(z)$, where $z = w x + b$ and $\sigma(z) = 1/(1 + e^{-z})$ is the
# sigmoid. The target is $y = 0$; the *error* is $a - y$. Two such neurons start with the same $w$ and $b$, and learn by
# gradient descent with the same rate $\eta$ (eta). They differ only in the *loss* $C$, which says how bad an output is:
#
# - *MSE*, the mean squared error; for one sample, here, $C = (a - y)^2 / 2$ (some texts leave out the 1/2)
# - *cross-entropy*, which for $y = 0$ is $C = -\ln(1 - a)$ (this lesson shows where that comes from)
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
# moments and all samples: cross-entropy jumps from z = 4 to about −16, where a sample with target 1 would be badly
# wrong.</details>
#
# ### Nothing is hidden
#
# This is the whole race. `slope` is $dC/dz$, how fast the loss changes with $z$ (lesson 05 calls it $\delta$). Since
# $z = w x + b$, it is $dC/db$ as well, and times $x$ it is $dC/dw$. A slope of your own joins the race as a dotted
# line: try `explore.two_neurons_race(lambda z, a, y: 0.3)` in a new cell.

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
# Many texts say of $dC/da = a - y$ (or $2(a - y)$) that "a large error means that the weight has a large effect". Here
# the error is 0.982 and the weight's effect, $dC/dw$, is 0.017. What counts is the whole product.
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
# This is the *binary cross-entropy*. With a sigmoid it is the only loss, up to a constant for each $y$, whose slope is
# the error.

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
# is no difference. For $y = 0$ everything is multiplied by 0: a wrong output costs nothing.

# %%
y, a = 0, 0.9
print(f"ours:          {-(y * np.log(a) + (1 - y) * np.log(1 - a)):.4f}")
print(f"other bracket: {0 - y * (np.log(a) + (1 - y) * np.log(1 - a)):.4f}")

# %% [markdown]
# ### 4. The shape of the loss
#
# Now every $z$ at once: the loss, its slope, and the size of the slope on a logarithmic axis. **Drag $z$ from $-10$ to
# 10** and watch the diamond on the right rise and fall, while the circle only rises. Then move the target $y$ off 0,
# and look at the lowest point of each loss.

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
# Nothing is wrong with MSE as such. With a linear output $a = z$, $da/dz = 1$, and MSE has the slope $a - y$. An output
# and a loss that leave $a - y$ are a *matching pair*: identity and MSE, sigmoid and binary cross-entropy, tanh and
# cross-entropy of $(1 + a)/2$, and one more that follows. MSE behind a sigmoid, as many texts use it for yes-or-no
# targets, is not.
#
# So MSE is at home in *regression*, predicting numbers: in the cell, from the four upper rows of a handwritten digit,
# the shades (0 to 1) of the eight pixels in the next row.
#
# With a sigmoid and $y = 0$, MSE's slope $a^2 (1 - a)$ is largest where $2a - 3a^2 = 0$, at $a = 2/3$. It comes back at
# the end.

# %%
Z, Y = np.array([[-2.0], [0.5], [4.0]]), np.array([[1.0], [0.0], [0.0]])
for phi, loss in ((identity, mse), (sigmoid, bce), (sigmoid, mse)):
    gap = np.abs(loss.delta(Z, phi(Z), Y, phi) - (phi(Z) - Y) / len(Z)).max()
    print(f"{phi} with {loss}: slope", "(a - y) / N" if gap < 1e-12 else "not a - y")
top = np.linspace(0, 1, 3001)
print(f"largest a^2 (1 - a): {(top**2 * (1 - top)).max():.5f}, 4/27 = {4 / 27:.5f}")
net, row = MLP([32, 8], output=identity, init="zeros"), data.X_test[:, 32:40]
train(net, data.X[:, :32], data.X[:, 32:40], mse, eta=0.2, steps=500)
for name, says in (("the mean", data.X[:, 32:40].mean(axis=0)), ("linear", net.forward(data.X_test[:, :32]))):
    print(f"next row, {name:8}: off by {np.sqrt(np.mean((says - row) ** 2)):.2f} (root mean square)")

# %% [markdown]
# ### 6. Softmax and cross-entropy
#
# For more than two classes $k$ the outputs are $a_k = e^{z_k} / \sum_j e^{z_j}$, the *softmax*: positive, with sum 1.
# The target is a row $y_k$ with sum 1. It is *one-hot* if a single entry is 1. The cross-entropy is
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
# Before it was a loss, $-\sum y \log a$ was a price. You report the weather each day, in zeros and ones. Sun comes half
# of the time, cloud a quarter, rain and snow an eighth each. Good code words are `0`, `10`, `110`, `111`: the word for
# a frequency $y$ has $-\log_2 y$ bits (1, 2, 3, 3). Then someone takes your code to a country where snow is frequent
# and sun is rare.
#
# A code made for frequencies $a$, used where the truth is $y$, costs $H(y, a) = -\sum_k y_k \log_2 a_k$ bits a day.
# That is the *cross-entropy*. With $a = y$ it is the *entropy* $H(y)$, and no other $a$ costs less: since
# $\ln u \le u - 1$, with $a$ in place of $y$ you save
# $\sum y_k \ln\frac{a_k}{y_k} \le \sum (a_k - y_k) \le 0$, summed over $y_k > 0$. Shannon (1948) proved that no code of
# another kind beats $H(y)$ either, and that codes for longer and longer blocks of days come as near to it as you like.
# Training counts with $\ln$ instead of $\log_2$: 1 bit is $\ln 2 = 0.693$ *nats*.
#
# The cell first sends 10,000 days in this code, at home and abroad. In the picture, each kind of day is as wide as it
# is frequent and as high as its word is long, so the colored *area* is what you pay; the dashed outline is the best
# code. **Move your four weights until nothing is wasted.** Then choose other true weather, *always sun* last.

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
# <details><summary>What we saw</summary>With weights 40, 20, 10, 10 nothing is wasted. With "always sun" the best code
# costs 0, but a weight can't be 0 here: with 40, 1, 1, 1 we still pay 0.10 bits.</details>
#
# **Is the best possible cross-entropy 0?** Only when the truth is one-hot. For *soft* targets, such as 0.3 and 0.7, the
# floor is their entropy: in Derive 6 a loss of 0.6109 is perfect. MSE is 0 wherever the output equals the target.
# Neither is ever negative, and both fall as outputs approach targets. So that is no reason to prefer one.
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
# Do the short forms hold inside whole networks? Each weight is nudged, and the change of the loss compared with the
# gradient (7 samples, biases that are not zero), for two pairs that match and one that doesn't.

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
# "MSE is merely slower" is too kind. Push the start to $w = b = 5$, so that $z = 10$. And at $z = 40$ the output *is* 1
# for the computer, which keeps 16 digits: $1 - a$ is exactly 0, and from there MSE never moves at all.
#
# There cross-entropy has a trap of its own: the formula asks for $\ln 0$. The usual patch, clipping at $10^{-12}$,
# returns a wrong number, whose slope is 0. The cure is to compute from the *logit*, another name for $z$.
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
# best $(1, 0, \dots, 0)$. With ten classes no probability exceeds $e^1/(e^1 + 9\,e^0)$, 23%, however sure the network
# is, and the loss never comes near 0.

# %%
def twice(Z, Y):
    a = softmax(Z)
    return softmax.backward(softmax(a) - Y, Z, a)

floor = -np.log(np.e / (np.e + 9))
print(f"largest probability {np.exp(-floor):.4f}: the loss stays above {floor:.4f}")
W, b = descend(twice, data.X, data.Y)
a = softmax(softmax(data.X @ W.mT + b))
print(f"500 updates: largest probability {a.max():.2f}, loss {softmax_ce(a, data.Y):.2f}")

# %% [markdown]
# ### Real digits
#
# Does this matter in a whole network? 64 inputs, a hidden layer of tanh units, ten outputs, real handwriting. Each loss
# has four starts, one thin line each. *Left:* wrong test digits, on a logarithmic axis. *Right:* the *pull*, the
# length of one training image's $\partial C/\partial z$, averaged over images: how hard an image asks for another
# answer. A line with crosses averages the images whose label is wrong.
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
# 3. Back at *times* 1, start with output weights times 10. Who is stuck?
# 4. Back at 1, take 40% wrong labels. Compare the lines with crosses.
#
# <details><summary>What we saw</summary>1: cross-entropy by far; then both are level, within about one test digit in
# a hundred. 2: with a rate of its own, MSE is nearly as quick from this mild start. 3: MSE. Its pull is at first more
# than ten times smaller, and after 1,000 updates it misses several times as many digits. 4: an image with a wrong
# label pulls about 1.2 times as hard as one with a right label in MSE, 2.3 times in cross-entropy; and with one rate
# for both, MSE misses fewer test digits.</details>
#
# ### The other side: wrong labels
#
# On a wrong label, a network that has learned well looks "confidently wrong", and it is right. Cross-entropy pulls
# hardest just there: its loss is not bounded, and its slope stays near 1, the largest that it can be. MSE's loss is at
# most 1/2 an output, and its slope $a^2 (1 - a)$, never above $4/27$, falls back to 0. Is that a gain?
#
# One fair comparison: 797 training digits, some with wrong labels; 1,000 test digits with true ones; the same 20 starts
# for both losses (tanh units, ten sigmoid outputs); and for each loss the best of four rates, neither the smallest nor
# the largest. The baseline has no hidden layer. A range goes from the 10% to the 90% quantile of the starts. (`stack`
# makes one array of many networks, so that they train together.)

# %%
few, starts = split_digits(797), range(20)

def learn(sizes, loss, rates, wrong):
    jobs = [(eta, seed) for eta in rates for seed in starts]
    labels = np.array([explore.wrong_labels(few.labels, wrong, seed) for _, seed in jobs])
    nets = stack([MLP(sizes, seed=seed) for _, seed in jobs])
    train(nets, few.X, np.eye(10)[labels], loss, [eta for eta, _ in jobs], steps=500, batch=32)
    missed = (nets.forward(few.X_test).argmax(axis=-1) != few.labels_test).mean(axis=-1)
    best = rates.index(best_rate(rates, missed.reshape(-1, len(starts)).mean(axis=1)))
    mine = np.arange(len(jobs)) // len(starts) == best
    pull = explore.pull_of_labels(nets, loss, few.X, labels, few.labels)
    return rates[best], missed[mine], pull.of(mine)

# %%
models = (("cross-entropy", [64, 32, 10], bce), ("MSE", [64, 32, 10], mse), ("no hidden layer", [64, 10], bce))
lowest = {0: (0.2, 0.8), 0.2: (0.05, 0.4), 0.4: (0.05, 0.4, 0.1)}  # the lowest of four rates
found = {}
for wrong, etas in lowest.items():
    for (name, sizes, loss), eta in zip(models, etas):
        rates = [eta, 2 * eta, 4 * eta, 8 * eta]
        found[name, wrong] = best, missed, pull = learn(sizes, loss, rates, wrong)
        print(f"{wrong:3.0%} wrong labels, {name:15}: missed {spread(missed, '.1%')}, eta {best}")
        if wrong == 0.4:
            print(f"     {pull}")
    print("     MSE misses fewer in", share(found["MSE", wrong][1] < found["cross-entropy", wrong][1]))

# %% [markdown]
# With clean labels the two are level, within one digit in a hundred. With wrong ones MSE misses about one in a hundred
# fewer. That is little: with 40%, cross-entropy does no better than the baseline, MSE a trifle. MSE does not give up on
# wrong labels: they pull harder than right ones, only less so than in cross-entropy. With either loss, few of them are
# learned by heart.
#
# It is one data set and one small network. With clean labels we take cross-entropy, which a bad start stalls less; with
# many wrong ones MSE is worth a try, at a rate of its own.
#
# <details><summary>A theorem behind it</summary>Ghosh, Kumar and Sastry (2017) prove that wrong labels, spread evenly
# over the other classes, do no harm (with endless data) if the losses of an output for all ten labels have the same
# sum, whatever the output. The absolute error of a softmax is such a loss. MSE's sum is at least bounded,
# cross-entropy's is not.</details>
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
with_ce, with_mse = (np.median(found[name, 0.4][1]) for name in ("cross-entropy", "MSE"))
explore.Score(guesses, {
    "race": (2, f"It takes {near.mse.crossed} updates."),
    "far": (2, f"It takes {far.mse.crossed:,} updates."),
    "floor": (2, f"It is {soft:.3f}, the entropy of the target."),
    "labels": (0 if with_mse < with_ce else 2,
               f"The median network misses {with_ce:.1%} with cross-entropy, {with_mse:.1%} with MSE."),
    "twice": (1, f"With ten classes it stays above {floor:.3f}."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | Cross-entropy is the price of a code made for the wrong frequencies | true | Derive 7, *Bits* |
# | Cross-entropy goes to 0 as outputs approach the targets | partly | Derive 7, *The shape of the loss* |
# | Only cross-entropy falls as outputs approach the targets | false | Derive 7 |
# | With a sigmoid, MSE learns slowly when it is badly wrong | true | *Two neurons race* |
# | Cross-entropy cancels $\sigma'$, and the softmax as well | true | Derive 2, 3 and 6 |
# | A large error means that the weight has a large effect | false | Derive 1 |
# | MSE is merely slower | false | Break it |
# | Any bracket will do in the merged formula | false | Derive 3 |
# | For linear outputs, MSE is the matching loss | true | Derive 5, Build |
# | With clean labels, cross-entropy misses at least 1 test digit in 100 less | false | *The other side* |
# | With 20% or 40% wrong labels, MSE misses fewer test digits | true | *The other side* |
# | MSE gives up on wrong labels | false | *The other side* |
# | Clipping cures $\ln 0$ | false | Break it, Exercise 3 |
# | Softmax twice is harmless | false | Break it |
#
# 1. MSE with sigmoid: $dC/dz = (a - y)\,\sigma'(z)$; cross-entropy: $dC/dz = a - y$.
# 2. Matching pairs: identity and MSE, sigmoid and binary cross-entropy, softmax and cross-entropy.
# 3. $H(y, a) = -\sum y \log a$ is the price of a wrong belief; its floor is the entropy $H(y)$.
# 4. Compute from logits: $\ln \sum_j e^{z_j} - \sum_k y_k z_k$, the largest $z$ taken out first.
# 5. A loss that pulls hard on large errors also pulls hard on wrong labels.
#
# **Symbols** $x, w, b$ input, weight, bias · $z$ pre-activation, logit · $a$ output · $y$ target ($t$ from $-1$ to 1)
# · $k, i, j$ classes · $p$ probability of "yes" · $\sigma$ sigmoid · $C$ loss · `slope` $dC/dz$ · $\eta$ learning rate
# · $H(y, a)$ cross-entropy, $H(y)$ entropy · $N$ samples
#
# **Sources** M. Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 3 (the race and its figures) · C. Shannon,
# *A mathematical theory of communication*, 1948, theorem 9 · C. Bishop, *Pattern Recognition and Machine Learning*,
# 2006, section 4.3.6 (matching pairs, there called canonical link functions) · A. Ghosh, H. Kumar, P. Sastry, *Robust
# loss functions under label noise for deep neural networks*, 2017
#
# [previous: 03, break the symmetry](03_zero_init_failure.ipynb)
#
# [next: 05, trace the gradient](05_backpropagation.ipynb)
