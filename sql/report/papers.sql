-- Papers: one row a paper, however often captures mention it.
select count(*) as papers from papers
