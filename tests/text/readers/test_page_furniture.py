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


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>Open it. <a href='#ref1' role=doc-backlink>↩︎</a>", "Open it."),
        ("<p>Open it. <a href=#r class=footnote-backref>↩<sup>2</sup></a>", "Open it."),
        ("<div><h2>Gates</h2><span class=mw-editsection>[<a href=e>edit</a>]</span></div>", "## Gates"),
        ("<h2><span class=permalink><a href='#g'>&#9670;&nbsp;</a></span>open()</h2>", "## open()"),
        ("<p>int open ()<a class=copiable-link href='#g'> &para;</a>", "int open ()"),
        ("<p>impl Gate<a href='#g' class=anchor>§</a>", "impl Gate"),
        ("<p>The operator <a href='ops.html#hash'>#</a> of C", "The operator # of C"),
        ("<p>As § 3 says: <a href='#s3'>§ 3</a>", "As § 3 says: § 3"),
        ("<p>press <a href='#enter'>⏎</a> key, <a href='#para'>§</a>5", "press ⏎ key, §5"),
        ("<p>Of <b><a href='#para'>§</a></b> 5", "Of § 5"),
        ("<div><a href='#f'>§</a><h4>spin()</h4></div>", "#### spin()"),
    ],
    ids=[
        "back",
        "second-back",
        "edit",
        "doxygen",
        "texinfo",
        "rustdoc",
        "operator",
        "paragraph-of-law",
        "key",
        "bold",
        "above",
    ],
)
def test_signs_are_no_text_beside_anything(page: str, text: str) -> None:
    assert parse_page(page, "a.html").text == text


def test_numbers_of_lines_in_a_table_of_hexo_are_no_text() -> None:
    page = (
        "<table><tr><td class=gutter><pre><span class=line>1</span><br><span class=line>2</span></pre>"
        "<td class=code><pre>import acme<br>acme.spin()</pre></table>"
    )
    assert parse_page(page, "a.html").text == "import acme\nacme.spin()"


@pytest.mark.parametrize(
    "furniture",
    [
        "<ol class=breadcrumbs><li><a href=/>Home</a><li>Gates</ol>",
        "<a class='skip-link screen-reader-text' href='#content'>Skip to content</a>",
        "<div id=cookie-law-info-bar>This site uses cookies. <a>Accept</a></div>",
        "<div class='cookieconsent open'><h3>Cookies</h3><p>We use them.</div>",
        "<div role=alertdialog><h2>We value your privacy</h2></div>",
        "<div class=navheader><table><tr><td>Prev<td>Next</table></div>",
        "<div class=nav-panel><p>Next: <a href=b.html>Wheel</a></div>",
        "<div id=footer>Last updated 2024-01-01</div>",
        "<div class=sidebar><p>Recent posts</div>",
        "<div id=catlinks class=catlinks>Categories: <ul><li>Mills</ul></div>",
        "<div class=ttc><div class=ttname>Gate</div></div>",
        "<div id=respond><h3>Leave a Reply</h3><form><input></form></div>",
        "<div class=header><div class=summary><a href='#a'>Gates</a> | <a href='#b'>Ways</a></div></div>",
        "<p class=breadcrumb>Home / Gates",
        "<a class=theme-edit-this-page href=e>Edit this page</a>",
    ],
)
def test_what_stands_on_each_page_of_a_site_is_left_out(furniture: str) -> None:
    assert parse_page(f"<p>It is old.</p>{furniture}", "a.html").text == "It is old."
    assert parse_page(furniture, "a.html").text, "where nothing else is said, it is read"


@pytest.mark.parametrize(
    "content",
    [
        "<article class=cookie-notice><p>We bake cookies.</article>",
        "<p class=cookie>Bake the cookies.",
        "<div class=cookie-recipes>Bake the cookies.</div>",
        "<div class=header><p class=summary>We measured <a href=g.html>gates</a>.</div>",
        "<div class=header><div class=summary>We measured <a href=g.html>gates</a>.</div></div>",
        "<p class=ttc>Terms.",
        "<p id=respond>Respond at once.",
        "<p class=breadcrumb>Crumbs of bread.",
        "<div role=alertdialog>An example.</div>",
        "<form role=search>An example.</form>",
        "<div class=my-language-box><span class=lang>Welsh</span></div>",
        "<div class=language-list><span class=lang>Welsh</span> is old.</div>",
        "<table><tr><td class=gutter>Ann<td>Miller</table>",
        "<article><div class=sidebar>A box of the text.</div></article>",
    ],
)
def test_what_only_looks_like_furniture_is_read(content: str) -> None:
    assert parse_page(f"<main><p>Text.</p>{content}</main>", "a.html").text.count("\n") == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("<section id=cookie-law>", "</section>"),
        ("<div id=gdpr-consent>", "</div>"),
        ("<div id=cookie-notice class=section>", "</div>"),
        ("<section id=cookies-message-format>", "</section>"),
        ("<section class=CookieConsentWrapper>", "</section>"),
        ("<h2 id=cookie-notice>", "</h2>"),
        ("<div class='app has-cookie-banner'>", "</div>"),
        ("<div class=cookie-banner><h2>Law</h2>", "</div>"),
        ("<article><div class=cookie-banner>", "</div></article>"),
        ("<div class=cookie-banner>" + "It is long. " * 200, "</div>"),
    ],
)
def test_what_only_speaks_of_cookies_is_read(start: str, end: str) -> None:
    page = f"<h1>Cookies</h1><p>{'They are baked. ' * 40}</p>{start}Four are kept.{end}"
    assert "Four are kept." in parse_page(page, "a.html").text


@pytest.mark.parametrize(
    "content",
    [
        "<table><tr><td class=footer>Total: 500</table>",
        "<table><tr><td class=sidebar>Total: 500</table>",
        "<div class=sidebar><h1>Mill</h1>Total: 500</div>",
        "<div class=document><div class=sidebar>Total: 500</div></div>",
        "<div class=body><div><div class='topic sidebar'>Total: 500</div></div></div>",
    ],
)
def test_cells_and_boxes_of_the_text_are_read(content: str) -> None:
    assert "Total: 500" in parse_page(f"<p>It is old.</p>{content}", "a.html").text


def test_a_label_above_code_is_no_text() -> None:
    page = (
        "<div class='language-js line'><button>Copy</button><span class=lang>js</span><pre>spin()</pre></div>"
    )
    assert parse_page(f"<main>{page}</main>", "a.html").text == "spin()"


def test_books_and_mails_have_no_furniture() -> None:
    page = "<p>It is old.</p><div class=footer>Ann Miller, 1912</div>"
    assert parse_page(page, "a.xhtml", of_site=False).text == "It is old.\nAnn Miller, 1912"
