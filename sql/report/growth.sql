-- Growth: what two captures of different days show of one paper, the first and the last; less than the page's rounding is no growth.
with shown as (
    select paper_id, captured_on, 'stars' as what, github_stars as n, coalesce(github_stars_step, 1) as step from paper_metrics
    union all
    select paper_id, captured_on, 'comments', comments, 1 from paper_metrics
    union all
    select paper_id, captured_on, 'upvotes', upvotes, 1 from paper_metrics
),

by_day as (
    select paper_id, what, captured_on, max(n) as n, max(step) as step
    from shown
    where n is not null and captured_on is not null
    group by paper_id, what, captured_on
),

ends as (
    select
        paper_id,
        what,
        min(captured_on) as first_day,
        max(captured_on) as last_day,
        min_by(n, captured_on) as first_n,
        max_by(n, captured_on) as last_n,
        max(step) as step
    from by_day
    group by paper_id, what
    having count(*) > 1
)

select ends.what, papers.title, ends.first_day, ends.first_n, ends.last_day, ends.last_n, ends.last_n - ends.first_n as growth
from ends
inner join papers on ends.paper_id = papers.paper_id
where abs(ends.last_n - ends.first_n) >= ends.step
qualify row_number() over (partition by ends.what order by ends.last_n - ends.first_n desc, papers.title, ends.paper_id) <= 10
order by ends.what desc, growth desc, papers.title
