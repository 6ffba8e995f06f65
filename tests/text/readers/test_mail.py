"""Mails, as programs write them and as they should not."""

import base64
import quopri
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from damaged_files import damaged
from openbook.text import Document, read_documents
from openbook.text.readers.mail_text import unflowed
from openbook.text.sources import Omissions

Write = Callable[[str, str | bytes], Path]
ReadAll = Callable[..., tuple[list[Document], list[str]]]

_HEAD = (
    "From: Ada Fenn <ada@example.org>\n"
    "To: bram@example.org\n"
    "Date: Tue, 05 Mar 2024 14:07:00 +0100\n"
    "Subject: The gate\n"
)
_PDF = (
    'Content-Type: application/pdf; name="plan.pdf"\nContent-Disposition: attachment; filename="plan.pdf"\n'
    "Content-Transfer-Encoding: base64\n\nQUJD"
)


def mail(body: str | bytes, content_type: str = "text/plain; charset=utf-8", **more: str) -> bytes:
    """A mail with this body, as it is."""
    headers = {"MIME-Version": "1.0", "Content-Type": content_type} | more
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"{_HEAD}{lines}\n".encode() + (body if isinstance(body, bytes) else body.encode())


def multipart(kind: str, *parts: str, boundary: str = "b1") -> str:
    """A part of parts, with its header."""
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{body}--{boundary}--\n'


def whole(part: str) -> bytes:
    return f"{_HEAD}MIME-Version: 1.0\n{part}".encode()


def plain(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"


def page(text: str) -> str:
    return f"Content-Type: text/html; charset=utf-8\n\n<p>{text}</p>\n"


def test_a_mail_is_who_wrote_what_about_what(write: Write, read_all: ReadAll) -> None:
    path = write("a.eml", mail("Odo has mended it.\r\n\r\nAda\r\n"))
    text = f"{_HEAD}\nOdo has mended it.\n\nAda"
    assert read_all(path) == ([Document(text=text, id="a.eml", title="The gate", source=str(path))], [])


def test_headers_are_decoded(write: Write, read_all: ReadAll) -> None:
    head = (
        "\n\nX-Mailer: x\nSUBJECT: =?utf-8?Q?Gr=C3=B6=C3=9Fe_des_?=\n =?iso-8859-1?B?VG9ycw==?=\n"
        "from: =?utf-8?B?w4lsaWFuZQ==?= <e@example.org>\nTo: a@example.org,\n b@example.org\n\nBody"
    )
    (document,), _ = read_all(write("a.eml", f"\ufeff{head}"))
    assert document.text == (
        "From: Éliane <e@example.org>\nTo: a@example.org, b@example.org\nSubject: Größe des Tors\n\nBody"
    )
    assert document.title == "Größe des Tors"


def encoded(charset: str, *words: bytes) -> str:
    """Encoded words of a header, in base64."""
    return " ".join(f"=?{charset}?B?{base64.b64encode(word).decode()}?=" for word in words)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (encoded("gb2312", "朱镕基".encode("gb18030")), "朱镕基"),
        (encoded("ks_c_5601-1987", "똠방각하".encode("cp949")), "똠방각하"),
        ("=?iso-8859-1?Q?Odo=92s_gate?=", "Odo\N{RIGHT SINGLE QUOTATION MARK}s gate"),
        ("=?windows-1252*en?Q?Odo=92s_gate?=", "Odo\N{RIGHT SINGLE QUOTATION MARK}s gate"),
        (encoded("iso-2022-jp", b"\x1b$BLg$O\x1b(B\x1b$B-!\x1b(B"), "門は①"),
        (encoded("utf-8", "門は".encode()[:4], "門は".encode()[4:]), "門は"),
        (encoded("gb2312", "大门打开".encode("gbk")[:3], "大门打开".encode("gbk")[3:]), "大门打开"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?Q?_aus_K=F6ln?= am Rhein", "Grüße aus Köln am Rhein"),
        ("=?utf-8?Q?a b?=\n =?utf-8?q?c?=", "a bc"),
        ("=?utf-8?B?YWJjZA?=", "abcd"),
    ],
)
def test_encoded_words_of_headers_are_read_as_bodies_are(
    write: Write, read_all: ReadAll, written: str, said: str
) -> None:
    content = f"From: {written} <a@example.org>\nSubject: {written}\n\nBody"
    (document,), _ = read_all(write("a.eml", content))
    assert document.text == f"From: {said} <a@example.org>\nSubject: {said}\n\nBody"


