r"""A damaged text in, a readable one out. Pure, standard types; the text as received is kept elsewhere.

Abstracts reach the papers pages with LaTeX in them, some of it with its backslash lost (``sim99%``,
``200times``). Each rule below undoes one kind of damage where the context leaves no second reading;
what is not certain stays ("training times", "simple" and an undefined ``\model`` are left alone). A
general LaTeX decoder is not used: with its defaults it cuts everything after a ``%``.
"""

import re
import unicodedata

from etl_project.links import MIRRORS, Link, find_links

_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a",
}  # fmt: skip
_LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł",
    "L": "Ł", "i": "ı",
}  # fmt: skip
_SYMBOLS = {
    "sim": "~", "times": "×", "pm": "±", "approx": "≈", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠",
    "cdot": "·", "ldots": "…", "dots": "…", "rightarrow": "→", "to": "→", "infty": "∞", "ell": "ℓ", "star": "*",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Delta": "Δ",
    "Gamma": "Γ", "Lambda": "Λ", "Omega": "Ω", "Phi": "Φ", "Pi": "Π", "Psi": "Ψ", "Sigma": "Σ", "Theta": "Θ",
    "textasciitilde": "~", "textbackslash": "\\", "S": "§",
}  # fmt: skip
_STYLES = (
    "textbf|textit|texttt|textsc|textrm|textsf|text|emph|underline|mathrm|mathbf|mathcal|mathbb|mathit|boldsymbol|mbox"
)

_ACCENTED = re.compile(r"""\\(?:(['`^"~=.])(?:\{(\\i|[A-Za-z])\}|(\\i|[A-Za-z]))|([uvHckr])\{([A-Za-z])\})""")
_BRACED_LETTER = re.compile(r"\{([À-ɏ])\}")
_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i)(?:\{\}|\s|(?![A-Za-z]))")
# Before a brace, with its backslash or without; a letter before it would make it part of a word ("context{...").
_STYLE = re.compile(rf"(?:\\|(?<![A-Za-z\\]))(?:{_STYLES})\s?$")
_ESCAPED = re.compile(r"\\([%&_#{}])")
_ESCAPED_IN_LINK = re.compile(r"\\([_%#&~])")
_PLACE = re.compile(r"\ue000(\d+)\ue001")
_LATEX_SPACE = re.compile(r"\\\\|\\[,;: ]")
_SYMBOL = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])")
# Each of these starts with a literal and looks back from there: a search that starts with a look
# behind stops at every character, which made cleaning five times slower.
# A number with its unit and no more letters: "sim2real" is a word of its own.
_NUMBER = r"\d[\d.,]*(?:\\?%|[xkKMBT]?(?![A-Za-z]))"
_SIM = re.compile(rf"sim(?={_NUMBER})(?<![A-Za-z\\]sim)")
_TIMES_AFTER = re.compile(r"times(?<=\dtimes)(?![A-Za-z])")
_TIMES_BEFORE = re.compile(rf"times(?={_NUMBER})(?<![A-Za-z\\]times)")
_SCRIPT = re.compile(r"\{(?<=[_^]\{)([^{}\s]{1,24})\}")
_LOST_STAR = re.compile(r"\^star(?![A-Za-z])")
# Text between two dollars is mathematics only if it has no two words in a row and has a mark of
# mathematics in it, or is one letter: "$100K and $5" is money.
_MATH = re.compile(r"\$(?<![\\\w$]\$)(?=[^\s$])([^$\n]{1,60}?)(?<=[^\s\\$])\$(?![\w$])")
_TWO_WORDS = re.compile(r"[A-Za-z]{2,}\s+[A-Za-z]{2,}")
_MATH_MARK = re.compile(r"[\\^_={}<>+~×±≈≤≥·α-ωΑ-Ω]|\A[A-Za-z]'?\Z|\A[A-Za-z]\(.*\)\Z|\A\d+(?:\.\d+)?[%×]?\Z")
# A tilde is LaTeX's space between words; before a number it is one only after a whole word
# ("Table~3"), since "5x~29x" is a range and "~ 1000x" means about.
_TIE = re.compile(
    r"~(?:(?<=[A-Za-z.,;:)\]}'\"]~)(?=[A-Za-z(\[\\$'\"\u2018\u201c])|(?<=[A-Za-z]{2}\.~)(?=\d)"
    r"|(?<=[ (][A-Za-z]{3}~)(?=\d)|(?<=[ (][A-Za-z]{4}~)(?=\d)|(?<=[A-Za-z]{5}~)(?=\d))"
)
_URL_COMMAND = re.compile(r"\\?(?<![A-Za-z])(?:url|href|path)\{$")
_URL_WORDS = re.compile(r"\}\{([^{}]*)\}|\}")
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x2060, 0xFEFF, 0x00AD])
_ODD_SPACE = re.compile(r"[^\S ]|[\u200b\u200c\u2060\ufeff\u00ad\ue000]")
_MIRROR_HOST = re.compile("|".join(re.escape(host) for host in sorted(MIRRORS)), re.IGNORECASE)
#: Every text that a rule changes matches one of these, is not ASCII, or holds a mirror's link. They are separate because each
#: alone is a literal search for the engine that runs them over a whole column (ten times faster).
SIGNS = (
    r"[\\~{`$\n\t\r]",
    r"  ",
    r"sim\d",
    r"times\d",
    r"\dtimes",
    r"\^star",
)
_COMPILED_SIGNS = tuple(re.compile(sign) for sign in SIGNS)


