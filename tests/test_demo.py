"""The demo as a newcomer runs it: real DAGs, two nights; then its result, checked by SQL alone."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from models import baselines
from pipeline.demo.world import World, build_world
from pipeline.serving import queries
from pipeline.serving.database import open_database, reading
from pipeline.settings import Settings
from pipeline.tables import TABLES

pytestmark = pytest.mark.airflow
ROOT = Path(__file__).parents[1]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=540,
        env={**os.environ, "COLUMNS": "120", **environment},
    )


def layered(folder: Path, layers: list[dict[str, Any]], key: str) -> str:
    """SELECT of a table: from the lowest layer up, what each hides goes and what it has comes."""
    sql = ""
    for layer in layers:
        rows = f"SELECT * FROM '{folder / layer['file']}'"
        if layer["hides"]:
            sql = f"SELECT * FROM ({sql}) WHERE {key} NOT IN (FROM '{folder / layer['hides']}')"
        sql = f"{sql} UNION ALL {rows}" if sql else rows
    return sql


class Demo:
    """What the demo left behind."""

    def __init__(self, home: Path, output: str) -> None:
        self.home, self.output = home, output
        self.database = sqlite3.connect(home / "serving.sqlite")
        self.lake = duckdb.connect()
        manifest = json.loads((home / "lake" / "manifest.json").read_text(encoding="utf-8"))
        for name, entry in manifest["tables"].items():
            rows = layered(home / "lake", entry["layers"], TABLES[name].key[0])
            self.lake.execute(f"CREATE VIEW {name} AS {rows}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.lake.sql(sql).fetchall()

    def served(self, sql: str) -> list[tuple[Any, ...]]:
        return self.database.execute(sql).fetchall()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    home = tmp_path_factory.mktemp("demo") / "home"
    result = run("pipeline", "demo", "--home", str(home))
    log = home / "airflow" / "run.log"
    told = log.read_text(encoding="utf-8")[-5000:] if log.exists() else ""
    assert result.returncode == 0, result.stderr + told
    return Demo(home, result.stdout)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(nights=2)


def test_every_night_runs_its_three_dags(demo: Demo) -> None:
    for dag in ("ingest_pubmed", "recommend_collaborators", "send_suggestions"):
        assert len(re.findall(rf"{dag}: success", demo.output)) == 2


def test_the_output_says_what_came_of_it(demo: Demo) -> None:
    for said in (
        "ingested:",
        "graph:",
        "published:",
        "a digest:",
        "the database:",
        "confrere serve",
    ):
        assert said in demo.output
    assert len(re.findall(r"^ [1-5]  \S", demo.output, re.MULTILINE)) == 5


def test_the_lake_holds_exactly_what_pubmed_shows(demo: Demo, world: World) -> None:
    assert [pmid for (pmid,) in demo.rows("SELECT pmid FROM publications ORDER BY pmid")] == (
        world.visible(world.nights[1])
    )


def test_the_second_night_brings_the_retraction_the_deletion_and_the_revision(
    demo: Demo, world: World
) -> None:
    night = world.nights[1]
    [retraction] = world.changed("retraction", night)
    [deletion] = world.changed("deletion", night)
    [revision] = world.changed("revision", night)
    row = demo.rows(f"SELECT is_retracted FROM publications WHERE pmid = {retraction.pmid}")
    assert row == [(True,)]
    for table in ("publications", "authorships", "identities"):
        assert demo.rows(f"SELECT 1 FROM {table} WHERE pmid = {deletion.pmid}") == []
    revised = demo.rows(f"SELECT revised_on FROM publications WHERE pmid = {revision.pmid}")
    assert revised == [(night,)]


def test_nobody_is_suggested_to_themselves_or_to_a_past_coauthor(demo: Demo) -> None:
    assert demo.rows("SELECT COUNT(*) > 10000 FROM recommendations") == [(True,)]
    assert demo.rows("SELECT * FROM recommendations WHERE author_id = candidate_id") == []
    together = """
        SELECT r.author_id, r.candidate_id FROM recommendations r
        JOIN identities a ON a.author_id = r.author_id
        JOIN identities c ON c.author_id = r.candidate_id AND c.pmid = a.pmid
    """
    assert demo.rows(together) == []


def test_no_known_duplicate_is_suggested(demo: Demo, world: World) -> None:
    """Truth: two author ids whose mentions are mostly of one person are duplicates."""
    demo.lake.register("truth", world.authorship_truth())
    demo.rows("""CREATE OR REPLACE TEMP TABLE who AS
        SELECT author_id, MODE(person_id) AS person_id
        FROM identities JOIN truth USING (pmid, position) GROUP BY author_id""")
    oneself = """
        SELECT COUNT(*) FROM recommendations r
        JOIN who a ON a.author_id = r.author_id JOIN who c ON c.author_id = r.candidate_id
        WHERE a.person_id = c.person_id
    """
    assert demo.rows(oneself) == [(0,)]
    known_twin = """
        SELECT COUNT(*) FROM recommendations r
        JOIN who c ON c.author_id = r.candidate_id
        JOIN who z ON z.person_id = c.person_id AND z.author_id <> c.author_id
        JOIN (SELECT author_id, coauthor_id FROM coauthorships
              UNION ALL SELECT coauthor_id, author_id FROM coauthorships) k
          ON k.author_id = r.author_id AND k.coauthor_id = z.author_id
    """
    assert demo.rows(known_twin) == [(0,)]


REASONS = """
    SELECT r.author_id, r.candidate_id, e.value ->> '$.kind' AS kind,
           CAST(e.value ->> '$.person_id' AS BIGINT) AS person_id,
           CAST(e.value ->> '$.other_person_id' AS BIGINT) AS other_person_id,
           e.value ->> '$.topic' AS topic,
           CAST(e.value ->> '$.pmid' AS BIGINT) AS pmid,
           CAST(e.value ->> '$.other_pmid' AS BIGINT) AS other_pmid,
           CAST(e.value ->> '$.contribution' AS DOUBLE) AS contribution, r.score
    FROM served r, json_each(r.reasons) e
