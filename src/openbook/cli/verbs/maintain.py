"""The verbs that look after a database: info, compact, verify."""

import typer

from openbook.cli.console import bar, note
from openbook.cli.options import DatabaseArgument, Excluded, Json, Repair
from openbook.cli.output import note_sizes, print_excluded, print_info, print_problems


def info(db: DatabaseArgument, excluded: Excluded = False, json: Json = False) -> None:
    """Describe a database: counts, sizes, encoder, recall, versions.

    Example: openbook info mybook
    """
    from openbook.database import Version

    database = Version.open(db)
    if excluded:
        print_excluded(database.excluded(), json=json)
    else:
        print_info(database, json=json)


def compact(db: DatabaseArgument, json: Json = False) -> None:
    """Reclaim the space of removed and replaced documents. Chunks get new numbers.

    Example: openbook compact mybook
    """
    from openbook.database import Database

    database = Database.open(db)
    before = database.info()
    with bar("copying tokens") as progress:
        database.compact(progress=progress)
    note_sizes(before, database.info())
    print_info(database.opened, json=json)


def verify(db: DatabaseArgument, repair: Repair = False, json: Json = False) -> None:
    """Check every file of a database; exit code 1 if something is damaged.

    Example: openbook verify mybook --repair
    """
    from openbook.database import repair as repair_database
    from openbook.database import verify as verify_database

    with bar("checking tokens") as progress:
        check = repair_database if repair else verify_database
        report = check(db, progress=progress)
    print_problems(report, json=json)
    if report.ok:
        note("sound")
        return
    if not repair:
        note(f"files that can be made from others are repaired by: openbook verify {db} --repair")
    raise typer.Exit(1)
