"""Where the time of generated code goes (`python -m benchmarks.profile_zoo`): kinds of operations, and the dearest lines."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import click
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.timing import Machine, block, measured_machine, set_threads

CALLS, SECONDS = 200, 0.3  # no more calls than that, and not much longer, go into one profile
WIDTH = 100  # characters of a line that are shown
PIPED_WIDTH = 220


@dataclass(frozen=True)
class Spending:
    """A line of generated code: how often it runs in a call, and the nanoseconds of a call by kind of operation."""

    text: str
    runs: float
    spent: Counter[str]


@dataclass(frozen=True)
class Profile:
    """One function of one network: seconds of a call without clocks, of the floor, and the account of its lines."""

    workload: str
    kind: str
    plain: float
    floor: float
    lines: Sequence[Spending]  # the dearest first

    @property
    def spent(self) -> Counter[str]:
        """Nanoseconds of a call by kind of operation."""
        return sum((line.spent for line in self.lines), Counter())


def profile(workload: str, kind: str, machine: Machine, seconds: float = SECONDS) -> Profile:
    """Runs a network's module with clocks and without, each for some seconds."""
    from benchmarks.case import SCORE, Case
    from benchmarks.instrumented import instrumented
    from benchmarks.workloads import all_workloads

    case = Case(all_workloads()[workload])
    model, w, data = case.model, case.weights.flat, case.data
    module, clock = instrumented(model.source, workload)

    def run() -> object:
        return model.score(w, data) if kind == SCORE else model.score_and_gradient(w, data)

    plain = block(run, seconds)
    vars(model).update(_whole=module, _scoring=module)
    run()
    clock.reset()
    calls = max(1, min(CALLS, int(seconds / plain)))
    for _ in range(calls):
        run()
    lines = [
        Spending(line.text, line.runs / calls, Counter({k: ns / calls for k, ns in line.spent.items()}))
        for line in clock.lines
        if line.runs
    ]
    lines.sort(key=lambda line: -line.spent.total())
    return Profile(workload, kind, plain, machine.floor(case.flops(kind), case.moved(kind)), lines)


def overview(profiles: Sequence[Profile]) -> Table:
    """A row for each profile: time, floor, the share that is no matrix product, the share of each kind."""
    from benchmarks.instrumented import KINDS, PRODUCT

    table = Table(title="Where the time goes; the kinds in percent")
    for name in ("workload", "what"):
        table.add_column(name)
    for name in ("ms", "x floor", "no product", *KINDS):
        table.add_column(name, justify="right", no_wrap=True)
    for one in sorted(profiles, key=lambda one: one.spent[PRODUCT] / one.spent.total()):
        spent, total = one.spent, one.spent.total()
        shares = [1 - spent[PRODUCT] / total, *(spent[kind] / total for kind in KINDS)]
        times = f"{one.plain * 1e3:.3f}", f"{one.plain / one.floor:.1f}"
        table.add_row(one.workload, one.kind, *times, *(f"{share:.0%}" for share in shares))
    return table


def dearest(one: Profile, count: int) -> Table:
    """The lines that take longest."""
    total = one.spent.total()
    table = Table(title=f"{one.workload}, {one.kind}")
    for name in ("share", "us", "runs"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("kinds")
    table.add_column("line", no_wrap=True)
    for line in one.lines[:count]:
        spent = line.spent.total()
        kinds = ", ".join(
            f"{kind} {ns / spent:.0%}" for kind, ns in line.spent.most_common() if ns > 0.05 * spent
        )
        text = line.text if len(line.text) <= WIDTH else f"{line.text[: WIDTH - 3]}..."
        table.add_row(f"{spent / total:.0%}", f"{spent / 1e3:.0f}", f"{line.runs:.0f}", kinds, text)
    return table


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1)
@click.option("--kind", type=click.Choice(["score", "gradient"]), help="Only this; both by default.")
@click.option("--lines", default=5, show_default=True, help="How many lines of each to show.")
@click.option(
    "--seconds", default=SECONDS, show_default=True, help="For each profile, with clocks and without."
)
@click.option("--threads", default=os.cpu_count() or 1, show_default=True, help="Threads of NumPy.")
def main(names: tuple[str, ...], kind: str | None, lines: int, seconds: float, threads: int) -> None:
    """Show what the generated code of networks spends its time on.

    NAMES are workloads (`tt`, `zoo:gnn`) or examples (`gnn`), all examples by default. Clocks cost about a microsecond for each
    operation, so the time of a call is measured without them.
    """
    set_threads(threads)
    from benchmarks.case import KINDS
    from benchmarks.workloads import all_workloads
    from benchmarks.workloads.zoo import zoo

    known = all_workloads()
    wanted = [name if name in known else f"zoo:{name}" for name in names] or [one.name for one in zoo()]
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"there is no `{name.removeprefix('zoo:')}`; there are {', '.join(known)}")
    machine = measured_machine()
    profiles = [
        profile(name, one, machine, seconds) for name in wanted for one in ([kind] if kind else KINDS)
    ]
    piped = not sys.stdout.isatty()
    console = Console(width=PIPED_WIDTH if piped else None)
    for table in (*(dearest(one, lines) for one in profiles), overview(profiles)):
        table.box = box.MARKDOWN if piped else box.SIMPLE_HEAD
        console.print(table, markup=False)


if __name__ == "__main__":
    main()
