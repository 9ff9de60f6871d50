-- How a text becomes the words that are looked up. The build of the index and every query use these macros.
--
-- search_plain(text): the words of a text in their order, with one space before, between and after them. A word is a run of
-- letters and digits, in lower case, without accents; C++ and C# are cplusplus and csharp. Chinese and Japanese have no
-- spaces, so each of their characters is a word. No possessive 's, no commands that LaTeX formats by.

create macro search_normal(text) as
    regexp_replace(regexp_replace(
        replace(replace(replace(replace(replace(replace(
            lower(strip_accents(replace(text, chr(0), ' '))),  -- which ends a text where it stands
            chr(173), ''),  -- a hyphen that is not seen
            '‐', '-'), '‑', '-'),
            'c++', 'cplusplus'), 'c#', 'csharp'), 'f#', 'fsharp'),
        '\\math[a-z]+|\\text[a-z]+|\\emph|[''’]s\b', ' ', 'g'),
        '([\p{Han}\p{Hiragana}\p{Katakana}])', ' \1 ', 'g');

create macro search_plain(text) as regexp_replace(' ' || search_normal(text) || ' ', '[^\pL\pM\pN]+', ' ', 'g');

-- search_words(text): the same as a list; after them the words that hyphens join, once more as one word ("fine-tuning":
-- fine, tuning, finetuning). Words are cut after 64 characters. Null has none. (To split is faster than to extract.)

create macro search_words(text) as list_transform(
    list_concat(
        coalesce(string_split(nullif(trim(search_plain(text)), ''), ' '), []),
        regexp_extract_all(search_normal(text), '[\pL\pM\pN]+(-[\pL\pM\pN]+)+')),
    lambda word: left(replace(word, '-', ''), 64));

-- search_folded(text): a text as phrases are looked for in it: lower case, no accents, hyphens and breaks of lines as spaces.
-- search_reads(text, phrase): whether a text has a phrase with no letter or digit next to it; both folded. (Between spaces
-- it mostly is, which takes a tenth of the time; an expression made of the phrase would be compiled for each row.)

create macro search_folded(text) as
    replace(replace(replace(lower(strip_accents(replace(text, chr(0), ' '))), '-', ' '), '‑', ' '), chr(10), ' ');

create macro search_reads(text, phrase) as case when contains(text, ' ' || phrase || ' ') then true when contains(text, phrase) then regexp_matches(
    replace(replace(text, chr(1), ' '), phrase, chr(1)),
    '(^|[^\pL\pM\pN]|[\p{Han}\p{Hiragana}\p{Katakana}])\x01($|[^\pL\pM\pN]|[\p{Han}\p{Hiragana}\p{Katakana}])'
) else false end;
