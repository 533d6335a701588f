"""Recommendations as JSON text, joined from parts that the database writes.

The same as `recommendations` put into JSON, at half the cost: the busiest answer of the API names
somebody a hundred times, and here each is written once. Tests hold the two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)

from pipeline.serving.database import Connection
from pipeline.serving.queries.records import Person
from pipeline.serving.queries.shown import PAPERS_OF_RUN, SHOWN_PEOPLE, named_ids
from pipeline.serving.queries.suggestions import (
    PAPERS_NAMED,
    PEOPLE_NAMED,
    Wanted,
    rows_of,
)

_NAMES = {"display_name": "name"}
Parts = Mapping[Any, str]


def written_recommendations(
    connection: Connection,
    run_id: str,
    author: Person,
    limit: int,
    wanted: Wanted,
    after_rank: int,
) -> list[tuple[int, str]]:
    """Give a person's recommendations of a run from a rank on: rank, and the JSON object."""
    rows = rows_of(connection, run_id, author, limit, wanted, after_rank)
    facts = [json.loads(row.reasons) for row in rows]
    flat = [fact for listed in facts for fact in listed]
    ids = [number for row in rows for number in (row.candidate_id, row.introducer_id)]
    people = _parts(connection, "people", run_id, ids + named_ids(flat, *PEOPLE_NAMED))
    papers = _parts(connection, "papers", run_id, named_ids(flat, *PAPERS_NAMED))
    return [
        (
            row.rank,
            f'{{"rank":{row.rank},"person":{people[row.candidate_id]},'
            f'"score":{_number(row.score)},"probability":{_number(row.probability)},'
            f'"introducer":{people.get(row.introducer_id, "null")},'
            f'"reasons":[{",".join(_reasons(listed, people, papers))}],'
            f'"placed_by":{encode_basestring(row.placed_by)}}}',
        )
        for row, listed in zip(rows, facts, strict=True)
    ]


def _reasons(facts: Sequence[Mapping[str, Any]], people: Parts, papers: Parts) -> list[str]:
    """Write reasons, by the rules of `suggestions`: none that names somebody hidden."""
    told, is_cut = [], False
    for fact in facts:
        get, kind = fact.get, fact["kind"]
        one, other, topic = get("person_id"), get("other_person_id"), get("topic")
        if (one is None or one in people) and (other is None or other in people):
            text = (
                f'{{"kind":"{kind}","contribution":{fact["contribution"]!r},'
                f'"person":{people.get(one, "null")},"other_person":{people.get(other, "null")},'
                f'"topic":{"null" if topic is None else encode_basestring(topic)},'
                f'"paper":{papers.get(get("pmid"), "null")},'
                f'"other_paper":{papers.get(get("other_pmid"), "null")}}}'
            )
            told.append((kind, text))
        else:
            is_cut |= kind == "path"
    return [text for kind, text in told if not (is_cut and kind == "path")]


def _number(value: float | None) -> str:
    return "null" if value is None else repr(value)


def _parts(
    connection: Connection, what: str, run_id: str, ids: Iterable[int | None]
) -> dict[int, str]:
    """Read people or papers of a run, each as a JSON object."""
    dialect = connection.dialect.name
    wanted = list({number for number in ids if number is not None})
    asked = {"run_id": run_id, "ids": str(wanted) if dialect == "sqlite" else wanted}
    rows = connection.execute(_WRITTEN[dialect, what], asked).all()
    return {row[0]: row[1] for row in rows}


def _written(chosen: Select[Any], dialect: str) -> Select[Any]:
    """Select, instead of columns, the first of them and all as a JSON object, for many ids.

    The ids are one parameter: a list of parameters would be written anew for each request.
    """
    key, is_lite = chosen.selected_columns[0], dialect == "sqlite"
    pairs: list[ColumnElement[Any]] = []
    for column in chosen.selected_columns:
        name = _NAMES.get(column.name, column.name)
        pairs += [literal_column(f"'{name}'"), _plain(column) if is_lite else column]
    if is_lite:
        listed = func.json_each(bindparam("ids", type_=Text)).table_valued("value")
        chosen = chosen.where(key.in_(select(listed.c.value)))
        return chosen.with_only_columns(key, func.json_object(*pairs))
    chosen = chosen.where(key == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    return chosen.with_only_columns(key, cast(func.json_build_object(*pairs), Text))


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """SQLite knows no booleans: 0 and 1 become JSON's."""
    if isinstance(column.type, Boolean):
        return func.json(case((column, "true"), else_="false"))
    return column


_WRITTEN = {
    (dialect, what): _written(chosen, dialect)
    for dialect in ("sqlite", "postgresql")
    for what, chosen in (("people", SHOWN_PEOPLE), ("papers", PAPERS_OF_RUN))
}
