import codecs
import gzip
import re

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl_project import raw
from etl_project.captures import REFUSAL_REASONS
from etl_project.raw import count_lines, decode, open_bytes

PROSE = "Quolls eat beetles \u2014 \u201cmany\u201d of them, it\u2019s said.\nThe caf\u00e9 in \u00dcbach knows.\n"
# text of the real kind: no NUL, no other control characters, line ends of one sort
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"), min_size=1, max_size=60)


def opened_as(encoding, basis, content):
    decoded = decode(content)
    assert (decoded.encoding, decoded.basis, decoded.reason) == (encoding, basis, None)
    return decoded.text


# ---- encodings


def test_plain_utf8_is_read_as_it_stands():
    assert opened_as("utf-8", "utf8", PROSE.encode()) == PROSE


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_tells_the_encoding_and_is_not_text(mark, encoding):
    assert opened_as(encoding, "bom", mark + PROSE.encode(encoding)) == PROSE


@settings(deadline=None)
@given(TEXT.filter(lambda text: not text.startswith("\ufeff")))
@example("\U0001d4b3 and \uffff")
def test_text_comes_back_from_every_encoding_with_a_mark_and_from_utf8(text):
    for encoding, mark in [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ]:
        decoded = decode(mark + text.encode(encoding))
        assert (decoded.text, decoded.encoding, decoded.damaged_lines) == (text, encoding, [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_recognised(encoding):
    text = "Quolls eat beetles and sleep by day in hollow logs.\n" * 20
    assert decode(text.encode(encoding)).text == text


def test_windows_quotes_and_accents_are_read():
    text = (
        "Quolls eat \u201cmany\u201d beetles \u2013 it\u2019s said in the caf\u00e9 of \u00dcbach, na\u00efve or not.\n"
        * 3
    )
    assert opened_as("cp1252", "charset_normalizer", text.encode("cp1252")) == text


def test_one_windows_quote_deep_in_a_long_file_is_read():
    text = "Quolls eat beetles and sleep by day in hollow logs.\n" * 20_000 + "It\u2019s said.\n"
    assert opened_as("cp1252", "charset_normalizer", text.encode("cp1252")) == text


ENGLISH = "Quolls eat beetles and sleep by day in hollow logs.\n" * 6
WESTERN = [
    "Œuvres à 5 €, créées l’été", "Größe zählt — “sehr”…", "Informações e avaliação à mão", "¡¿Qué?! «¡Él!» 2½ m³ · ±3°",
    "Þórður og Ævintýrið, það er þú", "R² and 5 µm…\xa0·\xa0£½", "Søren Ødegård blåbærsyltetøy", "¡«Ñandú»!",
]  # fmt: skip
ELSEWHERE = {
    "gbk": ["中文大模型: 概览", "翻译与评测", "“模型”——我们发现，"],
    "big5": ["繁體中文大型模型", "翻譯與評測"],
    "shift_jis": ["日本語の詩と文書", "カタカナのモデル"],
    "euc_jp": ["日本語の詩と文書", "カタカナのモデル"],
    "euc_kr": ["한국어 모델의 평가", "번역과 평가"],
    "cp1251": ["Русская модель", "Перевод"],
    "koi8_r": ["Русская модель", "Перевод"],
    "cp1253": ["Ελληνικά μοντέλα"],
    "cp1250": ["Małgorzata Żółć: Łódź"],
    "iso8859-15": ["Œuvres à 5 €"],
    "mac_roman": ["Überall — “größer” isn’t"],
}


@pytest.mark.parametrize("words", WESTERN)
def test_words_of_western_languages_are_read_alone_and_together(words):
    for text in (f"{ENGLISH}{words}\n{ENGLISH}", "\n".join([ENGLISH, *WESTERN, words])):
        assert opened_as("cp1252", "charset_normalizer", text.encode("cp1252")) == text


@pytest.mark.parametrize("encoding", ELSEWHERE)
def test_what_may_be_of_several_encodings_is_refused_and_not_read_as_other_letters(encoding):
    for words in ELSEWHERE[encoding]:
        for text in (f"{ENGLISH}{words}\n{ENGLISH}", f"{words}\n" * 9):
            content = text.encode(encoding)
            assert decode(content) == (None, None, "none", [], "undecodable"), words
            declared = b"charset=" + encoding.encode() + b"\n" + content
            assert opened_as(codecs.lookup(encoding).name, "declared", declared).endswith(text)


@pytest.mark.parametrize(
    "declaration", ['<meta charset="iso-8859-2">', '<?xml encoding="iso-8859-2"?>', "coding: latin2;"]
)
def test_a_declared_encoding_is_used(declaration):
    text = declaration + " za\u017c\u00f3\u0142\u0107"
    assert opened_as("iso8859-2", "declared", text.encode("iso-8859-2")) == text


@pytest.mark.parametrize("name", ["nope", "ascii", "utf-8", "hex", "rot13", "idna", "undefined", "x"])
def test_a_wrong_declaration_is_passed_over(name):
    text = f'charset="{name}" the caf\u00e9 in \u00dcbach'
    assert opened_as("cp1252", "charset_normalizer", text.encode("cp1252")) == text


def test_utf8_goes_before_what_a_file_declares():
    text = '<meta charset="iso-8859-1"> caf\u00e9'
    assert opened_as("utf-8", "utf8", text.encode()) == text


def test_a_declaration_that_could_not_be_read_in_its_own_encoding_is_passed_over():
    text = '<meta charset="utf-16"> the caf\u00e9 in \u00dcbach'
    content = text.encode("cp1252")
    assert decode(content + b" " * (len(content) % 2)).text.startswith(text)


@pytest.mark.parametrize("name", ["unicode_escape", "raw_unicode_escape"])
def test_decoded_text_holds_no_lone_surrogates_whatever_is_declared(name):
    decoded = decode(f"# coding: {name}\n\\ud800 caf".encode() + b"\xe9")
    assert decoded.text.encode("utf-8")


# ---- damage


def test_lines_with_broken_utf8_are_told_and_the_others_kept():
    content = "caf\u00e9\n".encode() + b"bad \xff\xfe line\r\nwhole\n\xc3\n" + "it\u2019s".encode()
    decoded = decode(content)
    assert decoded == ("caf\u00e9\nbad \ufffd line\nwhole\n\ufffd\nit\u2019s", "utf-8", "utf8_damaged", [2, 4], None)


def test_broken_utf8_after_a_mark_is_told_too():
    decoded = decode(codecs.BOM_UTF8 + b"a\xffb\r\nc\r\xff")
    assert decoded == ("a\ufffdb\nc\n\ufffd", "utf-8", "bom", [1, 3], None)


def test_a_cut_utf16_file_tells_its_last_line():
    decoded = decode((codecs.BOM_UTF16_LE + "ant\nbee".encode("utf-16-le"))[:-1])
    assert (decoded.text, decoded.damaged_lines) == ("ant\nbe\ufffd", [2])


@settings(deadline=None)
@given(st.lists(TEXT.map(lambda text: text.replace("\n", " ")), min_size=1, max_size=6), st.data())
def test_one_broken_byte_costs_one_line(lines, data):
    lines = ["caf\u00e9", *lines]
    number = data.draw(st.integers(0, len(lines) - 1))
    encoded = [line.encode() for line in lines]
    encoded[number] += b"\xff"
    decoded = decode(b"\n".join(encoded))
    assert decoded.damaged_lines == [number + 1]
    read = decoded.text.split("\n")
    assert read[number] == lines[number] + "\ufffd"
    assert read[:number] + read[number + 1 :] == lines[:number] + lines[number + 1 :]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_kind_of_line_end_becomes_one(end, encoding):
    assert decode(f"ant{end}{end}bee{end}".encode(encoding)).text == "ant\n\nbee\n"


# ---- what is no text


@pytest.mark.parametrize("content", [b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_file_without_text_is_empty(content):
    assert decode(content) == (None, None, "none", [], "empty_file")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 8,
        b"PK\x03\x04\x14\x00" + bytes(range(256)) * 8,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 8,
        b"\x00",
        b"\x00" * 5000,
        bytes(range(1, 32)) * 10,
    ],
)
def test_binary_files_are_told_as_such(content):
    decoded = decode(content)
    assert (decoded.text, decoded.reason) == (None, "binary_file")


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=120) | st.binary(max_size=60).map(lambda tail: "Caf\u00e9 ".encode() + tail))
def test_any_bytes_give_text_or_a_reason_and_never_both(content):
    decoded = decode(content)
    assert (decoded.text is None) == (decoded.reason is not None)
    if decoded.text is None:
        assert decoded.reason in REFUSAL_REASONS
    else:
        assert decoded.text and "\r" not in decoded.text and "\x00" not in decoded.text
        assert codecs.lookup(decoded.encoding)
        assert all(1 <= number <= count_lines(decoded.text) for number in decoded.damaged_lines)
        assert decoded.text.encode("utf-8")


