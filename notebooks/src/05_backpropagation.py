# %% [markdown]
# # 05 · Trace the gradient
#
# **Where does every term of backpropagation come from?**
#
# Most texts show backpropagation once, in one notation, and leave the rest to faith. Here you derive it four times: for
# a neuron and a chain of neurons, with indices, with matrices, and for a batch. It is the same network each time, with
# the same numbers, so you can see that it is the same thing. Every step is checked by nudging a weight and watching the
# loss. Then you break it, in ten ways, and learn to read from the numbers what is wrong.
#
# To begin, choose *Run ▸ Run All Cells*, then scroll back up. From then on each picture follows your hand.
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
# **Time** 75 minutes to read and play, 40 minutes more for the exercises. *Break it* makes a good second sitting.

# %% jupyter={"source_hidden": true}
import numpy as np

from nbcore import MLP, bce, check_gradients, exercises, explore, moons, mse
from nbcore import numerical_gradient, relu, sigmoid, softmax, split_digits, tanh, train

# %% [markdown]
# ## Predict
#
# Before you look, commit to a guess. The *gradient* says, for every weight, how fast the loss changes when only that
# weight moves. *Backpropagation* computes it, from the last layer to the first. Your answers stay on this computer, and
# are scored at the end.

# %% jupyter={"source_hidden": true}
guesses = explore.Predict("05", {
    "digit": ("A famous worked example prints a loss of 0.291027924 after one step. "
              "We get 0.2910277737. The difference is due to",
              ["rounding", "another learning rate", "a bug in the backward pass"]),
    "transpose": ("On the way back, someone forgets to transpose a square matrix. Then",
                  ["an error is raised", "the loss rises",
                   "no error is raised, and the loss falls"]),
    "random": ("The backward pass uses fixed random numbers instead of W2. On "
               "handwritten digits the network then gets right",
               ["about 10%: it guesses", "about half", "more than 95%"]),
    "lower": ("Two versions of the worked example train for 10,000 steps, one with a "
              "wrong gradient. The lower loss at the end has",
              ["the right one", "the wrong one"]),
    "targets": ("Sigmoid outputs are trained on the targets 2, 3 and 123. The outputs",
                ["end near the mean", "all go to 1", "grow without end"]),
})
guesses

# %% [markdown]
# ## Explore
#
# Three neurons in a row, with one weight and one bias each. Every neuron computes $z = w a + b$ from the $a$ before it,
# and answers $a = \sigma(z)$, where $\sigma(z) = 1/(1 + e^{-z})$ is the sigmoid. A number in brackets, as in $w^{(2)}$, says
# which neuron. The last $a$ should be the target $y$; the *loss* $C = (a - y)^2$ says by how much it is missed.
#
# $\partial C/\partial w$ is the *gradient*: how fast $C$ changes with $w$. $\delta$ (delta) is the same for $z$. And
# $\varphi'$ (phi prime) is the slope of the neuron's function $\varphi$, here of the sigmoid.
#
# The picture is a *microscope*: all numbers of one training step, in nine *states*. It stands at the end of the way back.
# **Take *state* to *start*, and go forward one by one.** Then choose a *weight to follow*, with the menu or by a click.
# Below the network, its gradient is written out as a product, beside the value found by nudging that weight
# (*finite differences*). Every number in a box may be changed. (In a narrow window, Ctrl+B hides JupyterLab's list of
# files, and the picture gets the room.)

# %%
chain_view = explore.backprop_microscope(preset="chain", step=7)
chain_view

# %% [markdown]
# **What did you see?**
#
# 1. In which order do the numbers appear on the way forward? And on the way back?
# 2. Choose the first weight, then the last one. Which product is longer? What do the two have in common?
# 3. Change the input or the target. Which numbers stay?
# 4. Set $w^{(1)}$ to 9. What happens to the slope $\varphi'(z^{(1)})$, and to the first gradient?
#
# <details><summary>What we saw</summary>1: forward from left to right, z before a; back from right to left. 2: the first
# weight's: it holds one more slope and one more weight for each neuron on the way. The factors near the loss are the same, so
# they need not be computed twice: that is the whole trick. 3: another target changes nothing on the way forward
# but C, and every number on the way back. 4: the neuron saturates, its slope is almost 0, and so is every product that goes through
# it.</details>
#
# ## Derive
#
# The way: one neuron, a chain of neurons, whole layers with indices, the same with matrices, and at last many samples at
# once. One network serves for all of it. Two inputs, two hidden neurons, two outputs, all with sigmoids. Its numbers
# come from a well-known worked example (Mazur 2015), so that you can compare with many texts. Watch two of them come back
# in each notation: 0.082167, the gradient of a weight of the last layer, and 0.000438568, of one in the first. `W1[0]` holds the weights
# into the first hidden neuron, `W1[1]` those into the second; `W2` likewise for the outputs.
#
# ### 1. One neuron
#
# Look at the first output neuron alone. It gets two numbers from the hidden neurons (below, in code: `a_in`). It weighs
# them and adds them up, with its bias: $z = w_1 a_1 + w_2 a_2 + b$. This is its *pre-activation*. Then comes its
# *activation* $a = \sigma(z)$, and its share of the loss, $C = (a - y)^2 / 2$.
#
# Some texts say that a neuron takes the weighted sum "and then the average". There is no average: it would halve the
# sum here, and change with every input that is added.

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
# How does $C$ change with $w_1$? The weight moves $z$, $z$ moves $a$, $a$ moves $C$. Each of the three has a slope:
#
# - $\partial z/\partial w_1 = a_1$, for this is what $w_1$ is multiplied by in $z$
# - $da/dz = \sigma'(z) = a\,(1 - a)$, for the derivative of $1/(1 + e^{-z})$ is
#   $\frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}}$, and that is $a$ times $1 - a$
# - $\partial C/\partial a = a - y$, for the square brings a factor 2, and the 1/2 takes it away
#
# A nudge of $w_1$ is passed on from one to the next, and grows or shrinks by each slope. So the chain rule multiplies
# them:
#
# $$\frac{\partial C}{\partial w_1}
# = \frac{\partial C}{\partial a} \cdot \frac{da}{dz} \cdot \frac{\partial z}{\partial w_1}
# = (a - y) \cdot \sigma'(z) \cdot a_1 .$$
#
# To check it, move $w_1$ a little to both sides and watch $C$. That is what `numerical_gradient` does; such a quotient
# is called a *finite difference*.

