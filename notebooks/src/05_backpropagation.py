# %% [markdown]
# # 05 · Trace the gradient
#
# **Where does every term of backpropagation come from?**
#
# Here you derive backpropagation four times, for one network: as a chain, with indices, with
# matrices, and for a batch. Every step is checked by nudging a weight and watching the loss. Then you break it, in ten
# ways, and learn to read from the numbers what is wrong.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up.
#
# **You will be able to**
#
# - derive every gradient of a network, and write it for one sample or for a batch
# - check a gradient by finite differences, and say when the check itself is wrong
# - tell from the numbers which of the classic slips a wrong gradient suffers from
#
# **You need** the chain rule, matrix products, and the sigmoid and the losses of
# [lesson 04](04_mse_vs_cross_entropy.ipynb).
#
# **Time** 100 minutes, in two sittings (the second begins with *Check*), and 40 minutes more for the exercises.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, bce, check_gradients, exercises, explore, moons, mse, numerical_gradient
from nbcore import relu, share, sigmoid, softmax, split_digits, spread, tanh, train

# %% [markdown]
# ## Predict
#
# The *gradient* says, for every weight, how fast the loss changes when only that
# weight moves. *Backpropagation* computes it, from the last layer to the first. Commit to a guess: your answers stay on
# this computer, and are scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("05", {
    "digit": ("A famous worked example prints a loss of 0.291027924 after one step. "
              "We get 0.2910277737. The difference is due to",
              ["a learning rate that was printed wrong", "rounding to nine digits",
               "a bug in the backward pass"]),
    "transpose": ("On the way back, someone forgets to transpose a square matrix. Then",
                  ["no error is raised, and the loss falls", "an error is raised",
                   "no error is raised, and the loss rises"]),
    "random": ("The backward pass uses fixed random numbers instead of W2. Of the "
               "handwritten digits the network then gets right",
               ["one in ten, by guessing", "as many as with a hidden layer left untrained",
                "more than with the right gradient",
                "nearly as many as with the right gradient"]),
    "lower": ("Two versions of the worked example train from 100 random starts, one with "
              "a wrong gradient. The lower loss has",
              ["the wrong one, each time", "the right one, each time",
               "now the one, now the other"]),
    "targets": ("Of two sigmoid outputs the first has the targets 1, 0, 1, the second "
                "2, 3, 123. After 1,000 updates the first one gives",
                ["1, 0, 1", "0.67, three times", "1, three times"]),
})
guesses

# %% [markdown]
# ## Explore
#
# Three neurons in a row. Each computes $z = w a + b$ from the $a$ before it,
# and answers $a = \sigma(z)$, where $\sigma(z) = 1/(1 + e^{-z})$ is the sigmoid. A number in brackets, as in $w^{(2)}$, says
# which neuron. The *loss* $C = (a - y)^2$ says by how much the last $a$ misses the target $y$.
# $\partial C/\partial w$ says how fast $C$ changes with $w$; $\delta$ (delta) is the same for $z$; $\varphi'$ (phi prime) is
# the slope of the sigmoid.
#
# The picture is a *microscope*: all numbers of one training step, in nine *states*.
# **Take *state* to *start*, and go forward one by one.** Then choose a *weight to follow*, with the menu or by a click.
# Below the network, its gradient is written out as a product, beside the value found by nudging that weight. Every number
# in a box may be changed.

# %%
chain_view = explore.backprop_microscope(preset="chain", step=7)
chain_view

# %% [markdown]
# **What did you see?**
#
# 1. In which order do the numbers appear on the way forward? And on the way back?
# 2. Choose the first weight, then the last. Which product is longer? What do they have in common?
# 3. Change the input, then the target. Which numbers stay?
# 4. Set $w^{(1)}$ to 9. What happens to the slope $\varphi'(z^{(1)})$, and to the first gradient?
#
# <details><summary>What we saw</summary>1: forward from left to right, z before a; back from right to left. 2: the first
# weight's, by a slope and a weight for each neuron on the way. The factors near the loss are the same, and
# need not be computed twice: that is the whole trick. 3: another input changes all that is computed. Another
# target changes C and the whole way back, and nothing before. 4: the neuron saturates, its slope is
# almost 0, and so is every product that goes through it.</details>
#
# ## Derive
#
# One network serves for all of it: two inputs, two hidden neurons, two outputs, all with sigmoids. Its numbers
# come from a well-known worked example (Mazur 2015). Watch two gradients come back
# in each notation: 0.082167, of a weight of the last layer, and 0.000438568, of one in the first. `W1[0]` holds the weights
# into the first hidden neuron, `W1[1]` those into the second; `W2` likewise for the outputs.
#
# ### 1. One neuron
#
# The first output neuron gets an activation $a_k$ from each hidden neuron $k$ (in code `a_in`). It weighs
# them and adds them up, with its bias: $z = \sum_k w_k a_k + b$. This is its *pre-activation*. Then comes its own
# *activation* $a = \sigma(z)$, and its share of the loss, $C = (a - y)^2 / 2$.
#
# Some texts say that a neuron takes the weighted sum "and then the average". There is no average.

# %%
x, y = np.array([0.05, 0.10]), np.array([0.01, 0.99])
W1, b1 = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([0.35, 0.35])
W2, b2 = np.array([[0.40, 0.45], [0.50, 0.55]]), np.array([0.60, 0.60])

a_in, w, b = sigmoid(W1 @ x + b1), W2[0], b2[0]
z = w[0] * a_in[0] + w[1] * a_in[1] + b
a = sigmoid(z)

def C_first(w, b, a_in):  # the share of the first output
    return (sigmoid(w @ a_in + b) - y[0]) ** 2 / 2

print(f"z = {z:.6f}, a = {a:.6f}, C = {C_first(w, b, a_in):.6f}")
print(f"with an average instead of the sum: z = {np.mean(w * a_in) + b:.6f}")

# %% [markdown]
# ### 2. Three factors
#
# How does $C$ change with $w_k$? The weight moves $z$, $z$ moves $a$, $a$ moves $C$. Each of the three has a slope:
#
# - $\partial z/\partial w_k = a_k$, for this is what $w_k$ is multiplied by in $z$
# - $da/dz = \sigma'(z) = a\,(1 - a)$, for the derivative of $1/(1 + e^{-z})$ is
#   $\frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}}$, and that is $a$ times $1 - a$
# - $\partial C/\partial a = a - y$, for the square brings a factor 2, and the 1/2 takes it away
#
# A nudge of $w_k$ grows or shrinks by each slope. So the chain rule multiplies them:
#
# $$\frac{\partial C}{\partial w_k}
# = \frac{\partial C}{\partial a} \cdot \frac{da}{dz} \cdot \frac{\partial z}{\partial w_k}
# = (a - y) \cdot \sigma'(z) \cdot a_k .$$
#
# To check it, `numerical_gradient` moves a weight a little to both sides and watches $C$. Such a quotient
# is called a *finite difference*.

# %%
print(f"{a - y[0]:.6f} * {a * (1 - a):.6f} * {a_in[0]:.6f} =",
      f"{(a - y[0]) * a * (1 - a) * a_in[0]:.9f}")
nudged = numerical_gradient(lambda w: C_first(w, b, a_in), w)
print(f"nudging the first weight: {nudged[0]:.9f}")

