"""Fitting compiled networks to data."""

from tncompile.train.classifier import Classifier
from tncompile.train.fit import Epoch, Fit, FitOptions, accuracy, epochs, fit

__all__ = ["Classifier", "Epoch", "Fit", "FitOptions", "accuracy", "epochs", "fit"]