# %%
print(f"{a - y[0]:.6f} * {a * (1 - a):.6f} * {a_in[0]:.6f} =",
      f"{(a - y[0]) * a * (1 - a) * a_in[0]:.9f}")
nudged = numerical_gradient(lambda w: C_first(w, b, a_in), w)
print(f"nudging w1: {nudged[0]:.9f}")

# %% [markdown]
# Some texts write $C = (a - y)^2$, without the 1/2. Then the first factor is $2(a - y)$, and all gradients are twice as
# large. Neither is wrong, as long as loss and gradient agree.
#
# ### 3. Delta
#
# The first two factors have nothing to do with $w_1$: they are the same for $w_2$ and for $b$. They get a name of their
# own. Only the third changes, the slope of $z = w_1 a_1 + w_2 a_2 + b$: it is $a_k$ for a weight, 1 for the bias, and
# $w_k$ for an input:
#
# $$\delta = \frac{\partial C}{\partial z} = (a - y)\, \sigma'(z), \qquad
# \frac{\partial C}{\partial w_k} = \delta\, a_k, \qquad
# \frac{\partial C}{\partial b} = \delta, \qquad
# \frac{\partial C}{\partial a_k} = \delta\, w_k.$$
#
# So one $\delta$ a neuron is enough. The last formula, the effect of an *input*, is what the neurons before it need.
# All of it by nudging:

# %%
delta = (a - y[0]) * a * (1 - a)
assert np.allclose(delta * a_in, nudged)
assert np.isclose(delta, numerical_gradient(lambda b: C_first(w, b, a_in), b))
assert np.allclose(delta * w, numerical_gradient(lambda a: C_first(w, b, a), a_in))
print(f"delta = {delta:.9f}")

# %% [markdown]
# ### 4. Two neurons in a chain
#
# Now go one step further back, to the first hidden neuron, and follow a single line through the network: from input
# $x_1$ over the first hidden neuron to the first output. All that enters from the side is held fixed, so it can be
# counted into the biases. What is left is a *chain*: one input, one weight and one bias for each neuron. All $z$ and $a$
# are the same numbers as before, and $C$ is still the share of the first output.
#
# A number in brackets counts its neurons. The weight $w^{(1)}$ moves $z^{(1)}$, that moves $a^{(1)}$, and that is an
# *input* of the second neuron: how it moves $C$ was the last formula of Derive 3. Two slopes are left to multiply by,
# $\sigma'(z^{(1)})$ and $x$:
#
# $$\frac{\partial C}{\partial w^{(1)}}
# = \underbrace{\delta^{(2)}\; w^{(2)}}_{\partial C / \partial a^{(1)}}\;
# \sigma'(z^{(1)})\; x .$$

# %%
side = b1[0] + W1[0, 1] * x[1], b2[0] + W2[0, 1] * a_in[1]  # the biases of the chain
path_1 = delta * W2[0, 0] * a_in[0] * (1 - a_in[0]) * x[0]
nudged = numerical_gradient(
    lambda v: C_first(w[:1], side[1], sigmoid(v * x[:1] + side[0])), W1[0, 0])
print(f"by the chain rule: {path_1:.9f}, nudging {nudged:.9f}")

# %% [markdown]
# ### 5. A chain of any length
#
# Each neuron on the way back adds the same two factors, a weight and a slope:
#
# $$\delta^{(l)} = \delta^{(l+1)}\; w^{(l+1)}\; \sigma'(z^{(l)}), \qquad
# \frac{\partial C}{\partial w^{(l)}} = \delta^{(l)} a^{(l-1)}, \qquad
# \frac{\partial C}{\partial b^{(l)}} = \delta^{(l)} .$$
#
# Here $l$ counts the neurons, and $a^{(0)} = x$. The code keeps all $a$ on the way forward, because the way back needs
# them; it counts from 0, so `w[k]` weighs `a[k]`. This is backpropagation, whole. All that is still missing is more than
# one neuron in a layer.
#
# The second cell tries it on the chain of Derive 4, then on that of the microscope. There $C = (a - y)^2$, without the
# 1/2, so all gradients are twice as large: $\partial C/\partial w^{(3)} = 2(a^{(3)} - y)\, \sigma'(z^{(3)})\, a^{(2)}$.

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
assert np.isclose(chain([W1[0, 0], W2[0, 0]], side, x[0], y[0])[0][0], path_1)
w, b = np.array([1.5, -2.0, 1.2]), np.array([0.5, 1.0, -0.1])
dw, db, C = chain(w, b, x=0.8, y=1.0)
assert np.allclose(dw, numerical_gradient(lambda w: chain(w, b, 0.8, 1.0)[2], w))
print("as in the microscope: weights", (2 * dw).round(7), "biases", (2 * db).round(7))

# %% [markdown]
# ### 6. Indices: who is who
#
# Back to the whole network. A layer has several neurons, so each number needs an index. $w_{jk}$ is the weight **to**
# neuron $j$ **from** neuron $k$ of the layer before: first where it arrives, then where it comes from. The letter tells
# the layer: $j$ always counts outputs, $k$ hidden neurons, $i$ inputs. So $w_{jk}$ is an entry of $W_2$, and $w_{ki}$ one
# of $W_1$. Then
#
# $$z_k = \sum_i w_{ki}\, x_i + b_k, \qquad z_j = \sum_k w_{jk}\, a_k + b_j, \qquad
# C = \sum_j \tfrac12 (a_j - y_j)^2,$$
#
# with $a = \sigma(z)$ for each. The sums run over all that comes *in*. And the bias belongs to $z$: some texts leave it
# out at this point. The numbers notice.

