"""Fitting compiled networks to data."""

from tncompile.train.classifier import Classifier
from tncompile.train.data import Samples, read_samples
from tncompile.train.fit import Epoch, Fit, FitOptions, accuracy, epochs, fit

__all__ = ["Classifier", "Epoch", "Fit", "FitOptions", "Samples", "accuracy", "epochs", "fit", "read_samples"]
