from hypothesis import given
from hypothesis import strategies as st

from etl_project.printable import printable


@given(st.text())
def test_what_is_printable_stays_and_the_rest_is_a_space_or_not_seen(text):
    shown = printable(text)
    assert len(shown) == len(text)
    assert all(b == a or (b == " " and not a.isprintable()) for a, b in zip(text, shown, strict=True))
    assert printable(shown) == shown


def test_joiners_stay_and_what_steers_or_turns_a_line_goes():
    assert printable("👩\u200d🔬 می\u200cخواهم soft\u00adware") == "👩\u200d🔬 می\u200cخواهم soft\u00adware"
    assert printable("a\x1b[2Jb\u202ec\u2066d\u2028e\x9bf\rg\nh") == "a [2Jb c d e f g h"
    assert printable("a\nb\tc", keep="\n") == "a\nb c"
