-- Papers by month: by their day on arXiv; the stronger colour is of those whose abstract names a GitHub repository.
select month, papers, with_github, year_inferred from papers_by_month where month is not null order by month
