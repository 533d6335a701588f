"""The command line `confrere`."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline import __version__, lake, stages, terminal
from pipeline.demo.nights import CHECKOUT, NO_DAGS, run_demo
from pipeline.errors import ConfrereError, WrongUse
from pipeline.identity.matcher.labelled import CLUSTER_COLUMNS, PAIR_COLUMNS
from pipeline.identity.matcher.report import as_plain
from pipeline.recommend.evaluation import page, report
from pipeline.recommend.train import HORIZON_MONTHS
from pipeline.serving import api_keys, author_ids, queries, roster_file
from pipeline.serving.database import open_database
from pipeline.settings import Settings, from_environment
from pipeline.tables import TABLES, data_dictionary

SUGGESTIONS_SHOWN = 10
PEOPLE_SHOWN = 15
QUESTIONS_SHOWN = 20
DEMO_HOME = Path(".confrere-demo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 wrong use."""
    options = _parser().parse_args(arguments)
    _show_log()
    try:
        settings = from_environment(os.environ, options.home)
        if options.reads_home and not settings.home.is_dir():
            raise WrongUse(f"[{settings.home}] does not exist: give the home of an earlier run")
        options.act(settings, options)
    except WrongUse as error:
        return _fail(error, 2)
    except ConfrereError as error:
        return _fail(error, 1)
    except OSError as error:
        # what is left are full disks, missing rights and the like: the system's own words are clear
        return _fail(f"[{error.filename or settings.home}] {error.strerror}", 1)
    except KeyboardInterrupt:
        return _fail("interrupted: what was committed so far stays; run it again to go on", 130)
    return 0


def _fail(error: object, code: int) -> int:
    print(f"confrere: {error}", file=sys.stderr)
    return code


def _show_log() -> None:
    kind = "%(message)s" if sys.stderr.isatty() else "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(format=kind, level=logging.WARNING)
    logging.getLogger("pipeline").setLevel(logging.INFO)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="confrere",
        description="Reads PubMed, and recommends to each researcher whom to work with next.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    home = argparse.ArgumentParser(add_help=False)
    home.add_argument(
        "--home", type=Path, help="folder of all data (default: $CONFRERE_HOME, else ./.confrere)"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, act: object, text: str, *, reads_home: bool = False
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[home])
        added.set_defaults(act=act, reads_home=reads_home)
        return added

    run = command("run", _run, "the whole path, on files or on what PubMed has new")
    _takes_files(run)
    run.add_argument(
        "--as-of", type=_day, metavar="DATE", help="use only what had entered PubMed by this day"
    )

    ingest = command("ingest", _ingest, "read into the lake what PubMed has new, or files")
    either = ingest.add_mutually_exclusive_group()
    _takes_files(either)
    either.add_argument(
        "--status",
        action="store_true",
        help="only show how far it has come: watermarks, what waits, quarantine, the last run",
    )

    suggestions = command(
        "suggestions", _suggestions, "whom a person should work with, and why", reads_home=True
    )
    suggestions.add_argument("who", help="name, ORCID iD, author id or roster id")
    suggestions.add_argument(
        "--limit", type=_positive, default=SUGGESTIONS_SHOWN, metavar="N", help="how many at most"
    )

    export = command(
        "export",
        _export,
        "a table as a file, without people who asked to be left out",
        reads_home=True,
    )
    export.add_argument("table", choices=sorted(TABLES), metavar="TABLE", help=", ".join(TABLES))
    export.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="ends in .csv, .parquet, .jsonl; for coauthorships also .graphml, .gexf, .vosviewer",
    )

    text = "serve a run of an earlier night again: the one before, or RUN_ID"
    rollback = command("rollback", _rollback, text, reads_home=True)
    rollback.add_argument("run_id", nargs="?", metavar="RUN_ID", help="a run that is kept")

    grants = command("grants", _grants, "what a role of PostgreSQL may see and do")
    either = grants.add_mutually_exclusive_group(required=True)
    text = "let it read the views; it is made where it is not there"
    either.add_argument("--portal", metavar="ROLE", help=text)
    text = "let it run the pipeline and the API"
    either.add_argument("--pipeline", metavar="ROLE", help=text)
    text = "the portal sees only suggestions made to people of this institution"
    grants.add_argument("--institution", metavar="NAME", help=text)

    people = command("roster", _import_roster, "people of the institution: who they are as authors")
    _add_roster(people)

    suppress = command(
        "suppress",
        _suppress,
        "leave a person alone: no mail, no suggestion of them",
        reads_home=True,
    )
    suppress.add_argument(
        "who",
        help="name of somebody in the current run; or any ORCID iD, author id or roster id",
    )

    serve = command("serve", _serve, "the pages and the API", reads_home=True)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=8000, help="1 to 65535 (default: 8000)")

    _add_keys(command("keys", _list_keys, "who may ask the API and see the pages"))

    command(
        "train",
        _train,
        "learn who is who and what probability a score means; promote what is better",
        reads_home=True,
    )
    text = "how right the results are: author ids on labelled data, recommendations on the past"
    _add_evaluate(command("evaluate", _evaluate_identity, text))
    command("tables", _tables, "the data dictionary")
    command("check", _check, "settings, tables and the run that is served", reads_home=True)
    command("up", _up, "Airflow with the four DAGs, and the API, on this machine")
    text = "two nights over a made-up PubMed, from records to digests"
    demo = commands.add_parser("demo", help=text, description=text)
    demo.set_defaults(act=_demo, reads_home=False)
    demo.add_argument("--home", type=Path, help=f"made anew each time (default: {DEMO_HOME})")
    demo.add_argument(
        "--without-airflow", action="store_true", help="call the stages, not the DAGs"
    )
    return parser


