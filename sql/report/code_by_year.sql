-- Share with code by year: papers whose abstract names a GitHub repository, or for which a page shows one.
with with_code as (select distinct paper_id from github_links)

select
    extract(year from papers.published_on) as year,
    count(*) as papers,
    count(with_code.paper_id) as with_code,
    count(with_code.paper_id) / cast(count(*) as double) as share
from papers
left join with_code on papers.paper_id = with_code.paper_id
where papers.published_on is not null
group by extract(year from papers.published_on)
order by year