@given(st.text(alphabet="a\n", max_size=12))
def test_lines_are_counted_as_a_reader_of_files_counts_them(text):
    assert count_lines(text) == len(re.findall(r"[^\n]*\n|[^\n]+", text))


# ---- compressed files


def zstd_without_size(content):
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(content) + packer.flush()


PACKERS = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}


@pytest.mark.parametrize("compression", PACKERS)
@settings(deadline=None)
@given(content=st.binary(max_size=300))
def test_what_was_packed_is_opened(compression, content):
    assert open_bytes(PACKERS[compression](content)) == (compression, content, None)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_a_frame_without_its_size_is_opened(content):
    assert open_bytes(zstd_without_size(content)) == ("zstd", content, None)


@pytest.mark.parametrize("compression", PACKERS)
def test_several_packed_files_one_after_the_other_are_one(compression):
    pack = PACKERS[compression]
    assert open_bytes(pack(b"ant\n") + pack(b"") + pack(b"bee\n")) == (compression, b"ant\nbee\n", None)


@pytest.mark.parametrize("content", [b"", b"ant", b"\x1f", b"\x28\xb5", PROSE.encode()])
def test_what_is_not_packed_stays_as_it_is(content):
    assert open_bytes(content) == ("none", content, None)


LONG = "".join(f"{number * 7919 % 100003} quolls\n" for number in range(30_000)).encode()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("compression", PACKERS)
def test_a_cut_file_is_told_and_not_read_in_part(compression, share):
    packed = PACKERS[compression](LONG)
    assert open_bytes(packed[: int(len(packed) * share)]) == (compression, None, "damaged_compression")


