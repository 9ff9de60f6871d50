-- Repositories of most papers; those of as many, by stars on the newest day that shows them (without a day, the most shown).
select
    repo_key as repository,
    count(distinct paper_id) as papers,
    first(stars order by stars_on desc nulls last, stars desc) filter (where stars is not null) as stars
from github_links
group by repo_key
order by papers desc, stars desc nulls last, repo_key
limit 15
