"""How exact scores and gradients are: against the definitions written out, and against JAX's derivative of those.

python -m benchmarks.exactness [--random 620] [--differentiated 60]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

import tncompile as tn
from tests.corpus import CORPUS
from tests.helpers import Comparison, member_name, roles
from tests.networks import Builder
from tests.reference import evaluate


def networks(count: int) -> Iterator[tuple[str, str]]:
    """The corpus, then random networks; every fifth of those is complex."""
    yield from CORPUS
    for seed in range(count):
        yield f"random {seed}", Builder(Random(seed), is_complex=seed % 5 == 4).build()


def gradient_error(comparison: Comparison) -> float:
    """The distance to JAX's gradient of the oracle for one sample, relative to its length."""
    import jax

    jax.config.update("jax_enable_x64", True)
    net, names = comparison.net, roles(comparison.net, "weight")

    def total(weights: dict[str, Any]) -> Any:
        outputs = evaluate(net, {**comparison.samples[0], **weights}, jax.numpy)
        return sum(jax.numpy.sum(array) for members in outputs.values() for array in members.values()).real

    wanted = jax.grad(total)({name: comparison.samples[0][name] for name in names})
    _, found = comparison.model.score_and_gradient(*comparison.arguments)
    # JAX gives the conjugate of dL/d(Re w) + i dL/d(Im w).
    pairs = [(found[member_name(n, m)], np.conj(wanted[n][m])) for n in names for m in wanted[n]]
    length = np.sqrt(sum(np.sum(np.abs(theirs) ** 2) for _, theirs in pairs))
    distance = np.sqrt(sum(np.sum(np.abs(ours - theirs) ** 2) for ours, theirs in pairs))
    return float(distance / max(length, 1e-30))


def main() -> None:
    """Prints the largest errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=620, help="random networks that are scored")
    parser.add_argument(
        "--differentiated", type=int, default=60, help="of those, how many are differentiated"
    )
    arguments = parser.parse_args()
    scores, gradients = [], []
    for number, (name, text) in enumerate(networks(arguments.random)):
        net = tn.load(text)
        comparison = Comparison(net, tn.compile(net), count=1)
        # Rounding is all that may differ: of the cosine of 10^7 nobody knows more than 9 digits.
        small = all(np.all(np.abs(a) < 1e3) for members in comparison.wanted.values() for a in members)
        if number >= len(CORPUS) and not small:
            continue
        scores.append((comparison.score_error(), name))
        if number < len(CORPUS) + arguments.differentiated:
            gradients.append((gradient_error(comparison), name))
    print(f"scores of {len(scores)} networks: largest relative error {max(scores)[0]:.1e} ({max(scores)[1]})")
    print(f"gradients of {len(gradients)} networks: {max(gradients)[0]:.1e} ({max(gradients)[1]})")


if __name__ == "__main__":
    main()
