"""Errors that a person can act on.

Each message names the record, file or setting concerned and the remedy, on one line. The command
line prints that line and no traceback.
"""

from __future__ import annotations


class ConfrereError(Exception):
    """Something failed; what is served did not change (exit code 1)."""


class WrongUse(ConfrereError):
    """The request itself cannot be met: unknown name, bad option, bad setting (exit code 2)."""


class UpstreamError(ConfrereError):
    """PubMed did not answer, or answered with something that is no answer; try again later."""


class RateLimited(UpstreamError):
    """PubMed asked us to slow down, and kept asking."""


class TimedOut(UpstreamError):
    """PubMed's answer did not end within the time it may take."""


class Incomplete(UpstreamError):
    """PubMed's answers do not add up: counts that differ, records that were not asked for."""


class QueryRejected(ConfrereError):
    """PubMed does not understand the query; trying again does not help."""


class BadCredentials(ConfrereError):
    """PubMed refused the API key; trying again does not help."""
