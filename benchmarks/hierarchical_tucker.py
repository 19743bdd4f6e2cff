"""Hierarchical Tucker: generated code against batched NumPy written by hand, one product a level.

python -m benchmarks.hierarchical_tucker [--d 64 --n 4 --r 16 --batch 256] [--threads 2]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.sidebyside import medians, parser, set_threads, table

Array = Any
OURS = "generated"


class Levels:
    """Batched NumPy for leaf (d, n, r), nodes of each level (d/2^l, r, r, r), top (r, r, C), data (batch, d, n).

    The gradients are of the sum of the result, as one vector.
    """

    def __init__(self, leaf: Array, nodes: list[Array], top: Array, x: Array) -> None:
        self.leaf, self.x, self.samples = leaf, x, len(x)
        self.levels = [*nodes, top[None]]

    def scores(self) -> dict[str, Callable[[], Array]]:
        """All ways to score."""
        return {
            "outer product, matrix product": self.outer_product,
            "matrix product, vectors times matrices": self.two_products,
            "outer product, samples last": self.samples_last,
        }

    def gradients(self) -> dict[str, Callable[[], tuple[Array, Array]]]:
        """All ways to score and differentiate."""
        return {
            "outer product, matrix product": self.outer_gradient,
            "matrix product, vectors times matrices": self.two_gradient,
        }

    def start(self) -> Array:
        """The states of the leaves, (d, batch, r)."""
        return self.x.transpose(1, 0, 2) @ self.leaf

    def pairs(self, h: Array) -> Array:
        """The outer product of neighbouring states, (d/2, batch, r * r)."""
        return (h[::2, :, :, None] * h[1::2, :, None]).reshape(len(h) // 2, self.samples, -1)

    def half(self, h: Array, node: Array) -> Array:
        """Every second state joined to its node, (d/2, batch, r, r)."""
        joined = h[::2] @ node.reshape(len(node), len(node[0]), -1)
        return joined.reshape(len(node), self.samples, *node.shape[2:])

    def outer_product(self) -> Array:
        """The outer product of two states, then one matrix product."""
        h = self.start()
        for node in self.levels:
            h = self.pairs(h) @ node.reshape(len(node), -1, node.shape[-1])
        return h[0]

    def two_products(self) -> Array:
        """A matrix product with one state, then for each sample a vector times a matrix."""
        h = self.start()
        for node in self.levels:
            h = (h[1::2, :, None] @ self.half(h, node))[:, :, 0]
        return h[0]

    def samples_last(self) -> Array:
        """Outer products with the samples as the last axis."""
        h = self.leaf.transpose(0, 2, 1) @ self.x.transpose(1, 2, 0).copy()
        for node in self.levels:
            pairs = (h[::2, :, None] * h[1::2, None]).reshape(len(node), -1, self.samples)
            h = node.reshape(len(node), -1, node.shape[-1]).transpose(0, 2, 1) @ pairs
        return h[0].T

    def outer_gradient(self) -> tuple[Array, Array]:
        """Outer products, kept for the way back."""
        states, kept = [self.start()], []
        for node in self.levels:
            kept.append(self.pairs(states[-1]))
            states.append(kept[-1] @ node.reshape(len(node), -1, node.shape[-1]))
        g = states[-1] * 0 + 1
        parts: list[Array] = []
        for node, pairs, h in zip(self.levels[::-1], kept[::-1], states[-2::-1], strict=True):
            parts.append(pairs.transpose(0, 2, 1) @ g)
            back = g @ node.reshape(len(node), -1, node.shape[-1]).transpose(0, 2, 1)
            back = back.reshape(len(node), self.samples, *node.shape[1:3])
            g = h * 0
            g[::2] = (back @ h[1::2, :, :, None])[..., 0]
            g[1::2] = (h[::2, :, None] @ back)[:, :, 0]
        return states[-1][0], self.joined(parts, g)

    def two_gradient(self) -> tuple[Array, Array]:
        """Two products a level, the first kept for the way back."""
        states, halves = [self.start()], []
        for node in self.levels:
            halves.append(self.half(states[-1], node))
            states.append((states[-1][1::2, :, None] @ halves[-1])[:, :, 0])
        g = states[-1] * 0 + 1
        parts: list[Array] = []
        for node, half, h in zip(self.levels[::-1], halves[::-1], states[-2::-1], strict=True):
            back = (h[1::2, :, :, None] * g[:, :, None]).reshape(len(node), self.samples, -1)
            parts.append(h[::2].transpose(0, 2, 1) @ back)
            below = h * 0
            below[::2] = back @ node.reshape(len(node), len(node[0]), -1).transpose(0, 2, 1)
            below[1::2] = (half @ g[:, :, :, None])[..., 0]
            g = below
        return states[-1][0], self.joined(parts, g)

    def joined(self, parts: list[Array], g: Array) -> Array:
        """The gradients of leaves and nodes as one vector; ``g`` is that of the leaves' states."""
        import numpy as np

        parts.append(self.x.transpose(1, 2, 0) @ g)
        return np.concatenate([part.ravel() for part in parts[::-1]])


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
    nodes = [
        np.stack([w[f"node[{level}, {j}]"] for j in range(1, (options.d >> level) + 1)])
        for level in range(1, options.d.bit_length() - 1)
    ]
    levels = Levels(w["leaf"], nodes, w["top"], x)
    what = (
        f"d={options.d} n={options.n} r={options.r} batch={options.batch} float32 threads={options.threads}"
    )

    found = {OURS: lambda: model.score(w, x), **levels.scores()}
    for name, function in found.items():
        wanted = found[OURS]()
        np.testing.assert_allclose(function(), wanted, rtol=1e-3, atol=1e-4 * abs(wanted).max(), err_msg=name)
    print(table(f"score, {what}", OURS, medians(found, options.rounds)))

    both = {OURS: lambda: model.score_and_gradient(w.flat, x), **levels.gradients()}
    wanted = both[OURS]()[1]
    for name, function in both.items():
        np.testing.assert_allclose(
            function()[1], wanted, rtol=1e-2, atol=1e-3 * abs(wanted).max(), err_msg=name
        )
    print(table(f"\nscore and gradient, {what}", OURS, medians(both, options.rounds)))


if __name__ == "__main__":
    main()
