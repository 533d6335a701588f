"""What people and platforms ask for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.serving import author_ids, evidence, roster, roster_decisions, suppressions
from pipeline.serving.database import open_database
from pipeline.serving.export import export as export_table
from pipeline.settings import Settings


def suppress(settings: Settings, who: str, now: datetime, created_by: str) -> int | None:
    """Leave a person alone from now on, as recipient and as suggestion.

    The evidence is taken from all that is known of them: ORCID iD, addresses on the roster, and the
    place of their name on each of their papers, so that it holds whatever id they get later.

    Parameters
    ----------
    who
        ORCID iD (any, also one that nothing here knows yet), author id (also one that was given
        up: it means who bears it now) or roster id.

    Returns
    -------
    Pieces of evidence that were not there before; None where `who` is no such id.
    """
    engine = open_database(settings)
    tables = lake.datasets(settings.lake_folder, ("identities", "authors", "redirects"))
    found = evidence.find_evidence(engine, who, tables)
    if found is None:
        return None
    count = suppressions.suppress(
        engine,
        now,
        created_by,
        author_id=found.author_id,
        former_ids=found.former_ids,
        orcid=found.orcid,
        mentions=found.mentions,
        address_hashes=found.address_hashes,
    )
    roster.resolve(engine)  # who is several authors is left alone as all of them
    return count


def export(settings: Settings, name: str, out: Path) -> int:
    """Write a lake table to a file, without the people who asked to be left out."""
    tables = lake.datasets(settings.lake_folder, {name, "identities", "authors", "redirects"})
    if not tables[name].layers:
        raise ConfrereError(f"[{settings.home}] has no {name} yet: run `confrere run` first")
    engine = open_database(settings)
    hidden = suppressions.suppressed_author_ids(engine, tables, settings)
    mentions = evidence.hidden_mentions(engine, hidden, tables["identities"])
    names = author_ids.names_of(hidden, tables["redirects"])
    return export_table(tables[name], tables["authors"], names, mentions, out)


def decided_pairs(settings: Settings) -> pa.Table:
    """Give what humans decided about the roster as labelled pairs of mentions, for training.

    Returns
    -------
    pmid, position, other_pmid, other_position, is_same (bool); each pair once, the smaller key
    first, all of them in the table `mentions`.
    """
    tables = lake.datasets(settings.lake_folder, roster_decisions.TABLES)
    return roster_decisions.decided_pairs(open_database(settings), tables, settings)
