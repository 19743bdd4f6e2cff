"""Reverse mode, source to source: the gradient of a flat network is a flat network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tncompile.network import Cut, Definition, Network, Statement, Tensor
from tncompile.network.verify import verify
from tncompile.source import TnError
from tncompile.transform.adjoint.accumulate import Adjoint, adjoint_rules
from tncompile.transform.adjoint.aliases import without_copies
from tncompile.transform.adjoint.backward import Backward, combine_adjoint, contract_adjoint
from tncompile.transform.adjoint.derivatives import apply_adjoint
from tncompile.transform.adjoint.instances import Mask, RuleRows, needed_members, rules_of
from tncompile.transform.adjoint.reductions import reduce_adjoint
from tncompile.transform.adjoint.scatter import uniform
from tncompile.transform.context import Context
from tncompile.transform.flat import Apply, Combine, Contract
from tncompile.transform.inputs import input_like


def gradient(
    flat: Network, wrt: Iterable[str] | None = None, outputs: Iterable[str] | None = None
) -> Network:
    """The network that also computes the gradient of its outputs, contracted with cotangents.

    ``flat`` is what `order` returns; the result is flat again. For each of ``outputs`` (default: all)
    it has a new input ``<output>_bar``, the cotangent, with the members and axes of the output; for
    each of ``wrt`` (weights and inputs; default: the weights that an output depends on) a new output
    ``<name>_bar`` with the members and axes of the tensor. Where such a name is taken, a number
    follows. Of a complex network the gradient is ``g = dL/d(Re w) + i dL/d(Im w)``, where the
    cotangents are the same of the outputs: ``dL = Re(sum of conj(cotangent) * dy)``. JAX returns
    the conjugate of this.

    Raises TnError for a name that is no weight or input, or no output.
    """
    sources = None if wrt is None else tuple(dict.fromkeys(wrt))
    results = flat.outputs if outputs is None else tuple(dict.fromkeys(outputs))
    _check_names(flat, sources or (), results)
    rules = rules_of(flat)
    needed = needed_members(flat, rules, sources, results)
    if sources is None:
        sources = tuple(n for n, t in flat.tensors.items() if t.role == "weight" and needed[n].any())
    context = Context(flat)
    return _Gradient(context, rules, needed, sources, results).network()


class _Gradient:
    def __init__(
        self,
        context: Context,
        rules: Sequence[RuleRows],
        needed: Mapping[str, Mask],
        sources: Sequence[str],
        outputs: Sequence[str],
    ) -> None:
        self.context, self.rules, self.needed = context, rules, needed
        self.sources, self.outputs = sources, outputs
        names, flat = context.names, context.network
        self.inputs = {name: names.fresh(f"{name}_bar") for name in outputs}
        bars = dict(self.inputs)
        for name in self._used_further():
            bars[name] = names.fresh(f"{name}_adjoint")
        for name in flat.tables.tensors:
            if name not in bars and (needed[name].any() or name in sources):
                bars[name] = names.fresh(f"{name}_bar")
        self.back = Backward(context, needed, bars, flat.field == "complex")

    def _used_further(self) -> list[str]:
        """The outputs that other rules use, so that their adjoint is more than the cotangent."""
        found = [
            used.use.name
            for rule in self.rules
            for used in rule.uses
            if used.use.name in self.inputs
            and (
                self.needed[used.use.name][used.positions]
                & self.needed[rule.definition.name][rule.target][used.parent]
            ).any()
        ]
        return list(dict.fromkeys(found))

    def network(self) -> Network:
        """The gradient, verified."""
        for rule in reversed(self.rules):
            for part in rule.only(self.context, self.needed[rule.definition.name][rule.target]):
                self._flow_back(part)
        cotangents = [input_like(self.context, output, name) for output, name in self.inputs.items()]
        adjoints = self._adjoints()
        flat = self.context.network
        statements: list[Statement] = [s for s in flat.statements if not isinstance(s, Cut)]
        first = next(i for i, s in enumerate(statements) if isinstance(s, Tensor | Definition))
        statements[first:first] = self.context.lists
        first = next(i for i, s in enumerate(statements) if isinstance(s, Definition))
        statements[first:first] = [*cotangents, *self.context.constants]
        return verify(flat.replace([*statements, *adjoints]), after="gradient")

    def _flow_back(self, part: RuleRows) -> None:
        form = part.form
        if isinstance(form, Contract):
            contract_adjoint(self.back, part, form)
        elif isinstance(form, Combine):
            combine_adjoint(self.back, part, form)
        elif isinstance(form, Apply):
            apply_adjoint(self.back, part, form)
        else:
            reduce_adjoint(self.back, part, form)

    def _adjoints(self) -> list[Definition]:
        """Adjoints of definitions, last first; then those that are asked for."""
        definitions = dict.fromkeys(d.name for d in reversed(self.context.network.definitions))
        rules: list[Definition] = []
        for name in definitions:
            if self.needed[name].any():
                rules += self._adjoint(name, output=False)
                rules += self.back.helpers.get(name, ())
        for name in self.sources:
            rules += self._adjoint(name, output=True)
        return without_copies(rules)

    def _adjoint(self, name: str, output: bool) -> list[Definition]:
        members = self.needed[name] | True if output else self.needed[name]
        whole = self.back.contributions.get(name, ())
        contributions = [part for contribution in whole for part in uniform(self.context, contribution)]
        adjoint = Adjoint(
            name, self.back.bars[name], contributions, members, output, self.inputs.get(name, "")
        )
        return adjoint_rules(self.context, adjoint)


def _check_names(flat: Network, sources: Sequence[str], outputs: Sequence[str]) -> None:
    for name in sources:
        tensor = flat.tensors.get(name)
        if tensor is None or tensor.role == "constant":
            raise TnError(f"`{name}` is neither a weight nor an input of `{flat.name}`", flat.source)
    for name in outputs:
        if name not in flat.outputs:
            raise TnError(f"`{name}` is not an output of `{flat.name}`", flat.source)
        if len({len(block.shape) for block in flat.tables.tensors[name].blocks}) > 1:
            raise TnError(
                f"members of the output `{name}` have different numbers of axes, and a gradient needs as many of each: "
                "give them outputs of their own",
                flat.source,
            )