# %%
def forward(W1, b1, W2, b2):
    a1 = [sigmoid(sum(W1[k, i] * x[i] for i in (0, 1)) + b1[k]) for k in (0, 1)]
    a2 = [sigmoid(sum(W2[j, k] * a1[k] for k in (0, 1)) + b2[j]) for j in (0, 1)]
    return a1, a2, sum((a2[j] - y[j]) ** 2 / 2 for j in (0, 1))

print(f"C = {forward(W1, b1, W2, b2)[2]:.10f}; without biases",
      f"{forward(W1, 0 * b1, W2, 0 * b2)[2]:.10f}")

# %% [markdown]
# ### 7. Indices: the last layer
#
# Which of the outputs depend on $w_{jk}$? Only the one where it arrives. So there is no sum in
#
# $$\frac{\partial C}{\partial w_{jk}} = \delta_j\, a_k, \qquad \delta_j = (a_j - y_j)\, \sigma'(z_j).$$
#
# Some texts print $\sum_j$ in front of it. For $w_{11}$ that would add a second term, for a weight that isn't there.
# (Python counts from 0, so $w_{11}$ is `W2[0, 0]`.)

# %%
a1, a2, C = forward(W1, b1, W2, b2)
delta2 = [(a2[j] - y[j]) * a2[j] * (1 - a2[j]) for j in (0, 1)]
nudged = numerical_gradient(lambda W2: forward(W1, b1, W2, b2)[2], W2)
print(f"delta_1 a_1 = {delta2[0] * a1[0]:.9f}, nudging {nudged[0, 0]:.9f}")
print(f"summed over j: {sum(delta2) * a1[0]:.9f}")

# %% [markdown]
# ### 8. Indices: one layer down, through every j
#
# A hidden $a_k$ is another matter. It goes to *every* output. Move it by a tiny $\varepsilon$: then each $z_j$ moves by
# $w_{jk}\, \varepsilon$, and each of these moves $C$ by $\delta_j\, w_{jk}\, \varepsilon$. Small effects add up: **here** is
# the place for the sum over $j$.
#
# $$\frac{\partial C}{\partial a_k} = \sum_j \delta_j\, w_{jk}, \qquad
# \delta_k = \Big(\sum_j \delta_j\, w_{jk}\Big)\, \sigma'(z_k), \qquad
# \frac{\partial C}{\partial w_{ki}} = \delta_k\, x_i .$$
#
# What follows the sum is as in a chain: a slope, and what came in. Both gradients below have two terms, one for each
# output:

# %%
ways = [delta2[j] * W2[j, 0] for j in (0, 1)]  # from the first hidden neuron
nudged = numerical_gradient(lambda a: np.sum((sigmoid(W2 @ a + b2) - y) ** 2) / 2, a1)
print(f"of a_1: {ways[0]:.9f} {ways[1]:+.9f} = {sum(ways):.9f}, nudging {nudged[0]:.9f}")
path_2 = ways[1] * a1[0] * (1 - a1[0]) * x[0]
print(f"of W1[0, 0]: {path_1:.9f} {path_2:+.9f} = {path_1 + path_2:.9f}")

# %% [markdown]
# ### 9. It was the chain all along
#
# The last line is the gradient of $w_{11}$ of the hidden layer. Its first term is the number of Derive 4. So a gradient
# is **a sum over all paths** from the weight to the loss, and each path is a chain. `by_paths` does that for all weights of
# the hidden layer.
#
# Why then not add up paths? There are too many of them: three hidden layers of 100, and one output, make 10,000 paths
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
# ### 10. Matrices: forward
#
# The sums over $k$ are matrix products. On the board, a sample is a column, and so are all $z$, $a$ and $\delta$:
#
# $$z_1 = W_1 x + b_1, \quad a_1 = \sigma(z_1), \quad z_2 = W_2 a_1 + b_2, \quad a_2 = \sigma(z_2).$$
#
# From here on, an index counts layers. (In code, a name that ends in `_` holds a column, made by `[:, None]`; `@` is the
# matrix product.)
#
# ### 11. Matrices: the gradient of $W_2$
#
# $\partial C / \partial w_{jk} = \delta_j a_k$ is a table of products: a column times a row.
#
# $$\delta_2 = (a_2 - y) * \sigma'(z_2), \qquad
# \frac{\partial C}{\partial W_2} = \delta_2\, a_1^T, \qquad \frac{\partial C}{\partial b_2} = \delta_2 .$$
#
# ($*$ multiplies entry by entry.) A well-known text prints $x$ here instead of $a_1^T$. Both have two entries in this
# network, so no error is raised. But the weight $W_2$ never meets $x$. It multiplies $a_1$.
#
# Others compare the update $-\eta\, \delta_j a_k$ to a rule of D. Hebb (1949): "neurons that fire together wire
# together". It has the neuron where the weight comes *from*, but not the one where it arrives: there stands $\delta_j$,
# which can have either sign. All neurons here are active, so Hebb would strengthen all four weights. Descent weakens two of
# them, for it knows what is wanted. It is *half* of Hebb.

# %%
x_, y_, b1_, b2_ = (v[:, None] for v in (x, y, b1, b2))
a1_ = sigmoid(W1 @ x_ + b1_)
a2_ = sigmoid(W2 @ a1_ + b2_)
assert np.allclose(a2_[:, 0], a2)

delta2_ = (a2_ - y_) * a2_ * (1 - a2_)
nudged = numerical_gradient(lambda W2: forward(W1, b1, W2, b2)[2], W2)
for name, dW2 in (("nudging", nudged), ("delta2 a1^T", delta2_ @ a1_.T),
                  ("delta2 x^T", delta2_ @ x_.T), ("Hebb, a2 a1^T", a2_ @ a1_.T)):
    print(f"{name:14}", dW2.ravel().round(6))

