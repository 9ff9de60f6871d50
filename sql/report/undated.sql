-- Papers without a date: no capture tells their day, or its year is not known.
select coalesce(sum(papers), 0) as papers from papers_by_month where month is null
