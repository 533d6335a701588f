"""A stand-in for PubMed that goes wrong, and the settings to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline.demo.corpus import Drawn, DrawnCorpus
from pipeline.demo.faults import Fault, Faults
from pipeline.demo.server import PubMedStandIn, serve
from pipeline.ingest.fetch.patience import Patience
from pipeline.ingest.spool import query_hash
from pipeline.settings import Settings
from tests.ingest.conftest import KEY
from tests.ingest.drawn import article

DAY = date(2026, 3, 2)
NEW = f"new/{DAY}@{query_hash('all[sb]')}"
SHORT = Patience(tries=3, first_pause=0.001, read=60, total=1, gap=0)
"""The read timeout is as long as in production: what must end the wait is the total."""


def corpus(*pmids: int) -> DrawnCorpus:
    return DrawnCorpus({pmid: Drawn(pmid, DAY, DAY, article(pmid)) for pmid in pmids}, [7, 8])


@contextmanager
def serving(
    home: Path, faults: Faults | None = None, key: str = KEY
) -> Iterator[tuple[PubMedStandIn, Settings]]:
    with serve(corpus(11, 12, 13), DAY, faults) as pubmed:
        yield (
            pubmed,
            Settings(
                home=home,
                pubmed_query="all[sb]",
                pubmed_since=f"{DAY}",
                eutils_url=pubmed.eutils_url,
                deleted_pmids_url=pubmed.deleted_pmids_url,
                ncbi_api_key=key,
                request_seconds=4,
            ),
        )


SLOW = [Fault.STALL_BEFORE, Fault.STALL_WITHIN, Fault.DRIP, Fault.DRIP_HEADERS]
"""Faults that only a timeout ends."""
