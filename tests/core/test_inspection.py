"""Uploads are judged by their content: sound and whole, one kind only, within bounds."""

import zlib
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from app.core.errors import Invalid
from app.core.inspection import ACCEPTED, SENTENCES, inspected_type
from tests.factories.files import (
    archive,
    blank_pdf,
    chunk,
    painted,
    pdf_opening_with,
    pdf_with_pages_hung_up_again_and_again,
    photo,
    png_of,
    written,
)

PHP = b"<?php system($_GET['c']); ?>"
PAGE = b"<html><script>alert(1)</script></html>"
GOOD = {
    "jpeg": photo(),
    "progressive": photo(progressive=True),
    "grey": photo(image=painted().convert("L")),
    "cmyk": photo(image=painted().convert("CMYK")),
    "png": photo("PNG"),
    "palette": photo("PNG", painted().convert("P")),
    "clear": photo("PNG", painted().convert("RGBA")),
    "webp": photo("WEBP"),
    "lossless": photo("WEBP", painted().convert("RGBA"), lossless=True),
    "pdf": written(blank_pdf(3)),
}


def code_of(content: bytes) -> str:
    """Return why a file is refused, «» when it is not."""
    try:
        kind, refused = inspected_type(content, field="tep"), None
    except Invalid as refusal:
        kind, refused = "", refusal
    if refused is None:
        assert kind in ACCEPTED
        return ""
    assert refused.fields == {"tep": SENTENCES[refused.reason_code]}
    return refused.reason_code


@pytest.mark.parametrize("name", GOOD)
def test_sound_files_of_every_kind_are_accepted(name: str) -> None:
    assert code_of(GOOD[name]) == ""


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_file_that_was_cut_is_broken(name: str, share: float) -> None:
    cut = GOOD[name][: int(len(GOOD[name]) * share)]
    assert code_of(cut) in {"file.broken", "file.type_not_accepted"}


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    "tail", [PHP, PAGE, archive({"a.exe": b"MZ"}), b"MZ" + bytes(300), b"%!PS"]
)
def test_what_hangs_on_behind_makes_a_file_two_kinds(name: str, tail: bytes) -> None:
    assert code_of(GOOD[name] + tail) == "file.two_kinds"


@pytest.mark.parametrize("name", GOOD)
def test_padding_behind_a_file_is_no_second_kind(name: str) -> None:
    assert code_of(GOOD[name] + b"\r\n" + bytes(40)) == ""


def test_what_telephones_write_behind_a_photo_is_let_pass() -> None:
    film = b"\x00\x00\x00\x18ftypmp42" + bytes(500)
    for tail in (film, GOOD["jpeg"], b"SEFH\x00data" + bytes(20) + b"SEFT"):
        assert code_of(GOOD["jpeg"] + tail) == ""
        assert code_of(GOOD["jpeg"] + tail + PHP) == "file.two_kinds"


@pytest.mark.parametrize(
    "content",
    [
        photo(comment=PHP),
        photo("PNG")[:8]
        + chunk(b"IHDR", photo("PNG")[16:29])
        + chunk(b"tEXt", b"a\0" + PAGE)
        + photo("PNG")[33:],
        photo(comment=b"<svg onload=x>"),
    ],
)
def test_a_program_inside_a_picture_is_refused(content: bytes) -> None:
    assert code_of(content) == "file.two_kinds"


@pytest.mark.parametrize(
    "content",
    [
        PAGE,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"GIF89a" + bytes(20) + PAGE,
        b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
        b"BM" + bytes(100),
        b"MZ\x90\x00" + bytes(200),
        b"\x7fELF" + bytes(200),
        archive({"a.txt": b"a"}),
        b"   %PDF-1.7 behind blanks",
        PHP + GOOD["jpeg"],
        archive({"a.txt": b"a"}) + GOOD["pdf"],
        b"\x00",
        "chỉ là chữ".encode(),
    ],
)
def test_other_kinds_are_not_accepted_whatever_they_are_called(content: bytes) -> None:
    assert code_of(content) == "file.type_not_accepted"


def test_an_empty_file_is_called_empty() -> None:
    assert code_of(b"") == "file.empty"


@pytest.mark.parametrize(
    "step",
    [
        {"/S": "/JavaScript", "/JS": "app.alert(1)"},
        {"/S": "/Launch", "/F": "cmd.exe"},
        {"/S": "/SubmitForm", "/F": "http://x.example"},
        {"/S": "/ImportData", "/F": "a.fdf"},
        {"/S": "/Rendition", "/JS": "x"},
    ],
)
def test_a_pdf_that_acts_is_refused(step: dict[str, str]) -> None:
    assert code_of(pdf_opening_with(step)) == "file.active"


def test_links_and_jumps_within_a_pdf_are_no_acts() -> None:
    assert code_of(pdf_opening_with({"/S": "/URI", "/URI": "https://laichau.gov.vn"})) == ""
    assert code_of(pdf_opening_with({"/S": "/Named", "/N": "/FirstPage"})) == ""