"""


@pytest.fixture(scope="module")
def reasons(demo: Demo) -> Demo:
    """The reasons as platforms get them: from the view of the serving database."""
    import pyarrow as pa

    rows = demo.served("SELECT author_id, candidate_id, score, reasons FROM v1_recommendations")
    names = ("author_id", "candidate_id", "score", "reasons")
    demo.lake.register("served", pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))))
    demo.rows(f"CREATE OR REPLACE TEMP TABLE given AS {REASONS}")
    return demo


def test_every_pmid_in_a_reason_exists_and_is_not_retracted(reasons: Demo) -> None:
    wrong = """
        SELECT pmid FROM (SELECT pmid FROM given UNION SELECT other_pmid FROM given) named
        WHERE pmid IS NOT NULL
          AND pmid NOT IN (SELECT pmid FROM publications WHERE NOT is_retracted)
    """
    assert reasons.rows(wrong) == []


@pytest.mark.parametrize(
    ("kind", "claims"),
    [
        ("shared_coauthor", ["author_id pmid", "person_id pmid"]),
        ("shared_coauthor", ["person_id other_pmid", "candidate_id other_pmid"]),
        ("path", ["person_id pmid", "other_person_id pmid"]),
        ("shared_topic", ["author_id pmid", "candidate_id other_pmid"]),
        ("topics", ["author_id pmid", "candidate_id other_pmid"]),
        ("venues", ["author_id pmid", "candidate_id other_pmid"]),
        ("recent_paper", ["candidate_id pmid"]),
    ],
)
def test_every_reason_is_borne_out_by_the_author_lists(
    reasons: Demo, kind: str, claims: list[str]
) -> None:
    assert reasons.rows(f"SELECT COUNT(*) > 0 FROM given WHERE kind = '{kind}'") == [(True,)]
    for person, paper in (claim.split() for claim in claims):
        wrong = f"""
            SELECT {person}, {paper} FROM given WHERE kind = '{kind}'
            AND NOT EXISTS (SELECT 1 FROM identities i
                            WHERE i.author_id = given.{person} AND i.pmid = given.{paper})
        """
        assert reasons.rows(wrong) == []


def test_a_shared_topic_stands_on_both_papers(reasons: Demo) -> None:
    for paper in ("pmid", "other_pmid"):
        wrong = f"""
            SELECT topic, {paper} FROM given WHERE kind = 'shared_topic'
            AND NOT EXISTS (SELECT 1 FROM topics t
                            WHERE t.pmid = given.{paper} AND LOWER(t.name) = LOWER(given.topic))
        """
        assert reasons.rows(wrong) == []


def test_a_shared_journal_and_a_shared_workplace_are_of_both(reasons: Demo) -> None:
    assert reasons.rows("SELECT COUNT(*) > 0 FROM given WHERE kind = 'venues'") == [(True,)]
    for paper in ("pmid", "other_pmid"):
        wrong = f"""
            SELECT topic, given.{paper} FROM given JOIN publications p ON p.pmid = given.{paper}
            WHERE kind = 'venues' AND REGEXP_REPLACE(LOWER(p.journal), '[^a-z]', '', 'g')
                <> REGEXP_REPLACE(LOWER(topic), '[^a-z]', '', 'g')
        """
        assert reasons.rows(wrong) == []
    assert reasons.rows("SELECT COUNT(*) > 0 FROM given WHERE kind = 'workplace'") == [(True,)]
    wrong = """
        SELECT author_id, candidate_id FROM given WHERE kind = 'workplace'
        AND NOT EXISTS (SELECT 1 FROM author_affiliations a
                        JOIN author_affiliations c USING (affiliation_key)
                        WHERE a.author_id = given.author_id AND c.author_id = given.candidate_id)
    """
    assert reasons.rows(wrong) == []


def test_a_path_leads_from_the_author_to_the_candidate(reasons: Demo) -> None:
    wrong = """
        SELECT author_id, candidate_id FROM given WHERE kind = 'path'
        GROUP BY author_id, candidate_id
        HAVING NOT BOOL_OR(person_id = author_id) OR NOT BOOL_OR(other_person_id = candidate_id)
            OR COUNT(*) <> 3
    """
    assert reasons.rows(wrong) == []


def test_contributions_add_up_to_the_score(reasons: Demo) -> None:
    wrong = """
        SELECT author_id, candidate_id FROM given GROUP BY author_id, candidate_id, score
        HAVING ABS(SUM(contribution) - score) > 1e-6
    """
    assert reasons.rows(wrong) == []


@pytest.fixture(scope="module")
def to_come(demo: Demo, world: World) -> set[tuple[int, int]]:
    """Planted truth: pairs of author ids, both ways, who will write their first joint paper."""
    demo.lake.register("truth", world.authorship_truth())
    pairs = [*world.future_collaborations, *((b, a) for a, b in world.future_collaborations)]
    first, second = zip(*pairs, strict=True)
    demo.lake.register("future", pa.table({"a": first, "b": second}))
    return set(
        demo.rows("""
            WITH who AS (SELECT author_id, MODE(person_id) AS person_id
                         FROM identities JOIN truth USING (pmid, position) GROUP BY author_id)
            SELECT a.author_id, b.author_id FROM future
            JOIN who a ON a.person_id = future.a JOIN who b ON b.person_id = future.b
        """)
    )


def test_suggestions_meet_the_collaborations_that_will_come(
    demo: Demo, to_come: set[tuple[int, int]]
) -> None:
    """Pairs drawn at random would be hit far less often."""
    given = demo.rows("SELECT author_id, candidate_id FROM recommendations")
    served = len({author for author, _ in given})
    hits = len(set(given) & to_come)
    assert hits / len(given) > 10 * len(to_come) / served**2


def test_suggestions_meet_them_more_often_than_any_heuristic(
    demo: Demo, to_come: set[tuple[int, int]]
) -> None:
    ids = np.array(demo.rows("SELECT author_id FROM authors ORDER BY author_id"))[:, 0]
    ties = demo.lake.sql("SELECT author_id, coauthor_id, weight FROM coauthorships").fetchnumpy()
    ends = [np.searchsorted(ids, ties[name]) for name in ("author_id", "coauthor_id")]
    ends = [np.r_[ends[0], ends[1]], np.r_[ends[1], ends[0]]]
    recent = sparse.csr_array((np.tile(ties["weight"], 2), ends), (ids.size, ids.size))
    plain = baselines.plain(recent)
    active = demo.rows("SELECT author_id FROM authors WHERE last_on >= DATE '2021-03-03'")
    is_open = np.isin(ids, np.array(active))
    given = demo.rows("SELECT author_id, candidate_id FROM recommendations WHERE rank <= 10")
    served = np.searchsorted(ids, np.unique([author for author, _ in given]))

    def hits(score: Any, graph: Any) -> int:
        """Planted pairs among the ten best of everybody served."""
        scores = score(graph, served)
        scores = (scores.toarray() if sparse.issparse(scores) else np.array(scores)) * is_open
        scores[plain[served].toarray() > 0] = 0
        scores[np.arange(served.size), served] = 0
        best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        rows, places = np.nonzero(np.take_along_axis(scores, best, axis=1))
        pairs = zip(ids[served[rows]].tolist(), ids[best[rows, places]].tolist(), strict=True)
        return len(set(pairs) & to_come)

    own = len(set(given) & to_come)
    for score, graph in (
        (baselines.common_neighbours, plain),
        (baselines.jaccard, plain),
        (baselines.adamic_adar, plain),
        (baselines.resource_allocation, recent),
        (baselines.superposed_walk, recent),
        (baselines.paths_of_three, recent),
        (baselines.pagerank, plain),
        (baselines.pagerank, recent),
    ):
        assert own > 1.05 * hits(score, graph), score.__name__


def test_a_team_covers_planted_topics_better_than_a_search_by_words(
    demo: Demo, world: World
) -> None:
    """Aims of three topics; a topic is covered where one of five people has it as their main."""
    main = {person.person_id: person.topics[0] for person in world.people}
    demo.lake.register("truth", world.authorship_truth())
    who = demo.rows("""
        SELECT author_id, MODE(person_id) FROM identities JOIN truth USING (pmid, position)
        GROUP BY author_id
    """)
    works_on = {author: main.get(person) for author, person in who}
    written = demo.served("""
        SELECT author_id, GROUP_CONCAT(title, ' ') FROM authored JOIN papers USING (run_id, pmid)
        WHERE run_id = (SELECT run_id FROM current_run) GROUP BY author_id
    """)
    words = TfidfVectorizer(sublinear_tf=True, stop_words="english", strip_accents="unicode")
    of_people = words.fit_transform([titles for _, titles in written])
    with reading(open_database(Settings(home=demo.home))) as connection:
        run = queries.run_now(connection)
        assert run is not None
        expertise = queries.load_expertise(connection, run.run_id)
        assert expertise is not None
        covered: dict[str, list[bool]] = {"team": [], "words": []}
        generator = np.random.default_rng(0)
        for _ in range(60):
            asked = generator.choice(len(world.topics), 3, replace=False).tolist()
            first, second, third = (world.topics[topic].approaches[0] for topic in asked)
            aim = f"Does {first} help? We mean to compare it with {second}, and add {third}."
            team = queries.find_team(connection, expertise, aim, 5)
            likeness = (of_people @ words.transform([aim]).T).toarray().ravel()
            found = {
                "team": [member.person.author_id for member in team.members],
                "words": [written[row][0] for row in np.argsort(-likeness)[:5]],
            }
            for name, people in found.items():
                topics = {works_on.get(author) for author in people}
                covered[name] += [topic in topics for topic in asked]
    assert np.mean(covered["team"]) > 0.6
    assert np.mean(covered["team"]) > 1.3 * np.mean(covered["words"])


def test_digests_are_written_for_those_who_asked_and_nobody_else(demo: Demo, world: World) -> None:
    lines = [line.split(",") for line in world.roster.splitlines()[1:]]
    asked = {line[2] for line in lines if line[-1] == "yes"}
    files = sorted((demo.home / "outbox").rglob("*.eml"))
    messages = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    addresses = {message["To"].addresses[0].addr_spec for message in messages}
    assert len(messages) >= 5
    assert addresses <= asked
    for message in messages:
        assert message.get_body(("plain",)) is not None
        assert message.get_body(("html",)) is not None


def test_a_second_digest_repeats_nobody(demo: Demo) -> None:
    repeated = """
        SELECT d.person_id, s.candidate_id FROM delivered_suggestions s
        JOIN deliveries d USING (delivery_id)
        GROUP BY d.person_id, s.candidate_id HAVING COUNT(*) > 1
    """
    assert demo.served(repeated) == []


def test_the_first_night_trains_a_ranker_and_the_training_dag_only_replaces_it_by_a_better(
    demo: Demo,
) -> None:
    """The backlog covers twelve years, so there is a past to learn from."""
    file = demo.home / "models" / "ranker.json"
    before = json.loads(file.read_text(encoding="utf-8"))
    assert before["slope"] > 0
    assert demo.rows("SELECT DISTINCT model_version FROM recommendations") == [
        (f"linear-2: {before['trained_on']}",)
    ]
    result = run("dags", "run", "train_models", CONFRERE_HOME=str(demo.home))
    assert "train_models: success" in result.stdout, result.stdout + result.stderr
    log = (demo.home / "airflow" / "run.log").read_text(encoding="utf-8")
    is_promoted = "promoted yes" in log.split("train: as_of")[-1].splitlines()[0]
    after = json.loads(file.read_text(encoding="utf-8"))
    assert (after != before) == is_promoted


def test_a_dag_that_fails_says_so(tmp_path: Path) -> None:
    result = run("dags", "run", "recommend_collaborators", CONFRERE_HOME=str(tmp_path / "empty"))
    assert result.returncode == 1
    assert "recommend_collaborators: failed" in result.stdout
    assert "holds no publications" in (tmp_path / "empty/airflow/run.log").read_text("utf-8")


def test_what_cannot_get_better_by_waiting_is_not_tried_again() -> None:
    code = """
import warnings; warnings.simplefilter("ignore")
from dags.ingest_pubmed import RETRY_POLICY
from pipeline.errors import BadCredentials, RateLimited, UpstreamError, WrongUse
print([RETRY_POLICY.evaluate(e("x"), 1, 3).action.value
       for e in (BadCredentials, WrongUse, RateLimited, UpstreamError)])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert "['fail', 'fail', 'retry', 'default']" in result.stdout, result.stderr
