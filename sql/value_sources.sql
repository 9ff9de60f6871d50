-- value_sources: one row is one value that survives for one paper, and the mention that it is from.
--
-- What survives is chosen in sql/papers.sql; the repository and the project page are those of the first
-- mention (the newest capture, then the lowest mention id) whose page shows one. Here it is counted how many mentions have the
-- field and how many different values they have: titles and abstracts are compared by their letters and
-- digits, repositories by owner/repo, organisations by their handle where one is shown.
with values_shown as (
    select
        paper_mentions.paper_id,
        paper_mentions.title_key,
        paper_mentions.abstract_key,
        coalesce(
            parsed_rows.ai_summary, case when parsed_rows.abstract_kind = 'summary' then parsed_rows.abstract end
        ) as ai_summary,
        parsed_rows.arxiv_id,
        parsed_rows.n_authors,
        lower(parsed_rows.organisation_handle) as organisation_handle,
        lower(coalesce(parsed_rows.organisation_name, parsed_rows.organisation_handle)) as organisation,
        parsed_rows.published_on,
        parsed_rows.arxiv_published_at,
        cast(parsed_rows.daily_submitted_at as date) as daily_on
    from paper_mentions
    inner join parsed_rows on paper_mentions.mention_id = parsed_rows.mention_id
),

counted as (
    select
        paper_id,
        count(*) as titles,
        count(distinct title_key) as different_titles,
        count(abstract_key) as abstracts,
        count(distinct abstract_key) as different_abstracts,
        count(ai_summary) as summaries,
        count(distinct ai_summary) as different_summaries,
        count(arxiv_id) as ids,
        count(distinct arxiv_id) as different_ids,
        count(n_authors) as counts,
        count(distinct n_authors) as different_counts,
        count(organisation) as owners,
        case
            when count(organisation_handle) > 0 then count(distinct organisation_handle)
            else count(distinct organisation)
        end as different_owners,
        count(published_on) as dates,
        count(distinct published_on) as different_dates,
        count(arxiv_published_at) as arxiv_times,
        count(distinct arxiv_published_at) as different_arxiv_times,
        count(daily_on) as daily_days,
        count(distinct daily_on) as different_daily_days
    from values_shown
    group by paper_id
),

chosen as (
    select
        papers.text_mention_id,
        papers.summary_mention_id,
        papers.id_mention_id,
        papers.authors_mention_id,
        papers.owner_mention_id,
        papers.date_mention_id,
        papers.arxiv_time_mention_id,
        papers.daily_mention_id,
        counted.paper_id,
        counted.titles,
        counted.different_titles,
        counted.abstracts,
        counted.different_abstracts,
        counted.summaries,
        counted.different_summaries,
        counted.ids,
        counted.different_ids,
        counted.counts,
        counted.different_counts,
        counted.owners,
        counted.different_owners,
        counted.dates,
        counted.different_dates,
        counted.arxiv_times,
        counted.different_arxiv_times,
        counted.daily_days,
        counted.different_daily_days
    from papers
    inner join counted on papers.paper_id = counted.paper_id
),

page_links as (
    select
        paper_mentions.paper_id,
        mention_links.mention_id,
        captures.captured_on,
        case
            when mention_links.url_raw = trim(parsed_rows.github_url) then 'github_repository' else 'project_page'
        end as field,
        case
            when mention_links.url_raw = trim(parsed_rows.github_url)
                then coalesce(mention_links.repo_key, mention_links.url)
            else mention_links.url
        end as shown
    from mention_links
    inner join paper_mentions on mention_links.mention_id = paper_mentions.mention_id
    inner join parsed_rows on mention_links.mention_id = parsed_rows.mention_id
    inner join captures on parsed_rows.dump_id = captures.dump_id
    where mention_links.source = 'page'
),

page_links_placed as (
    select
        paper_id,
        field,
        mention_id,
        row_number() over (partition by paper_id, field order by captured_on desc nulls last, mention_id) as place
    from page_links
),

page_links_counted as (
    select
        paper_id,
        field,
        count(distinct mention_id) as n_mentions,
        count(distinct shown) as n_values
    from page_links
    group by paper_id, field
),

sources as (
    select
        paper_id,
        'title' as field,
        text_mention_id as mention_id,
        titles as n_mentions,
        different_titles as n_values
    from chosen
    union all
    select
        paper_id,
        'abstract' as field,
        text_mention_id as mention_id,
        abstracts as n_mentions,
        different_abstracts as n_values
    from chosen
    where abstracts > 0
    union all
    select
        paper_id,
        'ai_summary' as field,
        summary_mention_id as mention_id,
        summaries as n_mentions,
        different_summaries as n_values
    from chosen
    where summaries > 0
    union all
    select
        paper_id,
        'arxiv_id' as field,
        id_mention_id as mention_id,
        ids as n_mentions,
        different_ids as n_values
    from chosen
    where ids > 0
    union all
    select
        paper_id,
        'n_authors' as field,
        authors_mention_id as mention_id,
        counts as n_mentions,
        different_counts as n_values
    from chosen
    where counts > 0
    union all
    select
        paper_id,
        'organisation' as field,
        owner_mention_id as mention_id,
        owners as n_mentions,
        different_owners as n_values
    from chosen
    where owners > 0
    union all
    select
        paper_id,
        'published_on' as field,
        date_mention_id as mention_id,
        dates as n_mentions,
        different_dates as n_values
    from chosen
    where dates > 0
    union all
    select
        paper_id,
        'arxiv_published_at' as field,
        arxiv_time_mention_id as mention_id,
        arxiv_times as n_mentions,
        different_arxiv_times as n_values
    from chosen
    where arxiv_times > 0
    union all
    select
        paper_id,
        'daily_on' as field,
        daily_mention_id as mention_id,
        daily_days as n_mentions,
        different_daily_days as n_values
    from chosen
    where daily_days > 0
    union all
    select
        placed.paper_id,
        placed.field,
        placed.mention_id,
        pages.n_mentions,
        pages.n_values
    from page_links_placed as placed
    inner join page_links_counted as pages on placed.paper_id = pages.paper_id and placed.field = pages.field
    where placed.place = 1
)

select
    paper_id,
    field,
    mention_id,
    cast(n_mentions as integer) as n_mentions,
    cast(n_values as integer) as n_values
from sources
