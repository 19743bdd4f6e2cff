"""Tensor train: generated code against loops written by hand, and against opt_einsum.

python -m benchmarks.tensor_train [--d 64 --n 2 --r 16 --batch 256] [--threads 2]

Three ways come to mind for the step h(b) = G(a, i, b) x(i) h(a): the outer product of h and x, then one
matrix product; one matrix product with the core, then the sum weighted by x; a matrix product for each
feature, scaled and added. All are measured, the first with the core as it lies and with the core put
into the best order beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.sidebyside import medians, parser, set_threads, table

Array = Any
OURS = "generated"


class Loops:
    """The natural loops over cores (a, n, b) and data (batch, d, n); results are (batch, C).

    The gradients are of the sum of the result, as one vector.
    """

    def __init__(self, cores: list[Array], x: Array) -> None:
        self.cores, self.x = cores, x
        self.samples, self.sites, self.features = x.shape
        self.swapped = [core.transpose(1, 0, 2).reshape(-1, core.shape[2]).copy() for core in cores]
        self.matrices = [core.reshape(-1, core.shape[2]) for core in cores]
        self.wide = [core.reshape(len(core), -1) for core in cores]

    def scores(self) -> dict[str, Callable[[], Array]]:
        """All ways to score."""
        return {
            "outer product, matrix product": self.outer,
            "the same, cores prepared": self.outer_prepared,
            "matrix product, weighted sum": self.weighted_sum,
            "by feature, scaled after": self.scaled_after,
            "by feature, scaled before": self.scaled_before,
        }

    def gradients(self) -> dict[str, Callable[[], tuple[Array, Array]]]:
        """All ways to score and differentiate."""
        return {
            "outer product, matrix product": self.outer_gradient,
            "matrix product, weighted sum": self.weighted_gradient,
            "by feature": self.feature_gradient,
        }

    def start(self) -> Array:
        """The state after the first site."""
        return self.x[:, 0] @ self.cores[0][0]

    def outer(self) -> Array:
        """The outer product of state and data, then one matrix product."""
        h = self.start()
        for k in range(1, self.sites):
            h = (h[:, :, None] * self.x[:, k, None]).reshape(self.samples, -1) @ self.matrices[k]
        return h

    def outer_prepared(self) -> Array:
        """The same with features first, the cores put into that order beforehand."""
        h = self.start()
        for k in range(1, self.sites):
            h = (self.x[:, k, :, None] * h[:, None]).reshape(self.samples, -1) @ self.swapped[k]
        return h

    def weighted(self, h: Array, k: int) -> Array:
        """One matrix product with the core, then the sum weighted by the data."""
        parts = (h @ self.wide[k]).reshape(self.samples, self.features, -1)
        return (parts * self.x[:, k, :, None]).sum(axis=1)

    def weighted_sum(self) -> Array:
        """A weighted sum at each site."""
        h = self.start()
        for k in range(1, self.sites):
            h = self.weighted(h, k)
        return h

    def by_feature(self, h: Array, k: int) -> Array:
        """One matrix product for each feature, scaled and added."""
        total = self.x[:, k, 0, None] * (h @ self.cores[k][:, 0])
        for i in range(1, self.features):
            total += self.x[:, k, i, None] * (h @ self.cores[k][:, i])
        return total

    def scaled_after(self) -> Array:
        """Features one by one at each site."""
        h = self.start()
        for k in range(1, self.sites):
            h = self.by_feature(h, k)
        return h

    def scaled_before(self) -> Array:
        """The same, the state scaled instead of the product."""
        h = self.start()
        for k in range(1, self.sites):
            total = (self.x[:, k, 0, None] * h) @ self.cores[k][:, 0]
            for i in range(1, self.features):
                total += (self.x[:, k, i, None] * h) @ self.cores[k][:, i]
            h = total
        return h

    def outer_gradient(self) -> tuple[Array, Array]:
        """Outer products, kept for the way back."""
        h, kept, parts = self.start(), [], list(self.cores)
        for k in range(1, self.sites):
            kept.append((self.x[:, k, :, None] * h[:, None]).reshape(self.samples, -1))
            h = kept[-1] @ self.swapped[k]
        g = h * 0 + 1
        for k in range(self.sites - 1, 0, -1):
            parts[k] = (kept[k - 1].T @ g).reshape(self.features, -1, g.shape[1]).transpose(1, 0, 2)
            back = (g @ self.swapped[k].T).reshape(self.samples, self.features, -1)
            g = (back * self.x[:, k, :, None]).sum(axis=1)
        return h, self.joined(parts, g)

    def weighted_gradient(self) -> tuple[Array, Array]:
        """Weighted sums, states kept for the way back."""
        kept, parts = [self.start()], list(self.cores)
        for k in range(1, self.sites):
            kept.append(self.weighted(kept[-1], k))
        g = kept[-1] * 0 + 1
        for k in range(self.sites - 1, 0, -1):
            spread = (self.x[:, k, :, None] * g[:, None]).reshape(self.samples, -1)
            parts[k] = kept[k - 1].T @ spread
            g = spread @ self.wide[k].T
        return kept[-1], self.joined(parts, g)

    def feature_gradient(self) -> tuple[Array, Array]:
        """Features one by one, states kept for the way back."""
        kept, parts = [self.start()], list(self.cores)
        for k in range(1, self.sites):
            kept.append(self.by_feature(kept[-1], k))
        g = kept[-1] * 0 + 1
        for k in range(self.sites - 1, 0, -1):
            parts[k] = self.cores[k] * 0
            total = 0
            for i in range(self.features):
                scaled = self.x[:, k, i, None] * g
                parts[k][:, i] = kept[k - 1].T @ scaled
                total = total + scaled @ self.cores[k][:, i].T
            g = total
        return kept[-1], self.joined(parts, g)

    def joined(self, parts: list[Array], g: Array) -> Array:
        """The gradients of all cores as one vector; ``g`` is that of the first state."""
        import numpy as np

        parts[0] = self.x[:, 0].T @ g
        return np.concatenate([part.ravel() for part in parts])


def by_opt_einsum(cores: list[Array], x: Array) -> Callable[[], Array]:
    """The whole network as one contraction; the path is found beforehand."""
    import opt_einsum

    operands: list[Any] = []
    for k, core in enumerate(cores):
        operands += [core, (1000 + k, 2000 + k, 1001 + k), x[:, k], (0, 2000 + k)]
    operands.append((0, 1000 + len(cores)))
    # The first bond has extent 1 and stands in one core only: opt_einsum sums it.
    path, _ = opt_einsum.contract_path(*operands, optimize="auto-hq")
    return lambda: opt_einsum.contract(*operands, optimize=path)


def main() -> None:
    """Prints two tables."""
    options = parser(__doc__, d=64, n=2, r=16, batch=256).parse_args()
    set_threads(options.threads)
    import numpy as np

    import tncompile as tn

    net = tn.load("examples/tensor_train.tn", d=options.d, n=options.n, r=options.r)
    model = tn.compile(net, dtype="float32")
    w = model.init(0)
    x = np.random.default_rng(0).random((options.batch, options.d, options.n), np.float32)
    cores = [w[name] for name in w]
    loops = Loops(cores, x)
    what = (
        f"d={options.d} n={options.n} r={options.r} batch={options.batch} float32 threads={options.threads}"
    )

    found = {OURS: lambda: model.score(w, x), **loops.scores()}
    rival = {"opt_einsum, auto-hq": by_opt_einsum(cores, x)}
    for name, function in (found | rival).items():
        wanted = found[OURS]()
        np.testing.assert_allclose(function(), wanted, rtol=1e-3, atol=1e-4 * abs(wanted).max(), err_msg=name)
    # opt_einsum's arrays would push everything else out of the caches: it is timed by itself.
    times = medians(found, options.rounds) | medians(rival, options.rounds // 4)
    print(table(f"score, {what}", OURS, times))

    both = {OURS: lambda: model.score_and_gradient(w.flat, x), **loops.gradients()}
    wanted = both[OURS]()[1]
    for name, function in both.items():
        np.testing.assert_allclose(
            function()[1], wanted, rtol=1e-2, atol=1e-4 * abs(wanted).max(), err_msg=name
        )
    print(table(f"\nscore and gradient, {what}", OURS, medians(both, options.rounds)))


if __name__ == "__main__":
    main()