def test_an_encoded_name_may_hold_what_separates_names(write: Write, read_all: ReadAll) -> None:
    name = encoded("utf-8", "Fenn, Éliane <x@example.org>".encode())
    (document,), _ = read_all(write("a.eml", f"To: {name} <e@example.org>, b@example.org\n\nBody"))
    assert document.text == 'To: "Fenn, Éliane <x@example.org>" <e@example.org>, b@example.org\n\nBody'


@pytest.mark.parametrize("raw", ["Größe".encode(), "Größe".encode("latin-1")])
def test_headers_with_bytes_that_they_should_not_hold_are_read(
    write: Write, read_all: ReadAll, raw: bytes
) -> None:
    (document,), _ = read_all(write("a.eml", b"From: a@example.org\nSubject: " + raw + b"\n\nBody"))
    assert document.title == "Größe"


@pytest.mark.parametrize(
    ("subject", "title"),
    [("", "tides"), ("=?x-none?Q?caf=C3=A9?=", "café"), ("=?utf-8?Q?=FF?=", "ÿ"), ("a\0b", "ab")],
)
def test_odd_subjects_are_titles(write: Write, read_all: ReadAll, subject: str, title: str) -> None:
    (document,), _ = read_all(write("tides.eml", f"From: a@example.org\nSubject: {subject}\n\nBody"))
    assert document.title == title


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("iso-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("gb2312", "gb18030"),
        ("us-ascii", "utf-8"),
        ("us-ascii", "cp1252"),
        ("iso-8859-1", "utf-8"),
        ("no-such-thing", "utf-8"),
        ("no-such-thing", "cp1252"),
        ("utf-8", "cp1252"),
        ("rot13", "utf-8"),
        ('""', "utf-8"),
    ],
)
def test_a_charset_that_is_wrong_or_unknown_does_no_harm(
    write: Write, read_all: ReadAll, charset: str, encoding: str
) -> None:
    body = base64.b64encode("Die Größe des Tores".encode(encoding))
    content_type = f"text/plain; charset={charset}"
    (document,), _ = read_all(write("a.eml", mail(body, content_type, Content_Transfer_Encoding="base64")))
    assert document.text == f"{_HEAD}\nDie Größe des Tores"


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_one_damaged_byte_changes_no_other_letter(write: Write, read_all: ReadAll, kind: str) -> None:
    body = "Die Tür ist grün und ganz schön".encode() + b" caf\xe9."
    (document,), _ = read_all(write("a.eml", mail(body, f"text/{kind}; charset=utf-8")))
    assert document.text == f"{_HEAD}\nDie Tür ist grün und ganz schön caf\ufffd."


def test_japanese_in_seven_bits_is_read(write: Write, read_all: ReadAll) -> None:
    body = "門は直された".encode("iso2022_jp")
    (document,), _ = read_all(write("a.eml", mail(body, "text/plain; charset=iso-2022-jp")))
    assert document.text == f"{_HEAD}\n門は直された"


def test_what_a_mailing_list_writes_below_base64_is_read_too(write: Write, read_all: ReadAll) -> None:
    footer = "____________\ngate-list mailing list\nFooter"
    for end in ("\n", "\r\n"):
        body = base64.encodebytes("Ворота открыты в девять часов. ".encode() * 4).decode() + footer
        content = mail(body.replace("\n", end), Content_Transfer_Encoding="Base64")
        (document,), _ = read_all(write("a.eml", content))
        assert document.text == f"{_HEAD}\n{'Ворота открыты в девять часов. ' * 4}\n{footer}"


