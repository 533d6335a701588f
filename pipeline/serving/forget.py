"""Take people who want to be left alone out of the reasons and introductions of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from pipeline.serving.database import Connection
from pipeline.serving.schema import PEOPLE, RECOMMENDATIONS, SUPPRESSED_PEOPLE

_NAMES = ("person_id", "other_person_id")
Fact = dict[str, Any]


def forget_suppressed(connection: Connection, run_id: str) -> None:
    """Forget everyone whom `suppressed_people` lists in run `run_id`."""
    hidden = SUPPRESSED_PEOPLE.c
    named = (  # who is not among the people of a run stands nowhere in it
        select(hidden.author_id)
        .join(PEOPLE, (PEOPLE.c.run_id == hidden.run_id) & (PEOPLE.c.author_id == hidden.author_id))
        .where(hidden.run_id == run_id)
    )
    for author_id in connection.scalars(named.order_by(hidden.author_id)).all():
        _forget(connection, run_id, author_id)


def without_facts_about(facts: Sequence[Fact], author_id: int) -> list[Fact]:
    """Leave out the facts that name a person, and the path as a whole if one of its steps does.

    What they contributed goes to the fact `walk`, so that the contributions add up to the score as
    before; the strongest stays first.
    """

    def names_them(fact: Fact) -> bool:
        return any(fact.get(name) == author_id for name in _NAMES)

    is_cut = any(names_them(fact) for fact in facts if fact["kind"] == "path")
    gone = [names_them(fact) or (is_cut and fact["kind"] == "path") for fact in facts]
    kept = [dict(fact) for fact, is_gone in zip(facts, gone, strict=True) if not is_gone]
    lost = sum(fact["contribution"] for fact, is_gone in zip(facts, gone, strict=True) if is_gone)
    walk = next((fact for fact in kept if fact["kind"] == "walk"), None)
    if walk is not None:
        walk["contribution"] += lost
    elif lost != 0 or not kept:
        kept.append({"kind": "walk", "contribution": lost})
    return sorted(kept, key=lambda fact: -fact["contribution"])


def _forget(connection: Connection, run_id: str, author_id: int) -> None:
    given = RECOMMENDATIONS.c
    connection.execute(
        update(RECOMMENDATIONS)
        .where(given.run_id == run_id, given.introducer_id == author_id)
        .values(introducer_id=None)
    )
    # a key ends in a quote that is not escaped: no topic can look like it
    is_named = or_(
        *(given.reasons.contains(f'_id":{author_id}{end}', autoescape=True) for end in ",}")
    )
    found = select(given.author_id, given.rank, given.reasons).where(
        given.run_id == run_id, is_named
    )
    rows = [
        {"who": row.author_id, "place": row.rank, "told": _rewritten(row.reasons, author_id)}
        for row in connection.execute(found)
    ]
    if rows:
        connection.execute(
            update(RECOMMENDATIONS)
            .where(
                given.run_id == run_id,
                given.author_id == bindparam("who"),
                given.rank == bindparam("place"),
            )
            .values(reasons=bindparam("told")),
            rows,
        )


def _rewritten(reasons: str, author_id: int) -> str:
    told = without_facts_about(json.loads(reasons), author_id)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