# %% [markdown]
# ### 12. Matrices: why the transpose
#
# $\sum_j \delta_j w_{jk}$ runs over the *first* index of $W_2$. A product $W_2\,\delta$ would run over the second. So
# $W_2$ has to be turned. (The sizes say so as well: $W_2$ leads from hidden neurons to outputs, and on the way back
# something has to lead from outputs to hidden neurons.)
#
# $$\delta_1 = \big(W_2^T\, \delta_2\big) * \sigma'(z_1), \qquad
# \frac{\partial C}{\partial W_1} = \delta_1\, x^T, \qquad \frac{\partial C}{\partial b_1} = \delta_1 .$$
#
# Some texts say that $\partial z_2 / \partial a_1$ is $W_2^T$. It is $W_2$: row $j$ says how $z_j$ answers to each
# $a_k$. The transpose enters by the chain rule, because gradients are added up *over* the $z_j$. And it is not
# cosmetic:

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
# ### 13. Another loss, and only one line changes
#
# With cross-entropy, $C = -\sum_j [\,y_j \ln a_j + (1 - y_j) \ln (1 - a_j)\,]$, the first factor is another one, and the
# slope of the sigmoid cancels it (lesson 04):
#
# $$\frac{\partial C}{\partial a} = \frac{a - y}{a\,(1 - a)}, \qquad \frac{da}{dz} = a\,(1 - a), \qquad
# \delta_2 = a_2 - y .$$
#
# From $\delta_2$ on, nothing changes. Where the loss has been is of no concern to the layers below.

# %%
delta1_ = (W2.T @ (a2_ - y_)) * a1_ * (1 - a1_)
nudged = numerical_gradient(
    lambda W1: bce([sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)], [y]), W1)
assert np.allclose(delta1_ @ x_.T, nudged)
print("gradient of W1[0]:", (delta1_ @ x_.T)[0].round(7))

# %% [markdown]
# ### 14. Several samples: the mean
#
# The loss of several samples is the *mean* of their losses. So its gradient is the mean of their gradients; nothing new
# has to be derived. By hand, with three samples, of which the first is the old one:

# %%
X = np.array([[0.05, 0.10], [0.90, 0.20], [0.30, 0.80]])
Y = np.array([[0.01, 0.99], [0.99, 0.01], [0.50, 0.50]])
each = [by_columns(W1, b1_, W2, b2_, X[[n]].T, Y[[n]].T)[0] for n in (0, 1, 2)]
print("of W1[0, 0], by sample:", *(f"{dW1[0, 0]:.7f}" for dW1 in each))
print(f"their mean: {(each[0][0, 0] + each[1][0, 0] + each[2][0, 0]) / 3:.7f}")

def mean_loss(W1):
    A2 = sigmoid(sigmoid(X @ W1.T + b1) @ W2.T + b2)
    return np.mean(np.sum((A2 - Y) ** 2 / 2, axis=1))

print(f"nudging W1[0, 0]: {numerical_gradient(mean_loss, W1)[0, 0]:.7f}")

# %% [markdown]
# ### 15. Rows: transpose the line, reverse the order
#
# All samples at once: in code, **each sample is a row**. So $z$, $a$ and $\delta$, columns on the board, are transposed,
# and products follow, by $(AB)^T = B^T A^T$. For the lines that compute them there is one rule: *transpose the line,
# reverse the order.* But $W$ belongs to no sample, so neither $W$ nor its gradient turns: there, just put in what $\delta$
# and $a^T$ are now, `D.T` and `A`.
#
# | the board: a sample is a column | the code: $N$ samples are rows |
# |---|---|
# | $z = W a + b$ | `Z = A @ W.T + b` |
# | $\delta_1 = (W_2^T \delta_2) * \sigma'(z_1)$ | `D1 = (D2 @ W2) * slope(Z1)` |
# | $\partial C/\partial W = \delta\, a^T$ | `dW = D.T @ A` |
# | $\partial C/\partial b = \delta$ | `db = D.sum(axis=0, keepdims=True)` |
#
# The last two lines hold a gift: `D.T @ A` multiplies *and adds up over the samples*, row by row. For the mean, a $1/N$ is
# needed. It has **one home**: the first delta. From there it travels along.
#
# ### 16. Four forms, one gradient
#
# Paths, indices, columns, rows, and finite differences: all five for one network. First our example; then a network in
# which no two sizes are equal (5 inputs, 4 hidden, 3 outputs), so that no wrong shape could hide.

# %%
def by_rows(W1, b1, W2, b2, X, Y):
    A1 = sigmoid(X @ W1.T + b1)
    A2 = sigmoid(A1 @ W2.T + b2)
    D2 = (A2 - Y) / len(X) * A2 * (1 - A2)  # the home of 1/N
    D1 = (D2 @ W2) * A1 * (1 - A1)
    return D1.T @ X, D2.T @ A1

assert np.allclose(by_rows(W1, b1, W2, b2, X, Y)[0], np.mean(each, axis=0))
assert np.allclose(by_rows(W1, b1, W2, b2, X, Y)[0], numerical_gradient(mean_loss, W1))

# %%
def all_forms(W1, b1, W2, b2, x, y):
    b1_, b2_, x_, y_ = (v[:, None] for v in (b1, b2, x, y))
    return (by_paths(W1, b1, W2, b2, x, y), by_index(W1, b1, W2, b2, x, y)[0],
            by_columns(W1, b1_, W2, b2_, x_, y_)[0],
            by_rows(W1, b1, W2, b2, x_.T, y_.T)[0])

# %%
rng = np.random.default_rng(0)
V1, c1, V2, c2, u = (rng.normal(size=n) for n in ((4, 5), 4, (3, 4), 3, 5))
t = rng.uniform(size=3)
nudged = numerical_gradient(
    lambda V1: mse([sigmoid(V2 @ sigmoid(V1 @ u + c1) + c2)], [t]), V1)
