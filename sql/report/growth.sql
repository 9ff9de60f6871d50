-- Growth: the most that captures of two different days show, the first day and the last; less than their rounding is no growth. Stars are of a repository, whichever papers show it.
with shown as (
    select 'stars' as what, mention_links.repo_key as shown_of, paper_metrics.captured_on, paper_metrics.github_stars as n, coalesce(paper_metrics.github_stars_step, 1) as step
    from paper_metrics
    inner join parsed_rows on paper_metrics.mention_id = parsed_rows.mention_id
    inner join mention_links on paper_metrics.mention_id = mention_links.mention_id
    where mention_links.source = 'page' and mention_links.repo_key is not null and mention_links.url_raw = trim(parsed_rows.github_url)
    union all
    select 'comments', paper_id, captured_on, comments, 1 from paper_metrics
    union all
    select 'upvotes', paper_id, captured_on, upvotes, 1 from paper_metrics
),

by_day as (
    select what, shown_of, captured_on, max(n) as n, first(step order by n desc, step) as step
    from shown
    where n is not null and captured_on is not null
    group by what, shown_of, captured_on
),

ends as (
    select
        what,
        shown_of,
        min(captured_on) as first_day,
        max(captured_on) as last_day,
        min_by(n, captured_on) as first_n,
        max_by(n, captured_on) as last_n,
        min_by(step, captured_on) - 1 + max_by(step, captured_on) - 1 as off_by_at_most
    from by_day
    group by what, shown_of
    having count(*) > 1
)

select ends.what, coalesce(papers.title, ends.shown_of) as name, ends.first_day, ends.first_n, ends.last_day, ends.last_n, ends.last_n - ends.first_n as growth
from ends
left join papers on ends.shown_of = papers.paper_id
where abs(ends.last_n - ends.first_n) > ends.off_by_at_most
qualify row_number() over (partition by ends.what order by ends.last_n - ends.first_n desc, name, ends.shown_of) <= 10
order by ends.what desc, growth desc, name, ends.shown_of
