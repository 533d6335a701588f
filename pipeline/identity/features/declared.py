"""Every feature of a pair of mentions, declared once: name, group, direction, meaning."""

from __future__ import annotations

from typing import NamedTuple


class Feature(NamedTuple):
    """One number about a pair; NaN where it is not printed, which is normal.

    `direction` is 1 where more of it never makes the two less likely to be one person, -1 where it
    never makes them more likely, 0 where that is not known.
    """

    name: str
    group: str
    direction: int
    meaning: str


FEATURES = (
    Feature("first_name", "names", 1, "likeness of whole first names; 1 equal, hyphens apart"),
    Feature("middle_names", "names", 1, "1 equal, 0.5 one the initial of the other, 0 different"),
    Feature("initials", "names", 1, "1 equal, 0.5 one has more of them, 0 different"),
    Feature("last_name", "names", 1, "1 equal, less where swapped, compound or spelt otherwise"),
    Feature("suffix", "names", 1, "1 equal, 0 different"),
    Feature("whole_names", "names", 0, "how many of the two print a whole first name"),
    Feature("middle_count", "names", 0, "how many of the two print a middle name"),
    Feature("last_name_share", "frequency", -1, "ln share of mentions with the last name"),
    Feature("first_name_share", "frequency", -1, "ln share of mentions with it, if equal"),
    Feature("coauthors", "coauthors", 1, "shared coauthors (last name, initial), by rarity"),
    Feature("coauthor_names", "coauthors", 1, "shared coauthors (whole names), by rarity"),
    Feature("coauthor_cosine", "coauthors", 1, "share of the coauthors that are shared, by rarity"),
    Feature("fewer_authors", "coauthors", 0, "ln names on the paper with fewer"),
    Feature("more_authors", "coauthors", 0, "ln names on the paper with more"),
    Feature("affiliation", "affiliation", 1, "likeness of the words of their affiliations"),
    Feature("near_affiliation", "affiliation", 1, "the same, the paper's first for want of one"),
    Feature("paper_affiliation", "affiliation", 1, "likeness of all affiliations of the papers"),
    Feature("place", "affiliation", 1, "likeness of the ends of their affiliations: city, country"),
    Feature("institution", "affiliation", 1, "same institution"),
    Feature("department", "affiliation", 1, "likeness of the words of their departments"),
    Feature("country", "affiliation", 1, "same country"),
    Feature("email", "email", 1, "same e-mail address printed with either"),
    Feature("email_domain", "email", 1, "same e-mail domain printed with either, by rarity"),
    Feature("orcid", "orcid", 1, "1 same ORCID iD, 0 another"),
    Feature("topics", "topics", 1, "shared MeSH headings and keywords, by rarity"),
    Feature("topic_cosine", "topics", 1, "share of the headings that are shared, by rarity"),
    Feature("title", "text", 1, "likeness of the titles"),
    Feature("text", "text", 1, "likeness of titles and abstracts"),
    Feature("subject", "text", 1, "likeness of words, headings and journal together"),
    Feature("journal", "journal", 1, "same journal, by rarity; 0 another"),
    Feature("years_apart", "years", -1, "years between the papers"),
    Feature("earlier_year", "years", 0, "year of the earlier paper: what is printed changed"),
    Feature("grants", "grants", 1, "shared grants, by rarity"),
    Feature("cites", "references", 1, "one paper cites the other"),
    Feature("references", "references", 1, "shared references, by rarity"),
    Feature("language", "language", 1, "1 same language, 0 another"),
    Feature("foreign_language", "language", 0, "papers of the two that are not in English"),
)  # fmt: skip

DIRECTIONS = {feature.name: feature.direction for feature in FEATURES}

GROUPS = tuple(dict.fromkeys(feature.group for feature in FEATURES))
"""Groups in the order of their first feature."""