# %% [markdown]
# (Without the 1/2, as some texts write $C$, all gradients are twice as large.)
#
# ### 3. Delta
#
# The first two factors are the same for every weight and for $b$. They get a name of their
# own. Only the third changes, the slope of $z$: it is $a_k$ for a weight, 1 for the bias, and
# $w_k$ for an input:
#
# $$\delta = \frac{\partial C}{\partial z} = (a - y)\, \sigma'(z), \qquad
# \frac{\partial C}{\partial w_k} = \delta\, a_k, \qquad
# \frac{\partial C}{\partial b} = \delta, \qquad
# \frac{\partial C}{\partial a_k} = \delta\, w_k.$$
#
# The last formula, the effect of an *input*, is what the neurons before it need. All of it by nudging:

# %%
delta = (a - y[0]) * a * (1 - a)
assert np.allclose(delta * a_in, nudged)
assert np.isclose(delta, numerical_gradient(lambda b: C_first(w, b, a_in), b))
assert np.allclose(delta * w, numerical_gradient(lambda a: C_first(w, b, a), a_in))
print(f"delta = {delta:.9f}")

# %% [markdown]
# ### 4. A chain of neurons
#
# Follow a single line back through the network: from the first output over the first hidden neuron to the first input.
# What enters from the side is a constant, like a
# bias. What is left is a *chain*: one input, one weight and one bias for each neuron.
#
# The weight $w^{(1)}$ moves $z^{(1)}$, that moves $a^{(1)}$, and that is an
# *input* of the second neuron, as at the end of Derive 3:
#
# $$\frac{\partial C}{\partial w^{(1)}}
# = \underbrace{\delta^{(2)}\; w^{(2)}}_{\partial C / \partial a^{(1)}}\;
# \sigma'(z^{(1)})\; x .$$
#
# In a longer chain, each neuron on the way back adds the same two factors, a weight and a slope:
#
# $$\delta^{(l)} = \delta^{(l+1)}\; w^{(l+1)}\; \sigma'(z^{(l)}), \qquad
# \frac{\partial C}{\partial w^{(l)}} = \delta^{(l)} a^{(l-1)}, \qquad
# \frac{\partial C}{\partial b^{(l)}} = \delta^{(l)}, \qquad a^{(0)} = x .$$
#
# This is backpropagation, whole. All that is still missing is more than one neuron in a layer. (The code counts from 0:
# `w[k]` weighs `a[k]`.) In the microscope $C = (a - y)^2$, without the
# 1/2, so there $\partial C/\partial w^{(3)} = 2(a^{(3)} - y)\, \sigma'(z^{(3)})\, a^{(2)}$.

# %%
def chain(w, b, x, y):
    a = [x]
    for w_l, b_l in zip(w, b):
        a.append(sigmoid(w_l * a[-1] + b_l))
    delta, dw, db = (a[-1] - y) * a[-1] * (1 - a[-1]), [], []
    for k in reversed(range(len(w))):
        dw.insert(0, delta * a[k])  # a[k] is what came in
        db.insert(0, delta)
        if k > 0:
            delta = delta * w[k] * a[k] * (1 - a[k])
    return np.array(dw), np.array(db), (a[-1] - y) ** 2 / 2

# %%
w = np.array([W1[0, 0], W2[0, 0]])
b = [b1[0] + W1[0, 1] * x[1], b2[0] + W2[0, 1] * a_in[1]]  # with the constants
path_1 = chain(w, b, x[0], y[0])[0][0]
nudged = numerical_gradient(lambda w: chain(w, b, x[0], y[0])[2], w)
print(f"first weight: {path_1:.9f}, nudging {nudged[0]:.9f}")

# %% [markdown]
# ### 5. Indices: who is who
#
# Back to the whole network. The letter of an index tells the layer: $j$ counts outputs, $k$ hidden neurons, $i$ inputs.
# $w_{jk}$ is the weight **to** $j$ **from** $k$, an entry of $W_2$; $w_{ki}$ is one of $W_1$. With $a = \sigma(z)$ everywhere,
#
# $$z_k = \sum_i w_{ki}\, x_i + b_k, \qquad z_j = \sum_k w_{jk}\, a_k + b_j, \qquad
# C = \sum_j \tfrac12 (a_j - y_j)^2.$$
#
# The sums run over all that comes *in*. Some texts leave out the bias here. The numbers notice.

# %%
def forward(W1, b1, W2, b2):
    a1 = [sigmoid(sum(W1[k, i] * x[i] for i in (0, 1)) + b1[k]) for k in (0, 1)]
    a2 = [sigmoid(sum(W2[j, k] * a1[k] for k in (0, 1)) + b2[j]) for j in (0, 1)]
    return a1, a2, sum((a2[j] - y[j]) ** 2 / 2 for j in (0, 1))

print("C, biases times 1 and 0:", *(f"{forward(W1, k * b1, W2, k * b2)[2]:.10f}" for k in (1, 0)))

# %% [markdown]
# ### 6. Indices: the last layer
#
# On $w_{jk}$ depends only the output where it arrives. So there is no sum in
#
# $$\frac{\partial C}{\partial w_{jk}} = \delta_j\, a_k, \qquad \delta_j = (a_j - y_j)\, \sigma'(z_j).$$
#
# Some texts print $\sum_j$ in front of it. That would add the gradient of *another* weight, the one into the second
# output.

# %%
a1, a2, C = forward(W1, b1, W2, b2)
delta2 = [(a2[j] - y[j]) * a2[j] * (1 - a2[j]) for j in (0, 1)]
nudged = numerical_gradient(lambda W2: forward(W1, b1, W2, b2)[2], W2)
print(*(f"W2[{j}, 0]: {delta2[j] * a1[0]:.9f}, nudging {nudged[j, 0]:.9f};" for j in (0, 1)))
print(f"summed over j: {sum(delta2) * a1[0]:.9f}")

# %% [markdown]
# ### 7. Indices: one layer down, through every j
#
# A hidden $a_k$ goes to *every* output. Move it by a tiny $\varepsilon$: then each $z_j$ moves by
# $w_{jk}\, \varepsilon$, and moves $C$ by $\delta_j\, w_{jk}\, \varepsilon$. Small effects add up: **here** is
# the place for the sum over $j$.
#
# $$\frac{\partial C}{\partial a_k} = \sum_j \delta_j\, w_{jk}, \qquad
# \delta_k = \Big(\sum_j \delta_j\, w_{jk}\Big)\, \sigma'(z_k), \qquad
# \frac{\partial C}{\partial w_{ki}} = \delta_k\, x_i .$$
#
# The sum has a term for each of the $n$ outputs: from 1 to $n$, or from 0 to $n - 1$. Some texts mix the two, from 1 to
# $n - 1$. Here this would leave the first term alone:

# %%
ways = [delta2[j] * W2[j, 0] for j in (0, 1)]  # from the first hidden neuron
nudged = numerical_gradient(lambda a: np.sum((sigmoid(W2 @ a + b2) - y) ** 2) / 2, a1)
print(f"its a: {ways[0]:.9f} {ways[1]:+.9f} = {sum(ways):.9f}, nudging {nudged[0]:.9f}")
path_2 = ways[1] * a1[0] * (1 - a1[0]) * x[0]
print(f"W1[0, 0]: {path_1:.9f} {path_2:+.9f} = {path_1 + path_2:.9f}")

# %% [markdown]
# ### 8. It was the chain all along
#
# In the last line, the first term is the number of Derive 4. So a gradient
# is **a sum over all paths** from the weight to the loss, and each path is a chain. `by_paths` adds them up.
#
# But paths are many: three hidden layers of 100, and one output, make 10,000 of them
# from each weight of the first layer. The form with $\delta$, in `by_index`, visits each weight once. It is the same
# sum, with common factors taken out.

