"""The book's convolutional network, trained by arithmetic written out by hand, and by nn: the same losses.

The reference below is plain NumPy, layer by layer as the book explains it (chapter 7), with its AdaGrad (chapter 6).
"""

import numpy as np

import nn

LR, UPDATES, BATCH = 0.06, 100, 10


def initial_weights():
    rng = np.random.default_rng(0)
    shapes = {"W1": (30, 1, 5, 5), "W2": (4320, 100), "W3": (100, 10)}
    weights = {name: 0.01 * rng.standard_normal(shape) for name, shape in shapes.items()}
    return weights | {"b1": np.zeros(30), "b2": np.zeros(100), "b3": np.zeros(10)}


def step_by_hand(p, x, t):
    """Loss and gradients of conv 5x5 - ReLU - max-pool 2x2 - affine - ReLU - affine - softmax - cross-entropy."""
    n = len(x)
    rows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), (2, 3)).transpose(0, 2, 3, 1, 4, 5).reshape(-1, 25)
    a1 = (rows @ p["W1"].reshape(30, 25).T + p["b1"]).reshape(n, 24, 24, 30)
    z1 = np.maximum(a1, 0)
    blocks = z1.reshape(n, 12, 2, 12, 2, 30).transpose(0, 5, 1, 3, 2, 4).reshape(n, 30, 12, 12, 4)
    first = blocks.argmax(axis=4)
    h = np.take_along_axis(blocks, first[..., None], 4)[..., 0].reshape(n, -1)
    a2 = h @ p["W2"] + p["b2"]
    z2 = np.maximum(a2, 0)
    a3 = z2 @ p["W3"] + p["b3"]
    y = np.exp(a3 - a3.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    loss = -np.log(y[np.arange(n), t]).mean()

    d3 = y.copy()
    d3[np.arange(n), t] -= 1
    d3 /= n
    d2 = (d3 @ p["W3"].T) * (a2 > 0)
    dh = (d2 @ p["W2"].T).reshape(n, 30, 12, 12)
    dblocks = np.zeros_like(blocks)
    np.put_along_axis(dblocks, first[..., None], dh[..., None], 4)
    dz1 = dblocks.reshape(n, 30, 12, 12, 2, 2).transpose(0, 2, 4, 3, 5, 1).reshape(n, 24, 24, 30)
    d1 = (dz1 * (a1 > 0)).reshape(-1, 30)
    return loss, {
        "W1": (d1.T @ rows).reshape(30, 1, 5, 5), "b1": d1.sum(axis=0),
        "W2": h.T @ d2, "b2": d2.sum(axis=0),
        "W3": z2.T @ d3, "b3": d3.sum(axis=0),
    }  # fmt: skip


def train_by_hand(batches):
    p = initial_weights()
    squares = {name: np.zeros_like(w) for name, w in p.items()}
    losses = []
    for x, t in batches:
        loss, gradients = step_by_hand(p, x, t)
        losses.append(loss)
        for name, g in gradients.items():
            squares[name] += g * g
            p[name] = p[name] - LR * g / (np.sqrt(squares[name]) + 1e-7)
    return losses


def train_with_nn(batches):
    model = nn.Sequential(
        nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10),
    ).double()  # fmt: skip
    p = initial_weights()
    model.load_state_dict({
        "0.weight": p["W1"], "0.bias": p["b1"], "4.weight": p["W2"].T, "4.bias": p["b2"],
        "6.weight": p["W3"].T, "6.bias": p["b3"],
    })  # fmt: skip
    optimizer, loss_function = nn.optim.Adagrad(model.parameters(), lr=LR, eps=1e-7), nn.CrossEntropyLoss()
    losses = []
    for x, t in batches:
        optimizer.zero_grad()
        loss = loss_function(model(x), t)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_a_hundred_updates_give_the_losses_of_the_books_arithmetic():
    images, labels = nn.data.load_digits().train
    x, t = images.astype(np.float64), labels
    batches = [(x[i : i + BATCH], t[i : i + BATCH]) for i in range(0, UPDATES * BATCH, BATCH)]
    by_hand, with_nn = train_by_hand(batches), train_with_nn(batches)
    np.testing.assert_allclose(with_nn, by_hand, atol=1e-6, rtol=0)
    assert by_hand[-1] < by_hand[0]
