"""`tnc fit`: train a network on data."""

from __future__ import annotations

import io
import math
from typing import Any

import click
import numpy as np
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tncompile.cli.console import echo, echo_json, table_console
from tncompile.cli.options import file_argument, json_option, load_network, size_option
from tncompile.codegen import DTYPES, LIBRARIES
from tncompile.runtime import Model, compile_network
from tncompile.source import TnError, UsageError, write_whole
from tncompile.train import Epoch, Fit, FitOptions, Samples, accuracy, fit, read_samples
from tncompile.train.loss import LOSSES


def _finite(_: click.Context, __: click.Parameter, number: float) -> float:
    if not math.isfinite(number):
        raise click.BadParameter(f"{number} is not a rate to fit with")
    return number


@click.command("fit")
@file_argument
@click.option("--data", "data_file", metavar="FILE.npz", required=True,
              help="An array for each input, under its name (a single input may be called x), and the targets.")  # fmt: skip
@click.option(
    "-o", "--output", metavar="WEIGHTS.npz", help="Write the fitted weights, an array for each member."
)
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    callback=_finite,
    default=0.01,
    show_default=True,
    help="Of Adam.",
)
@click.option("--batch", type=click.IntRange(1), default=32, show_default=True, help="Samples of a step.")
@click.option("--loss", type=click.Choice(list(LOSSES)), default="cross_entropy", show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--test-split", type=click.FloatRange(0, 1, max_open=True), default=0.25, show_default=True,
              help="The share of the samples that is held out.")  # fmt: skip
@click.option("--target-name", default="y", show_default=True, help="The name of the targets in the data.")
@click.option(
    "--target",
    type=click.Choice(list(LIBRARIES)),
    default="numpy",
    show_default=True,
    help="The array library.",
)
@click.option(
    "--dtype", type=click.Choice(list(DTYPES)), help="Default: float32, or complex64 of a complex network."
)
@size_option
@json_option
def command(
    file: str, data_file: str, output: str | None, epochs: int, rate: float, batch: int, loss: str, seed: int,
    test_split: float, target_name: str, target: str, dtype: str | None, settings: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Train the network of FILE on the samples of an .npz file.

    The scores' last axis holds the classes, and the targets are integers from 0 (with --loss squared_error:
    numbers, of the shape of the scores). A share of the samples is held out, and the table at the end
    compares both.
    """
    net = load_network(file, settings)
    samples = read_samples(net, data_file, target_name, classes=loss == "cross_entropy")
    train, test = samples.split(test_split, seed)
    model = compile_network(net, target, dtype or ("complex64" if net.field == "complex" else "float32"))
    options = FitOptions(epochs=epochs, batch_size=batch, rate=rate, loss=loss, seed=seed)
    result = _fit(model, train, test, options)
    if output is not None:
        _save_weights(model, result, output)
    report = _report(model, result, train, test, loss)
    if as_json:
        echo_json({"network": net.name, **report, "weights": output})
    else:
        _print_report(report)
        if output is not None:
            echo(f"weights in {output}", err=True)


def _fit(model: Model, train: Samples, test: Samples, options: FitOptions) -> Fit:
    """Train with a bar on standard error."""
    columns = (
        TextColumn("epoch"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    console = table_console(err=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("fit", total=options.epochs, state="")

        def advance(epoch: Epoch) -> None:
            state = f"loss {epoch.loss:.4f}"
            if epoch.accuracy is not None:
                state += f"  train {epoch.accuracy:.3f}"
            if epoch.test_accuracy is not None:
                state += f"  test {epoch.test_accuracy:.3f}"
            progress.update(task, advance=1, state=state)

        try:
            held_out = (test.x, test.y) if len(test.y) else None
            return fit(model, train.x, train.y, options, held_out=held_out, progress=advance)
        except UsageError as error:
            # What a call may not be given is, here, what the file should not hold.
            raise TnError(str(error)) from error


def _report(model: Model, result: Fit, train: Samples, test: Samples, loss: str) -> dict[str, object]:
    last = result.history[-1]
    report: dict[str, object] = {
        "epochs": last.number,
        "loss": last.loss,
        "seconds": round(last.seconds, 3),
        "samples": {"train": len(train.y), "test": len(test.y)},
    }
    if loss == "cross_entropy":
        report["accuracy"] = {
            name: accuracy(model, result.weights, part.x, part.y) if len(part.y) else None
            for name, part in (("train", train), ("test", test))
        }
    return report


def _print_report(report: dict[str, object]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for title in ("samples", "accuracy"):
        table.add_column(title, justify="right")
    samples, scores = report["samples"], report.get("accuracy", {})
    assert isinstance(samples, dict)
    assert isinstance(scores, dict)
    for part in ("train", "test"):
        value = scores.get(part)
        table.add_row(part, f"{samples[part]:,}", "–" if value is None else f"{value:.4f}")
    table_console().print(table)
    echo(f"loss {report['loss']:.5f} after {report['epochs']} epochs in {report['seconds']:.1f} s")


def _save_weights(model: Model, result: Fit, output: str) -> None:
    """All members by name, in one file, whole or not at all."""
    stream = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(result.weights[name]) for name in model.weights}
    np.savez(stream, **arrays)
    write_whole(output, stream.getvalue())