# %%
def by_paths(W1, b1, W2, b2, x, y):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    dW1 = np.zeros_like(W1)
    for j, k, i in np.ndindex(*W2.shape, len(x)):  # from input i over k to output j
        delta = (a2[j] - y[j]) * a2[j] * (1 - a2[j])
        dW1[k, i] += delta * W2[j, k] * a1[k] * (1 - a1[k]) * x[i]
    return dW1

nudged_1 = numerical_gradient(lambda W1: forward(W1, b1, W2, b2)[2], W1)
print(f"nudging W1[0, 0]: {nudged_1[0, 0]:.9f}")
assert np.allclose(by_paths(W1, b1, W2, b2, x, y), nudged_1)

# %%
def by_index(W1, b1, W2, b2, x, y):
    (n2, n1), n0 = W2.shape, len(x)
    a1 = [sigmoid(sum(W1[k, i] * x[i] for i in range(n0)) + b1[k]) for k in range(n1)]
    a2 = [sigmoid(sum(W2[j, k] * a1[k] for k in range(n1)) + b2[j]) for j in range(n2)]
    delta2 = [(a2[j] - y[j]) * a2[j] * (1 - a2[j]) for j in range(n2)]
    delta1 = [sum(delta2[j] * W2[j, k] for j in range(n2)) * a1[k] * (1 - a1[k])
              for k in range(n1)]
    dW1 = [[delta1[k] * x[i] for i in range(n0)] for k in range(n1)]
    dW2 = [[delta2[j] * a1[k] for k in range(n1)] for j in range(n2)]
    return np.array(dW1), np.array(dW2)

assert np.allclose(by_index(W1, b1, W2, b2, x, y)[0], nudged_1)

# %% [markdown]
# ### 9. Matrices: forward
#
# The sums are matrix products. On the board, a sample is a column, and so are all $z$, $a$ and $\delta$. **From
# here on, a plain number counts layers:** $a_1$ is the column of all hidden $a$, which the microscope calls $a^{(1)}$.
#
# $$z_1 = W_1 x + b_1, \quad a_1 = \sigma(z_1), \quad z_2 = W_2 a_1 + b_2, \quad a_2 = \sigma(z_2).$$
#
# In code, a name that ends in `_` holds a column, made by `[:, None]`; `@` is the matrix product.
#
# ### 10. Matrices: the gradient of $W_2$
#
# $\partial C / \partial w_{jk} = \delta_j a_k$ is a table of products: a column times a row.
#
# $$\delta_2 = (a_2 - y) * \sigma'(z_2), \qquad
# \frac{\partial C}{\partial W_2} = \delta_2\, a_1^T, \qquad \frac{\partial C}{\partial b_2} = \delta_2 .$$
#
# ($*$ multiplies entry by entry.) A well-known text prints $x$ here instead of $a_1^T$. Both have two entries, so no
# error is raised. But $W_2$ never meets $x$.

# %%
x_, y_, b1_, b2_ = (v[:, None] for v in (x, y, b1, b2))
a1_ = sigmoid(W1 @ x_ + b1_)
a2_ = sigmoid(W2 @ a1_ + b2_)
delta2_ = (a2_ - y_) * a2_ * (1 - a2_)
print("with a1^T, and with x^T:\n", np.hstack([delta2_ @ a1_.T, delta2_ @ x_.T]).round(6))

# %% [markdown]
# ### 11. Matrices: why the transpose
#
# $\sum_j \delta_j w_{jk}$ runs over the *first* index of $W_2$. A product $W_2\,\delta$ would run over the second. So
# $W_2$ has to be turned.
#
# $$\delta_1 = \big(W_2^T\, \delta_2\big) * \sigma'(z_1), \qquad
# \frac{\partial C}{\partial W_1} = \delta_1\, x^T, \qquad \frac{\partial C}{\partial b_1} = \delta_1 .$$
#
# Is $\partial z_2 / \partial a_1$ then $W_2$ or $W_2^T$? That depends on the layout: $W_2$ with a *row* for each $z_j$,
# $W_2^T$ with a *column* for each, as many texts write it. Either is right; to mix them is wrong. (One such text heads its
# last updates "$W_2, b_2$"; the formulas are those of $W_1$ and $b_1$.) In any layout, the transpose is not cosmetic:

# %%
delta1_ = (W2.T @ delta2_) * a1_ * (1 - a1_)
print("W2^T delta2:", (W2.T @ delta2_)[:, 0].round(9), " W2 delta2:",
      (W2 @ delta2_)[:, 0].round(9))
print("delta1 x^T: ", (delta1_ @ x_.T)[0].round(9), " nudging:", nudged_1[0].round(9))

def by_columns(W1, b1, W2, b2, x, y):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = (W2.T @ delta2) * a1 * (1 - a1)
    return delta1 @ x.T, delta2 @ a1.T

# %% [markdown]
# ### 12. Another loss, and only one line changes
#
# With cross-entropy, $C = -\sum_j [\,y_j \ln a_j + (1 - y_j) \ln (1 - a_j)\,]$, the first factor is another one, and the
# slope of the sigmoid cancels it (lesson 04):
#
# $$\frac{\partial C}{\partial a} = \frac{a - y}{a\,(1 - a)}, \qquad \frac{da}{dz} = a\,(1 - a), \qquad
# \delta_2 = a_2 - y .$$
#
# The layers below get $\delta_2$ and nothing else, so their formulas stay. The picture has another network, a
# *classifier*. **Set its loss to *mse*.** Which factor comes back?

# %%
dC_da = (a2_ - y_) / (a2_ * (1 - a2_))
for name, v in (("dC/da", dC_da), ("da/dz", a2_ * (1 - a2_)), ("product", a2_ - y_)):
    print(f"{name:8}", v[:, 0].round(6))
assert np.allclose(dC_da[:, 0], numerical_gradient(lambda a: bce([a], [y]), a2))
explore.backprop_microscope(preset="classifier", step=4, weight="w2_11")

# %% [markdown]
# <details><summary>What we saw</summary>The slope φ′(z), 0.0628. With it δ falls from 0.9327 to 0.0586, though
# the output is as wrong as before.</details>
#
# **Is this Hebb's rule?** "Neurons that fire together wire together": so later words put a rule of D. Hebb (1949), by which
# $w_{jk}$ grows by $\eta\, a_j a_k$, where $\eta$ (eta) is the *learning rate*. Descent with cross-entropy changes it by
#
# $$-\eta\, \delta_j\, a_k = -\eta\,(a_j - y_j)\, a_k = \eta\, y_j\, a_k - \eta\, a_j\, a_k .$$
#
# That is Hebb's rule with the target in place of the output, *minus* Hebb's rule: it stops when output and target agree.
#
# ### 13. Several samples: the mean
#
# The loss of several samples is the *mean* of their losses. So its gradient is the mean of their gradients. By hand, for
# three samples with the squared loss:

# %%
X = np.array([[0.05, 0.10], [0.90, 0.20], [0.30, 0.80]])
Y = np.array([[0.01, 0.99], [0.99, 0.01], [0.50, 0.50]])
each = [by_columns(W1, b1_, W2, b2_, X[[n]].T, Y[[n]].T)[0][0, 0] for n in (0, 1, 2)]
nudged = numerical_gradient(lambda V: mse(sigmoid(sigmoid(X @ V.T + b1) @ W2.T + b2), Y), W1)
print(f"of W1[0, 0]: {np.round(each, 7)}, mean {sum(each) / 3:.7f}, nudging {nudged[0, 0]:.7f}")

