"""Handwritten digits, read patch by patch by two compiled tensor networks: `make demo`.

A tensor train and a CP network of the same bond dimension are compiled from their `.tn` files, trained with
the gradients that the compiler derived, and tested on a third of the digits that was held out. Then five architectures are
compared by what they can express and what they cost, in a report for the browser.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import tncompile as tn
from tncompile.draw import draw
from tncompile.train import Epoch, Fit, FitOptions, accuracy, fit

EXAMPLES = Path(__file__).parent
NAMES = {"tensor train": "digits_tensor_train", "CP": "digits_cp"}
COMPARED = ("tensor_train", "cp", "hierarchical_tucker", "shallow_rac", "deep_rac")
Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def patches(images: Array, side: int = 2) -> Array:
    """Images (count, 8, 8) as sequences of square patches: (count, patches, side * side), read row by row."""
    count, height, width = images.shape
    blocks = images.reshape(count, height // side, side, width // side, side).transpose(0, 1, 3, 2, 4)
    return blocks.reshape(count, -1, side * side)


def digits() -> tuple[tuple[Array, Labels], tuple[Array, Labels]]:
    """scikit-learn's 1,797 digits, with pixels in 0..1: two thirds to train on, one to test with."""
    data = load_digits()
    x = patches(np.asarray(data.images, dtype=np.float32) / 16)
    split = train_test_split(x, data.target, test_size=1 / 3, random_state=0, stratify=data.target)
    return (split[0], split[2]), (split[1], split[3])


def curves(fits: dict[str, Fit], path: Path) -> None:
    """The loss and the test accuracy after each epoch."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, result in fits.items():
        numbers = [epoch.number for epoch in result.history]
        left.semilogy(numbers, [epoch.loss for epoch in result.history], label=name)
        right.plot(numbers, [epoch.test_accuracy for epoch in result.history], label=name)
    left.set(xlabel="epoch", ylabel="cross-entropy (training)")
    right.set(xlabel="epoch", ylabel="accuracy (held-out third)", ylim=(0.7, 1))
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
    right.legend()
    figure.savefig(path, dpi=150)


def train(name: str, folder: Path, epochs: int, bar: Progress) -> tuple[Fit, list[str]]:
    """Compiles, trains and tests one network; what the table says of it."""
    samples, held_out = digits()
    model = tn.compile(tn.load(EXAMPLES / f"{NAMES[name]}.tn"), dtype="float32")
    model.save(folder / f"{NAMES[name]}.py")
    task = bar.add_task(name, total=epochs, said="")

    def report(epoch: Epoch) -> None:
        said = f"loss {epoch.loss:.3f}  held out {epoch.test_accuracy:.3f}"
        bar.update(task, completed=epoch.number, said=said)

    result = fit(model, *samples, FitOptions(epochs=epochs), held_out=held_out, progress=report)
    shares = [accuracy(model, result.weights, *data) for data in (samples, held_out)]
    row = [name, f"{result.weights.flat.size:,}", *(f"{share:.3f}" for share in shares)]
    return result, [*row, f"{result.history[-1].seconds:.1f} s"]


def compare(path: Path, widest: int, bar: Progress) -> None:
    """A report over five architectures with 8 inputs of 4 features, at widths from 1 on."""
    task = bar.add_task("comparison", total=None, said="")
    tn.compare(
        [EXAMPLES / f"{name}.tn" for name in COMPARED],
        sizes={"d": 8, "n": 4},
        sweep={"width": range(1, widest + 1)},
        report=path,
        progress=lambda done, total, what: bar.update(task, completed=done, total=total, said=what),
    )
    bar.update(task, said="")


def main() -> None:
    """The whole demonstration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20, help="how often each digit is seen (default: 20)")
    parser.add_argument("--widths", type=int, default=6, help="widths that are compared (default: 1 to 6)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where the results go (default: out)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    start, console = time.perf_counter(), Console()
    columns = (
        TextColumn("{task.description:>12}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[said]}"),
    )
    table = Table(
        "network", "weights", "training", "held out", "time", title="Accuracy on handwritten digits"
    )
    fits = {}
    with Progress(*columns, console=console) as bar:
        for name in NAMES:
            fits[name], row = train(name, arguments.out, arguments.epochs, bar)
            table.add_row(*row)
        report = arguments.out / "comparison.html"
        report.with_name("comparison.html.jobs").unlink(
            missing_ok=True
        )  # of a demonstration that was stopped
        compare(report, arguments.widths, bar)
    draw(tn.load(EXAMPLES / "digits_tensor_train.tn")).save(arguments.out / "digits_tensor_train.png")
    curves(fits, arguments.out / "curves.png")
    console.print(table)
    console.print(f"the generated module  {arguments.out / 'digits_tensor_train.py'}", highlight=False)
    console.print(f"the network           {arguments.out / 'digits_tensor_train.png'}", highlight=False)
    console.print(f"the curves            {arguments.out / 'curves.png'}", highlight=False)
    console.print(f"the comparison        {report}", highlight=False)
    console.print(f"done in {time.perf_counter() - start:.0f} s", highlight=False)


if __name__ == "__main__":
    main()
