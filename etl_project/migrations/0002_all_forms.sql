-- Version 2 reads all forms of captures, decodes texts and matches mentions by new rules: every table is made anew from
-- raw/. Kept is what is not there: in which load each dump came, and the ids of papers, which the next run takes up again.
create schema restored;
create table restored.loads as select dump_id, load_number from raw_dumps;
create table restored.mention_papers as select mention_id, paper_id, rule = 'new_paper' as founder from paper_mentions;
drop table raw_dumps;
drop table captures;
drop table parsed_rows;
drop table mention_links;
drop table refused_records;
drop table paper_mentions;
drop table papers;
drop table author_counts;
drop table paper_dates;
drop table paper_links;
drop table github_links;
drop table paper_metrics;
drop table papers_by_month;
drop table coverage;
