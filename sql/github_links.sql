-- github_links: one row is one paper and one GitHub repository that its abstract names or its page shows.
--
-- Repositories are the same if owner/repo are, whatever the case; owner and repo are shown as written in
-- an abstract, else as a page shows them; of these in the mention that the paper's abstract is from, else
-- in the lowest mention id, first place first. Stars are those of the newest day whose captures show them, of that day
-- the most; where no capture has a day, the most that one shows: neither the order of loading nor a late old
-- file may move them. They count what the page's own repository has and no other's.
with ranked as (
    select
        paper_mentions.paper_id,
        mention_links.repo_key,
        mention_links.owner,
        mention_links.repo,
        mention_links.deep_path,
        mention_links.source,
        mention_links.span_start,
        mention_links.mention_id,
        row_number() over (
            partition by paper_mentions.paper_id, mention_links.repo_key
            order by
                case when mention_links.source = 'abstract' then 0 else 1 end,
                case when papers.text_mention_id = mention_links.mention_id then 0 else 1 end,
                mention_links.mention_id,
                mention_links.link_number
        ) as place
    from mention_links
    inner join paper_mentions on mention_links.mention_id = paper_mentions.mention_id
    inner join papers on paper_mentions.paper_id = papers.paper_id
    where mention_links.repo_key is not null
),

counted as (
    select
        paper_id,
        repo_key,
        case when min(source) = max(source) then min(source) else 'both' end as source,
        count(distinct mention_id) as n_mentions
    from ranked
    group by paper_id, repo_key
),

starred as (
    select
        paper_mentions.paper_id,
        mention_links.repo_key,
        parsed_rows.github_stars,
        parsed_rows.github_stars_step,
        parsed_rows.mention_id,
        captures.captured_on,
        row_number() over (
            partition by paper_mentions.paper_id, mention_links.repo_key
            order by
                case when captures.captured_on is null then 1 else 0 end,
                captures.captured_on desc,
                parsed_rows.github_stars desc,
                parsed_rows.github_stars_step,
                mention_links.mention_id,
                mention_links.link_number
        ) as place
    from mention_links
    inner join paper_mentions on mention_links.mention_id = paper_mentions.mention_id
    inner join parsed_rows on mention_links.mention_id = parsed_rows.mention_id
    inner join captures on parsed_rows.dump_id = captures.dump_id
    where
        mention_links.source = 'page'
        and mention_links.repo_key is not null
        and mention_links.url_raw = trim(parsed_rows.github_url)
        and parsed_rows.github_stars is not null
)

select
    ranked.paper_id,
    ranked.repo_key,
    ranked.owner,
    ranked.repo,
    'https://github.com/' || ranked.owner || '/' || ranked.repo as url,
    ranked.deep_path,
    counted.source,
    ranked.span_start,
    ranked.mention_id,
    cast(counted.n_mentions as integer) as n_mentions,
    starred.github_stars as stars,
    starred.github_stars_step as stars_step,
    starred.captured_on as stars_on,
    starred.mention_id as stars_mention_id
from ranked
inner join counted on ranked.paper_id = counted.paper_id and ranked.repo_key = counted.repo_key
left join starred
    on ranked.paper_id = starred.paper_id and ranked.repo_key = starred.repo_key and starred.place = 1
where ranked.place = 1