for forms, by_nudging in ((all_forms(W1, b1, W2, b2, x, y), nudged_1),
                          (all_forms(V1, c1, V2, c2, u, t), nudged)):
    assert np.ptp(forms, axis=0).max() < 1e-14
    assert np.abs(forms - by_nudging).max() < 1e-10
    print("four forms within 1e-14, and within 1e-10 of finite differences")

# %% [markdown]
# ## Build
#
# ### Any depth, any activation
#
# Here is the row form for as many layers as you like, with $\varphi$ for any activation function and $\varphi'$ for its
# slope. `As[k]` is what came *into* layer `k` (so `As[0]` is `X`), `Zs[k]` what it made of it. `delta` starts as
# $\partial C / \partial z$ of the last layer, $1/N$ included. Six lines; that is all there is.

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
X, Y = rng.normal(size=(7, 5)), rng.uniform(size=(7, 3))
A = net.forward(X)
mine = backward([layer.W for layer in net.layers], [layer.z for layer in net.layers],
                [layer.a_in for layer in net.layers], (A - Y) / 7, tanh)
net.backward(bce, Y)
for layer, (dW, db) in zip(net.layers, mine):
    assert np.allclose(layer.dW, dW, atol=1e-15)
    assert np.allclose(layer.db, db, atol=1e-15)

# %% [markdown]
# `nbcore` does the same, in the same order. Its `layers.py` is worth a look: you know every line of it now.
#
# ### The loop: five steps
#
# Training is a loop of five steps: **forward, loss, gradient, update, repeat** (until the loss stops falling, or a number
# of updates is done). Here it is on two moons, 200 points in the plane in two classes, with nothing hidden; and then
# `train`, which has to give the same numbers. (The hidden units are tanh, whose slope is $1 - a^2$; the loss is
# cross-entropy, so $\delta_2 = (a_2 - y)/N$.)

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
# One step with $\eta = 0.5$ on the network of Derive. Its author leaves the biases as they are, so we do the same.

# %%
def one_step(W1, W2, slip="none", eta=0.5):
    a1 = sigmoid(W1 @ x_ + b1_)
    a2 = sigmoid(W2 @ a1 + b2_)
    delta2 = (a2 - y_) * a2 * (1 - a2)
    new_W2 = W2 - eta * delta2 @ a1.T
    back = {"updated W2": new_W2, "no transpose": W2.T}.get(slip, W2)
    slope = {"no slope": 1.0, "slope at a": sigmoid.derivative(a1),
             "slope of z2": a2 * (1 - a2)}.get(slip, a1 * (1 - a1))
    delta1 = {"sign": -1, "twice": 2}.get(slip, 1) * (back.T @ delta2) * slope
    return W1 - eta * delta1 @ x_.T, new_W2

def C_of(W1, W2):
    return np.sum((sigmoid(W2 @ sigmoid(W1 @ x_ + b1_) + b2_) - y_) ** 2) / 2

# %%
new_W1, new_W2 = one_step(W1, W2)
print("W2:", *(f"{w:.9f}" for w in new_W2.ravel()))
print("W1:", *(f"{w:.9f}" for w in new_W1.ravel()))
print(f"C before: {C_of(W1, W2):.10f}, after: {C_of(new_W1, new_W2):.10f}")
print(f"C after, if only W1 moves: {C_of(new_W1, W2):.10f}")

# %% [markdown]
# The published step says: $W_2$ .35891648, .408666186, .511301270, .561370121, and $W_1$ .149780716, .19956143,
# .24975114, .29950229. All digits agree. But the published loss after the step is **.291027924**, and ours isn't.
#
# (The last line shows another slip: a well-known text heads its last update "$W_2, b_2$", but prints the formula of $W_1$
# once more. Read literally, $W_2$ never learns, and $C$ hardly falls. Exercise 4 asks for all four lines.)
#
# Here is the microscope again, on this network. **Choose a weight of the first layer.** Its gradient is a sum of two
# products now, one for each path.

# %%
explore.backprop_microscope(preset="worked example", step=6)

# %% [markdown]
# **What did you see?**
#
# 1. The two products for $w_{11}^{(1)}$: which is larger, and why do their signs differ?
# 2. In the state *update*, which weights fall, and which rise?
# 3. Set *updates done before* to 1,000. Which layer has moved farther?
#
# <details><summary>What we saw</summary>1: the path over the first output is almost three times the other. The first output is too large and
# pulls down, the second is too small and pulls up: their δ have different signs. 2: all weights into the second output rise,
# the others fall. 3: the second layer, by far: its gradients don't have to pass through another weight and slope.</details>
#
# ### From an odd start
#
# One sample, a square matrix, two outputs, two inputs: this famous example can reveal neither a missing $1/N$ nor a
# wrong shape. So check from an odd start: 7 samples, 5 inputs, 4 hidden, 3 outputs, biases that are not zero.

# %%
net = MLP([5, 4, 3], hidden=tanh, output=sigmoid, seed=11)
net.layers[0].b = rng.normal(size=(1, 4))
X, Y = rng.normal(size=(7, 5)), rng.uniform(size=(7, 3))
for loss in (mse, bce):
    print(f"{loss}:", check_gradients(net, X, Y, loss))

# %% [markdown]
# ### Who checks the check?
#
# A finite difference has errors of its own. *Left:* a loss over $z$, and the line through two points at $z \pm h$; its
# slope is the quotient. *Right:* how wrong the quotient is, for three formulas: one-sided, $[C(z+h) - C(z)]/h$; central,
# $[C(z+h) - C(z-h)]/2h$; and the one that `numerical_gradient` uses, with five points.
#
# The cell first asks a ReLU at $z = 0.0003$ with $h = 0.001$, and gets an answer that can't be right: its slope is 0 or 1.
# Then, in the picture, **drag the nudge $h$ from 1 down to $10^{-13}$.** Choose *relu*, set $z = 0.05$, and drag $h$ again.

