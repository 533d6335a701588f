"""ORCID iDs as people write them."""

from __future__ import annotations

import re

_PRINTED = re.compile(
    r"(?:https?://)?(?:www\.)?(?:orcid\.org/|orcid:?\s*)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dX])/?",
    re.IGNORECASE | re.ASCII,
)


def printed_orcid(text: str) -> str | None:
    """Give an ORCID iD as 0000-0000-0000-000X; None where `text` is none or its checksum is wrong.

    The last character is an ISO 7064 MOD 11-2 checksum.

    >>> printed_orcid("https://orcid.org/0000000218250097")
    '0000-0002-1825-0097'
    >>> printed_orcid("0000-0002-1825-0098") is None
    True
    """
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        return None
    digits = "".join(match.groups()).upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = "0123456789X"[(12 - total % 11) % 11]
    return "-".join(part.upper() for part in match.groups()) if digits[-1] == check else None
