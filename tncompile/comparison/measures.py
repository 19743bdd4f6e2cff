"""What is measured of a network: functions from a network and options to a value that is JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from math import log2
from statistics import fmean, median, pstdev
from typing import Any

import numpy as np

from tncompile.comparison.budget import solved_width
from tncompile.comparison.equivalent import equivalent_widths
from tncompile.comparison.theory import decomposition
from tncompile.expressivity.degree import Kind, score_degree
from tncompile.expressivity.dimension import dimension
from tncompile.expressivity.outputs import find_output, single_score
from tncompile.expressivity.rank import rank
from tncompile.network import Network
from tncompile.plan import account, weight_count
from tncompile.runtime import compile_network
from tncompile.runtime.random_data import random_data
from tncompile.train import FitOptions, accuracy, fit, read_samples

Options = Mapping[str, Any]
LEAST_SECONDS, LEAST_ROUNDS = 0.03, 5  # of a measurement of time


def cost(net: Network, _: Options) -> dict[str, Any]:
    """Weights, FLOPs and peak of one sample, a bound of the VC dimension, and which decomposition the network is."""
    spent, known = account(net), decomposition(net)
    return {
        "weights": spent.weights.value,
        "score_flops": spent.score.flops.value,
        "gradient_flops": None if spent.gradient is None else spent.gradient.flops.value,
        "peak_elements": (spent.gradient or spent.score).peak.value,
        "vc_bound": vc_bound(net, spent.weights.value),
        "decomposition": None if known is None else asdict(known),
    }


def vc_bound(net: Network, weights: int) -> int | None:
    """An upper bound of the VC dimension of the signs of one score; None where the score is no rational function.

    2 N log2(12 k) for N weights that the score has degree k in. Khavari and Rabusseau (2021), arXiv:2106.11827, have it for tensor
    networks of k cores; their argument, a count of the signs that polynomials can have (Warren), only needs the degree, so
    it holds for shared weights and reused states as well, and for quotients (whose sign is that of a product).
    """
    score, _ = single_score(net, find_output(net, None), labelled=True)
    degree = score_degree(score, variables=("weight",))
    if degree.kind == Kind.OTHER or not weights:
        return None
    return int(2 * weights * log2(12 * max(degree.value, 1)))


def ranks(net: Network, options: Options) -> dict[str, Any]:
    """The ranks of a cut (or of several, for `contiguous`), and their certificates."""
    asked = {name: options[name] for name in ("grid", "points", "fail", "seed", "output") if name in options}
    report = rank(net, options["cut"], **asked)
    found = [
        {"cut": r.cut.name, "of": r.of, "lower": r.lower, "upper": r.upper, "verdict": r.verdict}
        for r in report
    ]
    return {
        "ranks": found,
        "certificates": list(report.certificates),
        "failures": dict(report.failures),
    }


def size_of_variety(net: Network, options: Options) -> dict[str, Any]:
    """The dimension of the set of functions."""
    most, count = options["most_weights"], weight_count(net)
    if count > most:
        return {"dimension": None, "skipped": f"more than {most:,} weights"}
    return {"dimension": dimension(net, seed=options.get("seed", 0)).dimension}


def seconds(net: Network, options: Options) -> dict[str, Any]:
    """The median time of one sample in a batch, of the score, and of the score with its gradient."""
    batch, single = options["batch"], "complex64" if net.field == "complex" else "float32"
    model = compile_network(net, dtype=single)
    x, w = random_data(net, np.random.default_rng(0), batch), model.init(seed=0)
    found = {"score_seconds": _median_time(lambda: model.score(w, x)) / batch}
    if weight_count(net):
        found["gradient_seconds"] = _median_time(lambda: model.score_and_gradient(w, x)) / batch
    return found


def _median_time(run: Callable[[], object]) -> float:
    run()
    times: list[float] = []
    while len(times) < LEAST_ROUNDS or sum(times) < LEAST_SECONDS:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return median(times)


def accuracies(net: Network, options: Options) -> dict[str, Any]:
    """Accuracy on training and held-out samples after a fit, mean and spread over seeds."""
    dtype = "complex64" if net.field == "complex" else "float32"
    samples = read_samples(net, options["data"], options["target"], classes=True)
    trained, tested = [], []
    for seed in range(options["seeds"]):
        train, test = samples.split(options["test_split"], seed)
        model = compile_network(net, dtype=dtype)
        chosen = FitOptions(
            epochs=options["epochs"], rate=options["rate"], batch_size=options["batch"], seed=seed
        )
        weights = fit(model, train.x, train.y, chosen).weights
        trained.append(accuracy(model, weights, train.x, train.y))
        tested.append(accuracy(model, weights, test.x, test.y))
    return {"train_accuracy": _spread(trained), "test_accuracy": _spread(tested)}


def _spread(values: list[float]) -> dict[str, Any]:
    return {"mean": fmean(values), "spread": pstdev(values), "seeds": len(values)}


MEASURES: Mapping[str, Callable[[Network, Options], dict[str, Any]]] = {
    "budget": solved_width,
    "cost": cost,
    "rank": ranks,
    "dimension": size_of_variety,
    "time": seconds,
    "fit": accuracies,
    "widths": equivalent_widths,
}