# %%
h, z = 1e-3, 3e-4  # a ReLU whose z is nearer to 0 than h
print(f"relu'({z}) = {relu.derivative(z):.0f},",
      f"quotient {(relu(z + h) - relu(z - h)) / (2 * h):.2f}")
explore.how_small_a_nudge()

# %% [markdown]
# **What did you see?**
#
# 1. From 1 downward, which line falls fastest? Why do all rise again?
# 2. Which $h$ is best for the central quotient? How many digits does it get right there?
# 3. With a ReLU near its kink, what does the quotient say, and is the gradient wrong?
#
# <details><summary>What we saw</summary>1: five points. To the left, C(z+h) and C(z−h) agree in nearly all their 16
# digits, and the difference keeps what is left: rounding. 2: about 1e-5, with 10 to 11 digits. 3: as soon as the kink at
# 0 lies within reach, the quotient mixes both sides. The gradient is right, and the check accuses it.</details>
#
# Errors are compared *relative to the gradient*: $\lVert g - g_\text{num} \rVert / \max(\lVert g \rVert,
# \lVert g_\text{num} \rVert)$, for each array. Below $10^{-7}$, all is well. The slips of this lesson lie around
# $10^{-3}$ and above. In between, look for a kink.
#
# ## Break it
#
# ### Which slip prints .291027924?
#
# After one step, our loss is .2910277737. The published one is .291027924, which differs in the seventh digit: too much
# for rounding, when all weights agree to nine digits. Somewhere in that program is a slip that didn't reach the
# printed weights. **Find it:** `one_step` above takes a `slip`. Put one in after the other, and run the cell.

# %%
slip = "none"  # try "no transpose", "no slope", "slope at a", "slope of z2", "sign",
               # "twice", "updated W2"
C_after = C_of(*one_step(W1, W2, slip))
print(f"{slip}: C after one step = {C_after:.10f}; wanted: .291027924")

# %% [markdown]
# **Found it?** Before you go on: which digit told you? Here are all of them. (The last column is what a careful reader
# would compare.)

# %%
slips = "none,updated W2,no transpose,no slope,slope at a,slope of z2,sign,twice"
for slip in slips.split(","):
    after = one_step(W1, W2, slip)
    first_row = " ".join(f"{w:.8f}" for w in after[0][0])
    print(f"{slip:13} C = {C_of(*after):.10f}  W1[0] = {first_row}")

# %% [markdown]
# It is **"updated W2"**: the program updates $W_2$ first, and then uses the *new* $W_2$ to compute $\delta_1$. Gradients
# are derivatives at *one* point. All of them have to be computed before any weight moves. (The published page prints
# the right $W_1$ all the same: text and number seem to come from two programs.)
#
# Look at the column $C$ again. Right and wrong gradients agree in five digits, the wrong sign included: the hidden
# layer's share of the first step is that small. **The loss hardly tells a bug in a hidden layer.** `W1[0]` tells, by its
# fifth digit; and a gradient check tells at once.
#
# ### Break the gradient
#
# Now with a larger network: 2 inputs, two hidden layers of 8, one output, on two moons. `W2` is 8 by 8, so its transpose
# fits, and no error is raised. *Left:* the gradient check before training, one row for each array; to the right of the dashed line is wrong.
# The numbers at the edge: this array is the right one *times* that, or it points elsewhere, at an angle ∠. *Middle and
# right:* what training makes of it.
#
# The menu starts with *your* backward, the six lines from Build. **Choose one slip after the other, and cover the line
# under the picture: can you tell the slip from the left panel alone?** Below it stands a diagnosis, made from the
# numbers only.

# %%
breaking = explore.break_the_gradient(backward)
assert np.abs(breaking.result.losses - breaking.result.right_losses).max() < 1e-12
breaking

# %% [markdown]
# **What did you see?**
#
# 1. Which slips make every array the right one times a number? What are the numbers?
# 2. Which leave $W_3$ and $b_3$ right? What do these have in common?
# 3. *input of one layer too early*: a single array is wrong. Why is $b_3$ right?
# 4. For which slips does the loss fall nearly as well, or better? Give *W transposed* and *a random matrix for W* an
#    $\eta$ of 2.
# 5. Choose *slope taken at a, not at z*, and go through the activations. Where does nobody notice? And without the
#    slope?
# 6. *sum instead of mean*: find an $\eta$ at which it trains as well as the right one. Then change $N$.
#
# <details><summary>What we saw</summary>1: wrong sign (−1), a factor 2, sum instead of mean (N). 2: all those that
# go wrong on the way from a layer to the one before: the slope, the matrix. The last layer comes before that. 3: δ is
# right, and b needs nothing else; dW also needs what came in. 4: the slope taken at a, the layer too
# early, W already updated (a little lower), a factor 2 (just another learning rate). With η = 2 the transposed and the random
# matrix arrive as well: 100% right. 5: with relu, leaky relu and identity: a is above 0 just where z is. With
# identity all slopes are 1, so leaving them out is no slip. 6: η divided by N; so it has to be tuned again for every N.</details>
#
# ### A falling loss proves nothing
#
# Two stronger cases. **First**, the famous example with the slip that you found: 10,000 steps with the updated $W_2$,
# beside 10,000 right ones. Which one ends lower?
#
# **Second**, real handwriting: 64 pixels, 64 tanh units, ten softmax outputs. On the way back, the matrix $W_2$ is
# replaced by fixed random numbers $B$, drawn once, which know nothing of the network. Everything below the output layer is
# then not the gradient of anything. (Lillicrap, Cownden, Tweed and Akerman 2016 found that this works, and why.)

# %%
ends = {}
for slip in ("none", "updated W2"):
    weights = W1, W2
    for _ in range(10_000):
        weights = one_step(*weights, slip)
    ends[slip] = C_of(*weights)
    print(f"{slip:10} after 10,000 steps: C = {ends[slip]:.9e}")

# %%
data = split_digits(1297)  # the other 500 are the test set