# %% [markdown]
# ### 14. Rows: transpose the line, reverse the order
#
# All $N$ samples at once: in code, **each sample is a row**. So $x$, $z$, $a$ and $\delta$ are transposed. $W$ is not, for it
# belongs to no sample.
#
# - The lines that compute $z$ and $\delta$ are transposed as a whole: $(AB)^T = B^T A^T$ reverses the order.
# - The line of $\partial C/\partial W$ has the shape of $W$, and stays, with `D.T` for $\delta$ and `A` for $a^T$.
#
# | the board: a sample is a column | the code: $N$ samples are rows |
# |---|---|
# | $z = W a + b$ | `Z = A @ W.T + b` |
# | $\delta_1 = (W_2^T \delta_2) * \sigma'(z_1)$ | `D1 = (D2 @ W2) * slope(Z1)` |
# | $\partial C/\partial W = \delta\, a^T$ | `dW = D.T @ A` |
# | $\partial C/\partial b = \delta$ | `db = D.sum(axis=0, keepdims=True)` |
#
# `D.T @ A` also *adds up over the samples*. The $1/N$ of the mean has **one home**: the first delta. From there it
# travels along.
#
# ### 15. Four forms, one gradient
#
# Paths, indices, columns, rows, and finite differences agree, on our example and on a network in
# which no two sizes are equal, so that no wrong shape could hide. Its weights are
# called `V`, its biases `c`, its input `u`, its target `t`.

# %%
def by_rows(W1, b1, W2, b2, X, Y):
    A1 = sigmoid(X @ W1.T + b1)
    A2 = sigmoid(A1 @ W2.T + b2)
    D2 = (A2 - Y) / len(X) * A2 * (1 - A2)  # the home of 1/N
    D1 = (D2 @ W2) * A1 * (1 - A1)
    return D1.T @ X, D2.T @ A1

assert np.allclose(by_rows(W1, b1, W2, b2, X, Y)[0], nudged)

def loss_of(W1, b1, W2, b2, x, y):
    return np.sum((sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) - y) ** 2) / 2

# %%
def all_forms(W1, b1, W2, b2, x, y):  # the gradient of W1, four times, and by nudging
    columns = [v if v.ndim == 2 else v[:, None] for v in (W1, b1, W2, b2, x, y)]
    return [by_paths(W1, b1, W2, b2, x, y), by_index(W1, b1, W2, b2, x, y)[0],
            by_columns(*columns)[0], by_rows(W1, b1, W2, b2, x[None], y[None])[0],
            numerical_gradient(lambda W: loss_of(W, b1, W2, b2, x, y), W1)]

rng = np.random.default_rng(0)
V1, c1, V2, c2, u, t = (rng.normal(size=n) for n in ((4, 5), 4, (3, 4), 3, 5, 3))
for network in ((W1, b1, W2, b2, x, y), (V1, c1, V2, c2, u, t)):
    *forms, nudged = all_forms(*network)
    assert np.ptp(forms, axis=0).max() < 1e-14
    assert np.abs(forms - nudged).max() < 1e-10
    print("four forms within 1e-14, and within 1e-10 of finite differences")

# %% [markdown]
# ### 16. All of them together: the gradient
#
# All partial derivatives in one long vector: this vector $\nabla C$ is *the* gradient. A small step $d$ changes
# $C$ by $\nabla C \cdot d$, the sum of all effects. Among steps of one length, that is lowest for the $d$ that points
# against $\nabla C$. So descent along $-\nabla C$ is *steepest*. The cell tries 1,000 other directions.

# %%
def fall(d):  # of C, after a step of length 0.001 along d
    dW1, dW2 = 0.001 * d / np.linalg.norm(d)
    return loss_of(W1, b1, W2, b2, x, y) - loss_of(W1 + dW1, b1, W2 + dW2, b2, x, y)

gradient, others = np.stack(by_columns(W1, b1_, W2, b2_, x_, y_)), rng.normal(size=(1000, 2, 2, 2))
print(f"C falls by {fall(-gradient):.7f}; elsewhere by {max(map(fall, others)):.7f} at most")

# %% [markdown]
# ## Build
#
# ### Any depth, any activation
#
# The row form, for as many layers as you like, and any activation function $\varphi$. `As[k]` is what came *into* layer `k` (so `As[0]` is `X`), `Zs[k]` what it made of it. `delta` starts as
# $\partial C / \partial z$ of the last layer, $1/N$ included. `check_gradients` compares with finite differences.

# %%
def backward(Ws, Zs, As, delta, phi):
    gradients = []
    for k in reversed(range(len(Ws))):
        gradients.insert(0, (delta.T @ As[k], delta.sum(axis=0, keepdims=True)))
        if k > 0:
            delta = (delta @ Ws[k]) * phi.derivative(Zs[k - 1], As[k])
    return gradients

# %%
net = MLP([5, 4, 6, 3], hidden=tanh, output=sigmoid, seed=1)
net.layers[0].b = rng.normal(size=(1, 4))
X, Y = rng.normal(size=(7, 5)), rng.uniform(size=(7, 3))
A = net.forward(X)
mine = backward([layer.W for layer in net.layers], [layer.z for layer in net.layers],
                [layer.a_in for layer in net.layers], (A - Y) / 7, tanh)
net.backward(bce, Y)
for layer, (dW, db) in zip(net.layers, mine):
    assert np.allclose(layer.dW, dW, atol=1e-15)
    assert np.allclose(layer.db, db, atol=1e-15)
print(check_gradients(net, X, Y, bce))

# %% [markdown]
# ### The loop: five steps
#
# Training is a loop of five steps: **forward, loss, gradient, update, repeat** (until the loss is low enough, or a number
# of updates is done). Here it is on two moons, 200 points in two classes, beside
# `train`. The hidden units are tanh, whose slope is $1 - a^2$; the loss is
# cross-entropy, so $\delta_2 = (a_2 - y)/N$.

# %%
X, Y = moons(200, seed=0)
net = MLP([2, 8, 1], hidden=tanh, output=sigmoid, seed=1)
V1, c1, V2, c2 = (p.copy() for p in net.parameters())
eta, losses = 0.5, []
for _ in range(500):                                          # 5. repeat
    A1 = tanh(X @ V1.T + c1)                                  # 1. forward
    A2 = sigmoid(A1 @ V2.T + c2)
    losses.append(bce(A2, Y))                                 # 2. loss
    D2 = (A2 - Y) / len(X)                                    # 3. gradient
    D1 = (D2 @ V2) * (1 - A1**2)
    V2, c2 = V2 - eta * D2.T @ A1, c2 - eta * D2.sum(axis=0)  # 4. update
    V1, c1 = V1 - eta * D1.T @ X, c1 - eta * D1.sum(axis=0)
right = (A2 > 0.5) == Y
print(f"loss {losses[0]:.4f} to {losses[-1]:.4f}, {right.mean():.0%} right")

history = train(net, X, Y, bce, eta=0.5, steps=500)
assert np.abs(history.loss[:500] - losses).max() < 1e-12
assert np.abs(net.layers[0].W - V1).max() < 1e-12
print(f"train: loss {history.loss[0]:.4f} to {history.loss[499]:.4f}")

# %% [markdown]
# ## Check
#
# ### The worked example, digit by digit
#
# One step with $\eta = 0.5$ on the network of Derive. Its author leaves the biases as they are; so do we. The
# table `SLIPS` holds two factors of $\delta_1$, the matrix and the slope: first the right ones, then wrong ones for later.

