"""A classifier with the manners of scikit-learn, which it does not need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tncompile.network import Network
from tncompile.runtime import compile_network
from tncompile.source import UsageError
from tncompile.train.fit import FitOptions, Inputs, fit

Array = npt.NDArray[np.generic]


class Classifier:
    """Compiles a network and fits it to labelled samples.

    The network has one output, with the classes along its last axis. The other arguments are those
    of `FitOptions` and of the compiler. After `fit` there are ``model_``, ``weights_``,
    ``history_`` and ``classes_``.
    """

    def __init__(
        self,
        network: Network,
        *,
        epochs: int = 30,
        batch_size: int = 32,
        rate: float = 0.01,
        clip: float = 1.0,
        seed: int = 0,
        target: str = "numpy",
        dtype: str = "float32",
    ) -> None:
        self.network = network
        self.epochs = epochs
        self.batch_size = batch_size
        self.rate = rate
        self.clip = clip
        self.seed = seed
        self.target = target
        self.dtype = dtype

    def fit(self, x: Inputs, y: Array) -> Classifier:
        """Trains from new weights; labels may be of any kind that sorts."""
        options = FitOptions(self.epochs, self.batch_size, self.rate, self.clip, seed=self.seed)
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        self.model_ = compile_network(self.network, target=self.target, dtype=self.dtype)
        result = fit(self.model_, x, labels, options)
        self.weights_, self.history_ = result.weights, result.history
        return self

    def decision_function(self, x: Inputs) -> Array:
        """The scores, of shape (samples, classes)."""
        return np.asarray(self.model_.score(self.weights_, x))

    def predict_proba(self, x: Inputs) -> Array:
        """The softmax of the scores."""
        scores = np.asarray(self.decision_function(x), dtype=np.float64)
        exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
        probabilities: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
        return probabilities

    def predict(self, x: Inputs) -> Array:
        """The label of the largest score."""
        labels: Array = self.classes_[self.decision_function(x).argmax(axis=-1)]
        return labels

    def score(self, x: Inputs, y: Array) -> float:
        """The share of samples whose label is found."""
        return float(np.mean(self.predict(x) == np.asarray(y)))

    def get_params(self, deep: bool = True) -> dict[str, object]:  # noqa: ARG002  scikit-learn's signature
        """The arguments of the constructor; none of them has parameters of its own."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **params: object) -> Classifier:
        """Changes arguments of the constructor; raises UsageError for a name that is none."""
        for name, value in params.items():
            if name not in _PARAMETERS:
                raise UsageError(f"a Classifier has no parameter {name!r}; it has {', '.join(_PARAMETERS)}")
            setattr(self, name, value)
        return self


_PARAMETERS = ("network", "epochs", "batch_size", "rate", "clip", "seed", "target", "dtype")
