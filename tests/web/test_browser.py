"""Pages in a real browser: Debian's Chromium, driven by Playwright."""

# ruff: noqa: E501  (rows read best one a line)

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.serving.database import Engine, open_database
from pipeline.serving.roster import import_roster
from pipeline.settings import Settings
from tests.serving.world import ADA, CY, EVE, NIGHT, Rows, seeded, world
from tests.web.conftest import serving

pytestmark = pytest.mark.browser

LARGEST_PAGE = 100_000
PAGES = {
    "start": "/",
    "found": "/?q=e",
    "nobody": "/?q=zzz",
    "person": f"/people/{ADA}",
    "no suggestions": f"/people/{EVE}",
    "filtered": f"/people/{ADA}?other_department=true",
    "why": f"/people/{ADA}/why/{CY}",
    "on the roster": "/people/P9",
    "aim": "/team",
    "team": "/team?aim=better+engines",
    "no team": "/team?aim=zzz",
    "about": "/about",
    "api": "/api",
    "problem": "/people/nobody",
}
HOSTILE = (
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    '"><svg onload=window.ran=1>',
    "javascript:window.ran=1",
    "' onmouseover='window.ran=1",
    "{{ 7 * 7 }}{% for x in y %}",
    "</title></textarea><script>window.ran=1</script>",
    "<i><b>unclosed <sup onclick=window.ran=1>",
    "\u202egnirts desrever\u202c",
    "A\u0000B\u200b\ufeff",
    "<style>*{display:none}</style>",
    "<iframe srcdoc='<script>parent.ran=1</script>'>",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "Ω≈ç√∫ 姓名 שלום مرحبا " * 5,
    "W" * 300,
    "<a href=javascript:window.ran=1>x</a>",
    "]]><!--<script>window.ran=1</script>-->",
    '=HYPERLINK("//evil.example")',
)
CROWD = 200


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with the drawn world and a roster."""
    folder = tmp_path_factory.mktemp("pages")
    settings = Settings(home=folder, api_rate_limit="")
    engine = open_database(settings)
    seeded(engine, _with_probabilities())
    _roster(engine, folder)
    with serving(settings) as served:
        yield served
    engine.dispose()


def _with_probabilities() -> dict[str, Rows]:
    rows = world()
    for row in rows["recommendations"]:
        row["probability"] = 0.08
    return rows


def _roster(engine: Engine, folder: Path) -> None:
    file = folder / "roster.csv"
    lines = "person_id,name,email,orcid,department,digest\nP9,Zoe Unknown,zoe@example.org,,,no\n"
    file.write_text(lines, encoding="utf-8")
    import_roster(engine, file, b"key", NIGHT)


def _page(browser: Browser, **options: Any) -> Page:
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(20_000)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(browser: Browser, address: str, scheme: str) -> None:
    page = _page(browser, color_scheme=scheme)
    for name, path in PAGES.items():
        page.goto(address + path)
        for details in page.locator("details").all():
            details.evaluate("element => element.open = true")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    page.context.close()


def test_everything_works_without_javascript(browser: Browser, address: str) -> None:
    page = _page(browser, java_script_enabled=False)
    page.goto(address)
    page.get_by_label("Your name, ORCID iD, or institution").fill("lovelace")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Ada Løvelace-Smith").click()
    assert page.get_by_role("heading", name="Cy Müller").is_visible()
    page.get_by_role("checkbox", name="another department").check()
    page.get_by_role("button", name="Show").click()
    page.get_by_text("Nobody suggested to you is known to be of another department").wait_for()
    page.get_by_role("link", name="Show all suggestions").click()
    page.get_by_role("link", name="Why Cy Müller?").click()
    assert page.get_by_role("rowheader", name="Sum: the score").is_visible()
    page.get_by_text("The same as a table").click()
    assert page.get_by_role("cell", name="Dee O'Brien").first.is_visible()
    page.context.close()


def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, address: str) -> None:
    page = _page(browser, viewport={"width": 320, "height": 640})
    for name, path in PAGES.items():
        page.goto(address + path)
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
    page.context.close()


def test_the_keyboard_reaches_the_content_first_and_sees_where_it_is(
    browser: Browser, address: str
) -> None:
    page = _page(browser)
    page.goto(address + PAGES["person"])
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to the content"
    assert focused.bounding_box()["y"] >= 0  # type: ignore[index]  # it is visible
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    outline = page.locator(":focus").evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline == "solid"
    page.context.close()


def test_paper_shows_no_controls(browser: Browser, address: str) -> None:
    page = _page(browser)
    page.goto(address + PAGES["person"])
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Show").is_visible()
    assert page.get_by_role("heading", name="Cy Müller").is_visible()
    page.context.close()


def test_labels_of_a_drawing_do_not_leave_their_boxes(browser: Browser, address: str) -> None:
    for width, kind in ((1000, "wide"), (320, "narrow")):
        page = _page(browser, viewport={"width": width, "height": 800})
        page.goto(address + PAGES["why"])
        sizes = page.locator(f".network.{kind} g").evaluate_all(
            "all => all.map(g => [g.querySelector('text').getBBox().width,"
            " g.querySelector('rect').getBBox().width])"
        )
        assert len(sizes) >= 3
        assert all(text < box for text, box in sizes), (kind, sizes)
        page.context.close()


def _hostile() -> dict[str, Rows]:
    """A crowd of whom each has a hostile name, place, paper and topic, and suggestions of others."""
    ids = range(1, CROWD + 1)
    text = {number: f"{HOSTILE[number % len(HOSTILE)]} {number}" for number in ids}
    pairs = [(a, rank, (a + rank - 1) % CROWD + 1) for a in ids for rank in range(1, 9)]
    named = {"kind": "shared_coauthor", "contribution": 0.5}
    return {
        "authors": [
            {
                "author_id": n,
                "display_name": text[n],
                "institution": text[n],
                "department": text[n],
                "country": text[n][:40],
            }
            for n in ids
        ],
        "recommendations": [
            {"author_id": a, "rank": rank, "candidate_id": c, "score": 1.0, "probability": 0.1}
            for a, rank, c in pairs
        ],
        "reasons": [
            fact
            for a, _, c in pairs
            for fact in (
                {"author_id": a, "candidate_id": c, **named, "person_id": (a + c) % CROWD + 1, "pmid": a, "other_pmid": c},
                {"author_id": a, "candidate_id": c, "kind": "shared_topic", "contribution": 0.25, "topic": text[c], "pmid": a, "other_pmid": c},
                {"author_id": a, "candidate_id": c, "kind": "recent_paper", "contribution": 0.25, "pmid": c},
            )
        ],
        "publications": [{"pmid": n, "title": text[n], "journal": text[n]} for n in ids],
        "identities": [{"pmid": n, "position": 1, "author_id": n} for n in ids],
        "redirects": [],
        "coauthorships": [
            {"author_id": n, "coauthor_id": n + 1, "publication_count": n} for n in ids if n < CROWD
        ],
        "topics": [{"pmid": n, "descriptor_ui": f"D{n}", "name": text[n]} for n in ids],
    }  # fmt: skip


def test_hostile_names_and_titles_run_nothing(browser: Browser, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, api_rate_limit="")
    engine = open_database(settings)
    seeded(engine, _hostile())
    page = _page(browser, viewport={"width": 320, "height": 640})
    page.add_init_script(
        "window.reports = [];"
        "document.addEventListener('securitypolicyviolation', e => reports.push(e.blockedURI))"
    )
    seen: set[int] = set()
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    with serving(settings) as served:
        for number in range(1, CROWD + 1, 8):
            seen |= {number, *range(number + 1, number + 9)}
            for path in (f"/people/{number}", f"/people/{number}/why/{number + 1}", "/?q=" + "w"):
                answer = page.goto(served + path)
                assert answer is not None
                assert answer.status == 200
                assert len(answer.body()) < LARGEST_PAGE
                assert page.evaluate("[window.ran === undefined, window.reports]") == [True, []]
                assert page.evaluate("document.scripts.length") == 0
                assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    assert seen >= set(range(1, CROWD + 1))
    assert {url for url in elsewhere if not url.startswith((served, "data:"))} == set()
    page.context.close()
    engine.dispose()


def test_pages_are_small(browser: Browser, address: str) -> None:
    page = _page(browser)
    for name, path in {**PAGES, "style": "/static/confrere.css"}.items():
        answer = page.goto(address + path)
        assert answer is not None
        assert len(answer.body()) < LARGEST_PAGE, name
    page.context.close()