# %%
SLIPS = {
    "none":         lambda W2, new_W2, a1, a2: (W2.T, a1 * (1 - a1)),
    "updated W2":   lambda W2, new_W2, a1, a2: (new_W2.T, a1 * (1 - a1)),
    "no transpose": lambda W2, new_W2, a1, a2: (W2, a1 * (1 - a1)),
    "no slope":     lambda W2, new_W2, a1, a2: (W2.T, 1),
    "slope at a":   lambda W2, new_W2, a1, a2: (W2.T, sigmoid.derivative(a1)),
    "slope of z2":  lambda W2, new_W2, a1, a2: (W2.T, a2 * (1 - a2)),
    "sign":         lambda W2, new_W2, a1, a2: (-W2.T, a1 * (1 - a1)),
    "twice":        lambda W2, new_W2, a1, a2: (2 * W2.T, a1 * (1 - a1)),
}
def C_of(W1, W2):
    return loss_of(W1, b1, W2, b2, x, y)

# %%
def one_step(W1, W2, slip="none", eta=0.5):
    a1 = sigmoid(W1 @ x_ + b1_)
    a2 = sigmoid(W2 @ a1 + b2_)
    delta2 = (a2 - y_) * a2 * (1 - a2)
    new_W2 = W2 - eta * delta2 @ a1.T
    matrix, slope = SLIPS[slip](W2, new_W2, a1, a2)
    return W1 - eta * (matrix @ delta2) * slope @ x_.T, new_W2

new_W1, new_W2 = one_step(W1, W2)
print("W2:", *(f"{w:.9f}" for w in new_W2.ravel()))
print("W1:", *(f"{w:.9f}" for w in new_W1.ravel()))
print(f"C before: {C_of(W1, W2):.10f}, after: {C_of(new_W1, new_W2):.10f}")

# %% [markdown]
# The published step says: $W_2$ .35891648, .408666186, .511301270, .561370121, and $W_1$ .149780716, .19956143,
# .24975114, .29950229. All digits agree. But the published loss after the step is **.291027924**, and ours isn't.
#
# Here is this network under the microscope. **Choose a weight of the first layer.** Each path has its product.

# %%
explore.backprop_microscope(preset="worked example", step=6)

# %% [markdown]
# **What did you see?**
#
# 1. The two products for $w_{11}^{(1)}$: which is larger, and why do their signs differ?
# 2. In the state *update*, which weights rise?
# 3. Set *updates done before* to 1,000. Which layer has moved farther?
#
# <details><summary>What we saw</summary>1: the path over the first output is almost three times the other. The first output is too large and
# pulls down, the second is too small and pulls up: their δ have different signs. 2: those into the second output.
# 3: the second layer, by far, for two reasons. Its gradients don't have to pass through another weight
# and slope, and what comes into it is larger: 0.59 and 0.60, against 0.05 and 0.10.</details>
#
# ### Who checks the check?
#
# With one sample and square matrices, this famous example can reveal neither a missing $1/N$ nor a
# wrong shape. So check from an odd start, as in Build: 7 samples, sizes that all differ, biases that are not zero.
#
# And a finite difference has errors of its own. The cell asks a ReLU at $z = 0.0003$ with a nudge $h = 0.001$, and
# gets an answer that can't be right: its slope is 0 or 1.
#
# *Left:* the loss $C = \varphi(z)^2/2 + \varphi(z)$ of one neuron; the line through its points at $z \pm h$ has the
# quotient as its slope. *Right:* how wrong three quotients are: one-sided, $[C(z+h) - C(z)]/h$; central,
# $[C(z+h) - C(z-h)]/2h$; and that of `numerical_gradient`, with five points. **Drag the nudge $h$ from 1 down to
# $10^{-13}$.** Choose *relu*, set $z = 0.05$, and drag $h$ again.

# %%
h, z = 1e-3, 3e-4  # a ReLU whose z is nearer to 0 than h
print(f"relu'({z}) = {relu.derivative(z):.0f},",
      f"quotient {(relu(z + h) - relu(z - h)) / (2 * h):.2f}")
explore.how_small_a_nudge()

# %% [markdown]
# **What did you see?**
#
# 1. From 1 downward, which line falls fastest? Why do all rise again?
# 2. Which $h$ is best for the central quotient? How many digits are right there?
# 3. With a ReLU near its kink, is the gradient wrong?
#
# <details><summary>What we saw</summary>1: five points. To the left, C(z+h) and C(z−h) agree in nearly all their 16
# digits, and the difference keeps what is left: rounding. 2: about 1e-5, with 10 to 11 digits. 3: no. As soon as the kink at
# 0 lies within reach, the quotient mixes both sides, and accuses a gradient that is right.</details>
#
# Errors are compared *relative to the gradient*, for each array: $\lVert g - g_\text{num} \rVert / \max(\lVert g \rVert,
# \lVert g_\text{num} \rVert)$. Below $10^{-7}$, all is well. The slips of this lesson lie around
# $10^{-3}$ and above. In between, look for a kink.
#
# ## Break it
#
# ### Which slip prints .291027924?
#
# The published loss differs from ours in the seventh digit: too much
# for rounding, when all weights agree to nine. Some slip in that program didn't reach the
# printed weights. **Find it:** put one name from `SLIPS` after the other into the first line, and run the cell.

# %%
slip = "none"
C_after = C_of(*one_step(W1, W2, slip))
print(f"{slip}: C after one step = {C_after:.10f}; wanted: .291027924")

# %%
for slip in SLIPS:  # have you found it? Here are all of them
    after = one_step(W1, W2, slip)
    first_row = " ".join(f"{w:.8f}" for w in after[0][0])
    print(f"{slip:13} C = {C_of(*after):.10f}  W1[0] = {first_row}")

# %% [markdown]
# It is **"updated W2"**: the program updates $W_2$ first, and then goes back through the *new* $W_2$. Gradients
# are derivatives at *one* point: all of them have to be computed before any weight moves.
#
# In the column $C$, right and wrong gradients agree in five digits, the wrong sign included.
# **The loss hardly tells a bug in a hidden layer.** `W1[0]` tells, by its fifth digit; and a gradient check tells at once.
#
# ### The case, closed
#
# But the page prints the right $W_1$. Did its program really have this slip? The page also tells the end, after 10,000
# steps: outputs 0.015912196 and 0.984065734, and a loss of 0.000035085. In a later edition the loss is
# 0.0000351085. Run both programs that far:

# %%
ends = {}
for slip in ("updated W2", "none"):
    now = W1, W2
    for step in range(1, 10_001):
        now = one_step(*now, slip)
        if step in (9_999, 10_000):
            ends[slip] = C_of(*now)
            out = sigmoid(now[1] @ sigmoid(now[0] @ x_ + b1_) + b2_)[:, 0]
            print(f"{slip:10} {step:6,}: C = {ends[slip]:.10f}, outputs",
                  *(f"{a:.9f}" for a in out))

# %% [markdown]
# - The page's outputs are those of the program **with the slip**, to the last digit. So is its first loss, .000035085.
# - The later loss, .0000351085, is that of the **right** program, after 9,999 steps.
# - The author's repository has kept both. The first version, of 14 March 2015, updates the output weights and then goes
#   back through them. On 15 March comes "Update backprop algorithm so that hidden layer weight updates use
#   original weights", with a note in the code to "double check the calculations in the blog post".
# - The post is dated 17 March. It shows the right $W_1$, and the old .291027924.
#
# So the page mixes the numbers of two programs, and its .291027924 has been copied ever since.
#
# ### Break the gradient
#
# Now a larger network, 2-8-8-1, on two moons. `W2` is 8 by 8, so its transpose fits. *Left:* the gradient check before training, one row for each array; to the right of the dashed line is wrong.
# At the edge: this array is the right one *times* that number, or points elsewhere, at an angle ∠. *Middle and
# right:* what training makes of it.
#
# The menu starts with *your* backward, from Build. **Choose one slip after the other, and cover the line
# under the picture, the diagnosis: can you tell the slip from the left panel alone?** The second cell trains some of
# them from 20 starts each. It prints how many *times* the right gradient's loss they end at: the median, and the range from
# 10% to 90% of the starts.

