"""What web pages fold away: tab panels, and answers below buttons."""

import pytest

from openbook.text.readers.html import parse_page


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<div role=tabpanel>npm i</div><div role=tabpanel hidden>yarn add</div>", "npm i\nyarn add"),
        ("<div role=tabpanel aria-hidden=true style='display:none'>yarn add</div>", "yarn add"),
        ("<button aria-controls=a>Is it old?</button><div id=a hidden>It is.</div>", "Is it old?\nIt is."),
        ("<button aria-controls=a>Where?</button><div id=a hidden><a href=m>Here</a></div>", "Where?\nHere"),
        ("<dl><dt><button aria-expanded=false>Is it old?</button><dd>It is.</dl>", "Is it old?\nIt is."),
        ("<button class=accordion>Is it old?</button><div class=panel>It is.</div>", "Is it old?\nIt is."),
        ("<h3><button aria-expanded=true>Is it old?</button></h3><p>It is.", "### Is it old?\nIt is."),
        ("<div role=heading><button>Is it old?</button></div><p>It is.", "## Is it old?\nIt is."),
    ],
)
def test_what_is_folded_away_is_read_and_so_is_what_opens_it(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<h1>Struct Vec <button>Copy item path</button></h1>It grows.", "# Struct Vec\nIt grows."),
        ("a <button>OK</button> b", "a b"),
        ("<button aria-controls=n>Menu</button><nav id=n>Home</nav>a", "a"),
        ("<button aria-controls=n aria-haspopup=true>More</button><div id=n hidden>Home</div>a", "a"),
        ("<button aria-controls=n>Play</button><div hidden>Secret</div><div id=n>a</div>", "a"),
        ("<button class=accordion>Is it old?</button>", "Is it old?"),
        (
            "<button aria-controls=m>Menu</button><div id=m hidden><div><div>"
            "<a>Home</a> <a href=p>Pricing</a></div></div></div>a",
            "a",
        ),
    ],
    ids=["copy", "plain", "menu", "popup", "not-below", "nothing-else", "links"],
)
def test_other_buttons_and_what_they_hide_are_left_out(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text
