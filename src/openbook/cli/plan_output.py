"""Printing a plan: a tree for people, or one JSON value."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from openbook.cli.console import print_json, print_tree, to_json
from openbook.phrases import counted

if TYPE_CHECKING:
    from openbook.cluster.corpus_plan import Plan, Work


def print_plan(plan: "Plan", *, json: bool) -> None:
    """Print what a corpus takes, and what that rests on."""
    if json:
        size = {"disk": plan.size.disk | {"total": plan.size.total}, "memory": plan.size.memory}
        print_json(to_json(plan) | {"size": size})
        return
    branches = {
        f"book: {counted(plan.chunks, 'chunk')} of {counted(plan.documents, 'document')}": _book_lines(plan),
        f"disk {_bytes(plan.size.total)}": [
            f"{name} {_bytes(size)}" for name, size in plan.size.disk.items()
        ],
        "work, of one machine": [_work_line(name, work) for name, work in plan.work.items()],
        "rates, a second": [f"{name} {value:,.6g}" for name, value in asdict(plan.rates).items()],
        "assumed": plan.assumptions,
    }
    print_tree(f"{plan.shape.tokens:,} tokens", branches)


def _book_lines(plan: "Plan") -> list[str]:
    index = "none: words only" if plan.index is None else plan.index
    recall = "" if plan.recall_at_10 is None else f", recall@10 {plan.recall_at_10:.3f}"
    lines = [
        f"dense index {index}{recall}",
        f"memory to search it fast {_bytes(plan.search_memory)}, in {_machines(plan.search_machines)}",
        f"{plan.milliseconds_per_query:,.3g} ms a search, among many at once, of one machine",
    ]
    if plan.training is not None:
        cost = plan.training
        lines.append(
            f"model: {cost.parameters:,} parameters, {cost.flops_per_token:,.4g} operations for each token"
        )
    return lines


def _work_line(name: str, work: "Work") -> str:
    money = "" if work.money is None else f", {work.money:,.2f} in money"
    return f"{name} {work.hours:,.3g} hours, {_machines(work.machines)} in the days given{money}"


def _machines(count: int) -> str:
    return "1 machine" if count == 1 else f"{count:,} machines"


def _bytes(count: int) -> str:
    from rich.filesize import decimal

    return decimal(count)
