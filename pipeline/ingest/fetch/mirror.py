"""PubMed's baseline and update files from an HTTPS mirror or a local folder, into the spool.

The files of a year are one log: the baseline, `pubmed26n0001.xml.gz` and on, then update files that
number on from it. They are planned in number order up to the first gap, and never beyond the year
that is followed. Nothing is believed because it arrived: md5, the whole gzip stream, the end of the
document and its size are checked before a file gets its name in the spool.

The address holds `baseline/` and `updatefiles/`, as https://ftp.ncbi.nlm.nih.gov/pubmed/ does.
"""

from __future__ import annotations

import hashlib
import html
import logging
import os
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin, urlsplit

from pipeline import lake
from pipeline.errors import BadCredentials, UpstreamError, WrongUse
from pipeline.ingest.fetch.http import Http
from pipeline.ingest.fetch.whole import Size, check_plausible, check_whole
from pipeline.ingest.log_files import LogFile, files_of, gapless, log_files, piece_names
from pipeline.settings import Settings

FOLDERS = ("baseline", "updatefiles")

LISTING = "files/listing"
"""Piece for all that is pending on a mirror that could not be listed."""

_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_MD5 = re.compile(r"\b[0-9a-f]{32}\b", re.IGNORECASE)

logger = logging.getLogger(__name__)

Listing = Mapping[str, str]
"""Files of the mirror, and their `.md5` files: name to address or path."""


def pending_files(sources: lake.Dataset, spooled: Collection[str], settings: Settings) -> list[str]:
    """Name the pieces of the mirror that neither the ledger nor the spool has, in number order.

    A piece is one file or a run of up to 20, `files/pubmed26n0001..pubmed26n0020`. What may not be
    read yet ends the plan as a piece of its own, so that its fetch fails and says what to do: the
    file that is missing where the numbers have a gap, and the first file of a later year. Behind
    either nothing is planned. Where the mirror cannot be listed, `files/listing` stands for all
    that it has, so that the night's slices are fetched all the same.

    Parameters
    ----------
    sources
        The ledger.
    spooled
        Names of files that were fetched and not read yet.

    Raises
    ------
    WrongUse
        The mirror is no address or folder, or has no file of the year to follow.
    """
    had = [*sources.read(["name"]).column("name").to_pylist(), *spooled]
    try:
        return _pending(had, settings)
    except (UpstreamError, BadCredentials) as error:
        logger.warning("%s", error)
        return [LISTING]


def _pending(names: Collection[str], settings: Settings) -> list[str]:
    """Pieces of a mirror that can be listed, without the files of `names`."""
    with Http.open(settings) as http:
        listed = log_files(_listing(http, settings))
    had = log_files(names)
    year = _followed_year(had, listed, settings)
    numbers, missing = gapless(
        {file.number for file in listed if file.year == year},
        {file.number for file in had if file.year == year},
        is_complete=_is_remote(settings.pubmed_mirror),
    )
    pieces = piece_names(year, numbers)
    if missing is not None:
        pieces += piece_names(year, [missing])
    later = [file for file in listed if file.year > year]
    if later:
        pieces += piece_names(later[0].year, [later[0].number])
    return pieces


def fetch_files(name: str, settings: Settings) -> int:
    """Fetch the files of a piece into the spool, each whole or not at all; return their records.

    Files that the spool or the ledger has are left out, so a piece that failed goes on where it
    stopped.

    Raises
    ------
    UpstreamError, RateLimited, BadCredentials
        The mirror did not answer, has no such file, or one that is damaged.
    ConfrereError
        A file is implausibly small.
    WrongUse
        The file is of another year than the one followed, or the name is no piece.
    """
    settings.spool_folder.mkdir(parents=True, exist_ok=True)
    ledger = lake.read(settings.lake_folder, "sources").read().to_pylist()
    sizes = {row["name"]: Size(row.get("byte_count"), row["record_count"]) for row in ledger}
    had = {*sizes, *(path.name for path in settings.spool_folder.iterdir())}
    if name == LISTING:
        return sum(fetch_files(piece, settings) for piece in _pending(had, settings))
    files = [file for file in files_of(name) if file.name not in had]
    record_count = 0
    with Http.open(settings) as http:
        listing = _listing(http, settings)
        year = _followed_year(log_files(had), log_files(listing), settings)
        for file in files:
            _check_place(file, year, listing, settings)
            earlier = _earlier(sizes, listing, file.name)
            size = sizes[file.name] = _fetch_file(http, listing, file.name, earlier, settings)
            record_count += size.record_count
            logger.info("%s: %d records", file.name, size.record_count)
    return record_count


def names_linked(page: str, place: str) -> list[str]:
    """Names of what the index page of folder `place` links to in that folder.

    >>> names_linked('<A HREF="a.gz?x=1">a</A> <a href=/pubmed/b.gz>', "http://h/pubmed/")
    ['a.gz', 'b.gz']
    """
    folder = PurePosixPath(urlsplit(place).path).name
    paths = [_path_of(place, html.unescape(href)) for href in _HREF.findall(page)]
    return [path.name for path in paths if path.parent.name == folder]


