"""What the makers of web pages put beside their words: links to headings and names, numbers of lines."""

import pytest

from openbook.text.readers.html import parse_page

_SOURCE = "<a class='reference internal' href='a.html#f'><span class=viewcode-link>[source]</span></a>"
_LINK = "<a class=headerlink href='#f' title='Link to this definition'>¶</a>"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (f"<dl><dt>acme.f(n=400){_SOURCE}{_LINK}</dt><dd>Spins.</dl>", "acme.f(n=400)\nSpins."),
        (f"<figure><img><figcaption>The mill{_LINK}</figcaption></figure>", "The mill"),
        ("<pre><a class=viewcode-back href='b.html#f'>[docs]</a>def f():</pre>", "def f():"),
        ("<a class=headerlink href='/home'>Home</a>", "Home"),
    ],
    ids=["signature", "figure", "code", "no-mark"],
)
def test_signs_of_sphinx_are_no_text(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text


@pytest.mark.parametrize(
    "code",
    [
        "<pre><span class=linenos>1</span>import acme\n<span class=linenos>2</span>acme.spin()\n</pre>",
        "<table><tr><td class=linenos><pre><span class=normal>1</span>\n<span class=normal>2</span></pre>"
        "<td class=code><pre>import acme\nacme.spin()\n</pre></table>",
        "<div class=line><a id=l1></a><span class=lineno>    1</span>import acme</div>"
        "<div class=line><span class=lineno>    2</span>acme.spin()</div>",
        "<table><tr><td class='rouge-gutter gl'><pre class=lineno>1\n2</pre>"
        "<td><pre>import acme\nacme.spin()</pre></table>",
        "<pre class=chroma><span class=line><span class=ln>1</span><span class=cl>import acme\n</span></span>"
        "<span class=line><span class=ln>2</span><span class=cl>acme.spin()</span></span></pre>",
        "<pre class='code linenos'>import acme\nacme.spin()</pre>",
    ],
    ids=["in-line", "table", "doxygen", "rouge", "chroma", "no-number"],
)
def test_numbers_of_lines_are_no_text(code: str) -> None:
    assert parse_page(code, "a.html").text == "import acme\nacme.spin()"
