-- search_papers(query, most, phrase_depth): the papers that fit a query, best first; all that were ranked, or the best `most`.
-- Phrases are looked for in the texts of all papers that have their words, or of the best `phrase_depth` of these.
--
-- Words are found in every form of theirs; papers that have more of them, and rarer ones, come first (BM25F). "A phrase"
-- must stand there as written; -word and -"a phrase" must not. A query without a word finds nothing; none is an error.
--
-- So that words which stand in every second paper cost no more than others, the rarest words of a query lead to the papers,
-- as many as stand in 50,000 papers together; a first one that stands in more leads to those that have it most (cut).
-- The others only add to the scores. Among 50,000 papers that leaves out nothing. With phrases, words of theirs lead.
-- Points are whole numbers: sums of fractions differ with the order in which threads add them, and so would ties.

create macro search_papers(query, most := null, phrase_depth := null) as table
with asked as materialized (
    -- quotation marks of word processors are quotation marks
    select regexp_replace(left(coalesce(query::varchar, ''), 2000), '[“”„]', '"', 'g') as text
),

-- -"phrases", "phrases", -words, words: each is looked for in what is left
parts as (
    select true as bans, unnest(regexp_extract_all(text, '(^|\s)-+"([^"]*)"', 2)) as text, true as is_phrase from asked
    union all
    select false, unnest(regexp_extract_all(regexp_replace(text, '(^|\s)-+"[^"]*"', ' ', 'g'), '"([^"]*)"', 1)), true from asked
    union all
    select true, unnest(regexp_extract_all(regexp_replace(text, '"[^"]*"', ' ', 'g'), '(^|\s)-+([^\s-]\S*)', 2)), false from asked
    union all
    select false, regexp_replace(regexp_replace(text, '-*"[^"]*"', ' ', 'g'), '(^|\s)-+[^\s-]\S*', ' ', 'g'), false from asked
),

pieces as materialized (
    -- what is banned and has several words (-fine-tuning) is banned as a phrase
    select
        bans,
        string_split(trim(words), ' ') as words,
        case when is_phrase or (bans and contains(trim(words), ' '))
            then trim(regexp_replace(search_folded(text), '\s+', ' ', 'g')) end as phrase
    from (select bans, text, search_plain(text) as words, is_phrase from parts)
    where words <> ' '
),

wanted as (
    select search_stem(left(word, 64)) as term, bans, max(must) as must
    from (
        -- "fine tuning" and "fine-tuning" find finetuning, too
        select
            bans,
            phrase is not null as must,
            unnest(list_concat(words, case when bans or phrase is not null then []
                else list_transform(range(1, len(words)), lambda i: words[i] || words[i + 1]) end)) as word
        from pieces
        where not bans or phrase is null
    )
    group by all
),

-- a phrase's word that no paper has leads to none
known as materialized (
    select
        term_id,
        1 + (1000 * ln(1 + (of - n_papers + 0.5) / (n_papers + 0.5)))::integer as weight,
        bans,
        must,
        must = max(must) over () and not bans
            and sum(n_papers) over (order by bans, must desc, n_papers, term_id) <= greatest(50000, n_papers) as leads,
        case when must then 0 else cut end as cut
    from (
        select term_id, bans, must, coalesce(search_terms.n_papers, 0) as n_papers, search_index.n_papers as of, cut
        from wanted left join search_terms using (term) cross join search_index
    )
),

candidates as (
    select paper_number
    from search_postings
    join (select term_id, cut, count(*) filter (must) over () as needed from known where leads) using (term_id)
    where impact >= cut
    group by paper_number
    having count(*) >= max(needed)
),

hits as materialized (
    select paper_number, sum(weight * impact) as points
    from search_postings join (select term_id, weight, bans from known) using (term_id)
    where paper_number in (from candidates)
    group by paper_number
    having not max(bans)
    order by points desc, paper_number
    limit case when exists (from pieces where phrase is not null) then phrase_depth else most end
),

phrases as materialized (select phrase, bans from pieces where phrase is not null),

found as (
    select paper_number, points from hits where not exists (from phrases)
    union all
    -- a row a phrase: a list of them, filtered by a lambda, takes ten times as long
    select paper_number, points
    from (
        select
            paper_number,
            points,
            search_folded(title || chr(9) || coalesce(abstract_clean, abstract, ai_summary, '')) as text
        from hits join papers on papers.rowid = paper_number
    ) cross join phrases
    group by paper_number, points
    having bool_and(search_reads(text, phrase) <> bans)
)

select papers.paper_id, points / 255000.0 as score, papers.title, papers.published_on
from found join papers on papers.rowid = paper_number
order by points desc, papers.paper_id
limit most;
