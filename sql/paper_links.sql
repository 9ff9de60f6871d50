-- paper_links: one row is one paper and one canonical address in its abstract or on its page.
--
-- Shown as it stands in an abstract, else as a page shows it; of these in the mention that the paper's
-- abstract is from, else in the lowest mention id; within a mention the first place wins.
with ranked as (
    select
        paper_mentions.paper_id,
        mention_links.url,
        mention_links.kind,
        mention_links.source,
        mention_links.url_raw,
        mention_links.span_start,
        mention_links.span_end,
        mention_links.mirror,
        mention_links.mention_id,
        row_number() over (
            partition by paper_mentions.paper_id, mention_links.url
            order by
                case when mention_links.source = 'abstract' then 0 else 1 end,
                case when papers.text_mention_id = mention_links.mention_id then 0 else 1 end,
                mention_links.mention_id,
                mention_links.link_number
        ) as place
    from mention_links
    inner join paper_mentions on mention_links.mention_id = paper_mentions.mention_id
    inner join papers on paper_mentions.paper_id = papers.paper_id
),

counted as (
    select
        paper_id,
        url,
        case when min(source) = max(source) then min(source) else 'both' end as source,
        count(distinct mention_id) as n_mentions
    from ranked
    group by paper_id, url
)

select
    ranked.paper_id,
    ranked.url,
    ranked.kind,
    counted.source,
    ranked.url_raw,
    ranked.span_start,
    ranked.span_end,
    ranked.mirror,
    ranked.mention_id,
    cast(counted.n_mentions as integer) as n_mentions
from ranked
inner join counted on ranked.paper_id = counted.paper_id and ranked.url = counted.url
where ranked.place = 1