def test_base64_with_a_damaged_line_is_read_to_its_end(write: Write, read_all: ReadAll) -> None:
    lines = base64.encodebytes(b"The gate opens at nine." * 10).decode().splitlines()
    lines[1] = f"{lines[1][:8]}!{lines[1][8:]}"
    (document,), _ = read_all(write("a.eml", mail("\n".join(lines), Content_Transfer_Encoding="base64")))
    assert document.text == f"{_HEAD}\n{'The gate opens at nine.' * 10}"


def test_quoted_printable_is_decoded(write: Write, read_all: ReadAll) -> None:
    text = "Größe = " + "x" * 100
    body = quopri.encodestring(text.encode("latin-1"))
    content_type = "text/plain; charset=iso-8859-1"
    path = write("a.eml", mail(body, content_type, Content_Transfer_Encoding="quoted-printable"))
    assert read_all(path)[0][0].text == f"{_HEAD}\n{text}"


def test_of_two_ways_to_say_it_the_plain_one_is_read(write: Write, read_all: ReadAll) -> None:
    for parts in ((plain("Plain."), page("Page.")), (page("Page."), plain("Plain."))):
        (document,), _ = read_all(write("a.eml", whole(multipart("alternative", *parts))))
        assert document.text == f"{_HEAD}\nPlain."


def test_without_a_plain_part_the_page_is_read_as_pages_are(write: Write, read_all: ReadAll) -> None:
    seen = '<p>Seen <b>words</b></p><p style="display:none">hidden</p><nav>menu</nav>'
    html = f"Content-Type: text/html\n\n<title>t</title>{seen}\n"
    for parts in ((plain(" \n"), html), (html,)):
        (document,), _ = read_all(write("a.eml", whole(multipart("alternative", *parts))))
        assert document.text == f"{_HEAD}\nSeen words"


def test_boxes_asides_and_footers_of_a_mail_are_its_text(write: Write, read_all: ReadAll) -> None:
    body = (
        "<article>First story.</article><aside>A note.</aside><p>Bye, Odo</p><nav>menu</nav>"
        '<footer>Harrow Street 4</footer><div role="contentinfo">Ely</div>'
    )
    (document,), _ = read_all(write("a.eml", mail(body, "text/html; charset=utf-8")))
    assert document.text == f"{_HEAD}\nFirst story.\nA note.\nBye, Odo\nHarrow Street 4\nEly"


def test_what_a_mail_of_html_quotes_has_marks(write: Write, read_all: ReadAll) -> None:
    body = "<p>Too many.</p><div>Odo wrote:<blockquote type=cite><p>I would order 40.</blockquote></div>"
    (document,), _ = read_all(write("a.eml", mail(body, "text/html; charset=utf-8")))
    assert document.text == f"{_HEAD}\nToo many.\nOdo wrote:\n> I would order 40."


def test_a_page_may_say_its_own_encoding(write: Write, read_all: ReadAll) -> None:
    body = '<meta charset="windows-1250"><p>Příliš</p>'.encode("cp1250")
    (document,), _ = read_all(write("a.eml", mail(body, "text/html")))
    assert document.text == f"{_HEAD}\nPříliš"


def test_attachments_are_named_and_not_read(write: Write, read_all: ReadAll) -> None:
    note = 'Content-Type: text/plain\nContent-Disposition: inline; filename="no te.txt"\n\nnot read'
    encoded = 'Content-Type: image/png; name="=?utf-8?Q?Gr=C3=B6=C3=9Fe?=.png"\n\nx'
    nameless = "Content-Type: text/calendar\n\nBEGIN:VCALENDAR"
    parts = (plain("Body."), _PDF, note, encoded, nameless, plain("Below."))
    (document,), _ = read_all(write("a.eml", whole(multipart("mixed", *parts))))
    assert document.text == (
        f"{_HEAD}\nBody.\n\nBelow.\n\nAttachments: plan.pdf, no te.txt, Größe.png, text/calendar"
    )


