-- Papers by month: by their day on arXiv; the stronger colour is of those with a GitHub repository, named by the abstract or shown by a page.
with with_code as (select distinct paper_id from github_links)

select
    date_trunc('month', papers.published_on)::date as month,
    count(*) as papers,
    count(with_code.paper_id) as with_code
from papers
left join with_code on papers.paper_id = with_code.paper_id
where papers.published_on is not null
group by date_trunc('month', papers.published_on)
order by month