def needs_cleaning(text: str) -> bool:
    """Return False only if ``clean_text`` would give ``text`` back unchanged."""
    return (
        any(sign.search(text) for sign in _COMPILED_SIGNS)
        or needs_unicode_cleaning(text)
        or _MIRROR_HOST.search(text) is not None
        or text != text.strip()
    )


def needs_unicode_cleaning(text: str) -> bool:
    """Say whether ``text`` holds characters that do not show, odd spaces, or letters parted from their marks."""
    return not text.isascii() and (_ODD_SPACE.search(text) is not None or not unicodedata.is_normalized("NFC", text))


def clean_text(text: str, found: list[Link] | None = None) -> str:
    """Return ``text`` with LaTeX residue, lost spaces' stand-ins and mirrors' hosts undone, else unchanged.

    Links (``found``, if the caller has them) are taken out first and put back after, so that no rule
    reads an address as LaTeX.
    """
    if "\ue000" in text:  # a private character that marks a link's place below
        return text
    odd = needs_unicode_cleaning(text)
    if odd:  # places move, so links are looked for anew
        text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    addresses: list[str] = []
    if found := find_links(text) if found is None or odd else found:
        pieces: list[str] = []
        last = 0
        for link in found:
            shown = _ESCAPED_IN_LINK.sub(r"\1", link.url_raw)
            if link.mirror:  # the mirror wrote its own host over huggingface.co
                shown = _MIRROR_HOST.sub("huggingface.co", shown, count=1)
            before = text[last : link.start]
            last = link.end
            doubled = "{" + link.url_raw + "}"
            words = ""
            if text.startswith(doubled, last):
                last += len(doubled)
            elif (command := _URL_COMMAND.search(before, max(0, len(before) - 6))) and (
                closing := _URL_WORDS.match(text, last)
            ):
                before = before[: command.start()]
                words = closing[1] or ""
                last = closing.end()
            place = f"\ue000{len(addresses)}\ue001"
            pieces += [before, f"{words} ({place})" if words else place]
            addresses.append(shown)
        text = "".join([*pieces, text[last:]])
    if "\\" in text or "{" in text:
        text = _undo_commands(text)
    if "sim" in text:
        text = _SIM.sub("~", text)
    if "times" in text:
        text = _TIMES_BEFORE.sub("×", _TIMES_AFTER.sub("×", text))
    if "^star" in text:
        text = _LOST_STAR.sub("^*", text)
    if "$" in text:
        text = _MATH.sub(_undo_math, text)
    text = text.replace("\\$", "$")
    if "``" in text:  # LaTeX's quotes; two apostrophes without them may be a prime or an inch
        text = text.replace("``", '"').replace("''", '"')
    if "~" in text:
        text = _TIE.sub(" ", text)
    if odd or "  " in text or "\n" in text or "\t" in text or "\r" in text:
        text = " ".join(text.split())
    text = text.strip()
    if addresses:
        text = _PLACE.sub(lambda m: addresses[int(m[1])], text)
    return text


def _undo_commands(text: str) -> str:
    text = _ESCAPED.sub(r"\1", text)
    if "\\" in text:
        text = _BRACED_LETTER.sub(r"\1", _ACCENTED.sub(_undo_accent, text))
        text = _LETTER.sub(lambda m: _LETTERS[m[1]], text)
    if "{" in text:
        text = _undo_styles(text)
        text = _SCRIPT.sub(r"\1", text)
    if "\\" in text:
        text = _SYMBOL.sub(lambda m: _SYMBOLS.get(m[1], m[0]), text)
        text = _LATEX_SPACE.sub(" ", text)
    return text


def _undo_styles(text: str) -> str:
    r"""Return ``text`` with ``\textbf{words}`` as ``words``; from the last brace back, so inner commands go first."""
    opening = text.rfind("{")
    while opening >= 0:
        closing = text.find("}", opening)
        command = _STYLE.search(text, max(0, opening - 16), opening)
        if command and closing > 0:
            text = text[: command.start()] + text[opening + 1 : closing] + text[closing + 1 :]
        opening = text.rfind("{", 0, opening)
    return text


def _undo_accent(match: re.Match[str]) -> str:
    accent = match[1] or match[4]
    letter = (match[2] or match[3] or match[5]).removeprefix("\\")
    composed = unicodedata.normalize("NFC", letter + _ACCENTS[accent])
    return composed if len(composed) == 1 else match[0]


def _undo_math(match: re.Match[str]) -> str:
    inner = match[1]
    if _TWO_WORDS.search(inner) or not _MATH_MARK.search(inner):
        return match[0]
    return inner
