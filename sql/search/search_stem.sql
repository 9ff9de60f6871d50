-- search_stem(word): the stem of an English word in lower case, as in M. F. Porter, "An algorithm for suffix
-- stripping", Program 14 (1980). Any other word (digits, other letters, less than three letters) is its own stem.
--
-- His measure m is told by regular expressions, with C = [^aeiou][^aeiouy]* and V = [aeiouy][aeiou]*: m > 0 is
-- ^C?VC, m > 1 is ^C?VCVC, m = 1 is ^C?VCV?$, and *o is ^Cv[^aeiouwxy]$. A y that begins a word is a consonant and
-- written Y meanwhile. Each step is a lambda over a list of one, which gives its word a name: a macro's own argument
-- would be computed again wherever it stands. Double letters are listed, as in his own Snowball version, since RE2 has
-- no \1 in patterns. No if(): it is stored as a function that DuckDB 1.4 has not.

create macro search_stem(word) as case when not regexp_full_match(word, '[a-z]{3,64}') then word else replace(
    list_transform(list_transform(list_transform(list_transform(list_transform(list_transform(list_transform(
    list_transform(list_transform(list_transform(list_transform(list_transform(list_transform(
        [regexp_replace(word, '^y', 'Y')],
        -- 1a: plurals
        lambda w: regexp_replace(regexp_replace(w, '(ss|i)es$', '\1'), '([^s])s$', '\1')),
        -- 1b: past tenses and -ing
        lambda w: regexp_extract(w, '^(.*?)(eed|ed|ing|)$', ['stem', 'suffix'])),
        lambda p: p.stem || case
            when p.suffix = 'eed' and regexp_matches(p.stem, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou]') then 'ee'
            when p.suffix in ('', 'eed') or not regexp_matches(p.stem, '^([^aeiou][^aeiouy]*)?[aeiouy]') then p.suffix
            when regexp_matches(p.stem, '(at|bl|iz)$') then 'e'
            when regexp_matches(p.stem, '(bb|dd|ff|gg|mm|nn|pp|rr|tt)$') then '-'
            when regexp_matches(p.stem, '^[^aeiou][^aeiouy]*[aeiouy][^aeiouwxy]$') then 'e'
            else ''
        end),
        -- and one of a double letter goes; 1c: y after a vowel
        lambda w: regexp_replace(regexp_replace(w, '.-$', ''), '^(([^aeiou][^aeiouy]*)?[aeiouy].*)y$', '\1i')),
        -- 2: double suffixes
        lambda w: regexp_extract(w, '^(.*?)(ational|tional|enci|anci|izer|abli|alli|entli|eli|ousli|ization|ation|ator|'
            || 'alism|iveness|fulness|ousness|aliti|iviti|biliti|)$', ['stem', 'suffix'])),
        lambda p: p.stem || case
            when not regexp_matches(p.stem, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou]') then p.suffix
            else map {'': '', 'ational': 'ate', 'tional': 'tion', 'enci': 'ence', 'anci': 'ance', 'izer': 'ize', 'abli': 'able',
                'alli': 'al', 'entli': 'ent', 'eli': 'e', 'ousli': 'ous', 'ization': 'ize', 'ation': 'ate', 'ator': 'ate',
                'alism': 'al', 'iveness': 'ive', 'fulness': 'ful', 'ousness': 'ous', 'aliti': 'al', 'iviti': 'ive',
                'biliti': 'ble'}[p.suffix]
        end),
        -- 3: -ic, -full, -ness and the like
        lambda w: regexp_extract(w, '^(.*?)(icate|ative|alize|iciti|ical|ful|ness|)$', ['stem', 'suffix'])),
        lambda p: p.stem || case
            when not regexp_matches(p.stem, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou]') then p.suffix
            else map {'': '', 'icate': 'ic', 'ative': '', 'alize': 'al', 'iciti': 'ic', 'ical': 'ic', 'ful': '', 'ness': ''}[p.suffix]
        end),
        -- 4: what is left of suffixes behind two syllables
        lambda w: regexp_extract(
            w, '^(.*?)(al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ion|ou|ism|ate|iti|ous|ive|ize|)$', ['stem', 'suffix'])),
        lambda p: p.stem || case
            when p.suffix = 'ion' and not regexp_matches(p.stem, '[st]$') then p.suffix
            when regexp_matches(p.stem, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*[aeiouy][aeiou]*[^aeiou]') then ''
            else p.suffix
        end),
        -- 5a: a final e
        lambda w: regexp_extract(w, '^(.*?)(e|)$', ['stem', 'suffix'])),
        lambda p: p.stem || case
            when regexp_matches(p.stem, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*[aeiouy][aeiou]*[^aeiou]') then ''
            when regexp_matches(p.stem, '^([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*([aeiouy][aeiou]*)?$')
                and not regexp_matches(p.stem, '^[^aeiou][^aeiouy]*[aeiouy][^aeiouwxy]$') then ''
            else p.suffix
        end),
        -- 5b: a final double l
        lambda w: regexp_replace(
            w, '^(([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*[aeiouy][aeiou]*[^aeiou].*l|'
            || '([^aeiou][^aeiouy]*)?[aeiouy][aeiou]*[^aeiou][^aeiouy]*[aeiouy][aeiou]*l)l$', '\1'))[1],
    'Y', 'y') end;