def test_parts_may_stand_in_parts(write: Write, read_all: ReadAll) -> None:
    """A page with its picture is one of two ways to say it, beside a file, in a signed mail."""
    picture = 'Content-Type: image/png; name="logo.png"\nContent-ID: <1>\n\nx'
    related = multipart("related", page("Page."), picture, boundary="b4")
    alternative = multipart("alternative", plain("Plain."), related, boundary="b3")
    mixed = multipart("mixed", alternative, _PDF, boundary="b2")
    signature = 'Content-Type: application/pgp-signature; name="signature.asc"\n\nx'
    (document,), _ = read_all(write("a.eml", whole(multipart("signed", mixed, signature))))
    assert document.text == f"{_HEAD}\nPlain.\n\nAttachments: plan.pdf"
    mixed = multipart("mixed", page("Page."), _PDF, boundary="b2")
    (document,), _ = read_all(write("a.eml", whole(multipart("alternative", mixed))))
    assert document.text == f"{_HEAD}\nPage.\n\nAttachments: plan.pdf"


def test_a_forwarded_mail_is_read_with_its_first_lines(write: Write, read_all: ReadAll) -> None:
    inner = multipart("mixed", plain("Old words."), _PDF, boundary="b2")
    forwarded = f"Content-Type: message/rfc822\n\nFrom: c@example.org\nSubject: Old\n{inner}"
    (document,), _ = read_all(write("a.eml", whole(multipart("mixed", plain("See below."), forwarded))))
    assert document.text == (
        f"{_HEAD}\nSee below.\n\nFrom: c@example.org\nSubject: Old\n\nOld words.\n\nAttachments: plan.pdf"
    )
    assert document.title == "The gate"


def test_a_forwarded_mail_beside_a_page_is_read_with_the_plain_text(write: Write, read_all: ReadAll) -> None:
    """As Apple's program forwards mails as files."""
    forwarded = 'Content-Type: message/rfc822; name="Gate.eml"\n\nFrom: c@example.org\n\nOld words.\n'
    pages = multipart("mixed", page("Page."), forwarded, _PDF, page("Regards"), boundary="b2")
    (document,), _ = read_all(write("a.eml", whole(multipart("alternative", plain("Plain."), pages))))
    assert document.text == f"{_HEAD}\nPlain.\n\nFrom: c@example.org\n\nOld words.\n\nAttachments: plan.pdf"
    plains = multipart("mixed", plain("Plain."), forwarded, boundary="b3")
    (document,), _ = read_all(write("a.eml", whole(multipart("alternative", plains, pages))))
    assert document.text.count("Old words.") == 1


def test_a_forwarded_mail_may_be_encoded_as_files_are(write: Write, read_all: ReadAll) -> None:
    old = base64.encodebytes(b"From: c@example.org\r\nSubject: Old\r\n\r\nOld words.\r\n").decode()
    forwarded = f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{old}"
    (document,), _ = read_all(write("a.eml", whole(multipart("mixed", plain("See below."), forwarded))))
    assert document.text == f"{_HEAD}\nSee below.\n\nFrom: c@example.org\nSubject: Old\n\nOld words."


def test_of_related_parts_the_one_that_is_named_is_the_text(write: Write, read_all: ReadAll) -> None:
    picture = "Content-Type: image/png; name=logo.png\nContent-ID: <1>\n\nx"
    root = page("Page.").replace("\n", "\nContent-ID: <root>\n", 1)
    related = multipart("related", picture, root, _PDF).replace("related;", 'related; start="<root>";', 1)
    (document,), _ = read_all(write("a.eml", whole(related)))
    assert document.text == f"{_HEAD}\nPage.\n\nAttachments: plan.pdf"


def test_files_beside_the_pictures_of_a_page_are_named(write: Write, read_all: ReadAll) -> None:
    shown = 'Content-Type: image/png; name="logo.png"\nContent-ID: <1>\nContent-Disposition: attachment\n\nx'
    photo = 'Content-Type: image/png; name="photo.png"\nContent-Disposition: attachment\n\nx'
    inline = 'Content-Type: application/pdf; name="map.pdf"\nContent-Disposition: inline\n\nx'
    related = multipart("related", page("Page."), shown, photo, _PDF, inline)
    (document,), _ = read_all(write("a.eml", whole(related)))
    assert document.text == f"{_HEAD}\nPage.\n\nAttachments: photo.png, plan.pdf, map.pdf"


