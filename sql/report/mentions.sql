-- Mentions: each time a capture shows a paper.
select count(*) as mentions from paper_mentions
