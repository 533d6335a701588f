"""What a paper says, as one text: title, abstract, and headings as words."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.lake import Dataset

COLUMNS = ("pmid", "title", "abstract")


def texts_of(papers: pa.Table | pa.RecordBatch, headings: pa.Table) -> pa.Array:
    """Join what is known of each paper, shape (papers,).

    Parameters
    ----------
    papers
        At least the columns named in `COLUMNS`.
    headings
        See `headings_of`.
    """
    parts = (
        plain_titles(papers),
        papers["abstract"],
        headings["words"].take(pc.index_in(papers["pmid"], headings["pmid"])),
    )
    return pc.binary_join_element_wise(*parts, " ", null_handling="replace", null_replacement="")


def plain_titles(papers: pa.Table | pa.RecordBatch) -> pa.Array:
    """Titles without their inline markup."""
    return pc.replace_substring_regex(papers["title"], r"</?(i|b|u|sub|sup)>", "")


def headings_of(topics: Dataset) -> pa.Table:
    """Headings and keywords of each paper that has some: columns pmid and words."""
    rows = topics.read(["pmid", "descriptor_ui"]).group_by("pmid")
    listed = rows.aggregate([("descriptor_ui", "list")])
    words = pc.binary_join(listed["descriptor_ui_list"], " ")
    return pa.table({"pmid": listed["pmid"], "words": words})
