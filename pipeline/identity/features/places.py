"""How alike the affiliations of two mentions are, and the e-mail addresses printed in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.overlap import Items, collect, take
from models.text import HashedTfidf
from pipeline import engine, lake
from pipeline.identity.affiliations import parse as affiliation
from pipeline.identity.features.asked import HERE, Asked, Ints, Reals, as_reals
from pipeline.identity.features.words import without_addresses
from pipeline.settings import Settings

_ADDRESS = r"(?P<local>[\w.+'-]+)@(?P<domain>[\w-]+(?:\.[\w-]+)+)"
_END = r"([^,;]+,[^,;]+)$"


def place_features(
    asked: Asked, current: Mapping[str, lake.Dataset], words: HashedTfidf, settings: Settings
) -> dict[str, Reals]:
    """Compare affiliations as words, by their parts, and by the e-mail addresses in them.

    Where a mention has none of its own, as before 2014 all but the first author of a paper, the
    first one on the paper stands in.
    """
    owners, printed = _paper_affiliations(asked, current, settings)
    own = without_addresses(pc.binary_join(asked.mentions["affiliations"].combine_chunks(), "; "))
    is_own = pc.greater(pc.utf8_length(own), 0)
    near = pc.if_else(is_own, own, _first_of_papers(asked, owners, printed))
    whole = _joined(owners, without_addresses(printed), asked.pmids.size)

    def alike(texts: pa.Array) -> Reals:
        return asked.mentions_share(_weighed(texts, words)).cosine

    parts = {name: _parsed(near, name) for name in ("affiliation_key", "department", "country")}
    return {
        "affiliation": alike(own),
        "near_affiliation": alike(near),
        "paper_affiliation": asked.papers_share(_weighed(whole, words)).cosine,
        "place": alike(_ends(near)),
        "department": alike(pc.fill_null(parts["department"], "")),
        "institution": _equal(asked, parts["affiliation_key"]),
        "country": _equal(asked, parts["country"]),
        **_emails(asked, owners, printed),
    }


def _first_of_papers(asked: Asked, owners: Ints, printed: pa.Array) -> pa.Array:
    """The first affiliation on the paper of each mention; empty where there is none."""
    has, first = np.unique(owners, return_index=True)
    texts = pa.concat_arrays([without_addresses(printed.take(pa.array(first))), pa.array([""])])
    place_of_paper = np.full(asked.pmids.size, has.size)
    place_of_paper[has] = np.arange(has.size)
    paper_of = np.searchsorted(asked.pmids, asked.mentions["pmid"].to_numpy())
    return texts.take(pa.array(place_of_paper[paper_of]))


def _weighed(texts: pa.Array, words: HashedTfidf) -> Items:
    """Weigh the words of each text; of equal ones once."""
    coded = texts.dictionary_encode()
    return take(words.transform(coded.dictionary.to_pylist()), coded.indices.to_numpy())


def _parsed(texts: pa.Array, part: str) -> pa.Array:
    """One part of each affiliation, parsed once for each distinct text."""
    coded = texts.dictionary_encode()
    parsed = [getattr(affiliation.parse(text), part) for text in coded.dictionary.to_pylist()]
    return pa.array(parsed, pa.string()).take(coded.indices)


def _equal(asked: Asked, values: pa.Array) -> Reals:
    one, other = (values.take(pa.array(side)) for side in (asked.one, asked.other))
    return as_reals(pc.equal(one, other))


def _ends(affiliations: pa.Array) -> pa.Array:
    """City and country: the last two parts between commas of the first affiliation."""
    first = pc.list_element(pc.split_pattern(affiliations, ";"), 0)
    plain = pc.utf8_trim(pc.replace_substring_regex(first, r"[\d.]+", " "), " ")
    parts = pc.split_pattern(plain, ",", max_splits=2, reverse=True)
    return pc.binary_join(pc.list_slice(parts, 1), " ")


def _paper_affiliations(
    asked: Asked, current: Mapping[str, lake.Dataset], settings: Settings
) -> tuple[Ints, pa.Array]:
    """All affiliations printed on the papers: row of the paper, text; each once a paper."""
    wanted = pa.table({"pmid": asked.pmids})
    file = HERE / "paper_affiliations.sql"
    rows = engine.fetch(file, {**current, "asked": wanted}, {}, settings).combine_chunks()
    lists = rows["affiliations"].combine_chunks()
    printed = pa.table(
        {
            "pmid": rows["pmid"].combine_chunks().take(pc.list_parent_indices(lists)),
            "text": pc.list_flatten(lists),
        }
    )
    distinct = printed.group_by(["pmid", "text"], use_threads=False).aggregate([]).combine_chunks()
    owners = np.searchsorted(asked.pmids, distinct["pmid"].to_numpy())
    return owners, distinct["text"].combine_chunks()


def _joined(owners: Ints, texts: pa.Array, owner_count: int) -> pa.Array:
    """One text an owner, empty where there is none."""
    order = np.argsort(owners, kind="stable")
    starts = np.searchsorted(owners[order], np.arange(owner_count + 1))
    lists = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), texts.take(pa.array(order)))
    return pc.binary_join(lists, "; ")


def _emails(asked: Asked, owners: Ints, printed: pa.Array) -> dict[str, Reals]:
    """Compare the first address in each affiliation of the papers, and its domain."""
    found = pc.extract_regex(pc.utf8_lower(printed), _ADDRESS)
    has = pc.is_valid(found).to_numpy(zero_copy_only=False)
    domains = pc.utf8_rtrim(pc.struct_field(found, "domain"), ".")
    addresses = pc.binary_join_element_wise(pc.struct_field(found, "local"), domains, "@")
    size = asked.pmids.size
    shared = asked.papers_share(
        _printed_items(owners[has], addresses.filter(found.is_valid()), size)
    )
    domain = asked.papers_share(_printed_items(owners[has], domains.filter(found.is_valid()), size))
    return {"email": np.minimum(shared.shared, 1.0), "email_domain": domain.shared}


def _printed_items(owners: Ints, texts: pa.Array, owner_count: int) -> Items:
    """Weigh each distinct text by its rarity among the owners that print one."""
    coded = texts.dictionary_encode()
    rows = np.unique(np.stack([owners, coded.indices.to_numpy()]), axis=1)
    counts = np.bincount(rows[1], minlength=1)
    total = np.unique(owners).size + 1
    return collect(rows[0], rows[1], np.log(total / counts[rows[1]]), owner_count)
