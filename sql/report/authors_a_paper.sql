-- Authors a paper: papers by number of authors, where a capture tells it.
with banded as (
    select
        case
            when n_authors <= 10 then cast(n_authors as varchar)
            when n_authors <= 15 then '11-15'
            when n_authors <= 20 then '16-20'
            when n_authors <= 50 then '21-50'
            else 'over 50'
        end as authors,
        n_authors
    from papers
    where n_authors is not null
)

select authors, count(*) as papers from banded group by authors order by min(n_authors)
