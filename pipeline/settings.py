"""Settings: read once at a door (command line, DAG, web server) and passed on as an argument."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

from pipeline.errors import WrongUse

PREFIX = "CONFRERE_"
_KINDS = {"Path": Path, "str": str, "int": int, "float": float}


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"meaning": meaning}, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a run can be told. Each field is also the environment variable CONFRERE_<FIELD>."""

    home: Path = _setting(
        Path(".confrere"), "folder that holds the lake, the database and the outbox"
    )
    database_url: str = _setting(
        "", "SQLAlchemy URL of the serving database; empty: SQLite in home", secret=True
    )
    pubmed_query: str = _setting(
        "", "PubMed query that selects the nightly records, e.g. `Geneva[ad]`"
    )
    pubmed_since: str = _setting(
        "", "first day to fetch, YYYY-MM-DD; empty: thirty days before the first run"
    )
    eutils_url: str = _setting(
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/", "base address of the E-utilities"
    )
    deleted_pmids_url: str = _setting(
        "https://ftp.ncbi.nlm.nih.gov/pubmed/deleted.pmids.gz",
        "PubMed's list of deleted PMIDs; empty: do not ask",
    )
    pubmed_mirror: str = _setting(
        "",
        "address or folder with PubMed's `baseline/` and `updatefiles/`, e.g. https://ftp.ncbi.nlm.nih.gov/pubmed/; empty: not followed",
    )
    pubmed_year: str = _setting(
        "",
        "two-digit year of the baseline to follow, e.g. 26; empty: the year of the first file ever read",
    )
    smallest_file_share: float = _setting(
        0.01,
        "smallest share of the usual records and bytes (median) that a baseline or update file may have; 0 accepts any",
    )
    ncbi_api_key: str = _setting(
        "", "NCBI API key: ten requests a second instead of three", secret=True
    )
    ncbi_email: str = _setting(
        "", "address NCBI may write to about our requests (their usage policy asks for it)"
    )
    ncbi_tool: str = _setting("confrere", "name under which we call the E-utilities")
    request_seconds: float = _setting(
        180.0, "seconds that one request to PubMed may take, with all its tries"
    )
    records_per_commit: int = _setting(
        30_000, "papers read between commits to the lake: what a crash may cost"
    )
    half_life_years: float = _setting(2.0, "years after which a joint paper counts half")
    author_cap: int = _setting(50, "papers with more authors than this give no edges")
    active_months: int = _setting(
        60, "months within which a served or suggested author has published"
    )
    recommendations_per_author: int = _setting(20, "suggestions kept for each author")
    diversity: float = _setting(
        0.97,
        "worth of a suggestion beside the one before that is reached through the same person, 0 to 1; 1: off",
    )
    novelty: float = _setting(
        0.0, "weight of who shares no coauthor, 0 to 1; 1: their chance counts twice; 0: off"
    )
    impression_discount: float = _setting(
        0.8,
        "worth of a suggestion after each time it was shown without reaction, 0 to 1; 1: off",
    )
    exposure_cap: int = _setting(
        200, "most authors to whom anybody is suggested in one night; 0: off"
    )
    slot_span: int = _setting(
        10, "number of first suggestions among which slots are; their upper half is never given up"
    )
    slot_floor: float = _setting(
        0.5, "smallest chance of who gets a slot, as a share of the chance of whom it pushes out"
    )
    other_institution_slots: int = _setting(
        1, "smallest number from another institution among the first suggestions; 0: off"
    )
    other_department_slots: int = _setting(
        1, "smallest number from another department among the first suggestions; 0: off"
    )
    early_career_share: float = _setting(
        0.1,
        "smallest share of people with less than five years of papers among the first suggestions; 0: off",
    )
    runs_kept: int = _setting(5, "published runs kept in the serving database")
    smallest_share: float = _setting(
        0.5,
        "smallest share that a new run may have of the usual rows (median of seven runs) and of the people served before; 0 accepts any",
    )
    engine: str = _setting("duckdb", "SQL engine: duckdb, or spark (needs the spark extra)")
    memory_limit: str = _setting("1GB", "memory DuckDB may use before it spills to disk")
    threads: int = _setting(2, "threads of the SQL engine")
    api_access: str = _setting(
        "open", "who may ask API and pages: open: everybody who reaches them; keys: who has a key"
    )
    api_rate_limit: str = _setting(
        "600/minute",
        "requests that one key, or one address without a key, may make; empty: any number",
    )
    mail_from: str = _setting("Confrere <confrere@localhost>", "From header of digests")
    secret_key: str = _setting(
        "",
        "key of the hashes of addresses; empty: made once and kept in home",
        secret=True,
    )

    def __post_init__(self) -> None:
        for name in (
            "records_per_commit",
            "author_cap",
            "active_months",
            "recommendations_per_author",
            "slot_span",
            "runs_kept",
            "threads",
        ):
            if getattr(self, name) < 1:
                raise WrongUse(
                    f"[setting {name}] is {getattr(self, name)}: give a number of 1 or more"
                )
        for name in ("exposure_cap", "other_institution_slots", "other_department_slots"):
            if getattr(self, name) < 0:
                raise WrongUse(
                    f"[setting {name}] is {getattr(self, name)}: give a number of 0 or more"
                )
        for name in ("half_life_years", "request_seconds"):
            if not getattr(self, name) > 0:
                raise WrongUse(f"[setting {name}] is {getattr(self, name)}: give a number above 0")
        for name in (
            "smallest_share",
            "smallest_file_share",
            "diversity",
            "novelty",
            "impression_discount",
            "slot_floor",
            "early_career_share",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise WrongUse(
                    f"[setting {name}] is {getattr(self, name)}: give a number from 0 to 1"
                )
        slots = self.other_institution_slots + self.other_department_slots
        slots += ceil(round(self.early_career_share * self.slot_span, 9))
        if slots > self.slot_span // 2:
            raise WrongUse(
                f"[setting slot_span] is {self.slot_span}: at most {self.slot_span // 2} of these may "
                f"be slots, but {slots} are asked for; give a larger span or fewer slots"
            )
        if not re.fullmatch("([0-9]{2})?", self.pubmed_year):
            raise WrongUse(
                f"[setting pubmed_year] is {self.pubmed_year!r}: give two digits such as 26"
            )
        if self.api_access not in ("open", "keys"):
            raise WrongUse(f"[setting api_access] is {self.api_access!r}: give open or keys")
        if not re.fullmatch("([1-9][0-9]{0,8}/(second|minute|hour|day))?", self.api_rate_limit):
            raise WrongUse(
                f"[setting api_rate_limit] is {self.api_rate_limit!r}: give e.g. 600/minute"
            )
        if self.engine not in ("duckdb", "spark"):
            raise WrongUse(f"[setting engine] is {self.engine!r}: give duckdb or spark")

    def active_since(self, as_of: date) -> date:
        """First day of the time within which a served or suggested author has published."""
        return months_before(as_of, self.active_months)

    @property
    def lake_folder(self) -> Path:
        """Folder of the Parquet tables."""
        return self.home / "lake"

    @property
    def spool_folder(self) -> Path:
        """Folder of fetched PubMed XML that waits to be read."""
        return self.home / "spool"

    @property
    def refused_folder(self) -> Path:
        """Folder of fetched files that could not be read."""
        return self.spool_folder / "refused"

    @property
    def scratch_folder(self) -> Path:
        """Folder of temporary files; may be emptied whenever nothing runs."""
        return self.home / "scratch"

    @property
    def ranker_file(self) -> Path:
        """The ranker of collaborators that was trained here, if any was."""
        return self.home / "models" / "ranker.json"

    @property
    def matcher_file(self) -> Path:
        """The matcher of authorships that was trained here and promoted, if any was."""
        return self.home / "models" / "same_author.json"

    @property
    def outbox_folder(self) -> Path:
        """Folder of written digests (.eml)."""
        return self.home / "outbox"


def months_before(day: date, months: int) -> date:
    """Same day of the month, `months` earlier; the 29th and later become the 28th."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, min(day.day, 28))


def to_environment(settings: Settings) -> dict[str, str]:
    """Write settings as `CONFRERE_*` variables: what `from_environment` reads back."""
    return {
        PREFIX + f.name.upper(): str(getattr(settings, f.name))
        for f in dataclasses.fields(settings)
    }


def from_environment(environ: Mapping[str, str], home: Path | None = None) -> Settings:
    """Read settings from `CONFRERE_*` variables; `home`, when given, wins.

    Raises
    ------
    WrongUse
        A variable is unknown or its value cannot be read; the message names it.
    """
    fields = {f.name: f for f in dataclasses.fields(Settings)}
    values: dict[str, object] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in fields:
            raise WrongUse(f"[{variable}] is no setting: `confrere check` lists them")
        kind: Callable[[str], object] = _KINDS[str(fields[name].type)]
        try:
            values[name] = kind(text)
        except ValueError:
            raise WrongUse(f"[{variable}] is {text!r}: give a number") from None
    if home is not None:
        values["home"] = home
    return Settings(**values)  # type: ignore[arg-type]  # each value was made by its field's own type
