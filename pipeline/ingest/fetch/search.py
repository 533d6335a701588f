"""All PMIDs of a slice, although PubMed lists at most 9,999 for one search.

What is too long is cut in two until it fits: days first, then the PMIDs of one day. The counts of
the parts must sum to the count of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median_low

from pipeline.errors import Incomplete
from pipeline.ingest.fetch.answers import MOST_IDS, Listing, read_listing
from pipeline.ingest.fetch.http import Http
from pipeline.ingest.spool import Slice

DATE_FIELD = {"new": "CRDT", "revised": "LR"}
TRIES = 3
"""Times that a search is cut in two before its count is called unsteady."""

_LAST_PMID = 99_999_999


@dataclass(frozen=True, slots=True)
class _Search:
    """A slice, or a part of one: some of its days, or some PMIDs (both included) of one day."""

    http: Http
    query: str
    part: Slice
    name: str
    pmids: tuple[int, int] | None = None

    def own(self) -> list[str]:
        """What of the term is ours and not of the query."""
        days = [f"{day:%Y/%m/%d}" for day in (self.part.first, self.part.last)]
        return days if self.pmids is None else [*days, "{}:{}".format(*self.pmids)]

    def term(self) -> str:
        """What PubMed is asked for."""
        part, tag = self.part, DATE_FIELD[self.part.kind]
        first, last = (f'"{day:%Y/%m/%d}"[{tag}]' for day in (part.first, part.last))
        days = first if part.first == part.last else f"({first} : {last})"
        pmids = "" if self.pmids is None else " AND {}:{}[UID]".format(*self.pmids)
        return f"({self.query}) AND {days}{pmids}"

    def ask(self) -> Listing:
        form = {"term": self.term(), "retmax": str(MOST_IDS), "retmode": "xml"}
        return self.http.post(
            "esearch.fcgi", form, self.name, lambda body: read_listing(body, self.name, self.own())
        )

    def halves(self, listed: list[int]) -> tuple[_Search, _Search]:
        """Two parts without a record in common, and with all of this one between them."""
        first, last = self.part.first, self.part.last
        if first < last:
            middle = first + (last - first) // 2
            return (
                replace(self, part=replace(self.part, last=middle)),
                replace(self, part=replace(self.part, first=middle + timedelta(days=1))),
            )
        # some that are listed lie on either side, so that each part is smaller than the whole
        low, high = self.pmids or (1, _LAST_PMID)
        cut = median_low(listed)
        return replace(self, pmids=(low, cut)), replace(self, pmids=(cut + 1, high))


def pmids_of(http: Http, query: str, part: Slice) -> list[int]:
    """List the PMIDs of a slice in order.

    Raises
    ------
    Incomplete
        The count kept changing, or the parts never summed to it.
    QueryRejected
        PubMed does not understand the query.
    """
    return sorted(_found(_Search(http, query, part, part.name)))


def _found(search: _Search) -> list[int]:
    told = ""
    for _ in range(TRIES):
        listing = search.ask()
        if listing.count <= MOST_IDS:
            return listing.ids
        ids = [pmid for half in search.halves(listing.ids) for pmid in _found(half)]
        if len(ids) == len(set(ids)) == listing.count:
            return ids
        told = f"PubMed counts {listing.count} records but {len(set(ids))} over its halves"
    raise Incomplete(f"[{search.name}] {told}, asked {TRIES} times: run again later")
