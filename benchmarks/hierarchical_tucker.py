"""Hierarchical Tucker: generated code against batched NumPy written by hand, one product a level.

python -m benchmarks.hierarchical_tucker [--d 64 --n 4 --r 16 --batch 256] [--threads 2]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.sidebyside import medians, parser, set_threads, table

Array = Any
OURS = "generated"


def scores(leaf: Array, nodes: list[Array], top: Array, x: Array) -> dict[str, Callable[[], Array]]:
    """Leaf (d, n, r), nodes of each level (d/2^l, r, r, r), top (r, r, C), data (batch, d, n)."""
    import numpy as np

    samples = len(x)

    def outer_product() -> Array:
        h = x.transpose(1, 0, 2) @ leaf
        for node in nodes:
            pairs = (h[::2, :, :, None] * h[1::2, :, None]).reshape(len(node), samples, -1)
            h = pairs @ node.reshape(len(node), -1, node.shape[-1])
        pairs = (h[0, :, :, None] * h[1, :, None]).reshape(samples, -1)
        return pairs @ top.reshape(-1, top.shape[-1])

    def two_products() -> Array:
        h = x.transpose(1, 0, 2) @ leaf
        for node in nodes:
            half = h[::2] @ node.reshape(len(node), len(node[0]), -1)
            half = half.reshape(len(node), samples, *node.shape[2:])
            h = (h[1::2, :, None] @ half)[:, :, 0]
        half = (h[0] @ top.reshape(len(top), -1)).reshape(samples, *top.shape[1:])
        return (h[1, :, None] @ half)[:, 0]

    def samples_last() -> Array:
        h = leaf.transpose(0, 2, 1) @ np.ascontiguousarray(x.transpose(1, 2, 0))
        for node in nodes:
            pairs = (h[::2, :, None] * h[1::2, None]).reshape(len(node), -1, samples)
            h = node.reshape(len(node), -1, node.shape[-1]).transpose(0, 2, 1) @ pairs
        pairs = (h[0][:, None] * h[1]).reshape(-1, samples)
        return (top.reshape(-1, top.shape[-1]).T @ pairs).T

    return {
        "outer product, matrix product": outer_product,
        "matrix product, vectors times matrices": two_products,
        "outer product, samples last": samples_last,
    }


def gradients(
    leaf: Array, nodes: list[Array], top: Array, x: Array
) -> dict[str, Callable[[], tuple[Array, Array]]]:
    """The result, and the gradient of its sum as one vector; outer products, and two products a level."""
    import numpy as np

    samples = len(x)

    def joined(parts: list[Array]) -> Array:
        return np.concatenate([part.ravel() for part in parts])

    def outer_product() -> tuple[Array, Array]:
        states = [x.transpose(1, 0, 2) @ leaf]
        kept = []
        whole = [*nodes, top[None]]
        for node in whole:
            h = states[-1]
            kept.append((h[::2, :, :, None] * h[1::2, :, None]).reshape(len(node), samples, -1))
            states.append(kept[-1] @ node.reshape(len(node), -1, node.shape[-1]))
        g = np.ones_like(states[-1])
        parts: list[Array] = []
        for node, pairs, h in zip(whole[::-1], kept[::-1], states[-2::-1], strict=True):
            parts.append(pairs.transpose(0, 2, 1) @ g)
            back = (g @ node.reshape(len(node), -1, node.shape[-1]).transpose(0, 2, 1)).reshape(
                len(node), samples, *node.shape[1:3]
            )
            g = np.empty_like(h)
            g[::2] = (back @ h[1::2, :, :, None])[..., 0]
            g[1::2] = (h[::2, :, None] @ back)[:, :, 0]
        parts.append(x.transpose(1, 2, 0) @ g)
        return states[-1][0], joined(parts[::-1])

    def two_products() -> tuple[Array, Array]:
        states = [x.transpose(1, 0, 2) @ leaf]
        halves = []
        whole = [*nodes, top[None]]
        for node in whole:
            h = states[-1]
            half = h[::2] @ node.reshape(len(node), len(node[0]), -1)
            halves.append(half.reshape(len(node), samples, *node.shape[2:]))
            states.append((h[1::2, :, None] @ halves[-1])[:, :, 0])
        g = np.ones_like(states[-1])
        parts: list[Array] = []
        for node, half, h in zip(whole[::-1], halves[::-1], states[-2::-1], strict=True):
            back = (h[1::2, :, :, None] * g[:, :, None]).reshape(len(node), samples, -1)
            parts.append(h[::2].transpose(0, 2, 1) @ back)
            new = np.empty_like(h)
            new[::2] = back @ node.reshape(len(node), len(node[0]), -1).transpose(0, 2, 1)
            new[1::2] = (half @ g[:, :, :, None])[..., 0]
            g = new
        parts.append(x.transpose(1, 2, 0) @ g)
        return states[-1][0], joined(parts[::-1])

    return {"outer product, matrix product": outer_product, "two products a level": two_products}


def main() -> None:
    """Prints two tables."""
    options = parser(__doc__, d=64, n=4, r=16, batch=256).parse_args()
    set_threads(options.threads)
    import numpy as np

    import tncompile as tn

    net = tn.load("examples/hierarchical_tucker.tn", d=options.d, n=options.n, r=options.r)
    model = tn.compile(net, dtype="float32")
    w = model.init(0)
    x = np.random.default_rng(0).random((options.batch, options.d, options.n), np.float32)
    levels = options.d.bit_length() - 1
    nodes = [np.stack([w[f"node[{level}, {j}]"] for j in range(1, (options.d >> level) + 1)]) for level in range(1, levels)]
    arrays = (w["leaf"], nodes, w["top"], x)
    what = f"d={options.d} n={options.n} r={options.r} batch={options.batch} float32 threads={options.threads}"

    found = {OURS: lambda: model.score(w, x), **scores(*arrays)}
    for name, function in found.items():
        wanted = found[OURS]()
        np.testing.assert_allclose(function(), wanted, rtol=1e-3, atol=1e-4 * abs(wanted).max(), err_msg=name)
    print(table(f"score, {what}", OURS, medians(found, options.rounds)))

    both = {OURS: lambda: model.score_and_gradient(w.flat, x), **gradients(*arrays)}
    wanted = both[OURS]()[1]
    for name, function in both.items():
        np.testing.assert_allclose(function()[1], wanted, rtol=1e-2, atol=1e-3 * abs(wanted).max(), err_msg=name)
    print(table(f"\nscore and gradient, {what}", OURS, medians(both, options.rounds)))


if __name__ == "__main__":
    main()