def _takes_files(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--files",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="PubMed XML (.xml, .xml.gz), .nbib, or folders of them",
    )


def _add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    what = evaluate.add_subparsers(dest="what", required=True, metavar="WHAT")

    def kind(name: str, act: object, text: str) -> argparse.ArgumentParser:
        added = what.add_parser(name, help=text, description=text)
        # may stand behind the word too; without a default, which would hide one given before it
        added.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        added.add_argument(
            "--files",
            nargs="+",
            type=Path,
            required=True,
            metavar="PATH",
            help="PubMed XML (.xml, .xml.gz), .nbib, or folders of them; read into an own home",
        )
        added.add_argument(
            "--json", type=Path, metavar="OUT", help="write the figures to this file"
        )
        added.set_defaults(act=act)
        return added

    text = "who wrote what, on labelled pairs or persons: the matcher, the author ids, plain rules"
    identity = kind("identity", _evaluate_identity, text)
    labels = identity.add_mutually_exclusive_group(required=True)
    labels.add_argument(
        "--pairs", type=Path, metavar="CSV", help=f"with the columns {','.join(PAIR_COLUMNS)}"
    )
    labels.add_argument(
        "--clusters", type=Path, metavar="CSV", help=f"with the columns {','.join(CLUSTER_COLUMNS)}"
    )
    identity.add_argument(
        "--cross-validate",
        action="store_true",
        help="score a matcher trained on the pairs, five-fold by name block, not the shipped one",
    )
    text = (
        "recommendations of a day of the past beside what came of it, and beside plain heuristics"
    )
    recommendations = kind("recommendations", _evaluate_recommendations, text)
    recommendations.add_argument(
        "--cutoff",
        type=_day,
        required=True,
        metavar="DATE",
        help="recommend with what had entered PubMed by this day",
    )
    recommendations.add_argument(
        "--horizon-months",
        type=_positive,
        default=HORIZON_MONTHS,
        metavar="N",
        help=f"first joint papers of so many months count (default: {HORIZON_MONTHS})",
    )
    recommendations.add_argument(
        "--html", type=Path, metavar="OUT", help="write a page with plots to this file"
    )


