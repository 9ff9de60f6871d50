-- github_links: one row is one paper and one GitHub repository that its abstract names.
--
-- Repositories are the same if owner/repo are, whatever the case; owner and repo are shown as written
-- in the mention that the paper's abstract is from, else in the lowest mention id, first place first.
with ranked as (
    select
        paper_mentions.paper_id,
        mention_links.repo_key,
        mention_links.owner,
        mention_links.repo,
        mention_links.deep_path,
        mention_links.span_start,
        mention_links.mention_id,
        row_number() over (
            partition by paper_mentions.paper_id, mention_links.repo_key
            order by
                case when papers.text_mention_id = mention_links.mention_id then 0 else 1 end,
                mention_links.mention_id,
                mention_links.link_number
        ) as place
    from mention_links
    inner join paper_mentions on mention_links.mention_id = paper_mentions.mention_id
    inner join papers on paper_mentions.paper_id = papers.paper_id
    where mention_links.repo_key is not null and mention_links.source = 'abstract'
),

counted as (
    select
        paper_id,
        repo_key,
        count(distinct mention_id) as n_mentions
    from ranked
    group by paper_id, repo_key
)

select
    ranked.paper_id,
    ranked.repo_key,
    ranked.owner,
    ranked.repo,
    'https://github.com/' || ranked.owner || '/' || ranked.repo as url,
    ranked.deep_path,
    ranked.span_start,
    ranked.mention_id,
    cast(counted.n_mentions as integer) as n_mentions
from ranked
inner join counted on ranked.paper_id = counted.paper_id and ranked.repo_key = counted.repo_key
where ranked.place = 1