# %%
breaking = explore.break_the_gradient(backward)
assert np.abs(breaking.result.losses - breaking.result.right_losses).max() < 1e-12
breaking

# %%
for slip, eta in (("W already updated", 0.5), ("slope taken at a, not at z", 0.5),
                  ("W transposed", 0.5), ("input of one layer too early", 0.5),
                  ("a random matrix for W", 0.5), ("a random matrix for W", 2.0)):
    loss, times, right = explore.ends_of_training(slip, eta)
    print(f"{slip:28} η {eta}: {spread(times, '.1f')} times; 95% right: {share(right >= 0.95)}")

# %% [markdown]
# **What did you see?**
#
# 1. Which slips make every array the right one times a number? What are the numbers?
# 2. Which leave $W_3$ and $b_3$ right? What do these have in common?
# 3. *input of one layer too early*: a single array is wrong. Why is $b_3$ right?
# 4. Choose *slope taken at a, not at z*, and go through the activations. Where does nobody notice? And without the
#    slope?
# 5. *sum instead of mean*: find an $\eta$ at which it trains as well as the right one. Then change $N$.
# 6. With which slips are the moons learned all the same?
#
# <details><summary>What we saw</summary>1: wrong sign (−1), a factor 2, sum instead of mean (N). 2: all those that
# go wrong on the way to the layer before: the slope, the matrix. 3: δ is
# right, and b needs nothing else; dW also needs what came in. 4: with relu, leaky relu and identity: a is above 0 just where z is. With
# identity all slopes are 1, so leaving them out is no slip. 5: η divided by N; so it has to be tuned again for every N. 6: the
# updated W ends as low as the right gradient. The slope at a, the transpose and the layer too early
# end somewhat higher. The random matrix needs a larger η.</details>
#
# ### A falling loss proves nothing
#
# Two stronger cases. **First**, the famous sample once more, now from 100 random starts: the updated $W_2$ beside the
# right one.

# %%
def end_of(updated, seed=0, eta=0.5):
    V1, V2 = np.random.default_rng(seed).uniform(-1, 1, size=(2, 100, 2, 2))
    for _ in range(1001):
        A1 = sigmoid(x_.T @ V1.mT + b1)
        A2 = sigmoid(A1 @ V2.mT + b2)
        D2 = (A2 - y) * A2 * (1 - A2)
        new_V2 = V2 - eta * D2.mT @ A1
        D1 = (D2 @ (new_V2 if updated else V2)) * A1 * (1 - A1)
        V1, V2 = V1 - eta * D1.mT @ x_.T, new_V2
    return np.sum((A2 - y) ** 2 / 2, axis=(1, 2))

lower = share(end_of(updated=True) < end_of(updated=False))
print(f"after 1,000 steps the wrong gradient has the lower loss from {lower} starts")

# %% [markdown]
# That is no luck. The new $W_2$ is $W_2 - \eta\, \delta_2 a_1^T$, so it sends back
# $W_2^T \delta_2 - \eta\, \lvert\delta_2\rvert^2\, a_1$. The second term makes every hidden $a$ larger, and with it the
# gradient $\delta_2 a_1^T$ of $W_2$. On a single sample, the slip speeds training up. With several it may go either way.
#
# **Second**, real handwriting: 64 pixels, 16 tanh units, ten softmax outputs. On the way back,
# fixed random numbers $B$ stand in for $W_2$, so what reaches the hidden layer is no gradient of the loss.
# (Lillicrap, Cownden, Tweed and Akerman 2016 found that this works, and why.) Beside it: the right way back, and,
# as a *control*, nothing at all, so that the hidden layer stays as it was drawn. Each from 20 starts.

# %%
assert np.allclose(new_W2.T @ delta2_, W2.T @ delta2_ - 0.5 * np.sum(delta2_**2) * a1_)
data = split_digits(1297)  # the other 500 are the test set

def digits_right(way_back, seed=0, eta=0.5, steps=1000):
    rng = np.random.default_rng(seed)
    V1, V2, B = (rng.normal(0, n**-0.5, size=(20, m, n)) for m, n in
                 ((16, 64), (10, 16), (10, 16)))
    c1, c2 = np.zeros((20, 1, 16)), np.zeros((20, 1, 10))
    for _ in range(steps):
        batch = rng.integers(0, len(data.X), size=(20, 16))
        X, Y = data.X[batch], data.Y[batch]
        A1 = tanh(X @ V1.mT + c1)
        D2 = (softmax(A1 @ V2.mT + c2) - Y) / 16
        back = {"the right W2": V2, "random numbers": B, "nothing": 0 * B}[way_back]
        D1 = D2 @ back * (1 - A1**2)
        V2, c2 = V2 - eta * D2.mT @ A1, c2 - eta * D2.sum(axis=1, keepdims=True)
        V1, c1 = V1 - eta * D1.mT @ X, c1 - eta * D1.sum(axis=1, keepdims=True)
    says = (tanh(data.X_test @ V1.mT + c1) @ V2.mT + c2).argmax(axis=-1)
    cosine = np.sum(B * V2, (1, 2)) / np.sqrt(np.sum(B**2, (1, 2)) * np.sum(V2**2, (1, 2)))
    return (says == data.labels_test).mean(axis=1), cosine

feedback = {}
for way_back, eta in (("the right W2", 0.5), ("random numbers", 0.5), ("nothing", 0.5),
                      ("nothing", 2.0)):
    feedback[way_back], cosine = digits_right(way_back, eta=eta)
    print(f"{way_back:14} η = {eta}: {spread(feedback[way_back], '.0%')} right;",
          f"W2 along B: {abs(np.median(cosine)):.1f}")

# %% [markdown]
# Without any way back most digits are right already: high marks alone say little. But random numbers come close to the
# right gradient, so they do train the hidden layer. How? The last column is the cosine between
# $W_2$ and $B$ at the end: 0 for strangers, 1 for the same direction. The *network* has turned toward the wrong gradient.
# It can learn to live with a bug, and you will never know what that cost you. **Only a check of the gradient tells.**
#
# ### Bug hunt
#
# Here is a training script in the manner of a well-known introduction, with its data: a network 2-3-2-2 with sigmoids,
# MSE, plain gradient descent. It contains five bugs, each a switch, and a sixth for the way forward. (The targets 2, 3 and
# 123 are one of the five. The repair divides the targets of each output by the largest.)
#
# **Take off the bugs one by one, the targets last.** Watch the loss beside that of the repaired
# script, and the outputs with their targets (blue the first output, orange the second; solid, dashed and dotted for
# the three samples). The last cell trains with the targets 2, 3 and 123 from 20 starts.

# %%
X = np.array([[0.50, 0.10], [0.05, 0.18], [0.05, 0.31]])
targets = np.array([[1.0, 2.0], [0.0, 3.0], [1.0, 123.0]])

