"""Fitting the weights of a compiled network to data, epoch by epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tncompile.runtime import Model, Weights
from tncompile.source import Diagnostic, TnError, UsageError
from tncompile.source.records import record
from tncompile.train.adam import Adam
from tncompile.train.loss import LOSSES

Array = npt.NDArray[Any]
Inputs = Array | Sequence[Array] | Mapping[str, Any]
Data = tuple[Inputs, Array]


@record
class FitOptions:
    """How a network is fitted.

    ``rate`` is the first step length of Adam; it falls to zero along half a cosine. ``clip`` is the
    longest gradient let through (0: any). ``loss`` is ``cross_entropy`` (integer targets, the classes along
    the last axis of the scores) or ``squared_error``. ``seed`` fixes the initial weights and the
    order of the samples.
    """

    epochs: int = 30
    batch_size: int = 32
    rate: float = 0.01
    clip: float = 1.0
    loss: str = "cross_entropy"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise UsageError(f"no loss is called {self.loss!r}; there are {', '.join(LOSSES)}")
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")


@record
class Epoch:
    """What is known after an epoch. Accuracies are ``None`` where the targets are no classes.

    ``loss`` and ``accuracy`` are of the training samples as they were met during the epoch,
    ``test_accuracy`` of the held-out ones at its end; ``seconds`` is the time since the beginning.
    """

    number: int
    loss: float
    accuracy: float | None
    test_accuracy: float | None
    seconds: float


@record(eq=False)
class Fit:
    """Fitted weights, and how they came about."""

    weights: Weights
    history: tuple[Epoch, ...]


def fit(
    model: Model,
    x: Inputs,
    y: Array,
    options: FitOptions | None = None,
    *,
    weights: Weights | None = None,
    held_out: Data | None = None,
    progress: Callable[[Epoch], None] | None = None,
) -> Fit:
    """Fits a model whose only output is its score.

    Parameters
    ----------
    x, y:
        The samples, as `Model.score` takes them, and a target for each.
    weights:
        Where to begin; changed in place. Without it ``model.init(seed)``.
    held_out:
        Samples and targets that are scored after each epoch and never trained on.
    progress:
        Called after each epoch.

    Raises
    ------
    UsageError
        If the targets do not fit the scores.
    TnError
        If the loss is no longer a number.
    """
    options = options or FitOptions()
    if weights is None:
        weights = model.init(seed=options.seed)
    history = []
    for epoch in epochs(model, weights, (x, y), options, held_out):
        history.append(epoch)
        if progress is not None:
            progress(epoch)
    return Fit(weights, tuple(history))


def epochs(
    model: Model, weights: Weights, samples: Data, options: FitOptions, held_out: Data | None = None
) -> Iterator[Epoch]:
    """Trains in place, and yields after every epoch."""
    x, y = samples[0], np.asarray(samples[1])
    classes = options.loss == "cross_entropy"
    if classes:
        _check_labels(y)
    generator, adam, start = np.random.default_rng(options.seed), Adam(options.clip), time.perf_counter()
    batches = math.ceil(len(y) / options.batch_size)
    for number in range(options.epochs):
        order = generator.permutation(len(y))
        loss = right = 0.0
        for batch, rows in enumerate(np.array_split(order, batches)):
            done = (number * batches + batch) / (options.epochs * batches)
            rate = options.rate * (1 + math.cos(math.pi * done)) / 2
            mean, hits = _train(model, weights, (take(x, rows), y[rows]), options.loss, (adam, rate))
            loss += mean * len(rows)
            right += hits
        tested = accuracy(model, weights, *held_out) if held_out is not None and classes else None
        trained = right / y.size if classes else None
        yield Epoch(number + 1, loss / len(y), trained, tested, time.perf_counter() - start)


def _train(
    model: Model, weights: Weights, batch: Data, loss: str, step: tuple[Adam, float]
) -> tuple[float, float]:
    """One step on one batch: the mean loss before it, and how many labels were found."""
    x, y = batch
    scores = np.asarray(model.score(weights, x))
    _check_targets(scores, y, loss)
    mean, cotangent = LOSSES[loss](scores, y)
    if not math.isfinite(mean):
        raise TnError(
            [
                Diagnostic(
                    "the loss is not a finite number", help="a smaller rate, or smaller weights to begin with"
                )
            ]
        )
    _, gradient = model.score_and_gradient(weights, x, cotangent.astype(scores.dtype, copy=False))
    adam, rate = step
    adam.step(weights.flat, gradient.flat, rate)
    return mean, float(np.sum(scores.argmax(axis=-1) == y)) if loss == "cross_entropy" else 0.0


def accuracy(model: Model, weights: Weights, x: Inputs, y: Array) -> float:
    """The share of samples whose largest score is that of their label."""
    return float(np.mean(np.asarray(model.score(weights, x)).argmax(axis=-1) == np.asarray(y)))


def take(x: Inputs, rows: Array) -> Any:
    """Some samples of an input, of each array of a list, or of each input of a dict."""
    if isinstance(x, Mapping):
        return {name: take(value, rows) for name, value in x.items()}
    if isinstance(x, np.ndarray):
        return x[rows]
    return [np.asarray(array)[rows] for array in x]


def _check_labels(y: Array) -> None:
    if not np.issubdtype(y.dtype, np.integer):
        raise UsageError(f"the labels of cross_entropy are integers, not {y.dtype}")


def _check_targets(scores: Array, y: Array, loss: str) -> None:
    wanted = scores.shape[:-1] if loss == "cross_entropy" else scores.shape
    if y.shape != wanted:
        raise UsageError(f"scores of shape {scores.shape} need targets of shape {wanted}, not {y.shape}")
    if loss == "cross_entropy" and y.size and not 0 <= y.min() <= y.max() < scores.shape[-1]:
        raise UsageError(
            f"the labels lie in {y.min()}..{y.max()}, the scores have {scores.shape[-1]} classes"
        )