def _add_roster(people: argparse.ArgumentParser) -> None:
    actions = people.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(
        name: str, act: object, text: str, *, reads_home: bool = True
    ) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=text, description=text)
        # may stand behind the word too; without a default, which would hide one given before it
        added.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        added.set_defaults(act=act, reads_home=reads_home)
        return added

    text = "add or update people, and find them among the authors"
    added = action("import", _import_roster, text, reads_home=False)
    added.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=f"CSV in UTF-8 with a header of {','.join(roster_file.REQUIRED)} and, if you like, "
        f"{','.join(roster_file.OPTIONAL)}; digest is yes or no",
    )
    review = action("review", _review_roster, "whom a human should decide on, the likeliest first")
    review.add_argument(
        "--limit", type=_positive, default=QUESTIONS_SHOWN, metavar="N", help="how many at most"
    )
    decide = action("decide", _decide_match, "say whether somebody on the roster is an author")
    decide.add_argument("person_id", metavar="PERSON_ID", help="on the roster")
    decide.add_argument("author_id", metavar="AUTHOR_ID", type=_positive_id)
    decide.add_argument("answer", choices=["yes", "no"])
    decide.add_argument("--by", metavar="WHO", help="who decided (default: your login)")


def _add_keys(keys: argparse.ArgumentParser) -> None:
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, act: object, text: str) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=text, description=text)
        # may stand behind the word too; without a default, which would hide one given before it
        added.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        added.set_defaults(act=act, reads_home=True)
        return added

    add = action("add", _add_key, "make a key; its token is shown this once")
    add.add_argument("name", metavar="NAME", help="who will hold it")
    add.add_argument(
        "--scope",
        action="append",
        choices=sorted(api_keys.SCOPES),
        help="what it opens, once or more: "
        + "; ".join(f"{scope}: {what}" for scope, what in api_keys.SCOPES.items())
        + " (default: read)",
    )
    add.add_argument(
        "--institution",
        metavar="X",
        help="show the recommendations of this institution's people only, as PubMed or the "
        "roster names it",
    )
    action("list", _list_keys, "all keys: scopes, institution, since when, last used")
    revoke = action("revoke", _revoke_key, "make a key open nothing from now on")
    revoke.add_argument("name", metavar="NAME")


def _run(settings: Settings, options: argparse.Namespace) -> None:
    stages.run(settings, options.files, options.as_of, datetime.now(UTC))
    print(f"done; next: confrere suggestions NAME --home {settings.home}")


def _ingest(settings: Settings, options: argparse.Namespace) -> None:
    now = datetime.now(UTC)
    if not options.status:
        problems = stages.take_in(settings, options.files, now)
        if problems:
            raise ConfrereError(" ".join(problems))
    elif not settings.home.is_dir():
        raise WrongUse(f"[{settings.home}] does not exist: give the home of an earlier run")
    terminal.show_status(Console(), stages.status_of_ingest(settings, now))


def _train(settings: Settings, _: argparse.Namespace) -> None:
    stages.train_matcher(settings)
    stages.train(settings)


def _evaluate_identity(settings: Settings, options: argparse.Namespace) -> None:
    found = stages.evaluate_identity(
        settings,
        options.files,
        datetime.now(UTC),
        pairs=options.pairs,
        clusters=options.clusters,
        cross_validate=options.cross_validate,
    )
    terminal.show_identity(Console(), found)
    _write_json(options.json, as_plain(found))


def _evaluate_recommendations(settings: Settings, options: argparse.Namespace) -> None:
    for out in filter(None, (options.json, options.html)):
        if not out.absolute().parent.is_dir():  # told before the long work, not after
            raise WrongUse(f"[{out}] is in no folder: make {out.absolute().parent} first")
    found = stages.evaluate_recommendations(
        settings, options.files, datetime.now(UTC), options.cutoff, options.horizon_months
    )
    terminal.show_evaluation(Console(), found)
    _write_json(options.json, report.as_plain(found))
    if options.html:
        options.html.write_text(page.as_page(found), encoding="utf-8")


def _write_json(out: Path | None, plain: Mapping[str, Any]) -> None:
    if out:
        out.write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _suggestions(settings: Settings, options: argparse.Namespace) -> None:
    person = _one_person(settings, options.who)
    found = queries.suggestions_of(open_database(settings), str(person.author_id), options.limit)
    if found is None:
        raise ConfrereError(f"[{options.who}] has just opted out")
    terminal.show_suggestions(Console(), found)