def script(never=False, once=False, weights=False, far=False, slow=False):
    net, losses = MLP([2, 3, 2, 2], hidden=sigmoid, output=sigmoid, seed=0), []
    Y = targets if far else targets / targets.max(axis=0)
    eta, epochs = (0.01, 500) if slow else (1.0, 10_000)
    for _ in range(epochs + 1):
        losses.append(mse(net.forward(X), Y))
        net.backward(mse, Y)
        first = net.layers[0]
        printed = first.W[0, 0] if weights else first.dW[0, 0]
        if once:
            break
        if not never:
            for p, g in zip(net.parameters(), net.gradients()):
                p -= eta * g
    return losses, printed, net.layers[-1].a

for bugs in ((), ("slow",), ("never", "slow"), ("once",), ("far",), ("weights", "far", "slow")):
    losses, printed, A = script(**dict.fromkeys(bugs, True))
    print(f"{' and '.join(bugs) or 'repaired':20} {len(losses):6,} losses, {losses[0]:9.3f}",
          f"to {losses[-1]:9.3f}; prints {round(printed, 3) + 0:.3f}")

# %%
explore.bug_hunt()

# %%
def first_outputs(seed=0):
    net = MLP([2, 3, 2, 2], sigmoid, sigmoid, seed=seed, ensemble=(20,))
    for steps in (1_000, 19_000):
        train(net, X, targets, mse, eta=1.0, steps=steps)
        yield net.forward(X)[..., 0]

early, late = first_outputs()
rests = np.abs(early - 2 / 3).max(axis=1) < 0.05
learned = np.abs(late - targets[:, 0]).max(axis=1) < 0.05
print("after  1,000 updates:", np.median(early, axis=0).round(2), f"rests: {share(rests)}")
print("after 20,000 updates:", np.median(late, axis=0).round(2), f"learned: {share(learned)}")

# %% [markdown]
# **What did you see?**
#
# 1. Which bug hides others? (The page dims their switches.)
# 2. With $\eta = 0.01$ and 500 epochs, how far does even the repaired script come?
# 3. What is printed when weights are printed instead of gradients, and nothing is ever updated?
# 4. With the targets 2, 3 and 123, what does the second output do? What is the smallest possible loss?
# 5. And the first output, whose targets are 1, 0 and 1?
# 6. What does `Sigmoid(x)` do?
#
# <details><summary>What we saw</summary>1: "break" hides that no step is taken, and that η is small. 2: the loss has only begun to fall. 3: always the
# same number. It is a weight, and says nothing about gradients. 4: it
# goes to 1 and stays there; a sigmoid never reaches more, so the loss can't fall below 2,481.5. 5: it rests at 0.67, the mean of its
# targets, for thousands of epochs. That looks like an end, and is a plateau: then it learns 1, 0, 1 after all. A loop that
# stops when the loss stands still would miss it. 6: it raises a TypeError. Sigmoid() makes a sigmoid, and that one is
# applied to x.</details>
#
# ## Exercises
#
# Each has a check that tells you what went wrong, and hints. Rows are samples, as in Build.

# %% [markdown]
# ### Exercise 1: The derivative of an activation
#
# The activation SiLU is $a = \varphi(z) = z\,\sigma(z)$. Write `silu_derivative(z, a)`: its slope $\varphi'(z)$ in
# every entry. `z` and `a` are arrays of the same shape; use whichever is simpler.
# Two values to know: the slope is 0.5 at $z = 0$ and 1.0908 at $z = 2$. Yes, above 1.
#
# <details><summary>Hint 1</summary>The product rule gives two terms. The slope of sigma is sigma (1 - sigma), at z; here sigma(z) is not a.</details>
# <details><summary>Hint 2</summary>With s = sigmoid(z) the two terms are 1 times s, and z times s (1 - s). Where do you see a?</details>
#
# [Solution](../notebooks/solutions/05_backpropagation.ipynb)

# %%
def silu_derivative(z, a):
    # BEGIN SOLUTION
    s = sigmoid(z)
    return s + a * (1 - s)
    # END SOLUTION

exercises.check_silu_derivative(silu_derivative)

# %% [markdown]
# ### Exercise 2: Back through the layer of another library
#
# Many libraries keep $W$ the other way round, with a *column* for each unit. Their layer
# computes `Z = A_in @ W + b`, without a transpose. Going back, it receives `delta`, which is $\partial C/\partial z$ for
# every sample, the 1/N of the loss included. Write `dense_backward(delta, A_in, W)`, which returns the three gradients
# `dW, db, dA_in` (of $C$ by `W`, by `b` and by `A_in`).
#
# | array | `delta` | `A_in` | `W` | `dW` | `db` | `dA_in` |
# |---|---|---|---|---|---|---|
# | shape | (N, n_out) | (N, n_in) | (n_in, n_out) | (n_in, n_out) | (1, n_out) | (N, n_in) |
#
# One case to know: `delta = [[1.], [1.]]`, `A_in = [[2., 3.], [4., 5.]]`, `W = [[6.], [7.]]` give `dW = [[6.], [8.]]`,
# `db = [[2.]]` and `dA_in = [[6., 7.], [6., 7.]]`.
#
# <details><summary>Hint 1</summary>Start with one sample: z_j is the sum over i of a_i w_ij, plus b_j. What is dC/dw_ij, written with delta_j? And dC/da_i, which reaches C through every j?</details>
# <details><summary>Hint 2</summary>dC/dw_ij = a_i delta_j: row i, column j. dC/da_i is the sum over j of delta_j w_ij: it runs over the columns of W.</details>
# <details><summary>Hint 3</summary>Contributions of samples add up. A product of matrices does that by itself when N is the inner size. For db the sum has to be written; keepdims=True keeps the row.</details>
#
# [Solution](../notebooks/solutions/05_backpropagation.ipynb)

# %%
def dense_backward(delta, A_in, W):
    # BEGIN SOLUTION
    dW = A_in.T @ delta
    db = delta.sum(axis=0, keepdims=True)
    return dW, db, delta @ W.T
    # END SOLUTION

exercises.check_dense_backward(dense_backward)

# %% [markdown]
# ### Exercise 3: Where the way back begins
#
# With `A = sigmoid(Z)` at the output, write `output_delta(Z, A, Y, loss)`, which returns
# $\partial C/\partial z$ at the output, all arrays of shape (N, n). `loss` is the text `"mse"` or `"bce"`:
#
# - `"mse"`: $C$ is the mean over samples of $\sum_j (a_j - y_j)^2 / 2$
# - `"bce"`: $C$ is the mean over samples of $-\sum_j\, [\,y_j \ln a_j + (1 - y_j) \ln(1 - a_j)\,]$
#
# It has to be finite, even where an output has been rounded to 0 or 1. One case to know: for `Z = [[0.]]`,
# `A = [[0.5]]`, `Y = [[1.]]` it is −0.125 with `"mse"` and −0.5 with `"bce"`.
#
# <details><summary>Hint 1</summary>dC/dz = dC/da times sigma'(z), for both losses. Both hold the 1/N.</details>
# <details><summary>Hint 2</summary>sigma'(z) = a (1 - a). For bce, dC/da = (a - y) / (a (1 - a)) / N: multiply on paper, before you write code.</details>
# <details><summary>Hint 3</summary>N is the number of rows, len(Y); not Y.size.</details>
#
# [Solution](../notebooks/solutions/05_backpropagation.ipynb)

# %%
def output_delta(Z, A, Y, loss):
    # BEGIN SOLUTION
    delta = (A - Y) / len(Y)
    return delta * A * (1 - A) if loss == "mse" else delta
    # END SOLUTION

exercises.check_output_delta(output_delta)

