-- compared_values: one row is a field or a kind of link of a capture of `compared_captures`, and how many of its mentions
-- have it; also those that none has, if another capture of the form has it.
with mentions as (
    select
        parsed_rows.dump_id,
        parsed_rows.mention_id,
        parsed_rows.abstract_kind,
        parsed_rows.ai_summary,
        parsed_rows.arxiv_id,
        parsed_rows.n_authors,
        coalesce(parsed_rows.organisation_handle, parsed_rows.organisation_name) as organisation,
        parsed_rows.published_on,
        parsed_rows.upvotes,
        parsed_rows.comments,
        parsed_rows.github_url
    from parsed_rows
    where parsed_rows.dump_id in (select dump_id from compared_captures)
),

counted as (
    select
        dump_id,
        unnest([
            {'dimension': 'text', 'mentions': count(abstract_kind)},
            {'dimension': 'abstract', 'mentions': count(case when abstract_kind = 'abstract' then 1 end)},
            {'dimension': 'ai_summary', 'mentions': count(case when ai_summary is not null or abstract_kind = 'summary' then 1 end)},
            {'dimension': 'arxiv_id', 'mentions': count(arxiv_id)},
            {'dimension': 'n_authors', 'mentions': count(n_authors)},
            {'dimension': 'organisation', 'mentions': count(organisation)},
            {'dimension': 'authors_or_organisation', 'mentions': count(coalesce(organisation, cast(n_authors as varchar)))},
            {'dimension': 'published_on', 'mentions': count(published_on)},
            {'dimension': 'upvotes', 'mentions': count(upvotes)},
            {'dimension': 'comments', 'mentions': count(comments)},
            {'dimension': 'github_url', 'mentions': count(github_url)}
        ], recursive := true)
    from mentions
    group by dump_id
),

found as (
    from counted
    union all
    select mentions.dump_id, 'author_names' as dimension, count(distinct mentions.mention_id) as mentions
    from mentions
    inner join mention_authors on mentions.mention_id = mention_authors.mention_id
    group by mentions.dump_id
    union all
    select mentions.dump_id, 'link: ' || mention_links.kind as dimension, count(distinct mentions.mention_id) as mentions
    from mentions
    inner join mention_links on mentions.mention_id = mention_links.mention_id
    group by mentions.dump_id, mention_links.kind
),

dimensions as (
    select distinct compared_captures.form, found.dimension
    from found
    inner join compared_captures on found.dump_id = compared_captures.dump_id
)

select
    compared_captures.dump_id,
    compared_captures.form,
    compared_captures.is_new,
    compared_captures.records,
    dimensions.dimension,
    coalesce(found.mentions, 0) as mentions
from compared_captures
inner join dimensions on compared_captures.form = dimensions.form
left join found on compared_captures.dump_id = found.dump_id and dimensions.dimension = found.dimension
where compared_captures.records > 0