def _one_person(settings: Settings, who: str) -> queries.Person:
    engine = open_database(settings)
    if queries.current_run(engine) is None:
        paper_count = lake.read(settings.lake_folder, "publications").row_count
        if paper_count:
            raise ConfrereError(
                f"[{settings.home}] has {paper_count:,} papers and nobody to serve yet: "
                "suggestions start with a person's second paper, so read more files"
            )
        raise ConfrereError(f"[{settings.home}] has no published run: `confrere run` makes one")
    people = queries.find_people(engine, who)
    absence = None if people else author_ids.absence_of(engine, who)
    if absence is not None:
        raise WrongUse(_why_absent(who, absence))
    listed = None if people else queries.listed_as(engine, who)
    if listed is not None:
        raise WrongUse(
            f"[{who}] is {listed.name} on the roster, and no author of the current run is surely "
            "them: see `confrere roster review`, or put their ORCID iD or PMIDs on the roster"
        )
    if not people:
        raise WrongUse(
            f"[{who}] is nobody in the current run, which holds people with suggestions and those "
            "suggested: try a last name, or an ORCID iD"
        )
    if len(people) > 1:
        terminal.show_people(Console(), people[:PEOPLE_SHOWN])
        more = f", the first {PEOPLE_SHOWN} above" if len(people) > PEOPLE_SHOWN else ""
        raise WrongUse(f"[{who}] may be one of {len(people)} people{more}: give the author id")
    return people[0]


def _why_absent(who: str, absence: author_ids.Absence) -> str:
    now = f" (now {absence.author_id})" if str(absence.author_id) != who.strip() else ""
    if absence.is_gone:
        return (
            f"[{who}] is gone{now}: PubMed has none of this author's papers any more; if they come "
            "back, so does the author id"
        )
    return (
        f"[{who}] was in an earlier run{now}, and is nobody in the current one, which holds people "
        "with suggestions and those suggested: ask again after another run"
    )


def _export(settings: Settings, options: argparse.Namespace) -> None:
    row_count = stages.export(settings, options.table, options.out)
    print(f"{options.out}: {row_count:,} rows of {options.table}")


def _rollback(settings: Settings, options: argparse.Namespace) -> None:
    done = stages.rollback(settings, options.run_id)
    print(
        f"run {done.run_id} (as of {done.as_of}, {done.row_count:,} suggestions) is served again "
        f"instead of {done.instead_of}; the next run from new inputs goes forward"
    )


def _grants(settings: Settings, options: argparse.Namespace) -> None:
    if options.pipeline:
        if options.institution:
            raise WrongUse("[--institution] is for a portal: the pipeline sees everybody")
        stages.grant_pipeline(settings, options.pipeline)
        print(f"{options.pipeline} may run the pipeline and the API")
        return
    stages.grant_portal(settings, options.portal, options.institution)
    whose = f"people of {options.institution}" if options.institution else "everybody"
    print(f"{options.portal} may read the views, with the suggestions made to {whose}")


def _import_roster(settings: Settings, options: argparse.Namespace) -> None:
    imported, found = stages.import_roster(settings, options.file, datetime.now(UTC))
    print(f"{imported.person_count:,} people, {imported.opted_in_count:,} of them want the digest")
    if imported.suppressed_count:
        print(f"{imported.suppressed_count:,} asked to be left alone: they get none")
    print(
        f"of the whole roster: {found.found_count:,} found among the authors, "
        f"{found.undecided_count:,} to decide, {found.unknown_count:,} not found; "
        "every run asks again"
    )
    if found.undecided_count:
        _show_questions(settings, QUESTIONS_SHOWN)


def _review_roster(settings: Settings, options: argparse.Namespace) -> None:
    if not _show_questions(settings, options.limit):
        print("nothing to decide")


def _show_questions(settings: Settings, limit: int) -> int:
    asked = stages.questions(settings)
    terminal.show_questions(Console(), asked[:limit], len(asked))
    return len(asked)