def digits_right(random_feedback, seed, eta=0.5, steps=3000):
    rng = np.random.default_rng(seed)
    V1, V2, B = (rng.normal(0, 1 / 8, size=(n, 64)) for n in (64, 10, 10))
    c1, c2 = np.zeros(64), np.zeros(10)
    for _ in range(steps):
        batch = rng.integers(0, len(data.X), size=64)
        X, Y = data.X[batch], data.Y[batch]
        A1 = tanh(X @ V1.T + c1)
        D2 = (softmax(A1 @ V2.T + c2) - Y) / 64
        D1 = D2 @ (B if random_feedback else V2) * (1 - A1**2)
        V2, c2 = V2 - eta * D2.T @ A1, c2 - eta * D2.sum(axis=0)
        V1, c1 = V1 - eta * D1.T @ X, c1 - eta * D1.sum(axis=0)
    says = (tanh(data.X_test @ V1.T + c1) @ V2.T + c2).argmax(axis=1)
    cosine = np.sum(B * V2) / np.sqrt(np.sum(B**2) * np.sum(V2**2))
    return (says == data.labels_test).mean(), cosine

# %%
feedback = {name: np.mean([digits_right(name == "random numbers", seed)
                           for seed in range(3)], axis=0)
            for name in ("backpropagation", "random numbers")}
for name, (right, cosine) in feedback.items():
    print(f"{name:15} {right:.0%} right, W2 along B: {abs(cosine):.1f}")

# %% [markdown]
# In the first case the wrong gradient ends *lower* (not by much, and by luck; but who would have suspected it?). In the
# second: wrong gradients, right digits. The last column shows how it can be: it is the cosine between $W_2$ and $B$ at the end,
# 0 for strangers and 1 for the same direction. The *network* has turned toward the wrong gradient. So a network can learn
# to live with a bug; and you will never know what it cost you. **Only a check of the gradient tells.**
#
# ### Bug hunt
#
# Here is a training script in the manner of a well-known introduction: a network 2-3-2-2 with sigmoids, MSE, plain
# gradient descent. It contains four bugs, and a fifth for the way forward. Rebuilt in NumPy, each bug is a switch. `X` and
# `Y` are made up, for the original doesn't say what its targets 2, 3 and 123 mean; the repair just divides them by 125.
#
# **Take off the bugs one by one, in any order,** and watch all three panels: the loss beside that of the repaired
# script (dashed), the six outputs with their targets (blue the first output, orange the second; solid, dashed and dotted for
# the three samples), and what the script prints.

# %%
X = np.array([[0.05, 0.10], [0.90, 0.20], [0.30, 0.80]])
targets = np.array([[2.0, 3.0], [3.0, 123.0], [123.0, 2.0]])

def script(never=False, once=False, weights=False, far=False, eta=3.0, seed=0):
    net, losses = MLP([2, 3, 2, 2], hidden=sigmoid, output=sigmoid, seed=seed), []
    Y = targets if far else targets / 125
    for _ in range(1001):
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

# %%
for bugs in ((), ("never",), ("once",), ("far",), ("weights", "far")):
    losses, printed, A = script(**dict.fromkeys(bugs, True))
    print(f"{' and '.join(bugs) or 'repaired':15} {len(losses):4} losses,",
          f"{losses[0]:9.4f} to {losses[-1]:9.4f};",
          f"outputs {A.min():.2f} to {A.max():.2f}; prints {printed + 0:.4f}")

# %%
explore.bug_hunt()

# %% [markdown]
# **What did you see?**
#
# 1. Which bug hides another one? (The page dims that switch.)
# 2. With the targets 2, 3 and 123, what do all outputs do? What is the smallest loss that such a network can have?
# 3. What is printed when weights are printed instead of gradients, and nothing is ever updated?
# 4. What does `Sigmoid(x)` do?
#
# <details><summary>What we saw</summary>1: "break" hides that no step is taken: after one epoch there is nothing to see. 2: they
# all go to 1 and stay there, saturated; the loss can't fall below that of six ones, 4,963. A sigmoid only reaches what lies
# between 0 and 1, and even 0 and 1 only by saturation. 3: the same numbers for ever, which look like a gradient that has
# vanished or exploded, as you like. 4: it raises a TypeError. Sigmoid is a kind of module: Sigmoid() makes one, and that one is applied to x.</details>
#
# ## Exercises
#
# Each has a check that tells you what went wrong, and hints to unfold one at a time. Rows are samples, as in Build.

