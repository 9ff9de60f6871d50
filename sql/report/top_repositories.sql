-- Repositories of most papers; those of as many, by stars at the newest capture that shows them (without a day, the last loaded).
select repo_key as repository, count(distinct paper_id) as papers, max(stars) as stars
from github_links
group by repo_key
order by papers desc, stars desc nulls last, repo_key
limit 15
