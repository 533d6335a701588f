"""An author id once served always resolves, at every door."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, select, text, update

from pipeline import lake
from pipeline.serving.author_ids import (
    Absence,
    absence_of,
    author_today,
    current_id,
    names_of,
)
from pipeline.serving.database import MIGRATIONS, Engine, open_database, reading, writing
from pipeline.serving.evidence import Evidence, find_evidence
from pipeline.serving.outbox import Delivery, already_suggested, claim_delivery
from pipeline.serving.publish import SOURCES, publish
from pipeline.serving.queries import (
    current_run,
    find_people,
    find_person,
    recommendations_of,
    suggestions_of,
)
from pipeline.serving.roster import import_roster
from pipeline.serving.schema import CURRENT_RUN, REDIRECTS, SERVED_IDS, V1_REDIRECTS
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from pipeline.tables import MENTIONS_PER_PAPER
from tests.builders import write_lake
from tests.identity.drawn import Home, Papers
from tests.serving.world import (
    ADA,
    BO,
    CY,
    CY_ORCID,
    DEE,
    EVE,
    NIGHT,
    WORLD,
    Rows,
    published,
    run,
    tables,
    world,
)

NAMED = ("author_id", "candidate_id", "introducer_id", "person_id", "other_person_id")
ROSTER = """person_id,name,email,orcid,department,digest
P1,Ada Lovelace,ada@example.org,0000-0002-1825-0097,,yes
"""


def night(changed: dict[int, int], *gone: int) -> dict[str, Rows]:
    """Draw the world after authors took other ids; of the gone nothing is left but their ids."""

    def renamed(row: dict[str, Any]) -> dict[str, Any]:
        return {k: changed.get(v, v) if k in NAMED else v for k, v in row.items()}

    rows = {name: [renamed(row) for row in listed] for name, listed in WORLD.items()}
    kept = {
        name: [row for row in listed if not {row.get(who) for who in NAMED} & set(gone)]
        for name, listed in rows.items()
    }
    kept["authors"] = list({row["author_id"]: row for row in kept["authors"]}.values())
    kept["recommendations"] = _ranked(kept["recommendations"])
    kept["coauthorships"] = []
    for row in kept["recommendations"]:
        row["score"] = sum(
            fact["contribution"]
            for fact in kept["reasons"]
            if all(fact[name] == row[name] for name in ("author_id", "candidate_id"))
        )
        if row.get("introducer_id") in (row["author_id"], row["candidate_id"]):
            row["introducer_id"] = None
    leads = [{"author_id": old, "current_id": new} for old, new in changed.items()]
    kept["redirects"] = leads + [{"author_id": old, "current_id": None} for old in gone]
    return kept


def served(
    engine: Engine, settings: Settings, rows: dict[str, Rows], name: str, days: int = 0
) -> None:
    settings = replace(settings, smallest_share=0.0)
    assert published(engine, settings, rows, name, NIGHT + timedelta(days=days)).accepted


def _ranked(rows: Rows) -> Rows:
    """Suggest nobody twice, nor to themselves."""
    pairs = {(row["author_id"], row["candidate_id"]): row for row in rows}
    kept = [row for (author_id, candidate_id), row in pairs.items() if author_id != candidate_id]
    ranks = Counter[int]()
    for row in kept:
        ranks[row["author_id"]] += 1
        row["rank"] = ranks[row["author_id"]]
    return kept


def led(engine: Engine) -> dict[int, int | None]:
    with reading(engine) as connection:
        rows = connection.execute(select(V1_REDIRECTS))
        return {row.author_id: row.current_author_id for row in rows}


def who_is(engine: Engine, author_id: int) -> int | None:
    person = find_person(engine, str(author_id))
    return None if person is None else person.author_id


NEW = 999
LATER = NIGHT + timedelta(hours=1)


def test_after_a_merge_the_old_id_means_who_it_is_now(engine: Engine, settings: Settings) -> None:
    served(engine, settings, WORLD, "one")
    assert led(engine) == {}
    served(engine, settings, night({ADA: NEW}), "two")
    assert led(engine) == {ADA: NEW}
    assert [person.author_id for person in find_people(engine, f" {ADA} ")] == [NEW]
    told = suggestions_of(engine, str(ADA), 5)
    assert told is not None
    assert told.person.author_id == NEW
    assert [row.person.author_id for row in told.recommendations] == [CY, EVE]
    assert recommendations_of(engine, ADA, 5) == list(told.recommendations)


def test_an_id_that_no_run_has_shown_is_not_kept(engine: Engine, settings: Settings) -> None:
    served(engine, settings, WORLD, "one")
    served(engine, settings, night({ADA: NEW, 7: NEW}, 8), "two")
    assert led(engine) == {ADA: NEW}
    assert absence_of(engine, "7") is None
    assert absence_of(engine, "8") is None


def test_a_platform_brings_its_own_table_up_to_date_as_the_docs_say(
    engine: Engine, settings: Settings
) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
    [statement] = re.findall(r"UPDATE my_people.*?NOT NULL", docs, re.DOTALL)
    served(engine, settings, WORLD, "one")
    served(engine, settings, night({ADA: NEW}, BO), "two")
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("CREATE TABLE my_people (author_id BIGINT)"))
        connection.execute(text(f"INSERT INTO my_people VALUES ({ADA}), ({BO}), ({CY})"))
        connection.execute(text(statement))
        found = connection.scalars(text("SELECT author_id FROM my_people ORDER BY 1")).all()
        transaction.rollback()
    assert found == [BO, CY, NEW]


def test_gone_absent_and_unknown_are_told_apart(engine: Engine, settings: Settings) -> None:
    served(engine, settings, WORLD, "one")
    served(engine, settings, night({CY: DEE}, BO, DEE), "two")
    assert led(engine) == {CY: None, DEE: None, BO: None}
    for author_id in (CY, DEE, BO):
        assert who_is(engine, author_id) is None
        assert absence_of(engine, f" {author_id} ") == Absence(author_id, is_gone=True)
    assert absence_of(engine, "12345") is None
    assert absence_of(engine, CY_ORCID) is None
    # whom the run neither serves nor suggests is known all the same, under any of the ids
    served(engine, settings, _unnamed(night({CY: NEW, EVE: BO}), NEW), "three")
    assert absence_of(engine, str(CY)) == Absence(NEW, is_gone=False)
    assert absence_of(engine, str(DEE)) == Absence(DEE, is_gone=False)
    assert who_is(engine, EVE) == BO


def _unnamed(rows: dict[str, Rows], author_id: int) -> dict[str, Rows]:
    """Leave somebody, and Dee, out of all suggestions and reasons; Bo and Eve are one by now."""
    rows["recommendations"] = [
        {"author_id": ADA, "rank": 1, "candidate_id": BO, "score": 0.5},
        {"author_id": BO, "rank": 1, "candidate_id": ADA, "score": 0.5},
    ]
    rows["reasons"] = [
        {"author_id": a, "candidate_id": c, "contribution": 0.5, "pmid": 4}
        for a, c in [(ADA, BO), (BO, ADA)]
    ]
    assert author_id in {row["author_id"] for row in rows["authors"]}
    return rows


def test_an_author_who_is_back_is_found_again(engine: Engine, settings: Settings) -> None:
    served(engine, settings, WORLD, "one")
    served(engine, settings, night({}, BO), "two")
    assert absence_of(engine, str(BO)) == Absence(BO, is_gone=True)
    served(engine, settings, WORLD, "three")
    assert who_is(engine, BO) == BO
    assert led(engine) == {}


def test_a_pointer_set_back_finds_everybody_by_the_ids_of_that_night(
    engine: Engine, settings: Settings
) -> None:
    served(engine, settings, night({DEE: NEW}), "zero")
    served(engine, settings, night({NEW: DEE}), "one")
    assert led(engine) == {NEW: DEE}
    served(engine, settings, night({NEW: 55, DEE: 55, CY: EVE}, BO), "two")
    assert led(engine) == {NEW: 55, DEE: 55, CY: EVE, BO: None}
    with writing(engine) as connection:
        connection.execute(update(CURRENT_RUN).values(run_id="one"))
    assert {i: who_is(engine, i) for i in (NEW, DEE, CY, BO)} == {
        NEW: DEE, DEE: DEE, CY: CY, BO: BO
    }  # fmt: skip
    assert absence_of(engine, "55") == Absence(55, is_gone=False)


def test_ids_outlive_the_runs_that_showed_them(engine: Engine, settings: Settings) -> None:
    few = replace(settings, runs_kept=1)
    served(engine, few, WORLD, "one")
    for day in (1, 2, 3):  # Bo is not named, and his rows are deleted with the first run
        rows = night({})
        rows["recommendations"] = rows["recommendations"][:2]
        rows["reasons"] = rows["reasons"][:3]
        served(engine, few, rows, f"day-{day}", day)
    assert absence_of(engine, str(BO)) == Absence(BO, is_gone=False)
    served(engine, few, night({BO: ADA}), "last", 4)
    assert who_is(engine, BO) == ADA
    with reading(engine) as connection:
        assert set(connection.scalars(select(REDIRECTS.c.run_id))) == {"last"}


def test_a_refused_run_changes_no_id(engine: Engine, settings: Settings) -> None:
    served(engine, settings, WORLD, "one")
    red = {**night({ADA: NEW}), "recommendations": [], "reasons": []}
    assert not published(engine, settings, red, "two").accepted
    assert who_is(engine, ADA) == ADA
    with reading(engine) as connection:
        assert connection.execute(select(REDIRECTS)).all() == []
        assert NEW not in set(connection.scalars(select(SERVED_IDS.c.author_id)))


def test_who_is_suppressed_is_not_found_by_an_old_id(engine: Engine, settings: Settings) -> None:
    served(engine, settings, WORLD, "one")
    suppress(engine, LATER, "test", author_id=EVE, mentions=[(4, 1)])
    served(engine, settings, night({EVE: NEW, BO: NEW}), "two")
    for author_id in (EVE, BO, NEW):
        assert who_is(engine, author_id) is None
        assert absence_of(engine, str(author_id)) is None
    assert led(engine) == {}


def test_an_old_id_of_a_suppressed_author_is_forgotten_with_the_author(
    engine: Engine, settings: Settings
) -> None:
    served(engine, settings, WORLD, "one")
    served(engine, settings, night({BO: EVE}), "two")
    suppress(engine, LATER, "test", author_id=EVE, mentions=[(4, 1)])
    for name in ("three", "four"):
        served(engine, settings, night({BO: EVE}, EVE), name)
        assert led(engine) == {}
        assert [absence_of(engine, str(i)) for i in (BO, EVE)] == [None, None]
    served(engine, settings, WORLD, "five")  # Eve is back, and still left alone
    assert who_is(engine, EVE) is None
    assert who_is(engine, BO) == BO


def test_a_wish_under_an_old_id_means_who_it_is_now(engine: Engine, settings: Settings) -> None:
    served(engine, settings, WORLD, "one")
    rows = night({CY: DEE, BO: DEE})  # identified, and not published yet
    found = find_evidence(engine, str(BO), tables(settings.home, rows))
    places = ((1, 2), (3, 1), (5, 1))
    assert found == Evidence(DEE, CY_ORCID, places, (), former_ids=(BO, CY))
    _keep(engine, found)
    assert [who_is(engine, i) for i in (BO, CY, DEE)] == [None] * 3
    served(engine, settings, rows, "two")
    assert [who_is(engine, i) for i in (BO, CY, DEE)] == [None] * 3
    assert [absence_of(engine, str(i)) for i in (BO, CY, DEE)] == [None] * 3
    assert led(engine) == {}


def _keep(engine: Engine, found: Evidence) -> None:
    suppress(
        engine, LATER, "test", author_id=found.author_id, former_ids=found.former_ids,
        orcid=found.orcid, mentions=found.mentions, address_hashes=found.address_hashes,
    )  # fmt: skip


def test_a_wish_of_somebody_who_is_gone_holds_when_the_papers_come_back(
    engine: Engine, settings: Settings
) -> None:
    zed = 6 * MENTIONS_PER_PAPER + 1  # founded by paper 6
    rows = night({BO: zed})
    rows["identities"] = [
        {**row, "pmid": 6} if row["author_id"] == zed else row for row in rows["identities"]
    ]
    served(engine, settings, {**rows, "redirects": []}, "one")
    gone = night({BO: zed}, zed)
    served(engine, settings, gone, "two")
    found = find_evidence(engine, str(BO), tables(settings.home, gone))
    assert found == Evidence(zed, None, ((6, 1),), (), former_ids=(BO,))
    _keep(engine, found)
    assert led(engine) == {}
    assert absence_of(engine, str(zed)) is None
    served(engine, settings, gone, "three")
    assert absence_of(engine, str(zed)) is None
    served(engine, settings, {**rows, "redirects": []}, "four")
    assert who_is(engine, zed) is None


def test_nobody_is_suppressed_for_a_name_that_is_somebody_elses_now(
    engine: Engine, settings: Settings
) -> None:
    gone = night({}, BO)
    zed = 4 * MENTIONS_PER_PAPER + 1  # Eve has this place by now
    gone["redirects"].append({"author_id": zed, "current_id": None})
    found = find_evidence(engine, str(zed), tables(settings.home, gone))
    assert found == Evidence(zed, None, (), ())


def test_nobody_is_suggested_again_under_a_new_id(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    served(engine, settings, WORLD, "run-1")
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    import_roster(engine, tmp_path / "roster.csv", b"key", NIGHT)
    first = Delivery("P1", "run-1", "<1@confrere>", "People to meet", (EVE,), (), NIGHT)
    assert claim_delivery(engine, first)
    served(engine, settings, night({EVE: NEW}), "run-2")
    assert already_suggested(engine, "P1") == {EVE, NEW}
    served(engine, settings, night({EVE: NEW}, NEW), "run-3")
    assert already_suggested(engine, "P1") == {EVE, NEW}
    # and whoever was suggested under the new id is known by the old one, should that be served
    second = Delivery("P1", "run-4", "<2@confrere>", "People to meet", (NEW,), (), NIGHT)
    served(engine, settings, night({BO: NEW, EVE: NEW}), "run-4")
    assert claim_delivery(engine, second)
    with writing(engine) as connection:
        connection.execute(update(CURRENT_RUN).values(run_id="run-1"))
    assert already_suggested(engine, "P1") == {EVE, NEW, BO}


def test_the_lake_is_followed_to_the_end(tmp_path: Path) -> None:
    rows = night({1: 2, 3: 2, 4: 5}, 2)
    redirects = tables(tmp_path, rows)["redirects"]
    assert [author_today(i, redirects) for i in (1, 2, 4, 6)] == [
        (2, True), (2, True), (5, False), (6, False)
    ]  # fmt: skip
    assert names_of(np.array([2, 9]), redirects).tolist() == [1, 2, 3, 9]
    assert names_of(np.array([], np.int64), redirects).tolist() == []


def test_ids_of_runs_and_digests_before_count_as_served(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    old = create_engine(f"sqlite:///{tmp_path / 'serving.sqlite'}")
    person = "INSERT INTO people VALUES ('{}', {}, 'A', 'a', NULL, NULL, NULL, NULL, 2, '2020-01-01', '2020-01-01', 1)"  # noqa: E501  # a row reads best on one line
    a_run = "INSERT INTO runs VALUES ('{}', '2026-01-01', '2026-01-01', '2026-01-01', 'm', 'f', '{}', 1, 1, 1)"  # noqa: E501  # likewise
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in (
            a_run.format("r", "served"),
            a_run.format("half", "loading"),
            person.format("r", 1),
            person.format("r", 2),
            person.format("half", 4),
            "INSERT INTO suppressed_people VALUES ('r', 2, '2026-01-01')",
            "INSERT INTO subscribers (person_id, name, email, address_hash, wants_digest, "
            "updated_at) VALUES ('P1', 'Ada', 'a@example.org', 'x', 1, '2026-03-01 02:00:00')",
            "INSERT INTO deliveries VALUES (1, 'P1', 'r', 'm', 'written', 's', NULL, "
            "'2026-01-01', NULL, NULL)",
            "INSERT INTO delivered_suggestions VALUES (1, 1, NULL), (1, 3, NULL)",
        ):
            connection.execute(text(statement))
    old.dispose()
    engine = open_database(Settings(home=tmp_path))
    with reading(engine) as connection:
        assert connection.scalars(select(SERVED_IDS.c.author_id)).all() == [1, 3]
    engine.dispose()


PEOPLE = ["Jane Doe", "J Doe", "John Doe", "Ann Lee", "A Lee", "Kim Ray", "Kit Ray", "K Ray"]


def _drawn(seed: int) -> Papers:
    """Draw sixty papers, each with an author of no other paper.

    By the seed some are withdrawn, and of some the authors are revised.
    """
    draw, tonight = random.Random(5), random.Random(seed)
    authors = {pmid: draw.sample(PEOPLE, 3) for pmid in range(1, 61)}
    for pmid in tonight.sample(sorted(authors), 20 if seed else 0):
        authors[pmid] = tonight.sample(PEOPLE, 3)
    withdrawn = set(tonight.sample(sorted(authors), 15 if seed else 0))
    return {
        pmid: {"authors": [*names, f"Ivo Only{chr(97 + pmid // 26)}{chr(97 + pmid % 26)}"]}
        for pmid, names in authors.items()
        if pmid not in withdrawn
    }


def test_after_three_nights_of_reclustering_every_id_ever_served_resolves(
    engine: Engine, settings: Settings
) -> None:
    home, shown = Home(settings.home), set[int]()
    kinds = set[str]()
    for seed in (0, 1, 2, 3):
        home.night(_drawn(seed))
        authors = sorted(row["author_id"] for row in home.rows("authors"))
        _recommend_next(home, authors)
        given = lake.datasets(home.settings.lake_folder, SOURCES)
        assert publish(engine, run(f"night-{seed}"), given, settings).accepted
        shown |= set(authors)
        kinds |= {row["kind"] for row in home.rows("identity_events")}
        for author_id in shown:
            with reading(engine) as connection:
                today = current_id(connection, author_id)
            if today in authors:
                assert who_is(engine, author_id) == today
            else:
                assert absence_of(engine, str(author_id)) == Absence(author_id, is_gone=True)
        assert set(led(engine)) == shown - set(authors)
    assert {"merged", "gone", "back"} <= kinds
    assert current_run(engine) is not None


def _recommend_next(home: Home, authors: list[int]) -> None:
    """Suggest to each author the next, in a circle, so that a run shows everybody."""
    pairs = zip(authors, authors[1:] + authors[:1], strict=True)
    rows = world()["recommendations"][0]
    del rows["introducer_id"]
    given = [{**rows, "author_id": a, "candidate_id": c} for a, c in pairs]
    write_lake(
        home.settings.lake_folder,
        recommendations=given,
        reasons=[{**row, "kind": "recent_paper", "contribution": 0.75} for row in given],
    )