# %% [markdown]
# ### Exercise 1: The derivative of an activation
#
# The activation SiLU is $a = \varphi(z) = z\,\sigma(z)$. Write `silu_derivative(z, a)`: its slope $\varphi'(z)$ in
# every entry. `z` and `a` are arrays of the same shape; you are given both, so use whichever is simpler.
# Two values to know: the slope is 0.5 at $z = 0$ and 1.0908 at $z = 2$. Yes, above 1.
#
# <details><summary>Hint 1</summary>It is a product of two functions of z, so the product rule gives two terms.</details>
# <details><summary>Hint 2</summary>The slope of sigma is sigma (1 - sigma), taken at z. Here sigma(z) is not a.</details>
# <details><summary>Hint 3</summary>With s = sigmoid(z) the two terms are 1 times s, and z times s (1 - s). Where do you see a?</details>
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
# Many libraries keep $W$ the other way round: a *column* for each unit, and (n_in, n_out) for its shape. Their layer
# computes `Z = A_in @ W + b`, without a transpose. Going back, it receives `delta`, which is $\partial C/\partial z$ for
# every sample, the 1/N of the loss included. Write `dense_backward(delta, A_in, W)`, which returns the three gradients
# `dW, db, dA_in` (of $C$ by `W`, by `b` and by `A_in`), each in the shape of what it belongs to. The lines of this lesson
# don't fit; the way that led to them does.
#
# | array | `delta` | `A_in` | `W` | `dW` | `db` | `dA_in` |
# |---|---|---|---|---|---|---|
# | shape | (N, n_out) | (N, n_in) | (n_in, n_out) | (n_in, n_out) | (1, n_out) | (N, n_in) |
#
# One case to know: `delta = [[1.], [1.]]`, `A_in = [[2., 3.], [4., 5.]]`, `W = [[6.], [7.]]` give `dW = [[6.], [8.]]`,
# `db = [[2.]]` and `dA_in = [[6., 7.], [6., 7.]]`.
#
# <details><summary>Hint 1</summary>Start with one sample and one unit: z_j is the sum over i of a_i w_ij, plus b_j. What is dC/dw_ij, written with delta_j? And dC/da_i, which reaches C through every j?</details>
# <details><summary>Hint 2</summary>dC/dw_ij = a_i delta_j: row i, column j. dC/da_i is the sum over j of delta_j w_ij: it runs over the columns of W.</details>
# <details><summary>Hint 3</summary>All samples share W and b, so their contributions add up. A product of matrices adds over samples by itself when N is the inner size. For db nothing is multiplied, so the sum has to be written; keepdims=True keeps the row.</details>
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
# The outputs are sigmoids: `A = sigmoid(Z)`. Write `output_delta(Z, A, Y, loss)`, which returns
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
# <details><summary>Hint 4</summary>W1 -= ... writes into the caller's array. W1 - eta * dW1 is a new one.</details>
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
# **Second part.** The loop of this lesson makes a fixed number of updates. Vary it: write
# `train_until(step, loss, parameters, goal, most)`, which repeats until the loss is at most `goal`, or `most` updates
# are done, whichever comes first. Here `step(parameters)` returns the parameters after one update, and
# `loss(parameters)` a number; what parameters are need not concern the loop. It returns two things: the last
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
turned = explore.break_the_gradient(slip="W transposed").result
explore.Score(guesses, {
    "digit": (2, "The way back used W2 after its update: of all slips tried, only that."),
    "transpose": (2, f"The loss fell from {turned.losses[0]:.2f} to "
                     f"{turned.losses[-1]:.2f}."),
    "random": (2, f"{feedback['random numbers'][0]:.0%}; with the right gradient "
                  f"{feedback['backpropagation'][0]:.0%}."),
    "lower": (1, f"Wrong: {ends['updated W2']:.4e}; right: {ends['none']:.4e}."),
    "targets": (1, f"The smallest of the six is {script(far=True)[2].min():.2f}."),
})

# %% [markdown]
# | belief | verdict | where you saw it |
# |---|---|---|
# | A neuron takes the weighted sum, and then the average | false: there is no average | Derive 1 |
# | For a chain, $\partial C/\partial w = a\,\sigma'(z)\,2(a - y)$ | true for $C = (a - y)^2$; without the 2 for half of it | Derive 2 to 5 |
# | $\partial C/\partial w_{jk}$ sums over $j$ | false: only $z_j$ holds $w_{jk}$; the sum over $j$ belongs to $\partial C/\partial a_k$ | Derive 7 and 8 |
# | Sigmoid with cross-entropy leaves $a - y$ | true | Derive 13 |
# | $\partial C/\partial W_2 = (a - y)\,x$ | false: $\delta_2\, a_1^T$ | Derive 11 |
# | $\partial z_2/\partial a_1$ is $W_2^T$ | false: it is $W_2$; the chain rule brings the transpose | Derive 12 |
# | The gradient of a batch is the mean of the samples' gradients | true; one $1/N$, in one place | Derive 14 and 15 |
# | The step of the worked example gives .291027924 | false: .2910277737; the other one used the updated $W_2$ | Break it |
# | A finite difference is the truth | nearly: not with a nudge too large or too small, nor across a kink | *How small a nudge* |
# | A falling loss shows that the gradient is right | false: about 98% with random feedback; a wrong one ended lower | Break it |
# | The transpose is cosmetic | false; but if the matrix is square nobody complains | *Break the gradient* |
# | A script that computes gradients and prints a loss trains | false: not if the step is never called | *Bug hunt* |
# | Any number can be a target | false: sigmoid outputs asked for 2, 3 and 123 all go to 1 | *Bug hunt* |
# | Neurons that fire together wire together | half: $\delta_j a_k$ has either sign, and no $a_j$ | Derive 11 |
#
# 1. A gradient is a sum over paths; $\delta = \partial C/\partial z$ takes out the common factors.
# 2. Board: $\delta_1 = (W_2^T \delta_2) * \varphi'(z_1)$, $\partial C/\partial W = \delta\, a^T$,
#    $\partial C/\partial b = \delta$.
# 3. Code: for $z$ and $\delta$ transpose the line, reverse the order; $W$ stays; one $1/N$, in the first delta.
# 4. All gradients first, from one and the same point; then all updates.
# 5. A falling loss proves nothing: check gradients, from an odd start, with sizes that all differ.
#
# **Symbols** $x$ input · $w, W, b$ weight, weights, bias · $z$ pre-activation · $a$ activation · $\varphi, \sigma$
# activation function, sigmoid · $y$ target · $C$ loss · $\delta = \partial C/\partial z$ · $\eta$ learning rate · $j, k, i$
# indices of outputs, hidden neurons, inputs · $N$ samples · $h$ nudge · $B$ random feedback
#
# **Sources** D. Rumelhart, G. Hinton, R. Williams, *Learning representations by back-propagating errors*, 1986,
# equations 4 to 7 · M. Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 2, equations BP1 to BP4 · M. Mazur,
# *A step by step backpropagation example*, 2015 (the numbers) · A. Griewank, A. Walther, *Evaluating Derivatives*, 2008,
# chapter 3 · T. Lillicrap, D. Cownden, D. Tweed, C. Akerman, *Random synaptic feedback weights support error
# backpropagation for deep learning*, 2016 · D. Hebb, *The Organization of Behavior*, 1949, chapter 4
#
# [previous: 04, choose the loss](04_mse_vs_cross_entropy.ipynb)
#
# [next: 06, let the machine derive](06_autograd.ipynb)