def test_a_hidden_name_of_an_act_is_read_as_a_viewer_reads_it() -> None:
    plain = pdf_opening_with({"/S": "/JavaScript", "/JS": "app.alert(1)"})
    hidden = plain.replace(b"/JavaScript", b"/J#61vaScri", 1)
    assert len(hidden) == len(plain)
    assert code_of(hidden.replace(b"/JS", b"/#4A", 1)) in {"file.active", "file.broken", ""}
    assert code_of(hidden) == "file.active"


def test_acts_inside_packed_objects_are_found() -> None:
    packed = blank_pdf()
    packed.root_object[NameObject("/OpenAction")] = packed._add_object(
        DictionaryObject(
            {
                NameObject("/S"): NameObject("/JavaScript"),
                NameObject("/JS"): TextStringObject("app.alert(1)"),
            }
        )
    )
    assert code_of(with_packed_objects(packed)) == "file.active"
    assert code_of(with_packed_objects(blank_pdf())) == ""


def test_forms_of_the_kind_that_carry_programs_are_refused() -> None:
    writer = blank_pdf()
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/XFA"): TextStringObject("<xdp/>")}
    )
    assert code_of(written(writer)) == "file.active"


def test_a_pdf_with_files_inside_is_refused() -> None:
    writer = blank_pdf()
    writer.add_attachment("hoa-don.xml", b"<a/>")
    assert code_of(written(writer)) == "file.carries_files"


@pytest.mark.parametrize("password", ["bi-mat", ""])
def test_a_locked_pdf_is_refused_even_when_it_opens_without_a_password(password: str) -> None:
    writer = blank_pdf()
    writer.encrypt(user_password=password, owner_password="chu")
    assert code_of(written(writer)) == "file.encrypted"


def test_a_pdf_of_five_hundred_pages_is_accepted_and_one_more_is_not() -> None:
    assert code_of(written(blank_pdf(500))) == ""
    assert code_of(written(blank_pdf(501))) == "file.too_many_pages"


def test_a_pdf_that_was_changed_by_appending_is_one_pdf() -> None:
    first = BytesIO(GOOD["pdf"])
    writer = PdfWriter(first, incremental=True)
    writer.add_blank_page(100, 100)
    assert code_of(written(writer)) == ""


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_moving_pictures_are_refused(kind: str) -> None:
    frames = [painted(64, 64, noise=n) for n in (10, 60, 110)]
    kept = BytesIO()
    frames[0].save(kept, kind, save_all=True, append_images=frames[1:])
    assert code_of(kept.getvalue()) == "file.animated"


# --- bombs ------------------------------------------------------------------------------------


def bounded_code_of(content: bytes) -> str:
    """Return why a file is refused, and hold what finding it out took: memory and time."""
    # The kernel forgets the peak so far: what building the bomb took does not count.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before, start = _peak_mb(), process_time()
    found = code_of(content)
    assert process_time() - start < 10
    assert _peak_mb() - before < 260
    return found


def _peak_mb() -> int:
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition("VmHWM:")[2].split()[0]) // 1024


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (8_000, 7_501), (60_000_001, 1)])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(
    width: int, height: int
) -> None:
    assert bounded_code_of(png_of(width, height)) == "file.too_many_pixels"


def test_a_photo_that_says_it_is_huge_is_refused_by_what_it_says() -> None:
    content = bytearray(GOOD["jpeg"])
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    assert bounded_code_of(bytes(content)) == "file.too_many_pixels"


def test_a_photo_with_endless_scans_is_refused() -> None:
    content = GOOD["progressive"]
    scans = [at for at in range(len(content)) if content[at : at + 2] == b"\xff\xda"]
    last = content[scans[-1] : -2]
    assert bounded_code_of(content[:-2] + last * 200 + b"\xff\xd9") == "file.broken"


def test_pages_hung_up_again_and_again_are_counted_only_up_to_the_limit() -> None:
    bomb = pdf_with_pages_hung_up_again_and_again()
    assert len(bomb) < 10_000
    assert bounded_code_of(bomb) in {"file.too_many_pages", "file.too_complex"}


def test_packed_objects_that_unpack_without_end_are_refused() -> None:
    assert bounded_code_of(with_packed_objects(blank_pdf(), padding=200 * 1024 * 1024)) in {
        "file.too_complex",
        "file.broken",
    }


@pytest.mark.parametrize("tables", [1, 20])
@pytest.mark.parametrize("told", [b"/Type /XRef", b"/Type /X#52ef /X (stream\n)"])
def test_tables_of_objects_that_unpack_without_end_are_refused(told: bytes, tables: int) -> None:
    data, content, before = zlib.compress(bytes(70 * 1024 * 1024), 9), b"%PDF-1.7\n", b""
    for number in range(tables):
        place = len(content)
        content += (
            b"%d 0 obj\n<< %s /Size 9 /W [1 4 2] /Root 1 0 R /Filter /FlateDecode /DecodeParms "
            b"<< /Predictor 12 /Columns 7 >> %s /Length %d >>\nstream\n%s\nendstream\nendobj\n"
        ) % (number + 5, told, before, len(data), data)
        before = b"/Prev %d" % place
    assert bounded_code_of(content + b"startxref\n%d\n%%%%EOF\n" % place) == "file.too_complex"


