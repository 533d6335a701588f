"""What pairs of mentions say about being one person: numbers for the matcher."""

from pipeline.identity.features.declared import DIRECTIONS, FEATURES, GROUPS, Feature
from pipeline.identity.features.measured import TABLES_OF_FEATURES, pair_features
from pipeline.identity.features.words import Words, as_rows, from_rows, learn_words

__all__ = [
    "DIRECTIONS",
    "FEATURES",
    "GROUPS",
    "TABLES_OF_FEATURES",
    "Feature",
    "Words",
    "as_rows",
    "from_rows",
    "learn_words",
    "pair_features",
]
