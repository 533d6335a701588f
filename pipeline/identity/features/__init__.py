"""What pairs of mentions say about being one person: numbers for the matcher."""

from pipeline.identity.features.declared import DIRECTIONS, FEATURES, GROUPS, Feature
from pipeline.identity.features.measured import TABLES_OF_FEATURES, pair_features

__all__ = ["DIRECTIONS", "FEATURES", "GROUPS", "TABLES_OF_FEATURES", "Feature", "pair_features"]
