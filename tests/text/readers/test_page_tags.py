"""Tags of pages, where quotation marks, comments and scripts hide what looks like some."""

import pytest

from openbook.text.readers.page_tags import tags


def written(page: str, *, is_drawing: bool = False) -> str:
    """The tags in short: `-` before one that ends, `/` behind one that is closed at once."""
    found = tags(page, is_drawing=lambda: is_drawing)
    return " ".join(f"{'-' * tag.is_end}{tag.name}{'/' * tag.is_closed}" for tag in found)


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<P>a</p >b<br/>c<o:p />", "p -p br/ o:p/"),
        ("<a href=x/><b c='/'/><i/ d><u d/ >", "a b/ i u"),
        ("<p a='</p>' b=\"<b>\" c = '>'>x</p>", "p -p"),
        ("<p a=b'c>d'</p>", "p -p"),
        ("<p a\"b>c\"</p><p ='>'><i a=>", "p -p p i"),
        ("<p a='1' a=\"unclosed><i></i>", "p"),
        ("1 < 2 <3 </ <p>> <é> <\u017f> </> <!doctype html><p>", "p"),
        ("<!-- <p> --><!--><b><!-- --!><i><!-- <u>", "b i"),
        ("<?php <p> ?><![CDATA[<p>]]><b>", "b"),
        ("<script>'<p>'</scripts></script ><p><TITLE><b></Title><i>", "p i"),
        ("<style><p>", ""),
        ("</script><p>", "p"),
        ("<p\xa0x><i>", "p\xa0x i"),
    ],
)
def test_tags_are_those_that_a_parser_sees(page: str, found: str) -> None:
    assert written(page) == found


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<style><p></style><path d=M0/><path d='M0'/>", "style p -style path path/"),
        ("<![CDATA[ > <p> ]]><g>", "g"),
        ("<![CDATA[<p>", ""),
    ],
)
def test_drawings_have_no_scripts_but_data(page: str, found: str) -> None:
    assert written(page, is_drawing=True) == found


def test_places_are_where_tags_begin() -> None:
    assert [(tag.place, tag.rest) for tag in tags("ab<p c>d</p>", is_drawing=lambda: False)] == [
        (2, " c"),
        (8, ""),
    ]