def test_a_text_that_is_shown_first_may_have_a_name(write: Write, read_all: ReadAll) -> None:
    named = 'text/plain; name="message.txt"'
    (document,), _ = read_all(write("a.eml", mail("Body.", named, Content_Disposition="inline")))
    assert document.text == f"{_HEAD}\nBody."
    parts = (f"Content-Type: {named}\n\nBody.", f"Content-Type: {named}\n\nnot read")
    (document,), _ = read_all(write("a.eml", whole(multipart("mixed", *parts))))
    assert document.text == f"{_HEAD}\nBody.\n\nAttachments: message.txt"
    (document,), _ = read_all(write("a.eml", mail("not read", named, Content_Disposition="attachment")))
    assert document.text == f"{_HEAD}\nAttachments: message.txt"


def test_what_plain_text_and_a_page_say_is_read_once(write: Write, read_all: ReadAll) -> None:
    parts = (plain("The gate\nis open."), page("The <b>gate</b> is open."), page("Unsubscribe"))
    (document,), _ = read_all(write("a.eml", whole(multipart("mixed", *parts))))
    assert document.text == f"{_HEAD}\nThe gate\nis open.\n\nUnsubscribe"


_EVENT = "BEGIN:VEVENT\nSUMMARY:Gate\nDTSTART:20240305T140000Z\nLOCATION:Mill\nEND:VEVENT\n"
_INVITATION = f"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n{_EVENT}END:VCALENDAR\n"


def test_an_invitation_says_what_when_and_where(write: Write, read_all: ReadAll) -> None:
    event = "Summary: Gate\nStart: 2024-03-05 14:00 UTC\nLocation: Mill"
    empty = multipart("alternative", plain(""), _INVITATION)
    for content, text in (
        (_INVITATION, event),
        (empty, event),
        (multipart("mixed", plain("Come!"), _INVITATION), f"Come!\n\n{event}"),
        (multipart("alternative", _INVITATION, page("Come!")), "Come!"),
    ):
        (document,), _ = read_all(write("a.eml", whole(content)))
        assert document.text == f"{_HEAD}\n{text}"


def test_pages_are_read_before_what_few_programs_show(write: Write, read_all: ReadAll) -> None:
    amp = "Content-Type: text/x-amp-html\n\n<html amp4email>AMP</html>\n"
    (document,), _ = read_all(write("a.eml", whole(multipart("alternative", amp, page("Page.")))))
    assert document.text == f"{_HEAD}\nPage."


def test_a_page_that_is_not_needed_is_not_read(write: Write, read_all: ReadAll) -> None:
    """One that would take too long to read is an error where nothing else says it."""
    deep = page("<div>" * 6000)
    documents, errors = read_all(write("a.eml", whole(multipart("alternative", deep, plain("Plain.")))))
    assert ([document.text for document in documents], errors) == ([f"{_HEAD}\nPlain."], [])
    documents, (error,) = read_all(write("a.eml", whole(multipart("alternative", deep, plain("")))))
    assert documents == []
    assert "more than 5,000 of its elements" in error


def test_a_report_of_delivery_is_its_words(write: Write, read_all: ReadAll) -> None:
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed"
    (document,), _ = read_all(write("a.eml", whole(multipart("report", plain("Not delivered."), status))))
    assert document.text == f"{_HEAD}\nNot delivered."


def test_lines_that_a_mail_program_broke_are_joined(write: Write, read_all: ReadAll) -> None:
    signature = "-- \r\nAda \r\nFenn\r\n"
    body = "One \r\nline.\r\n\r\n>> Quoted \r\n>> twice \r\n> once.\r\n From \r\nhere.\r\n" + signature
    (document,), _ = read_all(write("a.eml", mail(body, "text/plain; charset=utf-8; format=flowed")))
    assert document.text.removeprefix(f"{_HEAD}\n") == (
        "One line.\n\n>> Quoted twice \n> once.\nFrom here.\n-- \nAda Fenn"
    )
    (document,), _ = read_all(write("a.eml", mail("日 \n本", "text/plain; Format=Flowed; delsp=yes")))
    assert document.text.endswith("\n\n日本")


