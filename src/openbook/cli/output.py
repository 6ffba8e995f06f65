"""Everything that prints results: for people lines and tables, with --json one value.

It computes nothing, and does not know how results came about; how a line gets to the terminal is `console`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openbook.cli.console import note, print_json, print_line, print_text, print_tree, to_json
from openbook.phrases import command, counted, part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openbook.database import (
        DatabaseInfo,
        Exclusion,
        Hit,
        NeighborsInfo,
        NeighborTable,
        RetokenizeReport,
        VerifyReport,
        Version,
        WordsInfo,
    )
    from openbook.database.changes import Changes
    from openbook.database.documents.document_list import ListedDocument
    from openbook.database.documents.document_pages import StoredDocument
    from openbook.evaluate import Difference, GrowingRow, PerplexityReport, RetrievalReport
    from openbook.evaluate.answering.measure import AnswerReport
    from openbook.evaluate.baselines import KnnLmScorer
    from openbook.evaluate.harness import HarnessReport
    from openbook.evaluate.report import Evaluation, Table
    from openbook.train import TrainResult

_SHOWN_COMMITS = 5
_NAMED_COPIES = 5
_NAMED_NEAR_COPIES = 3


# Databases


def print_info(
    database: "Version",
    *,
    done: "Changes | None" = None,
    left_out: "Mapping[str, object] | None" = None,
    json: bool,
) -> None:
    """Print what a database holds: a tree, or one JSON value.

    Args:
        database: to describe.
        done: what the verb changed, which the JSON value says too; None: it changes nothing.
        left_out: of the sources, which the JSON value says too; None: there are none.
        json: print one JSON value.
    """
    info = database.info()
    history = [
        {"version": commit.version, "action": commit.action, "time": commit.time}
        for commit in database.commits()
    ]
    if json:
        changed = {} if done is None else {"done": to_json(done)}
        print_json(to_json(info) | {"history": history} | changed | dict(left_out or {}))
        return
    commits = [f"{commit['version']}: {commit['action']}, {commit['time']}" for commit in history]
    branches = {
        "text": _text_lines(info),
        "search": _search_lines(info, database.path),
        f"disk {_size(sum(info.disk.values()))}": [
            f"{name} {_size(size)}" for name, size in info.disk.items()
        ],
        f"version {info.version}": commits[-_SHOWN_COMMITS:],
    }
    print_tree(str(database.path), branches)


def _size(count: int) -> str:
    """Bytes in the unit that suits them."""
    from rich.filesize import decimal

    return decimal(count)


def _text_lines(info: "DatabaseInfo") -> list[str]:
    lines = [f"documents {info.documents:,}, of which held out {info.holdout_documents:,}"]
    if info.excluded_documents or info.partly_excluded_chunks:
        lines.append(
            f"kept out of retrieval as near-copies {info.excluded_documents:,}, of other documents "
            f"{counted(info.partly_excluded_chunks, 'chunk')} (list: info --excluded)"
        )
    if info.shards is not None:
        missing = f", without {', '.join(info.missing_shards)}" if info.missing_shards else ""
        lines.append(f"{counted(info.shards, 'shard')}{missing}")
    lines.append(f"chunks {info.chunks:,} of {info.chunk_size} tokens; removed {info.removed_chunks:,}")
    lines.append(f"tokens {info.tokens:,} ({info.tokenizer}); bytes {info.bytes:,}")
    return lines


def _search_lines(info: "DatabaseInfo", database: Path) -> list[str]:
    encoder = f"{info.embedder} ({info.embedder_source})" if info.embedder else "none: words only"
    lines = [f"encoder {encoder}"]
    if info.dense_index:
        recall = "unknown" if info.recall_at_10 is None else f"{info.recall_at_10:.3f}"
        lines.append(f"dense index {info.dense_index}, recall@10 {recall}")
    if info.words.state == "older":
        lines.append(_older_words(info.words, database))
    elif info.words.state != "current":
        lines.append(f"words {info.words.state}")
    neighbors = "none yet: openbook neighbors" if info.neighbors is None else _neighbors_line(info.neighbors)
    lines.append(f"neighbors {neighbors}")
    return lines


def _older_words(words: "WordsInfo", database: Path) -> str:
    from openbook.database.storage.sealed import database_of

    again = command("verify", database_of(database), "--repair")
    return f"words of version {words.version}; made again by the next add, or: {again}"


def note_words(database: Path, before: "WordsInfo | None", after: "WordsInfo | None") -> None:
    """Say whether the index of words is one of before, or was.

    Args:
        database: the folder.
        before: the index as it was; None: nobody knows.
        after: as it is now.
    """
    if after is not None and after.state == "older":
        note(_older_words(after, database))
    elif before is not None and before.state == "older":
        note(f"the words, of version {before.version} until now, were made again")


def _neighbors_line(table: "NeighborsInfo") -> str:
    if table.state == "damaged":
        return "damaged"
    line = f"{table.mode}, {table.k} a chunk, version {table.version}"
    if table.book is not None:
        line += f", in {table.book} at version {table.book_version}"
    if table.state == "book missing":
        line += " (which cannot be opened)"
    return f"{line}, stale" if table.state == "stale" else line


def print_excluded(excluded: "Sequence[Exclusion]", *, json: bool) -> None:
    """Print the documents that are kept out of retrieval."""
    if json:
        print_json(excluded)
        return
    for document in excluded:
        print_line(_exclusion_line(document))


def _exclusion_line(excluded: "Exclusion") -> str:
    line = f"{excluded.document_id}: {excluded.reason} with {excluded.original_id}"
    if excluded.chunks is None:
        return line
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in excluded.chunks]
    return f"{line} (chunks {', '.join(parts)})"


def print_documents(documents: "Sequence[ListedDocument]", *, json: bool) -> None:
    """Print a line for each document, or one JSON list."""
    if json:
        print_json(documents)
        return
    for document in documents:
        print_line(_document_line(document))


def _document_line(document: "ListedDocument") -> str:
    said = [f"{counted(document.chunks, 'chunk')}"]
    if document.split == "holdout":
        said.append("held out")
    if document.excluded is not None:
        said.append(f"excluded as {document.excluded}")
    parts = (document.document_id, document.title, f"({', '.join(said)})", document.source)
    return "  ".join(part for part in parts if part)


def print_document(document: "StoredDocument", chunks: "Sequence[str] | None", *, json: bool) -> None:
    """Print the text of a document, or one JSON value; what it is called is noted.

    Args:
        document: with its text.
        chunks: the text of each of its chunks, to be printed apart; None: the whole.
        json: print one JSON value.
    """
    numbered = None if chunks is None else list(zip(document.chunks, chunks, strict=True))
    if json:
        said = to_json(document.about) | {"text": document.text}
        if numbered is not None:
            said["chunk_texts"] = [{"chunk_id": number, "text": text} for number, text in numbered]
        print_json(said)
        return
    note(_document_line(document.about))
    if numbered is None:
        print_text(document.text)
    for number, text in numbered or ():
        print_line(f"chunk {number}")
        print_text(text)


def note_copies(copies: "Sequence[Exclusion]", database: Path) -> None:
    """Say which of the documents that were just written nearly equal others."""
    for document in copies[:_NAMED_COPIES]:
        note(f"near-copy: {_exclusion_line(document)}")
    listed = f"all of them: {command('info', database, '--excluded')}"
    if whole := sum(copy.chunks is None for copy in copies):
        note(
            f"{counted(whole, 'document')} nearly equal to others, kept out of retrieval and "
            f"training ({listed})"
        )
    if in_part := len({copy.document_id for copy in copies if copy.chunks is not None}):
        note(
            f"{counted(in_part, 'document')} with text of held-out ones; the chunks that it "
            "stands in are kept "
            f"out of retrieval and training ({listed})"
        )


def note_sizes(before: "DatabaseInfo", after: "DatabaseInfo") -> None:
    """Say how much space was reclaimed."""
    note(f"{_size(sum(before.disk.values()))} before, {_size(sum(after.disk.values()))} now")


def print_problems(report: "VerifyReport", *, json: bool) -> None:
    """Print what is damaged, a line each."""
    if json:
        print_json(report)
        return
    for problem in report.problems:
        print_line(f"{problem.file}: {problem.problem}")


def print_retokenized(report: "RetokenizeReport", *, json: bool) -> None:
    """Print where the new database is."""
    if json:
        print_json(report)
    else:
        print_line(str(report.output))


# Search


def print_hits(hits: "Sequence[Hit]", *, json: bool) -> None:
    """Print what one query found, the best first: title, source and text."""
    if json:
        print_json(hits)
        return
    if not hits:
        note("nothing found")
    for rank, hit in enumerate(hits, start=1):
        print_line(f"{rank}. {hit.title or hit.document_id}  (score {hit.score:.3f}, chunk {hit.chunk_id})")
        print_line(f"   {hit.source or hit.document_id}")
        print_line(f"   {' '.join(hit.text.split())}")


def print_table(table: "NeighborTable", *, chunks: int, k: int, json: bool) -> None:
    """Print what a neighbor table holds.

    Args:
        table: of a database's chunks.
        chunks: of that database.
        k: neighbors asked for.
        json: print one JSON value.
    """
    import numpy as np

    found = (np.asarray(table.ids) >= 0).sum(axis=1)
    summary = {
        "chunks": chunks,
        "k": k,
        "mode": table.mode,
        "version": table.version,
        "book": str(table.book.path),
        "mean_neighbors": round(float(found[found > 0].mean()), 2) if found.any() else 0.0,
    }
    if json:
        print_json(summary)
    else:
        print_line(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in summary.items()))


def print_search_quality(
    report: "RetrievalReport", *, json: bool, more: "Mapping[str, Any] | None" = None
) -> None:
    """Print recall, queries a second and latency; `more` is what the JSON value says besides."""
    if json:
        print_json(to_json(report) | dict(more or {}))
        return
    latency = report.latency_ms
    print_line(f"mode {report.mode}, index {report.index}, {report.queries} queries")
    print_line(f"recall@10 against exact search  {report.recall_at_10:.4f}")
    print_line(f"queries/s, all at once          {report.queries_per_second:,.0f}")
    print_line(f"latency of one, ms              p50 {latency.p50:.2f}, p99 {latency.p99:.2f}")


def print_answers(report: "AnswerReport", *, json: bool, more: "Mapping[str, Any] | None" = None) -> None:
    """Print exact match and F1 by mode; `more` is what the JSON value says besides."""
    if json:
        modes = {
            mode: {"exact_match": found.exact_match, "f1": found.f1, "interval": found.interval}
            for mode, found in report.modes.items()
        }
        counts = {"answer_recall": report.answer_recall, "questions": report.questions}
        print_json({"modes": modes} | counts | dict(more or {}))
        return
    recall = report.answer_recall
    share = "none has" if recall is None else f"what was found answers {recall:.1%} of those that have"
    print_line(f"{counted(report.questions, 'question')}; {share} an answer")
    print_line(f"{'mode':10}{'exact match':>12}{'95 %':>16}{'F1':>8}")
    for mode, found in report.modes.items():
        low, high = found.interval
        print_line(f"{mode:10}{found.exact_match:12.3f}{low:9.3f}…{high:.3f}{found.f1:9.3f}")


# Training


def print_trained(result: "TrainResult", *, json: bool) -> None:
    """Print where the model is, and what it took to make it."""
    note(f"{result.parameters:,} parameters, {counted(result.tokens, 'token')} in {result.seconds:.0f} s")
    if json:
        print_json(result)
    else:
        print_line(str(result.output))


def print_merged(folder: Path, *, json: bool) -> None:
    """Print where a merged model is, and its size."""
    size = (folder / "model.safetensors").stat().st_size
    note(f"{size / 1e6:,.1f} MB with the base")
    if json:
        print_json({"output": str(folder), "bytes": size})
    else:
        print_line(str(folder))


# Evaluation


def note_near_copies(report: "PerplexityReport", book: "Version") -> None:
    """Warn of documents that the book nearly contains: a gain on them is no help from retrieval."""
    near = report.near_copies
    if near is None or not near.documents:
        return
    named = [f"{name} ({share:.0%} of it)" for name, share in near.worst.items()]
    is_decontaminated = book.settings.decontaminate and book.layout.holdout.any()
    build = "" if is_decontaminated else ", or build the database with --holdout and --decontaminate"
    note(
        f"WARNING: {part_of(near.documents, near.evaluated, 'evaluated document', 'share')} "
        "runs of half a chunk "
        f"or more with what they retrieve: {', '.join(named[:_NAMED_NEAR_COPIES])}. Their losses measure "
        f"memory; look at the rows of little overlap{build}"
    )


def note_datastore(scorer: "KnnLmScorer") -> None:
    """Say what kNN-LM stored, and how it weighs that."""
    note(
        f"kNN-LM: {counted(len(scorer.datastore), 'token')} stored, lambda {scorer.weight:g}, "
        f"temperature {scorer.temperature:.3g}"
    )


def print_evaluation(
    evaluation: "Evaluation", *, json: bool, more: "Mapping[str, Any] | None" = None
) -> None:
    """Print all that was measured; `more` is what the JSON value says besides."""
    if json:
        print_json(evaluation.to_json() | dict(more or {}))
        return
    print_perplexity(evaluation.perplexity)
    print_growing(evaluation.growing)


def print_perplexity(report: "PerplexityReport") -> None:
    """Print a table of modes, and one of overlap."""
    from openbook.evaluate.report import modes_table, overlap_table

    _print_table(modes_table(report, words=False))
    _print_differences(report.differences)
    if report.memory is not None:
        _print_differences({"off": report.memory.without_book}, base="memory")
        if report.memory.beside_book is not None:
            _print_differences({"on": report.memory.beside_book}, base="on + memory")
        print_line(f"memory: {report.memory.chunks_found:.0%} of the chunks found something in their past")
    if report.ranker is not None:
        ranked = report.ranker
        print_line(
            f"ranked: reads {ranked.read:.2f} of {ranked.found:.2f} neighbors and keeps {ranked.kept} of "
            f"their gain; the search's first, as many, {ranked.kept_by_first}"
        )
    if not report.leakage:
        return
    print_line()
    print_line(f"overlap with the {report.overlap_neighbors} nearest:")
    _print_table(overlap_table(report, intervals=False))
    least = report.leakage[0]
    if least.differences:
        print_line(f"with an overlap of at most {least.max_overlap:.1%}:")
        _print_differences(least.differences)


def _print_table(table: "Table") -> None:
    for line in table.as_text():
        print_line(line)


def _print_differences(differences: "dict[str, Difference]", *, base: str = "on") -> None:
    for mode, difference in differences.items():
        between = "too few for an interval"
        if difference.low is not None and difference.high is not None:
            between = f"95 % between {difference.low:+.4f} and {difference.high:+.4f}"
        print_line(
            f"{mode} - {base}: {difference.bits_per_byte:+.4f} bits per byte, {between} "
            f"(documents: {difference.documents:,})"
        )


def print_growing(rows: "Sequence[GrowingRow]") -> None:
    """Print a table of shares of the book, with the 95 % interval of off minus each; nothing without any."""
    from openbook.evaluate.report import growing_table

    if rows:
        print_line()
        _print_table(growing_table(rows))


def print_harness(report: "HarnessReport", *, json: bool, more: "Mapping[str, Any] | None" = None) -> None:
    """Print a line for each metric of each task; as JSON, with `more`, without the single questions."""
    if json:
        values = to_json(report) | dict(more or {})
        print_json({name: value for name, value in values.items() if name != "samples"})
        return
    from openbook.evaluate.report import harness_table

    _print_table(harness_table(report))
    if report.retrieval:
        print_line(
            f"retrieval on: {counted(report.chunks_searched, 'different chunk')} of the questions looked up"
        )
    else:
        print_line("retrieval off")