# %% [markdown]
# ### Exercise 4: A whole update, and a loop that knows when to stop
#
# **First part.** A network of two layers, both sigmoids, with the loss `"mse"` of Exercise 3. Write
# `step(W1, b1, W2, b2, X, Y, eta)`: forward, backward, and one update of gradient descent. It returns the new
# `W1, b1, W2, b2`, and leaves those that it was given as they were.
#
# `X` (N, n0), `W1` (n1, n0), `b1` (1, n1), `W2` (n2, n1), `b2` (1, n2), `Y` (N, n2); `eta` is a number. One case to
# know: the worked example of this lesson (one sample, `b1 = [[0.35, 0.35]]`, `b2 = [[0.60, 0.60]]`, `eta = 0.5`) gives
# 0.14978072 and 0.19956143 in the first row of the new `W1`. Here the biases move as well.
#
# <details><summary>Hint 1</summary>Forward: Z1, A1, Z2, A2, all kept. Then delta2 as in Exercise 3, and delta1 from delta2.</details>
# <details><summary>Hint 2</summary>delta1 = (delta2 @ W2) * sigma'(Z1). Which W2: the one of the forward pass, or the new one?</details>
# <details><summary>Hint 3</summary>Each layer: dW = delta.T @ (what came in), db = the sum of delta over samples. The 1/N is in delta2 already.</details>
#
# [Solution](../notebooks/solutions/05_backpropagation.ipynb)

# %%
def step(W1, b1, W2, b2, X, Y, eta):
    # BEGIN SOLUTION
    A1 = sigmoid(X @ W1.T + b1)
    A2 = sigmoid(A1 @ W2.T + b2)
    delta2 = (A2 - Y) / len(X) * A2 * (1 - A2)
    delta1 = (delta2 @ W2) * A1 * (1 - A1)
    W2, b2 = W2 - eta * delta2.T @ A1, b2 - eta * delta2.sum(axis=0, keepdims=True)
    W1, b1 = W1 - eta * delta1.T @ X, b1 - eta * delta1.sum(axis=0, keepdims=True)
    return W1, b1, W2, b2
    # END SOLUTION

exercises.check_step(step)

# %% [markdown]
# **Second part.** The loop of this lesson makes a fixed number of updates. Write
# `train_until(step, loss, parameters, goal, most)`, which repeats until the loss is at most `goal`, or `most` updates
# are done. Here `step(parameters)` returns the parameters after one update, and
# `loss(parameters)` a number. It returns two things: the last
# parameters, and the list of losses, the first one before any update.
#
# One case to know: with `step = lambda p: p / 2`, `loss = lambda p: p`, `parameters = 8.0`, `goal = 1.0` and
# `most = 10` it returns `1.0, [8.0, 4.0, 2.0, 1.0]`.
#
# <details><summary>Hint 1</summary>How many updates does it take when the loss is below the goal from the start?</details>
# <details><summary>Hint 2</summary>losses = [loss(parameters)] before the loop; then losses[-1] is always the loss of the parameters that you hold.</details>
# <details><summary>Hint 3</summary>while losses[-1] > goal and len(losses) <= most: with n updates done there are n + 1 losses.</details>

# %%
def train_until(step, loss, parameters, goal, most):
    # BEGIN SOLUTION
    losses = [loss(parameters)]
    while losses[-1] > goal and len(losses) <= most:
        parameters = step(parameters)
        losses.append(loss(parameters))
    return parameters, losses
    # END SOLUTION

exercises.check_train_until(train_until)

# %% [markdown]
# ## What to keep
#
# First, your guesses, beside what came out above.

# %% jupyter={"source_hidden": true}
turned = explore.ends_of_training("W transposed")[0]
explore.Score(guesses, {
    "digit": (2, "The way back used W2 after its update: of all slips tried, only that."),
    "transpose": (0, "Chance has a loss of 0.69. This one ended below half of that from "
                     f"{share(turned < 0.35)} starts."),
    "random": (3, f"{spread(feedback['random numbers'], '.0%')}; with the right gradient "
                  f"{spread(feedback['the right W2'], '.0%')}."),
    "lower": (0, f"The wrong one, from {lower} starts."),
    "targets": (1, f"It rests there from {share(rests)} starts, and learns 1, 0, 1 later."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | A neuron takes the weighted sum, and then the average | false | Derive 1 |
# | For $C = (a - y)^2$, the last weight of a chain has the gradient $a^{(L-1)}\, \sigma'(z^{(L)})\, 2(a^{(L)} - y)$ | true | Derive 4 |
# | $\partial C/\partial w_{jk}$ is a sum over $j$ | false | Derive 6 |
# | $\partial C/\partial a_k$ is a sum over $j$ | true | Derive 7 |
# | $\partial C/\partial W_2 = (a - y)\, x$ | false | Derive 10 |
# | $\partial z_2/\partial a_1$ is $W_2^T$ | depends | Derive 11 |
# | The transpose is cosmetic | false | Derive 11 |
# | Sigmoid with cross-entropy leaves $a - y$ | true | Derive 12 |
# | Neurons that fire together wire together: descent does that | partly | Derive 12 |
# | The gradient of a mean over samples is the mean of their gradients | true | Derive 13 |
# | The first step of the worked example leads to .291027924 | false | Break it |
# | A finite difference is always right | false | *Who checks the check?* |
# | A falling loss shows that the gradient is right | false | *Break the gradient* |
# | Of two programs, the one with the lower loss has the right gradient | false | *A falling loss proves nothing* |
# | Random numbers in place of $W_2$ leave the hidden layer untrained | false | *A falling loss proves nothing* |
# | A script that computes gradients and prints a loss trains | false | *Bug hunt* |
# | A sigmoid output can be trained to any target | false | *Bug hunt* |
# | When the loss stands still, training is at its end | false | *Bug hunt* |
#
# 1. A gradient is a sum over paths; $\delta = \partial C/\partial z$ takes out the common factors.
# 2. Board: $\delta_1 = (W_2^T \delta_2) * \varphi'(z_1)$, $\partial C/\partial W = \delta\, a^T$,
#    $\partial C/\partial b = \delta$.
# 3. Code: for $z$ and $\delta$ transpose the line, reverse the order; $W$ stays; one $1/N$, in the first delta.
# 4. All gradients first, from one point; then all updates.
# 5. A falling loss proves nothing: check gradients, from an odd start, with sizes that all differ.
#
# **Symbols** $x$ input · $w, W, b$ weight, weights, bias · $z$ pre-activation · $a$ activation · $\varphi, \sigma$
# activation function, sigmoid · $y$ target · $C$ loss · $\delta = \partial C/\partial z$ · $\eta$ learning rate · $j, k, i$
# indices of outputs, hidden neurons, inputs · $N$ samples · $h$ nudge · $B$ random feedback
#
# **Sources** D. Rumelhart, G. Hinton, R. Williams, *Learning representations by back-propagating errors*, 1986,
# equations 4 to 7 · M. Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 2, equations BP1 to BP4 · M. Mazur,
# *A step by step backpropagation example*, 17 March 2015, and his repository *simple-neural-network*, commits 31576f6 and
# 4b6faac · A. Griewank, A. Walther, *Evaluating Derivatives*, 2008,
# chapter 3 · T. Lillicrap, D. Cownden, D. Tweed, C. Akerman, *Random synaptic feedback weights support error
# backpropagation for deep learning*, 2016 · D. Hebb, *The Organization of Behavior*, 1949, chapter 4 · S. Löwel, W. Singer,
# *Selection of intrinsic horizontal connections in the visual cortex by correlated neuronal activity*, 1992 (its later
# words)
#
# [previous: 04, choose the loss](04_mse_vs_cross_entropy.ipynb)
#
# [next: 06, let the machine derive](06_autograd.ipynb)