@given(text=st.text("ab >-\n"))
def test_joining_lines_keeps_every_word(text: str) -> None:
    assert unflowed(text).replace("\n", "").replace(" ", "").replace(">", "") == (
        text.replace("\n", "").replace(" ", "").replace(">", "")
    )


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b1',
        "application/pkcs7-mime; smime-type=enveloped-data",
        "application/x-pkcs7-mime; name=smime.p7m",
        "text/plain",
    ],
)
def test_an_encrypted_mail_is_refused(write: Write, read_all: ReadAll, content_type: str) -> None:
    path = write("a.eml", mail("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", content_type))
    problem = "the mail is encrypted, or sealed by its signature; save its text where it can be read"
    assert read_all(path) == ([], [f"{path}: {problem}, or leave it out: --on-error skip"])


def test_an_encrypted_part_beside_others_is_said(write: Write, tmp_path: Path) -> None:
    sealed = "Content-Type: application/pkcs7-mime\n\nx"
    write("a.eml", whole(multipart("mixed", plain("Footer."), sealed)))
    omissions = Omissions()
    (document,) = read_documents(str(tmp_path / "a.eml"), omissions=omissions)
    assert isinstance(document, Document)
    assert document.text == f"{_HEAD}\nFooter."
    assert omissions.parts == [f"{tmp_path}/a.eml: a part of the mail is encrypted, and is not read"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not a mail: it begins with none of the lines"),
        (b"hello\n", "not a mail: "),
        (
            "From: a@example.org\n\nHi".encode("utf-16"),
            "not a mail: it begins with none of the lines that mails begin with, as From: and Date:; save it "
            "again, or leave it out",
        ),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a mail: "),
        (b"From: a@example.org\n\n", "the mail is empty: it has neither subject nor text nor attachments"),
        (b"Subject:\nMIME-Version: 1.0\nContent-Type: text/html\n\n<style>p {}</style>", "the mail is empty"),
    ],
)
def test_what_is_no_mail_or_an_empty_one_says_so(
    write: Write, read_all: ReadAll, content: bytes, problem: str
) -> None:
    path = write("a.eml", content)
    documents, (error,) = read_all(path)
    assert documents == []
    assert error.startswith(f"{path}: {problem}")


@pytest.mark.parametrize("content", [mail(""), mail("<style>p {}</style>", "text/html"), _HEAD.encode()])
def test_a_mail_may_be_its_subject_alone(write: Write, read_all: ReadAll, content: bytes) -> None:
    (document,), errors = read_all(write("a.eml", content))
    assert (document.text, document.title, errors) == (_HEAD.strip(), "The gate", [])


def test_a_mail_without_words_is_its_headers_and_attachments(write: Write, read_all: ReadAll) -> None:
    (document,), _ = read_all(write("a.eml", whole(multipart("mixed", plain(""), _PDF))))
    assert document.text == f"{_HEAD}\nAttachments: plan.pdf"


@pytest.mark.parametrize(
    "content",
    [
        mail("Body.", "multipart/mixed"),
        mail("Body.", "multipart/alternative; boundary=none"),
        mail("Body.", "text/plain; charset"),
        mail("Body.", "text"),
        mail("Body.", ";;;="),
        mail("Body.", Content_Transfer_Encoding="x-none"),
        mail("Body.", Content_Disposition='attachment; filename*0*=x; filename*="'),
        mail("Body.", Content_Disposition="inline; filename*=utf-8''%ED%A0%80"),
        mail("Body.", "text/plain; name*=hex''%41"),
    ],
    ids=range(9),
)
def test_headers_that_are_wrong_do_no_harm(write: Write, read_all: ReadAll, content: bytes) -> None:
    (document,), errors = read_all(write("a.eml", content))
    assert (document.text.startswith(_HEAD), errors) == (True, [])