def test_a_page_whose_drawing_unpacks_without_end_is_not_unpacked() -> None:
    writer = blank_pdf()
    stream = StreamObject()
    stream._data = zlib.compress(bytes(300 * 1024 * 1024), 9)
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)
    assert bounded_code_of(written(writer)) == ""


def test_text_in_a_picture_that_unpacks_without_end_does_no_harm() -> None:
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 * 1024 * 1024), 9))
    png = GOOD["png"]
    assert bounded_code_of(png[:33] + bomb + png[33:]) in {"", "file.broken"}


def test_brackets_without_end_do_no_harm() -> None:
    deep = b"[" * 200_000
    pdf = GOOD["pdf"].replace(b"/MediaBox", b"/X " + deep + b" /MediaBox", 1)
    assert bounded_code_of(pdf) in {"file.broken", "file.too_complex", ""}


# --- any damage -------------------------------------------------------------------------------


@settings(max_examples=200)
@given(data=st.data())
def test_no_damage_makes_the_inspection_fail_in_another_way(data: st.DataObject) -> None:
    content = bytearray(GOOD[data.draw(st.sampled_from(sorted(GOOD)))])
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["flip", "cut out", "double", "zero"])):
            case "flip":
                content[at] ^= data.draw(st.integers(1, 255))
            case "cut out":
                del content[at : at + data.draw(st.integers(1, 400))]
            case "double":
                content[at:at] = content[at : at + 200]
            case "zero":
                content[at : at + 64] = bytes(len(content[at : at + 64]))
        if not content:
            break
    code_of(bytes(content[: data.draw(st.integers(0, len(content)))]))
    code_of(bytes(content))


@settings(max_examples=150)
@given(
    head=st.sampled_from(
        [b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]
    ),
    body=st.binary(max_size=400),
    end=st.sampled_from([b"", b"\nstartxref\n0\n%%EOF", b"\xff\xd9"]),
)
def test_nonsense_behind_a_good_beginning_is_refused(head: bytes, body: bytes, end: bytes) -> None:
    assert code_of(head + body + end)


def test_every_flip_of_a_pdfs_table_is_survived() -> None:
    pdf = written(blank_pdf())
    table = pdf.index(b"xref")
    for at in range(table, len(pdf)):
        code_of(pdf[:at] + bytes([pdf[at] ^ 0x15]) + pdf[at + 1 :])


# --- a PDF whose objects are packed ------------------------------------------------------------


def with_packed_objects(writer: PdfWriter, *, padding: int = 0) -> bytes:
    """Return the writer's file with all plain objects packed into one, as new programs write it."""
    plain = [one for one in writer._objects if one is not None]
    texts = []
    for one in plain:
        told = BytesIO()
        one.write_to_stream(told)
        texts.append(told.getvalue())
    offsets, at = [], 0
    for text in texts:
        offsets.append(at)
        at += len(text) + 1
    numbers = b" ".join(b"%d %d" % (n + 1, where) for n, where in enumerate(offsets))
    packed = DecodedStreamObject()
    packed.set_data(numbers + b"\n" + b"\n".join(texts) + b" " * padding)
    parts = packed.flate_encode()
    parts.update(
        {
            NameObject("/Type"): NameObject("/ObjStm"),
            NameObject("/N"): NumberObject(len(plain)),
            NameObject("/First"): NumberObject(len(numbers) + 1),
        }
    )
    out = BytesIO(b"%PDF-1.7\n")
    out.seek(0, 2)
    holder, table = len(plain) + 1, len(plain) + 2
    places = [(0, 0, 65535)] + [(2, holder, index) for index in range(len(plain))]
    places.append((1, out.tell(), 0))
    out.write(b"%d 0 obj\n" % holder)
    parts.write_to_stream(out)
    out.write(b"\nendobj\n")
    places.append((1, out.tell(), 0))
    start = out.tell()
    rows = b"".join(
        bytes([kind]) + first.to_bytes(4, "big") + second.to_bytes(2, "big")
        for kind, first, second in places
    )
    root = plain.index(writer.root_object) + 1
    out.write(
        b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 2] /Root %d 0 R /Length %d >>\nstream\n"
        % (table, table + 1, root, len(rows))
    )
    out.write(rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def test_the_largest_allowed_picture_is_accepted() -> None:
    assert bounded_code_of(png_of(8_000, 7_500)) == ""


def test_sentences_tell_different_things() -> None:
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    assert all(first != second for first, second in pairwise(SENTENCES.values()))
    assert Image.MAX_IMAGE_PIXELS
