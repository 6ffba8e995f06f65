"""The verb `serve`: a model and its books over HTTP, for OpenAI's clients, MCP clients and browsers."""

from pathlib import Path

from openbook.cli.options.cluster_options import Ray, Replicas, check_cluster_options
from openbook.cli.options.reading_options import ReadPrecision
from openbook.cli.options.serve_options import (
    DEFAULT_FOLLOW,
    DEFAULT_KEPT_MIB,
    AllowEdits,
    AllowHost,
    ApiKey,
    ApiKeyFile,
    Follow,
    Host,
    KeptMiB,
    LongestText,
    MaxBatch,
    MaxWaiting,
    NamedBooks,
    Port,
    ServedName,
)
from openbook.cli.options.shared_options import AllowMissingShards, DatabaseArgument
from openbook.cli.options.writing_options import Judge, WritingModel
from openbook.cli.served_replicas import serve_replicas


def serve(
    model: WritingModel,
    db: DatabaseArgument,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    allow_host: AllowHost = None,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    book: NamedBooks = None,
    allow_edits: AllowEdits = False,
    name: ServedName = None,
    max_batch: MaxBatch = 8,
    max_waiting: MaxWaiting = 64,
    max_tokens: LongestText = 4096,
    allow_missing_shards: AllowMissingShards = False,
    keep_read: KeptMiB = DEFAULT_KEPT_MIB,
    read_precision: ReadPrecision = "float32",
    judge: Judge = False,
    follow: Follow = DEFAULT_FOLLOW,
    ray: Ray = None,
    replicas: Replicas = None,
) -> None:
    """Serve a model and its books: OpenAI's routes, with sources, and a page.

    What comes in while others are written joins them. SIGTERM and Ctrl-C finish what runs. Whoever reaches
    the address may ask, unless there is a key. With --ray several replicas answer, on one machine or many;
    one that is lost is replaced, and costs only what it was answering (docs/cluster.md).

    Example: openbook serve mymodel mybook --port 8000

    openbook serve HuggingFaceTB/SmolLM2-135M-Instruct mybook --book manuals=manuals --allow-edits
    """
    from openbook.cli.console import note
    from openbook.cli.served import Served, note_ending, read_api_key, require_serving, server_of

    require_serving()
    check_cluster_options(ray, replicas=replicas)
    from openbook.serve.server_settings import ServerSettings

    key = read_api_key(api_key, api_key_file)
    settings = ServerSettings(
        host=host,
        allow_hosts=tuple(allow_host or ()),
        api_key=key,
        allow_edits=allow_edits,
        max_tokens=max_tokens,
    )
    if not settings.is_local and key is None:
        note(f"warning: anybody who reaches {host} may ask; a key is asked for with --api-key-file FILE")
    served = Served(
        model,
        Path(db),
        book or [],
        name=name,
        max_batch=max_batch,
        max_waiting=max_waiting,
        allow_missing_shards=allow_missing_shards,
        kept_mib=keep_read,
        read_precision=read_precision,
        judge=judge,
        follow=follow,
    )
    if ray is not None:
        serve_replicas(served, settings, ray=ray, replicas=replicas or 1, port=port)
        return
    from openbook.serve.server_process import bind, run_server

    with bind(host, port) as bound:  # an address that is taken is told before a model is loaded
        state = server_of(served, settings)

        from openbook.serve.app import make_app

        books = ", ".join(state.books.names)
        run_server(
            make_app(state),
            bound,
            host,
            on_ready=lambda url: note(f"{state.model_name} reads {books} at {url} (Ctrl-C ends)"),
            on_ending=note_ending,
        )