def test_mails_may_be_nested_deeper_than_the_stack(write: Write, read_all: ReadAll) -> None:
    part = plain("Body.")
    for depth in range(2000):
        part = f"Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n{part}"
    path = write("a.eml", whole(part))
    assert read_all(path)[1][0].startswith(f"{path}: not readable as a mail: ")


def test_a_header_of_a_megabyte_takes_no_minutes(write: Write, read_all: ReadAll) -> None:
    long = "a@example.org," * 70_000
    (document,), _ = read_all(
        write("a.eml", f"From: {long}\nContent-Type: text/plain; {'a=b;' * 250_000}\n\nB")
    )
    assert document.text.endswith("\n\nB")


def test_changed_bytes_are_documents_or_source_errors(write: Write, read_all: ReadAll) -> None:
    inner = multipart("alternative", plain("Old words."), page("Old."), boundary="b2")
    forwarded = f"Content-Type: message/rfc822\n\nFrom: c@example.org\nSubject: =?utf-8?B?w4k=?=\n{inner}"
    content = whole(multipart("mixed", plain("See below."), forwarded, _PDF))
    for changed in damaged(content, count=300):
        documents, errors = read_all(write("a.eml", changed))
        assert len(documents) + len(errors) == 1


_NEWS = "<h1>News</h1>" + "".join(f"<p>The gate number {n} is open on Friday.</p>" for n in range(12))


@pytest.mark.parametrize(
    "stub", ["This message needs a program that shows HTML.", "Read online: https://example.org/n/7"]
)
@pytest.mark.parametrize("is_related", [False, True])
def test_a_page_counts_where_the_plain_text_only_stands_in_for_it(
    write: Write, read_all: ReadAll, stub: str, is_related: bool
) -> None:
    shown = multipart("related", page(_NEWS), boundary="b2") if is_related else page(_NEWS)
    (document,), errors = read_all(write("a.eml", whole(multipart("alternative", plain(stub), shown))))
    assert "The gate number 11 is open on Friday." in document.text
    assert (stub in document.text, errors) == (False, [])


def test_a_plain_text_that_says_about_as_much_as_its_page_counts(write: Write, read_all: ReadAll) -> None:
    for text, shown in (("Yes, on Friday.", "Yes, on <b>Friday</b>, as always."), ("Word. " * 80, _NEWS * 9)):
        (document,), _ = read_all(write("a.eml", whole(multipart("alternative", plain(text), page(shown)))))
        assert document.text.endswith(f"\n\n{text.strip()}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Yes, on Friday.\nAnn", f"<p>Yes, on <b>Friday</b>.</p><p>Ann</p>{_NEWS}"),
        (
            "We meet at the mill on Friday, for the gate is open then, and we know how. " * 2,
            _NEWS * 4,
        ),
    ],
)
def test_a_short_reply_counts_whatever_stands_below_it_on_its_page(
    write: Write, read_all: ReadAll, text: str, shown: str
) -> None:
    (document,), errors = read_all(write("a.eml", whole(multipart("alternative", plain(text), page(shown)))))
    assert (document.text.endswith(f"\n\n{text.strip()}"), errors) == (True, [])


def test_a_plain_text_that_says_it_has_a_page_is_no_text(write: Write, read_all: ReadAll) -> None:
    stub = "View this mail in your browser: https://example.org/n/7"
    shown = page(f"<p>{stub}</p>{_NEWS}")
    (document,), _ = read_all(write("a.eml", whole(multipart("alternative", plain(stub), shown))))
    assert "The gate number 11 is open on Friday." in document.text


def test_a_page_that_cannot_be_read_leaves_the_short_plain_text(write: Write, read_all: ReadAll) -> None:
    deep = page("<div>" * 100_000)
    (document,), errors = read_all(write("a.eml", whole(multipart("alternative", plain("Plain."), deep))))
    assert (document.text.endswith("Plain."), errors) == (True, [])