def _decide_match(settings: Settings, options: argparse.Namespace) -> None:
    by, now = options.by or _login(), datetime.now(UTC)
    is_same = options.answer == "yes"
    asked = options.author_id
    name, author_id, author = stages.decide_match(
        settings, options.person_id, asked, is_same, by, now
    )
    once = f" (once {asked})" if author_id != asked else ""
    print(
        f"{name} ({options.person_id}) is {'' if is_same else 'not '}"
        f"{author}, author {author_id}{once}: kept, as decided by {by}"
    )


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"


def _suppress(settings: Settings, options: argparse.Namespace) -> None:
    now, by = datetime.now(UTC), "command line"
    person = queries.find_person(open_database(settings), options.who)  # their name, while it shows
    count = stages.suppress(settings, options.who, now, by)
    if count is None:  # no id: a name
        person = _one_person(settings, options.who)
        count = stages.suppress(settings, str(person.author_id), now, by)
    shown = f"{person.name} (author {person.author_id})" if person else options.who
    print(
        f"{shown} is left alone from now on: {count} new pieces of evidence kept"
        if count
        else f"{shown} was already left alone: nothing new to keep"
    )


def _add_key(settings: Settings, options: argparse.Namespace) -> None:
    engine, institution = open_database(settings), options.institution
    scopes = options.scope or ["read"]
    token = api_keys.add_key(engine, options.name, scopes, institution, datetime.now(UTC))
    print(token)
    print("this token is shown once and kept nowhere: hand it on now", file=sys.stderr)
    if institution is not None and not api_keys.is_known_institution(engine, institution):
        print(
            f"nobody of the current run or the roster is at {institution}: the key shows no "
            "recommendations until somebody is",
            file=sys.stderr,
        )
    if settings.api_access == "open":
        print("keys are asked for where CONFRERE_API_ACCESS=keys", file=sys.stderr)


def _list_keys(settings: Settings, _: argparse.Namespace) -> None:
    terminal.show_keys(Console(), api_keys.keys(open_database(settings)))


def _revoke_key(settings: Settings, options: argparse.Namespace) -> None:
    api_keys.revoke_key(open_database(settings), options.name, datetime.now(UTC))
    print(f"{options.name} opens nothing from now on")


def _serve(settings: Settings, options: argparse.Namespace) -> None:
    from pipeline.web.api import create_app, listen, serve, warn_if_open

    app = create_app(settings)
    with listen(options.host, options.port) as listener:
        warn_if_open(settings, options.host)
        address = f"http://{options.host}:{options.port}"
        print(f"pages on {address}, API on {address}/v1 (Ctrl-C stops it)", flush=True)
        serve(app, listener)


def _tables(_settings: Settings, _options: argparse.Namespace) -> None:
    print(data_dictionary())


def _check(settings: Settings, _: argparse.Namespace) -> None:
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        shown = ("set" if value and not field.repr else value) or "not set"
        print(f"{field.name:28} {shown!s:32} {field.metadata['meaning']}")
    print()
    for name, dataset in lake.datasets(settings.lake_folder, TABLES).items():
        as_of = f" as of {dataset.as_of}" if dataset.as_of else ""
        print(f"{name:28} {dataset.row_count:12,} rows{as_of}")
    run = queries.current_run(open_database(settings))
    print(
        f"\nserved run: {run.run_id}, {run.row_count:,} suggestions"
        if run
        else "\nno run served yet"
    )


def _up(settings: Settings, _: argparse.Namespace) -> None:
    if not (CHECKOUT / "dags").is_dir():
        raise ConfrereError(NO_DAGS)
    environment = {**os.environ, "CONFRERE_HOME": str(settings.home.resolve())}
    os.chdir(CHECKOUT)
    os.execve(sys.executable, [sys.executable, "-m", "dags", "up"], environment)


def _demo(_settings: Settings, options: argparse.Namespace) -> None:
    home = options.home or DEMO_HOME
    run_demo(home, os.environ, with_airflow=not options.without_airflow, console=Console())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: give YYYY-MM-DD") from None


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def _positive_id(text: str) -> int:
    number = author_ids.id_number(text)
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no author id")
    return number


def _port(text: str) -> int:
    port = _positive(text)
    if port > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 1 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