def _followed_year(had: Sequence[LogFile], listed: Sequence[LogFile], settings: Settings) -> str:
    """Year of the setting, or else of the first file ever read, or else the newest on the mirror.

    Raises
    ------
    WrongUse
        The mirror has older files only, or none.
    """
    newest = listed[-1].year if listed else ""
    year = settings.pubmed_year or (had[0].year if had else newest)
    if not listed:
        # a web page without files may be a passing failure, a folder without files is not
        raise (UpstreamError if _is_remote(settings.pubmed_mirror) else WrongUse)(
            f"[setting pubmed_mirror] {settings.pubmed_mirror} has no pubmedYYnNNNN.xml.gz in "
            f"{' or '.join(FOLDERS)}: give the address or folder that holds both"
        )
    if newest < year:
        raise WrongUse(
            f"[setting pubmed_mirror] {settings.pubmed_mirror} has files of 20{newest} but "
            f"20{year} is followed: correct the settings pubmed_mirror or pubmed_year"
        )
    return year


def _check_place(file: LogFile, year: str, listing: Listing, settings: Settings) -> None:
    """Refuse a file of another year than the one followed, and one that is not there."""
    if file.year != year:
        raise WrongUse(
            f"[{file.name}] is of 20{file.year} but 20{year} is followed, and a year begins with "
            f"a whole new baseline: set CONFRERE_PUBMED_YEAR={file.year} to read it"
        )
    if file.name not in listing:
        raise UpstreamError(
            f"[{file.name}] is missing from {settings.pubmed_mirror} although later files are "
            "there: nothing behind it is read until it is there, so ask the mirror's keepers for "
            f"it, or put it into {settings.spool_folder}"
        )


def _listing(http: Http, settings: Settings) -> Listing:
    found: dict[str, str] = {}
    base = settings.pubmed_mirror.rstrip("/")
    if not _is_remote(base) and not Path(base).is_dir():
        raise WrongUse(
            f"[setting pubmed_mirror] {base} is neither a folder nor an address with https://: "
            "give what holds baseline/ and updatefiles/"
        )
    for folder in FOLDERS:
        place = f"{base}/{folder}/"
        for name in _names_in(http, place, folder):
            if log_files([name.removesuffix(".md5")]):
                found.setdefault(name, place + name)
    return found


def _names_in(http: Http, place: str, folder: str) -> list[str]:
    if not _is_remote(place):
        path = Path(place)
        return [file.name for file in path.iterdir()] if path.is_dir() else []
    page = http.get(place, f"{folder}/ of pubmed_mirror")
    return names_linked(page.decode("utf-8", "replace"), place)


def _path_of(place: str, href: str) -> PurePosixPath:
    try:
        return PurePosixPath(unquote(urlsplit(urljoin(place, href)).path))
    except ValueError:  # a broken link is no link to a file
        return PurePosixPath()


def _is_remote(address: str) -> bool:
    return address.startswith(("https://", "http://"))


def _earlier(sizes: Mapping[str, Size], listing: Listing, name: str) -> list[Size]:
    """Sizes of those files that lie in the same folder of the mirror as this one."""
    folder = listing[name].removesuffix(name)
    return [size for other, size in sizes.items() if listing.get(other) == folder + other]


def _fetch_file(
    http: Http, listing: Listing, name: str, earlier: Sequence[Size], settings: Settings
) -> Size:
    target = settings.spool_folder / name
    beside = target.with_name(f"{name}.part")
    # one that a crash left may be a hard link: writing to it would change the mirror's own file
    beside.unlink(missing_ok=True)
    try:
        _copy(http, listing[name], name, beside)
        _check_md5(http, listing, name, beside)
        size = check_whole(name, beside)
        check_plausible(name, size, earlier, settings.smallest_file_share)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        raise UpstreamError(
            f"[{name}] cannot be fetched from {listing[name]} ({error.strerror}): see to that, "
            "then run again"
        ) from None
    finally:
        beside.unlink(missing_ok=True)
    return size


def _copy(http: Http, place: str, name: str, target: Path) -> None:
    if _is_remote(place):
        http.download(place, name, target)
        return
    source = Path(place).resolve()
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _check_md5(http: Http, listing: Listing, name: str, file: Path) -> None:
    """Hold a file to the `.md5` beside it on the mirror; only a folder may lack that."""
    place = listing.get(f"{name}.md5")
    if place is None:
        if _is_remote(listing[name]):
            raise UpstreamError(f"[{name}.md5] is missing from the mirror: run again later")
        return
    told = http.get(place, f"{name}.md5") if _is_remote(place) else Path(place).read_bytes()
    sums = _MD5.findall(told.decode("latin-1"))
    if len(sums) != 1:
        raise UpstreamError(f"[{name}.md5] holds no md5 but {told[:60]!r}: run again later")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
    if digest.hexdigest() != sums[0].lower():
        raise UpstreamError(
            f"[{name}] has md5 {digest.hexdigest()}, not {sums[0].lower()} as its .md5 file says: "
            "run again later"
        )