@pytest.mark.parametrize("cut", range(2, 24))
def test_a_gzip_file_cut_anywhere_is_told(cut):
    packed = gzip.compress(b"ant")
    assert open_bytes(packed[: min(cut, len(packed) - 1)]) == ("gzip", None, "damaged_compression")


@pytest.mark.parametrize("cut", [4, 5, 6])
def test_a_zstd_file_cut_within_its_header_is_told(cut):
    packed = PACKERS["zstd"](b"ant\n" * 1000)
    assert open_bytes(packed[:cut]) == ("zstd", None, "damaged_compression")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.999])
def test_a_cut_zstd_frame_without_its_size_is_told_and_not_read_in_part(share):
    packed = zstd_without_size(LONG)
    assert open_bytes(packed[: int(len(packed) * share)]) == ("zstd", None, "damaged_compression")


def test_a_cut_second_zstd_frame_is_told_and_not_read_in_part():
    packed = PACKERS["zstd"](LONG)
    assert open_bytes(packed + packed[: len(packed) // 2]) == ("zstd", None, "damaged_compression")


def test_a_cut_second_gzip_member_is_told():
    packed = gzip.compress(LONG)
    assert open_bytes(packed + packed[: len(packed) // 2]) == ("gzip", None, "damaged_compression")


@pytest.mark.parametrize("compression", PACKERS)
def test_changed_bytes_within_a_packed_file_are_told(compression):
    pack = zstandard.ZstdCompressor(write_checksum=True).compress if compression == "zstd" else gzip.compress
    packed = bytearray(pack(LONG))
    packed[len(packed) // 2] ^= 0xFF
    assert open_bytes(bytes(packed)) == (compression, None, "damaged_compression")


@pytest.mark.parametrize("compression", PACKERS)
def test_a_file_that_opens_past_the_limit_is_refused_and_one_at_the_limit_is_not(compression, monkeypatch):
    monkeypatch.setattr(raw, "LARGEST_OPENED", 10_000)
    pack = PACKERS[compression]
    assert open_bytes(pack(b"\n" * 10_000)) == (compression, b"\n" * 10_000, None)
    assert open_bytes(pack(b"\n" * 10_001)) == (compression, None, "opens_too_large")
    assert open_bytes(pack(b"\n" * 6_000) * 2) == (compression, None, "opens_too_large")
    assert open_bytes(pack(b"\n" * 5_000) * 2) == (compression, b"\n" * 10_000, None)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([b"\x1f\x8b", b"\x1f\x8b\x08\x00"]), st.binary(max_size=60))
def test_rubbish_behind_a_gzip_mark_never_fails(mark, tail):
    compression, content, reason = open_bytes(mark + tail)
    assert compression == "gzip" and (content is None) == (reason is not None)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=60))
@example(b"")
def test_rubbish_behind_a_zstd_mark_never_fails(tail):
    compression, content, reason = open_bytes(b"\x28\xb5\x2f\xfd" + tail)
    assert compression == "zstd" and (content is None) == (reason is not None)
