"""Names as people type them: without case, accents and punctuation."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# letters that Unicode does not take apart into a base letter and an accent
_LETTERS = dict(zip("øłđðßæœþı", ("o", "l", "d", "d", "ss", "ae", "oe", "th", "i"), strict=True))


def fold_names(names: pa.Array) -> pa.Array:
    """Fold names for comparing: `Zoë O'Néill-Løv` becomes `zoe o neill lov`."""
    folded = pc.utf8_lower(pc.utf8_normalize(names, "NFKD"))
    folded = pc.replace_substring_regex(folded, r"\p{M}", "")
    for letter, plain in _LETTERS.items():
        folded = pc.replace_substring(folded, letter, plain)
    return pc.utf8_trim(pc.replace_substring_regex(folded, r"[^\p{L}\p{N}]+", " "), " ")


def fold_name(name: str) -> str:
    """Fold one name, by the same rules."""
    folded: str = fold_names(pa.array([name], pa.string()))[0].as_py()
    return folded
