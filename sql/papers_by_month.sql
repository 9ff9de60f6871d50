-- papers_by_month: one row is one month; papers without a date stand in a row with a null month.
--
-- Only repositories that abstracts name are counted: few forms show the page's own, so that months would
-- differ by the forms of their captures.
with with_repository as (
    select distinct paper_id
    from github_links
    where source in ('abstract', 'both')
)

select
    paper_dates.published_month as month,
    cast(count(*) as integer) as papers,
    cast(sum(case when paper_dates.year_inferred then 1 else 0 end) as integer) as year_inferred,
    cast(count(with_repository.paper_id) as integer) as with_github
from paper_dates
left join with_repository on paper_dates.paper_id = with_repository.paper_id
group by paper_dates.published_month
