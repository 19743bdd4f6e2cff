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


def scores(cores: list[Array], x: Array) -> dict[str, Callable[[], Array]]:
    """The natural loops. Cores are (a, n, b), data (batch, d, n); the result is (batch, C)."""
    sites, features = x.shape[1:]
    swapped = [core.transpose(1, 0, 2).reshape(-1, core.shape[2]).copy() for core in cores]
    first = cores[0][0]

    def outer() -> Array:
        h = x[:, 0] @ first
        for k in range(1, sites):
            core = cores[k]
            h = (h[:, :, None] * x[:, k, None]).reshape(len(x), -1) @ core.reshape(-1, core.shape[2])
        return h

    def outer_prepared() -> Array:
        h = x[:, 0] @ first
        for k in range(1, sites):
            h = (x[:, k, :, None] * h[:, None]).reshape(len(x), -1) @ swapped[k]
        return h

    def weighted_sum() -> Array:
        h = x[:, 0] @ first
        for k in range(1, sites):
            core = cores[k]
            parts = (h @ core.reshape(len(core), -1)).reshape(len(x), features, -1)
            h = (parts * x[:, k, :, None]).sum(axis=1)
        return h

    def by_feature() -> Array:
        h = x[:, 0] @ first
        for k in range(1, sites):
            total = x[:, k, 0, None] * (h @ cores[k][:, 0])
            for i in range(1, features):
                total += x[:, k, i, None] * (h @ cores[k][:, i])
            h = total
        return h

    def scaled_first() -> Array:
        h = x[:, 0] @ first
        for k in range(1, sites):
            total = (x[:, k, 0, None] * h) @ cores[k][:, 0]
            for i in range(1, features):
                total += (x[:, k, i, None] * h) @ cores[k][:, i]
            h = total
        return h

    return {
        "outer product, matrix product": outer,
        "the same, cores prepared": outer_prepared,
        "matrix product, weighted sum": weighted_sum,
        "by feature, scaled after": by_feature,
        "by feature, scaled before": scaled_first,
    }


def gradients(cores: list[Array], x: Array) -> dict[str, Callable[[], tuple[Array, Array]]]:
    """The same loops and back: the result, and the gradient of its sum as one vector."""
    import numpy as np

    sites, features = x.shape[1:]
    swapped = [core.transpose(1, 0, 2).reshape(-1, core.shape[2]).copy() for core in cores]

    def joined(parts: list[Array]) -> Array:
        return np.concatenate([part.ravel() for part in parts])

    def outer_prepared() -> tuple[Array, Array]:
        h, kept, parts = x[:, 0] @ cores[0][0], [], list(cores)
        for k in range(1, sites):
            kept.append((x[:, k, :, None] * h[:, None]).reshape(len(x), -1))
            h = kept[-1] @ swapped[k]
        g = np.ones_like(h)
        for k in range(sites - 1, 0, -1):
            parts[k] = (kept[k - 1].T @ g).reshape(features, -1, g.shape[1]).transpose(1, 0, 2)
            g = ((g @ swapped[k].T).reshape(len(x), features, -1) * x[:, k, :, None]).sum(axis=1)
        parts[0] = x[:, 0].T @ g
        return h, joined(parts)

    def weighted_sum() -> tuple[Array, Array]:
        kept, parts = [x[:, 0] @ cores[0][0]], list(cores)
        for k in range(1, sites):
            whole = (kept[-1] @ cores[k].reshape(len(cores[k]), -1)).reshape(len(x), features, -1)
            kept.append((whole * x[:, k, :, None]).sum(axis=1))
        g = np.ones_like(kept[-1])
        for k in range(sites - 1, 0, -1):
            spread = (x[:, k, :, None] * g[:, None]).reshape(len(x), -1)
            parts[k] = kept[k - 1].T @ spread
            g = spread @ cores[k].reshape(len(cores[k]), -1).T
        parts[0] = x[:, 0].T @ g
        return kept[-1], joined(parts)

    def by_feature() -> tuple[Array, Array]:
        kept, parts = [x[:, 0] @ cores[0][0]], list(cores)
        for k in range(1, sites):
            total = x[:, k, 0, None] * (kept[-1] @ cores[k][:, 0])
            for i in range(1, features):
                total += x[:, k, i, None] * (kept[-1] @ cores[k][:, i])
            kept.append(total)
        g = np.ones_like(kept[-1])
        for k in range(sites - 1, 0, -1):
            parts[k] = np.empty_like(cores[k])
            total = 0
            for i in range(features):
                scaled = x[:, k, i, None] * g
                parts[k][:, i] = kept[k - 1].T @ scaled
                total = total + scaled @ cores[k][:, i].T
            g = total
        parts[0] = x[:, 0].T @ g
        return kept[-1], joined(parts)

    return {
        "outer product, matrix product": outer_prepared,
        "matrix product, weighted sum": weighted_sum,
        "by feature": by_feature,
    }


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
    what = f"d={options.d} n={options.n} r={options.r} batch={options.batch} float32 threads={options.threads}"

    found = {OURS: lambda: model.score(w, x), **scores(cores, x)}
    rival = {"opt_einsum, auto-hq": by_opt_einsum(cores, x)}
    for name, function in (found | rival).items():
        wanted = found[OURS]()
        np.testing.assert_allclose(function(), wanted, rtol=1e-3, atol=1e-4 * abs(wanted).max(), err_msg=name)
    # opt_einsum's arrays would push everything else out of the caches: it is timed by itself.
    times = medians(found, options.rounds) | medians(rival, options.rounds // 4)
    print(table(f"score, {what}", OURS, times))

    both = {OURS: lambda: model.score_and_gradient(w.flat, x), **gradients(cores, x)}
    wanted = both[OURS]()[1]
    for name, function in both.items():
        np.testing.assert_allclose(function()[1], wanted, rtol=1e-2, atol=1e-4 * abs(wanted).max(), err_msg=name)
    print(table(f"\nscore and gradient, {what}", OURS, medians(both, options.rounds)))


if __name__ == "__main__":
    main()
