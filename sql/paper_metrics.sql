-- paper_metrics: one row is one mention that shows upvotes, comments or stars: the numbers at that capture.
select
    paper_mentions.mention_id,
    paper_mentions.paper_id,
    parsed_rows.dump_id,
    captures.captured_on,
    parsed_rows.upvotes,
    parsed_rows.comments,
    parsed_rows.github_stars,
    parsed_rows.github_stars_step
from paper_mentions
inner join parsed_rows on paper_mentions.mention_id = parsed_rows.mention_id
inner join captures on parsed_rows.dump_id = captures.dump_id
where
    parsed_rows.upvotes is not null
    or parsed_rows.comments is not null
    or parsed_rows.github_stars is not null
